"""When the ERP's receipt has come for a payment that was credited: only then is it imputed
(docs/decisions/payments.md).

Who asks knows which documents are receipts, what each paid, and what remains; but for ``settle`` all is pure.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from miinti import clock
from miinti.aws import Row
from miinti.payments import debts, store
from miinti.payments.debts import Line

Receipts = Callable[[str], Iterable[tuple[str, str, int]]]
"""What receipts paid of a document: the receipt's id, the day, and how much in cents."""
Remaining = Callable[[str, Collection[str]], Mapping[str, int]]
"""What remains of documents of a company by now, in cents."""


class Application(NamedTuple):
    """What a receipt paid of a document: the receipt's id, the day, and how much."""

    receipt: str
    date: str
    cents: int


def receipt_of(
    lines: Sequence[Line],
    applied: Mapping[str, Sequence[Application]],
    used: Mapping[str, Collection[str]],
    since: str,
    left: int | None = None,
) -> str | None:
    """The receipt that was applied to each document of a payment for exactly what the payment paid of it, on the
    payment's own day (``since``, of Buenos Aires) or after; None where there is none yet.

    ``applied`` has the receipts' applications by document, ``used`` the receipts that settled other payments of each;
    those that a document had when the payment was started are not its own either. ``left`` is what is with us of the
    payment: where a part went back, a receipt of what is left will do, for at most its line of each document. Where
    several would do it is the earliest.
    """
    paid: dict[str, dict[str, int]] = {}
    days: dict[str, str] = {}
    for line in lines:
        for receipt, date, cents in applied.get(line.doc, ()):
            if date >= since and receipt not in used.get(line.doc, ()) and receipt not in line.before:
                of = paid.setdefault(receipt, {})
                of[line.doc] = of.get(line.doc, 0) + cents
                days[receipt] = min(date, days.get(receipt, date))
    whole = debts.total(lines)
    fits = [
        receipt
        for receipt, of in paid.items()
        if sum(of.values()) in (whole, left) and all(of.get(line.doc, 0) <= line.cents for line in lines)
    ]
    return min(fits, key=lambda one: (days[one], one), default=None)


def fell(lines: Sequence[Line], remaining: Mapping[str, int], left: int) -> bool:
    """Whether what remains of the documents is by now at most what it was without ``left`` of it: a receipt whose
    documents still owe all has not come whole, and would have them paid again."""
    owed = {line.doc: line.owed for line in lines if line.owed is not None}
    return not owed or sum(remaining.get(doc, owed[doc]) for doc in owed) <= sum(owed.values()) - left


def awaited(payment: Row) -> bool:
    """Whether a payment was credited and waits for its receipt."""
    return bool(payment["state"] == "credited" and payment["holds"] and "receipt" not in payment)


def receipt_for(payment: Row, receipts: Receipts, held: Mapping[str, Row], remaining: Remaining) -> str | None:
    """The receipt that has come for a payment; None of one that has none yet, or waits for none. ``held`` are the
    company's rows of ``holds``."""
    if not awaited(payment):
        return payment.get("receipt")
    lines, left = store.lines_of(payment), int(payment["credited"])
    receipt = receipt_of(
        lines,
        {line.doc: [Application(*one) for one in receipts(line.doc)] for line in lines},
        {line.doc: held.get(line.doc, {}).get("used", ()) for line in lines},
        clock.local(int(payment["created_at"])).date().isoformat(),
        left,
    )
    if receipt is None or not fell(lines, remaining(payment["company"], [line.doc for line in lines]), left):
        return None
    return receipt


def settle(payment: Row, receipts: Receipts, held: Mapping[str, Row], remaining: Remaining, now: int) -> bool:
    """Free the documents of a payment that waits for its receipt, where that has come; whether it had."""
    if not awaited(payment):
        return False
    receipt = receipt_for(payment, receipts, held, remaining)
    return receipt is not None and store.settle(payment, receipt, now) is not None
