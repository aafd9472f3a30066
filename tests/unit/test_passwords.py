"""Passwords: which are taken, how they are kept and checked."""

import json
import re
import unicodedata
from pathlib import Path

import argon2
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, ValidationError

from miinti.accounts import passwords
from miinti.errors import ValidationFailed

ROOT = Path(__file__).parents[2]
NAMES = ("María José", "Pérez Ñandú")
ADDRESS = "mjose.perez@example.com"


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    password: passwords.NewPassword
    current: passwords.Password = ""


def taken(password: str) -> str:
    """The password as a request body gives it on."""
    return Body.model_validate_json(json.dumps({"password": password}), strict=True).password


def refusal(password: str) -> str | None:
    """The code a new password is refused with, or None."""
    try:
        passwords.check_new(password, NAMES, ADDRESS)
    except ValidationFailed as refused:
        (wrong,) = refused.fields
        assert wrong.field == "password"
        return wrong.code
    return None


def common() -> list[str]:
    text = (ROOT / "layers/shared/miinti/accounts/common_passwords.txt").read_text(encoding="utf-8")
    return text.partition("\n----\n")[2].split("\n")[:-1]


@pytest.mark.parametrize("unit", ["a", " ", "ñ", "🔥", "n\u0303", "\x00", "\u1f82"])
def test_S01_eight_to_128_characters_counted_after_nfc(unit: str) -> None:
    for count in (8, 128):
        assert taken(unit * count) == unicodedata.normalize("NFC", unit * count)
    for count in (0, 7, 129, 600):
        with pytest.raises(ValidationError):
            taken(unit * count)


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=128))
@example("  contra seña  ")
@example("Clave")
def test_S01_nothing_but_nfc_is_done_to_a_password(text: str) -> None:
    composed = unicodedata.normalize("NFC", text)
    if 8 <= len(composed) <= 128:
        assert taken(text) == composed


@pytest.mark.parametrize("raw", [rb'{"password": "\ud800 aaaaaaaa"}', b'{"password": 12345678}', b'{"password": null}'])
def test_S01_what_is_no_text_is_refused_by_the_model(raw: bytes) -> None:
    with pytest.raises(ValidationError):
        Body.model_validate_json(raw, strict=True)


@settings(max_examples=15, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=128), st.data())
def test_S01_a_password_matches_itself_and_nothing_else(text: str, data: st.DataObject) -> None:
    kept = passwords.hashed(text)
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(exclude_categories=["Cs"], exclude_characters=text[place]))
    assert passwords.matches(kept, text)
    assert not passwords.matches(kept, text[:place] + other + text[place + 1 :])


def test_S01_no_truncation_at_72_bytes_nor_at_a_nul() -> None:
    assert not passwords.matches(passwords.hashed("x" * 72 + "a"), "x" * 72 + "b")
    assert not passwords.matches(passwords.hashed("clave\x00una"), "clave\x00dos")


def test_S01_both_spellings_of_an_accent_are_one_password() -> None:
    assert taken("contrase\u00f1a larga") == taken("contrasen\u0303a larga")


def test_S01_a_password_to_check_may_have_any_length() -> None:
    for text in ("", "x", "a" * 5000, "e" + "\u0301" * 3000):
        assert Body.model_validate_json(json.dumps({"password": "a" * 9, "current": text}), strict=True).current == text


def test_S02_the_list_has_what_people_choose() -> None:
    entries = common()
    assert len(entries) >= 10_000
    assert entries == sorted(set(entries))
    assert all(len(entry) >= 8 and entry == entry.lower() for entry in entries)
    assert {"password", "12345678", "987654321", "contraseña", "argentina", "riverplate"} <= set(entries)


def test_S02_every_entry_is_refused_in_any_case() -> None:
    for entry in common():
        assert refusal(entry) == "password_too_common"
        assert refusal(entry.upper()) == "password_too_common"


def test_S02_accents_do_not_make_a_common_password_another() -> None:
    assert refusal("Contraseña123") == refusal("contraséna123") == "password_too_common"


@pytest.mark.parametrize(
    "password", ["inti1234", "INTI-2026", "miinti 27", "miInti!!!!", "Facturas_9", "facturas!!!!!!"]
)
def test_S03_words_of_the_portal_are_as_good_as_common(password: str) -> None:
    assert refusal(password) == "password_too_common"


@pytest.mark.parametrize(
    "password",
    [
        "maria+jose",
        "JoséMaría!",
        "perez.nandu",
        "PérezÑandú",
        "Nandu2024",
        "ñandu-2027",
        "mjoseperez",
        "mjose.perez",
        "1mjoseperez",
        "mjose.perez@example.com",
        "mjose.perez@example.com.ar",
        "zz mjose.perez@example.com zz",
        "perezmariajose",
        "33-69345023-9",
        "33693450239",
    ],
)
def test_S03_ones_own_data_is_refused(password: str) -> None:
    assert refusal(password) == "password_too_personal"


@pytest.mark.parametrize(
    "password",
    [
        "correcta caballo batería",
        "🔥🔥🔥🔥🔥🔥🔥🔥",
        "a" * 128,
        "        ",
        "example-example",
        "33-69345023-8",
        "José come pan con queso",
        "tres perez tristes",
        "{}[];<>?!",
    ],
)
def test_S03_what_is_only_a_little_alike_is_taken(password: str) -> None:
    assert refusal(password) is None


def test_S03_the_words_in_the_docs_are_those_of_the_code() -> None:
    text = (ROOT / "docs/decisions/passwords.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"Words of the portal: (.*)\.", text)
    assert tuple(re.findall(r"`(\w+)`", line)) == passwords.SERVICE_WORDS


@given(st.text(max_size=12), st.text(max_size=12))
def test_S03_near_is_levenshtein_below_five(one: str, other: str) -> None:
    assert passwords._near(one, other) == (distance(one, other) < 5)


def distance(one: str, other: str) -> int:
    """Levenshtein's distance from its definition."""
    table = {(at, 0): at for at in range(len(one) + 1)} | {(0, at): at for at in range(len(other) + 1)}
    for at, letter in enumerate(one, 1):
        for to, wanted in enumerate(other, 1):
            table[at, to] = min(
                table[at - 1, to] + 1, table[at, to - 1] + 1, table[at - 1, to - 1] + (letter != wanted)
            )
    return table[len(one), len(other)]


def test_S05_argon2id_at_owasps_parameters() -> None:
    assert passwords.hashed("una clave").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert passwords.hashed("una clave") != passwords.hashed("una clave")


def test_S05_a_hash_tells_whether_its_parameters_are_those_in_force() -> None:
    old = argon2.PasswordHasher(time_cost=1, memory_cost=8192, parallelism=1).hash("una clave")
    assert passwords.matches(old, "una clave")
    assert passwords.outdated(old)
    assert not passwords.outdated(passwords.hashed("una clave"))


def test_S05_a_hash_that_is_none_matches_nothing() -> None:
    assert not passwords.matches("", "una clave")
    assert not passwords.matches("$argon2id$rot", "una clave")


def test_S06_burning_costs_one_check_at_the_parameters_in_force(monkeypatch: pytest.MonkeyPatch) -> None:
    checked: list[str] = []
    verify = argon2.PasswordHasher.verify

    def noted(hasher: argon2.PasswordHasher, kept: str, password: str) -> bool:
        checked.append(kept)
        return verify(hasher, kept, password)

    monkeypatch.setattr(argon2.PasswordHasher, "verify", noted)
    passwords.burn("una clave")
    (kept,) = checked
    assert not passwords.outdated(kept)
