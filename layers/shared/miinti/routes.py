"""Which methods a path of the API has. `make openapi` writes ``routes.txt`` from what the functions declare."""

import re
from functools import cache
from pathlib import Path


def methods(path: str) -> tuple[str, ...]:
    """The methods of every route that ``path`` is of, sorted; none where there is no such path."""
    return tuple(sorted({method for method, pattern in _table() if pattern.fullmatch(path)}))


@cache
def _table() -> list[tuple[str, re.Pattern[str]]]:
    lines = Path(__file__).with_name("routes.txt").read_text(encoding="utf-8").splitlines()
    return [(method, _pattern(path)) for method, path in map(str.split, lines)]


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile("/".join("[^/]+" if part.startswith("{") else re.escape(part) for part in path.split("/")))
