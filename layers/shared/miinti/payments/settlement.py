"""When the ERP's receipt has come for a payment that was credited: only then is it imputed
(docs/decisions/payments.md).

Pure: who asks knows which documents are receipts, and what each paid.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from miinti import clock
from miinti.aws import Row
from miinti.payments import store
from miinti.payments.debts import Line

Receipts = Callable[[str], Iterable[tuple[str, str, int]]]
"""What receipts paid of a document: the receipt's id, the day, and how much in cents."""


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
) -> str | None:
    """The receipt that was applied to each document of a payment for exactly what the payment paid of it, on the
    payment's own day (``since``, of Buenos Aires) or after; None where there is none yet.

    ``applied`` has the receipts' applications by document, ``used`` the receipts that settled other payments of each.
    Where several would do it is the earliest.
    """
    fits: dict[str, str] | None = None
    for line in lines:
        here = {
            application.receipt: application.date
            for application in applied.get(line.doc, ())
            if application.cents == line.cents
            and application.date >= since
            and application.receipt not in used.get(line.doc, ())
        }
        fits = here if fits is None else {one: day for one, day in fits.items() if one in here}
    if not fits:
        return None
    return min(fits, key=lambda one: (fits[one], one))


def awaited(payment: Row) -> bool:
    """Whether a payment was credited and waits for its receipt."""
    return bool(payment["state"] == "credited" and payment["holds"] and "receipt" not in payment)


def receipt_for(payment: Row, receipts: Receipts, held: Mapping[str, Row]) -> str | None:
    """The receipt that has come for a payment; None of one that has none yet, or waits for none. ``held`` are the
    company's rows of ``holds``."""
    if not awaited(payment):
        return payment.get("receipt")
    lines = store.lines_of(payment)
    return receipt_of(
        lines,
        {line.doc: [Application(*one) for one in receipts(line.doc)] for line in lines},
        {line.doc: held.get(line.doc, {}).get("used", ()) for line in lines},
        clock.local(int(payment["created_at"])).date().isoformat(),
    )
