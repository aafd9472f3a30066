"""Known devices: a browser that a person has logged in on keeps a cookie that says so (S21).

It opens nothing. It selects a throttle of its own, so that strangers who use up the tries at an address do not keep
its owner out; whoever steals it has the same few tries as anybody. Sealed under the session key, stored nowhere.
"""

import re
import secrets
from typing import NamedTuple

from miinti import aws, settings
from miinti.aws import Row
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
    """Whose device it is, its own id, and when somebody last logged in on it."""

    account_id: str
    id: str
    seen_at: int


def key() -> bytes:
    """The key that the cookies are sealed with; one call a process."""
    return aws.derived_key(settings.session_key(), f"miinti/{_USE}")


def known(cookie: str, now: int) -> Device | None:
    """The device that a cookie of ours tells of; None when it is anything else, or too old."""
    payload = unseal(settings.session_key(), _USE, cookie) if cookie else None
    if payload is None:
        return None
    device = Device(*payload)
    return device if now < device.seen_at + LIFETIME else None


def of(account: Row | None, device: Device | None) -> Device | None:
    """The device, where this account has been logged in on it since its present password was set; else None.

    Who knew an older password may have a cookie of ours too. Of one second nobody can tell which came first.
    """
    if account is None or device is None or device.account_id != account["id"]:
        return None
    return device if device.seen_at > account.get("password_changed_at", 0) else None


def new(account_id: str, now: int) -> Device:
    """A device that an account is logged in on for the first time."""
    return Device(account_id, secrets.token_hex(8), now)


def called(user_agent: str) -> tuple[str, str]:
    """Browser and system as people know them, each empty where the user agent does not tell. Only words of ours: what a
    stranger sends as a user agent reaches no mail (S65)."""
    return _first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)


def _first(known: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for pattern, name in known if re.search(pattern, text)), "")


def cookie(device: Device, now: int) -> str:
    """The whole ``Set-Cookie`` value."""
    value = seal(settings.session_key(), _USE, [device.account_id, device.id, now])
    return f"{COOKIE}={value}; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age={LIFETIME}"
