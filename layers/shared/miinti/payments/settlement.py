"""When the ERP's receipt has come for a payment that was credited: only then is it imputed
(docs/decisions/payments.md).

Pure: who asks knows which documents are receipts, and what each paid.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

from miinti.payments.debts import Line


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
