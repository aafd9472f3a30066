"""Requests to be linked, under policy ``proof``: kept as typed, whether or not there is such a company (T4).

Row: companies table, ``ACCOUNT#<account id>`` / ``REQUEST#<request id>``: request_id, role, cuit, number (as typed),
state (``received``, ``confirmed``, ``refused`` by staff), tries, created_at, expires_at; and, only where a code went
out, ``behind`` (the company's id) and ``sent_to`` (the address on file that got it). Not ``company``: index ``members``
is of links alone.
"""

import re
import secrets
from typing import Literal

from typing_extensions import TypedDict

from miinti import aws, clock, settings
from miinti.aws import Key, Row, Write
from miinti.companies.links import Person
from miinti.companies.rules import TRIES, Asked, RequestState, request_state
from miinti.errors import InvalidCode
from miinti.mail import outbox, tokens
from miinti.mail.outbox import Letter
from miinti.values.told import Cuit, Instant

KEPT = 30 * 86400
"""Seconds a request is listed after its end."""
ID = re.compile(r"[0-9a-f]{24}", re.ASCII)


class Told(TypedDict):
    """A request as its person is told of it: what was typed, the CUIT in its eleven digits. Whether a company
    is behind it is nobody's to know before the code is given (T4)."""

    request_id: str
    role: Literal["client", "supplier"]
    cuit: Cuit
    number: str
    state: RequestState
    created_at: Instant
    expires_at: Instant


def told(row: Row, now: int) -> Told:
    return {
        "request_id": row["request_id"],
        "role": row["role"],
        "cuit": row["cuit"],
        "number": row["number"],
        "state": request_state(row, now),
        "created_at": clock.instant(int(row["created_at"])),
        "expires_at": clock.instant(int(row["expires_at"])),
    }


def new_id() -> str:
    return secrets.token_hex(12)


def key(account_id: str, request_id: str) -> Key:
    return f"ACCOUNT#{account_id}", f"REQUEST#{request_id}"


def wanted(account_id: str, request_id: str) -> list[tuple[str, Key]]:
    """The row of a person's request, to be read with the session; nothing for what is no id of ours."""
    if not ID.fullmatch(request_id):
        return []
    return [(settings.companies_table(), key(account_id, request_id))]


def of_account(account_id: str) -> list[Row]:
    """A person's requests, newest first."""
    rows = aws.query_all(
        settings.companies_table(),
        "pk = :pk AND begins_with(sk, :requests)",
        {":pk": f"ACCOUNT#{account_id}", ":requests": "REQUEST#"},
    )
    return sorted(rows, key=place)


def place(request: Row) -> tuple[int, str]:
    """Where a request stands in the list: newest first, then by id."""
    return -int(request["created_at"]), request["request_id"]


_NEWCOMER: outbox.Bounds = {3: outbox.HOUR}
_AGAIN: outbox.Bounds = {2: outbox.HOUR, 10: outbox.DAY}
"""Codes to one address: whose first of the day it is may have the third of the hour, and has no number a day; others
leave that one free, so that nobody alone can use up what is there for everybody."""


def wanted_codes(account_id: str, company_id: str) -> tuple[str, Key]:
    """The row of the codes that a person had sent to a company, to be read and given to ``code_may_go``."""
    return outbox.wanted_rate("link_code", f"{account_id} {company_id}")


def code_may_go(account_id: str, company: Row | None, request_id: str, codes: Row | None, now: int) -> bool:
    """Whether a code may be sent to this company's address now, which then counts there and for the person.

    One transaction of two writes either way: where there is no company or address, both are counted for nobody
    (Decided 6). Of several tries at once one is the person's first of the day.
    """
    address = company.get("email") if company else None
    to, by = (address, f"{account_id} {company['id']}") if company and address else (request_id, f"{request_id} -")
    again = codes is not None and int(codes["t1"]) > now - outbox.DAY
    try:
        aws.transact(
            [
                outbox.within_limit("link_code", to, now, _AGAIN if again else _NEWCOMER),
                outbox.within_limit("link_code", by, now, None if again else {1: outbox.DAY}),
            ]
        )
    except outbox.MailLimitReached:
        return False
    return address is not None


def received(person: Person, request_id: str, asked: Asked, company: Row | None, now: int) -> list[Write]:
    """The request as typed and, where there is a ``company`` to prove it to, the mail with its code; else a mail that
    goes to nobody, so that the work is the same."""
    pk, sk = key(person.account_id, request_id)
    expires_at = now + tokens.LINK_CODE
    request: Row = {
        "pk": pk,
        "sk": sk,
        "request_id": request_id,
        **asked._asdict(),
        "behind": company["id"] if company else None,
        "sent_to": company["email"] if company else None,
        "state": "received",
        "tries": 0,
        "created_at": now,
        "expires_at": expires_at,
        "ttl": expires_at + KEPT,
    }
    letter = Letter(outbox.QUIET, "")
    if company:
        about = {"company": company["name"], "person": person.name, "request_id": request_id}
        letter = Letter("link_code", company["email"], {**about, "expires_at": expires_at})
    return [aws.put(settings.companies_table(), request), outbox.put(letter, now)]


def take_try(account_id: str, request_id: str, now: int) -> Row:
    """Spend one of the request's tries before its code is looked at, so that no burst gets more; answers the row.

    Raises ``InvalidCode`` when none is left, or the request is confirmed or past its time.
    """
    return aws.write(
        aws.update(
            settings.companies_table(),
            key(account_id, request_id),
            "SET tries = tries + :one",
            {":one": 1, ":tries": TRIES, ":received": "received", ":now": now},
            condition="#state = :received AND tries < :tries AND expires_at > :now",
            names={"#state": "state"},
            otherwise=InvalidCode(),
        )
    )


def right_code(request: Row, code: str) -> bool:
    """Whether this is the code that went out for a request. Case and spaces around it do not count; what has no company
    behind it has no right code (the same comparison is made)."""
    right = tokens.same(code.strip().upper(), tokens.link_code(request["request_id"]))
    return right and "behind" in request


def still_stands(request: Row, company: Row) -> bool:
    """Whether the company still has the CUIT that was typed and the address that the code went to: a code proves that
    somebody reads the address on file, which it no longer does once the ERP gave another (T8)."""
    return bool(company["cuit"] == request["cuit"] and company.get("email") == request["sent_to"])


def refused(account_id: str, request_id: str, now: int) -> Write:
    """The request refused by staff, whatever code is on its way; ``InvalidCode`` where it is confirmed or refused
    already."""
    return _settled(account_id, request_id, "refused", now)


def confirmed(account_id: str, request_id: str, now: int) -> Write:
    """The request done, once; ``InvalidCode`` for any but the first."""
    return _settled(account_id, request_id, "confirmed", now)


def _settled(account_id: str, request_id: str, state: Literal["refused", "confirmed"], now: int) -> Write:
    return aws.update(
        settings.companies_table(),
        key(account_id, request_id),
        f"SET #state = :state, {state}_at = :now",
        {":state": state, ":now": now, ":received": "received"},
        condition="#state = :received",
        names={"#state": "state"},
        otherwise=InvalidCode(),
    )
