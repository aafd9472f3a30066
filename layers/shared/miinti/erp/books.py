"""A workbook (XLSX) as the text of its first sheet: one line a row, semicolons, so that what reads files of rows reads
it too, and the refused rows can be given back as text. A ZIP of one CSV as that.

What a sheet holds as a number or as a day has no written form: each stands as its column would have it
(``layouts.number``), days as ``YYYY-MM-DD``. A title over the table becomes empty lines, so that lines keep the sheet's
own numbers.
"""

import csv
import datetime as dt
import errno
import gc
import io
import re
import resource
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import chain, islice
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any, Final, Literal
from xml.parsers.expat import errors

from openpyxl.reader.excel import ExcelReader
from openpyxl.xml.constants import ARC_STYLE

from miinti.erp import layouts
from miinti.erp.faults import FileRefused

SIGNATURE: Final = b"PK\x03\x04"
# What a workbook may have in it; docs/erp.md tells what that costs.
UNPACKED_MAX: Final = 400_000_000
"""Bytes of all its parts."""
BESIDE_MAX: Final = 100_000_000
"""Bytes of those that are no sheets: the table of texts, which is held in memory."""
CELLS_MAX: Final = 8_000_000
ROWS_MAX: Final = 1 << 20
"""What a sheet has room for."""
TEXT_MAX: Final = 200_000_000
"""Bytes that a sheet may come to."""
MEMORY_MAX: Final = 700_000_000
"""Bytes of memory that the process may have while one is read; the function has 1,024 MB."""
NAMES_MAX: Final = 2_000_000
"""Bytes of a part that defines names (openpyxl looks through each in time that grows with its square)."""
STYLES_MAX: Final = 8_000_000
"""Bytes of the part of styles, whose formats of numbers are each looked through for each style that has one."""
_NAME_MAX: Final = 16_384
"""Bytes of such a name with its formula, of which Excel takes 8,192 characters."""
_FORMAT_MAX: Final = 1_200
"""Bytes of such a format with its tag; Excel takes 255 characters."""
_NAME = re.compile(rb"<(?:[^<>/: \t\r\n]{1,100}:)?definedName\b")
_DECLARED = re.compile(
    rb"""(?!<\?xml\s)|<\?xml(?:(?!encoding)[^?])*(?:encoding\s*=\s*["'](?:utf-?8|us-ascii)["'][^?]*)?\?>""",
    re.IGNORECASE,
)
"""What XML of a workbook may begin with: nothing that tells an encoding, or UTF-8."""
_alone = threading.Lock()
"""One workbook at a time: several are opened at once, and have together what one may have."""
_CHUNK: Final = 1 << 20
_TITLES: Final = 5
"""Lines that may stand over the table."""

Header = Callable[[Sequence[str]], Sequence[str]]
"""Which columns of ours a header's are, empty where none. Raises ``FileRefused``."""


def is_packed(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(len(SIGNATURE)) == SIGNATURE


def become_text(file: IO[bytes], header: Header) -> None:
    """Put the first sheet, as UTF-8, in the workbook's place, or the CSV in its ZIP's. Raises ``FileRefused``."""
    with _alone:
        refusal = _refusal(file, header)
    if refusal:
        raise FileRefused(*refusal)


def _refusal(file: IO[bytes], header: Header) -> tuple[str, str] | None:
    """Do so, or tell reason and detail. Nothing that was raised leaves: it holds all that the reader had at hand, and
    its holder would have the next workbook find no memory left."""
    too_large = "file_too_large", f"more than {MEMORY_MAX} bytes of memory to read it"
    try:
        with _bounded():
            _become_text(file, header)
    except FileRefused as refused:
        return refused.reason, refused.detail
    except MemoryError:
        return too_large
    except OSError as failed:
        # A place that a damaged workbook names lies before the file's beginning; all else is the disk's fault.
        if failed.errno not in (errno.ENOMEM, errno.EINVAL):
            raise
        return too_large if failed.errno == errno.ENOMEM else ("not_csv", "damaged")
    except Exception as broken:
        # ElementTree's ``ParseError``, with expat's number.
        if getattr(broken, "code", None) == errors.codes[errors.XML_ERROR_NO_MEMORY]:
            return too_large
        # Whatever a reader stumbles over in a file that is damaged, encrypted or packed in a way it does not know.
        return "not_csv", type(broken).__name__
    return None


@contextmanager
def _bounded() -> Iterator[None]:
    """Let the process have ``MEMORY_MAX`` and no more: what a few packed bytes unfold to in a reader is not to be known
    from outside. Beyond it ``MemoryError`` is raised, rather than the function ended, with all that it has at hand."""
    told = Path("/proc/self/statm")
    if not told.exists():
        yield
        return
    # What was read before may lie in cycles.
    gc.collect()
    size, resident, *_ = (int(pages) * resource.getpagesize() for pages in told.read_text().split())
    before, most = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size - resident + max(MEMORY_MAX, resident), most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))


def _become_text(file: IO[bytes], header: Header) -> None:
    file.seek(0)
    with zipfile.ZipFile(file) as packed:
        parts = packed.infolist()
        _within(sum(part.file_size for part in parts), UNPACKED_MAX, "bytes unpacked")
        # Of other ways to pack, which OPC has none of, a bound on the size unpacked is none on what unpacking takes.
        if not all(part.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
            raise FileRefused("not_csv", "a ZIP that is neither stored nor deflated")
        if "xl/workbook.xml" not in packed.namelist():
            _unpack(packed, parts, file)
            return
        beside = (part.file_size for part in parts if not part.filename.startswith("xl/worksheets/"))
        _within(sum(beside), BESIDE_MAX, "bytes beside the sheets")
    reader = ExcelReader(file, read_only=True, data_only=True)
    reader.archive = _Parts(file)
    reader.read()
    with TemporaryFile() as text, closing(reader.wb) as book:
        sheet: Any = book.worksheets[0]
        # What a workbook says of its size is often not so.
        sheet.reset_dimensions()
        _write(sheet.iter_rows(values_only=True), header, text)
        _replace(file, text)


class _Parts(zipfile.ZipFile):
    """A workbook each part of which is looked through before it is read: what nobody reads (a picture, what Power Query
    keeps in UTF-16) may be as it is."""

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self._looked = set[str]()

    def open(
        self,
        name: str | zipfile.ZipInfo,
        mode: Literal["r", "w"] = "r",
        pwd: bytes | None = None,
        *,
        force_zip64: bool = False,
    ) -> IO[bytes]:
        part = self.getinfo(name) if isinstance(name, str) else name
        if part.filename not in self._looked:
            self._looked.add(part.filename)
            _look_through(self, part)
        return super().open(part, mode, pwd, force_zip64=force_zip64)


def _look_through(packed: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    """Refuse a part that asks its reader for more than its size: by entities (OPC has no DTD), which another encoding
    could hide, or by names and formats that no program writes. Names by what is in it, since a workbook may call its
    parts what it likes; styles are openpyxl's by their name alone."""
    before, first, names, styles = b"", b"", False, part.filename == ARC_STYLE
    with packed.open(part) as body:
        while chunk := body.read(_CHUNK):
            first = first or chunk.lstrip(b"\xef\xbb\xbf \t\r\n")[:200]
            seen = before + chunk
            if b"<!DOCTYPE" in seen:
                raise FileRefused("not_csv", "a workbook with a DTD")
            names = names or _NAME.search(seen) is not None
            before = seen[-200:]
    if first.startswith((b"\xff\xfe", b"\xfe\xff", b"<\0", b"\0<")) or not _DECLARED.match(first):
        raise FileRefused("not_csv", "a workbook in another encoding than UTF-8")
    if names:
        _within(part.file_size, NAMES_MAX, "bytes of names")
    if styles:
        _within(part.file_size, STYLES_MAX, "bytes of styles")
    if names or styles:
        for one in packed.read(part).split(b"<"):
            _within(len(one), _FORMAT_MAX if b"formatCode" in one else _NAME_MAX, "bytes of one name or format")


def _unpack(packed: zipfile.ZipFile, parts: Sequence[zipfile.ZipInfo], file: IO[bytes]) -> None:
    """Put the only file of a ZIP, if it is a CSV, in the ZIP's place."""
    if len(parts) != 1:
        raise FileRefused("not_csv", f"a ZIP of {len(parts)} files, and no workbook: one .csv may be in it")
    if not parts[0].filename.lower().endswith(".csv"):
        raise FileRefused("not_csv", "a ZIP of one file that is no .csv")
    with TemporaryFile() as text:
        with packed.open(parts[0]) as body:
            while chunk := body.read(_CHUNK):
                text.write(chunk)
                _within(text.tell(), TEXT_MAX, "bytes of text")
        _replace(file, text)


def _replace(file: IO[bytes], text: IO[bytes]) -> None:
    text.seek(0)
    file.seek(0)
    file.truncate()
    shutil.copyfileobj(text, file)


def _write(rows: Iterable[Sequence[Any]], header: Header, out: IO[bytes]) -> None:
    rows = iter(rows)
    first = list(islice(rows, _TITLES + 1))
    widest = max(map(_filled, first), default=0)
    if not widest:
        return
    head = next(n for n, row in enumerate(first) if _filled(row) == widest)
    names = [_text(cell, "") for cell in first[head]]
    while not names[-1]:
        names.pop()
    columns = header(names)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    cells = 0
    for number, row in enumerate(chain(first, rows)):
        cells += len(row)
        _within(cells, CELLS_MAX, "cells")
        _within(number + 1, ROWS_MAX, "rows")
        _within(out.tell(), TEXT_MAX, "bytes of text")
        if number == head:
            writer.writerow(names)
        elif number < head or not _filled(row):
            text.write("\n")
        else:
            writer.writerow(_cells(row, columns))
    text.detach()


def _within(size: int, most: int, of: str) -> None:
    if size > most:
        raise FileRefused("file_too_large", f"more than {most} {of}")


def _cells(row: Sequence[Any], columns: Sequence[str]) -> list[str]:
    """The row as wide as the table: a sheet may be narrower, or wider by cells that hold nothing."""
    cells = [_text(cell, column) for cell, column in zip(row, columns, strict=False)]
    cells += [""] * (len(columns) - len(cells))
    return cells + [text for cell in row[len(columns) :] if (text := _text(cell, ""))]


def _filled(row: Sequence[Any]) -> int:
    return sum(bool(cell.strip()) if isinstance(cell, str) else cell is not None for cell in row)


def _text(cell: Any, column: str) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, int | float):
        return layouts.number(column, cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    return " ".join(str(cell).split())
