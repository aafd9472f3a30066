"""Documents in the companies table: a page of a list, and one with its applications.

A page without filters is one Query of one row more than it shows, in any order and at any size of company (the page
that crosses into absent amounts takes one query more). With filters one request reads at most ``READ_MAX`` rows:
where all that the filters may leave is not more, all of it, so that ``total`` is exact; else on from the last place
until the page is full or the reading is used up.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from miinti import aws, settings
from miinti.aws import Key, Row
from miinti.documents import listing as asking
from miinti.documents import rows
from miinti.documents.kinds import KINDS
from miinti.documents.listing import Listing, Order
from miinti.errors import NotFound, TooManyRows

READ_MAX: Final = 10_000
"""Rows that one request reads at most."""
_CHUNK: Final = 2_000
"""Rows asked for at a time while looking for a page's worth."""


class Position(NamedTuple):
    """Where a page ended: the last row's place ("" before the first), and whether counting was found to be too long."""

    place: str
    uncounted: bool

    def text(self) -> str:
        return f"{int(self.uncounted)} {self.place}"


def position(text: str) -> Position:
    """What ``Position.text`` told. Raises ``ValueError`` for what it cannot have told."""
    uncounted, _, place = text.partition(" ")
    if uncounted not in ("0", "1"):
        raise ValueError(text)
    if place or uncounted == "0":
        rows.sort_key_at(place)
    return Position(place, uncounted == "1")


class Page(NamedTuple):
    """Facts of the rows of a page, how many all pages have (None: too many to count), where the next page begins after
    (None at the end)."""

    facts: list[Row]
    total: int | None
    next: Position | None


def wanted(company_id: str, doc_id: str) -> list[tuple[str, Key]]:
    """The row of a document, to be read with the session; nothing for what is no id of ours."""
    try:
        return [(settings.companies_table(), rows.key(company_id, doc_id))]
    except NotFound:
        return []


def found(role: str, read: Sequence[Row | None]) -> Row:
    """The document out of what ``wanted`` read. Raises ``NotFound`` when there is none or its kind is not the role's
    (S47)."""
    document = read[0] if read else None
    if document is None or KINDS[document["kind"]].role != role:
        raise NotFound
    return document


def applied(doc_id: str, *, consistent: bool = False) -> list[Row]:
    """What was applied to a voucher or by it: rows with ``other`` (document id), ``date``, ``amount`` (cents)."""
    return aws.query_all(settings.companies_table(), "pk = :pk", {":pk": f"APPLIED#{doc_id}"}, consistent=consistent)


# --- pages ------------------------------------------------------------------------------------------------------------


def page(company: Row, listing: Listing, after: Position | None, today: dt.date) -> Page:
    """One page of a company's documents after a position; ``company`` is its row, which has the counters."""
    company_id, count = company["id"], int(company.get(f"n_{listing.kind.name}", 0))
    if listing.impossible:
        return Page([], 0, None)
    if not listing.filtered:
        return _plain(company_id, listing, after, count)
    scope = asking.scope(listing, today)
    order = asking.order(listing, scope)
    place = after.place if after else ""
    if not (after and after.uncounted) and (scope.narrow or count <= READ_MAX):
        # Read in the order asked for where that is the scope's own, so that the rows serve also where counting fails.
        inside = order if scope.by == order.by else Order(scope.by, False, (scope.span,))
        read, ended = _whole(company_id, inside, READ_MAX if count <= READ_MAX else READ_MAX - 1)
        if ended:
            return _counted(read, listing, after, today)
        if place or inside is not order:
            # Nothing is left to read on with: the next request seeks, and knows that counting is too long.
            return Page([], None, Position(place, uncounted=True))
        return _sought([(read, False)], order, listing, "", today)
    return _sought(_chunks(company_id, order, place), order, listing, place, today)


def _plain(company_id: str, listing: Listing, after: Position | None, count: int) -> Page:
    order = asking.order(listing)
    read, _ = _read(company_id, order, after.place if after else None, listing.limit + 1)
    shown = read[: listing.limit]
    more = len(read) > listing.limit
    next = Position(shown[-1][rows.attribute(order.by)], uncounted=False) if more else None
    return Page([rows.listed(row) for row in shown], count, next)


def every(company: Row, listing: Listing, most: int, today: dt.date) -> list[Row]:
    """Facts of all documents of a list, in its order. Raises ``TooManyRows`` where that takes over ``most`` rows."""
    if listing.impossible:
        return []
    count, scope = int(company.get(f"n_{listing.kind.name}", 0)), asking.scope(listing, today)
    if count > most and not scope.narrow:
        raise TooManyRows
    inside = Order(scope.by, False, (scope.span,))
    read, ended = _whole(company["id"], inside, most if count <= most else most - 1)
    if not ended:
        raise TooManyRows
    return [facts for _, facts in _placed(read, listing, today)]


def _placed(read: list[Row], listing: Listing, today: dt.date) -> list[tuple[str, Row]]:
    """What the filters leave of rows, in the list's order, each with its place there."""
    order = asking.order(listing)
    found = [facts for facts in map(rows.listed, read) if asking.matches(listing, facts, today)]
    return order.sorted((rows.place(order.by, facts), facts) for facts in found)


def _counted(read: list[Row], listing: Listing, after: Position | None, today: dt.date) -> Page:
    """The page out of all rows that the filters may leave, read through whichever index has the fewest."""
    order = asking.order(listing)
    placed = _placed(read, listing, today)
    left = [pair for pair in placed if after is None or order.follows(pair[0], after.place)]
    shown = left[: listing.limit]
    next = Position(shown[-1][0], uncounted=False) if len(left) > listing.limit else None
    return Page([facts for _, facts in shown], len(placed), next)


def _sought(
    chunks: Iterable[tuple[list[Row], bool]], order: Order, listing: Listing, place: str, today: dt.date
) -> Page:
    """The page that reading on from a place fills, or as much of it as the chunks give; each says whether the order
    ends with it."""
    found: list[Row] = []
    end = place
    for read, ended in chunks:
        for row in read:
            place = row[rows.attribute(order.by)]
            facts = rows.listed(row)
            if asking.matches(listing, facts, today):
                if len(found) == listing.limit:
                    return Page(found, None, Position(end, uncounted=True))
                found.append(facts)
                end = place
        if ended:
            return Page(found, None, None)
    return Page(found, None, Position(place, uncounted=True))


# --- reading ----------------------------------------------------------------------------------------------------------


def _whole(company_id: str, order: Order, most: int) -> tuple[list[Row], bool]:
    """The rows of an order, at most so many, and whether these are all."""
    read, ended = _read(company_id, order, None, most)
    if not ended:
        one_more, _ = _read(company_id, order, read[-1][rows.attribute(order.by)], 1)
        ended = not one_more
    return read, ended


def _chunks(company_id: str, order: Order, place: str) -> Iterator[tuple[list[Row], bool]]:
    """The rows after a place, as many as one request may read."""
    left, ended = READ_MAX, False
    while left and not ended:
        read, ended = _read(company_id, order, place or None, min(left, _CHUNK))
        yield read, ended
        if read:
            place = read[-1][rows.attribute(order.by)]
        left -= len(read)


def _read(company_id: str, order: Order, after: str | None, most: int) -> tuple[list[Row], bool]:
    """At most so many rows of an order after a place, as indexes give them, and whether the order is known to end
    there. Eventually consistent, which costs half."""
    attribute = rows.attribute(order.by)
    read: list[Row] = []
    for span, inside in order.rest(after):
        start: Row | None = None
        if inside:
            start = {"pk": f"COMPANY#{company_id}", "sk": rows.sort_key_at(inside), attribute: inside}
        while True:
            page = aws.query(
                settings.companies_table(),
                f"pk = :pk AND {attribute} BETWEEN :low AND :high",
                {":pk": f"COMPANY#{company_id}", ":low": span.low, ":high": span.high},
                index=order.by or None,
                # An index holds no more than this, and DynamoDB Local reads the table too when it is named there.
                project=None if order.by else "sk, l, f",
                limit=most - len(read),
                start=start,
                descending=order.descending,
            )
            read += page.rows
            if len(read) == most:
                return read, False
            if page.last is None:
                break
            start = page.last
    return read, True
