"""Amounts of money: whole cents inside, text with two decimals outside; never a float."""

import re

from miinti.errors import Invalid

_PLAIN = re.compile(r"(-?)([0-9]{1,15})\.([0-9]{2})", re.ASCII)


def cents(text: str) -> int:
    """Cents of ``"-1234.56"``. Raises ``Invalid("amount_format")`` for any other way to write an amount."""
    match = _PLAIN.fullmatch(text)
    if match is None:
        raise Invalid("amount_format")
    sign, whole, decimals = match.groups()
    value = int(whole) * 100 + int(decimals)
    return -value if sign else value


def told(text: str) -> str:
    """An amount in a request, as it came. Raises ``Invalid("wrong_type")`` for what is none."""
    try:
        cents(text)
    except Invalid:
        raise Invalid("wrong_type") from None
    return text


def text(value: int) -> str:
    """``242168.00`` for 24216800 cents: the contract's form."""
    sign = "-" if value < 0 else ""
    whole, decimals = divmod(abs(value), 100)
    return f"{sign}{whole}.{decimals:02d}"


def shown(value: int) -> str:
    """``242.168,00``: as people in Argentina write it, without the currency sign."""
    sign = "-" if value < 0 else ""
    whole, decimals = divmod(abs(value), 100)
    return f"{sign}{whole:,}".replace(",", ".") + f",{decimals:02d}"
