"""A list as it is asked for: its order, filters and search, and where each is found in the indexes. Pure."""

import datetime as dt
import json
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from miinti.aws import Row
from miinti.documents import items, rows
from miinti.documents.kinds import DEFAULT_KIND, KINDS, STAGES, VOUCHER_TYPES, Kind
from miinti.errors import FieldError, ValidationFailed
from miinti.values import money

DEFAULT_SORT: Final = "-date"
DEFAULT_LIMIT: Final = 10
SORTS: Final = tuple(
    sign + name for name in dict.fromkeys(name for kind in KINDS.values() for name in kind.sorts) for sign in ("", "-")
)
STATES: Final = tuple(dict.fromkeys(state for kind in KINDS.values() for state in kind.states))
TYPE: Final = "|".join((*VOUCHER_TYPES, rows.TAX))
"""What ``sort``, ``status`` and ``type`` may be for one kind or another."""

_END: Final = "~"
"""Comes after every character of a place."""
_AMOUNTS: Final = {
    "voucher": ("billed", "collected", "remaining"),
    "withholding": ("base", "amount"),
    "quote": ("total",),
    "work_order": (),
}


class Span(NamedTuple):
    """Places from ``low`` to ``high`` of one index ("" is the table), both included."""

    low: str
    high: str


class Order(NamedTuple):
    """Rows in an order: the spans of the index ``by`` one after the other, each read up or down."""

    by: str
    descending: bool
    spans: tuple[Span, ...]

    def sorted(self, placed: Iterable[tuple[str, Row]]) -> list[tuple[str, Row]]:
        """Documents with their places in this index, in this order."""
        by_place = sorted(placed, key=lambda pair: pair[0], reverse=self.descending)
        return sorted(by_place, key=lambda pair: self._span_of(pair[0]))

    def follows(self, place: str, after: str) -> bool:
        """Whether one place comes after another."""
        span, other = self._span_of(place), self._span_of(after)
        if span != other:
            return span > other
        return place < after if self.descending else place > after

    def rest(self, after: str | None) -> list[tuple[Span, str | None]]:
        """The spans still to be read after a place, and where to begin inside the first.

        A place outside all spans is one that midnight left behind or ahead, when it moved the line between overdue and
        due.
        """
        whole: list[tuple[Span, str | None]] = [(span, None) for span in self.spans]
        if after is None:
            return whole
        for n, span in enumerate(self.spans):
            if span.low <= after <= span.high:
                return [(span, after), *whole[n + 1 :]]
        passed = after < self.spans[0].low if self.descending else after > self.spans[0].high
        return [] if passed else whole

    def _span_of(self, place: str) -> int:
        return next(n for n, span in enumerate(self.spans) if span.low <= place <= span.high)


class Scope(NamedTuple):
    """Where to look for all that a filter leaves; ``narrow`` when that may be less than the whole kind."""

    by: str
    span: Span
    narrow: bool


@dataclass(frozen=True, slots=True)
class Listing:
    """One list as asked. ``first`` and ``last`` are days (``YYYY-MM-DD``), ``q`` is folded; "" is no filter."""

    kind: Kind
    sort: str
    descending: bool
    limit: int
    q: str
    first: str
    last: str
    status: str
    type: str

    @property
    def filtered(self) -> bool:
        return any((self.q, self.first, self.last, self.status, self.type))

    @property
    def impossible(self) -> bool:
        """No day is from ``first`` to ``last``."""
        return bool(self.first and self.last and self.first > self.last)

    def signature(self, company_id: str) -> str:
        """What a cursor is bound to: all that decides which rows come in which order. Not ``limit``: a page may be
        longer than the one before it."""
        parts = (self.kind.name, self.sort, self.descending, self.q, self.first, self.last, self.status, self.type)
        return f"docs {json.dumps([company_id, *parts])}"


# --- asking -----------------------------------------------------------------------------------------------------------


def asked(role: str, query: Mapping[str, str]) -> Listing:
    """The list that a checked query asks of a company.

    Raises ``ValidationFailed`` for a kind that the role has not, and an order, state or type that the kind has not.
    """
    kind = KINDS[query.get("kind", DEFAULT_KIND[role])]
    if kind.role != role:
        raise ValidationFailed(FieldError("kind", "not_allowed"))
    sort = query.get("sort", DEFAULT_SORT)
    wrong = []
    if sort.removeprefix("-") not in kind.sorts:
        wrong.append(FieldError("sort", "not_allowed"))
    if "status" in query and query["status"] not in kind.states:
        wrong.append(FieldError("status", "not_allowed"))
    if "type" in query and (code := _type_error(kind, query["type"])):
        wrong.append(FieldError("type", code))
    if wrong:
        raise ValidationFailed(*wrong)
    return Listing(
        kind=kind,
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        limit=int(query.get("limit", DEFAULT_LIMIT)),
        q=needle(query.get("q", "")),
        first=query.get("from", ""),
        last=query.get("to", ""),
        status=query.get("status", ""),
        type=query.get("type", ""),
    )


def _type_error(kind: Kind, given: str) -> str | None:
    if kind.name == "voucher":
        return None if given in VOUCHER_TYPES else "not_allowed"
    if kind.name == "withholding":
        return None if rows.is_tax(given) else "not_allowed"
    return "unknown"


# --- orders and scopes ------------------------------------------------------------------------------------------------


def order(listing: Listing, scope: Scope | None = None) -> Order:
    """The order asked for, only as far as a scope goes in that same index. Absent amounts begin with ``2`` and come
    last either way."""
    index = listing.kind.sorts[listing.sort]
    prefix = rows.prefix(listing.kind.name, index)
    if scope and scope.narrow and scope.by == index:
        return Order(index, listing.descending, (scope.span,))
    if listing.descending and listing.sort in ("billed", "collected"):
        return Order(index, True, (_span(f"{prefix}1"), _span(f"{prefix}2")))
    return Order(index, listing.descending, (_span(prefix),))


def scope(listing: Listing, today: dt.date) -> Scope:
    """The fewest rows, in one span of one index, that hold all that the filters leave."""
    kind = listing.kind
    prefix = f"{kind.letter}#"
    if listing.first or listing.last:
        low, high = listing.first.replace("-", ""), listing.last.replace("-", "")
        return Scope("by_s1", Span(prefix + low, f"{prefix}{high}#{_END}" if high else prefix + _END), narrow=True)
    if listing.type:
        return Scope("by_s2", _span(f"{prefix}{listing.type}#"), narrow=True)
    if listing.status and kind.name == "voucher":
        return Scope("by_s5", _group(prefix, listing.status, today), narrow=True)
    if listing.status and kind.name == "work_order":
        return Scope("by_s5", _span(f"{prefix}{list(STAGES).index(listing.status)}#"), narrow=True)
    return Scope("by_s1", _span(prefix), narrow=False)


def _group(prefix: str, status: str, today: dt.date) -> Span:
    """Where ``rows`` puts a voucher's state: open debits by due date, so that today parts the overdue from the rest."""
    day = f"{prefix}1{today:%Y%m%d}"
    if status == "overdue":
        return Span(f"{prefix}1", day)
    if status in ("due", "partial"):
        return Span(day, f"{prefix}1{_END}")
    return _span(prefix + rows.GROUPS[status])


def _span(prefix: str) -> Span:
    return Span(prefix, prefix + _END)


# --- filters and search -----------------------------------------------------------------------------------------------


def matches(listing: Listing, facts: Row, today: dt.date) -> bool:
    """Whether a document stands in the list, from the facts that ``rows.listed`` gives."""
    return (
        listing.first <= facts["date"] <= (listing.last or _END)
        and (not listing.type or items.type_of(facts["id"]) == listing.type)
        and (not listing.status or items.status(facts, today) == listing.status)
        and (not listing.q or _found(listing.q, facts, today))
    )


_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))
"""What word processors and sheets make of a hyphen or a minus."""


def folded(text: str) -> str:
    """Text as it is compared in a search: case and accents do not count."""
    letters = unicodedata.normalize("NFD", text.casefold())
    return "".join(letter for letter in letters if not unicodedata.combining(letter))


def needle(q: str) -> str:
    """What is searched for: folded, no space around it nor after the currency sign, every dash a hyphen."""
    plain = folded(q).strip().translate(_DASHES)
    return "$".join(part.lstrip() if n else part for n, part in enumerate(plain.split("$")))


def _found(q: str, facts: Row, today: dt.date) -> bool:
    kind, doc_id = facts["kind"], facts["id"]
    if any(q in spelling for spelling in _spellings(doc_id)):
        return True
    label = KINDS[kind].states[items.status(facts, today)]
    if q in _folded_label(label) or q in _folded_label(_type_label(doc_id)):
        return True
    amounts = (facts[name] for name in _AMOUNTS[kind])
    return any(_amount_found(q, int(amount)) for amount in amounts if amount is not None)


def _spellings(doc_id: str) -> tuple[str, ...]:
    """The ways to write a number. Of a voucher: ``00205-00001513`` (``0205-…`` and ``205-…`` are parts of it),
    ``00205-1513`` and ``0020500001513`` (of which ``20500001513`` is a part)."""
    if doc_id[0] != "v":
        return (folded(items.number(doc_id)),)
    _, point_of_sale, run, _ = doc_id.split("-")
    return (
        f"{point_of_sale}-{run}",
        f"{point_of_sale}-{int(run)}",
        f"{point_of_sale}{run}",
    )


def _type_label(doc_id: str) -> str:
    code = items.type_of(doc_id)
    return VOUCHER_TYPES[code].label if doc_id[0] == "v" else code


@cache
def _folded_label(label: str) -> str:
    return folded(label)


def _amount_found(q: str, cents: int) -> bool:
    """As people write it (``$ 242.168,00``, ``-$ 580,10``), the sign of the currency or not; a ``q`` with decimals
    may leave out the dots."""
    sign, shown = "-" if cents < 0 else "", money.shown(abs(cents))
    written = [f"{sign}{shown}", f"{sign}${shown}"]
    if "," in q:
        written += [text.replace(".", "") for text in written]
    return any(q in text for text in written)
