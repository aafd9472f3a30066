"""POST /v1/link-requests/{id}/confirm."""

import re
from collections import Counter
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ReadTimeoutError

from miinti import aws
from miinti.companies import access
from miinti.mail import tokens
from tests import post
from tests.cloud import Answered, Cloud
from tests.companies import CUIT, ON_FILE, company, link, links, person, token

RIGHT = {"role": "client", "cuit": CUIT, "number": "27334"}
HOUR = 3600


@pytest.fixture(autouse=True)
def proof(cloud: Cloud) -> None:
    cloud.link_policy = "proof"


def requested(cloud: Cloud, token: str, body: dict[str, str] | None = None) -> str:
    answer = cloud.call("link_company", {**RIGHT, **(body or {})}, token=token)
    assert answer.status == 202
    return str(answer.json["request_id"])


def code_of(cloud: Cloud, request_id: str) -> str:
    """The code as ``send_mail`` writes it into ``link_code``."""
    with cloud.as_function("confirm_link"):
        return tokens.link_code(request_id)


def wrong_code(cloud: Cloud, request_id: str) -> str:
    right = code_of(cloud, request_id)
    return right[:-1] + ("A" if right[-1] != "A" else "B")


def confirmed(cloud: Cloud, token: str, request_id: str, code: str) -> Answered:
    return cloud.call("confirm_link", {"code": code}, token=token, path={"id": request_id})


def state(cloud: Cloud, token: str) -> list[str]:
    return [item["state"] for item in cloud.call("list_link_requests", token=token).json["items"]]


def test_the_code_makes_the_link(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    answer = confirmed(cloud, token, request_id, code_of(cloud, request_id))
    assert answer.status == 201
    assert answer.headers["location"] == "/v1/companies/c-27334"
    assert cloud.call("list_companies", token=token).json["items"] == [answer.json]
    assert state(cloud, token) == ["confirmed"]


def test_the_code_is_the_one_in_the_mail(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    (mail,) = cloud.mails("link_code", to=ON_FILE)
    text = post.read(cloud, mail).text
    (code,) = re.findall(r"^[A-Z2-9]{6}$", text, re.MULTILINE)
    assert confirmed(cloud, token, request_id, code).status == 201


def test_the_link_is_told_as_every_other(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    confirmed(cloud, token, request_id, code_of(cloud, request_id))
    (told,) = cloud.mails("company_linked", to=ON_FILE)
    (row,) = [row for row in cloud.rows("CompaniesTable") if row["sk"].startswith("LINK#")]
    (entry,) = told["data"]["entries"]
    assert (entry["account_id"], entry["grant"], row["proof"]) == ("a1", row["grant"], "code")
    (members,) = cloud.mails("company_linked_member")
    assert members["to"] == {"members_of": "c-27334", "but": "a1"}


@pytest.mark.parametrize("typed", [str.lower, lambda code: f"  {code}\n"])
def test_case_and_spaces_around_it_do_not_count(cloud: Cloud, typed: Any) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    assert confirmed(cloud, token, request_id, typed(code_of(cloud, request_id))).status == 201


def test_five_wrong_codes_end_it(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    for tries in range(5):
        assert state(cloud, token) == ["received"], tries
        assert confirmed(cloud, token, request_id, wrong_code(cloud, request_id)).code == "invalid_code"
    assert state(cloud, token) == ["ended"]
    assert confirmed(cloud, token, request_id, code_of(cloud, request_id)).code == "invalid_code"
    assert links(cloud) == {}


def test_the_fifth_try_may_be_the_right_one(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    for _ in range(4):
        confirmed(cloud, token, request_id, "")
    assert confirmed(cloud, token, request_id, code_of(cloud, request_id)).status == 201
    assert state(cloud, token) == ["confirmed"]


def test_T4_wrong_malformed_late_used_and_empty_ones_are_one_answer(cloud: Cloud) -> None:
    company()
    now = 1_795_000_000
    answers, calls = set(), set()

    def refused(request_id: str, code: str) -> None:
        fresh = token(cloud)
        cloud.counted()
        answer = confirmed(cloud, fresh, request_id, code)
        calls.add(frozenset(cloud.counted().items()))
        answers.add((answer.status, answer.text, frozenset(answer.headers.items())))

    with time_machine.travel(now, tick=False) as clock:
        person(cloud)
        typed: list[dict[str, str]] = [{}, {}, {}, {"number": "1"}]
        late, right, ended, behind_nothing = (requested(cloud, token(cloud), body) for body in typed)
        code_of(cloud, right)
        refused(right, wrong_code(cloud, right))
        for malformed in ("", "A", "ABCDEFG", "ÁÉÍÓÚÑ", "000000", "x" * 5000):
            refused(ended, malformed)
        refused(ended, code_of(cloud, ended))
        refused(behind_nothing, "ABCDEF")
        # Also with what would be its code, which nobody ever gets to see.
        refused(behind_nothing, code_of(cloud, behind_nothing))
        assert confirmed(cloud, token(cloud), right, code_of(cloud, right)).status == 201
        refused(right, code_of(cloud, right))
        clock.shift(72 * HOUR)
        refused(late, code_of(cloud, late))
        refused(behind_nothing, "ABCDEF")
    ((status, text, _),) = answers
    assert status == 400
    assert '"code":"invalid_code"' in text
    assert calls == {frozenset({"dynamodb:BatchGetItem": 1, "dynamodb:UpdateItem": 1}.items())}


def test_R18_a_code_lives_72_hours(cloud: Cloud) -> None:
    company()
    with time_machine.travel(1_795_000_000, tick=False) as clock:
        first, second = (requested(cloud, person(cloud, account_id)) for account_id in ("a1", "a2"))
        clock.shift(72 * HOUR - 1)
        assert confirmed(cloud, token(cloud, "a1"), first, code_of(cloud, first)).status == 201
        clock.shift(1)
        assert confirmed(cloud, token(cloud, "a2"), second, code_of(cloud, second)).code == "invalid_code"
        assert state(cloud, token(cloud, "a2")) == ["expired"]
    assert links(cloud) == {("a1", "c-27334"): "active"}


def test_S46_another_s_request_is_what_nobody_has(cloud: Cloud) -> None:
    ana, eva = person(cloud, "a1"), person(cloud, "a2")
    company()
    request_id = requested(cloud, ana)
    right = code_of(cloud, request_id)
    nobody = confirmed(cloud, eva, "0" * 24, right)
    for other in (request_id, request_id.upper(), "", "x", "../" + request_id, "%00", "á" * 24, "0" * 3000):
        answer = confirmed(cloud, eva, other, right)
        assert (answer.status, answer.text, answer.headers) == (404, nobody.text, nobody.headers)
    # The code is of its request: it opens no other, and strangers' tries are not counted on it.
    mine = requested(cloud, eva)
    assert confirmed(cloud, eva, mine, right).code == "invalid_code"
    assert confirmed(cloud, ana, request_id, right).status == 201
    assert links(cloud) == {("a1", "c-27334"): "active"}


def test_each_request_has_its_own_code(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    codes = {code_of(cloud, requested(cloud, token)) for _ in range(3)}
    assert len(codes) == 3


def test_a_second_request_does_not_end_the_first(cloud: Cloud) -> None:
    """As docs/decisions/company-links.md has it: a code is no mail token that a newer one replaces."""
    token = person(cloud)
    company()
    first, _ = requested(cloud, token), requested(cloud, token)
    assert confirmed(cloud, token, first, code_of(cloud, first)).status == 201


def test_who_is_linked_meanwhile_is_linked_already(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    first, second = requested(cloud, token), requested(cloud, token)
    confirmed(cloud, token, first, code_of(cloud, first))
    answer = confirmed(cloud, token, second, code_of(cloud, second))
    assert (answer.status, answer.json["id"]) == (409, "c-27334")
    assert len(cloud.mails("company_linked")) == 1


def test_a_code_does_not_end_a_suspension(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    link("a1", "c-27334", state="suspended")
    assert confirmed(cloud, token, request_id, code_of(cloud, request_id)).status == 409
    assert links(cloud) == {("a1", "c-27334"): "suspended"}


@pytest.mark.parametrize("change", [{"email": "otra@example.com"}, {"email": None}, {"cuit": "30500001735"}])
def test_T8_a_code_proves_the_address_that_is_on_file_now(cloud: Cloud, change: dict[str, Any]) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    company(**change)
    assert confirmed(cloud, token, request_id, code_of(cloud, request_id)).code == "invalid_code"
    assert links(cloud) == {}


def test_T5_looking_at_it_changes_nothing(cloud: Cloud) -> None:
    # A mail scanner follows links by GET and has no session: neither can confirm, since the route is a closed POST.
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    before = cloud.rows("CompaniesTable")
    for _ in range(100):
        answer = cloud.call("confirm_link", {"code": code_of(cloud, request_id)}, path={"id": request_id})
        assert answer.code == "invalid_token"
    assert cloud.function("confirm_link").handler.route.method == "POST"
    assert cloud.rows("CompaniesTable") == before


def test_a_wrong_body_spends_no_try(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    bodies: list[Any] = [{}, {"code": 123456}, {"code": None}, {"code": "ABCDEF", "company": "c-1"}, []]
    for body in bodies:
        assert cloud.call("confirm_link", body, token=token, path={"id": request_id}).status == 422
    (row,) = [row for row in cloud.rows("CompaniesTable") if row["sk"].startswith("REQUEST#")]
    assert row["tries"] == 0


def test_an_account_that_is_gone_links_nothing(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    aws.write(aws.delete("IdentityTable", ("ACCOUNT#a1", "ACCOUNT")))
    assert confirmed(cloud, token, request_id, code_of(cloud, request_id)).code == "invalid_token"
    assert links(cloud) == {}


def test_an_account_that_goes_meanwhile_is_linked_to_nothing(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)

    def goes(call: Any) -> Any:
        aws.write(aws.delete("IdentityTable", ("ACCOUNT#a1", "ACCOUNT")))
        return call()

    cloud.faults["dynamodb:TransactWriteItems"] = goes
    assert confirmed(cloud, token, request_id, code_of(cloud, request_id)).code == "invalid_token"
    assert links(cloud) == {}


def test_a_company_that_is_gone_links_nothing(cloud: Cloud) -> None:
    token = person(cloud)
    request_id = requested(cloud, token, {"number": company()[2:]})
    aws.write(aws.delete("CompaniesTable", access.company_key("c-27334")))
    assert confirmed(cloud, token, request_id, code_of(cloud, request_id)).code == "invalid_code"


def test_T10_sixteen_right_codes_at_once_link_once(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    one = {"body": {"code": code_of(cloud, request_id)}, "token": token, "path": {"id": request_id}}
    answers = cloud.at_once("confirm_link", [one] * 16)
    assert Counter(answer.status for answer in answers) == {201: 1, 400: 15}
    assert len(cloud.mails("company_linked")) == 1


def test_S17_a_burst_of_guesses_has_five_tries(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    guess = {"body": {"code": wrong_code(cloud, request_id)}, "token": token, "path": {"id": request_id}}
    assert {answer.code for answer in cloud.at_once("confirm_link", [guess] * 32)} == {"invalid_code"}
    (row,) = [row for row in cloud.rows("CompaniesTable") if row["sk"].startswith("REQUEST#")]
    assert row["tries"] == 5
    assert state(cloud, token) == ["ended"]


def test_costs_four_calls(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    code = code_of(cloud, request_id)
    cloud.counted()
    confirmed(cloud, token, request_id, code)
    assert cloud.counted() == {
        "dynamodb:BatchGetItem": 1,
        "dynamodb:UpdateItem": 1,
        "dynamodb:GetItem": 1,
        "dynamodb:TransactWriteItems": 1,
    }


@pytest.mark.parametrize("operation", ["BatchGetItem", "UpdateItem", "GetItem", "TransactWriteItems"])
def test_S77_what_does_not_answer_links_nothing_and_the_code_stays_good(cloud: Cloud, operation: str) -> None:
    token = person(cloud)
    company()
    request_id = requested(cloud, token)
    code = code_of(cloud, request_id)
    cloud.faults[f"dynamodb:{operation}"] = ReadTimeoutError(endpoint_url="https://dynamodb.example")
    answer = confirmed(cloud, token, request_id, code)
    assert (answer.status, answer.code) == (503, "unavailable")
    cloud.faults.clear()
    assert links(cloud) == {}
    assert confirmed(cloud, token, request_id, code).status == 201
