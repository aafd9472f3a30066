"""Clients that pay by the manual's door, as they come in by the routes themselves."""

from typing import Any

from miinti.mail import tokens
from tests.cloud import Answered, Cloud
from tests.companies import ON_FILE
from tests.people import sent_back

WRONG = "ABCD-EFGH-JKLM-NPQR-STUV-WXYZ-2345"
"""A key that nobody has."""


def forgot(cloud: Cloud, user: str = "27334", **more: Any) -> Answered:
    return cloud.call("forgot_payment_key", {"user": user}, **more)


def keys_in(cloud: Cloud, mail: dict[str, Any]) -> dict[str, str]:
    """Number → key, as ``send_mail`` writes them into a mail."""
    with cloud.as_function("send_mail"):
        return {entry["number"]: tokens.payment_key(entry["nonce"]) for entry in mail["data"]["entries"]}


def mailed(cloud: Cloud, number: str = "27334", to: str = ON_FILE) -> str:
    """The client's key in the newest mail to an address."""
    return keys_in(cloud, cloud.mails("payment_key", to)[-1])[number]


def new_key(cloud: Cloud, number: str = "27334", to: str = "") -> str:
    """A key that was just asked for."""
    assert forgot(cloud, number).status == 202
    key = mailed(cloud, number, to) if to else keys_in(cloud, cloud.mails("payment_key")[-1])[number]
    cloud.counted()
    return key


def login(cloud: Cloud, key: str, user: str = "27334", **more: Any) -> Answered:
    """``more`` as ``cloud.asked`` takes it, but ``remember``, which goes into the body."""
    extra = {"remember": more.pop("remember")} if "remember" in more else {}
    return cloud.call("login_payer", {"user": user, "key": key, **extra}, **more)


def inside(cloud: Cloud, number: str = "27334", **more: Any) -> tuple[str, str]:
    """Access token and cookie of a session that pays for a client."""
    answer = login(cloud, new_key(cloud, number), number, **more)
    assert answer.status == 200
    cloud.counted()
    return answer.json["access_token"], sent_back(answer.cookies[0])
