"""Clients of AWS as the local run answers it; what asks a stage takes boto3's own."""

import json
import os
import socket
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

ROOT = Path(__file__).resolve().parents[1]
REGION = "us-east-1"


def local_run() -> dict[str, Any] | None:
    """What the local run that is up has deployed (STATE_DIR tells which), as ``local.run`` notes it: ``endpoint``,
    ``outputs`` and more; None where none is up. The note stays when a run ends."""
    told = Path(os.environ.get("STATE_DIR") or ROOT / ".local") / "deployed.json"
    if not told.is_file():
        return None
    deployed: dict[str, Any] = json.loads(told.read_text())
    address = urlsplit(deployed["endpoint"])
    with socket.socket() as probe:
        return None if probe.connect_ex((address.hostname, address.port)) else deployed


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
    # boto3's stubs know services by literals.
    made: Any = session.client(service, endpoint_url=endpoint, config=config)  # type: ignore[call-overload]
    made.meta.events.register_last("before-call.s3", _unasked)
    return made


def _unasked(params: dict[str, Any], **_: object) -> None:
    # Thousands of small objects are put: asking first whether a body is welcome would cost a round trip for each.
    params["headers"].pop("Expect", None)
