"""Who pays by the manual's door: a client with a key that was mailed to its address on file (S25). No account, and
nothing of accounts takes it for one: there is no row ``ACCOUNT`` under its id, and no password.

Rows of the identity table: ``ACCOUNT#payer-<company id>`` / ``PAYMENT-KEY`` the client's key: company, hash (SHA-256
of the key), email (the address that it went to), issued_at, expires_at; a new one replaces it. Beside it its sessions,
which are sessions like any other with ``scope`` (``payment``), ``company``, ``name`` and ``email``: they end with the
key that opened them at the latest, and not with a newer one, which anybody may ask for. Once the address on file is
another they open nothing.
"""

import hashlib
import hmac
from collections.abc import Sequence

from miinti import aws, settings
from miinti.accounts import sessions, throttles
from miinti.accounts.sessions import Opened
from miinti.aws import Key, Row, Write
from miinti.errors import InvalidCredentials
from miinti.mail import tokens
from miinti.mail.outbox import Letter

KEPT = 30 * 86400
"""Seconds a key's row stays after its end: of a slip that is paid days later its address is told."""


def id_of(company_id: str) -> str:
    """What stands in place of an account's id: ``payer-c-27334``, which no account has."""
    return f"payer-{company_id}"


def is_payer(person: str) -> bool:
    return person.startswith("payer-")


def key_of(payer_id: str) -> Key:
    return f"ACCOUNT#{payer_id}", "PAYMENT-KEY"


def wanted(payer_id: str) -> tuple[str, Key]:
    """The row of a client's key, as ``aws.batch_get`` takes it."""
    return settings.identity_table(), key_of(payer_id)


# --- keys -------------------------------------------------------------------------------------------------------------


def issued(clients: Sequence[Row], address: str, now: int) -> tuple[list[Write], Letter]:
    """A new key for each of these companies, in place of the one before, and the one mail that tells them. The mail's
    row holds nonces alone: of them the keys are made when it is sent. A new key brings new tries, however the client is
    named next (``tries``)."""
    expires_at = now + tokens.PAYMENT_KEY
    entries, writes = [], [throttles.cleared(tries(name)) for name in (address, *(one["id"] for one in clients))]
    for client in clients:
        nonce = tokens.new_nonce()
        pk, sk = key_of(id_of(client["id"]))
        row: Row = {
            "pk": pk,
            "sk": sk,
            "company": client["id"],
            "hash": _hash(tokens.payment_key(nonce)),
            "email": address,
            "issued_at": now,
            "expires_at": expires_at,
            "ttl": expires_at + KEPT,
        }
        writes.append(aws.put(settings.identity_table(), row))
        entries.append({"number": client["number"], "name": client["name"], "nonce": nonce})
    return writes, Letter("payment_key", address, {"entries": entries, "expires_at": expires_at})


def tries(user: str) -> Key:
    """Where tries are counted by what was typed: a client's id, or an address."""
    return throttles.row("payer", user)


def _hash(key: str) -> str:
    return hashlib.sha256(tokens.payment_key_typed(key).encode()).hexdigest()


def right(row: Row | None, company: Row | None, key: str, now: float) -> bool:
    """Whether this is the client's key, to the second of its end (R18), and went to the address that is on file still:
    it proves that somebody reads that one (T8). The same comparison is made where there is none (S71)."""
    same = hmac.compare_digest(_hash(key), row["hash"] if row else "0" * 64)
    if not same or row is None or company is None:
        return False
    return bool(now < int(row["expires_at"]) and row["email"] == company.get("email"))


def still(row: Row) -> Write:
    """That the key has not been replaced meanwhile, in the transaction that opens a session with it."""
    return aws.check(
        settings.identity_table(),
        (row["pk"], row["sk"]),
        "#hash = :hash",
        {":hash": row["hash"]},
        names={"#hash": "hash"},
        otherwise=InvalidCredentials(),
    )


def withdrawn(row: Row) -> Write:
    """The client has no key any more."""
    return aws.delete(settings.identity_table(), (row["pk"], row["sk"]))


# --- sessions ---------------------------------------------------------------------------------------------------------


def opened(row: Row, company: Row, *, remember: bool, user_agent: str, now: int) -> Opened:
    """A session of the client whose key this is, until the key's end at most."""
    return sessions.opened(
        id_of(company["id"]),
        remember=remember,
        user_agent=user_agent,
        now=now,
        until=int(row["expires_at"]),
        scope={"scope": sessions.PAYMENT, "company": company["id"], "name": company["name"], "email": row["email"]},
    )
