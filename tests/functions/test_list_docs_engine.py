"""The documents' store over Amazon's own DynamoDB Local, where it is installed: spans, start keys and what a page costs
are the engine's word there, not an emulator's."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from miinti import aws
from miinti.documents import items, listing, rows, store
from miinti.documents.kinds import KINDS
from tests import documents, dynamodb_local
from tests.documents import expected, in_order, made_voucher

TODAY = dt.date(2026, 6, 30)
COMPANY = {"id": "c-27334", "n_voucher": 114, "n_quote": 14, "n_work_order": 11}
SORTS = [(kind, sign + name) for kind in ("voucher", "quote") for name in KINDS[kind].sorts for sign in ("", "-")]


@pytest.fixture(scope="module")
def engine() -> Iterator[list[float]]:
    """A table as the template declares it, with the documents of one client and of a larger one; gives the read units
    that queries have cost, as they come."""
    units: list[float] = []
    with dynamodb_local.tables(COMPANIES_TABLE="CompaniesTable") as client:
        _fill(client)
        client.meta.events.register("provide-client-params.dynamodb.Query", _told)
        client.meta.events.register("after-call.dynamodb.Query", lambda parsed, **_: units.append(_cost(parsed)))
        yield units


def _told(params: dict[str, Any], **_: Any) -> dict[str, Any]:
    return {**params, "ReturnConsumedCapacity": "TOTAL"}


def _cost(parsed: dict[str, Any]) -> float:
    return float(parsed["ConsumedCapacity"]["CapacityUnits"])


def _fill(client: Any) -> None:
    lines = [
        documents.row_of(*reader(line))
        for kind, (_, reader) in documents.READERS.items()
        for line in documents.lines_of(kind, "c-27334")
        if KINDS[kind].role == "client"
    ]
    lines += [made_voucher("c-5000", n) for n in range(5000)]
    puts = [{"PutRequest": {"Item": aws.pack(line)}} for line in lines]
    for start in range(0, len(puts), 25):
        client.batch_write_item(RequestItems={"CompaniesTable": puts[start : start + 25]})


def walked(company: dict[str, Any], units: list[float], **query: str) -> tuple[list[dict[str, Any]], list[float]]:
    """All pages of a list: their items, and what each page cost."""
    wanted = listing.asked("client", query)
    seen: list[dict[str, Any]] = []
    costs, after = [], None
    while True:
        units.clear()
        page = store.page(company, wanted, after, TODAY)
        costs.append(sum(units))
        seen += [dict(items.item(facts, TODAY)) for facts in page.facts]
        after = page.next
        if after is None:
            return seen, costs


@pytest.mark.parametrize(("kind", "sort"), SORTS)
@pytest.mark.parametrize("limit", ["7", "57", "100"])
def test_every_order(engine: list[float], kind: str, sort: str, limit: str) -> None:
    seen, _ = walked(COMPANY, engine, kind=kind, sort=sort, limit=limit)
    assert seen == in_order(expected(kind, "c-27334"), sort)


@pytest.mark.parametrize("small", [False, True])
@pytest.mark.parametrize(
    "query",
    [
        {"from": "2021-01-01", "to": "2023-12-31"},
        {"from": "2021-01-01"},
        {"to": "2021-01-01"},
        {"status": "overdue"},
        {"status": "due"},
        {"status": "paid"},
        {"type": "006"},
        {"q": "factura"},
        {"q": "1,0", "from": "2020-01-01"},
    ],
)
def test_every_filter(engine: list[float], monkeypatch: pytest.MonkeyPatch, small: bool, query: dict[str, str]) -> None:
    """Counted whole, and where reading has to stop on the way."""
    if small:
        for name, value in {"READ_MAX": 30, "_CHUNK": 4}.items():
            monkeypatch.setattr(store, name, value)
    kept = [
        item
        for item in expected("voucher", "c-27334")
        if query.get("from", "") <= item["date"] <= query.get("to", "9999")
        and query.get("status", item["status"]) == item["status"]
        and query.get("type", item["type"]) == item["type"]
        and documents.found(item, query.get("q", ""))
    ]
    for sort in ("-date", "status", "-collected", "number", "-type"):
        seen, _ = walked(COMPANY, engine, sort=sort, **query)
        assert seen == in_order(kept, sort)


def test_a_page_of_25_costs_half_a_read_unit_in_every_index(engine: list[float]) -> None:
    """The first page and one in the middle; by number the whole rows are read, which are longer."""
    company = {"id": "c-5000", "n_voucher": 5000}
    for sort in (sign + name for name in KINDS["voucher"].sorts for sign in ("", "-")):
        wanted = listing.asked("client", {"sort": sort, "limit": "25"})
        page = store.page(company, wanted, None, TODAY)
        place = rows.place(KINDS["voucher"].sorts[wanted.sort], made_middle(wanted.sort))
        for after in (None, page.next, store.Position(place, uncounted=False)):
            engine.clear()
            store.page(company, wanted, after, TODAY)
            assert len(engine) == 1
            assert engine[0] <= (0.5 if wanted.sort != "number" else 3)


def made_middle(sort: str) -> dict[str, Any]:
    """A voucher somewhere inside, with an amount where that is the order."""
    n = 2403 if sort == "collected" else 2404
    return {"id": made_voucher("c-5000", n)["id"], **documents.made_facts(n)}
