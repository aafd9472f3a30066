"""GET /v1/companies/{id}/payments/{pid}: what a payment is, from its start until the institute has imputed it."""

from typing import get_args

import pytest
import time_machine

from miinti.payments import shown, states, store
from tests.cloud import Cloud
from tests.payments import COMPANY, DOCS, RECEIPT, Client

A, B = DOCS[:2]


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Client:
    return Client(cloud, 10000, 250)


def test_a_payment_is_shown_with_one_call_while_no_receipt_is_awaited(ana: Client) -> None:
    pid = ana.started(A, B)
    ana.cloud.counted()
    assert ana.show(pid) == {
        "id": pid,
        "state": "created",
        "state_label": "Sin pagar todavía",
        "amount": "102.50",
        "currency": "ARS",
        "documents": [{"doc_id": A, "amount": "100.00"}, {"doc_id": B, "amount": "2.50"}],
        "redirect_url": f"https://mi.inti.example/_local/checkout/{ana.checkout(pid).id}",
        "cancellable": True,
        "holds": True,
        "refunded": "0.00",
        "created_at": "2026-11-24T09:00:00Z",
        "expires_at": "2026-11-24T10:00:00Z",
        "credited_at": None,
        "receipt": None,
    }
    assert ana.cloud.counted() == {"dynamodb:BatchGetItem": 1}


def test_the_page_is_told_for_as_long_as_it_takes_a_payment(ana: Client, clock: time_machine.Traveller) -> None:
    pid = ana.started()
    clock.shift(store.LIFE - 1)
    assert ana.show(pid)["redirect_url"]
    clock.shift(1)
    assert ana.show(pid)["redirect_url"] is None


def test_S86_what_was_paid_is_informed_and_waits_for_the_institutes_receipt(ana: Client) -> None:
    pid = ana.started()
    attempt = ana.pay(pid, "pending")
    ana.told(attempt)
    assert (ana.show(pid)["state"], ana.show(pid)["state_label"]) == ("pending", "Pendiente de pago")
    ana.cloud.provider.move(attempt, "credited")
    ana.told(attempt)
    ana.cloud.counted()
    told_now = ana.show(pid)
    assert ana.cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 2}
    assert (told_now["state"], told_now["state_label"]) == ("credited", "Pago informado, pendiente de imputación")
    assert (told_now["credited_at"], told_now["redirect_url"]) == ("2026-11-24T09:00:00Z", None)


@pytest.mark.parametrize(("cents", "date", "receipt", "imputed"), [
    (10000, "2026-11-24", RECEIPT, True),
    (10000, "2026-12-24", RECEIPT, True),
    (10000, "2026-11-23", RECEIPT, False),
    (9999, "2026-11-24", RECEIPT, False),
    # A credit note is no receipt, whatever it settles.
    (10000, "2026-11-24", "v-00205-00000900-008", False),
])  # fmt: skip
def test_a_payment_is_imputed_by_a_receipt_of_its_own_amount_and_day(
    ana: Client, cents: int, date: str, receipt: str, imputed: bool
) -> None:
    pid = ana.started()
    ana.told(ana.pay(pid))
    ana.receipt(A, cents, date, receipt)
    told_now = ana.show(pid)
    assert (told_now["receipt"], told_now["state_label"]) == (
        (RECEIPT, "Imputado") if imputed else (None, shown.LABELS["credited"])
    )
    assert told_now["holds"] is not imputed


def test_a_receipt_that_was_there_before_a_payment_does_not_impute_it(ana: Client) -> None:
    """A transfer of half of it this morning, and today's payment of the other half."""
    ana.receipt(A, 5000, "2026-11-24")
    pid = ana.started()
    ana.told(ana.pay(pid))
    assert (ana.show(pid)["amount"], ana.show(pid)["receipt"]) == ("50.00", None)
    later = "v-00205-00000901-004"
    ana.receipt(A, 5000, "2026-11-24", later)
    assert ana.show(pid)["receipt"] == later


def test_a_receipt_whose_document_still_owes_all_imputes_nothing_yet(ana: Client) -> None:
    pid = ana.started()
    ana.told(ana.pay(pid))
    ana.receipt(A, 10000, "2026-11-24", moved=False)
    assert ana.show(pid)["receipt"] is None
    ana.owes(A, 0)
    assert ana.show(pid)["receipt"] == RECEIPT


def test_every_state_has_words() -> None:
    assert set(shown.LABELS) == set(get_args(states.State))


@pytest.mark.parametrize("pid", ["0" * 32, "x", "0" * 31, "PAYMENT#", "A" * 32])
def test_what_is_not_there_is_not_found(ana: Client, pid: str) -> None:
    answer = ana.cloud.call("show_payment", token=ana.token, path={"id": COMPANY, "pid": pid})
    assert (answer.status, answer.code) == (404, "not_found")
