"""Staff acts on an account: another activation mail, block, unblock, end its sessions; mail to its address again. And
on a client's door to pay, which has no account.
"""

from typing import Any

from miinti import aws
from miinti.accounts import addresses, payers, sessions, store
from miinti.aws import Row
from miinti.mail import outbox, returns
from miinti.observe import masked
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


def end_payment_key(order: Order) -> dict[str, Any]:
    """The client's key opens nothing any more, and what it opened ends. The key first: after it nobody comes in."""
    payer_id = payers.id_of(order["company"])
    key = aws.get(*payers.wanted(payer_id))
    if key is None:
        raise Declined("no_payment_key")
    aws.transact([payers.withdrawn(key), order.act(company=key["company"])])
    rows = sessions.of_account(payer_id)
    if rows:
        aws.transact(sessions.ended(payer_id, map(sessions.id_of, rows)))
    return {"company": key["company"], "ended": len(rows)}


def unmark(order: Order) -> dict[str, Any]:
    """Mail to an address that came back, or was called spam, is tried again, for a reason that stands in the trail. SES
    first: of what it refused only the mark here tells staff to ask again."""
    reason = order.reason()

    def attempt() -> dict[str, Any]:
        address, account = order.address()
        state = returns.state_of(address)
        marked = state or (account or {}).get("email_state")
        if marked is None:
            raise Declined("not_marked")
        returns.unsuppressed(address)
        person = account["id"] if account else None
        writes = [order.act(person=person, address=masked(address), was=marked, why=reason)]
        writes += [aws.replaced(returns.unmarked(address, state), otherwise=store.Changed())] if state else []
        writes += [store.email_unmarked(account)] if account and "email_state" in account else []
        aws.transact(writes)
        return {"person": person, "was": marked}

    return store.settled(attempt)


def _whole(order: Order) -> tuple[Row, list[Row]]:
    account, rows = store.whole(order.account()["id"])
    if account is None:
        raise Declined("person_unknown")
    return account, rows


handler = desk(
    activation=activation,
    block=block,
    unblock=unblock,
    end_sessions=end_sessions,
    end_payment_key=end_payment_key,
    unmark=unmark,
)
