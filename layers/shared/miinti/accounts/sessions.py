"""Sessions: the row behind a login, the cookie that renews it, and when it ends.

Rows: identity table, ``ACCOUNT#<id>`` / ``SESSION#<session id>``. The cookie is 256 random bits stored as SHA-256; each
renewal replaces them (Decided 4). Times are epoch seconds.
"""

from miinti import settings
from miinti.aws import Key, Row

COOKIE = "__Host-session"
ABSOLUTE = 7 * 86400
REMEMBERED = 30 * 86400
IDLE = 8 * 3600
"""Seconds without a renewal after which a session that is not remembered ends (S35)."""


def key(account_id: str, session_id: str) -> Key:
    return f"ACCOUNT#{account_id}", f"SESSION#{session_id}"


def wanted(account_id: str, session_id: str) -> tuple[str, Key]:
    """The row to read for a session, as ``aws.batch_get`` takes it."""
    return settings.identity_table(), key(account_id, session_id)


def live(row: Row | None, now: int) -> bool:
    """Whether the session is there and has neither run out nor stood idle: compared here, TTL only cleans up (R18)."""
    if row is None:
        return False
    return now < int(row["expires_at"]) and (bool(row["remember"]) or now < int(row["last_used_at"]) + IDLE)
