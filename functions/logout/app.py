"""POST /v1/session/logout: the session ends, and with it its access tokens."""

from contextlib import suppress

from miinti import observe
from miinti.accounts import sessions
from miinti.errors import InvalidSession, WrongOrigin
from miinti.http import Answer, Request, api

# What the portal keeps in the browser goes too (S34). Not "cookies": that would take those of every site under the
# institute's domain; ours is taken out by name.
LEFT_BEHIND = {"Clear-Site-Data": '"storage"'}


@api(
    "POST /v1/session/logout",
    "Salir: la sesión de la cookie termina",
    open=True,
    same_origin=True,
    answers={204: None},
    refusals=(WrongOrigin,),
)
def handler(request: Request[None]) -> Answer:
    with suppress(InvalidSession):
        given = sessions.presented(request.cookies)
        sessions.closed(given)
        observe.about(account=given.account_id, session=given.session_id)
    return Answer(204, headers=LEFT_BEHIND, cookies=(sessions.CLEARED,))
