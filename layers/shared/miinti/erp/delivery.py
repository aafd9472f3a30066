"""From what was dropped to what stands in the portal: the way of a PDF, and the way of a file of rows.

Everything here may be done twice, cut short anywhere and done again, or done by several at once, and comes to the same.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final, Protocol, TypeVar

from miinti.erp import checks, drops, files, layouts, parts, pdfs, reports, sheets, shelves, store
from miinti.erp.checks import Entry, Types
from miinti.erp.drops import Content, Drop, Mappings, Tell
from miinti.erp.faults import Fault, FileRefused
from miinti.erp.files import Pdf
from miinti.erp.layouts import Layout
from miinti.erp.reports import Report
from miinti.erp.sheets import Record, Sheet
from miinti.erp.shelves import Accounts, Applications, Companies, Documents, Neighbours
from miinti.erp.store import Delivery, Doubted, Outcome, Planner

T = TypeVar("T")

_BALANCED: Final = frozenset({"companies", "documents"})
"""Layouts whose reports tell where the books disagree."""
_CHUNK: Final = 1_000
"""Rows that are read, checked and written together."""
_PART_CHUNK: Final = 5_000
"""The same of a part: about all of its rows, so that those of one account share transactions."""
_THREADS: Final = 4
_WAITING: Final = 10_000
"""Rows that are kept until all others of their file have gone in."""


def take(messages: Sequence[str], near: Neighbours, now: int, today: dt.date, tell: Tell) -> list[Exception | None]:
    """Bring in all that these messages of the inbox's queue tell of; for each message what it failed of, or None.

    A message that failed is to come again. PDFs go first and share their reads and writes; then files of rows, those
    that others refer to before those that refer to them.
    """
    failed: dict[int, Exception] = {}
    found: list[tuple[int, Drop]] = []
    for index, message in enumerate(messages):
        try:
            found += [(index, drop) for drop in drops.told(message)]
        except (ValueError, LookupError, TypeError, AttributeError) as unreadable:
            failed[index] = unreadable
    _take_pdfs([one for one in found if one[1].is_pdf], near, tell, failed)
    _take_files([one for one in found if not one[1].is_pdf], near, now, today, tell, failed)
    return [failed.get(index) for index in range(len(messages))]


Found = Sequence[tuple[int, Drop]]
"""Drops, each with the place of the message that told of it."""


def _each(found: Found, work: Callable[[Drop], T], failed: dict[int, Exception]) -> list[tuple[int, T]]:
    """Do something with each drop, several at a time; what goes wrong with one is its message's failure."""

    def one(told: tuple[int, Drop]) -> tuple[int, T] | None:
        index, drop = told
        try:
            return index, work(drop)
        except Exception as failure:
            failed[index] = failure
            return None

    with ThreadPoolExecutor(_THREADS) as pool:
        return [done for done in pool.map(one, found) if done is not None]


# --- PDFs -------------------------------------------------------------------------------------------------------------


def _take_pdfs(found: Found, near: Neighbours, tell: Tell, failed: dict[int, Exception]) -> None:
    if not found:
        return
    looked = _each(found, lambda drop: _looked_through(drop, tell), failed)
    good = [(index, pdf) for index, pdf in looked if pdf is not None]
    try:
        files.publish([pdf for _, pdf in good], near.document_key)
    except Exception as failure:
        failed.update((index, failure) for index, _ in good)
        return
    for _, pdf in good:
        tell("take_pdf", "taken", file=pdf.name, bytes=len(pdf.body))


def _looked_through(drop: Drop, tell: Tell) -> Pdf | None:
    """The PDF of a drop; None where it is gone or was put into quarantine."""
    try:
        if not checks.is_file_name(drop.name):
            raise FileRefused("file_name_format")
        content = drops.fetched(drop, pdfs.SIZE_MAX)
        if content is None:
            return None
        with content.file:
            content.file.seek(0)
            body = content.file.read()
        pdfs.check(body)
    except FileRefused as why:
        drops.quarantined(drop, why)
        tell("take_pdf", "quarantined", file=drop.name, reason=why.reason, detail=why.detail)
        return None
    return Pdf(drop.name, content.version, body, content.sha256)


# --- files of rows ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Opened:
    drop: Drop
    content: Content
    sheet: Sheet


def _take_files(
    found: Found, near: Neighbours, now: int, today: dt.date, tell: Tell, failed: dict[int, Exception]
) -> None:
    if not found:
        return
    try:
        mappings = drops.mappings(near.types, tell)
    except Exception as failure:
        failed.update((index, failure) for index, _ in found)
        return
    opened = [
        (index, file)
        for index, file in _each(found, lambda drop: _opened(drop, near.types, mappings, tell, now), failed)
        if file
    ]
    order = list(layouts.LAYOUTS)
    for index, file in sorted(opened, key=lambda one: order.index(one[1].sheet.layout.name)):
        try:
            with file.content.file:
                if file.sheet.size > parts.ABOVE:
                    _split(file, near, today, tell, now)
                    continue
                report = _taken(file, near, today, now)
        except Exception as failure:
            failed[index] = failure
        else:
            tell(
                "take_file",
                store.came(report.accepted, report.unchanged, report.rejected),
                file=report.file,
                layout=file.sheet.layout.name,
                accepted=report.accepted,
                unchanged=report.unchanged,
                rejected=report.rejected,
                warned=report.warned,
            )


def _opened(drop: Drop, types: Types, mappings: Mappings, tell: Tell, now: int) -> _Opened | None:
    """The file of a drop; None where it is gone or is refused whole, which its report then says."""
    content = None
    try:
        content = drops.fetched(drop, drops.FILE_MAX)
        return _Opened(drop, content, sheets.opened(content.file, types, mappings.known)) if content else None
    except FileRefused as refused:
        why = mappings.about(refused)
        if content:
            content.file.close()
        if content is None or reports.claim(drop.name, "told", content.version, "", now):
            reports.refused(drop.name, why)
        tell("take_file", "refused", file=drop.name, reason=why.reason, detail=why.detail)
        return None


def _taken(file: _Opened, near: Neighbours, today: dt.date, now: int) -> Report:
    """Bring the rows of a file in and write its report."""
    delivery = store.begin(file.content.sha256, file.content.version)
    keys = set[str]()

    def again(_: Record, entry: Entry) -> bool:
        known = _key(entry) in keys
        keys.add(_key(entry))
        return known

    with Report(file.drop.name, file.sheet.header) as report:
        rows = _Rows(file.sheet, delivery, near, today, again)
        balances = rows.brought_in(file.sheet.records(), _CHUNK, report)
        if reports.claim(file.drop.name, "told", file.content.version, "", now):
            report.write(balances)
    if store.came(report.accepted, report.unchanged, report.rejected) == "taken":
        store.taken(file.content.version)
    return report


class Sink(Protocol):
    """Where it is told what came of each row."""

    def take(self, outcome: str) -> None: ...
    def refuse(self, record: Record, fault: Fault) -> None: ...
    def warn(self, record: Record, doubt: Fault) -> None: ...


@dataclass(frozen=True, slots=True)
class _Rows:
    """How the rows of one file go in; ``again`` tells of a row that holds whether an earlier line has its key."""

    sheet: Sheet
    delivery: Delivery
    near: Neighbours
    today: dt.date
    again: Callable[[Record, Entry], bool]

    @property
    def layout(self) -> Layout:
        return self.sheet.layout

    def brought_in(self, records: Iterator[Record], together: int, report: Sink) -> list[dict[str, str]]:
        """Bring rows in, so many at a time; where the books then disagree (``shelves.disagreements``)."""
        accounts, companies, whole = Accounts(self.near), set[str](), True
        # Rows whose PDF another document has: it may give it away further down.
        waiting: list[tuple[Record, Entry]] = []
        while chunk := list(islice(records, together)):
            whole = whole and len(chunk) < together
            checked = [self._checked(record) for record in chunk]
            resolved = self._resolved(checked, accounts)
            outcomes = self._settled(resolved, accounts)
            for record, entry, outcome in zip(chunk, resolved, outcomes, strict=True):
                if not whole and isinstance(entry, Entry) and _waits(outcome) and len(waiting) < _WAITING:
                    waiting.append((record, entry))
                else:
                    self._tell(report, record, entry, outcome)
            if self.layout.name in _BALANCED:
                companies |= {
                    self.near.company_id(entry.account.role, entry.account.number)
                    for entry in checked
                    if isinstance(entry, Entry) and entry.account.number
                }
        settled = store.settle([entry for _, entry in waiting], self._planner())
        for (record, entry), outcome in zip(waiting, settled, strict=True):
            self._tell(report, record, entry, outcome)
        return shelves.disagreements(companies, self.near)

    def _tell(self, report: Sink, record: Record, entry: Entry | Fault, outcome: Outcome) -> None:
        if isinstance(outcome, Doubted):
            report.warn(record, self.sheet.named(outcome.doubt, record))
            outcome = outcome.outcome
        if isinstance(outcome, Fault):
            report.refuse(record, self.sheet.named(outcome, record))
            return
        report.take(outcome)
        for doubt in entry.doubts if isinstance(entry, Entry) else ():
            report.warn(record, self.sheet.named(doubt, record))

    def _checked(self, record: Record) -> Entry | Fault:
        """The entry of a record, if it holds by itself and its key is the first of the file."""
        entry = _held(record, self.sheet, self.near, self.today)
        if isinstance(entry, Entry) and self.again(record, entry):
            return Fault(self.layout.key, "duplicate_key", record.cells[self.layout.key])
        return entry

    def _resolved(self, checked: Sequence[Entry | Fault], accounts: Accounts) -> list[Entry | Fault]:
        """The same, entries with the number of their account as far as it can be known."""
        if not self.layout.role:
            return list(checked)
        entries = iter(accounts.resolved([one for one in checked if isinstance(one, Entry)], self.layout))
        return [next(entries) if isinstance(one, Entry) else one for one in checked]

    def _settled(self, checked: Sequence[Entry | Fault], accounts: Accounts) -> list[Outcome]:
        """What came of each row, once those that hold are in the table."""
        outcomes: dict[int, Outcome] = {index: one for index, one in enumerate(checked) if isinstance(one, Fault)}
        entries = {index: one for index, one in enumerate(checked) if isinstance(one, Entry)}
        if self.layout.role:
            faults = accounts.faults(list(entries.values()), self.layout)
            outcomes |= {index: fault for index, fault in zip(entries, faults, strict=True) if fault}
        good = [index for index in entries if index not in outcomes]
        outcomes |= zip(good, store.settle([entries[index] for index in good], self._planner()), strict=True)
        return [outcomes[index] for index in range(len(checked))]

    def _planner(self) -> Planner:
        if self.layout.name == "companies":
            return Companies(self.delivery, self.near).plans
        if self.layout.name == "applications":
            return Applications(self.delivery, self.near).plans
        return Documents(self.layout, self.delivery, self.near).plans


def _waits(outcome: Outcome) -> bool:
    return isinstance(outcome, Fault) and outcome.reason == "duplicate_file"


def _held(record: Record, sheet: Sheet, near: Neighbours, today: dt.date) -> Entry | Fault:
    """The entry of a record, if it holds by itself."""
    if record.fault:
        return record.fault
    try:
        entry = checks.checked(sheet.layout.name, record.cells, near.types, today)
    except Fault as fault:
        return fault
    return replace(entry, partial=True) if sheet.feed and sheet.feed.partial else entry


def _key(entry: Entry) -> str:
    return "\n".join(map(str, entry.key))


# --- files in parts ---------------------------------------------------------------------------------------------------


def _split(file: _Opened, near: Neighbours, today: dt.date, tell: Tell, now: int) -> None:
    """Have the rows of a large file taken by others."""

    def key(record: Record) -> str | None:
        entry = _held(record, file.sheet, near, today)
        return _key(entry) if isinstance(entry, Entry) else None

    store.begin(file.content.sha256, file.content.version)
    plan = parts.split(file.drop, file.content, file.sheet, near.types, key, now)
    tell("take_file", "split", file=plan.file, layout=plan.layout, rows=plan.rows, parts=plan.parts)


def take_part(message: str, near: Neighbours, today: dt.date, now: int, tell: Tell) -> None:
    """Bring in the part of a file that a message of the parts' queue tells of."""
    part = parts.told(message)
    plan = parts.plan_of(part)
    if plan is not None:
        delivery = store.begin(plan.source, plan.version)
        later = frozenset(plan.duplicates)
        sheet = plan.sheet(near.types)
        with parts.Outcome() as outcome:
            rows = _Rows(sheet, delivery, near, today, lambda record, _: record.line in later)
            balances = rows.brought_in(parts.records(part, sheet), _PART_CHUNK, outcome)
            outcome.keep(part, balances)
            parts.done(part, outcome, now)
        tell("take_part", "taken", file=plan.file, part=part.number, **outcome.counts)
    whole = parts.finish(part, now)
    if whole:
        told = {name: int(whole[name]) for name in parts.COUNTS}
        came = store.came(told["accepted"], told["unchanged"], told["rejected"])
        tell("take_file", came, file=whole["file"], layout=whole["layout"], **told)
