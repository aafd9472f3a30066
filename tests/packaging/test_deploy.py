"""The real `sam deploy` of the built artifact into an empty AWS of this machine, with IAM enforced, as `make deploy`
does it."""

import base64
import datetime as dt
import gzip
import hashlib
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from samtranslator.yaml_helper import yaml_parse

from tests.template import sam
from tools import deploy, pages, security_txt
from tools.deploy import Stack

NOW = dt.datetime(2026, 11, 24, 12, tzinfo=dt.UTC)


def test_first_deployment_makes_a_secret_and_tells_its_hash() -> None:
    made = deploy.origin_parameters(Stack({}, {}, None), NOW, rotate=False)
    assert made["OriginSha256"] == hashlib.sha256(made["OriginSecret"].encode()).hexdigest()
    assert len(made["OriginSecret"]) >= 43


def test_a_later_deployment_leaves_the_secret_alone() -> None:
    stack = Stack({"OriginSha256": "a" * 64}, {}, NOW - dt.timedelta(days=3))
    assert deploy.origin_parameters(stack, NOW, rotate=False) == {}


def test_a_new_secret_is_believed_beside_the_old_one() -> None:
    stack = Stack({"OriginSha256": "a" * 64 + "," + "b" * 64}, {}, NOW)
    made = deploy.origin_parameters(stack, NOW, rotate=True)
    fresh, old = made["OriginSha256"].split(",")
    assert old == "a" * 64
    assert fresh == hashlib.sha256(made["OriginSecret"].encode()).hexdigest()


@pytest.mark.parametrize(("minutes", "expected"), [(29, {}), (31, {"OriginSha256": "a" * 64})])
def test_the_old_secret_is_forgotten_once_every_edge_has_the_new(minutes: int, expected: dict[str, str]) -> None:
    stack = Stack({"OriginSha256": "a" * 64 + "," + "b" * 64}, {}, NOW - dt.timedelta(minutes=minutes))
    assert deploy.origin_parameters(stack, NOW, rotate=False) == expected


def test_pages_are_told_what_they_are_and_how_long_to_keep() -> None:
    assert deploy.content_type("index.html") == "text/html; charset=utf-8"
    assert deploy.content_type("js/app.js") == "text/javascript; charset=utf-8"
    assert deploy.content_type("fonts/x.woff2") == "font/woff2"
    assert pages.cache_control("index.html") == "no-cache"
    assert pages.cache_control("vendor/lit-html-3.3.3.js") == "public, max-age=31536000, immutable"


def without_alarms_over_queries(built: Path) -> Path:
    """The built template beside itself, without the alarms that MiniStack makes none of, nor a stack that has one."""
    template = yaml_parse(built.read_text())
    template["Resources"] = {
        name: resource
        for name, resource in template["Resources"].items()
        if resource["Type"] != "AWS::CloudWatch::Alarm" or "Metrics" not in resource["Properties"]
    }
    made = built.with_name("without-queries.json")
    made.write_text(json.dumps(template, default=str))
    return made


@pytest.mark.usefixtures("aws_endpoint")
@pytest.mark.timeout(600)
def test_stage_deploys_every_function_starts_under_its_own_role_and_the_secret_rotates(host: Path) -> None:
    built = without_alarms_over_queries(host / "template.yaml")
    stack = deploy.roll_out("dev", ask=False, built=built)
    assert stack.outputs["PortalUrl"] == stack.parameters["PortalUrl"]
    assert stack.outputs["PortalUrl"].startswith("https://")
    served = boto3.client("s3").list_objects_v2(Bucket=stack.outputs["WebBucketName"])["Contents"]
    web = sam.ROOT / "web"
    files = {str(path.relative_to(web)) for path in web.rglob("*") if path.is_file()}
    assert {page["Key"] for page in served} == files | {security_txt.PATH[1:]}
    every_function_starts()
    first = stack.parameters["OriginSha256"]
    stack = deploy.roll_out("dev", ask=False, built=built, rotate=True)
    assert stack.parameters["OriginSha256"].split(",")[1] == first


def message(body: Any) -> dict[str, Any]:
    return {
        "eventSource": "aws:sqs",
        "messageId": "m-1",
        "receiptHandle": "r-1",
        "body": json.dumps(body),
        "attributes": {"ApproximateReceiveCount": "1"},
    }


NOTHING_TO_DO = {
    # A row that is no mail, a mail that nobody has, what S3 sends when its notification is set up.
    "RelayOutboxFunction": {
        "eventSource": "aws:dynamodb",
        "eventID": "e-1",
        "eventName": "INSERT",
        "dynamodb": {
            "SequenceNumber": "1",
            "Keys": {"pk": {"S": "MAIL#none"}, "sk": {"S": "MAIL"}},
            "NewImage": {"pk": {"S": "MAIL#none"}, "sk": {"S": "MAIL"}, "template": {"S": "none"}},
        },
    },
    "SendMailFunction": message({"id": "nobody-has-it"}),
    "IngestInboxFunction": message({"Service": "Amazon S3", "Event": "s3:TestEvent"}),
    "TakeMailEventsFunction": message({"Type": "SubscriptionConfirmation"}),
    "CheckProofFunction": message({"Service": "Amazon S3", "Event": "s3:TestEvent"}),
}
QUIET = base64.b64encode(gzip.compress(json.dumps({"messageType": "CONTROL_MESSAGE", "logEvents": []}).encode()))
ANSWERS: dict[str, tuple[Any, Any]] = {
    "KeepEventsFunction": ({"awslogs": {"data": QUIET.decode()}}, None),
    "RemindPaymentsFunction": ({}, None),
    "CheckPaymentsFunction": ({}, None),
    # Of a provider that the stage has not: it fails, and is kept as it came.
    "ApplyPaymentFunction": (
        {"Records": [message({"provider": "nobody", "attempt": "1"})]},
        {"batchItemFailures": [{"itemIdentifier": "m-1"}]},
    ),
    **dict.fromkeys(
        ("ActOnAccountFunction", "DecideLinkFunction", "HandleImportFunction", "LookUpFunction", "ReadAuditFunction"),
        ({}, {"declined": "malformed"}),
    ),
    **dict.fromkeys(
        ("DecidePaymentFunction", "DecideTransferFunction", "LookAtPaymentsFunction"), ({}, {"declined": "malformed"})
    ),
}
"""What else functions may be asked that does nothing, and what they say to it."""


QUEUES = {"IngestInboxFunction": "InboxQueue", "SendMailFunction": "NewsQueue"}
"""One of a function's queues, where it has several."""


def _source(logical: str, names: dict[str, str]) -> dict[str, str]:
    """Which of its queues a message came from."""
    if logical not in QUEUES:
        return {}
    return {"eventSourceARN": f"arn:aws:sqs:us-east-1:000000000000:{names[QUEUES[logical]].rpartition('/')[2]}"}


def every_function_starts() -> None:
    """An event with nothing to do, through the alias: refused or not, but answered by our code in the function's own
    role."""
    client = boto3.client("lambda")
    resources = boto3.client("cloudformation").describe_stack_resources(StackName="miinti-dev")["StackResources"]
    names = {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in resources}
    for logical, resource in sam.functions().items():
        calls = [one for one in resource["Properties"].get("Events", {}).values() if one["Type"] == "HttpApi"]
        request = {"version": "2.0", "headers": {}, "requestContext": {"http": {}}}
        event, wanted = ANSWERS.get(logical, (request, None))
        if logical in NOTHING_TO_DO:
            event, wanted = {"Records": [NOTHING_TO_DO[logical] | _source(logical, names)]}, {"batchItemFailures": []}
        answer = client.invoke(FunctionName=names[logical], Qualifier="live", Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, f"{logical}: {payload}"
        if calls:
            # Without CloudFront's secret the edge of every function refuses.
            assert payload["statusCode"] == 403, f"{logical}: {payload}"
        else:
            assert payload == wanted, f"{logical}: {payload}"
