"""POST /v1/companies under policy ``proof``."""

import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.accounts import throttles
from miinti.mail import tokens
from tests import visitors
from tests.cloud import Answered, Cloud
from tests.companies import CUIT, ON_FILE, company, cuit, link, links, person

RIGHT = {"role": "client", "cuit": CUIT, "number": "27334"}
OTHER = cuit(12345678)


@pytest.fixture(autouse=True)
def proof(cloud: Cloud) -> None:
    cloud.link_policy = "proof"


def asked(cloud: Cloud, token: str, body: dict[str, str] | None = None) -> Answered:
    return cloud.call("link_company", {**RIGHT, **(body or {})}, token=token)


def empty(cloud: Cloud, table: str) -> None:
    """A table as at the start, so that one cloud serves for many situations."""
    aws.delete_rows(table, [(row["pk"], row["sk"]) for row in cloud.rows(table)])


def requests(cloud: Cloud) -> list[dict[str, Any]]:
    return [row for row in cloud.rows("CompaniesTable") if row["sk"].startswith("REQUEST#")]


# --- by address -------------------------------------------------------------------------------------------------------


def test_whose_address_is_on_file_is_linked_at_once_and_the_address_is_told(cloud: Cloud) -> None:
    company()
    answer = asked(cloud, person(cloud, email=ON_FILE))
    assert (answer.status, answer.json["id"]) == (201, "c-27334")
    assert answer.headers["location"] == "/v1/companies/c-27334"
    assert [mail["template"] for mail in cloud.mails(to=ON_FILE)] == ["company_linked"]
    assert requests(cloud) == []
    (row,) = [row for row in cloud.rows("CompaniesTable") if row["sk"].startswith("LINK#")]
    assert row["proof"] == "address"


def test_the_address_proves_its_own_company_only(cloud: Cloud) -> None:
    token = person(cloud, email=ON_FILE)
    company()
    company("supplier", "3012", OTHER, email="otra@example.com")
    for body in (
        {"number": "1"},
        {"cuit": OTHER},
        {"role": "supplier"},
        {"role": "supplier", "number": "3012", "cuit": OTHER},
    ):
        assert asked(cloud, token, body).status == 202
    assert links(cloud) == {}


def test_an_address_that_a_stranger_registered_first_proves_nothing_until_a_reset_by_mail(cloud: Cloud) -> None:
    """The stranger knows the password, the owner activated: only the owner can have reset it."""
    company()
    with time_machine.travel(1_795_000_000, tick=False) as clock:
        visitors.register(cloud, ON_FILE, first_name="Otra", password="otra clave distinta")
        clock.shift(1)
        visitors.register(cloud, ON_FILE)
        cloud.call("activate", {"token": visitors.mailed(cloud, "activate", ON_FILE)})
        strangers = visitors.login(cloud, ON_FILE, "otra clave distinta").json["access_token"]
        assert asked(cloud, strangers).status == 202
        change = {"current_password": "otra clave distinta", "password": "y otra clave más"}
        assert cloud.call("change_password", change, token=strangers).status == 204
        assert asked(cloud, strangers).status == 202
        assert links(cloud) == {}

        clock.shift(60)
        cloud.call("forgot_password", {"email": ON_FILE})
        token = visitors.mailed(cloud, "reset_password", ON_FILE)
        assert cloud.call("reset_password", {"token": token, "password": visitors.PASSWORD}).status == 204
        assert asked(cloud, strangers).status == 401
        owners = visitors.login(cloud, ON_FILE).json["access_token"]
        assert asked(cloud, owners).status == 201


@pytest.mark.parametrize("address", ["pagos@adm-federal.example.com", "x-" + ON_FILE, "pagos+1@adm-federal.example"])
def test_T13_a_similar_address_proves_nothing(cloud: Cloud, address: str) -> None:
    company()
    assert asked(cloud, person(cloud, email=address)).status == 202
    assert links(cloud) == {}


def test_one_s_own_link_is_linked_already(cloud: Cloud) -> None:
    link("a1", company())
    answer = asked(cloud, person(cloud))
    assert (answer.status, answer.code, answer.json["id"]) == (409, "already_linked", "c-27334")
    assert cloud.rows("OutboxTable") == []


# --- by code ----------------------------------------------------------------------------------------------------------


def test_else_the_request_is_kept_and_a_code_goes_to_the_address_on_file(cloud: Cloud) -> None:
    company()
    with time_machine.travel(1_795_000_000, tick=False):
        answer = asked(cloud, person(cloud, first_name="Ana", last_name="Ñandú"), {"number": "0027334"})
    assert answer.status == 202
    request_id = answer.json["request_id"]
    assert answer.json == {"request_id": request_id, "state": "received"}
    ends = 1_795_000_000 + 72 * 3600
    (mail,) = cloud.mails()
    assert (mail["template"], mail["to"]) == ("link_code", {"address": ON_FILE})
    assert mail["data"] == {
        "company": "ADM. FEDERAL DE ING. PUBLICOS",
        "person": "Ana Ñandú",
        "request_id": request_id,
        "expires_at": ends,
    }
    (row,) = requests(cloud)
    kept = {"request_id": request_id, "role": "client", "cuit": CUIT, "number": "0027334", "state": "received"}
    assert kept.items() <= row.items()
    assert (row["behind"], row["sent_to"], row["tries"], row["expires_at"]) == ("c-27334", ON_FILE, 0, ends)
    assert row["ttl"] > ends
    assert "company" not in row, "index members is of links alone"
    assert links(cloud) == {}


def test_S73_the_code_is_stored_nowhere(cloud: Cloud) -> None:
    company()
    request_id = asked(cloud, person(cloud)).json["request_id"]
    with cloud.as_function("confirm_link"):
        code = tokens.link_code(request_id)
    assert re.fullmatch("[A-HJ-NP-Z2-9]{6}", code)
    for table in ("CompaniesTable", "IdentityTable", "OutboxTable"):
        assert code not in str(cloud.rows(table))


def _unknown(cloud: Cloud) -> dict[str, str]:
    return {"number": "27335"}


def _wrong_cuit(cloud: Cloud) -> dict[str, str]:
    return {"cuit": OTHER}


def _right(cloud: Cloud) -> dict[str, str]:
    return {}


def _no_address(cloud: Cloud) -> dict[str, str]:
    company(email=None)
    return {}


def _linked_by_others(cloud: Cloud) -> dict[str, str]:
    link("a9", "c-27334")
    return {}


def _suspended(cloud: Cloud) -> dict[str, str]:
    link("a1", "c-27334", state="suspended")
    return {}


def _tries_used_up(cloud: Cloud) -> dict[str, str]:
    token = person(cloud)
    for number in range(31):
        assert asked(cloud, token, {"number": str(30_000 + number)}).status == 202
    return {"number": "27335"}


def _tries_used_up_and_right(cloud: Cloud) -> dict[str, str]:
    _tries_used_up(cloud)
    return {}


def _codes_used_up(cloud: Cloud) -> dict[str, str]:
    for number in range(3):
        asked(cloud, person(cloud, f"x{number}"))
    return {}


def _cuit_locked(cloud: Cloud) -> dict[str, str]:
    for number in range(7):
        token = person(cloud, f"x{number}")
        for guess in range(5):
            asked(cloud, token, {"number": str(40_000 + 5 * number + guess)})
    return {}


SITUATIONS: list[Callable[[Cloud], dict[str, str]]] = [
    _unknown, _wrong_cuit, _right, _no_address, _linked_by_others, _suspended, _tries_used_up, _tries_used_up_and_right,
    _codes_used_up, _cuit_locked,
]  # fmt: skip


def test_T4_S07_nothing_tells_what_is_behind_a_request(cloud: Cloud) -> None:
    answers, calls, refusals, refusal_calls = set(), set(), set(), set()
    asked(cloud, person(cloud))
    with cloud.as_function("confirm_link"):
        tokens.link_code("warm")
    for situation in SITUATIONS:
        for table in ("CompaniesTable", "IdentityTable", "OutboxTable"):
            empty(cloud, table)
        company()
        with time_machine.travel(1_795_000_000, tick=False):
            body = situation(cloud)
            token = person(cloud)
            cloud.counted()
            answer = asked(cloud, token, body)
            calls.add(frozenset(cloud.counted().items()))
            request_id = answer.json["request_id"]
            assert re.fullmatch("[0-9a-f]{24}", request_id)
            answers.add((answer.status, answer.text.replace(request_id, "…"), frozenset(answer.headers.items())))
            cloud.counted()
            refusal = cloud.call("confirm_link", {"code": "AAAAAA"}, token=token, path={"id": request_id})
            refusal_calls.add(frozenset(cloud.counted().items()))
            refusals.add((refusal.status, refusal.text, frozenset(refusal.headers.items())))
            (shown,) = [
                item
                for item in cloud.call("list_link_requests", token=token, query={"limit": "100"}).json["items"]
                if item["request_id"] == request_id
            ]
            assert (shown["state"], shown["number"]) == ("received", {**RIGHT, **body}["number"])
    assert len(answers) == len(refusals) == 1
    assert calls == {frozenset({"dynamodb:BatchGetItem": 2, "dynamodb:TransactWriteItems": 2}.items())}
    assert refusal_calls == {frozenset({"dynamodb:BatchGetItem": 1, "dynamodb:UpdateItem": 1}.items())}


@pytest.mark.parametrize("situation", SITUATIONS)
def test_a_code_goes_only_where_it_can_prove_something(cloud: Cloud, situation: Callable[[Cloud], Any]) -> None:
    company()
    with time_machine.travel(1_795_000_000, tick=False):
        body = situation(cloud)
        before = len(cloud.mails())
        request_id = asked(cloud, person(cloud), body).json["request_id"]
    (row,) = [row for row in requests(cloud) if row["request_id"] == request_id]
    sends = situation in {_right, _linked_by_others, _cuit_locked}
    assert len(cloud.mails()) - before == sends
    assert ("behind" in row) == ("sent_to" in row) == sends
    # One row in the outbox either way.
    quiet = [mail for mail in cloud.rows("OutboxTable") if mail.get("template") == "none"]
    assert len(quiet) + len(cloud.mails()) == len(requests(cloud))


@pytest.mark.parametrize("at_once", [True, False])
def test_T6_one_who_asks_for_code_after_code_leaves_one_an_hour_for_another(cloud: Cloud, at_once: bool) -> None:
    company()
    with time_machine.travel(1_795_000_000, tick=False) as clock:
        for hour in range(26):
            stranger = person(cloud, "x1")
            if at_once:
                cloud.at_once("link_company", [{"body": RIGHT, "token": stranger}] * 4)
            for _ in range(4):
                asked(cloud, stranger)
            if hour in {1, 6, 25}:
                before = len(cloud.mails("link_code", to=ON_FILE))
                request_id = asked(cloud, person(cloud, f"a{hour}")).json["request_id"]
                mails = cloud.mails("link_code", to=ON_FILE)
                assert len(mails) == before + 1
                assert request_id in {mail["data"]["request_id"] for mail in mails}
            recent = [mail for mail in cloud.mails("link_code") if mail["created_at"] > time.time() - 3600]
            assert len(recent) <= 3
            clock.shift(3600)


def test_T6_a_request_that_got_no_code_leaves_the_person_their_first(cloud: Cloud) -> None:
    company()
    with time_machine.travel(1_795_000_000, tick=False) as clock:
        for number in range(3):
            asked(cloud, person(cloud, f"x{number}"))
        asked(cloud, person(cloud))  # the hour is used up by three
        asked(cloud, person(cloud), {"cuit": OTHER})  # mistyped
        clock.shift(3600)
        for number in range(2):
            asked(cloud, person(cloud, f"x{number}"))
        request_id = asked(cloud, person(cloud)).json["request_id"]
        assert request_id in {mail["data"]["request_id"] for mail in cloud.mails("link_code", to=ON_FILE)}


@pytest.mark.parametrize("tries", [12, 29, 31, 40])
def test_T4_nor_does_it_tell_how_many_tries_are_left(cloud: Cloud, tries: int) -> None:
    """Who reads another company's address on file sees whether a code still comes there."""
    cloud.ip_limits = "on"
    seen = []
    for exists in (True, False):
        for table in ("CompaniesTable", "IdentityTable", "OutboxTable"):
            empty(cloud, table)
        if exists:
            company()
        company("supplier", "3012", OTHER, email="propia@example.com")
        with time_machine.travel(1_795_000_000, tick=False) as clock:
            stranger = person(cloud)
            answers = [asked(cloud, stranger) for _ in range(tries)]
            counts = {
                row["pk"]: (row["n"], row["until"])
                for row in cloud.rows("IdentityTable")
                if row["pk"].startswith("THROTTLE#")
            }
            codes = []
            for seconds in (0, 1, 2):
                clock.shift(seconds)
                asked(cloud, stranger, {"role": "supplier", "number": "3012", "cuit": OTHER})
                codes.append(len(cloud.mails("link_code", to="propia@example.com")))
        shown = [(answer.status, answer.headers.get("retry-after")) for answer in answers]
        seen.append((shown, counts, codes))
    assert seen[0] == seen[1]
    assert seen[0][0] == [(202, None)] * tries


def test_T7_at_most_three_codes_an_hour_go_to_one_address(cloud: Cloud) -> None:
    company()
    company("supplier", "3012", OTHER)
    with time_machine.travel(1_795_000_000, tick=False) as clock:
        for number in range(6):
            asked(
                cloud,
                person(cloud, f"x{number}"),
                {} if number % 2 else {"role": "supplier", "number": "3012", "cuit": OTHER},
            )
        assert len(cloud.mails("link_code", to=ON_FILE)) == 3
        clock.shift(3601)
        asked(cloud, person(cloud, "x6"))
        assert len(cloud.mails("link_code", to=ON_FILE)) == 4


def test_T1_failed_tries_count_in_each_place(cloud: Cloud) -> None:
    company()
    cloud.ip_limits = "on"
    asked(cloud, person(cloud), {"number": "1"})
    kinds = Counter(row["pk"].split("#")[1] for row in cloud.rows("IdentityTable") if row["pk"].startswith("THROTTLE#"))
    assert kinds == {"ask-person": 1, "ask-client": 1, "ask-cuit": 1, "ask-number": 1}


def test_an_accountant_asks_for_thirty_right_ones_and_none_is_held_back(cloud: Cloud) -> None:
    token = person(cloud)
    for number in range(1, 31):
        company(number=str(number), cuit=cuit(number), email=f"pagos@empresa{number}.example")
        asked(cloud, token, {"number": str(number), "cuit": cuit(number)})
    assert len(cloud.mails("link_code")) == 30


def test_sixteen_at_once_are_sixteen_requests_and_leave_one_code_for_another(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    answers = cloud.at_once("link_company", [{"body": RIGHT, "token": token}] * 16)
    assert [answer.status for answer in answers] == [202] * 16
    assert len({answer.json["request_id"] for answer in answers}) == len(requests(cloud)) == 16
    # The first, and a second for who comes after it.
    assert len(cloud.mails("link_code")) in {1, 2}


def test_a_burst_of_wrong_ones_looks_like_any_other(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    bodies = [{**RIGHT, "number": str(30_000 + number)} for number in range(16)]
    answers = cloud.at_once("link_company", [{"body": body, "token": token} for body in bodies])
    assert [answer.status for answer in answers] == [202] * 16
    assert len(requests(cloud)) == 16
    assert cloud.mails() == []


def test_a_lock_that_comes_between_reading_and_writing_loses_no_code(cloud: Cloud) -> None:
    token = person(cloud)
    company()

    def locks(call: Any) -> Any:
        cloud.faults.clear()
        pk, sk = throttles.row("ask-cuit", CUIT)
        aws.write(aws.put("IdentityTable", {"pk": pk, "sk": sk, "n": 30, "until": 2**45}))
        return call()

    cloud.faults["dynamodb:TransactWriteItems"] = locks
    answer = asked(cloud, token)
    assert answer.status == 202
    (mail,) = cloud.mails("link_code")
    assert mail["data"]["request_id"] == answer.json["request_id"] == requests(cloud)[0]["request_id"]


def test_sixteen_at_once_by_address_link_once(cloud: Cloud) -> None:
    token = person(cloud, email=ON_FILE)
    company()
    answers = cloud.at_once("link_company", [{"body": RIGHT, "token": token}] * 16)
    assert Counter(answer.status for answer in answers) == {201: 1, 409: 15}
    assert len(cloud.mails("company_linked")) == 1
