"""Links to documents that mails carry: each opens its one document for 30 days and signs nobody in.

Row: companies table, ``ACCOUNT#<account id>`` / ``MAILED#<link id>``: cid, doc, kind, date, grant (of the person's link
to the company: what was given out under it dies with it), created_at, expires_at. Without its row a link is revoked.
Ids begin with the second that they were made in, so that a query backwards is newest first, as of payments.
"""

import re
import secrets
from collections.abc import Sequence

from typing_extensions import TypedDict

from miinti import aws, clock, settings
from miinti.aws import Key, Page, Row, Write
from miinti.errors import LinkExpired
from miinti.mail import tokens
from miinti.values.told import Instant

ID = re.compile(r"[0-9a-f]{32}", re.ASCII)


def new_id(now: int) -> str:
    return f"{now:08x}{secrets.token_hex(12)}"


def key(account_id: str, link_id: str) -> Key:
    return f"ACCOUNT#{account_id}", f"MAILED#{link_id}"


def wanted(account_id: str, link_id: str) -> tuple[str, Key]:
    """The row of a link, as ``aws.batch_get`` takes it."""
    return settings.companies_table(), key(account_id, link_id)


def made(account_id: str, company_id: str, grant: str, document: Row, now: int) -> tuple[Row, Write]:
    """A new link to ``document`` (id, kind, date): what a mail has to know of it, and the write of its row."""
    link_id, expires_at = new_id(now), now + tokens.DOCUMENT
    pk, sk = key(account_id, link_id)
    facts = {"doc": document["id"], "kind": document["kind"], "date": document["date"], "grant": grant}
    row = {"pk": pk, "sk": sk, "cid": company_id, **facts, "created_at": now, "expires_at": expires_at}
    entry = {"company_id": company_id, **facts, "link": link_id, "expires_at": expires_at}
    return entry, aws.put(settings.companies_table(), {**row, "ttl": expires_at}, condition="attribute_not_exists(pk)")


def page_of(account_id: str, limit: int, after: str | None = None) -> Page:
    """Rows of a person's links, whatever became of the companies: so many at a time, newest first, those that come
    after the link with this id."""
    return aws.query(
        settings.companies_table(),
        "pk = :pk AND begins_with(sk, :links)",
        {":pk": f"ACCOUNT#{account_id}", ":links": "MAILED#"},
        limit=limit,
        start=dict(zip(("pk", "sk"), key(account_id, after), strict=True)) if after else None,
        descending=True,
        consistent=True,
    )


def id_of(row: Row) -> str:
    return str(row["sk"]).removeprefix("MAILED#")


class Told(TypedDict):
    """A link as its person is told that it is held."""

    id: str
    company: str
    document: str
    created_at: Instant
    expires_at: Instant


class Listed(TypedDict):
    """A page of them."""

    items: list[Told]
    next: str | None


def told(row: Row) -> Told:
    return {
        "id": id_of(row),
        "company": row["cid"],
        "document": row["doc"],
        "created_at": clock.instant(int(row["created_at"])),
        "expires_at": clock.instant(int(row["expires_at"])),
    }


def live(row: Row | None, company_link: Row | None, now: int) -> bool:
    """Whether a link still opens its document: its time is not over and the person still acts for the company, under
    the very grant that it was made under (S48)."""
    if row is None or company_link is None or now >= int(row["expires_at"]):
        return False
    return company_link["state"] == "active" and tokens.same(row["grant"], company_link["grant"])


def opened(rows: Sequence[Row | None], doc_id: str, now: int) -> Row:
    """The document that a link opens, out of the rows of the link, of the person's link to the company and of the
    document. Raises ``LinkExpired``."""
    row, company_link, document = rows
    if row is None or row["doc"] != doc_id or document is None or not live(row, company_link, now):
        raise LinkExpired
    return document


def revoked(account_id: str, link_id: str) -> Write:
    """The end of a link, without a condition: when the SDK asks again after a lost answer, it is the success it was
    (R02)."""
    return aws.delete(*wanted(account_id, link_id))
