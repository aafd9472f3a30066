"""POST /v1/register: an account that waits, the mail about it, and nothing that tells a stranger who has one."""

from typing import Any

import pytest
import time_machine
from botocore.exceptions import ReadTimeoutError

from miinti import aws
from miinti.accounts import passwords, store
from tests.cloud import Answered, Cloud
from tests.visitors import PASSWORD, link_token, login, mailed, member, register, shown

SILENT = ReadTimeoutError(endpoint_url="https://aws.example")


def accounts(cloud: Cloud) -> list[dict[str, Any]]:
    return [row for row in cloud.rows("IdentityTable") if row["sk"] == "ACCOUNT"]


def refused(answer: Answered, field: str) -> str:
    assert (answer.status, answer.code) == (422, "validation_failed")
    return answer.fields()[field]


# --- what happens -----------------------------------------------------------------------------------------------------


def test_an_unknown_address_gets_an_account_that_waits_and_the_mail(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    answer = register(cloud, "Ana@Example.COM", first_name="  Ana ", last_name="N\u0303andú")
    assert (answer.status, answer.text) == (202, "")
    (account,) = accounts(cloud)
    now = 1_795_510_800
    assert account == {
        "pk": f"ACCOUNT#{account['id']}",
        "sk": "ACCOUNT",
        "id": account["id"],
        "email": "ana@example.com",
        "first_name": "Ana",
        "last_name": "Ñandú",
        "password_hash": account["password_hash"],
        "state": "waiting",
        "created_at": now,
        "activation": {"nonce": account["activation"]["nonce"], "expires_at": now + 48 * 3600},
        "ttl": now + 7 * 86400,
        "txn": account["txn"],
    }
    assert passwords.matches(account["password_hash"], PASSWORD)
    owner = aws.get("IdentityTable", store.email_key("ana@example.com"))
    assert owner is not None
    assert (owner["account_id"], owner["ttl"]) == (account["id"], account["ttl"])
    (mail,) = cloud.mails()
    assert (mail["template"], mail["to"], mail["data"]) == (
        "activate",
        {"address": "ana@example.com"},
        {"first_name": "Ana"},
    )
    assert mail["token"] == ["activate", account["id"], account["activation"]["nonce"], now + 48 * 3600]


def test_a_waiting_account_gets_a_fresh_mail_and_the_older_token_ends(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    register(cloud)
    first = mailed(cloud, "activate")
    clock.shift(60)
    register(cloud, first_name="Otra", password="otra clave distinta")
    second = mailed(cloud, "activate")
    assert cloud.mails()[-1]["data"] == {"first_name": "Ana"}
    assert cloud.call("activate", {"token": first}).status == 400
    assert cloud.call("activate", {"token": second}).status == 204


def test_S08_a_waiting_account_keeps_its_names_and_password(cloud: Cloud) -> None:
    register(cloud)
    (before,) = accounts(cloud)
    register(cloud, "ANA@example.com", first_name="Otra", last_name="Persona", password="otra clave distinta")
    (after,) = accounts(cloud)
    kept = ("id", "email", "first_name", "last_name", "password_hash", "state", "created_at")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}


@pytest.mark.parametrize("more_mails", [0, 2])
def test_an_address_registered_twice_is_noted_also_past_the_number_of_mails(
    cloud: Cloud, clock: time_machine.Traveller, more_mails: int
) -> None:
    register(cloud, first_name="Otra", password="otra clave distinta")
    for _ in range(more_mails):
        clock.shift(1)
        cloud.call("resend_activation", {"email": "ana@example.com"})
    assert store.proves_address(accounts(cloud)[0])
    clock.shift(1)
    register(cloud)
    for use_case in ("resend_activation", "forgot_password"):
        assert not store.proves_address(accounts(cloud)[0])
        clock.shift(1)
        cloud.call(use_case, {"email": "ana@example.com"})
    assert cloud.call("activate", {"token": mailed(cloud, "activate")}).status == 204
    assert not store.proves_address(accounts(cloud)[0])


def test_an_address_registered_twice_is_noted_where_its_mails_are_used_up_meanwhile(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    register(cloud)
    cloud.call("resend_activation", {"email": "ana@example.com"})

    def crossed(call: Any) -> Any:
        cloud.faults.clear()
        cloud.call("resend_activation", {"email": "ana@example.com"})
        return call()

    cloud.faults["dynamodb:TransactWriteItems"] = crossed
    assert register(cloud, password="otra clave distinta").status == 202
    assert len(cloud.mails("activate")) == 3
    assert not store.proves_address(accounts(cloud)[0])


def test_who_presses_the_button_twice_is_one_person(cloud: Cloud, clock: time_machine.Traveller) -> None:
    for _ in range(5):  # more often than mails go out, too
        register(cloud, first_name="Ána")
        clock.shift(1)
    assert cloud.call("activate", {"token": mailed(cloud, "activate")}).status == 204
    assert store.proves_address(accounts(cloud)[0])


def test_S08_an_active_account_is_told_and_not_a_byte_of_it_changes(cloud: Cloud) -> None:
    member(cloud)
    before = cloud.rows("IdentityTable")
    register(cloud, "ANA@example.com", first_name="Otra", last_name="Persona", password="otra clave distinta")
    assert cloud.rows("IdentityTable") == before
    (mail,) = cloud.mails("already_registered")
    assert mail["to"] == {"address": "ana@example.com"}
    assert mail["data"] == {"first_name": "Ana"}
    assert "token" not in mail


# --- S01 to S03, S50: what is taken -----------------------------------------------------------------------------------


@pytest.mark.parametrize("password", ["12345678"[:7], "x" * 129, ""])
def test_S01_too_short_and_too_long_are_refused(cloud: Cloud, password: str) -> None:
    code = refused(register(cloud, password=password), "password")
    assert code == ("too_long" if len(password) > 128 else "too_short")
    assert not cloud.rows("IdentityTable")


@pytest.mark.parametrize("password", ["🔥ñ🔥ñ🔥ñ🔥ñ", "x" * 128, "  con espacios  ", "n\u0303" * 128, "nul\x00nul\x00"])
def test_S01_any_composition_is_taken(cloud: Cloud, password: str) -> None:
    assert register(cloud, password=password).status == 202
    assert len(accounts(cloud)) == 1


@pytest.mark.parametrize("raw", [rb'{"password": "\ud800aaaaaaa"}', b'{"password": "\xff\xfe"}', b'"\\udfff"', b"{"])
def test_S01_half_a_character_is_the_clients_mistake(cloud: Cloud, raw: bytes) -> None:
    answer = cloud.call("register", raw=raw)
    assert (answer.status, answer.code) == (400, "malformed_json")


@pytest.mark.parametrize("password", ["Password1", "contraseña", "QWERTYUIOP"])
def test_S02_a_common_password_is_refused(cloud: Cloud, password: str) -> None:
    assert refused(register(cloud, password=password), "password") == "password_too_common"


@pytest.mark.parametrize("password", ["anañandú1", "AnaNandu!", "mi.casilla"])
def test_S03_ones_own_name_and_address_are_refused(cloud: Cloud, password: str) -> None:
    answer = register(cloud, "mi.casilla@example.com", password=password)
    assert refused(answer, "password") == "password_too_personal"
    assert not cloud.rows("IdentityTable")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"role": "admin"}, {"role": "unknown"}),
        ({"state": "active", "id": "a1"}, {"state": "unknown", "id": "unknown"}),
        ({"first_name": 3}, {"first_name": "wrong_type"}),
        ({"first_name": None}, {"first_name": "wrong_type"}),
        ({"first_name": "", "last_name": "x" * 81}, {"first_name": "too_short", "last_name": "too_long"}),
        (
            {"first_name": "www.premio", "last_name": "a\nb"},
            {"first_name": "invalid_name", "last_name": "invalid_name"},
        ),
        ({"first_name": "Ana\n"}, {"first_name": "invalid_name"}),
        ({"email": "ana"}, {"email": "invalid_email"}),
    ],
)
def test_S50_fields_unknown_or_wrong_are_refused_and_nothing_changes(
    cloud: Cloud, fields: dict[str, object], wrong: dict[str, str]
) -> None:
    body = {"first_name": "Ana", "last_name": "Ñandú", "email": "ana@example.com", "password": PASSWORD, **fields}
    answer = cloud.call("register", body)
    assert answer.status == 422
    assert answer.fields() == wrong
    assert not cloud.rows("IdentityTable")
    assert not cloud.rows("OutboxTable")


def test_every_field_is_needed(cloud: Cloud) -> None:
    answer = cloud.call("register", {})
    assert answer.fields() == dict.fromkeys(("first_name", "last_name", "email", "password"), "missing")


# --- S07: sameness ----------------------------------------------------------------------------------------------------


def test_S07_known_and_unknown_cannot_be_told_apart(cloud: Cloud, hashes: list[str]) -> None:
    """Unknown, waiting, active, and each past its number of mails: same bytes, same calls, one hash."""
    member(cloud, "activa@example.com")
    register(cloud, "espera@example.com")
    for _ in range(3):
        register(cloud, "llena@example.com")
        member_of_old = register(cloud, "activa-llena@example.com")
        assert member_of_old.status == 202
    cloud.counted()
    hashes.clear()
    seen = []
    for address in ("nadie", "espera", "activa", "llena", "activa-llena"):
        answer = register(cloud, f"{address}@example.com")
        # What waits is verified, all else hashed: the same work by another name.
        seen.append((shown(answer), cloud.counted(), len(hashes)))
        hashes.clear()
    assert all(one == seen[0] for one in seen)
    assert seen[0][1] == {"dynamodb:BatchGetItem": 1, "dynamodb:GetItem": 1, "dynamodb:TransactWriteItems": 1}
    assert seen[0][2] == 1


def test_S07_a_wrong_field_is_refused_alike_for_known_and_unknown(cloud: Cloud) -> None:
    member(cloud)
    answers = [register(cloud, who, password="password1") for who in ("ana@example.com", "nadie@example.com")]
    assert shown(answers[0]) == shown(answers[1])
    assert not cloud.counted()


# --- S09, S10: one address, one account -------------------------------------------------------------------------------


def test_S09_sixteen_at_once_make_one_account(cloud: Cloud) -> None:
    bodies = [
        {"first_name": f"Ana {n}", "last_name": "Ñandú", "email": f"{'A' if n % 2 else 'a'}na@example.com",
         "password": PASSWORD}
        for n in range(16)
    ]  # fmt: skip
    answers = cloud.at_once("register", [{"body": body} for body in bodies])
    assert {shown(answer)[:2] for answer in answers} == {(202, "")}
    (account,) = accounts(cloud)
    assert len([row for row in cloud.rows("IdentityTable") if row["sk"] == "EMAIL"]) == 1
    mails = cloud.mails()
    assert 1 <= len(mails) <= 3
    assert {mail["token"][1] for mail in mails} == {account["id"]}
    # All mails tell the one name that was stored, and exactly one token of theirs is good.
    assert {mail["data"]["first_name"] for mail in mails} == {account["first_name"]}
    answers = [cloud.call("activate", {"token": link_token(cloud, mail)}) for mail in mails]
    assert sorted(answer.status for answer in answers) == [204] + [400] * (len(mails) - 1)


def test_S09_a_letter_that_looks_alike_is_refused(cloud: Cloud) -> None:
    assert refused(register(cloud, "m\u0131ke@example.com"), "email") == "invalid_email"


@pytest.mark.parametrize(
    "email",
    [
        "ana@example.com,eva@example.com",
        "ana@example.com;eva@example.com",
        "Ana <ana@example.com>",
        "ana@example.com\r\nBcc: eva@example.com",
        "ana@example.com\n",
        "ana@[192.0.2.1]",
        "ana@localhost",
        '"a b"@example.com',
        "a" * 250 + "@example.com",
    ],
)
def test_S10_anything_but_one_address_is_refused(cloud: Cloud, email: str) -> None:
    assert refused(register(cloud, email), "email") == "invalid_email"
    assert not cloud.rows("OutboxTable")


@pytest.mark.parametrize("email", ["ana@correo.test", "ana+compras@mail.oficina.local"])
def test_an_address_of_any_domain_is_mailed(cloud: Cloud, email: str) -> None:
    """Whether mail gets there, SES finds out."""
    assert register(cloud, email).status == 202
    assert [mail["to"] for mail in cloud.mails("activate")] == [{"address": email}]


# --- S18 to S20: limits -----------------------------------------------------------------------------------------------


def test_S18_a_network_registers_twenty_a_minute(cloud: Cloud, clock: time_machine.Traveller) -> None:
    cloud.ip_limits = "on"
    bad = {"password": "password1"}
    for _ in range(20):
        assert register(cloud, **bad).status == 422
    answer = register(cloud)
    assert (answer.status, answer.code) == (429, "too_many_attempts")
    assert answer.headers["retry-after"] == "60"
    assert not accounts(cloud)
    clock.shift(60)
    assert register(cloud).status == 202


def test_S19_a_forwarded_address_is_not_believed(cloud: Cloud, clock: time_machine.Traveller) -> None:
    cloud.ip_limits = "on"
    body = {"first_name": "Ana", "last_name": "Ñandú", "email": "ana@example.com", "password": "password1"}
    answers = [
        cloud.call("register", body, headers={"X-Forwarded-For": f"198.51.100.{n}", "Forwarded": f"for=198.51.100.{n}"})
        for n in range(21)
    ]
    assert [answer.status for answer in answers] == [422] * 20 + [429]


def test_S20_three_mails_an_hour_then_none_and_no_token_is_replaced(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        register(cloud)
        clock.shift(60)
    good = mailed(cloud, "activate")
    before = cloud.rows("IdentityTable")
    assert register(cloud).status == 202
    assert len(cloud.mails()) == 3
    assert cloud.rows("IdentityTable") == before
    assert cloud.call("activate", {"token": good}).status == 204


def test_S20_the_hour_is_one_that_slides(cloud: Cloud, clock: time_machine.Traveller) -> None:
    for _ in range(3):
        register(cloud)
        clock.shift(1200)
    register(cloud)
    assert len(cloud.mails()) == 4
    register(cloud)
    assert len(cloud.mails()) == 4


# --- when things go wrong ---------------------------------------------------------------------------------------------


def test_S78_an_address_that_outlived_its_account_is_free(cloud: Cloud) -> None:
    register(cloud)
    (account,) = accounts(cloud)
    aws.write(aws.delete("IdentityTable", store.key(account["id"])))
    register(cloud)
    assert len(cloud.mails()) == 2
    (account,) = accounts(cloud)
    owner = aws.get("IdentityTable", store.email_key("ana@example.com"))
    assert owner is not None
    assert owner["account_id"] == account["id"]


def test_S78_an_account_that_outlived_its_address_is_left_alone(cloud: Cloud) -> None:
    register(cloud)
    (stale,) = accounts(cloud)
    token = mailed(cloud, "activate")
    aws.write(aws.delete("IdentityTable", store.email_key("ana@example.com")))
    assert cloud.call("activate", {"token": token}).status == 400
    register(cloud)
    assert len(accounts(cloud)) == 2
    owner = aws.get("IdentityTable", store.email_key("ana@example.com"))
    assert owner is not None
    assert owner["account_id"] != stale["id"]


def test_R02_an_answer_lost_after_the_commit_does_no_harm_when_tried_again(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    def lost(call: Any) -> Any:
        call()
        raise SILENT

    cloud.faults["dynamodb:TransactWriteItems"] = lost
    answer = register(cloud)
    assert (answer.status, answer.code) == (503, "unavailable")
    cloud.faults.clear()
    clock.shift(1)
    assert register(cloud).status == 202
    assert len(accounts(cloud)) == 1
    assert cloud.call("activate", {"token": mailed(cloud, "activate")}).status == 204
    assert login(cloud).status == 200


@pytest.mark.parametrize("call", ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:TransactWriteItems"])
def test_S77_nothing_is_half_done_when_the_table_does_not_answer(cloud: Cloud, call: str) -> None:
    cloud.faults[call] = SILENT
    answer = register(cloud)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.headers["retry-after"]
    assert not cloud.rows("IdentityTable")
    assert not cloud.rows("OutboxTable")


def test_S73_neither_password_nor_token_is_stored(cloud: Cloud) -> None:
    register(cloud)
    token = mailed(cloud, "activate")
    everything = repr(cloud.rows("IdentityTable")) + repr(cloud.rows("OutboxTable"))
    assert PASSWORD not in everything
    assert token not in everything
