"""Who plays the payment provider on this machine: a ledger of checkouts and attempts, the API that
``miinti.payments.sandbox`` asks, and signed notices for whoever delivers them, once or as often as it likes.

It keeps the rules that a real one keeps: a checkout takes any number of attempts until its time is over or it is
closed, an attempt goes forward, money goes back at most once.
"""

import json
import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from miinti.payments import sandbox
from miinti.payments.provider import AttemptState

NEXT: Final[Mapping[AttemptState, frozenset[AttemptState]]] = {
    "pending": frozenset({"in_process", "credited", "rejected", "cancelled", "expired"}),
    "in_process": frozenset({"credited", "rejected", "cancelled"}),
    "credited": frozenset({"refunded", "charged_back"}),
    "rejected": frozenset(),
    "cancelled": frozenset(),
    "expired": frozenset(),
    "refunded": frozenset(),
    "charged_back": frozenset(),
}
"""What may become of an attempt."""


class NotSo(Exception):
    """The provider does not do this: the checkout is over, or the attempt is not in a state for it."""


@dataclass(slots=True)
class Checkout:
    id: str
    reference: str
    cents: int
    currency: str
    expires_at: int
    return_url: str
    items: list[dict[str, Any]]
    closed: bool = False


@dataclass(slots=True)
class Attempt:
    id: str
    reference: str
    state: AttemptState
    cents: int
    currency: str
    refunded: int = 0
    disputed: bool = False

    def told(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}

    @property
    def money(self) -> int:
        """Cents of it that the institute has."""
        return self.cents - self.refunded if self.state == "credited" else 0


@dataclass(slots=True)
class Provider:
    """``key`` signs notices and lets calls in, ``now`` is its clock, ``page`` where its checkouts are shown."""

    key: bytes
    now: Callable[[], int]
    page: str = "http://127.0.0.1/_local/checkout"
    checkouts: dict[str, Checkout] = field(default_factory=dict)
    attempts: dict[str, Attempt] = field(default_factory=dict)
    changed: list[str] = field(default_factory=list)
    """Ids of attempts that have a notice to come, one entry a change."""
    _keys: dict[str, Any] = field(default_factory=dict)
    _lock: Any = field(default_factory=threading.RLock)

    # --- what a restart leaves ---

    def kept(self) -> dict[str, Any]:
        """The whole ledger, as JSON takes it."""
        with self._lock:
            return {
                "checkouts": [asdict(one) for one in self.checkouts.values()],
                "attempts": [asdict(one) for one in self.attempts.values()],
                "keys": self._keys,
            }

    def put_back(self, kept: Mapping[str, Any]) -> None:
        """The ledger as ``kept`` told it."""
        with self._lock:
            self.checkouts = {one["id"]: Checkout(**one) for one in kept["checkouts"]}
            self.attempts = {one["id"]: Attempt(**one) for one in kept["attempts"]}
            self._keys = dict(kept["keys"])

    # --- what the payer, and time, do ---

    def pay(self, checkout_id: str, state: AttemptState) -> Attempt:
        """Somebody tries to pay in a checkout. Raises ``NotSo`` when it is over."""
        with self._lock:
            checkout = self.checkouts[checkout_id]
            if checkout.closed or self.now() >= checkout.expires_at:
                raise NotSo
            number = f"{len(self.attempts) + 1:05d}{secrets.randbelow(10**5):05d}"
            attempt = Attempt(number, checkout.reference, state, checkout.cents, checkout.currency)
            self.attempts[attempt.id] = attempt
            self.changed.append(attempt.id)
            return attempt

    def move(self, attempt_id: str, state: AttemptState) -> None:
        """An attempt becomes what it becomes. Raises ``NotSo`` for what cannot come of it."""
        with self._lock:
            attempt = self.attempts[attempt_id]
            if state not in NEXT[attempt.state]:
                raise NotSo
            attempt.state = state
            if state == "refunded":
                attempt.refunded = attempt.cents
            self.changed.append(attempt_id)

    def give_back(self, attempt_id: str, cents: int) -> None:
        """A part of an attempt's money goes back. Raises ``NotSo`` for more than is left, or all of it."""
        with self._lock:
            attempt = self.attempts[attempt_id]
            if not 0 < cents < attempt.money:
                raise NotSo
            attempt.refunded += cents
            self.changed.append(attempt_id)

    def dispute(self, attempt_id: str) -> None:
        """Who paid asks the bank for it; until that is decided the money is the institute's. Raises ``NotSo`` where
        there is none."""
        with self._lock:
            attempt = self.attempts[attempt_id]
            if not attempt.money:
                raise NotSo
            attempt.disputed = True
            self.changed.append(attempt_id)

    def notice(self, attempt_id: str, at: int) -> tuple[dict[str, str], bytes]:
        """Headers and body of a notice about an attempt, sent at a second."""
        body = json.dumps({"attempt": attempt_id}).encode()
        return {sandbox.SIGNATURE: sandbox.signature(self.key, at, body)}, body

    # --- what it is asked ---

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[int, Any]:
        """Status and JSON of a call of the API; ``headers`` by their lower-case names."""
        if headers.get("authorization") != f"Bearer {sandbox.token(self.key)}":
            return 401, {}
        place = urlsplit(target)
        with self._lock:
            match method, place.path.strip("/").split("/"):
                case "POST", ["checkouts"]:
                    return self._once(headers["idempotency-key"], lambda: self._opened(json.loads(body)))
                case "POST", ["checkouts", id, "close"] if id in self.checkouts:
                    self.checkouts[id].closed = True
                    return 200, {}
                case "GET", ["attempts"]:
                    (reference,) = parse_qs(place.query)["reference"]
                    return 200, {"items": [a.told() for a in self.attempts.values() if a.reference == reference]}
                case "GET", ["attempts", id] if id in self.attempts:
                    return 200, self.attempts[id].told()
                case "POST", ["attempts", id, "refund"] if id in self.attempts:
                    return self._once(headers["idempotency-key"], lambda: self._refunded(id))
        return 404, {}

    def _once(self, key: str, do: Callable[[], tuple[int, Any]]) -> tuple[int, Any]:
        if key not in self._keys:
            self._keys[key] = do()
        status, told = self._keys[key]
        return status, told

    def _opened(self, order: dict[str, Any]) -> tuple[int, Any]:
        checkout = Checkout(
            secrets.token_hex(8),
            order["reference"],
            sum(item["cents"] for item in order["items"]),
            order["currency"],
            order["expires_at"],
            order["return_url"],
            order["items"],
        )
        self.checkouts[checkout.id] = checkout
        return 201, {"id": checkout.id, "url": f"{self.page}/{checkout.id}"}

    def _refunded(self, attempt_id: str) -> tuple[int, Any]:
        try:
            self.move(attempt_id, "refunded")
        except NotSo:
            return 409, {}
        return 200, {}
