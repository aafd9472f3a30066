"""POST /v1/activate: who activates what, how often, and that nobody is signed in by it."""

import pytest
import time_machine

from miinti import aws
from miinti.accounts import store
from miinti.mail.tokens import Token, sealed
from tests.cloud import Cloud
from tests.people import login, mailed, member, register


def test_an_account_that_waits_becomes_active(cloud: Cloud, clock: time_machine.Traveller) -> None:
    register(cloud)
    token = mailed(cloud, "activate")
    cloud.counted()
    answer = cloud.call("activate", {"token": token})
    assert (answer.status, answer.text) == (204, "")
    assert cloud.counted() == {"kms:GenerateMac": 1, "dynamodb:GetItem": 1, "dynamodb:TransactWriteItems": 1}
    (account,) = [row for row in cloud.rows("IdentityTable") if row["sk"] == "ACCOUNT"]
    assert account["state"] == "active"
    assert {"activation", "ttl"}.isdisjoint(account)
    owner = aws.get("IdentityTable", store.email_key("ana@example.com"))
    assert owner is not None
    assert "ttl" not in owner


def test_S12_activation_signs_nobody_in(cloud: Cloud) -> None:
    register(cloud)
    answer = cloud.call("activate", {"token": mailed(cloud, "activate")})
    assert not answer.cookies
    assert not [row for row in cloud.rows("IdentityTable") if row["sk"].startswith("SESSION#")]


def test_S12_before_it_nobody_gets_tokens_and_after_it_the_owner_does(cloud: Cloud) -> None:
    register(cloud)
    answer = login(cloud)
    assert (answer.status, answer.code, answer.cookies) == (403, "not_activated", [])
    cloud.call("activate", {"token": mailed(cloud, "activate")})
    assert login(cloud).status == 200


def test_S12_the_same_token_again_is_harmless(cloud: Cloud, clock: time_machine.Traveller) -> None:
    register(cloud)
    token = mailed(cloud, "activate")
    cloud.call("activate", {"token": token})
    before = {row["pk"]: row for row in cloud.rows("IdentityTable")}
    clock.shift(3600)
    assert cloud.call("activate", {"token": token}).status == 204
    after = {row["pk"]: row for row in cloud.rows("IdentityTable")}
    for row in (*before.values(), *after.values()):
        row.pop("txn")
    assert after == before


def test_S11_a_token_lives_48_hours(cloud: Cloud, clock: time_machine.Traveller) -> None:
    register(cloud)
    token = mailed(cloud, "activate")
    clock.shift(48 * 3600 - 1)
    register(cloud, "otra@example.com")
    assert cloud.call("activate", {"token": token}).status == 204
    clock.shift(1)
    answer = cloud.call("activate", {"token": token})
    assert (answer.status, answer.code) == (400, "invalid_token")


def test_S11_a_newer_mail_replaces_the_token(cloud: Cloud, clock: time_machine.Traveller) -> None:
    register(cloud)
    older = mailed(cloud, "activate")
    clock.shift(1)
    cloud.call("resend_activation", {"email": "ana@example.com"})
    newer = mailed(cloud, "activate")
    assert cloud.call("activate", {"token": older}).status == 400
    assert cloud.call("activate", {"token": newer}).status == 204
    assert cloud.call("activate", {"token": older}).status == 400


def test_S11_every_wrong_token_has_the_same_answer(cloud: Cloud, clock: time_machine.Traveller) -> None:
    account_id = member(cloud)
    cloud.call("forgot_password", {"email": "ana@example.com"})
    reset = mailed(cloud, "reset_password")
    with cloud.as_function("activate"):
        of_nobody = sealed(Token("activate", "nobody", "nonce", 2_000_000_000))
        of_another_nonce = sealed(Token("activate", account_id, "nonce", 2_000_000_000))
    good = mailed(cloud, "activate")
    answers = [
        cloud.call("activate", {"token": token})
        for token in ("", "x", "a.b", "ñ", reset, of_nobody, of_another_nonce, good[:-2], "x" + good, good * 50)
    ]
    assert {(answer.status, answer.text) for answer in answers} == {(400, answers[0].text)}
    assert answers[0].code == "invalid_token"


@pytest.mark.parametrize("body", [{}, {"token": 1}, {"token": None}, {"token": "x", "email": "ana@example.com"}])
def test_the_body_is_one_token(cloud: Cloud, body: dict[str, object]) -> None:
    assert cloud.call("activate", body).status == 422


def test_S11_sixteen_at_once_all_find_it_done(cloud: Cloud) -> None:
    register(cloud)
    token = mailed(cloud, "activate")
    answers = cloud.at_once("activate", [{"body": {"token": token}}] * 16)
    assert {answer.status for answer in answers} == {204}
