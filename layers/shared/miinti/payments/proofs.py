"""The proof of a transfer: what its bytes say it is, whatever it calls itself (S57).

Only what is one whole picture is let through, from its first byte to its last, so that it is nothing else besides. Of
PDFs ``erp.pdfs`` decides, which this room does not know: who checks a proof asks both. Pure.
"""

import re
import zlib
from typing import Final

MOST: Final = 5_000_000
"""Bytes of a proof."""
PDF, PNG, JPEG = "application/pdf", "image/png", "image/jpeg"
NAMES: Final = {PDF: "pdf", PNG: "png", JPEG: "jpg"}
"""What a proof may be, and how the name ends under which staff saves it."""
_PREFIX: Final = "proofs/"
_KEY = re.compile(r"proofs/(c-(?:0|[1-9][0-9]{0,9}))/([0-9a-f]{32})", re.ASCII)
_SIGNED: Final = b"\x89PNG\r\n\x1a\n"
_HEADER: Final = 13
_ARCHIVE_END: Final = b"PK\x05\x06"
_FRAMES: Final = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})
"""JPEG's markers that tell how large a picture is."""
_SCAN, _END = 0xDA, 0xD9


def key(company_id: str, transfer_id: str) -> str:
    """The one object that a transfer's proof is put into."""
    return f"{_PREFIX}{company_id}/{transfer_id}"


def of(key: str) -> tuple[str, str] | None:
    """Company and transfer of a key; None of what is none of ours."""
    found = _KEY.fullmatch(key)
    return (found[1], found[2]) if found else None


def picture(body: bytes, content_type: str) -> str | None:
    """Why these bytes are not the picture that they are called; None where they are."""
    return _png(body) if content_type == PNG else _jpeg(body)


def _png(body: bytes) -> str | None:
    """Chunks with their checksums from the signature to ``IEND``, and nothing after it."""
    if not body.startswith(_SIGNED):
        return "not_that_type"
    place = len(_SIGNED)
    seen: list[bytes] = []
    while place + 12 <= len(body):
        length = int.from_bytes(body[place : place + 4])
        kind, data = body[place + 4 : place + 8], body[place + 8 : place + 8 + length]
        end = place + 12 + length
        if end > len(body) or zlib.crc32(kind + data) != int.from_bytes(body[end - 4 : end]):
            return "unreadable"
        if not seen and (kind != b"IHDR" or length != _HEADER or not all(map(any, (data[:4], data[4:8])))):
            return "unreadable"
        seen.append(kind)
        place = end
        if kind == b"IEND":
            break
    whole = seen[-1:] == [b"IEND"] and b"IDAT" in seen and place == len(body)
    return None if whole and not _archive(body) else "unreadable"


def _archive(body: bytes) -> bool:
    """Whether what reads ZIP would find one in it: its end is looked for from the file's own backwards."""
    return _ARCHIVE_END in body[-65_557:]


def _jpeg(body: bytes) -> str | None:
    """Segments from the first marker to the scan, one of them a frame that has a size; then the picture's data up to
    the last marker, which ends the file. Phones put a second, small picture behind the first: it ends alike."""
    if not body.startswith(b"\xff\xd8\xff"):
        return "not_that_type"
    if not body.rstrip(b"\0").endswith(bytes([0xFF, _END])) or _archive(body):
        return "unreadable"
    place, framed = 2, False
    while place + 4 <= len(body):
        if body[place] != 0xFF:
            return "unreadable"
        marker = body[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        length = int.from_bytes(body[place + 2 : place + 4])
        if length < 2 or place + 2 + length > len(body):
            return "unreadable"
        if marker in _FRAMES:
            framed = any(body[place + 5 : place + 7]) and any(body[place + 7 : place + 9])
        if marker == _SCAN:
            return None if framed else "unreadable"
        place += 2 + length
    return "unreadable"
