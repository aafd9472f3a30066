"""DELETE /v1/companies/{id}/payments/{pid}: documents are free once nobody can pay for them, and not before."""

from typing import Any

import pytest
import time_machine

from local.provider import NotSo
from miinti.payments import states, store
from miinti.payments.provider import Order, ProviderRefused
from miinti.payments.sandbox import Sandbox
from tests import grants
from tests.cloud import Cloud
from tests.payments import COMPANY, DOCS, Client

A, B = DOCS[:2]


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Client:
    return Client(cloud, 10000, 250)


def test_a_payment_given_up_is_closed_there_and_here_and_frees_its_documents(ana: Client) -> None:
    pid = ana.started(A, B)
    ana.cloud.counted()
    assert ana.cancel(pid).status == 204
    # That its checkout is closed is noted before anything else can fail.
    assert ana.cloud.counted() == {
        "dynamodb:BatchGetItem": 1,
        "dynamodb:PutItem": 1,
        "dynamodb:GetItem": 3,
        "dynamodb:TransactWriteItems": 1,
    }
    with pytest.raises(NotSo):
        ana.pay(pid)
    assert (ana.show(pid)["state"], ana.show(pid)["redirect_url"]) == ("cancelled", None)
    assert ana.held() == {}
    assert ana.start(A, key="k-2").status == 201


def test_R03_again_is_the_same(ana: Client) -> None:
    pid = ana.started()
    assert [ana.cancel(pid).status for _ in range(3)] == [204, 204, 204]


@pytest.mark.parametrize("state", ["pending", "in_process", "credited"])
def test_S86_what_was_paid_meanwhile_is_found_and_not_given_up(ana: Client, state: str) -> None:
    """No notice has come: the provider is asked."""
    pid = ana.started()
    ana.pay(pid, state)  # type: ignore[arg-type]  # one of the states
    answer = ana.cancel(pid)
    assert (answer.status, answer.code) == (409, "payment_in_process")
    assert ana.show(pid)["state"] == state
    assert ana.held() == {A: pid}
    assert len(ana.cloud.mails("payment_receipt")) == (state == "credited")


def test_what_is_refused_after_its_checkout_was_closed_is_offered_no_more(ana: Client) -> None:
    pid = ana.started()
    ana.pay(pid, "pending")
    assert ana.cancel(pid).status == 409
    assert (ana.checkout(pid).closed, ana.show(pid)["redirect_url"]) == (True, None)
    (attempt,) = ana.cloud.provider.attempts
    ana.cloud.provider.move(attempt, "rejected")
    ana.told(attempt)
    # She gave it up, and nobody can pay it: its documents are free for who asks.
    assert ana.start(A, key="k-2").status == 201
    assert (ana.show(pid)["state"], ana.show(pid)["cancellable"]) == ("rejected", False)


def test_R11_a_provider_that_refuses_to_close_is_told_and_nothing_is_free(
    ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def close(*_: Any) -> None:
        raise ProviderRefused(403)

    pid = ana.started()
    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "close", close)
        answer = ana.cancel(pid)
    assert (answer.status, answer.code) == (503, "payments_unavailable")
    assert list(ana.held().values()) == [pid]
    assert ana.show(pid)["cancellable"]
    assert ana.cancel(pid).status == 204


def test_what_is_known_to_be_on_its_way_keeps_its_checkout(ana: Client) -> None:
    pid = ana.started()
    attempt = ana.pay(pid, "pending")
    ana.told(attempt)
    assert ana.cancel(pid).code == "payment_in_process"
    assert not ana.checkout(pid).closed
    # Nobody is led there to pay a second time, or offered to give up what may come.
    told = ana.show(pid)
    assert (told["state"], told["redirect_url"], told["cancellable"]) == ("pending", None, False)
    ana.cloud.provider.move(attempt, "expired")
    assert ana.cancel(pid).status == 204


def test_S86_a_checkout_that_comes_in_while_its_payment_is_given_up_is_closed_too(
    ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider opened it, and its answer to the other tab comes while this one looks for attempts."""
    inner_open, inner_attempts, box = Sandbox.open, Sandbox.attempts, dict[str, Any]()

    def attempts(one: Sandbox, reference: str) -> Any:
        found = inner_attempts(one, reference)
        if "noted" not in box:
            box["noted"] = store.opened(box["payment"], box["checkout"])
        return found

    def open(one: Sandbox, order: Order) -> Any:
        box["checkout"] = inner_open(one, order)
        with grants.aside():
            # The test's own look is no call of start_payment's.
            (box["pid"],) = ana.held().values()
            box["payment"] = store.get(COMPANY, box["pid"])
        box["answer"] = ana.cancel(box["pid"])
        return box["checkout"]

    monkeypatch.setattr(Sandbox, "attempts", attempts)
    monkeypatch.setattr(Sandbox, "open", open)
    assert ana.start(A).code == "payment_in_process"
    assert box["noted"]["checkout"]["id"] == box["checkout"].id
    assert (box["answer"].status, ana.row(box["pid"])["state"], ana.held()) == (204, "cancelled", {})
    assert ana.checkout(box["pid"]).closed


def test_S86_late_money_that_went_back_frees_its_documents(ana: Client, clock: time_machine.Traveller) -> None:
    pid = ana.started(A, B)
    attempt = ana.pay(pid, "in_process")
    late = ana.cloud.provider.attempts.pop(attempt)
    assert ana.cancel(pid).status == 204
    ana.cloud.provider.attempts[attempt] = late
    ana.cloud.provider.move(attempt, "credited")
    ana.told(attempt)
    assert ana.held() == {A: pid, B: pid}
    assert ana.cancel(pid).code == "payment_in_process"
    ana.cloud.provider.move(attempt, "refunded")
    ana.told(attempt)
    closed_at = ana.row(pid)["closed_at"]
    clock.shift(states.HOUR)
    ana.cloud.invoke("check_payments", {})
    row = ana.row(pid)
    assert (row["state"], row["closed"], row["closed_at"], ana.held()) == ("refunded", "cancelled", closed_at, {})
    assert ana.start(A, B, key="k-2").status == 201


@pytest.mark.parametrize("other", ["none", "mercadopago"])
def test_a_payment_of_a_provider_that_the_stage_has_no_more_is_not_given_up_here(ana: Client, other: str) -> None:
    pid = ana.started()
    ana.cloud.payment_provider = other
    ana.cloud.forget("cancel_payment")
    answer = ana.cancel(pid)
    assert (answer.status, answer.code) == (503, "payments_unavailable")
    assert ana.held() == {A: pid}


def test_while_the_provider_is_away_nothing_is_free(ana: Client) -> None:
    pid = ana.started()
    ana.cloud.away = True
    assert ana.cancel(pid).status == 503
    assert ana.held() == {A: pid}
    ana.cloud.away = False
    assert ana.cancel(pid).status == 204


def test_a_payment_that_the_provider_never_knew_is_given_up_too(ana: Client) -> None:
    ana.cloud.away = True
    assert ana.start(A).status == 503
    (pid,) = ana.held().values()
    ana.cloud.away = False
    assert ana.cancel(pid).status == 204
    assert ana.held() == {}
