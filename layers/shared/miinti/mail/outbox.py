"""The outbox: a mail is a row written in the same transaction as the change that causes it (Decided, "The shape").

Rows of the outbox table: ``MAIL#<id>`` / ``MAIL`` a mail to send; ``RATE#<kind>#<address hash>`` / ``RATE`` the last
ten times a kind went to an address, how many entries (``gathered``) have gathered there for the mail that is due at
``gathers``, and of news the mail (``gathering``) that they gather in; ``TOLD#<mail id>#<account id>`` / ``TOLD`` a
member who has been told. A new ``MAIL#`` row reaches ``send_mail`` by the table's stream and a queue.

A mail's row grows these on its way: ``taken_at`` when a sender took it (0 once that one gave it back), then ``sent_at``
and ``message_id``, or ``refused_at`` and ``reason``, ``failed_at`` when its queue gave it up, and ``dropped`` where
nothing will make it go. Times are epoch seconds.
"""

import hashlib
import json
import secrets
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, NamedTuple

from typing_extensions import TypedDict

from miinti import aws, clock, settings
from miinti.aws import Key, Row, Write
from miinti.mail import returns
from miinti.mail.tokens import Token
from miinti.values.told import Instant

HOUR = 3600
DAY = 86400
PER_HOUR, PER_DAY = 3, 10
"""Mails of one kind to one address (S20)."""
KEPT = 30 * DAY
"""Seconds a mail's row stays after it was written; then TTL removes it."""
LEASE = 60
"""Seconds for which a taken mail is one sender's alone: the whole time that a call of ``send_mail`` can last."""
TRIES = 30
"""How often the message of a mail is received before its queue gives it to the dead letters (``MailQueue`` and
``NewsQueue`` in template.yaml)."""
GATHERED = 50
"""Entries that one gathered mail tells at most; more are only counted."""
MENTIONED = 50
"""Documents that one mail of news names at most; the rest are counted."""
COUNTED_BY = ("company_id", "company", "grant", "kind")
"""What a mail knows of entries that it only counts: whose they are, by id and by name, and what decides whether they
are still to be told."""
COUNTED_MOST = 1_000
"""Groups of ``COUNTED_BY`` with which a mail of news takes no more: DynamoDB's rows end at 400 KB."""
PATIENCE = 6
"""Quiet periods that news wait for more of them at most, from the first on."""
QUIET = "none"
"""The template of a row that sends nothing: written where no account is, so that the work is the same (Decided 6)."""
NEWS = frozenset({"documents_new", "payment_reminder"})
"""Templates that go as the person chose, can be stopped by one click, and wait in a queue of their own."""
BY_HOUR = frozenset({"activate", "reset_password", "payment_key", "documents_new", QUIET})
"""Kinds without a daily number: a stranger could use it up, and keep the owner out for the day. Of news
the rest gathers."""


Bounds = Mapping[int, int]
"""How many mails of a kind may go to one address, ten at most → within how many seconds."""


class MailLimitReached(Exception):
    """This kind has gone to this address as often as it may: no mail goes, no token is replaced."""


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


class Gathered(NamedTuple):
    """An address that may be told of many things at once by who cannot count them; ``relay_outbox`` does."""

    address: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail to be: a template, an address (or the members of a company), what the text says, and its token.

    ``data`` holds only str, int and lists and dicts of them; never a token, a code or a password (S73).
    """

    template: str
    to: str | Members | Gathered
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
    recipient: dict[str, Any] = {"address": letter.to}
    if isinstance(letter.to, Members):
        recipient = {"members_of": letter.to.company_id, "but": letter.to.but}
    elif isinstance(letter.to, Gathered):
        recipient = {"gathers_for": letter.to.address}
    pk, sk = key(id or mail_id())
    row: Row = {
        "pk": pk,
        "sk": sk,
        "template": letter.template,
        "to": recipient,
        # No index has an empty key.
        "mailbox": (letter.to or None) if letter.template != QUIET and isinstance(letter.to, str) else None,
        "data": letter.data,
        "token": list(letter.token) if letter.token else None,
        "forget": letter.template == returns.FAREWELL or None,
        "due_at": due_at,
        "created_at": now,
        "ttl": now + KEPT,
    }
    return aws.put(settings.outbox_table(), row, condition="attribute_not_exists(pk)")


def wanted_rate(template: str, address: str) -> tuple[str, Key]:
    """The row of the last times a kind went to an address, as ``aws.batch_get`` takes it."""
    return settings.outbox_table(), (f"RATE#{template}#{hashlib.sha256(address.encode()).hexdigest()[:32]}", "RATE")


def _bounds(template: str) -> Bounds:
    return {PER_HOUR: HOUR} if template in BY_HOUR else {PER_HOUR: HOUR, PER_DAY: DAY}


def at_limit(template: str, rate: Row | None, now: int) -> bool:
    """Whether ``within_limit`` would refuse, by the row as it was read."""
    return rate is not None and any(
        rate.get(f"t{many}", 0) > now - seconds for many, seconds in _bounds(template).items()
    )


def free_in(template: str, rate: Row | None, now: int) -> int:
    """Seconds until ``within_limit`` refuses no longer, by the row that it refused by."""
    ends = [int((rate or {}).get(f"t{many}", 0)) + seconds for many, seconds in _bounds(template).items()]
    return max(1, *(end - now for end in ends))


def within_limit(template: str, address: str, now: int, bounds: Bounds | None = None) -> Write:
    """Note that a mail of this kind goes to this address now; its ``otherwise`` is ``MailLimitReached`` at the fourth
    within an hour or, but for ``BY_HOUR``, the eleventh within a day, or past ``bounds``. ``address`` may be one that
    nobody has."""
    # t1 is the latest time. Each moves up one place; what stands in t3 and t10 before that decides.
    moved = ", ".join(f"t{n} = if_not_exists(t{n - 1}, :never)" for n in range(PER_DAY, 1, -1))
    bounds = bounds or _bounds(template)
    return aws.update(
        *wanted_rate(template, address),
        f"SET {moved}, t1 = :now, #ttl = :ttl",
        {":never": 0, ":now": now, ":ttl": now + DAY, **{f":since{many}": now - bounds[many] for many in bounds}},
        condition="attribute_not_exists(t1) OR (" + " AND ".join(f"t{many} <= :since{many}" for many in bounds) + ")",
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
    read = enumerate(zip(notices, rates, strict=False))
    windows = {place: _this(rate, now) for place, (notice, rate) in read if at_limit(notice.template, rate, now)}
    while True:
        told: list[Write] = []
        for place, notice in enumerate(notices):
            no_room = partial(_Full, place)
            if not isinstance(notice.to, str):
                told.append(put(notice, now))
            elif place in windows:
                told += _gather(notice, now, windows[place], no_room)
            else:
                limit = within_limit(notice.template, notice.to, now)
                told += [aws.replaced(limit, otherwise=no_room), put(notice, now)]
        try:
            aws.transact([*writes, *told])
        except _Full as full:
            window = windows.get(full.place)
            windows[full.place] = _other(window, full.row) if window else _this(full.row, now)
        else:
            return


def gather(parent: str, letter: Letter, account_id: str, items: Sequence[tuple[Row, Write]]) -> None:
    """Add items to the one mail that tells a person of what is new, and note that they were told of ``parent``; each
    item is an entry of the mail and a write that goes with it.

    The mail goes out once nothing was added for ``digest_seconds``, or ``PATIENCE`` times that after its first: what
    the ERP drops in one go, of however many files, is told in one. It names ``MENTIONED`` items and counts the rest
    (``counted``), whose writes are left out. What comes when it is on its way already begins another. Past ``PER_HOUR``
    mails within an hour, the next waits for the hour's end: whoever delivers each document by itself does not fill a
    mailbox. Raises ``AlreadyTold``.
    """
    counter = wanted_rate(letter.template, str(letter.to))
    while True:
        now = clock.now()
        (rate,) = aws.batch_get(counter)
        there = _gathering(rate, account_id)
        entries = there["entries"] if there else []
        room = max(0, MENTIONED - len(entries))
        shown, rest = items[:room], items[room:]
        id, due_at, begun = (id_of(there), None, []) if there else _begun(letter, rate, now)
        put = _listing(
            id,
            letter,
            [*entries, *(entry for entry, _ in shown)],
            _counted(there.get("counted", ()) if there else (), [entry for entry, _ in rest]),
            now,
            there,
            due_at=due_at,
        )
        try:
            aws.transact([told(parent, account_id, now), put, *(write for _, write in shown), *begun])
        except _Full:
            continue
        return


def _gathering(rate: Row | None, account_id: str) -> Row | None:
    """The mail in which a person's news gather now. The row that counts an address's mails names it; an address may
    have been another's a moment ago."""
    if rate is None or "gathering" not in rate:
        return None
    (there,) = aws.batch_get((settings.outbox_table(), key(rate["gathering"])))
    if there is None or "taken_at" in there or there["data"]["account_id"] != account_id:
        return None
    return there if len(there["counted"]) < COUNTED_MOST else None


def _begun(letter: Letter, rate: Row | None, now: int) -> tuple[str, int | None, list[Write]]:
    """A mail for news to gather in: its id, when it is due (None: once it is quiet), and the note of it, one at a time
    of those who read the same ``rate``. Mails that wait for the hour's end are not counted."""
    id, address = mail_id(), str(letter.to)
    still = "gathering = :seen" if rate and "gathering" in rate else "attribute_not_exists(gathering)"
    seen = {":seen": rate["gathering"]} if rate and "gathering" in rate else {}
    if at_limit(letter.template, rate, now):
        values = {":mail": id, **seen}
        note = aws.update(*wanted_rate(letter.template, address), "SET gathering = :mail", values, condition=still)
        return id, (now // HOUR + 1) * HOUR, [aws.replaced(note, otherwise=_Full(0, None))]
    limit = within_limit(letter.template, address, now)
    note = replace(
        limit,
        update=f"{limit.update}, gathering = :mail",
        condition=f"({limit.condition}) AND {still}",
        values={**limit.values, ":mail": id, **seen},
        otherwise=_Full(0, None),
    )
    return id, None, [note]


def listed(letter: Letter, entries: Sequence[Row], now: int) -> Write:
    """A mail that lists entries, due at once; what is past ``MENTIONED`` it counts."""
    counted = _counted((), entries[MENTIONED:])
    return _listing(mail_id(), letter, entries[:MENTIONED], counted, now, None, due_at=now)


def _counted(before: Sequence[Row], entries: Sequence[Row]) -> list[Row]:
    """How many entries a mail counts (``many``), by ``COUNTED_BY``."""
    many: Counter[tuple[str, ...]] = Counter()
    for row in before:
        many[tuple(row[name] for name in COUNTED_BY)] += int(row["many"])
    many.update(tuple(entry[name] for name in COUNTED_BY) for entry in entries)
    return [{**dict(zip(COUNTED_BY, group, strict=True)), "many": count} for group, count in many.items()]


def _listing(
    id: str,
    letter: Letter,
    entries: Sequence[Row],
    counted: Sequence[Row],
    now: int,
    there: Row | None,
    *,
    due_at: int | None = None,
) -> Write:
    """A mail's row with its entries, due at ``due_at`` or once it is quiet. The companies that it names or counts stay
    on it once it is sent, each with the newest grant of the person's link to it: one click stops mails about them."""
    first = int(there["created_at"]) if there else now
    pk, sk = key(id)
    row: Row = {
        "pk": pk,
        "sk": sk,
        "template": letter.template,
        "to": {"address": letter.to},
        "mailbox": letter.to,
        "data": letter.data,
        "entries": list(entries),
        "counted": list(counted),
        "companies": {entry["company_id"]: entry["grant"] for entry in (*entries, *counted)},
        "due_at": due_at if due_at is not None else _quiet_at(now, there),
        "created_at": first,
        "ttl": now + KEPT,
    }
    return aws.put(
        settings.outbox_table(),
        row,
        condition="txn = :seen" if there else "attribute_not_exists(pk)",
        values={":seen": there["txn"]} if there else None,
        otherwise=_Full(0, None),
    )


def _quiet_at(now: int, there: Row | None) -> int:
    """When a mail to which something is added now goes if nothing more comes; never sooner than it was to go."""
    seconds = settings.digest_seconds()
    if there is None:
        return now + seconds
    return max(int(there["due_at"]), min(now + seconds, int(there["created_at"]) + PATIENCE * seconds))


class _Full(Exception):
    """The notice at this place finds no room at once, or none in the window it was to gather in, or what it was to be
    added to has changed; ``row`` refused it."""

    def __init__(self, place: int, row: Row | None) -> None:
        super().__init__(place)
        self.place = place
        self.row = row


class _Window(NamedTuple):
    """When a gathered mail goes out, and how many entries it is known to have."""

    due_at: int
    held: int


def _this(rate: Row | None, now: int) -> _Window:
    """The window of now. The row that counts the mails tells how full it is, so that nothing is tried in vain."""
    seconds = settings.digest_seconds()
    due_at = (now // seconds + 1) * seconds
    return _Window(due_at, int(rate["gathered"]) if rate and rate.get("gathers") == due_at else 0)


def _other(window: _Window, row: Row | None) -> _Window:
    """After a window's row refused: the same one as full, or the next where a sender has taken it."""
    if row is None or "taken_at" in row:
        return _Window(window.due_at + settings.digest_seconds(), 0)
    return _Window(window.due_at, GATHERED)


def _gather(notice: Letter, now: int, window: _Window, no_room: Callable[[Row | None], Exception]) -> list[Write]:
    """Add the notice's entries to the row of a window, which is sent once that is over, and note how full it is. A full
    one only counts them, so that neither the mail nor the calls grow with what one person repeats.

    A row that a sender has taken gets nothing more: what came late would be marked as sent without having been told.
    """
    address = str(notice.to)
    digest = hashlib.sha256(f"{notice.template}#{address}#{window.due_at}".encode()).hexdigest()[:24]
    entries = notice.data["entries"]
    # The last part stops a retry, after an answer that was lost, from adding the same entries again (R02).
    open = "attribute_not_exists(taken_at) AND (attribute_not_exists(txn) OR txn <> :txn)"
    if window.held >= GATHERED:
        added = aws.update(
            settings.outbox_table(),
            key(digest),
            "SET more = if_not_exists(more, :none) + :more",
            {":none": 0, ":more": len(entries)},
            condition=f"attribute_exists(entries) AND {open}",
            otherwise=no_room,
        )
    else:
        shared = {name: value for name, value in notice.data.items() if name != "entries"}
        # Entries are a top-level list, since a path into a map that is not there yet cannot be set in one expression.
        # Each carries all that its notice said: notices of several companies meet in the row of one address.
        added = aws.update(
            settings.outbox_table(),
            key(digest),
            "SET template = :template, #to = :to, mailbox = :mailbox, #data = :data,"
            " entries = list_append(if_not_exists(entries, :none), :more),"
            " due_at = :due, created_at = if_not_exists(created_at, :now), #ttl = :ttl",
            {
                ":template": notice.template,
                ":to": {"address": address},
                ":mailbox": address,
                ":data": shared,
                ":none": [],
                ":more": [{**shared, **entry} for entry in entries],
                ":due": window.due_at,
                ":now": now,
                ":ttl": now + KEPT,
                ":most": GATHERED,
            },
            condition=f"(attribute_not_exists(entries) OR size(entries) < :most) AND {open}",
            names={"#to": "to", "#data": "data", "#ttl": "ttl"},
            otherwise=no_room,
        )
    held = aws.update(
        *wanted_rate(notice.template, address),
        "SET gathers = :due, gathered = :held, #ttl = if_not_exists(#ttl, :ttl)",
        {":due": window.due_at, ":held": min(window.held + len(entries), GATHERED), ":ttl": now + DAY},
        names={"#ttl": "ttl"},
    )
    return [added, held]


# --- on its way -------------------------------------------------------------------------------------------------------


class Shown(TypedDict):
    """A mail as the person is told of it, to whom it went."""

    template: str
    created_at: Instant | None
    sent_at: Instant | None


def shown(row: Row) -> Shown:
    instants = clock.instants(row, "created_at", "sent_at")
    return {"template": row["template"], "created_at": instants["created_at"], "sent_at": instants["sent_at"]}


def of_address(address: str) -> list[Row]:
    """What there is of an address: the mails of the last days to it, sent or still to go, newest first, and what of
    them somebody never got (``returns.told_of``); what is of the last second may be missing. Index ``mailboxes``."""
    rows = aws.query_all(settings.outbox_table(), "mailbox = :address", {":address": address}, index="mailboxes")
    return sorted(rows, key=lambda row: int(row.get("created_at", 0)), reverse=True)


def forget(rows: Iterable[Row]) -> None:
    """The account of an address is gone: of what ``of_address`` found, mails that went lose it. News go no more, and
    what was dropped is no more; what else has yet to go still does, and loses it then."""
    for row in rows:
        place = row["pk"], row["sk"]
        if not row["pk"].startswith("MAIL#"):
            continue
        if row["template"] in NEWS and "sent_at" not in row:
            aws.write(aws.delete(settings.outbox_table(), place))
            continue
        leaving = aws.update(
            settings.outbox_table(), place, "SET forget = :yes", {":yes": True}, condition="attribute_exists(pk)"
        )
        with suppress(aws.ConditionFailed):
            mail = aws.write(leaving)
            if "sent_at" in mail:
                _strip(place)
            elif "dropped" in mail:
                aws.write(aws.delete(settings.outbox_table(), place))


def _strip(place: Key) -> None:
    strip = aws.update(
        settings.outbox_table(), place, "REMOVE #to, mailbox", condition="attribute_exists(pk)", names={"#to": "to"}
    )
    with suppress(aws.ConditionFailed):
        aws.write(strip)


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

    The address that it went to stays for the row's 30 days, to answer whether a mail went and whose mail bounced;
    unless its account is gone.
    """
    marked = aws.write(
        aws.update(
            settings.outbox_table(),
            key(id_of(row)),
            "SET sent_at = :now, message_id = :message, #to = :to, mailbox = :mailbox"
            " REMOVE #data, entries, more, counted, #token, refused_at, reason, failed_at, dropped",
            {":now": now, ":message": message_id, ":to": row["to"], ":mailbox": row["to"]["address"]},
            condition="attribute_exists(pk)",
            names={"#data": "data", "#to": "to", "#token": "token"},
            otherwise=AlreadySent(id_of(row)),
        )
    )
    if "forget" in marked:
        _strip(key(id_of(row)))


def refused(row: Row, reason: str, now: int) -> None:
    """Mark a mail as one that will not go by trying again, and why. What it says stays, to send it once that is
    mended."""
    _settle(
        row, "SET refused_at = :now, reason = :reason, taken_at = :free", {":now": now, ":reason": reason, ":free": 0}
    )


def dropped(row: Row, reason: str, now: int) -> None:
    """Mark a mail that never goes: nobody is to mend anything. Where its account is gone, there is no mail any more:
    by what its row says, or ``row`` if whoever took it found that out (``forget``)."""
    drop = aws.update(
        settings.outbox_table(),
        key(id_of(row)),
        "SET dropped = :yes, refused_at = :now, reason = :reason, taken_at = :free",
        {":yes": True, ":now": now, ":reason": reason, ":free": 0},
        condition="attribute_exists(pk) AND attribute_not_exists(sent_at)",
    )
    with suppress(aws.ConditionFailed):
        if "forget" in {**row, **aws.write(drop)}:
            aws.write(aws.delete(settings.outbox_table(), key(id_of(row))))


def given_up(id: str, why: str, now: int) -> bool:
    """Mark a mail that its queue gives to the dead letters, and tell staff of it. What it says stays, and a redrive
    sends it. False where there is none, or it went."""
    mark = aws.update(
        settings.outbox_table(),
        key(id),
        "SET failed_at = :now",
        {":now": now},
        condition="attribute_exists(pk) AND attribute_not_exists(sent_at)",
    )
    try:
        returns.unsent(aws.write(mark), "failed", why, now)
    except aws.ConditionFailed:
        return False
    return True


def buried(row: Row, reason: str, now: int) -> None:
    """Leave a mail that will not go among the dead letters, tell staff, and mark it as ``refused``."""
    returns.unsent(row, "refused", reason, now)
    told = {"id": id_of(row), "template": row["template"], "reason": reason}
    aws.ask(aws.sqs().send_message, QueueUrl=settings.mail_dead_letters(), MessageBody=json.dumps(told))
    refused(row, reason, now)


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
