"""POST /v1/activation: a fresh mail where an account waits, the same work everywhere."""

import time_machine

from tests.cloud import Answered, Cloud
from tests.visitors import link_token, member, register, shown


def resend(cloud: Cloud, email: str = "ana@example.com", client: str = "192.0.2.1") -> Answered:
    return cloud.call("resend_activation", {"email": email}, client=client)


def test_a_waiting_account_gets_a_fresh_mail_at_the_stored_address(cloud: Cloud, clock: time_machine.Traveller) -> None:
    register(cloud)
    clock.shift(5)
    answer = resend(cloud, "ANA@Example.com")
    assert (answer.status, answer.text) == (202, "")
    older, newer = cloud.mails("activate", "ana@example.com")
    assert newer["data"] == {"first_name": "Ana"}
    assert newer["token"][3] == older["token"][3] + 5
    assert cloud.call("activate", {"token": link_token(cloud, older)}).status == 400
    assert cloud.call("activate", {"token": link_token(cloud, newer)}).status == 204


def test_S78_a_fresh_mail_prolongs_the_wait(cloud: Cloud, clock: time_machine.Traveller) -> None:
    register(cloud)
    clock.shift(86400)
    resend(cloud)
    ends = {int(row["ttl"]) for row in cloud.rows("IdentityTable")}
    assert ends == {int(cloud.mails()[-1]["created_at"]) + 7 * 86400}


def test_S07_unknown_waiting_active_and_limited_cannot_be_told_apart(cloud: Cloud) -> None:
    register(cloud, "espera@example.com")
    member(cloud, "activa@example.com")
    for who in ("llena", "llena", "llena"):
        register(cloud, f"{who}@example.com")
        resend(cloud, "nadie-lleno@example.com")
    cloud.counted()
    seen = []
    for who in ("nadie", "espera", "activa", "llena", "nadie-lleno"):
        answer = resend(cloud, f"{who}@example.com")
        seen.append((shown(answer), cloud.counted()))
    assert all(one == seen[0] for one in seen)
    assert seen[0][1] == {"dynamodb:BatchGetItem": 1, "dynamodb:GetItem": 1, "dynamodb:TransactWriteItems": 1}


def test_S16_asking_for_an_address_that_nobody_has_does_not_block_its_registration(cloud: Cloud) -> None:
    for _ in range(5):
        resend(cloud)
        cloud.call("forgot_password", {"email": "ana@example.com"})
    assert not cloud.mails()
    register(cloud)
    assert len(cloud.mails("activate", "ana@example.com")) == 1


def test_S10_nothing_of_a_strangers_address_goes_into_the_outbox(cloud: Cloud) -> None:
    resend(cloud)
    assert "ana@example.com" not in repr(cloud.rows("OutboxTable"))


def test_S18_a_network_asks_twenty_times_a_minute(cloud: Cloud, clock: time_machine.Traveller) -> None:
    cloud.ip_limits = "on"
    answers = [resend(cloud, client=f"2001:db8:0:1::{n}").status for n in range(21)]
    assert answers == [202] * 20 + [429]
    assert resend(cloud, client="2001:db8:0:2::1").status == 202


def test_S20_three_an_hour_together_with_register(cloud: Cloud, clock: time_machine.Traveller) -> None:
    register(cloud)
    for _ in range(5):
        resend(cloud)
    assert len(cloud.mails()) == 3


def test_S17_sixteen_at_once_send_three_and_one_token_is_good(cloud: Cloud) -> None:
    register(cloud)
    answers = cloud.at_once("resend_activation", [{"body": {"email": "ana@example.com"}}] * 16)
    assert {answer.status for answer in answers} == {202}
    mails = cloud.mails()
    assert len(mails) == 3
    answers = [cloud.call("activate", {"token": link_token(cloud, mail)}) for mail in mails]
    assert sorted(answer.status for answer in answers) == [204, 400, 400]
