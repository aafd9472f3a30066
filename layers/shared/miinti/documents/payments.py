"""Vouchers to be paid, and the days on which their people are reminded of them: days of Buenos Aires."""

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Final

from miinti import aws, settings
from miinti.aws import Row
from miinti.documents import files, rows, store
from miinti.documents.kinds import VOUCHER_TYPES
from miinti.errors import NotFound, TooManyRows
from miinti.values import money

STEPS: Final = (-3, 0, 3)
"""Days after the due date on which a payment is reminded of: before it, on it, after it."""


def due_around(company_id: str, today: dt.date) -> list[Row]:
    """Rows of a company's open vouchers of which some may have a step today (``to_remind_of``). One query of the days
    around; void and paid vouchers are not among them."""
    low, high = (day.replace("-", "") for day in (min(_due(today)), max(_due(today))))
    return aws.query_all(
        settings.companies_table(),
        # "$" follows "#", which stands between a place's day and its number.
        "pk = :pk AND s5 BETWEEN :low AND :high",
        {":pk": f"COMPANY#{company_id}", ":low": f"v#1{low}", ":high": f"v#1{high}$"},
        index="by_s5",
    )


def to_remind_of(row: Row, today: dt.date) -> list[Row]:
    """What a reminder says of a voucher (``doc``, ``kind``, ``title``, ``due``, ``step``), if it has a step today."""
    facts = rows.listed(row)
    step = _due(today).get(facts["due_date"])
    if step is None:
        return []
    about = {"doc": facts["id"], "kind": facts["kind"], "title": files.title(facts["id"])}
    return [{**about, "due": facts["due_date"], "step": step}]


def _due(today: dt.date) -> dict[str, int]:
    """Due dates that have a step today → which."""
    return {(today - dt.timedelta(days=step)).isoformat(): step for step in STEPS}


def open_debits(company_id: str, most: int, *, consistent: bool = False) -> list[Row]:
    """Listing facts of a company's open debits, by due date, those without one last; ``consistent`` where money is
    worked out of them. Raises ``TooManyRows`` past ``most``."""
    read: list[Row] = []
    start: Row | None = None
    while True:
        page = aws.query(
            settings.companies_table(),
            "pk = :pk AND s5 BETWEEN :low AND :high",
            {":pk": f"COMPANY#{company_id}", ":low": "v#1", ":high": "v#2"},
            index="by_s5",
            limit=most + 1 - len(read),
            start=start,
            consistent=consistent,
        )
        read += page.rows
        if len(read) > most:
            raise TooManyRows
        if page.last is None:
            return [rows.listed(row) for row in read]
        start = page.last


def are_debits(company_id: str, doc_ids: Sequence[str]) -> bool:
    """Whether each of these, at most a hundred, is a document of the company's that it owes or owed."""
    try:
        wanted = [(settings.companies_table(), rows.key(company_id, doc_id)) for doc_id in doc_ids]
    except NotFound:
        return False
    kinds = [VOUCHER_TYPES.get(one.rsplit("-", 1)[1]) if one.startswith("v-") else None for one in doc_ids]
    return all(kind and kind.sign > 0 for kind in kinds) and None not in aws.batch_get(*wanted)


def remaining_of(company_id: str, doc_ids: Collection[str]) -> dict[str, int]:
    """Cents that remain of a company's documents by now; of one that is not there nothing is told."""
    places = {doc: (settings.companies_table(), rows.key(company_id, doc)) for doc in doc_ids}
    found = aws.batch_get_all(places.values())
    return {doc: int(row["remaining"]) for doc, place in places.items() if (row := found[place])}


def receipts_of(doc_id: str) -> list[tuple[str, str, int]]:
    """What receipts paid of a document: each receipt's id, the day, and how much in cents. Read consistently: one that
    is overlooked as a payment starts would settle it."""
    return [
        (one["other"], one["date"], int(one["amount"]))
        for one in store.applied(doc_id, consistent=True)
        if VOUCHER_TYPES[one["other"].rsplit("-", 1)[1]].sign == 0
    ]


def still_due(document: Row | None, entry: Row, today: dt.date) -> Row | None:
    """What is to be paid now of the voucher that a reminder tells of; None once it is paid or void, has another due
    date, or its step's day is over."""
    if document is None or rows.settled(document["id"], document) is not None:
        return None
    due = document.get("due_date")
    if due != entry["due"] or (today - dt.date.fromisoformat(due)).days != int(entry["step"]):
        return None
    return {"remaining": money.text(int(document["remaining"]))}
