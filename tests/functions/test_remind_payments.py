"""Reminders of payments: three days before, on the day, three days after; in days of Buenos Aires."""

import datetime as dt
import io
import re
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine

from miinti import aws
from miinti.accounts import store
from miinti.companies import access, news
from miinti.documents import rows
from miinti.mail import outbox
from tests import companies, people
from tests.cloud import Cloud, lines
from tests.post import Post

ANA, BEA = "ana@example.com", "bea@example.com"
ZONE = ZoneInfo("America/Argentina/Buenos_Aires")
CLIENT = "c-27334"
MORNING = dt.datetime(2026, 11, 24, 8, 0, tzinfo=ZONE)
DOC = "v-00205-00000001-001"


def voucher(doc_id: str = DOC, due: str | None = "2026-11-24", company_id: str = CLIENT, **more: Any) -> None:
    facts = {"date": "2026-10-01", "due_date": due, "billed": 12100, "remaining": 12100, **more}
    aws.write(aws.put("CompaniesTable", rows.row(company_id, doc_id, facts)))


def wanting(cloud: Cloud, account_id: str = "ana", company_id: str = CLIENT, reminders: bool = True) -> None:
    with cloud.as_function("change_notifications"):
        aws.transact(news.chosen(account_id, company_id, {}, reminders))


@pytest.fixture
def post(cloud: Cloud) -> Iterator[Post]:
    with time_machine.travel(MORNING, tick=False):
        companies.company()
        for account_id, address in (("ana", ANA), ("bea", BEA)):
            people.account(cloud, account_id, email=address)
            companies.link(account_id, CLIENT)
        yield Post(cloud)


def reminded(cloud: Cloud, post: Post, at: dt.datetime) -> list[str]:
    """Texts of what goes out to Ana when the morning's call comes at a time."""
    before = len(cloud.letters)
    with time_machine.travel(at, tick=False):
        cloud.invoke("remind_payments", {})
        post.run()
    assert all(letter["Destination"]["ToAddresses"] == [ANA] for letter in cloud.letters)
    return [letter["Content"]["Simple"]["Body"]["Text"]["Data"] for letter in cloud.letters[before:]]


def test_nobody_is_reminded_who_did_not_ask(cloud: Cloud, post: Post) -> None:
    voucher()
    assert reminded(cloud, post, MORNING) == []
    wanting(cloud)
    (text,) = reminded(cloud, post, MORNING)
    assert "Factura A 00205-00000001, por $ 121,00: vence hoy, 24/11/2026" in text
    headers = {one["Name"] for one in cloud.letters[0]["Content"]["Simple"]["Headers"]}
    assert {"List-Unsubscribe", "List-Unsubscribe-Post"} <= headers


def test_each_step_comes_once_however_often_the_morning_calls(cloud: Cloud, post: Post) -> None:
    wanting(cloud)
    voucher()
    said: dict[int, list[str]] = {}
    for day in range(-5, 6):
        for hour in range(3):
            at = MORNING + dt.timedelta(days=day, hours=hour)
            said.setdefault(day, []).extend(reminded(cloud, post, at))
    assert {day: len(texts) for day, texts in said.items() if texts} == {-3: 1, 0: 1, 3: 1}
    assert "vence el 24/11/2026" in said[-3][0]
    assert "venció el 24/11/2026" in said[3][0]


@pytest.mark.parametrize(
    ("at", "due"),
    [
        # 23:30 of the 24th in Buenos Aires is 02:30 of the 25th in UTC.
        (dt.datetime(2026, 11, 24, 23, 30, tzinfo=ZONE), "2026-11-24"),
        (dt.datetime(2026, 11, 25, 0, 30, tzinfo=ZONE), "2026-11-25"),
    ],
)
def test_days_are_counted_in_buenos_aires(cloud: Cloud, post: Post, at: dt.datetime, due: str) -> None:
    wanting(cloud)
    for number, day in enumerate(("2026-11-23", "2026-11-24", "2026-11-25", "2026-11-26"), 1):
        voucher(f"v-00205-0000000{number}-001", day)
    (text,) = reminded(cloud, post, at)
    assert text.count("Factura A") == 1
    assert f"vence hoy, {'/'.join(reversed(due.split('-')))}" in text


@pytest.mark.parametrize(
    "change",
    [
        {"remaining": 0, "collected": 12100},
        {"void": True},
        {"due": "2026-12-24"},
        {"due": None},
    ],
    ids=str,
)
def test_what_is_paid_void_or_due_another_day_is_not_reminded_of_even_at_the_last_moment(
    cloud: Cloud, post: Post, change: Any
) -> None:
    wanting(cloud)
    voucher()
    with time_machine.travel(MORNING, tick=False):
        cloud.invoke("remind_payments", {})
    assert len(cloud.mails("payment_reminder")) == 1
    voucher(**change)
    assert reminded(cloud, post, MORNING) == []
    (row,) = cloud.mails("payment_reminder")
    assert row["reason"] == "nothing_left"


def test_news_that_leaving_did_not_see_are_gone_once_they_find_no_account(cloud: Cloud, post: Post) -> None:
    """Their row was written while the account went: nothing else would take the address out of it."""
    wanting(cloud)
    voucher()
    with time_machine.travel(MORNING, tick=False):
        cloud.invoke("remind_payments", {})
    (row,) = cloud.mails("payment_reminder")
    assert row["to"]["address"] == ANA
    aws.write(aws.delete("IdentityTable", store.key("ana")))
    assert reminded(cloud, post, MORNING) == []
    assert cloud.mails("payment_reminder") == []
    assert [row for row in cloud.rows("OutboxTable") if ANA in str(row)] == []


def test_a_person_of_many_companies_is_reminded_of_each(cloud: Cloud, post: Post) -> None:
    """More than one transaction can mark as told."""
    ids = [f"c-{number}" for number in range(40001, 40121)]
    for company_id in ids:
        companies.company(number=company_id.removeprefix("c-"))
        companies.link("ana", company_id)
        wanting(cloud, company_id=company_id)
        voucher(company_id=company_id)
    mails = [reminded(cloud, post, MORNING + dt.timedelta(hours=hour)) for hour in range(3)]
    assert [len(some) for some in mails] == [2, 0, 0]
    assert sum(text.count("Factura A") for text in mails[0]) == outbox.MENTIONED + 21
    assert sum(f"Y {99 - outbox.MENTIONED} más" in text for text in mails[0]) == 1
    told = [row["pk"] for row in cloud.rows("OutboxTable") if row["sk"] == "TOLD"]
    assert len(told) == len(ids)


def test_what_comes_in_after_the_first_call_is_told_of_by_the_next_and_alone(cloud: Cloud, post: Post) -> None:
    wanting(cloud)
    voucher()
    (first,) = reminded(cloud, post, MORNING)
    voucher("v-00205-00000002-001")
    (second,) = reminded(cloud, post, MORNING + dt.timedelta(hours=1))
    assert ("00205-00000001" in first, "00205-00000002" in first) == (True, False)
    assert ("00205-00000001" in second, "00205-00000002" in second) == (False, True)
    assert reminded(cloud, post, MORNING + dt.timedelta(hours=2)) == []


def test_a_step_of_another_due_date_is_one_of_its_own(cloud: Cloud, post: Post) -> None:
    wanting(cloud)
    voucher()
    assert len(reminded(cloud, post, MORNING)) == 1
    voucher(due="2026-11-27")
    (text,) = reminded(cloud, post, MORNING + dt.timedelta(hours=1))
    assert "vence el 27/11/2026" in text


def test_more_payments_than_one_transaction_marks_are_each_told_of_once(cloud: Cloud, post: Post) -> None:
    wanting(cloud)
    for number in range(1, 121):
        voucher(f"v-00205-{number:08d}-001")
    texts = reminded(cloud, post, MORNING)
    named = [number for text in texts for number in re.findall(r"Factura A (\S+),", text)]
    assert len(named) == len(set(named)) == outbox.MENTIONED + 21
    assert sum(f"Y {99 - outbox.MENTIONED} más" in text for text in texts) == 1
    assert reminded(cloud, post, MORNING + dt.timedelta(hours=1)) == []


def test_R01_of_two_calls_at_once_the_later_tells_what_the_earlier_did_not(cloud: Cloud, post: Post) -> None:
    """The other read before the second voucher came in, and is done first."""
    wanting(cloud)
    voucher()
    voucher("v-00205-00000002-001")

    def rival(call: Any) -> Any:
        cloud.faults.clear()
        aws.write(aws.delete("CompaniesTable", rows.key(CLIENT, "v-00205-00000002-001")))
        cloud.invoke("remind_payments", {})
        voucher("v-00205-00000002-001")
        return call()

    cloud.faults["dynamodb:TransactWriteItems"] = rival
    texts = reminded(cloud, post, MORNING)
    assert [re.findall(r"Factura A (\S+),", text) for text in sorted(texts)] == [["00205-00000001"], ["00205-00000002"]]


def test_a_reminder_that_is_sent_on_another_day_says_nothing_of_what_it_only_counts(cloud: Cloud, post: Post) -> None:
    """SES was down, and the dead letter was put back a day later: what was named then is looked at, the rest is not."""
    wanting(cloud)
    for number in range(1, outbox.MENTIONED + 10):
        voucher(f"v-00205-{number:08d}-001")
    cloud.invoke("remind_payments", {})
    assert len(cloud.mails("payment_reminder")) == 1
    with time_machine.travel(MORNING + dt.timedelta(days=1), tick=False):
        post.run()
    assert cloud.letters == []
    (row,) = cloud.mails("payment_reminder")
    assert row["reason"] == "nothing_left"


def test_a_partial_payment_is_reminded_of_with_what_is_left(cloud: Cloud, post: Post) -> None:
    wanting(cloud)
    voucher()
    with time_machine.travel(MORNING, tick=False):
        cloud.invoke("remind_payments", {})
    voucher(remaining=2100, collected=10000)
    (text,) = reminded(cloud, post, MORNING)
    assert "por $ 21,00" in text


@pytest.mark.parametrize("change", ["off", "unlinked", "suspended", "bounced", "tomorrow"])
def test_S48_the_last_word_is_of_the_moment_it_goes(cloud: Cloud, post: Post, change: str) -> None:
    wanting(cloud)
    voucher()
    with time_machine.travel(MORNING, tick=False):
        cloud.invoke("remind_payments", {})
    at, key = MORNING, access.link_key("ana", CLIENT)
    if change == "off":
        wanting(cloud, reminders=False)
    elif change == "unlinked":
        aws.write(aws.delete("CompaniesTable", key))
    elif change == "suspended":
        aws.write(aws.update("CompaniesTable", key, "SET #s = :s", {":s": "suspended"}, names={"#s": "state"}))
    elif change == "bounced":
        from miinti.mail import returns

        with cloud.as_function("take_mail_events"):
            returns.noted(returns.Event("bounced", "x", "bounced", ANA, "m", "t", "2026-11-24T00:00:00Z"), 0)
    else:
        at = MORNING + dt.timedelta(days=1)
    assert reminded(cloud, post, at) == []


@pytest.mark.parametrize(
    ("state", "reminders"),
    [("created", 1), ("pending", 1), ("rejected", 1), ("in_process", 0), ("credited", 0), (None, 1)],
)
def test_what_is_paid_here_is_not_reminded_of_before_the_erp_knows(
    cloud: Cloud, post: Post, state: str | None, reminders: int
) -> None:
    wanting(cloud)
    voucher()
    # Held by a payment, or by none any more.
    hold = {"payment": "p"} if state else {"used": ["r-1"]}
    aws.write(aws.put("PaymentsTable", {"pk": f"COMPANY#{CLIENT}", "sk": f"DEBT#{DOC}", **hold}))
    aws.write(aws.put("PaymentsTable", {"pk": f"COMPANY#{CLIENT}", "sk": "PAYMENT#p", "state": state or "credited"}))
    assert len(reminded(cloud, post, MORNING)) == reminders


def test_who_wants_none_any_more_is_forgotten_and_who_is_suspended_is_not(cloud: Cloud, post: Post) -> None:
    wanting(cloud)
    wanting(cloud, "bea")
    key = access.link_key("ana", CLIENT)
    aws.write(aws.update("CompaniesTable", key, "SET #s = :s", {":s": "suspended"}, names={"#s": "state"}))
    aws.write(aws.delete("CompaniesTable", access.link_key("bea", CLIENT)))
    voucher()
    assert reminded(cloud, post, MORNING) == []
    listed = [row["sk"] for row in cloud.rows("CompaniesTable") if row["pk"] == news.LIST]
    assert listed == [f"{CLIENT}#ana"]


def test_many_companies_are_one_mail_and_one_that_fails_stops_no_other(cloud: Cloud, post: Post) -> None:
    for number in ("11111", "22222"):
        company_id = companies.company(number=number, cuit=companies.cuit(50_000_001), name=f"EMPRESA {number}")
        companies.link("ana", company_id)
        wanting(cloud, company_id=company_id)
        voucher(f"v-00205-000{number}-001", company_id=company_id)
    calls = 0

    def first(call: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == 2:
            raise OSError("broken")
        return call()

    with time_machine.travel(MORNING, tick=False):
        cloud.faults["dynamodb:Query"] = first
        with pytest.raises(RuntimeError):
            cloud.invoke("remind_payments", {})
        cloud.faults.clear()
    # The next call tells of what the first could not.
    texts = reminded(cloud, post, MORNING + dt.timedelta(hours=1))
    assert [text.count("EMPRESA") for text in texts] == [1, 1]
    assert reminded(cloud, post, MORNING + dt.timedelta(hours=2)) == []


def addressed(cloud: Cloud, post: Post) -> dict[str, list[str]]:
    """Whom a call of the morning that has something to complain of reminds, of which vouchers."""
    cloud.letters.clear()
    with time_machine.travel(MORNING, tick=False):
        with pytest.raises(RuntimeError, match="1 skipped"):
            cloud.invoke("remind_payments", {})
        post.run()
    return {
        letter["Destination"]["ToAddresses"][0]: re.findall(
            r"Factura A (\S+),", letter["Content"]["Simple"]["Body"]["Text"]["Data"]
        )
        for letter in cloud.letters
    }


@pytest.mark.parametrize("lacks", ["state", "email"])
def test_R08_an_account_of_which_nothing_can_be_made_keeps_no_reminder_from_who_comes_after_it(
    cloud: Cloud, post: Post, log: io.StringIO, lacks: str
) -> None:
    for account_id in ("ana", "bea"):
        wanting(cloud, account_id)
    voucher()
    assert [row["sk"] for row in cloud.rows("CompaniesTable") if row["pk"] == news.LIST] == [
        f"{CLIENT}#ana",
        f"{CLIENT}#bea",
    ]
    aws.write(aws.update("IdentityTable", store.key("ana"), "REMOVE #lacks", names={"#lacks": lacks}))
    assert addressed(cloud, post) == {BEA: ["00205-00000001"]}
    (line,) = [line for line in lines(log) if line.get("outcome") == "skipped"]
    assert line["account"] == "ana"


def test_R08_a_voucher_of_which_nothing_can_be_said_keeps_no_other_from_being_reminded_of(
    cloud: Cloud, post: Post, log: io.StringIO
) -> None:
    wanting(cloud)
    voucher()
    voucher("v-00205-00000002-001")
    aws.write(aws.update("CompaniesTable", rows.key(CLIENT, DOC), "SET l = :l", {":l": "damaged"}))
    assert addressed(cloud, post) == {ANA: ["00205-00000002"]}
    (line,) = [line for line in lines(log) if line.get("outcome") == "skipped"]
    assert (line["company"], line["document"]) == (CLIENT, "DOC#v#00205-00000001-001")


def test_an_hour_s_mail_covers_all_companies_when_nothing_fails(cloud: Cloud, post: Post) -> None:
    for number in ("11111", "22222"):
        company_id = companies.company(number=number, cuit=companies.cuit(50_000_001), name=f"EMPRESA {number}")
        companies.link("ana", company_id)
        wanting(cloud, company_id=company_id)
        voucher(f"v-00205-000{number}-001", company_id=company_id)
    (text,) = reminded(cloud, post, MORNING)
    assert text.count("EMPRESA") == 2
