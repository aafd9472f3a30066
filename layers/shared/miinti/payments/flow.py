"""What is done with the provider, call by call. Each may be cut short anywhere and asked again: what is done is found
done, and the end is the provider's.
"""

from collections.abc import Callable

from miinti.aws import Row
from miinti.errors import PaymentInProcess
from miinti.payments import states, store
from miinti.payments.debts import Line
from miinti.payments.provider import Item, Order, Provider, ProviderRefused
from miinti.payments.states import Closed
from miinti.payments.store import Tell

SLIP = 3 * 86400
"""Seconds in which what was begun in a checkout may be paid elsewhere: a slip, at a till."""

Titles = Callable[[Line], str]
"""What the checkout calls a line."""


def begin(provider: Provider, payment: Row, titles: Titles, return_url: str, now: int) -> Row:
    """The payment with a checkout. Whoever calls has just started it, or is the one to ask (``store.ask``).

    Raises ``PaymentInProcess`` where it was closed meanwhile, ``Unavailable`` where the provider does not answer: the
    payment is there, and is asked for again by the same Idempotency-Key or closed by its time. Where the provider will
    have none of it there is nothing to pay: it is closed, and ``ProviderRefused`` raised.
    """
    if "checkout" in payment:
        return payment
    order = Order(
        store.reference(payment),
        tuple(Item(titles(line), line.cents) for line in store.lines_of(payment)),
        payment["currency"],
        int(payment["expires_at"]),
        int(payment["expires_at"]) + SLIP,
        return_url,
    )
    try:
        checkout = provider.open(order)
    except ProviderRefused:
        store.close(payment, "cancelled", now)
        raise
    noted = store.opened(payment, checkout)
    if noted is None:
        provider.close(checkout.id)
        raise PaymentInProcess
    if noted["checkout"]["id"] != checkout.id:
        # The provider did not know the order again, and somebody has the other one.
        provider.close(checkout.id)
    return noted


def heed(provider: Provider, attempt_id: str, now: int, tell: Tell) -> Row | None:
    """A notice named this attempt: what the provider tells of it now moves its payment. None where it is none of
    ours."""
    attempt = provider.fetch(attempt_id)
    payment = store.apply(provider.name, attempt, now, tell) if attempt else None
    return _shut(provider, payment, now) if payment else None


def look(provider: Provider, payment: Row, now: int, tell: Tell) -> Row:
    """Ask the provider for all attempts of a payment, whether or not notices came; close what is over."""
    payment = _shut(provider, seen(provider, payment, now, tell), now)
    how = states.over(payment, now)
    if how is not None:
        payment = end(provider, payment, how, now, tell)
    return store.rest(payment, now)


def seen(provider: Provider, payment: Row, now: int, tell: Tell) -> Row:
    """The payment with all attempts that the provider knows of by now."""
    for attempt in provider.attempts(store.reference(payment)):
        store.apply(provider.name, attempt, now, tell)
    return store.again(payment)


def end(provider: Provider, payment: Row, how: Closed, now: int, tell: Tell) -> Row:
    """Close a payment, unless there is or may come money: first at the provider, then by what it knows, then here.

    Answers the payment as it is then, which may be closed or not (``states.ended``). One with an attempt that may still
    come to money keeps its checkout: it is looked for what became of that first.
    """
    if states.alive(states.of(payment).values()):
        payment = seen(provider, payment, now, tell)
    while not states.ended(payment) and not states.alive(states.of(payment).values()):
        payment = stopped(provider, payment, now)
        closed = payment.get("checkout")
        payment = seen(provider, payment, now, tell)
        # A checkout that was noted meanwhile is open still, and may have been paid in since: once more, with it.
        if payment.get("checkout") == closed:
            return store.close(payment, how, now) or store.again(payment)
    return payment


def make_way(provider: Provider, payment: Row, now: int, tell: Tell) -> None:
    """Free the documents of a payment that was declined, or whose time is over, for another that is to be started.

    Raises ``PaymentInProcess`` where it may still come to money, or has: also one that nobody has tried to pay yet,
    which is to be gone on with, or given up.
    """
    how: Closed | None = "rejected" if payment["state"] == "rejected" else states.over(payment, now)
    if how is None or end(provider, payment, how, now, tell)["holds"]:
        raise PaymentInProcess


def _shut(provider: Provider, payment: Row, now: int) -> Row:
    """Money has come: nobody is to pay a second time in the same checkout."""
    return stopped(provider, payment, now) if payment["state"] == "credited" else payment


def stopped(provider: Provider, payment: Row, now: int) -> Row:
    """Nobody begins to pay in its checkout any more, and the row says so: it is offered to nobody."""
    if payment.get("shut") or "checkout" not in payment:
        return payment
    provider.close(payment["checkout"]["id"])
    return store.shut(payment, now)
