"""People as they come in by the routes themselves: registering, activating, logging in."""

from typing import Any

from miinti import aws
from miinti.accounts import store
from miinti.mail import tokens
from tests.cloud import Answered, Cloud

PASSWORD = "caballo batería correcto"


def register(cloud: Cloud, email: str = "ana@example.com", **fields: object) -> Answered:
    body = {"first_name": "Ana", "last_name": "Ñandú", "email": email, "password": PASSWORD, **fields}
    return cloud.call("register", body)


def mailed(cloud: Cloud, template: str, to: str = "ana@example.com") -> str:
    """The token in the newest mail of a kind to an address, as the link in it bears it."""
    return link_token(cloud, cloud.mails(template, to)[-1])


def link_token(cloud: Cloud, mail: dict[str, Any]) -> str:
    with cloud.as_function("reset_password"):
        return tokens.sealed(tokens.stored(mail["token"]))


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
