"""What may be served: a PDF as it was received, that does nothing but show itself (S57).

Two readers look, each for what the other might not see. pypdf walks every object that the file's own table leads to.
A reader of our own goes by no table: it takes every object that stands anywhere in the file, and every stream that
could be an object stream whatever it calls itself, and refuses what is not written so that every reader must see the
same in it. The names outside of streams and texts are looked over as bytes besides. Nothing here runs, renders or mends
a file, and what it unpacks and reads is bounded by counts, so that the worst file of 20 MB takes seconds, on any
machine the same ones.
"""

import io
import logging
import re
import zlib
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
    StreamObject,
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
_TOKENS_MIN: Final = 100_000
_TOKENS_A_BYTE: Final = 4
"""Names, numbers and brackets that a file may have, and how many more for each of its bytes: packed, they are less."""
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
_DEFINITION = re.compile(rb"obj(?![A-Za-z0-9])|trailer")
_VALUE = re.compile(rb"[\x00\t\n\f\r \x80\xff]*+[<\[(/%]")
_GAP = re.compile(rb"(?:[\x00\t\n\f\r ]++|%[^\r\n]*+)*+")
_TOKEN = re.compile(rb"(/?[^\x00\t\n\f\r ()<>\[\]{}/%]++|/|<<|>>|[\[\]]|\(|<[0-9A-Fa-f\x00\t\n\f\r ]*+>)")
_PARENTHESIS = re.compile(rb"\\.|[()]", re.DOTALL)
_HEAD = re.compile(rb"[0-9\x00\t\n\f\r ]*+")
_STREAM = re.compile(rb"stream\r?\n")
_STREAM_END = re.compile(rb"[\x00\t\n\f\r ]*+endstream")
_NAME_END = re.compile(rb"[\x00\x80\xff]")
"""Where a name ends for some readers, which take these for blanks or for the end of a text."""
_SPACE: Final = b"\0\t\n\f\r \x80\xff"
_NUMBER = re.compile(rb"[0-9]++")
_BEGINNINGS: Final = frozenset(bytes([one]) for one in b"/(<0123456789+-.")
"""Of names, texts and numbers."""
_NUMBER_ENDS: Final = b"0123456789.-"
_PIECE: Final = 65_536
_ARCHIVE_END: Final = b"PK\x05\x06"
_ARCHIVE_TAIL: Final = 65_557

logging.getLogger("pypdf").setLevel(logging.CRITICAL)


class _Work:
    """What looking at one file has taken so far."""

    def __init__(self, reads_max: int = _READS_MAX) -> None:
        self.reads = self.read = 0
        self._reads_max = reads_max
        self.asked: dict[str, int] = {}

    def count(self, size: int) -> None:
        self.reads += 1
        self.read += size
        if self.reads > self._reads_max or self.read > _READ_MAX:
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
        _check_definitions(body, _Work(min(_READS_MAX, _TOKENS_MIN + _TOKENS_A_BYTE * len(body))))
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
            yield _plain(match[1])


def _plain(name: bytes) -> str:
    if b"#" in name:
        name = _ESCAPED.sub(lambda escaped: bytes([int(escaped[1], 16)]), name)
    return _NAME_END.split(name, maxsplit=1)[0].decode("latin-1")


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
        _check_holders(listed)
        listed += [_object(reader, *known) for known in held]
    if reader.get_num_pages() < 1:
        raise FileRefused("pdf_unreadable", "no pages")
    left = [reader.trailer, *listed]
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


def _check_holders(listed: list[Any]) -> None:
    """What the reader is about to unpack for itself."""
    unpacked = 0
    for holder in listed:
        if not isinstance(holder, StreamObject) or holder.get("/Type") != "/ObjStm":
            continue
        if not _is_plain(holder):
            raise FileRefused("pdf_unreadable", "object stream with a predictor, or packed twice")
        unpacked += len(holder.get_data())
        if unpacked > _UNPACKED_MAX:
            raise FileRefused("pdf_unreadable", "unpacks to too much")


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


def _check_definitions(body: bytes, work: _Work) -> None:
    """All that stands in the file as an object or as a trailer, wherever: which of them a reader comes to depends on
    how it mends the table."""
    count, room = 0, _UNPACKED_MAX
    for found in _DEFINITION.finditer(body):
        if not _is_definition(body, found):
            continue
        count += 1
        if count > _OBJECTS_MAX:
            raise FileRefused("pdf_unreadable", "too many objects")
        values = _Values(body, found.end(), work)
        if values.may_hold and values.ended_by != b"endobj" and found[0] != b"trailer":
            first, data = _unpacked(body, values, room)
            room -= len(data)
            _check_packed(data, first, work)


def _is_definition(body: bytes, found: re.Match[bytes]) -> bool:
    """Whether this ``obj`` follows a number, or begins a line after what may be a comment; if it is not plainly set
    apart, a value that can hold names has to follow."""
    if found[0] == b"trailer":
        return _VALUE.match(body, found.end()) is not None
    before = start = found.start()
    while before and body[before - 1] in _SPACE:
        before -= 1
    gap = body[before:start]
    number = body[before - 1 : before] in _NUMBER_ENDS and before > 0
    if number and gap:
        return True
    return (number or b"\n" in gap or b"\r" in gap) and _VALUE.match(body, found.end()) is not None


class _Dictionary(list[Any]):
    """Keys and values in turn, as they stand."""


class _Values:
    """The values that stand from a place on up to the first keyword, refused if they hold a forbidden name, or if two
    readers could see different ones."""

    def __init__(self, data: bytes, at: int, work: _Work, starts: set[int] | None = None) -> None:
        self.values: list[Any] = []
        self.ended_by = b""
        self.end = len(data)
        self._inside = [self.values]
        self._names: set[str] = set()
        while True:
            before, start = at, _after_gap(data, at)
            found = _TOKEN.match(data, start)
            at = found.end() if found else start
            if found and found[0] == b"(":
                at = _text_end(data, start, work)
            work.count(at - before)
            if not found:
                if start < len(data) or len(self._inside) > 1:
                    raise _damaged()
                return
            if starts is not None and len(self._inside) == 1:
                starts.add(start)
            if not self._take(found[0]):
                self.ended_by, self.end = found[0], start
                return

    @property
    def may_hold(self) -> bool:
        """Whether it could be the dictionary of an object stream."""
        return self._names == {"N", "First"}

    def _take(self, token: bytes) -> bool:
        """Whether it is, or ends, or goes on with a value."""
        inside, first = self._inside, token[:1]
        if token in (b"<<", b"["):
            inside.append(_Dictionary() if token == b"<<" else [])
        elif token in (b">>", b"]"):
            done = _closed(inside, token)
            inside[-1].append(done)
        elif token == b"R":
            if len(inside[-1]) < 2 or not all(_is_count(one) for one in inside[-1][-2:]):
                raise _damaged()
            inside[-1][-2:] = [token]
        elif first in _BEGINNINGS or token in (b"true", b"false", b"null"):
            if first == b"/":
                self._note(token)
            inside[-1].append(token)
        elif len(inside) > 1 or _NAME_END.search(token):
            raise _damaged()
        else:
            return False
        return True

    def _note(self, token: bytes) -> None:
        name = _plain(token[1:])
        _refuse(name)
        if name in ("N", "First"):
            self._names.add(name)


def _damaged() -> FileRefused:
    return FileRefused("pdf_unreadable", "readers differ")


def _closed(inside: list[list[Any]], token: bytes) -> Any:
    """The dictionary or array that ends here."""
    done = inside.pop()
    if not inside or isinstance(done, _Dictionary) != (token == b">>"):
        raise _damaged()
    if token == b">>" and (len(done) % 2 or not all(isinstance(key, bytes) and key[:1] == b"/" for key in done[::2])):
        raise _damaged()
    return done


def _after_gap(data: bytes, at: int) -> int:
    gap = _GAP.match(data, at)
    return gap.end() if gap else at


def _is_count(value: Any) -> bool:
    return isinstance(value, bytes) and value.isdigit()


def _text_end(data: bytes, start: int, work: _Work) -> int:
    depth = 0
    for found in _PARENTHESIS.finditer(data, start):
        work.count(0)
        depth += {b"(": 1, b")": -1}.get(found[0], 0)
        if not depth:
            return found.end()
    raise _damaged()


def _unpacked(body: bytes, values: _Values, room: int) -> tuple[int, bytes]:
    """Where objects begin in an object stream, and what it holds: told by the bytes and not by what says of them how
    long they are or what they are."""
    begin = _STREAM.match(body, values.end)
    if not begin or len(values.values) != 1 or not isinstance(values.values[0], _Dictionary):
        raise _damaged()
    keys = [_plain(key[1:]) for key in values.values[0][::2]]
    told = dict(zip(keys, values.values[0][1::2], strict=True))
    count, first, length = told.get("N"), told.get("First"), told.get("Length")
    if len(told) < len(keys) or told.keys() & {"F", "DP"} or not (_is_count(count) and _is_count(first)):
        raise FileRefused("pdf_unreadable", "/ObjStm")
    if told.get("DecodeParms", b"null") not in (b"null", [b"null"], []):
        raise FileRefused("pdf_unreadable", "object stream with a predictor")
    if "Filter" not in told:
        if not _is_count(length) or not _STREAM_END.match(body, end := begin.end() + int(length or b"")):
            raise FileRefused("pdf_unreadable", "/ObjStm")
        data = body[begin.end() : end]
    elif told["Filter"] in (b"/FlateDecode", [b"/FlateDecode"]):
        data = _inflated(body, begin.end(), room)
    else:
        raise FileRefused("pdf_unreadable", "object stream packed otherwise than by Flate")
    at = int(first or b"")
    head = _HEAD.match(data, 0, at)
    if len(data) > room or at > min(len(data), _TABLE_MAX) or not head or head.end() < at:
        raise FileRefused("pdf_unreadable", "/ObjStm")
    # Readers take as many numbers as are told, wherever they stand, and a number to its last digit.
    cut = at > 0 and data[at - 1 : at + 1].isdigit()
    if cut or len(_NUMBER.findall(data, 0, at)) < 2 * int(count or b""):
        raise FileRefused("pdf_unreadable", "/ObjStm")
    return at, data


def _inflated(body: bytes, start: int, room: int) -> bytes:
    unpacker, data = zlib.decompressobj(), bytearray()
    for place in range(start, len(body), _PIECE):
        data += unpacker.decompress(body[place : place + _PIECE], room + 1 - len(data))
        if len(data) > room:
            raise FileRefused("pdf_unreadable", "unpacks to too much")
        if unpacker.eof:
            return bytes(data)
    raise FileRefused("pdf_unreadable", "/ObjStm")


def _check_packed(data: bytes, first: int, work: _Work) -> None:
    """All that an object stream holds, one after the other. Places lead to where one of them begins, and there are no
    keywords, so neither by places nor in turn is there anything else to be read."""
    starts = set[int]()
    if _Values(data, first, work, starts).ended_by:
        raise FileRefused("pdf_unreadable", "/ObjStm")
    for offset in set(_NUMBER.findall(data, 0, first)[1::2]):
        at = first + int(offset)
        begin = _after_gap(data, at)
        work.count(begin - at)
        if begin not in starts:
            raise FileRefused("pdf_unreadable", "/ObjStm")


def _object(reader: PdfReader, number: int, generation: int) -> Any:
    return reader.get_object(IndirectObject(number, generation, reader))
