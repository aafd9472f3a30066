"""Mail queue → SES."""

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from miinti import aws, triggers
from miinti.errors import Unavailable
from miinti.mail import outbox, returns, tokens
from miinti.mail.outbox import Letter
from miinti.mail.tokens import Token
from tests import letters
from tests.cloud import Cloud
from tests.post import Crash, Post

NOW = letters.NOON
ANA = "ana@example.com"
HOUR = 3600


@pytest.fixture
def mail(cloud: Cloud) -> Iterator[Post]:
    # All of a test in the mails' own time: queues forget what is fourteen days old.
    with time_machine.travel(NOW, tick=False):
        yield Post(cloud)


def activate(address: str = ANA, nonce: str = "n1", ends: int = NOW + 48 * HOUR) -> Letter:
    return Letter("activate", address, {"first_name": "Ana"}, Token("activate", "a1", nonce, ends))


def write(cloud: Cloud, letter: Letter, id: str = "m1", **more: Any) -> None:
    with cloud.as_function("relay_outbox"):
        aws.write(outbox.put(letter, NOW, id=id, **more))


def row_of(cloud: Cloud, id: str = "m1") -> dict[str, Any]:
    (row,) = [row for row in cloud.rows("OutboxTable") if row["pk"] == f"MAIL#{id}"]
    return row


def addresses(cloud: Cloud) -> list[str]:
    return [letter["Destination"]["ToAddresses"][0] for letter in cloud.letters]


def text_of(letter: dict[str, Any]) -> str:
    return str(letter["Content"]["Simple"]["Body"]["Text"]["Data"])


def said_no(code: str, status: int = 400, message: str = "no") -> ClientError:
    answer: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "SendEmail")


def test_a_mail_as_ses_gets_it(cloud: Cloud, mail: Post) -> None:
    with time_machine.travel(NOW, tick=False):
        write(cloud, activate())
        mail.run()
    (letter,) = cloud.letters
    simple = letter["Content"]["Simple"]
    assert letter["FromEmailAddress"] == "miINTI <no-responder@miinti.example>"
    assert letter["Destination"] == {"ToAddresses": [ANA]}
    assert letter["ConfigurationSetName"]
    assert letter["EmailTags"] == [{"Name": "template", "Value": "activate"}]
    assert simple["Subject"] == {"Data": "Activá tu cuenta miINTI", "Charset": "UTF-8"}
    assert {header["Name"]: header["Value"] for header in simple["Headers"]} == {
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    for part in ("Text", "Html"):
        assert "https://mi.inti.example/activar#t=" in simple["Body"][part]["Data"]
        assert simple["Body"][part]["Charset"] == "UTF-8"
    assert mail.waiting() == 0
    assert row_of(cloud)["sent_at"] == NOW
    assert row_of(cloud)["message_id"]
    assert {"data", "token", "entries"} & set(row_of(cloud)) == set()


@pytest.mark.parametrize("name", letters.ROWS)
def test_every_letter_goes(cloud: Cloud, mail: Post, name: str) -> None:
    with time_machine.travel(NOW, tick=False):
        row = letters.ROWS[name]
        with cloud.as_function("relay_outbox"):
            letters.world()
            aws.write(aws.put("OutboxTable", {**row, "created_at": NOW}))
        mail.run()
    assert addresses(cloud) == [ANA]
    assert mail.waiting() == 0
    assert mail.dead() == []


def test_a_mail_costs_three_calls_of_the_table_and_one_of_ses(cloud: Cloud, mail: Post) -> None:
    with time_machine.travel(NOW, tick=False):
        write(cloud, activate(), "m0")
        mail.run()
        write(cloud, activate())
        mail.relay()
        records = mail.receive()
        cloud.counted()
        cloud.invoke("send_mail", {"Records": records})
    assert cloud.counted() == {"dynamodb:GetItem": 1, "dynamodb:UpdateItem": 2, "sesv2:SendEmail": 1}


# --- once -------------------------------------------------------------------------------------------------------------


def test_R04_the_same_message_again_sends_nothing(cloud: Cloud, mail: Post) -> None:
    with time_machine.travel(NOW, tick=False):
        write(cloud, activate())
        mail.relay()
        records = mail.receive()
        for _ in range(3):
            assert cloud.invoke("send_mail", {"Records": records * 2}) == {"batchItemFailures": []}
    assert addresses(cloud) == [ANA]


def test_two_senders_at_once_send_once(cloud: Cloud, mail: Post) -> None:
    """The second delivery meets the first one's lease, and comes back when that is over."""
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, activate())
        mail.relay()
        records = mail.receive()
        answers = []

        def while_sending(call: Any) -> Any:
            cloud.faults.clear()
            cloud.forget("send_mail")
            answers.append(cloud.invoke("send_mail", {"Records": records}))
            return call()

        cloud.faults["sesv2:SendEmail"] = while_sending
        answers.append(cloud.invoke("send_mail", {"Records": records}))
        first, second = answers[1], answers[0]
        assert first == {"batchItemFailures": []}
        assert second == {"batchItemFailures": [{"itemIdentifier": records[0]["messageId"]}]}
        clock.shift(59)
        assert mail.receive() == []
        clock.shift(2)
        mail.run()
    assert addresses(cloud) == [ANA]
    assert mail.waiting() == 0


def test_a_message_whose_mail_is_gone_is_done(cloud: Cloud, mail: Post) -> None:
    with time_machine.travel(NOW, tick=False):
        write(cloud, activate())
        mail.relay()
        aws.delete_rows("OutboxTable", [outbox.key("m1")])
        mail.run()
    assert cloud.letters == []
    assert mail.waiting() == 0


# --- later ------------------------------------------------------------------------------------------------------------


def test_a_mail_that_is_not_due_waits_for_its_time(cloud: Cloud, mail: Post) -> None:
    """Further off than SQS can hold a message back, and no earlier however often it is asked."""
    entry = {"first_name": "Ana", "at": NOW}
    with time_machine.travel(NOW, tick=False) as clock:
        notice = Letter("password_changed", ANA, {"first_name": "Ana", "entries": [entry]})
        write(cloud, notice, due_at=NOW + 1000)
        for _ in range(10):
            mail.run()
            clock.shift(99)
        assert cloud.letters == []
        clock.shift(20)
        mail.run()
    assert addresses(cloud) == [ANA]
    assert mail.waiting() == 0


DOWN = [
    said_no("TooManyRequestsException", 429),
    said_no("InternalFailure", 500),
    said_no("ServiceUnavailable", 503),
    said_no("SendingPausedException"),
    said_no("LimitExceededException"),
    said_no("AccessDeniedException", 403),
    EndpointConnectionError(endpoint_url="https://email.us-east-1.amazonaws.com"),
    ReadTimeoutError(endpoint_url="https://email.us-east-1.amazonaws.com"),
]


@pytest.mark.parametrize("error", DOWN, ids=lambda error: str(error)[:40])
def test_R20_ses_down_for_hours_and_every_mail_arrives_once_after_it(
    cloud: Cloud, mail: Post, error: Exception
) -> None:
    people = [f"p{number}@example.com" for number in range(3)]
    with time_machine.travel(NOW, tick=False) as clock:
        for number, address in enumerate(people):
            write(cloud, activate(address), f"m{number}")
        cloud.faults["sesv2:SendEmail"] = error
        mail.run_for(4 * HOUR, clock.shift, step=1800)
        assert cloud.letters == []
        assert mail.waiting() == len(people)
        cloud.faults.clear()
        mail.run_for(1200, clock.shift, step=300)
    assert sorted(addresses(cloud)) == people
    assert mail.waiting() == 0
    assert mail.dead() == []


def test_a_short_failure_is_over_in_seconds(cloud: Cloud, mail: Post) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, activate())
        cloud.faults["sesv2:SendEmail"] = said_no("TooManyRequestsException", 429)
        mail.run()
        cloud.faults.clear()
        clock.shift(triggers.FIRST_WAIT + 1)
        mail.run()
    assert addresses(cloud) == [ANA]


def test_R07_what_fails_for_six_hours_ends_among_the_dead_letters_and_is_not_lost(cloud: Cloud, mail: Post) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, activate())
        cloud.faults["sesv2:SendEmail"] = said_no("ServiceUnavailable", 503)
        mail.run_for(6 * HOUR, clock.shift, step=600)
        assert mail.dead() == []
        mail.run_for(6 * HOUR, clock.shift, step=600)
        assert mail.dead() == [{"id": "m1"}]
        assert mail.waiting() == 0
        cloud.faults.clear()
        redrive(mail)
        mail.run()
    assert addresses(cloud) == [ANA]


def redrive(mail: Post) -> None:
    """What the runbook does: the dead letters go back to the queue as they are."""
    for body in mail.dead():
        aws.sqs().send_message(QueueUrl=mail.queue, MessageBody=json.dumps(body))
    aws.sqs().purge_queue(QueueUrl=mail.dead_letters)


def test_a_message_comes_back_ever_later_up_to_a_quarter_hour(cloud: Cloud, mail: Post) -> None:
    waits = []
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, activate())
        cloud.faults["sesv2:SendEmail"] = Unavailable("down")
        mail.run()
        for _ in range(10):
            waited = 0
            while not mail.deliver():
                clock.shift(5)
                waited += 5
            waits.append(waited)
    assert waits[:7] == [10, 15, 25, 45, 85, 165, 325]
    assert max(waits) == waits[-1] == 905


# --- refused ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    ["MessageRejected", "MailFromDomainNotVerifiedException", "AccountSuspendedException", "BadRequestException"],
)
def test_R12_what_ses_refuses_for_good_is_a_dead_letter_with_its_reason(
    cloud: Cloud, mail: Post, code: str, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, activate())
        write(cloud, activate("bea@example.com"), "m2")
        cloud.faults["sesv2:SendEmail"] = said_no(code, message=f"Address <{ANA}> is not verified: {ANA}")
        mail.run_for(HOUR, clock.shift, step=1200)
        assert Counter(cloud.calls)["sesv2:SendEmail"] == 2
        assert mail.waiting() == 0
        (dead,) = [letter for letter in mail.dead() if letter["id"] == "m1"]
        assert dead["template"] == "activate"
        assert dead["reason"].startswith(f"{code}: Address <")
        assert row_of(cloud)["reason"] == dead["reason"]
        assert row_of(cloud)["refused_at"] == NOW
        assert '"outcome":"refused"' in log.getvalue()
        assert "MailRefused" in capsys.readouterr().out
        for said in (log.getvalue(), str(dead)):
            assert ANA not in said
        # Once somebody has mended it, the dead letters go back to the queue and both arrive.
        cloud.faults.clear()
        redrive(mail)
        mail.run()
    assert sorted(addresses(cloud)) == [ANA, "bea@example.com"]
    assert "reason" not in row_of(cloud)


def test_R12_mail_from_an_unverified_sender_is_refused_by_ses_itself(cloud: Cloud, mail: Post) -> None:
    aws.sesv2().delete_email_identity(EmailIdentity="no-responder@miinti.example")
    with time_machine.travel(NOW, tick=False):
        write(cloud, activate())
        mail.run()
    (dead,) = mail.dead()
    assert dead["reason"].startswith("MessageRejected: ")


@pytest.mark.parametrize(
    "address",
    [
        "",
        "nobody",
        "ana@example.com,bea@example.com",
        "Ana <ana@example.com>",
        "a@b\r\nBcc: c@example.com",
        "ANA@EXAMPLE.COM",
    ],
)
def test_S10_an_address_that_is_not_one_stored_address_gets_nothing(cloud: Cloud, mail: Post, address: str) -> None:
    with time_machine.travel(NOW, tick=False):
        write(cloud, activate(address))
        mail.run()
    assert cloud.letters == []
    (dead,) = mail.dead()
    assert dead["reason"].startswith("address is not")


def never_got(cloud: Cloud) -> list[tuple[str, str, str, str]]:
    """What staff is told of mails that nobody got: what, template, address, at."""
    rows = [row for row in cloud.rows("OutboxTable") if row["pk"] == returns.LIST]
    return [(row["what"], row["template"], row["address"], row["at"]) for row in rows]


def test_R12_staff_is_told_once_who_got_no_mail_that_ses_refused_until_it_went(cloud: Cloud, mail: Post) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, activate())
        cloud.faults["sesv2:SendEmail"] = said_no("MessageRejected", message=f"not verified: {ANA}")
        mail.run()
        clock.shift(120)
        redrive(mail)
        mail.run()
        assert Counter(cloud.calls)["sesv2:SendEmail"] == 2
        assert never_got(cloud) == [("refused", "activate", ANA, "2026-11-27T17:00:00Z")]
        (row,) = [row for row in cloud.rows("OutboxTable") if row["pk"] == returns.LIST]
        assert row["why"].startswith("MessageRejected: not verified: ")
        assert ANA not in row["why"]
        cloud.faults.clear()
        clock.shift(120)
        redrive(mail)
        mail.run()
    assert addresses(cloud) == [ANA]
    assert never_got(cloud) == []


def test_R07_R12_staff_is_told_once_who_got_no_mail_that_was_given_up_until_it_went(
    cloud: Cloud, mail: Post, log: io.StringIO
) -> None:
    """Given up twice: a redrive that comes too early ends as the first tries did."""
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, Letter("already_registered", ANA, {"first_name": "Ana"}))
        cloud.faults["sesv2:SendEmail"] = said_no("ServiceUnavailable", 503, message=f"not now: {ANA}")
        mail.run_for(6 * HOUR, clock.shift, step=600)
        assert (mail.dead(), never_got(cloud)) == ([], [])
        mail.run_for(6 * HOUR, clock.shift, step=600)
        redrive(mail)
        mail.run_for(12 * HOUR, clock.shift, step=600)
        assert mail.dead() == [{"id": "m1"}]
        assert never_got(cloud) == [("failed", "already_registered", ANA, "2026-11-27T17:00:00Z")]
        (row,) = [row for row in cloud.rows("OutboxTable") if row["pk"] == returns.LIST]
        assert row["why"] == "Unavailable"
        assert log.getvalue().count('"given_up"') == 2
        cloud.faults.clear()
        redrive(mail)
        mail.run()
    assert addresses(cloud) == [ANA]
    assert never_got(cloud) == []
    assert "failed_at" not in row_of(cloud)


@pytest.mark.parametrize("queue", ["MailQueue", "NewsQueue"])
def test_R08_a_message_at_its_last_receive_of_which_nobody_can_be_told_fails_as_any_other(
    cloud: Cloud, mail: Post, queue: str, log: io.StringIO
) -> None:
    """No JSON, and a mail whose row lacks whom it goes to."""
    with cloud.as_function("relay_outbox"):
        row = {"pk": "MAIL#x", "sk": "MAIL", "template": "already_registered", "created_at": NOW}
        aws.write(aws.put("OutboxTable", row))
    for body in ("{", '{"id": "x"}'):
        aws.sqs().send_message(QueueUrl=mail.queues[queue], MessageBody=body)
    records = mail.receive(queue)
    for record in records:
        record["attributes"]["ApproximateReceiveCount"] = str(outbox.TRIES)
    answer = cloud.invoke("send_mail", {"Records": records})
    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in records]}
    assert log.getvalue().count('"not_told"') == 2
    assert never_got(cloud) == []


def test_R12_staff_is_told_once_who_got_no_mail_since_its_link_had_run_out(cloud: Cloud, mail: Post) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, activate(ends=NOW + HOUR))
        clock.shift(HOUR)
        mail.run()
        aws.sqs().send_message(QueueUrl=mail.queue, MessageBody='{"id": "m1"}')
        mail.run()
    assert mail.waiting() == 0
    assert never_got(cloud) == [("expired", "activate", ANA, "2026-11-27T17:00:00Z")]


@pytest.mark.parametrize(
    "letter",
    [
        activate(ends=NOW + HOUR),
        Letter("reset_password", ANA, {"first_name": "Ana"}, Token("reset", "a1", "n", NOW + HOUR)),
        Letter("link_code", ANA, {"company": "UNO", "person": "Ana", "request_id": "r1", "expires_at": NOW + HOUR}),
    ],
    ids=lambda letter: letter.template,
)
def test_a_mail_that_is_only_its_link_does_not_go_when_that_has_run_out(
    cloud: Cloud, mail: Post, letter: Letter, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, letter)
        cloud.faults["sesv2:SendEmail"] = said_no("ServiceUnavailable", 503)
        mail.run_for(HOUR, clock.shift, step=600)
        cloud.faults.clear()
        mail.run_for(1200, clock.shift, step=600)
    assert cloud.letters == []
    assert (mail.waiting(), mail.dead()) == (0, [])
    assert row_of(cloud)["reason"] == "expired"
    assert '"outcome":"expired"' in log.getvalue()
    assert "MailExpired" in capsys.readouterr().out


def test_S23_a_security_notice_goes_however_late(cloud: Cloud, mail: Post) -> None:
    entry = {"person": "Juan", "email": "juan@example.com", "at": NOW, "account_id": "a7", "grant": "g1"}
    about = {"company": "UNO", "cuit": "30500001735", "company_id": "c-1"}
    with time_machine.travel(NOW + 40 * 86400, tick=False):
        write(cloud, Letter("company_linked", ANA, {"entries": [entry], **about}))
        mail.run()
    assert addresses(cloud) == [ANA]


# --- poison -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["", "{", "[]", "{}", '{"id": null}', '"m1"'])
def test_R08_a_poison_message_comes_back_alone(cloud: Cloud, mail: Post, body: str) -> None:
    with time_machine.travel(NOW, tick=False):
        write(cloud, activate())
        write(cloud, activate("bea@example.com"), "m2")
        mail.relay()
        records = mail.receive()
        poison = {**records[0], "messageId": "poison", "body": body}
        answer = cloud.invoke("send_mail", {"Records": [records[0], poison, *records[1:]]})
    expected = [] if body == '{"id": null}' else [{"itemIdentifier": "poison"}]
    assert answer == {"batchItemFailures": expected}
    assert sorted(addresses(cloud)) == [ANA, "bea@example.com"]


def test_R08_a_mail_that_cannot_be_made_does_not_hold_up_the_others(cloud: Cloud, mail: Post) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, Letter("confirm_email", ANA, {}, Token("confirm_email", "a1", "n1", NOW + 99 * HOUR)), "bad")
        write(cloud, Letter("no_such_template", ANA, {}), "worse")
        for number in range(6):
            write(cloud, activate(f"p{number}@example.com"), f"m{number}")
        mail.run()
        assert len(cloud.letters) == 6
        mail.run_for(32 * 1000, clock.shift, step=1000)
        assert sorted(dead["id"] for dead in mail.dead()) == ["bad", "worse"]
    assert len(cloud.letters) == 6


# --- faults -----------------------------------------------------------------------------------------------------------


class Nth:
    """Breaks the n-th call that the functions make, before or after it is done."""

    def __init__(self, cloud: Cloud, number: int, error: BaseException, *, after: bool) -> None:
        self.left, self.error, self.after = number, error, after
        self.broken = ""
        for name in (
            "dynamodb:GetItem",
            "dynamodb:UpdateItem",
            "sqs:SendMessage",
            "sqs:ChangeMessageVisibility",
            "kms:GenerateMac",
            "sesv2:SendEmail",
        ):
            cloud.faults[name] = self._named(name)

    def _named(self, name: str) -> Any:
        def fault(call: Any) -> Any:
            self.left -= 1
            if self.left != 0:
                return call()
            self.broken = name
            if self.after:
                call()
            raise self.error

        return fault


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize(
    "error", [Crash(), Unavailable("no answer"), OSError("broken")], ids=["crash", "silence", "error"]
)
def test_R04_a_mail_survives_a_failure_at_any_call_and_goes_twice_only_after_ses_took_it(
    cloud: Cloud, mail: Post, error: BaseException, after: bool
) -> None:
    """Relay → take → key → SES → mark: each call once the one that breaks, until none is left to break."""
    broken = []
    with time_machine.travel(NOW, tick=False) as clock:
        for number in range(1, 20):
            cloud.letters.clear()
            aws.derived_key.cache_clear()
            write(cloud, activate(), f"m{number}")
            nth = Nth(cloud, number, error, after=after)
            mail.run_for(800, clock.shift, step=200)
            cloud.faults.clear()
            if not nth.broken:
                break
            broken.append(nth.broken)
            # SES has it and we do not know: its answer was lost, or our mark did not come to stand. A table that only
            # does not answer is asked for the mark again.
            marking = nth.broken == "dynamodb:UpdateItem" and broken.count("dynamodb:UpdateItem") == 2
            unknown = (nth.broken == "sesv2:SendEmail" and after) or (
                marking and not after and not isinstance(error, Unavailable)
            )
            assert len(cloud.letters) == (2 if unknown else 1), nth.broken
            assert "sent_at" in row_of(cloud, f"m{number}")
            assert mail.waiting() == 0
    assert broken == [
        "sqs:SendMessage",
        "dynamodb:UpdateItem",
        "dynamodb:GetItem",
        "kms:GenerateMac",
        "sesv2:SendEmail",
        "dynamodb:UpdateItem",
    ]
    assert mail.dead() == []


def test_R05_a_mail_sent_again_has_the_same_link(cloud: Cloud, mail: Post) -> None:
    """Its token is made from the row anew, the same each time: nothing is drawn, and nothing is kept in secret."""

    def lost(send: Any) -> Any:
        cloud.faults.clear()
        send()
        raise ReadTimeoutError(endpoint_url="https://ses.example")

    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, activate())
        cloud.faults["sesv2:SendEmail"] = lost
        mail.run_for(120, clock.shift, step=60)
    first, second = (re.findall(r"#t=([\w.-]+)", text_of(letter)) for letter in cloud.letters)
    assert first == second
    assert len(set(first)) == 1


def test_a_message_that_cannot_be_hidden_comes_back_after_the_queues_own_time(cloud: Cloud, mail: Post) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, activate())
        cloud.faults["sesv2:SendEmail"] = Unavailable("down")
        cloud.faults["sqs:ChangeMessageVisibility"] = Unavailable("down")
        mail.run()
        cloud.faults.clear()
        clock.shift(350)
        assert not mail.deliver()
        clock.shift(20)
        mail.run()
    assert addresses(cloud) == [ANA]


def test_a_refused_mail_whose_dead_letter_fails_is_tried_again(cloud: Cloud, mail: Post) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, activate())
        mail.relay()
        cloud.faults["sesv2:SendEmail"] = said_no("MessageRejected")
        cloud.faults["sqs:SendMessage"] = Unavailable("down")
        mail.run()
        assert "refused_at" not in row_of(cloud)
        del cloud.faults["sqs:SendMessage"]
        mail.run_for(300, clock.shift, step=60)
    assert [dead["id"] for dead in mail.dead()] == ["m1"]
    assert mail.waiting() == 0


# --- secrets ----------------------------------------------------------------------------------------------------------


def test_S73_S74_no_token_or_code_stands_anywhere_but_in_the_mail(
    cloud: Cloud, mail: Post, log: io.StringIO, capsys: pytest.CaptureFixture[str]
) -> None:
    """The whole way with a failure on it: rows, queues, logs and metrics, before, between and after."""
    seen: list[str] = []

    def look() -> None:
        seen.extend(str(cloud.rows(table)) for table in ("IdentityTable", "CompaniesTable", "OutboxTable"))
        for queue in ("MailQueue", "MailDeadLetters", "OutboxDeadLetters"):
            url = cloud.resolved({"Ref": queue})
            found: Any = aws.sqs().receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
            seen.append(str(found.get("Messages")))

    with time_machine.travel(NOW, tick=False) as clock:
        with cloud.as_function("relay_outbox"):
            letters.world()
            for row in letters.ROWS.values():
                aws.write(aws.put("OutboxTable", {**row, "pk": f"MAIL#{outbox.mail_id()}", "created_at": NOW}))
        mail.relay()
        look()
        failing = iter([said_no("ServiceUnavailable", 503), said_no("MessageRejected", message=f"bad {ANA}")] * 3)

        def sometimes(call: Any) -> Any:
            error = next(failing, None)
            if error:
                raise error
            return call()

        cloud.faults["sesv2:SendEmail"] = sometimes
        for _ in range(3):
            mail.run()
            look()
            clock.shift(60)
        redrive(mail)
        mail.run()
        look()
    assert len(cloud.letters) == len(letters.ROWS)
    secrets = {token for letter in cloud.letters for token in re.findall(r"#t=([\w.-]+)", text_of(letter))}
    secrets |= {token.partition(".")[2] for token in secrets}
    with cloud.as_function("send_mail"):
        secrets.add(tokens.link_code("r-1"))
    assert len(secrets) > 10
    said = log.getvalue() + capsys.readouterr().out
    assert said.count('"outcome"') > len(letters.ROWS)
    for canary in secrets:
        assert all(canary not in part for part in (*seen, said))
    # And who it was about stays out of the logs.
    for canary in ("ana@example.com", "juan.nandu@example.com", "Ana María", "Ñandú", *letters.CANARIES):
        assert canary not in said
