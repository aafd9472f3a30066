"""The only reader of time. Tests move it with time-machine; nothing else calls ``time`` or ``datetime.now`` (R19)."""

import datetime as dt
import time
from collections.abc import Mapping
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo


@cache
def local_zone() -> ZoneInfo:
    """The institute's zone: America/Argentina/Buenos_Aires (UTC-3, no summer time since 2009)."""
    return ZoneInfo("America/Argentina/Buenos_Aires")


def now() -> int:
    """Seconds since the epoch, whole: what rows store and expiries are compared with."""
    return int(time.time())


def moment() -> float:
    """Seconds since the epoch with their fraction, for a throttle's locks: the first one lasts a second."""
    return time.time()


def millis(moment: float) -> int:
    """Epoch seconds as whole milliseconds, as rows hold what is finer than a second."""
    return round(moment * 1000)


def today() -> dt.date:
    """The local day in Buenos Aires, which decides what is overdue."""
    return dt.datetime.fromtimestamp(time.time(), local_zone()).date()


def instant(seconds: int) -> str:
    """Epoch seconds as RFC 3339 in UTC, e.g. ``2026-11-24T05:43:35Z``."""
    return dt.datetime.fromtimestamp(seconds, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant_of(row: Mapping[str, Any], name: str) -> str | None:
    """A time of a row as an ``instant``; None where the row has none."""
    return instant(int(row[name])) if name in row else None


def instants(row: Mapping[str, Any], *names: str) -> dict[str, str | None]:
    """So-named times of a row, each as ``instant_of``."""
    return {name: instant_of(row, name) for name in names}


def local(seconds: int) -> dt.datetime:
    """Epoch seconds as a local date and time, for what people read."""
    return dt.datetime.fromtimestamp(seconds, local_zone())
