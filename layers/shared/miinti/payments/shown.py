"""A payment as its client sees it."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from typing_extensions import TypedDict

from miinti import clock
from miinti.aws import Row
from miinti.payments import states
from miinti.payments.states import State
from miinti.values import money
from miinti.values.told import Instant, Money

LABELS: Final[Mapping[State, str]] = MappingProxyType(
    {
        "created": "Sin pagar todavía",
        "pending": "Pendiente de pago",
        "in_process": "En proceso",
        "credited": "Pago informado, pendiente de imputación",
        "rejected": "Rechazado",
        "expired": "Vencido",
        "cancelled": "Cancelado",
        "refunded": "Devuelto",
        "charged_back": "Contracargo",
    }
)
IMPUTED: Final = "Imputado"
RESOLVED: Final = "Resuelto por el INTI"
"""Of what staff settled by hand without a receipt."""


class Line(TypedDict):
    doc_id: str
    amount: Money


class Payment(TypedDict):
    """``redirect_url`` is where it is gone on with, while that can be, ``cancellable`` whether it can be given up,
    ``holds`` whether its documents are in it still; ``refunded`` what of it went back; ``receipt`` the
    institute's own, once it has come."""

    id: str
    state: State
    state_label: str
    amount: Money
    currency: str
    documents: list[Line]
    redirect_url: str | None
    cancellable: bool
    holds: bool
    refunded: Money
    created_at: Instant
    expires_at: Instant
    credited_at: Instant | None
    receipt: str | None


class Mine(TypedDict):
    """A payment as the person who started it is told of it, whether or not the company is still theirs to see."""

    id: str
    company: str
    state: State
    amount: Money
    currency: str
    documents: list[Line]
    created_at: Instant
    credited_at: Instant | None
    receipt: str | None


class Listed(TypedDict):
    items: list[Mine]
    next: str | None


def mine(payment: Row) -> Mine:
    return {
        "id": payment["id"],
        "company": payment["company"],
        "state": payment["state"],
        "amount": money.text(int(payment["cents"])),
        "currency": payment["currency"],
        "documents": _documents(payment),
        "created_at": clock.instant(int(payment["created_at"])),
        "credited_at": clock.instant_of(payment, "credited_at"),
        "receipt": payment.get("receipt"),
    }


def _documents(payment: Row) -> list[Line]:
    return [{"doc_id": one["doc"], "amount": money.text(int(one["cents"]))} for one in payment["lines"]]


def address(payment: Row, now: int) -> str | None:
    """The provider's page, for who may still begin to pay there: once money is on its way nobody is led to pay a second
    time."""
    over = not states.unpaid(payment) or payment.get("shut") or now >= int(payment["expires_at"])
    return None if over or "checkout" not in payment else str(payment["checkout"]["url"])


def label(payment: Row, receipt: str | None) -> str:
    """Settled is what has its money: what differs from what was asked is still ``in_process`` to its attempts."""
    if payment["state"] == "credited" or ("attended_at" in payment and payment["state"] == "in_process"):
        if receipt is not None:
            return IMPUTED
        if "attended_at" in payment and "settled_at" in payment:
            return RESOLVED
    return LABELS[payment["state"]]


def shown(payment: Row, receipt: str | None, now: int) -> Payment:
    """``receipt`` is what has come for it (``settlement.receipt_for``)."""
    return {
        "id": payment["id"],
        "state": payment["state"],
        "state_label": label(payment, receipt),
        "amount": money.text(int(payment["cents"])),
        "currency": payment["currency"],
        "documents": _documents(payment),
        "redirect_url": address(payment, now),
        "cancellable": states.unpaid(payment),
        "holds": payment["holds"] and receipt is None,
        "refunded": money.text(states.refunded(payment)),
        "created_at": clock.instant(int(payment["created_at"])),
        "expires_at": clock.instant(int(payment["expires_at"])),
        "credited_at": clock.instant_of(payment, "credited_at"),
        "receipt": receipt,
    }
