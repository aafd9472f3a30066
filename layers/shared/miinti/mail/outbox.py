"""The outbox: a mail is a row written in the same transaction as the change that causes it (Decided, "The shape").

Rows of the outbox table: ``MAIL#<id>`` / ``MAIL`` a mail to send; ``RATE#<kind>#<address hash>`` / ``RATE`` the last
three times a kind went to an address. A new ``MAIL#`` row reaches ``send_mail`` by the table's stream and a queue.
"""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from miinti import aws, settings
from miinti.aws import Row, Write
from miinti.mail.tokens import Token

HOUR = 3600
KEPT = 30 * 86400
"""Seconds a mail's row stays after it was written; then TTL removes it."""
QUIET = "none"
"""The template of a row that sends nothing: written where no account is, so that the work is the same (Decided 6)."""


class MailLimitReached(Exception):
    """Three mails of this kind went to this address within the hour: no mail goes, no token is replaced."""


class Members(NamedTuple):
    """Everyone linked to a company but one person; ``relay_outbox`` turns it into one mail each."""

    company_id: str
    but: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to be: a template, an address (or the members of a company), what the text says, and its token.

    ``data`` holds only str, int and lists and dicts of them; never a token, a code or a password (S73).
    """

    template: str
    to: str | Members
    data: Row = field(default_factory=dict)
    token: Token | None = None


def mail_id() -> str:
    return secrets.token_hex(12)


def put(letter: Letter, now: int, *, id: str = "", due_at: int | None = None) -> Write:
    """The row of a mail. With an ``id`` that stands already, nothing is written (``ConditionFailed``)."""
    recipient: dict[str, Any] = (
        {"members_of": letter.to.company_id, "but": letter.to.but}
        if isinstance(letter.to, Members)
        else {"address": letter.to}
    )
    row: Row = {
        "pk": f"MAIL#{id or mail_id()}",
        "sk": "MAIL",
        "template": letter.template,
        "to": recipient,
        "data": letter.data,
        "token": list(letter.token) if letter.token else None,
        "due_at": due_at,
        "created_at": now,
        "ttl": now + KEPT,
    }
    return aws.put(settings.outbox_table(), row, condition="attribute_not_exists(pk)")


def within_limit(template: str, address: str, now: int) -> Write:
    """Note that a mail of this kind goes to this address now; its ``otherwise`` is ``MailLimitReached`` at the fourth
    within an hour. ``address`` may be one that nobody has."""
    return aws.update(
        settings.outbox_table(),
        (f"RATE#{template}#{hashlib.sha256(address.encode()).hexdigest()[:32]}", "RATE"),
        # The three last times move up one place: third is the oldest and decides.
        "SET third = if_not_exists(second, :never), second = if_not_exists(latest, :never), latest = :now, #ttl = :ttl",
        {":never": 0, ":now": now, ":ttl": now + HOUR, ":hour_ago": now - HOUR},
        condition="attribute_not_exists(third) OR third <= :hour_ago",
        names={"#ttl": "ttl"},
        otherwise=MailLimitReached(),
    )


def commit(writes: Sequence[Write], notices: Sequence[Letter], now: int) -> None:
    """One transaction of ``writes`` with security notices, which are never dropped (``data`` holds an ``entries``
    list).

    Past the hourly number of a kind to an address, a notice's entries gather in one row per ``digest_seconds`` window,
    which goes out when the window closes: many at once become one mail. ``Members`` are counted when they are told
    apart, by ``relay_outbox``.
    """
    gathered: set[int] = set()
    while True:
        told: list[Write] = []
        owner: dict[int, int] = {}
        for place, notice in enumerate(notices):
            if isinstance(notice.to, Members):
                told.append(put(notice, now))
            elif place in gathered:
                told.append(_gather(notice, now))
            else:
                owner[len(writes) + len(told)] = place
                told += [within_limit(notice.template, notice.to, now), put(notice, now)]
        numbered = [
            aws.replaced(write, otherwise=_Full(owner[len(writes) + at])) if len(writes) + at in owner else write
            for at, write in enumerate(told)
        ]
        try:
            aws.transact([*writes, *numbered])
        except _Full as full:
            gathered.add(full.place)
        else:
            return


class _Full(Exception):
    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def _gather(notice: Letter, now: int) -> Write:
    """Add the notice's entries to the row of this window, which is sent once the window is over."""
    window = settings.digest_seconds()
    due_at = (now // window + 1) * window
    address = str(notice.to)
    digest = hashlib.sha256(f"{notice.template}#{address}#{due_at}".encode()).hexdigest()[:24]
    # Entries are a top-level list, since a path into a map that is not there yet cannot be set in one expression.
    return aws.update(
        settings.outbox_table(),
        (f"MAIL#{digest}", "MAIL"),
        "SET template = :template, #to = :to, #data = :data,"
        " entries = list_append(if_not_exists(entries, :none), :more),"
        " due_at = :due, created_at = if_not_exists(created_at, :now), #ttl = :ttl",
        {
            ":template": notice.template,
            ":to": {"address": address},
            ":data": {name: value for name, value in notice.data.items() if name != "entries"},
            ":none": [],
            ":more": notice.data["entries"],
            ":due": due_at,
            ":now": now,
            ":ttl": now + KEPT,
        },
        names={"#to": "to", "#data": "data", "#ttl": "ttl"},
    )
