"""Links: who may see which company.

Row: companies table, ``ACCOUNT#<account id>`` / ``LINK#<company id>``: company (the id again, for index ``members``),
state (``active``, ``suspended``), proof (what it rests on: ``address`` on file, ``code`` sent there, or only the three
things ``typed``), grant (a nonce: what was given out under a link dies with it), linked_at, suspended_at.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from miinti import aws, settings
from miinti.aws import Key, Row, Write
from miinti.companies import access
from miinti.errors import AlreadyLinked, InvalidMailToken, NotFound
from miinti.mail import outbox, tokens
from miinti.mail.outbox import Letter, Members

Proof = Literal["address", "code", "typed"]


class Person(NamedTuple):
    """Who asks to be linked, as the mails tell of it."""

    account_id: str
    name: str
    email: str


def of_account(account_id: str) -> list[Row]:
    """The active links of a person; a suspended one is not seen by anybody."""
    rows = aws.query_all(
        settings.companies_table(),
        "pk = :pk AND begins_with(sk, :links)",
        {":pk": f"ACCOUNT#{account_id}", ":links": "LINK#"},
    )
    return [row for row in rows if row["state"] == "active"]


def companies_of(held: Sequence[Row]) -> list[tuple[Row, Row]]:
    """Each link's company beside the link; one call for a hundred."""
    found: list[tuple[Row, Row]] = []
    for start in range(0, len(held), 100):
        some = held[start : start + 100]
        wanted = [(settings.companies_table(), access.company_key(link["company"])) for link in some]
        found += [(row, link) for row, link in zip(aws.batch_get(*wanted), some, strict=True) if row is not None]
    return found


def make(person: Person, company: Row, proof: Proof, now: int, *, also: Sequence[Write]) -> Row:
    """Link a person to a company and tell the company and the people linked already, all in one transaction with
    ``also``. Answers the link's row.

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
    outbox.commit([*also, put], _notices(person, company, link), now)
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


def suspend(account_id: str, company_id: str, grant: str, now: int) -> None:
    """Take sight away from the link of this very grant, until staff decides. Again: nothing changes.

    Raises ``InvalidMailToken`` when that link is gone or was made anew.
    """
    aws.write(
        aws.update(
            settings.companies_table(),
            access.link_key(account_id, company_id),
            "SET #state = :suspended, suspended_at = if_not_exists(suspended_at, :now)",
            {":suspended": "suspended", ":now": now, ":grant": grant},
            condition="#grant = :grant",
            names={"#state": "state", "#grant": "grant"},
            otherwise=InvalidMailToken(),
        )
    )


def end(account_id: str, company_id: str) -> None:
    """Delete an active link; its grant dies with it. Raises ``NotFound`` when there is none: a suspended link stays, so
    that unlinking and linking again does not undo an objection.

    In a transaction though it is one write: SDK and DynamoDB know a repeated transaction by its token, so that a lost
    answer that is asked again is the success it was (R02); a deleted row cannot tell.
    """
    aws.transact(
        [
            aws.delete(
                settings.companies_table(),
                access.link_key(account_id, company_id),
                condition="#state = :active",
                names={"#state": "state"},
                values={":active": "active"},
                otherwise=NotFound(),
            )
        ]
    )


def keys_of(account_id: str) -> list[Key]:
    """Keys of all that a person has in the companies table, links and requests, for when the account is deleted."""
    rows = aws.query_all(settings.companies_table(), "pk = :pk", {":pk": f"ACCOUNT#{account_id}"})
    return [(row["pk"], row["sk"]) for row in rows]
