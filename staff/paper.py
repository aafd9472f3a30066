"""An answer as people read it: facts one a line, lists as tables; or as JSON, for programs."""

import json
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from staff.words import STATES, TITLES

DOCUMENT = ("date", "type_label", "number", "amount", "billed", "remaining", "status_label", "id")
"""Of a document, what a table has room for; JSON has all."""
PAYMENT = ("id", "state", "why", "amount", "credited", "surplus", "created_at", "credited_at", "at")
WIDE = 240
TRAIL = ("at", "kind", "action", "act", "outcome", "actor", "person", "company", "target", "network", "place")


def show(answer: Mapping[str, Any], as_json: bool, columns: Sequence[str] = ()) -> None:
    if as_json:
        click.echo(_visible(json.dumps(answer, ensure_ascii=False, indent=2), but="\n"))
        return
    # Into a file or a pipe goes all of it, however wide.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    _facts(console, {name: value for name, value in answer.items() if not isinstance(value, list | dict)})
    for name, value in answer.items():
        if isinstance(value, dict):
            console.print(f"[bold]{_title(name)}[/bold]")
            _facts(console, value, "  ")
        elif isinstance(value, list):
            _table(console, name, value, columns)


def _facts(console: Console, facts: Mapping[str, Any], indent: str = "") -> None:
    for name, value in facts.items():
        if value is not None:
            said = STATES.get(value, value) if name == "state" else value
            console.print(f"{indent}{_title(name)}: {_text(said)}")


def _table(console: Console, name: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    console.print(f"[bold]{_title(name)}[/bold]: {'' if rows else 'ninguno'}")
    if not rows:
        return
    found = list(dict.fromkeys(column for row in rows for column in row))
    wanted = [column for column in columns if column in found] or found
    table = Table(box=box.SIMPLE)
    for column in wanted:
        # Ids are to be copied: what has no room goes on below, rather than away.
        table.add_column(_title(column), overflow="fold")
    for row in rows:
        table.add_row(*(_text(row.get(column)) for column in wanted))
    console.print(table)


def _title(name: str) -> str:
    return TITLES.get(name, name)


def _text(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "sí" if value else "no"
    told = " ".join(str(part) for part in value.values()) if isinstance(value, dict) else str(value)
    return escape(_visible(told))


_HIDDEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories of what a terminal obeys, or does not show."""


def _visible(text: str, but: str = "") -> str:
    """What strangers wrote (the ERP in a row, a browser in its name) as it can be shown: a terminal would obey what is
    hidden in it. Each such sign stands as JSON writes it, so that JSON stays the JSON it was."""
    return "".join(
        json.dumps(sign)[1:-1] if unicodedata.category(sign) in _HIDDEN and sign not in but else sign for sign in text
    )
