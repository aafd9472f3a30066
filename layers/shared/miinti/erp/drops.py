"""What was dropped: S3's word of it (at least once, in any order, R09), and the object itself."""

import hashlib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import IO, Any, Final, NamedTuple, Protocol
from urllib.parse import unquote_plus

from botocore.exceptions import ClientError

from miinti import aws, settings
from miinti.erp import feeds, layouts, objects, store
from miinti.erp.checks import Types
from miinti.erp.faults import FileRefused
from miinti.erp.feeds import Feed
from miinti.errors import Unavailable

INBOX: Final = "inbox/"
FILES: Final = "inbox/files/"
MAPPINGS: Final = "mappings/"
FILE_MAX: Final = 300_000_000
"""Bytes of a file of rows; what a function has room for."""
_DROPPED: Final = "miinti-dropped"
"""Metadata of an object that was dropped before S3 says it was: when, in epoch seconds."""
_IN_MEMORY: Final = 8 << 20
_GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404"})


class Tell(Protocol):
    """Where an act is noted: action, outcome, what it was about."""

    def __call__(self, action: str, outcome: str, /, **about: str | int | None) -> None: ...


@dataclass(frozen=True, slots=True)
class Drop:
    """One object that was put under ``inbox/``. ``version_id`` empty: whatever stands there now."""

    key: str
    version_id: str
    sequencer: str

    @property
    def name(self) -> str:
        """The file's name as the ERP gave it: the key after ``inbox/``, or after ``inbox/files/``."""
        return self.key.removeprefix(FILES) if self.is_pdf else self.key.removeprefix(INBOX)

    @property
    def is_pdf(self) -> bool:
        return self.key.startswith(FILES)


@dataclass(frozen=True, slots=True)
class Content:
    """What stood in a drop: its bytes, in memory or on disk, their number and SHA-256, and its version
    (``store.version``)."""

    file: IO[bytes]
    size: int
    sha256: str
    version: str


def told(message: str) -> Iterator[Drop]:
    """The drops that a message of the inbox's queue tells of; S3's test event tells of none."""
    for record in json.loads(message).get("Records", ()):
        s3 = record["s3"]["object"]
        key = unquote_plus(s3["key"])
        if key.startswith(INBOX) and not key.endswith("/"):
            yield Drop(key, s3.get("versionId") or "", s3.get("sequencer") or "")


def fetched(drop: Drop, most: int) -> Content | None:
    """The object of a drop; None where it is gone. Raises ``FileRefused`` with ``file_too_large``."""
    return aws.patiently(_fetched, drop, most)


def _fetched(drop: Drop, most: int) -> Content | None:
    version: dict[str, Any] = {"VersionId": drop.version_id} if drop.version_id else {}
    try:
        answer = aws.ask(aws.s3().get_object, Bucket=settings.bucket(), Key=drop.key, **version)
    except ClientError as refused:
        if aws.code(refused) in _GONE:
            return None
        raise
    if answer["ContentLength"] > most:
        answer["Body"].close()
        raise FileRefused("file_too_large", str(answer["ContentLength"]))
    digest = hashlib.sha256()
    file = objects.spooled(answer["Body"], _IN_MEMORY, digest.update)
    when = store.version(_dropped(answer), drop.key, drop.sequencer)
    return Content(file, file.tell(), digest.hexdigest(), when)


class There(NamedTuple):
    """What stands in the inbox under a name, and when (epoch seconds) it was dropped, as far as its versions go."""

    etag: str
    dropped: int


def there(name: str) -> There | None:
    """The object that the inbox has: a file of rows by its name, a PDF as ``files/<name>``. None where it is gone."""
    try:
        answer = aws.ask(aws.s3().head_object, Bucket=settings.bucket(), Key=INBOX + name)
    except ClientError as refused:
        if aws.code(refused) in _GONE:
            return None
        raise
    return There(answer["ETag"], _dropped(answer))


def again(name: str, was: There) -> None:
    """Have an object of the inbox taken in once more, by copying it onto itself. The copy says when the drop was: it
    is no newer than that, whatever was dropped meanwhile.

    Raises ``Unavailable`` where another object has taken its place: that one is on its way in by itself.
    """
    bucket, key = settings.bucket(), INBOX + name
    source: Any = {"Bucket": bucket, "Key": key}
    try:
        aws.ask(
            aws.s3().copy_object,
            Bucket=bucket,
            Key=key,
            CopySource=source,
            CopySourceIfMatch=was.etag,
            Metadata={_DROPPED: str(was.dropped)},
            MetadataDirective="REPLACE",
        )
    except ClientError as refused:
        if aws.code(refused) == "PreconditionFailed":
            raise Unavailable("drops: the object was dropped anew") from refused
        raise


def _dropped(answer: Any) -> int:
    """When an object was dropped: of a copy of ``again``'s what the first of them said. Whoever drops may say so too,
    but nothing later than S3 does: no drop makes itself newer than it is."""
    put = int(answer["LastModified"].timestamp())
    said = answer.get("Metadata", {}).get(_DROPPED, "")
    return min(put, int(said)) if re.fullmatch("[0-9]{1,11}", said) else put


def quarantined(drop: Drop, why: FileRefused) -> None:
    """Move a PDF that may not be served to ``quarantine/``, with the reason beside it."""
    bucket, place = settings.bucket(), f"quarantine/{drop.name}"
    source: Any = {"Bucket": bucket, "Key": drop.key}
    if drop.version_id:
        source["VersionId"] = drop.version_id
    note = objects.as_json({"file": drop.name, "reason": why.reason, "detail": why.detail})
    aws.patiently(aws.ask, aws.s3().copy_object, Bucket=bucket, Key=place, CopySource=source)
    objects.put(f"{place}.json", BytesIO(note), "application/json")
    objects.delete(drop.key)


class Mappings(NamedTuple):
    """What ``mappings/*.json`` say of the files of other sources, and of those that cannot be followed: which and
    why."""

    known: list[Feed]
    wrong: list[str]

    def about(self, why: FileRefused) -> FileRefused:
        """The refusal of a file that is of no layout: one of these might have been for it."""
        if not self.wrong or why.reason not in ("header_unknown", "columns_missing"):
            return why
        return FileRefused(why.reason, f"{why.detail}; {layouts.told('left aside: ' + ', '.join(self.wrong))}")


def mappings(types: Types, tell: Tell) -> Mappings:
    """What the bucket has of them; one that cannot be followed is told of and left."""
    found = Mappings([], [])
    listed = aws.patiently(aws.ask, aws.s3().list_objects_v2, Bucket=settings.bucket(), Prefix=MAPPINGS)
    for one in listed.get("Contents", []):
        if not one["Key"].endswith(".json"):
            continue
        try:
            with objects.got(one["Key"]) as told:
                found.known.append(feeds.mapped(json.load(told), types))
        except (feeds.MappingWrong, ValueError, RecursionError) as wrong:
            file, detail = one["Key"].removeprefix(MAPPINGS), str(wrong)[:200]
            tell("read_mapping", "refused", file=file, detail=detail)
            found.wrong.append(f"{file} ({detail})")
    return found
