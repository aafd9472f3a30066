"""The pure rules about companies: ids, what is typed, what proves, states."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miinti.companies import access, requests, rules
from miinti.companies.company import place
from miinti.errors import Invalid, NotFound
from miinti.values import email


@pytest.fixture(autouse=True, scope="module")
def table() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("COMPANIES_TABLE", "CompaniesTable")
        yield


roles = st.sampled_from(sorted(access.ROLES))
numbers = st.from_regex(r"[0-9]{1,10}", fullmatch=True)


# --- ids --------------------------------------------------------------------------------------------------------------


@given(roles, numbers, st.integers(0, 9))
def test_T12_an_id_is_its_role_and_number_whatever_zeros_stand_before_it(role: str, number: str, zeros: int) -> None:
    company_id = access.company_id(role, number)
    assert access.role_of(company_id) == role
    assert int(company_id[2:]) == int(number)
    assert access.company_id(role, "0" * zeros + number) == company_id
    assert len(access.wanted("a1", company_id)) == 2


@pytest.mark.parametrize("role", access.ROLES)
def test_T12_an_account_without_a_number_has_no_id(role: str) -> None:
    with pytest.raises(ValueError, match="without a number"):
        access.company_id(role, "")


@given(roles, roles, numbers, numbers)
def test_T12_two_accounts_never_share_an_id(role: str, other: str, number: str, another: str) -> None:
    same = access.company_id(role, number) == access.company_id(other, another)
    assert same == ((role, int(number)) == (other, int(another)))


@given(st.text(max_size=14) | st.from_regex(r"[cs]-[0-9]{0,12}", fullmatch=True))
def test_S49_only_an_id_that_we_made_asks_for_rows(text: str) -> None:
    ours = text[:1] in ("c", "s") and text[1:2] == "-" and text[2:].isascii() and text[2:].isdigit()
    ours = ours and len(text) <= 12 and str(int(text[2:])) == text[2:]
    assert len(access.wanted("a1", text)) == (2 if ours else 0)


def test_S48_only_an_active_link_grants() -> None:
    link, company = {"state": "active"}, {"id": "c-1"}
    assert access.granted([link, company]) is company
    for rows in ([], [None, None], [None, company], [link, None], [{"state": "suspended"}, company], [link]):
        with pytest.raises(NotFound):
            access.granted(rows)


# --- what is typed ----------------------------------------------------------------------------------------------------


@given(numbers)
def test_S63_one_to_ten_digits_are_a_number(text: str) -> None:
    assert rules.number_typed(text) == text


@given(st.text(max_size=14))
def test_S63_nothing_else_is(text: str) -> None:
    if text.isascii() and text.isdigit() and len(text) <= 10:
        return
    with pytest.raises(Invalid, match=r"^invalid_number$"):
        rules.number_typed(text)


@given(st.text(max_size=20) | st.from_regex(r"[0-9 ./-]{9,16}", fullmatch=True))
def test_S63_whatever_is_wrong_with_a_cuit_is_one_code(text: str) -> None:
    try:
        digits = rules.cuit_typed(text)
    except Invalid as wrong:
        code = wrong.code
    else:
        code = "" if rules.cuit_typed(digits) == digits else "changed"
    assert code in {"", "invalid_cuit"}


@pytest.mark.parametrize(
    ("company", "names"),
    [({"cuit": "33693450239"}, True), ({"cuit": "30500001735"}, False), (None, False)],
)
def test_the_cuit_must_be_the_account_s(company: dict[str, str] | None, names: bool) -> None:
    assert rules.Asked("client", "33693450239", "27334").names(company) is names


# --- what proves ------------------------------------------------------------------------------------------------------

locals_ = st.from_regex(r"[a-zA-Z][a-zA-Z0-9+]{0,8}", fullmatch=True)
domains = st.sampled_from(
    ["example.com", "Example.COM", "ñandú.example.ar", "ÑANDÚ.Example.ar", "xn--and-6ma2c.example.ar"]
)


@given(locals_, domains, st.data())
def test_T13_an_address_is_the_one_on_file_in_any_case_and_in_either_form_of_its_domain(
    local: str, domain: str, data: st.DataObject
) -> None:
    swapped = "".join(data.draw(st.sampled_from([c.lower(), c.upper()])) for c in local)
    filed = {"email": email.normalized(f"{swapped}@{domain}")}
    assert rules.on_file(email.normalized(f"{local}@{domain.lower()}"), filed)


@given(locals_, locals_)
def test_T13_two_addresses_are_one_only_without_case(one: str, other: str) -> None:
    filed = {"email": email.normalized(f"{other}@example.com")}
    assert rules.on_file(email.normalized(f"{one}@example.com"), filed) == (one.lower() == other.lower())


@pytest.mark.parametrize("typed", ["mıke@example.com", "mike@exаmple.com", "MİKE@example.com", "mike@example.com "])
def test_T13_a_look_alike_is_another_or_none(typed: str) -> None:
    try:
        address = email.normalized(typed)
    except Invalid:
        return
    assert not rules.on_file(address, {"email": "mike@example.com"})


def test_no_address_on_file_is_nobody_s() -> None:
    assert not rules.on_file("", {})
    assert not rules.on_file("", {"email": ""})
    assert not rules.on_file("a@example.com", {})


# --- requests ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "tries", "now", "seen"),
    [
        ("received", 0, 99, "received"),
        ("received", 4, 99, "received"),
        ("received", 5, 99, "ended"),
        ("received", 5, 100, "ended"),
        ("received", 4, 100, "expired"),
        ("confirmed", 5, 99, "confirmed"),
        ("confirmed", 1, 101, "confirmed"),
    ],
)
def test_a_request_s_state_is_told_by_its_counts_and_times(state: str, tries: int, now: int, seen: str) -> None:
    assert rules.request_state({"state": state, "tries": tries, "expires_at": 100}, now) == seen


def test_request_ids_are_ours_alone() -> None:
    assert requests.new_id() != requests.new_id()
    assert [requests.wanted("a1", text) for text in ("", "0" * 23, "0" * 25, "G" * 24, "0" * 24 + "\n")] == [[]] * 5


# --- lists ------------------------------------------------------------------------------------------------------------


@given(st.lists(st.sampled_from(["nube", "ñandú", "Ñ", "n", "NZ", "o", "ÓPTICA", "optica"]), min_size=2, unique=True))
def test_the_order_of_names_knows_accents_case_and_the_letter_after_n(names: list[str]) -> None:
    alphabet = ["n", "nube", "NZ", "Ñ", "ñandú", "o", "optica", "ÓPTICA"]
    ids = {name: str(at) for at, name in enumerate(alphabet)}
    ordered = sorted(names, key=lambda name: place({"name": name, "id": ids[name]}))
    assert ordered == [name for name in alphabet if name in names]
