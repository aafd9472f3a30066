"""Mails that are in the outbox and did not go: listed, or put on their way again.

``python -m tools.unsent_mail STAGE`` lists them, oldest first. ``… STAGE --again`` gives each once more to
``relay_outbox``, as the table's stream would: for when its records went to OutboxDeadLetters, which names them but does
not hold them. A mail that went in the meantime does not go twice. Credentials are those of whoever runs it.
"""

import argparse
import json
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import boto3

from tools import deploy

Item = dict[str, Any]
"""A row as DynamoDB has it, with its types."""
MINUTES = 30
"""Younger mails may well be on their way by themselves."""
AT_ONCE = 10


def unsent(dynamodb: Any, table: str, now: int) -> list[Item]:
    """Mails that were neither sent nor refused, or are gathering still, written at least ``MINUTES`` ago."""
    found: list[Item] = []
    for page in dynamodb.get_paginator("scan").paginate(
        TableName=table,
        FilterExpression="begins_with(pk, :mail) AND template <> :none AND created_at <= :before"
        " AND attribute_not_exists(sent_at) AND attribute_not_exists(refused_at)",
        ExpressionAttributeValues={
            ":mail": {"S": "MAIL#"},
            ":none": {"S": "none"},
            ":before": {"N": str(now - MINUTES * 60)},
        },
    ):
        found += page["Items"]
    return sorted(found, key=lambda item: int(item["created_at"]["N"]))


def again(items: Sequence[Item], relay: Callable[[dict[str, Any]], Any]) -> Iterator[str]:
    """Give mails to ``relay`` (an event in, its answer out) and yield the ids of those that failed again."""
    for start in range(0, len(items), AT_ONCE):
        some = items[start : start + AT_ONCE]
        answer = relay({"Records": [_record(item) for item in some]})
        yield from (failure["itemIdentifier"] for failure in answer["batchItemFailures"])


def _record(item: Item) -> dict[str, Any]:
    id = item["pk"]["S"].removeprefix("MAIL#")
    image = {"Keys": {"pk": item["pk"], "sk": item["sk"]}, "NewImage": item, "SequenceNumber": id}
    return {"eventID": id, "eventName": "INSERT", "eventSource": "aws:dynamodb", "dynamodb": image}


def shown(item: Item) -> str:
    """Id, kind and time of a mail; not to whom."""
    written = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(item["created_at"]["N"])))
    return f"{item['pk']['S'].removeprefix('MAIL#')}  {item['template']['S']:24}  {written}"


def arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.unsent_mail", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("stage", choices=deploy.STAGES)
    parser.add_argument("--again", action="store_true", help="put them on their way again")
    return parser


def main(given: Sequence[str] | None = None) -> int:
    asked = arguments().parse_args(given)
    region, names = deploy.region_of(asked.stage), deploy.stack_of(asked.stage).outputs
    if "OutboxTable" not in names:
        raise SystemExit(f"{asked.stage} is not deployed, or was before there was this command.")
    items = unsent(boto3.client("dynamodb", region_name=region), names["OutboxTable"], int(time.time()))
    for item in items:
        print(shown(item))
    print(f"{len(items)} mails not sent")
    if not asked.again:
        return 0
    failed = list(again(items, _invoker(region, names["RelayOutbox"])))
    print(f"{len(items) - len(failed)} on their way again; failed: {', '.join(failed) or 'none'}")
    return 1 if failed else 0


def _invoker(region: str, function: str) -> Callable[[dict[str, Any]], Any]:
    client = boto3.client("lambda", region_name=region)

    def relay(event: dict[str, Any]) -> Any:
        answer: Any = client.invoke(FunctionName=function, Payload=json.dumps(event).encode())
        said = json.load(answer["Payload"])
        if "FunctionError" in answer:
            raise SystemExit(f"{function}: {said.get('errorType')}: {said.get('errorMessage')}")
        return said

    return relay


if __name__ == "__main__":
    raise SystemExit(main())
