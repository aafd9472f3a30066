"""Objects of the bucket as the ERP's way in reads and writes them: patiently, and on disk where they are large."""

import json
from collections.abc import Callable
from tempfile import SpooledTemporaryFile
from typing import IO, Any, Final

from miinti import aws, settings

IN_MEMORY: Final = 1 << 20
"""Bytes of a file that is kept in memory; what is larger goes to disk."""
_CHUNK: Final = 1 << 20


def as_json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def spool(in_memory: int = IN_MEMORY) -> IO[bytes]:
    """A file that whoever asked for it closes."""
    return SpooledTemporaryFile(max_size=in_memory)


def put(key: str, body: IO[bytes], content_type: str = "binary/octet-stream") -> None:
    def once() -> None:
        # A try before this one may have read it.
        body.seek(0)
        aws.ask(aws.s3().put_object, Bucket=settings.bucket(), Key=key, Body=body, ContentType=content_type)

    aws.patiently(once)


def delete(key: str, version_id: str = "") -> None:
    """Remove an object or, for good, one version of it."""
    version: Any = {"VersionId": version_id} if version_id else {}

    def once() -> None:
        aws.ask(aws.s3().delete_object, Bucket=settings.bucket(), Key=key, **version)

    aws.patiently(once)


def got(key: str) -> IO[bytes]:
    """An object, at its beginning."""

    def once() -> IO[bytes]:
        file = spooled(aws.ask(aws.s3().get_object, Bucket=settings.bucket(), Key=key)["Body"])
        file.seek(0)
        return file

    return aws.patiently(once)


def spooled(body: Any, in_memory: int = IN_MEMORY, see: Callable[[bytes], object] = len) -> IO[bytes]:
    """What S3 streams, in memory or on disk, at its end; ``see`` gets each piece that goes by."""
    file = spool(in_memory)
    try:
        while chunk := aws.ask(body.read, _CHUNK):
            file.write(chunk)
            see(chunk)
    except BaseException:
        file.close()
        raise
    return file
