"""What a person types to be linked to a company, what is right about it, and what proves it.

Role, CUIT and number together name one account of the institute; the number alone and the CUIT alone do not. All three
are printed on every invoice, so they identify and prove nothing: what proves is a mail address on file, by being the
person's own or by a code sent to it (docs/decisions/company-links.md).
"""

import re
from typing import Literal, NamedTuple

from miinti.aws import Row
from miinti.companies import access
from miinti.errors import Invalid
from miinti.values import cuit

RequestState = Literal["received", "confirmed", "refused", "expired", "ended"]
TRIES = 5
"""Wrong codes that end a link request."""

_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)


def cuit_typed(text: str) -> str:
    """Eleven digits of a CUIT in any spelling. Raises ``Invalid("invalid_cuit")`` whatever is wrong with it (S63)."""
    try:
        return cuit.normalized(text)
    except Invalid:
        raise Invalid("invalid_cuit") from None


def number_typed(text: str) -> str:
    """A client's or supplier's number as typed: 1–10 digits. Raises ``Invalid("invalid_number")``."""
    if not _NUMBER.fullmatch(text):
        raise Invalid("invalid_number")
    return text


class Asked(NamedTuple):
    """What was typed: ``client`` or ``supplier``, the CUIT in eleven digits, the number with the zeros it came with."""

    role: str
    cuit: str
    number: str

    @property
    def company_id(self) -> str:
        """The one company it can mean; whether there is such a company is not said."""
        return access.company_id(self.role, self.number)

    def names(self, company: Row | None) -> bool:
        """Whether the company there has this CUIT: an unknown number and a wrong CUIT are one and the same."""
        return company is not None and company["cuit"] == self.cuit


PAUSE = 7 * 86400
"""Seconds after the ERP gave a company another address in which none proves anything (S88)."""


def proving(company: Row, now: int) -> Row:
    """The company with the address on file that a link may be proven by: for a while after the ERP changed it, none.
    Who could change it could be linked by it; its old address is told meanwhile, and staff may still approve (T9)."""
    if now < int(company.get("email_changed_at", -PAUSE)) + PAUSE:
        return {name: value for name, value in company.items() if name != "email"}
    return company


def on_file(address: str, company: Row) -> bool:
    """Whether a person's address is the company's. Both were normalized when they were written (T13)."""
    return bool(address) and address == company.get("email")


def request_state(request: Row, now: int) -> RequestState:
    """``received``, ``confirmed``, ``refused`` (by staff), ``ended`` (by wrong codes) or ``expired``; the last two are
    told by the row's counts and times, so that no write has to make them true (R18)."""
    if request["state"] == "received":
        if int(request["tries"]) >= TRIES:
            return "ended"
        if now >= int(request["expires_at"]):
            return "expired"
    state: RequestState = request["state"]
    return state
