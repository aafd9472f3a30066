"""GET /v1/link-requests: the links that the person asked for, as typed, and how each stands."""

from typing_extensions import TypedDict

from miinti import clock, cursors
from miinti.companies import requests
from miinti.errors import BadCursor
from miinti.http import Answer, Request, api


class LinkRequests(TypedDict):
    items: list[requests.Told]
    total: int
    next: str | None


@api(
    "GET /v1/link-requests",
    "Mis pedidos de vinculación",
    answers={200: LinkRequests},
    query=cursors.PARAMS,
    refusals=(BadCursor,),
    prepare=(cursors.key,),
)
def handler(request: Request[None]) -> Answer:
    now = clock.now()
    found = requests.of_account(request.account_id)
    some, next = cursors.page(request.account_id, "link-requests", request.query, found, requests.place)

    body: LinkRequests = {
        "items": [requests.told(row, now) for row in some],
        "total": len(found),
        "next": next,
    }
    return Answer(200, body)
