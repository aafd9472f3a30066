"""People to test with: accounts and sessions as the layer itself writes them."""

from functools import cache
from typing import Any, NamedTuple

from miinti import aws, clock
from miinti.accounts import passwords, sessions, store, tokens
from miinti.mail import tokens as mail_tokens
from tests.cloud import Answered, Cloud

PASSWORD = "nueve ranas verdes"


@cache
def _hash() -> str:
    return passwords.hashed(PASSWORD)


class SignedIn(NamedTuple):
    """A session of a person: ids, access token, and its cookie as a browser sends it."""

    account_id: str
    session_id: str
    token: str
    cookie: str


def account(cloud: Cloud, account_id: str = "a1", *, email: str = "ana@example.com", **more: object) -> str:
    """An active account with ``PASSWORD``, its address included; ``more`` are attributes of its row."""
    pk, sk = store.key(account_id)
    row: aws.Row = {
        "pk": pk,
        "sk": sk,
        "id": account_id,
        "email": email,
        "first_name": "Ana",
        "last_name": "Ñandú",
        "password_hash": _hash(),
        "state": "active",
        "created_at": clock.now(),
        **more,
    }
    pk, sk = store.email_key(email)
    aws.write(aws.put("IdentityTable", row))
    aws.write(aws.put("IdentityTable", {"pk": pk, "sk": sk, "account_id": account_id}))
    cloud.counted()
    return account_id


def signed_in(
    cloud: Cloud, account_id: str = "a1", *, remember: bool = False, user_agent: str = "Firefox de prueba"
) -> SignedIn:
    """A session just opened."""
    with cloud.as_function("refresh_session"):
        opened = sessions.opened(account_id, remember=remember, user_agent=user_agent, now=clock.now())
        aws.write(opened.write)
        token = tokens.mint(account_id, opened.session_id)
    cloud.counted()
    return SignedIn(account_id, opened.session_id, token, sent_back(opened.cookie))


def sent_back(set_cookie: str) -> str:
    """The cookie of a ``Set-Cookie`` value as the browser sends it from then on."""
    return set_cookie.partition(";")[0]


def refreshed(cloud: Cloud, cookie: str) -> Answered:
    return cloud.call("refresh_session", cookies=[cookie])


def works(cloud: Cloud, token: str) -> bool:
    """Whether an access token opens a closed route."""
    return cloud.call("show_me", token=token).status == 200


def row_of(account_id: str) -> aws.Row:
    """The account's row as it stands."""
    row = aws.get("IdentityTable", store.key(account_id))
    assert row is not None
    return row


def token_in(cloud: Cloud, mail: dict[str, Any]) -> str:
    """The token that ``send_mail`` would put into this mail's link."""
    with cloud.as_function("confirm_email"):
        return mail_tokens.sealed(mail_tokens.stored(mail["token"]))
