"""POST /v1/payment/login: the manual's door to pay (S25), and what a session of it is good for."""

import io
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti import clock as clocks
from miinti.accounts import payers, sessions, store, throttles
from tests import grants, routes
from tests.cloud import Answered, Cloud, lines
from tests.companies import ON_FILE, company
from tests.payers import WRONG, forgot, inside, keys_in, login, new_key
from tests.people import PASSWORD, account, refreshed, sent_back, works
from tests.staff import declined

TO_PAY = {"cancel_payment", "list_debts", "list_payments", "show_payment", "start_payment"}
"""All that a session of this door may do."""
HOUR = 3600
LIFE = 72 * HOUR


def seen(answer: Answered) -> tuple[int, str, dict[str, str]]:
    return answer.status, answer.text, answer.headers


def debts(cloud: Cloud, token: str, company_id: str = "c-27334") -> Answered:
    return cloud.call("list_debts", token=token, path={"id": company_id})


def test_S25_a_key_opens_one_clients_debts(cloud: Cloud, clock: time_machine.Traveller) -> None:
    company()
    key = new_key(cloud)
    ends_at = clocks.instant(clocks.now() + LIFE)
    clock.shift(HOUR)
    answer = login(cloud, key)
    assert answer.status == 200
    token = answer.json.pop("access_token")
    assert answer.json == {
        "token_type": "Bearer",
        "expires_in": 600,
        "company": {"id": "c-27334", "number": "27334", "name": "ADM. FEDERAL DE ING. PUBLICOS", "ends_at": ends_at},
    }
    (cookie,) = answer.cookies
    assert cookie.startswith("__Host-session=payer-c-27334.")
    assert cookie.endswith("; Path=/; Secure; HttpOnly; SameSite=Strict")
    shown = debts(cloud, token)
    assert (shown.status, shown.json["company"]["linked_at"]) == (200, "2026-11-24T10:00:00Z")
    assert cloud.counted()["dynamodb:BatchGetItem"] == 2


def test_S25_the_key_is_no_password_of_the_portal_and_no_password_of_it_is_a_key(cloud: Cloud) -> None:
    company(email="ana@example.com")
    account(cloud)
    key = new_key(cloud, to="ana@example.com")
    assert login(cloud, PASSWORD, "ana@example.com").code == "invalid_credentials"
    portal = {"email": "ana@example.com", "password": key}
    assert cloud.call("login", portal).code == "invalid_credentials"
    assert login(cloud, key, "ana@example.com").status == 200
    assert cloud.call("login", {**portal, "password": PASSWORD}).status == 200


@pytest.mark.parametrize("between", ["-", "", " ", " – ", ".\n"])
def test_S25_a_key_may_be_typed_in_any_case_and_with_any_separator(cloud: Cloud, between: str) -> None:
    company()
    assert login(cloud, new_key(cloud).replace("-", between).lower(), " 0027334 ").status == 200


def test_S25_by_the_address_on_file_each_key_opens_its_own_client(cloud: Cloud) -> None:
    for number in ("7", "11", "27334"):
        company(number=number)
    company("supplier", "9")
    company(number="12", email="otra@example.com")
    forgot(cloud, ON_FILE.upper())
    (mail,) = cloud.mails("payment_key")
    keys = keys_in(cloud, mail)
    assert list(keys) == ["7", "11", "27334"]
    assert len(set(keys.values())) == 3
    for number, key in keys.items():
        assert login(cloud, key, ON_FILE).json["company"]["number"] == number
        assert login(cloud, key, "otra@example.com").status == 401
    assert login(cloud, keys["7"], "11").status == 401


def test_S25_a_key_lives_72_hours_to_the_second(cloud: Cloud, clock: time_machine.Traveller) -> None:
    company()
    key = new_key(cloud)
    clock.shift(LIFE - 1)
    assert login(cloud, key).status == 200
    clock.shift(2)
    assert login(cloud, key).status == 401


def test_S25_R18_at_its_end_it_is_over_though_its_row_is_there(cloud: Cloud, clock: time_machine.Traveller) -> None:
    company()
    key = new_key(cloud)
    clock.shift(LIFE)
    assert aws.get("IdentityTable", payers.key_of("payer-c-27334")) is not None
    assert login(cloud, key).status == 401


def test_S25_a_new_key_replaces_the_old_one_and_ends_no_session(cloud: Cloud, clock: time_machine.Traveller) -> None:
    company()
    old = new_key(cloud)
    token = login(cloud, old).json["access_token"]
    clock.shift(1)
    new = new_key(cloud)
    assert new != old
    assert login(cloud, old).status == 401
    assert login(cloud, new).status == 200
    assert debts(cloud, token).status == 200


def test_S25_a_key_is_used_until_its_end(cloud: Cloud) -> None:
    company()
    key = new_key(cloud)
    assert [login(cloud, key).status for _ in range(3)] == [200] * 3


def test_T8_a_key_is_over_once_the_address_on_file_is_another(cloud: Cloud) -> None:
    company()
    key = new_key(cloud)
    company(email="otra@example.com")
    assert login(cloud, key).status == 401


def test_T8_a_session_opens_nothing_once_the_address_on_file_is_another(cloud: Cloud) -> None:
    company()
    token, _ = inside(cloud)
    assert debts(cloud, token).status == 200
    company(email="otra@example.com")
    assert debts(cloud, token).status == 404
    assert cloud.call("list_payments", token=token, path={"id": "c-27334"}).status == 404


def test_S25_a_key_that_is_replaced_at_this_moment_opens_nothing(cloud: Cloud) -> None:
    company()
    key = new_key(cloud)

    def replaced(sign: Callable[[], Any]) -> Any:
        cloud.faults.clear()
        with grants.aside():
            new_key(cloud)
        return sign()

    cloud.faults["kms:Sign"] = replaced
    answer = login(cloud, key)
    assert (answer.status, answer.code) == (401, "invalid_credentials")
    assert not [row for row in cloud.rows("IdentityTable") if row["sk"].startswith("SESSION#")]


# --- no oracle --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["number", "address"])
def test_S06_S07_whatever_is_wrong_is_answered_and_done_alike(
    cloud: Cloud, clock: time_machine.Traveller, by: str
) -> None:
    def user(number: str) -> str:
        return number if by == "number" else f"pagos{number}@example.com"

    for number in ("1", "2", "3", "4", "6"):
        company(number=number, email=f"pagos{number}@example.com")
    expired = new_key(cloud, "2", "pagos2@example.com")
    clock.shift(LIFE)
    replaced = new_key(cloud, "3", "pagos3@example.com")
    clock.shift(1)
    new_key(cloud, "3", "pagos3@example.com")
    new_key(cloud, "1", "pagos1@example.com")
    for _ in range(throttles.FREE):
        login(cloud, WRONG, user("6"))
    cloud.counted()
    tried = {"1": WRONG, "2": expired, "3": replaced, "4": WRONG, "5": WRONG, "6": WRONG}
    found = []
    for number, key in tried.items():
        answer = login(cloud, key, user(number))
        assert (answer.status, answer.code) == (401, "invalid_credentials")
        found.append((seen(answer), cloud.counted()))
    # Who is being slowed down is counted nowhere: where limits by network are on, the same transaction is made.
    assert all(one[0] == found[0][0] for one in found)
    assert all(one[1] == found[0][1] for one in found[:-1])


def test_S07_slowed_down_is_as_much_work_where_networks_are_counted(cloud: Cloud) -> None:
    cloud.ip_limits = "on"
    company()
    cloud.counted()
    found = []
    for tries in range(7):
        login(cloud, WRONG, client=f"192.0.2.{tries}")
        found.append(cloud.counted())
    assert all(one == found[0] for one in found)
    assert found[0] == {"dynamodb:BatchGetItem": 1, "dynamodb:TransactWriteItems": 1}


def test_S15_S16_five_tries_are_free_whether_or_not_there_is_the_client(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    company()
    for user in ("27334", "99", ON_FILE, "nadie@example.com"):
        for _ in range(throttles.FREE):
            login(cloud, WRONG, user)
    key = new_key(cloud)
    row = aws.get("IdentityTable", throttles.row("payer", "c-99"))
    assert row is not None
    assert int(row["n"]) == 5
    for _ in range(throttles.FREE):
        login(cloud, WRONG)
    assert login(cloud, key).status == 401
    clock.shift(1)
    assert login(cloud, key).status == 200


@pytest.mark.parametrize(("locked", "asked"), [("27334", ON_FILE), (ON_FILE, "27334")])
def test_a_new_key_brings_new_tries_however_the_client_is_named(cloud: Cloud, locked: str, asked: str) -> None:
    company()
    for _ in range(8):
        assert login(cloud, WRONG, locked).status == 401
    forgot(cloud, asked)
    (key,) = keys_in(cloud, cloud.mails("payment_key")[-1]).values()
    assert login(cloud, key, locked).status == 200


def test_a_new_key_brings_new_tries(cloud: Cloud) -> None:
    company()
    for _ in range(9):
        login(cloud, WRONG)
    assert login(cloud, new_key(cloud)).status == 200


def test_S17_a_burst_has_no_more_tries_than_places(cloud: Cloud) -> None:
    company()
    key = new_key(cloud)
    wrong = {"body": {"user": "27334", "key": WRONG}}
    answers = cloud.at_once("login_payer", [wrong] * 16)
    assert {answer.status for answer in answers} == {401}
    row = aws.get("IdentityTable", throttles.row("payer", "c-27334"))
    assert row is not None
    assert int(row["n"]) == throttles.FREE
    assert login(cloud, key).status == 401


def test_S18_a_network_fails_ten_times_a_minute(cloud: Cloud, clock: time_machine.Traveller) -> None:
    cloud.ip_limits = "on"
    company()
    key = new_key(cloud)
    answers = [login(cloud, WRONG, str(number)).status for number in range(1, 12)]
    assert answers == [401] * 10 + [429]
    assert login(cloud, key, client="198.51.100.1").status == 200


@pytest.mark.parametrize("user", ["", "x", "12345678901", "-1", "a@b", "a@example.com,b@example.com", 27334, None])
def test_anything_but_a_number_or_an_address_is_refused(cloud: Cloud, user: object) -> None:
    answer = cloud.call("login_payer", {"user": user, "key": WRONG})
    assert answer.status == 422
    assert set(answer.fields()) == {"user"}


def test_S25_S73_no_key_stands_in_a_row_or_a_line(cloud: Cloud, log: io.StringIO) -> None:
    company()
    key = new_key(cloud)
    assert login(cloud, key).status == 200
    assert login(cloud, WRONG).status == 401
    rows = repr([cloud.rows(table) for table in ("IdentityTable", "OutboxTable", "CompaniesTable")])
    said = repr(lines(log))
    for text in (key, key.replace("-", ""), WRONG, WRONG.replace("-", ""), ON_FILE):
        assert text not in said
    for text in (key, key.replace("-", ""), WRONG):
        assert text not in rows


# --- the session ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("remember", "idle"), [(False, 8 * HOUR - 1), (True, 24 * HOUR)])
def test_S25_S35_a_session_ends_with_its_key_at_the_latest(
    cloud: Cloud, clock: time_machine.Traveller, remember: bool, idle: int
) -> None:
    company()
    key = new_key(cloud)
    clock.shift(HOUR)
    answer = login(cloud, key, remember=remember)
    assert (f"Max-Age={LIFE - HOUR}" in answer.cookies[0]) == remember
    cookie, left = sent_back(answer.cookies[0]), LIFE - HOUR
    while left > idle:
        clock.shift(idle)
        left -= idle
        renewed = refreshed(cloud, cookie)
        assert renewed.status == 200
        cookie = sent_back(renewed.cookies[0])
    clock.shift(left - 1)
    renewed = refreshed(cloud, cookie)
    token, cookie = renewed.json["access_token"], sent_back(renewed.cookies[0])
    assert debts(cloud, token).status == 200
    clock.shift(1)
    assert debts(cloud, token).status == 401
    assert refreshed(cloud, cookie).status == 401


def test_S35_without_remember_it_ends_after_eight_hours_without_use(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    company()
    _, cookie = inside(cloud)
    clock.shift(8 * HOUR)
    assert refreshed(cloud, cookie).status == 401


def test_refresh_tells_of_the_company_and_of_no_user(cloud: Cloud) -> None:
    company()
    _, cookie = inside(cloud)
    answer = refreshed(cloud, cookie)
    assert answer.status == 200
    assert answer.json["user"] is None
    assert answer.json["company"]["id"] == "c-27334"
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "kms:Sign": 1, "dynamodb:UpdateItem": 1}


def test_S32_a_cookie_used_again_ends_the_session(cloud: Cloud, clock: time_machine.Traveller) -> None:
    company()
    _, cookie = inside(cloud)
    newer = refreshed(cloud, cookie)
    clock.shift(11)
    assert refreshed(cloud, cookie).status == 401
    assert debts(cloud, newer.json["access_token"]).status == 401


def test_S34_logging_out_ends_it_at_once(cloud: Cloud) -> None:
    company()
    token, cookie = inside(cloud)
    assert cloud.call("logout", cookies=[cookie]).status == 204
    assert debts(cloud, token).status == 401


def test_S35_a_client_has_ten_sessions_at_once(cloud: Cloud, clock: time_machine.Traveller) -> None:
    company()
    key = new_key(cloud)
    for _ in range(12):
        assert login(cloud, key).status == 200
        clock.shift(1)
    rows = [row for row in cloud.rows("IdentityTable") if row["sk"].startswith("SESSION#")]
    assert len(rows) == sessions.MOST


def test_S45_S46_it_pays_for_its_client_and_does_nothing_else(cloud: Cloud, clock: time_machine.Traveller) -> None:
    """Every closed route, from the route table: a new one is closed to it until it is named here."""
    world = routes.world(cloud)
    number = world.ana.client.removeprefix("c-")
    token, _ = inside(cloud, number)
    good = {name for name, route in routes.table().items() if route.payer}
    assert good == TO_PAY
    for use_case, route in routes.table().items():
        if route.open:
            continue
        with routes.as_it_was(world):
            request = {**routes.REQUESTS[use_case](world), "token": token}
            before = cloud.kept()
            answer = cloud.call(use_case, **request)
            if use_case in good:
                assert answer.status in route.answers, use_case
            else:
                assert (answer.status, answer.code) == (401, "invalid_token"), use_case
                assert cloud.kept() == before
        if use_case in good:
            for other in (world.bea.client, world.ana.supplier, "c-9999999", "x"):
                path = {**request["path"], "id": other}
                answer = cloud.call(use_case, **{**request, "path": path})
                assert (answer.status, answer.code) == (404, "not_found"), (use_case, other)
                assert cloud.kept() == before


def test_a_payer_is_no_account(cloud: Cloud) -> None:
    """Staff finds none under its id and ends nothing of it, no address has one, it opens no page of an account's."""
    company()
    token, cookie = inside(cloud)
    for use_case, action in (("look_up", "person"), ("look_up", "view"), ("act_on_account", "end_sessions")):
        assert declined(cloud, use_case, action, person="payer-c-27334") == "person_unknown"
    assert not works(cloud, token)
    assert refreshed(cloud, cookie).status == 200
    with cloud.as_function("login"):
        assert store.get("payer-c-27334") is None
        account, rows = store.whole("payer-c-27334")
        assert account is None
        assert len(rows) == 1
    assert not [row for row in cloud.rows("IdentityTable") if row["sk"] in ("ACCOUNT", "EMAIL")]
