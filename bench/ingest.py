"""B10: rows a second of a function, and its memory, at ten thousand documents and at many, over real engines.

The function itself takes the files, in a process of its own, over Amazon's DynamoDB and SeaweedFS' S3; the queue
between the file and its parts is a list here, since one process does what ten would. Half-way through a file of many
parts a process is killed at its part, which then comes again, as SQS would have it.
"""

import contextlib
import json
import os
import runpy
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench import host, scale
from bench.cases import ENVIRONMENT, ROOT
from miinti import aws
from tools import engines

SMALL = 10_000
PER_ACCOUNT = 50
"""Documents of an account, the same at every size: a million are of twenty thousand accounts."""
BUCKET = "miinti-documents"
Line = tuple[str, str, str, str]


def measure(documents: int) -> list[Line]:
    """The ratio of rows a second, many to few, and the peak of memory at many."""
    absent = engines.missing() or (None if engines.WEED.exists() else "SeaweedFS: make .venv-engines/.ready")
    if absent:
        return [("B10", f"not measured: {absent}", "–", "≥ 0.9")]
    few, many = (taken(count) for count in (SMALL, documents))
    return [
        (
            "B10",
            f"ingest: rows a second of a function, {documents:,} ÷ {SMALL:,} documents",
            f"{many['speed'] / few['speed']:.2f}",
            "≥ 0.9",
        ),
        ("B10", f"ingest: peak RSS at {documents:,} documents, MB", f"{many['rss']:.0f}", "≤ 256"),
        (
            "B10",
            f"ingest: rows there after a process was killed half-way, of {documents:,}",
            f"{many['rows']:,}",
            "all",
        ),
        ("B10", "ingest: transactions that write, second drop of the same file", f"{many['again']}", "0"),
    ]


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
        ran = subprocess.run(
            [sys.executable, "-m", "bench.ingest", made],
            env=environment,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            check=True,
        )
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


def work(folder: Path) -> dict[str, Any]:
    """Take companies.csv and documents.csv in, the second twice."""
    for table in ("CompaniesTable", "OutboxTable"):
        scale.create(table)
    aws.s3().create_bucket(Bucket=BUCKET)
    queue = _Queue()
    app = _function(queue)
    transactions = [0]
    events: Any = aws.dynamodb().meta.events
    events.register(
        "before-call.dynamodb.TransactWriteItems", lambda **_: transactions.__setitem__(0, transactions[0] + 1)
    )
    _drop(app, queue, folder / "companies.csv")
    seconds, _ = _drop(app, queue, folder / "documents.csv", kill=True)
    report = _report("documents.csv")
    # What the killed process had stored is found unchanged by the one after it.
    rows = report["accepted"] + report["unchanged"]
    transactions[0] = 0
    _, parts = _drop(app, queue, folder / "documents.csv")
    again = _report("documents.csv")
    if again["unchanged"] != rows:
        raise RuntimeError(f"the same file again: {again['unchanged']} of {rows} unchanged")
    return {
        "rows": rows,
        "speed": rows / seconds,
        "rss": host.peak_rss(),
        # Each part of a file in parts is noted by one; nothing else may be.
        "again": transactions[0] - parts,
    }


def _drop(app: dict[str, Any], queue: _Queue, file: Path, *, kill: bool = False) -> tuple[float, int]:
    """Take a file and all its parts; the seconds that the function worked on rows, and how many parts there were."""
    with file.open("rb") as body:
        aws.s3().put_object(Bucket=BUCKET, Key=f"inbox/{file.name}", Body=body)
    sequencer = f"{time.time_ns():016X}"
    told = {"Records": [{"s3": {"object": {"key": f"inbox/{file.name}", "sequencer": sequencer}}}]}
    began = time.monotonic()
    _handled(app, "inbox", json.dumps(told))
    seconds = time.monotonic() - began
    if queue.bodies:
        seconds = 0.0
    bodies, queue.bodies = queue.bodies, []
    for done, part in enumerate(bodies, 1):
        if kill and done == len(bodies) // 2 + 1:
            _killed(part, seconds / (done - 1) if done > 1 else 1.0)
        began = time.monotonic()
        _handled(app, "parts", part)
        seconds += time.monotonic() - began
        print(f"\r{file.name}: part {done} of {len(bodies)}", end="", file=sys.stderr, flush=True)
    return seconds, len(bodies)


def _killed(part: str, usual: float) -> None:
    """Another process at a part, which takes ``usual`` seconds, killed in the midst of it."""
    process = subprocess.Popen([sys.executable, "-m", "bench.ingest", "--part", part], stdout=subprocess.PIPE)
    next(iter(process.stdout or []))  # it has begun
    time.sleep(usual / 2)
    if process.poll() is not None:
        raise RuntimeError("the part was done before it could be cut short")
    process.kill()
    process.wait()


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
    told: dict[str, Any] = json.load(aws.s3().get_object(Bucket=BUCKET, Key=f"reports/{name}.json")["Body"])
    return told


if __name__ == "__main__":
    if sys.argv[1] == "--part":
        function = _function(_Queue())
        print("begun", flush=True)
        _handled(function, "parts", sys.argv[2])
    else:
        print(json.dumps(work(Path(sys.argv[1]))))
