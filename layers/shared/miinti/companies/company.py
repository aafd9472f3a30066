"""A company as it is answered, the same in every route, and the order that lists of companies have.

Row: ``COMPANY#<company id>`` / ``COMPANY``, written by the ERP's deliveries: id, role, number (no zeros before it),
cuit (eleven digits), name, address (one line), email (on file, may be absent), email_changed_at (when the ERP gave
another), balance (whole cents; clients only, absent until the first companies.csv), as_of (epoch seconds).
"""

import unicodedata
from typing import Literal

from typing_extensions import TypedDict

from miinti import clock
from miinti.aws import Row
from miinti.values import money
from miinti.values.told import Cuit, Instant, Money


class Balance(TypedDict):
    amount: Money
    currency: Literal["ARS"]
    as_of: Instant


class Company(TypedDict):
    id: str
    role: Literal["client", "supplier"]
    cuit: Cuit
    number: str
    name: str
    address: str
    balance: Balance | None
    linked_at: Instant


def shown(company: Row, link: Row) -> Company:
    """The company of a row, as the person who holds ``link`` sees it. ``balance`` is None where none applies."""
    return {
        "id": company["id"],
        "role": company["role"],
        "cuit": company["cuit"],
        "number": company["number"],
        "name": company["name"],
        "address": company["address"],
        "balance": _balance(company),
        "linked_at": clock.instant(int(link["linked_at"])),
    }


def _balance(company: Row) -> Balance | None:
    if company["role"] != "client" or "balance" not in company:
        return None
    return {
        "amount": money.text(int(company["balance"])),
        "currency": "ARS",
        "as_of": clock.instant(int(company["as_of"])),
    }


def place(company: Row) -> tuple[str, str]:
    """Where a company stands in a list: by name, then id.

    Case and accents do not count, but ñ is a letter of its own after n, as in any Spanish list.
    """
    letters = unicodedata.normalize("NFD", company["name"].casefold()).replace("n\u0303", "n\U0010ffff")
    return "".join(c for c in letters if unicodedata.category(c) != "Mn"), company["id"]
