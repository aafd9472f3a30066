"""Who is linked to a company: index ``members`` of the companies table, whose rows are the links."""

from miinti import aws, settings
from miinti.aws import Key
from miinti.companies import access


def of_company(company_id: str) -> list[str]:
    """Ids of the accounts with a link to it, whatever the link's state; a link of the last second may be missing."""
    rows = aws.query_all(settings.companies_table(), "company = :id", {":id": company_id}, index="members")
    return [str(row["pk"]).removeprefix("ACCOUNT#") for row in rows]


def wanted(account_id: str, company_id: str) -> tuple[str, Key]:
    """The row of a link, as ``aws.batch_get`` takes it."""
    return settings.companies_table(), access.link_key(account_id, company_id)
