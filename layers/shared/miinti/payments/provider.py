"""What a payment provider is asked, and what it tells. Behind it stand ``sandbox`` and ``mercadopago``."""

import hashlib
from collections.abc import Mapping
from typing import Final, Literal, NamedTuple, Protocol

AttemptState = Literal[
    "pending", "in_process", "expired", "cancelled", "rejected", "credited", "refunded", "charged_back"
]
AGE: Final = 300
"""Seconds that a notice's own time may be away from ours, either way (S85)."""


class Item(NamedTuple):
    """A line of the checkout, as people read it there, in whole cents."""

    title: str
    cents: int


class Order(NamedTuple):
    """What a checkout is opened for. ``reference`` names the payment and is the idempotency key; ``expires_at`` (epoch
    seconds) ends the checkout, ``pays_until`` what was begun in it and is paid elsewhere (a slip)."""

    reference: str
    items: tuple[Item, ...]
    currency: str
    expires_at: int
    pays_until: int
    return_url: str

    @property
    def cents(self) -> int:
        return sum(item.cents for item in self.items)


class Checkout(NamedTuple):
    """The provider's page for one payment: its id there, and where the browser goes."""

    id: str
    url: str


class Attempt(NamedTuple):
    """A try to pay, as it was fetched. ``refunded`` is what of ``cents`` went back; ``real`` is False of test money;
    ``disputed`` is money that we have, or have again, and that its payer asked the bank to take back."""

    id: str
    reference: str
    state: AttemptState
    cents: int
    currency: str
    refunded: int = 0
    real: bool = True
    disputed: bool = False


class Notice(NamedTuple):
    """What came on the notices' route: headers by their lower-case names, the query, and the body's raw bytes."""

    headers: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes


class NoticeRefused(Exception):
    """A notice that the provider did not sign, or not now. The reason is for the log, not for who sent it."""


class ProviderRefused(Exception):
    """The provider will not do what it was asked, and will not if asked again; ``status`` is its HTTP status."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class Provider(Protocol):
    """A provider. What does not answer in time, or is busy, raises ``errors.Unavailable``; everything may be asked
    again."""

    @property
    def name(self) -> str:
        """As rows and the notices' route have it."""

    def open(self, order: Order) -> Checkout:
        """A checkout for this order; the same for the same reference, as far as the provider knows it again."""

    def close(self, checkout_id: str) -> None:
        """From now on nobody begins to pay in this checkout."""

    def fetch(self, attempt_id: str) -> Attempt | None:
        """An attempt as it is now; None where there is none."""

    def attempts(self, reference: str) -> list[Attempt]:
        """Every attempt of a payment."""

    def notice(self, sent: Notice, now: float) -> str | None:
        """The attempt that a notice speaks of, or None of what is no attempt. Raises ``NoticeRefused``."""

    def refund(self, attempt: Attempt) -> None:
        """Give all of an attempt's money back, once: its idempotency key is ``refund_key``."""


def refund_key(attempt: Attempt) -> str:
    """The idempotency key of giving an attempt back, by its reference and its own id. A hash, since the one may be of
    anybody's making and Mercado Pago takes 64 characters."""
    return hashlib.sha256(f"refund {attempt.reference} {attempt.id}".encode()).hexdigest()
