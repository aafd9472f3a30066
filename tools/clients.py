"""Clients of AWS as the local run answers it; what asks a stage takes boto3's own."""

from functools import cache
from typing import Any

import boto3
from botocore.config import Config

REGION = "us-east-1"


@cache
def client(service: str, endpoint: str) -> Any:
    """A client of the local cloud at this address, with its owner's rights."""
    return made(service, endpoint, "test", "test")


def made(service: str, endpoint: str, key: str, secret: str, token: str | None = None) -> Any:
    session = boto3.Session(key, secret, token, REGION)
    config = Config(
        retries={"total_max_attempts": 4, "mode": "standard"},
        read_timeout=60,
        max_pool_connections=20,
        request_checksum_calculation="when_required",
        signature_version="s3v4" if service == "s3" else None,
    )
    made: Any = session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]
    made.meta.events.register_last("before-call.s3", _unasked)
    return made


def _unasked(params: dict[str, Any], **_: object) -> None:
    # Thousands of small objects are put: asking first whether a body is welcome would cost a round trip for each.
    params["headers"].pop("Expect", None)
