"""Tokens that travel in mail: signed, for one purpose, and bound to a nonce in the row they act on (Decided 4).

Nothing secret is stored: the row keeps the nonce, the signature needs the KMS key. Replacing or removing the nonce
kills every token that was made with it, so one use, or a newer mail, ends the older ones.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, NamedTuple

from miinti import aws, settings
from miinti.errors import InvalidMailToken, Refusal
from miinti.seals import SHAPE, seal, unseal
from miinti.values.told import Told

ACTIVATION = 48 * 3600
RESET = 3600
EMAIL_CHANGE = 48 * 3600
OBJECTION = 30 * 86400
LINK_CODE = 72 * 3600
PAYMENT_KEY = 72 * 3600
DOCUMENT = 30 * 86400
NEWS = 30 * 86400
"""Seconds that a token or code of each kind lives."""

_CODE_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 signs without the ones people confuse (I, O, 0, 1)."""


Sealed = Annotated[str, Told(pattern=f"^{SHAPE}$")]
"""A token as requests bring it; what is none of ours is an ``InvalidMailToken``, not a wrong field."""
Code = Annotated[str, Told(pattern=rf"^\s*[{_CODE_ALPHABET}{_CODE_ALPHABET.lower()}]{{6}}\s*$")]
"""A link code as people type it; what is none is an ``InvalidCode``, not a wrong field."""


class Token(NamedTuple):
    """What a token says: its purpose, whose row it acts on, the nonce that must stand there, and its end."""

    purpose: str
    subject: str
    nonce: str
    expires_at: int


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


def stored(parts: Sequence[Any]) -> Token:
    """The token of a mail's row, where it stands as a list of its four parts."""
    purpose, subject, nonce, expires_at = parts
    return Token(purpose, subject, nonce, int(expires_at))


def key(purpose: str) -> bytes:
    """The key that tokens of this purpose are sealed with; one call a process."""
    return aws.derived_key(settings.mail_key(), f"miinti/mail.{purpose}")


def sealed(token: Token) -> str:
    """The token as it stands in a link, after ``#``."""
    return seal(settings.mail_key(), f"mail.{token.purpose}", [token.subject, token.nonce, token.expires_at])


def of_document(account_id: str, entry: Mapping[str, Any]) -> Token:
    """The token of a mailed link to a document: its person, company, document and own id; it ends with the grant of the
    person's link to the company."""
    subject = f"{account_id} {entry['company_id']} {entry['doc']} {entry['link']}"
    return Token("document", subject, entry["grant"], int(entry["expires_at"]))


def of_news(account_id: str, mail_id: str, written_at: int) -> Token:
    """The token by which one click stops what a mail of news told of. It stands in a URL (docs/decisions/mail.md): all
    that it can do is stop news of these companies for this person."""
    return Token("news", account_id, mail_id, written_at + NEWS)


def opened(purpose: str, text: str, now: int, *, late: type[Refusal] = InvalidMailToken) -> Token:
    """The token of this purpose in ``text``. The caller still compares the nonce with the row's (``same``).

    Raises ``InvalidMailToken`` when it was not made by us for this purpose, and ``late`` when its time is over.
    """
    payload: Any = unseal(settings.mail_key(), f"mail.{purpose}", text)
    if payload is None:
        raise InvalidMailToken
    token = Token(purpose, *payload)
    if now >= token.expires_at:
        raise late
    return token


def same(given: str, stored: str | None) -> bool:
    """Whether two secrets are equal, in constant time (S71)."""
    return stored is not None and hmac.compare_digest(given.encode(), stored.encode())


def code_key() -> bytes:
    """The key that link codes are made with; one call a process."""
    return aws.derived_key(settings.mail_key(), "miinti/link-code")


def link_code(request_id: str) -> str:
    """The six-character code of a link request: made from its id under the mail key, so it is stored nowhere."""
    digest = hmac.digest(code_key(), request_id.encode(), hashlib.sha256)
    return "".join(_CODE_ALPHABET[byte % 32] for byte in digest[:6])


def payment_key_key() -> bytes:
    """The key that payment keys are made with; one call a process."""
    return aws.derived_key(settings.mail_key(), "miinti/payment-key")


def payment_key(nonce: str) -> str:
    """The payment key of a nonce, as it is told: seven groups of four signs, 140 random bits. Made under the mail key,
    so that whoever reads the mail's row has no key (S73)."""
    digest = hmac.digest(payment_key_key(), nonce.encode(), hashlib.sha256)
    signs = "".join(_CODE_ALPHABET[byte % 32] for byte in digest[:28])
    return "-".join(signs[start : start + 4] for start in range(0, 28, 4))


def payment_key_typed(text: str) -> str:
    """A payment key as it is compared: people type it with or without what stands between its groups, in any case."""
    return re.sub(r"[\s\-\u2010-\u2015._]", "", text).upper()
