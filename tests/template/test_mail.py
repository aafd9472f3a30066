"""What the template says of the mail's way: patience, dead letters, and only our own queues and streams."""

from typing import Any

from miinti.mail import outbox
from tests.template import sam


def resource(name: str) -> dict[str, Any]:
    properties: dict[str, Any] = sam.translated()["Resources"][name]["Properties"]
    return properties


def test_R06_the_stream_gives_up_on_a_poison_record_and_keeps_it() -> None:
    mapping = resource("OutboxToRelay")
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["BisectBatchOnFunctionError"] is True
    assert 0 < mapping["MaximumRetryAttempts"] <= 10
    assert 0 < mapping["MaximumRecordAgeInSeconds"] <= 6 * 3600
    assert mapping["DestinationConfig"]["OnFailure"]["Destination"] == {"Fn::GetAtt": ["OutboxDeadLetters", "Arn"]}
    # Nothing that was written before the mapping stood is passed over.
    assert mapping["StartingPosition"] == "TRIM_HORIZON"


def test_R07_the_queue_is_patient_and_keeps_what_it_gives_up_on() -> None:
    queue, dead, mapping = resource("MailQueue"), resource("MailDeadLetters"), resource("MailQueueToSend")
    timeout = resource("SendMailFunction")["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["RedrivePolicy"]["maxReceiveCount"] >= 5
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["MailDeadLetters", "Arn"]}
    assert dead["MessageRetentionPeriod"] == 14 * 86400 > queue.get("MessageRetentionPeriod", 4 * 86400)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
    for name in ("MailQueue", "MailDeadLetters", "OutboxDeadLetters"):
        assert resource(name)["SqsManagedSseEnabled"] is True


def test_a_lease_outlasts_the_call_that_took_it() -> None:
    """Else a second sender could have the mail while the first one is at it."""
    assert outbox.LEASE >= resource("SendMailFunction")["Timeout"]


def test_a_gathered_mail_waits_no_longer_than_a_message_can() -> None:
    assert sam.source()["Parameters"]["DigestSeconds"]["MaxValue"] <= 900


def test_S52_neither_function_may_touch_queues_or_streams_of_others() -> None:
    """SAM's own events would add managed policies over all of them."""
    for name in ("RelayOutboxFunctionRole", "SendMailFunctionRole"):
        role = resource(name)
        assert [arn.rpartition("/")[2] for arn in role["ManagedPolicyArns"]] == ["AWSLambdaBasicExecutionRole"]
        for policy in role["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                assert "*" not in statement["Action"]
                # "*" stands for the local cloud alone, which asks for SES v2 by no resource.
                assert statement["Resource"] != "*" or statement["Action"] == "ses:SendEmail"


def test_S72_only_the_sender_makes_tokens_and_sends() -> None:
    holders: dict[str, set[str]] = {"ses:SendEmail": set(), "kms:GenerateMac": set()}
    for name, found in sam.translated()["Resources"].items():
        if found["Type"] == "AWS::IAM::Role":
            for action in holders:
                for policy in found["Properties"].get("Policies", []):
                    for statement in policy["PolicyDocument"]["Statement"]:
                        if action in statement["Action"] and "MailKey" in str(statement) + "MailKey" * (
                            action[0] == "s"
                        ):
                            holders[action].add(name)
    assert holders["ses:SendEmail"] == {"SendMailFunctionRole"}
    assert "SendMailFunctionRole" in holders["kms:GenerateMac"]
    assert "RelayOutboxFunctionRole" not in holders["kms:GenerateMac"]
