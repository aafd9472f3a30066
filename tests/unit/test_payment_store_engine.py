"""The payments' store over Amazon's own DynamoDB Local, where it is installed: whether it takes our expressions, and
what it says of two at once, is the engine's word there and not an emulator's."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from miinti import aws
from miinti.errors import PaymentInProcess, RequestInProgress
from miinti.mail.outbox import Letter
from miinti.payments import holds, states, store
from miinti.payments.debts import Line
from miinti.payments.provider import Attempt, Checkout
from tests import dynamodb_local
from tests.payments import COMPANY, DOCS, NOW, quiet, started

A, B = DOCS[:2]


@pytest.fixture(scope="module")
def engine() -> Iterator[None]:
    """The tables of payments and of mails as the template declares them."""
    with dynamodb_local.tables("256m", PAYMENTS_TABLE="PaymentsTable", OUTBOX_TABLE="OutboxTable"):
        yield


def of(payment: dict[str, Any], state: Any, refunded: int = 0) -> Attempt:
    return Attempt("70", store.reference(payment), state, int(payment["cents"]), "ARS", refunded)


def test_a_payments_whole_life(engine: None) -> None:
    key = store.wanted_request("a1", "k1"), store.digest([A, B])
    first = started([Line(A, 100), Line(B, 250)], request=key)
    with pytest.raises(store.KeyTaken) as taken:
        started([Line(A, 100)], request=key)
    assert store.remembered(taken.value.row, key[1], NOW) == (COMPANY, first["id"])
    with pytest.raises(PaymentInProcess):
        started([Line(B, 250)])
    with pytest.raises(RequestInProgress):
        store.ask(first, NOW + 1)
    asked = store.ask(first, NOW + store.ASKING)
    assert store.opened(asked, Checkout("p1", "https://p/1")) is not None

    def tell(before: Any, after: Any) -> list[Letter]:
        return [Letter("payment_receipt", "ana@estudio.example")]

    credited = store.apply("sandbox", of(first, "credited"), NOW, tell)
    assert credited is not None
    assert store.apply("sandbox", of(first, "pending"), NOW, tell) == credited
    assert store.close(credited, "expired", NOW) is None
    settled = store.settle(store.shut(credited, NOW), "v-00009-00000001-RX", NOW)
    assert settled is not None
    assert settled["holds"] is False
    assert {doc: row.get("used") for doc, row in holds.of_company(COMPANY).items()} == {
        A: ["v-00009-00000001-RX"],
        B: ["v-00009-00000001-RX"],
    }
    gone = store.apply("sandbox", of(first, "refunded", 350), NOW, quiet)
    assert gone is not None
    assert (gone["state"], int(gone["credited"]), gone["held"]) == ("refunded", 0, ["reversed"])

    second = started([Line(A, 1)], now=NOW + 1)
    closed = store.close(second, "expired", NOW + 1)
    assert closed is not None
    late = store.apply("sandbox", of(second, "credited")._replace(id="71"), NOW, quiet)
    assert late is not None
    assert (late["held"], late["holds"]) == (["late"], True)
    assert [row["id"] for row in store.of_company(COMPANY)] == [second["id"], first["id"]]
    assert {row["sk"] for row in store.due(NOW + 200 * states.DAY, 10)} >= {late["sk"]}
    for state in ("credited", "pending", "refunded"):
        stray = of(second, state)._replace(reference="somebody's", id="99")
        assert store.apply("sandbox", stray, NOW, quiet) is None
    held = aws.get("PaymentsTable", ("HELD", "sandbox#99"))
    assert held is not None
    assert held["state"] == "refunded"


def test_one_of_many_at_once_starts_it_and_one_moves_it(engine: None) -> None:
    doc = "v-00300-00000001-006"
    barrier = threading.Barrier(8)

    def pay(_: int) -> str:
        barrier.wait()
        try:
            return str(started([Line(doc, 5)])["id"])
        except PaymentInProcess:
            return ""

    with ThreadPoolExecutor(8) as pool:
        (made,) = [id for id in pool.map(pay, range(8)) if id]
        payment = store.get(COMPANY, made)
        seen = of(payment, "credited")._replace(id="80")

        def apply(_: int) -> Any:
            barrier.wait()
            return store.apply("sandbox", seen, NOW, quiet)

        assert {row["state"] for row in pool.map(apply, range(8))} == {"credited"}
    lines = aws.query_all("PaymentsTable", "pk = :pk", {":pk": "NOTICE#sandbox#80"})
    assert [(line["payment"], int(line["credited"])) for line in lines] == [(made, 5)]
