"""How documents stand in the table: ids, places, listing facts."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miinti.documents import rows
from miinti.documents.kinds import KINDS, STAGES, VOUCHER_TYPES
from miinti.errors import NotFound
from tests import documents

NUMBERS = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.-]{0,39}", fullmatch=True)
CENTS = st.integers(-(10**15), 10**15)
DAYS = st.dates().map(lambda day: day.isoformat())


@st.composite
def vouchers(draw: st.DrawFn) -> dict[str, Any]:
    code = draw(st.sampled_from(sorted(VOUCHER_TYPES)))
    doc_id = rows.voucher_id(code, draw(st.integers(1, 99_999)), draw(st.integers(1, 99_999_999)))
    return {
        "id": doc_id,
        "kind": "voucher",
        "date": draw(DAYS),
        "due_date": draw(st.none() | DAYS),
        "billed": draw(st.none() | CENTS),
        "collected": draw(st.none() | CENTS),
        "remaining": draw(CENTS),
        "void": draw(st.booleans()),
    }


@given(st.text("aB.-", max_size=3), st.integers(0, 10**38), st.integers(0, 10**38), st.text("aB.-0", max_size=3))
def test_numbers_sort_as_numbers(before: str, one: int, other: int, zeros: str) -> None:
    """Whatever stands around them, and however many zeros before."""
    natural = [rows.natural(f"{before}{'0' * len(zeros)}{number}-{zeros}") for number in (one, other)]
    assert (natural[0] < natural[1]) == (one < other)


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("P-9", "P-10"),
        ("P-2019-000009", "P-2019-10"),
        ("1", "2"),
        ("99", "100"),
        ("9" * 30, "1" + "0" * 30),
        ("0", "00001"),
    ],
)
def test_a_number_comes_before_a_greater_one(lower: str, higher: str) -> None:
    assert rows.natural(lower) < rows.natural(higher)


@given(vouchers())
def test_listing_facts_come_back_as_they_went_in(facts: dict[str, Any]) -> None:
    row = rows.row("c-1", facts["id"], facts)
    assert rows.listed({"sk": row["sk"], "l": row["l"], "f": True}) == {**facts, "has_file": True}


@pytest.mark.parametrize("kind", KINDS)
def test_listing_facts_of_the_sample_come_back_as_they_went_in(kind: str) -> None:
    name, reader = documents.READERS[kind]
    for line in documents.table(name):
        company_id, doc_id, facts = reader(line)
        row = rows.row(company_id, doc_id, facts)
        listed = rows.listed(row)
        assert listed == {name: facts.get(name) for name in rows.LISTED[kind]} | {
            "id": doc_id,
            "kind": kind,
            "has_file": False,
        }


@given(vouchers())
def test_a_place_tells_the_row_it_is_of(facts: dict[str, Any]) -> None:
    row = rows.row("c-1", facts["id"], facts)
    for index in KINDS["voucher"].sorts.values():
        place = row[rows.attribute(index)]
        assert rows.place(index, facts) == place
        assert rows.sort_key_at(place) == row["sk"]
        assert place.startswith(rows.prefix("voucher", index))
    assert rows.id_at(row["sk"]) == facts["id"]


@given(st.sampled_from(["w-IVA-", "w-GANANCIAS-", "q-", "o-"]), NUMBERS)
def test_an_id_comes_back_from_its_sort_key(start: str, number: str) -> None:
    doc_id = start + number
    assert rows.id_at(rows.key("c-1", doc_id)[1]) == doc_id


@given(st.lists(st.none() | CENTS, min_size=2, max_size=2))
def test_amounts_sort_as_amounts_and_absent_ones_last(pair: list[int | None]) -> None:
    def place(cents: int | None) -> str:
        return rows.place(
            "by_s3", {"id": "v-00001-00000001-001", "date": "2020-01-01", "billed": cents, "remaining": 0}
        )

    one, other = ((cents is None, cents or 0) for cents in pair)
    assert (place(pair[0]) < place(pair[1])) == (one < other)


def test_a_tab_in_a_text_does_not_part_the_facts() -> None:
    facts = {"date": "2020-01-01", "service": "a\tb", "centre": "c", "stage": "in_progress", "progress": 5}
    listed = rows.listed(rows.row("c-1", "o-1", facts))
    assert (listed["service"], listed["centre"], listed["progress"]) == ("a b", "c", 5)


def test_stages_sort_in_the_order_of_the_work() -> None:
    places = [rows.place("by_s5", {"id": "o-1", "date": "2020-01-01", "stage": stage}) for stage in STAGES]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "doc_id",
    [
        "",
        "v",
        "v-1-1-001",
        "v-00001-00000001-01",
        "w-IVA",
        "w--1",
        "q-",
        "q-#",
        "o-a/b",
        "x-1",
        "v-00001-00000001-001 ",
    ],
)
def test_what_is_no_id_is_not_found(doc_id: str) -> None:
    with pytest.raises(NotFound):
        rows.kind_of(doc_id)
    with pytest.raises(NotFound):
        rows.key("c-1", doc_id)


def test_the_erps_key_is_another_spelling_of_the_id() -> None:
    for line in documents.table("documents"):
        doc_id = rows.id_of_voucher_key(line["doc_key"])
        assert doc_id == rows.voucher_id(line["type_code"], int(line["point_of_sale"]), int(line["number"]))
    with pytest.raises(ValueError, match="RX-1-2"):
        rows.id_of_voucher_key("RX-1-2")
