"""What a row says, once all that it says by itself holds. No look at what is stored, and no clock: ``today`` is given.

Each layout has one function from cells to an ``Entry``; the first thing wrong raises ``Fault``. The order of the checks
is from what a row is to what it amounts to, so that a wrong number is told as itself and not by what follows from it.
Identities of amounts: local/sample/README.md, "Amounts that reconcile"; net, IVA, exempt and perceptions make the
total as in ARCA's WSFEv1.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Concatenate, Final, NamedTuple, ParamSpec, Protocol, TypeVar

from stdnum.ar import cbu as cbus
from stdnum.exceptions import InvalidChecksum, InvalidLength, ValidationError

from miinti.aws import Row
from miinti.erp import layouts
from miinti.erp.faults import Fault
from miinti.errors import Invalid
from miinti.values import cuit as cuits
from miinti.values import email as emails
from miinti.values import money

P = ParamSpec("P")
T = TypeVar("T")
Cells = Mapping[str, str]


class Account(NamedTuple):
    """The account of the institute that a row belongs to (its own, in companies.csv). ``number`` is empty where the row
    knows the CUIT alone."""

    role: str
    number: str
    cuit: str


NO_ACCOUNT: Final = Account("", "", "")
"""Of a row that tells of documents, which have theirs."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that holds by itself.

    ``key`` is what makes it one of its kind in the institute, as its id is made of; ``facts`` are stored as they stand:
    cents, days ``YYYY-MM-DD``, None where nothing applies; ``pdf_file`` is the name its PDF comes under; ``doubts`` are
    cells that it goes in without (``faults.WARNINGS``). A ``partial`` one comes from who does not know all of it: it
    changes nothing that is there.
    """

    key: tuple[Any, ...]
    facts: Row
    account: Account = NO_ACCOUNT
    pdf_file: str | None = None
    partial: bool = False
    doubts: tuple[Fault, ...] = ()


class VoucherType(Protocol):
    """What an ARCA code says."""

    @property
    def label(self) -> str: ...
    @property
    def letter(self) -> str: ...
    @property
    def sign(self) -> int: ...
    @property
    def authorised(self) -> bool: ...


Types = Mapping[str, VoucherType]

_LABEL: Final = 100
"""Characters of a label that are looked at; no type's is as long."""
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\uffff]")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,12}", re.ASCII)
_PERCENT = re.compile(r"([0-9]{1,6})\.([0-9]{2})", re.ASCII)
_EXCHANGE = re.compile(r"([0-9]{1,9})\.([0-9]{1,6})", re.ASCII)
_NUMBER = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}", re.ASCII)
_DOC_KEY = re.compile(r"([0-9]{3}|RX)-([0-9]{5})-([0-9]{8})", re.ASCII)
_FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,115}\.pdf", re.ASCII)


_EXCEL = re.compile(r"\d[.,]\d+E\+\d+")
_FREE: Final = frozenset({"name", "address", "service_label", "sample_description"})
"""Columns of people's own words."""


def checked(layout: str, cells: Cells, types: Types, today: dt.date) -> Entry:
    """The entry of a row of a layout. ``types`` are ARCA's voucher types by code. Raises ``Fault``."""
    for field, value in cells.items():
        if _UNSEEN.search(value):
            raise Fault(field, "control_character", value)
        if field not in _FREE and _EXCEL.fullmatch(value):
            raise Fault(field, "excel_number", value)
    return _CHECKS[layout](cells, types, today)


def is_file_name(name: str) -> bool:
    """Whether a PDF can come under this name."""
    return _FILE_NAME.fullmatch(name) is not None


def is_voucher_key(doc_key: str, types: Types) -> bool:
    """Whether this is the ERP's key of a voucher: type, point of sale, number."""
    match = _DOC_KEY.fullmatch(doc_key)
    return match is not None and match[1] in types and int(match[2]) > 0 and int(match[3]) > 0


# --- companies --------------------------------------------------------------------------------------------------------


def _company(cells: Cells, _types: Types, today: dt.date) -> Entry:
    role = _word(cells, "kind", layouts.ROLES, "kind_unknown")
    account = _account(cells, role, "code")
    supplier = role == "supplier"
    if not supplier:
        _empty(cells, "cbu")
    _cbu(cells)
    _optional(_day, cells, "active_since", today)
    _optional(_text, cells, "postal_code", 12)
    _optional(_text, cells, "phone", 60)
    _optional(_text, cells, "iibb", 40)
    balance = None if supplier and not cells["balance_ars"] else _amount(cells, "balance_ars", signed=True)
    email, doubts = _email(cells)
    street = _text(cells, "address", 120)
    city, province = _optional(_text, cells, "city", 80), _optional(_text, cells, "province", 80)
    return Entry(
        key=(role, account.number),
        account=account,
        facts={
            "role": role,
            "number": account.number,
            "cuit": account.cuit,
            "name": _text(cells, "name", 200),
            # A city that is its own province is named once; what is not given is not named.
            "address": ", ".join(dict.fromkeys(part for part in (street, city, province) if part)),
            "email": email,
            "iva_code": _optional(_one_of, cells, "iva_code", layouts.IVA_CODES, "iva_code_unknown"),
            "iva_condition": _optional(_text, cells, "iva_condition", 80),
            "balance": None if supplier else balance,
        },
        doubts=doubts,
    )


def _email(cells: Cells) -> tuple[str | None, tuple[Fault, ...]]:
    """The address that notices go to; a doubtful one is none, and no reason to lose the account."""
    given = cells["email"]
    try:
        return (emails.normalized(given) if given else None), ()
    except Invalid:
        return None, (Fault("email", "email_format", given),)


def _cbu(cells: Cells) -> None:
    given = cells["cbu"]
    if not given:
        return
    if not (given.isascii() and given.isdigit()):
        raise Fault("cbu", "cbu_format", given)
    try:
        cbus.validate(given)
    except InvalidLength:
        raise Fault("cbu", "cbu_length", given) from None
    except InvalidChecksum:
        raise Fault("cbu", "cbu_check_digit", given) from None
    except ValidationError:
        raise Fault("cbu", "cbu_format", given) from None


# --- vouchers ---------------------------------------------------------------------------------------------------------


def _document(cells: Cells, types: Types, today: dt.date) -> Entry:
    account = _account(cells, "client", "company_code")
    issued = _day(cells, "issue_date", today)
    type_code = cells["type_code"]
    kind = types.get(type_code)
    if kind is None:
        raise _wrong(cells, "type_code", "type_unknown")
    if _folded(cells["type_label"][:_LABEL]) != _folded(kind.label):
        raise _wrong(cells, "type_label", "type_label_mismatch")
    if cells["letter"] != kind.letter:
        raise _wrong(cells, "letter", "letter_type_mismatch" if kind.letter else "value_unexpected")
    point_of_sale = _integer(cells, "point_of_sale", 1, 99_999, "point_of_sale_range")
    number = _integer(cells, "number", 1, 99_999_999, "number_range")
    if cells["number_display"] != f"{point_of_sale}{number:08d}":
        raise _wrong(cells, "number_display", "number_display_mismatch")
    if cells["doc_key"] != f"{type_code}-{point_of_sale:05d}-{number:08d}":
        raise _wrong(cells, "doc_key", "key_mismatch")
    due = _due(cells, kind.sign, issued)
    amounts = _billing(cells, kind) if kind.sign else _collection(cells)
    return Entry(
        key=(type_code, point_of_sale, number),
        account=account,
        pdf_file=_file(cells),
        facts={
            "date": issued,
            "due_date": due,
            "document_currency": _word(cells, "currency", layouts.CURRENCIES, "currency_unknown"),
            "exchange_rate": cells["exchange_rate"],
            **amounts,
            "void": _settlement(cells, kind.sign, amounts),
            **_authorisation(cells, kind),
            "related": _reference(cells, "related_key", types),
        },
    )


def _due(cells: Cells, sign: int, issued: str) -> str | None:
    """The day that a debit falls due at. ARCA asks for one where services are billed; a sale of goods may have none,
    and is then never overdue."""
    if sign <= 0:
        _empty(cells, "due_date")
        return None
    due = _optional(_day, cells, "due_date")
    if due is None and cells["status"] == "Vencido":
        raise Fault("due_date", "value_missing")
    if due and due < issued:
        raise Fault("due_date", "due_before_issue", due)
    return due


def _billing(cells: Cells, kind: VoucherType) -> Row:
    """Amounts of an invoice or note: what it bills, negative for a credit note.

    Letters A and M set the IVA apart (RG 1415); all others may tell their total alone.
    """
    sign, apart = kind.sign, kind.letter in layouts.IVA_APART
    items: Row = {field: _optional(_amount, cells, field) for field in ("net", "vat", "exempt", "perceptions")}
    items["total"] = _amount(cells, "total")
    rate = None if cells["vat_rate"] == layouts.SEVERAL else _optional(_percent, cells, "vat_rate")
    for field in ("net", "vat", "vat_rate"):
        # Where there is IVA, it is of a net and at a rate.
        if (apart or (items["vat"] and field != "vat")) and not cells[field]:
            raise Fault(field, "value_missing")
    pesos = in_pesos(cells, items["total"])
    billed = _amount(cells, "billed_ars", signed=True)
    if sign < 0 < billed:
        raise Fault("billed_ars", "credit_note_sign", cells["billed_ars"])
    if billed < 0 < sign:
        raise Fault("billed_ars", "debit_sign", cells["billed_ars"])
    _add_up(cells, items)
    if None not in (items["net"], items["vat"], rate) and items["vat"] != half_up(items["net"] * rate, 10_000):
        raise Fault("vat", "vat_mismatch", cells["vat"])
    if billed != sign * pesos:
        raise Fault("billed_ars", "billed_mismatch", cells["billed_ars"])
    _empty(cells, "collected_ars")
    remaining = _amount(cells, "remaining_ars", signed=True)
    items["vat_rate"] = None if cells["vat_rate"] == layouts.SEVERAL else cells["vat_rate"] or None
    return {**items, "billed": billed, "collected": None, "remaining": remaining}


def _add_up(cells: Cells, items: Row) -> None:
    """The parts that are told make the total; without the net they are no more than it."""
    told = sum(items.get(field) or 0 for field in ("net", "vat", "exempt", "perceptions"))
    if told > items["total"] or (items["net"] is not None and told != items["total"]):
        raise Fault("total", "total_mismatch", cells["total"])


def _collection(cells: Cells) -> Row:
    """Amounts of a receipt, of which only the total is sure to be told: what it collects, nothing once it is voided."""
    items: Row = {field: _optional(_amount, cells, field) for field in ("net", "vat", "exempt", "perceptions")}
    _optional(_percent, cells, "vat_rate")
    total = _amount(cells, "total")
    pesos = in_pesos(cells, total)
    _empty(cells, "billed_ars")
    collected = _amount(cells, "collected_ars", signed=True)
    if collected < 0:
        raise Fault("collected_ars", "receipt_sign", cells["collected_ars"])
    if collected != (0 if cells["status"] == "Anulado" else pesos):
        raise Fault("collected_ars", "collected_mismatch", cells["collected_ars"])
    remaining = _amount(cells, "remaining_ars", signed=True)
    items |= {"total": total, "vat_rate": cells["vat_rate"] or None}
    return {**items, "billed": None, "collected": collected, "remaining": remaining}


def in_pesos(cells: Cells, total: int) -> int:
    """The total in cents of pesos, at the row's exchange rate. Raises ``Fault``."""
    given = cells["exchange_rate"]
    match = _EXCHANGE.fullmatch(given)
    if match is None:
        raise _wrong(cells, "exchange_rate", "rate_format")
    millionths = int(match[1]) * 1_000_000 + int(match[2].ljust(6, "0"))
    if not millionths:
        raise Fault("exchange_rate", "rate_range", given)
    return half_up(total * millionths, 1_000_000)


def _settlement(cells: Cells, sign: int, amounts: Row) -> bool:
    """Whether the voucher is cancelled, once its status goes with what remains of it.

    Whether a debit is overdue depends on the day the ERP closed at, which the row does not tell: any of its three open
    states goes with a due date.
    """
    status, remaining = cells["status"], amounts["remaining"]
    known = layouts.DEBIT_STATES if sign > 0 else layouts.CREDIT_STATES
    if status not in known:
        raise _wrong(cells, "status", "status_unknown")
    whole = amounts["billed"] if sign > 0 else -abs(amounts["billed"] or amounts["collected"] or 0)
    if not min(0, whole) <= remaining <= max(0, whole):
        raise Fault("remaining_ars", "remaining_range", cells["remaining_ars"])
    fits = {
        "Pagado": remaining == 0,
        "Anulado": remaining == 0,
        "Aplicado": remaining == 0,
        "A cuenta": remaining < 0,
        "Vencido": remaining > 0,
        "Parcial": 0 < remaining < whole,
        "Pendiente": 0 < remaining == whole,
    }
    if not fits[status]:
        raise Fault("status", "status_mismatch", status)
    return status == "Anulado"


def _authorisation(cells: Cells, kind: VoucherType) -> Row:
    """CAE, CAEA or CAI with its code and last day. A receipt X has none; what ARCA does not authorise may have none."""
    fields = ("auth_kind", "auth_code", "auth_due")
    if kind.letter == "X":
        for field in fields:
            _empty(cells, field)
    if not kind.authorised and not any(cells[field] for field in fields):
        return dict.fromkeys(fields)
    code = cells["auth_code"]
    by = _one_of(cells, "auth_kind", layouts.AUTHORISATIONS, "auth_kind_unknown")
    if not code:
        raise Fault("auth_code", "value_missing")
    if not (code.isascii() and code.isdigit()):
        raise Fault("auth_code", "auth_code_format", code)
    if len(code) != 14:
        raise Fault("auth_code", "auth_code_length", code)
    return {"auth_kind": by, "auth_code": code, "auth_due": _optional(_day, cells, "auth_due")}


# --- withholdings -----------------------------------------------------------------------------------------------------


def _withholding(cells: Cells, _types: Types, today: dt.date) -> Entry:
    account = _account(cells, "supplier", "supplier_code")
    number = _number(cells, "certificate_number")
    tax = _one_of(cells, "tax", layouts.TAXES, "tax_unknown")
    issued = _day(cells, "withholding_date", today)
    base, rate = _amount(cells, "base_ars"), _percent(cells, "rate_pct")
    amount = _amount(cells, "amount_ars")
    if amount != half_up(base * rate, 10_000):
        raise Fault("amount_ars", "withholding_mismatch", cells["amount_ars"])
    status = _word(cells, "status", layouts.WITHHOLDING_STATES, "status_unknown")
    voided = None
    if status == "void":
        voided = _day(cells, "voided_date")
        if voided < issued:
            raise Fault("voided_date", "voided_before_issue", voided)
    else:
        _empty(cells, "voided_date")
    return Entry(
        key=(tax, number),
        account=account,
        pdf_file=_file(cells),
        facts={
            "date": issued,
            "system": _optional(_one_of, cells, "system", layouts.SYSTEMS, "system_unknown"),
            "form": _optional(_one_of, cells, "form", layouts.FORMS, "form_unknown"),
            "security_code": _optional(_text, cells, "security_code", 40),
            "tax_code": _optional(_text, cells, "tax_code", 10),
            "regime": _optional(_text, cells, "regime_code", 10),
            "jurisdiction": _optional(_text, cells, "jurisdiction", 10),
            "payment_order": _optional(_text, cells, "payment_order", 40),
            "source_type_code": _optional(_text, cells, "source_type_code", 3),
            "source_number": _optional(_text, cells, "source_number", 40),
            "source_date": _optional(_day, cells, "source_date"),
            "source_total": _optional(_amount, cells, "source_total"),
            "base": base,
            "rate": cells["rate_pct"],
            "amount": amount,
            "status": status,
            "voided_date": voided,
        },
    )


# --- quotes and work orders -------------------------------------------------------------------------------------------


def _quote(cells: Cells, _types: Types, today: dt.date) -> Entry:
    number = _number(cells, "quote_number")
    account = _account(cells, "client", "client_code")
    issued = _day(cells, "issue_date", today)
    valid, decided = _optional(_day, cells, "valid_until"), _optional(_day, cells, "decided_date")
    if valid and valid < issued:
        raise Fault("valid_until", "valid_before_issue", valid)
    if decided and decided < issued:
        raise Fault("decided_date", "decided_before_issue", decided)
    amounts: Row = {field: _optional(_amount, cells, field) for field in ("net", "vat")}
    amounts["total"] = _amount(cells, "total")
    _add_up(cells, amounts)
    return Entry(
        key=(number,),
        account=account,
        pdf_file=f"{number}.pdf",
        facts={
            "date": issued,
            "valid_until": valid,
            **_service(cells),
            "quantity": _optional(_integer, cells, "quantity", 1, 999_999, "quantity_range"),
            **amounts,
            "currency": _word(cells, "currency", layouts.CURRENCIES, "currency_unknown"),
            "status": _word(cells, "status", layouts.QUOTE_STATES, "status_unknown"),
            "decided_date": decided,
            "work_order": _optional(_number, cells, "work_order"),
        },
    )


def _work_order(cells: Cells, types: Types, today: dt.date) -> Entry:
    number = _number(cells, "work_order")
    account = _account(cells, "client", "client_code")
    return Entry(
        key=(number,),
        account=account,
        pdf_file=f"{number}.pdf",
        facts={
            "date": _day(cells, "opened_date", today),
            **_service(cells),
            "quote_number": _optional(_number, cells, "quote_number"),
            "sample_id": _optional(_text, cells, "sample_id", 40),
            "sample_description": _optional(_text, cells, "sample_description", 200),
            "samples": _optional(_integer, cells, "samples", 1, 999_999, "quantity_range"),
            "received_date": _optional(_day, cells, "received_date"),
            "promised_date": _optional(_day, cells, "promised_date"),
            "stage": _word(cells, "stage", layouts.STAGES, "stage_unknown"),
            "progress": _optional(_integer, cells, "progress_pct", 0, 100, "progress_range"),
            "report_number": _optional(_text, cells, "report_number", 40),
            "report_date": _optional(_day, cells, "report_date"),
            "invoice": _reference(cells, "invoice_key", types),
        },
    )


def _service(cells: Cells) -> Row:
    return {
        "centre": _optional(_text, cells, "centre", 80),
        "service_code": _optional(_text, cells, "service_code", 20),
        "service": _optional(_text, cells, "service_label", 200),
    }


# --- applications -----------------------------------------------------------------------------------------------------


def _application(cells: Cells, types: Types, today: dt.date) -> Entry:
    for field, sign, reason in (("credit_key", -1, "credit_type_mismatch"), ("debit_key", 1, "debit_type_mismatch")):
        key = cells[field]
        if not is_voucher_key(key, types):
            raise _wrong(cells, field, "key_format")
        if (types[key.split("-")[0]].sign > 0) != (sign > 0):
            raise Fault(field, reason, key)
    day = _day(cells, "applied_date", today)
    amount = _amount(cells, "amount_ars")
    if not amount:
        raise Fault("amount_ars", "amount_zero", cells["amount_ars"])
    return Entry(key=(cells["credit_key"], cells["debit_key"], day), facts={"date": day, "amount": amount})


_CHECKS: Final[Mapping[str, Callable[[Cells, Types, dt.date], Entry]]] = MappingProxyType(
    {
        "companies": _company,
        "documents": _document,
        "withholdings": _withholding,
        "quotes": _quote,
        "work_orders": _work_order,
        "applications": _application,
    }
)


# --- cells ------------------------------------------------------------------------------------------------------------


def _wrong(cells: Cells, field: str, reason: str) -> Fault:
    """The fault of a cell; where nothing stands in it, that is what is wrong."""
    return Fault(field, reason if cells[field] else "value_missing", cells[field])


def _empty(cells: Cells, field: str) -> None:
    if cells[field]:
        raise Fault(field, "value_unexpected", cells[field])


def _account(cells: Cells, role: str, field: str) -> Account:
    code = cells[field]
    by_cuit = not code and bool(cells.get(layouts.BY_CUIT))
    if not by_cuit and not (code.isascii() and code.isdigit() and len(code) <= 10):
        raise _wrong(cells, field, "code_format")
    given = cells["cuit"]
    if not given:
        raise Fault("cuit", "value_missing")
    try:
        return Account(role, "" if by_cuit else code.lstrip("0") or "0", cuits.normalized(given))
    except Invalid as wrong:
        raise Fault("cuit", wrong.code, given) from None


def _optional(
    check: Callable[Concatenate[Cells, str, P], T], cells: Cells, field: str, *args: P.args, **kwargs: P.kwargs
) -> T | None:
    """None for an empty cell; any other has to hold."""
    return check(cells, field, *args, **kwargs) if cells[field] else None


def _text(cells: Cells, field: str, longest: int) -> str:
    value = cells[field]
    if not value:
        raise Fault(field, "value_missing")
    if len(value) > longest:
        raise Fault(field, "value_length", value)
    return value


def _number(cells: Cells, field: str) -> str:
    value = cells[field]
    if not _NUMBER.fullmatch(value):
        raise _wrong(cells, field, "number_format")
    return value


def _one_of(cells: Cells, field: str, known: frozenset[str], reason: str) -> str:
    value = cells[field]
    if value not in known:
        raise _wrong(cells, field, reason)
    return value


def _word(cells: Cells, field: str, known: Mapping[str, str], reason: str) -> str:
    """Our name for a word of the ERP's."""
    return known[_one_of(cells, field, frozenset(known), reason)]


def _day(cells: Cells, field: str, today: dt.date | None = None) -> str:
    """A day; with ``today``, none after it."""
    value = cells[field]
    try:
        if not _DAY.fullmatch(value):
            raise ValueError(value)
        day = dt.date.fromisoformat(value)
    except ValueError:
        raise _wrong(cells, field, "date_invalid") from None
    if today and day > today:
        raise Fault(field, "date_in_future", value)
    return value


def _amount(cells: Cells, field: str, *, signed: bool = False) -> int:
    """Cents; below nothing only where the amount has a sign of its own."""
    value = cells[field]
    try:
        cents = money.cents(value)
    except Invalid as wrong:
        raise _wrong(cells, field, wrong.code) from None
    if cents < 0 and not signed:
        raise Fault(field, "amount_negative", value)
    return cents


def _percent(cells: Cells, field: str) -> int:
    """Hundredths of a per cent."""
    value = cells[field]
    match = _PERCENT.fullmatch(value)
    if match is None:
        raise _wrong(cells, field, "rate_format")
    hundredths = int(match[1] + match[2])
    if hundredths > 10_000:
        raise Fault(field, "rate_range", value)
    return hundredths


def _integer(cells: Cells, field: str, least: int, most: int, reason: str) -> int:
    value = cells[field]
    if not _WHOLE.fullmatch(value):
        raise _wrong(cells, field, "integer_format")
    number = int(value)
    if not least <= number <= most:
        raise Fault(field, reason, value)
    return number


def _reference(cells: Cells, field: str, types: Types) -> str | None:
    """The id of the voucher that a key of the ERP's names."""
    value = cells[field]
    if not value:
        return None
    if not is_voucher_key(value, types):
        raise Fault(field, "key_format", value)
    return value


def _file(cells: Cells) -> str | None:
    value = cells["pdf_file"]
    if value and not is_file_name(value):
        raise Fault("pdf_file", "file_name_format", value)
    return value or None


def half_up(number: int, divisor: int) -> int:
    return (2 * number + divisor) // (2 * divisor)


@lru_cache(256)
def _folded(text: str) -> str:
    letters = unicodedata.normalize("NFD", text.casefold())
    return "".join(c for c in letters if not unicodedata.combining(c))
