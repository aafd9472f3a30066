"""Where a list goes on: ``next`` of one page is ``cursor`` of the following, for one person and one query.

Opaque to clients. What a query is (its company, order and filters, not ``limit``) the caller says as one text.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from miinti import aws, seals, settings
from miinti.aws import Row
from miinti.errors import BadCursor
from miinti.http import Param

T = TypeVar("T")
SHAPE = seals.SHAPE
LIMIT = Param("limit", "Cuántos por página.", minimum=1, maximum=100, default="10")
CURSOR = Param(
    "cursor", "El `next` de la página anterior, con la misma consulta; sólo `limit` puede cambiar.", pattern=SHAPE
)
PARAMS = (LIMIT, CURSOR)
"""What every list is asked with (the contract's "Everywhere")."""
FEW = (replace(LIMIT, maximum=50), CURSOR)
"""The same of a list whose rows are dear to tell."""
_USE = "cursor"


def key() -> bytes:
    """The key that cursors are sealed with; one call a process."""
    return aws.derived_key(settings.cursor_key(), f"miinti/{_USE}")


def _mark(account_id: str, query: str) -> str:
    return hashlib.sha256(f"{account_id}\n{query}".encode()).hexdigest()[:32]


def sealed(account_id: str, query: str, position: Any) -> str:
    """The cursor for ``position`` (JSON: the place of the last row shown) in this person's ``query``."""
    return seals.seal(settings.cursor_key(), _USE, [_mark(account_id, query), position])


def opened(account_id: str, query: str, text: str) -> Any:
    """The position in a cursor that was made for this person and this query. Raises ``BadCursor`` otherwise."""
    payload = seals.unseal(settings.cursor_key(), _USE, text)
    if payload is None or payload[0] != _mark(account_id, query):
        raise BadCursor
    return payload[1]


def page(
    account_id: str, query: str, asked: Mapping[str, str], rows: Sequence[T], place: Callable[[T], tuple[Any, ...]]
) -> tuple[list[T], str | None]:
    """The page that ``asked`` (``PARAMS``) asks of all rows of a list, in the order of their places, and its ``next``.
    By place, not by count: rows may come and go between two pages. Raises ``BadCursor``."""
    after = tuple(opened(account_id, query, asked["cursor"])) if "cursor" in asked else None
    rest = [row for row in rows if after is None or place(row) > after]
    shown = rest[: int(asked["limit"])]
    return shown, sealed(account_id, query, place(shown[-1])) if len(rest) > len(shown) else None


def page_read(
    account_id: str, query: str, asked: Mapping[str, str], read: Callable[[int, str | None], list[Row]]
) -> tuple[list[Row], str | None]:
    """The same of rows that are read by their ids: ``read`` gives at most so many, of those that follow an id."""
    limit = int(asked["limit"])
    rows = read(limit + 1, opened(account_id, query, asked["cursor"]) if "cursor" in asked else None)
    shown = rows[:limit]
    return shown, sealed(account_id, query, shown[-1]["id"]) if len(rows) > limit else None
