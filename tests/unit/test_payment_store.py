"""Payments in their table: one live payment a document, each change once, nothing half done."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from miinti import aws
from miinti.aws import Row
from miinti.errors import IdempotencyMismatch, NotFound, PaymentInProcess, RequestInProgress, Unavailable
from miinti.mail.outbox import Letter
from miinti.payments import holds, states, store
from miinti.payments.debts import Line
from miinti.payments.provider import Attempt, Checkout
from tests.cloud import Cloud
from tests.payments import COMPANY, DOCS, NOW, Desk, desk, quiet, started

A, B, C = DOCS[:3]
ONE = [Line(A, 24216800)]


@pytest.fixture
def paying(cloud: Cloud) -> Iterator[Desk]:
    with desk(cloud) as made:
        yield made


def holders() -> dict[str, str]:
    """Document → the payment that holds it."""
    return {doc: row["payment"] for doc, row in holds.of_company(COMPANY).items() if "payment" in row}


def seen(payment: Row, state: Any, id: str = "70", **more: Any) -> Attempt:
    told = {"cents": int(payment["cents"]), "currency": "ARS", **more}
    return Attempt(id, store.reference(payment), state, **told)


def ledger(cloud: Cloud) -> list[tuple[str, str, int, int]]:
    rows = [row for row in cloud.rows("PaymentsTable") if row["pk"].startswith("NOTICE#")]
    return sorted((row["pk"], row["sk"], int(row["credited"]), int(row["surplus"])) for row in rows)


def lost(call: Any) -> Any:
    """The call is made, and its answer never comes."""
    call()
    raise ReadTimeoutError(endpoint_url="https://dynamodb")


# --- starting ---------------------------------------------------------------------------------------------------------


def test_a_payment_is_on_record_and_holds_its_documents_before_any_provider_knows(paying: Desk) -> None:
    row = started([Line(A, 100), Line(B, 250)])
    assert store.ID.fullmatch(row["id"])
    assert (row["state"], row["cents"], row["holds"]) == ("created", 350, True)
    assert holders() == {A: row["id"], B: row["id"]}
    assert store.get(COMPANY, row["id"]) == row
    assert paying.cloud.counted()["dynamodb:TransactWriteItems"] == 1


def test_a_document_in_a_payment_is_in_no_other_and_nothing_of_that_is_written(paying: Desk) -> None:
    first = started([Line(A, 100), Line(B, 250)])
    before = paying.cloud.kept()
    with pytest.raises(PaymentInProcess):
        started([Line(C, 1), Line(B, 250)])
    assert paying.cloud.kept() == before
    assert holders() == {A: first["id"], B: first["id"]}


def test_two_tabs_at_once_one_payment(paying: Desk) -> None:
    start = threading.Barrier(16)

    def pay(_: int) -> str:
        start.wait()
        try:
            return str(started(ONE)["id"])
        except PaymentInProcess:
            return ""

    with ThreadPoolExecutor(16) as pool:
        made = [id for id in pool.map(pay, range(16)) if id]
    assert len(made) == 1
    assert holders() == {A: made[0]}
    assert [row["id"] for row in store.of_company(COMPANY)] == made


def test_ninety_documents_and_their_payment_fit_a_transaction(paying: Desk) -> None:
    docs = [f"v-00205-{number:08d}-006" for number in range(90)]
    wanted = store.wanted_request("a1", "k1"), store.digest(docs)
    row = started([Line(doc, 1) for doc in docs], request=wanted)
    assert len(holders()) == 90
    assert store.close(row, "cancelled", NOW) is not None
    assert not holders()


def test_payments_of_a_company_are_newest_first_and_another_companys_are_not_there(paying: Desk) -> None:
    ids = [started([Line(doc, 1)], now=NOW + n)["id"] for n, doc in enumerate((A, B, C))]
    assert [row["id"] for row in store.of_company(COMPANY)] == ids[::-1]
    assert store.of_company("c-2733") == []
    for company, id in [("c-1", ids[0]), (COMPANY, "0" * 32), (COMPANY, "x"), (COMPANY, "")]:
        with pytest.raises(NotFound):
            store.get(company, id)


def test_R03_a_start_whose_answer_was_lost_is_found_by_its_key(paying: Desk) -> None:
    paying.cloud.faults["dynamodb:TransactWriteItems"] = once(paying.cloud, lost)
    with pytest.raises(Unavailable):
        started(ONE, request=(store.wanted_request("a1", "k1"), "r"))
    # Whoever asks again with the same key finds it.
    with pytest.raises(store.KeyTaken) as taken:
        started(ONE, request=(store.wanted_request("a1", "k1"), "r"))
    found = store.remembered(taken.value.row, "r", NOW)
    assert found is not None
    assert holders() == {A: found.id}


def once(cloud: Cloud, fault: Any) -> Any:
    """The fault at the first call, and none after it."""

    def call(make: Any) -> Any:
        cloud.faults.clear()
        return fault(make)

    return call


# --- R03: Idempotency-Key ---------------------------------------------------------------------------------------------


def request(account: str = "a1", key: str = "k1", asked: str = "r") -> tuple[tuple[str, aws.Key], str]:
    return store.wanted_request(account, key), asked


def test_R03_the_same_request_again_is_the_same_payment(paying: Desk) -> None:
    row = started(ONE, request=request())
    remembers = aws.get("PaymentsTable", request()[0][1])
    assert store.remembered(remembers, "r", NOW) == (COMPANY, row["id"])
    with pytest.raises(store.KeyTaken):
        started([Line(B, 1)], request=request())
    assert holders() == {A: row["id"]}


def test_R03_another_request_under_the_same_key_is_refused(paying: Desk) -> None:
    started(ONE, request=request())
    with pytest.raises(IdempotencyMismatch):
        store.remembered(aws.get("PaymentsTable", request()[0][1]), "another", NOW)
    assert store.digest({"a": 1, "b": [2]}) == store.digest({"b": [2], "a": 1}) != store.digest({"a": 1, "b": [3]})


def test_R03_a_key_is_its_persons_alone(paying: Desk) -> None:
    started(ONE, request=request())
    assert request("a2")[0] != request()[0]
    assert aws.get("PaymentsTable", request("a2")[0][1]) is None
    started([Line(B, 1)], request=request("a2"))


def test_R03_R18_a_key_is_known_for_a_day_though_its_row_is_still_there(paying: Desk) -> None:
    started(ONE, request=request())
    row = aws.get("PaymentsTable", request()[0][1])
    assert store.remembered(row, "r", NOW + store.REMEMBERED - 1) is not None
    assert store.remembered(row, "another", NOW + store.REMEMBERED) is None
    assert started([Line(B, 1)], now=NOW + store.REMEMBERED, request=request(asked="another"))["state"] == "created"


def test_R03_one_request_at_a_time_is_at_the_provider(paying: Desk) -> None:
    row = started(ONE)
    with pytest.raises(RequestInProgress):
        store.ask(row, NOW + store.ASKING - 1)
    assert int(store.ask(row, NOW + store.ASKING)["asking_until"]) == NOW + 2 * store.ASKING
    with pytest.raises(RequestInProgress):
        store.ask(row, NOW + store.ASKING)


def test_the_first_checkout_stays_and_a_closed_payment_gets_none(paying: Desk) -> None:
    row = started(ONE)
    assert store.opened(row, Checkout("p1", "https://p/1"))["checkout"]["id"] == "p1"  # type: ignore[index]
    assert store.opened(row, Checkout("p2", "https://p/2"))["checkout"]["id"] == "p1"  # type: ignore[index]
    other = started([Line(B, 1)])
    store.close(other, "cancelled", NOW)
    assert store.opened(other, Checkout("p3", "https://p/3")) is None
    with pytest.raises(RequestInProgress):
        store.ask(other, NOW + store.ASKING)


# --- moving -----------------------------------------------------------------------------------------------------------


def test_a_state_of_an_attempt_moves_its_payment_once_with_its_line_and_its_mail(paying: Desk) -> None:
    row = started(ONE)
    told: list[tuple[str, str]] = []

    def tell(before: Row, after: Row) -> list[Letter]:
        told.append((before["state"], after["state"]))
        return [Letter("payment_receipt", "ana@estudio.example")]

    for _ in range(3):
        moved = store.apply("sandbox", seen(row, "credited"), NOW, tell)
        assert moved is not None
        assert (moved["state"], int(moved["credited"])) == ("credited", 24216800)
    assert told == [("created", "credited")]
    assert ledger(paying.cloud) == [("NOTICE#sandbox#70", "credited#0#24216800", 24216800, 0)]
    assert len(paying.cloud.mails("payment_receipt")) == 1
    assert holders() == {A: row["id"]}


def test_the_ledger_has_each_state_and_adds_up_to_what_is_there(paying: Desk) -> None:
    row = started(ONE)
    for state, refunded in [
        ("pending", 0),
        ("in_process", 0),
        ("credited", 0),
        ("credited", 5),
        ("refunded", 24216800),
    ]:
        store.apply("sandbox", seen(row, state, refunded=refunded), NOW, quiet)
        there = paying.payment(row["id"])
        assert sum(line[2] for line in ledger(paying.cloud)) == int(there["credited"])
    assert [line[1].split("#")[0] for line in ledger(paying.cloud)] == [
        "credited", "credited", "in_process", "pending", "refunded"
    ]  # fmt: skip
    assert paying.payment(row["id"])["state"] == "refunded"


def test_sixteen_consumers_of_one_notice_write_it_once(paying: Desk) -> None:
    row = started(ONE)
    start = threading.Barrier(16)

    def apply(_: int) -> Any:
        start.wait()
        return store.apply("sandbox", seen(row, "credited"), NOW, quiet)

    with ThreadPoolExecutor(16) as pool:
        assert {moved["state"] for moved in pool.map(apply, range(16))} == {"credited"}
    assert ledger(paying.cloud) == [("NOTICE#sandbox#70", "credited#0#24216800", 24216800, 0)]


@pytest.mark.parametrize(
    "reference", ["", "c-27334", "c-27334." + "0" * 32, "s-27334." + "a" * 32, "c-1." + "a" * 31, "nonsense"]
)
def test_S86_an_attempt_of_no_payment_of_ours_is_held_for_staff_as_it_is_by_now(paying: Desk, reference: str) -> None:
    row = started(ONE)
    for state in ("credited", "pending", "refunded"):
        stray = seen(row, state, refunded=24216800 if state == "refunded" else 0)._replace(reference=reference)
        assert store.apply("sandbox", stray, NOW, quiet) is None
    (held,) = [one for one in paying.cloud.rows("PaymentsTable") if one["pk"] == "HELD"]
    assert (held["sk"], held["state"], held["reference"]) == ("sandbox#70", "refunded", reference)
    assert paying.payment(row["id"])["attempts"] == {}


def test_S86_another_provider_moves_nothing_of_this_one(paying: Desk) -> None:
    row = started(ONE)
    assert store.apply("mercadopago", seen(row, "credited"), NOW, quiet) is None
    assert paying.payment(row["id"])["state"] == "created"


def test_while_dynamodb_does_not_answer_nothing_is_half_done(paying: Desk) -> None:
    row = started(ONE)
    for fault in (ReadTimeoutError(endpoint_url="https://dynamodb"), once(paying.cloud, lost)):
        paying.cloud.faults["dynamodb:TransactWriteItems"] = fault
        with pytest.raises(Unavailable):
            store.apply("sandbox", seen(row, "credited"), NOW, quiet)
    paying.cloud.faults.clear()
    assert ledger(paying.cloud) == [("NOTICE#sandbox#70", "credited#0#24216800", 24216800, 0)]
    assert store.apply("sandbox", seen(row, "credited"), NOW, quiet) == paying.payment(row["id"])


# --- closing and settling ---------------------------------------------------------------------------------------------


def test_a_payment_without_money_is_closed_and_frees_its_documents(paying: Desk) -> None:
    row = started([Line(A, 1), Line(B, 2)])
    closed = store.close(row, "expired", NOW + 5)
    assert closed is not None
    assert (closed["state"], closed["holds"], closed["closed"]) == ("expired", False, "expired")
    assert not holders()
    assert store.close(closed, "cancelled", NOW + 6) is None
    started([Line(A, 1)])


@pytest.mark.parametrize("state", ["pending", "in_process", "credited"])
def test_what_may_become_money_or_is_is_not_closed(paying: Desk, state: Any) -> None:
    row = started(ONE)
    moved = store.apply("sandbox", seen(row, state), NOW, quiet)
    assert moved is not None
    assert store.close(moved, "expired", NOW) is None
    assert holders() == {A: row["id"]}


def test_an_attempt_that_comes_between_reading_and_closing_keeps_it_open(paying: Desk) -> None:
    row = started(ONE)
    store.apply("sandbox", seen(row, "pending"), NOW, quiet)
    assert store.close(row, "expired", NOW) is None
    assert holders() == {A: row["id"]}


def test_late_money_takes_its_documents_again_where_they_are_free(paying: Desk) -> None:
    row = started([Line(A, 1), Line(B, 2)])
    store.close(row, "expired", NOW)
    moved = store.apply("sandbox", seen(row, "credited"), NOW, quiet)
    assert moved is not None
    assert (moved["state"], moved["held"], moved["holds"]) == ("credited", ["late"], True)
    assert holders() == {A: row["id"], B: row["id"]}
    with pytest.raises(PaymentInProcess):
        started([Line(B, 2)])


def test_late_money_leaves_them_to_who_has_them(paying: Desk) -> None:
    row = started([Line(A, 1), Line(B, 2)])
    store.close(row, "expired", NOW)
    other = started([Line(B, 2)])
    moved = store.apply("sandbox", seen(row, "credited"), NOW, quiet)
    assert moved is not None
    assert (moved["state"], moved["held"], moved["holds"]) == ("credited", ["late"], False)
    assert holders() == {B: other["id"]}
    assert len(ledger(paying.cloud)) == 1


def test_a_settled_payment_frees_its_documents_and_its_receipt_settles_no_other(paying: Desk) -> None:
    row = started(ONE)
    assert store.settle(row, "r1", NOW) is None
    moved = store.apply("sandbox", seen(row, "credited"), NOW, quiet)
    assert moved is not None
    settled = store.settle(moved, "r1", NOW + 9)
    assert settled is not None
    assert (settled["state"], int(settled["settled_at"]), settled["receipt"]) == ("credited", NOW + 9, "r1")
    assert not holders()
    assert holds.of_company(COMPANY)[A]["used"] == ["r1"]
    assert store.settle(settled, "r2", NOW) is None
    again = started(ONE)
    store.apply("sandbox", seen(again, "credited", "71"), NOW, quiet)
    store.settle(paying.payment(again["id"]), "r2", NOW)
    assert holds.of_company(COMPANY)[A]["used"] == ["r1", "r2"]


def test_a_refund_between_reading_and_settling_settles_nothing(paying: Desk) -> None:
    row = started(ONE)
    moved = store.apply("sandbox", seen(row, "credited"), NOW, quiet)
    assert moved is not None
    store.apply("sandbox", seen(row, "refunded", refunded=24216800), NOW, quiet)
    assert store.settle(moved, "r1", NOW) is None
    assert "used" not in holds.of_company(COMPANY)[A]


def test_what_is_due_is_told_longest_due_first_and_what_is_over_is_not(paying: Desk) -> None:
    first, second = started([Line(A, 1)]), started([Line(B, 1)], now=NOW - 60)
    assert [row["sk"] for row in store.due(NOW + states.SOON, 10)] == [second["sk"], first["sk"]]
    assert store.due(NOW, 10) == []
    store.close(first, "expired", NOW)
    ended = store.rest(paying.payment(first["id"]), NOW + 4 * states.DAY)
    assert "queue" not in ended
    assert [row["sk"] for row in store.due(NOW + 9 * states.DAY, 10)] == [second["sk"]]
    assert store.shut(second, NOW)["shut"] is True
