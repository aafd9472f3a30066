"""What GET /v1/companies/{id}/docs costs, at any size of company, and what it imports."""

import itertools
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

import pytest
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict

from miinti import cursors
from miinti.documents import listing, rows, store
from miinti.documents.kinds import KINDS
from tests import documents
from tests.cloud import Cloud
from tests.documents import VOUCHER_SORTS, Reads, company_row, fill, made_facts, made_voucher, person
from tests.template import sam

# --- unfiltered: one Query of one page --------------------------------------------------------------------------------


def test_list_takes_two_calls(library: Cloud) -> None:
    company_id = "c-101"
    fill([company_row(company_id, n_voucher=40), *(made_voucher(company_id, n) for n in range(40))])
    token = person(library, "a1", company_id)
    for query in ({}, {"sort": "-status", "limit": "100"}, {"kind": "quote"}):
        library.call("list_docs", token=token, path={"id": company_id}, query=query)
        library.counted()
        answer = library.call("list_docs", token=token, path={"id": company_id}, query=query)
        assert answer.status == 200
        assert library.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 1}


def test_only_the_page_that_crosses_into_absent_amounts_takes_one_query_more(library: Cloud, reads: Reads) -> None:
    company_id = "c-102"
    fill([company_row(company_id, n_voucher=40), *(made_voucher(company_id, n) for n in range(40))])
    token = person(library, "a1", company_id)
    present = 30
    queries = []
    cursor: dict[str, str] = {}
    for page in range(8):
        query = {"sort": "-billed", "limit": "5", **cursor}
        answer = library.call("list_docs", token=token, path={"id": company_id}, query=query)
        queries.append(len(reads.taken()))
        billed = [item["billed"] for item in answer.json["items"]]
        assert all(amount is not None for amount in billed) == (page < present // 5)
        cursor = {"cursor": answer.json["next"]}
    assert answer.json["next"] is None
    # The sixth page ends with the last amount and finds its next row beyond; the seventh goes on from that amount.
    assert queries == [1, 1, 1, 1, 1, 2, 2, 1]


def test_next_is_null_exactly_at_the_end(library: Cloud) -> None:
    company_id = "c-103"
    fill([company_row(company_id, n_voucher=20), *(made_voucher(company_id, n) for n in range(20))])
    token = person(library, "a1", company_id)
    for sort, limit, query in itertools.product(VOUCHER_SORTS[::3], (10, 20, 100), ({}, {"from": "2000-01-01"})):
        seen, cursor = 0, dict[str, str]()
        while True:
            answer = library.call(
                "list_docs",
                token=token,
                path={"id": company_id},
                query={"sort": sort, "limit": str(limit), **query, **cursor},
            )
            seen += len(answer.json["items"])
            assert (answer.json["next"] is None) == (seen == 20)
            assert answer.json["total"] == 20
            if seen == 20:
                break
            cursor = {"cursor": answer.json["next"]}


@pytest.fixture(scope="module", autouse=True)
def sorted_here(library: Cloud) -> Iterator[None]:
    """What ``crowded`` does to moto's table ends with this module: the table outlives it."""
    yield
    table = documents.companies_table()
    for name in ("all_items", "sorted_items"):
        vars(table).pop(name, None)


@pytest.fixture(scope="module")
def crowd(library: Cloud) -> tuple[str, str]:
    """A company of a hundred vouchers and one of a hundred thousand."""
    few, many = "c-100", "c-100000"
    fill([company_row(few, n_voucher=100), company_row(many, n_voucher=100_000)])
    crowded(
        itertools.chain((made_voucher(few, n) for n in range(100)), (made_voucher(many, n) for n in range(100_000)))
    )
    return few, many


def crowded(some: Iterable[dict[str, Any]]) -> None:
    """Rows into moto's table without its checks; and since moto sorts the whole table for each Query, let it sort plain
    text and keep what it sorted. What a Query reads and answers stays moto's own doing."""
    table = documents.companies_table()
    for row in some:
        item: Any = Item.__new__(Item)
        item.hash_key, item.range_key = DynamoType({"S": row["pk"]}), DynamoType({"S": row["sk"]})
        item.attrs = LimitedSizeDict.__new__(LimitedSizeDict)
        for name in ("pk", "sk", "s1", "s2", "s3", "s4", "s5", "l"):
            dict.__setitem__(item.attrs, name, DynamoType({"S": row[name]}))
        table.items[item.hash_key][item.range_key] = item
    kept: dict[Any, list[Any]] = {}

    def all_items() -> list[Any]:
        count = sum(map(len, table.items.values()))
        if count not in kept:
            every = (item for partition in table.items.values() for item in partition.values())
            kept[count] = sorted(every, key=lambda item: (item.hash_key.value, item.range_key.value))
        return list(kept[count])

    def sorted_items(hash_keys: list[str], range_keys: list[str], items: list[Any]) -> list[Any]:
        key = (*hash_keys, *range_keys, len(items))
        if key not in kept:
            kept[key] = sorted(items, key=lambda item: item.attrs[range_keys[0]].value)
        return list(kept[key])

    table.all_items, table.sorted_items = all_items, sorted_items


@pytest.mark.parametrize("sort", VOUCHER_SORTS)
def test_a_page_reads_the_same_at_a_hundred_and_at_a_hundred_thousand(
    library: Cloud, reads: Reads, crowd: tuple[str, str], sort: str
) -> None:
    token = person(library, "a1", *crowd)
    for place in ("first", "middle"):
        costs = []
        for company_id, count in zip(crowd, (100, 100_000), strict=True):
            query = {"sort": sort}
            if place == "middle":
                query["cursor"] = cursor_halfway(library, company_id, query)
            answer = library.call("list_docs", token=token, path={"id": company_id}, query=query)
            assert len(answer.json["items"]) == 10
            assert answer.json["total"] == count
            costs.append(reads.taken())
        assert costs == [[11], [11]]


def cursor_halfway(cloud: Cloud, company_id: str, query: dict[str, str]) -> str:
    """The cursor that a page ending in the middle of the (present) rows would have given to person ``a1``."""
    asked = listing.asked("client", query)
    by = rows.attribute(asked.kind.sorts[asked.sort])
    shelf = documents.companies_table().items[DynamoType({"S": f"COMPANY#{company_id}"})].values()
    places = sorted(place for item in shelf if by in item.attrs and "#2#" not in (place := item.attrs[by].value))
    with cloud.as_function("list_docs"):
        halfway = store.Position(places[len(places) // 2], uncounted=False)
        return cursors.sealed("a1", asked.signature(company_id), halfway)


def test_a_voucher_takes_less_than_157_bytes_in_every_index() -> None:
    """26 rows, a page of 25 and the one that tells of a next, then fit 4 KB: half a read unit."""
    for line in documents.table("documents"):
        _, doc_id, known = documents.READERS["voucher"][1](line)
        row = rows.row("c-9999999999", doc_id, known)
        for index in filter(None, KINDS["voucher"].sorts.values()):
            kept = {name: row[name] for name in ("pk", "sk", rows.attribute(index), "l")} | {"f": True}
            assert size(kept) < 157, (index, kept)


def size(row: dict[str, Any]) -> int:
    """Bytes of an item as DynamoDB counts them: names and texts in UTF-8, one for a boolean."""
    return sum(len(name) + (1 if value is True else len(value.encode())) for name, value in row.items())


# --- filtered: at most ten thousand rows ------------------------------------------------------------------------------


def test_a_filter_reads_at_most_ten_thousand_rows(library: Cloud, reads: Reads, crowd: tuple[str, str]) -> None:
    _, many = crowd
    token = person(library, "a1", many)
    answer = library.call("list_docs", token=token, path={"id": many}, query={"q": "-100000", "sort": "date"})
    assert sum(reads.taken()) == store.READ_MAX == 10_000
    assert (answer.json["items"], answer.json["total"]) == ([], None)
    assert answer.json["next"]


def test_a_day_of_a_large_company_is_counted_and_searched_whole(
    library: Cloud, reads: Reads, crowd: tuple[str, str]
) -> None:
    _, many = crowd
    token = person(library, "a1", many)
    day = "2018-03-03"
    wanted = [row for n in range(100_000) if made_facts(n)["date"] == day for row in [made_voucher(many, n)]]
    for query, some in (
        ({"sort": "-billed"}, wanted),
        ({"q": "nota"}, []),
        ({"status": "void"}, [row for row in wanted if row["void"]]),
    ):
        answer = library.call(
            "list_docs", token=token, path={"id": many}, query={"from": day, "to": day, "limit": "5", **query}
        )
        assert reads.taken() == [len(wanted)]
        assert answer.json["total"] == len(some)
        assert len(answer.json["items"]) == min(5, len(some))


@pytest.mark.parametrize("sort", ["-date", "date", "number"])
def test_what_ten_thousand_rows_tell_is_counted(
    library: Cloud, reads: Reads, crowd: tuple[str, str], sort: str
) -> None:
    """Of a company with more, under a filter that leaves a little less than that, and a little more."""
    _, many = crowd
    token = person(library, "a1", many)
    per_day = Counter(made_facts(n)["date"] for n in range(100_000))
    latest = sorted(per_day, reverse=True)
    left = dict(zip(latest, itertools.accumulate(per_day[day] for day in latest), strict=True))
    less = max(day for day in latest if left[day] > 9_500)
    more = max(day for day in latest if left[day] > 10_000)
    assert left[less] < 10_000
    for first, total in ((less, left[less]), (more, None)):
        query = {"from": first, "sort": sort, "limit": "5"}
        answer = library.call("list_docs", token=token, path={"id": many}, query=query)
        assert sum(reads.taken()) <= store.READ_MAX
        assert answer.json["total"] == total
        # Where the rows counted are in another order than the one asked for, the page begins with the next request.
        while not answer.json["items"]:
            assert (first, sort) == (more, "number")
            query["cursor"] = answer.json["next"]
            answer = library.call("list_docs", token=token, path={"id": many}, query=query)
            assert sum(reads.taken()) <= store.READ_MAX
        assert len(answer.json["items"]) == 5


# --- imports ----------------------------------------------------------------------------------------------------------

HEAVY = {
    "pydantic",
    "pydantic_core",
    "jinja2",
    "argon2",
    "pypdf",
    "email_validator",
    "stdnum",
    "aws_xray_sdk",
    "requests",
}
PARTS = {f"aws_lambda_powertools.{part}" for part in ("event_handler", "utilities.parser", "utilities.idempotency")}


@pytest.mark.parametrize("use_case", ["list_docs", "show_doc", "download"])
def test_reading_imports_nothing_it_has_no_use_for(use_case: str) -> None:
    """In a process of its own, as a cold start would (`make bench`, B1)."""
    script = f"import runpy, sys; runpy.run_path('functions/{use_case}/app.py'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=sam.ROOT, capture_output=True, text=True, check=True)
    loaded = done.stdout.split()
    assert "miinti.documents.store" in loaded
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
    assert PARTS.isdisjoint(loaded)
