"""What may be served: a PDF as it was received, that does nothing but show itself (S57).

Two readers look, each for what the other might not see: pypdf walks every object that the file's own table leads to,
all that object streams hold, and every object that stands in the file beside the table; and the names that stand in
the file outside of streams and texts are looked over as bytes. Nothing here runs, renders or mends a file, and what it
unpacks and reads is bounded by counts, so that the worst file of 20 MB takes seconds, on any machine the same ones.
"""

import io
import logging
import re
from collections.abc import Iterator
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final

from pypdf import Configuration, PdfReader, apply_configuration
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
_TABLE_MAX: Final = 1_000_000
"""Bytes that one cross-reference stream may hold: of as many objects as may be, with room to spare."""
_DECODED_MAX: Final = 2_000
_PREDICTED_MAX: Final = 20
"""Streams that may be unpacked, and those with a predictor among them, which is undone byte by byte: tables have one,
object streams none."""
_READS_MAX: Final = 3_000_000
_READ_MAX: Final = 400_000_000
"""Times that a reader may ask for bytes, and bytes that it may be given, however often it comes back to the same."""
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
_BLANKS: Final = frozenset(bytes([one]) for one in b"\0\t\n\f\r ")
_SPACE: Final = b"\0\t\n\f\r "
_ARCHIVE_END: Final = b"PK\x05\x06"
_ARCHIVE_TAIL: Final = 65_557

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


class _Work:
    """What looking at one file has taken so far."""

    def __init__(self) -> None:
        self.reads = self.read = 0
        self.asked: dict[str, int] = {}

    def count(self, size: int) -> None:
        self.reads += 1
        self.read += size
        if self.reads > _READS_MAX or self.read > _READ_MAX:
            raise TooMuch


class TooMuch(BaseException):
    """More than a file may take. No ``Exception``: the reader makes good what it can of those."""


class _Counted(io.BytesIO):
    """Bytes that count how often and how much of them is read."""

    def __init__(self, body: bytes, work: _Work) -> None:
        super().__init__(body)
        self._work = work

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self._work.count(len(data))
        return data

    def getbuffer(self) -> memoryview:
        # What the reader looks through from end to end for an object that is not where the table has it.
        buffer = super().getbuffer()
        self._work.count(len(buffer))
        return buffer

    def readline(self, size: int | None = -1, /) -> bytes:
        data = super().readline(size)
        self._work.count(len(data))
        return data


_work: ContextVar[_Work] = ContextVar("work")
_BOUNDS: Final = MappingProxyType(
    {"stream_decoding_work_maximum_length": _DECODED_MAX, "flate_maximum_row_length": _PREDICTED_MAX}
)
"""Settings that the reader looks up once for each stream, and once for each with a predictor."""


class _Bounded(Configuration):
    """The reader's settings, which count the streams it unpacks: a bound of its own holds for each stream alone."""

    def __getattribute__(self, name: str) -> Any:
        if name in _BOUNDS and (work := _work.get(None)):
            work.asked[name] = work.asked.get(name, 0) + 1
            if work.asked[name] > _BOUNDS[name]:
                raise TooMuch
        return super().__getattribute__(name)


_SETTINGS: Final = _Bounded(
    zlib_maximum_output_length=_TABLE_MAX,
    zlib_maximum_recovery_input_length=100_000,
    lzw_maximum_output_length=100_000,
    run_length_maximum_output_length=100_000,
    stream_filters_maximum_length=2,
)


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
    work = _Work()
    try:
        with apply_configuration(_SETTINGS):
            token = _work.set(work)
            try:
                for name in _names_of_objects(body, work):
                    _refuse(name)
            finally:
                _work.reset(token)
    except FileRefused:
        raise
    except TooMuch:
        raise FileRefused("pdf_unreadable", "too much to look through") from None
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


def _names_of_objects(body: bytes, work: _Work) -> Iterator[str]:
    """Names in every object that the cross-reference table leads to, as keys and as values."""
    reader = PdfReader(_Counted(body, work))
    ids = [(number, generation) for generation, table in reader.xref.items() for number in table]
    held = [(number, 0) for number in reader.xref_objStm]
    if len(ids) + len(held) > _OBJECTS_MAX:
        raise FileRefused("pdf_unreadable", "too many objects")
    listed = [_object(reader, *known) for known in ids]
    with apply_configuration(zlib_maximum_output_length=_UNPACKED_MAX):
        packed = list(_packed(reader, listed, work))
        listed += [_object(reader, *known) for known in held]
    if reader.get_num_pages() < 1:
        raise FileRefused("pdf_unreadable", "no pages")
    left = [reader.trailer, *listed, *packed, *_defined_aside(reader, body, work)]
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


def _packed(reader: PdfReader, listed: list[Any], work: _Work) -> Iterator[Any]:
    """Everything in the object streams, by place: readers differ in which of two objects of one number they take."""
    unpacked = 0
    for holder in listed:
        if not isinstance(holder, StreamObject) or holder.get("/Type") != "/ObjStm":
            continue
        if not _is_plain(holder):
            raise FileRefused("pdf_unreadable", "object stream with a predictor, or packed twice")
        data = holder.get_data()
        unpacked += len(data)
        if unpacked > _UNPACKED_MAX:
            raise FileRefused("pdf_unreadable", "unpacks to too much")
        count, first = holder["/N"], holder["/First"]
        if not (isinstance(count, NumberObject) and isinstance(first, NumberObject)):
            raise FileRefused("pdf_unreadable", "/ObjStm")
        offsets = data[:first].split()[1 : 2 * count : 2]
        for offset in dict.fromkeys(offsets):
            yield _read(reader, data, first + int(offset), work)


def _is_plain(holder: StreamObject) -> bool:
    """Whether an object stream is packed as writers do it: by one filter at most, without a predictor."""
    filters, parameters = (holder.get(name, ArrayObject()) for name in ("/Filter", "/DecodeParms"))
    filters, parameters = filters.get_object(), parameters.get_object()
    names = filters if isinstance(filters, ArrayObject) else [filters]
    told = parameters if isinstance(parameters, ArrayObject) else [parameters]
    return [one.get_object() for one in names] in ([], ["/FlateDecode"]) and all(
        not isinstance(one, DictionaryObject) or one.get("/Predictor", 1) == 1
        for one in (each.get_object() for each in told)
    )


def _defined_aside(reader: PdfReader, body: bytes, work: _Work) -> Iterator[Any]:
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
        yield _read(reader, body, found.end(), work)


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


def _read(reader: PdfReader, data: bytes, at: int, work: _Work) -> Any:
    while data[at : at + 1] in _BLANKS:
        at += 1
        work.count(1)
    stream = _Counted(data, work)
    stream.seek(at)
    return read_object(stream, reader)


def _object(reader: PdfReader, number: int, generation: int) -> Any:
    return reader.get_object(IndirectObject(number, generation, reader))
