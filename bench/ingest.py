"""B10: rows a second of a function, and its memory, at ten thousand documents and at many, over real engines.

The function itself takes the files, in a process of its own, over Amazon's DynamoDB and SeaweedFS' S3; the queue
between the file and its parts is a list here, since one process does what ten would. Half-way through a file of many
parts a process is killed at its part, which then comes again, as SQS would have it; what the tables hold after it is
compared with what they hold after a run that nobody cut short.
"""

import contextlib
import csv
import hashlib
import itertools
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

from bench import host, scale
from bench.cases import ENVIRONMENT, ROOT
from miinti import aws, settings
from miinti.companies import access
from tools import engines

SMALL = 10_000
PER_ACCOUNT = 50
"""Documents of an account, the same at every size: a million are of twenty thousand accounts."""
COMPARED = 100_000
"""Documents up to which a run that nobody cuts short is made beside the other; of more, companies are counted."""
TABLES = {"COMPANIES_TABLE": "CompaniesTable", "OUTBOX_TABLE": "OutboxTable"}
CLEAN = {"COMPANIES_TABLE": "CleanCompanies", "OUTBOX_TABLE": "CleanOutbox"}
"""Where the run that nobody cuts short has its rows."""
_FEW = 10
"""Transactions after which a process is killed; a part has more."""
WRITES = ("BatchWriteItem", "DeleteItem", "PutItem", "TransactWriteItems", "UpdateItem")
Line = tuple[str, str, str, str]


def measure(documents: int) -> list[Line]:
    """The ratio of rows a second, many to few, and the peak of memory at many."""
    absent = engines.missing() or (None if engines.WEED.exists() else "SeaweedFS: make .venv-engines/.ready")
    if absent:
        return [("B10", f"not measured: {absent}", "–", "≥ 0.9")]
    few, many = (taken(count) for count in (SMALL, documents))
    timeout = _timeout()
    return [
        (
            "B10",
            f"ingest: rows a second of a function, {documents:,} ÷ {SMALL:,} documents",
            f"{many['speed'] / few['speed']:.2f}",
            "≥ 0.9",
        ),
        (
            "B10",
            f"ingest: splitting {documents:,} documents ÷ the function's timeout",
            f"{many['split'] / timeout:.3f}",
            "≤ 0.5",
        ),
        ("B10", f"ingest: peak RSS at {documents:,} documents, MB", f"{many['rss']:.0f}", "≤ 256"),
        (
            "B10",
            f"ingest: rows there after a process was killed half-way, of {documents:,}",
            f"{many['rows']:,}",
            "all",
        ),
        (
            "B10",
            f"ingest: what is otherwise than {many['against']}",
            ", ".join(many["differs"]) or "nothing",
            "nothing",
        ),
        ("B10", "ingest: calls that write a row of the file, its second drop", f"{many['again']}", "0"),
    ]


def _timeout() -> int:
    """Seconds that the function may take."""
    declared = yaml_parse((ROOT / "template.yaml").read_text())["Resources"]["IngestInboxFunction"]
    return int(declared["Properties"]["Timeout"])


def taken(documents: int) -> dict[str, Any]:
    with (
        tempfile.TemporaryDirectory() as made,
        engines.dynamodb_local(heap="8g") as tables,
        engines.seaweedfs("bench", "bench") as bucket,
    ):
        subprocess.run(
            [sys.executable, ROOT / "local" / "sample" / "generate.py", f"--documents={documents}", "--no-check",
             f"--companies={max(30, documents // PER_ACCOUNT)}", f"--out={made}"],
            check=True,
            stdout=subprocess.DEVNULL,
        )  # fmt: skip
        environment = {
            **os.environ,
            **ENVIRONMENT,
            "POWERTOOLS_SERVICE_NAME": "ingest_inbox",
            "INBOX_QUEUE": "http://queue/inbox",
            "PARTS_QUEUE": "http://queue/parts",
            "AWS_ENDPOINT_URL_DYNAMODB": tables,
            "AWS_ENDPOINT_URL_S3": bucket,
            "AWS_ACCESS_KEY_ID": "bench",
            "AWS_SECRET_ACCESS_KEY": "bench",
            "AWS_DEFAULT_REGION": "us-east-1",
            "POWERTOOLS_LOG_LEVEL": "ERROR",
        }
        told = _apart(environment, "work", made)
        few = documents <= COMPARED
        there, wanted, told["against"] = (
            _apart(environment, "stored", *(() if few else (made,))),
            [_apart(environment, "counted", made)],
            "the file",
        )
        if few:
            _apart(environment | CLEAN, "clean", made)
            wanted.append(_apart(environment | CLEAN, "stored"))
            told["against"] = "the file and a run that nobody cut short"
        told["differs"] = [what for what in there if any(there[what] != one.get(what, there[what]) for one in wanted)]
        return told


def _apart(environment: Mapping[str, str], *said: str) -> dict[str, Any]:
    """What a process of its own does and tells; its memory is its own, too."""
    command = [sys.executable, "-m", "bench.ingest", *said]
    ran = subprocess.run(command, env=environment, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    told: dict[str, Any] = json.loads(ran.stdout)
    return told


# --- the function's process -------------------------------------------------------------------------------------------


class _Queue:
    """The parts' queue."""

    def __init__(self) -> None:
        self.bodies: list[str] = []

    def send_message(self, QueueUrl: str, MessageBody: str) -> dict[str, Any]:  # noqa: N803, ARG002 - boto3's names
        self.bodies.append(MessageBody)
        return {}


def _function(queue: _Queue) -> dict[str, Any]:
    aws.sqs = lambda: queue  # type: ignore[assignment]  # has the one method that is called
    return runpy.run_path(str(ROOT / "functions" / "ingest_inbox" / "app.py"))


def work(folder: Path, *, kill: bool = True) -> dict[str, Any]:
    """Take companies.csv and documents.csv in, the second twice."""
    for setting, table in TABLES.items():
        scale.create(table, os.environ[setting])
    if kill:
        aws.s3().create_bucket(Bucket=settings.bucket())
    queue = _Queue()
    app = _function(queue)
    _drop(app, queue, folder / "companies.csv")
    split, seconds, _ = _drop(app, queue, folder / "documents.csv", kill=kill)
    report = _report("documents.csv")
    # What the killed process had stored is found unchanged by the one after it.
    rows = report["accepted"] + report["unchanged"]
    if not kill:
        return {"rows": rows}
    if not report["unchanged"]:
        raise RuntimeError("the process that was killed had stored nothing")
    written = _writes()
    _, _, parts = _drop(app, queue, folder / "documents.csv")
    again = _report("documents.csv")
    if again["unchanged"] != rows:
        raise RuntimeError(f"the same file again: {again['unchanged']} of {rows} unchanged")
    return {
        "rows": rows,
        "speed": rows / seconds,
        "split": split,
        "rss": host.peak_rss(),
        "again": (written - _notes(parts)).total(),
    }


def _writes() -> Counter[str]:
    """Counts the calls that write from here on, by operation."""
    counted: Counter[str] = Counter()

    def count(model: Any, **_: Any) -> None:
        counted[model.name] += 1

    events: Any = aws.dynamodb().meta.events
    for operation in WRITES:
        events.register(f"before-call.dynamodb.{operation}", count)
    return counted


def _notes(parts: int) -> Counter[str]:
    """What an import writes about itself, whatever its rows come to: the content's drop (whoever opens it, and each
    part, to no effect), the import, that its progress and its report are this drop's, each part, as of when the data
    stand, and its end."""
    if not parts:
        return Counter(UpdateItem=3)
    return Counter(PutItem=1, TransactWriteItems=parts, UpdateItem=parts + 5)


def _drop(app: dict[str, Any], queue: _Queue, file: Path, *, kill: bool = False) -> tuple[float, float, int]:
    """Take a file and all its parts; the seconds that it took to split it, the seconds that the function worked on
    rows, and how many parts there were."""
    with file.open("rb") as body:
        aws.s3().put_object(Bucket=settings.bucket(), Key=f"inbox/{file.name}", Body=body)
    sequencer = f"{time.time_ns():016X}"
    told = {"Records": [{"s3": {"object": {"key": f"inbox/{file.name}", "sequencer": sequencer}}}]}
    began = time.monotonic()
    _handled(app, "inbox", json.dumps(told))
    split, seconds = 0.0, time.monotonic() - began
    if queue.bodies:
        split, seconds = seconds, 0.0
    bodies, queue.bodies = queue.bodies, []
    if kill and len(bodies) < 2:
        raise RuntimeError(f"{file.name} is too small to be taken in parts: nothing can be cut short half-way")
    for done, part in enumerate(bodies, 1):
        if kill and done == len(bodies) // 2 + 1:
            _killed(part)
        began = time.monotonic()
        _handled(app, "parts", part)
        seconds += time.monotonic() - began
        print(f"\r{file.name}: part {done} of {len(bodies)}", end="", file=sys.stderr, flush=True)
    return split, seconds, len(bodies)


def _killed(part: str) -> None:
    """Another process at a part, killed in the midst of it."""
    ran = subprocess.run([sys.executable, "-m", "bench.ingest", "part", part], stdout=sys.stderr, check=False)
    if ran.returncode != -signal.SIGKILL:
        raise RuntimeError(f"the part was not cut short: {ran.returncode}")


def _until_killed(part: str) -> None:
    """Take a part, and be gone once a few of its transactions are written, before they are known to be."""
    written = itertools.count(1)

    def gone(**_: Any) -> None:
        if next(written) == _FEW:
            os.kill(os.getpid(), signal.SIGKILL)

    events: Any = aws.dynamodb().meta.events
    events.register("after-call.dynamodb.TransactWriteItems", gone)
    _handled(_function(_Queue()), "parts", part)


def _handled(app: dict[str, Any], queue: str, body: str) -> None:
    record = {
        "messageId": "m",
        "receiptHandle": "r",
        "body": body,
        "attributes": {"ApproximateReceiveCount": "1"},
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:us-east-1:123456789012:{queue}",
    }
    with contextlib.redirect_stdout(sys.stderr):
        answer = app["handler"]({"Records": [record]}, None)
    if answer["batchItemFailures"]:
        raise RuntimeError(f"a message failed at {datetime.now(UTC):%H:%M:%S}: {body[:200]}")


def _report(name: str) -> dict[str, Any]:
    body = aws.s3().get_object(Bucket=settings.bucket(), Key=f"reports/{name}.json")["Body"]
    told: dict[str, Any] = json.load(body)
    return told


# --- what is there after it -------------------------------------------------------------------------------------------

COUNTERS = ("n_voucher", "n_withholding", "n_quote", "n_work_order", "open_cents")
_OWN = frozenset({"txn", "as_of", "email_changed_at"})
"""What a row has of the run that wrote it."""


def stored(folder: Path | None = None) -> dict[str, Any]:
    """What the tables hold: all rows but those that tell of the run, as one digest; the counters of the companies that
    have documents; how many documents each has, and how many its people were told of, each document once.

    With ``folder``, of the companies of its file alone, one by one: DynamoDB Local, which sorts all rows for each page
    of a scan, takes hours over a million.
    """
    table = settings.companies_table()
    found = _scanned(table) if folder is None else _queried(table, counted(folder)["counted"])
    rows, counters = 0, dict[str, list[int]]()
    documents, news = Counter[str](), Counter[tuple[str, str]]()
    for row in found:
        if row["pk"].startswith(("SOURCE#", "IMPORT#", "REPORT#", "DELIVERED")):
            continue
        said = json.dumps({name: row[name] for name in sorted(row) if name not in _OWN}, default=str)
        # A sum, for a table has no order.
        rows = (rows + int(hashlib.sha256(said.encode()).hexdigest(), 16)) % (1 << 256)
        if row["sk"] == "COMPANY":
            counters[row["id"]] = [int(row[name]) for name in COUNTERS]
        elif row["sk"].startswith("DOC#"):
            documents[row["pk"].removeprefix("COMPANY#")] += 1
    for row in _scanned(settings.outbox_table()):
        if row.get("template") == "documents_new":
            news.update((row["to"]["members_of"], one["id"]) for one in row["data"]["documents"])
    told = Counter(company for company, _ in news)
    return {
        "rows": f"{rows:064x}",
        "counters": dict(sorted(counters.items())),
        "counted": {company: counters[company][0] for company in sorted(documents)},
        "documents": dict(sorted(documents.items())),
        "told": dict(sorted(told.items())),
        "twice told": sorted(id for (_, id), times in news.items() if times > 1),
        "news": hashlib.sha256("\n".join(map("\t".join, sorted(news))).encode()).hexdigest(),
    }


def counted(folder: Path) -> dict[str, Any]:
    """What ``stored`` has to tell of companies after a file of good rows."""
    with (folder / "documents.csv").open(encoding="utf-8", newline="") as file:
        found = Counter(access.company_id("client", row["company_code"]) for row in csv.DictReader(file))
    each = dict(sorted(found.items()))
    return {"counted": each, "documents": each, "told": each, "twice told": []}


def _queried(table: str, companies: Iterable[str]) -> Iterator[dict[str, Any]]:
    pages = scale.patient().get_paginator("query")
    for id in companies:
        asked = {":pk": {"S": access.company_key(id)[0]}}
        for page in pages.paginate(TableName=table, KeyConditionExpression="pk = :pk", ExpressionAttributeValues=asked):
            yield from map(aws.unpack, page["Items"])


def _scanned(table: str) -> Iterator[dict[str, Any]]:
    for page in scale.patient().get_paginator("scan").paginate(TableName=table):
        yield from map(aws.unpack, page["Items"])


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["part", message]:
            _until_killed(message)
        case ["work" | "clean" as how, folder]:
            print(json.dumps(work(Path(folder), kill=how == "work")))
        case ["stored", *folder]:
            print(json.dumps(stored(*map(Path, folder))))
        case ["counted", folder]:
            print(json.dumps(counted(Path(folder))))
