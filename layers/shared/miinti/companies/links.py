"""Links: who may see which company.

Row: companies table, ``ACCOUNT#<account id>`` / ``LINK#<company id>``: company (the id again, for index ``members``),
state (``active``, ``suspended``), proof (what it rests on: ``address`` on file, ``code`` sent there, only the three
things ``typed``, or the word of ``staff``), grant (a nonce: what was given out under a link dies with it), linked_at,
suspended_at.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Literal, NamedTuple

from typing_extensions import TypedDict

from miinti import aws, clock, settings
from miinti.aws import Row, Write
from miinti.companies import access
from miinti.errors import AlreadyLinked, InvalidMailToken, NotFound
from miinti.mail import outbox, tokens
from miinti.mail.outbox import Letter, Members
from miinti.values.told import Instant

Proof = Literal["address", "code", "typed", "staff"]
Decision = Literal["approved", "refused", "reinstated"]
SWEEP = 3
"""Seconds after which no further page of a person's rows is begun on, of the ten that an answer may take."""
SWEPT = 500
"""Rows of such a page."""


class Told(TypedDict):
    """A link as its person, or staff, is told of it."""

    company: str
    state: str
    proof: str | None
    linked_at: Instant | None
    suspended_at: Instant | None


def told(row: Row) -> Told:
    return {
        "company": row["company"],
        "state": row["state"],
        "proof": row.get("proof"),
        "linked_at": clock.instant_of(row, "linked_at"),
        "suspended_at": clock.instant_of(row, "suspended_at"),
    }


class Person(NamedTuple):
    """Who asks to be linked, as the mails tell of it."""

    account_id: str
    name: str
    email: str


class Holder(NamedTuple):
    """Whose link it is, to be told what becomes of it."""

    email: str
    first_name: str


def of_account(account_id: str) -> list[Row]:
    """The active links of a person; a suspended one is not seen by anybody but staff."""
    return [row for row in every(account_id) if row["state"] == "active"]


def every(account_id: str) -> list[Row]:
    """The links of a person, suspended ones too."""
    return aws.query_all(
        settings.companies_table(),
        "pk = :pk AND begins_with(sk, :links)",
        {":pk": f"ACCOUNT#{account_id}", ":links": "LINK#"},
    )


def companies_of(held: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Each link's company beside the link; one call for a hundred."""
    found: list[tuple[Row, Row]] = []
    for start in range(0, len(held), 100):
        some = held[start : start + 100]
        wanted = [(settings.companies_table(), access.company_key(link["company"])) for link in some]
        found += [(row, link) for row, link in zip(aws.batch_get(*wanted), some, strict=True) if row is not None]
    return found


def make(
    person: Person,
    company: Row,
    proof: Proof,
    now: int,
    *,
    also: Sequence[Write],
    counts: Sequence[Write] = (),
    told: Sequence[Letter] = (),
) -> Row:
    """Link a person to a company and tell the company, the people linked already and who else is ``told``, all in one
    transaction with ``also``, whose conditions come first, and ``counts``, whose come last. Answers the link's row.

    Raises ``AlreadyLinked`` when there is a link, even a suspended one: only staff ends a suspension. The company's row
    is not part of the transaction: every document that comes in writes to it, and each would make the other wait.
    """
    pk, sk = access.link_key(person.account_id, company["id"])
    link: Row = {
        "pk": pk,
        "sk": sk,
        "company": company["id"],
        "state": "active",
        "proof": proof,
        "grant": tokens.new_nonce(),
        "linked_at": now,
    }
    put = aws.put(
        settings.companies_table(),
        link,
        condition="attribute_not_exists(pk)",
        otherwise=AlreadyLinked(company["id"]),
    )
    outbox.commit([*also, put, *counts], [*_notices(person, company, link), *told], now)
    return link


def _notices(person: Person, company: Row, link: Row) -> list[Letter]:
    entry: Row = {"person": person.name, "at": link["linked_at"]}
    letters = [
        Letter(
            "company_linked_member",
            Members(company["id"], but=person.account_id),
            {"entries": [{**entry, "company": company["name"]}]},
        )
    ]
    if "email" in company:
        # Who holds the address on file can object: the mail's token is made from account, company and grant.
        entry = {**entry, "email": person.email, "account_id": person.account_id, "grant": link["grant"]}
        about = {"company": company["name"], "cuit": company["cuit"], "company_id": company["id"]}
        letters.append(Letter("company_linked", company["email"], {"entries": [entry], **about}))
    return letters


def objected(rows: Sequence[Row | None], grant: str) -> tuple[Row, Row]:
    """The company and the link of this very grant, out of ``rows`` as ``access.wanted`` asked, whatever its state.

    Raises ``InvalidMailToken`` when that link is gone or was made anew.
    """
    link, company = rows[:2]
    if link is None or company is None or not tokens.same(grant, link["grant"]):
        raise InvalidMailToken
    return company, link


def suspend(account_id: str, company: Row, grant: str, told: Holder | None, now: int) -> None:
    """Take sight away from an active link of this very grant, until staff decides, and tell whose it was.

    Raises ``InvalidMailToken`` when that link is gone or was made anew; suspended by another meanwhile, it is done.
    """

    def otherwise(row: Row | None) -> Exception:
        return _Suspended() if row and row["grant"] == grant else InvalidMailToken()

    suspended = aws.update(
        settings.companies_table(),
        access.link_key(account_id, company["id"]),
        "SET #state = :suspended, suspended_at = :now",
        {":suspended": "suspended", ":active": "active", ":now": now, ":grant": grant},
        condition="#grant = :grant AND #state = :active",
        names={"#state": "state", "#grant": "grant"},
        otherwise=otherwise,
    )
    with suppress(_Suspended):
        outbox.commit([suspended], [_told("link_suspended", told, company, now)] if told else [], now)


def reinstated(account_id: str, company_id: str, otherwise: Exception) -> Write:
    """Give a suspended link its sight back: staff found the objection to be unfounded. The grant stays, so that it may
    be objected to again, and the link now rests on the staff's word."""
    return aws.update(
        settings.companies_table(),
        access.link_key(account_id, company_id),
        "SET #state = :active, proof = :staff REMOVE suspended_at",
        {":active": "active", ":staff": "staff", ":suspended": "suspended"},
        condition="#state = :suspended",
        names={"#state": "state"},
        otherwise=otherwise,
    )


class _Suspended(Exception):
    """The link is suspended already."""


def end(account_id: str, company: Row, told: Holder, now: int) -> None:
    """Delete an active link and tell whose it was; its grant dies with it. Raises ``NotFound`` when there is none: a
    suspended link stays, so that unlinking and linking again does not undo an objection.

    SDK and DynamoDB know a repeated transaction by its token, so that a lost answer that is asked again is the success
    it was (R02); a deleted row cannot tell.
    """
    deleted = aws.delete(
        settings.companies_table(),
        access.link_key(account_id, company["id"]),
        condition="#state = :active",
        names={"#state": "state"},
        values={":active": "active"},
        otherwise=NotFound(),
    )
    outbox.commit([deleted], [_told("company_unlinked", told, company, now)], now)


def _told(template: str, holder: Holder, company: Row, now: int) -> Letter:
    entry = {"at": now, "company": company["name"], "cuit": company["cuit"]}
    return Letter(template, holder.email, {"first_name": holder.first_name, "entries": [entry]})


def decided(decision: Decision, holder: Holder, name: str, cuit: str, now: int) -> Letter:
    """The mail that tells a person what staff decided about their link. Of a request that was refused ``name`` is what
    they typed: whether there is such a company is not said (T4)."""
    entry = {"at": now, "decision": decision, "name": name, "cuit": cuit}
    return Letter("link_decided", holder.email, {"first_name": holder.first_name, "entries": [entry]})


def sweep(account_id: str) -> bool:
    """Delete all that a person, whose account is gone, has in the companies table: links first, then links of mails and
    requests, which end by themselves (``ttl``). False where that would take more than ``SWEEP`` seconds: of mails a
    person may have a hundred thousand, and the answer has to come."""
    table, until = settings.companies_table(), clock.moment() + SWEEP
    start: Row | None = None
    while clock.moment() < until:
        page = aws.query(table, "pk = :pk", {":pk": f"ACCOUNT#{account_id}"}, limit=SWEPT, start=start, consistent=True)
        aws.delete_rows(table, [(row["pk"], row["sk"]) for row in page.rows])
        start = page.last
        if start is None:
            return True
    return False
