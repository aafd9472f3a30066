"""GET /v1/companies."""

import pytest

from miinti.companies.company import place
from tests.cloud import Cloud
from tests.companies import company, cuit, link, person

NAMES = ["Ñandú Sur SA", "Nueva Era SA", "Zeta SRL", "Álamo SA", "alba SRL", "NÚÑEZ Hnos", "Óptica Norte", "Nzeta SA"]
SORTED = ["Álamo SA", "alba SRL", "Nueva Era SA", "NÚÑEZ Hnos", "Nzeta SA", "Ñandú Sur SA", "Óptica Norte", "Zeta SRL"]


def test_a_company_is_answered_as_the_contract_says(cloud: Cloud) -> None:
    token = person(cloud)
    link("a1", company(), linked_at=1782000000)
    link("a1", company("supplier", "3012", name="Proveedora SA"))
    answer = cloud.call("list_companies", token=token)
    assert answer.status == 200
    assert answer.json["items"][0] == {
        "id": "c-27334",
        "role": "client",
        "cuit": "33693450239",
        "number": "27334",
        "name": "ADM. FEDERAL DE ING. PUBLICOS",
        "address": "Hipólito Yrigoyen 370, CABA",
        "balance": {"amount": "242168.00", "currency": "ARS", "as_of": "2026-07-01T02:59:59Z"},
        "linked_at": "2026-06-21T00:00:00Z",
    }
    supplier = answer.json["items"][1]
    assert (supplier["id"], supplier["role"], supplier["balance"]) == ("s-3012", "supplier", None)
    assert (answer.json["total"], answer.json["next"]) == (2, None)


@pytest.mark.parametrize(
    ("cents", "amount"), [(0, "0.00"), (-58013427, "-580134.27"), (5, "0.05"), (None, None)]
)  # fmt: skip
def test_a_balance_is_text_with_two_decimals_or_null(cloud: Cloud, cents: int | None, amount: str | None) -> None:
    token = person(cloud)
    link("a1", company(balance=cents, as_of=None if cents is None else 1782874799))
    (item,) = cloud.call("list_companies", token=token).json["items"]
    assert (item["balance"] and item["balance"]["amount"]) == amount


def test_nothing_linked_is_an_empty_list(cloud: Cloud) -> None:
    company()
    answer = cloud.call("list_companies", token=person(cloud))
    assert answer.json == {"items": [], "total": 0, "next": None}


def test_role_chooses(cloud: Cloud) -> None:
    token = person(cloud)
    link("a1", company("client", "27334"))
    link("a1", company("supplier", "27334", cuit(11)))
    for role, wanted in (("client", ["c-27334"]), ("supplier", ["s-27334"])):
        answer = cloud.call("list_companies", token=token, query={"role": role})
        assert [item["id"] for item in answer.json["items"]] == wanted
        assert answer.json["total"] == 1


def test_a_wrong_query_is_refused(cloud: Cloud) -> None:
    token = person(cloud)
    for query, field, code in (
        ({"role": "staff"}, "role", "not_allowed"),
        ({"role": ""}, "role", "not_allowed"),
        ({"limit": "0"}, "limit", "too_small"),
        ({"limit": "101"}, "limit", "too_large"),
        ({"limit": "ten"}, "limit", "wrong_type"),
        ({"page": "2"}, "page", "unknown"),
    ):
        answer = cloud.call("list_companies", token=token, query=query)
        assert (answer.status, answer.fields()) == (422, {field: code})


def test_the_order_is_a_spanish_reader_s(cloud: Cloud) -> None:
    token = person(cloud)
    for number, name in enumerate(NAMES):
        link("a1", company(number=str(number), name=name))
    answer = cloud.call("list_companies", token=token)
    assert [item["name"] for item in answer.json["items"]] == SORTED


def test_equal_names_stand_by_id() -> None:
    same = [{"id": identity, "name": "Sucursal"} for identity in ("c-9", "c-10", "s-1")]
    assert [row["id"] for row in sorted(same, key=place)] == ["c-10", "c-9", "s-1"]


def test_pages_give_each_company_once_also_while_they_change(cloud: Cloud) -> None:
    token = person(cloud)
    for number in range(100, 125):
        link("a1", company(number=str(number), name=f"Firma {number // 2}"))
    first = cloud.call("list_companies", token=token).json
    assert (len(first["items"]), first["total"]) == (10, 25)
    # One that was shown goes, one that sorts before comes: neither moves what is still to be shown.
    cloud.call("unlink_company", token=token, path={"id": first["items"][9]["id"]})
    link("a1", company(number="99", name="AAA"))
    seen = [item["id"] for item in first["items"]]
    cursor = first["next"]
    while cursor:
        page = cloud.call("list_companies", token=token, query={"cursor": cursor, "limit": "4"}).json
        assert page["total"] == 25
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
    assert seen == [f"c-{number}" for number in range(100, 125)]


def test_S64_a_cursor_is_for_its_person_and_its_query(cloud: Cloud) -> None:
    ana, eva = person(cloud, "a1"), person(cloud, "a2")
    for number in ("1", "2"):
        for account_id in ("a1", "a2"):
            link(account_id, company(number=number))
    cursor = cloud.call("list_companies", token=ana, query={"limit": "1"}).json["next"]
    assert cloud.call("list_companies", token=ana, query={"limit": "1", "cursor": cursor}).json["next"] is None
    for token, query in (
        (eva, {"cursor": cursor}),
        (ana, {"cursor": cursor, "role": "client"}),
        (ana, {"cursor": cursor[:-1]}),
        (ana, {"cursor": ""}),
        (ana, {"cursor": "ñ"}),
    ):
        answer = cloud.call("list_companies", token=token, query=query)
        assert (answer.status, answer.code) == (400, "bad_cursor")


def test_S46_only_one_s_own_active_links_are_seen(cloud: Cloud) -> None:
    ana, eva = person(cloud, "a1"), person(cloud, "a2")
    link("a1", company(number="1"))
    link("a1", company(number="2"), state="suspended")
    link("a2", company(number="3"))
    assert [item["id"] for item in cloud.call("list_companies", token=ana).json["items"]] == ["c-1"]
    assert [item["id"] for item in cloud.call("list_companies", token=eva).json["items"]] == ["c-3"]
    assert cloud.call("list_companies", token=ana).json["total"] == 1


def test_requests_and_the_like_are_no_links(cloud: Cloud) -> None:
    cloud.link_policy = "proof"
    token = person(cloud)
    company()
    asked = cloud.call("link_company", {"role": "client", "cuit": "33693450239", "number": "27334"}, token=token)
    assert asked.status == 202
    assert cloud.call("list_companies", token=token).json["items"] == []


def test_thirty_companies_cost_three_calls(cloud: Cloud) -> None:
    token = person(cloud)
    for number in range(30):
        link("a1", company(number=str(number)))
    cloud.call("list_companies", token=token)
    cloud.counted()
    assert cloud.call("list_companies", token=token, query={"limit": "30"}).json["total"] == 30
    assert cloud.counted() == {"dynamodb:BatchGetItem": 2, "dynamodb:Query": 1}


def test_more_than_a_hundred_companies(cloud: Cloud) -> None:
    token = person(cloud)
    for number in range(1, 122):
        link("a1", company(number=str(number), name=f"Firma {number:03d}"))
    answer = cloud.call("list_companies", token=token, query={"limit": "100"}).json
    assert (len(answer["items"]), answer["total"]) == (100, 121)
    rest = cloud.call("list_companies", token=token, query={"limit": "100", "cursor": answer["next"]}).json
    assert [item["number"] for item in rest["items"]] == [str(number) for number in range(101, 122)]


def test_without_a_session_nothing_is_said(cloud: Cloud) -> None:
    assert cloud.call("list_companies").code == "invalid_token"
