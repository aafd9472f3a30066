"""What people are called and where mail reaches them, as request bodies take it."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints, WithJsonSchema

from miinti.errors import Invalid
from miinti.values import email

_HIDDEN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Unicode categories of what a name must not hold: controls, marks of direction or width, line ends."""
_SITE = re.compile(r"://|//|www\.|\w\.[^\W\d_]{2}")
"""A scheme, or letters after a dot with no space between: what a mail client would turn into a link (S65)."""


def _tidy(value: object) -> object:
    return unicodedata.normalize("NFC", value).strip() if isinstance(value, str) and len(value) <= 1000 else value


def _speakable(name: str) -> str:
    """The name, if it could be one. Raises ``Invalid("invalid_name")`` for control characters or a site's address."""
    plain = unicodedata.normalize("NFKC", name).replace("。", ".").casefold()
    if any(unicodedata.category(c) in _HIDDEN for c in name) or _SITE.search(plain):
        raise Invalid("invalid_name")
    return name


Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80),
    AfterValidator(_speakable),
    BeforeValidator(_tidy),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 80, "format": "person-name"}),
]
"""A first or a last name: 1 to 80 characters once spaces around it are gone, in NFC."""

Email = Annotated[
    str,
    AfterValidator(email.normalized),
    WithJsonSchema({"type": "string", "maxLength": 254, "format": "email"}),
]
"""A mail address in the form that identifies it."""
