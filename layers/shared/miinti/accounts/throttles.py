"""Throttles: tries that fail are counted, and past five each one locks the next out for twice as long (Decided 7).

Rows of the identity table. ``THROTTLE#<kind>#<key hash>`` / ``THROTTLE`` counts the tries of one kind at one key (an
address, a person, a CUIT): ``n`` failures and ``until``, the instant in milliseconds when the last one's lock ends.
``THROTTLE#ip-<kind>#<network>#<minute>`` / ``THROTTLE`` counts the requests of one network in one minute (S18).

A try takes its place before it is known to be right, by a conditional write, so that a burst cannot have more tries
than there are places (S17); a password that turns out right clears the row in the transaction of what it did. The
numbers are Amazon Cognito's: five failures free, then 2^(n-5) seconds up to 15 minutes; tries during a lock neither
count nor lengthen it; 15 minutes without a lock or a failure forget all (S15).

Which tries count together is the caller's to say: reserve the rows' keys, made by ``row(kind, key)``.
"""

import hashlib
import ipaddress
import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest

from miinti import aws, clock, settings
from miinti.aws import Key, Row, Write
from miinti.errors import TooManyAttempts, Unavailable

FREE = 5
"""Failures that lock nobody out."""
FREE_OF: Mapping[str, int] = {
    "link-client": 20,
    "link-cuit": 30,
    "link-number": 30,
    "link-made": 20,
    "ask-person": 30,
    "ask-client": 60,
    "ask-cuit": 30,
    "ask-number": 30,
}
"""The same for kinds whose key many people share, with fewer a few strangers would lock all of them out; and for those
that count right tries, alone or as well as wrong ones."""
LONGEST = 900
"""Seconds that a lock lasts at most."""
QUIET = 900
"""Seconds without a lock or a failure after which all is forgotten."""
PER_MINUTE: Mapping[str, int] = {
    "login": 30,
    "failed-login": 10,
    "register": 20,
    "forgot": 20,
    "resend": 20,
    "payment-key": 20,
    "notice": 300,
}
"""Requests a minute that one network may make (S18). A provider's notices come from few of them."""

_WINDOW = 60
_TRIES = 40


class Locked(Exception):
    """No try is let in now; nothing was counted. What that looks like from outside is the use case's to say.

    ``retry_after`` is in whole seconds.
    """

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = retry_after


class _Moved(Exception):
    """Another try was first: ``standing`` is the row that is there now."""

    def __init__(self, place: Key, standing: Row | None) -> None:
        super().__init__(place)
        self.place = place
        self.standing = standing


def row(kind: str, key: str) -> Key:
    """Where the tries of this kind at this key are counted. ``key`` is in the form that identifies it: an address
    normalized, so that its variants count together (S16), whether or not anybody has it."""
    return f"THROTTLE#{kind}#{hashlib.sha256(key.encode()).hexdigest()[:32]}", "THROTTLE"


def wanted(row: Key) -> tuple[str, Key]:
    """A throttle's row, as ``aws.batch_get`` takes it."""
    return settings.identity_table(), row


# --- the rule ---------------------------------------------------------------------------------------------------------


def lock(failures: int, free: int = FREE) -> int:
    """Seconds that the next try waits after this many failures in a row."""
    return 0 if failures < free else min(1 << min(failures - free, 10), LONGEST)


def _free(place: str) -> int:
    """Free failures of the kind that a row's partition key names."""
    return FREE_OF.get(place.split("#")[1], FREE)


# Free failures lock nobody out, but their rows bear the first lock, since one expression serves all of them.
_FREE_KEPT = 1000 * (QUIET - lock(FREE))


def _left(standing: Row | None, now: float) -> int:
    """Milliseconds until a try is let in; 0 when one is now."""
    if standing is None or int(standing["n"]) < _free(standing["pk"]):
        return 0
    return max(0, int(standing["until"]) - clock.millis(now))


def _forgotten(standing: Row, now: float) -> bool:
    failures, until = int(standing["n"]), int(standing["until"])
    return clock.millis(now) - until >= (1000 * QUIET if failures >= _free(standing["pk"]) else _FREE_KEPT)


def all_open(seen: Iterable[Row | None], now: float) -> bool:
    """Whether none of these rows is locked."""
    return not any(_left(standing, now) for standing in seen)


# --- tries ------------------------------------------------------------------------------------------------------------


def reserve(rows: Sequence[Key], now: float, *, seen: Iterable[Row | None] = (), always: Sequence[Write] = ()) -> None:
    """Count one try at each of ``rows`` as if it had failed, all or none, in one write (another only when tries cross).

    ``now`` is in seconds; ``seen`` are the rows as they were read before, in the same order: without them a throttle
    past its free failures takes a second write. ``always`` are written in the same transaction, and also when the way
    is locked; their conditions count first.

    Raises ``Locked`` when any row is locked, and what ``always`` raises.
    """
    standing = dict(zip_longest(rows, seen))
    for _ in range(_TRIES):
        left = max((_left(found, now) for found in standing.values()), default=0)
        if left:
            if always:
                aws.transact(always)
            raise Locked(math.ceil(left / 1000))
        steps = [_counted(place, found, now) for place, found in standing.items()]
        try:
            if always or len(steps) > 1:
                aws.transact([*always, *steps])
            else:
                aws.write(steps[0])
        except _Moved as moved:
            standing[moved.place] = moved.standing
        else:
            return
    raise Unavailable("throttle: tries did not stop crossing")


def _counted(place: Key, standing: Row | None, now: float) -> Write:
    """One failure more at ``place``, if what stands there is still what ``standing`` says."""
    failures = 0 if standing is None or _forgotten(standing, now) else int(standing["n"])
    free = _free(place[0])
    wait = max(lock(failures + 1, free), lock(free, free))
    values: Row = {":until": clock.millis(now) + 1000 * wait, ":ttl": int(now) + wait + QUIET + 1}
    if standing is None or (0 < failures < free):
        # Any number below the limit will do, so that free tries do not cross.
        count = "n = if_not_exists(n, :none) + :one"
        condition = "attribute_not_exists(n) OR (n < :free AND #until > :forgotten)"
        values |= {":none": 0, ":one": 1, ":free": free, ":forgotten": clock.millis(now) - _FREE_KEPT}
    else:
        count, condition = "n = :n", "n = :seen AND #until = :lock"
        values |= {":n": failures + 1, ":seen": standing["n"], ":lock": standing["until"]}
    return aws.update(
        settings.identity_table(),
        place,
        f"SET {count}, #until = :until, #ttl = :ttl",
        values,
        condition=condition,
        names={"#until": "until", "#ttl": "ttl"},
        otherwise=lambda found: _Moved(place, found),
    )


def counted(place: Key, seen: Row | None, now: float) -> Write:
    """Count one at ``place`` in a caller's transaction, as a failure would be: for what is right, but not to be done
    without end. ``seen`` is the row as it was read. Raises ``Locked`` when it is locked, and so does the write."""

    def locked(standing: Row | None) -> Locked:
        return Locked(math.ceil(_left(standing, now) / 1000) or 1)

    if _left(seen, now):
        raise locked(seen)
    return aws.replaced(_counted(place, seen, now), otherwise=locked)


def cleared(place: Key) -> Write:
    """Forget every failure: for a try that proves who it is."""
    return aws.delete(settings.identity_table(), place)


def open_now(place: Key, now: float) -> Write:
    """A condition for a caller's transaction that counts nothing: raises ``Locked`` when ``place`` is locked."""
    return aws.check(
        settings.identity_table(),
        place,
        "attribute_not_exists(n) OR n < :free OR #until <= :now",
        {":free": _free(place[0]), ":now": clock.millis(now)},
        names={"#until": "until"},
        otherwise=lambda found: Locked(math.ceil(_left(found, now) / 1000) or 1),
    )


# --- networks ---------------------------------------------------------------------------------------------------------


def admit(kind: str, client: str, now: float) -> None:
    """Count one request of a network, by one write. Raises ``TooManyAttempts`` past the minute's number."""
    for one in windows(client, now, kind):
        aws.write(one)


def windows(client: str, now: float, *kinds: str) -> list[Write]:
    """The writes that count one request of a network in this minute, each raising ``TooManyAttempts`` past its number;
    none where limits by address are off."""
    if not settings.ip_limits():
        return []
    minute = int(now) // _WINDOW
    ends = (minute + 1) * _WINDOW
    return [
        aws.update(
            settings.identity_table(),
            _window(kind, client, now),
            "SET n = if_not_exists(n, :none) + :one, #ttl = :ttl",
            {":none": 0, ":one": 1, ":limit": PER_MINUTE[kind], ":ttl": ends + _WINDOW},
            condition="attribute_not_exists(n) OR n < :limit",
            names={"#ttl": "ttl"},
            otherwise=TooManyAttempts(ends - int(now)),
        )
        for kind in kinds
    ]


def uncounted(client: str, now: float, kind: str) -> list[Write]:
    """The write that takes back what ``windows`` counted at the same ``now``."""
    if not settings.ip_limits():
        return []
    return [
        aws.update(
            settings.identity_table(),
            _window(kind, client, now),
            "SET n = if_not_exists(n, :one) - :one, #ttl = :ttl",
            {":one": 1, ":ttl": int(now) + 2 * _WINDOW},
            names={"#ttl": "ttl"},
        )
    ]


def _window(kind: str, client: str, now: float) -> Key:
    return f"THROTTLE#ip-{kind}#{network(client)}#{int(now) // _WINDOW}", "THROTTLE"


def network(client: str) -> str:
    """The part of a client's address that one subscriber holds: an IPv4 address whole, an IPv6 address's first 64
    bits."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((address, 64), strict=False))
