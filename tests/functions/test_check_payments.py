"""Every five minutes: what no notice told is found all the same, and what is over is closed."""

import io
from typing import Any

import pytest
import time_machine

from miinti.payments import states, store
from miinti.payments.provider import ProviderRefused
from miinti.payments.sandbox import Sandbox
from tests.cloud import Cloud, lines
from tests.payments import DOCS, RECEIPT, Client

A, B, C = DOCS[:3]


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Client:
    return Client(cloud, 10000, 250, 300)


def check(cloud: Cloud) -> None:
    cloud.invoke("check_payments", {})


def test_with_nothing_due_it_is_one_call(ana: Client) -> None:
    ana.started()
    ana.cloud.function("check_payments")
    check(ana.cloud)
    ana.cloud.counted()
    check(ana.cloud)
    assert ana.cloud.counted() == {"dynamodb:Query": 1}


def test_S86_a_lost_notice_is_made_good(ana: Client, clock: time_machine.Traveller) -> None:
    pid = ana.started()
    ana.pay(pid)
    check(ana.cloud)
    assert ana.row(pid)["state"] == "created"
    clock.shift(states.SOON)
    check(ana.cloud)
    row = ana.row(pid)
    assert (row["state"], int(row["credited"]), row["shut"]) == ("credited", 10000, True)
    assert len(ana.cloud.mails("payment_receipt")) == 1


def test_a_checkout_whose_time_is_over_is_closed_and_its_documents_are_free(
    ana: Client, clock: time_machine.Traveller
) -> None:
    pid = ana.started(A, B)
    clock.shift(store.LIFE + states.GRACE - 1)
    check(ana.cloud)
    assert set(ana.held()) == {A, B}
    clock.shift(1)
    check(ana.cloud)
    assert (ana.row(pid)["state"], ana.held()) == ("expired", {})
    assert ana.checkout(pid).closed


def test_a_slip_that_is_still_to_be_paid_holds_past_the_checkouts_end(
    ana: Client, clock: time_machine.Traveller
) -> None:
    pid = ana.started()
    attempt = ana.pay(pid, "pending")
    for _ in range(2):
        clock.shift(86400)
        check(ana.cloud)
    assert (ana.row(pid)["state"], ana.held()) == ("pending", {A: pid})
    ana.cloud.provider.move(attempt, "credited")
    clock.shift(states.HOUR)
    check(ana.cloud)
    assert ana.row(pid)["state"] == "credited"


def test_the_institutes_receipt_settles_a_payment_and_frees_its_documents(
    ana: Client, clock: time_machine.Traveller, log: io.StringIO
) -> None:
    pid = ana.started(A, B)
    ana.pay(pid)
    clock.shift(states.SOON)
    check(ana.cloud)
    ana.receipt(A, 10000, "2026-11-25")
    clock.shift(states.HOUR)
    check(ana.cloud)
    assert set(ana.held()) == {A, B}, "one document's receipt settles no payment of two"
    ana.receipt(B, 250, "2026-11-25")
    clock.shift(states.HOUR)
    check(ana.cloud)
    row = ana.row(pid)
    assert (row["receipt"], row["holds"], ana.held()) == (RECEIPT, False, {})
    assert [line["payment"] for line in lines(log) if line.get("outcome") == "imputed"] == [pid]
    assert ana.show(pid)["state_label"] == "Imputado"


def test_a_receipt_settles_one_payment(ana: Client, clock: time_machine.Traveller) -> None:
    """Two parts of one document, of the same amount, on one day: one receipt is of one of them."""
    first = ana.started(A, amount="10.00")
    ana.pay(first)
    clock.shift(states.SOON)
    check(ana.cloud)
    ana.receipt(A, 1000, "2026-11-24")
    clock.shift(states.HOUR)
    check(ana.cloud)
    assert ana.row(first)["receipt"] == RECEIPT
    second = ana.started(A, amount="10.00", key="k-2")
    ana.pay(second)
    clock.shift(states.HOUR)
    check(ana.cloud)
    assert "receipt" not in ana.row(second)
    assert ana.held() == {A: second}


def test_a_receipt_whose_documents_come_later_frees_them_then(ana: Client, clock: time_machine.Traveller) -> None:
    pid = ana.started()
    ana.told(ana.pay(pid))
    ana.receipt(A, 10000, "2026-11-24", moved=False)
    clock.shift(states.HOUR)
    check(ana.cloud)
    assert ana.held() == {A: pid}, "its document would be paid again"
    ana.owes(A, 0)
    clock.shift(states.HOUR)
    check(ana.cloud)
    assert (ana.row(pid)["receipt"], ana.held()) == (RECEIPT, {})


def test_however_late_a_receipt_comes_it_frees_its_documents(ana: Client, clock: time_machine.Traveller) -> None:
    pid = ana.started()
    ana.told(ana.pay(pid))
    for days in (1, 100, 100):
        clock.shift(days * states.DAY)
        check(ana.cloud)
    ana.receipt(A, 10000, "2027-06-20")
    clock.shift(states.DAY)
    check(ana.cloud)
    assert (ana.row(pid)["receipt"], ana.held(), "queue" in ana.row(pid)) == (RECEIPT, {}, False)


def test_of_what_went_back_in_part_a_receipt_of_the_rest_settles(ana: Client, clock: time_machine.Traveller) -> None:
    pid = ana.started(A, B)
    attempt = ana.pay(pid)
    ana.told(attempt)
    ana.cloud.provider.give_back(attempt, 4000)
    ana.told(attempt)
    ana.receipt(A, 6000, "2026-11-25")
    ana.receipt(B, 250, "2026-11-25")
    clock.shift(states.HOUR)
    check(ana.cloud)
    row = ana.row(pid)
    assert (row["receipt"], row["held"], ana.held()) == (RECEIPT, ["partly_refunded"], {})


def test_where_nobody_takes_payments_there_is_nothing_to_ask(cloud: Cloud) -> None:
    cloud.payment_provider = "none"
    cloud.function("check_payments")
    cloud.counted()
    check(cloud)
    assert cloud.counted() == {"dynamodb:Query": 1}


def test_a_receipt_settles_a_payment_whose_provider_is_gone_and_nothing_fails(
    ana: Client, clock: time_machine.Traveller
) -> None:
    pid, other = ana.started(A), ana.started(B, key="k-2")
    ana.told(ana.pay(pid))
    ana.receipt(A, 10000, "2026-11-25")
    ana.cloud.payment_provider = "none"
    ana.cloud.forget("check_payments")
    clock.shift(2 * states.DAY)
    check(ana.cloud)
    assert (ana.row(pid)["receipt"], ana.held()) == (RECEIPT, {B: other})
    # Both were looked at: the next call has nothing before it.
    ana.cloud.counted()
    check(ana.cloud)
    assert ana.cloud.counted() == {"dynamodb:Query": 1}


def test_what_went_back_is_noted_for_half_a_year(ana: Client, clock: time_machine.Traveller) -> None:
    pid = ana.started()
    attempt = ana.pay(pid)
    clock.shift(states.SOON)
    check(ana.cloud)
    ana.cloud.provider.move(attempt, "charged_back")
    clock.shift(states.DAY)
    check(ana.cloud)
    assert (ana.row(pid)["state"], int(ana.row(pid)["credited"])) == ("charged_back", 0)


def test_R06_one_that_fails_does_not_hold_up_the_others(
    ana: Client, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, log: io.StringIO
) -> None:
    first, second = ana.started(A), ana.started(B, key="k-2")
    ana.pay(second)
    inner = Sandbox.attempts

    def attempts(one: Sandbox, reference: str) -> Any:
        if reference.endswith(first):
            raise ProviderRefused(200)
        return inner(one, reference)

    monkeypatch.setattr(Sandbox, "attempts", attempts)
    clock.shift(states.SOON)
    with pytest.raises(RuntimeError, match="1 skipped"):
        check(ana.cloud)
    assert ana.row(second)["state"] == "credited"
    assert [line["payment"] for line in lines(log) if line.get("outcome") == "skipped"] == [first]
    # And not before its next turn.
    check(ana.cloud)


def test_R11_while_the_provider_is_away_the_others_wait_for_the_next_call(
    ana: Client, clock: time_machine.Traveller, log: io.StringIO
) -> None:
    ids = [ana.started(doc, key=f"k-{n}") for n, doc in enumerate((A, B, C))]
    ana.owes(DOCS[3], 5)
    ids.append(ana.started(DOCS[3], key="k-4"))
    ana.cloud.away = True
    clock.shift(states.SOON)
    with pytest.raises(RuntimeError, match="3 skipped"):
        check(ana.cloud)
    assert len([line for line in lines(log) if line.get("outcome") == "skipped"]) == 3
    ana.cloud.away = False
    for pid in ids:
        ana.pay(pid)
    check(ana.cloud)
    clock.shift(states.SOON)
    check(ana.cloud)
    assert {ana.row(pid)["state"] for pid in ids} == {"credited"}


def test_what_is_not_done_in_time_is_left_for_the_next_call(ana: Client, clock: time_machine.Traveller) -> None:
    for n, doc in enumerate((A, B)):
        ana.pay(ana.started(doc, key=f"k-{n}"))
    clock.shift(states.SOON)
    vars(ana.cloud.function("check_payments"))["LONGEST"] = 0
    check(ana.cloud)
    assert {row["state"] for row in ana.cloud.rows("PaymentsTable") if row["sk"].startswith("PAYMENT#")} == {"created"}


def test_mercado_pagos_access_is_read_once(cloud: Cloud) -> None:
    cloud.payment_provider = "mercadopago"
    cloud.function("check_payments")
    cloud.counted()
    check(cloud)
    check(cloud)
    assert cloud.counted() == {"secretsmanager:GetSecretValue": 1, "dynamodb:Query": 2}
