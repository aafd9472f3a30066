"""What SES tells of mails (SNS → queue): who never got one, and the addresses that get no more (R12, R13).

The same event again, late or in another order comes to the same; what is not ours is left alone.
"""

from contextlib import suppress

from miinti import aws, clock, observe, settings, triggers
from miinti.accounts import store
from miinti.accounts.store import Changed
from miinti.mail import returns


def take(message: str) -> None:
    event = returns.told(message, settings.mail_events())
    if event is None:
        observe.event("take_mail_events", "ignored")
        return
    owner = aws.get(*store.wanted_owner(event.address))
    returns.noted(event, clock.now(), owned=owner is not None)
    if event.state:
        # Who confirmed this address meanwhile did not see the mark, which stands since this moment.
        owner = aws.get(*store.wanted_owner(event.address))
    if owner and event.state:
        with suppress(Changed):
            aws.write(store.email_marked(owner["account_id"], event.address, event.state))
    observe.event(
        "take_mail_events",
        event.what,
        account=owner["account_id"] if owner else None,
        address=observe.masked(event.address),
        template=event.template,
        state=event.state,
        why=event.why,
    )


handler = triggers.queue(take)
