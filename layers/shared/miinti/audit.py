"""The audit trail: rows that are added and never changed (S75). What staff does is a row in the transaction of the act;
what staff was declined, and what concerns the security of people's accounts, is a line of the log, of which
``keep_events`` makes a row.

Row of the audit table: ``DAY#<local day>`` / ``<milliseconds>#<id>``: kind (``staff``, ``event``), action, outcome, at
(milliseconds), and what is known of actor (an IAM ARN), person (an account's id, whose account it is about), company,
and of where it came from. Nobody has a grant to change or delete one; TTL removes it after ``KEPT``. Indexes ``people``
and ``actors`` have the same rows by person and by actor. Addresses of people are in it as hashes alone.
"""

import datetime as dt
import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

from typing_extensions import TypedDict

from miinti import aws, clock, settings
from miinti.aws import Page, Row, Write
from miinti.values.told import Instant

KEPT = 1827 * 86400
"""Five years (S78)."""
ARN = re.compile(r"arn:[a-z-]+:(iam|sts)::[0-9]{12}:[!-~]{1,1000}", re.ASCII)
_FACTS = frozenset(
    {
        "act",
        "actor",
        "address",
        "behind",
        "code",
        "company",
        "device",
        "document",
        "ended",
        "fact",
        "faults",
        "link_request",
        "mail",
        "mailed",
        "network",
        "payment",
        "proof",
        "request_id",
        "session",
        "status",
        "target",
        "transfer",
        "why",
    }
)
"""What a line of the log may say in the trail, beside action and outcome: it is named here, or it is left out."""


class Actor(NamedTuple):
    """Who of the staff acts: the ARN and the machine that the command tells, and the request's id, by which CloudTrail
    knows who it was (docs/decisions/audit.md)."""

    arn: str
    place: str
    request_id: str


def _row(id: str, at: int, **facts: Any) -> Row:
    """``at`` in milliseconds."""
    seconds = at // 1000
    day = clock.local(seconds).date().isoformat()
    return {"pk": f"DAY#{day}", "sk": f"{at:013d}#{id}", "at": at, "ttl": seconds + KEPT, **facts}


def _added(row: Row) -> Write:
    return aws.put(settings.audit_table(), row, condition="attribute_not_exists(pk)")


def act(actor: Actor, action: str, at: int, *, person: str | None = None, **facts: str | int | None) -> Write:
    """What a member of the staff does, to be written in the transaction of the act."""
    about = {"place": actor.place, "request_id": actor.request_id, **facts}
    return _added(
        _row(actor.request_id, at, kind="staff", action=action, outcome="ok", actor=actor.arn, person=person, **about)
    )


def event(id: str, at: int, line: Mapping[str, Any]) -> Write:
    """A line of the log as the trail keeps it; ``id`` is the log's own, so that a line that comes twice is one row."""
    facts = {name: line[name] for name in _FACTS if isinstance(line.get(name), str | int)}
    person = line.get("account")
    return _added(_row(id, at, kind="event", action=line["action"], outcome=line["outcome"], person=person, **facts))


# --- reading ----------------------------------------------------------------------------------------------------------

Start = Mapping[str, Any] | None


def day_key(day: dt.date) -> str:
    """The partition of a local day."""
    return f"DAY#{day.isoformat()}"


def of_day(day: dt.date, limit: int, start: Start = None) -> Page:
    """The rows of a local day, newest first, as many as fit a page; ``start`` is the ``last`` of the page before."""
    return _page("pk", day_key(day), None, limit, start)


def of_person(account_id: str, limit: int, start: Start = None) -> Page:
    return _page("person", account_id, "people", limit, start)


def of_actor(arn: str, limit: int, start: Start = None) -> Page:
    return _page("actor", arn, "actors", limit, start)


def _page(name: str, value: str, index: str | None, limit: int, start: Start) -> Page:
    page = aws.query(
        settings.audit_table(),
        "#by = :by",
        {":by": value},
        names={"#by": name},
        index=index,
        limit=limit,
        start=dict(start) if start else None,
        descending=True,
    )
    # TTL takes days to remove a row; read, it is gone with its last second (R18).
    return Page([row for row in page.rows if int(row["ttl"]) > clock.now()], page.last)


def shown(row: Row) -> dict[str, Any]:
    """A row as people read it: its instant, and all that it says but its keys."""
    told = {name: value for name, value in row.items() if name not in ("pk", "sk", "ttl", "txn", "at")}
    told = {name: value if isinstance(value, str) else int(value) for name, value in sorted(told.items())}
    return {"at": clock.instant(int(row["at"]) // 1000), **told}


class Told(TypedDict):
    """A row as the person whom it is about is told of it: not who of the staff it was, nor from which machine."""

    at: Instant
    kind: Literal["staff", "event"]
    action: str
    outcome: str
    company: str | None
    network: str | None


class Listed(TypedDict):
    items: list[Told]
    next: str | None


def told(row: Row) -> Told:
    return {
        "at": clock.instant(int(row["at"]) // 1000),
        "kind": row["kind"],
        "action": row["action"],
        "outcome": row["outcome"],
        "company": row.get("company"),
        "network": row.get("network"),
    }
