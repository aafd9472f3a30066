"""GET /v1/me/links: the links to documents that mails brought and that still open them, newest first."""

from typing_extensions import TypedDict

from miinti import clock, cursors
from miinti.companies import links
from miinti.documents import items, mailed
from miinti.errors import BadCursor
from miinti.http import Answer, Param, Request, api
from miinti.values.told import Instant

QUERY = "links"


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
    query=(
        Param("limit", "Enlaces por página; 10 si falta.", minimum=1, maximum=100),
        Param("cursor", "El `next` de la página anterior.", pattern=cursors.SHAPE),
    ),
    refusals=(BadCursor,),
    prepare=(cursors.key,),
)
def handler(request: Request[None]) -> Answer:
    limit, now = int(request.query.get("limit", "10")), clock.now()
    after = None
    if "cursor" in request.query:
        after = tuple(cursors.opened(request.account_id, QUERY, request.query["cursor"]))
    companies = {link["company"]: link for link in links.of_account(request.account_id)}
    live = {
        (int(row["created_at"]), mailed.id_of(row)): row
        for row in mailed.of_account(request.account_id)
        if mailed.live(row, companies.get(row["cid"]), now)
    }
    places = [place for place in sorted(live, reverse=True) if after is None or place < after]
    page = places[:limit]
    shown: list[MailedLink] = [
        {
            "id": place[1],
            "company_id": live[place]["cid"],
            "doc_id": live[place]["doc"],
            "document": items.named(live[place]["doc"], live[place]),
            "created_at": clock.instant(place[0]),
            "expires_at": clock.instant(int(live[place]["expires_at"])),
        }
        for place in page
    ]
    next = cursors.sealed(request.account_id, QUERY, page[-1]) if len(places) > limit else None
    return Answer(200, {"items": shown, "total": len(live), "next": next})
