"""POST /v1/login: a session for an address and its password.

Which of the two was wrong, and whether tries are being slowed down, nobody learns: same answer, one hash, same reads.
"""

from pydantic import BaseModel, ConfigDict

from miinti import aws, clock, observe
from miinti.accounts import devices, passwords, sessions, store, throttles, tokens
from miinti.accounts.names import Email
from miinti.accounts.passwords import Password
from miinti.aws import Row, Write
from miinti.errors import InvalidCredentials, NotActivated, TooManyAttempts, Unavailable
from miinti.http import Answer, Request, api
from miinti.mail import outbox
from miinti.mail.outbox import Letter


class Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    email: Email
    password: Password
    remember: bool = False


class SignedIn(tokens.Granted):
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
    wanted = [store.wanted(device.account_id if device else ""), *map(throttles.wanted, places)]
    owner, rate, held, *standing = aws.batch_get(
        store.wanted_owner(given.email), outbox.wanted_rate("new_login", given.email), *wanted
    )
    account_id = owner["account_id"] if owner else store.new_id()
    observe.about(address=observe.masked(given.email), account=owner["account_id"] if owner else None)
    # A device of the owner's has tries of its own, which strangers cannot use up (S21).
    known = devices.of(held, device) if device and device.account_id == account_id else None
    place, seen = (places[1], standing[1]) if known else (places[0], standing[0])
    counted = throttles.windows(request.client, now, "login", "failed-login")
    try:
        throttles.reserve([place], now, seen=[seen], always=counted)
    except throttles.Locked:
        store.whole(account_id)
        passwords.burn(given.password)
        raise _refused("slowed_down") from None
    right = [throttles.cleared(place), *throttles.uncounted(request.client, now, "failed-login")]
    return store.settled(lambda: _opened(request, account_id, known, rate, right))


def _opened(
    request: Request[Credentials], account_id: str, known: devices.Device | None, rate: Row | None, right: list[Write]
) -> Answer:
    """A session, if the password is right. ``right`` takes back that this try was counted as a failure; a login on a
    device that is not ``known`` is told to the owner."""
    given, now = request.body, clock.now()
    account, rows = store.whole(account_id)
    if account is None or store.lapsed(account, now):
        passwords.burn(given.password)
        raise _refused("unknown")
    if not passwords.matches(account["password_hash"], given.password):
        raise _refused("wrong_password")
    if account["state"] == "blocked":
        raise _refused("blocked")
    if account["state"] != "active":
        aws.transact(right)
        raise NotActivated
    known = devices.of(account, known)
    opened = sessions.opened(account_id, remember=given.remember, user_agent=request.user_agent, now=now)
    try:
        # Signed before anything is written: while KMS is down there is no session without its token.
        access_token = tokens.mint(account_id, opened.session_id)
        device_cookie = devices.cookie(known or devices.new(account_id, now), now)
    except Unavailable:
        aws.transact(right)
        raise
    password_hash = passwords.renewed(account["password_hash"], given.password)
    surplus = sessions.surplus(rows, now)
    ended = sessions.ended(account_id, surplus)
    writes = [store.logged_in(account, password_hash, now), opened.write, *ended, *right]
    # Nobody knows a device before the first login: that one is nobody's news.
    told = [] if known or "last_login_at" not in account else [_new_login(account, request.user_agent, now)]
    outbox.commit(writes, told, now, rates=[rate])
    observe.about(session=opened.session_id, ended=len(surplus), device="known" if known else "new")
    body: SignedIn = {
        **tokens.granted(access_token),
        "user": store.user(account),
    }
    return Answer(200, body, cookies=(opened.cookie, device_cookie))


def _new_login(account: Row, user_agent: str, now: int) -> Letter:
    browser, system = devices.called(user_agent)
    entry = {"at": now, "browser": browser, "system": system}
    return Letter("new_login", account["email"], {"first_name": account["first_name"], "entries": [entry]})


def _refused(why: str) -> InvalidCredentials:
    """The one answer, once the log has the reason (S74)."""
    observe.about(why=why)
    return InvalidCredentials()
