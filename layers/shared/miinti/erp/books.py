"""A workbook (XLSX) as the text of its first sheet: one line a row, semicolons, so that what reads files of rows reads
it too, and the refused rows can be given back as text.

Numbers stand as they are held, with two decimals where they have any; days as ``YYYY-MM-DD``. A title over the table
becomes empty lines, so that lines keep the sheet's own numbers.
"""

import csv
import datetime as dt
import io
import shutil
import zipfile
from contextlib import closing
from itertools import chain, islice
from tempfile import TemporaryFile
from typing import IO, Any, Final

from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from miinti.erp.faults import FileRefused

SIGNATURE: Final = b"PK\x03\x04"
_UNPACKED_MAX: Final = 1_000_000_000
"""Bytes that a workbook may unpack to: far over a sheet of a million rows."""
_TITLES: Final = 5
"""Lines that may stand over the table."""


def is_book(file: IO[bytes]) -> bool:
    file.seek(0)
    return file.read(len(SIGNATURE)) == SIGNATURE


def become_text(file: IO[bytes]) -> None:
    """Put the first sheet, as UTF-8, in the workbook's place. Raises ``FileRefused`` with ``not_csv``,
    ``file_too_large`` or ``file_empty``."""
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as packed:
            if sum(part.file_size for part in packed.infolist()) > _UNPACKED_MAX:
                raise FileRefused("file_too_large", "unpacked")
            if "xl/workbook.xml" not in packed.namelist():
                raise FileRefused("not_csv", "a ZIP, and no workbook")
        book = load_workbook(file, read_only=True, data_only=True)
        with TemporaryFile() as text, closing(book):
            _write(book.worksheets[0].iter_rows(values_only=True), text)
            text.seek(0)
            file.seek(0)
            file.truncate()
            shutil.copyfileobj(text, file)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, IndexError, ValueError, SyntaxError) as broken:
        raise FileRefused("not_csv", type(broken).__name__) from None


def _write(rows: Any, out: IO[bytes]) -> None:
    first = [[_text(cell) for cell in row] for row in islice(rows, _TITLES + 1)]
    widest = max((_filled(row) for row in first), default=0)
    head = next((n for n, row in enumerate(first) if _filled(row) == widest), 0)
    text = io.TextIOWrapper(out, encoding="utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";", lineterminator="\n")
    width = max((n for n, cell in enumerate(first[head], 1) if cell), default=0) if first else 0
    for number, row in enumerate(chain(first, ([_text(cell) for cell in row] for row in rows))):
        if number < head or not any(row):
            text.write("\n")
        else:
            # A sheet may be wider than its table, by cells that hold nothing.
            writer.writerow(row[:width] + [cell for cell in row[width:] if cell])
    text.detach()


def _filled(row: list[str]) -> int:
    return sum(map(bool, row))


def _text(cell: Any) -> str:
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return str(cell)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < 1e15:
            return str(int(cell))
        short = f"{cell:.2f}"
        return short if float(short) == cell else repr(cell)
    return " ".join(str(cell).split())
