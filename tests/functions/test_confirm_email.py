"""POST /v1/me/email/confirm."""

import datetime as dt
from typing import Any

import pytest
import time_machine

from miinti import aws, clock
from miinti.accounts import store
from miinti.mail import outbox
from miinti.mail import tokens as mail_tokens
from miinti.mail.tokens import Token
from tests.cloud import Answered, Cloud
from tests.people import PASSWORD, account, row_of, signed_in, token_in, works

START = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
OLD, NEW = "ana@example.com", "nueva@example.com"


def asked_for(cloud: Cloud, account_id: str = "a1", email: str = NEW) -> str:
    """The token in the mail to the new address."""
    here = signed_in(cloud, account_id)
    assert cloud.call("change_email", {"email": email, "password": PASSWORD}, token=here.token).status == 202
    return token_in(cloud, cloud.mails("confirm_email", to=email)[-1])


def confirm(cloud: Cloud, token: str) -> Answered:
    return cloud.call("confirm_email", {"token": token})


def refused(answer: Answered) -> bool:
    return (answer.status, answer.code) == (400, "invalid_token")


def owner_of(address: str) -> str | None:
    row = aws.get("IdentityTable", store.email_key(address))
    return row["account_id"] if row else None


def test_S24_the_address_changes_and_the_old_one_is_told(cloud: Cloud) -> None:
    with time_machine.travel(START, tick=False):
        here = signed_in(cloud, account(cloud, reset={"nonce": "mailed to the old address", "expires_at": 1}))
        before = row_of(here.account_id)
        token = asked_for(cloud)
        answer = confirm(cloud, token)
        assert (answer.status, answer.text, answer.cookies) == (204, "", [])
        told = cloud.mails("email_changed")
        assert [mail["to"]["address"] for mail in told] == [OLD]
        entry = {"at": int(START.timestamp()), "email": "n•••@example.com"}
        assert told[0]["data"] == {"first_name": "Ana", "entries": [entry]}
        assert cloud.call("show_me", token=here.token).json["email"] == NEW
        assert (owner_of(OLD), owner_of(NEW)) == (None, here.account_id)
        after = row_of(here.account_id)
        assert {**after, "txn": "", "email": OLD, "reset": before["reset"]} == {**before, "txn": ""}
        assert refused(confirm(cloud, token))


def test_the_old_address_is_free_for_whoever_has_it_next(cloud: Cloud) -> None:
    account(cloud)
    assert confirm(cloud, asked_for(cloud)).status == 204
    account(cloud, "b1", email="beto@example.com")
    assert confirm(cloud, asked_for(cloud, "b1", OLD)).status == 204
    assert owner_of(OLD) == "b1"


def test_S11_a_token_lives_48_hours(cloud: Cloud) -> None:
    with time_machine.travel(START, tick=False) as now:
        account(cloud)
        token = asked_for(cloud)
        now.shift(48 * 3600)
        assert refused(confirm(cloud, token))
        now.shift(-1)
        assert confirm(cloud, token).status == 204


def test_S11_only_a_token_of_this_very_change_will_do(cloud: Cloud) -> None:
    ana = account(cloud)
    good = asked_for(cloud)
    change = row_of(ana)["email_change"]
    ends = int(change["expires_at"])
    account(cloud, "b1", email="beto@example.com")
    wrong = [
        "",
        "x",
        "ñ",
        "x" * 5000,
        good + "x",
        good[:-1],
        good.upper(),
        token_in(cloud, cloud.mails("email_changing")[0]),
    ]
    with cloud.as_function("confirm_email"):
        wrong += [
            mail_tokens.sealed(token)
            for token in (
                Token("confirm_email", ana, mail_tokens.new_nonce(), ends),
                Token("confirm_email", ana, change["cancel_nonce"], ends),
                Token("confirm_email", "b1", change["nonce"], ends),
                Token("confirm_email", "nobody", change["nonce"], ends),
                Token("confirm_email", ana, change["nonce"], clock.now()),
                Token("reset", ana, change["nonce"], ends),
                Token("activate", ana, change["nonce"], ends),
            )
        ]
    for token in wrong:
        assert refused(confirm(cloud, token)), token
    assert confirm(cloud, good).status == 204


def test_S24_a_new_password_stops_a_change_that_the_old_one_began(cloud: Cloud) -> None:
    """Who finds `email_changing` in the mailbox and sets a new password at once, link or no link, keeps the account."""
    account(cloud)
    thief, owner = asked_for(cloud), signed_in(cloud)
    change = {"current_password": PASSWORD, "password": "otra clave distinta"}
    assert cloud.call("change_password", change, token=owner.token).status == 204
    assert refused(confirm(cloud, thief))
    assert row_of("a1")["email"] == OLD


def test_S13_S24_so_does_a_reset(cloud: Cloud) -> None:
    account(cloud)
    thief = asked_for(cloud)
    cloud.call("forgot_password", {"email": OLD})
    token = token_in(cloud, cloud.mails("reset_password")[-1])
    assert cloud.call("reset_password", {"token": token, "password": "otra clave distinta"}).status == 204
    assert refused(confirm(cloud, thief))
    assert (owner_of(OLD), owner_of(NEW)) == ("a1", None)


def test_S09_an_address_taken_meanwhile_stays_with_who_took_it(cloud: Cloud) -> None:
    ana = account(cloud)
    token = asked_for(cloud)
    account(cloud, "b1", email=NEW)
    before = row_of(ana)
    assert refused(confirm(cloud, token))
    assert (owner_of(OLD), owner_of(NEW)) == (ana, "b1")
    assert row_of(ana) == before
    assert not cloud.mails("email_changed")


def test_S09_two_who_ask_for_one_address_one_gets_it(cloud: Cloud) -> None:
    for number in range(3):
        account(cloud, f"p{number}", email=f"p{number}@example.com")
        asked_for(cloud, f"p{number}")
    tokens = [token_in(cloud, mail) for mail in cloud.mails("confirm_email", to=NEW)]
    answers = cloud.at_once("confirm_email", [{"body": {"token": token}} for token in tokens])
    assert sorted(answer.status for answer in answers) == [204, 400, 400]
    winner = owner_of(NEW)
    assert winner is not None
    assert row_of(winner)["email"] == NEW
    for number in range(3):
        if f"p{number}" != winner:
            assert owner_of(f"p{number}@example.com") == f"p{number}"
            assert row_of(f"p{number}")["email"] == f"p{number}@example.com"
    assert len(cloud.mails("email_changed")) == 1


def test_R01_sixteen_at_once_with_one_token_change_it_once(cloud: Cloud) -> None:
    ana = account(cloud)
    token = asked_for(cloud)
    answers = cloud.at_once("confirm_email", [{"body": {"token": token}}] * 16)
    assert sorted(answer.status for answer in answers) == [204] + [400] * 15
    assert len(cloud.mails("email_changed")) == 1
    assert (owner_of(OLD), owner_of(NEW)) == (None, ana)


@pytest.mark.parametrize("account_still_there", [True, False])
def test_an_account_that_only_waits_does_not_keep_the_address_from_who_shows_it(
    cloud: Cloud, account_still_there: bool
) -> None:
    """Anybody can register an address that is not theirs; TTL may leave the address's row after the account's."""
    ana = account(cloud)
    account(cloud, "w1", email=NEW, state="waiting", activation={"nonce": "n", "expires_at": clock.now() + 9})
    if not account_still_there:
        aws.delete_rows("IdentityTable", [store.key("w1")])
    assert confirm(cloud, asked_for(cloud)).status == 204
    assert owner_of(NEW) == ana
    assert aws.get("IdentityTable", store.key("w1")) is None


def test_an_account_that_waited_and_is_activated_in_between_keeps_its_address(cloud: Cloud) -> None:
    ana = account(cloud)
    account(cloud, "w1", email=NEW, state="waiting")
    token = asked_for(cloud)

    def activated_first(write: Any) -> Any:
        del cloud.faults["dynamodb:TransactWriteItems"]
        account(cloud, "w1", email=NEW, txn="new")
        return write()

    cloud.faults["dynamodb:TransactWriteItems"] = activated_first
    assert refused(confirm(cloud, token))
    assert (owner_of(OLD), owner_of(NEW)) == (ana, "w1")
    assert row_of("w1")["state"] == "active"


def test_S20_past_the_hours_number_the_notice_to_the_old_address_waits_but_is_not_dropped(cloud: Cloud) -> None:
    with time_machine.travel(START, tick=False):
        account(cloud)
        token = asked_for(cloud)
        with cloud.as_function("confirm_email"):
            for _ in range(3):
                aws.write(outbox.within_limit("email_changed", OLD, clock.now()))
        assert confirm(cloud, token).status == 204
        (told,) = cloud.mails("email_changed", to=OLD)
    assert int(told["due_at"]) > int(START.timestamp())
    assert [entry["email"] for entry in told["entries"]] == ["n•••@example.com"]


def test_the_account_gone_meanwhile_the_token_is_none(cloud: Cloud) -> None:
    ana = account(cloud)
    token = asked_for(cloud)
    aws.delete_rows("IdentityTable", [store.key(ana), store.email_key(OLD)])
    assert refused(confirm(cloud, token))
    assert owner_of(NEW) is None


def test_S50_a_body_with_anything_else_is_refused(cloud: Cloud) -> None:
    for body, fields in (
        ({}, {"token": "missing"}),
        ({"token": 7}, {"token": "wrong_type"}),
        ({"token": "x", "email": "x@example.com"}, {"email": "unknown"}),
    ):
        answer = cloud.call("confirm_email", body)
        assert (answer.status, answer.fields()) == (422, fields)


def test_R02_an_answer_lost_after_the_change_is_the_success_it_was(cloud: Cloud) -> None:
    ana = account(cloud)
    token = asked_for(cloud)
    cloud.faults["dynamodb:TransactWriteItems"] = lambda write: (write(), write())[1]
    assert confirm(cloud, token).status == 204
    assert owner_of(NEW) == ana
    assert len(cloud.mails("email_changed")) == 1


def test_the_own_sessions_stay(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    assert confirm(cloud, asked_for(cloud)).status == 204
    assert works(cloud, here.token)
