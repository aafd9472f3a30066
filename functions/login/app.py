"""POST /v1/login: a session for an address and its password.

Which of the two was wrong, and whether tries are being slowed down, nobody learns: same answer, one hash, same reads.
"""

from typing import TypedDict

from pydantic import BaseModel, ConfigDict

from miinti import aws, clock
from miinti.accounts import devices, passwords, sessions, store, throttles, tokens
from miinti.accounts.names import Email
from miinti.accounts.passwords import Password
from miinti.aws import Write
from miinti.errors import InvalidCredentials, NotActivated, TooManyAttempts, Unavailable
from miinti.http import Answer, Request, api


class Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    email: Email
    password: Password
    remember: bool = False


class SignedIn(TypedDict):
    access_token: str
    token_type: str
    expires_in: int
    user: store.User


@api(
    "POST /v1/login",
    "Ingresar con correo y contraseña",
    open=True,
    body=Credentials,
    answers={200: SignedIn},
    refusals=(InvalidCredentials, NotActivated, TooManyAttempts),
    prepare=(devices.key,),
)
def handler(request: Request[Credentials]) -> Answer:
    given, now = request.body, clock.moment()
    device = devices.known(request.cookies.get(devices.COOKIE, ""), int(now))
    places = [throttles.row("login", given.email), *([throttles.row("device", device.id)] if device else [])]
    owner, *standing = aws.batch_get(store.wanted_owner(given.email), *map(throttles.wanted, places))
    account_id = owner["account_id"] if owner else store.new_id()
    # A device of the owner's has tries of its own, which strangers cannot use up (S21).
    mine = 1 if device and device.account_id == account_id else 0
    place, seen = places[mine], standing[mine]
    counted = throttles.windows(request.client, now, "login", "failed-login")
    try:
        throttles.reserve([place], now, seen=[seen], always=counted)
    except throttles.Locked:
        store.whole(account_id)
        passwords.burn(given.password)
        raise InvalidCredentials from None
    right = [throttles.cleared(place), *throttles.uncounted(request.client, now, "failed-login")]
    return store.settled(lambda: _opened(request, account_id, devices.of(account_id, device), right))


def _opened(request: Request[Credentials], account_id: str, device: devices.Device, right: list[Write]) -> Answer:
    """A session, if the password is right. ``right`` takes back that this try was counted as a failure."""
    given, now = request.body, clock.now()
    account, rows = store.whole(account_id)
    if account is None:
        passwords.burn(given.password)
        raise InvalidCredentials
    if not passwords.matches(account["password_hash"], given.password):
        raise InvalidCredentials
    if account["state"] != "active":
        aws.transact(right)
        raise NotActivated
    opened = sessions.opened(account_id, remember=given.remember, user_agent=request.user_agent, now=now)
    try:
        # Signed before anything is written: while KMS is down there is no session without its token.
        access_token = tokens.mint(account_id, opened.session_id)
        known = devices.cookie(device, now)
    except Unavailable:
        aws.transact(right)
        raise
    password_hash = passwords.renewed(account["password_hash"], given.password)
    aws.transact(
        [
            store.logged_in(account, password_hash, now),
            opened.write,
            *sessions.ended(account_id, sessions.surplus(rows, now)),
            *right,
        ]
    )
    body: SignedIn = {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": tokens.LIFETIME,
        "user": store.user(account),
    }
    return Answer(200, body, cookies=(opened.cookie, known))
