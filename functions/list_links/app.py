"""GET /v1/me/links: the links to documents that mails brought and that still open them, newest first."""

from typing_extensions import TypedDict

from miinti import clock, cursors
from miinti.aws import Row
from miinti.companies import links
from miinti.documents import items, mailed
from miinti.errors import BadCursor
from miinti.http import Answer, Request, api
from miinti.values.told import Instant


class MailedLink(TypedDict):
    id: str
    company_id: str
    doc_id: str
    document: items.Named
    created_at: Instant
    expires_at: Instant


class Links(TypedDict):
    items: list[MailedLink]
    total: int
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
    now = clock.now()
    companies = {link["company"]: link for link in links.of_account(request.account_id)}
    held = mailed.of_account(request.account_id)
    live = [row for row in held if mailed.live(row, companies.get(row["cid"]), now)]
    some, next = cursors.page(request.account_id, "links", request.query, sorted(live, key=_place), _place)
    body: Links = {
        "items": [
            {
                "id": mailed.id_of(row),
                "company_id": row["cid"],
                "doc_id": row["doc"],
                "document": items.named(row["doc"], row),
                "created_at": clock.instant(int(row["created_at"])),
                "expires_at": clock.instant(int(row["expires_at"])),
            }
            for row in some
        ],
        "total": len(live),
        "next": next,
    }
    return Answer(200, body)


def _place(link: Row) -> tuple[int, str]:
    """Where a link stands in the list: newest first, then by id."""
    return -int(link["created_at"]), mailed.id_of(link)
