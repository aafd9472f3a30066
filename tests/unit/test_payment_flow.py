"""What is done with the provider, call by call: cut short anywhere and asked again, it is done once."""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest

from local.provider import NotSo
from miinti.aws import Row
from miinti.errors import PaymentInProcess, Unavailable
from miinti.mail.outbox import Letter
from miinti.payments import flow, holds, sandbox, states, store
from miinti.payments.debts import Line
from miinti.payments.provider import Attempt, AttemptState
from tests.cloud import Cloud
from tests.payments import COMPANY, DOCS, NOW, Desk, Died, desk, dying, quiet, started, title

URL = "https://mi.inti.example/pagos"
ANYWHERE = [(at, answered) for at in range(1, 13) for answered in (False, True)]
"""Each call that one of these makes, and some past the last: died before it, and before its answer."""


@pytest.fixture
def paying(cloud: Cloud) -> Iterator[Desk]:
    with desk(cloud) as made:
        yield made


def begun(paying: Desk, doc: str = DOCS[0]) -> Row:
    return flow.begin(paying.sandbox, started([Line(doc, 10000)], now=paying.now), title, URL, paying.now)


def holder(doc: str = DOCS[0]) -> str | None:
    row = holds.of_company(COMPANY).get(doc, {})
    return row.get("payment")


def receipt(before: Row, after: Row) -> Sequence[Letter]:
    first = "credited_at" in after and "credited_at" not in before
    return [Letter("payment_receipt", "ana@estudio.example")] if first else []


def there(paying: Desk, payment: Row) -> Any:
    return paying.provider.checkouts[payment["checkout"]["id"]]


# --- begin ------------------------------------------------------------------------------------------------------------


def test_a_checkout_is_for_the_payments_lines_and_ends_with_it(paying: Desk) -> None:
    payment = flow.begin(paying.sandbox, started([Line(DOCS[0], 100), Line(DOCS[1], 250)]), title, URL, NOW)
    checkout = there(paying, payment)
    assert payment["checkout"]["url"].endswith(checkout.id)
    assert (checkout.cents, checkout.currency, checkout.expires_at) == (350, "ARS", NOW + store.LIFE)
    assert (checkout.reference, checkout.return_url) == (f"{COMPANY}.{payment['id']}", URL)
    assert [item["title"] for item in checkout.items] == [f"Factura {DOCS[0]}", f"Factura {DOCS[1]}"]
    assert flow.begin(paying.sandbox, payment, title, URL, NOW) == payment


@pytest.mark.parametrize(("at", "answered"), ANYWHERE[:10])
def test_a_beginning_cut_short_anywhere_is_gone_on_with_in_the_same_checkout(
    paying: Desk, at: int, answered: bool
) -> None:
    payment = started()
    with dying(paying.cloud, at, answered), suppress(Died):
        flow.begin(paying.sandbox, payment, title, URL, NOW)
    again = flow.begin(paying.sandbox, store.ask(store.again(payment), NOW + store.ASKING), title, URL, NOW)
    assert list(paying.provider.checkouts) == [again["checkout"]["id"]]
    assert not there(paying, again).closed


def test_a_provider_that_does_not_answer_leaves_the_payment_on_record(paying: Desk) -> None:
    payment = started()
    away = sandbox.Sandbox("http://127.0.0.1:1", paying.sandbox.keys)
    with pytest.raises(Unavailable):
        flow.begin(away, payment, title, URL, NOW)
    assert store.again(payment)["state"] == "created"
    assert holder() == payment["id"]


def test_a_payment_closed_meanwhile_gets_no_checkout_that_somebody_could_pay_in(paying: Desk) -> None:
    payment = started()
    store.close(payment, "cancelled", NOW)
    with pytest.raises(PaymentInProcess):
        flow.begin(paying.sandbox, payment, title, URL, NOW)
    assert [checkout.closed for checkout in paying.provider.checkouts.values()] == [True]


def test_a_provider_that_forgets_what_it_opened_leaves_one_checkout_open(paying: Desk) -> None:
    payment = started()
    first = flow.begin(paying.sandbox, payment, title, URL, NOW)
    paying.provider._keys.clear()
    assert flow.begin(paying.sandbox, payment, title, URL, NOW)["checkout"] == first["checkout"]
    assert sorted(one.closed for one in paying.provider.checkouts.values()) == [False, True]
    assert not there(paying, first).closed


# --- heed -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "answered"), ANYWHERE)
def test_a_notice_worked_on_anywhere_and_again_moves_it_once(paying: Desk, at: int, answered: bool) -> None:
    payment = begun(paying)
    attempt = paying.provider.pay(payment["checkout"]["id"], "credited")
    with dying(paying.cloud, at, answered), suppress(Died):
        flow.heed(paying.sandbox, attempt.id, NOW, receipt)
    for _ in range(2):
        moved = flow.heed(paying.sandbox, attempt.id, NOW, receipt)
        assert moved is not None
        assert (moved["state"], int(moved["credited"]), moved["shut"]) == ("credited", 10000, True)
    lines = [row for row in paying.cloud.rows("PaymentsTable") if row["pk"].startswith("NOTICE#")]
    assert [int(line["credited"]) for line in lines] == [10000]
    assert len(paying.cloud.mails("payment_receipt")) == 1
    with pytest.raises(NotSo):
        paying.provider.pay(payment["checkout"]["id"], "credited")


def test_a_notice_of_nothing_is_nothing(paying: Desk) -> None:
    before = paying.cloud.kept()
    assert flow.heed(paying.sandbox, "nobodys", NOW, quiet) is None
    assert paying.cloud.kept() == before


# --- end --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("at", "answered"), ANYWHERE)
def test_an_end_cut_short_anywhere_is_come_to(paying: Desk, at: int, answered: bool) -> None:
    payment = begun(paying)
    with dying(paying.cloud, at, answered), suppress(Died):
        flow.end(paying.sandbox, payment, "cancelled", NOW, quiet)
    # Free here only once nobody can pay there.
    assert there(paying, payment).closed or holder() == payment["id"]
    ended = flow.end(paying.sandbox, store.again(payment), "cancelled", NOW, quiet)
    assert (ended["state"], ended["closed"], ended["holds"]) == ("cancelled", "cancelled", False)
    assert there(paying, payment).closed
    assert holder() is None


@pytest.mark.parametrize("state", ["pending", "in_process", "credited"])
def test_what_the_provider_knows_and_no_notice_told_keeps_a_payment_open(paying: Desk, state: AttemptState) -> None:
    payment = begun(paying)
    paying.provider.pay(payment["checkout"]["id"], state)
    ended = flow.end(paying.sandbox, payment, "cancelled", NOW, quiet)
    assert (ended["state"], ended["holds"], "closed" in ended) == (state, True, False)
    assert holder() == payment["id"]
    # Who waits for a slip to be paid begins no other attempt meanwhile.
    assert there(paying, payment).closed


def test_a_declined_payment_gives_way_and_any_other_does_not(paying: Desk) -> None:
    payment = begun(paying)
    with pytest.raises(PaymentInProcess):
        flow.make_way(paying.sandbox, payment, NOW, quiet)
    assert not there(paying, payment).closed
    paying.provider.pay(payment["checkout"]["id"], "rejected")
    flow.look(paying.sandbox, payment, NOW, quiet)
    flow.make_way(paying.sandbox, store.again(payment), NOW, quiet)
    assert (store.again(payment)["state"], holder()) == ("rejected", None)
    assert there(paying, payment).closed
    begun(paying)


def test_a_declined_payment_that_somebody_tries_again_meanwhile_gives_no_way(paying: Desk) -> None:
    payment = begun(paying)
    paying.provider.pay(payment["checkout"]["id"], "rejected")
    flow.look(paying.sandbox, payment, NOW, quiet)
    paying.provider.pay(payment["checkout"]["id"], "in_process")
    with pytest.raises(PaymentInProcess):
        flow.make_way(paying.sandbox, store.again(payment), NOW, quiet)
    assert (store.again(payment)["state"], holder()) == ("in_process", payment["id"])


def test_a_payment_past_its_time_gives_way_before_anybody_looked_at_it(paying: Desk) -> None:
    payment = begun(paying)
    paying.now = NOW + store.LIFE + states.GRACE
    flow.make_way(paying.sandbox, payment, paying.now, quiet)
    assert (store.again(payment)["state"], holder()) == ("expired", None)


# --- look -------------------------------------------------------------------------------------------------------------


def test_a_lost_notice_is_found_and_the_checkout_is_shut(paying: Desk) -> None:
    payment = begun(paying)
    paying.provider.pay(payment["checkout"]["id"], "credited")
    seen = flow.look(paying.sandbox, payment, NOW, receipt)
    assert (seen["state"], seen["shut"], int(seen["check_at"])) == ("credited", True, NOW + states.HOUR)
    assert there(paying, payment).closed
    assert len(paying.cloud.mails("payment_receipt")) == 1


@pytest.mark.parametrize(("at", "answered"), ANYWHERE)
def test_a_look_cut_short_anywhere_is_made_good_by_the_next(paying: Desk, at: int, answered: bool) -> None:
    payment = begun(paying)
    paying.provider.pay(payment["checkout"]["id"], "rejected")
    paying.now = NOW + store.LIFE + states.GRACE
    with dying(paying.cloud, at, answered), suppress(Died):
        flow.look(paying.sandbox, payment, paying.now, quiet)
    assert store.due(paying.now + states.DAY, 10)
    seen = flow.look(paying.sandbox, store.again(payment), paying.now, quiet)
    assert (seen["state"], seen["holds"], int(seen["check_at"])) == ("expired", False, paying.now + states.DAY)
    assert there(paying, payment).closed


def test_pending_over_two_days_then_paid(paying: Desk) -> None:
    payment = begun(paying)
    slip = paying.provider.pay(payment["checkout"]["id"], "pending")
    for _ in range(2):
        paying.now += states.DAY
        payment = flow.look(paying.sandbox, payment, paying.now, quiet)
        assert (payment["state"], payment["holds"]) == ("pending", True)
        with pytest.raises(PaymentInProcess):
            started([Line(DOCS[0], 1)], now=paying.now)
    paying.provider.move(slip.id, "credited")
    assert flow.look(paying.sandbox, payment, paying.now, quiet)["state"] == "credited"


def test_money_that_went_back_frees_its_documents(paying: Desk) -> None:
    payment = begun(paying)
    attempt = paying.provider.pay(payment["checkout"]["id"], "credited")
    flow.look(paying.sandbox, payment, NOW, quiet)
    paying.sandbox.refund(Attempt(**attempt.told()))
    seen = flow.look(paying.sandbox, store.again(payment), NOW, quiet)
    assert (seen["state"], int(seen["credited"]), seen["holds"]) == ("refunded", 0, False)
    assert holder() is None
    begun(paying)
