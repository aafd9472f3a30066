"""POST /v1/session/refresh: a new access token and a new cookie for the one that is shown."""

from typing import NotRequired

from miinti import aws, clock, observe
from miinti.accounts import sessions, store, tokens
from miinti.errors import InvalidSession, WrongOrigin
from miinti.http import Answer, Request, api


class SignedIn(tokens.Granted):
    """Of a session that pays for one client: no ``user``, and the ``company``, which those of people have not."""

    user: store.User | None
    company: NotRequired[sessions.Payer]


@api(
    "POST /v1/session/refresh",
    "Renovar la sesión con su cookie, que se reemplaza en cada uso",
    open=True,
    same_origin=True,
    answers={200: SignedIn},
    refusals=(InvalidSession, WrongOrigin),
    prepare=(sessions.rotation_key,),
)
def handler(request: Request[None]) -> Answer:
    now = clock.moment()
    given = sessions.presented(request.cookies)
    row, account = aws.batch_get(sessions.wanted(given.account_id, given.session_id), store.wanted(given.account_id))
    if row is not None:
        observe.about(account=given.account_id, session=given.session_id)
    try:
        session = sessions.checked(row, given, now)
        if "scope" not in session and (account is None or account["state"] != "active"):
            raise InvalidSession
        # Signed before the cookie is spent: while KMS is down every cookie stays good.
        access_token = tokens.mint(given.account_id, given.session_id)
        cookie = sessions.renewed(session, given, now)
    except sessions.Reused:
        aws.write(*sessions.ended(given.account_id, [given.session_id]))
        # Counted out of the log: alarm RefreshReuse.
        observe.event("refresh_session", "refresh_reuse", trail=True)
        raise
    body: SignedIn = {
        **tokens.granted(access_token),  # type: ignore[typeddict-item]  # company comes below, of payers alone
        "user": store.user(account) if account else None,
    }
    if "scope" in session:
        body["company"] = sessions.payer(session)
    return Answer(200, body, cookies=(cookie,))
