"""CUIT, CUIL and CDI: eleven digits with a check digit modulo 11.

Weights 5 4 3 2 7 6 5 4 3 2 over the first ten; the digit is what their sum lacks to a multiple of 11. Where that would
be 10 no such number is issued: the office takes another prefix (20 → 23, 27 → 23, 30 → 33).
"""

import unicodedata

from miinti.errors import Invalid

PREFIXES = frozenset({"20", "23", "24", "25", "26", "27", "30", "33", "34", "50", "51", "55"})
"""20–27 persons, 30 33 34 entities, 50 51 55 foreign. python-stdnum refuses 25 and 26, which are issued."""

_LONGEST = 100
"""Signs of a text that may be one; ordering the marks of a long one for NFKC takes quadratic time."""
_WEIGHTS = (5, 4, 3, 2, 7, 6, 5, 4, 3, 2)
_SEPARATORS = str.maketrans("", "", " -‐‑‒–—−./")


def normalized(text: str) -> str:
    """Eleven ASCII digits out of any way people write a CUIT (``33-69345023-9``, ``33.69345023/9``).

    Raises ``Invalid`` with ``cuit_format`` (something that is no digit), ``cuit_length``, ``cuit_prefix`` or
    ``cuit_check_digit``.
    """
    if len(text) > _LONGEST:
        raise Invalid("cuit_format" if not text.isascii() or not text.isdigit() else "cuit_length")
    digits = unicodedata.normalize("NFKC", text).strip().translate(_SEPARATORS)
    if not (digits.isascii() and digits.isdigit()):
        raise Invalid("cuit_format")
    if len(digits) != 11:
        raise Invalid("cuit_length")
    if check_digit(digits[:10]) != digits[10]:
        raise Invalid("cuit_check_digit")
    if digits[:2] not in PREFIXES:
        raise Invalid("cuit_prefix")
    return digits


def check_digit(first_ten: str) -> str | None:
    """The eleventh digit for ten; None where the sum gives 10, which is never issued (the prefix changes instead)."""
    rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, first_ten, strict=True)) % 11
    return None if rest == 1 else str((11 - rest) % 11)


def shown(digits: str) -> str:
    """With hyphens, as people read it: ``33-69345023-9``."""
    return f"{digits[:2]}-{digits[2:10]}-{digits[10]}"
