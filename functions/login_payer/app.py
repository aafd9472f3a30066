"""POST /v1/payment/login: the manual's door to pay. A session that sees one client's debts and pays them, for the
client's number or address on file and the key that was mailed there (S25).

What of it was wrong, and whether tries are being slowed down, nobody learns: same answer, same calls (S06, S07).
"""

from pydantic import BaseModel, ConfigDict

from miinti import aws, clock, observe
from miinti.accounts import payers, sessions, throttles, tokens
from miinti.aws import Row, Write
from miinti.companies import on_file
from miinti.errors import InvalidCredentials, TooManyAttempts, Unavailable
from miinti.http import Answer, Request, api


class Credentials(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    user: on_file.User
    key: str
    remember: bool = False


class SignedIn(tokens.Granted):
    company: sessions.Payer


@api(
    "POST /v1/payment/login",
    "Ingresar al pago electrónico con una clave de pago",
    open=True,
    body=Credentials,
    answers={200: SignedIn},
    refusals=(InvalidCredentials, TooManyAttempts),
)
def handler(request: Request[Credentials]) -> Answer:
    given, now = request.body, clock.moment()
    place = payers.tries(given.user)
    ids = on_file.ids(given.user)
    wanted = [*on_file.wanted(ids), *(payers.wanted(payers.id_of(id)) for id in ids)]
    seen, *rows = aws.batch_get(throttles.wanted(place), *wanted)
    observe.about(address=observe.masked(given.user))
    counted = throttles.windows(request.client, now, "login", "failed-login")
    try:
        throttles.reserve([place], now, seen=[seen], always=counted)
    except throttles.Locked:
        raise _refused("slowed_down") from None
    # All are compared, so that the time tells nothing of which client's key it is.
    pairs = zip(rows[: len(ids)], rows[-len(ids) :] if ids else [], strict=True)
    found = [(company, key) for company, key in pairs if payers.right(key, company, given.key, now)]
    if not found:
        raise _refused("wrong_key")
    company, key = found[0]
    right = [throttles.cleared(place), *throttles.uncounted(request.client, now, "failed-login")]
    return _opened(request, company or {}, key or {}, right)


def _opened(request: Request[Credentials], company: Row, key: Row, right: list[Write]) -> Answer:
    """``right`` takes back that this try was counted as a failure."""
    now, payer_id = clock.now(), payers.id_of(company["id"])
    opened = payers.opened(key, company, remember=request.body.remember, user_agent=request.user_agent, now=now)
    try:
        # Signed before anything is written: while KMS is down there is no session without its token.
        access_token = tokens.mint(payer_id, opened.session_id)
    except Unavailable:
        aws.transact(right)
        raise
    surplus = sessions.surplus(sessions.of_account(payer_id), now)
    aws.transact([payers.still(key), opened.write, *sessions.ended(payer_id, surplus), *right])
    observe.about(company=company["id"], session=opened.session_id, ended=len(surplus))
    body: SignedIn = {
        **tokens.granted(access_token),
        "company": sessions.payer(opened.write.row),
    }
    return Answer(200, body, cookies=(opened.cookie,))


def _refused(why: str) -> InvalidCredentials:
    """The one answer, once the log has the reason (S74)."""
    observe.about(why=why)
    return InvalidCredentials()
