"""B7: a page's cost at 100 documents and at a million of one company, in every order, over Amazon's own DynamoDB."""

import datetime as dt
import itertools
import os
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config
from samtranslator.yaml_helper import yaml_parse

from bench.cases import ROOT, voucher
from miinti import aws
from miinti.documents import listing, store
from miinti.documents.kinds import KINDS
from tools import engines

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE = "CompaniesTable"
SMALL = 100
Line = tuple[str, str, str, str]


def measure(documents: int) -> list[Line]:
    """The worst ratio of items, requests and read units, large company to small, over each order's pages."""
    absent = engines.missing()
    if absent:
        return [("B7", f"not measured: {absent}", "–", "1.0")]
    with engines.dynamodb_local(heap="6g") as endpoint:
        os.environ.update(
            AWS_ENDPOINT_URL=endpoint,
            AWS_ACCESS_KEY_ID="bench",
            AWS_SECRET_ACCESS_KEY="bench",
            AWS_DEFAULT_REGION="us-east-1",
            COMPANIES_TABLE=TABLE,
        )
        create(TABLE)
        for company, count in (("c-1", SMALL), ("c-2", documents)):
            _fill(company, count)
        meter = _Meter()
        ratios = dict.fromkeys(("items read", "requests", "read units"), 1.0)
        for sort in KINDS["voucher"].sorts:
            small = _pages(meter, "c-1", SMALL, sort)
            large = _pages(meter, "c-2", documents, sort)
            for mine, theirs in zip(small, large, strict=True):
                for name, before, after in zip(ratios, mine, theirs, strict=True):
                    ratios[name] = max(ratios[name], after / before)
    told = f"{documents:,} ÷ {SMALL} documents, every order, first, middle and last page"
    return [("B7", f"{name}: {told}", f"{ratio:.2f}", "1.0") for name, ratio in ratios.items()]


def patient() -> "DynamoDBClient":
    """For what is done once, not measured: the functions' client gives a call three seconds."""
    return boto3.client("dynamodb", config=Config(read_timeout=300, retries={"total_max_attempts": 1}))


def create(table: str, name: str = "") -> None:
    """A table as the template declares it, under its name there or another."""
    declared = yaml_parse((ROOT / "template.yaml").read_text())["Resources"][table]["Properties"]
    parts = ("AttributeDefinitions", "KeySchema", "BillingMode", "LocalSecondaryIndexes", "GlobalSecondaryIndexes")
    patient().create_table(TableName=name or table, **{part: declared[part] for part in parts if part in declared})


def _fill(company: str, count: int) -> None:
    places = _PLACES[company] = {name: [] for name in _ATTRIBUTES}

    def put(number: int) -> dict[str, Any]:
        row = voucher(company, number)
        for name, some in places.items():
            some.append(row[name])
        return {"PutRequest": {"Item": aws.pack(row)}}

    requests = (put(number) for number in range(1, count + 1))
    with ThreadPoolExecutor(4) as pool:
        for done, _ in enumerate(pool.map(_write, _batches(requests))):
            if done % 400 == 0:
                print(f"\r{company}: {done * 25:,} of {count:,}", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for some in places.values():
        some.sort()


def _batches(requests: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(itertools.islice(requests, 25)):
        yield batch


def _write(batch: list[Any]) -> None:
    left: Any = batch
    while left:
        left = aws.dynamodb().batch_write_item(RequestItems={TABLE: left}).get("UnprocessedItems", {}).get(TABLE)


class _Meter:
    """Items, requests and read units of the queries since the last look."""

    def __init__(self) -> None:
        self.taken = (0, 0, 0.0)
        events: Any = aws.dynamodb().meta.events
        events.register("provide-client-params.dynamodb.Query", self._ask)
        events.register("after-call.dynamodb.Query", self._note)

    def _ask(self, params: dict[str, Any], **_: Any) -> dict[str, Any]:
        return {**params, "ReturnConsumedCapacity": "TOTAL"}

    def _note(self, parsed: dict[str, Any], **_: Any) -> None:
        items, requests, units = self.taken
        units += parsed["ConsumedCapacity"]["CapacityUnits"]
        self.taken = (items + parsed["ScannedCount"], requests + 1, units)

    def look(self) -> tuple[int, int, float]:
        taken, self.taken = self.taken, (0, 0, 0.0)
        return taken


def _pages(meter: _Meter, company: str, count: int, sort: str) -> list[tuple[int, int, float]]:
    """Costs of the first page, of one in the middle, and of the last, of 25 documents each."""
    wanted = listing.asked("client", {"sort": sort, "limit": "25"})
    row = {"id": company, "n_voucher": count}
    today = dt.date(2026, 11, 24)
    costs: list[tuple[int, int, float]] = []
    for end in (None, count // 2, count - 25):
        after = None if end is None else store.Position(_place_after(company, sort, end), uncounted=False)
        meter.look()
        page = store.page(row, wanted, after, today)
        if len(page.facts) != 25:
            raise RuntimeError(f"{company} {sort}: a page of {len(page.facts)}")
        costs.append(meter.look())
    return costs


def _place_after(company: str, sort: str, end: int) -> str:
    """The place of the document after which ``end`` documents have been shown."""
    return _PLACES[company][_attribute(sort)][end - 1]


def _attribute(sort: str) -> str:
    return (KINDS["voucher"].sorts[sort] or "sk").removeprefix("by_")


_ATTRIBUTES = sorted({_attribute(sort) for sort in KINDS["voucher"].sorts})
_PLACES: dict[str, dict[str, list[str]]] = {}
"""All places of each company's documents in each order, sorted here once they are written."""
