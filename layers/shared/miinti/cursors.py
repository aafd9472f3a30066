"""Where a list goes on: ``next`` of one page is ``cursor`` of the following, for one person and one query.

Opaque to clients. What a query is (its company, order and filters, not ``limit``) the caller says as one text.
"""

import hashlib
from typing import Any

from miinti import aws, seals, settings
from miinti.errors import BadCursor

SHAPE = seals.SHAPE
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
