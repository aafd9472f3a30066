"""Staff decides about transfers that clients told of: found at the bank, or refused. The person is told of it."""

from typing import Any, Final

from miinti import aws, observe, paid
from miinti.aws import Row
from miinti.errors import Unavailable
from miinti.mail import outbox
from miinti.payments import transfers
from miinti.payments.transfers import Decided, State
from miinti.staff import Declined, Order, desk

_TRIES: Final = 4


def match(order: Order) -> dict[str, Any]:
    """It is there; the ERP's receipt is still to come."""
    return _decide(order, "matched", None)


def refuse(order: Order) -> dict[str, Any]:
    return _decide(order, "refused", order.reason())


def _decide(order: Order, state: State, reason: str | None) -> dict[str, Any]:
    """With its row in the trail and the mail, at one stroke."""
    observe.about(transfer=order["transfer"])
    for _ in range(_TRIES):
        row = transfers.at(order["transfer"])
        if row is None:
            raise Declined("transfer_unknown")
        if row["state"] != "received":
            raise Declined("transfer_decided")
        try:
            _written(order, row, state, reason)
        except Decided:
            # Its proof was looked at meanwhile, or another of the staff was first.
            continue
        return {"transfer": order["transfer"], "state": state}
    raise Unavailable("decide_transfer: the transfer did not rest")


def _written(order: Order, row: Row, state: State, reason: str | None) -> None:
    act = order.act(person=row["person"], company=row["company"], transfer=order["transfer"], why=reason)
    mails = [outbox.put(letter, order.now) for letter in paid.of_transfer(row, f"transfer_{state}", reason)]
    aws.transact([transfers.decided(row, state, reason, order.now), act, *mails])


handler = desk(match_transfer=match, refuse_transfer=refuse)
