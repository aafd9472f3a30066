"""How a document stands in the companies table: its id, its place in each order, and its listing facts.

The table's own order is by number; ``s1``…``s5`` are the places in the five other orders (indexes
``by_s1``…``by_s5``), so that a page in any order is one Query of one page (Decided 2). Every place begins with the
kind's letter and ends with the number, so that no two are equal. ``l`` holds what a list shows beside that, tab
separated, so that a voucher's index row stays under 157 bytes: a page of 25 costs half a read unit at any size of
company.

An absent amount sorts after every present one: its place begins with ``2`` where those begin with ``1``.
"""

import re
from typing import Any, Final

from miinti.aws import Key, Row
from miinti.documents.kinds import BY_LETTER, KINDS, STAGES, VOUCHER_TYPES
from miinti.errors import NotFound

OFFSET: Final = 10**17
"""Added to cents so that negative amounts sort before positive ones as text of eighteen digits."""

LISTED: Final = {
    "voucher": ("date", "due_date", "billed", "collected", "remaining", "void"),
    "withholding": (
        "date",
        "regime",
        "jurisdiction",
        "base",
        "rate",
        "amount",
        "payment_order",
        "source_number",
        "status",
    ),
    "quote": ("date", "valid_until", "service", "centre", "total", "currency", "status", "work_order"),
    "work_order": (
        "date",
        "service",
        "centre",
        "stage",
        "progress",
        "promised_date",
        "report_number",
        "report_date",
        "quote_number",
    ),
}
"""Facts of each kind in ``l``, in their order there. Number, type and tax are in the id."""

GROUPS: Final = {"on_account": "2", "applied": "3", "paid": "4", "void": "5"}
"""States of vouchers that time does not change, in the order they sort in; open debits (``1``) come before."""

_WHOLE: Final = frozenset({"billed", "collected", "remaining", "base", "amount", "total", "progress"})
_DAYS: Final = frozenset({"date", "due_date", "valid_until", "promised_date", "report_date"})
_VOUCHER = re.compile(r"v-([0-9]{5})-([0-9]{8})-(RX|[0-9]{3})", re.ASCII)
_WITHHOLDING = re.compile(r"w-([A-Z]{2,16})-([A-Za-z0-9][A-Za-z0-9.-]{0,39})", re.ASCII)
TAX: Final = "[A-Z]{2,16}"
_TAX = re.compile(TAX, re.ASCII)
_NUMBERED = re.compile(r"([qo])-([A-Za-z0-9][A-Za-z0-9.-]{0,39})", re.ASCII)
ID: Final = f"{_VOUCHER.pattern}|{_WITHHOLDING.pattern}|{_NUMBERED.pattern}"
"""What an id of ours looks like; ``kind_of`` tells which."""


# --- ids and keys -----------------------------------------------------------------------------------------------------


def voucher_id(type_code: str, point_of_sale: int, number: int) -> str:
    """``v-00205-00001513-001``: number first, since ids are the table's order."""
    return f"v-{point_of_sale:05d}-{number:08d}-{type_code}"


def id_of_voucher_key(doc_key: str) -> str:
    """The id for the ERP's ``doc_key`` (``001-00205-00001513``). Raises ``ValueError`` when it is not one."""
    type_code, point_of_sale, number = doc_key.split("-")
    made = f"v-{point_of_sale}-{number}-{type_code}"
    if not _VOUCHER.fullmatch(made):
        raise ValueError(doc_key)
    return made


def withholding_id(tax: str, number: str) -> str:
    return f"w-{tax}-{number}"


def quote_id(number: str) -> str:
    return f"q-{number}"


def work_order_id(number: str) -> str:
    return f"o-{number}"


def kind_of(doc_id: str) -> str:
    """The kind of an id. Raises ``NotFound`` for what is no id of ours (a malformed id is a 404)."""
    if _VOUCHER.fullmatch(doc_id) or _WITHHOLDING.fullmatch(doc_id) or _NUMBERED.fullmatch(doc_id):
        return BY_LETTER[doc_id[0]].name
    raise NotFound


def is_tax(text: str) -> bool:
    """Whether this can be a withholding's tax (``IVA``)."""
    return _TAX.fullmatch(text) is not None


def natural(text: str) -> str:
    """Text whose digit runs stand after their own length, so that text order is number order: ``P-9`` → ``P-019``,
    ``P-10`` → ``P-0210``."""

    def measured(run: re.Match[str]) -> str:
        digits = run[0].lstrip("0")
        return f"{len(digits):02d}{digits}"

    return re.sub("[0-9]+", measured, text)


def _place(doc_id: str) -> str:
    """The id's place in the order of numbers: what every sort key ends with."""
    if doc_id[0] == "v":
        return doc_id[2:]
    if doc_id[0] == "w":
        _, tax, number = doc_id.split("-", 2)
        return f"{natural(number)}/{number}-{tax}"
    return f"{natural(doc_id[2:])}/{doc_id[2:]}"


def key(company_id: str, doc_id: str) -> Key:
    """Where a document stands. Raises ``NotFound`` for what is no id of ours."""
    kind_of(doc_id)
    return f"COMPANY#{company_id}", f"DOC#{doc_id[0]}#{_place(doc_id)}"


def prefix(kind: str, index: str) -> str:
    """What the sort keys of a kind begin with, in an index or ("") the table."""
    letter = KINDS[kind].letter
    return f"{letter}#" if index else f"DOC#{letter}#"


def attribute(index: str) -> str:
    """The sort key's attribute in an index or ("") the table."""
    return index.removeprefix("by_") or "sk"


def sort_key_at(place: str) -> str:
    """The table's sort key of the row that has this place in an index; a table's own is answered as it is."""
    if place.startswith("DOC#"):
        return place
    letter, _, end = place.split("#", 2)
    return f"DOC#{letter}#{end}"


# --- writing ----------------------------------------------------------------------------------------------------------


def row(company_id: str, doc_id: str, facts: Row) -> Row:
    """The row of a document: key, places, listing facts, and ``facts`` themselves (all that is known of it).

    ``facts`` has the names of ``LISTED`` and whatever else the kind has; amounts are whole cents, days ``YYYY-MM-DD``,
    what does not apply is None. ``void`` of a voucher is True when the ERP says it is cancelled.
    """
    kind = kind_of(doc_id)
    pk, sk = key(company_id, doc_id)
    return {
        **facts,
        "pk": pk,
        "sk": sk,
        "id": doc_id,
        "kind": kind,
        "l": "\t".join(_packed(name, facts.get(name)) for name in LISTED[kind]),
        **places(doc_id, facts),
    }


def _packed(name: str, value: Any) -> str:
    if value is None or value is False:
        return ""
    if value is True:
        return "1"
    return str(value).replace("-", "") if name in _DAYS else str(value).replace("\t", " ")


def places(doc_id: str, facts: Row) -> dict[str, str]:
    """The document's place in each order but the table's own, by attribute (``s1``…); listing facts are enough."""
    letter, end = doc_id[0], _place(doc_id)
    kind = BY_LETTER[letter].name

    sorted_by = {"s1": str(facts["date"]).replace("-", "")}
    if kind == "voucher":
        sorted_by["s2"] = doc_id.rsplit("-", 1)[1]
        sorted_by["s3"] = _amount(facts.get("billed"))
        sorted_by["s4"] = _amount(facts.get("collected"))
        sorted_by["s5"] = _group(doc_id, facts)
    elif kind == "withholding":
        sorted_by["s2"] = doc_id.split("-", 2)[1]
        sorted_by["s3"] = _amount(facts["amount"])
    elif kind == "quote":
        sorted_by["s3"] = _amount(facts["total"])
    else:
        sorted_by["s5"] = str(list(STAGES).index(facts["stage"]))
    return {name: f"{letter}#{text}#{end}" for name, text in sorted_by.items()}


def place(index: str, facts: Row) -> str:
    """The place in an index or ("") the table, from listing facts with their ``id``."""
    doc_id = facts["id"]
    return places(doc_id, facts)[attribute(index)] if index else f"DOC#{doc_id[0]}#{_place(doc_id)}"


def _amount(cents: int | None) -> str:
    return "2" if cents is None else f"1{int(cents) + OFFSET:018d}"


def _group(doc_id: str, facts: Row) -> str:
    """A voucher's place by status: open debits by due date (so the overdue come first on any day), then the groups that
    time does not change: on account, applied, paid, void."""
    state = settled(doc_id, facts)
    if state is None:
        return "1" + str(facts.get("due_date") or "9999-99-99").replace("-", "")
    return GROUPS[state]


def settled(doc_id: str, facts: Row) -> str | None:
    """The state of a voucher that time does not change, or None for a debit that is still open."""
    credit = VOUCHER_TYPES[doc_id.rsplit("-", 1)[1]].sign <= 0
    if facts.get("void"):
        return "void"
    remaining = int(facts["remaining"])
    if credit:
        return "on_account" if remaining else "applied"
    return None if remaining else "paid"


# --- reading ----------------------------------------------------------------------------------------------------------


def listed(indexed: Row) -> Row:
    """The listing facts of a row as an index gives it: ``id``, ``kind``, those of ``LISTED``, ``has_file``."""
    doc_id = id_at(indexed["sk"])
    kind = BY_LETTER[doc_id[0]].name
    facts: Row = {"id": doc_id, "kind": kind, "has_file": bool(indexed.get("f"))}
    for name, text in zip(LISTED[kind], indexed["l"].split("\t"), strict=True):
        facts[name] = _unpacked(name, text)
    return facts


def id_at(sort_key: str) -> str:
    """The document's id out of its table sort key."""
    _, letter, end = sort_key.split("#", 2)
    if letter == "v":
        return f"v-{end}"
    plain = end.split("/", 1)[1]
    if letter == "w":
        number, _, tax = plain.rpartition("-")
        return withholding_id(tax, number)
    return f"{letter}-{plain}"


def _unpacked(name: str, text: str) -> Any:
    if name == "void":
        return text == "1"
    if not text:
        return None
    if name in _WHOLE:
        return int(text)
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if name in _DAYS else text
