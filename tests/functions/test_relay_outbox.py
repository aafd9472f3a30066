"""Stream of the outbox → mail queue."""

import io
import json
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ClientError

from miinti import aws
from miinti.accounts import store
from miinti.companies import access, members
from miinti.errors import Unavailable
from miinti.mail import outbox, returns
from miinti.mail.outbox import Letter, Members
from miinti.mail.returns import Event
from tests import letters, post
from tests.cloud import Cloud, lines
from tests.post import Crash, Post

NOW = letters.NOON
ANA = "ana@example.com"


@pytest.fixture
def mail(cloud: Cloud) -> Post:
    return Post(cloud)


def write(cloud: Cloud, *written: Letter, **more: Any) -> None:
    with cloud.as_function("relay_outbox"):
        for letter in written:
            aws.write(outbox.put(letter, NOW, **more))


def messages(mail: Post) -> list[str]:
    """Ids in the queue that are visible now."""
    found = []
    while records := mail.receive():
        found += [json.loads(record["body"])["id"] for record in records]
    return sorted(found)


def member(cloud: Cloud, account_id: str, *, account: str = "active", link: str = "active") -> None:
    """A person linked to company c-1; a state of "" leaves the row out."""
    person = {
        "id": account_id,
        "email": f"{account_id}@example.com",
        "first_name": account_id.title(),
        "state": account,
    }
    with cloud.as_function("relay_outbox"):
        for (pk, sk), table, row, state in (
            (store.key(account_id), "IdentityTable", person, account),
            (access.link_key(account_id, "c-1"), "CompaniesTable", {"company": "c-1", "state": link}, link),
        ):
            if state:
                aws.write(aws.put(table, {"pk": pk, "sk": sk, **row}))


def linked(but: str = "juan") -> Letter:
    entry = {"person": "Juan Ñandú", "at": NOW, "company": "UNO S.A."}
    return Letter("company_linked_member", Members("c-1", but=but), {"entries": [entry]})


def told(cloud: Cloud) -> list[str]:
    return sorted(row["to"]["address"] for row in cloud.mails("company_linked_member") if "address" in row["to"])


def test_each_new_mail_is_queued_once_with_nothing_but_its_id(cloud: Cloud, mail: Post) -> None:
    write(cloud, Letter("activate", ANA, {"first_name": "Ana"}), id="m1")
    write(cloud, Letter("reset_password", ANA, {"first_name": "Ana"}), id="m2")
    mail.relay()
    mail.relay()
    assert messages(mail) == ["m1", "m2"]


def test_only_new_mails_that_say_something_leave_the_stream(cloud: Cloud, mail: Post) -> None:
    """The template's filter: no counters, no letters to nobody (Decided 6), no changes of a row."""
    write(cloud, Letter(outbox.QUIET, ""))
    with cloud.as_function("relay_outbox"):
        aws.write(outbox.within_limit("activate", ANA, NOW))
        aws.write(outbox.told("m0", "a1", NOW))
    write(cloud, Letter("activate", ANA, {"first_name": "Ana"}), id="m1")
    mail.relay()
    assert messages(mail) == ["m1"]
    (pattern,) = [json.loads(one["Pattern"]) for one in mail.mapping["FilterCriteria"]["Filters"]]
    (row,) = cloud.mails()
    assert post.matches(pattern, post.inserted(row))
    assert not post.matches(pattern, {**post.inserted(row), "eventName": "MODIFY"})
    assert not post.matches(pattern, {**post.inserted(row), "eventName": "REMOVE"})


def test_a_quiet_row_is_dropped_even_where_nothing_filters(cloud: Cloud, mail: Post) -> None:
    row = {"pk": "MAIL#q", "sk": "MAIL", "template": outbox.QUIET, "to": {"address": ""}, "data": {}}
    cloud.function("relay_outbox")
    cloud.counted()
    assert cloud.invoke("relay_outbox", {"Records": [post.inserted(row)]}) == {"batchItemFailures": []}
    assert not cloud.counted()


@pytest.mark.parametrize(("due", "seen_after"), [(0, 0), (-10, 0), (240, 240), (900, 900), (2000, 900)])
def test_a_mail_with_a_time_waits_in_the_queue_as_long_as_that_can(
    cloud: Cloud, mail: Post, due: int, seen_after: int
) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, Letter("password_changed", ANA), id="m1", due_at=NOW + due)
        mail.relay()
        if seen_after:
            clock.shift(seen_after - 1)
            assert messages(mail) == []
            clock.shift(2)
        assert messages(mail) == ["m1"]


def test_one_mail_costs_one_call(cloud: Cloud, mail: Post) -> None:
    write(cloud, Letter("activate", ANA, {"first_name": "Ana"}), id="m1")
    mail.relay()
    write(cloud, Letter("activate", ANA, {"first_name": "Ana"}), id="m2")
    cloud.counted()
    mail.relay()
    assert cloud.counted() == {"sqs:SendMessage": 1}


# --- members ----------------------------------------------------------------------------------------------------------


def test_S23_members_are_told_and_nobody_else(cloud: Cloud, mail: Post) -> None:
    for name in ("ana", "bea", "juan"):
        member(cloud, name)
    member(cloud, "suspended", link="suspended")
    member(cloud, "waiting", account="waiting")
    member(cloud, "gone", account="")
    member(cloud, "elsewhere", link="")
    write(cloud, linked(), id="m1")
    mail.relay()
    assert told(cloud) == ["ana@example.com", "bea@example.com"]
    (letter,) = cloud.mails("company_linked_member", to="ana@example.com")
    assert letter["data"] == {
        "first_name": "Ana",
        "entries": [{"person": "Juan Ñandú", "at": NOW, "company": "UNO S.A."}],
    }
    mail.run()
    assert sorted(letter["Destination"]["ToAddresses"][0] for letter in cloud.letters) == told(cloud)


def test_what_a_spread_notice_said_is_gone(cloud: Cloud, mail: Post) -> None:
    member(cloud, "ana")
    write(cloud, linked(), id="m1")
    mail.relay()
    (row,) = [row for row in cloud.rows("OutboxTable") if row["pk"] == "MAIL#m1"]
    assert "sent_at" in row
    assert "data" not in row


def test_a_company_without_other_members_tells_nobody(cloud: Cloud, mail: Post) -> None:
    member(cloud, "juan")
    write(cloud, linked())
    mail.run()
    assert told(cloud) == []
    assert cloud.letters == []


def test_members_beyond_one_batch_are_told_too(cloud: Cloud, mail: Post) -> None:
    for number in range(60):
        member(cloud, f"p{number:02}")
    write(cloud, linked())
    cloud.counted()
    mail.relay()
    assert told(cloud) == [f"p{number:02}@example.com" for number in range(60)]
    assert cloud.counted()["dynamodb:BatchGetItem"] == 2


def test_R04_a_record_done_again_tells_nobody_again(cloud: Cloud, mail: Post) -> None:
    for name in ("ana", "bea"):
        member(cloud, name)
    write(cloud, linked(), id="m1")
    (row,) = cloud.mails()
    for _ in range(3):
        assert cloud.invoke("relay_outbox", {"Records": [post.inserted(row)]}) == {"batchItemFailures": []}
    assert told(cloud) == ["ana@example.com", "bea@example.com"]


@pytest.mark.parametrize("wrong", ["no address", "no state", "a row too large"])
def test_R08_a_member_of_whom_nothing_can_be_made_keeps_nothing_from_those_after_them(
    cloud: Cloud, mail: Post, log: io.StringIO, wrong: str
) -> None:
    """Once that is mended they are told too, and the others not again."""
    for name in ("ana", "bea", "eva"):
        member(cloud, name)
    with cloud.as_function("relay_outbox"):
        assert members.of_company("c-1") == ["ana", "bea", "eva"]
    if wrong == "a row too large":
        answer: Any = {"Error": {"Code": "ValidationException", "Message": "Item size has exceeded the maximum"}}
        fail = iter([ClientError(answer, "TransactWriteItems")])

        def first(call: Any) -> Any:
            for error in fail:
                raise error
            return call()

        cloud.faults["dynamodb:TransactWriteItems"] = first
    else:
        lacks = {"#lacks": wrong.replace("no address", "email").removeprefix("no ")}
        aws.write(aws.update("IdentityTable", store.key("ana"), "REMOVE #lacks", names=lacks))
    write(cloud, linked())
    mail.relay()
    assert told(cloud) == ["bea@example.com", "eva@example.com"]
    assert len(mail.pending) == 1
    (line,) = [line for line in lines(log) if line.get("outcome") == "skipped"]
    assert line["account"] == "ana"
    member(cloud, "ana")
    mail.run()
    assert told(cloud) == ["ana@example.com", "bea@example.com", "eva@example.com"]
    assert len(cloud.letters) == 3
    assert mail.pending == mail.exhausted == []


@pytest.mark.parametrize("already", [0, 3])
@pytest.mark.parametrize("after", [False, True])
def test_R04_a_crash_between_members_leaves_none_out_and_tells_none_twice(
    cloud: Cloud, mail: Post, already: int, after: bool
) -> None:
    """Also when a member's hour is full, so that the notice gathers with others."""
    for name in ("ana", "bea", "eva"):
        member(cloud, name)
    with cloud.as_function("relay_outbox"):
        for _ in range(already):
            aws.write(outbox.within_limit("company_linked_member", "bea@example.com", NOW))
    commits = 0

    def second(call: Any) -> Any:
        nonlocal commits
        commits += 1
        answer = call() if after or commits != 2 else None
        if commits == 2:
            raise Crash
        return answer

    with time_machine.travel(NOW, tick=False) as clock:
        write(cloud, linked())
        cloud.faults["dynamodb:TransactWriteItems"] = second
        mail.relay()
        cloud.faults.clear()
        mail.run_for(600, clock.shift, step=300)
    assert told(cloud) == ["ana@example.com", "bea@example.com", "eva@example.com"]
    assert len(cloud.letters) == 3
    assert all("Juan Ñandú" in letter["Content"]["Simple"]["Body"]["Text"]["Data"] for letter in cloud.letters)


def test_many_links_at_once_are_one_mail_to_each_member(cloud: Cloud, mail: Post) -> None:
    """T7: three mails in the hour, then one with all the rest."""
    member(cloud, "ana")
    with time_machine.travel(NOW, tick=False) as clock:
        for number in range(12):
            write(cloud, linked(but=f"juan{number}"))
        mail.run_for(600, clock.shift, step=300)
    texts = [letter["Content"]["Simple"]["Body"]["Text"]["Data"] for letter in cloud.letters]
    assert [text.count("UNO S.A.") for text in texts] == [1, 1, 1, 9]
    assert cloud.letters[-1]["Content"]["Simple"]["Subject"]["Data"].startswith("Hubo 9 vínculos nuevos")


# --- what goes wrong --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "poison",
    [
        {"pk": "MAIL#x", "sk": "MAIL", "template": "activate"},
        {"pk": "MAIL#x", "sk": "MAIL", "template": "activate", "to": {"address": ANA}, "due_at": "soon"},
        {"pk": "MAIL#x", "sk": "MAIL", "template": "activate", "to": {"members_of": "c-1"}},
    ],
)
def test_R06_a_poison_record_comes_back_alone_and_ends_in_the_dead_letters(
    cloud: Cloud, mail: Post, poison: dict[str, Any]
) -> None:
    with cloud.as_function("relay_outbox"):
        write(cloud, Letter("activate", ANA), id="m1")
        aws.write(aws.put("OutboxTable", poison))
        write(cloud, Letter("activate", ANA), id="m2")
    for _ in range(11):
        mail.relay()
    assert set(messages(mail)) == {"m1", "m2"}
    assert mail.pending == []
    assert "event-MAIL#x" in {record["eventID"] for record in mail.exhausted}


def test_R08_the_answer_names_the_records_that_failed(cloud: Cloud) -> None:
    rows = [
        {"pk": f"MAIL#{name}", "sk": "MAIL", "template": "activate", "to": {"address": ANA} if name != "x" else None}
        for name in ("m1", "x", "m2")
    ]
    answer = cloud.invoke("relay_outbox", {"Records": [post.inserted(row) for row in rows]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": "number-MAIL#x"}]}


def test_without_the_queue_the_batch_is_kept_and_nothing_is_lost(cloud: Cloud, mail: Post) -> None:
    for number in range(3):
        write(cloud, Letter("activate", ANA), id=f"m{number}")
    cloud.faults["sqs:SendMessage"] = Unavailable("down")
    rows = [post.inserted(row) for row in cloud.mails()]
    with pytest.raises(Unavailable):
        cloud.invoke("relay_outbox", {"Records": rows})
    mail.relay()
    assert len(mail.pending) == 3
    cloud.faults.clear()
    mail.relay()
    assert messages(mail) == ["m0", "m1", "m2"]
    # The next batch does not remember that.
    assert cloud.invoke("relay_outbox", {"Records": rows[:1]}) == {"batchItemFailures": []}


@pytest.mark.parametrize(
    "call", ["dynamodb:Query", "dynamodb:BatchGetItem", "dynamodb:TransactWriteItems", "dynamodb:UpdateItem"]
)
def test_without_a_table_members_are_told_later(cloud: Cloud, mail: Post, call: str) -> None:
    member(cloud, "ana")
    write(cloud, linked())
    cloud.faults[call] = Unavailable("down")
    mail.relay()
    assert len(mail.pending) == 1
    cloud.faults.clear()
    mail.run()
    assert told(cloud) == ["ana@example.com"]
    assert len(cloud.letters) == 1


def test_R20_a_table_that_does_not_answer_is_nobodys_poison(cloud: Cloud, mail: Post, log: io.StringIO) -> None:
    """The rest of the members is not tried against it one by one."""
    for name in ("ana", "bea", "eva"):
        member(cloud, name)
    write(cloud, linked())
    cloud.faults["dynamodb:TransactWriteItems"] = Unavailable("down")
    cloud.counted()
    mail.relay()
    assert cloud.counted()["dynamodb:TransactWriteItems"] == 1
    assert "skipped" not in log.getvalue()
    assert len(mail.pending) == 1


def test_S74_the_log_names_nobody(cloud: Cloud, mail: Post, log: io.StringIO) -> None:
    member(cloud, "ana")
    write(cloud, linked(), Letter("activate", "secret@example.com", {"first_name": "Secreta"}))
    with cloud.as_function("relay_outbox"):
        bad = {"pk": "MAIL#x", "sk": "MAIL", "template": "activate", "to": {"address": "secret@example.com"}}
        aws.write(aws.put("OutboxTable", {**bad, "due_at": "soon"}))
    mail.relay()
    said = log.getvalue()
    assert "spread" in said
    assert "retried" in said
    for canary in ("secret@example.com", "ana@example.com", "Secreta", "Juan", "Ñandú"):
        assert canary not in said


# --- an account that is gone ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["sqs:SendMessage", "dynamodb:Query", "dynamodb:UpdateItem", "dynamodb:DeleteItem"])
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_S78_R04_whichever_call_fails_the_address_goes_and_the_last_mail_goes_once(
    cloud: Cloud, mail: Post, call: str, after: bool
) -> None:
    """A mail that went, news that did not, and one that staff lists: done again until it is done."""
    broken: list[str] = []

    def once(go: Any) -> Any:
        if not broken:
            broken.append(call)
            if after:
                go()
            raise Crash
        return go()

    with time_machine.travel(NOW, tick=False):
        write(cloud, Letter("already_registered", ANA, {"first_name": "Ana"}))
        mail.run()
        cloud.letters.clear()
        write(cloud, Letter("documents_new", ANA, {"account_id": "a1"}), due_at=NOW + 600)
        mail.relay_nothing_old()
        with cloud.as_function("take_mail_events"):
            event = Event(
                "bounced", "Transient/General", None, ANA, "ses-1", "already_registered", "2026-11-27T16:00:00Z"
            )
            returns.noted(event, NOW)
        write(cloud, Letter(returns.FAREWELL, ANA, {"first_name": "Ana"}))
        cloud.faults[call] = once
        mail.run()
        cloud.faults.clear()
        mail.run()
    assert broken == [call]
    assert [letter["EmailTags"][0]["Value"] for letter in cloud.letters] == [returns.FAREWELL]
    assert [row for row in cloud.rows("OutboxTable") if ANA in str(row)] == []
    assert mail.pending == mail.exhausted == []
