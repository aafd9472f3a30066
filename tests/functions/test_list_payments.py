"""GET /v1/companies/{id}/payments: newest first, page by page, and which of them the institute has imputed."""

from typing import Any

import pytest
import time_machine

from tests import companies
from tests.cloud import Cloud
from tests.payments import COMPANY, DOCS, RECEIPT, Client, applied

A, B, C = DOCS[:3]


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Client:
    return Client(cloud, 10000, 250, 300)


def listed(ana: Client, **query: str) -> Any:
    answer = ana.cloud.call("list_payments", token=ana.token, path={"id": COMPANY}, query=query)
    assert answer.status == 200, answer.text
    return answer.json


def test_a_client_without_payments_has_none_with_two_calls(ana: Client) -> None:
    assert listed(ana) == {"items": [], "next": None}
    assert ana.cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 1}


def test_payments_come_newest_first_page_by_page(ana: Client, clock: time_machine.Traveller) -> None:
    ids = []
    for n, doc in enumerate((A, B, C)):
        ids.append(ana.started(doc, key=f"k-{n}"))
        clock.shift(1)
    first = listed(ana, limit="2")
    assert [item["id"] for item in first["items"]] == ids[:0:-1]
    last = listed(ana, limit="2", cursor=first["next"])
    assert ([item["id"] for item in last["items"]], last["next"]) == (ids[:1], None)
    assert last["items"][0] == ana.show(ids[0])


def test_receipts_are_looked_for_where_one_is_awaited_alone(ana: Client) -> None:
    paid, other = ana.started(A), ana.started(B, key="k-2")
    ana.notify(ana.pay(paid))
    assert applied(ana.cloud) == []
    ana.receipt(A, 10000, "2026-11-25")
    ana.cloud.counted()
    told = {item["id"]: item for item in listed(ana)["items"]}
    # The page, who holds what, and the one document's receipts.
    # Where one fits, what remains is looked at too.
    assert ana.cloud.counted() == {"dynamodb:BatchGetItem": 2, "dynamodb:Query": 3}
    assert (told[paid]["state_label"], told[paid]["receipt"]) == ("Imputado", RECEIPT)
    assert (told[other]["state_label"], told[other]["receipt"]) == ("Sin pagar todavía", None)


def test_past_so_many_documents_a_page_tells_what_was_seen(ana: Client) -> None:
    paid = ana.started(A)
    ana.notify(ana.pay(paid))
    assert applied(ana.cloud) == []
    ana.receipt(A, 10000, "2026-11-25")
    vars(ana.cloud.function("list_payments"))["LOOKED_AT"] = 0
    assert listed(ana)["items"][0]["receipt"] is None


def test_a_supplier_has_no_payments(ana: Client) -> None:
    companies.link("a1", companies.company("supplier", "3012"))
    answer = ana.cloud.call("list_payments", token=ana.token, path={"id": "s-3012"})
    assert (answer.status, answer.code) == (404, "not_found")
