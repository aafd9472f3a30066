"""POST /v1/password/forgot: the mail to set a new password, and nothing that tells a stranger who has an account."""

import pytest
import time_machine

from miinti.mail import outbox
from tests.cloud import Answered, Cloud
from tests.companies import CUIT, company
from tests.visitors import PASSWORD, link_token, login, mailed, member, register, shown


def forgot(cloud: Cloud, email: str = "ana@example.com", **more: str) -> Answered:
    return cloud.call("forgot_password", {"email": email}, **more)


def test_an_active_account_gets_the_mail_at_the_stored_address(cloud: Cloud, clock: time_machine.Traveller) -> None:
    ana = member(cloud)
    answer = forgot(cloud, "ANA@Example.com")
    assert (answer.status, answer.text) == (202, "")
    (mail,) = cloud.mails("reset_password")
    assert mail["to"] == {"address": "ana@example.com"}
    assert mail["data"] == {"first_name": "Ana"}
    purpose, subject, _, expires_at = mail["token"]
    assert (purpose, subject, expires_at) == ("reset", ana, int(mail["created_at"]) + 3600)


def test_a_waiting_account_gets_a_fresh_activation(cloud: Cloud, clock: time_machine.Traveller) -> None:
    register(cloud)
    older = mailed(cloud, "activate")
    clock.shift(1)
    forgot(cloud)
    assert not cloud.mails("reset_password")
    assert cloud.call("activate", {"token": older}).status == 400
    assert cloud.call("activate", {"token": mailed(cloud, "activate")}).status == 204


def test_a_waiting_account_whose_password_is_asked_for_proves_nothing_until_it_is_reset(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    """A stranger registers the company's address, its owner asks for the password and activates: the password is the
    stranger's still (docs/decisions/accounts.md, "An address registered twice proves nothing")."""
    company(email="ana@example.com")
    cloud.link_policy = "proof"
    register(cloud)
    clock.shift(1)
    forgot(cloud)
    assert cloud.call("activate", {"token": mailed(cloud, "activate")}).status == 204
    for status in (202, 201):
        token = login(cloud).json["access_token"]
        body = {"role": "client", "cuit": CUIT, "number": "27334"}
        assert cloud.call("link_company", body, token=token).status == status
        clock.shift(1)
        forgot(cloud)
        new = {"token": mailed(cloud, "reset_password"), "password": PASSWORD}
        assert cloud.call("reset_password", new).status == 204


def test_S07_unknown_waiting_active_and_limited_cannot_be_told_apart(cloud: Cloud) -> None:
    register(cloud, "espera@example.com")
    member(cloud, "activa@example.com")
    member(cloud, "llena@example.com")
    for _ in range(3):
        forgot(cloud, "llena@example.com")
        forgot(cloud, "nadie-lleno@example.com")
    cloud.counted()
    seen = []
    for who in ("nadie", "espera", "activa", "llena", "nadie-lleno"):
        answer = forgot(cloud, f"{who}@example.com")
        seen.append((shown(answer), cloud.counted()))
    assert all(one == seen[0] for one in seen)
    assert seen[0][1] == {"dynamodb:BatchGetItem": 1, "dynamodb:GetItem": 1, "dynamodb:TransactWriteItems": 1}


def test_S07_for_nobody_a_row_is_written_that_is_never_sent(cloud: Cloud) -> None:
    forgot(cloud)
    (row,) = [row for row in cloud.rows("OutboxTable") if row["sk"] == "MAIL"]
    assert row["template"] == outbox.QUIET
    assert "ana@example.com" not in repr(cloud.rows("OutboxTable"))


@pytest.mark.parametrize("email", ["ana@example.com,eva@example.com", "ana@example.com\r\nBcc: x@example.com", "", "@"])
def test_S10_anything_but_one_address_is_refused(cloud: Cloud, email: str) -> None:
    answer = forgot(cloud, email)
    assert answer.status == 422
    assert answer.fields() == {"email": "invalid_email"}
    assert not cloud.rows("OutboxTable")


def test_S18_a_network_asks_twenty_times_a_minute(cloud: Cloud, clock: time_machine.Traveller) -> None:
    cloud.ip_limits = "on"
    answers = [forgot(cloud, f"nadie{number}@example.com") for number in range(21)]
    assert [answer.status for answer in answers] == [202] * 20 + [429]
    assert answers[-1].headers["retry-after"] == "60"
    assert forgot(cloud, client="198.51.100.1").status == 202


def test_S20_strangers_keep_no_owner_from_a_reset_for_more_than_an_hour(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    member(cloud)
    for _ in range(5):
        for _ in range(5):
            forgot(cloud)
        clock.shift(3600)
    before = len(cloud.mails("reset_password"))
    forgot(cloud)
    assert len(cloud.mails("reset_password")) == before + 1 == 16
    body = {"token": mailed(cloud, "reset_password"), "password": "otra clave distinta"}
    assert cloud.call("reset_password", body).status == 204


def test_S20_three_mails_an_hour_and_no_token_is_replaced(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    for _ in range(6):
        forgot(cloud)
        clock.shift(60)
    first, second, third = cloud.mails("reset_password")
    tried = [
        cloud.call("reset_password", {"token": link_token(cloud, mail), "password": "otra clave distinta"}).status
        for mail in (first, second, third)
    ]
    assert tried == [400, 400, 204]
    clock.shift(3600)
    forgot(cloud)
    assert len(cloud.mails("reset_password")) == 4
