"""Who is linked to a company: index ``members`` of the companies table, whose rows are the links."""

from collections.abc import Callable, Iterator, Sequence
from typing import Final, NamedTuple

from miinti import aws, settings
from miinti.aws import Key, Row
from miinti.companies import access

_AT_ONCE: Final = 49
"""Members read in one BatchGetItem, two rows each, beside their company."""


class Member(NamedTuple):
    """Who was named as linked to a company, with what there is of them and of it now."""

    account_id: str
    account: Row | None
    link: Row | None
    company: Row | None


def of_company(company_id: str) -> list[str]:
    """Ids of the accounts with a link to it, whatever the link's state; a link of the last second may be missing."""
    rows = aws.query_all(settings.companies_table(), "company = :id", {":id": company_id}, index="members")
    return [str(row["pk"]).removeprefix("ACCOUNT#") for row in rows]


def wanted(account_id: str, company_id: str) -> tuple[str, Key]:
    """The row of a link, as ``aws.batch_get`` takes it."""
    return settings.companies_table(), access.link_key(account_id, company_id)


def read(company_id: str, account_ids: Sequence[str], account: Callable[[str], tuple[str, Key]]) -> Iterator[Member]:
    """Company, accounts and links of these people, a call for each ``_AT_ONCE``. ``account`` tells where an account
    stands, which is not known here."""
    for start in range(0, len(account_ids), _AT_ONCE):
        some = account_ids[start : start + _AT_ONCE]
        company, *rows = aws.batch_get(
            (settings.companies_table(), access.company_key(company_id)),
            *map(account, some),
            *(wanted(account_id, company_id) for account_id in some),
        )
        for account_id, person, link in zip(some, rows[: len(some)], rows[len(some) :], strict=True):
            yield Member(account_id, person, link, company)
