"""Names of people in request bodies."""

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from miinti.accounts.names import Name
from miinti.errors import Invalid


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    name: Name


def taken(text: object) -> str:
    return Body.model_validate_json(json.dumps({"name": text}), strict=True).name


def refused(text: object) -> str:
    """The kind of refusal: ours by its code, pydantic's by its type."""
    with pytest.raises(ValidationError) as wrong:
        taken(text)
    (error,) = wrong.value.errors()
    reason = error.get("ctx", {}).get("error")
    return reason.code if isinstance(reason, Invalid) else error["type"]


@pytest.mark.parametrize(
    "name", ["Ana", "Ñ", "José María", "O'Higgins", "J. R. R.", "Ma. Laura", "S.A.", "<b>Ana</b>", "李", "x" * 80]
)
def test_names_are_kept_as_written(name: str) -> None:
    assert taken(name) == name


@pytest.mark.parametrize(
    "name",
    ["J.Pérez", "J.PÉREZ", "M.A. Gómez", "M.A.Gómez", "J.R.R. Tolkien", "J.R.R.Tolkien", "Ana M.Ñandú", "B.O'Higgins",
     "J.Pérez-Gómez", "Á.Íñiguez", "J.Pérez, hijo", "Ma.Eugenia", "Dr.Juan", "St.John", "Dra.M.A.Gómez"],
)  # fmt: skip
def test_S65_initials_are_no_address(name: str) -> None:
    assert taken(name) == name


def test_spaces_around_are_dropped_and_accents_composed() -> None:
    assert taken("  Jose\u0301 \u00a0") == "José"


@pytest.mark.parametrize(
    "sign", ["\n", "\r\n", "\t", "\x0b", "\x0c", "\x1c", "\x1f", "\x85", "\u2028", "\u2029", "\x00"]
)
def test_a_control_character_is_refused_also_around_a_name(sign: str) -> None:
    for name in (f"Ana{sign}", f"{sign}Ana", f" Ana {sign} ", sign):
        assert refused(name) == "invalid_name"


def test_what_is_dropped_around_a_name_is_every_space_and_nothing_else() -> None:
    spaces = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) == "Zs"]
    assert [taken(f"{space}Ana{space}") for space in spaces] == ["Ana"] * len(spaces)


@pytest.mark.parametrize("name", ["", "   ", "\u00a0"])
def test_an_empty_name_is_too_short(name: str) -> None:
    assert refused(name) == "string_too_short"


@pytest.mark.parametrize("name", ["x" * 81, "x" * 5000])
def test_a_long_name_is_too_long(name: str) -> None:
    assert refused(name) == "string_too_long"


@pytest.mark.parametrize("name", [1, None, True, ["Ana"]])
def test_a_name_is_text(name: object) -> None:
    assert refused(name) == "string_type"


@pytest.mark.parametrize("mark", ["\x00", "\r\nBcc: x", "\x7f", "\u202e", "\u200b", "\u2028", "\u0085", "\ufeff"])
def test_S65_control_characters_are_refused(mark: str) -> None:
    assert refused(f"Ana{mark}María") == "invalid_name"


@pytest.mark.parametrize(
    "name",
    [
        "premio.example.com",
        "https://x.example",
        "HTTP://localhost",
        "www.premio",
        "//premio",
        "Gane en bit.ly/x",
        "evil．com",
        "evil。com",
        "évil.com",
        "evil.example",
        "x.com.ar",
        "x.com",
        "X.com",
        "X.Com",
        "X.COM",
        "A.B.Com",
        "x.example",
        "x.Example",
        "X.example",
        "X.Com.Ar",
        "J.Pérez.com",
        "Dr.Premio.com",
        "Dr.Club",
        "ma.eugenia",
        "Sra.evil",
        "localhost:80",
        "mailto:ana",
        "1.1.1.1",
        "J.Pérez.Com",
        "J.Pérez/premio",
        "J.Pérez@evil",
        "T.Co",
        "www.J.Pérez",
        "Ana-X.Premio",
        "J.Premio-evil.com",
        "Ｘ．Ｃｏｍ",
        "soporte@evil.com",
    ],
)
def test_S65_the_address_of_a_site_is_refused(name: str) -> None:
    assert refused(name) == "invalid_name"


@given(st.text(st.characters(categories=("L", "M", "Zs")), min_size=1, max_size=80))
def test_letters_and_spaces_always_make_a_name(text: str) -> None:
    tidy = unicodedata.normalize("NFC", text).strip()
    if 1 <= len(tidy) <= 80:
        assert taken(text) == tidy
