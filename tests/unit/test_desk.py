"""`miinti-staff --stage`: whom it asks in AWS, as whom, and what it says where that fails. CloudFormation and Lambda
answer as their API's reference says; STS is moto's."""

import datetime as dt
import io
import json
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError, ReadTimeoutError
from click import ClickException
from click.testing import CliRunner, Result

from staff import desk
from staff.__main__ import main
from tests.cloud import Cloud
from tests.people import account
from tests.staff import asked, trail
from tools import deploy

ARN = "arn:aws:iam::123456789012:user/marta"


OUTPUTS = {"LookUp": "arn:aws:lambda:us-east-1:123456789012:function:look_up:live"}
MISSING = ClientError(
    {"Error": {"Code": "ValidationError", "Message": "Stack with id miinti-dev does not exist"}}, "DescribeStacks"
)


@pytest.fixture
def stage(cloud: Cloud) -> Cloud:
    """A stage ``dev`` that has one function, told by the output that the template has for it."""
    outputs = [{"OutputKey": name, "OutputValue": value} for name, value in OUTPUTS.items()]
    stack = {"StackName": "miinti-dev", "CreationTime": dt.datetime(2026, 11, 24, tzinfo=dt.UTC), "Outputs": outputs}
    cloud.faults["cloudformation:DescribeStacks"] = lambda _call: {"Stacks": [stack]}
    return cloud


def typed(*words: str) -> Result:
    return CliRunner().invoke(main, ["--stage", "dev", *words])


def answered(told: Any, **more: Any) -> Any:
    return lambda _call: {"Payload": io.BytesIO(json.dumps(told).encode()), **more}


def test_a_stage_is_asked_by_its_outputs_in_its_region_as_who_has_the_credentials(
    stage: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever region the machine has for itself, or none: samconfig.toml has the stage's."""
    who = boto3.client("sts").get_caller_identity()["Arn"]
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    there = desk.of_stage("dev")
    assert there._outputs == OUTPUTS
    assert there._functions.meta.region_name == deploy.region_of("dev")
    assert there._arn == who


def test_each_act_is_asked_once_whatever_becomes_of_it(stage: Cloud) -> None:
    config = desk.of_stage("dev")._functions.meta.config
    assert config.retries["total_max_attempts"] == 1


def test_what_a_function_did_is_shown(stage: Cloud) -> None:
    stage.faults["lambda:Invoke"] = answered({"done": {"returned": [], "more": None}})
    shown = typed("returned")
    assert (shown.exit_code, shown.output) == (0, "Correos que no llegaron: ninguno\n")
    assert stage.calls[-3:] == ["sts:GetCallerIdentity", "cloudformation:DescribeStacks", "lambda:Invoke"]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (answered({"declined": "person_unknown"}), "No hay una cuenta con ese correo o id."),
        (answered({"declined": "telepathy"}), "No se pudo: telepathy."),
        (answered({"errorMessage": "x"}, FunctionError="Unhandled"), "La función falló"),
        (
            ClientError({"Error": {"Code": "AccessDeniedException", "Message": "no"}}, "Invoke"),
            "AWS no lo permitió: no",
        ),
        (ReadTimeoutError(endpoint_url="https://lambda"), "Fijate en «audit» si se hizo."),
    ],
    ids=["declined", "declined anew", "failed", "forbidden", "silent"],
)
def test_what_was_not_done_is_told_with_its_reason(stage: Cloud, fault: Any, told: str) -> None:
    stage.faults["lambda:Invoke"] = fault
    shown = typed("person", "ana@example.com")
    assert shown.exit_code == 1
    assert told in shown.output


@pytest.mark.parametrize(
    ("call", "fault"),
    [
        ("sts:GetCallerIdentity", NoCredentialsError()),
        ("sts:GetCallerIdentity", ClientError({"Error": {"Code": "ExpiredToken"}}, "GetCallerIdentity")),
        ("cloudformation:DescribeStacks", ClientError({"Error": {"Code": "AccessDenied"}}, "DescribeStacks")),
    ],
    ids=["no credentials", "old credentials", "may not look"],
)
def test_who_does_not_reach_aws_is_told_so(stage: Cloud, call: str, fault: Exception) -> None:
    stage.faults[call] = fault
    shown = typed("returned")
    assert (shown.exit_code, "No se llega a AWS" in shown.output) == (1, True)
    assert "lambda:Invoke" not in stage.calls


def test_a_stage_that_is_not_there_or_older_than_the_command_is_told_so(stage: Cloud) -> None:
    assert "volvé a desplegar" in typed("audit").output
    stage.faults["cloudformation:DescribeStacks"] = MISSING
    missing = typed("returned")
    assert (missing.exit_code, "volvé a desplegar" in missing.output) == (1, True)
    assert "lambda:Invoke" not in stage.calls


class Functions:
    """Lambda, with our functions in it."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud

    def invoke(self, **order: Any) -> dict[str, Any]:
        event = json.loads(order["Payload"])
        told = asked(self._cloud, order["FunctionName"], event["action"], event["by"]["arn"], **event["given"])
        return {"Payload": io.BytesIO(json.dumps(told).encode())}


def test_an_order_is_what_the_function_takes(cloud: Cloud) -> None:
    """What is left out is not given, a number goes as text, and who asks is who acts."""
    account(cloud)
    there = desk.Desk(Functions(cloud), {"LookUp": "look_up"}, ARN)
    told = there.ask("LookUp", "view", person="a1", company=None, limit=5)
    assert told == {"companies": []}
    assert [row["actor"] for row in trail(cloud)] == [ARN]
    with pytest.raises(ClickException, match="No hay una cuenta"):
        there.ask("LookUp", "person", person="nadie@example.com")
