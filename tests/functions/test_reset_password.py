"""POST /v1/password/reset: one token, one use, and everything that the old password opened ends."""

import time
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ReadTimeoutError

from miinti import aws
from miinti.accounts import sessions, store
from miinti.mail.tokens import Token, sealed
from tests.cloud import Answered, Cloud
from tests.people import refreshed, sent_back, works
from tests.visitors import PASSWORD, account_row, login, mailed, member, register

NEW = "otra clave distinta"
SILENT = ReadTimeoutError(endpoint_url="https://aws.example")


def asked_for(cloud: Cloud) -> str:
    """The token of a reset mail just asked for."""
    cloud.call("forgot_password", {"email": "ana@example.com"})
    return mailed(cloud, "reset_password")


def reset(cloud: Cloud, token: str, password: str = NEW) -> Answered:
    return cloud.call("reset_password", {"token": token, "password": password})


def refused(answer: Answered) -> bool:
    return (answer.status, answer.code) == (400, "invalid_token")


def session_count(cloud: Cloud) -> int:
    return len([row for row in cloud.rows("IdentityTable") if row["sk"].startswith("SESSION#")])


def test_S13_it_ends_every_session_however_many_a_thief_has_opened(cloud: Cloud) -> None:
    ana = member(cloud)
    with cloud.as_function("login"):
        for _ in range(200):
            aws.write(sessions.opened(ana, remember=True, user_agent="", now=int(time.time())).write)
    assert reset(cloud, asked_for(cloud)).status == 204
    assert session_count(cloud) == 0


def test_S13_the_new_password_is_good_and_the_old_one_is_not(cloud: Cloud, clock: time_machine.Traveller) -> None:
    ana = member(cloud)
    token = asked_for(cloud)
    cloud.counted()
    answer = reset(cloud, token)
    assert (answer.status, answer.text, answer.cookies) == (204, "", [])
    assert cloud.counted() == {"dynamodb:Query": 1, "dynamodb:TransactWriteItems": 1}
    assert login(cloud, password=NEW).status == 200
    assert login(cloud).status == 401
    assert "reset" not in account_row(ana)


def test_S13_every_session_ends_at_once(cloud: Cloud) -> None:
    member(cloud)
    answers = [login(cloud) for _ in range(3)]
    reset(cloud, asked_for(cloud))
    for answer in answers:
        assert not works(cloud, answer.json["access_token"])
        assert refreshed(cloud, sent_back(answer.cookies[0])).status == 401


def test_S13_the_owner_is_told_when_it_was(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    reset(cloud, asked_for(cloud))
    (mail,) = cloud.mails("password_changed")
    assert mail["to"] == {"address": "ana@example.com"}
    assert mail["data"] == {"first_name": "Ana", "entries": [{"at": mail["created_at"]}]}
    assert "token" not in mail


def test_S13_throttles_forget(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    answer = login(cloud)
    for _ in range(5):
        login(cloud, password=NEW)
        cloud.call("change_password", {"current_password": NEW, "password": NEW}, token=answer.json["access_token"])
    assert login(cloud).status == 401
    reset(cloud, asked_for(cloud))
    assert login(cloud, password=NEW).status == 200
    assert not [row for row in cloud.rows("IdentityTable") if row["pk"].startswith("THROTTLE#")]


def test_S20_the_fourth_notice_of_an_hour_gathers_and_none_is_lost(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    token = login(cloud).json["access_token"]
    passwords = [PASSWORD, NEW]
    for number in range(5):
        now, then = passwords[number % 2], passwords[(number + 1) % 2]
        answer = cloud.call("change_password", {"current_password": now, "password": then}, token=token)
        assert answer.status == 204
        clock.shift(1)
    mails = cloud.mails("password_changed")
    assert [len(mail.get("entries") or mail["data"]["entries"]) for mail in mails] == [1, 1, 1, 2]


def test_S11_a_token_lives_one_hour(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    token = asked_for(cloud)
    clock.shift(3600)
    assert refused(reset(cloud, token))
    token = asked_for(cloud)
    clock.shift(3599)
    assert reset(cloud, token).status == 204


def test_S11_one_use_and_a_newer_mail_replaces_an_older(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    older = asked_for(cloud)
    clock.shift(1)
    newer = asked_for(cloud)
    assert refused(reset(cloud, older))
    assert reset(cloud, newer).status == 204
    assert refused(reset(cloud, newer))
    assert refused(reset(cloud, older))


def test_S11_a_change_of_the_password_ends_an_open_reset(cloud: Cloud) -> None:
    member(cloud)
    token = asked_for(cloud)
    access = login(cloud).json["access_token"]
    cloud.call("change_password", {"current_password": PASSWORD, "password": NEW}, token=access)
    assert refused(reset(cloud, token))


def test_S11_every_wrong_token_has_the_same_answer(cloud: Cloud) -> None:
    ana = member(cloud)
    activation = mailed(cloud, "activate")
    good = asked_for(cloud)
    with cloud.as_function("reset_password"):
        made = [sealed(Token("reset", who, "nonce", 2_000_000_000)) for who in (ana, "nobody")]
    answers = [reset(cloud, token) for token in ("", "x", "a.b", "ñ", activation, *made, good[:-3], "x" + good)]
    assert {(answer.status, answer.text) for answer in answers} == {(400, answers[0].text)}
    assert answers[0].code == "invalid_token"
    assert refused(cloud.call("activate", {"token": good}))
    assert login(cloud).status == 200


def test_S11_of_sixteen_at_once_one_wins(cloud: Cloud) -> None:
    member(cloud)
    token = asked_for(cloud)
    bodies = [{"token": token, "password": f"{NEW} {number}"} for number in range(16)]
    answers = cloud.at_once("reset_password", [{"body": body} for body in bodies])
    assert sorted(answer.status for answer in answers) == [204] + [400] * 15
    (winner,) = [body for body, answer in zip(bodies, answers, strict=True) if answer.status == 204]
    assert login(cloud, password=winner["password"]).status == 200
    assert len(cloud.mails("password_changed")) == 1


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("x" * 7, "too_short"),
        ("x" * 129, "too_long"),
        ("password1", "password_too_common"),
        ("ana.nandu.9", "password_too_personal"),
    ],
)
def test_S01_S02_S03_a_refused_password_leaves_the_token_good(cloud: Cloud, password: str, code: str) -> None:
    member(cloud)
    token = asked_for(cloud)
    answer = reset(cloud, token, password)
    assert answer.status == 422
    assert answer.fields() == {"password": code}
    assert login(cloud).status == 200
    assert reset(cloud, token).status == 204


def test_S13_a_login_that_comes_between_ends_too(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """A session opened with the old password after the reset looked which there are, and before it wrote."""
    member(cloud)
    token = asked_for(cloud)
    login(cloud)
    whole = store.whole
    between: list[Answered] = []

    def read(account_id: str) -> Any:
        found = whole(account_id)
        if not between:
            monkeypatch.setattr(store, "whole", whole)
            between.append(login(cloud))
        return found

    monkeypatch.setattr(store, "whole", read)
    assert reset(cloud, token).status == 204
    assert between[0].status == 200
    assert not works(cloud, between[0].json["access_token"])
    assert session_count(cloud) == 0


def test_R02_an_answer_lost_after_the_commit_is_found_out_by_logging_in(cloud: Cloud) -> None:
    member(cloud)
    token = asked_for(cloud)

    def lost(call: Any) -> Any:
        call()
        raise SILENT

    cloud.faults["dynamodb:TransactWriteItems"] = lost
    assert reset(cloud, token).status == 503
    cloud.faults.clear()
    assert refused(reset(cloud, token))
    assert login(cloud, password=NEW).status == 200
    assert len(cloud.mails("password_changed")) == 1


@pytest.mark.parametrize("call", ["dynamodb:Query", "dynamodb:TransactWriteItems"])
def test_S77_nothing_changes_while_the_table_does_not_answer(cloud: Cloud, call: str) -> None:
    member(cloud)
    token = asked_for(cloud)
    cloud.faults[call] = SILENT
    assert reset(cloud, token).status == 503
    cloud.faults.clear()
    assert login(cloud).status == 200
    assert reset(cloud, token).status == 204


def test_a_waiting_account_is_not_activated_by_a_reset(cloud: Cloud) -> None:
    register(cloud)
    cloud.call("forgot_password", {"email": "ana@example.com"})
    assert refused(reset(cloud, mailed(cloud, "activate")))
    assert login(cloud).status == 403


def test_S73_the_new_password_and_the_token_are_stored_nowhere(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    member(cloud)
    token = asked_for(cloud)
    reset(cloud, token)
    everything = repr(cloud.rows("IdentityTable")) + repr(cloud.rows("OutboxTable")) + caplog.text
    assert NEW not in everything
    assert token not in everything


def test_the_token_of_an_account_that_is_gone_is_wrong(cloud: Cloud) -> None:
    ana = member(cloud)
    token = asked_for(cloud)
    aws.write(aws.delete("IdentityTable", store.key(ana)))
    assert refused(reset(cloud, token))
