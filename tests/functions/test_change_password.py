"""POST /v1/password: the present password once more, then a new one; the other sessions end."""

import pytest
import time_machine

from miinti import aws
from miinti.accounts import passwords, store
from tests.cloud import Answered, Cloud
from tests.people import refreshed, sent_back, works
from tests.visitors import PASSWORD, account_row, login, member

NEW = "otra clave distinta"


def change(cloud: Cloud, token: str, current: str = PASSWORD, password: str = NEW) -> Answered:
    return cloud.call("change_password", {"current_password": current, "password": password}, token=token)


def refused(answer: Answered) -> str:
    return f"{answer.status} {answer.code}"


def access(cloud: Cloud) -> str:
    return str(login(cloud).json["access_token"])


def test_S14_the_other_sessions_end_and_this_one_stays(cloud: Cloud) -> None:
    member(cloud)
    others = [login(cloud) for _ in range(2)]
    mine = login(cloud)
    token = mine.json["access_token"]
    answer = change(cloud, token)
    assert (answer.status, answer.text) == (204, "")
    for other in others:
        assert not works(cloud, other.json["access_token"])
        assert refreshed(cloud, sent_back(other.cookies[0])).status == 401
    assert works(cloud, token)
    assert refreshed(cloud, sent_back(mine.cookies[0])).status == 200
    assert login(cloud, password=NEW).status == 200
    assert login(cloud).status == 401


def test_S14_the_owner_is_told(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    change(cloud, access(cloud))
    (mail,) = cloud.mails("password_changed")
    assert mail["to"] == {"address": "ana@example.com"}
    assert mail["data"] == {"first_name": "Ana", "entries": [{"at": mail["created_at"]}]}


def test_it_is_four_calls(cloud: Cloud) -> None:
    member(cloud)
    token = access(cloud)
    change(cloud, token, "no es esta")
    cloud.counted()
    change(cloud, token)
    assert cloud.counted() == {
        "dynamodb:BatchGetItem": 1,
        "dynamodb:UpdateItem": 1,
        "dynamodb:Query": 1,
        "dynamodb:TransactWriteItems": 1,
    }


def test_S14_without_a_session_it_is_refused(cloud: Cloud) -> None:
    assert refused(cloud.call("change_password", {"current_password": PASSWORD, "password": NEW})) == (
        "401 invalid_token"
    )


def test_S14_a_wrong_password_changes_nothing(cloud: Cloud) -> None:
    ana = member(cloud)
    token = access(cloud)
    before = account_row(ana)
    assert refused(change(cloud, token, "no es esta")) == "401 invalid_credentials"
    assert account_row(ana) == before
    assert works(cloud, token)


def test_S14_wrong_passwords_are_slowed_down_like_logins(
    cloud: Cloud, clock: time_machine.Traveller, hashes: list[str]
) -> None:
    member(cloud)
    token = access(cloud)
    answers = [change(cloud, token, "no es esta") for _ in range(5)]
    hashes.clear()
    answers.append(change(cloud, token))
    assert hashes == ["verify"]
    assert {(answer.status, answer.text) for answer in answers} == {(401, answers[0].text)}
    clock.shift(1)
    assert change(cloud, token).status == 204


def test_S14_strangers_failures_at_login_do_not_keep_the_owner_from_it(cloud: Cloud) -> None:
    member(cloud)
    token = access(cloud)
    for _ in range(5):
        login(cloud, password="no es esta")
    assert change(cloud, token).status == 204


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("x" * 7, "too_short"),
        ("x" * 129, "too_long"),
        ("Password1", "password_too_common"),
        ("AnaÑandú", "password_too_personal"),
    ],
)
def test_S01_S02_S03_a_refused_password_counts_as_no_try(cloud: Cloud, password: str, code: str) -> None:
    member(cloud)
    token = access(cloud)
    for _ in range(6):
        answer = change(cloud, token, "no es esta", password)
        assert answer.status == 422
        assert answer.fields() == {"password": code}
    assert change(cloud, token).status == 204


@pytest.mark.parametrize("extra", [{"email": "x@example.com"}, {"current_password": 5}, {"password": None}])
def test_S50_the_body_is_as_declared(cloud: Cloud, extra: dict[str, object]) -> None:
    member(cloud)
    body = {"current_password": PASSWORD, "password": NEW, **extra}
    answer = cloud.call("change_password", body, token=access(cloud))
    assert answer.status == 422
    assert list(answer.fields()) == list(extra)


def test_of_five_at_once_one_wins(cloud: Cloud) -> None:
    member(cloud)
    token = access(cloud)
    bodies = [{"current_password": PASSWORD, "password": f"{NEW} {number}"} for number in range(5)]
    answers = cloud.at_once("change_password", [{"body": body, "token": token} for body in bodies])
    assert sorted(answer.status for answer in answers) == [204] + [401] * 4
    (winner,) = [body for body, answer in zip(bodies, answers, strict=True) if answer.status == 204]
    assert login(cloud, password=winner["password"]).status == 200


def test_a_change_of_the_account_in_between_is_waited_out(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    ana = member(cloud)
    token = access(cloud)
    hashed = passwords.hashed

    def renamed_meanwhile(password: str) -> str:
        aws.write(aws.update("IdentityTable", store.key(ana), "SET first_name = :name", {":name": "Anita"}))
        return hashed(password)

    monkeypatch.setattr(passwords, "hashed", renamed_meanwhile)
    assert change(cloud, token).status == 204
    row = account_row(ana)
    assert row["first_name"] == "Anita"
    assert passwords.matches(row["password_hash"], NEW)


def test_an_account_that_is_gone_has_no_session(cloud: Cloud) -> None:
    ana = member(cloud)
    token = access(cloud)
    aws.write(aws.delete("IdentityTable", store.key(ana)))
    assert refused(change(cloud, token)) == "401 invalid_token"
