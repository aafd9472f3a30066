"""Where a document and its PDF meet: the row ``FILE#<name>``, whichever of the two comes first.

The row holds what came of the PDF (``file_key``, ``file_size``, ``file_sha256``, and in ``version`` which drop it was)
and the document that names it (``doc``, ``cid``). Whoever comes second finds the other here and completes the
document's own row in the same transaction, on the condition that nobody else was there meanwhile (R10). A PDF is of one
document: its company is who may see it, so a second document with the same name is refused.
"""

import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from typing import Final

from miinti import aws, settings
from miinti.aws import ConditionFailed, Key, Row, Write
from miinti.erp import objects
from miinti.erp.faults import Fault
from miinti.errors import Unavailable

HELD: Final = ("f", "file_key", "file_size", "file_sha256")
"""What a document's row has of its PDF."""
_TRIES: Final = 20
_TOGETHER: Final = 40
"""PDFs of one transaction: two rows each, under DynamoDB's hundred."""


@dataclass(frozen=True, slots=True)
class Pdf:
    """A PDF that was looked through. ``version`` orders the drops of one name."""

    name: str
    version: str
    body: bytes
    sha256: str


def key(name: str) -> Key:
    return f"FILE#{name}", "FILE"


def held(there: Row | None) -> Row:
    """What the document's row says of its PDF, from the row of the PDF's name."""
    if there is None or "file_key" not in there:
        return {}
    return {"f": True, **{name: there[name] for name in HELD[1:]}}


def claim(name: str, doc_id: str, cid: str, there: Row | None) -> Write:
    """The document becomes the one that names this file. Raises ``Fault`` where another one is."""
    if there is not None and there.get("doc") not in (None, doc_id):
        raise Fault("pdf_file", "duplicate_file", name)
    return _replaced(name, there, {**(there or {}), "doc": doc_id, "cid": cid})


def release(name: str, there: Row | None) -> Write:
    """No document names this file any more."""
    return _replaced(name, there, {**(there or {}), "doc": None, "cid": None})


def publish(pdfs: Iterable[Pdf], document_key: Callable[[str, str], Key]) -> None:
    """Put PDFs in their place and, where a document names them, make them its own.

    Of two drops of a name the later one stands, in whatever order they come here; the same bytes again move nothing.
    An object that no row names is left behind only where this is cut short between the two writes; nothing serves it.
    """
    newest: dict[str, Pdf] = {}
    for pdf in pdfs:
        if pdf.name not in newest or newest[pdf.name].version <= pdf.version:
            newest[pdf.name] = pdf
    waiting, stored = list(newest.values()), dict[str, str]()
    for _ in range(_TRIES):
        there = dict(zip(waiting, aws.patiently(_read, [pdf.name for pdf in waiting]), strict=True))
        waiting = [pdf for pdf in waiting if _is_news(pdf, there[pdf])]
        if not waiting:
            return
        _store([pdf for pdf in waiting if pdf.name not in stored], there, stored)
        left: list[Pdf] = []
        for start in range(0, len(waiting), _TOGETHER):
            some = waiting[start : start + _TOGETHER]
            writes = [write for pdf in some for write in _published(pdf, stored[pdf.name], there[pdf], document_key)]
            try:
                aws.patiently(aws.transact, writes)
            except ConditionFailed:
                left += some
        waiting = left
    raise Unavailable("files: rows kept changing")


def _read(names: Sequence[str]) -> list[Row | None]:
    table = settings.companies_table()
    return aws.batch_get(*((table, key(name)) for name in names)) if names else []


def _is_news(pdf: Pdf, there: Row | None) -> bool:
    return there is None or "file_key" not in there or there["version"] < pdf.version


def _store(pdfs: Sequence[Pdf], there: Mapping[Pdf, Row | None], stored: dict[str, str]) -> None:
    """Upload what is not there yet; ``stored`` gets each name's object key."""

    def one(pdf: Pdf) -> str:
        known = there[pdf] or {}
        if known.get("file_sha256") == pdf.sha256:
            return str(known["file_key"])
        # No one can guess the object's key from the document, nor meet an older object of the same name.
        place = f"documents/{secrets.token_urlsafe(16)}/{pdf.name}"
        objects.put(place, BytesIO(pdf.body), "application/pdf")
        return place

    with ThreadPoolExecutor(4) as pool:
        for pdf, place in zip(pdfs, pool.map(one, pdfs), strict=True):
            stored[pdf.name] = place


def _published(pdf: Pdf, place: str, there: Row | None, document_key: Callable[[str, str], Key]) -> list[Write]:
    file = {"file_key": place, "file_size": len(pdf.body), "file_sha256": pdf.sha256}
    writes = [_replaced(pdf.name, there, {**(there or {}), **file, "version": pdf.version})]
    if there is not None and "doc" in there:
        writes.append(
            aws.update(
                settings.companies_table(),
                document_key(there["cid"], there["doc"]),
                "SET f = :f, file_key = :key, file_size = :size, file_sha256 = :sha256",
                {":f": True, ":key": place, ":size": len(pdf.body), ":sha256": pdf.sha256},
                condition="attribute_exists(pk)",
            )
        )
    return writes


def _replaced(name: str, there: Row | None, row: Row) -> Write:
    """The name's row as it is to be, if it is still as it was read."""
    pk, sk = key(name)
    table = settings.companies_table()
    if there is None:
        return aws.put(table, {**row, "pk": pk, "sk": sk}, condition="attribute_not_exists(pk)")
    return aws.put(table, {**row, "pk": pk, "sk": sk}, condition="txn = :was", values={":was": there["txn"]})
