"""Logs and metrics. One JSON line an event, with request id and function name; nothing secret goes in (S74).

Events say who did what to what with which outcome. Addresses of people are logged as a short hash: enough to follow
one person through the logs, not enough to learn who it is.
"""

import hashlib

from aws_lambda_powertools.logging import Logger

from miinti import settings

logger = Logger(service=settings.service(), utc=True, log_uncaught_exceptions=False)


def masked(address: str) -> str:
    """A mail or network address as the first 12 hex digits of its SHA-256."""
    return hashlib.sha256(address.encode()).hexdigest()[:12]


def event(action: str, outcome: str, /, **about: str | int | None) -> None:
    """One line for an act: ``action`` (``login``), ``outcome`` (``ok`` or the refusal's code), ids of what it
    touched."""
    logger.info(action, extra={"action": action, "outcome": outcome, **about})


def count(name: str, value: int = 1) -> None:
    """A metric by CloudWatch's embedded format: no call to AWS, one line that CloudWatch reads."""
    from aws_lambda_powertools.metrics import (
        MetricUnit,
        single_metric,
    )  # 59 ms of a cold start; most calls count nothing

    with single_metric(name=name, unit=MetricUnit.Count, value=value, namespace="miINTI") as metric:
        metric.add_dimension(name="service", value=logger.service)
