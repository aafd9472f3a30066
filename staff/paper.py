"""An answer as people read it: facts one a line, lists as tables, codes in words, instants as the clock in Buenos Aires
has them, amounts as they are written here; or as JSON, for programs, which has all of it as it came."""

import datetime as dt
import json
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final
from zoneinfo import ZoneInfo

import click
from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from staff import faults
from staff.words import DECLINED, SAID, TITLES

DOCUMENT = ("date", "type_label", "number", "amount", "billed", "remaining", "currency", "status_label", "id")
"""Of a document, what a table has room for; JSON has all."""
PAYMENT = ("id", "state", "why", "amount", "credited", "surplus", "created_at", "credited_at", "at")
WIDE = 240
TRAIL = ("at", "kind", "action", "act", "outcome", "actor", "person", "company", "target", "why", "network", "place")
AMOUNTS: Final = frozenset(
    {
        "amount",
        "balance",
        "billed",
        "collected",
        "credited",
        "documents",
        "erp",
        "refunded",
        "remaining",
        "surplus",
        "total",
    }
)
_AMOUNT = re.compile(r"(-?)([0-9]+)\.([0-9]{2})", re.ASCII)
_ZONE: Final = ZoneInfo("America/Argentina/Buenos_Aires")
"""The institute's, wherever the desk is."""


def show(answer: Mapping[str, Any], as_json: bool, columns: Sequence[str] = ()) -> None:
    if as_json:
        click.echo(_visible(json.dumps(answer, ensure_ascii=False, indent=2), but="\n"))
        return
    # Into a file or a pipe goes all of it, however wide.
    console = Console(highlight=False, width=None if sys.stdout.isatty() else WIDE)
    facts = {name: value for name, value in answer.items() if not isinstance(value, list | dict)}
    # What was done to a payment or a transfer tells its state in their words.
    _facts(console, facts, next((name for name in ("payment", "transfer") if name in facts), ""))
    for name, value in answer.items():
        if isinstance(value, dict):
            console.print(f"[bold]{_title(name)}[/bold]")
            _facts(console, value, name, "  ")
        elif isinstance(value, list):
            _table(console, name, value, columns)


def _facts(console: Console, facts: Mapping[str, Any], about: str = "", indent: str = "") -> None:
    for name, value in _apart(facts).items():
        if value is not None:
            console.print(f"{indent}{_title(name)}: {_text(name, value, about)}")


def _table(console: Console, name: str, rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    console.print(f"[bold]{_title(name)}[/bold]: {'' if rows else 'ninguno'}")
    if not rows:
        return
    shown = [_apart(row) for row in rows]
    found = list(dict.fromkeys(column for row in shown for column in row))
    wanted = [column for column in columns if column in found] or found
    table = Table(box=box.SIMPLE)
    for column in wanted:
        # Ids are to be copied: what has no room goes on below, rather than away.
        table.add_column(_title(column), overflow="fold", justify="right" if column in AMOUNTS else "left")
    for row in shown:
        table.add_row(*(_text(column, row.get(column), name) for column in wanted))
    console.print(table)


def _apart(facts: Mapping[str, Any]) -> dict[str, Any]:
    """A balance as what it is of: the amount, its currency, and as of when."""
    told: dict[str, Any] = {}
    for name, value in facts.items():
        if name == "balance" and isinstance(value, dict):
            told |= {"balance": value["amount"], "currency": value["currency"], "as_of": value["as_of"]}
        else:
            told[name] = value
    return told


def _title(name: str) -> str:
    return TITLES.get(name, name)


def _text(name: str, value: Any, table: str = "") -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "sí" if value else "no"
    return escape(_visible(_said(name, str(value), table)))


def _said(name: str, text: str, table: str) -> str:
    """What a column's value says to people; one that is not known stays as it came."""
    if name in ("reason", "refused"):
        return faults.said(text)
    if name == "detail":
        return faults.detail(text)
    if name in ("at", "as_of") or name.endswith("_at"):
        return _moment(text)
    if name == "date":
        return re.sub(r"^([0-9]{4})-([0-9]{2})-([0-9]{2})$", r"\3/\2/\1", text)
    if name in AMOUNTS and (amount := _AMOUNT.fullmatch(text)):
        sign, whole, cents = amount.groups()
        return f"{sign}{int(whole):,}".replace(",", ".") + f",{cents}"
    if name == "outcome" and text in DECLINED:
        return DECLINED[text]
    words = SAID.get(f"{table}.{name}", SAID.get(name, {}))
    # Of a payment several things may be to say at once.
    return ", ".join(words.get(one, one) for one in text.split(", ")) if name == "why" else words.get(text, text)


def _moment(text: str) -> str:
    try:
        return dt.datetime.fromisoformat(text).astimezone(_ZONE).strftime("%d/%m/%Y %H:%M:%S")
    except ValueError:
        return text


_HIDDEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories of what a terminal obeys, or does not show."""


def _visible(text: str, but: str = "") -> str:
    """What strangers wrote (the ERP in a row, a browser in its name) as it can be shown: a terminal would obey what is
    hidden in it. Each such sign stands as JSON writes it, so that JSON stays the JSON it was."""
    return "".join(
        json.dumps(sign)[1:-1] if unicodedata.category(sign) in _HIDDEN and sign not in but else sign for sign in text
    )
