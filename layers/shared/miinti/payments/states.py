"""A payment is a function of its attempts, and these only go forward: so the order in which their states are seen does
not matter, nor how often (S86).

A payment is its row (``store``). Of its attempts it has, by the provider's id, ``state``, ``cents``, ``refunded``,
``held`` (why an attempt does not count) and ``disputed`` (its payer asked for it back, once).
"""

from collections.abc import Collection, Mapping
from typing import Any, Final, Literal, NamedTuple

from miinti.aws import Row
from miinti.payments.provider import Attempt, AttemptState

State = Literal[
    "created", "pending", "in_process", "credited", "rejected", "expired", "cancelled", "refunded", "charged_back"
]
Reason = Literal["amount", "currency", "test", "duplicate", "late", "partly_refunded", "disputed", "reversed"]
"""Why staff has to look at a payment: money that is not this payment's, or not as it should have come."""
Closed = Literal["expired", "cancelled", "rejected"]
"""How a payment ended that nobody can pay any more."""

FORWARD: Final[tuple[AttemptState, ...]] = (
    "pending", "in_process", "expired", "cancelled", "rejected", "credited", "refunded", "charged_back"
)  # fmt: skip
"""Of two states of one attempt the later one here stands."""
GRACE: Final = 900
"""Seconds after a checkout's end in which what was begun in it comes to light."""
SOON, HOUR, DAY = 900, 3600, 86400
WATCHED: Final = 180 * DAY
"""Seconds after a payment was credited in which it may be refunded or charged back: Mercado Pago's own bound."""
_AFTERWARDS: Final = 3 * DAY
"""Seconds after its end in which a payment that was closed is looked at for money that came late."""
OF_CREDIT: Final = frozenset({"late", "partly_refunded", "reversed"})
"""Why a payment is held for what counts of it, rather than for money that came besides."""
_TOLD: Final[tuple[AttemptState, ...]] = ("credited", "charged_back", "refunded", "in_process", "pending")
"""What a payment is because of one attempt, the first that there is."""


class Seen(NamedTuple):
    """What is known of an attempt."""

    state: AttemptState
    cents: int
    refunded: int
    held: frozenset[str]
    disputed: bool = False

    @property
    def money(self) -> int:
        """Cents of it that are with us now."""
        return self.cents - self.refunded if self.state == "credited" else 0

    @property
    def told(self) -> AttemptState:
        """What it means for its payment. Money that is held is nobody's yet, and held money that went is none."""
        if self.held and self.state == "credited":
            return "in_process"
        return "cancelled" if self.held and self.state in ("refunded", "charged_back") else self.state


class Money(NamedTuple):
    """Cents of a payment that count, and cents that came besides and wait for staff. Both together are the
    provider's."""

    credited: int
    held: int


def joined(one: Seen | None, other: Seen) -> Seen:
    """What two sightings of an attempt come to, whichever was first."""
    if one is None:
        return other
    return Seen(
        max(one.state, other.state, key=FORWARD.index),
        max(one.cents, other.cents),
        max(one.refunded, other.refunded),
        one.held | other.held,
        one.disputed or other.disputed,
    )


def state(attempts: Collection[Seen], closed: Closed | None) -> State:
    """What a payment is, by its attempts and by how it was closed."""
    there = {attempt.told for attempt in attempts}
    for told in _TOLD:
        if told in there:
            return told
    if closed:
        return closed
    return "rejected" if "rejected" in there else "created"


def money(attempts: Mapping[str, Seen]) -> Money:
    """Of the attempts that count and have money one is the payment's (the one with the first id), all else is held."""
    besides = came_besides(attempts)
    of = {id: attempt.money for id, attempt in attempts.items()}
    held = sum(of[id] for id in besides)
    return Money(sum(of.values()) - held, held)


def came_besides(attempts: Mapping[str, Seen]) -> list[str]:
    """The attempts whose money is not the payment's, by id."""
    money = [id for id, attempt in attempts.items() if attempt.money]
    counting = [id for id in money if not attempts[id].held]
    return sorted(set(money) - {min(counting, key=_first, default=None)})


def _first(id: str) -> tuple[int, str]:
    return len(id), id


def alive(attempts: Collection[Seen]) -> bool:
    """Whether one of them may still become money, or is."""
    return any(attempt.told in ("pending", "in_process", "credited") for attempt in attempts)


def ended(payment: Row) -> bool:
    """Whether a payment is closed and holds nothing: one that money came for when it was closed may hold again."""
    return "closed" in payment and not payment["holds"]


def unpaid(payment: Row) -> bool:
    """Whether nobody has paid it yet, and somebody still can: it can be given up."""
    return "closed" not in payment and payment["state"] in ("created", "rejected")


def refunded(payment: Row) -> int:
    """Cents that went back to who paid: of attempts that counted."""
    return sum(seen.refunded for seen in of(payment).values() if not seen.held)


def over(payment: Row, now: int) -> Closed | None:
    """How a payment that has not ended is to be closed now, or None: its money came and went, its time is over, or its
    checkout was shut. One that was closed before stays closed as it was."""
    if ended(payment) or alive(of(payment).values()):
        return None
    if "closed" in payment:
        how: Closed = payment["closed"]
        return how
    if payment["state"] in ("refunded", "charged_back"):
        return "cancelled"
    if now >= int(payment["expires_at"]) + GRACE:
        return "expired"
    return "cancelled" if payment.get("shut") else None


# --- rows -------------------------------------------------------------------------------------------------------------


def of(payment: Row) -> dict[str, Seen]:
    """The attempts of a payment's row."""
    return {
        id: Seen(
            told["state"],
            int(told["cents"]),
            int(told["refunded"]),
            frozenset(told["held"]),
            bool(told.get("disputed")),
        )
        for id, told in payment["attempts"].items()
    }


def _packed(attempts: Mapping[str, Seen]) -> dict[str, dict[str, Any]]:
    return {id: {**seen._asdict(), "held": sorted(seen.held)} for id, seen in attempts.items()}


def differs(payment: Row, attempt: Attempt) -> frozenset[str]:
    """Why what the provider tells of an attempt cannot be this payment's money."""
    facts: dict[Reason, bool] = {
        "amount": attempt.cents != int(payment["cents"]),
        "currency": attempt.currency != payment["currency"],
        "test": not attempt.real,
    }
    return frozenset(why for why, wrong in facts.items() if wrong)


def applied(payment: Row, attempt: Attempt, now: int) -> Row | None:
    """The payment once an attempt was seen so; None where that is nothing new."""
    attempts = of(payment)
    sight = Seen(attempt.state, attempt.cents, attempt.refunded, differs(payment, attempt), attempt.disputed)
    known = joined(attempts.get(attempt.id), sight)
    if attempts.get(attempt.id) == known:
        return None
    return derived({**payment, "attempts": _packed({**attempts, attempt.id: known})}, now)


def derived(payment: Row, now: int) -> Row:
    """The payment with all that follows from its attempts, its closing and its settlement."""
    attempts = of(payment)
    is_now = state(attempts.values(), payment.get("closed"))
    came = money(attempts)
    row = {**payment, "state": is_now, "credited": came.credited, "surplus": came.held}
    row["held"] = sorted(_reasons(row, attempts, came))
    if came.credited:
        row.setdefault("credited_at", now)
    return scheduled(at_desk(row), now)


def at_desk(payment: Row) -> Row:
    """The payment with the list of the staff's that it is on, or without: ``HELD`` while something is held that they
    have not attended to (``attended``: the reasons, and the attempts whose money had come besides), ``UNSETTLED`` while
    it waits for its receipt."""
    row = {name: value for name, value in payment.items() if name != "desk"}
    seen = payment.get("attended", {"held": [], "besides": []})
    if set(payment["held"]) - set(seen["held"]) or set(came_besides(of(payment))) - set(seen["besides"]):
        return {**row, "desk": "HELD"}
    waits = payment["state"] == "credited" and payment["holds"] and "receipt" not in payment
    return {**row, "desk": "UNSETTLED"} if waits else row


def _reasons(payment: Row, attempts: Mapping[str, Seen], came: Money) -> set[str]:
    """Why staff has to look at a payment."""
    why = {reason for attempt in attempts.values() if attempt.money for reason in attempt.held}
    counting = [attempt for attempt in attempts.values() if attempt.money and not attempt.held]
    facts: dict[Reason, bool] = {
        "duplicate": len(counting) > 1,
        "late": ("closed" in payment and came.credited > 0)
        or came.credited > int(payment.get("settled_credit", came.credited)),
        "partly_refunded": any(attempt.refunded for attempt in counting),
        "disputed": any(attempt.disputed and attempt.money for attempt in attempts.values()),
        "reversed": "settled_at" in payment and payment["state"] in ("refunded", "charged_back"),
    }
    return why | {reason for reason, so in facts.items() if so}


def scheduled(payment: Row, now: int) -> Row:
    """The payment with when it is to be looked at next, or without where nothing can happen any more."""
    row = {name: value for name, value in payment.items() if name not in ("queue", "check_at")}
    after = _rest(payment, now)
    return row if after is None else {**row, "queue": "CHECK", "check_at": after}


def _rest(payment: Row, now: int) -> int | None:
    # What staff settled by hand may have no credit: money that differs counts for nothing.
    since = payment.get("credited_at", payment.get("attended_at"))
    if since is not None:
        if now >= int(since) + WATCHED:
            # While it holds documents its receipt may still come, however late.
            return now + DAY if payment["holds"] else None
        # Its checkout is still to be closed, it is to be closed itself, or its receipt may come any hour.
        return now + (SOON if not payment.get("shut") else HOUR if payment["holds"] else DAY)
    if "closed" in payment:
        return now + DAY if now < int(payment["closed_at"]) + _AFTERWARDS else None
    end = int(payment["expires_at"]) + GRACE
    if now < end:
        return min(now + SOON, end)
    return now + (HOUR if alive(of(payment).values()) else SOON)
