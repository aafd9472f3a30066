"""Powertools as its documentation shows it: resolver with validation, logger, metrics; a boto3 resource."""

from typing import Annotated, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver
from aws_lambda_powertools.event_handler.openapi.params import Query
from boto3.dynamodb.conditions import Key
from pydantic import BaseModel

app = APIGatewayHttpResolver(enable_validation=True)
logger = Logger(service="bench")
metrics = Metrics(namespace="bench", service="bench")
table = boto3.resource("dynamodb").Table("CompaniesTable")


class Document(BaseModel):
    sk: str
    l: str  # noqa: E741  # the sample row's own name


class Page(BaseModel):
    items: list[Document]


@app.get("/v1/companies/<company>/docs")
def documents(company: str, limit: Annotated[int, Query(ge=1, le=100)] = 25) -> Page:
    answer = table.query(
        IndexName="by_s1",
        KeyConditionExpression=Key("pk").eq(f"COMPANY#{company}"),
        ScanIndexForward=False,
        Limit=limit,
    )
    return Page(items=[Document.model_validate(item) for item in answer["Items"]])


@logger.inject_lambda_context
@metrics.log_metrics
def handler(event: dict[str, Any], context: Any) -> Any:
    return app.resolve(event, context)
