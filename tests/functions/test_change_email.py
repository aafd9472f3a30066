"""POST /v1/me/email."""

import datetime as dt
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.mail import outbox
from tests.cloud import Answered, Cloud
from tests.functions.test_refresh_session import SILENT
from tests.people import PASSWORD, SignedIn, account, row_of, signed_in, token_in

START = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
OLD, NEW = "ana@example.com", "nueva@example.com"


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def here(cloud: Cloud, clock: Any) -> SignedIn:
    return signed_in(cloud, account(cloud))


def ask(cloud: Cloud, here: SignedIn, email: str = NEW, password: str = PASSWORD) -> Answered:
    return cloud.call("change_email", {"email": email, "password": password}, token=here.token)


def sent(cloud: Cloud) -> list[tuple[str, str]]:
    return sorted((mail["template"], mail["to"]["address"]) for mail in cloud.mails())


def test_S24_writes_to_both_addresses_and_changes_nothing_yet(cloud: Cloud, here: SignedIn) -> None:
    answer = ask(cloud, here, "  Nueva@Example.COM ".strip())
    assert (answer.status, answer.text) == (202, "")
    assert sent(cloud) == [("confirm_email", NEW), ("email_changing", OLD)]
    confirm, changing = cloud.mails("confirm_email")[0], cloud.mails("email_changing")[0]
    assert confirm["data"] == {"first_name": "Ana", "email": NEW}
    assert changing["data"] == {"first_name": "Ana", "email": "n•••@example.com"}
    ends = int(START.timestamp()) + 48 * 3600
    change = row_of(here.account_id)["email_change"]
    assert change["address"] == NEW
    assert confirm["token"] == ["confirm_email", here.account_id, change["nonce"], ends]
    assert changing["token"] == ["cancel_email", here.account_id, change["cancel_nonce"], ends]
    assert cloud.call("show_me", token=here.token).json["email"] == OLD


def test_S24_a_wrong_password_starts_nothing(cloud: Cloud, here: SignedIn) -> None:
    before = row_of(here.account_id)
    answer = ask(cloud, here, password="otra clave larga")
    assert (answer.status, answer.code) == (401, "invalid_credentials")
    assert not cloud.mails()
    assert row_of(here.account_id) == before


def test_S14_wrong_passwords_slow_the_next_ones_down_and_a_right_one_is_not_looked_at(
    cloud: Cloud, here: SignedIn, clock: Any
) -> None:
    for _ in range(5):
        assert ask(cloud, here, password="otra clave larga").status == 401
    answer = ask(cloud, here)
    assert (answer.status, answer.code) == (401, "invalid_credentials")
    clock.shift(2)
    assert ask(cloud, here).status == 202
    assert ask(cloud, here, password="otra clave larga").status == 401
    assert ask(cloud, here).status == 202


def test_S07_S08_an_address_that_somebody_has_shows_only_to_its_owner(cloud: Cloud, here: SignedIn) -> None:
    free = ask(cloud, here, "libre@example.com")
    cloud.counted()
    free = ask(cloud, here, "libre2@example.com")
    calls_free = cloud.counted()
    account(cloud, "b1", email="beto@example.com", first_name="Beto")
    before = row_of("b1")
    cloud.counted()
    taken = ask(cloud, here, "beto@example.com")
    assert cloud.counted() == calls_free
    assert (taken.status, taken.raw) == (free.status, free.raw)
    assert row_of("b1") == before
    assert sent(cloud) == [
        ("already_registered", "beto@example.com"),
        ("confirm_email", "libre2@example.com"),
        ("confirm_email", "libre@example.com"),
        *[("email_changing", OLD)] * 3,
    ]
    told = cloud.mails("already_registered")[0]
    assert told["data"] == {"first_name": "Beto"}
    assert "token" not in told


def test_S20_the_owner_of_the_address_is_told_three_times_an_hour_whoever_asks(cloud: Cloud, clock: Any) -> None:
    account(cloud, "z1", email="zoe@example.com", first_name="Zoë")

    def another_asks(number: int) -> None:
        person = signed_in(cloud, account(cloud, f"p{number}", email=f"p{number}@example.com"))
        assert ask(cloud, person, "zoe@example.com").status == 202

    for number in range(4):
        another_asks(number)
        clock.shift(20 * 60 + 1)
    assert len(cloud.mails("already_registered")) == 4
    another_asks(4)
    another_asks(5)
    assert len(cloud.mails("already_registered")) == 5
    assert not cloud.mails("email_changing", to="p5@example.com")


def test_S07_S20_how_often_the_owner_was_told_does_not_show_in_the_own_mailbox(cloud: Cloud, here: SignedIn) -> None:
    """Whoever uses up the hour's mails by the register form learns nothing from what a change of address does then."""
    account(cloud, "z1", email="zoe@example.com", first_name="Zoë")
    assert ask(cloud, here, "libre@example.com").status == 202
    cloud.counted()
    ask(cloud, here, "libre2@example.com")
    calls_free = cloud.counted()
    with cloud.as_function("change_email"):
        for _ in range(3):
            aws.write(outbox.within_limit("already_registered", "zoe@example.com", int(START.timestamp())))
    cloud.counted()
    assert ask(cloud, here, "zoe@example.com").status == 202
    assert cloud.counted() == calls_free
    assert not cloud.mails("already_registered")
    assert len(cloud.mails("email_changing", to=OLD)) == 3


def test_S20_a_fourth_request_within_the_hour_replaces_no_token(cloud: Cloud, here: SignedIn, clock: Any) -> None:
    for _ in range(3):
        assert ask(cloud, here).status == 202
    before = row_of(here.account_id)
    limited = ask(cloud, here, "otra@example.com")
    assert (limited.status, limited.text) == (202, "")
    assert len(cloud.mails()) == 6
    assert row_of(here.account_id) == before
    clock.shift(3601)
    token = signed_in(cloud, here.account_id)
    assert ask(cloud, token, "otra@example.com").status == 202
    assert row_of(here.account_id)["email_change"]["address"] == "otra@example.com"


def test_a_newer_request_replaces_the_older_one(cloud: Cloud, here: SignedIn) -> None:
    ask(cloud, here, "primera@example.com")
    ask(cloud, here, "segunda@example.com")
    first = token_in(cloud, cloud.mails("confirm_email", to="primera@example.com")[0])
    second = token_in(cloud, cloud.mails("confirm_email", to="segunda@example.com")[0])
    refused = cloud.call("confirm_email", {"token": first})
    assert (refused.status, refused.code) == (400, "invalid_token")
    assert cloud.call("confirm_email", {"token": second}).status == 204


def test_the_own_address_is_nothing_to_change(cloud: Cloud, here: SignedIn) -> None:
    assert ask(cloud, here, OLD.upper()).status == 202
    assert not cloud.mails()
    assert "email_change" not in row_of(here.account_id)


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"email": "missing", "password": "missing"}),
        ({"email": "a@x.example,b@y.example", "password": PASSWORD}, {"email": "invalid_email"}),
        ({"email": "Ana <a@x.example>", "password": PASSWORD}, {"email": "invalid_email"}),
        ({"email": "a@x.example\r\nBcc: b@y.example", "password": PASSWORD}, {"email": "invalid_email"}),
        ({"email": NEW, "password": 12345678}, {"password": "wrong_type"}),
        ({"email": NEW, "password": PASSWORD, "account_id": "b1"}, {"account_id": "unknown"}),
    ],
)
def test_S10_S50_anything_else_is_refused_before_the_password_is_looked_at(
    cloud: Cloud, here: SignedIn, body: dict[str, object], fields: dict[str, str]
) -> None:
    answer = cloud.call("change_email", body, token=here.token)
    assert (answer.status, answer.code, answer.fields()) == (422, "validation_failed", fields)
    assert not cloud.mails()


@pytest.mark.parametrize("operation", ["BatchGetItem", "UpdateItem", "GetItem", "TransactWriteItems"])
def test_S77_while_the_tables_do_not_answer_nothing_is_begun(cloud: Cloud, here: SignedIn, operation: str) -> None:
    before = row_of(here.account_id)
    cloud.faults[f"dynamodb:{operation}"] = SILENT
    answer = ask(cloud, here)
    assert (answer.status, answer.code) == (503, "unavailable")
    cloud.faults.clear()
    assert not cloud.mails()
    assert row_of(here.account_id) == before
    assert ask(cloud, here).status == 202
    assert len(cloud.mails()) == 2


def test_R01_an_address_changed_in_between_gets_the_mail_about_it(cloud: Cloud, here: SignedIn) -> None:
    def changed_first(write: Any) -> Any:
        del cloud.faults["dynamodb:TransactWriteItems"]
        account(cloud, here.account_id, email="entretanto@example.com")
        return write()

    cloud.faults["dynamodb:TransactWriteItems"] = changed_first
    assert ask(cloud, here).status == 202
    assert sent(cloud) == [("confirm_email", NEW), ("email_changing", "entretanto@example.com")]


def test_a_password_changed_in_between_is_the_one_that_counts(cloud: Cloud, here: SignedIn) -> None:
    def changed_first(read: Any) -> Any:
        del cloud.faults["dynamodb:GetItem"]
        account(cloud, here.account_id, email="entretanto@example.com", password_hash="another")
        return read()

    cloud.faults["dynamodb:GetItem"] = changed_first
    answer = ask(cloud, here)
    assert (answer.status, answer.code) == (401, "invalid_credentials")
    assert not cloud.mails()
