"""Every five minutes: payments that are due to be looked at. Lost notices, checkouts whose time is over, the ERP's
receipts, refunds and chargebacks: all is found here too, so that nothing hangs on a notice.
"""

from contextlib import suppress
from typing import Any, Final

from miinti import clock, observe, paid, settings
from miinti.aws import Row
from miinti.documents import payments
from miinti.errors import NoProvider, Unavailable
from miinti.payments import flow, holds, ours, settlement, store

MOST: Final = 200
"""Payments of one call; the others are due first in the next one."""
LONGEST: Final = 200
"""Seconds after which no other one is begun."""
SILENT: Final = 3
"""Payments in a row of which the provider did not answer: it is away, and the others wait for the next call."""


def handler(_event: Any, _context: Any) -> None:
    began, looked, failed, silent = clock.now(), 0, 0, 0
    ours.prepared()
    for place in store.due(began, MOST):
        if clock.now() - began >= LONGEST or silent == SILENT:
            break
        company_id, payment_id = place["pk"].removeprefix("COMPANY#"), place["sk"].removeprefix("PAYMENT#")
        payment = store.get(company_id, payment_id)
        try:
            _look(payment, clock.now())
            looked, silent = looked + 1, 0
        except Exception as fault:
            failed, silent = failed + 1, silent + 1 if isinstance(fault, Unavailable) else 0
            about = {"outcome": "skipped", "company": company_id, "payment": payment_id}
            observe.logger.exception("check_payments", extra=about)
            # Else it would be the first of each call, and hold up all that come after it.
            with suppress(Unavailable):
                store.rest(store.again(payment), clock.now())
    observe.event("check_payments", "ok", provider=settings.payment_provider(), looked=looked, failed=failed)
    if failed:
        raise RuntimeError(f"{failed} skipped")


def _look(payment: Row, now: int) -> None:
    try:
        payment = flow.look(ours.of(payment["provider"]), payment, now, paid.letters)
    except NoProvider:
        # Of a provider that this stage has no more nothing is asked; what the ERP says of its payments stands.
        payment = store.rest(payment, now)
    if not settlement.awaited(payment):
        return
    held = holds.of_company(payment["company"])
    if settlement.settle(payment, payments.receipts_of, held, payments.remaining_of, now):
        observe.event("check_payments", "imputed", company=payment["company"], payment=payment["id"])
