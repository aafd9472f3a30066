"""Addresses: one, of any domain, in the one form that identifies it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miinti.errors import Invalid
from miinti.values import email


@pytest.mark.parametrize("ending", ["arpa", "invalid", "local", "localhost", "onion", "test", "example", "com.ar"])
@pytest.mark.parametrize("domain", ["correo", "mail.correo"])
def test_an_address_may_be_of_any_domain(domain: str, ending: str) -> None:
    """The contract says one address of at most 254 characters; which domains there are is SES's to find out."""
    assert email.normalized(f"Ana+Compras@{domain}.{ending}".upper()) == f"ana+compras@{domain}.{ending}"


@pytest.mark.parametrize("domain", ["localhost", "test", "local", "ar", "test.", ".test", "correo..test", "-x.test"])
def test_a_domain_has_a_dot_inside(domain: str) -> None:
    with pytest.raises(Invalid, match="invalid_email"):
        email.normalized(f"ana@{domain}")


@pytest.mark.parametrize(("length", "good"), [(253, True), (254, True), (255, False)])
def test_an_address_has_254_characters_at_most(length: int, good: bool) -> None:
    labels = ".".join(["d" * 63] * 3)
    address = f"ana@{'x' * (length - len(labels) - len('ana@..test'))}.{labels}.test"
    assert len(address) == length
    if good:
        assert email.normalized(address) == address
    else:
        with pytest.raises(Invalid, match="invalid_email"):
            email.normalized(address)


@given(st.emails())
def test_an_address_taken_is_in_its_own_form(text: str) -> None:
    try:
        address = email.normalized(text)
    except Invalid:
        return
    assert email.normalized(address) == address == address.lower()
