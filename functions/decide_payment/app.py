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
from miinti.payments import flow, holds, ours, states, store
from miinti.payments.provider import Provider, ProviderRefused
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
    if receipt and receipt != row.get("receipt"):
        _paid_by(row, receipt)
    with _at_provider(row) as provider:
        # Its documents are never free while somebody can still pay for them: shut, looked for, then settled.
        row = flow.seen(provider, flow.stopped(provider, row, order.now), order.now, paid.letters)
    if any(attempt.state in ("pending", "in_process") for attempt in states.of(row).values()):
        raise Declined("payment_alive")
    store.settle_by_hand(row, receipt, reason, order.now, [act])


def _paid_by(row: Row, receipt: str) -> None:
    """Declines a receipt that paid none of a payment's documents, or only what was paid otherwise: before the payment,
    or by another one."""
    lines = [line for line in store.lines_of(row) if receipt in {one for one, _, _ in payments.receipts_of(line.doc)}]
    if not lines:
        raise Declined("receipt_unknown")
    used = holds.used_of(row["company"], lines)
    if all(receipt in line.before or receipt in used[line.doc] for line in lines):
        raise Declined("receipt_used")


def refund(order: Order) -> dict[str, Any]:
    """All of one attempt's money, or of every attempt that has any. The trail has it first: the provider knows nothing
    of our transactions."""
    row = _found(order)
    attempts = store.with_money(row)
    if "attempt" in order.given:
        attempts = [one for one in attempts if one.id == order["attempt"]]
    elif order.given.get("all") != "True":
        raise Declined("attempt_or_all")
    if not attempts:
        raise Declined("nothing_to_refund")
    ids = [one.id for one in attempts]
    refused = []
    with _at_provider(row) as provider:
        about = {"company": row.get("company"), "payment": order["payment"], "target": ",".join(ids)}
        aws.write(order.act(person=row.get("person"), **about))
        for attempt in attempts:
            try:
                provider.refund(attempt)
            except ProviderRefused:
                # The others' money goes back all the same, and staff is told of both.
                refused.append(attempt.id)
            else:
                flow.heed(provider, attempt.id, order.now, paid.letters)
        if refused == ids:
            raise Declined("provider_refused")
        if row["pk"] != "HELD":
            flow.look(provider, store.again(row), order.now, paid.letters)
    told = {"attempts": ",".join(id for id in ids if id not in refused), "not_refunded": ",".join(refused) or None}
    return {"payment": order["payment"], **told, "state": _found(order)["state"]}


def _found(order: Order) -> Row:
    observe.about(payment=order["payment"])
    row = store.at(order["payment"])
    if row is None:
        raise Declined("payment_unknown")
    return row


@contextmanager
def _at_provider(row: Row) -> Iterator[Provider]:
    try:
        yield ours.of(row["provider"])
    except NoProvider:
        raise Declined("provider_gone") from None
    except ProviderRefused:
        raise Declined("provider_refused") from None


handler = desk(settle_payment=settle, refund_payment=refund)
