"""GET /v1/link-requests: the links that the person asked for, as typed, and how each stands."""

from typing_extensions import TypedDict

from miinti import clock, cursors
from miinti.companies import requests, rules
from miinti.errors import BadCursor
from miinti.http import Answer, Param, Request, api


class LinkRequests(TypedDict):
    items: list[requests.Told]
    total: int
    next: str | None


QUERY = (
    Param("limit", "Cuántos por página.", minimum=1, maximum=100),
    Param("cursor", "El `next` de la página anterior.", pattern=cursors.SHAPE),
)


@api(
    "GET /v1/link-requests",
    "Mis pedidos de vinculación",
    answers={200: LinkRequests},
    query=QUERY,
    refusals=(BadCursor,),
    prepare=(cursors.key,),
)
def handler(request: Request[None]) -> Answer:
    given = request.query.get("cursor")
    after = None if given is None else cursors.opened(request.account_id, "link-requests", given)
    now = clock.now()

    found = requests.of_account(request.account_id)
    some, last = rules.page(found, requests.place, after, int(request.query.get("limit", "10")))

    body = {
        "items": [requests.told(row, now) for row in some],
        "total": len(found),
        "next": cursors.sealed(request.account_id, "link-requests", last) if last else None,
    }
    return Answer(200, body)
