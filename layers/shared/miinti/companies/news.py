"""What a person is told of a company by mail, as they chose.

It stands on their link to the company and ends with it: ``news`` says for each kind of document ``link``,
``attachment`` or ``none`` (a kind that it does not name: ``link``), ``reminders`` whether payments are reminded of. Who
wants reminders is listed under ``REMINDED`` / ``<company id>#<account id>``.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Final, Literal

from miinti import aws, settings
from miinti.aws import Row, Write
from miinti.companies import access
from miinti.errors import NotFound, Unavailable

Way = Literal["link", "attachment", "none"]
Kind = Literal["voucher", "withholding", "quote", "work_order"]
KINDS: Final[Mapping[str, tuple[Kind, ...]]] = {
    "client": ("voucher", "quote", "work_order"),
    "supplier": ("withholding",),
}
"""Kinds of documents that each role has news of."""
LIST: Final = "REMINDED"
REMINDER: Final = "payment_reminder"
"""The template of reminders; news have the others."""
CHOSEN: Final = 50
"""Companies that are chosen for at once: two writes each, of the hundred that a transaction takes (DynamoDB's
"Service, account, and table quotas")."""
_LINKS: Final = 100
"""Links that are read, or written, in one call, by the same quotas."""
_TRIES: Final = 8


def way(link: Row, kind: str) -> Way:
    """How news of a kind reach the person; ``none`` while the link is not active."""
    if link["state"] != "active":
        return "none"
    chosen: Way = link.get("news", {}).get(kind, "link")
    return chosen


def ways(link: Row) -> dict[Kind, Way]:
    """The choice for each kind that the company's role has."""
    return {kind: way(link, kind) for kind in KINDS[access.role_of(link["company"])]}


def reminded(link: Row) -> bool:
    return link["state"] == "active" and bool(link.get("reminders"))


def still_wanted(link: Row | None, entry: Row, template: str) -> bool:
    """Whether the person is still to hear of what a mail tells of (its ``grant`` and ``kind``): their link stands as it
    did, and they have not chosen otherwise."""
    if link is None or link["grant"] != entry["grant"]:
        return False
    return reminded(link) if template == REMINDER else way(link, entry["kind"]) != "none"


def attached(link: Row | None, kind: str) -> bool:
    """Whether the person wants the PDFs of a kind in the mail itself."""
    return link is not None and way(link, kind) == "attachment"


def chosen(account_id: str, company_id: str, ways: Mapping[Kind, Way], reminders: bool) -> list[Write]:
    """The person's choice for a company, in place of the one before. Raises ``NotFound`` when it is not theirs."""
    table, place = settings.companies_table(), (LIST, f"{company_id}#{account_id}")
    link = aws.update(
        table,
        access.link_key(account_id, company_id),
        "SET news = :news, reminders = :reminders",
        {":news": dict(ways), ":reminders": reminders, ":active": "active"},
        condition="#state = :active",
        names={"#state": "state"},
        otherwise=NotFound(),
    )
    pk, sk = place
    return [link, aws.put(table, {"pk": pk, "sk": sk}) if reminders else aws.delete(table, place)]


def stopped(account_id: str, grants: Mapping[str, str], template: str) -> None:
    """One click in a mail: no more mails like it about these companies, whatever else is chosen. Nothing happens where
    the link of which the mail was (its grant, by company) has ended, whatever the person has chosen on one made since.

    A mail may name a thousand companies while somebody waits: a hundred links are read and written a call each.
    """
    companies = list(grants)
    for start in range(0, len(companies), _LINKS):
        some = companies[start : start + _LINKS]
        for _ in range(_TRIES):
            held = aws.batch_get(*((settings.companies_table(), access.link_key(account_id, one)) for one in some))
            writes = [_off(row, template) for row in held if row and row["grant"] == grants[row["company"]]]
            # One that ends between reading and writing is none to be stopped: the others are read again.
            with suppress(aws.ConditionFailed):
                if writes:
                    aws.transact(writes)
                break
        else:
            raise Unavailable("news: links did not stop changing")


def _off(link: Row, template: str) -> Write:
    values: Row
    if template == REMINDER:
        change, values = "SET reminders = :off", {":off": False}
    else:
        change, values = "SET news = :none", {":none": dict.fromkeys(KINDS[access.role_of(link["company"])], "none")}
    return aws.update(
        settings.companies_table(),
        (link["pk"], link["sk"]),
        change,
        {**values, ":grant": link["grant"]},
        condition="#grant = :grant",
        names={"#grant": "grant"},
    )


def wanting_reminders() -> Iterator[tuple[str, list[str]]]:
    """Company by company, the accounts that asked to be reminded; the link itself has the last word."""
    company_id, accounts = "", list[str]()
    start: Row | None = None
    while True:
        page = aws.query(settings.companies_table(), "pk = :pk", {":pk": LIST}, start=start, consistent=True)
        for row in page.rows:
            company, _, account = row["sk"].partition("#")
            if company != company_id and accounts:
                yield company_id, accounts
                accounts = []
            company_id = company
            accounts.append(account)
        start = page.last
        if start is None:
            break
    if accounts:
        yield company_id, accounts


def unlisted(account_id: str, company_id: str) -> None:
    """Forget that somebody wanted reminders who has the link no longer, or turned them off in a mail; unless they turn
    them on again at this very moment."""
    table = settings.companies_table()
    off = "attribute_not_exists(reminders) OR reminders = :off"
    with suppress(aws.ConditionFailed):
        aws.transact(
            [
                aws.check(table, access.link_key(account_id, company_id), off, {":off": False}),
                aws.delete(table, (LIST, f"{company_id}#{account_id}")),
            ]
        )
