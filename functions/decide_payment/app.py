"""Staff decides about payments: one is settled by hand, or its money goes back by the provider.

What counts of a payment moves by what the provider then tells of it, here as everywhere (docs/decisions/payments.md).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from miinti import aws, observe, paid
from miinti.aws import Row
from miinti.documents import payments
from miinti.errors import NoProvider
from miinti.payments import flow, ours, states, store
from miinti.payments.provider import Attempt, Provider, ProviderRefused
from miinti.payments.states import Seen
from miinti.staff import Declined, Order, desk


def settle(order: Order) -> dict[str, Any]:
    """By a receipt that paid one of its documents, or for a reason; its documents are free then."""
    receipt, reason = order.given.get("receipt"), order.given.get("reason")
    if bool(receipt) == bool(reason):
        raise Declined("receipt_or_reason")
    if reason:
        order.reason()
    row = _found(order)
    if "desk" not in row:
        raise Declined("nothing_to_settle")
    act = order.act(
        person=row.get("person"),
        company=row.get("company"),
        payment=order["payment"],
        target=receipt,
        why=reason,
    )
    if row["pk"] == "HELD":
        if not reason:
            raise Declined("receipt_or_reason")
        store.attend(row, reason, order.now, [act])
    else:
        _settle(order, row, receipt, reason, act)
    return {"payment": order["payment"], "receipt": receipt, "reason": reason}


def _settle(order: Order, row: Row, receipt: str | None, reason: str | None, act: aws.Write) -> None:
    known = {one for line in row["lines"] for one, _, _ in payments.receipts_of(line["doc"])} if receipt else set()
    if receipt and receipt not in known:
        raise Declined("receipt_unknown")
    with _at_provider(row) as provider:
        # Its documents are never free while somebody can still pay for them: shut, looked for, then settled.
        row = flow.seen(provider, flow.stopped(provider, row, order.now), order.now, paid.letters)
    if any(attempt.state in ("pending", "in_process") for attempt in states.of(row).values()):
        raise Declined("payment_alive")
    store.settle_by_hand(row, receipt, reason, order.now, [act])


def refund(order: Order) -> dict[str, Any]:
    """All of one attempt's money, or of every attempt that has any. The trail has it first: the provider knows nothing
    of our transactions."""
    row = _found(order)
    attempts = _with_money(row)
    if "attempt" in order.given:
        attempts = [one for one in attempts if one.id == order["attempt"]]
    elif order.given.get("all") != "True":
        raise Declined("attempt_or_all")
    if not attempts:
        raise Declined("nothing_to_refund")
    ids = ",".join(one.id for one in attempts)
    with _at_provider(row) as provider:
        about = {"company": row.get("company"), "payment": order["payment"], "target": ids}
        aws.write(order.act(person=row.get("person"), **about))
        for attempt in attempts:
            provider.refund(attempt)
            flow.heed(provider, attempt.id, order.now, paid.letters)
        if row["pk"] != "HELD":
            flow.look(provider, store.again(row), order.now, paid.letters)
    return {"payment": order["payment"], "attempts": ids, "state": _found(order)["state"]}


def _found(order: Order) -> Row:
    observe.about(payment=order["payment"])
    row = store.at(order["payment"])
    if row is None:
        raise Declined("payment_unknown")
    return row


def _with_money(row: Row) -> list[Attempt]:
    """Attempts whose money is with us, as the provider is asked for them."""
    if row["pk"] == "HELD":
        known = {row["id"]: Seen(row["state"], int(row["cents"]), int(row["refunded"]), frozenset())}
        reference = row["reference"]
    else:
        known, reference = states.of(row), store.reference(row)
    return [
        Attempt(id, reference, seen.state, seen.cents, row["currency"], seen.refunded)
        for id, seen in known.items()
        if seen.money
    ]


@contextmanager
def _at_provider(row: Row) -> Iterator[Provider]:
    try:
        yield ours.of(row["provider"])
    except NoProvider:
        raise Declined("provider_gone") from None
    except ProviderRefused:
        raise Declined("provider_refused") from None


handler = desk(settle_payment=settle, refund_payment=refund)
