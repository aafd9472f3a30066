"""Mail that comes back: what SES says of a mail after it took it, and which addresses get no more (R12, R13).

Rows of the outbox table: ``ADDRESS#<hash>`` / ``ADDRESS`` an address whose mail bounced for good (``bounced``) or was
called spam (``complained``); ``RETURNED`` / ``<mail's instant>#<message id>#<what>`` a mail that somebody never got,
for staff: what, why, template, address, at, and ``final`` (0 or 1), whether it marked the address; ``what`` is
``bounced``, ``complained`` or ``rejected`` by SES's events, ``refused`` by SES at once, ``failed`` as often as it was
tried, ``expired`` before it went, or ``untried``. SES suppresses such addresses on its own too, and tells of it alike.
"""

import hashlib
import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from operator import itemgetter
from typing import Any, Literal, NamedTuple

from botocore.exceptions import ClientError
from typing_extensions import TypedDict

from miinti import aws, clock, observe, settings
from miinti.aws import ConditionFailed, Key, Page, Row, Write
from miinti.values.told import Instant

State = Literal["bounced", "complained"]
Unsent = Literal["refused", "failed", "expired", "untried"]
KEPT = 90 * 86400
"""Seconds that staff can look up who never got what; the mark on an address has no end."""
LIST = "RETURNED"
FAREWELL = "account_deleted"
"""The template of an account's last mail: with it the address goes from every row that nobody needs it in any more."""

_ELSEWHERE = frozenset(
    {
        "company_linked",
        "confirm_email",
        "contact_changed",
        "email_changed",
        "email_changing",
        "link_code",
        "payment_key",
    }
)
"""Templates that go to addresses which no account has, or not yet, or no longer."""


class Event(NamedTuple):
    """One event of SES. ``state`` is what the address is from now on, None where it stays as it was; ``at`` is when the
    mail was sent, as SES writes it: it is the same however often, and in whatever order, the event comes."""

    what: str
    why: str
    state: State | None
    address: str
    message_id: str
    template: str
    at: str


class Unreadable(ValueError):
    """An event of ours that does not say what SES's documentation says it does: somebody has to look."""


def told(message: str, topic: str) -> Event | None:
    """The event in a message of the queue; None for what is not from our topic, or no return at all."""
    try:
        envelope = json.loads(message)
        if envelope["Type"] != "Notification" or envelope["TopicArn"] != topic:
            return None
        event = json.loads(envelope["Message"])
        kind = event["eventType"]
    except (ValueError, KeyError, TypeError):
        return None
    try:
        return _READERS[kind](event) if kind in _READERS else None
    except (KeyError, IndexError, TypeError) as missing:
        raise Unreadable(f"{kind}: {missing!r}") from missing


def _bounce(event: Any) -> Event:
    about = event["bounce"]
    final = about["bounceType"] == "Permanent"
    return _event(event, "bounced", f"{about['bounceType']}/{about['bounceSubType']}", "bounced" if final else None)


def _complaint(event: Any) -> Event:
    about = event["complaint"]
    why = about.get("complaintFeedbackType") or about.get("complaintSubType") or ""
    # Some mail programs also report that a mail was taken for spam and is none.
    return _event(event, "complained", why, None if why == "not-spam" else "complained")


def _reject(event: Any) -> Event:
    return _event(event, "rejected", str(event["reject"]["reason"]), None)


_READERS = {"Bounce": _bounce, "Complaint": _complaint, "Reject": _reject}


def _event(event: Any, what: str, why: str, state: State | None) -> Event:
    mail = event["mail"]
    # Each mail goes to one address: whoever else SES names (a mailbox that forwards) is not ours to mark.
    template = (mail.get("tags") or {}).get("template") or [""]
    return Event(what, why[:100], state, mail["destination"][0], mail["messageId"], template[0], mail["timestamp"])


# --- rows -------------------------------------------------------------------------------------------------------------


def key(address: str) -> Key:
    return f"ADDRESS#{hashlib.sha256(address.encode()).hexdigest()[:32]}", "ADDRESS"


def state_of(address: str) -> State | None:
    """Whether mail to an address is worth trying: None where nothing is known against it."""
    row = aws.get(settings.outbox_table(), key(address))
    return row["state"] if row else None


def unmarked(address: str, state: State) -> Write:
    """Mail to an address is tried again, unless it says something else meanwhile."""
    table, names = settings.outbox_table(), {"#state": "state"}
    return aws.delete(table, key(address), condition="#state = :state", names=names, values={":state": state})


def unsuppressed(address: str) -> None:
    """SES's own list lets mail to an address go, too (SES's API, DeleteSuppressedDestination); where it has it not, it
    does."""
    try:
        aws.ask(aws.sesv2().delete_suppressed_destination, EmailAddress=address)
    except ClientError as refused:
        if aws.code(refused) != "NotFoundException":
            raise


def noted(event: Event, now: int, *, owned: bool = True) -> None:
    """Remember an event: who never got what, and the address where it gets no more mail; ``owned`` says whether an
    account has it. A complaint outweighs a bounce, whichever comes first; the same event again changes nothing. Of one
    message's events of a kind the one that marks the address is listed, of equal ones that of the greatest reason."""
    listed = replace(
        _listed(event, now, gone=not owned and event.template not in _ELSEWHERE),
        condition="attribute_not_exists(#final) OR #final < :final OR (#final = :final AND #why < :why)",
        names={"#final": "final", "#why": "why"},
        values={":final": _final(event), ":why": event.why},
    )
    with suppress(ConditionFailed):
        aws.write(listed)
    if event.state:
        mark = aws.update(
            settings.outbox_table(),
            key(event.address),
            "SET #state = :state",
            {":state": event.state, ":last": "complained"},
            condition="attribute_not_exists(#state) OR :state = :last",
            names={"#state": "state"},
        )
        with suppress(ConditionFailed):
            aws.write(mark)


def unsent(mail: Row, what: Unsent, why: str, now: int) -> None:
    """A mail that did not go: SES refused it at once, it failed as often as it is tried, its link ran out before, or
    its address is marked. Staff sees that too, once however often it is tried."""
    aws.write(_listed(_unsent(mail, what, why), now, gone="forget" in mail))


def went(mail: Row) -> None:
    """A mail that SES had refused, or that was given up, is, once it went, none that somebody never got."""
    marks: dict[str, Unsent] = {"refused_at": "refused", "failed_at": "failed"}
    for mark, what in marks.items():
        if mark in mail:
            listed = _listed(_unsent(mail, what, ""), 0)
            aws.write(aws.delete(listed.table, listed.key))


def _unsent(mail: Row, what: Unsent, why: str) -> Event:
    id, at = str(mail["pk"]).removeprefix("MAIL#"), clock.instant(int(mail["created_at"]))
    return Event(what, why, None, mail["to"]["address"], id, mail["template"], at)


class Told(TypedDict):
    """A mail that a person never got, as they are told of it."""

    what: str
    why: str
    template: str
    at: Instant


def told_of(rows: Iterable[Row]) -> list[Told]:
    """Of what ``outbox.of_address`` found, the mails that the person never got, newest first. The index has no reasons:
    they are read again."""
    table = settings.outbox_table()
    places = [(table, (row["pk"], row["sk"])) for row in rows if row["pk"] == LIST]
    found = [row for row in aws.batch_get_all(places).values() if row and int(row["ttl"]) > clock.now()]
    found.sort(key=itemgetter("sk"), reverse=True)
    return [{"what": row["what"], "why": row["why"], "template": row["template"], "at": row["at"]} for row in found]


def forget(rows: Iterable[Row]) -> None:
    """The account of an address is gone: of what ``outbox.of_address`` found, staff keeps what was not got and why, and
    of whom a hash."""
    for row in rows:
        if row["pk"] == LIST:
            nameless = aws.update(
                settings.outbox_table(),
                (row["pk"], row["sk"]),
                "SET address = :hash REMOVE mailbox",
                {":hash": observe.masked(row["mailbox"])},
                condition="attribute_exists(pk)",
            )
            with suppress(ConditionFailed):
                aws.write(nameless)


def of_late(limit: int, after: str | None) -> Page:
    """Mails that somebody never got, newest first; ``after`` is the ``sk`` of the last one before."""
    page = aws.query(
        settings.outbox_table(),
        "pk = :list",
        {":list": LIST},
        limit=limit,
        start={"pk": LIST, "sk": after} if after else None,
        descending=True,
    )
    # TTL takes days to remove a row; read, it is gone with its last second (R18).
    return Page([row for row in page.rows if int(row["ttl"]) > clock.now()], page.last)


def _final(event: Event) -> int:
    return int(event.state is not None)


def _listed(event: Event, now: int, *, gone: bool = False) -> Write:
    # Of who has left, staff has no use for the address.
    gone = gone or event.template == FAREWELL
    row: Row = {
        "pk": LIST,
        "sk": f"{event.at}#{event.message_id}#{event.what}",
        "what": event.what,
        "why": event.why,
        "final": _final(event),
        "template": event.template,
        "address": observe.masked(event.address) if gone else event.address,
        # No index has an empty key.
        "mailbox": None if gone else event.address or None,
        "message_id": event.message_id,
        "at": event.at,
        "ttl": now + KEPT,
    }
    return aws.put(settings.outbox_table(), row)
