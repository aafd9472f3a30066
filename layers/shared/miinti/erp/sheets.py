"""From the bytes of a file to its rows, one at a time; whatever the file's size, little of it is in memory.

UTF-8 with or without its mark, LF, CRLF or CR, comma, semicolon, tab or bar: the file tells, nothing is guessed. A text
that is no UTF-8 is Windows-1252 only where that is certain.
"""

import codecs
import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import IO, Final

from miinti.erp import books, feeds, layouts
from miinti.erp.checks import Types
from miinti.erp.faults import Fault, FileRefused
from miinti.erp.feeds import Feed
from miinti.erp.layouts import Layout

LINE_MAX: Final = 64 * 1024
"""Characters of a line; a longer one is refused without being held."""
_JOINED: Final = 8
"""Lines that a quoted cell may make of one row."""
_CHUNK: Final = 1 << 20
_SEPARATORS: Final = (",", ";", "\t", "|")

_PAGES: Final = ("cp1252", "cp850", "mac_roman")
"""What texts in Spanish were written in before UTF-8."""
_NO_SIGN = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")
"""What Windows-1252 leaves without a meaning."""
_WORD = re.compile(rb"[A-Za-z\x80-\xff]+")
_SPANISH = re.compile(
    "[¿¡«“‘]?(?:[A-ZÁÉÍÓÚÜÑ]?[a-záéíóúüñ]*|[A-ZÁÉÍÓÚÜÑ]+)[»”’°ºª]?|[–—€]",
)
"""A word as Spanish writes it: small, capitals, or one capital first; marks before or after, none inside."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it stands in the file: the line it begins on, its text, and its cells by column or what is wrong with
    the line."""

    line: int
    raw: str
    cells: dict[str, str]
    fault: Fault | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A file whose header is known; ``header`` is its line as written, with the file's mark of UTF-8 if it has one, and
    ``size`` the bytes of its text."""

    layout: Layout
    header: str
    separator: str
    columns: tuple[str, ...]
    lines: "_Lines | None" = None
    feed: Feed | None = None
    size: int = 0

    def records(self) -> Iterator[Record]:
        """Every row of the file, once, in its order; blank lines are none."""
        while self.lines and (ahead := self.lines.ahead(1)):
            if not ahead[0].strip():
                self.lines.take(1)
                continue
            yield self._next(self.lines, ahead[0])

    def record(self, line: int, raw: str, cells: list[str] | None = None) -> Record:
        """The row of a text that ``records`` gave once; ``cells`` where they are known."""
        cells = self._cells(raw) if cells is None else cells
        if not cells:
            return Record(line, raw, {}, Fault("", "row_malformed", raw.strip()))
        if self.feed and self.feed.is_footer(self.columns, cells):
            return Record(line, raw, {}, Fault("", "totals_line", raw.strip()))
        if len(cells) != len(self.columns):
            return Record(line, raw, {}, Fault("", "column_count", str(len(cells))))
        named = dict(zip(self.columns, (cell.strip(" ") for cell in cells), strict=True))
        if self.feed is None:
            return Record(line, raw, named)
        try:
            return Record(line, raw, self.feed.adapted(named))
        except Fault as fault:
            return Record(line, raw, {}, fault)

    def named(self, fault: Fault, record: Record) -> Fault:
        """The fault as the file tells it: its own column, and what stands there."""
        if self.feed is None:
            return fault
        column = self.feed.header_of(fault.field)
        given = dict(zip(self.columns, self._cells(record.raw) or [], strict=False))
        return Fault(column, fault.reason, given[column].strip(" ") if column and column in given else fault.value)

    def _next(self, lines: "_Lines", first: str) -> Record:
        raw, cells, count = first, self._cells(first), 1
        while cells is None and count < _JOINED:
            # A quote is open: the row goes on below, if with those lines it has the cells it should. If it has not,
            # the quote is the fault of this line alone, and its neighbours stand for themselves.
            count += 1
            ahead = lines.ahead(count)
            if len(ahead) < count:
                break
            raw = "".join(ahead)
            cells = self._cells(raw)
            if cells is not None and len(cells) != len(self.columns):
                cells = None
                break
        line = lines.taken + 1
        lines.take(count if cells else 1)
        return self.record(line, raw, cells) if cells else self.record(line, first, [])

    def _cells(self, text: str) -> list[str] | None:
        """The cells of a row, none where it is malformed, None where it needs another line."""
        if len(text) > LINE_MAX:
            return []
        if '"' not in text:
            return text.rstrip("\r\n").split(self.separator)
        try:
            return next(csv.reader(io.StringIO(text, newline=""), delimiter=self.separator, strict=True))
        except csv.Error as wrong:
            return None if "unexpected end" in str(wrong) else []


def opened(file: IO[bytes], types: Types, mappings: Sequence[Feed] = ()) -> Sheet:
    """The sheet in a file. Raises ``FileRefused`` with one of ``faults.FILES``."""
    if books.is_packed(file):
        books.become_text(file, lambda names: _ours(names, types, mappings))
    encoding = _encoding(file, [one for one in mappings if one.windows_1252])
    file.seek(0, io.SEEK_END)
    size = file.tell()
    file.seek(0)
    lines = _Lines(io.TextIOWrapper(file, encoding=encoding, newline=""))
    while (ahead := lines.ahead(1)) and not ahead[0].strip("\ufeff\r\n "):
        lines.take(1)
    if not ahead:
        raise FileRefused("file_empty")
    lines.take(1)
    return replace(headed(ahead[0].rstrip("\r\n"), types, mappings), lines=lines, size=size)


def headed(header: str, types: Types, mappings: Sequence[Feed] = ()) -> Sheet:
    """The sheet of a header line, without its rows: of a layout of ours or, where it is none, of a feed.

    What parts the columns is what makes the header one that is known; of several, what the line has most of.
    """
    text = header.removeprefix("\ufeff")
    separators = dict.fromkeys([*_SEPARATORS, *(feed.separator for feed in mappings if feed.separator)])
    why = FileRefused("header_unknown", "quotes that do not close, or text after a closing one")
    parted = False
    for separator in sorted(separators, key=text.count, reverse=True):
        try:
            names = next(csv.reader([text], delimiter=separator, strict=True))
        except csv.Error:
            continue
        try:
            return _of_names(names, header, separator, types, mappings)
        except FileRefused as refused:
            if not parted or (why.reason == "header_unknown" and refused.reason != "header_unknown"):
                why, parted = refused, True
    raise why


def _of_names(names: Sequence[str], header: str, separator: str, types: Types, mappings: Sequence[Feed]) -> Sheet:
    columns = tuple(name.strip().lower() for name in names)
    try:
        return Sheet(layouts.of_header(columns), header, separator, columns)
    except FileRefused as why:
        feed = feeds.of_header(columns, mappings, types)
        if feed is None:
            raise FileRefused(why.reason, why.detail or feeds.nearest(columns, mappings)) from None
    if twice := [name for name in feed.columns.values() if columns.count(name) > 1]:
        raise FileRefused("columns_duplicated", layouts.told(", ".join(twice)))
    return Sheet(feed.layout, header, separator, columns, feed=feed)


def _ours(names: Sequence[str], types: Types, mappings: Sequence[Feed]) -> list[str]:
    """Our columns for those of a workbook."""
    sheet = _of_names(names, "", "", types, mappings)
    ours = sheet.feed.ours() if sheet.feed else {name: name for name in sheet.layout.columns}
    return [ours.get(name, "") for name in sheet.columns]


class _Lines:
    """Lines of a text with a look ahead; ``taken`` counts those gone by."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._ahead: deque[str] = deque()
        self.taken = 0

    def ahead(self, count: int) -> list[str]:
        """The next so many lines, fewer at the end."""
        while len(self._ahead) < count and (line := self._text.readline(LINE_MAX + 1)):
            self._ahead.append(line)
            while len(line) > LINE_MAX and line[-1] not in "\r\n":
                line = self._text.readline(LINE_MAX + 1) or "\n"
        return list(islice(self._ahead, count))

    def take(self, count: int) -> None:
        for _ in range(count):
            self._ahead.popleft()
        self.taken += count


# --- encodings --------------------------------------------------------------------------------------------------------


def _encoding(file: IO[bytes], told: Sequence[Feed]) -> str:
    """The file's encoding; ``told`` are mappings of sources that write Windows-1252 and say so."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    utf8, size = True, 0
    while chunk := file.read(_CHUNK):
        size += len(chunk)
        if b"\0" in chunk:
            raise FileRefused("not_csv")
        if utf8:
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError:
                utf8 = False
    if not size:
        raise FileRefused("file_empty")
    if utf8:
        try:
            decoder.decode(b"", final=True)
            return "utf-8"
        except UnicodeDecodeError:
            pass
    return _windows_1252(file) if told and _is_of(file, told) else _old_encoding(file)


def _is_of(file: IO[bytes], told: Sequence[Feed]) -> bool:
    file.seek(0)
    header = file.readline(LINE_MAX).decode("cp1252", "replace").lower()
    return any(all(name in header for name in one.columns.values()) for one in told)


def _windows_1252(file: IO[bytes]) -> str:
    """``cp1252``. Raises ``FileRefused`` where a byte stands that this page has no sign for: before its first row."""
    file.seek(0)
    number = 1
    while line := file.readline(LINE_MAX):
        if _NO_SIGN.search(line):
            raise FileRefused("encoding_unknown", f"line {number}")
        number += line.endswith(b"\n")
    return "cp1252"


def _old_encoding(file: IO[bytes]) -> str:
    """``cp1252`` where that page, and none of the others once used here, makes Spanish words of the file's bytes.

    Raises ``FileRefused`` with ``encoding_unknown`` and the line where Windows-1252 was out, or none where it was not
    the only one left.
    """
    file.seek(0)
    possible, known, number = set(_PAGES), set[bytes](), 0
    while line := file.readline(LINE_MAX):
        number += line.endswith(b"\n")
        words = {word for word in _WORD.findall(line) if not word.isascii() and word not in known}
        if len(known) < 10_000:
            known |= words
        possible = {page for page in possible if all(_is_spanish(word, page) for word in words)}
        if "cp1252" not in possible:
            raise FileRefused("encoding_unknown", f"line {number}")
    if possible != {"cp1252"}:
        raise FileRefused("encoding_unknown")
    return "cp1252"


def _is_spanish(word: bytes, page: str) -> bool:
    try:
        return _SPANISH.fullmatch(word.decode(page)) is not None
    except UnicodeDecodeError:
        return False
