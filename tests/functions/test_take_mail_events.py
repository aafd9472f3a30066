"""What SES tells of mails: bounces, complaints and rejections, in the form that the Amazon SES Developer Guide gives
("Contents of event data that Amazon SES publishes to Amazon SNS", and its page of examples)."""

import io
import itertools
import json
import time
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.mail import outbox, returns
from miinti.mail.outbox import Letter
from tests import people
from tests.cloud import Cloud
from tests.people import PASSWORD
from tests.post import Post

ANA = "ana@example.com"
Event = dict[str, Any]


def mail(message_id: str = "m-1", to: str = ANA, at: str = "2026-11-24T09:00:00.000Z") -> Event:
    return {
        "timestamp": at,
        "source": "no-responder@miinti.example",
        "sourceArn": "arn:aws:ses:us-east-1:123456789012:identity/miinti.example",
        "sendingAccountId": "123456789012",
        "messageId": message_id,
        "destination": [to],
        "headersTruncated": False,
        "headers": [{"name": "To", "value": to}],
        "commonHeaders": {"to": [to], "messageId": message_id, "subject": "Hola"},
        "tags": {"ses:configuration-set": ["miinti-dev"], "template": ["documents_new"]},
    }


def bounce(kind: str = "Permanent", sub: str = "General", **more: Any) -> Event:
    told = mail(**more)
    recipient = {"emailAddress": told["destination"][0], "action": "failed", "status": "5.1.1",
                 "diagnosticCode": "smtp; 550 5.1.1 user unknown"}  # fmt: skip
    return {
        "eventType": "Bounce",
        "bounce": {
            "bounceType": kind,
            "bounceSubType": sub,
            "bouncedRecipients": [recipient],
            "timestamp": "2026-11-24T09:00:05.000Z",
            "feedbackId": "f-1",
            "reportingMTA": "dsn; a1-2.smtp-out.amazonses.com",
        },
        "mail": told,
    }


def complaint(**more: Any) -> Event:
    feedback = more.pop("feedback", "abuse")
    told = mail(**more)
    return {
        "eventType": "Complaint",
        "complaint": {
            "complainedRecipients": [{"emailAddress": told["destination"][0]}],
            "timestamp": "2026-11-24T10:00:00.000Z",
            "feedbackId": "f-2",
            "userAgent": "Mail feedback/1.0",
            "complaintFeedbackType": feedback,
            "arrivalDate": "2026-11-24T10:00:00.000Z",
        },
        "mail": told,
    }


def suppressed(kind: str = "OnAccountSuppressionList", **more: Any) -> Event:
    """A bounce that SES makes itself, of an address on its list for our account (or, ``Suppressed``, for all)."""
    event = bounce(sub=kind, **more)
    (recipient,) = event["bounce"]["bouncedRecipients"]
    recipient["diagnosticCode"] = (
        "Amazon SES did not send the message to this address because it is on the suppression list for your account."
    )
    event["bounce"]["reportingMTA"] = "dns; amazonses.com"
    return event


def suppressed_complaint(**more: Any) -> Event:
    """A complaint that SES makes itself, of such an address: it has no feedback of anybody's."""
    event = complaint(**more)
    del event["complaint"]["complaintFeedbackType"], event["complaint"]["userAgent"]
    event["complaint"]["complaintSubType"] = "OnAccountSuppressionList"
    return event


def delay(kind: str = "TransientCommunicationFailure") -> Event:
    recipient = {"emailAddress": ANA, "status": "4.4.1",
                 "diagnosticCode": "smtp; 421 4.4.1 Unable to connect to remote host"}  # fmt: skip
    return {
        "eventType": "DeliveryDelay",
        "mail": mail(),
        "deliveryDelay": {
            "timestamp": "2026-11-24T09:30:00.095Z",
            "delayType": kind,
            "expirationTime": "2026-11-24T21:00:00.914Z",
            "delayedRecipients": [recipient],
        },
    }


REJECT = {"eventType": "Reject", "mail": mail("m-9"), "reject": {"reason": "Bad content"}}
OTHERS: list[Any] = [
    {"eventType": "Delivery", "mail": mail(), "delivery": {"recipients": [ANA]}},
    delay(),
    delay("MailboxFull"),
    {"eventType": "Telepathy", "mail": mail()},
    {"notificationType": "AmazonSnsSubscriptionSucceeded"},
]


def by_sns(cloud: Cloud, event: Any, topic: str = "", kind: str = "Notification") -> str:
    """The event as SNS puts it into the queue."""
    envelope = {
        "Type": kind,
        "MessageId": "sns-1",
        "TopicArn": topic or cloud.environment("take_mail_events")["MAIL_EVENTS"],
        "Subject": "Amazon SES Email Event Notification",
        "Message": event if isinstance(event, str) else json.dumps(event),
        "Timestamp": "2026-11-24T09:00:06.000Z",
        "SignatureVersion": "1",
    }
    return json.dumps(envelope)


def take(cloud: Cloud, *bodies: str) -> list[str]:
    records = [
        {
            "messageId": f"m{index}",
            "receiptHandle": f"r{index}",
            "body": body,
            "attributes": {"ApproximateReceiveCount": "1"},
            "eventSource": "aws:sqs",
        }
        for index, body in enumerate(bodies)
    ]
    answer = cloud.invoke("take_mail_events", {"Records": records})
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def told(cloud: Cloud, *events: Event) -> None:
    assert take(cloud, *(by_sns(cloud, event) for event in events)) == []


def state(cloud: Cloud) -> str:
    row = people.row_of("a1")
    return str(row.get("email_state", "ok"))


def returned(cloud: Cloud) -> list[dict[str, Any]]:
    return [row for row in cloud.rows("OutboxTable") if row["pk"] == "RETURNED"]


def everything(cloud: Cloud) -> list[str]:
    rows = [*cloud.rows("OutboxTable"), *cloud.rows("IdentityTable")]
    return sorted(
        json.dumps({n: v for n, v in row.items() if n not in ("txn", "ttl")}, default=str, sort_keys=True)
        for row in rows
    )


def test_R12_a_hard_bounce_marks_the_address_and_the_person_sees_it(cloud: Cloud) -> None:
    people.account(cloud)
    here = people.signed_in(cloud)
    told(cloud, bounce())
    answer = cloud.call("show_me", token=here.token)
    assert answer.json["email_state"] == "bounced"
    (row,) = returned(cloud)
    assert (row["what"], row["why"], row["address"], row["template"]) == (
        "bounced",
        "Permanent/General",
        ANA,
        "documents_new",
    )


@pytest.mark.parametrize(
    ("event", "what", "why", "known"),
    [
        (suppressed(), "bounced", "Permanent/OnAccountSuppressionList", "bounced"),
        (suppressed("Suppressed"), "bounced", "Permanent/Suppressed", "bounced"),
        (suppressed_complaint(), "complained", "OnAccountSuppressionList", "complained"),
    ],
    ids=["on our list", "on SES's list", "complaint, on our list"],
)
def test_R12_what_ses_does_not_even_send_marks_the_address_as_well(
    cloud: Cloud, event: Event, what: str, why: str, known: str
) -> None:
    people.account(cloud)
    told(cloud, event)
    (row,) = returned(cloud)
    assert (row["what"], row["why"], state(cloud)) == (what, why, known)


@pytest.mark.parametrize("ours", [0, 1])
def test_R12_a_bounce_of_several_recipients_marks_the_address_that_the_mail_went_to_alone(
    cloud: Cloud, ours: int
) -> None:
    """A mailbox that forwards names others, who never had a mail of ours."""
    people.account(cloud)
    people.account(cloud, "b1", email="bo@example.com")
    event = bounce()
    other = {**event["bounce"]["bouncedRecipients"][0], "emailAddress": "bo@example.com"}
    event["bounce"]["bouncedRecipients"].insert(1 - ours, other)
    told(cloud, event)
    assert state(cloud) == "bounced"
    assert "email_state" not in people.row_of("b1")
    assert [row["address"] for row in returned(cloud)] == [ANA]


def test_R12_what_may_pass_marks_nothing_but_staff_sees_who_got_nothing(cloud: Cloud) -> None:
    people.account(cloud)
    told(cloud, bounce("Transient", "MailboxFull"), bounce("Undetermined", "Undetermined", message_id="m-2"))
    told(cloud, complaint(feedback="not-spam", message_id="m-3"), REJECT)
    assert state(cloud) == "ok"
    assert sorted(row["what"] for row in returned(cloud)) == ["bounced", "bounced", "complained", "rejected"]


def test_R13_events_repeated_and_in_any_order_come_to_one_state(cloud: Cloud) -> None:
    people.account(cloud)
    start = cloud.kept()
    events = [bounce(), complaint(message_id="m-2"), bounce(message_id="m-3"), OTHERS[0]]
    ends = set()
    for order in itertools.permutations(events):
        cloud.put_back(start)
        told(cloud, *order, *order[:2])
        assert state(cloud) == "complained"
        ends.add("\n".join(everything(cloud)))
    assert len(ends) == 1


@pytest.mark.parametrize(
    ("events", "listed", "known"),
    [
        (
            [bounce(), bounce("Transient", "General"), bounce("Transient", "MailboxFull")],
            ("bounced", "Permanent/General"),
            "bounced",
        ),
        (
            [complaint(), complaint(feedback="not-spam"), complaint(feedback="auth-failure")],
            ("complained", "auth-failure"),
            "complained",
        ),
        (
            [bounce("Transient", "General"), bounce("Undetermined", "Undetermined")],
            ("bounced", "Undetermined/Undetermined"),
            "ok",
        ),
    ],
    ids=["bounces", "complaints", "that may pass"],
)
def test_R13_events_of_one_message_in_any_order_come_to_one_line_of_the_list(
    cloud: Cloud, events: list[Event], listed: tuple[str, str], known: str
) -> None:
    """A full mailbox at first, then none there: what marked the address is what staff reads."""
    people.account(cloud)
    start = cloud.kept()
    ends = set()
    for order in itertools.permutations(events):
        cloud.put_back(start)
        told(cloud, *order, *order[:2])
        (row,) = returned(cloud)
        assert (row["what"], row["why"], state(cloud)) == (*listed, known)
        ends.add("\n".join(everything(cloud)))
    assert len(ends) == 1


def test_R13_an_event_that_comes_late_does_not_mark_another_address(cloud: Cloud) -> None:
    people.account(cloud, email="nueva@example.com")
    told(cloud, bounce(to="vieja@example.com"))
    assert state(cloud) == "ok"
    assert len(returned(cloud)) == 1


@pytest.mark.parametrize("event", OTHERS, ids=str)
def test_R13_unknown_types_are_ignored(cloud: Cloud, event: Any) -> None:
    people.account(cloud)
    before = everything(cloud)
    told(cloud, event)
    assert everything(cloud) == before


def test_R13_what_is_not_of_our_topic_is_ignored(cloud: Cloud, log: io.StringIO) -> None:
    people.account(cloud)
    before = everything(cloud)
    foreign = by_sns(cloud, bounce(), topic="arn:aws:sns:us-east-1:999999999999:MailEvents")
    bare = json.dumps(bounce())
    sub = by_sns(cloud, bounce(), kind="SubscriptionConfirmation")
    assert take(cloud, foreign, bare, sub, "no json", "[]", "null", by_sns(cloud, "no json")) == []
    assert everything(cloud) == before
    assert log.getvalue().count('"ignored"') == 7


def test_R08_one_of_ours_that_cannot_be_read_comes_back_alone(cloud: Cloud) -> None:
    people.account(cloud)
    broken = bounce()
    del broken["mail"]["destination"]
    assert take(cloud, by_sns(cloud, broken), by_sns(cloud, bounce())) == ["m0"]
    assert state(cloud) == "bounced"


@pytest.mark.parametrize("call", ["dynamodb:PutItem", "dynamodb:GetItem", "dynamodb:UpdateItem"])
def test_R12_what_fails_half_way_is_made_good_when_it_comes_again(cloud: Cloud, call: str) -> None:
    people.account(cloud)
    cloud.faults[call] = OSError("broken")
    assert take(cloud, by_sns(cloud, bounce())) == ["m0"]
    cloud.faults.clear()
    told(cloud, bounce())
    assert state(cloud) == "bounced"
    assert len(returned(cloud)) == 1


def test_S23_security_mail_to_a_marked_address_is_tried_no_more_until_there_is_another(cloud: Cloud) -> None:
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        post = Post(cloud)
        people.account(cloud)
        here = people.signed_in(cloud)
        told(cloud, complaint())
        assert cloud.call("forgot_password", {"email": ANA}).status == 202
        post.run()
        assert cloud.letters == []
        assert post.waiting() == 0
        (row,) = [row for row in returned(cloud) if row["what"] == "untried"]
        assert (row["template"], row["address"], row["why"]) == ("reset_password", ANA, "complained")
        # The new address is asked to confirm, and is the account's: mail goes again.
        new = "nueva@example.com"
        cloud.call("change_email", {"email": new, "password": PASSWORD}, token=here.token)
        post.run()
        assert [letter["Destination"]["ToAddresses"] for letter in cloud.letters] == [[new]]
        token = people.token_in(cloud, {"token": _confirming(cloud)})
        assert cloud.call("confirm_email", {"token": token}).status == 204
        assert state(cloud) == "ok"
        cloud.letters.clear()
        cloud.call("forgot_password", {"email": new})
        post.run()
        assert [letter["Destination"]["ToAddresses"] for letter in cloud.letters] == [[new]]


def test_R13_a_complaint_that_crosses_the_confirmation_is_known_to_the_account(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = "nueva@example.com"
    people.account(cloud)
    here = people.signed_in(cloud)
    assert cloud.call("change_email", {"email": new, "password": PASSWORD}, token=here.token).status == 202
    token = people.token_in(cloud, {"token": _confirming(cloud)})
    noted = returns.noted

    def crossed(*event: Any, **more: Any) -> None:
        # Whose address it is was read before; the mark is written after.
        assert cloud.call("confirm_email", {"token": token}).status == 204
        with cloud.as_function("take_mail_events"):
            noted(*event, **more)

    monkeypatch.setattr(returns, "noted", crossed)
    told(cloud, complaint(to=new))
    assert people.row_of("a1")["email_state"] == "complained"


@pytest.mark.parametrize(("event", "known"), [(complaint, "complained"), (bounce, "bounced"), (None, "ok")])
def test_R12_what_is_known_of_the_new_address_before_it_is_confirmed_is_the_accounts_then(
    cloud: Cloud, event: Any, known: str
) -> None:
    """Whoever calls the mail that asks to confirm spam, and then confirms, is told that no mail goes there."""
    new = "nueva@example.com"
    people.account(cloud, email_state="bounced")
    here = people.signed_in(cloud)
    assert cloud.call("change_email", {"email": new, "password": PASSWORD}, token=here.token).status == 202
    if event:
        about = event(to=new)
        about["mail"]["tags"]["template"] = ["confirm_email"]
        told(cloud, about)
    token = people.token_in(cloud, {"token": _confirming(cloud)})
    cloud.function("confirm_email")
    cloud.counted()
    assert cloud.call("confirm_email", {"token": token}).status == 204
    # The account, who has the address, and what is known of it.
    assert cloud.counted() == {"dynamodb:GetItem": 3, "dynamodb:TransactWriteItems": 1}
    answer = cloud.call("show_me", token=here.token)
    assert (answer.json["email"], answer.json["email_state"]) == (new, known)


def _confirming(cloud: Cloud) -> list[Any]:
    change = people.row_of("a1")["email_change"]
    return ["confirm_email", "a1", change["nonce"], change["expires_at"]]


def test_a_mail_that_is_not_tried_is_done_with_and_counted(cloud: Cloud) -> None:
    told(cloud, bounce())
    with cloud.as_function("relay_outbox"):
        aws.write(outbox.put(Letter("already_registered", ANA, {"first_name": "Ana"}), int(time.time()), id="m1"))
    post = Post(cloud)
    for _ in range(2):
        post.run()
    (row,) = [row for row in cloud.rows("OutboxTable") if row["pk"] == "MAIL#m1"]
    assert row["reason"] == "address_bounced"
    assert cloud.letters == []
    assert post.waiting() == 0


@pytest.mark.parametrize("left_first", [True, False], ids=["dropped after", "dropped before"])
def test_S78_a_mail_that_was_not_tried_keeps_no_address_of_who_has_left(cloud: Cloud, left_first: bool) -> None:
    """Nor does the last mail, which is not tried either."""
    told(cloud, bounce())
    post, now = Post(cloud), int(time.time())
    letters = [Letter("already_registered", ANA, {"first_name": "Ana"}), Letter("account_deleted", ANA)]
    with cloud.as_function("relay_outbox"):
        aws.write(outbox.put(letters[0], now, due_at=now + 600 if left_first else None))
        if not left_first:
            post.run()
        aws.write(outbox.put(letters[1], now))
    post.run()
    with time_machine.travel(now + 601, tick=False):
        post.run()
    assert [row for row in cloud.rows("OutboxTable") if ANA in str(row)] == []
    assert len([row for row in returned(cloud) if row["what"] == "untried"]) == 2
    assert cloud.letters == []
    assert post.waiting() == 0


@pytest.mark.parametrize(
    ("template", "account", "named"),
    [
        ("documents_new", True, True),
        ("documents_new", False, False),
        ("reset_password", False, False),
        ("company_linked", False, True),
        ("confirm_email", False, True),
        ("email_changed", False, True),
        ("email_changing", False, True),
    ],
)
def test_S78_what_is_told_after_an_account_is_gone_names_nobody(
    cloud: Cloud, template: str, account: bool, named: bool
) -> None:
    """A bounce may take days. Of a company's address, or one that is to be an account's, none is asked for."""
    if account:
        people.account(cloud)
    for event in (bounce(), bounce("Transient", "MailboxFull", message_id="m-2"), complaint()):
        event["mail"]["tags"]["template"] = [template]
        told(cloud, event)
    assert [row["address"] == row.get("mailbox") == ANA for row in returned(cloud)] == [named] * 3
    assert [ANA in str(row) for row in returned(cloud)] == [named] * 3


def test_S74_the_log_names_nobody(cloud: Cloud, log: io.StringIO) -> None:
    people.account(cloud)
    told(cloud, bounce(), complaint())
    assert ANA not in log.getvalue()
    assert '"bounced"' in log.getvalue()
