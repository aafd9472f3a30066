"""What may be served: a PDF as it was received, that does nothing but show itself (S57).

Two readers look, each for what the other might not see: pypdf walks every object that the file's own table leads to,
object streams included; and the names that stand in the file outside of streams and texts are looked over as bytes.
Nothing here runs, renders or mends a file, and what it unpacks is bounded.
"""

import io
import logging
import re
from collections.abc import Iterator
from types import MappingProxyType
from typing import Any, Final

from pypdf import PdfReader, apply_configuration
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject

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
_TEXT = re.compile(rb"\((?:[^()\\]|\\.)*\)", re.DOTALL)
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
    unpacked = 0
    for holder in {stream for stream, _ in reader.xref_objStm.values()}:
        unpacked += len(_object(reader, holder, 0).get_data())
        if unpacked > _UNPACKED_MAX:
            raise FileRefused("pdf_unreadable", "unpacks to too much")
    if reader.get_num_pages() < 1:
        raise FileRefused("pdf_unreadable", "no pages")
    left = [reader.trailer, *(_object(reader, *known) for known in ids)]
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


def _object(reader: PdfReader, number: int, generation: int) -> Any:
    return reader.get_object(IndirectObject(number, generation, reader))
