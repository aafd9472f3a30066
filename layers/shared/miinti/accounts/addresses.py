"""Requests that anybody makes about a mail address: register, activation anew, forgot.

Whatever stands behind the address, the answer and the work are the same (Decided 6, S07): two reads, then one
transaction of four writes: two about the address and its account, one that counts the mail, and the mail, which may be
one that is never sent. Mail goes to the stored address (S10), with the stored name.
"""

from collections.abc import Callable
from typing import NamedTuple

from miinti import aws, observe, settings
from miinti.accounts import store
from miinti.accounts.store import Changed
from miinti.aws import Row, Write
from miinti.mail import outbox, tokens
from miinti.mail.outbox import Letter
from miinti.mail.tokens import Token

_CHANGED = Changed()


class Behind(NamedTuple):
    """What stands behind an address. ``account_id`` is its account's or, where there is none, one that nobody has.
    ``full`` says that it has had its number of ``activate`` for now."""

    address: str
    account_id: str
    account: Row | None
    full: bool

    @property
    def state(self) -> str:
        """``unknown``, or the account's: ``waiting``, ``active``, ``blocked``."""
        return str(self.account["state"]) if self.account else "unknown"


class Served(NamedTuple):
    """Two writes about the address and its account, and the letter that goes with them; ``counted`` at the address, or
    at nobody's where the writes are to hold past the number of mails."""

    writes: list[Write]
    letter: Letter
    counted: bool = True


def serve(address: str, plan: Callable[[Behind], Served], now: int) -> None:
    """Do what ``plan`` makes of what stands behind the address; past the number of mails an hour, do nothing (S20)."""

    def attempt() -> None:
        found = _behind(address, now)
        writes, letter, counted = plan(found)
        observe.about(account=found.account_id if found.account else None, behind=found.state)
        limit = outbox.within_limit(letter.template, address if counted else store.new_id(), now)
        try:
            aws.transact([*writes, limit, outbox.put(letter, now)])
        except outbox.MailLimitReached:
            # Used up since it was read: what holds past the number of mails is to be done all the same.
            raise _CHANGED if letter.template == "activate" and not found.full else outbox.MailLimitReached from None
        if not counted:
            raise outbox.MailLimitReached
        made = letter.template != outbox.QUIET
        observe.about(account=found.account_id if made else None, mail=letter.template)

    observe.about(address=observe.masked(address))
    try:
        store.settled(attempt)
    except outbox.MailLimitReached:
        observe.about(mail="limit_reached")


def _behind(address: str, now: int) -> Behind:
    owner, rate = aws.batch_get(store.wanted_owner(address), outbox.wanted_rate("activate", address))
    account_id = owner["account_id"] if owner else store.new_id()
    account = store.get(account_id)
    if account and store.lapsed(account, now):
        account = None
    return Behind(address, account_id, account, outbox.at_limit("activate", rate, now))


# --- what can be made of it -------------------------------------------------------------------------------------------


def registered(found: Behind, first_name: str, last_name: str, password_hash: str, now: int) -> Served:
    """A new account behind an address that has none, and its activation mail."""
    token = _token("activate", found.account_id, now + tokens.ACTIVATION)
    pk, sk = store.email_key(found.address)
    removed_at = now + store.WAITING_KEPT
    owner: Row = {"pk": pk, "sk": sk, "account_id": found.account_id, "ttl": removed_at}
    pk, sk = store.key(found.account_id)
    account: Row = {
        "pk": pk,
        "sk": sk,
        "id": found.account_id,
        "email": found.address,
        "first_name": first_name,
        "last_name": last_name,
        "password_hash": password_hash,
        "state": "waiting",
        "created_at": now,
        "activation": _stored(token),
        "ttl": removed_at,
    }
    table = settings.identity_table()
    return Served(
        [
            # TTL removes the two rows of an account one by one: an address may outlive its account for a while.
            aws.put(
                table,
                owner,
                condition="attribute_not_exists(pk) OR account_id = :id",
                values={":id": found.account_id},
                otherwise=_CHANGED,
            ),
            # Or for a while the account itself, past its time.
            aws.put(table, account, condition=_NOBODY, values=_past(now), names=_NAMES, otherwise=_CHANGED),
        ],
        Letter("activate", found.address, {"first_name": first_name}, token),
    )


def claimed_again(account: Row, full: bool, same: bool, now: int) -> Served:
    """As ``activation``. Unless the ``same`` password tells that it is who registered before, noted that two claim the
    address: its owner may be the second, and names and password the first one's (``store.proves_address``). Noted also
    past the number of mails (``full``), which the first one could use up."""
    if same:
        return activation(account, now)
    if full:
        return Served([_owned(account), _contested(account)], Letter(outbox.QUIET, "-"), counted=False)
    return activation(account, now, contested=True)


def activation(account: Row, now: int, *, contested: bool = False) -> Served:
    """A fresh activation mail for an account that waits; older ones' tokens end. Names and password stay (S08). It
    waits longer for it, and neither account nor token longer than ``WAITING_MOST``."""
    removed_at = min(now + store.WAITING_KEPT, int(account["created_at"]) + store.WAITING_MOST)
    token = _token("activate", account["id"], min(now + tokens.ACTIVATION, removed_at))
    return Served(
        [
            aws.update(
                settings.identity_table(),
                store.email_key(account["email"]),
                "SET #ttl = :ttl",
                {":ttl": removed_at, ":id": account["id"]},
                condition="account_id = :id",
                names={"#ttl": "ttl"},
                otherwise=_CHANGED,
            ),
            aws.update(
                settings.identity_table(),
                store.key(account["id"]),
                "SET activation = :activation, #ttl = :ttl" + (", contested = :yes" if contested else ""),
                {
                    ":activation": _stored(token),
                    ":ttl": removed_at,
                    ":waiting": "waiting",
                    **({":yes": True} if contested else {}),
                },
                condition="#state = :waiting",
                names={"#state": "state", "#ttl": "ttl"},
                otherwise=_CHANGED,
            ),
        ],
        Letter("activate", account["email"], {"first_name": account["first_name"]}, token),
    )


def reset(account: Row, now: int) -> Served:
    """A mail to set a new password for an active account; older ones' tokens end."""
    token = _token("reset", account["id"], now + tokens.RESET)
    return Served(
        [
            _owned(account),
            aws.update(
                settings.identity_table(),
                store.key(account["id"]),
                "SET #reset = :reset",
                {":reset": _stored(token), ":active": "active"},
                condition="#state = :active",
                names={"#state": "state", "#reset": "reset"},
                otherwise=_CHANGED,
            ),
        ],
        Letter("reset_password", account["email"], {"first_name": account["first_name"]}, token),
    )


def told(account: Row, template: str) -> Served:
    """A mail to an active account, which stays as it is."""
    return Served(_as_it_is(account), Letter(template, account["email"], {"first_name": account["first_name"]}))


def quiet(found: Behind, now: int) -> Served:
    """Nothing, where no account is that this could be about: a mail is written that is never sent."""
    writes = _as_it_is(found.account) if found.account else _absent(found, now)
    return Served(writes, Letter(outbox.QUIET, "-"))


_NOBODY = "attribute_not_exists(pk) OR (#state = :waiting AND #ttl <= :now)"
_NAMES = {"#state": "state", "#ttl": "ttl"}


def _past(now: int) -> Row:
    return {":waiting": "waiting", ":now": now}


def _absent(found: Behind, now: int) -> list[Write]:
    table = settings.identity_table()
    return [
        aws.check(
            table,
            store.email_key(found.address),
            "attribute_not_exists(pk) OR account_id = :id",
            {":id": found.account_id},
            otherwise=_CHANGED,
        ),
        aws.check(table, store.key(found.account_id), _NOBODY, _past(now), names=_NAMES, otherwise=_CHANGED),
    ]


def _as_it_is(account: Row) -> list[Write]:
    return [_owned(account), _state(account)]


def _state(account: Row) -> Write:
    return aws.check(
        settings.identity_table(),
        store.key(account["id"]),
        "#state = :state",
        {":state": account["state"]},
        names={"#state": "state"},
        otherwise=_CHANGED,
    )


def _contested(account: Row) -> Write:
    if account.get("contested"):
        return _state(account)
    return aws.update(
        settings.identity_table(),
        store.key(account["id"]),
        "SET contested = :yes",
        {":yes": True, ":waiting": "waiting"},
        condition="#state = :waiting",
        names={"#state": "state"},
        otherwise=_CHANGED,
    )


def _owned(account: Row) -> Write:
    return aws.check(
        settings.identity_table(),
        store.email_key(account["email"]),
        "account_id = :id",
        {":id": account["id"]},
        otherwise=_CHANGED,
    )


def _token(purpose: str, account_id: str, expires_at: int) -> Token:
    return Token(purpose, account_id, tokens.new_nonce(), expires_at)


def _stored(token: Token) -> Row:
    return {"nonce": token.nonce, "expires_at": token.expires_at}
