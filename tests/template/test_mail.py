"""What the template says of the mail's way: patience, dead letters, and only our own queues and streams."""

from typing import Any

import pytest

from miinti.mail import outbox, returns
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


@pytest.mark.parametrize("name", ["MailQueue", "NewsQueue"])
def test_R07_the_queue_is_patient_and_keeps_what_it_gives_up_on(name: str) -> None:
    queue, dead, mapping = resource(name), resource("MailDeadLetters"), resource(f"{name}ToSend")
    timeout = resource("SendMailFunction")["Timeout"]
    assert queue["VisibilityTimeout"] >= 6 * timeout
    assert queue["RedrivePolicy"]["maxReceiveCount"] == outbox.TRIES >= 5
    assert queue["RedrivePolicy"]["deadLetterTargetArn"] == {"Fn::GetAtt": ["MailDeadLetters", "Arn"]}
    assert dead["MessageRetentionPeriod"] == 14 * 86400 > queue.get("MessageRetentionPeriod", 4 * 86400)
    assert mapping["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
    assert mapping["ScalingConfig"]["MaximumConcurrency"] >= 2
    for one in (name, "MailDeadLetters", "OutboxDeadLetters"):
        assert resource(one)["SqsManagedSseEnabled"] is True


def test_a_lease_outlasts_the_call_that_took_it() -> None:
    """Else a second sender could have the mail while the first one is at it."""
    assert resource("SendMailFunction")["Timeout"] <= outbox.LEASE


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
                assert statement["Resource"] != "*"


def test_S52_what_sends_mail_reads_of_an_account_its_state_and_address_alone() -> None:
    """It has the key that seals tokens: what they are made of is not for it."""
    statements = resource("SendMailFunctionRole")["Policies"][0]["PolicyDocument"]["Statement"]
    (person,) = [one for one in statements if "IdentityTable" in str(one["Resource"])]
    assert person["Action"] == "dynamodb:GetItem"
    condition = person["Condition"]["Fn::If"][2]
    assert condition["ForAllValues:StringLike"] == {"dynamodb:LeadingKeys": ["ACCOUNT#*"]}
    assert condition["ForAllValues:StringEquals"] == {"dynamodb:Attributes": ["pk", "sk", "state", "email"]}
    assert condition["StringEqualsIfExists"] == {"dynamodb:Select": "SPECIFIC_ATTRIBUTES"}


def test_S52_mail_goes_from_our_own_sender_alone() -> None:
    """But for the local cloud, which names no resource when it asks whether SES v2 may be called."""
    statements = resource("SendMailFunctionRole")["Policies"][0]["PolicyDocument"]["Statement"]
    sending = ["ses:SendEmail", "ses:SendRawEmail"]
    (resources,) = [one["Resource"]["Fn::If"] for one in statements if one["Action"] == sending]
    assert str(statements).count("ses:Send") == len(sending)
    assert resources[:2] == ["Local", "*"]
    assert [arn["Fn::Sub"].rpartition(":")[2] for arn in resources[2]] == [
        "identity/${SenderIdentity}",
        "configuration-set/${MailConfiguration}",
    ]


def test_R13_ses_tells_of_nothing_that_nobody_reads() -> None:
    """Each event costs a message and a call; what is asked for and always passed over is paid for nothing."""
    wanted = resource("MailEventsDestination")["EventDestination"]["MatchingEventTypes"]
    assert {one.casefold() for one in wanted} == {kind.casefold() for kind in returns._READERS}


def test_S72_only_the_sender_sends_and_the_relay_makes_no_token() -> None:
    allowed: dict[str, set[str]] = {}
    for name, found in sam.translated()["Resources"].items():
        if found["Type"] == "AWS::IAM::Role":
            statements = [
                statement
                for policy in found["Properties"].get("Policies", [])
                for statement in policy["PolicyDocument"]["Statement"]
            ]
            actions = [statement["Action"] for statement in statements]
            allowed[name] = {one for action in actions for one in ([action] if isinstance(action, str) else action)}
    assert {name for name, actions in allowed.items() if "ses:SendEmail" in actions} == {"SendMailFunctionRole"}
    assert "kms:GenerateMac" in allowed["SendMailFunctionRole"]
    assert "kms:GenerateMac" not in allowed["RelayOutboxFunctionRole"]
