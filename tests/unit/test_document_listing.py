"""Lists as they are asked for: orders, spans, search."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miinti.documents import items, listing, rows
from miinti.documents.kinds import KINDS, VOUCHER_TYPES
from miinti.documents.listing import Order, Span, asked
from miinti.errors import ValidationFailed

TODAY = dt.date(2026, 6, 30)
VOUCHER: dict[str, Any] = {
    "id": "v-00205-00001513-003",
    "kind": "voucher",
    "date": "2020-05-05",
    "due_date": None,
    "billed": -58013427,
    "collected": None,
    "remaining": 0,
    "void": False,
}


def finds(q: str, **more: Any) -> bool:
    return listing.matches(asked("client", {"q": q}), {**VOUCHER, **more}, TODAY)


# --- orders -----------------------------------------------------------------------------------------------------------

PLACES = st.lists(st.text("bcd", min_size=1, max_size=3), unique=True, max_size=12)
ORDERS = st.sampled_from(
    [
        Order("by_s1", descending=False, spans=(Span("b", "d~"),)),
        Order("by_s1", descending=True, spans=(Span("b", "d~"),)),
        Order("by_s3", descending=True, spans=(Span("b", "b~"), Span("c", "c~"), Span("d", "d~"))),
    ]
)


@given(PLACES, ORDERS)
def test_a_place_follows_all_that_stand_before_it(places: list[str], order: Order) -> None:
    sorted_places = [place for place, _ in order.sorted((place, {}) for place in places)]
    assert sorted(sorted_places) == sorted(places)
    for n, place in enumerate(sorted_places):
        assert [order.follows(other, place) for other in sorted_places] == [m > n for m in range(len(places))]


@given(PLACES, ORDERS)
def test_what_is_left_to_read_after_a_place_is_what_follows_it(places: list[str], order: Order) -> None:
    for after in places:
        left = order.rest(after)
        spans = [span for span, _ in left]
        following = [place for place in places if order.follows(place, after)]
        assert all(any(span.low <= place <= span.high for span in spans) for place in following)
        assert left[0][1] == after
        assert all(inside is None for _, inside in left[1:])


@pytest.mark.parametrize(
    ("descending", "after", "whole"), [(False, "a", True), (False, "e", False), (True, "e", True), (True, "a", False)]
)
def test_a_place_that_midnight_left_outside_begins_the_span_or_ends_it(
    descending: bool, after: str, whole: bool
) -> None:
    order = Order("by_s5", descending, (Span("b", "d"),))
    assert order.rest(after) == ([(Span("b", "d"), None)] if whole else [])


def test_descending_amounts_are_read_present_first() -> None:
    spans = listing.order(asked("client", {"sort": "-billed"})).spans
    assert [span.low for span in spans] == ["v#1", "v#2"]
    assert len(listing.order(asked("client", {"sort": "billed"})).spans) == 1
    assert len(listing.order(asked("client", {"sort": "-status"})).spans) == 1


@st.composite
def vouchers(draw: st.DrawFn) -> dict[str, Any]:
    day = st.dates(dt.date(2026, 6, 25), dt.date(2026, 7, 5)).map(lambda found: found.isoformat())
    code = draw(st.sampled_from(sorted(VOUCHER_TYPES)))
    billed = draw(st.integers(0, 3))
    return {
        "id": rows.voucher_id(code, draw(st.integers(1, 3)), draw(st.integers(1, 3))),
        "kind": "voucher",
        "date": draw(day),
        "due_date": draw(st.none() | day) if VOUCHER_TYPES[code].sign > 0 else None,
        "billed": billed,
        "collected": None,
        "remaining": draw(st.integers(0, billed)),
        "void": draw(st.booleans()),
    }


FILTERS = st.fixed_dictionaries(
    {},
    optional={
        "from": st.sampled_from(["2026-06-25", "2026-06-30", "2026-07-05"]),
        "to": st.sampled_from(["2026-06-25", "2026-06-30", "2026-07-05"]),
        "status": st.sampled_from(sorted(KINDS["voucher"].states)),
        "type": st.sampled_from(sorted(VOUCHER_TYPES)),
    },
)


@given(vouchers(), FILTERS, st.dates(dt.date(2026, 6, 24), dt.date(2026, 7, 6)))
def test_a_scope_holds_all_that_its_filters_leave(facts: dict[str, Any], query: dict[str, str], today: dt.date) -> None:
    wanted = asked("client", query)
    by, span, narrow = listing.scope(wanted, today)
    assert narrow == wanted.filtered
    if listing.matches(wanted, facts, today):
        assert span.low <= rows.place(by, facts) <= span.high


# --- search -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "q",
    [
        "1513", "205-1513", "0205-1513", "00205-1513", "0205-00001513", "00205-00001513", "20500001513", " 1513 ",
        "nota de credito", "CRÉDITO", "crédito", "Aplicado", "APLI",
        "580.134,27", "-580.134,27", "$ 580.134,27", "$580.134,27", "-$ 580.134,27", "$\u00a0580.134,27", "580134,27",
        "$ 580134,27", "134,27", "580.1", "0,00", "$ 0,00",
    ],
)  # fmt: skip
def test_a_search_finds_any_spelling(q: str) -> None:
    assert finds(q)


@pytest.mark.parametrize(
    "q",
    [
        "1514", "205-513", "1205-1513", "205/1513", "factura", "pagado", "580134", "580134.27", "580,134.27",
        "$ 134,27", "US$", "x",
    ],
)  # fmt: skip
def test_a_search_finds_nothing_else(q: str) -> None:
    assert not finds(q)


def test_a_search_looks_at_billed_collected_and_remaining() -> None:
    assert finds("7,77", billed=777)
    assert finds("7,77", collected=777)
    assert finds("7,77", remaining=777)
    assert not finds("7,77", billed=None, collected=None)


@given(st.text(max_size=100))
def test_any_text_can_be_searched_for(q: str) -> None:
    finds(q)


def test_a_search_of_spaces_is_none() -> None:
    assert not asked("client", {"q": " \u00a0 "}).filtered


@given(st.text(max_size=30))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert listing.folded(listing.folded(text)) == listing.folded(text)


# --- asking -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["client", "supplier"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_of_one_role(role: str, kind: str) -> None:
    if KINDS[kind].role == role:
        assert asked(role, {"kind": kind}).kind.name == kind
    else:
        with pytest.raises(ValidationFailed) as refused:
            asked(role, {"kind": kind})
        assert [field.field for field in refused.value.fields] == ["kind"]


def test_a_signature_tells_apart_all_that_changes_a_list() -> None:
    queries: list[dict[str, str]] = [
        {}, {"kind": "quote"}, {"sort": "date"}, {"sort": "number"}, {"q": "1"}, {"from": "2020-01-01"},
        {"to": "2020-01-01"}, {"status": "paid"}, {"type": "001"}, {"q": "2020-01-01"},
    ]  # fmt: skip
    signatures = {asked("client", query).signature("c-1") for query in queries}
    assert len(signatures) == len(queries)
    assert asked("client", {}).signature("c-2") not in signatures
    same: list[dict[str, str]] = [{"limit": "7"}, {"sort": "-date", "kind": "voucher"}, {"q": " "}]
    assert {asked("client", query).signature("c-1") for query in same} <= signatures


# --- states -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "due", "billed", "remaining", "void", "state"),
    [
        ("001", "2026-06-29", 100, 100, False, "overdue"),
        ("001", "2026-06-29", 100, 40, False, "overdue"),
        ("001", "2026-06-30", 100, 40, False, "partial"),
        ("001", "2026-06-30", 100, 100, False, "due"),
        ("001", None, 100, 100, False, "due"),
        ("001", "2020-01-01", 100, 0, False, "paid"),
        ("001", "2020-01-01", 0, 0, False, "paid"),
        ("001", "2020-01-01", 100, 0, True, "void"),
        ("002", "2026-06-29", 100, 100, False, "overdue"),
        ("003", None, -100, 0, False, "applied"),
        ("003", None, -100, -40, False, "on_account"),
        ("RX", None, None, 0, False, "applied"),
        ("RX", None, None, -40, False, "on_account"),
        ("RX", None, None, 0, True, "void"),
    ],
)
def test_a_state_is_derived_from_amounts_and_the_day(
    code: str, due: str | None, billed: int | None, remaining: int, void: bool, state: str
) -> None:
    facts = {**VOUCHER, "id": f"v-00001-00000001-{code}", "due_date": due, "billed": billed, "remaining": remaining}
    assert items.status({**facts, "void": void}, TODAY) == state
