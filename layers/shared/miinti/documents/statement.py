"""The running account of a client: what each voucher adds to it or takes from it, and what stands after it.

Facturado is what an invoice or note moves (a credit note's is negative, and stands under Haber), Cobrado what a receipt
does: both are movements, and neither says what was paid of a voucher. A voided receipt collects nothing and is shown;
an invoice cancelled by a note stands beside it.
"""

from collections.abc import Iterable
from typing import NamedTuple

from typing_extensions import TypedDict

from miinti.aws import Row
from miinti.documents import items
from miinti.documents.kinds import VOUCHER_TYPES
from miinti.values import money
from miinti.values.told import Day, Money


class Movement(TypedDict):
    date: Day
    doc_id: str
    number: str
    type_label: str
    debit: Money | None
    credit: Money | None
    balance: Money


class Statement(TypedDict):
    opening: Money
    closing: Money
    currency: str
    movements: list[Movement]


class Period(NamedTuple):
    """Days, both included; "" is no bound."""

    first: str
    last: str


def moved(facts: Row) -> int:
    """What a voucher does to the account, in cents."""
    return int(facts["billed"] or 0) - int(facts["collected"] or 0)


def of(vouchers: Iterable[Row], period: Period, after: int | None) -> Statement:
    """The account over a period. ``vouchers`` are facts, oldest first: all there are or, where ``after`` tells what
    the account comes to after the last of them, all from the period's first day on."""
    known = list(vouchers)
    opening = 0 if after is None else after - sum(map(moved, known))
    movements: list[Movement] = []
    balance = opening
    for facts in known:
        if facts["date"] < period.first:
            opening += moved(facts)
            balance = opening
        elif not period.last or facts["date"] <= period.last:
            balance += moved(facts)
            movements.append(_movement(facts, balance))
    return {
        "opening": money.text(opening),
        "closing": money.text(balance),
        "currency": "ARS",
        "movements": movements,
    }


def _movement(facts: Row, balance: int) -> Movement:
    billed, collected = facts["billed"], facts["collected"]
    lowers = billed is None or billed < 0
    amount = abs(int(billed if billed is not None else collected or 0))
    return {
        "date": facts["date"],
        "doc_id": facts["id"],
        "number": items.number(facts["id"]),
        "type_label": VOUCHER_TYPES[items.type_of(facts["id"])].label,
        "debit": None if lowers else money.text(amount),
        "credit": money.text(amount) if lowers else None,
        "balance": money.text(balance),
    }
