"""Staff decides about transfers that clients told of: found at the bank, or refused. The person is told of it."""

from typing import Any

from miinti import aws, observe, paid
from miinti.accounts import store
from miinti.mail import outbox
from miinti.payments import transfers
from miinti.payments.transfers import State
from miinti.staff import Declined, Order, desk


def match(order: Order) -> dict[str, Any]:
    """It is there; the ERP's receipt is still to come."""
    return _decide(order, "matched", None)


def refuse(order: Order) -> dict[str, Any]:
    return _decide(order, "refused", order.reason())


def _decide(order: Order, state: State, reason: str | None) -> dict[str, Any]:
    """With its row in the trail and the mail, at one stroke."""
    observe.about(transfer=order["transfer"])

    def attempt() -> dict[str, Any]:
        row = transfers.at(order["transfer"])
        if row is None:
            raise Declined("transfer_unknown")
        if row["state"] != "received":
            raise Declined("transfer_decided")
        act = order.act(person=row["person"], company=row["company"], transfer=order["transfer"], why=reason)
        mails = [outbox.put(letter, order.now) for letter in paid.of_transfer(row, f"transfer_{state}", reason)]
        # Its proof may be looked at meanwhile, or another of the staff may be first.
        decided = aws.replaced(transfers.decided(row, state, reason, order.now), otherwise=store.Changed())
        aws.transact([decided, act, *mails])
        return {"transfer": order["transfer"], "state": state}

    return store.settled(attempt)


handler = desk(match_transfer=match, refuse_transfer=refuse)
