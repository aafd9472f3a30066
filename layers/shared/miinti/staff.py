"""The edge for staff: functions without a route, invoked under IAM by ``miinti-staff``; for functions only.

An event is ``{"action", "by": {"arn", "place"}, "given": {…}}``, its answer ``{"done": {…}}`` or ``{"declined":
code}``. What a use case notes with ``Order.act`` is the act's row in the audit trail, to go into its transaction: what
could not be noted was not done (S77). What was declined leaves a line of the log, which becomes a row too.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from miinti import aws, clock, observe, settings
from miinti.accounts import store
from miinti.audit import ARN, Actor
from miinti.audit import act as noted
from miinti.aws import Row, Write
from miinti.errors import Refusal, Unavailable
from miinti.values import email

LONGEST = 900
"""Bytes of one thing that staff says."""
LONGEST_REASON = 200
"""Characters of why staff decides something."""
LONGEST_ACT = 40
"""Characters of an action's name, in the log: it may be none of ours."""


class Declined(Exception):
    """Staff asked for what cannot be done; ``code`` says why, ``miinti-staff`` has the words."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Order:
    """One thing that staff asks for. ``at`` is in milliseconds."""

    action: str
    by: Actor
    given: Mapping[str, str]
    at: int

    @property
    def now(self) -> int:
        return self.at // 1000

    def __getitem__(self, name: str) -> str:
        if not self.given.get(name):
            raise Declined(f"missing_{name}")
        return self.given[name]

    def reason(self) -> str:
        """Why, in a line that people may read too. Raises ``Declined``."""
        reason = self["reason"]
        if len(reason) > LONGEST_REASON or not reason.isprintable():
            raise Declined("reason_wrong")
        return reason

    def act(self, *, person: str | None = None, **facts: str | int | None) -> Write:
        """The row of this act in the audit trail."""
        return noted(self.by, self.action, self.at, person=person, **facts)

    def account(self) -> Row:
        """The account of the person given, by id or mail address. Raises ``Declined`` where there is none."""
        found = self._account()
        if found is None or store.lapsed(found, self.now):
            raise Declined("person_unknown")
        observe.about(account=found["id"])
        return found

    def address(self) -> tuple[str, Row | None]:
        """The mail address of the person given, and the account that has it: there may be none yet. Raises
        ``Declined``."""
        try:
            account = self.account()
        except Declined:
            try:
                return email.normalized(self["person"]), None
            except ValueError:
                raise Declined("person_unknown") from None
        return account["email"], account

    def _account(self) -> Row | None:
        person = self["person"]
        if "@" not in person:
            return store.get(person)
        try:
            address = email.normalized(person)
            observe.about(address=observe.masked(address))
            owner = aws.get(*store.wanted_owner(address))
        except ValueError:
            return None
        return store.get(owner["account_id"]) if owner else None


Act = Callable[[Order], Mapping[str, Any]]
Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def desk(**acts: Act) -> Handler:
    """A handler of what staff asks, by the name of the act."""
    if settings.in_lambda():
        aws.dynamodb()

    def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
        observe.about(request_id=context.aws_request_id)
        try:
            order = _order(event, context)
            observe.about(act=order.action[:LONGEST_ACT], actor=order.by.arn)
            if order.action not in acts:
                raise Declined("action_unknown")
            done = acts[order.action](order)
            observe.event(settings.service(), "ok")
            return {"done": done}
        except (Declined, Refusal) as declined:
            # What it did has a row already.
            observe.event(settings.service(), declined.code, trail=True)
            return {"declined": declined.code}
        except Unavailable:
            observe.logger.exception(settings.service(), action=settings.service(), outcome="unavailable", trail=True)
            return {"declined": "unavailable"}
        finally:
            observe.forget()

    return handler


def _order(event: dict[str, Any], context: Any) -> Order:
    by, given = event.get("by"), event.get("given")
    if not (isinstance(by, dict) and isinstance(given, dict) and all(isinstance(one, str) for one in given.values())):
        raise Declined("malformed")
    # Longer than any of ours, and than DynamoDB takes in a key.
    if any(len(one.encode()) > LONGEST for one in given.values()):
        raise Declined("too_long")
    arn, place = str(by.get("arn", "")), str(by.get("place", ""))[:100]
    if not ARN.fullmatch(arn) or not place.isprintable():
        raise Declined("actor_unknown")
    at = clock.millis(clock.moment())
    return Order(str(event.get("action", "")), Actor(arn, place, str(context.aws_request_id)), dict(given), at)
