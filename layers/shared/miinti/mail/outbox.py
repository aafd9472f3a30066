"""The outbox: a mail is a row written in the same transaction as the change that causes it (Decided, "The shape").

Rows of the outbox table: ``MAIL#<id>`` / ``MAIL`` a mail to send; ``RATE#<kind>#<address hash>`` / ``RATE`` the last
ten times a kind went to an address; ``TOLD#<mail id>#<account id>`` / ``TOLD`` a member who has been told. A new
``MAIL#`` row reaches ``send_mail`` by the table's stream and a queue.

A mail's row grows these on its way: ``taken_at`` when a sender took it (0 once that one gave it back), then ``sent_at``
and ``message_id``, or ``refused_at`` and ``reason``. Times are epoch seconds.
"""

import hashlib
import secrets
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from miinti import aws, clock, settings
from miinti.aws import Key, Row, Write
from miinti.mail.tokens import Token

HOUR = 3600
DAY = 86400
PER_HOUR, PER_DAY = 3, 10
"""Mails of one kind to one address (api.md "Accounts", S20)."""
KEPT = 30 * DAY
"""Seconds a mail's row stays after it was written; then TTL removes it."""
LEASE = 60
"""Seconds for which a taken mail is one sender's alone: the whole time that a call of ``send_mail`` can last."""
GATHERED = 100
"""Entries that one gathered mail tells at most; the next go to the next window."""
MENTIONED = 50
"""Documents that one mail of news names at most; the rest are counted."""
PATIENCE = 6
"""Quiet periods that news of a delivery wait for more of it at most, from the first on."""
QUIET = "none"
"""The template of a row that sends nothing: written where no account is, so that the work is the same (Decided 6)."""


class MailLimitReached(Exception):
    """Three mails of this kind went to this address within the hour, or ten within the day: no mail goes, no token is
    replaced."""


class AlreadySent(Exception):
    """The mail went out before, or its row is no longer there: nothing is left to do."""


class NotYet(Exception):
    """The mail is not due, or another sender has it. ``seconds`` says when to come back."""

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = max(1, seconds)


class AlreadyTold(Exception):
    """This member has been told of this before."""


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


def key(id: str) -> Key:
    return f"MAIL#{id}", "MAIL"


def id_of(row: Row) -> str:
    return str(row["pk"]).removeprefix("MAIL#")


# --- written with a change --------------------------------------------------------------------------------------------


def put(letter: Letter, now: int, *, id: str = "", due_at: int | None = None) -> Write:
    """The row of a mail. With an ``id`` that stands already, nothing is written (``ConditionFailed``)."""
    recipient: dict[str, Any] = (
        {"members_of": letter.to.company_id, "but": letter.to.but}
        if isinstance(letter.to, Members)
        else {"address": letter.to}
    )
    pk, sk = key(id or mail_id())
    row: Row = {
        "pk": pk,
        "sk": sk,
        "template": letter.template,
        "to": recipient,
        "data": letter.data,
        "token": list(letter.token) if letter.token else None,
        "due_at": due_at,
        "created_at": now,
        "ttl": now + KEPT,
    }
    return aws.put(settings.outbox_table(), row, condition="attribute_not_exists(pk)")


def wanted_rate(template: str, address: str) -> tuple[str, Key]:
    """The row of the last times a kind went to an address, as ``aws.batch_get`` takes it."""
    return settings.outbox_table(), (f"RATE#{template}#{hashlib.sha256(address.encode()).hexdigest()[:32]}", "RATE")


def at_limit(rate: Row | None, now: int) -> bool:
    """Whether ``within_limit`` would refuse, by the row as it was read."""
    return rate is not None and (rate[f"t{PER_HOUR}"] > now - HOUR or rate[f"t{PER_DAY}"] > now - DAY)


def within_limit(template: str, address: str, now: int) -> Write:
    """Note that a mail of this kind goes to this address now; its ``otherwise`` is ``MailLimitReached`` at the fourth
    within an hour or the eleventh within a day. ``address`` may be one that nobody has."""
    # t1 is the latest time. Each moves up one place; what stands in t3 and t10 before that decides.
    moved = ", ".join(f"t{n} = if_not_exists(t{n - 1}, :never)" for n in range(PER_DAY, 1, -1))
    return aws.update(
        *wanted_rate(template, address),
        f"SET {moved}, t1 = :now, #ttl = :ttl",
        {":never": 0, ":now": now, ":ttl": now + DAY, ":hour_ago": now - HOUR, ":day_ago": now - DAY},
        condition=f"attribute_not_exists(t1) OR (t{PER_HOUR} <= :hour_ago AND t{PER_DAY} <= :day_ago)",
        names={"#ttl": "ttl"},
        otherwise=MailLimitReached(),
    )


def commit(writes: Sequence[Write], notices: Sequence[Letter], now: int, *, rates: Sequence[Row | None] = ()) -> None:
    """One transaction of ``writes`` with security notices, which are never dropped (``data`` holds an ``entries``
    list).

    Past the hourly number of a kind to an address, a notice's entries gather in one row per ``digest_seconds`` window,
    which goes out when the window closes: many at once become one mail. ``Members`` are counted when they are told
    apart, by ``relay_outbox``. Two notices of one call never share kind and address. ``rates`` are the rows of
    ``wanted_rate``, where they were read before: what is past its number gathers without being tried first.
    """
    windows = {place: 1 for place, rate in enumerate(rates) if at_limit(rate, now)}
    while True:
        told: list[Write] = []
        for place, notice in enumerate(notices):
            if isinstance(notice.to, Members):
                told.append(put(notice, now))
            elif place in windows:
                told.append(aws.replaced(_gather(notice, now, windows[place]), otherwise=_Full(place)))
            else:
                limit = within_limit(notice.template, notice.to, now)
                told += [aws.replaced(limit, otherwise=_Full(place)), put(notice, now)]
        try:
            aws.transact([*writes, *told])
        except _Full as full:
            windows[full.place] = windows.get(full.place, 0) + 1
        else:
            return


def gather(parent: str, letter: Letter, account_id: str, group: str, items: Sequence[tuple[Row, Write]]) -> None:
    """Add items to the one mail that tells a person of a ``group`` (a delivery), and note that they were told of
    ``parent``; each item is an entry of the mail and a write that goes with it.

    The mail goes out once nothing was added for ``digest_seconds``, or ``PATIENCE`` times that after its first. It
    names ``MENTIONED`` items and counts the rest (``more``), whose writes are left out. What comes when it is on its
    way already begins another. Raises ``AlreadyTold``.
    """
    part = 0
    while True:
        now = clock.now()
        digest = hashlib.sha256(f"{letter.template}#{account_id}#{group}#{part}".encode()).hexdigest()[:24]
        there = aws.get(settings.outbox_table(), key(digest))
        if there is not None and "taken_at" in there:
            part += 1
            continue
        entries = there["entries"] if there else []
        shown = items[: max(0, MENTIONED - len(entries))]
        put = _listing(
            digest,
            letter,
            [*entries, *(entry for entry, _ in shown)],
            int(there["more"] if there else 0) + len(items) - len(shown),
            now,
            there,
        )
        try:
            aws.transact([told(parent, account_id, now), put, *(write for _, write in shown)])
        except _Full:
            continue
        return


def listed(letter: Letter, entries: Sequence[Row], now: int) -> Write:
    """A mail that lists entries, due at once."""
    write = _listing(mail_id(), letter, entries[:MENTIONED], max(0, len(entries) - MENTIONED), now, None)
    return replace(write, row={**write.row, "due_at": now})


def _listing(id: str, letter: Letter, entries: Sequence[Row], more: int, now: int, there: Row | None) -> Write:
    """A mail's row with its entries, whose companies stay on it once it is sent: one click stops mails about them."""
    seconds = settings.digest_seconds()
    first = int(there["created_at"]) if there else now
    pk, sk = key(id)
    row: Row = {
        "pk": pk,
        "sk": sk,
        "template": letter.template,
        "to": {"address": letter.to},
        "data": letter.data,
        "entries": list(entries),
        "companies": sorted({entry["company_id"] for entry in entries}),
        "more": more,
        "due_at": min(now + seconds, first + PATIENCE * seconds),
        "created_at": first,
        "ttl": now + KEPT,
    }
    return aws.put(
        settings.outbox_table(),
        row,
        condition="txn = :seen" if there else "attribute_not_exists(pk)",
        values={":seen": there["txn"]} if there else None,
        otherwise=_Full(0),
    )


class _Full(Exception):
    """The notice at this place finds no room at once, or none in the window it was to gather in; or what it was to be
    added to has changed."""

    def __init__(self, place: int) -> None:
        super().__init__(place)
        self.place = place


def _gather(notice: Letter, now: int, windows: int) -> Write:
    """Add the notice's entries to the row of a window, this one (1) or a later one, which is sent once that is over.

    A row that a sender has taken gets nothing more: what came late would be marked as sent without having been told.
    """
    seconds = settings.digest_seconds()
    due_at = (now // seconds + windows) * seconds
    address = str(notice.to)
    digest = hashlib.sha256(f"{notice.template}#{address}#{due_at}".encode()).hexdigest()[:24]
    shared = {name: value for name, value in notice.data.items() if name != "entries"}
    # Entries are a top-level list, since a path into a map that is not there yet cannot be set in one expression. Each
    # carries all that its notice said: notices of several companies meet in the row of one address.
    return aws.update(
        settings.outbox_table(),
        key(digest),
        "SET template = :template, #to = :to, #data = :data,"
        " entries = list_append(if_not_exists(entries, :none), :more),"
        " due_at = :due, created_at = if_not_exists(created_at, :now), #ttl = :ttl",
        {
            ":template": notice.template,
            ":to": {"address": address},
            ":data": shared,
            ":none": [],
            ":more": [{**shared, **entry} for entry in notice.data["entries"]],
            ":due": due_at,
            ":now": now,
            ":ttl": now + KEPT,
            ":most": GATHERED,
        },
        # The last part stops a retry, after an answer that was lost, from adding the same entries again (R02).
        condition="attribute_not_exists(taken_at) AND (attribute_not_exists(entries) OR size(entries) < :most)"
        " AND (attribute_not_exists(txn) OR txn <> :txn)",
        names={"#to": "to", "#data": "data", "#ttl": "ttl"},
    )


# --- on its way -------------------------------------------------------------------------------------------------------


def wanted_told(parent: str, account_id: str) -> tuple[str, Key]:
    """The row that stands once this person is told of ``parent``, as ``aws.batch_get`` takes it."""
    return settings.outbox_table(), (f"TOLD#{parent}#{account_id}", "TOLD")


def told(parent: str, account_id: str, now: int) -> Write:
    """Note that this member is told of the mail ``parent``. Raises ``AlreadyTold`` when that stands already."""
    pk, sk = wanted_told(parent, account_id)[1]
    row: Row = {"pk": pk, "sk": sk, "ttl": now + KEPT}
    return aws.put(
        settings.outbox_table(), row, condition="attribute_not_exists(pk)", otherwise=AlreadyTold(account_id)
    )


def spread(id: str, now: int) -> None:
    """Mark a mail to members as done: each has a mail of their own. What it said is no longer needed."""
    aws.write(
        aws.update(
            settings.outbox_table(),
            key(id),
            "SET sent_at = :now REMOVE #data",
            {":now": now},
            condition="attribute_exists(pk)",
            names={"#data": "data"},
            otherwise=AlreadySent(id),
        )
    )


def take(id: str, now: int) -> Row:
    """A mail's row, taken to be sent: for ``LEASE`` seconds nobody else gets it, and nothing is added to it any more.

    Raises ``AlreadySent``, or ``NotYet`` while it is not due or another sender has it. A refused mail may be taken
    again: it comes back only when somebody moved it out of the dead letters.
    """

    def refusal(row: Row | None) -> Exception:
        if row is None or "sent_at" in row:
            return AlreadySent(id)
        free_at = int(row["taken_at"]) + LEASE if "taken_at" in row else 0
        return NotYet(max(int(row.get("due_at", 0)), free_at) - now)

    return aws.write(
        aws.update(
            settings.outbox_table(),
            key(id),
            "SET taken_at = :now",
            {":now": now, ":lapsed": now - LEASE},
            condition="attribute_exists(pk) AND attribute_not_exists(sent_at)"
            " AND (attribute_not_exists(due_at) OR due_at <= :now)"
            " AND (attribute_not_exists(taken_at) OR taken_at <= :lapsed)",
            otherwise=refusal,
        )
    )


def give_back(row: Row) -> None:
    """Let the next sender have a taken mail at once. Nothing happens when the lease is over and another has it."""
    _settle(row, "SET taken_at = :free", {":free": 0})


def sent(row: Row, message_id: str, now: int) -> None:
    """Mark a mail as accepted by SES, and drop what it said: nobody needs that any more (S78).

    The address stays for the row's 30 days, to answer whether a mail went and whose mail bounced.
    """
    aws.write(
        aws.update(
            settings.outbox_table(),
            key(id_of(row)),
            "SET sent_at = :now, message_id = :message REMOVE #data, entries, #token, refused_at, reason",
            {":now": now, ":message": message_id},
            condition="attribute_exists(pk)",
            names={"#data": "data", "#token": "token"},
            otherwise=AlreadySent(id_of(row)),
        )
    )


def refused(row: Row, reason: str, now: int) -> None:
    """Mark a mail as one that will not go by trying again, and why. What it says stays, to send it once that is
    mended."""
    _settle(
        row, "SET refused_at = :now, reason = :reason, taken_at = :free", {":now": now, ":reason": reason, ":free": 0}
    )


def _settle(row: Row, expression: str, values: Row) -> None:
    write = aws.update(
        settings.outbox_table(),
        key(id_of(row)),
        expression,
        {**values, ":mine": row["txn"]},
        condition="txn = :mine",
        otherwise=_TakenOver(),
    )
    with suppress(_TakenOver):
        aws.write(write)


class _TakenOver(Exception):
    """The lease ended before we were done, and another sender has the mail."""
