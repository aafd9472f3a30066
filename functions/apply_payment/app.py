"""Queue of notices → payments: what the provider tells now of the attempt that a notice named (S86).

The same message again, late or in another order comes to the same; an attempt that is of no payment here is held.
"""

import json

from miinti import clock, observe, paid, settings, triggers
from miinti.payments import flow, ours


def apply(message: str) -> None:
    told = json.loads(message)
    payment = flow.heed(ours.of(told["provider"]), told["attempt"], clock.now(), paid.letters)
    if payment is None:
        observe.event("apply_payment", "not_ours", attempt=told["attempt"])
        return
    observe.event(
        "apply_payment",
        payment["state"],
        attempt=told["attempt"],
        company=payment["company"],
        payment=payment["id"],
        why=",".join(payment["held"]) or None,
    )


handler = triggers.queue(apply, settings.payment_queue)
