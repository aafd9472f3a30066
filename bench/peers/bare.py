"""A bare boto3 handler: one Query of 25 items, one JSON answer; with ``CALLS=2`` a BatchGetItem before it."""

import json
import os
from typing import Any

import boto3
from boto3.dynamodb.types import TypeDeserializer

client = boto3.client("dynamodb")
plain = TypeDeserializer().deserialize


def handler(event: dict[str, Any], _context: Any) -> dict[str, Any]:
    company = event["pathParameters"]["id"]
    if os.environ.get("CALLS") == "2":
        keys = [{"pk": {"S": "ACCOUNT#a1"}, "sk": {"S": "SESSION#s1"}}]
        client.batch_get_item(RequestItems={"IdentityTable": {"Keys": keys}})
    answer = client.query(
        TableName="CompaniesTable",
        IndexName="by_s1",
        KeyConditionExpression="pk = :pk",
        ExpressionAttributeValues={":pk": {"S": f"COMPANY#{company}"}},
        ScanIndexForward=False,
        Limit=25,
    )
    items = [{name: plain(value) for name, value in item.items()} for item in answer["Items"]]
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps({"items": items})}
