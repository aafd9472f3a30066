"""GET /v1/sessions: where the person is logged in, the newest login first."""

from typing_extensions import TypedDict

from miinti import clock, cursors
from miinti.accounts import sessions
from miinti.errors import BadCursor
from miinti.http import Answer, Param, Request, api
from miinti.values.told import Instant

QUERY = "sessions"


class Session(TypedDict):
    id: str
    created_at: Instant
    last_used_at: Instant
    user_agent: str
    current: bool


class Sessions(TypedDict):
    items: list[Session]
    total: int
    next: str | None


@api(
    "GET /v1/sessions",
    "Mis sesiones abiertas",
    answers={200: Sessions},
    query=(
        Param("limit", "Sesiones por página (10 si no se dice)", minimum=1, maximum=100),
        Param("cursor", "El next de la página anterior", pattern=cursors.SHAPE),
    ),
    refusals=(BadCursor,),
    prepare=(cursors.key,),
)
def handler(request: Request[None]) -> Answer:
    limit = int(request.query.get("limit", "10"))
    now = clock.now()
    live = {
        (int(row["created_at"]), sessions.id_of(row)): row
        for row in sessions.of_account(request.account_id)
        if sessions.live(row, now)
    }
    places = sorted(live, reverse=True)
    if "cursor" in request.query:
        after = tuple(cursors.opened(request.account_id, QUERY, request.query["cursor"]))
        places = [place for place in places if place < after]
    page = places[:limit]
    return Answer(
        200,
        {
            "items": [
                {
                    "id": place[1],
                    "created_at": clock.instant(place[0]),
                    "last_used_at": clock.instant(int(live[place]["last_used_at"])),
                    "user_agent": live[place]["user_agent"],
                    "current": place[1] == request.session_id,
                }
                for place in page
            ],
            "total": len(live),
            "next": cursors.sealed(request.account_id, QUERY, page[-1]) if len(places) > limit else None,
        },
    )
