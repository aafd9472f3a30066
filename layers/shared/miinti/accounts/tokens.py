"""Access tokens: ES256 JWTs of ten minutes (RFC 9068 ``at+jwt``), signed by KMS, checked in each function (S30)."""

import base64
import hashlib
import json
import re
import secrets
from functools import cache
from typing import Any, NamedTuple

from typing_extensions import TypedDict

from miinti import aws, clock, settings
from miinti.errors import InvalidToken

LIFETIME = 600
"""Seconds an access token lives."""

# 64 bytes of signature are 86 signs of Base64, the last one with four bits that nobody reads: it has one spelling.
_SHAPE = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{85}[AQgw]")
_LONGEST = 2048
_REQUIRED = ["iss", "aud", "exp", "nbf", "iat", "sub", "sid", "jti"]


class Claims(NamedTuple):
    """Who a token speaks for: account and session, both ids of ours."""

    account_id: str
    session_id: str


class Granted(TypedDict):
    """What every way in answers of its token (RFC 6749 §5.1)."""

    access_token: str
    token_type: str
    expires_in: int


def granted(access_token: str) -> Granted:
    return {"access_token": access_token, "token_type": "Bearer", "expires_in": LIFETIME}


def _kid(arn: str) -> str:
    return hashlib.sha256(arn.encode()).hexdigest()[:16]


# Who signs does not check: PyJWT and what it needs of cryptography, a tenth of a login's cold start, are imported with
# the keys to check by.


@cache
def public_keys() -> dict[str, Any]:
    """The public keys whose tokens are good, by key id; fetched once per process (S41)."""
    import jwt
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    es256 = jwt.get_algorithm_by_name("ES256")
    keys: dict[str, Any] = {}
    for arn in settings.token_keys():
        answer = aws.ask(aws.kms().get_public_key, KeyId=arn)
        keys[_kid(arn)] = es256.prepare_key(load_der_public_key(answer["PublicKey"]))
    return keys


def _part(value: dict[str, Any]) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).rstrip(b"=")


def mint(account_id: str, session_id: str) -> str:
    """A signed access token; one ``kms:Sign``. Raises ``Unavailable`` when KMS does not answer."""
    arn = settings.token_keys()[0]
    now = clock.now()
    header = {"alg": "ES256", "kid": _kid(arn), "typ": "at+jwt"}
    claims = {
        "iss": settings.issuer(),
        "aud": settings.issuer(),
        "sub": account_id,
        "sid": session_id,
        "jti": secrets.token_hex(8),
        "iat": now,
        "nbf": now,
        "exp": now + LIFETIME,
        "token_use": "access",
    }
    signed = _part(header) + b"." + _part(claims)
    answer = aws.ask(
        aws.kms().sign,
        KeyId=arn,
        Message=signed,
        MessageType="RAW",
        SigningAlgorithm="ECDSA_SHA_256",
    )
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    # KMS answers DER; a JWT holds both numbers side by side, 32 bytes each (RFC 7518, 3.4).
    raw = b"".join(number.to_bytes(32, "big") for number in decode_dss_signature(answer["Signature"]))
    return (signed + b"." + base64.urlsafe_b64encode(raw).rstrip(b"=")).decode()


def verify(token: str) -> Claims:
    """The claims of a good token of ours.

    Raises ``InvalidToken`` for anything else: another algorithm, an unknown key, ``crit``, a wrong or missing claim, a
    time that is not a number, or a token made for another use (PyJWT alone accepts the last two).
    """
    import jwt

    if not _SHAPE.fullmatch(token) or len(token) > _LONGEST:
        raise InvalidToken
    try:
        header = jwt.get_unverified_header(token)
        key = public_keys().get(str(header.get("kid")))
        if key is None or header.get("typ") != "at+jwt" or "crit" in header:
            raise InvalidToken
        claims = jwt.decode(
            token,
            key,
            algorithms=["ES256"],
            issuer=settings.issuer(),
            audience=settings.issuer(),
            options={"require": _REQUIRED, "strict_aud": True},
        )
    except (jwt.PyJWTError, ValueError) as bad:
        raise InvalidToken from bad
    numbers = all(type(claims[name]) is int for name in ("exp", "nbf", "iat"))
    texts = all(isinstance(claims[name], str) for name in ("sub", "sid", "jti"))
    if not numbers or not texts or claims.get("token_use") != "access":
        raise InvalidToken
    return Claims(claims["sub"], claims["sid"])
