"""What people are called and where mail reaches them, as request bodies take it."""

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, StringConstraints

from miinti.errors import Invalid
from miinti.values import email
from miinti.values.told import Told

_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories of what a name must not hold: controls, marks of direction or width, line ends, what is no sign
at all."""
_SITE = re.compile(r":|//|www\.|\w\.[^\W\d_]{2}|\d\.\d")
"""A scheme or a port, letters after a dot with no space between, numbers with dots: what a mail client would turn into
a link (S65)."""
_SHORT = "arq|cdor|cdora|dr|dra|fco|ing|lic|ma|mto|prof|sr|sra|srta|st|sta|sto"
"""What is written short before a name, with its dot."""
_INITIALS = re.compile(rf"(?<![\w.@/:-])((?:[^\W\d_]\.|(?:{_SHORT})\.)+)([^\W\d_]{{3,}})(?![\w.@/:])", re.IGNORECASE)
"""Single letters, or what is written short, with their dots right before a word: ``J.R.R.Tolkien``, ``Ma.Eugenia``, and
``x.com`` too."""
_ENDINGS = frozenset(
    ["app", "bet", "biz", "blog", "click", "club", "cloud", "com", "coop", "dev", "edu", "fun", "gob", "gov", "icu",
     "info", "int", "link", "live", "mil", "name", "net", "new", "online", "org", "page", "pro", "shop", "site",
     "store", "tech", "top", "tur", "vip", "web", "win", "xyz"]
)  # fmt: skip
"""Of three letters or more, what a word after an initial cannot be."""


_SPACES = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
"""Unicode's spaces (Zs): what may stand around a name. A line end or a tab there is refused like any other control."""


def _tidy(value: object) -> object:
    if not isinstance(value, str) or len(value) > 1000:
        return value
    return unicodedata.normalize("NFC", value).strip(_SPACES)


def _speakable(name: str) -> str:
    """The name, if it could be one. Raises ``Invalid("invalid_name")`` for control characters or a site's address."""
    plain = _INITIALS.sub(_spaced, unicodedata.normalize("NFKC", name).replace("。", "."))
    if any(unicodedata.category(c) in _HIDDEN for c in name) or _SITE.search(plain.casefold()):
        raise Invalid("invalid_name")
    return name


def _spaced(found: re.Match[str]) -> str:
    """``J.Pérez`` as ``J. Pérez``, where it is one: capitals first, and no ending of a site."""
    initials, word = found.groups()
    firsts = "".join(part[:1] for part in initials.split("."))
    is_name = (firsts + word[0]).isupper() and word.casefold() not in _ENDINGS
    return f"{initials} {word}" if is_name else found[0]


Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=80),
    AfterValidator(_speakable),
    BeforeValidator(_tidy),
    Told(format="person-name"),
]
"""A first or a last name: 1 to 80 characters once spaces around it are gone, in NFC."""

_ADDRESS = "Una sola dirección, de cualquier dominio que tenga un punto; no cuentan las mayúsculas."
Email = Annotated[str, AfterValidator(email.normalized), Told(maxLength=254, format="email", description=_ADDRESS)]
"""A mail address in the form that identifies it."""
