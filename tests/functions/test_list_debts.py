"""GET /v1/companies/{id}/debts: what is owed, compared with a plain computation over the files."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.errors import PaymentInProcess
from miinti.payments import holds
from miinti.payments.debts import Line
from tests import documents
from tests.cloud import Cloud
from tests.documents import AS_OF, company_row, expected, fill, person

CLIENTS = sorted(line["code"] for line in documents.table("companies") if line["kind"] == "Cliente")
OPEN = {"due", "partial", "overdue"}


@pytest.fixture
def token(library: Cloud) -> Iterator[str]:
    with time_machine.travel(AS_OF):
        yield person(library, "a1", *(f"c-{code}" for code in CLIENTS), "c-7", "s-3178")


def owed(cloud: Cloud, token: str, company_id: str) -> Any:
    answer = cloud.call("list_debts", token=token, path={"id": company_id})
    assert answer.status == 200, answer.text
    return answer.json


def total(items: list[Any]) -> str:
    return f"{sum((Decimal(item['remaining']) for item in items), Decimal(0)):.2f}"


@pytest.mark.parametrize("code", CLIENTS)
def test_debts_are_the_open_debits_by_due_date_and_add_up(library: Cloud, token: str, code: str) -> None:
    documents.seed(f"c-{code}")
    library.counted()
    told = owed(library, token, f"c-{code}")
    open = [item for item in expected("voucher", f"c-{code}") if item["status"] in OPEN]
    assert [item["id"] for item in told["items"]] == [
        item["id"] for item in sorted(open, key=lambda item: (item["due_date"] or "9999-99-99", item["id"]))
    ]
    by_id = {item["id"]: item for item in open}
    for item in told["items"]:
        assert item.pop("payment") is None
        assert {name: item[name] for name in ("due_date", "remaining", "status", "number", "type_label")} == {
            name: by_id[item["id"]][name] for name in ("due_date", "remaining", "status", "number", "type_label")
        }
    assert (told["currency"], told["total"]) == ("ARS", total(open))
    assert told["overdue"] == total([item for item in open if item["status"] == "overdue"])
    assert (told["in_payment"], told["payable"]) == ("0.00", True)
    assert library.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 2}
    documents.forget(f"c-{code}")


def owing(*debits: tuple[str, str | None, int]) -> None:
    """A client with these debits: id, due date, what remains in cents."""
    fill([company_row("c-7", balance=0, as_of=1782874799)])
    fill(
        documents.row_of("c-7", doc, {"date": "2026-01-01", "due_date": due, "billed": cents, "remaining": cents})
        for doc, due, cents in debits
    )


A, B = "v-00007-00000001-006", "v-00007-00000002-006"


def test_what_a_payment_holds_says_so_until_it_is_let_go(library: Cloud, token: str) -> None:
    owing((A, "2026-01-01", 100), (B, None, 250))
    with library.as_function("list_debts"):
        aws.transact(holds.taken("c-7", "p1", [Line(B, 250)], PaymentInProcess()))
    told = owed(library, token, "c-7")
    assert [(item["id"], item["payment"]) for item in told["items"]] == [(A, None), (B, "p1")]
    assert (told["total"], told["overdue"], told["in_payment"]) == ("3.50", "1.00", "2.50")
    with library.as_function("list_debts"):
        aws.transact(holds.freed("c-7", "p1", [Line(B, 250)], "r1"))
    told = owed(library, token, "c-7")
    assert [item["payment"] for item in told["items"]] == [None, None]
    assert told["in_payment"] == "0.00"
    documents.forget("c-7")


def test_a_debit_is_overdue_from_local_midnight_on(library: Cloud, token: str) -> None:
    owing((A, "2026-06-29", 100))
    # 02:59:59 UTC is the end of the day before in Buenos Aires.
    for instant, status, overdue in [
        ("2026-06-30T02:59:59Z", "due", "0.00"),
        ("2026-06-30T03:00:00Z", "overdue", "1.00"),
    ]:
        with time_machine.travel(instant, tick=False):
            told = owed(library, person(library, "a1"), "c-7")
        assert (told["items"][0]["status"], told["overdue"]) == (status, overdue)
    documents.forget("c-7")


def test_more_than_are_told_is_refused_and_a_page_of_the_index_is_no_end(library: Cloud, token: str) -> None:
    debits = [(f"v-00007-{number:08d}-006", "2026-01-01", 1) for number in range(1, 6)]
    owing(*debits)
    module = vars(library.function("list_debts"))
    inner = aws.query
    most = module["MOST"]
    try:
        module["MOST"] = 5
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(aws, "query", lambda *given, **more: inner(*given, **{**more, "limit": 2}))
            assert [item["id"] for item in owed(library, token, "c-7")["items"]] == [doc for doc, _, _ in debits]
        module["MOST"] = 4
        answer = library.call("list_debts", token=token, path={"id": "c-7"})
        assert (answer.status, answer.code) == (422, "too_many_rows")
    finally:
        module["MOST"] = most
    documents.forget("c-7")


def test_what_is_owed_is_told_where_nobody_takes_payments_too(library: Cloud, token: str) -> None:
    owing((A, "2026-01-01", 100))
    library.payment_provider = "none"
    library.forget("list_debts")
    try:
        told = owed(library, token, "c-7")
    finally:
        library.payment_provider = "sandbox"
        library.forget("list_debts")
    assert (told["total"], told["payable"]) == ("1.00", False)
    documents.forget("c-7")


def test_a_supplier_owes_nothing_here(library: Cloud, token: str) -> None:
    documents.seed("s-3178")
    answer = library.call("list_debts", token=token, path={"id": "s-3178"})
    assert (answer.status, answer.code) == (404, "not_found")
