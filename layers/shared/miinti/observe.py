"""Logs and metrics. One JSON line an event, with request id and function name; nothing secret goes in (S74).

Events say who did what to what with which outcome; docs/operations.md lists those that concern security (S75).
Addresses of people are logged as a short hash: enough to follow one person through the logs, not enough to learn who it
is.
"""

import hashlib
import logging
from collections.abc import Mapping

from aws_lambda_powertools.logging import Logger

from miinti import settings

logger = Logger(service=settings.service(), utc=True, log_uncaught_exceptions=False)


def masked(address: str) -> str:
    """A mail or network address as the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(address.encode()).hexdigest()[:12]


_TAKEN = frozenset(vars(logging.makeLogRecord({}))) | {
    "action",
    "asctime",
    "level",
    "location",
    "message",
    "outcome",
    "service",
    "taskName",
    "timestamp",
}
"""Names that a line has without us: Python's logging refuses some of them, others would be written over."""


def event(action: str, outcome: str, /, **facts: str | int | None) -> None:
    """One line for an act: ``action`` (``login``), ``outcome`` (``ok`` or the refusal's code), ids of what it
    touched. A fact whose name a line has already is written with ``_`` after it. ``trail=True``: the line becomes a row
    of the audit trail (``keep_events``)."""
    logger.info(action, extra={"action": action, "outcome": outcome, **_named(facts)})


def about(**facts: str | int | None) -> None:
    """Facts that every further line of this request bears: who acts, on what. None is not written."""
    logger.thread_safe_append_keys(**_named(facts))


def forget() -> None:
    """The request is over: the next one's lines know nothing of it."""
    logger.thread_safe_clear_keys()


def _named(facts: Mapping[str, str | int | None]) -> dict[str, str | int]:
    return {f"{name}_" if name in _TAKEN else name: value for name, value in facts.items() if value is not None}


def count(name: str, value: int = 1) -> None:
    """A metric by CloudWatch's embedded format: no call to AWS, one line that CloudWatch reads."""
    from aws_lambda_powertools.metrics import (
        MetricUnit,
        single_metric,
    )  # 59 ms of a cold start; most calls count nothing

    with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace="miINTI") as metric:
        metric.add_dimension(name="service", value=logger.service)
