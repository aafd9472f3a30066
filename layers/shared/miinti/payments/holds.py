"""Which payment holds a document: at most one does, from its start until it is closed, or imputed by the ERP.

Row of the payments table: ``COMPANY#<company>`` / ``DEBT#<document>``: ``payment``, the id of the one that holds it
(absent: none), and ``used``, the receipts that settled payments of it.
"""

from collections.abc import Iterable
from typing import Final

from miinti import aws, settings
from miinti.aws import Key, Row, Write
from miinti.payments.debts import Line

SETTLED: Final = "SET used = list_append(if_not_exists(used, :none), :receipt) REMOVE payment"
GIVEN_UP: Final = "REMOVE payment"
USED: Final = "SET used = list_append(if_not_exists(used, :none), :receipt)"


def key(company_id: str, doc: str) -> Key:
    return f"COMPANY#{company_id}", f"DEBT#{doc}"


def of_company(company_id: str) -> dict[str, Row]:
    """By document, what stands of it here: ``payment`` where one holds it, ``used``."""
    rows = aws.query_all(
        settings.payments_table(),
        "pk = :pk AND begins_with(sk, :debts)",
        {":pk": f"COMPANY#{company_id}", ":debts": "DEBT#"},
    )
    return {row["sk"].removeprefix("DEBT#"): row for row in rows}


def taken(company_id: str, payment_id: str, lines: Iterable[Line], otherwise: Exception) -> list[Write]:
    """Hold the documents of a payment; ``otherwise`` where another holds one of them."""
    return [
        aws.update(
            settings.payments_table(),
            key(company_id, line.doc),
            "SET payment = :payment",
            {":payment": payment_id},
            condition="attribute_not_exists(payment)",
            otherwise=otherwise,
        )
        for line in lines
    ]


def freed(company_id: str, payment_id: str, lines: Iterable[Line], receipt: str | None = None) -> list[Write]:
    """Let go of the documents of a payment; with the ``receipt`` that settled it, which settles no other of them."""
    values: Row = {":payment": payment_id}
    if receipt is not None:
        values |= {":none": [], ":receipt": [receipt]}
    return [
        aws.update(
            settings.payments_table(),
            key(company_id, line.doc),
            GIVEN_UP if receipt is None else SETTLED,
            values,
            condition="payment = :payment",
            # The payment's own row says whether it holds them: another answer is a fault of ours.
        )
        for line in lines
    ]


def used_of(company_id: str, lines: Iterable[Line]) -> dict[str, list[str]]:
    """By document, the receipts that settled payments of it."""
    places = {line.doc: (settings.payments_table(), key(company_id, line.doc)) for line in lines}
    rows = aws.batch_get_all(places.values())
    return {doc: list((rows[place] or {}).get("used", ())) for doc, place in places.items()}


def used(company_id: str, lines: Iterable[Line], receipt: str) -> list[Write]:
    """Note that a receipt settled a payment which no longer holds these documents: it settles no other."""
    values: Row = {":none": [], ":receipt": [receipt]}
    return [aws.update(settings.payments_table(), key(company_id, line.doc), USED, values) for line in lines]
