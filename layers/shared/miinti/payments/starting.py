"""A payment is started: what it pays is worked out, what stands in its way is closed, and it is on record."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

from miinti import aws, clock
from miinti.aws import Row
from miinti.errors import NoProvider, PaymentInProcess, RequestInProgress, ValidationFailed
from miinti.payments import debts, flow, holds, settlement, store
from miinti.payments.debts import Asked, Debit, Line
from miinti.payments.provider import Provider, ProviderRefused
from miinti.payments.settlement import Receipts, Remaining
from miinti.payments.store import New, Once, Tell

WAYS: Final = 3
"""Payments that one request closes before its own: the provider is asked twice for each."""
LONGEST: Final = 4
"""Seconds after which none is closed any more: the provider has 8 s for an answer, and the function 29 in all."""


class Ledger(NamedTuple):
    """What the ERP says: a company's open debits, what receipts paid of a document, what remains of documents."""

    owed: Callable[[str], Sequence[Debit]]
    receipts: Receipts
    remaining: Remaining


def start(
    provider: Provider,
    of: Callable[[str], Provider],
    company_id: str,
    person: str,
    ledger: Ledger,
    asked: Asked,
    now: int,
    tell: Tell,
    once: Once,
) -> Row:
    """A payment of what is asked for, with ``provider``; ``of`` has that of a payment that stands in its way, by its
    name.

    Raises what ``debts.chosen`` and ``store.start`` raise. A payment of one of the documents that was declined, whose
    time is over or whose receipt has come is ended first; what cannot be paid ends nothing.
    """
    today = clock.today()
    # Before what is owed: what is settled in between owes less by then.
    rows = holds.of_company(company_id)
    held = {doc: row["payment"] for doc, row in rows.items() if "payment" in row}
    owed = ledger.owed(company_id)
    if asked.docs:
        debts.chosen(owed, (), asked, today)
    wanted = asked.docs or [debit.doc for debit in owed if debts.overdue(debit, today)]
    freed: set[str] = set()
    for payment_id in dict.fromkeys(held[doc] for doc in wanted if doc in held):
        if len(freed) == WAYS or clock.now() - now >= LONGEST:
            break
        # Of all that are overdue the others are paid; of documents by name ``chosen`` says so. A payment of a provider
        # that this stage has no more makes no way: nobody can tell whether it is still being paid.
        with suppress(PaymentInProcess, NoProvider, ProviderRefused):
            standing = store.get(company_id, payment_id)
            # What is left of its documents is to be paid now, and not when somebody looks next.
            if not settlement.settle(standing, ledger.receipts, rows, ledger.remaining, now):
                flow.make_way(of(standing["provider"]), standing, now, tell)
            freed.add(payment_id)
    if freed:
        owed = ledger.owed(company_id)
    lines = debts.chosen(owed, {doc for doc, holder in held.items() if holder not in freed}, asked, today)
    return store.start(New(company_id, person, provider.name, noted(lines, ledger.receipts)), now, request=once)


def noted(lines: Sequence[Line], receipts: Receipts) -> list[Line]:
    """Lines with the receipts that their documents have by now: none of them is of the payment that is started."""
    return [line._replace(before=sorted({receipt for receipt, _, _ in receipts(line.doc)})) for line in lines]


def once(seen: Row | None, once: Once, now: int, new: Callable[[], Row]) -> Row:
    """The payment of a request: what its Idempotency-Key remembers, gone on with where the provider had not answered,
    or a ``new`` one. ``seen`` is the key's row as it was read.

    Raises ``IdempotencyMismatch`` for another request, ``RequestInProgress`` while the first one is at the provider.
    """
    known = store.remembered(seen, once[1], now)
    if known:
        return _again(known, now)
    try:
        return new()
    except store.KeyTaken as taken:
        known = store.remembered(taken.row, once[1], now)
        if known is None:
            raise RequestInProgress from None
    except (PaymentInProcess, ValidationFailed):
        # Perhaps for this very request, which came twice at once: the first one took all that is overdue.
        known = store.remembered(aws.get(*once[0]), once[1], now)
        if known is None:
            raise
    return _again(known, now)


def _again(known: store.Remembered, now: int) -> Row:
    payment = store.get(*known)
    rests = "checkout" in payment or "closed" in payment or too_late(payment, now)
    return payment if rests else store.ask(payment, now)


def too_late(payment: Row, now: int) -> bool:
    """Whether an open payment's time was over before it had a checkout: one opened now would be over too."""
    return "checkout" not in payment and "closed" not in payment and now >= int(payment["expires_at"])
