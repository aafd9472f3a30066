"""What is owed, what of it one payment takes, and when the ERP's receipt has settled it."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miinti.errors import PaymentInProcess, ValidationFailed
from miinti.payments import debts
from miinti.payments.debts import Asked, Debit, Line
from miinti.payments.settlement import Application, fell, receipt_of

TODAY = dt.date(2026, 11, 30)
YESTERDAY, TOMORROW = "2026-11-29", "2026-12-01"
A, B, C = "v-00205-00000001-006", "v-00205-00000002-006", "v-00205-00000003-006"


def debit(doc: str, cents: int = 10000, due: str | None = YESTERDAY, currency: str = "ARS") -> Debit:
    return Debit(doc, cents, due, currency)


def refused(asked: Asked, *there: Debit, held: set[str] | frozenset[str] = frozenset()) -> str:
    with pytest.raises(ValidationFailed) as failed:
        debts.chosen(there, held, asked, TODAY)
    ((field, code, limit),) = failed.value.fields
    return f"{field} {code}" + (f" {limit}" if limit else "")


@pytest.mark.parametrize(
    ("due", "overdue"), [(YESTERDAY, True), ("2026-11-30", False), (TOMORROW, False), (None, False)]
)
def test_a_debit_is_overdue_from_the_day_after_its_own(due: str | None, overdue: bool) -> None:
    assert debts.overdue(debit(A, due=due), TODAY) is overdue


def test_one_and_several_are_paid_with_all_that_remains_of_each() -> None:
    there = (debit(A, 100), debit(B, 250, None), debit(C, 3))
    assert debts.chosen(there, (), Asked([B]), TODAY) == [Line(B, 250, 250)]
    assert debts.chosen(there, (), Asked([C, A]), TODAY) == [Line(C, 3, 3), Line(A, 100, 100)]
    assert debts.total(debts.chosen(there, (), Asked([C, A]), TODAY)) == 103


def test_all_overdue_are_those_of_yesterday_and_before_that_no_payment_holds() -> None:
    there = (debit(A), debit(B), debit(C, due=TOMORROW))
    assert debts.chosen(there, {B}, Asked(all_overdue=True), TODAY) == [Line(A, 10000, 10000)]
    assert refused(Asked(all_overdue=True), debit(C, due=TOMORROW)) == "all_overdue not_allowed"
    assert refused(Asked(all_overdue=True), debit(A), held={A}) == "all_overdue not_allowed"


def test_a_document_that_a_payment_holds_is_not_paid_again() -> None:
    with pytest.raises(PaymentInProcess):
        debts.chosen([debit(A), debit(B)], {B}, Asked([A, B]), TODAY)


@pytest.mark.parametrize(
    ("asked", "there", "why"),
    [
        (Asked([]), [debit(A)], "doc_ids not_allowed"),
        (Asked([A, A]), [debit(A)], "doc_ids not_allowed"),
        (Asked([B]), [debit(A)], "doc_ids not_allowed"),
        (Asked([A]), [debit(A, 0)], "doc_ids not_allowed"),
        (Asked([A]), [debit(A, -5)], "doc_ids not_allowed"),
        (Asked([A, B]), [debit(A), debit(B, currency="USD")], "doc_ids not_allowed"),
        (Asked([A], cents=0), [debit(A)], "amount not_allowed"),
        (Asked([A], cents=-1), [debit(A)], "amount not_allowed"),
        (Asked([A], cents=10001), [debit(A)], "amount not_allowed"),
        (Asked([A, B], cents=5), [debit(A), debit(B)], "amount not_allowed"),
        (Asked(all_overdue=True, cents=5), [debit(A)], "amount not_allowed"),
    ],
)
def test_S86_what_cannot_be_paid_is_refused_by_its_field(asked: Asked, there: list[Debit], why: str) -> None:
    assert refused(asked, *there) == why


def test_a_lower_amount_is_for_one_document_and_at_most_what_remains() -> None:
    assert debts.chosen([debit(A)], (), Asked([A], cents=1), TODAY) == [Line(A, 1, 10000)]
    assert debts.chosen([debit(A)], (), Asked([A], cents=10000), TODAY) == [Line(A, 10000, 10000)]


def test_ninety_documents_are_one_payment_and_ninety_one_are_not() -> None:
    there = [debit(f"v-00205-{number:08d}-006") for number in range(91)]
    docs = [one.doc for one in there]
    assert len(debts.chosen(there, (), Asked(docs[:90]), TODAY)) == 90
    assert refused(Asked(docs), *there) == "doc_ids too_long 90"
    assert refused(Asked(all_overdue=True), *there) == "all_overdue too_long 90"


days = st.none() | st.dates(dt.date(2026, 11, 1), dt.date(2026, 12, 31)).map(str)
some = st.dictionaries(
    st.sampled_from([f"v-00205-{number:08d}-006" for number in range(8)]),
    st.tuples(st.integers(-100, 10**12), days, st.sampled_from(["ARS", "ARS", "USD"])),
)


@given(there=some, data=st.data())
def test_S86_whatever_is_asked_no_line_is_more_than_remains_of_an_open_debit_of_the_company(
    there: dict[str, Any], data: Any
) -> None:
    known = {doc: Debit(doc, *facts) for doc, facts in there.items()}
    docs = data.draw(st.lists(st.sampled_from([*there, "v-00999-00000001-006"])))
    asked = Asked(docs, data.draw(st.booleans()), data.draw(st.none() | st.integers(-10, 10**12)))
    held = data.draw(st.sets(st.sampled_from([*there, "v-00999-00000002-006"])))
    try:
        lines = debts.chosen(list(known.values()), held, asked, TODAY)
    except (ValidationFailed, PaymentInProcess):
        return
    assert 0 < len(lines) == len({line.doc for line in lines})
    assert len({known[line.doc].currency for line in lines}) == 1
    for line in lines:
        assert line.doc not in held
        assert 0 < line.cents <= known[line.doc].cents
        assert asked.all_overdue or line.doc in docs
        assert not asked.all_overdue or debts.overdue(known[line.doc], TODAY)


# --- the ERP's receipt ------------------------------------------------------------------------------------------------

LINES = [Line(A, 100), Line(B, 250)]


def test_a_payment_is_settled_by_the_receipt_that_paid_each_of_its_documents_as_it_did() -> None:
    applied = {
        A: [Application("r1", "2026-11-30", 100), Application("r2", "2026-12-02", 100)],
        B: [Application("r2", "2026-12-02", 250)],
    }
    assert receipt_of(LINES, applied, {}, "2026-11-30") == "r2"
    assert receipt_of(LINES[:1], applied, {}, "2026-11-30") == "r1"
    assert receipt_of(LINES[:1], applied, {A: ["r1"]}, "2026-11-30") == "r2"


@pytest.mark.parametrize(
    ("application", "used"),
    [
        (Application("r1", "2026-11-29", 100), ()),  # before the payment
        (Application("r1", "2026-11-30", 99), ()),
        (Application("r1", "2026-11-30", 101), ()),  # somebody's transfer, or another payment's
        (Application("r1", "2026-11-30", 100), ("r1",)),
    ],
)
def test_what_the_erp_imputed_otherwise_settles_nothing(application: Application, used: tuple[str, ...]) -> None:
    assert receipt_of(LINES[:1], {A: [application]}, {A: used}, "2026-11-30") is None
    assert receipt_of(LINES, {A: [Application("r1", "2026-11-30", 100)]}, {}, "2026-11-30") is None
    assert receipt_of(LINES, {}, {}, "2026-11-30") is None


def test_a_receipt_that_a_document_had_when_its_payment_was_started_is_not_the_payments() -> None:
    applied = {A: [Application("r1", "2026-11-30", 100), Application("r2", "2026-12-01", 100)]}
    assert receipt_of([Line(A, 100, 100, ("r1",))], applied, {}, "2026-11-30") == "r2"
    assert receipt_of([Line(A, 100, 100, ("r1", "r2"))], applied, {}, "2026-11-30") is None


@pytest.mark.parametrize(
    ("on_a", "on_b", "settles"),
    [(100, 150, True), (0, 250, True), (100, 250, True), (100, 149, False), (100, 151, False), (101, 149, False)],
)
def test_of_what_went_back_in_part_a_receipt_of_the_rest_will_do(on_a: int, on_b: int, settles: bool) -> None:
    applied = {A: [Application("r1", "2026-11-30", on_a)], B: [Application("r1", "2026-11-30", on_b)]}
    assert (receipt_of(LINES, applied, {}, "2026-11-30", 250) == "r1") is settles


@pytest.mark.parametrize(
    ("remaining", "left", "so"),
    [
        ({A: 0, B: 0}, 350, True),
        ({A: 100, B: 0}, 350, False),
        ({A: 0, B: 1}, 350, False),
        ({A: 100, B: 0}, 250, True),
        ({A: 100, B: 1}, 250, False),
        ({}, 350, False),
    ],
)
def test_what_remains_has_to_fall_by_what_was_paid(remaining: dict[str, int], left: int, so: bool) -> None:
    assert fell([Line(A, 100, 100), Line(B, 250, 250)], remaining, left) is so
    # Of lines that tell nothing of it nothing is asked.
    assert fell(LINES, remaining, left)


def test_a_part_of_a_document_leaves_the_rest_of_it() -> None:
    assert fell([Line(A, 40, 100)], {A: 60}, 40)
    assert not fell([Line(A, 40, 100)], {A: 61}, 40)


applications = st.lists(
    st.builds(
        Application,
        st.sampled_from(["r1", "r2"]),
        st.sampled_from(["2026-11-29", "2026-11-30", "2026-12-01"]),
        st.sampled_from([100, 250]),
    ),
    max_size=4,
)


@given(on_a=applications, on_b=applications)
def test_a_receipt_settles_only_what_it_was_applied_to_in_full(
    on_a: list[Application], on_b: list[Application]
) -> None:
    applied = {A: on_a, B: on_b}
    receipt = receipt_of(LINES, applied, {}, "2026-11-30")
    able = [
        one
        for one in ("r1", "r2")
        if all(
            sum(a.cents for a in applied[line.doc] if a.receipt == one and a.date >= "2026-11-30") == line.cents
            for line in LINES
        )
    ]
    assert (receipt in able) if able else receipt is None
