"""What is shown of a document: the items of a list, and one with all that is known of it.

Facts come in whole cents and plain days (``rows``) and go out as the contract has them: amounts as text with two
decimals, what does not apply as None. The state of a voucher is derived here, on the day it is looked at (Decided 3).
"""

import datetime as dt
from collections.abc import Iterable
from typing import Any, Literal

from typing_extensions import TypedDict

from miinti.aws import Row
from miinti.documents import rows
from miinti.documents.kinds import KINDS, VOUCHER_TYPES
from miinti.values import money
from miinti.values.told import Day, Money


class Voucher(TypedDict):
    id: str
    kind: Literal["voucher"]
    date: Day
    due_date: Day | None
    number: str
    type: str
    type_label: str
    letter: str | None
    billed: Money | None
    collected: Money | None
    remaining: Money
    currency: str
    status: Literal["paid", "partial", "due", "overdue", "void", "applied", "on_account"]
    status_label: str
    has_file: bool


class Withholding(TypedDict):
    id: str
    kind: Literal["withholding"]
    date: Day
    number: str
    tax: str
    regime: str | None
    jurisdiction: str | None
    base: Money
    rate: str
    amount: Money
    currency: str
    payment_order: str | None
    source_number: str | None
    status: Literal["issued", "void"]
    status_label: str
    has_file: bool


class Quote(TypedDict):
    id: str
    kind: Literal["quote"]
    date: Day
    number: str
    valid_until: Day | None
    service: str | None
    centre: str | None
    total: Money
    currency: str
    status: Literal["sent", "accepted", "rejected", "expired"]
    status_label: str
    work_order: str | None
    has_file: bool


class WorkOrder(TypedDict):
    id: str
    kind: Literal["work_order"]
    date: Day
    number: str
    service: str | None
    centre: str | None
    stage: Literal[
        "awaiting_sample",
        "sample_received",
        "in_progress",
        "in_review",
        "report_issued",
        "invoiced",
        "suspended",
        "void",
    ]
    stage_label: str
    progress: int | None
    promised_date: Day | None
    report_number: str | None
    report_date: Day | None
    quote_number: str | None
    has_file: bool


Item = Voucher | Withholding | Quote | WorkOrder


class Applied(TypedDict):
    """The other document of an application: which receipt or note paid, or what it paid; when, and how much."""

    doc_id: str
    number: str
    type: str
    type_label: str
    date: Day
    amount: Money
    currency: str


class VoucherDetail(Voucher):
    """``net`` to ``total`` are in ``document_currency``; ``related`` is the id of the document a note refers to."""

    point_of_sale: int
    net: Money | None
    vat_rate: str | None
    vat: Money | None
    exempt: Money | None
    perceptions: Money | None
    total: Money | None
    document_currency: str | None
    exchange_rate: str | None
    auth_kind: str | None
    auth_code: str | None
    auth_due: Day | None
    related: str | None
    applications: list[Applied]


class WithholdingDetail(Withholding):
    """``source_…`` tell of the supplier's invoice."""

    system: str | None
    form: str | None
    security_code: str | None
    tax_code: str | None
    source_type_code: str | None
    source_date: Day | None
    source_total: Money | None
    voided_date: Day | None
    applications: list[Applied]


class QuoteDetail(Quote):
    service_code: str | None
    quantity: int | None
    net: Money | None
    vat: Money | None
    decided_date: Day | None
    applications: list[Applied]


class WorkOrderDetail(WorkOrder):
    """``invoice`` is the id of the voucher that bills it."""

    service_code: str | None
    sample_id: str | None
    sample_description: str | None
    samples: int | None
    received_date: str | None
    invoice: str | None
    applications: list[Applied]


Detail = VoucherDetail | WithholdingDetail | QuoteDetail | WorkOrderDetail


def _fields(**models: type) -> dict[str, tuple[str, ...]]:
    """The fields of each kind, as its model declares them."""
    return {kind: tuple(model.__annotations__) for kind, model in models.items()}


_SHOWN = _fields(voucher=Voucher, withholding=Withholding, quote=Quote, work_order=WorkOrder)
_DETAILED = _fields(voucher=VoucherDetail, withholding=WithholdingDetail, quote=QuoteDetail, work_order=WorkOrderDetail)
_AMOUNTS = frozenset(
    {
        "billed", "collected", "remaining", "base", "amount", "total",
        "net", "vat", "exempt", "perceptions", "source_total",
    }
)  # fmt: skip
_NUMBERS = _AMOUNTS | {"progress", "quantity", "samples", "point_of_sale"}


# --- numbers and states -----------------------------------------------------------------------------------------------


def number(doc_id: str) -> str:
    """The number people know a document by: of a voucher ``20500001513``, point of sale 205 and number 1513."""
    if doc_id[0] == "v":
        _, point_of_sale, run, _ = doc_id.split("-")
        return f"{int(point_of_sale)}{run}"
    return doc_id.split("-", 2)[2] if doc_id[0] == "w" else doc_id[2:]


class Named(TypedDict):
    """A document as far as a link to it names it."""

    kind: Literal["voucher", "withholding", "quote", "work_order"]
    number: str
    date: Day


def named(doc_id: str, row: Row) -> Named:
    """``row`` has kind and date: the document's own, or a link's to it."""
    return {"kind": row["kind"], "number": number(doc_id), "date": row["date"]}


def type_of(doc_id: str) -> str:
    """A voucher's ARCA code, a withholding's tax, "" for what has no type."""
    if doc_id[0] == "v":
        return doc_id.rsplit("-", 1)[1]
    return doc_id.split("-", 2)[1] if doc_id[0] == "w" else ""


def status(facts: Row, today: dt.date) -> str:
    """The state of a document (a stage, of work orders) on the local day ``today``.

    An open debit is overdue once its due date is past, also when part of it is paid; else partial or due.
    """
    kind = facts["kind"]
    if kind != "voucher":
        return str(facts["stage" if kind == "work_order" else "status"])
    state = rows.settled(facts["id"], facts)
    if state:
        return state
    due = facts.get("due_date")
    if due and due < today.isoformat():
        return "overdue"
    return "due" if facts["remaining"] == facts.get("billed") else "partial"


# --- showing ----------------------------------------------------------------------------------------------------------


def item(facts: Row, today: dt.date) -> Item:
    """A document as lists show it, from the facts that ``rows.listed`` gives."""
    shown: Item = _shown(_SHOWN[facts["kind"]], facts, today)
    return shown


def detail(row: Row, applied: Iterable[Row], today: dt.date) -> Detail:
    """A document with all that is known of it, from its whole row and its ``APPLIED#`` rows."""
    facts = {**row, "has_file": bool(row.get("f")), "applications": applications(applied)}
    shown: Detail = _shown(_DETAILED[row["kind"]], facts, today)
    return shown


def applications(applied: Iterable[Row]) -> list[Applied]:
    """Applications, oldest first."""
    return [
        {
            "doc_id": row["other"],
            "number": number(row["other"]),
            "type": type_of(row["other"]),
            "type_label": VOUCHER_TYPES[type_of(row["other"])].label,
            "date": row["date"],
            "amount": money.text(int(row["amount"])),
            "currency": "ARS",
        }
        for row in sorted(applied, key=lambda row: (row["date"], row["other"]))
    ]


def _shown(names: tuple[str, ...], facts: Row, today: dt.date) -> Any:
    told = {**facts, **_derived(facts, today)}
    return {name: _figure(name, told.get(name)) if name in _NUMBERS else told.get(name) for name in names}


def _derived(facts: Row, today: dt.date) -> Row:
    """What is shown of a document and stands in its id, its kind or the day."""
    doc_id, kind, state = facts["id"], facts["kind"], status(facts, today)
    label = KINDS[kind].states[state]
    if kind == "work_order":
        return {"number": number(doc_id), "stage_label": label}
    derived: Row = {"number": number(doc_id), "status": state, "status_label": label}
    if kind == "voucher":
        code = type_of(doc_id)
        voucher = VOUCHER_TYPES[code]
        derived |= {"type": code, "type_label": voucher.label, "letter": voucher.letter or None}
        derived["currency"] = "ARS"
        derived["point_of_sale"] = int(doc_id.split("-")[1])
    elif kind == "withholding":
        derived |= {"tax": type_of(doc_id), "currency": "ARS"}
    return derived


def _figure(name: str, value: Any) -> Any:
    if value is None:
        return None
    return money.text(int(value)) if name in _AMOUNTS else int(value)
