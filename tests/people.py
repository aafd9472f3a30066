"""People to test with: accounts and sessions as the layer itself writes them."""

from typing import Any, NamedTuple

from miinti import aws, clock
from miinti.accounts import sessions, store, tokens
from miinti.mail import tokens as mail_tokens
from tests.cloud import Answered, Cloud


class SignedIn(NamedTuple):
    """A session of a person: ids, access token, and its cookie as a browser sends it."""

    account_id: str
    session_id: str
    token: str
    cookie: str


def account(cloud: Cloud, account_id: str = "a1", *, email: str = "ana@example.com", **more: object) -> str:
    """An active account, its address included; ``more`` are attributes of its row."""
    pk, sk = store.key(account_id)
    row: aws.Row = {
        "pk": pk,
        "sk": sk,
        "id": account_id,
        "email": email,
        "first_name": "Ana",
        "last_name": "Ñandú",
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


# --- from the outside, by the routes themselves -----------------------------------------------------------------------

PASSWORD = "caballo batería correcto"


def register(cloud: Cloud, email: str = "ana@example.com", **fields: object) -> Answered:
    body = {"first_name": "Ana", "last_name": "Ñandú", "email": email, "password": PASSWORD, **fields}
    return cloud.call("register", body)


def mailed(cloud: Cloud, template: str, to: str = "ana@example.com") -> str:
    """The token in the newest mail of a kind to an address, as the link in it bears it."""
    return link_token(cloud, cloud.mails(template, to)[-1])


def link_token(cloud: Cloud, mail: dict[str, Any]) -> str:
    purpose, subject, nonce, expires_at = mail["token"]
    with cloud.as_function("reset_password"):
        return mail_tokens.sealed(mail_tokens.Token(purpose, subject, nonce, int(expires_at)))


def member(cloud: Cloud, email: str = "ana@example.com", **fields: object) -> str:
    """The id of an account that registered and was activated."""
    register(cloud, email, **fields)
    token = mailed(cloud, "activate", email)
    assert cloud.call("activate", {"token": token}).status == 204
    (account_id,) = [row["id"] for row in cloud.rows("IdentityTable") if row.get("email") == email]
    cloud.counted()
    return str(account_id)


def login(cloud: Cloud, email: str = "ana@example.com", password: str = PASSWORD, **more: Any) -> Answered:
    """``more`` as ``cloud.asked`` takes it, but ``remember``, which goes into the body."""
    extra = {"remember": more.pop("remember")} if "remember" in more else {}
    return cloud.call("login", {"email": email, "password": password, **extra}, **more)


def account_row(account_id: str) -> dict[str, Any]:
    row = aws.get("IdentityTable", store.key(account_id))
    assert row is not None
    return row


def shown(answer: Answered) -> tuple[int, str, dict[str, str]]:
    """All that a stranger sees of an answer."""
    return answer.status, answer.text, answer.headers
