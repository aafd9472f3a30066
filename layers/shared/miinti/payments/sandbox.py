"""The provider of the local run and of tests: JSON over HTTP to who plays it (``local/provider.py``), and notices
signed over their raw bytes.

A notice has ``x-sandbox-signature: t=<epoch seconds>,v1=<hex>``, the HMAC-SHA-256 of ``<t>.`` and the body under the
webhook's key, and says ``{"attempt": "<id>"}``.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from urllib.parse import quote

import urllib3

from miinti.errors import Unavailable
from miinti.payments.provider import AGE, Attempt, Checkout, Notice, NoticeRefused, Order, ProviderRefused, refund_key

SIGNATURE: Final = "x-sandbox-signature"
_SIGNED = re.compile(r"t=([0-9]{10}),v1=([0-9a-f]{64})", re.ASCII)
_ID = re.compile(r"[A-Za-z0-9-]{1,64}", re.ASCII)


def signature(key: bytes, at: int, body: bytes) -> str:
    """What a notice's header says, sent at a second."""
    return f"t={at},v1={_mac(key, str(at), body)}"


def token(key: bytes) -> str:
    """What calls to the provider are let in by."""
    return hmac.new(key, b"api", hashlib.sha256).hexdigest()


def _mac(key: bytes, at: str, body: bytes) -> str:
    return hmac.new(key, at.encode() + b"." + body, hashlib.sha256).hexdigest()


@cache
def _pool() -> urllib3.PoolManager:
    return urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=6), retries=False)


@dataclass(frozen=True, slots=True)
class Sandbox:
    """``base`` is where the provider is; ``keys`` are good for notices, the first one for calls too."""

    base: str
    keys: Sequence[bytes]

    @property
    def name(self) -> str:
        return "sandbox"

    def open(self, order: Order) -> Checkout:
        told = {**order._asdict(), "items": [item._asdict() for item in order.items]}
        answer = self._asked("POST", "/checkouts", told, order.reference)
        return Checkout(answer["id"], answer["url"])

    def close(self, checkout_id: str) -> None:
        self._asked("POST", f"/checkouts/{quote(checkout_id, safe='')}/close")

    def fetch(self, attempt_id: str) -> Attempt | None:
        try:
            return Attempt(**self._asked("GET", f"/attempts/{quote(attempt_id, safe='')}"))
        except ProviderRefused as refused:
            if refused.status == 404:
                return None
            raise

    def attempts(self, reference: str) -> list[Attempt]:
        answer = self._asked("GET", f"/attempts?reference={quote(reference, safe='')}")
        return [Attempt(**told) for told in answer["items"]]

    def notice(self, sent: Notice, now: float) -> str | None:
        signed = _SIGNED.fullmatch(sent.headers.get(SIGNATURE, ""))
        if signed is None:
            raise NoticeRefused("signature_missing")
        if not any(hmac.compare_digest(_mac(key, signed[1], sent.body), signed[2]) for key in self.keys):
            raise NoticeRefused("signature")
        if abs(now - int(signed[1])) > AGE:
            raise NoticeRefused("age")
        attempt = json.loads(sent.body).get("attempt")
        return attempt if isinstance(attempt, str) and _ID.fullmatch(attempt) else None

    def refund(self, attempt: Attempt) -> None:
        self._asked("POST", f"/attempts/{quote(attempt.id, safe='')}/refund", None, refund_key(attempt))

    def _asked(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        headers = {"Authorization": f"Bearer {token(self.keys[0])}", "Content-Type": "application/json"}
        if key:
            headers["Idempotency-Key"] = key
        try:
            answer = _pool().request(
                method, f"{self.base}{path}", body=json.dumps(body).encode(), headers=headers, redirect=False
            )
        except urllib3.exceptions.HTTPError as silent:
            raise Unavailable("sandbox") from silent
        if answer.status >= 500 or answer.status == 429:
            raise Unavailable(f"sandbox: {answer.status}")
        if answer.status >= 300:
            raise ProviderRefused(answer.status)
        return answer.json()
