"""A new mail address of an account: asked for with the password, confirmed from there, stopped from the old one (S24).

While it is open the account's row holds ``email_change``: address, nonce (in the mail to the new address), cancel_nonce
(in the mail to the old one) and expires_at. A newer one replaces it, and with it the tokens of the older.
"""

from typing import NamedTuple

from miinti import aws, settings
from miinti.accounts import store
from miinti.accounts.store import Changed
from miinti.aws import Row, Write
from miinti.errors import InvalidMailToken
from miinti.mail import returns, tokens
from miinti.mail.tokens import Token


class Asked(NamedTuple):
    """A change to be: the write that opens it, and the tokens for the new address and for the old one."""

    write: Write
    confirm: Token
    cancel: Token


def asked(account: Row, address: str, now: int) -> Asked:
    """Open a change to ``address``. Raises ``Changed`` when the account's own is no longer what it was read as."""
    expires_at = now + tokens.EMAIL_CHANGE
    confirm = Token("confirm_email", account["id"], tokens.new_nonce(), expires_at)
    cancel = Token("cancel_email", account["id"], tokens.new_nonce(), expires_at)
    change: Row = {
        "address": address,
        "nonce": confirm.nonce,
        "cancel_nonce": cancel.nonce,
        "expires_at": expires_at,
    }
    write = aws.update(
        settings.identity_table(),
        store.key(account["id"]),
        "SET email_change = :change",
        {":change": change, ":email": account["email"]},
        condition="email = :email",
        otherwise=Changed(),
    )
    return Asked(write, confirm, cancel)


def of(account: Row | None, token: Token) -> Row:
    """The open change that a ``confirm_email`` token is for. Raises ``InvalidMailToken`` when there is none, or a newer
    one."""
    change: Row | None = account.get("email_change") if account else None
    if change is None or not tokens.same(token.nonce, change["nonce"]):
        raise InvalidMailToken
    return change


def made(
    account: Row, change: Row, holder: Row | None, squatter: Row | None, state: returns.State | None
) -> list[Write]:
    """The address changes hands, and what was mailed to the old one is good for nothing any more.

    ``holder`` is the row that says who has the new address, ``squatter`` its account: one that waits has shown nothing
    about the address, and goes. ``state`` is what is known against the new address (``returns.state_of``): the very
    mail that asked to confirm may have been called spam. Raises ``Changed`` when any of it is no longer as it was read,
    and ``InvalidMailToken`` when an account that was activated has the address.
    """
    table = settings.identity_table()
    known = ", email_state = :state REMOVE" if state else " REMOVE email_state,"
    writes = [
        aws.update(
            table,
            store.key(account["id"]),
            f"SET email = :new{known} email_change, #reset",
            {":new": change["address"], ":seen": account["txn"], ":state": state},
            condition="txn = :seen",
            names={"#reset": "reset"},
            otherwise=Changed(),
        ),
        aws.delete(
            table,
            store.email_key(account["email"]),
            condition="account_id = :id",
            values={":id": account["id"]},
            otherwise=Changed(),
        ),
        _taken(account["id"], change["address"], holder),
    ]
    if squatter is not None:
        if squatter["state"] != "waiting":
            raise InvalidMailToken
        gone = aws.delete(
            table,
            store.key(squatter["id"]),
            condition="txn = :seen",
            values={":seen": squatter["txn"]},
            otherwise=Changed(),
        )
        writes.append(gone)
    return writes


def _taken(account_id: str, address: str, holder: Row | None) -> Write:
    pk, sk = store.email_key(address)
    row: Row = {"pk": pk, "sk": sk, "account_id": account_id}
    if holder is None:
        return aws.put(settings.identity_table(), row, condition="attribute_not_exists(pk)", otherwise=Changed())
    return aws.put(
        settings.identity_table(),
        row,
        condition="account_id = :holder",
        values={":holder": holder["account_id"]},
        otherwise=Changed(),
    )


def stopped(token: Token) -> Write:
    """End the open change that a ``cancel_email`` token is for. Raises ``InvalidMailToken`` when it is none of the
    account's."""
    return aws.update(
        settings.identity_table(),
        store.key(token.subject),
        "REMOVE email_change",
        {":nonce": token.nonce},
        condition="email_change.cancel_nonce = :nonce",
        otherwise=InvalidMailToken(),
    )
