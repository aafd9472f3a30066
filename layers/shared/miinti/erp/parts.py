"""A file of many rows, taken in parts: each a message of its own, worked on by as many functions as there are.

Whoever opens the file writes ``imports/<id>/``: the rows, those of one account together, so that they share
transactions and wait for nobody, and ``plan.json``. Each part notes what came of it, once; whoever finds that all have
writes the report and notes that it is told. A part that was cut short is worked on again from its beginning and finds
its first rows unchanged.

``IMPORT#<id>`` / ``IMPORT`` counts the parts that are done and what came of their rows; ``PART#<n>`` marks each.
"""

import heapq
import json
import zlib
from array import array
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import asdict, dataclass
from hashlib import sha256
from io import BytesIO
from typing import IO, Any, Final, NamedTuple, TypeVar

from miinti import aws, settings
from miinti.aws import ConditionFailed, Key, Row
from miinti.erp import feeds, objects, reports, sheets, store
from miinti.erp.checks import Types
from miinti.erp.drops import Content, Drop
from miinti.erp.faults import Fault
from miinti.erp.reports import Report
from miinti.erp.sheets import Record, Sheet

T = TypeVar("T")

ABOVE: Final = 2_000_000
"""Bytes of a file's text from which it is taken in parts."""
_PART: Final = 1_000_000
"""Bytes of a part, as far as accounts can be kept together; some five thousand documents."""
_MOST: Final = 400
_SPOOLED: Final = 64 * 1024
_THREADS: Final = 8
_BUCKETS: Final = 256
COUNTS: Final = ("accepted", "unchanged", "rejected", "warned")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is true of all parts of a file; ``duplicates`` are the lines whose key an earlier line has."""

    id: str
    file: str
    layout: str
    header: str
    mapping: dict[str, Any] | None
    source: str
    version: str
    parts: int
    rows: int
    duplicates: list[int]

    def sheet(self, types: Types) -> Sheet:
        mappings = [feeds.mapped(self.mapping, types)] if self.mapping else []
        return sheets.headed(self.header, types, mappings)


class Part(NamedTuple):
    """A message's word: which part of which import."""

    id: str
    number: int


# --- splitting --------------------------------------------------------------------------------------------------------


def split(
    drop: Drop, content: Content, sheet: Sheet, types: Types, key: Callable[[Record], str | None], now: int
) -> Plan:
    """Write the parts of a file, and one message for each; ``key`` gives the key of a row that holds by itself. May be
    done again: all of it comes out the same."""
    id = sha256(f"{content.version}\n{drop.version_id}".encode()).hexdigest()[:24]
    count = max(2, min(_MOST, -(-sheet.size // _PART)))
    # Eight bytes a row: a set of all of a million rows takes a hundred megabytes.
    rows, seen = 0, [array("q") for _ in range(_BUCKETS)]
    with ExitStack() as spools:
        parts = [spools.enter_context(objects.spool(_SPOOLED)) for _ in range(count)]
        for record in sheet.records():
            rows += 1
            parts[_place(record, sheet) % count].write(objects.as_json([record.line, record.raw]) + b"\n")
            likeness = _likeness(record, sheet)
            seen[likeness % _BUCKETS].append(likeness)
        with ThreadPoolExecutor(_THREADS) as pool:
            list(pool.map(lambda one: objects.put(_key(id, f"rows-{one[0]}"), one[1]), enumerate(parts)))
    suspects = {likeness for bucket in seen for likeness, times in Counter(bucket).items() if times > 1}
    del seen
    mapping = sheet.feed.told if sheet.feed else None
    plan = Plan(
        id, drop.name, sheet.layout.name, sheet.header, mapping, content.sha256, content.version, count, rows,
        _duplicates(content, types, sheet, suspects, key),
    )  # fmt: skip
    objects.put(_key(id, "plan"), BytesIO(objects.as_json(asdict(plan))))
    _begun(plan, now)
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(lambda number: aws.patiently(_sent, Part(id, number)), range(count)))
    return plan


def _likeness(record: Record, sheet: Sheet) -> int:
    """The same number for rows of one key, and by chance for others."""
    return hash("\n".join(record.cells.get(name, "").lstrip("0").casefold() for name in sheet.layout.identity))


def _duplicates(
    content: Content, types: Types, first: Sheet, suspects: set[int], key: Callable[[Record], str | None]
) -> list[int]:
    """The lines whose key an earlier line has, among those that look like another."""
    if not suspects:
        return []
    sheet = sheets.opened(content.file, types, [first.feed] if first.feed else [])
    keys, lines = set[str](), list[int]()
    for record in sheet.records():
        if _likeness(record, sheet) in suspects and (own := key(record)) is not None:
            if own in keys:
                lines.append(record.line)
            keys.add(own)
    return lines


def _place(record: Record, sheet: Sheet) -> int:
    """The same number for all rows of one account; a row that has none goes by its line."""
    account = [record.cells.get(column, "").lstrip("0") for column in sheet.layout.together]
    if not any(account):
        # A feed that knows no numbers has CUITs.
        account = [record.cells.get("cuit", "")]
    return zlib.crc32("\n".join(account).encode()) if any(account) else record.line


def _sent(part: Part) -> None:
    body = objects.as_json({"import": part.id, "part": part.number}).decode()
    aws.ask(aws.sqs().send_message, QueueUrl=settings.parts_queue(), MessageBody=body)


def _begun(plan: Plan, now: int) -> None:
    pk, sk = _row_key(plan.id)
    row: Row = {
        "pk": pk,
        "sk": sk,
        "file": plan.file,
        "layout": plan.layout,
        "source": plan.source,
        "parts": plan.parts,
        "rows": plan.rows,
        "started_at": now,
        "ttl": now + reports.KEPT,
        **dict.fromkeys(("done", *COUNTS), 0),
    }
    with suppress(ConditionFailed):
        aws.patiently(aws.write, aws.put(settings.companies_table(), row, condition="attribute_not_exists(pk)"))
    reports.claim(plan.file, "running", plan.version, plan.id, now)
    _tell_progress(plan.file)


# --- a part -----------------------------------------------------------------------------------------------------------


def told(message: str) -> Part:
    """Raises ``ValueError``, ``LookupError`` or ``TypeError`` for what is no message of ours."""
    body = json.loads(message)
    return Part(str(body["import"]), int(body["part"]))


def plan_of(part: Part) -> Plan | None:
    """The plan of a part that is still to be done, else None."""
    if _part_key(part) in store.rows([_part_key(part)]):
        return None
    return _plan(part.id)


def records(part: Part, sheet: Sheet) -> Iterator[Record]:
    with objects.got(_key(part.id, f"rows-{part.number}")) as body:
        for line in body:
            number, raw = json.loads(line)
            yield sheet.record(number, raw)


class Outcome:
    """What came of the rows of a part, as ``Report`` would take it; kept for the report of the whole file."""

    def __init__(self) -> None:
        self.counts = dict.fromkeys(COUNTS, 0)
        self._told = objects.spool()

    def __enter__(self) -> "Outcome":
        return self

    def __exit__(self, *_: object) -> None:
        self._told.close()

    def take(self, outcome: str) -> None:
        self.counts[outcome] += 1

    def refuse(self, record: Record, fault: Fault) -> None:
        self._note("rejected", record, fault)

    def warn(self, record: Record, doubt: Fault) -> None:
        self._note("warned", record, doubt)

    def _note(self, kind: str, record: Record, fault: Fault) -> None:
        self.counts[kind] += 1
        about = [fault.field, fault.reason, fault.value]
        self._told.write(objects.as_json([record.line, kind, about, record.raw]) + b"\n")

    def keep(self, part: Part, balances: list[dict[str, str]]) -> None:
        # Rows that waited for others were told after those.
        self._told.seek(0)
        lines = sorted(self._told, key=lambda line: int(line[1 : line.index(b",")]))
        objects.put(_key(part.id, f"told-{part.number}"), BytesIO(objects.as_json(balances) + b"\n" + b"".join(lines)))


def done(part: Part, outcome: Outcome, now: int) -> None:
    """Note, once, that a part is done."""
    pk, sk = _part_key(part)
    table = settings.companies_table()
    moved = {"done": 1, **{name: by for name, by in outcome.counts.items() if by}}
    writes = [
        aws.put(table, {"pk": pk, "sk": sk, "ttl": now + reports.KEPT}, condition="attribute_not_exists(pk)"),
        aws.update(
            table,
            _row_key(part.id),
            "ADD " + ", ".join(f"#{name} :{name}" for name in moved),
            {f":{name}": by for name, by in moved.items()},
            condition="attribute_exists(pk)",
            names={f"#{name}": name for name in moved},
        ),
    ]
    try:
        aws.patiently(aws.transact, writes)
    except ConditionFailed:
        return


def finish(part: Part, now: int) -> Row | None:
    """Tell how far the import is, or, where all is done, write the report, once; the import's row then."""
    row = _row(part.id)
    if row is None or "told" in row:
        return None
    file = str(row["file"])
    if row["done"] >= row["parts"]:
        version = _plan(part.id).version
        if store.came(int(row["accepted"]), int(row["unchanged"]), int(row["rejected"])) == "taken":
            store.taken(version)
        reports.claim(file, "told", version, part.id, now)
        # Who was cut short here may have overwritten a newer report: it is that one which is written now.
        _told(lambda: reports.claimed(file, "told"), _tell_report)
    _tell_progress(file)
    if row["done"] < row["parts"]:
        return None
    told = aws.update(
        settings.companies_table(),
        _row_key(part.id),
        "SET told = :now",
        {":now": now},
        condition="attribute_exists(pk) AND attribute_not_exists(told)",
    )
    try:
        aws.patiently(aws.write, told)
    except ConditionFailed:
        return None
    return row


def _told(what: Callable[[], T | None], tell: Callable[[T], None]) -> None:
    """Tell what is to be told, and again where that has changed meanwhile: of several at once, whoever writes last has
    written what stands."""
    last = None
    while (now := what()) and now != last:
        tell(now)
        last = now


def _tell_report(id: str) -> None:
    row = _row(id)
    if row is None:
        return
    plan = _plan(id)
    with ExitStack() as open_ones, Report(plan.file, plan.header) as report:
        bodies = [open_ones.enter_context(objects.got(_key(plan.id, f"told-{n}"))) for n in range(plan.parts)]
        balances = [one for body in bodies for one in json.loads(body.readline())]
        report.accepted, report.unchanged = int(row["accepted"]), int(row["unchanged"])
        for line, kind, (column, reason, value), raw in heapq.merge(*map(_lines, bodies)):
            record, fault = Record(line, raw, {}), Fault(column, reason, value)
            if kind == "rejected":
                report.refuse(record, fault)
            else:
                report.warn(record, fault)
        report.write(sorted(balances, key=lambda one: one["company"]))


def _lines(body: IO[bytes]) -> Iterator[Any]:
    return map(json.loads, body)


def _tell_progress(file: str) -> None:
    """``reports/<file>.progress.json``: rows done of rows known, while the file is being taken."""
    _told(lambda: _row(reports.claimed(file, "running")), _put_progress)


def _put_progress(row: Row) -> None:
    counts = {name: int(row[name]) for name in COUNTS}
    told = {
        "file": row["file"],
        "state": "done" if row["done"] >= row["parts"] else "running",
        "rows": int(row["rows"]),
        "rows_done": counts["accepted"] + counts["unchanged"] + counts["rejected"],
        **counts,
        "started_at": int(row["started_at"]),
    }
    reports.progress(row["file"], told)


# --- where it is kept -------------------------------------------------------------------------------------------------


def _row_key(id: str) -> Key:
    return f"IMPORT#{id}", "IMPORT"


def _row(id: str) -> Row | None:
    return store.rows([_row_key(id)]).get(_row_key(id))


def _part_key(part: Part) -> Key:
    return f"IMPORT#{part.id}", f"PART#{part.number:05d}"


def _key(id: str, what: str) -> str:
    return f"imports/{id}/{what}"


def _plan(id: str) -> Plan:
    with objects.got(_key(id, "plan")) as body:
        return Plan(**json.load(body))
