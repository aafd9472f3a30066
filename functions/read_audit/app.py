"""Staff reads the audit trail: of a day, of a person, of one of the staff. That is noted, too."""

import datetime as dt
from typing import Any

from miinti import audit, aws, clock
from miinti.staff import Declined, Order, desk

MOST = 200
"""Rows of one answer."""


def read(order: Order) -> dict[str, Any]:
    """Newest first; ``more`` says where to go on."""
    start = _start(order["after"]) if "after" in order.given else None
    day = person = actor = None
    if "actor" in order.given:
        actor = order["actor"]
        page = audit.of_actor(actor, MOST, start and {**start, "actor": actor})
    elif "person" in order.given:
        person = _person(order)
        page = audit.of_person(person, MOST, start and {**start, "person": person})
    else:
        try:
            day = dt.date.fromisoformat(order.given.get("day") or clock.today().isoformat())
        except ValueError:
            raise Declined("day_wrong") from None
        if start and start["pk"] != audit.day_key(day):
            raise Declined("after_wrong")
        page = audit.of_day(day, MOST, start)
    aws.write(order.act(person=person, target=actor or (day.isoformat() if day else None)))
    more = f"{page.last['pk']} {page.last['sk']}" if page.last else None
    return {"audit": [audit.shown(row) for row in page.rows], "more": more}


def _start(after: str) -> dict[str, str]:
    """The row that a page ended with, as ``more`` told it."""
    pk, _, sk = after.partition(" ")
    if not (pk and sk):
        raise Declined("after_wrong")
    return {"pk": pk, "sk": sk}


def _person(order: Order) -> str:
    """The id of a person who is there or, given as an id, of one who has left."""
    return str(order.account()["id"]) if "@" in order["person"] else order["person"]


handler = desk(audit=read)
