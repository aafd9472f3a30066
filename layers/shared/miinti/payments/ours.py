"""The provider that this stage has: made here and nowhere else."""

import json

from miinti import aws, settings
from miinti.errors import NoProvider
from miinti.payments.provider import Provider
from miinti.payments.sandbox import Sandbox


def prepared() -> None:
    """Fetch what the stage's provider takes, once a process."""
    if settings.takes_payments():
        provider()


def provider() -> Provider:
    """The stage's provider; what it takes is fetched once a process. Raises ``NoProvider`` where there is none."""
    if not settings.takes_payments():
        raise NoProvider
    if settings.payment_provider() == "mercadopago":
        # The SDK only where it is asked.
        from miinti.payments.mercadopago import MercadoPago

        access = json.loads(aws.secret(settings.payment_access()))
        return MercadoPago(access["token"], access["keys"], live=access["live"])
    return Sandbox(settings.payment_sandbox(), [aws.derived_key(settings.payment_key(), "miinti/sandbox")])


def of(name: str) -> Provider:
    """The stage's provider, where it is the one of this name. Raises ``NoProvider``: of another nothing is asked."""
    if name != settings.payment_provider():
        raise NoProvider
    return provider()
