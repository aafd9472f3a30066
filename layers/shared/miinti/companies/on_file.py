"""Clients by what the manual's door to pay asks for: their number, or the address on file.

Index ``by_email`` of the companies table has the companies that share an address, whatever their role. It is behind the
table by a moment: what counts is the address on the company's own row.
"""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import AfterValidator

from miinti import aws, settings
from miinti.aws import Key, Row
from miinti.companies import access, rules
from miinti.values import email
from miinti.values.told import Told

MOST: Final = 20
"""Clients of one address that are told apart by it, those with the lowest numbers; the others have their number."""
_READ: Final = 100
"""Companies of one address that are looked through for clients."""
NOBODY: Final = ("COMPANY#-", "COMPANY")
"""A company that there is not: read where no client is, so that the work is the same (Decided 6)."""


def _typed(text: str) -> str:
    text = text.strip()
    return email.normalized(text) if "@" in text else access.company_id("client", rules.number_typed(text))


User = Annotated[
    str,
    AfterValidator(_typed),
    Told(anyOf=[{"pattern": "^[0-9]{1,10}$"}, {"format": "email", "maxLength": 254}]),
]
"""A client's number, from here on as the company's id, or a mail address in the form that identifies it."""


def ids(user: str) -> list[str]:
    """Ids of the clients that a ``User`` may mean; by address one query, by number none."""
    if "@" not in user:
        return [user]
    page = aws.query(
        settings.companies_table(),
        "email = :email AND sk = :company",
        {":email": user, ":company": "COMPANY"},
        index="by_email",
        limit=_READ,
    )
    found = [str(row["pk"]).removeprefix("COMPANY#") for row in page.rows]
    clients = (company_id for company_id in found if access.role_of(company_id) == "client")
    return sorted(clients, key=lambda client: int(client[2:]))[:MOST]


def wanted(company_ids: Sequence[str]) -> list[tuple[str, Key]]:
    """The rows of these companies, as ``aws.batch_get`` takes them; never none."""
    keys = [access.company_key(id) for id in company_ids] or [NOBODY]
    return [(settings.companies_table(), key) for key in keys]


def reached(user: str, rows: Sequence[Row | None], now: int) -> list[Row]:
    """Those of the companies whose address on file a key may go to now (S88); all have the same one."""
    proving = [rules.proving(row, now) for row in rows if row is not None]
    return [company for company in proving if "email" in company and ("@" not in user or company["email"] == user)]
