"""CUIT: every spelling of a good one is taken, nothing else is (S63)."""

import pytest
import stdnum.exceptions
from hypothesis import given
from hypothesis import strategies as st
from stdnum.ar import cuit as oracle

from miinti.errors import Invalid
from miinti.values import cuit

SHARED_PREFIXES = ("20", "23", "24", "27", "30", "33", "34", "50", "51", "55")
SEPARATORS = [" ", "-", "–", "—", "−", ".", "/", "‑", "\u00a0"]


def bodies(*prefixes: str) -> st.SearchStrategy[str]:
    """The first ten digits of numbers that have an eleventh."""
    first = st.tuples(st.sampled_from(prefixes), st.integers(0, 99_999_999)).map(lambda p: f"{p[0]}{p[1]:08d}")
    return first.filter(lambda ten: cuit.check_digit(ten) is not None)


def without_digit(*prefixes: str) -> st.SearchStrategy[str]:
    """The first ten digits of numbers that are never issued."""
    nine = st.tuples(st.sampled_from(prefixes), st.integers(0, 9_999_999)).map(lambda p: f"{p[0]}{p[1]:07d}")
    tens = nine.map(lambda start: [f"{start}{last}" for last in range(10)])
    found = tens.map(lambda some: [ten for ten in some if cuit.check_digit(ten) is None])
    return found.filter(bool).map(lambda some: some[0])


def whole(ten: str) -> str:
    return f"{ten}{cuit.check_digit(ten)}"


ALL = sorted(cuit.PREFIXES)
good = bodies(*ALL).map(whole)


def refusal(text: str) -> str:
    with pytest.raises(Invalid) as refused:
        cuit.normalized(text)
    return refused.value.code


@pytest.mark.parametrize("text", ["33-69345023-9", "33 69345023 9", "33.69345023/9", "33693450239", " 33-69345023-9\n",
                                  "３３６９３４５０２３９", "33–69345023–9", "3-3-6-9-3-4-5-0-2-3-9"])  # fmt: skip
def test_the_contracts_spellings_are_one(text: str) -> None:
    assert cuit.normalized(text) == "33693450239"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "cuit_format"),
        ("- -", "cuit_format"),
        ("33-69345023-X", "cuit_format"),
        ("33_69345023_9", "cuit_format"),
        ("CUIT 33693450239", "cuit_format"),
        ("33,69345023,9", "cuit_format"),
        ("3369345\n0239", "cuit_format"),
        ("3,36935E+10", "cuit_format"),
        ("٣٣٦٩٣٤٥٠٢٣٩", "cuit_format"),
        ("33693450239\x00", "cuit_format"),
        ("\u0301\u0316" * 16_000, "cuit_format"),
        ("3369345023", "cuit_length"),
        ("3" * 60_000, "cuit_length"),
        ("336934502399", "cuit_length"),
        ("33693450230", "cuit_check_digit"),
        ("00000000000", "cuit_prefix"),
        ("99000000007", "cuit_prefix"),
    ],
)
def test_what_is_no_cuit_says_why(text: str, code: str) -> None:
    assert refusal(text) == code


@given(good, st.data())
def test_S63_every_spelling_of_a_good_one_is_its_eleven_digits(digits: str, data: st.DataObject) -> None:
    gaps = data.draw(st.lists(st.sampled_from(["", *SEPARATORS]), min_size=12, max_size=12))
    spelled = gaps[0] + "".join(digit + gap for digit, gap in zip(digits, gaps[1:], strict=True))
    assert cuit.normalized(spelled) == digits
    assert cuit.normalized(cuit.shown(digits)) == digits


@given(bodies(*SHARED_PREFIXES), st.integers(0, 9))
def test_S63_python_stdnum_agrees_where_both_know_the_prefix(ten: str, digit: int) -> None:
    text = f"{ten}{digit}"
    try:
        ours = cuit.normalized(text) == text
    except Invalid:
        ours = False
    assert ours == oracle.is_valid(text)


@given(bodies(*SHARED_PREFIXES).map(whole))
def test_S63_python_stdnum_takes_every_good_one(text: str) -> None:
    assert oracle.validate(text) == text
    assert oracle.format(text) == cuit.shown(text)


@given(without_digit(*ALL), st.integers(0, 9))
def test_S63_a_body_whose_sum_gives_ten_has_no_digit(first: str, digit: int) -> None:
    # python-stdnum takes a 9 here; no such number is issued, the office changes the prefix.
    assert refusal(f"{first}{digit}") == "cuit_check_digit"


@given(good, st.integers(0, 10), st.integers(1, 9))
def test_S63_one_wrong_digit_is_always_seen(digits: str, at: int, add: int) -> None:
    wrong = digits[:at] + str((int(digits[at]) + add) % 10) + digits[at + 1 :]
    assert refusal(wrong) in {"cuit_check_digit", "cuit_prefix"}


@given(st.text(max_size=40))
def test_S63_any_text_is_eleven_digits_or_refused(text: str) -> None:
    try:
        digits = cuit.normalized(text)
    except Invalid:
        return
    assert digits.isascii()
    assert digits.isdigit()
    assert len(digits) == 11
    assert cuit.normalized(digits) == digits


@pytest.mark.parametrize(("old", "new", "digit"), [("20", "23", "9"), ("27", "23", "4"), ("30", "33", "9")])
@given(data=st.data())
def test_where_there_is_no_digit_the_office_changes_the_prefix(
    old: str, new: str, digit: str, data: st.DataObject
) -> None:
    assert cuit.check_digit(new + data.draw(without_digit(old))[2:]) == digit


def test_prefixes_that_python_stdnum_refuses_are_taken() -> None:
    with pytest.raises(stdnum.exceptions.InvalidComponent):
        oracle.validate("25" + "10000000" + str(cuit.check_digit("2510000000")))
    assert cuit.normalized("2510000000" + str(cuit.check_digit("2510000000")))
