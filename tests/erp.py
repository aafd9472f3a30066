"""The institute's ERP as tests play it: it drops files under ``inbox/``, S3 tells the queue, a function takes them."""

import csv
import hashlib
import io
import itertools
import json
import threading
import zlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import time_machine

from miinti import aws
from tests import grants
from tests.cloud import BUCKET, ROOT, Cloud, Context
from tests.template import sam

SAMPLE = ROOT / "local" / "sample"
FILES = ("companies", "documents", "applications", "withholdings", "quotes", "work_orders")
NOW = 1_795_500_000
"""2026-11-24, after every day of the sample data."""
KEY = "001-00205-00000001"
"""Of ``invoice(1)``, and its id."""
VOUCHER = "v-00205-00000001-001"
Row = dict[str, str]
_sequence = itertools.count(1)


def sample(layout: str, folder: Path = SAMPLE) -> list[Row]:
    return [dict(row) for row in as_it_is(folder / f"{layout}.csv")]


@cache
def as_it_is(path: Path) -> list[Row]:
    """The rows of a file, its empty cells as they are: everybody's, nobody changes them."""
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@cache
def _an_invoice() -> Row:
    return next(row for row in sample("documents") if row["company_code"] == "10378" and row["type_code"] == "001")


def sample_bytes(layout: str) -> bytes:
    return (SAMPLE / f"{layout}.csv").read_bytes()


def written(rows: Sequence[Mapping[str, str]], separator: str = ",", newline: str = "\n") -> bytes:
    """Rows as a file of the ERP's; all have the first one's columns."""
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=separator, lineterminator=newline)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def drop(name: str, body: bytes | str, at: int = NOW, *, versioned: bool = True) -> dict[str, Any]:
    """Put an object under ``inbox/`` as of an instant, and what S3 then tells of it."""
    key = f"inbox/{name}"
    with time_machine.travel(at, tick=False):
        put = aws.s3().put_object(Bucket=BUCKET, Key=key, Body=body)
    return _event(key, {**put, "ContentLength": len(body)}, versioned)


def dropped_again(name: str) -> dict[str, Any]:
    """What S3 tells of the object that stands under ``inbox/`` now, after a copy onto itself."""
    key = f"inbox/{name}"
    return _event(key, aws.s3().head_object(Bucket=BUCKET, Key=key), versioned=True)


def _event(key: str, there: Mapping[str, Any], versioned: bool) -> dict[str, Any]:
    about: dict[str, Any] = {"key": quote_plus(key, safe="/"), "size": there["ContentLength"]}
    about["eTag"] = there["ETag"].strip('"')
    if versioned:
        about |= {"versionId": there["VersionId"], "sequencer": f"{next(_sequence):016X}"}
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": BUCKET}, "object": about},
    }


def messages(*told: Any, queue: str = "InboxQueue") -> dict[str, Any]:
    """What Lambda gets from a queue; each argument is one message: a record of S3's, or any body."""
    bodies = [json.dumps({"Records": [one]} if isinstance(one, dict) and "s3" in one else one) for one in told]
    return {
        "Records": [
            {
                "messageId": f"m{index}",
                "receiptHandle": f"r{index}",
                "body": body,
                "attributes": {"ApproximateReceiveCount": "3"},
                "eventSource": "aws:sqs",
                "eventSourceARN": f"arn:aws:sqs:{sam.REGION}:{sam.ACCOUNT}:{queue}",
            }
            for index, body in enumerate(bodies)
        ]
    }


def take(cloud: Cloud, *told: Any) -> list[str]:
    """Give messages to the function; the ids of those that are to come again."""
    answer = cloud.invoke("ingest_inbox", messages(*told))
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def delivered(cloud: Cloud, name: str, body: bytes | str, at: int = NOW) -> Any:
    """Drop one file and take it; its report."""
    assert take(cloud, drop(name, body, at)) == []
    return report(name)


def at_once(cloud: Cloud, deliveries: Sequence[Sequence[Any]]) -> None:
    """Messages taken by as many functions at one time."""
    module = cloud.function("ingest_inbox")
    start = threading.Barrier(len(deliveries))

    def one(told: Sequence[Any]) -> Any:
        start.wait()
        with grants.acting("ingest_inbox"):
            return module.handler(messages(*told), Context())

    with cloud.as_function("ingest_inbox"), ThreadPoolExecutor(len(deliveries)) as pool:
        for answer in pool.map(one, deliveries):
            assert answer == {"batchItemFailures": []}


# --- rows of our own --------------------------------------------------------------------------------------------------


def invoice(number: int = 1, **change: str) -> dict[str, str]:
    """An open invoice of 121.00 of client 10378, due in 2027."""
    return {
        **_an_invoice(),
        "issue_date": "2026-11-01",
        "due_date": "2027-01-31",
        "auth_due": "2026-11-11",
        "point_of_sale": "205",
        "number": str(number),
        "number_display": f"205{number:08d}",
        "doc_key": f"001-00205-{number:08d}",
        "net": "100.00",
        "vat_rate": "21.00",
        "vat": "21.00",
        "exempt": "0.00",
        "perceptions": "0.00",
        "total": "121.00",
        "billed_ars": "121.00",
        "collected_ars": "",
        "remaining_ars": "121.00",
        "status": "Pendiente",
        "related_key": "",
        "pdf_file": f"{number}.pdf",
        **change,
    }


def receipt(number: int = 1, **change: str) -> dict[str, str]:
    """A receipt of 121.00, applied in whole."""
    empty = dict.fromkeys(("due_date", "billed_ars", "auth_kind", "auth_code", "auth_due"), "")
    row = invoice(number, type_code="RX", type_label="Recibo", letter="X", doc_key=f"RX-00205-{number:08d}")
    row |= {**empty, "vat_rate": "0.00", "net": "0.00", "vat": "0.00", "collected_ars": "121.00"}
    return {**row, "remaining_ars": "0.00", "status": "Aplicado", "pdf_file": f"R{number}.pdf", **change}


def application(**change: str) -> dict[str, str]:
    row = {"credit_key": "RX-00205-00000001", "debit_key": KEY, "applied_date": "2026-11-20", "amount_ars": "121.00"}
    return {**row, **change}


def with_companies(cloud: Cloud) -> None:
    """Clients 10378, 15001 and 15002 (one CUIT) and supplier 3178, dropped before everything else."""
    rows = [row for row in sample("companies") if row["code"] in ("10378", "15001", "15002", "3178")]
    delivered(cloud, "companies.csv", written(rows), NOW - 1000)
    cloud.counted()


# --- looking in -------------------------------------------------------------------------------------------------------


def stored(key: str) -> bytes | None:
    """An object of the bucket, None where there is none."""
    try:
        return aws.s3().get_object(Bucket=BUCKET, Key=key)["Body"].read()
    except aws.s3().exceptions.NoSuchKey:
        return None


def report(name: str) -> Any:
    body = stored(f"reports/{name}.json")
    assert body is not None
    return json.loads(body)


def reasons(told: Any) -> list[tuple[str, str]]:
    """Field and reason of each refused row of a report."""
    return [(one["field"], one["reason"]) for one in told["rejected"]]


def rows_of(cloud: Cloud) -> list[dict[str, Any]]:
    """Every row of the companies table, out of moto's hands: scanning ten thousand takes it ten seconds."""
    partitions = _table().items.values()
    return [aws.unpack(item.to_json()["Attributes"]) for partition in partitions for item in partition.values()]


def _table() -> Any:
    from moto.dynamodb.models import dynamodb_backends

    return dynamodb_backends[sam.ACCOUNT][sam.REGION].tables["CompaniesTable"]


def state(cloud: Cloud) -> dict[tuple[str, str], dict[str, Any]]:
    """The companies table, without what differs from one good run to the next: the stamps, S3's sequencers, and the
    random part of object keys, in place of which stands what the object holds. Nor who tells of which file, nor when
    the last of them came."""
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows_of(cloud):
        if row["pk"].startswith(("REPORT#", "DELIVERED")):
            continue
        row.pop("txn", None)
        for version in {"newest", "oldest", "version"}.intersection(row):
            row[version] = row[version].rpartition("\n")[0]
        if "file_key" in row:
            body = stored(row.pop("file_key"))
            assert body is not None
            row["object"] = hashlib.sha256(body).hexdigest()
        rows[row.pop("pk"), row.pop("sk")] = row
    return rows


def company(cloud: Cloud, company_id: str) -> dict[str, Any]:
    return state(cloud)[f"COMPANY#{company_id}", "COMPANY"]


def documents(cloud: Cloud) -> dict[str, dict[str, Any]]:
    """Rows of documents by id."""
    return {row["id"]: row for (_, sk), row in state(cloud).items() if sk.startswith("DOC#")}


def emptied(cloud: Cloud) -> None:
    """Forget all rows, as a new cloud would, at a fraction of its cost."""
    _table().items.clear()
    cloud.calls.clear()


# --- interleavings ----------------------------------------------------------------------------------------------------


class Crash(BaseException):
    """The process is gone."""


def at_call(cloud: Cloud, number: int, what: Callable[[Callable[[], Any]], Any]) -> Callable[[], bool]:
    """Put ``what`` in place of the n-th call to AWS from here on (it gets the call itself); whether it came to that."""
    left = itertools.count(number, -1)
    done = threading.Event()

    def each(inner: Callable[[], Any]) -> Any:
        if next(left) or done.is_set():
            return inner()
        done.set()
        return what(inner)

    for name in (
        "dynamodb:BatchGetItem",
        "dynamodb:PutItem",
        "dynamodb:Query",
        "dynamodb:TransactWriteItems",
        "dynamodb:UpdateItem",
        "s3:CopyObject",
        "s3:DeleteObject",
        "s3:GetObject",
        "s3:PutObject",
        "sqs:SendMessage",
    ):
        cloud.faults[name] = each
    return done.is_set


# --- PDFs -------------------------------------------------------------------------------------------------------------


def pdf(text: str = "Factura", *objects: bytes, catalog: bytes = b"", trailer: bytes = b"") -> bytes:
    """A PDF of one page; ``objects`` follow from number 5 on, ``catalog`` and ``trailer`` go into those."""
    content = zlib.compress(f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1"))
    bodies = [
        b"<< /Type /Catalog /Pages 2 0 R " + catalog + b" >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(content) + content + b"\nendstream",
        *objects,
    ]
    out, places = bytearray(b"%PDF-1.7\n"), list[int]()
    for number, body in enumerate(bodies, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(places) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer << /Size %d /Root 1 0 R " % (len(places) + 1) + trailer + b" >>\n"
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % start)


def compressed_pdf(*objects: bytes) -> bytes:
    """A PDF whose catalog, pages and ``objects`` (from number 5 on) stand in a compressed object stream."""
    held = {1: b"<< /Type /Catalog /Pages 2 0 R >>", 2: b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"}
    held[3] = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] >>"
    held |= dict(enumerate(objects, 5))
    heads, bodies = bytearray(), bytearray()
    for number, body in held.items():
        heads += b"%d %d " % (number, len(bodies))
        bodies += body + b" "
    packed = zlib.compress(bytes(heads + bodies))
    out = bytearray(b"%PDF-1.7\n")
    stream_at = len(out)
    out += b"4 0 obj\n<< /Type /ObjStm /N %d /First %d /Filter /FlateDecode /Length %d >>\nstream\n" % (
        len(held),
        len(heads),
        len(packed),
    )
    out += packed + b"\nendstream\nendobj\n"
    table_at, last = len(out), max(4, *held) + 1
    entries = {0: (0, 0, 255), 4: (1, stream_at, 0), last: (1, table_at, 0)}
    entries |= {number: (2, 4, index) for index, number in enumerate(held)}
    table = b"".join(
        kind.to_bytes(1, "big") + where.to_bytes(4, "big") + index.to_bytes(1, "big")
        for kind, where, index in (entries.get(number, (0, 0, 0)) for number in range(last + 1))
    )
    out += b"%d 0 obj\n<< /Type /XRef /Size %d /W [1 4 1] /Root 1 0 R /Length %d >>\nstream\n" % (
        last,
        last + 1,
        len(table),
    )
    return bytes(out + table + b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % table_at)
