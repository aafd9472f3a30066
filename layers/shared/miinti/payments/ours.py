"""The provider that this stage has: made here and nowhere else."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

from miinti import aws, observe, settings
from miinti.errors import NoProvider
from miinti.payments.provider import Provider, ProviderRefused
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


@contextmanager
def willing() -> Iterator[None]:
    """Who pays is told that it cannot be paid here where the provider will not do what it was asked: ``NoProvider``,
    once the log has the reason."""
    try:
        yield
    except ProviderRefused as refused:
        observe.logger.exception("provider_refused", status=refused.status)
        raise NoProvider from refused
