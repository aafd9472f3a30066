"""What a client owes, and what of it one payment takes: open debits of one company in one currency.

Amounts are whole cents and come from the documents' rows; whoever asks names documents, never prices (S86).
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, NamedTuple

from miinti.errors import FieldError, PaymentInProcess, ValidationFailed

MOST: Final = 90
"""Documents of one payment: each is a write of the transaction that starts it, which has a hundred."""


class Debit(NamedTuple):
    """An open debit: the document's id, what remains of it, its due date (None: never overdue), and of what money."""

    doc: str
    cents: int
    due_date: str | None
    currency: str = "ARS"


class Line(NamedTuple):
    """What a payment pays of a document. As it was when the payment was started: ``owed``, what remained of it (None
    where nobody noted it), and ``before``, the receipts that had paid of it already."""

    doc: str
    cents: int
    owed: int | None = None
    before: Sequence[str] = ()


class Asked(NamedTuple):
    """What somebody asks to pay: documents, or all that are overdue; and of a single document perhaps only a part."""

    docs: Sequence[str] = ()
    all_overdue: bool = False
    cents: int | None = None


def asked(docs: Sequence[str], all_overdue: bool, cents: int | None) -> Asked:
    """What a request asks for. Raises ``ValidationFailed`` where it names documents and all that are overdue, neither,
    or a part of all that are."""
    if bool(docs) == all_overdue:
        raise ValidationFailed(FieldError("doc_ids", "not_allowed" if docs else "missing"))
    if all_overdue and cents is not None:
        raise ValidationFailed(FieldError("amount", "not_allowed"))
    return Asked(docs, all_overdue, cents)


def debit(facts: Mapping[str, Any]) -> Debit:
    """An open debit by its document's facts."""
    return Debit(facts["id"], int(facts["remaining"]), facts["due_date"])


def overdue(debit: Debit, today: dt.date) -> bool:
    """Whether the debit's due date is before ``today``, the day in Buenos Aires (``clock.today``)."""
    return debit.due_date is not None and debit.due_date < today.isoformat()


def total(owed: Collection[Debit] | Collection[Line]) -> int:
    """Cents of debits, or of what is paid of them."""
    return sum(one.cents for one in owed)


def chosen(debits: Sequence[Debit], in_payment: Collection[str], asked: Asked, today: dt.date) -> list[Line]:
    """What is paid: each document asked for with all that remains of it or, of one alone, the lower amount.

    ``debits`` are the company's, ``in_payment`` ids of documents that a live payment holds. Raises
    ``ValidationFailed`` for what cannot be paid (not an open debit of the company, twice the same, more than ``MOST``,
    two currencies, an amount that is not above zero and at most what remains) and ``PaymentInProcess``.
    """
    open = {debit.doc: debit for debit in debits if debit.cents > 0}
    if asked.all_overdue:
        taken = [debit for debit in open.values() if overdue(debit, today) and debit.doc not in in_payment]
        field = "all_overdue"
    else:
        if len(set(asked.docs)) != len(asked.docs) or not open.keys() >= set(asked.docs):
            raise ValidationFailed(FieldError("doc_ids", "not_allowed"))
        if set(asked.docs) & set(in_payment):
            raise PaymentInProcess
        taken = [open[doc] for doc in asked.docs]
        field = "doc_ids"
    if not taken or len({debit.currency for debit in taken}) > 1:
        raise ValidationFailed(FieldError(field, "not_allowed"))
    if len(taken) > MOST:
        raise ValidationFailed(FieldError(field, "too_long", MOST))
    if asked.cents is None:
        return [Line(debit.doc, debit.cents, debit.cents) for debit in taken]
    if asked.all_overdue or len(taken) > 1 or not 0 < asked.cents <= taken[0].cents:
        raise ValidationFailed(FieldError("amount", "not_allowed"))
    return [Line(taken[0].doc, asked.cents, taken[0].cents)]
