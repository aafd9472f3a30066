"""GET /v1/link-requests: the links that the person asked for, as typed, and how each stands."""

from typing import Literal

from typing_extensions import TypedDict

from miinti import clock, cursors
from miinti.aws import Row
from miinti.companies import requests, rules
from miinti.errors import BadCursor
from miinti.http import Answer, Param, Request, api
from miinti.values.told import Cuit, Instant


class LinkRequest(TypedDict):
    request_id: str
    role: Literal["client", "supplier"]
    cuit: Cuit
    number: str
    state: Literal["received", "confirmed", "refused", "expired", "ended"]
    created_at: Instant
    expires_at: Instant


class LinkRequests(TypedDict):
    items: list[LinkRequest]
    total: int
    next: str | None


QUERY = (
    Param("limit", "Cuántos por página.", minimum=1, maximum=100),
    Param("cursor", "El `next` de la página anterior.", pattern=cursors.SHAPE),
)


def shown(row: Row, now: int) -> dict[str, str]:
    # Only what was typed: whether a company is behind it is nobody's to know before the code is given (T4).
    return {
        "request_id": row["request_id"],
        "role": row["role"],
        "cuit": row["cuit"],
        "number": row["number"],
        "state": rules.request_state(row, now),
        "created_at": clock.instant(int(row["created_at"])),
        "expires_at": clock.instant(int(row["expires_at"])),
    }


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
        "items": [shown(row, now) for row in some],
        "total": len(found),
        "next": cursors.sealed(request.account_id, "link-requests", last) if last else None,
    }
    return Answer(200, body)
