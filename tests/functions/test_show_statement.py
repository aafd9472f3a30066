"""GET /v1/companies/{id}/statement: the running account, compared with a plain computation over the files."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import time_machine

from tests import documents
from tests.cloud import Cloud
from tests.documents import AS_OF, company_row, expected, fill, in_order, person

CLIENTS = sorted(line["code"] for line in documents.table("companies") if line["kind"] == "Cliente")
BALANCES = {line["code"]: line["balance_ars"] for line in documents.table("companies") if line["kind"] == "Cliente"}


@pytest.fixture
def token(library: Cloud) -> Iterator[str]:
    with time_machine.travel(AS_OF):
        yield person(library, "a1", *(f"c-{code}" for code in CLIENTS), "s-3178")


def account(cloud: Cloud, token: str, company_id: str, **query: str) -> Any:
    answer = cloud.call("show_statement", token=token, path={"id": company_id}, query=query)
    assert answer.status == 200, answer.text
    return answer.json


def computed(code: str, first: str = "", last: str = "9999") -> dict[str, Any]:
    """The same by hand, from the lines of the file."""
    opening = balance = Decimal("0.00")
    movements = []
    for item in in_order(expected("voucher", f"c-{code}"), "date"):
        by = Decimal(item["billed"] or "0.00") - Decimal(item["collected"] or "0.00")
        if item["date"] > last:
            break
        balance += by
        if item["date"] < first:
            opening = balance
            continue
        lowers = item["billed"] is None or Decimal(item["billed"]) < 0
        amount = f"{abs(by):.2f}"
        movements.append(
            {
                "date": item["date"],
                "doc_id": item["id"],
                "number": item["number"],
                "type_label": item["type_label"],
                "debit": None if lowers else amount,
                "credit": amount if lowers else None,
                "balance": f"{balance:.2f}",
            }
        )
    return {"opening": f"{opening:.2f}", "closing": f"{balance:.2f}", "currency": "ARS", "movements": movements}


@pytest.mark.parametrize("code", CLIENTS)
def test_every_clients_account_ends_in_the_balance(library: Cloud, token: str, code: str) -> None:
    documents.seed(f"c-{code}")
    told = account(library, token, f"c-{code}")
    assert told == computed(code)
    assert told["closing"] == BALANCES[code]
    middle = told["movements"][len(told["movements"]) // 2]["date"] if told["movements"] else "2023-01-01"
    for first, last in ((middle, ""), ("", middle), (middle, middle), ("2030-01-01", ""), ("2030-01-01", "2020-01-01")):
        query = {name: day for name, day in (("from", first), ("to", last)) if day}
        seen = account(library, token, f"c-{code}", **query)
        if first <= (last or "9999"):
            assert seen == computed(code, first, last or "9999")
        else:
            assert seen["movements"] == []
    documents.forget(f"c-{code}")


def test_a_supplier_has_none(library: Cloud, token: str) -> None:
    documents.seed("s-3178")
    answer = library.call("show_statement", token=token, path={"id": "s-3178"})
    assert (answer.status, answer.json["code"]) == (404, "not_found")


@pytest.mark.parametrize("query", [{"from": "2026-13-01"}, {"to": "ayer"}, {"kind": "voucher"}])
def test_a_wrong_query_is_refused(library: Cloud, token: str, query: dict[str, str]) -> None:
    documents.seed("c-27334")
    assert library.call("show_statement", token=token, path={"id": "c-27334"}, query=query).status == 422


def test_of_a_large_company_a_period_is_told_from_what_it_comes_to(library: Cloud, token: str) -> None:
    """Without reading what went before."""
    made = [documents.made_voucher("c-7", n) for n in range(60)]
    facts = sorted((documents.made_facts(n) for n in range(60)), key=lambda one: str(one["date"]))
    whole = sum((one["billed"] or 0) - (one["collected"] or 0) for one in facts)
    fill([company_row("c-7", n_voucher=60, open_cents=whole), documents.link_row("a1", "c-7"), *made])
    first = facts[30]["date"]
    small = account(library, token, "c-7", **{"from": first})
    fill([company_row("c-7", n_voucher=50_001, open_cents=whole)])
    assert account(library, token, "c-7", **{"from": first}) == small
    answer = library.call("show_statement", token=token, path={"id": "c-7"})
    assert (answer.status, answer.json["code"]) == (422, "too_many_rows")


def test_it_is_two_calls(library: Cloud, token: str) -> None:
    documents.seed("c-27334")
    library.counted()
    account(library, token, "c-27334")
    assert library.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 1}
