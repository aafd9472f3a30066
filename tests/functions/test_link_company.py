"""POST /v1/companies under policy ``open``, and what both policies share. Policy ``proof``: test_link_proof.py."""

import io
from collections import Counter
from itertools import product
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ReadTimeoutError

from miinti import aws
from miinti.accounts import store
from miinti.mail import outbox
from tests import post
from tests.cloud import Answered, Cloud, lines
from tests.companies import CUIT, ON_FILE, at_once, company, cuit, link, links, person, token

RIGHT = {"role": "client", "cuit": CUIT, "number": "27334"}
OTHER = cuit(12345678)


def linked(cloud: Cloud, token: str, body: Any = None, **more: Any) -> Answered:
    return cloud.call("link_company", {**RIGHT, **(body or {})}, token=token, **more)


def wrong(cloud: Cloud, times: int, token: str, body: Any = None, **more: Any) -> None:
    """Failed tries that are let in."""
    for _ in range(times):
        answer = linked(cloud, token, {"number": "27335", **(body or {})}, **more)
        assert (answer.status, answer.code) == (404, "company_not_found")


def strangers(cloud: Cloud, many: int) -> list[str]:
    return [person(cloud, f"x{number}") for number in range(many)]


# --- the link ---------------------------------------------------------------------------------------------------------


def test_the_right_three_make_a_link(cloud: Cloud) -> None:
    company()
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        answer = linked(cloud, person(cloud))
    assert answer.status == 201
    assert answer.headers["location"] == "/v1/companies/c-27334"
    assert answer.json == {
        "id": "c-27334",
        "role": "client",
        "cuit": CUIT,
        "number": "27334",
        "name": "ADM. FEDERAL DE ING. PUBLICOS",
        "address": "Hipólito Yrigoyen 370, CABA",
        "balance": {"amount": "242168.00", "currency": "ARS", "as_of": "2026-07-01T02:59:59Z"},
        "linked_at": "2026-11-24T12:00:00Z",
    }
    assert cloud.call("list_companies", token=person(cloud)).json["items"] == [answer.json]


def test_every_link_is_told_to_the_address_on_file_and_to_the_people_linked(cloud: Cloud) -> None:
    token = person(cloud, email="ana@example.com", first_name="Ana", last_name="Ñandú")
    company()
    linked(cloud, token)
    (row,) = [row for row in cloud.rows("CompaniesTable") if row["sk"] == "LINK#c-27334"]
    (told,) = cloud.mails("company_linked")
    at = row["linked_at"]
    assert told["to"] == {"address": ON_FILE}
    assert told["data"] == {
        "company": "ADM. FEDERAL DE ING. PUBLICOS",
        "cuit": CUIT,
        "company_id": "c-27334",
        "entries": [
            {"person": "Ana Ñandú", "email": "ana@example.com", "at": at, "account_id": "a1", "grant": row["grant"]}
        ],
    }
    (members,) = cloud.mails("company_linked_member")
    assert members["to"] == {"members_of": "c-27334", "but": "a1"}
    assert members["data"] == {
        "entries": [{"person": "Ana Ñandú", "at": at, "company": "ADM. FEDERAL DE ING. PUBLICOS"}]
    }
    assert len(row["grant"]) >= 22
    assert (row["state"], row["proof"], row["company"]) == ("active", "typed", "c-27334")


def test_without_an_address_on_file_the_people_linked_are_told(cloud: Cloud) -> None:
    company(email=None)
    assert linked(cloud, person(cloud)).status == 201
    assert [mail["template"] for mail in cloud.mails()] == ["company_linked_member"]


def test_every_spelling_of_the_contract_is_taken(cloud: Cloud) -> None:
    company()
    spellings = ("33-69345023-9", "33 69345023 9", "33.69345023/9", "33693450239", " 33–69345023–9 ")
    for stranger, (spelled, number) in enumerate(product(spellings, ("27334", "027334", "0000027334"))):
        answer = linked(cloud, person(cloud, f"x{stranger}"), {"cuit": spelled, "number": number})
        assert (answer.status, answer.json["cuit"], answer.json["number"]) == (201, CUIT, "27334")


def test_each_grant_is_its_own(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    grants = set()
    for _ in range(3):
        linked(cloud, token)
        grants |= {row["grant"] for row in cloud.rows("CompaniesTable") if row["sk"].startswith("LINK#")}
        cloud.call("unlink_company", token=token, path={"id": "c-27334"})
    assert len(grants) == 3


def test_one_answer_for_an_unknown_number_and_a_cuit_that_does_not_go_with_it(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    company("supplier", "3012", OTHER)
    answers = {
        linked(cloud, token, body).text
        for body in ({"number": "27335"}, {"cuit": OTHER}, {"role": "supplier"}, {"number": "3012", "cuit": OTHER})
    }
    assert len(answers) == 1
    assert '"code":"company_not_found"' in answers.pop()
    assert links(cloud) == {}
    assert cloud.mails() == []


@pytest.mark.parametrize("state", ["active", "suspended"])
def test_R03_a_second_time_it_is_linked_already(cloud: Cloud, state: str) -> None:
    token = person(cloud)
    link("a1", company(), state=state)
    before = cloud.rows("CompaniesTable")
    answer = linked(cloud, token)
    assert (answer.status, answer.code, answer.json["id"]) == (409, "already_linked", "c-27334")
    assert cloud.rows("CompaniesTable") == before
    assert cloud.mails() == []


def test_a_wrong_cuit_is_wrong_also_for_one_s_own_company(cloud: Cloud) -> None:
    token = person(cloud)
    link("a1", company())
    assert linked(cloud, token, {"cuit": OTHER}).code == "company_not_found"


def test_T12_S47_the_role_is_in_the_key(cloud: Cloud) -> None:
    token = person(cloud)
    company("client", "27334", CUIT)
    company("supplier", "27334", CUIT)
    linked(cloud, token)
    assert links(cloud) == {("a1", "c-27334"): "active"}
    assert linked(cloud, token, {"role": "supplier"}).json["id"] == "s-27334"
    assert len(links(cloud)) == 2


WRONG_FIELDS: list[tuple[dict[str, Any], str, str]] = [
    ({"cuit": "33693450230"}, "cuit", "invalid_cuit"),
    ({"cuit": "3369345023"}, "cuit", "invalid_cuit"),
    ({"cuit": "33693450239x"}, "cuit", "invalid_cuit"),
    ({"cuit": ""}, "cuit", "invalid_cuit"),
    ({"cuit": "99000000007"}, "cuit", "invalid_cuit"),
    ({"cuit": 33693450239}, "cuit", "wrong_type"),
    ({"cuit": None}, "cuit", "wrong_type"),
    ({"number": ""}, "number", "invalid_number"),
    ({"number": "12345678901"}, "number", "invalid_number"),
    ({"number": "-1"}, "number", "invalid_number"),
    ({"number": "1.0"}, "number", "invalid_number"),
    ({"number": "٢٧٣٣٤"}, "number", "invalid_number"),
    ({"number": "27334\n"}, "number", "invalid_number"),
    ({"number": 27334}, "number", "wrong_type"),
    ({"number": True}, "number", "wrong_type"),
    ({"role": "Cliente"}, "role", "not_allowed"),
    ({"role": 1}, "role", "not_allowed"),
    ({"verified": True}, "verified", "unknown"),
    ({"companyId": "c-27334"}, "companyId", "unknown"),
]


@pytest.mark.parametrize("policy", ["open", "proof"])
def test_S50_S63_a_wrong_field_is_named_and_nothing_happens(cloud: Cloud, policy: str) -> None:
    cloud.link_policy = policy
    token = person(cloud)
    company()
    before = cloud.rows("CompaniesTable"), cloud.rows("IdentityTable"), cloud.rows("OutboxTable")
    for body, field, code in WRONG_FIELDS:
        answer = linked(cloud, token, body)
        assert (answer.status, answer.fields()) == (422, {field: code})
    for missing in RIGHT:
        body = {name: value for name, value in RIGHT.items() if name != missing}
        assert cloud.call("link_company", body, token=token).fields() == {missing: "missing"}
    assert (cloud.rows("CompaniesTable"), cloud.rows("IdentityTable"), cloud.rows("OutboxTable")) == before


def test_what_is_no_body_is_no_fault_of_ours(cloud: Cloud) -> None:
    token = person(cloud)
    for raw in (b"{", b'{"role":"client","cuit":"\\ud800","number":"1"}', b"\xff", b"[]", b"null", b""):
        assert cloud.call("link_company", raw=raw, token=token).status in {400, 422}


def test_an_account_that_is_gone_links_nothing(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    aws.write(aws.delete("IdentityTable", store.key("a1")))
    assert linked(cloud, token).code == "invalid_token"
    assert links(cloud) == {}


def test_an_account_that_goes_meanwhile_is_linked_to_nothing(cloud: Cloud) -> None:
    token = person(cloud)
    company()

    def goes(call: Any) -> Any:
        aws.write(aws.delete("IdentityTable", store.key("a1")))
        return call()

    cloud.faults["dynamodb:TransactWriteItems"] = goes
    assert linked(cloud, token).code == "invalid_token"
    assert links(cloud) == {}
    assert cloud.mails() == []


# --- tries ------------------------------------------------------------------------------------------------------------


def test_T1_five_failures_are_free_then_each_waits_twice_as_long(cloud: Cloud) -> None:
    person(cloud)
    company()
    now = 1_795_000_000.0
    waits = []
    with time_machine.travel(now, tick=False) as clock:
        wrong(cloud, 5, person(cloud))
        for _ in range(13):
            refused = linked(cloud, token(cloud), {"number": "27335"})
            assert (refused.status, refused.code) == (429, "too_many_attempts")
            waits.append(int(refused.headers["retry-after"]))
            clock.shift(waits[-1])
            wrong(cloud, 1, token(cloud))
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


def test_T1_a_locked_person_is_refused_even_with_the_right_three(cloud: Cloud) -> None:
    company()
    with time_machine.travel(1_795_000_000, tick=False) as clock:
        wrong(cloud, 5, person(cloud))
        answer = linked(cloud, token(cloud))
        assert (answer.status, answer.headers["retry-after"]) == (429, "1")
        assert links(cloud) == {}
        assert cloud.mails() == []
        clock.shift(1)
        assert linked(cloud, token(cloud)).status == 201


def test_right_ones_take_no_place(cloud: Cloud) -> None:
    token = person(cloud)
    for number in range(1, 31):
        company(number=str(number), cuit=cuit(number))
    for number in range(1, 31):
        assert linked(cloud, token, {"number": str(number), "cuit": cuit(number)}).status == 201
    kinds = {row["pk"].split("#")[1] for row in cloud.rows("IdentityTable") if row["pk"].startswith("THROTTLE#")}
    assert kinds == {"link-made"}


def test_T7_linking_again_and_again_is_slowed_down_for_that_person_and_company_alone(cloud: Cloud) -> None:
    company()
    company("supplier", "3012", OTHER)
    answers = []
    with time_machine.travel(1_795_000_000, tick=False) as clock:
        ana = person(cloud)
        for _ in range(23):
            answers.append(linked(cloud, ana))
            cloud.call("unlink_company", token=ana, path={"id": "c-27334"})
        assert [answer.status for answer in answers] == [201] * 20 + [429] * 3
        assert answers[-1].headers["retry-after"] == "1"
        told = cloud.mails("company_linked_member")
        assert sum(len(mail.get("entries", [mail])) for mail in told) == 20
        # No stranger's tries are counted there, nor are the own ones anywhere else.
        assert linked(cloud, person(cloud, "a2")).status == 201
        assert linked(cloud, person(cloud), {"role": "supplier", "number": "3012", "cuit": OTHER}).status == 201
        clock.shift(1)
        assert linked(cloud, person(cloud)).status == 201
        cloud.call("unlink_company", token=person(cloud), path={"id": "c-27334"})
        assert linked(cloud, person(cloud)).headers["retry-after"] == "2"


def test_T7_whose_address_is_on_file_is_slowed_down_alike(cloud: Cloud) -> None:
    cloud.link_policy = "proof"
    company()
    with time_machine.travel(1_795_000_000, tick=False):
        ana = person(cloud, email=ON_FILE)
        answers = []
        for _ in range(21):
            answers.append(linked(cloud, ana).status)
            cloud.call("unlink_company", token=ana, path={"id": "c-27334"})
    assert answers == [201] * 20 + [429]


@pytest.mark.parametrize(
    "guess",
    [lambda n: {"number": str(n + 40_000)}, lambda n: {"cuit": cuit(n * 10)}],
    ids=["one CUIT against many numbers", "one number with many CUITs"],
)
def test_T2_strangers_share_thirty_failures_by_cuit_and_by_number(cloud: Cloud, guess: Any) -> None:
    company()
    with time_machine.travel(1_795_000_000, tick=False):
        crowd = strangers(cloud, 10)
        for number in range(30):
            wrong(cloud, 1, crowd[number % 10], {**RIGHT, **guess(number)})
        answer = linked(cloud, person(cloud, "x10"), guess(31))
        assert (answer.status, answer.code) == (429, "too_many_attempts")
        # Nor does the right guess come through now, were it made by somebody new.
        assert linked(cloud, person(cloud, "x11")).status == 429
    assert links(cloud) == {}


def test_T2_200_accounts_against_one_company_get_35_guesses_in_the_first_minute(cloud: Cloud) -> None:
    company()
    with time_machine.travel(1_795_000_000, tick=False) as clock:
        answers: Counter[int] = Counter()
        for number, attacker in enumerate(strangers(cloud, 200)):
            answers[linked(cloud, attacker, {"number": str(30_000 + number)}).status] += 1
            clock.shift(0.3)
    # Thirty free, then one after each lock of 1, 2, 4, 8 and 16 seconds.
    assert answers == {404: 35, 429: 165}
    assert links(cloud) == {}


def test_T2_one_network_has_twenty_failures_whoever_asks(cloud: Cloud) -> None:
    cloud.ip_limits = "on"
    company()
    with time_machine.travel(1_795_000_000, tick=False):
        crowd = strangers(cloud, 8)
        for number in range(20):
            body = {"number": str(40_000 + number), "cuit": cuit(number * 10)}
            wrong(cloud, 1, crowd[number % 8], body, client=f"2001:db8:1:2::{number:x}")
        new = person(cloud, "x9")
        assert linked(cloud, new, client="2001:db8:1:2:ffff::1").status == 429
        assert linked(cloud, new, client="2001:db8:1:3::1").status == 201


def test_limits_by_network_are_off_where_the_template_says_so(cloud: Cloud) -> None:
    company()
    crowd = strangers(cloud, 9)
    for number in range(27):
        wrong(cloud, 1, crowd[number % 9], {"number": str(40_000 + number), "cuit": cuit(number * 10)})


@pytest.mark.parametrize("policy", ["open", "proof"])
def test_T6_strangers_cannot_lock_out_whose_address_is_on_file(cloud: Cloud, policy: str) -> None:
    cloud.link_policy = "open"
    company()
    with time_machine.travel(1_795_000_000, tick=False):
        for number, attacker in enumerate(strangers(cloud, 12)):
            for guess in range(number * 5, number * 5 + 5):
                wrong(
                    cloud,
                    1,
                    attacker,
                    {"number": str(40_000 + guess)} if number % 2 else {**RIGHT, "cuit": cuit(10 * guess)},
                )
        assert linked(cloud, person(cloud, "x12")).status == 429
        cloud.link_policy = policy
        assert linked(cloud, person(cloud, "a1", email=ON_FILE)).status == 201


def test_T7_many_links_at_once_become_few_mails_to_the_company(cloud: Cloud) -> None:
    company()
    with time_machine.travel(1_795_000_000, tick=False):
        for stranger in strangers(cloud, 12):
            assert linked(cloud, stranger).status == 201
    mails = cloud.mails("company_linked", to=ON_FILE)
    told = [len(mail["entries"] if "entries" in mail else mail["data"]["entries"]) for mail in mails]
    assert sorted(told) == [1, 1, 1, 9]


# --- at once ----------------------------------------------------------------------------------------------------------


def test_S17_a_burst_of_32_wrong_guesses_gets_five_answers(cloud: Cloud) -> None:
    company()
    bodies = [{**RIGHT, "number": str(30_000 + number)} for number in range(32)]
    # Time stands: a slow machine would let the sixth in after its second of waiting.
    with time_machine.travel(1_795_000_000, tick=False):
        token = person(cloud)
        answers = cloud.at_once("link_company", [{"body": body, "token": token} for body in bodies])
    assert Counter(answer.status for answer in answers) == {404: 5, 429: 27}


def test_sixteen_at_once_link_once(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    answers = cloud.at_once("link_company", [{"body": RIGHT, "token": token}] * 16)
    counted = Counter(answer.status for answer in answers)
    assert counted == {201: 1, 409: 15}
    assert {answer.json["id"] for answer in answers} == {"c-27334"}
    assert len(cloud.mails("company_linked")) == 1
    assert len(cloud.mails("company_linked_member")) == 1


def test_sixteen_people_at_once_are_all_linked_and_all_told(cloud: Cloud) -> None:
    company()
    requests = [{"body": RIGHT, "token": stranger} for stranger in strangers(cloud, 16)]
    answers = cloud.at_once("link_company", requests)
    assert [answer.status for answer in answers] == [201] * 16
    told = [
        entry["account_id"]
        for mail in cloud.mails("company_linked")
        for entry in (mail["entries"] if "entries" in mail else mail["data"]["entries"])
    ]
    assert sorted(told) == sorted(f"x{number}" for number in range(16))


def test_T10_linking_and_unlinking_at_once_ends_in_one_state(cloud: Cloud) -> None:
    token = person(cloud)
    company()
    link("a1", "c-27334")
    calls = [
        ("link_company", {"body": RIGHT, "token": token}),
        ("unlink_company", {"token": token, "path": {"id": "c-27334"}}),
    ]
    answers = at_once(cloud, calls * 8)
    made = Counter(answer.status for answer in answers[::2])
    ended = Counter(answer.status for answer in answers[1::2])
    assert made.keys() <= {201, 409, 429}
    assert ended.keys() <= {204, 404}
    # There was one, each 201 made one more, each 204 took one away.
    assert len(links(cloud)) == 1 + made[201] - ended[204]
    assert len(cloud.mails("company_linked_member")) == made[201]


# --- calls and faults -------------------------------------------------------------------------------------------------


def test_calls(cloud: Cloud, clock: time_machine.Traveller) -> None:
    token = person(cloud)
    company()
    wrong(cloud, 1, token)
    cloud.counted()
    linked(cloud, token)
    assert cloud.counted() == {"dynamodb:BatchGetItem": 2, "dynamodb:TransactWriteItems": 1}
    linked(cloud, token)
    assert cloud.counted() == {"dynamodb:BatchGetItem": 2}
    for _ in range(4):
        wrong(cloud, 1, token)
        assert cloud.counted() == {"dynamodb:BatchGetItem": 2, "dynamodb:TransactWriteItems": 1}
    linked(cloud, token, {"number": "1"})
    assert cloud.counted() == {"dynamodb:BatchGetItem": 2}


def test_T7_four_calls_also_where_the_company_is_told_by_digest_however_full(cloud: Cloud) -> None:
    company()
    many = 3 + outbox.GATHERED + 2
    with time_machine.travel(1_795_000_000, tick=False):
        for number, stranger in enumerate(strangers(cloud, many)):
            cloud.counted()
            assert linked(cloud, stranger).status == 201
            transactions = 1 if number < 3 else 2
            assert cloud.counted() == {"dynamodb:BatchGetItem": 2, "dynamodb:TransactWriteItems": transactions}
        *_, gathered = sorted(cloud.mails("company_linked"), key=lambda mail: "due_at" in mail)
        assert (len(gathered["entries"]), gathered["more"]) == (outbox.GATHERED, 2)
        html = post.read(cloud, gathered).html
    assert "Y 2 más en pocos minutos." in html
    # Gmail cuts a mail off at 102 KB.
    assert len(html.encode()) < 102_000


@pytest.mark.parametrize("operation", ["dynamodb:BatchGetItem", "dynamodb:TransactWriteItems"])
@pytest.mark.parametrize("body", [RIGHT, {**RIGHT, "number": "1"}], ids=["right", "wrong"])
def test_S77_what_does_not_answer_allows_nothing(cloud: Cloud, operation: str, body: dict[str, str]) -> None:
    token = person(cloud)
    company()
    cloud.faults[operation] = ReadTimeoutError(endpoint_url="https://dynamodb.example")
    before = cloud.rows("CompaniesTable"), cloud.rows("IdentityTable"), cloud.rows("OutboxTable")
    answer = cloud.call("link_company", body, token=token)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert "retry-after" in answer.headers
    assert (cloud.rows("CompaniesTable"), cloud.rows("IdentityTable"), cloud.rows("OutboxTable")) == before


def test_R02_an_answer_lost_after_the_commit_leaves_one_link_and_one_mail(cloud: Cloud) -> None:
    token = person(cloud)
    company()

    def commits_and_falls_silent(call: Any) -> None:
        call()
        raise ReadTimeoutError(endpoint_url="https://dynamodb.example")

    cloud.faults["dynamodb:TransactWriteItems"] = commits_and_falls_silent
    assert linked(cloud, token).status == 503
    cloud.faults.clear()
    again = linked(cloud, token)
    # The 409 names the company, which is all that the 201 would have given the page to go on.
    assert (again.status, again.json["id"]) == (409, "c-27334")
    assert len(cloud.mails("company_linked")) == len(cloud.mails("company_linked_member")) == 1


def test_S74_neither_names_nor_addresses_are_logged(cloud: Cloud, log: io.StringIO) -> None:
    token = person(cloud, email="canario@example.com", first_name="Canaria", last_name="Canarín")
    company(email="registro@canario.example")
    linked(cloud, token)
    linked(cloud, token, {"number": "1"})
    logged = log.getvalue()
    facts = [[line.get(name) for name in ("outcome", "account", "company", "proof")] for line in lines(log)]
    assert facts == [["ok", "a1", "c-27334", "typed"], ["company_not_found", "a1", "c-1", None]]
    assert "anar" not in logged
    assert token not in logged
