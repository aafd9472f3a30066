"""A file of many rows goes in by parts (`erp/parts.py`): the same end as in one piece, whatever happens on the way."""

import contextlib
import itertools
import json
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.erp import parts
from tests import erp, grants
from tests.cloud import BUCKET, Cloud, Context
from tests.erp import Crash, Row, at_call, delivered, drop, invoice, messages, receipt, report, take, written


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(erp.NOW + 60, tick=False):
        yield


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts of two thousand bytes: some eight rows."""
    monkeypatch.setattr(parts, "ABOVE", 4_000)
    monkeypatch.setattr(parts, "_PART", 2_000)


def rows() -> list[Row]:
    """Documents of three accounts, and of each kind of fault one row or two."""
    cuits = {row["code"]: row["cuit"] for row in erp.sample("companies")}
    made = [
        make(n, company_code=code, cuit=cuits[code])
        for n in range(1, 13)
        for code, make in (("10378", invoice), ("15001", receipt))
    ]
    made += [invoice(n, company_code="15002", cuit=cuits["15002"]) for n in range(20, 26)]
    return [
        *made,
        invoice(3),  # again, word for word
        invoice(4, company_code="15002", cuit=cuits["15002"]),  # again, under another account
        invoice(30, cuit="30939318151"),
        invoice(30),  # the first of its key that holds
        invoice(31, remaining_ars="-5.00"),
        invoice(32, company_code="77777"),
    ]


def file(which: list[Row]) -> bytes:
    text = written(which)
    return text + b'"a quote that does not close\nthree,cells,only\n'


def waiting(cloud: Cloud) -> list[str]:
    """The messages of the parts' queue, taken out of it."""
    url = cloud.environment("ingest_inbox")["PARTS_QUEUE"]
    sqs: Any = aws.sqs()
    found: list[str] = []
    while some := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for one in some:
            found.append(one["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    return found


def take_part(cloud: Cloud, *bodies: str) -> list[str]:
    answer = cloud.invoke("ingest_inbox", messages(*map(json.loads, bodies), queue="PartsQueue"))
    return [one["itemIdentifier"] for one in answer["batchItemFailures"]]


def in_parts(cloud: Cloud, name: str, body: bytes, at: int = erp.NOW) -> Any:
    """Drop a file, take its parts in another order than theirs; its report."""
    assert take(cloud, drop(name, body, at)) == []
    told = waiting(cloud)
    assert len(told) > 3
    for one in told[::2] + told[1::2]:
        assert take_part(cloud, one) == []
    return report(name)


def of_documents(cloud: Cloud) -> dict[Any, Any]:
    """The companies table without the imports' own rows."""
    return {key: row for key, row in erp.state(cloud).items() if not key[0].startswith("IMPORT#")}


@pytest.fixture
def whole(cloud: Cloud) -> tuple[Any, dict[Any, Any], bytes | None]:
    """What the file comes to in one piece: report, table, rejected rows. The table is emptied after it."""
    erp.with_companies(cloud)
    told = delivered(cloud, "documents.csv", file(rows()))
    seen = told, of_documents(cloud), erp.stored("reports/documents.csv.rejected.csv")
    erp.emptied(cloud)
    erp.with_companies(cloud)
    return seen


def test_in_parts_a_file_comes_to_the_same_as_in_one_piece(
    cloud: Cloud, whole: tuple[Any, dict[Any, Any], bytes | None], small: None
) -> None:
    told, table, rejected = whole
    assert {reason for _, reason in erp.reasons(told)} == {
        "account_mismatch", "column_count", "cuit_check_digit", "duplicate_key", "remaining_range", "row_malformed"
    }  # fmt: skip
    assert in_parts(cloud, "documents.csv", file(rows())) == told
    assert of_documents(cloud) == table
    assert erp.stored("reports/documents.csv.rejected.csv") == rejected


def test_how_far_it_is_can_be_read_while_it_runs(cloud: Cloud, small: None) -> None:
    erp.with_companies(cloud)
    assert take(cloud, drop("documents.csv", file(rows()))) == []
    assert erp.stored("reports/documents.csv.json") is None
    told = waiting(cloud)
    seen = [progress()]
    for one in told:
        assert take_part(cloud, one) == []
        seen.append(progress())
    assert {one["rows"] for one in seen} == {len(rows()) + 2}
    done = [one["rows_done"] for one in seen]
    assert done == sorted(done)
    assert (done[0], done[-1]) == (0, len(rows()) + 2)
    assert [one["state"] for one in seen] == ["running"] * len(told) + ["done"]


def progress() -> Any:
    return json.loads(erp.stored("reports/documents.csv.progress.json") or b"")


def test_the_same_file_again_writes_no_document(cloud: Cloud, small: None) -> None:
    erp.with_companies(cloud)
    body = file(rows())
    first = in_parts(cloud, "documents.csv", body)
    before = of_documents(cloud)
    cloud.counted()
    again = in_parts(cloud, "documents.csv", body, erp.NOW + 10)
    calls = cloud.counted()
    parts = calls["sqs:SendMessage"]
    # What an import writes of itself: itself, each part as done, its content's drop, progress, report and end.
    assert calls["dynamodb:PutItem"] == 1
    assert calls["dynamodb:TransactWriteItems"] == parts
    assert calls["dynamodb:UpdateItem"] == parts + 5
    assert (again["accepted"], again["unchanged"]) == (0, first["accepted"])
    assert again["rejected"] == first["rejected"]
    after = of_documents(cloud)
    for key, row in before.items():
        assert after[key] == row or key[0].startswith("SOURCE#")


def test_a_part_that_comes_twice_is_counted_once(cloud: Cloud, small: None) -> None:
    erp.with_companies(cloud)
    assert take(cloud, drop("documents.csv", file(rows()))) == []
    told = waiting(cloud)
    for one in [*told, *told[:2]]:
        assert take_part(cloud, one) == []
    first = report("documents.csv")
    assert first["rows"] == len(rows()) + 2
    cloud.counted()
    assert take_part(cloud, told[0]) == []
    assert "TransactWriteItems" not in cloud.counted()
    assert report("documents.csv") == first


def test_an_event_that_comes_twice_makes_one_import(cloud: Cloud, small: None) -> None:
    """R09: S3 tells of an object at least once."""
    erp.with_companies(cloud)
    event = drop("documents.csv", file(rows()))
    assert take(cloud, event) == []
    assert take(cloud, event) == []
    told = waiting(cloud)
    assert len(told) == 2 * len(set(told))
    for one in told:
        assert take_part(cloud, one) == []
    assert report("documents.csv")["rows"] == len(rows()) + 2


def begun(cloud: Cloud, *more: Row, at: int = erp.NOW) -> list[str]:
    """The messages of a file of some rows, the same name each time."""
    assert take(cloud, drop("documents.csv", file([*rows(), *more]), at)) == []
    return waiting(cloud)


def told(cloud: Cloud) -> tuple[int, int, int]:
    """Rows of the report and its refused ones, and rows of the progress."""
    seen = report("documents.csv")
    assert (erp.stored("reports/documents.csv.rejected.csv") or b"").count(b"\n") == len(seen["rejected"]) + 1
    return seen["rows"], len(seen["rejected"]), progress()["rows"]


NEWER = (invoice(50), invoice(51, remaining_ars="-5.00"))


def test_a_message_of_an_older_import_that_comes_again_changes_no_newer_report(cloud: Cloud, small: None) -> None:
    erp.with_companies(cloud)
    older = begun(cloud)
    assert take_part(cloud, *older) == []
    newer = begun(cloud, *NEWER, at=erp.NOW + 10)
    assert take_part(cloud, *newer) == []
    seen = told(cloud)
    assert seen[0] == seen[2] == len(rows()) + len(NEWER) + 2
    cloud.counted()
    assert take_part(cloud, *older) == []
    assert told(cloud) == seen
    assert "s3:PutObject" not in cloud.counted()


def test_an_older_import_that_ends_later_leaves_the_report_to_the_newer(cloud: Cloud, small: None) -> None:
    erp.with_companies(cloud)
    older = begun(cloud)
    assert take_part(cloud, *older[1:]) == []
    newer = begun(cloud, *NEWER, at=erp.NOW + 10)
    assert take_part(cloud, older[1]) == []
    assert progress()["rows_done"] == 0  # the newer's
    assert take_part(cloud, *newer) == []
    seen = told(cloud)
    assert take_part(cloud, older[0]) == []
    assert told(cloud) == seen
    assert seen[0] == len(rows()) + len(NEWER) + 2


def test_an_import_that_ends_after_a_newer_small_file_leaves_the_report_to_that(cloud: Cloud, small: None) -> None:
    erp.with_companies(cloud)
    older = begun(cloud)
    seen = delivered(cloud, "documents.csv", written([invoice(1)]), erp.NOW + 10)
    assert take_part(cloud, *older) == []
    assert report("documents.csv") == seen
    whole = delivered(cloud, "documents.csv", b"a,b\n", erp.NOW + 20)
    assert take_part(cloud, *begun(cloud, at=erp.NOW + 15)) == []
    assert report("documents.csv") == whole


@pytest.mark.parametrize("older", [written([invoice(1)]), b"a,b\n"], ids=["taken", "refused whole"])
def test_a_small_file_whose_message_comes_again_leaves_the_report_to_the_newer(cloud: Cloud, older: bytes) -> None:
    """What of the newer one was refused could not be mended: the rows were gone with its report."""
    erp.with_companies(cloud)
    event = drop("documents.csv", older)
    assert take(cloud, event) == []
    newer = written([invoice(1), invoice(2, remaining_ars="-5.00")])
    seen = delivered(cloud, "documents.csv", newer, erp.NOW + 10)
    assert len(seen["rejected"]) == 1
    rejected = aws.s3().get_object(Bucket=BUCKET, Key="reports/documents.csv.rejected.csv")["Body"].read()
    assert take(cloud, event) == []
    assert report("documents.csv") == seen
    assert aws.s3().get_object(Bucket=BUCKET, Key="reports/documents.csv.rejected.csv")["Body"].read() == rejected


@pytest.mark.parametrize("how", ["cut short", "between"])
def test_whatever_becomes_of_an_older_import_the_newest_report_stands(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """At each call by which the older one tells what came of it: it is cut short there and a newer import of that name
    ends before it is taken again, or the newer one ends at that call."""
    erp.with_companies(cloud)
    finish, where = parts.finish, dict[str, Any]()

    def watched(part: parts.Part, now: int) -> Row | None:
        if "number" in where:
            where["reached"] = at_call(cloud, where.pop("number"), where.pop("what"))
        return finish(part, now)

    monkeypatch.setattr(parts, "finish", watched)
    monkeypatch.setattr(parts, "ABOVE", 300)
    fine, bad = [invoice(1)], [invoice(1), invoice(2, remaining_ars="-5.00")]
    for number in itertools.count():
        at = erp.NOW + 20 * number
        assert take(cloud, drop("documents.csv", written(fine), at)) == []
        older = waiting(cloud)
        assert take(cloud, drop("documents.csv", written(bad), at + 10)) == []
        newer = waiting(cloud)
        assert take_part(cloud, *older[1:]) == []

        def ends_first(inner: Callable[[], Any], newer: list[str] = newer) -> Any:
            assert take_part(cloud, *newer) == []
            return inner()

        where |= {"number": number, "what": ends_first if how == "between" else crash}
        with contextlib.suppress(Crash):
            take_part(cloud, older[0])
        cloud.faults.clear()
        reached = where.pop("reached")
        if how == "cut short":
            assert take_part(cloud, *newer) == []
        assert take_part(cloud, older[0]) == []
        if not reached():
            break
        assert told(cloud) == (2, 1, 2)
    assert number > 6


def crash(_: Callable[[], Any]) -> Any:
    raise Crash


def lost(inner: Callable[[], Any]) -> Any:
    inner()
    raise Crash


@pytest.mark.parametrize("how", [crash, lost])
@pytest.mark.parametrize("step", range(2))
def test_cut_short_anywhere_and_taken_again_it_ends_the_same(
    cloud: Cloud, whole: tuple[Any, dict[Any, Any], bytes | None], small: None, how: Any, step: int
) -> None:
    """Every second call from ``step`` on, of the split and of each part."""
    told, table, _ = whole
    event = drop("documents.csv", file(rows()))
    cut = 0
    for number in itertools.count(step, 2):
        reached = at_call(cloud, number, how)
        with contextlib.suppress(Crash):
            take(cloud, event)
        cloud.faults.clear()
        if not reached():
            break
        cut += 1
    queue = list(dict.fromkeys(waiting(cloud)))
    for one in queue:
        for number in itertools.count(step, 2):
            reached = at_call(cloud, number, how)
            with contextlib.suppress(Crash):
                take_part(cloud, one)
            cloud.faults.clear()
            if not reached():
                break
            cut += 1
    assert cut > 12
    assert of_documents(cloud) == table
    seen = report("documents.csv")
    assert seen["rows"] == told["rows"]
    assert seen["rejected"] == told["rejected"]


def test_parts_at_once_end_the_same(cloud: Cloud, whole: tuple[Any, dict[Any, Any], bytes | None], small: None) -> None:
    told, table, _ = whole
    assert take(cloud, drop("documents.csv", file(rows()))) == []
    bodies = waiting(cloud) * 2
    module = cloud.function("ingest_inbox")
    start = threading.Barrier(len(bodies))

    def one(body: str) -> Any:
        start.wait()
        with grants.acting("ingest_inbox"):
            return module.handler(messages(json.loads(body), queue="PartsQueue"), Context())

    with cloud.as_function("ingest_inbox"), ThreadPoolExecutor(len(bodies)) as pool:
        for answer in pool.map(one, bodies):
            assert answer == {"batchItemFailures": []}
    assert of_documents(cloud) == table
    seen = report("documents.csv")
    assert (seen["rows"], seen["rejected"]) == (told["rows"], told["rejected"])
    # Of two that work on one part, the one that is noted may have come second to some rows.
    assert seen["accepted"] + seen["unchanged"] == told["accepted"]


@pytest.mark.parametrize("layout", ["companies", "applications", "withholdings", "quotes", "work_orders"])
def test_every_layout_can_be_taken_in_parts(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, layout: str) -> None:
    some = erp.sample(layout)[:60]
    if layout != "companies":
        delivered(cloud, "companies.csv", erp.sample_bytes("companies"), erp.NOW - 10)
    if layout == "applications":
        keys = {row[name] for row in some for name in ("credit_key", "debit_key")}
        theirs = [row for row in erp.sample("documents") if row["doc_key"] in keys]
        delivered(cloud, "documents.csv", written(theirs), erp.NOW - 5)
    body = written(some)
    monkeypatch.setattr(parts, "ABOVE", len(body) // 2)
    monkeypatch.setattr(parts, "_PART", len(body) // 5)
    told = in_parts(cloud, f"{layout}.csv", body)
    assert (told["rows"], told["accepted"], told["rejected"]) == (len(some), len(some), [])


def test_what_is_no_message_of_ours_comes_back(cloud: Cloud) -> None:
    assert take_part(cloud, json.dumps({"import": "x"})) == ["m0"]


def test_the_parts_are_under_imports(cloud: Cloud, small: None) -> None:
    """Where the bucket's life cycle takes them away."""
    erp.with_companies(cloud)
    in_parts(cloud, "documents.csv", file(rows()))
    keys = [one["Key"] for one in aws.s3().list_objects_v2(Bucket=BUCKET)["Contents"]]
    assert {key.partition("/")[0] for key in keys} == {"inbox", "imports", "reports"}
