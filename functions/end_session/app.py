"""DELETE /v1/sessions/{id}: one of the person's sessions ends, this one included."""

from miinti import aws, clock
from miinti.accounts import sessions
from miinti.aws import Key
from miinti.errors import NotFound
from miinti.http import Answer, Request, api


def wanted(request: Request[None]) -> list[tuple[str, Key]]:
    session_id = request.path["id"]
    return [sessions.wanted(request.account_id, session_id)] if sessions.is_id(session_id) else []


@api(
    "DELETE /v1/sessions/{id}",
    "Cerrar una de mis sesiones",
    answers={204: None},
    refusals=(NotFound,),
    reads=wanted,
    ids={"id": sessions.ID.pattern},
)
def handler(request: Request[None]) -> Answer:
    if not request.rows or not sessions.live(request.rows[0], clock.now()):
        raise NotFound
    aws.write(*sessions.ended(request.account_id, [request.path["id"]]))
    return Answer(204, cookies=(sessions.CLEARED,) if request.path["id"] == request.session_id else ())
