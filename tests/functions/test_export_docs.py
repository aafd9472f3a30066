"""GET /v1/companies/{id}/export: the file that a spreadsheet opens, compared with the list. Who may not:
test_tenants.py."""

import csv
import datetime as dt
import io
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
import time_machine
from openpyxl import load_workbook

from miinti.documents import files, sheets
from miinti.documents.kinds import KINDS
from tests import documents
from tests.cloud import Cloud
from tests.documents import AS_OF, Reads, company_row, fill, person, walk

COMPANIES = {"voucher": "c-27334", "withholding": "s-3178", "quote": "c-27334", "work_order": "c-27334"}


@pytest.fixture
def token(library: Cloud) -> Iterator[str]:
    with time_machine.travel(AS_OF):
        documents.seed(*set(COMPANIES.values()))
        yield person(library, "a1", *set(COMPANIES.values()))


def exported(
    cloud: Cloud, token: str, company_id: str, form: str = "csv", **query: str
) -> tuple[dict[str, Any], bytes]:
    """What is answered, and the file that its address gives."""
    answer = cloud.call("export_docs", token=token, path={"id": company_id}, query={"format": form, **query})
    assert answer.status == 200, answer.text
    got = requests.get(answer.json["url"], timeout=5)
    assert len(got.content) == answer.json["size"]
    assert got.headers["content-type"] == answer.json["content_type"]
    assert got.headers["content-disposition"].startswith(f'attachment; filename="{answer.json["filename"]}"')
    return answer.json, got.content


def lines(body: bytes) -> list[list[str]]:
    assert body.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline=""), delimiter=";"))


def cells(body: bytes) -> list[list[Any]]:
    sheet = load_workbook(io.BytesIO(body)).worksheets[0]
    assert sheet.freeze_panes == "A2"
    return [list(row) for row in sheet.iter_rows(values_only=True)]


def as_csv(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return value.strftime("%d/%m/%Y")
    return str(value).replace(".", ",") if isinstance(value, Decimal) else str(value)


def shown_as(column: sheets.Column, item: dict[str, Any]) -> Any:
    """What a cell of the list's item has to be: a day, an amount, a text."""
    if column.of == "shown_number":
        return files.spelled(item["id"])
    value = item[column.of]
    if value is None:
        return None
    if column.kind == "day":
        return dt.date.fromisoformat(value)
    return Decimal(value) if column.kind == "amount" else value


def totals(kind: str, items: list[dict[str, Any]]) -> list[dict[str, Decimal]]:
    """By currency, in its order: what each column of amounts comes to, certificates that are void apart."""
    sums: dict[str, dict[str, Decimal]] = {}
    summed = [column for column in sheets.COLUMNS[kind] if column.kind == "amount" and column.of != "rate"]
    for item in items:
        if "currency" in item and (kind, item["status"]) != ("withholding", "void"):
            total = sums.setdefault(item["currency"], {})
            for column in summed:
                total[column.of] = total.get(column.of, Decimal(0)) + Decimal(item[column.of] or 0)
    return [sums[currency] for currency in sorted(sums)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("query", [{}, {"sort": "number"}, {"q": "1", "from": "2019-06-01"}])
def test_both_files_have_the_rows_of_the_list_and_their_totals(
    library: Cloud, token: str, kind: str, query: dict[str, str]
) -> None:
    company_id, columns = COMPANIES[kind], sheets.COLUMNS[kind]
    items, _ = walk(library, token, company_id, kind=kind, limit="100", **query)
    _, text = exported(library, token, company_id, kind=kind, **query)
    _, book = exported(library, token, company_id, "xlsx", kind=kind, **query)
    seen, sums = lines(text), totals(kind, items)
    assert items
    assert seen[0] == [column.head for column in columns]
    for item, line in zip(items, seen[1:], strict=False):
        assert line == [as_csv(shown_as(column, item)) for column in columns]
    assert [line[0] for line in seen[1 + len(items) :]] == ["Total"] * len(sums)
    for total, line in zip(sums, seen[1 + len(items) :], strict=True):
        for column, cell in zip(columns, line, strict=True):
            assert column.of not in total or Decimal(cell.replace(",", ".") or 0) == total[column.of]
    for line, row in zip(seen, cells(book), strict=True):
        assert [comparable(cell) for cell in line] == [comparable(as_csv(value)) for value in row]


def comparable(cell: str) -> Any:
    """Numbers by what they are worth: XLSX has no place for their zeros."""
    try:
        return Decimal(cell.replace(",", "."))
    except InvalidOperation:
        return cell


@pytest.mark.parametrize("bad", ["=1+1", "+1", "-1", "@sum", "\tx", "\rx"])
def test_S66_no_text_is_a_formula(bad: str) -> None:
    item = {"date": "2026-01-01", "number": bad, "valid_until": None, "service": bad, "centre": bad, "total": "-1.00",
            "currency": "ARS", "status_label": bad, "work_order": bad}  # fmt: skip
    table = sheets.rows("quote", [item])
    line = lines(sheets.written("csv", table))[1]
    assert line[1] == line[3] == f"'{bad}"
    assert line[5] == "-1,00"
    if bad[0] not in "\t\r":
        sheet = load_workbook(io.BytesIO(sheets.written("xlsx", table))).worksheets[0]
        assert {sheet.cell(2, column).data_type for column in (2, 4, 5)} == {"s"}
        assert sheet.cell(2, 4).value == bad


def test_S55_the_address_is_of_an_object_that_nobody_can_guess(library: Cloud, token: str) -> None:
    first, second = (exported(library, token, "c-27334")[0] for _ in range(2))
    one, two = urlsplit(first["url"]), urlsplit(second["url"])
    assert one.path != two.path
    assert one.path.startswith("/exports/")
    assert len(one.path.split("/")[2]) >= 32
    assert int(parse_qs(one.query)["X-Amz-Expires"][0]) <= 120
    assert first["filename"] == "Mis-comprobantes-27334-2026-06-30.csv"


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({}, "format", "missing"),
        ({"format": "pdf"}, "format", "not_allowed"),
        ({"format": "csv", "limit": "0"}, "limit", "too_small"),
        ({"format": "csv", "page": "2"}, "page", "unknown"),
        ({"format": "csv", "kind": "withholding"}, "kind", "not_allowed"),
        ({"format": "csv", "sort": "-amount"}, "sort", "not_allowed"),
    ],
)
def test_a_wrong_query_is_refused(library: Cloud, token: str, query: dict[str, str], field: str, code: str) -> None:
    answer = library.call("export_docs", token=token, path={"id": "c-27334"}, query=query)
    assert (answer.status, answer.json["code"]) == (422, "validation_failed")
    assert (field, code) in [(one["field"], one["code"]) for one in answer.json["errors"]]


def test_a_query_of_the_list_gives_all_its_rows_whatever_the_page(library: Cloud, token: str) -> None:
    page = library.call("list_docs", token=token, path={"id": "c-27334"}, query={"limit": "5"})
    query = {"limit": "5", "cursor": page.json["next"]}
    assert exported(library, token, "c-27334", **query)[1] == exported(library, token, "c-27334")[1]


@pytest.mark.parametrize("change", [{"sort": "date"}, {"cursor": "x.y"}, {"cursor": "x"}])
def test_a_cursor_of_another_query_is_refused_as_by_the_list(
    library: Cloud, token: str, change: dict[str, str]
) -> None:
    page = library.call("list_docs", token=token, path={"id": "c-27334"}, query={"limit": "5"})
    query = {"cursor": page.json["next"], **change}
    asked = [library.call("list_docs", token=token, path={"id": "c-27334"}, query=query)]
    asked += [library.call("export_docs", token=token, path={"id": "c-27334"}, query={**query, "format": "csv"})]
    assert [(answer.status, answer.json["code"]) for answer in asked] == [(400, "bad_cursor")] * 2


def test_what_one_request_cannot_read_is_refused_with_a_way_out(library: Cloud, token: str, reads: Reads) -> None:
    """A company of more than fifty thousand: as a whole not, a day of it yes."""
    made = [documents.made_voucher("c-7", n) for n in range(20)]
    fill([company_row("c-7", n_voucher=50_001), documents.link_row("a1", "c-7"), *made])
    answer = library.call("export_docs", token=token, path={"id": "c-7"}, query={"format": "csv"})
    assert (answer.status, answer.json["code"]) == (422, "too_many_rows")
    assert reads.taken() == []
    day = documents.made_facts(0)["date"]
    _, body = exported(library, token, "c-7", **{"from": day, "to": day})
    assert len(lines(body)) == 3


@pytest.mark.parametrize(("query", "column"), [({"type": "006"}, 2), ({"status": "paid"}, -1)])
def test_filters_that_have_an_index_of_their_own(
    library: Cloud, token: str, query: dict[str, str], column: int
) -> None:
    items, _ = walk(library, token, "c-27334", limit="100", **query)
    _, body = exported(library, token, "c-27334", **query)
    assert items
    assert len({line[column] for line in lines(body)[1:-1]}) == 1
    assert len(lines(body)) == len(items) + 2


def test_it_is_three_calls(library: Cloud, token: str) -> None:
    library.counted()
    library.call("export_docs", token=token, path={"id": "c-27334"}, query={"format": "csv"})
    assert library.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 1, "s3:PutObject": 1}


def test_an_empty_list_is_its_heads(library: Cloud, token: str) -> None:
    _, body = exported(library, token, "c-27334", **{"from": "2030-01-01", "to": "2029-01-01"})
    assert len(lines(body)) == 1
