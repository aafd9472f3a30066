"""POST /v1/payment/key: a new key to the address on file, and nothing that tells a stranger which clients there are."""

import io

import pytest
import time_machine

from miinti import aws
from miinti import clock as clocks
from miinti.accounts import payers
from miinti.companies import on_file, rules
from miinti.mail import outbox
from tests.cloud import Cloud, lines
from tests.companies import ON_FILE, company
from tests.payers import forgot, keys_in, login, mailed, new_key
from tests.post import read
from tests.visitors import shown


def kept(company_id: str = "c-27334") -> aws.Row | None:
    return aws.get("IdentityTable", payers.key_of(payers.id_of(company_id)))


def test_S25_a_key_goes_to_the_address_on_file_and_is_kept_as_its_hash(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    company()
    answer = forgot(cloud)
    assert (answer.status, answer.text) == (202, "")
    (mail,) = cloud.mails()
    assert (mail["template"], mail["to"]) == ("payment_key", {"address": ON_FILE})
    row = kept()
    assert row is not None
    assert row["email"] == ON_FILE
    assert int(row["expires_at"]) - int(row["issued_at"]) == 259_200
    assert len(row["hash"]) == 64
    assert login(cloud, mailed(cloud)).status == 200


def test_S25_the_mail_tells_key_client_and_local_end(cloud: Cloud, clock: time_machine.Traveller) -> None:
    company()
    forgot(cloud)
    (mail,) = cloud.mails()
    letter = read(cloud, mail)
    key = mailed(cloud)
    for part in (letter.text, letter.html):
        assert key in part
        assert "ADM. FEDERAL DE ING. PUBLICOS" in part
        assert "27334" in part
        assert "27/11/2026 a las 06:00" in part
        assert "https://mi.inti.example/pago" in part
    assert key not in letter.subject


def test_one_mail_tells_every_client_of_the_address_its_own_key(cloud: Cloud) -> None:
    numbers = [str(number) for number in range(1, 26)]
    for number in reversed(numbers):
        company(number=number)
    company("supplier", "99")
    forgot(cloud, f" {ON_FILE.upper()} ")
    (mail,) = cloud.mails()
    keys = keys_in(cloud, mail)
    assert list(keys) == numbers[: on_file.MOST]
    assert len(set(keys.values())) == on_file.MOST
    # The others have their number.
    assert forgot(cloud, "25").status == 202
    assert ["25"] in [list(keys_in(cloud, mail)) for mail in cloud.mails()]


def test_S07_known_unknown_silent_and_limited_cannot_be_told_apart(cloud: Cloud, clock: time_machine.Traveller) -> None:
    company()
    company(number="1", email=None)
    company("supplier", "2")
    company(number="3", email="llena@example.com")
    company(number="4", email="nueva@example.com", email_changed_at=clocks.now())
    for _ in range(3):
        forgot(cloud, "3")
        forgot(cloud, "9999")
    cloud.function("forgot_payment_key")
    forgot(cloud, "8888")
    cloud.counted()
    for tried, queries in (
        (["27334", "1", "2", "3", "4", "5", "9999"], 0),
        ([ON_FILE, "nadie@example.com", "llena@example.com", "nueva@example.com"], 1),
    ):
        seen = []
        for user in tried:
            answer = forgot(cloud, user)
            seen.append((shown(answer), cloud.counted()))
        assert all(one == seen[0] for one in seen)
        calls = {"dynamodb:BatchGetItem": 1, "dynamodb:TransactWriteItems": 1}
        assert seen[0][1] == (calls | {"dynamodb:Query": 1} if queries else calls)
    assert {mail["to"]["address"] for mail in cloud.mails()} == {ON_FILE, "llena@example.com"}


def test_S07_for_nobody_a_row_is_written_that_is_never_sent(cloud: Cloud) -> None:
    forgot(cloud, "nadie@example.com")
    (row,) = [row for row in cloud.rows("OutboxTable") if row["sk"] == "MAIL"]
    assert row["template"] == outbox.QUIET
    assert not [row for row in cloud.rows("IdentityTable") if row["sk"] == "PAYMENT-KEY"]


def test_S88_no_key_goes_to_an_address_that_the_erp_gave_this_week(cloud: Cloud, clock: time_machine.Traveller) -> None:
    company(email_changed_at=clocks.now())
    clock.shift(rules.PAUSE - 1)
    forgot(cloud)
    forgot(cloud, ON_FILE)
    assert not cloud.mails()
    clock.shift(1)
    forgot(cloud)
    assert len(cloud.mails()) == 1


def test_S20_three_mails_an_hour_and_the_standing_key_is_not_replaced(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    company()
    company(number="7")
    forgot(cloud)
    forgot(cloud, "7")
    clock.shift(1)
    forgot(cloud, ON_FILE)
    keys = keys_in(cloud, cloud.mails()[-1])
    for user in ("27334", "7", ON_FILE):
        assert forgot(cloud, user).status == 202
    assert len(cloud.mails()) == 3
    assert login(cloud, keys["27334"]).status == login(cloud, keys["7"], "7").status == 200
    clock.shift(3599)
    forgot(cloud)
    assert len(cloud.mails()) == 4
    assert login(cloud, keys["27334"]).status == 401


def test_S18_a_network_asks_twenty_times_a_minute(cloud: Cloud, clock: time_machine.Traveller) -> None:
    cloud.ip_limits = "on"
    answers = [forgot(cloud, str(number)) for number in range(21)]
    assert [answer.status for answer in answers] == [202] * 20 + [429]
    assert answers[-1].headers["retry-after"] == "60"
    assert forgot(cloud, client="198.51.100.1").status == 202


@pytest.mark.parametrize(
    "user", ["", "x", "12345678901", "a@b", "a@example.com,b@example.com", f"{ON_FILE}\r\nBcc: x@example.com"]
)
def test_S10_anything_but_a_number_or_one_address_is_refused(cloud: Cloud, user: str) -> None:
    answer = forgot(cloud, user)
    assert answer.status == 422
    assert set(answer.fields()) == {"user"}
    assert not cloud.rows("OutboxTable")


def test_T8_the_index_may_be_behind_the_row_counts(cloud: Cloud) -> None:
    """As it is for a moment after the ERP gave another address."""
    company()
    with cloud.as_function("forgot_payment_key"):
        (row,) = aws.batch_get(*on_file.wanted(["c-27334"]))
        assert on_file.reached(ON_FILE, [row], clocks.now())
        assert not on_file.reached("otra@example.com", [row], clocks.now())


def test_S73_S74_the_log_has_neither_key_nor_address(cloud: Cloud, log: io.StringIO) -> None:
    company()
    key = new_key(cloud)
    forgot(cloud, ON_FILE)
    said = lines(log)
    assert [line["mail"] for line in said] == ["payment_key", "payment_key"]
    for text in (key, key.replace("-", ""), ON_FILE):
        assert text not in repr(said)
        assert key.replace("-", "") not in repr(cloud.rows("OutboxTable"))
