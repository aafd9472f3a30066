"""Known devices: a browser that a person has logged in on keeps a cookie that says so (S21).

It opens nothing. It selects a throttle of its own, so that strangers who use up the tries at an address do not keep
its owner out; whoever steals it has the same few tries as anybody. Sealed under the session key, stored nowhere.
"""

import re
import secrets
from typing import NamedTuple

from miinti import aws, settings
from miinti.seals import seal, unseal

COOKIE = "__Host-device"
LIFETIME = 180 * 86400
"""Seconds a device is known after the last login on it."""

_USE = "device"

_BROWSERS = (
    (r"Edg(e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrome/|CriOS/", "Chrome"),
    (r"Version/.*Safari/", "Safari"),
)
_SYSTEMS = (
    (r"iPhone", "iPhone"),
    (r"iPad", "iPad"),
    (r"Android", "Android"),
    (r"CrOS", "ChromeOS"),
    (r"Windows", "Windows"),
    (r"Macintosh|Mac OS X", "macOS"),
    (r"Linux", "Linux"),
)
"""What a user agent says → what people call it; the first that fits, since each also names others."""


class Device(NamedTuple):
    """Whose device it is, and its own id."""

    account_id: str
    id: str


def key() -> bytes:
    """The key that the cookies are sealed with; one call a process."""
    return aws.derived_key(settings.session_key(), f"miinti/{_USE}")


def known(cookie: str, now: int) -> Device | None:
    """The device that a cookie of ours tells of; None when it is anything else, or too old."""
    payload = unseal(settings.session_key(), _USE, cookie) if cookie else None
    if payload is None:
        return None
    account_id, id, seen_at = payload
    return Device(account_id, id) if now < seen_at + LIFETIME else None


def new(account_id: str) -> Device:
    """A device that an account is logged in on for the first time."""
    return Device(account_id, secrets.token_hex(8))


def called(user_agent: str) -> tuple[str, str]:
    """Browser and system as people know them, each empty where the user agent does not tell. Only words of ours: what a
    stranger sends as a user agent reaches no mail (S65)."""
    return _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)


def _first(known: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for pattern, name in known if re.search(pattern, text)), "")


def cookie(device: Device, now: int) -> str:
    """The whole ``Set-Cookie`` value."""
    value = seal(settings.session_key(), _USE, [*device, now])
    return f"{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={LIFETIME}"
