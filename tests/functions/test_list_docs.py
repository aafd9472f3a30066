"""GET /v1/companies/{id}/docs, compared with a plain computation over the files of the sample data."""

import itertools
import random
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miinti import aws, cursors
from miinti.accounts import sessions
from miinti.companies import access
from miinti.documents import rows
from miinti.documents.kinds import KINDS
from tests import documents
from tests.cloud import Cloud, moto_cloud
from tests.documents import AS_OF, company_row, expected, fill, found, in_order, person, row_of, walk

HERE = ("c-27334", "s-27334", "s-3178")
"""Companies of the sample that stay in the table for the whole module."""
BUSY = {"voucher": "c-27334", "withholding": "s-3178", "quote": "c-27334", "work_order": "c-27334"}
COMPANIES = [
    (kind, access.company_id(KINDS[kind].role, line["code"]))
    for line in documents.table("companies")
    for kind in KINDS
    if {"Cliente": "client", "Proveedor": "supplier"}[line["kind"]] == KINDS[kind].role
]
SORTS = [(kind, sign + name) for kind in KINDS for name in KINDS[kind].sorts for sign in ("", "-")]
_names = itertools.count(900_000)


@pytest.fixture(scope="module")
def library() -> Iterator[Cloud]:
    """A cloud with some of the sample data, the same for the whole module; tests add only companies of their own."""
    with pytest.MonkeyPatch.context() as patch, moto_cloud(patch) as cloud:
        documents.seed(*HERE)
        yield cloud


@pytest.fixture
def token(library: Cloud) -> Iterator[str]:
    """Somebody linked to every company of the sample, on the day that the files' states are of."""
    with time_machine.travel(AS_OF):
        yield person(library, "all", *dict.fromkeys(company_id for _, company_id in COMPANIES))


def fresh_company(role: str = "client", **more: Any) -> str:
    """A company of a test's own, which person ``all`` is linked to."""
    company_id = access.company_id(role, str(next(_names)))
    fill([company_row(company_id, **more), documents.link_row("all", company_id)])
    return company_id


# --- items, orders ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("kind", "company_id"), COMPANIES)
def test_every_document_field_by_field(library: Cloud, token: str, kind: str, company_id: str) -> None:
    if company_id not in HERE:
        documents.seed(company_id)
    items, total = walk(library, token, company_id, kind=kind, limit="100")
    if company_id not in HERE:
        documents.forget(company_id)
    assert items == in_order(expected(kind, company_id), "-date")
    assert total == len(items)


@pytest.mark.parametrize(("kind", "sort"), SORTS)
def test_every_order(library: Cloud, token: str, kind: str, sort: str) -> None:
    company_id = BUSY[kind]
    items, total = walk(library, token, company_id, kind=kind, sort=sort, limit="23")
    assert [item["id"] for item in items] == [item["id"] for item in in_order(expected(kind, company_id), sort)]
    assert total == len(items)


@pytest.mark.parametrize(("company_id", "kind"), [("c-27334", "voucher"), ("s-27334", "withholding")])
def test_left_out_kind_order_and_limit(library: Cloud, token: str, company_id: str, kind: str) -> None:
    answer = library.call("list_docs", token=token, path={"id": company_id})
    assert answer.json["items"] == in_order(expected(kind, company_id), "-date")[:10]
    assert answer.json["company"]["id"] == company_id
    assert (answer.json["company"]["balance"] is None) == (kind == "withholding")


def test_the_company_comes_as_the_list_of_companies_has_it(library: Cloud, token: str) -> None:
    answer = library.call("list_docs", token=token, path={"id": "c-27334"}, query={"limit": "1"})
    assert answer.json["company"] == {
        "id": "c-27334",
        "role": "client",
        "cuit": "33693450239",
        "number": "27334",
        "name": "ADM. FEDERAL DE ING. PUBLICOS",
        "address": "Hipólito Yrigoyen 370, CABA",
        "balance": {"amount": "242168.00", "currency": "ARS", "as_of": "2026-07-01T02:59:59Z"},
        "linked_at": "2026-06-21T00:00:00Z",
    }


def test_a_company_without_documents(library: Cloud, token: str) -> None:
    answer = library.call("list_docs", token=token, path={"id": fresh_company()}, query={"sort": "-billed"})
    assert (answer.json["items"], answer.json["total"], answer.json["next"]) == ([], 0, None)


# --- filters and search -----------------------------------------------------------------------------------------------


def narrowed(kind: str, company_id: str, query: dict[str, str]) -> list[dict[str, Any]]:
    """What a query leaves of a company's documents, by the files alone, in order."""
    state, sort = "stage" if kind == "work_order" else "status", query.get("sort", "-date")
    kept = [
        item
        for item in expected(kind, company_id)
        if query.get("from", "") <= item["date"] <= query.get("to", "9999")
        and query.get("status", item[state]) == item[state]
        and query.get("type", item.get("type") or item.get("tax")) == (item.get("type") or item.get("tax"))
        and found(item, query.get("q", ""))
    ]
    return in_order(kept, sort)


def queries(kind: str) -> Iterator[dict[str, str]]:
    """Filters of a kind, alone and together, in its orders in turn."""
    items = expected(kind, BUSY[kind])
    days = sorted(item["date"] for item in items)
    middle, low, high = days[len(days) // 2], days[len(days) // 4], days[3 * len(days) // 4]
    dates: list[dict[str, str]] = [
        {},
        {"from": middle},
        {"to": middle},
        {"from": low, "to": high},
        {"from": middle, "to": middle},
        {"from": "2019-01-01", "to": "2019-01-02"},
    ]
    types = [
        {},
        *({"type": code} for code in dict.fromkeys(item.get("type") or item.get("tax") for item in items) if code),
    ]
    states: list[dict[str, str]] = [{}, *({"status": state} for state in KINDS[kind].states)]
    sorts = itertools.cycle(sign + name for name in KINDS[kind].sorts for sign in ("", "-"))
    for parts in itertools.chain(
        itertools.product(dates, [{}], states),
        itertools.product([dates[0], dates[3]], types, [*states[:3], {"q": "0"}]),
    ):
        yield {"sort": next(sorts)} | {name: value for part in parts for name, value in part.items()}


@pytest.mark.parametrize(("kind", "query"), [(kind, query) for kind in KINDS for query in queries(kind)])
def test_every_filter(library: Cloud, token: str, kind: str, query: dict[str, str]) -> None:
    company_id = BUSY[kind]
    items, total = walk(library, token, company_id, kind=kind, limit="60", **query)
    wanted = narrowed(kind, company_id, query)
    assert [item["id"] for item in items] == [item["id"] for item in wanted]
    assert total == len(wanted)


SEARCHES = {
    "voucher": [
        "1513", "205-1513", "0205-1513", "0205-00001513", "00205-00001513", "20500001513", "0020500001513", "205–1513",
        "5-15", "00001513",
        "factura", "FACTURA", "crédito", "credito", "Nota de Cre", "  recibo ", "pagado", "VENCIDO", "a cuenta", "anul",
        "242.168,00", "$ 0,00", "0,00", "$ 1", "1,0", "$1", "-$", "nada de esto", "%", "'", "<b>", "\x00", "ß", ",",
    ],
    "withholding": ["iva", "IVA", "ganancias", "emitido", "anulado", "2020", "20190000000001", "$ 2", ",20", "zzz"],
    "quote": ["P-2019", "p-2020-0000", "aceptado", "Vencido", "enviado", "$ 8", ".294,30", "84494,30", "zzz"],
    "work_order": ["OT-2020", "ot-", "facturada", "INFORME", "ejecucion", "revisión", "100", "zzz"],
}  # fmt: skip


@pytest.mark.parametrize(("kind", "q"), [(kind, q) for kind, some in SEARCHES.items() for q in some])
def test_every_search(library: Cloud, token: str, kind: str, q: str) -> None:
    company_id = BUSY[kind]
    items, total = walk(library, token, company_id, kind=kind, q=q, limit="100")
    wanted = narrowed(kind, company_id, {"q": q})
    assert [item["id"] for item in items] == [item["id"] for item in wanted]
    assert total == len(wanted)


def test_searches_drawn_from_the_documents_themselves(library: Cloud, token: str) -> None:
    """Any piece of what a document shows finds it, and what the files say and no other."""
    dice = random.Random(27334)  # noqa: S311  # repeatable, nothing secret
    items = expected("voucher", "c-27334")
    for _ in range(40):
        item = dice.choice(items)
        texts = [item["number"], item["type_label"], item["status_label"], *documents._amounts(item)]
        text = dice.choice(texts)
        start = dice.randrange(len(text))
        q = text[start : start + dice.randint(1, 8)]
        got, _ = walk(library, token, "c-27334", q=q, limit="100")
        assert [one["id"] for one in got] == [one["id"] for one in narrowed("voucher", "c-27334", {"q": q})], q


def test_a_search_of_nothing_is_no_filter(library: Cloud, token: str) -> None:
    for q in ("", "   ", "\u00a0"):
        answer = library.call("list_docs", token=token, path={"id": "c-27334"}, query={"q": q})
        assert answer.json["total"] == len(expected("voucher", "c-27334"))


def test_from_after_to_is_an_empty_list(library: Cloud, token: str) -> None:
    library.counted()
    query = {"from": "2020-02-02", "to": "2020-02-01"}
    answer = library.call("list_docs", token=token, path={"id": "c-27334"}, query=query)
    assert (answer.status, answer.json["items"], answer.json["total"]) == (200, [], 0)
    assert library.counted()["dynamodb:Query"] == 0


# --- states turn with the day -----------------------------------------------------------------------------------------


def test_overdue_turns_at_midnight_in_buenos_aires(library: Cloud) -> None:
    with time_machine.travel(AS_OF):
        token = person(library, "all")
        company_id = fresh_company(n_voucher=2)
    for n, due in enumerate(("2026-06-30", "2026-07-01")):
        facts = {"date": "2026-06-01", "due_date": due, "billed": 100, "collected": None, "remaining": 40 * (n + 1)}
        fill([row_of(company_id, rows.voucher_id("001", 1, n + 1), facts)])

    def seen(instant: str, **query: str) -> list[str]:
        with time_machine.travel(instant):
            token = person(library, "all")
            items, total = walk(library, token, company_id, sort="status", **query)
            assert total == len(items)
            return [item["status"] for item in items]

    assert token
    assert seen("2026-07-01T02:59:00Z") == ["partial", "partial"]
    assert seen("2026-07-01T03:01:00Z") == ["overdue", "partial"]
    assert seen("2026-07-01T02:59:00Z", status="overdue") == []
    assert seen("2026-07-01T03:01:00Z", status="overdue") == ["overdue"]
    assert seen("2026-07-02T03:01:00Z", status="partial") == []
    assert seen("2026-07-02T03:01:00Z", status="overdue") == ["overdue", "overdue"]


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("company_id", "query", "fields"),
    [
        ("c-27334", {"kind": "withholding"}, {"kind": "not_allowed"}),
        ("s-27334", {"kind": "voucher"}, {"kind": "not_allowed"}),
        ("s-27334", {"kind": "quote"}, {"kind": "not_allowed"}),
        ("s-27334", {"kind": "work_order"}, {"kind": "not_allowed"}),
        ("c-27334", {"kind": "invoice"}, {"kind": "not_allowed"}),
        ("c-27334", {"kind": ""}, {"kind": "not_allowed"}),
        ("c-27334", {"sort": "amount"}, {"sort": "not_allowed"}),
        ("c-27334", {"sort": "-stage"}, {"sort": "not_allowed"}),
        ("c-27334", {"sort": "--date"}, {"sort": "not_allowed"}),
        ("c-27334", {"sort": "date,number"}, {"sort": "not_allowed"}),
        ("c-27334", {"kind": "quote", "sort": "status"}, {"sort": "not_allowed"}),
        ("s-27334", {"sort": "billed"}, {"sort": "not_allowed"}),
        ("c-27334", {"status": "issued"}, {"status": "not_allowed"}),
        ("c-27334", {"status": "Pagado"}, {"status": "not_allowed"}),
        ("c-27334", {"kind": "work_order", "status": "paid"}, {"status": "not_allowed"}),
        ("c-27334", {"type": "999"}, {"type": "not_allowed"}),
        ("c-27334", {"type": ""}, {"type": "not_allowed"}),
        ("s-27334", {"type": "iva"}, {"type": "not_allowed"}),
        ("c-27334", {"kind": "quote", "type": "001"}, {"type": "unknown"}),
        ("c-27334", {"kind": "work_order", "type": "001"}, {"type": "unknown"}),
        ("c-27334", {"from": "2020-02-30"}, {"from": "invalid_day"}),
        ("c-27334", {"from": "01/02/2020"}, {"from": "invalid_day"}),
        ("c-27334", {"to": "20200201", "from": ""}, {"to": "invalid_day", "from": "invalid_day"}),
        ("c-27334", {"limit": "0"}, {"limit": "too_small"}),
        ("c-27334", {"limit": "101"}, {"limit": "too_large"}),
        ("c-27334", {"limit": "ten"}, {"limit": "wrong_type"}),
        ("c-27334", {"limit": "-1"}, {"limit": "wrong_type"}),
        ("c-27334", {"q": "x" * 101}, {"q": "too_long"}),
        ("c-27334", {"page": "2"}, {"page": "unknown"}),
        ("c-27334", {"sort": "amount", "status": "issued"}, {"sort": "not_allowed", "status": "not_allowed"}),
    ],
)
def test_a_wrong_query_is_named(
    library: Cloud, token: str, company_id: str, query: dict[str, str], fields: dict[str, str]
) -> None:
    answer = library.call("list_docs", token=token, path={"id": company_id}, query=query)
    assert (answer.status, answer.code) == (422, "validation_failed")
    assert answer.fields() == fields
    assert all(error["message"] for error in answer.json["errors"])


STRANGE_IDS = ["c-99999", "s-3012", "c-027334", "C-27334", "27334", "c-", "x", "../c-27334", "c-27334%2f",
               "c-27334\x00", "c-27334#COMPANY", "c-٣", " c-27334", "c-27334\n"]  # fmt: skip


def test_S46_what_is_not_yours_does_not_exist(library: Cloud) -> None:
    with time_machine.travel(AS_OF):
        token = person(library, "ana", "c-27334")
        fill([documents.link_row("ana", "c-10021", state="suspended")])
        answers = [library.call("list_docs", token=token, path={"id": other}) for other in ["c-10021", *STRANGE_IDS]]
    assert {answer.status for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1


def test_S47_a_link_as_client_shows_nothing_of_the_supplier_of_the_same_number(library: Cloud) -> None:
    with time_machine.travel(AS_OF):
        token = person(library, "bea", "s-27334")
        assert library.call("list_docs", token=token, path={"id": "c-27334"}).status == 404
        items, _ = walk(library, token, "s-27334")
    assert {item["kind"] for item in items} == {"withholding"}


def test_S48_unlinking_ends_the_list_at_once(library: Cloud) -> None:
    with time_machine.travel(AS_OF):
        token = person(library, "cora", "c-27334")
        assert library.call("list_docs", token=token, path={"id": "c-27334"}).status == 200
        aws.write(aws.delete("CompaniesTable", access.link_key("cora", "c-27334")))
        assert library.call("list_docs", token=token, path={"id": "c-27334"}).status == 404


def test_an_ended_session_is_refused_whatever_the_company(library: Cloud) -> None:
    with time_machine.travel(AS_OF):
        token = person(library, "dora", "c-27334")
        aws.write(aws.delete("IdentityTable", sessions.key("dora", "s1")))
        for company_id in ("c-27334", "c-1", "no such id"):
            answer = library.call("list_docs", token=token, path={"id": company_id})
            assert (answer.status, answer.code) == (401, "invalid_token")
    assert library.call("list_docs", path={"id": "c-27334"}).status == 401


# --- cursors ----------------------------------------------------------------------------------------------------------


def refused(cloud: Cloud, token: str, company_id: str, **query: str) -> bool:
    answer = cloud.call("list_docs", token=token, path={"id": company_id}, query=query)
    return (answer.status, answer.json.get("code")) == (400, "bad_cursor")


def test_S64_a_cursor_is_good_for_its_person_and_its_query_alone(library: Cloud, token: str) -> None:
    first = {"sort": "-date", "q": "factura", "limit": "5"}
    answer = library.call("list_docs", token=token, path={"id": "c-27334"}, query=first)
    cursor = answer.json["next"]
    assert refused(library, token, fresh_company(), **first, cursor=cursor)
    for other in (
        {"sort": "date"},
        {"sort": "number"},
        {"kind": "quote"},
        {"q": "recibo"},
        {"q": ""},
        {"from": "2019-01-01"},
        {"to": "2030-01-01"},
        {"status": "paid"},
        {"type": "006"},
    ):
        assert refused(library, token, "c-27334", **{**first, **other}, cursor=cursor), other
    somebody = person(library, "elsa", "c-27334")
    assert refused(library, somebody, "c-27334", **first, cursor=cursor)


def test_a_cursor_goes_on_when_the_same_query_is_spelled_out_or_its_pages_grow(library: Cloud, token: str) -> None:
    answer = library.call("list_docs", token=token, path={"id": "c-27334"}, query={"limit": "5"})
    wanted = [item["id"] for item in in_order(expected("voucher", "c-27334"), "-date")[5:25]]
    for query in ({"limit": "20"}, {"limit": "20", "kind": "voucher", "sort": "-date", "q": " "}):
        following = library.call(
            "list_docs", token=token, path={"id": "c-27334"}, query={**query, "cursor": answer.json["next"]}
        )
        assert [item["id"] for item in following.json["items"]] == wanted


@given(data=st.data())
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_S64_a_forged_cursor_is_refused(library: Cloud, token: str, data: st.DataObject) -> None:
    answer = library.call("list_docs", token=token, path={"id": "c-27334"}, query={"sort": "number"})
    good = answer.json["next"]
    at = data.draw(st.integers(0, len(good) - 1))
    forged = data.draw(
        st.one_of(
            st.text(max_size=60),
            st.just(good[:at]),
            st.just(good + good),
            st.characters(min_codepoint=33, max_codepoint=126)
            .filter(lambda c: c != good[at])
            .map(lambda c: good[:at] + c + good[at + 1 :]),
        )
    )
    # The last character of base64 without padding has bits that say nothing: another spelling of the same cursor.
    if at < len(good) - 1 or len(forged) != len(good):
        assert refused(library, token, "c-27334", sort="number", cursor=forged)


def test_a_cursor_for_a_list_of_another_route_is_refused(library: Cloud, token: str) -> None:
    with library.as_function("list_docs"):
        cursor = cursors.sealed("all", "companies ", ["c-27334", False])
    assert refused(library, token, "c-27334", cursor=cursor)
