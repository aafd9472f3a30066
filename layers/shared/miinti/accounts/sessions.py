"""Sessions: the row behind a login, the cookie that renews it, and when it ends.

Rows: identity table, ``ACCOUNT#<id>`` / ``SESSION#<session id>``. Times are epoch seconds.

The cookie is ``<account id>.<session id>.<secret>``; the row keeps the secret's SHA-256 (S31). Each renewal replaces
the secret by its successor, HMAC-SHA-256 of the old one under a key that only KMS can make: so every tab that shows the
same old secret within ``GRACE`` of its first use gets the same new one, and nothing but hashes is stored. A secret
older than that is in two hands, and the whole session ends (S32).
"""

import base64
import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

from typing_extensions import TypedDict

from miinti import aws, clock, settings
from miinti.aws import Key, Row, Write
from miinti.errors import InvalidSession
from miinti.values.told import Instant

COOKIE = "__Host-session"
ABSOLUTE = 7 * 86400
REMEMBERED = 30 * 86400
"""Seconds after which a session ends, however much it is used: without and with ``remember``."""
IDLE = 8 * 3600
"""Seconds without a renewal after which a session that is not remembered ends (S35)."""
GRACE = 10
"""Seconds after its first use in which a secret gives its successor again (S33)."""
PAYMENT = "payment"
"""``scope`` of a session that pays for one client and opens nothing else; those of people have none."""
MOST = 10
"""Sessions that a person has at once; the one unused for longest makes room (S35)."""
_AT_ONCE = 80
"""Sessions that one transaction ends beside what else is in it; DynamoDB takes a hundred writes."""

_ATTRIBUTES = "Path=/; Secure; HttpOnly; SameSite=Strict"
CLEARED = f"{COOKIE}=; {_ATTRIBUTES}; Max-Age=0"
"""The ``Set-Cookie`` that takes the session's cookie out of the browser."""

_COOKIE_VALUE = re.compile(r"([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{1,64})\.([A-Za-z0-9_-]{43})")
ID = re.compile(r"[A-Za-z0-9_-]{1,64}")


class Presented(NamedTuple):
    """What a session cookie says; nothing of it is known to be true yet."""

    account_id: str
    session_id: str
    secret: str

    @property
    def hash(self) -> str:
        return hashlib.sha256(self.secret.encode()).hexdigest()


class Payer(TypedDict):
    """The client that a payment session is of, and when it ends at the latest: with the key that opened it."""

    id: str
    number: str
    name: str
    ends_at: Instant


class Opened(NamedTuple):
    """A session to be: the write that makes it, its id, and the whole ``Set-Cookie`` value."""

    write: Write
    session_id: str
    cookie: str


class Reused(InvalidSession):
    """A secret that was replaced before was shown again: it is in two hands."""


def key(account_id: str, session_id: str) -> Key:
    return f"ACCOUNT#{account_id}", f"SESSION#{session_id}"


def id_of(row: Row) -> str:
    return str(row["sk"]).removeprefix("SESSION#")


def is_id(text: str) -> bool:
    """Whether a text can be a session's id at all, so that anything else asks nothing of the table."""
    return bool(ID.fullmatch(text))


def wanted(account_id: str, session_id: str) -> tuple[str, Key]:
    """The row to read for a session, as ``aws.batch_get`` takes it."""
    return settings.identity_table(), key(account_id, session_id)


def live(row: Row | None, now: float) -> bool:
    """Whether the session is there and has neither run out nor stood idle: compared here, TTL only cleans up (R18)."""
    if row is None:
        return False
    return now < int(row["expires_at"]) and (bool(row["remember"]) or now < int(row["last_used_at"]) + IDLE)


def payer(session: Row) -> Payer:
    """The client of a payment session."""
    return {
        "id": session["company"],
        "number": session["company"].removeprefix("c-"),
        "name": session["name"],
        "ends_at": clock.instant(int(session["expires_at"])),
    }


# --- opening and ending -----------------------------------------------------------------------------------------------


def opened(
    account_id: str, *, remember: bool, user_agent: str, now: int, until: int | None = None, scope: Row | None = None
) -> Opened:
    """A new session with an id and a secret of its own, whatever the browser sent before (S40). It ends at ``until`` at
    the latest; ``scope`` are the attributes of one that is good for something alone."""
    session_id, secret = secrets.token_hex(12), secrets.token_urlsafe(32)
    given = Presented(account_id, session_id, secret)
    pk, sk = key(account_id, session_id)
    expires_at = now + (REMEMBERED if remember else ABSOLUTE)
    row: Row = {
        **(scope or {}),
        "pk": pk,
        "sk": sk,
        "refresh_hash": given.hash,
        "created_at": now,
        "last_used_at": now,
        "expires_at": expires_at if until is None else min(expires_at, until),
        "remember": remember,
        "user_agent": user_agent,
    }
    row["ttl"] = row["expires_at"]
    return Opened(aws.put(settings.identity_table(), row), session_id, _set_cookie(given, row, now))


def of_account(account_id: str) -> list[Row]:
    """Every session row of a person, ended ones that TTL has not removed yet included."""
    return aws.query_all(
        settings.identity_table(),
        "pk = :pk AND begins_with(sk, :session)",
        {":pk": f"ACCOUNT#{account_id}", ":session": "SESSION#"},
    )


def ended(account_id: str, session_ids: Iterable[str]) -> list[Write]:
    """The writes that end these sessions, but for those that a transaction has no room for: they end here and now,
    before the caller's has been written.

    Their access tokens die with the rows. Logins at one instant may leave more than a transaction holds (S35).
    """
    ends = [aws.delete(settings.identity_table(), key(account_id, session_id)) for session_id in session_ids]
    while len(ends) > _AT_ONCE:
        aws.transact(ends[:_AT_ONCE])
        ends = ends[_AT_ONCE:]
    return ends


def surplus(rows: Iterable[Row], now: int) -> list[str]:
    """Ids of the sessions that end so that one more has room: those that are over, and past ``MOST`` the ones unused
    for longest."""
    ranked = sorted(rows, key=lambda row: (live(row, now), int(row["last_used_at"])), reverse=True)
    return [id_of(row) for place, row in enumerate(ranked) if place >= MOST - 1 or not live(row, now)]


def closed(given: Presented) -> None:
    """End the session that this cookie is of; a cookie that is neither its present nor its last one changes nothing."""
    one = aws.delete(
        settings.identity_table(),
        key(given.account_id, given.session_id),
        condition="refresh_hash = :given OR previous_hash = :given",
        values={":given": given.hash},
        otherwise=InvalidSession(),
    )
    aws.write(one)


# --- the cookie and its renewal ---------------------------------------------------------------------------------------


def _set_cookie(given: Presented, row: Row, now: int) -> str:
    """A cookie of the browser's session, or with ``remember`` one that lives as long as ours still may (S37)."""
    life = f"; Max-Age={int(row['expires_at']) - now}" if row["remember"] else ""
    return f"{COOKIE}={'.'.join(given)}; {_ATTRIBUTES}{life}"


def presented(cookies: Mapping[str, str]) -> Presented:
    """What the session cookie among ``cookies`` says. Raises ``InvalidSession`` when there is none or it is no such
    thing."""
    found = _COOKIE_VALUE.fullmatch(cookies.get(COOKIE, ""))
    if found is None:
        raise InvalidSession
    return Presented(*found.groups())


def standing(row: Row | None, given: Presented, now: float) -> Literal["over", "current", "again", "retired"]:
    """What a presented secret is to the session: its present one, its last one within the grace, or one that was
    replaced before. ``over`` when there is no such session any more."""
    if row is None or not live(row, now):
        return "over"
    if hmac.compare_digest(given.hash, row["refresh_hash"]):
        return "current"
    if hmac.compare_digest(given.hash, row.get("previous_hash", "")):
        # To the millisecond: in whole seconds ten could last nearly eleven.
        return "again" if clock.millis(now) - int(row["rotated_ms"]) <= 1000 * GRACE else "retired"
    return "retired"


def checked(row: Row | None, given: Presented, now: float) -> Row:
    """The row, when the secret may renew it. Raises ``InvalidSession``, or ``Reused`` when it was replaced before."""
    stands = standing(row, given, now)
    if row is None or stands == "over":
        raise InvalidSession
    if stands == "retired":
        raise Reused
    return row


def rotation_key() -> bytes:
    """The key that successors are made with; one call a process."""
    return aws.derived_key(settings.session_key(), "miinti/session-rotation")


def _successor(given: Presented) -> Presented:
    message = f"{given.session_id}.{given.secret}".encode()
    digest = hmac.digest(rotation_key(), message, hashlib.sha256)
    return given._replace(secret=base64.urlsafe_b64encode(digest).rstrip(b"=").decode())


def renewed(row: Row, given: Presented, now: float) -> str:
    """Replace the secret by its successor, by one conditional write, and answer the whole ``Set-Cookie`` value.

    ``row`` is the session as ``checked`` passed it. Of several at once with one secret the first writes, the others
    find it done and get the same successor; the grace is not prolonged. Raises as ``checked`` does.
    """
    after = _successor(given)
    if standing(row, given, now) == "current":
        one = aws.update(
            settings.identity_table(),
            key(given.account_id, given.session_id),
            "SET refresh_hash = :after, previous_hash = :given, rotated_ms = :millis, last_used_at = :now",
            {
                ":after": after.hash,
                ":given": given.hash,
                ":millis": clock.millis(now),
                ":now": int(now),
                ":idle": int(now) - IDLE,
                ":yes": True,
            },
            condition="refresh_hash = :given AND expires_at > :now AND (remember = :yes OR last_used_at > :idle)",
        )
        try:
            row = aws.write(one)
        except aws.ConditionFailed as failed:
            row = checked(failed.row, given, now)
    # Counted from the rotation, so that the answers to one secret are the same bytes.
    return _set_cookie(after, row, int(row["rotated_ms"]) // 1000)
