"""The PDF of a document: the name it is saved under, and an address that gives it for two minutes.

The object's key stands in the document's row (``file_key``, ``file_size``) and never comes from a client (S49).
"""

import secrets
import unicodedata
from typing import Final
from urllib.parse import quote

from miinti import aws, settings
from miinti.aws import Row
from miinti.documents.kinds import VOUCHER_TYPES
from miinti.errors import FileMissing

LIFE: Final = 120
"""Seconds that an address is good for; a role's credentials that end sooner end it sooner."""
CONTENT_TYPE: Final = "application/pdf"

_NAMED: Final = {"w": "Retención", "q": "Presupuesto", "o": "Orden de trabajo"}


def of(row: Row) -> tuple[str, int]:
    """Key and size (bytes) of a document's PDF. Raises ``FileMissing`` while it has not arrived."""
    if not row.get("f") or not row.get("file_key"):
        raise FileMissing
    return row["file_key"], int(row["file_size"])


def title(doc_id: str) -> str:
    """What people call a document: ``Factura B 00205-00001506``."""
    letter, rest = doc_id.split("-", 1)
    if letter == "v":
        number, _, code = rest.rpartition("-")
        voucher = VOUCHER_TYPES[code]
        return " ".join(filter(None, (voucher.label, voucher.letter, number)))
    return f"{_NAMED[letter]} {rest}"


def name(doc_id: str) -> str:
    """What people find in their downloads: ``Factura-B-00205-00001506.pdf``. Plain ASCII, so that every browser, mail
    program and archive keeps it."""
    plain = unicodedata.normalize("NFD", title(doc_id)).encode("ascii", "ignore").decode()
    return plain.replace(" ", "-") + ".pdf"


def spelled(doc_id: str) -> str:
    """The number as it is printed: ``00205-00001506``; of other kinds as it is."""
    letter, rest = doc_id.split("-", 1)
    return rest.rpartition("-")[0] if letter == "v" else rest


def _unguessable() -> str:
    return secrets.token_urlsafe(24)


def exported(filename: str, body: bytes, content_type: str) -> str:
    """Keep a file for a day (the bucket's life cycle) under a key that nobody can guess; the key."""
    key = f"exports/{_unguessable()}/{filename}"
    aws.ask(aws.s3().put_object, Bucket=settings.bucket(), Key=key, Body=body, ContentType=content_type)
    return key


def content(row: Row | None, most: int) -> bytes | None:
    """The bytes of a document's PDF; None where it has none, or one of more bytes than ``most``."""
    if row is None or not row.get("f") or int(row["file_size"]) > most:
        return None
    try:
        return aws.ask(aws.s3().get_object, Bucket=settings.bucket(), Key=row["file_key"])["Body"].read()
    except aws.s3().exceptions.NoSuchKey:
        return None


def address(key: str, filename: str, content_type: str = CONTENT_TYPE, version: str = "") -> str:
    """A presigned GET of one object, or of one version of it, that saves it as ``filename`` (RFC 6266, RFC 8187)."""
    told = {"versionId": version} if version else {}
    told |= {
        "response-cache-control": "no-store",
        "response-content-disposition": f"attachment; filename=\"{filename}\"; filename*=UTF-8''{quote(filename)}",
        "response-content-type": content_type,
    }
    return aws.presigned_get(settings.bucket(), key, LIFE, told)
