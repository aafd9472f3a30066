"""Payments in their table: started with a hold on each document, moved by what the provider tells, closed, settled.

Rows: ``COMPANY#<company>`` / ``PAYMENT#<id>`` a payment, beside those of ``holds``; ``ACCOUNT#<account>`` /
``KEY#<hash>`` an Idempotency-Key; ``NOTICE#<provider>#<attempt>`` / ``<state>#<refunded>#<cents>#<why held>…`` the
ledger, what each state of an attempt moved; ``HELD`` / ``<provider>#<attempt>`` an attempt that is of no payment here.
Index ``desk`` has what staff is to look at, ``people`` what a person started.

A payment's row: id, company, person (account id), provider, lines, cents, currency, attempts and what follows from them
(``states``), ``holds`` (its documents), created_at, expires_at, asking_until (somebody is at the provider with it until
then), checkout {id, url}, ``shut`` (the provider lets nobody begin any more), closed and closed_at, settled_at and
receipt; of staff ``attended`` (what was held then), attended_at and reason. Each write goes by the ``txn`` that was
read.
"""

import hashlib
import json
import re
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Final, Literal, NamedTuple

from miinti import aws, settings
from miinti.aws import Key, Page, Row, Write
from miinti.errors import IdempotencyMismatch, NotFound, PaymentInProcess, RequestInProgress, Unavailable
from miinti.mail import outbox
from miinti.mail.outbox import Letter
from miinti.payments import holds, states
from miinti.payments.debts import Line, total
from miinti.payments.provider import Attempt, Checkout
from miinti.payments.states import Closed, Seen

ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
LIFE: Final = 3600
"""Seconds in which somebody may begin to pay."""
ASKING: Final = 15
"""Seconds for which one request alone is at the provider with a payment: as long as that may last."""
REMEMBERED: Final = 86400
"""Seconds that an Idempotency-Key is known for."""
_TRIES: Final = 8
_REFERENCE = re.compile(r"(c-(?:0|[1-9][0-9]{0,9}))\.([0-9a-f]{32})", re.ASCII)

Once = tuple[tuple[str, Key], str]
"""Where an Idempotency-Key stands (``wanted_request``), and what was asked with it (``digest``)."""
Tell = Callable[[Row, Row], Sequence[Letter]]
"""Mails that a change asks for, by the payment before and after it."""


class _Moved(Exception):
    """The row is no longer the one that was read."""


class _Taken(Exception):
    """Another payment holds one of the documents."""


class KeyTaken(Exception):
    """The Idempotency-Key was there first; ``row`` is what it remembers."""

    def __init__(self, row: Row | None) -> None:
        super().__init__()
        self.row = row


class Remembered(NamedTuple):
    """The payment that a request with this Idempotency-Key started, or the transfer that it told of."""

    company_id: str
    id: str


class New(NamedTuple):
    """A payment to be started."""

    company_id: str
    person: str
    provider: str
    lines: Sequence[Line]
    currency: str = "ARS"


# --- keys -------------------------------------------------------------------------------------------------------------


def new_id(now: int) -> str:
    """Ids in the order of their seconds, so that a query backwards is newest first; the rest is random."""
    return f"{now:08x}{secrets.token_hex(12)}"


def key(company_id: str, payment_id: str) -> Key:
    return f"COMPANY#{company_id}", f"PAYMENT#{payment_id}"


def reference(payment: Row) -> str:
    """What the provider knows a payment by."""
    return f"{payment['company']}.{payment['id']}"


def referred(reference: str) -> Key | None:
    """The row that a reference names; None of what is no reference of ours."""
    match = _REFERENCE.fullmatch(reference)
    return key(match[1], match[2]) if match else None


def wanted_request(account_id: str, idempotency_key: str) -> tuple[str, Key]:
    """The row of a person's Idempotency-Key, as ``aws.batch_get`` takes it. Another person's key is another row."""
    digest = hashlib.sha256(idempotency_key.encode()).hexdigest()
    return settings.payments_table(), (f"ACCOUNT#{account_id}", f"KEY#{digest}")


def digest(request: Any) -> str:
    """What tells two requests apart that come with one Idempotency-Key."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def remembered(row: Row | None, request: str, now: int) -> Remembered | None:
    """What a key's row remembers for a request; None for a new one. Raises ``IdempotencyMismatch``."""
    if row is None or now >= int(row["expires_at"]):
        return None
    if row["request"] != request:
        raise IdempotencyMismatch
    return Remembered(row["company"], row["made"])


def remember(once: Once, company_id: str, id: str, now: int) -> Write:
    """The row of an Idempotency-Key, to be written with what its request makes. Its fact is ``KeyTaken``."""
    (table, (pk, sk)), asked = once
    row: Row = {"pk": pk, "sk": sk, "request": asked, "company": company_id, "made": id}
    return aws.put(
        table,
        {**row, "expires_at": now + REMEMBERED, "ttl": now + REMEMBERED},
        condition="attribute_not_exists(pk) OR expires_at <= :now",
        values={":now": now},
        otherwise=KeyTaken,
    )


# --- reading ----------------------------------------------------------------------------------------------------------


def get(company_id: str, payment_id: str) -> Row:
    """One payment. Raises ``NotFound``, also for what is no id."""
    found = aws.get(settings.payments_table(), key(company_id, payment_id)) if ID.fullmatch(payment_id) else None
    if found is None:
        raise NotFound
    return found


def wanted(company_id: str, payment_id: str) -> list[tuple[str, Key]]:
    """The row of a payment, to be read with the session; nothing for what is no id of ours."""
    return [(settings.payments_table(), key(company_id, payment_id))] if ID.fullmatch(payment_id) else []


def paying(documents: Collection[tuple[str, str]]) -> set[str]:
    """Of documents (company, id) those whose money is with the provider already: a payment that holds them is in
    process, or credited and not imputed yet. One that was only begun, or waits for somebody to pay a slip, is none."""
    table = settings.payments_table()
    places = {doc: (table, holds.key(company_id, doc)) for company_id, doc in documents}
    held = aws.batch_get_all(places.values())
    by = {
        doc: (table, key(company_id, row["payment"]))
        for company_id, doc in documents
        if (row := held[places[doc]]) and "payment" in row
    }
    payments = aws.batch_get_all(by.values())
    return {doc for doc, place in by.items() if (payments[place] or {}).get("state") in ("in_process", "credited")}


def found(read: Sequence[Row | None]) -> Row:
    """The payment out of what ``wanted`` read. Raises ``NotFound``."""
    payment = read[0] if read else None
    if payment is None:
        raise NotFound
    return payment


def again(payment: Row) -> Row:
    """The payment as it is now."""
    return get(payment["company"], payment["id"])


def of_company(company_id: str, most: int = 100, after: str | None = None) -> list[Row]:
    """At most so many payments of a company, newest first, from the one that follows ``after`` (an id) on."""
    return newest(*key(company_id, ""), most, after)


def newest(pk: str, kind: str, most: int, after: str | None) -> list[Row]:
    """Rows of a company whose ids begin with their second, newest first; ``kind`` is what stands before the id."""
    page = aws.query(
        settings.payments_table(),
        "pk = :pk AND begins_with(sk, :kind)",
        {":pk": pk, ":kind": kind},
        limit=most,
        start={"pk": pk, "sk": f"{kind}{after}"} if after else None,
        descending=True,
        consistent=True,
    )
    return page.rows


def due(now: int, most: int) -> list[Row]:
    """Keys of payments that are to be looked at now, the longest due first. Index ``checks``: what was written in the
    last second may be missing."""
    page = aws.query(
        settings.payments_table(),
        "queue = :queue AND check_at <= :now",
        {":queue": "CHECK", ":now": now},
        index="checks",
        limit=most,
    )
    return page.rows


Desk = Literal["HELD", "UNSETTLED", "TRANSFER"]
"""Lists of the staff's: money that is nobody's yet, payments whose receipt has not come, transfers told by clients."""


def of_desk(desk: Desk, most: int, after: Key | None = None) -> Page:
    """What is on a list of the staff's, by ``sk``, which of payments is the longest waiting first, from the one that
    follows ``after`` on. Index ``desk``: what was written in the last second may be missing."""
    start = {"desk": desk, "pk": after[0], "sk": after[1]} if after else None
    return aws.query(settings.payments_table(), "desk = :desk", {":desk": desk}, index="desk", limit=most, start=start)


def told_as(row: Row) -> str:
    """What staff calls a row: a payment by its reference, an attempt that is of none by provider and id."""
    return reference(row) if row["pk"] != "HELD" else str(row["sk"])


def with_money(row: Row) -> list[Attempt]:
    """Attempts whose money is with us, as the provider is asked for them: of a payment, or the one that is of none."""
    if row["pk"] == "HELD":
        known = {row["id"]: Seen(row["state"], int(row["cents"]), int(row["refunded"]), frozenset())}
        named = row["reference"]
    else:
        known, named = states.of(row), reference(row)
    return [
        Attempt(id, named, seen.state, seen.cents, row["currency"], seen.refunded)
        for id, seen in known.items()
        if seen.money
    ]


def place_of(told: str) -> Key:
    """The row that staff calls so; of what is no reference, one of the attempts that are of no payment."""
    return referred(told) or ("HELD", told)


def at(told: str) -> Row | None:
    """The row that staff calls so."""
    return aws.get(settings.payments_table(), place_of(told))


def of_person(account_id: str, most: int, start: Row | None = None, *, kind: str = "PAYMENT#") -> Page:
    """Payments that a person started, newest first; ``start`` is the ``last`` of the page before. Index ``people``."""
    return aws.query(
        settings.payments_table(),
        "person = :person AND begins_with(sk, :kind)",
        {":person": account_id, ":kind": kind},
        index="people",
        limit=most,
        start=start,
        descending=True,
    )


def lines_of(payment: Row) -> list[Line]:
    return [
        Line(
            line["doc"],
            int(line["cents"]),
            None if line.get("owed") is None else int(line["owed"]),
            tuple(line.get("before", ())),
        )
        for line in payment["lines"]
    ]


# --- starting ---------------------------------------------------------------------------------------------------------


def start(new: New, now: int, *, request: Once | None = None) -> Row:
    """A payment that holds its documents, before the provider knows of it: whatever happens then, it is on record.

    Raises ``KeyTaken`` where another call was first with the request's key, ``PaymentInProcess`` where a payment holds
    one of the documents.
    """
    id = new_id(now)
    pk, sk = key(new.company_id, id)
    payment: Row = {
        "pk": pk,
        "sk": sk,
        "id": id,
        "company": new.company_id,
        "person": new.person,
        "provider": new.provider,
        "lines": [line._asdict() for line in new.lines],
        "cents": total(new.lines),
        "currency": new.currency,
        "attempts": {},
        "holds": True,
        "created_at": now,
        "expires_at": now + LIFE,
        "asking_until": now + ASKING,
    }
    payment = states.derived(payment, now)
    writes = [remember(request, new.company_id, id, now)] if request is not None else []
    writes.append(aws.put(settings.payments_table(), payment, condition="attribute_not_exists(pk)"))
    aws.transact([*writes, *holds.taken(new.company_id, id, new.lines, PaymentInProcess())])
    return get(new.company_id, id)


def ask(payment: Row, now: int) -> Row:
    """Be the one who is at the provider with a payment that has no checkout yet. Raises ``RequestInProgress`` while
    another is."""
    return aws.write(
        aws.update(
            settings.payments_table(),
            key(payment["company"], payment["id"]),
            "SET asking_until = :until",
            {":until": now + ASKING, ":now": now},
            condition="asking_until <= :now AND attribute_not_exists(closed)",
            otherwise=RequestInProgress(),
        )
    )


def opened(payment: Row, checkout: Checkout) -> Row | None:
    """Note the checkout of a payment, the first that it had. None where it was closed meanwhile: nobody was given this
    one."""
    try:
        return aws.write(
            aws.update(
                settings.payments_table(),
                key(payment["company"], payment["id"]),
                "SET checkout = if_not_exists(checkout, :checkout)",
                {":checkout": checkout._asdict()},
                condition="attribute_not_exists(closed)",
                otherwise=_Moved(),
            )
        )
    except _Moved:
        return None


# --- moving -----------------------------------------------------------------------------------------------------------


def _replaced(before: Row, after: Row) -> Write:
    return aws.put(
        settings.payments_table(),
        after,
        condition="txn = :seen",
        values={":seen": before["txn"]},
        otherwise=_Moved(),
    )


def apply(provider: str, attempt: Attempt, now: int, tell: Tell) -> Row | None:
    """Move the payment that an attempt names by what was fetched of it, with its line of the ledger and the mails that
    ``tell`` asks for, in one transaction. Answers the payment; None where it is none of ours, which is then held.

    Seen before, or older than what is known: nothing is written.
    """
    place = referred(attempt.reference)
    for _ in range(_TRIES):
        before = aws.get(settings.payments_table(), place) if place else None
        if before is None or before["provider"] != provider:
            _hold(provider, attempt, now)
            return None
        after = states.applied(before, attempt, now)
        if after is None:
            return before
        if _written(before, after, [_entry(provider, attempt, before, after, now)], tell(before, after), now):
            return again(before)
    raise Unavailable("apply: the payment did not rest")


def _written(before: Row, after: Row, also: Sequence[Write], letters: Sequence[Letter], now: int) -> bool:
    """Write a payment's change. Money that came for a closed one takes its documents again, where they are free."""
    retaken = not before["holds"] and after["held"] and "late" in after["held"] and "late" not in before["held"]
    mails = [outbox.put(letter, now) for letter in letters]
    try:
        if retaken:
            holding = {**after, "holds": True}
            try:
                aws.transact([_replaced(before, holding), *also, *mails, *_taken_again(before)])
            except _Taken:
                pass
            else:
                return True
        aws.transact([_replaced(before, after), *also, *mails])
    except _Moved:
        return False
    return True


def _taken_again(payment: Row) -> list[Write]:
    return holds.taken(payment["company"], payment["id"], lines_of(payment), _Taken())


def _freed(payment: Row, receipt: str | None = None) -> list[Write]:
    return holds.freed(payment["company"], payment["id"], lines_of(payment), receipt)


def _entry(provider: str, attempt: Attempt, before: Row, after: Row, now: int) -> Write:
    """A line of the ledger: by how much this state of this attempt moved what counts and what is held, once."""
    known = states.of(after)[attempt.id]
    disputed = ["disputed"] if known.disputed else []
    row: Row = {
        "pk": f"NOTICE#{provider}#{attempt.id}",
        "sk": "#".join([known.state, str(known.refunded), str(known.cents), *sorted(known.held), *disputed]),
        "company": after["company"],
        "payment": after["id"],
        "at": now,
        "credited": int(after["credited"]) - int(before["credited"]),
        "surplus": int(after["surplus"]) - int(before["surplus"]),
    }
    # What is known of an attempt only grows: a line of this name is there already only where the row has moved.
    return aws.put(settings.payments_table(), row, condition="attribute_not_exists(pk)", otherwise=_Moved())


def _hold(provider: str, attempt: Attempt, now: int) -> None:
    """Keep for staff an attempt that is of no payment here, as it is by now. What they have attended to stays so: of
    its money there is only less afterwards."""
    known = at(f"{provider}#{attempt.id}") or {}
    attended: Row = {name: known[name] for name in ("reason", "attended_at") if name in known}
    with_us = attempt.state == "credited" and attempt.cents > attempt.refunded
    row: Row = {
        "pk": "HELD",
        "sk": f"{provider}#{attempt.id}",
        **attempt._asdict(),
        "provider": provider,
        "forward": states.FORWARD.index(attempt.state),
        "at": now,
        "desk": "HELD" if with_us and not attended else None,
        **attended,
    }
    newer = aws.put(
        settings.payments_table(),
        row,
        condition="attribute_not_exists(pk) OR #forward < :forward OR refunded < :refunded",
        names={"#forward": "forward"},
        values={":forward": row["forward"], ":refunded": attempt.refunded},
        otherwise=_Moved(),
    )
    try:
        aws.write(newer)
    except _Moved:
        return


def shut(payment: Row, now: int) -> Row:
    """Note that the provider lets nobody begin to pay any more."""
    return _changed(payment, {"shut": True}, now)


def rest(payment: Row, now: int) -> Row:
    """Note when the payment is to be looked at next, having been looked at now."""
    return _changed(payment, {}, now)


def close(payment: Row, how: Closed, now: int) -> Row | None:
    """Close a payment that nobody can pay any more, and free its documents. Its checkout is shut and its attempts were
    looked for since. None where something moved meanwhile, or an attempt is alive: it stays as it is. One that was
    closed before, and took its documents again for money that has gone since, lets go of them."""
    if states.ended(payment) or states.alive(states.of(payment).values()):
        return None
    free = _freed(payment) if payment["holds"] else []
    changed = {"closed": how, "closed_at": now, **payment, "holds": False}
    try:
        aws.transact([_replaced(payment, states.derived(changed, now)), *free])
    except _Moved:
        return None
    return again(payment)


def settle(payment: Row, receipt: str, now: int) -> Row | None:
    """The ERP's receipt has come: the documents are free, and the receipt settles no other payment of them. None where
    something moved meanwhile."""
    if not payment["holds"] or payment["state"] != "credited":
        return None
    changed = {**payment, "settled_at": now, "receipt": receipt, "holds": False}
    try:
        aws.transact([_replaced(payment, states.derived(changed, now)), *_freed(payment, receipt)])
    except _Moved:
        return None
    return again(payment)


def settle_by_hand(payment: Row, receipt: str | None, reason: str | None, now: int, also: Sequence[Write]) -> None:
    """Staff says how a payment came to its end here: by this receipt, which settles no other, or for this reason. Its
    documents are free. Nobody can pay it any more: its checkout is shut, and none of its attempts is on its way.

    By a reason all is attended to that is held of it; by a receipt, of one that was credited, what is held of the
    credit alone: money that came besides still waits. Raises ``Unavailable`` where something moved meanwhile.
    """
    about = {"receipt": receipt} if receipt else {"reason": reason}
    besides = bool(receipt and payment["credited"])
    why = [one for one in payment["held"] if not besides or one in states.OF_CREDIT]
    seen = {"held": why, "besides": [] if besides else states.came_besides(states.of(payment))}
    facts = {**about, "settled_at": now, "attended": seen, "attended_at": now, "shut": True, "holds": False}
    # What is credited from here on came late.
    facts["settled_credit"] = payment["credited"]
    if payment["holds"]:
        documents = _freed(payment, receipt)
    else:
        documents = holds.used(payment["company"], lines_of(payment), receipt) if receipt else []
    try:
        aws.transact([_replaced(payment, states.derived({**payment, **facts}, now)), *documents, *also])
    except _Moved:
        raise Unavailable("settle_by_hand: the payment moved") from None


def attend(held: Row, reason: str, now: int, also: Sequence[Write]) -> None:
    """Staff says why an attempt that is of no payment here is none to wait for any more. Raises ``Unavailable`` where
    it moved meanwhile."""
    rest = {name: value for name, value in held.items() if name != "desk"}
    try:
        aws.transact([_replaced(held, {**rest, "reason": reason, "attended_at": now}), *also])
    except _Moved:
        raise Unavailable("attend: the attempt moved") from None


def _changed(payment: Row, facts: Mapping[str, Any], now: int) -> Row:
    for _ in range(_TRIES):
        try:
            aws.write(_replaced(payment, states.derived({**payment, **facts}, now)))
        except _Moved:
            payment = again(payment)
        else:
            return again(payment)
    raise Unavailable("the payment did not rest")
