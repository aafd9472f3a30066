"""POST /v1/login: who gets a session, what nobody learns, and how tries are slowed down."""

import time
from typing import Any

import argon2
import pytest
import time_machine
from argon2.exceptions import HashingError
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from miinti import aws
from miinti.accounts import devices, passwords, sessions, store, tokens
from tests import post
from tests.cloud import Answered, Cloud
from tests.people import refreshed, sent_back, works
from tests.visitors import PASSWORD, account_row, login, mailed, member, register, shown

SILENT = ReadTimeoutError(endpoint_url="https://aws.example")
WRONG = "no es esta clave"
NEW = "ocho gatos azules"


def session_rows(cloud: Cloud) -> list[dict[str, Any]]:
    return [row for row in cloud.rows("IdentityTable") if row["sk"].startswith("SESSION#")]


def fail(cloud: Cloud, times: int, email: str = "ana@example.com", **more: Any) -> None:
    for _ in range(times):
        assert login(cloud, email, WRONG, **more).status == 401


def refused(answer: Answered) -> str:
    assert not answer.cookies
    return f"{answer.status} {answer.code}"


# --- the way in -------------------------------------------------------------------------------------------------------


def test_the_right_password_opens_a_session(cloud: Cloud, clock: time_machine.Traveller) -> None:
    ana = member(cloud)
    answer = login(cloud, "ANA@example.com", headers={"User-Agent": "Firefox\n de prueba"})
    assert answer.status == 200
    assert works(cloud, answer.json.pop("access_token"))
    assert answer.json == {
        "token_type": "Bearer",
        "expires_in": 600,
        "user": {"id": ana, "first_name": "Ana", "last_name": "Ñandú", "email": "ana@example.com"},
    }
    (row,) = session_rows(cloud)
    assert row["user_agent"] == "Firefox de prueba"
    assert int(row["expires_at"]) == int(row["created_at"]) + 7 * 86400
    cookie = answer.cookies[0]
    assert cookie.startswith("__Host-session=")
    assert "Max-Age" not in cookie
    assert refreshed(cloud, sent_back(cookie)).status == 200


def test_remember_outlives_the_browser(cloud: Cloud) -> None:
    member(cloud)
    cookie, _ = login(cloud, remember=True).cookies
    assert "Max-Age=2592000" in cookie


@pytest.mark.parametrize("sent_as", ["application/x-www-form-urlencoded", "multipart/form-data", "text/plain"])
def test_S38_another_sites_form_logs_nobody_in(cloud: Cloud, sent_as: str) -> None:
    """What a page may send to another site without asking first has one of these types, whatever text it makes up."""
    member(cloud)
    text = f'{{"email":"ana@example.com","password":"{PASSWORD}"}}'.encode()
    headers = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    for raw in (text, b"email=ana%40example.com&password=nueve"):
        answer = cloud.call("login", raw=raw, headers={**headers, "Content-Type": sent_as})
        assert refused(answer) == "415 unsupported_media_type"
    assert session_rows(cloud) == []
    # The same text is good as what only a page of ours, or no page, can send.
    assert cloud.call("login", raw=text).status == 200


def test_a_login_is_five_calls_at_most_and_the_token_is_signed_before_the_session_is_there(cloud: Cloud) -> None:
    member(cloud)
    login(cloud)
    cloud.counted()
    login(cloud)
    assert list(cloud.calls) == [
        "dynamodb:BatchGetItem",
        "dynamodb:UpdateItem",
        "dynamodb:Query",
        "kms:Sign",
        "dynamodb:TransactWriteItems",
    ]


def test_a_login_past_a_lock_and_within_limits_by_address_is_five_calls_too(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    cloud.ip_limits = "on"
    member(cloud)
    login(cloud)
    fail(cloud, 5)
    clock.shift(1)
    cloud.counted()
    assert login(cloud).status == 200
    assert sum(cloud.counted().values()) == 5


def test_S40_a_new_session_each_time_whatever_cookie_is_sent(cloud: Cloud) -> None:
    member(cloud)
    first = login(cloud).cookies[0]
    second = login(cloud, cookies=[sent_back(first)]).cookies[0]
    assert sent_back(first).split(".")[1] != sent_back(second).split(".")[1]
    assert len(session_rows(cloud)) == 2


def test_S35_logins_at_one_instant_leave_no_more_sessions_than_can_be_ended(cloud: Cloud) -> None:
    ana = member(cloud)
    with cloud.as_function("login"):
        for _ in range(200):
            aws.write(sessions.opened(ana, remember=True, user_agent="", now=int(time.time())).write)
    assert login(cloud).status == 200
    assert len(session_rows(cloud)) == sessions.MOST


def test_S35_the_eleventh_session_ends_the_one_unused_for_longest(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    cookies = []
    for _ in range(10):
        cookies.append(sent_back(login(cloud).cookies[0]))
        clock.shift(60)
    cookies[0] = sent_back(refreshed(cloud, cookies[0]).cookies[0])
    clock.shift(60)
    login(cloud)
    assert len(session_rows(cloud)) == 10
    assert refreshed(cloud, cookies[0]).status == 200
    assert refreshed(cloud, cookies[1]).status == 401


# --- S01: passwords ---------------------------------------------------------------------------------------------------


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    password=st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=128),
    number=st.uuids(),
    place=st.integers(0, 127),
)
def test_S01_any_password_that_register_takes_logs_in_and_no_other_does(
    cloud: Cloud, password: str, number: object, place: int
) -> None:
    email = f"{number}@example.com"
    assume(register(cloud, email, password=password).status == 202)
    cloud.call("activate", {"token": mailed(cloud, "activate", email)})
    assert login(cloud, email, password).status == 200
    at = place % len(password)
    changed = password[:at] + ("x" if password[at] != "x" else "y") + password[at + 1 :]
    assert login(cloud, email, changed).status == 401
    assert login(cloud, email, password + " ").status == 401


def test_S01_no_truncation_and_both_spellings_of_an_accent(cloud: Cloud) -> None:
    member(cloud, password="ñ" * 127 + "a")
    assert login(cloud, password="n\u0303" * 127 + "a").status == 200
    assert refused(login(cloud, password="ñ" * 127 + "b")) == "401 invalid_credentials"


@pytest.mark.parametrize("password", ["", "x", "x" * 129, "e\u0301" * 5000])
def test_S01_a_password_that_nobody_can_have_is_just_wrong(cloud: Cloud, password: str) -> None:
    assert refused(login(cloud, password=password)) == "401 invalid_credentials"


@pytest.mark.parametrize(
    "raw", [rb'{"email":"a@example.com","password":"\ud800"}', b'{"email":"a@example.com","password":"\xed\xa0\x80"}']
)
def test_S01_half_a_character_is_the_clients_mistake(cloud: Cloud, raw: bytes) -> None:
    assert refused(cloud.call("login", raw=raw)) == "400 malformed_json"


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({}, {"email": "missing", "password": "missing"}),
        ({"email": "ana", "password": WRONG}, {"email": "invalid_email"}),
        ({"email": "ana@example.com", "password": None}, {"password": "wrong_type"}),
        ({"email": "ana@example.com", "password": WRONG, "remember": "yes"}, {"remember": "wrong_type"}),
        ({"email": "ana@example.com", "password": WRONG, "remember": 1}, {"remember": "wrong_type"}),
        ({"email": "ana@example.com", "password": WRONG, "role": "x"}, {"role": "unknown"}),
    ],
)
def test_S50_the_body_is_as_declared(cloud: Cloud, body: dict[str, object], wrong: dict[str, str]) -> None:
    answer = cloud.call("login", body)
    assert answer.status == 422
    assert answer.fields() == wrong


# --- S05: hashes ------------------------------------------------------------------------------------------------------


def outdated(cloud: Cloud, account_id: str) -> None:
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash(PASSWORD)
    with cloud.as_function("login"):
        aws.write(aws.update("IdentityTable", store.key(account_id), "SET password_hash = :old", {":old": old}))


def test_S05_a_login_renews_a_hash_of_older_parameters(cloud: Cloud) -> None:
    ana = member(cloud)
    kept = account_row(ana)["password_hash"]
    login(cloud)
    assert account_row(ana)["password_hash"] == kept
    outdated(cloud, ana)
    assert login(cloud).status == 200
    assert not passwords.outdated(account_row(ana)["password_hash"])
    assert login(cloud).status == 200


def test_S05_logins_at_once_with_an_old_hash_all_succeed(cloud: Cloud) -> None:
    """One renews the hash, and the others find another than they checked: they check again."""
    ana = member(cloud)
    outdated(cloud, ana)
    with cloud.as_function("login"):
        # Each from a device of hers, so that they are not slowed down.
        now = int(time.time())
        cookies = [sent_back(devices.cookie(devices.Device(ana, f"d{n}", now), now)) for n in range(6)]
    body = {"email": "ana@example.com", "password": PASSWORD}
    answers = cloud.at_once("login", [{"body": body, "cookies": [cookie]} for cookie in cookies])
    assert {answer.status for answer in answers} == {200}


@pytest.mark.parametrize("failure", [HashingError("no memory"), MemoryError()])
def test_S05_a_hash_that_cannot_be_renewed_does_not_break_the_login(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    outdated(cloud, member(cloud))

    def fails(*_: object) -> str:
        raise failure

    monkeypatch.setattr(argon2.PasswordHasher, "hash", fails)
    assert login(cloud).status == 200
    assert login(cloud).status == 200


# --- S06, S07: sameness -----------------------------------------------------------------------------------------------


def test_S06_S07_wrong_unknown_waiting_and_slowed_down_cannot_be_told_apart(
    cloud: Cloud, hashes: list[str], clock: time_machine.Traveller
) -> None:
    member(cloud, "activa@example.com")
    register(cloud, "espera@example.com")
    cloud.counted()
    hashes.clear()
    seen = {}
    for who in ("activa", "espera", "nadie"):
        answer = login(cloud, f"{who}@example.com", WRONG)
        seen[who] = (shown(answer), cloud.counted(), list(hashes))
        hashes.clear()
    assert seen["activa"] == seen["espera"] == seen["nadie"]
    assert seen["nadie"][1] == {"dynamodb:BatchGetItem": 1, "dynamodb:UpdateItem": 1, "dynamodb:Query": 1}
    assert seen["nadie"][2] == ["verify"]

    for who in ("activa", "espera", "nadie"):
        fail(cloud, 4, f"{who}@example.com")
    cloud.counted()
    hashes.clear()
    slowed = {}
    for who in ("activa", "espera", "nadie"):
        for password in (WRONG, PASSWORD):
            answer = login(cloud, f"{who}@example.com", password)
            slowed[who, password] = (shown(answer), cloud.counted(), list(hashes))
            hashes.clear()
    assert len({repr(one) for one in slowed.values()}) == 1
    one = slowed["nadie", WRONG]
    assert one[0] == seen["nadie"][0]
    assert one[1] == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 1}
    assert one[2] == ["verify"]


def test_S12_not_activated_only_where_the_password_is_right(cloud: Cloud, hashes: list[str]) -> None:
    register(cloud)
    hashes.clear()
    assert refused(login(cloud)) == "403 not_activated"
    assert hashes == ["verify"]
    assert refused(login(cloud, password=WRONG)) == "401 invalid_credentials"
    # A right password is no failure, however often.
    for _ in range(10):
        assert refused(login(cloud)) == "403 not_activated"


# --- S15 to S17, S21: throttles ---------------------------------------------------------------------------------------


def test_S15_five_failures_then_the_right_password_waits_its_time(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    fail(cloud, 5)
    assert refused(login(cloud)) == "401 invalid_credentials"
    clock.shift(1)
    fail(cloud, 1)
    fail(cloud, 20)
    clock.shift(1.5)
    assert refused(login(cloud)) == "401 invalid_credentials"
    clock.shift(0.5)
    assert login(cloud).status == 200


def test_S15_success_forgets_the_failures(cloud: Cloud) -> None:
    member(cloud)
    for _ in range(3):
        fail(cloud, 4)
        assert login(cloud).status == 200


def test_S16_variants_of_an_address_share_one_counter_and_nobodys_counts_too(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    for email in ("ana@example.com", "ANA@EXAMPLE.COM", "Ana@Example.com", "ana@ex\uff41mple.com", "aNa@example.com"):
        fail(cloud, 1, email)
    member(cloud)
    assert refused(login(cloud)) == "401 invalid_credentials"
    clock.shift(1)
    assert login(cloud).status == 200


def test_S17_thirty_two_at_once_have_five_tries(
    cloud: Cloud, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana = member(cloud)
    checked: list[str] = []
    matches = passwords.matches

    def noted(kept: str, password: str) -> bool:
        checked.append(kept)
        return matches(kept, password)

    monkeypatch.setattr(passwords, "matches", noted)
    answers = cloud.at_once("login", [{"body": {"email": "ana@example.com", "password": WRONG}}] * 32)
    assert {shown(answer)[:2] for answer in answers} == {(401, answers[0].text)}
    assert len(checked) == 32
    assert checked.count(account_row(ana)["password_hash"]) == 5
    assert refused(login(cloud)) == "401 invalid_credentials"


def test_S21_a_known_device_gets_in_while_strangers_are_slowed_down(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    member(cloud)
    _, device = login(cloud).cookies
    fail(cloud, 5)
    assert refused(login(cloud)) == "401 invalid_credentials"
    assert login(cloud, cookies=[sent_back(device)]).status == 200
    # Its success is the device's own: it says nothing of the strangers' tries.
    assert refused(login(cloud)) == "401 invalid_credentials"


def test_S21_a_device_has_few_tries_like_anybody(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    _, device = login(cloud).cookies
    fail(cloud, 5, cookies=[sent_back(device)])
    assert refused(login(cloud, cookies=[sent_back(device)])) == "401 invalid_credentials"
    assert login(cloud).status == 200


def test_S21_a_device_of_another_or_made_up_or_old_is_none(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    member(cloud, "eva@example.com")
    _, evas = login(cloud, "eva@example.com").cookies
    _, anas = login(cloud).cookies
    for number, cookie in enumerate([sent_back(evas), "__Host-device=x.y", sent_back(anas)[:-3], "__Host-device="]):
        clock.shift(1000 + number)
        fail(cloud, 5)
        assert refused(login(cloud, cookies=[cookie])) == "401 invalid_credentials"
    clock.shift(devices.LIFETIME)
    fail(cloud, 5)
    assert refused(login(cloud, cookies=[sent_back(anas)])) == "401 invalid_credentials"


def test_S21_the_device_keeps_its_id_and_is_known_anew_from_each_login(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    ana = member(cloud)
    _, first = login(cloud).cookies
    clock.shift(86400)
    _, second = login(cloud, cookies=[sent_back(first)]).cookies
    with cloud.as_function("login"):
        values = [sent_back(cookie).partition("=")[2] for cookie in (first, second)]
        before, after = (devices.known(value, 1_795_597_200) for value in values)
        assert before is not None
        assert after == before._replace(seen_at=before.seen_at + 86400)
        assert before.account_id == ana
        assert devices.known(values[0], 1_795_510_800 + devices.LIFETIME) is None
        assert devices.known(values[1], 1_795_510_800 + devices.LIFETIME) == after
    assert "Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=15552000" in second


def reset(cloud: Cloud, password: str) -> None:
    cloud.call("forgot_password", {"email": "ana@example.com"})
    token = mailed(cloud, "reset_password")
    assert cloud.call("reset_password", {"token": token, "password": password}).status == 204


@pytest.mark.parametrize("seconds", [0, 60])
def test_S21_S23_a_device_from_before_a_reset_is_an_unknown_one(
    cloud: Cloud, clock: time_machine.Traveller, seconds: int
) -> None:
    member(cloud)
    _, thiefs = login(cloud).cookies
    clock.shift(seconds)
    reset(cloud, NEW)
    clock.shift(1)
    # The new password too is no secret to who looks over a shoulder: this cookie does not make it nobody's news.
    answer = login(cloud, password=NEW, cookies=[sent_back(thiefs)])
    assert answer.status == 200
    assert len(cloud.mails("new_login")) == 1
    with cloud.as_function("login"):
        before, after = (
            devices.known(sent_back(cookie).partition("=")[2], 1_795_510_900) for cookie in (thiefs, answer.cookies[1])
        )
    assert before is not None
    assert after is not None
    assert after.id != before.id
    # Nor has it tries of its own while the address is slowed down; the one of the new password has.
    clock.shift(1)
    fail(cloud, 5)
    assert refused(login(cloud, password=NEW, cookies=[sent_back(thiefs)])) == "401 invalid_credentials"
    assert login(cloud, password=NEW, cookies=[sent_back(answer.cookies[1])]).status == 200
    assert len(cloud.mails("new_login")) == 1


def test_S21_a_device_of_a_login_that_crosses_a_reset_is_an_unknown_one(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    member(cloud)
    login(cloud)
    cloud.call("forgot_password", {"email": "ana@example.com"})
    token = mailed(cloud, "reset_password")
    cookies: list[str] = []

    def crossed(call: Any) -> Any:
        cloud.faults.clear()
        clock.shift(5)
        cookies.append(login(cloud).cookies[1])
        return call()

    cloud.faults["dynamodb:TransactWriteItems"] = crossed
    assert cloud.call("reset_password", {"token": token, "password": NEW}).status == 204
    told = len(cloud.mails("new_login"))
    clock.shift(60)
    assert login(cloud, password=NEW, cookies=[sent_back(cookies[0])]).status == 200
    assert len(cloud.mails("new_login")) == told + 1


# --- S23: a login from a device that is not known ---------------------------------------------------------------------

FIREFOX = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0"


def test_S23_a_login_from_an_unknown_device_is_told_to_the_owner(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    login(cloud)
    assert login(cloud, headers={"User-Agent": FIREFOX}).status == 200
    (mail,) = cloud.mails("new_login")
    assert mail["to"] == {"address": "ana@example.com"}
    sent = post.read(cloud, mail)
    assert sent.subject == "Ingresaron a tu cuenta miINTI desde un dispositivo nuevo"
    for said in (
        "El 24/11/2026 a las 06:00, hora de Argentina",
        ": Firefox en Windows.",
        "Si no fuiste vos",
        "/recuperar",
    ):
        assert said in sent.text


def test_S23_neither_the_first_login_nor_one_on_a_known_device_nor_a_failed_one_is_news(cloud: Cloud) -> None:
    member(cloud)
    _, device = login(cloud).cookies
    fail(cloud, 2)
    register(cloud, "espera@example.com")
    assert login(cloud, "espera@example.com").status == 403
    assert login(cloud, cookies=[sent_back(device)]).status == 200
    assert cloud.mails("new_login") == []


def test_S23_another_persons_device_is_an_unknown_one(cloud: Cloud) -> None:
    member(cloud)
    member(cloud, "eva@example.com")
    login(cloud)
    _, evas = login(cloud, "eva@example.com").cookies
    login(cloud, cookies=[sent_back(evas)])
    assert len(cloud.mails("new_login", to="ana@example.com")) == 1


def test_S23_many_failures_and_then_a_success_from_a_stranger_are_told(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    member(cloud)
    login(cloud)
    fail(cloud, 5)
    clock.shift(60)
    assert login(cloud, headers={"User-Agent": "python-requests/2.32"}).status == 200
    (mail,) = cloud.mails("new_login")
    assert "un programa que no pudimos reconocer" in post.read(cloud, mail).text


def test_S23_many_logins_become_one_mail_and_each_is_five_calls(cloud: Cloud, clock: time_machine.Traveller) -> None:
    member(cloud)
    for number in range(8):
        cloud.counted()
        login(cloud, headers={"User-Agent": FIREFOX})
        # A device's key is asked once a process.
        assert sum(cloud.counted().values()) == 5, number
    told = [mail.get("entries", mail["data"].get("entries", [])) for mail in cloud.mails("new_login")]
    assert sorted(map(len, told)) == [1, 1, 1, 4]


def test_S23_S65_nothing_of_the_user_agent_but_words_of_ours_is_in_the_mail(cloud: Cloud) -> None:
    member(cloud)
    login(cloud)
    login(cloud, headers={"User-Agent": "Firefox/1 <a href=https://evil.example>premio</a> Windows"})
    (mail,) = cloud.mails("new_login")
    assert mail["data"]["entries"][0] | {"at": 0} == {"at": 0, "browser": "Firefox", "system": "Windows"}


def test_S23_a_login_that_fails_at_its_end_tells_nothing(cloud: Cloud) -> None:
    member(cloud)
    login(cloud)
    cloud.faults["dynamodb:TransactWriteItems"] = SILENT
    assert login(cloud).status == 503
    cloud.faults.clear()
    assert cloud.mails("new_login") == []


# --- S18, S19: limits by address --------------------------------------------------------------------------------------


def test_S18_ten_failures_a_minute_from_one_network(cloud: Cloud, clock: time_machine.Traveller) -> None:
    cloud.ip_limits = "on"
    member(cloud)
    for number in range(10):
        fail(cloud, 1, f"nadie{number}@example.com")
    answer = login(cloud)
    assert refused(answer) == "429 too_many_attempts"
    assert answer.headers["retry-after"] == "60"
    assert login(cloud, client="198.51.100.1").status == 200
    clock.shift(60)
    assert login(cloud).status == 200


def test_S18_thirty_logins_a_minute_from_one_network(cloud: Cloud, clock: time_machine.Traveller) -> None:
    cloud.ip_limits = "on"
    member(cloud)
    answers = [login(cloud, client=f"2001:db8::{number}").status for number in range(31)]
    assert answers == [200] * 30 + [429]


def test_S18_slowed_down_tries_count_for_the_network(cloud: Cloud, clock: time_machine.Traveller) -> None:
    cloud.ip_limits = "on"
    answers = [login(cloud, password=WRONG).status for _ in range(11)]
    assert answers == [401] * 10 + [429]


def test_S19_a_forwarded_address_is_not_believed(cloud: Cloud, clock: time_machine.Traveller) -> None:
    cloud.ip_limits = "on"
    answers = [
        login(cloud, f"nadie{n}@example.com", WRONG, headers={"X-Forwarded-For": f"198.51.100.{n}"}).status
        for n in range(11)
    ]
    assert answers == [401] * 10 + [429]


# --- when things go wrong ---------------------------------------------------------------------------------------------


def test_R20_while_kms_is_down_there_is_no_session_and_no_failure(cloud: Cloud) -> None:
    member(cloud)
    cloud.faults["kms:Sign"] = SILENT
    for _ in range(7):
        answer = login(cloud)
        assert (answer.status, answer.code, answer.cookies) == (503, "unavailable", [])
    assert not session_rows(cloud)
    cloud.faults.clear()
    assert login(cloud).status == 200


@pytest.mark.parametrize(
    "call", ["dynamodb:BatchGetItem", "dynamodb:UpdateItem", "dynamodb:Query", "dynamodb:TransactWriteItems"]
)
def test_S77_a_table_that_does_not_answer_lets_nobody_in(cloud: Cloud, call: str) -> None:
    member(cloud)
    cloud.faults[call] = SILENT
    answer = login(cloud)
    assert (answer.status, answer.code, answer.cookies) == (503, "unavailable", [])
    assert not session_rows(cloud)


def test_a_password_changed_between_reading_and_writing_ends_the_login(cloud: Cloud) -> None:
    ana = member(cloud)
    sign = tokens.mint

    def changed_meanwhile(account_id: str, session_id: str) -> str:
        other = {":new": passwords.hashed("otra clave distinta")}
        aws.write(aws.update("IdentityTable", store.key(ana), "SET password_hash = :new", other))
        return sign(account_id, session_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tokens, "mint", changed_meanwhile)
        assert refused(login(cloud)) == "401 invalid_credentials"
    assert not session_rows(cloud)


def test_an_address_that_outlived_its_account_is_nobodys(cloud: Cloud) -> None:
    ana = member(cloud)
    aws.write(aws.delete("IdentityTable", store.key(ana)))
    assert refused(login(cloud)) == "401 invalid_credentials"


def test_S73_neither_password_nor_tokens_nor_cookies_are_stored(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    member(cloud)
    answer = login(cloud)
    login(cloud, password=WRONG)
    secrets = [PASSWORD, WRONG, answer.json["access_token"]]
    secrets += [sent_back(cookie).partition("=")[2].rpartition(".")[2] for cookie in answer.cookies]
    everything = repr(cloud.rows("IdentityTable")) + repr(cloud.rows("OutboxTable")) + caplog.text
    assert not [secret for secret in secrets if secret in everything]
