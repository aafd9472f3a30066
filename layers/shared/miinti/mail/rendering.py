"""From a mail's row to what is sent: subject, text and HTML out of the folder of its template.

Tokens and codes are made here, at the last moment, so that no row ever holds one (S73). Whatever people typed is
stripped to one line, cannot become a link, and is escaped in HTML (S65); links start at the portal's own address (S68).
"""

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from miinti import clock, settings
from miinti.aws import Row
from miinti.mail import tokens
from miinti.mail.tokens import OBJECTION, Token
from miinti.values import cuit

PAGES = {
    "activate": "/activar",
    "reset": "/restablecer",
    "confirm_email": "/confirmar-correo",
    "cancel_email": "/cancelar-correo",
    "object": "/objetar",
    "document": "/documento",
}
"""The portal's page for each purpose of a token; it takes the token after ``#t=``."""

LONGEST = 200
"""Characters of one value at most: a name is to be read, not to fill the mail."""

_LINKABLE = re.compile(r":(?=//)|(?<=\w)\.(?=[^\W\d_]{2})")
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class Rendered(NamedTuple):
    """One mail as it is sent. The two parts say the same."""

    subject: str
    text: str
    html: str


def rendered(row: Row) -> Rendered:
    """The mail of an outbox row. ``entries`` in the templates are the notice's, each with all that it said;
    ``more`` have happened than these, ``total`` in all; ``counted`` are those of each company, where a mail knows.

    Raises ``jinja2.UndefinedError`` when the row lacks something its template says: a defect of ours, not of the mail.
    """
    data = {name: value for name, value in row["data"].items() if name != "entries"}
    entries = row.get("entries", row["data"].get("entries", ()))
    counted = _by_company(row.get("counted", ()))
    more = int(row.get("more", 0)) + sum(some["many"] for some in counted)
    facts: Row = {
        **_clean(data),
        "more": more,
        "total": len(entries) + more,
        "entries": [_entry(row["template"], {**data, **entry}) for entry in entries],
        "counted": counted,
        "portal": settings.portal_url(),
    }
    if "token" in row:
        token = tokens.stored(row["token"])
        facts |= {"link": link(token), "expires": _moment(token.expires_at)}
    if row["template"] == "payment_key":
        facts |= {"expires": _moment(data["expires_at"])}
    if row["template"] == "link_code":
        facts |= {"code": tokens.link_code(data["request_id"]), "expires": _moment(data["expires_at"])}
    facts["subject"] = " ".join(_part(row, "subject.txt", facts).split())
    return Rendered(facts["subject"], _part(row, "body.txt", facts), _part(row, "body.html", facts))


def _part(row: Row, name: str, facts: Row) -> str:
    return _templates().get_template(f"{row['template']}/{name}").render(facts).strip() + "\n"


def link(token: Token) -> str:
    """The portal's page for a token, which stands after ``#``: no server and no log ever sees it (Decided 5)."""
    return f"{settings.portal_url()}{PAGES[token.purpose]}#t={tokens.sealed(token)}"


def unsubscribing(row: Row) -> str:
    """Where a mail program that knows RFC 8058 posts to stop news of the companies that this mail tells of."""
    token = tokens.of_news(row["data"]["account_id"], str(row["pk"]).removeprefix("MAIL#"), int(row["created_at"]))
    return f"{settings.portal_url()}/baja?t={tokens.sealed(token)}"


def _entry(template: str, entry: Row) -> Row:
    shown = _clean(entry)
    if template == "documents_new":
        shown["link"] = link(tokens.of_document(entry["account_id"], entry))
    if template == "payment_key":
        shown["key"] = tokens.payment_key(entry["nonce"])
    if template == "company_linked":
        token = Token(
            "object", f"{entry['account_id']} {entry['company_id']}", entry["grant"], int(entry["at"]) + OBJECTION
        )
        shown |= {"link": link(token), "expires": _moment(token.expires_at)}
    return shown


def _by_company(counted: Sequence[Row]) -> list[Row]:
    """How many each company has of what is only counted, whatever their kinds, in the order of its entries."""
    many: dict[str, int] = {}
    names: dict[str, str] = {}
    for some in sorted(counted, key=itemgetter("company_id")):
        many[some["company_id"]] = many.get(some["company_id"], 0) + int(some["many"])
        names[some["company_id"]] = _plain("company", some["company"])
    return [{"company": names[company_id], "many": number} for company_id, number in many.items()]


def _clean(data: Row) -> Row:
    return {name: _plain(name, value) if isinstance(value, str) else value for name, value in data.items()}


def _plain(name: str, text: str) -> str:
    """One line of visible characters that no mail program makes a link of (an address of a person may be one)."""
    line = " ".join(text.split())
    line = "".join(c for c in line if unicodedata.category(c) not in _INVISIBLE)[:LONGEST]
    # A zero-width non-joiner is not seen, but "evil.example" and "http://" are no longer what programs look for.
    return line if name == "email" else _LINKABLE.sub(lambda found: found[0] + "\u200c", line)


def _moment(seconds: Any) -> str:
    """``26/11/2026 a las 14:05``, in Argentina."""
    return clock.local(int(seconds)).strftime("%d/%m/%Y a las %H:%M")


def _day(text: str) -> str:
    """``2026-11-26`` → ``26/11/2026``."""
    return "/".join(reversed(text.split("-")))


def _pesos(amount: str) -> str:
    """``242168.00`` → ``$ 242.168,00``."""
    whole, _, cents = amount.partition(".")
    return f"$ {int(whole):,}".replace(",", ".") + f",{cents}"


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["moment"] = _moment
    environment.filters["day"] = _day
    environment.filters["pesos"] = _pesos
    environment.filters["cuit"] = cuit.shown
    return environment
