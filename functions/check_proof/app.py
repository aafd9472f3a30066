"""ProofQueue: a proof of a transfer was put under ``proofs/``. What is not what it says it is, or does more than show
itself, is removed, and its transfer says so (S57).
"""

import json
from typing import Final
from urllib.parse import unquote_plus

from miinti import observe, settings, triggers
from miinti.aws import Row
from miinti.erp import drops, objects, pdfs
from miinti.erp.drops import Drop
from miinti.erp.faults import FileRefused
from miinti.errors import NotFound
from miinti.payments import proofs, transfers

REASONS: Final = {"not_pdf": "not_that_type", "pdf_unreadable": "unreadable", "pdf_trailing_data": "unreadable"}
"""Why a PDF is refused, in a proof's words; all else that a PDF may be refused for is that it does something."""


def check(message: str) -> None:
    """S3's test event has no records."""
    for record in json.loads(message).get("Records", ()):
        s3 = record["s3"]["object"]
        _check(Drop(unquote_plus(s3["key"]), s3.get("versionId") or "", ""))


def _check(drop: Drop) -> None:
    row = _transfer(drop.key)
    try:
        content = drops.fetched(drop, proofs.MOST)
    except FileRefused:
        # Of a size that the form does not let through.
        objects.delete(drop.key, drop.version_id)
        return
    if content is None:
        # Looked at before, and removed.
        return
    with content.file as file:
        file.seek(0)
        body = file.read()
    why = _why(body, row["proof"]["type"]) if row else "not_ours"
    stands = transfers.proof_seen(row, drop.version_id, content.size, why) if row else False
    if not stands:
        objects.delete(drop.key, drop.version_id)
    company, transfer = (row["company"], row["id"]) if row else (None, None)
    observe.event("check_proof", "ok" if stands else "removed", company=company, transfer=transfer, why=why)


def _transfer(key: str) -> Row | None:
    """The transfer whose proof stands under this key; None where it awaits none there."""
    place = proofs.of(key)
    if place is None:
        return None
    try:
        row = transfers.get(*place)
    except NotFound:
        return None
    return row if "proof" in row else None


def _why(body: bytes, content_type: str) -> str | None:
    if content_type != proofs.PDF:
        return proofs.picture(body, content_type)
    try:
        pdfs.check(body)
    except FileRefused as refused:
        return REASONS.get(refused.reason, "active")
    return None


handler = triggers.queue(check, settings.proof_queue)
