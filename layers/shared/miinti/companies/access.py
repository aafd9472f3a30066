"""Who may see which company: ids, keys, and the check every company route makes.

Rows of the companies table: ``COMPANY#<company id>`` / ``COMPANY`` the account of the institute; ``ACCOUNT#<account
id>`` / ``LINK#<company id>`` a person's link; ``CUIT#<cuit>`` / ``<company id>`` which accounts a CUIT has.
"""

import re
from collections.abc import Sequence

from miinti import settings
from miinti.aws import Key, Row
from miinti.errors import NotFound

ROLES = {"client": "c", "supplier": "s"}
ID = re.compile(r"[cs]-(0|[1-9][0-9]{0,9})", re.ASCII)


def company_id(role: str, number: str) -> str:
    """``c-27334``: the public id of an account of the institute, from its role and number (1–10 digits)."""
    if not number:
        raise ValueError("an account without a number has no id")
    return f"{ROLES[role]}-{number.lstrip('0') or '0'}"


def role_of(company_id: str) -> str:
    return "client" if company_id.startswith("c") else "supplier"


def company_key(company_id: str) -> Key:
    return f"COMPANY#{company_id}", "COMPANY"


def link_key(account_id: str, company_id: str) -> Key:
    return f"ACCOUNT#{account_id}", f"LINK#{company_id}"


def wanted(account_id: str, company_id: str, *also: tuple[str, Key]) -> list[tuple[str, Key]]:
    """The rows that decide about a person and a company, to be read with the session: link, company, then ``also``.

    An id that is not one of ours asks for nothing; ``granted`` then refuses.
    """
    if not ID.fullmatch(company_id):
        return []
    table = settings.companies_table()
    return [(table, link_key(account_id, company_id)), (table, company_key(company_id)), *also]


def granted(rows: Sequence[Row | None], payer: Row | None = None) -> Row:
    """The company's row, when the person's link to it is active: ``linked`` for those whom the link itself does not
    concern."""
    company, _ = linked(rows, payer)
    return company


def client(rows: Sequence[Row | None], payer: Row | None = None) -> Row:
    """The same, of a client: only clients owe and pay here. Raises ``NotFound`` otherwise."""
    company = granted(rows, payer)
    if company["role"] != "client":
        raise NotFound
    return company


def linked(rows: Sequence[Row | None], payer: Row | None = None) -> tuple[Row, Row]:
    """The company's row and the person's link to it, when that is active (first two of ``rows`` as ``wanted`` asked).
    The session of a ``payer`` stands for the link to the one client that it pays for, from its beginning on, as long as
    the address that its key went to is the one on file (T8).

    Raises ``NotFound`` otherwise: an unknown company and somebody else's look the same (S46).
    """
    link, company = (rows[0], rows[1]) if len(rows) >= 2 else (None, None)
    if payer is not None:
        mine = company is not None and (company["id"], company.get("email")) == (payer["company"], payer["email"])
        link = {"state": "active", "linked_at": payer["created_at"]} if mine else None
    if link is None or company is None or link["state"] != "active":
        raise NotFound
    return company, link
