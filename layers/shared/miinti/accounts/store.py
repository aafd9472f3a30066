"""Rows of people in the identity table.

``ACCOUNT#<id>`` / ``ACCOUNT`` is the account; ``EMAIL#<address>`` / ``EMAIL`` says who has an address, unique by
its key (S09). An account whose activation nobody asks for any more is removed by TTL, and is gone for whoever reads
it from that second on (S78). Its states: ``waiting``, ``active``, ``blocked`` (by staff).

Writes that depend on what was read raise ``Changed`` when it is no longer so; ``settled`` then reads anew. ``txn``, new
at each write of a row, serves as its version.
"""

import secrets
from collections.abc import Callable
from typing import Literal, TypeVar

from typing_extensions import TypedDict

from miinti import aws, settings
from miinti.aws import Key, Row, Write
from miinti.errors import InvalidMailToken, InvalidToken, Unavailable

T = TypeVar("T")
WAITING_KEPT = 7 * 86400
"""Seconds an account waits for its activation, from the last mail about it on."""
WAITING_MOST = 14 * 86400
"""And from its registration on at most: anybody may ask for another mail."""

_TRIES = 8


class Changed(Exception):
    """What was read is no longer so; nothing was written."""


class User(TypedDict):
    """A person as every answer shows one."""

    id: str
    first_name: str
    last_name: str
    email: str


def key(account_id: str) -> Key:
    return f"ACCOUNT#{account_id}", "ACCOUNT"


def email_key(address: str) -> Key:
    return f"EMAIL#{address}", "EMAIL"


def wanted(account_id: str) -> tuple[str, Key]:
    """The account's row, as ``aws.batch_get`` takes it."""
    return settings.identity_table(), key(account_id)


def user(account: Row) -> User:
    """What the contract calls ``user``."""
    return {
        "id": account["id"],
        "first_name": account["first_name"],
        "last_name": account["last_name"],
        "email": account["email"],
    }


class Me(User):
    """A person as they see themselves. ``email_state`` says whether mail to the address arrives: ``bounced`` and
    ``complained`` mean that none is tried until there is another address."""

    email_state: Literal["ok", "bounced", "complained"]


def me(account: Row) -> Me:
    return {**user(account), "email_state": account.get("email_state", "ok")}


def new_id() -> str:
    """An account's id: 96 random bits."""
    return secrets.token_hex(12)


# --- reading ----------------------------------------------------------------------------------------------------------


def get(account_id: str) -> Row | None:
    return aws.get(*wanted(account_id))


def wanted_owner(address: str) -> tuple[str, Key]:
    """The row that says who has an address, as ``aws.batch_get`` takes it."""
    return settings.identity_table(), email_key(address)


def whole(account_id: str) -> tuple[Row | None, list[Row]]:
    """An account and the rows of its sessions, in one query; None and no rows where there is no such account."""
    account, rows = None, []
    for row in aws.query_all(settings.identity_table(), "pk = :pk", {":pk": key(account_id)[0]}):
        if row["sk"] == "ACCOUNT":
            account = row
        elif row["sk"].startswith("SESSION#"):
            rows.append(row)
    return account, rows


def lapsed(account: Row, now: int) -> bool:
    """Whether the account waited too long for its activation: as good as gone, whether or not TTL has removed it yet
    (R18, S78)."""
    return bool(account["state"] == "waiting" and int(account.get("ttl", now + 1)) <= now)


def settled(attempt: Callable[[], T]) -> T:
    """What ``attempt`` answers once nothing changes between its reading and its writing.

    Raises ``Unavailable`` when that does not happen in a few tries.
    """
    for _ in range(_TRIES):
        try:
            return attempt()
        except Changed:
            continue
    raise Unavailable("store: rows did not stop changing")


# --- writing ----------------------------------------------------------------------------------------------------------


def made_active(account: Row, nonce: str) -> list[Write]:
    """The account waits no longer, by the token that bears ``nonce``; the same token again changes nothing.

    Raises ``InvalidMailToken`` when another token was sent since, or the account is gone.
    """
    wrong = InvalidMailToken()
    return [
        aws.update(
            settings.identity_table(),
            key(account["id"]),
            "SET #state = :active, activated_nonce = :nonce REMOVE activation, #ttl",
            {":active": "active", ":waiting": "waiting", ":nonce": nonce},
            # Not what staff has blocked meanwhile.
            condition="(#state = :waiting AND activation.nonce = :nonce)"
            " OR (#state = :active AND activated_nonce = :nonce)",
            names={"#state": "state", "#ttl": "ttl"},
            otherwise=wrong,
        ),
        aws.update(
            settings.identity_table(),
            email_key(account["email"]),
            "REMOVE #ttl",
            {":id": account["id"]},
            condition="account_id = :id",
            names={"#ttl": "ttl"},
            otherwise=wrong,
        ),
    ]


def logged_in(account: Row, password_hash: str, now: int) -> Write:
    """The account as it was read has a login now; ``password_hash`` is the one it had, or the same password's anew.

    Written, not just checked, so that whoever ends all sessions of the account sees that there is one more.
    """
    return aws.update(
        settings.identity_table(),
        key(account["id"]),
        "SET last_login_at = :now, password_hash = :hash",
        {":now": now, ":hash": password_hash, ":seen": account["password_hash"], ":active": "active"},
        condition="password_hash = :seen AND #state = :active",
        names={"#state": "state"},
        otherwise=Changed(),
    )


def proves_address(account: Row) -> bool:
    """Whether who has this account reads the mail of its address. Not where the address was registered twice before it
    was activated: the password may be the one's and the activation the other's, until it is reset by mail."""
    return not account.get("contested")


def password_set(account: Row, password_hash: str, now: int, *, by_mail: bool = False) -> Write:
    """A new password, if nothing of the account changed since it was read. Open resets end, and so does an open change
    of address: who asked for it knew the old password, and would have the account once the address is theirs. Set
    ``by_mail``, the account is its address's owner's."""
    also = ", contested" if by_mail else ""
    return aws.update(
        settings.identity_table(),
        key(account["id"]),
        f"SET password_hash = :hash, password_changed_at = :now REMOVE #reset, email_change{also}",
        {":hash": password_hash, ":now": now, ":seen": account["txn"]},
        condition="txn = :seen",
        names={"#reset": "reset"},
        otherwise=Changed(),
    )


def blocked(account: Row, now: int) -> Write:
    """An active account that nobody gets into until staff unblocks it. Mailed tokens for another password or address
    end. Raises ``Changed`` when anything of it, a login included, happened since it was read."""
    return aws.update(
        settings.identity_table(),
        key(account["id"]),
        "SET #state = :blocked, blocked_at = :now REMOVE #reset, email_change",
        {":blocked": "blocked", ":now": now, ":active": "active", ":seen": account["txn"]},
        condition="txn = :seen AND #state = :active",
        names={"#state": "state", "#reset": "reset"},
        otherwise=Changed(),
    )


def unblocked(account: Row) -> Write:
    """A blocked account is active again. Raises ``Changed`` when it is blocked no longer."""
    return aws.update(
        settings.identity_table(),
        key(account["id"]),
        "SET #state = :active REMOVE blocked_at",
        {":active": "active", ":blocked": "blocked"},
        condition="#state = :blocked",
        names={"#state": "state"},
        otherwise=Changed(),
    )


def still_there(account: Row) -> Write:
    """That the account has not been deleted meanwhile, in a transaction that gives it something. Raises
    ``InvalidToken``: with the account its sessions are gone."""
    table, place = wanted(account["id"])
    return aws.check(table, place, "attribute_exists(pk)", otherwise=InvalidToken())


def renamed(account_id: str, names: dict[str, str]) -> Write:
    """Another ``first_name``, ``last_name`` or both. Raises ``InvalidToken`` when the account is gone."""
    return aws.update(
        settings.identity_table(),
        key(account_id),
        "SET " + ", ".join(f"{name} = :{name}" for name in names),
        {f":{name}": value for name, value in names.items()},
        condition="attribute_exists(pk)",
        otherwise=InvalidToken(),
    )


def email_marked(account_id: str, address: str, state: str) -> Write:
    """Mail to the account's address comes back, or was called spam, which outweighs that. ``Changed`` where the account
    has another address meanwhile, or says so already."""
    return aws.update(
        settings.identity_table(),
        key(account_id),
        "SET email_state = :state",
        {":state": state, ":email": address, ":last": "complained"},
        condition="email = :email AND (attribute_not_exists(email_state) OR :state = :last)",
        otherwise=Changed(),
    )


def email_unmarked(account: Row) -> Write:
    """Mail to the account's address is tried again. ``Changed`` where it has another address meanwhile."""
    return aws.update(
        settings.identity_table(),
        key(account["id"]),
        "REMOVE email_state",
        {":email": account["email"]},
        condition="email = :email",
        otherwise=Changed(),
    )


def removed(account: Row) -> list[Write]:
    """The account and its hold on its address go. Raises ``Changed`` when anything of it, a login included, happened
    since it was read."""
    return [
        aws.delete(
            settings.identity_table(),
            key(account["id"]),
            condition="txn = :seen",
            values={":seen": account["txn"]},
            otherwise=Changed(),
        ),
        aws.delete(
            settings.identity_table(),
            email_key(account["email"]),
            condition="account_id = :id",
            values={":id": account["id"]},
            otherwise=Changed(),
        ),
    ]
