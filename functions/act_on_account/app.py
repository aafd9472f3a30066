"""Staff acts on an account: another activation mail, block, unblock, end its sessions."""

from typing import Any

from miinti import aws
from miinti.accounts import addresses, sessions, store
from miinti.aws import Row
from miinti.mail import outbox, returns
from miinti.staff import Declined, Order, desk


def activation(order: Order) -> dict[str, Any]:
    """As the person's own asking, its number an hour included; the older mail's token ends."""

    def attempt() -> dict[str, Any]:
        account = order.account()
        if account["state"] != "waiting":
            raise Declined("not_waiting")
        if marked := returns.state_of(account["email"]):
            raise Declined(f"address_{marked}")
        writes, letter, _ = addresses.activation(account, order.now)
        limit = outbox.within_limit(letter.template, account["email"], order.now)
        aws.transact([*writes, limit, outbox.put(letter, order.now), order.act(person=account["id"])])
        return {"person": account["id"], "mail": letter.template}

    try:
        return store.settled(attempt)
    except outbox.MailLimitReached:
        raise Declined("mail_limit") from None


def block(order: Order) -> dict[str, Any]:
    def attempt() -> dict[str, Any]:
        account, rows = _whole(order)
        if account["state"] != "active":
            raise Declined("not_active")
        blocked = store.blocked(account, order.now)
        ended = sessions.ended(account["id"], map(sessions.id_of, rows))
        aws.transact([blocked, *ended, order.act(person=account["id"], ended=len(rows))])
        return {"person": account["id"], "ended": len(rows)}

    return store.settled(attempt)


def unblock(order: Order) -> dict[str, Any]:
    def attempt() -> dict[str, Any]:
        account = order.account()
        if account["state"] != "blocked":
            raise Declined("not_blocked")
        aws.transact([store.unblocked(account), order.act(person=account["id"])])
        return {"person": account["id"]}

    return store.settled(attempt)


def end_sessions(order: Order) -> dict[str, Any]:
    account, rows = _whole(order)
    ended = sessions.ended(account["id"], map(sessions.id_of, rows))
    aws.transact([*ended, order.act(person=account["id"], ended=len(rows))])
    return {"person": account["id"], "ended": len(rows)}


def _whole(order: Order) -> tuple[Row, list[Row]]:
    account, rows = store.whole(order.account()["id"])
    if account is None:
        raise Declined("person_unknown")
    return account, rows


handler = desk(activation=activation, block=block, unblock=unblock, end_sessions=end_sessions)
