"""What may be served: a PDF as it was received, that does nothing but show itself (S57).

Two readers look, each for what the other might not see: pypdf walks every object that the file's own table leads to,
all that object streams hold, and every object that stands in the file beside the table; and the names that stand in
the file outside of streams and texts are looked over as bytes. Nothing here runs, renders or mends a file, and what it
unpacks is bounded.
"""

import io
import logging
import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from pypdf import PdfReader, apply_configuration
from pypdf._utils import read_non_whitespace
from pypdf.generic import (
    ArrayObject,
    DictionaryObject,
    IndirectObject,
    NameObject,
    NumberObject,
    StreamObject,
    read_object,
)

from miinti.erp.faults import FileRefused

SIZE_MAX: Final = 20_000_000
"""Bytes of a PDF: 20 MB."""
_UNPACKED_MAX: Final = 40_000_000
"""Bytes that object streams may hold, all together."""
_OBJECTS_MAX: Final = 50_000
_PARTS_MAX: Final = 2_000_000

_FORBIDDEN: Final = MappingProxyType(
    {
        "JS": "pdf_javascript",
        "JavaScript": "pdf_javascript",
        "XFA": "pdf_javascript",
        "Launch": "pdf_launch",
        "EF": "pdf_embedded_file",
        "EmbeddedFile": "pdf_embedded_file",
        "EmbeddedFiles": "pdf_embedded_file",
        "FileAttachment": "pdf_embedded_file",
        "Collection": "pdf_embedded_file",
        "GoToE": "pdf_embedded_file",
        "RichMedia": "pdf_active_media",
        "Rendition": "pdf_active_media",
        "Movie": "pdf_active_media",
        "Sound": "pdf_active_media",
        "3D": "pdf_active_media",
        "Encrypt": "pdf_encrypted",
    }
)
_NAME = re.compile(rb"/([^\x00\x09\x0a\x0c\x0d\x20()<>\[\]{}/%]+)")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")
# Possessive: a text of megabytes would otherwise take a hundred times its size to look back over.
_TEXT = re.compile(rb"\((?:[^()\\]++|\\.)*+\)", re.DOTALL)
_DEFINITION = re.compile(rb"obj(?![A-Za-z0-9])")
_SPACE: Final = b"\0\t\n\f\r "
_ARCHIVE_END: Final = b"PK\x05\x06"
_ARCHIVE_TAIL: Final = 65_557

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


def check(body: bytes) -> None:
    """Raises ``FileRefused`` with one of ``faults.PDFS``."""
    if not body:
        raise FileRefused("file_empty")
    if len(body) > SIZE_MAX:
        raise FileRefused("file_too_large")
    if not body.startswith(b"%PDF-"):
        raise FileRefused("not_pdf")
    _check_end(body)
    for name in _names_outside_streams(body):
        _refuse(name)
    try:
        with apply_configuration(zlib_maximum_output_length=_UNPACKED_MAX, lzw_maximum_output_length=_UNPACKED_MAX):
            for name in _names_of_objects(body):
                _refuse(name)
    except FileRefused:
        raise
    except Exception as unreadable:  # whatever a damaged file makes of its reader
        raise FileRefused("pdf_unreadable", type(unreadable).__name__) from unreadable


def _refuse(name: str) -> None:
    reason = _FORBIDDEN.get(name)
    if reason:
        raise FileRefused(reason, f"/{name}")


def _check_end(body: bytes) -> None:
    end = body.rfind(b"%%EOF")
    if end < 0:
        raise FileRefused("pdf_unreadable", "no %%EOF")
    if body[end + 5 :].strip(b"\0\t\n\f\r "):
        raise FileRefused("pdf_trailing_data")
    if body.find(_ARCHIVE_END, max(0, len(body) - _ARCHIVE_TAIL)) >= 0:
        raise FileRefused("pdf_trailing_data", "zip")


def _names_outside_streams(body: bytes) -> Iterator[str]:
    for part in _outside_streams(body):
        for match in _NAME.finditer(_TEXT.sub(b" ", part)):
            plain = _ESCAPED.sub(lambda escaped: bytes([int(escaped[1], 16)]), match[1])
            yield plain.decode("latin-1")


def _outside_streams(body: bytes) -> Iterator[bytes]:
    start = 0
    while True:
        begin = body.find(b"stream", start)
        end = body.find(b"endstream", begin + 6) if begin >= 0 else -1
        if end < 0:
            yield body[start:]
            return
        yield body[start:begin]
        start = end + 9


def _names_of_objects(body: bytes) -> Iterator[str]:
    """Names in every object that the cross-reference table leads to, as keys and as values."""
    reader = PdfReader(io.BytesIO(body))
    ids = [(number, generation) for generation, table in reader.xref.items() for number in table]
    ids += [(number, 0) for number in reader.xref_objStm]
    if len(ids) > _OBJECTS_MAX:
        raise FileRefused("pdf_unreadable", "too many objects")
    listed = [_object(reader, *known) for known in ids]
    packed = list(_packed(reader, listed))
    if reader.get_num_pages() < 1:
        raise FileRefused("pdf_unreadable", "no pages")
    left = [reader.trailer, *listed, *packed, *_defined_aside(reader, body)]
    for _ in range(_PARTS_MAX):
        if not left:
            return
        part = left.pop()
        if isinstance(part, NameObject):
            yield part.removeprefix("/")
        elif isinstance(part, ArrayObject):
            left += list.__iter__(part)
        elif isinstance(part, DictionaryObject):
            left += dict.keys(part)
            left += dict.values(part)
    raise FileRefused("pdf_unreadable", "too intricate")


def _packed(reader: PdfReader, listed: list[Any]) -> Iterator[Any]:
    """Everything in the object streams, by place: readers differ in which of two objects of one number they take."""
    unpacked = 0
    for holder in listed:
        if not isinstance(holder, StreamObject) or holder.get("/Type") != "/ObjStm":
            continue
        data = holder.get_data()
        unpacked += len(data)
        if unpacked > _UNPACKED_MAX:
            raise FileRefused("pdf_unreadable", "unpacks to too much")
        count, first = holder["/N"], holder["/First"]
        if not (isinstance(count, NumberObject) and isinstance(first, NumberObject)):
            raise FileRefused("pdf_unreadable", "/ObjStm")
        offsets = data[:first].split()[1 : 2 * count : 2]
        for offset in offsets:
            yield _read(reader, data, first + int(offset))


def _defined_aside(reader: PdfReader, body: bytes) -> Iterator[Any]:
    """Objects that the table does not lead to, wherever in the file they stand: a reader that finds the table damaged
    looks for them."""
    known = {body.find(b"obj", at) for table in reader.xref.values() for at in table.values()}
    count = 0
    for found in _DEFINITION.finditer(body):
        if found.start() in known or not _is_definition(body, found.start(), found.end()):
            continue
        count += 1
        if count > _OBJECTS_MAX:
            raise FileRefused("pdf_unreadable", "too many objects")
        yield _read(reader, body, found.end())


def _is_definition(body: bytes, start: int, end: int) -> bool:
    """Whether this ``obj`` follows a number, or begins a line after what may be a comment and is followed by a value
    that can hold names."""
    before = start
    while before and body[before - 1] in _SPACE:
        before -= 1
    gap = body[before:start]
    if gap and body[before - 1 : before].isdigit():
        return True
    return (b"\n" in gap or b"\r" in gap) and body[end : end + 64].lstrip(_SPACE)[:1] in (b"<", b"[", b"%")


def _read(reader: PdfReader, data: bytes, at: int) -> Any:
    stream = io.BytesIO(data)
    stream.seek(at)
    read_non_whitespace(stream)
    stream.seek(-1, io.SEEK_CUR)
    return read_object(stream, reader)


def _object(reader: PdfReader, number: int, generation: int) -> Any:
    return reader.get_object(IndirectObject(number, generation, reader))
