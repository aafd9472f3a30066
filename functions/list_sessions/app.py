"""GET /v1/sessions: where the person is logged in, the newest login first."""

from typing_extensions import TypedDict

from miinti import clock, cursors
from miinti.accounts import sessions
from miinti.aws import Row
from miinti.errors import BadCursor
from miinti.http import Answer, Request, api
from miinti.values.told import Instant


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
    query=cursors.PARAMS,
    refusals=(BadCursor,),
    prepare=(cursors.key,),
)
def handler(request: Request[None]) -> Answer:
    now = clock.now()
    live = [row for row in sessions.of_account(request.account_id) if sessions.live(row, now)]
    some, next = cursors.page(request.account_id, "sessions", request.query, sorted(live, key=_place), _place)
    body: Sessions = {
        "items": [
            {
                "id": sessions.id_of(row),
                "created_at": clock.instant(int(row["created_at"])),
                "last_used_at": clock.instant(int(row["last_used_at"])),
                "user_agent": row["user_agent"],
                "current": sessions.id_of(row) == request.session_id,
            }
            for row in some
        ],
        "total": len(live),
        "next": next,
    }
    return Answer(200, body)


def _place(session: Row) -> tuple[int, str]:
    """Where a session stands in the list: newest first, then by id."""
    return -int(session["created_at"]), sessions.id_of(session)
