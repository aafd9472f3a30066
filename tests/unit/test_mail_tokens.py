"""Tokens and codes that travel in mail (S11, S71)."""

import re
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miinti import seals
from miinti.errors import InvalidMailToken
from miinti.mail import tokens
from miinti.mail.tokens import Token
from tests.cloud import Cloud

NOW = 1_800_000_000
TOKEN = Token("reset", "a1", "nonce", NOW + 60)
PURPOSES = ("activate", "reset", "confirm_email", "cancel_email", "object")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(
    purpose=st.sampled_from(PURPOSES),
    subject=st.text(max_size=60),
    nonce=st.text(max_size=30),
    left=st.integers(1, 10**8),
)
def test_S11_a_token_comes_back_as_it_was_made(cloud: Cloud, purpose: str, subject: str, nonce: str, left: int) -> None:
    token = Token(purpose, subject, nonce, NOW + left)
    with cloud.as_function("send_mail"):
        text = tokens.sealed(token)
        assert tokens.opened(purpose, text, NOW) == token
    assert re.fullmatch(seals.SHAPE, text)


@pytest.mark.parametrize("other", [purpose for purpose in PURPOSES if purpose != "reset"])
def test_S11_a_token_serves_its_own_purpose_alone(cloud: Cloud, other: str) -> None:
    with cloud.as_function("send_mail"):
        text = tokens.sealed(TOKEN)
        with pytest.raises(InvalidMailToken):
            tokens.opened(other, text, NOW)


def test_S11_a_token_ends_at_its_second(cloud: Cloud) -> None:
    with cloud.as_function("send_mail"):
        text = tokens.sealed(TOKEN)
        assert tokens.opened("reset", text, TOKEN.expires_at - 1) == TOKEN
        with pytest.raises(InvalidMailToken):
            tokens.opened("reset", text, TOKEN.expires_at)


@pytest.mark.parametrize("bad", ["", ".", "a.b", "ñ", "\x00", "e30.x" * 2000])
def test_S11_what_we_did_not_make_is_refused(cloud: Cloud, bad: str) -> None:
    with cloud.as_function("send_mail"), pytest.raises(InvalidMailToken):
        tokens.opened("reset", bad, NOW)


def test_S11_any_changed_sign_is_refused(cloud: Cloud) -> None:
    with cloud.as_function("send_mail"):
        text = tokens.sealed(TOKEN)
        payload, _, signature = text.partition(".")
        # The last sign of base64 holds spare bits: every one before it counts.
        for at in range(len(payload) + len(signature)):
            if text[at] == ".":
                continue
            changed = text[:at] + ("A" if text[at] != "A" else "B") + text[at + 1 :]
            with pytest.raises(InvalidMailToken):
                tokens.opened("reset", changed, NOW)


def test_a_stored_token_is_whole_numbers_again() -> None:
    token = tokens.stored(["reset", "a1", "nonce", Decimal(NOW)])
    assert token == Token("reset", "a1", "nonce", NOW)
    assert type(token.expires_at) is int


def test_link_codes_are_six_clear_signs_and_stay_the_same(cloud: Cloud) -> None:
    with cloud.as_function("send_mail"):
        codes = {tokens.link_code(f"r-{number}") for number in range(500)}
        again = {tokens.link_code(f"r-{number}") for number in range(500)}
    assert codes == again
    assert len(codes) == 500
    assert all(len(code) == 6 for code in codes)
    assert set("".join(codes)) == set("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")


def test_S71_secrets_are_compared_whole() -> None:
    assert tokens.same("ABC234", "ABC234")
    assert not tokens.same("ABC234", "ABC235")
    assert not tokens.same("", None)
    assert len({tokens.new_nonce() for _ in range(100)}) == 100
