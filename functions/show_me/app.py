"""GET /v1/me: the person who is logged in."""

from miinti.accounts import store
from miinti.errors import InvalidToken
from miinti.http import Answer, Request, api


@api("GET /v1/me", "Mis datos", answers={200: store.Me}, reads=lambda request: [store.wanted(request.account_id)])
def handler(request: Request[None]) -> Answer:
    (account,) = request.rows
    if account is None:
        raise InvalidToken
    return Answer(200, store.me(account))
