"""Passwords: which are taken, how they are kept, how one is checked.

8 to 128 characters counted after NFC, any Unicode, spaces kept, no rules of composition (S01). Kept as argon2id in the
encoded form that carries its parameters (S05).
"""

import unicodedata
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Annotated

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, InvalidHashError, VerificationError
from pydantic import BeforeValidator, StringConstraints

from miinti.errors import FieldError, Invalid, ValidationFailed
from miinti.values import cuit
from miinti.values.told import Told

SHORTEST, LONGEST = 8, 128
SERVICE_WORDS = ("inti", "miinti", "facturas")
"""Words of this portal: a password near one of them is as good as common (S03)."""

_NEAR = 5
"""Edits below which a password is a variant of a word (S03)."""

# OWASP's and ASVS's (appendix C) smallest argon2id that fits: 19 MiB, two passes, one lane.
_hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
# A hash of nothing that anybody knows, at the parameters in force: checking against it costs what a real check costs.
_NOBODY = "$argon2id$v=19$m={0.memory_cost},t={0.time_cost},p={0.parallelism}${1}${2}".format(
    _hasher, "bm9ib2R5J3Mgc2FsdC4uLg", "bm9ib2R5J3MgaGFzaCwgaXQgbWF0Y2hlcyBub25lLi4"
)


def _nfc(value: object) -> object:
    # No character of NFC decomposes into more than four: what is longer is over LONGEST anyhow, and is left alone since
    # ordering its combining marks takes quadratic time.
    return unicodedata.normalize("NFC", value) if isinstance(value, str) and len(value) <= 4 * LONGEST else value


Password = Annotated[str, BeforeValidator(_nfc)]
"""A password to be checked: of any length, since one that nobody can have is just wrong."""
NewPassword = Annotated[
    str,
    StringConstraints(min_length=SHORTEST, max_length=LONGEST),
    BeforeValidator(_nfc),
    Told(format="password"),
]
"""A password to be set; ``check_new`` looks at the rest."""


# --- kept and checked -------------------------------------------------------------------------------------------------


def hashed(password: str) -> str:
    """The password as it is kept; takes some 25 ms of CPU and 19 MiB."""
    return _hasher.hash(password)


def matches(kept: str, password: str) -> bool:
    """Whether ``password`` is the one kept; one hash, as dear as ``hashed``."""
    try:
        return _hasher.verify(kept, password)
    except (VerificationError, InvalidHashError):
        return False


def burn(password: str) -> None:
    """Run the hash that a check would have run, where there is nothing to check against (S06)."""
    matches(_NOBODY, password)


def outdated(kept: str) -> bool:
    """Whether a hash was made with other parameters than those in force (S05)."""
    return _hasher.check_needs_rehash(kept)


def renewed(kept: str, password: str) -> str:
    """The hash to keep from now on of a password that matched: the same, or a new one where it was outdated.

    A login does not fail because a new hash could not be made (S05).
    """
    if not outdated(kept):
        return kept
    try:
        return hashed(password)
    except (HashingError, MemoryError):
        return kept


# --- which are taken --------------------------------------------------------------------------------------------------


def check_new(password: str, names: Iterable[str], email: str) -> None:
    """Refuse a password that others would guess (S02, S03): a common one, or one near the person's own data.

    ``names`` are first and last name; ``email`` is the address in its normalized form. A password that is a CUIT is
    personal, whoever's it is. Raises ``ValidationFailed`` of field ``password``, with code ``password_too_common`` or
    ``password_too_personal``.
    """
    folded = _folded(password)
    if {password.lower(), folded} & _common() or any(_resembles(folded, word) for word in SERVICE_WORDS):
        raise ValidationFailed(FieldError("password", "password_too_common"))
    personal = any(_resembles(folded, word) for word in _own_words(names, email))
    # The address's domain is nobody's own, so the whole address counts only where all of it is there, or nearly.
    if personal or email in folded or _near(folded, email) or _is_cuit(password):
        raise ValidationFailed(FieldError("password", "password_too_personal"))


@cache
def _common() -> frozenset[str]:
    """Common passwords of eight characters or more, lower-case; ``tools/common_passwords.py`` makes the file."""
    text = Path(__file__).with_name("common_passwords.txt").read_text(encoding="utf-8")
    return frozenset(text.partition("\n----\n")[2].splitlines())


def _folded(text: str) -> str:
    """Lower case without accents: ``Ñandú`` → ``nandu``."""
    return "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))


def _bare(text: str) -> str:
    return "".join(c for c in text if c.isalnum())


def _own_words(names: Iterable[str], email: str) -> set[str]:
    """What a person's password must not resemble: names, together and apart, and the address up to its ``@``."""
    first, last = (_folded(name) for name in names)
    local = email.partition("@")[0]
    pieces = "".join(c if c.isalnum() else " " for c in local).split()
    whole = map(_bare, (local, first, last, first + last, last + first))
    return {local, *whole, *pieces, *first.split(), *last.split()}


def _resembles(password: str, word: str) -> bool:
    """Whether half of the password or more is one piece of the word, or fewer than five edits lead to it.

    The first is also asked of the password's letters and digits alone, where they are six or more. The measure is
    nearly the one Ory Kratos takes.
    """
    bare = _bare(password)
    return any(_mostly(text, word) for text in {password, bare} if len(text) >= 6) or _near(password, word)


def _mostly(password: str, word: str) -> bool:
    size = (len(password) + 1) // 2
    return any(word[start : start + size] in password for start in range(len(word) - size + 1))


def _near(one: str, other: str) -> bool:
    """Whether the Levenshtein distance is below five."""
    if abs(len(one) - len(other)) >= _NEAR:
        return False
    row = list(range(len(other) + 1))
    for place, letter in enumerate(one, 1):
        before, row[0] = row[0], place
        for at, wanted in enumerate(other, 1):
            before, row[at] = row[at], min(row[at] + 1, row[at - 1] + 1, before + (letter != wanted))
    return row[-1] < _NEAR


def _is_cuit(text: str) -> bool:
    try:
        cuit.normalized(text)
    except Invalid:
        return False
    return True
