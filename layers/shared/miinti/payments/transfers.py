"""Transfers that clients tell of: what they say, its proof, and what staff found at the bank.

Row of the payments table: ``COMPANY#<company>`` / ``TRANSFER#<id>``: id, company, person (account id), cents, currency,
date, bank, docs, state, created_at; ``proof`` where one was announced (type, state, reason, version, size); decided_at
and reason of staff. Index ``desk`` has those that wait for staff, ``people`` what a person told.

A transfer touches no payment and holds no document: the ERP's receipt settles it (docs/decisions/payments.md).
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final, Literal, NamedTuple

from typing_extensions import TypedDict

from miinti import aws, clock, settings
from miinti.aws import Key, Page, Row, Write
from miinti.errors import FieldError, NotFound, ValidationFailed
from miinti.payments import store
from miinti.payments.store import Once
from miinti.values import money
from miinti.values.day import is_day
from miinti.values.told import Day, Instant, Money

State = Literal["received", "matched", "refused"]
ProofState = Literal["awaited", "received", "refused"]
MOST_AN_HOUR: Final = 60
"""Transfers of one company."""
OLDEST: Final = 180
"""Days back to which a transfer may be told of: as long as a payment is watched (``states.WATCHED``)."""
LABELS: Final[Mapping[State, str]] = MappingProxyType(
    {"received": "Informada, a revisar", "matched": "Encontrada, pendiente de imputación", "refused": "Rechazada"}
)
PROOF_LABELS: Final[Mapping[ProofState, str]] = MappingProxyType(
    {"awaited": "Falta el archivo", "received": "Recibido", "refused": "Rechazado"}
)
REASONS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "not_that_type": "El archivo no es del tipo que dice ser.",
        "unreadable": "El archivo está dañado o incompleto.",
        "active": "El archivo tiene código, adjuntos o una contraseña.",
    }
)
"""Why a proof was removed, as people read it."""


class New(NamedTuple):
    """A transfer as it is told. ``proof``: the type of the file that is to come, or None."""

    company_id: str
    person: str
    cents: int
    date: str
    bank: str
    docs: Sequence[str]
    proof: str | None


class Decided(Exception):
    """Staff has decided about it already, or its proof came meanwhile."""


class Proof(TypedDict):
    content_type: str
    state: ProofState
    state_label: str
    reason: str | None


class Transfer(TypedDict):
    """``reason`` is why staff refused it, as they wrote it."""

    id: str
    state: State
    state_label: str
    reason: str | None
    amount: Money
    currency: str
    date: Day
    bank: str
    documents: list[str]
    proof: Proof | None
    created_at: Instant
    decided_at: Instant | None


class Mine(Transfer):
    """A transfer as the person who told it is told of it."""

    company: str


class Listed(TypedDict):
    items: list[Mine]
    next: str | None


# --- rules ------------------------------------------------------------------------------------------------------------


def checked(amount: int, date: str, bank: str, docs: Sequence[str], today: dt.date) -> None:
    """Raises ``ValidationFailed`` for what cannot have been transferred: nothing, on a day to come in Buenos Aires or
    too long ago, for one document twice; and for a bank that is no name."""
    wrong = []
    if amount <= 0:
        wrong.append(FieldError("amount", "not_allowed"))
    if not is_day(date) or not today - dt.timedelta(days=OLDEST) <= dt.date.fromisoformat(date) <= today:
        wrong.append(FieldError("date", "not_allowed"))
    if not bank.strip() or not bank.isprintable():
        wrong.append(FieldError("bank", "not_allowed"))
    if len(set(docs)) != len(docs):
        wrong.append(FieldError("doc_ids", "not_allowed"))
    if wrong:
        raise ValidationFailed(*wrong)


def told(row: Row) -> Transfer:
    """A transfer as its client sees it."""
    proof = row.get("proof")
    return {
        "id": row["id"],
        "state": row["state"],
        "state_label": LABELS[row["state"]],
        "reason": row.get("reason"),
        "amount": money.text(int(row["cents"])),
        "currency": row["currency"],
        "date": row["date"],
        "bank": row["bank"],
        "documents": list(row["docs"]),
        "proof": _proof(proof) if proof else None,
        "created_at": clock.instant(int(row["created_at"])),
        "decided_at": clock.instant_of(row, "decided_at"),
    }


def _proof(proof: Row) -> Proof:
    reason = proof.get("reason")
    return {
        "content_type": proof["type"],
        "state": proof["state"],
        "state_label": PROOF_LABELS[proof["state"]],
        "reason": REASONS[reason] if reason else None,
    }


def mine(row: Row) -> Mine:
    return {**told(row), "company": row["company"]}


# --- rows -------------------------------------------------------------------------------------------------------------


def key(company_id: str, transfer_id: str) -> Key:
    return f"COMPANY#{company_id}", f"TRANSFER#{transfer_id}"


def place_of(told: str) -> Key | None:
    """The row that staff calls so: by company and id, as a payment's reference."""
    found = store.referred(told)
    return (found[0], found[1].replace("PAYMENT#", "TRANSFER#")) if found else None


def get(company_id: str, transfer_id: str) -> Row:
    """One transfer. Raises ``NotFound``."""
    found = aws.get(settings.payments_table(), key(company_id, transfer_id))
    if found is None:
        raise NotFound
    return found


def at(told: str) -> Row | None:
    place = place_of(told)
    return aws.get(settings.payments_table(), place) if place else None


def of_company(company_id: str, most: int, after: str | None = None) -> list[Row]:
    """At most so many transfers of a company, newest first, from the one that follows ``after`` (an id) on."""
    return store.newest(*key(company_id, ""), most, after)


def of_desk(most: int, after: Key | None = None) -> Page:
    """Transfers that wait for staff, the longest waiting first. Index ``desk``, as ``store.of_desk``."""
    return store.of_desk("TRANSFER", most, after)


def of_person(account_id: str, most: int, start: Row | None = None) -> Page:
    """Transfers that a person told of, newest first. Index ``people``, as ``store.of_person``."""
    return store.of_person(account_id, most, start, kind="TRANSFER#")


def free_in(company_id: str, now: int) -> int:
    """Seconds until another transfer of this company may be told of, 0 where one may now: each is work of the staff's,
    and a file of 5 MB. Of several at one instant all may be let in."""
    told = of_company(company_id, MOST_AN_HOUR)
    return max(0, int(told[-1]["created_at"]) + 3600 - now) if len(told) == MOST_AN_HOUR else 0


def start(new: New, now: int, once: Once) -> Row:
    """A transfer as it was told, with the request that told it. Raises ``store.KeyTaken`` where another call was first
    with its Idempotency-Key."""
    id = store.new_id(now)
    pk, sk = key(new.company_id, id)
    row: Row = {
        "pk": pk,
        "sk": sk,
        "id": id,
        "company": new.company_id,
        "person": new.person,
        "cents": new.cents,
        "currency": "ARS",
        "date": new.date,
        "bank": new.bank.strip(),
        "docs": list(new.docs),
        "proof": {"type": new.proof, "state": "awaited"} if new.proof else None,
        "state": "received",
        "desk": "TRANSFER",
        "created_at": now,
    }
    put = aws.put(settings.payments_table(), row, condition="attribute_not_exists(pk)")
    aws.transact([store.remember(once, new.company_id, id, now), put])
    return get(new.company_id, id)


def proof_seen(row: Row, version: str, size: int, why: str | None) -> bool:
    """Note what a proof turned out to be; whether this version is the one that stands. The first that is good does:
    what comes after it is nothing, and what is bad is replaced by what comes after it."""
    proof = row["proof"]
    if proof["state"] == "received":
        return bool(proof["version"] == version)
    about: dict[str, Any] = {"state": "refused", "reason": why} if why else {"state": "received", "version": version}
    aws.write(
        aws.update(
            settings.payments_table(),
            key(row["company"], row["id"]),
            "SET proof = :proof",
            {":proof": {"type": proof["type"], "size": size, **about}, ":seen": row["txn"]},
            condition="txn = :seen",
            otherwise=Decided(),
        )
    )
    return why is None


def decided(row: Row, state: State, reason: str | None, now: int) -> Write:
    """What staff found, to be written with its row in the trail and its mail. Raises ``Decided`` where it moved."""
    after = {name: value for name, value in row.items() if name != "desk"}
    return aws.put(
        settings.payments_table(),
        {**after, "state": state, "reason": reason, "decided_at": now},
        condition="txn = :seen AND #state = :received",
        names={"#state": "state"},
        values={":seen": row["txn"], ":received": "received"},
        otherwise=Decided(),
    )
