"""What came of a file: ``reports/<file>.json``, and in ``reports/<file>.rejected.csv`` the refused rows as they were,
to be mended and dropped again.

Refused rows are kept on disk while the file is read, so that a file of which every row is wrong needs no more memory
than any other.

``REPORT#<file>`` / ``REPORT`` says which drop of a file's name its report tells of, and which its progress: the newest
that had something to tell. An import that ends later, or whose message comes again, leaves them to that one.
"""

import json
from collections import Counter
from collections.abc import Sequence
from io import BytesIO
from typing import IO, Any, Final, Literal

from botocore.exceptions import ClientError

from miinti import aws, clock, settings
from miinti.aws import ConditionFailed, Key
from miinti.erp import objects
from miinti.erp.faults import Fault, FileRefused
from miinti.erp.sheets import Record

_VALUE_MAX: Final = 200
"""Characters of a value that a report repeats."""
KEPT: Final = 30 * 86400
"""Seconds that is kept who tells of a file, and the rows of an import."""
STOPPED: Final = 12 * 5400
"""Seconds without progress after which an import moves no more: none of its parts is tried longer (``PartsQueue`` in
template.yaml: how often, and how far apart at most)."""
What = Literal["running", "told"]
"""A progress, a report."""


class Report:
    """Counts rows by what came of them. ``write`` puts both objects; it is called once, inside a ``with``."""

    def __init__(self, file: str, header: str) -> None:
        self.file = file
        self.accepted = self.unchanged = self.rejected = 0
        self.warned = 0
        self._entries = objects.spool()
        self._warnings = objects.spool()
        self._rows = objects.spool()
        self._rows.write(header.encode() + b"\n")

    def __enter__(self) -> "Report":
        return self

    def __exit__(self, *_: object) -> None:
        self._entries.close()
        self._warnings.close()
        self._rows.close()

    def take(self, outcome: str) -> None:
        if outcome == "accepted":
            self.accepted += 1
        else:
            self.unchanged += 1

    def refuse(self, record: Record, fault: Fault) -> None:
        self._entries.write((b"," if self.rejected else b"") + _entry(record, fault))
        self._rows.write(record.raw.rstrip("\r\n").encode() + b"\n")
        self.rejected += 1

    def warn(self, record: Record, doubt: Fault) -> None:
        """Tell of a cell that the row went in without."""
        self._warnings.write((b"," if self.warned else b"") + _entry(record, doubt))
        self.warned += 1

    def write(self, balances: Sequence[dict[str, str]]) -> None:
        """Put the rejected rows (none: take away those of an earlier file of this name), then the report."""
        if self.rejected:
            _put(f"{self.file}.rejected.csv", self._rows, "text/csv; charset=utf-8")
        else:
            objects.delete(_key(f"{self.file}.rejected.csv"))
        told = {
            "file": self.file,
            "rows": self.accepted + self.unchanged + self.rejected,
            "accepted": self.accepted,
            "unchanged": self.unchanged,
            **({"balances": list(balances)} if balances else {}),
        }
        with objects.spool() as body:
            body.write(objects.as_json(told)[:-1])
            for name, entries in (("warnings", self._warnings), ("rejected", self._entries)):
                if name == "rejected" or self.warned:
                    body.write(f',"{name}":['.encode())
                    entries.seek(0)
                    while chunk := entries.read(objects.IN_MEMORY):
                        body.write(chunk)
                    body.write(b"]")
            body.write(b"}")
            _put(f"{self.file}.json", body, "application/json")


def refused(file: str, why: FileRefused) -> None:
    """Put the report of a file that is refused whole."""
    told: dict[str, Any] = {"file": file, "rows": 0, "accepted": 0, "unchanged": 0, "rejected": []}
    told |= {"refused": why.reason, "detail": why.detail}
    objects.delete(_key(f"{file}.rejected.csv"))
    _put(f"{file}.json", BytesIO(objects.as_json(told)), "application/json")


READ_MAX: Final = 20 << 20
"""Bytes of a report that are read for staff; of a longer one only its place is told."""
_LISTED: Final = 50
"""Refused rows that are told of one by one."""


def read(file: str) -> dict[str, Any] | None:
    """What the report of a file says, its refused rows and warnings by reason and column, and the first of them; of a
    file that is being taken in, maybe once more, how far it is, and whether it ``stopped`` there: what is left of it is
    among the dead letters. None where there is neither."""
    report, progress = _found(f"{file}.json"), _found(f"{file}.progress.json")
    running = _told(f"{file}.progress.json", progress) if progress else None
    if running and running.get("state") == "running" and (not report or _at(progress) > _at(report)):
        if report:
            report["Body"].close()
        return {**running, "state": "stopped"} if clock.now() - _at(progress) > STOPPED else running
    return _told(f"{file}.json", report) if report else running


def _found(name: str) -> Any:
    """S3's answer for an object of the reports, its body unread; None where there is none."""
    try:
        return aws.ask(aws.s3().get_object, Bucket=settings.bucket(), Key=_key(name))
    except ClientError as refused:
        if aws.code(refused) in ("NoSuchKey", "404"):
            return None
        raise


def _at(answer: Any) -> int:
    return int(answer["LastModified"].timestamp())


def _told(name: str, answer: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"report": _key(name), "at": clock.instant(_at(answer))}
    with answer["Body"] as body:
        if answer["ContentLength"] > READ_MAX:
            return {**told, "bytes": answer["ContentLength"]}
        told |= json.loads(aws.ask(body.read))
    for entries in ("rejected", "warnings"):
        if entries in told:
            counted = Counter((one["reason"], one["field"]) for one in told[entries])
            told[f"{entries}_by_reason"] = [
                {"reason": reason, "field": field, "rows": many} for (reason, field), many in counted.most_common()
            ]
            told[entries] = told[entries][:_LISTED]
    return told


def progress(file: str, told: dict[str, Any]) -> None:
    """Put how far a file is that is taken in parts."""
    _put(f"{file}.progress.json", BytesIO(objects.as_json(told)), "application/json")


def claim(file: str, what: What, version: str, id: str, now: int) -> bool:
    """Whether this drop of a file is the one to be told of: unless a newer one is. ``id`` is its import's, empty where
    it is taken in one piece."""
    change = aws.update(
        settings.companies_table(),
        _claims(file),
        "SET #what = :version, #id = :id, #ttl = :ttl",
        {":version": version, ":id": id, ":ttl": now + KEPT},
        condition="attribute_not_exists(#what) OR #what <= :version",
        names={"#what": what, "#id": f"{what}_id", "#ttl": "ttl"},
    )
    try:
        aws.patiently(aws.write, change)
    except ConditionFailed:
        return False
    return True


def claimed(file: str, what: What) -> str:
    """The import that is to be told of; empty where it is none."""
    (row,) = aws.patiently(aws.batch_get, (settings.companies_table(), _claims(file)))
    return str((row or {}).get(f"{what}_id", ""))


def _claims(file: str) -> Key:
    return f"REPORT#{file}", "REPORT"


def _entry(record: Record, fault: Fault) -> bytes:
    return objects.as_json(
        {"line": record.line, "field": fault.field, "reason": fault.reason, "value": fault.value[:_VALUE_MAX]}
    )


def _key(name: str) -> str:
    return f"reports/{name}"


def _put(name: str, body: IO[bytes], content_type: str) -> None:
    objects.put(_key(name), body, content_type)
