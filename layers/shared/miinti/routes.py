"""Which methods a path of the API has. `make openapi` writes ``routes.txt`` from what the functions declare."""

from functools import cache
from pathlib import Path


def methods(path: str) -> tuple[str, ...]:
    """The methods of the route that ``path`` is of, sorted; none where there is no such path. As in OpenAPI, a path
    that is written out goes before one with places."""
    table = _table()
    found = table.get(path) or next((has for one, has in table.items() if _fits(one, path)), ())
    return tuple(sorted(found))


@cache
def _table() -> dict[str, list[str]]:
    table: dict[str, list[str]] = {}
    for line in Path(__file__).with_name("routes.txt").read_text(encoding="utf-8").splitlines():
        method, path = line.split()
        table.setdefault(path, []).append(method)
    return table


def _fits(route: str, path: str) -> bool:
    parts, given = route.split("/"), path.split("/")
    pairs = zip(parts, given, strict=False)
    return len(parts) == len(given) and all(part == one or (part[:1] == "{" and one) for part, one in pairs)
