"""GET /v1/me/links: the links to documents that mails brought and that still open them, newest first."""

from typing import Final

from typing_extensions import TypedDict

from miinti import clock, cursors
from miinti.aws import Row
from miinti.companies import links
from miinti.documents import items, mailed
from miinti.errors import BadCursor
from miinti.http import Answer, Request, api
from miinti.values.told import Instant

_QUERY: Final = "links"
READ: Final = 1000
"""Rows that are looked through for live ones, where the page's own are not enough."""


class MailedLink(TypedDict):
    id: str
    company_id: str
    doc_id: str
    document: items.Named
    created_at: Instant
    expires_at: Instant


class Links(TypedDict):
    """``total`` only where the first page has all: counting would read whatever a person has."""

    items: list[MailedLink]
    total: int | None
    next: str | None


@api(
    "GET /v1/me/links",
    "Mis enlaces a documentos que llegaron por correo",
    answers={200: Links},
    query=cursors.PARAMS,
    refusals=(BadCursor,),
    prepare=(cursors.key,),
)
def handler(request: Request[None]) -> Answer:
    limit, after = int(request.query["limit"]), None
    if "cursor" in request.query:
        after = cursors.opened(request.account_id, _QUERY, request.query["cursor"])
    found, last = _page(request.account_id, limit, after)
    shown: list[MailedLink] = [
        {
            "id": mailed.id_of(row),
            "company_id": row["cid"],
            "doc_id": row["doc"],
            "document": items.named(row["doc"], row),
            "created_at": clock.instant(int(row["created_at"])),
            "expires_at": clock.instant(int(row["expires_at"])),
        }
        for row in found
    ]
    next = cursors.sealed(request.account_id, _QUERY, last) if last else None
    return Answer(200, {"items": shown, "total": None if after or next else len(shown), "next": next})


def _page(account_id: str, limit: int, after: str | None) -> tuple[list[Row], str | None]:
    """Live links and the id that the next page comes after. One query of them; one more where rows of links that have
    ended stood between, and where that does not do the page comes short."""
    companies, now = {link["company"]: link for link in links.of_account(account_id)}, clock.now()
    found: list[Row] = []
    for size in (limit + 1, READ):
        page = mailed.page_of(account_id, size, after)
        for row in page.rows:
            if mailed.live(row, companies.get(row["cid"]), now):
                if len(found) == limit:
                    return found, mailed.id_of(found[-1])
                found.append(row)
        if page.last is None:
            return found, None
        after = mailed.id_of(page.last)
    return found, after
