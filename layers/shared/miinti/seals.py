"""Opaque signed strings: list cursors and the tokens in mail. Signed with HMAC-SHA-256 (itsdangerous), never encrypted:
what they hold is no secret, only not for others to make up."""

import hashlib
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from miinti import aws

SHAPE = "[A-Za-z0-9_.-]{1,4096}"
"""A pattern that every sealed string fits."""


def _serializer(key_arn: str, use: str) -> URLSafeSerializer:
    return URLSafeSerializer(
        aws.derived_key(key_arn, f"miinti/{use}"),
        salt=use.encode(),
        signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
    )


def seal(key_arn: str, use: str, payload: Any) -> str:
    """``payload`` (JSON) as a URL-safe string that only a holder of the KMS key can have made for this ``use``."""
    sealed = _serializer(key_arn, use).dumps(payload)
    return sealed if isinstance(sealed, str) else sealed.decode()


def unseal(key_arn: str, use: str, text: str) -> Any | None:
    """The payload of a string sealed for this ``use``, or None when it is anything else."""
    if len(text) > 4096 or not text.isascii():
        return None
    try:
        payload = _serializer(key_arn, use).loads(text)
    except BadData:
        return None
    # The last sign of Base64 has bits that nobody reads: only the one spelling that we wrote is taken.
    return payload if seal(key_arn, use, payload) == text else None
