"""The staff at their desk: orders as ``miinti-staff`` gives them, and what the audit trail has of them."""

import base64
import gzip
import itertools
import json
from typing import Any

from miinti import aws
from tests import grants
from tests.cloud import Cloud, Context

ARN = "arn:aws:iam::123456789012:user/marta"
PLACE = "mesa-3"
_requests = itertools.count(1)


def asked(cloud: Cloud, use_case: str, action: str, by: str = ARN, **given: str) -> dict[str, Any]:
    """What a function answers to one order."""
    context = Context()
    context.aws_request_id = f"staff-{next(_requests)}"
    event = {"action": action, "by": {"arn": by, "place": PLACE}, "given": given}
    module = cloud.function(use_case)
    with cloud.as_function(use_case), grants.acting(use_case):
        answer: dict[str, Any] = module.handler(event, context)
    assert set(answer) in ({"done"}, {"declined"})
    json.dumps(answer)
    return answer


def done(cloud: Cloud, use_case: str, action: str, by: str = ARN, **given: str) -> Any:
    answer = asked(cloud, use_case, action, by, **given)
    assert "done" in answer, answer
    return answer["done"]


def declined(cloud: Cloud, use_case: str, action: str, **given: str) -> str:
    """Why an order was not carried out; nothing was changed and nothing noted by it."""
    before = cloud.kept()
    answer = asked(cloud, use_case, action, **given)
    assert cloud.kept() == before
    return str(answer["declined"])


def trail(cloud: Cloud, kind: str = "staff") -> list[aws.Row]:
    """The rows of the audit trail, oldest first."""
    return sorted((row for row in cloud.rows("AuditTable") if row["kind"] == kind), key=lambda row: str(row["sk"]))


def acts(cloud: Cloud) -> list[tuple[str, str | None, str | None]]:
    """What staff did, as the trail has it: action, on whom, of which company."""
    return [(row["action"], row.get("person"), row.get("company")) for row in trail(cloud)]


def sent_by_the_log(lines: list[dict[str, Any]], first: int = 0, at: int = 1795798800000) -> dict[str, Any]:
    """Lines of the log as CloudWatch hands them to a subscriber."""
    events = [{"id": f"{first + n:056d}", "timestamp": at, "message": json.dumps(line)} for n, line in enumerate(lines)]
    told = {"messageType": "DATA_MESSAGE", "owner": "1", "logGroup": "g", "logStream": "s", "logEvents": events}
    return {"awslogs": {"data": base64.b64encode(gzip.compress(json.dumps(told).encode())).decode()}}
