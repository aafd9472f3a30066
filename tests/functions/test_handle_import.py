"""Staff looks at what became of a file of the ERP, and has it taken in once more."""

import json
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ClientError, ReadTimeoutError

from miinti import aws
from miinti.erp import reports
from tests import erp
from tests.cloud import BUCKET, Cloud
from tests.staff import acts, asked, declined, done, trail

NAME = "documents.csv"
LATE = next(
    {"company_code": row["code"], "cuit": row["cuit"]} for row in erp.sample("companies") if row["code"] == "10021"
)
"""The account of a document that is dropped before it is known."""


def delivered(cloud: Cloud) -> None:
    erp.with_companies(cloud)
    erp.delivered(cloud, NAME, erp.written([erp.invoice(1), erp.invoice(2, vat="1.00"), erp.invoice(3, vat="1.00")]))


def test_the_report_counts_refused_rows_by_reason_and_shows_the_first(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered(cloud)
    monkeypatch.setattr(reports, "_LISTED", 1)
    told = done(cloud, "handle_import", "report", file=NAME)
    assert (told["report"], told["rows"], told["accepted"]) == (f"reports/{NAME}.json", 3, 1)
    (reason,) = told["rejected_by_reason"]
    assert reason["rows"] == 2
    assert [row["line"] for row in told["rejected"]] == [3]
    assert acts(cloud) == [("report", None, None)]
    assert trail(cloud)[0]["target"] == NAME


def test_a_report_too_long_to_read_is_told_of(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    delivered(cloud)
    monkeypatch.setattr(reports, "READ_MAX", 10)
    told = done(cloud, "handle_import", "report", file=NAME)
    assert set(told) == {"report", "at", "bytes"}


def test_a_file_on_its_way_tells_how_far_it_is(cloud: Cloud) -> None:
    body = b'{"file":"large.csv","state":"running","rows":9,"rows_done":4}'
    aws.s3().put_object(Bucket=BUCKET, Key="reports/large.csv.progress.json", Body=body)
    told = done(cloud, "handle_import", "report", file="large.csv")
    assert (told["rows"], told["rows_done"], told["state"]) == (9, 4, "running")


@pytest.mark.parametrize(
    ("state", "later", "shown"), [("running", 60, "progress"), ("running", -60, "report"), ("done", 60, "report")]
)
def test_while_a_file_of_the_same_name_runs_again_staff_sees_how_far_it_is(
    cloud: Cloud, state: str, later: int, shown: str
) -> None:
    for name, at, told in (("json", 0, {"rows": 3, "rejected": []}), ("progress.json", later, {"state": state})):
        with time_machine.travel(erp.NOW + at, tick=False):
            aws.s3().put_object(Bucket=BUCKET, Key=f"reports/{NAME}.{name}", Body=json.dumps(told).encode())
    told = done(cloud, "handle_import", "report", file=NAME)
    assert told["report"] == f"reports/{NAME}.{'json' if shown == 'report' else 'progress.json'}"
    assert ("state" in told) == (shown == "progress")


@pytest.mark.parametrize(("quiet", "state"), [(reports.STOPPED, "running"), (reports.STOPPED + 1, "stopped")])
def test_an_import_that_is_left_among_the_dead_letters_has_stopped(cloud: Cloud, quiet: int, state: str) -> None:
    """Also where there is a report of an earlier drop; taken up again, it runs."""
    body = json.dumps({"file": NAME, "state": "running", "rows": 9, "rows_done": 4}).encode()
    with time_machine.travel(erp.NOW - 60, tick=False):
        aws.s3().put_object(Bucket=BUCKET, Key=f"reports/{NAME}.json", Body=b'{"rows": 3, "rejected": []}')
    with time_machine.travel(erp.NOW, tick=False):
        aws.s3().put_object(Bucket=BUCKET, Key=f"reports/{NAME}.progress.json", Body=body)
    with time_machine.travel(erp.NOW + quiet, tick=False):
        told = done(cloud, "handle_import", "report", file=NAME)
        assert (told["state"], told["rows_done"]) == (state, 4)
        aws.s3().put_object(Bucket=BUCKET, Key=f"reports/{NAME}.progress.json", Body=body)
        assert done(cloud, "handle_import", "report", file=NAME)["state"] == "running"


@pytest.mark.parametrize("file", ["otro.csv", "../documents/x.pdf"])
def test_no_report_no_file_and_no_way_out_of_their_folders(cloud: Cloud, file: str) -> None:
    delivered(cloud)
    aws.s3().put_object(Bucket=BUCKET, Key="documents/x.pdf", Body=b"secret")
    # The question for a report is noted, whatever it finds.
    assert asked(cloud, "handle_import", "report", file=file) == {"declined": "report_unknown"}
    assert declined(cloud, "handle_import", "rerun", file=file) == "file_gone"


@pytest.mark.parametrize("action", ["report", "rerun"])
def test_no_file_is_meant_by_no_name(cloud: Cloud, action: str) -> None:
    assert declined(cloud, "handle_import", action, file="") == "missing_file"


@pytest.mark.parametrize("name", [NAME, "files/1.pdf"])
def test_R09_a_file_taken_once_more_is_a_drop_like_any_other_and_changes_nothing(cloud: Cloud, name: str) -> None:
    delivered(cloud)
    erp.take(cloud, erp.drop("files/1.pdf", erp.pdf("uno")))
    before = erp.state(cloud)
    content = aws.s3().get_object(Bucket=BUCKET, Key=f"inbox/{name}")["Body"].read()
    assert done(cloud, "handle_import", "rerun", file=name) == {"file": name}
    versions = aws.s3().list_object_versions(Bucket=BUCKET, Prefix=f"inbox/{name}")["Versions"]
    assert len(versions) == 2
    assert aws.s3().get_object(Bucket=BUCKET, Key=f"inbox/{name}")["Body"].read() == content
    assert erp.take(cloud, erp.dropped_again(name)) == []
    assert erp.state(cloud) == before
    assert acts(cloud) == [("rerun", None, None)]
    assert trail(cloud)[0]["target"] == name


def rerun(cloud: Cloud, name: str, at: int) -> Any:
    """Have a file taken in again at an instant; its report."""
    with time_machine.travel(at, tick=False):
        assert done(cloud, "handle_import", "rerun", file=name) == {"file": name}
        assert erp.take(cloud, erp.dropped_again(name)) == []
    return erp.report(name)


def test_R09_a_file_taken_in_again_stays_as_old_as_it_is(cloud: Cloud) -> None:
    """What Tuesday's file changed stays, whenever and however often Monday's comes again; what was refused goes in."""
    erp.with_companies(cloud)
    monday, tuesday = erp.NOW, erp.NOW + 86400
    erp.delivered(cloud, "lunes.csv", erp.written([erp.invoice(1), erp.invoice(2), erp.invoice(3, **LATE)]), monday)
    paid = erp.invoice(1, remaining_ars="0.00", status="Pagado")
    erp.delivered(cloud, "martes.csv", erp.written([paid]), tuesday)
    accounts = [row for row in erp.sample("companies") if row["code"] == LATE["company_code"]]
    erp.delivered(cloud, "companies.csv", erp.written(accounts), tuesday + 10)
    for days, accepted in ((2, 1), (3, 0)):
        told = rerun(cloud, "lunes.csv", monday + days * 86400)
        assert (told["accepted"], told["unchanged"], told["rejected"]) == (accepted, 3 - accepted, [])
        documents = erp.documents(cloud)
        assert documents[erp.VOUCHER]["remaining"] == 0
        assert len(documents) == 3
    # The newer one again, and a drop that is new: they are as ever.
    assert rerun(cloud, "martes.csv", monday + 4 * 86400)["unchanged"] == 1
    erp.delivered(cloud, "jueves.csv", erp.written([erp.invoice(1)]), monday + 3 * 86400)
    assert erp.documents(cloud)[erp.VOUCHER]["remaining"] == 12100


def refused_again(cloud: Cloud, by: str, name: str, at: int) -> None:
    """What was refused of a file comes again untouched, by either of the two ways that there are."""
    if by == "rerun":
        rerun(cloud, name, at)
        return
    rejected = erp.stored(f"reports/{name}.rejected.csv")
    assert rejected
    assert erp.delivered(cloud, f"{name}.rejected.csv", rejected, at)["accepted"] == 1


@pytest.mark.parametrize(("by", "remaining"), [("rerun", 0), ("rejected.csv", 12100)])
def test_R09_what_waited_goes_in_as_old_as_it_was_by_rerun_and_as_new_as_its_drop_by_the_rejected_rows(
    cloud: Cloud, by: str, remaining: int
) -> None:
    """docs/erp.md: Tuesday's file brought the account of Monday's refused row, and the row itself, paid."""
    erp.with_companies(cloud)
    monday, tuesday = erp.NOW, erp.NOW + 86400
    report = erp.delivered(cloud, "lunes.csv", erp.written([erp.invoice(1, **LATE)]), monday)
    assert erp.reasons(report) == [("cuit", "account_unknown")]
    accounts = [row for row in erp.sample("companies") if row["code"] == LATE["company_code"]]
    erp.delivered(cloud, "companies.csv", erp.written(accounts), tuesday)
    paid = erp.invoice(1, **LATE, remaining_ars="0.00", status="Pagado")
    assert erp.delivered(cloud, "martes.csv", erp.written([paid]), tuesday + 10)["accepted"] == 1
    refused_again(cloud, by, "lunes.csv", tuesday + 86400)
    assert erp.documents(cloud)[erp.VOUCHER]["remaining"] == remaining


@pytest.mark.parametrize(("by", "remaining"), [("rerun", 0), ("rejected.csv", 12100)])
def test_a_line_whose_key_was_there_stays_refused_by_rerun_and_alone_takes_the_others_place(
    cloud: Cloud, by: str, remaining: int
) -> None:
    """docs/erp.md: all refused lines are in ``rejected.csv``, and a file of one line knows no other."""
    erp.with_companies(cloud)
    paid = erp.invoice(1, remaining_ars="0.00", status="Pagado")
    report = erp.delivered(cloud, "lunes.csv", erp.written([paid, erp.invoice(1)]))
    assert erp.reasons(report) == [("doc_key", "duplicate_key")]
    refused_again(cloud, by, "lunes.csv", erp.NOW + 86400)
    assert erp.documents(cloud)[erp.VOUCHER]["remaining"] == remaining


@pytest.mark.parametrize("said", [str(erp.NOW + 9 * 86400), "9" * 11, "9" * 12, "siempre", ""])
def test_R09_no_drop_makes_itself_newer_than_it_is(cloud: Cloud, said: str) -> None:
    erp.with_companies(cloud)
    with time_machine.travel(erp.NOW, tick=False):
        aws.s3().put_object(
            Bucket=BUCKET,
            Key="inbox/lunes.csv",
            Body=erp.written([erp.invoice(1)]),
            Metadata={"miinti-dropped": said},
        )
    assert erp.take(cloud, erp.dropped_again("lunes.csv")) == []
    paid = erp.invoice(1, remaining_ars="0.00", status="Pagado")
    erp.delivered(cloud, "martes.csv", erp.written([paid]), erp.NOW + 86400)
    assert erp.documents(cloud)[erp.VOUCHER]["remaining"] == 0


def test_R09_what_the_erp_drops_meanwhile_is_not_taken_for_what_stood_there(cloud: Cloud) -> None:
    delivered(cloud)
    refused: Any = {"Error": {"Code": "PreconditionFailed"}, "ResponseMetadata": {"HTTPStatusCode": 412}}
    cloud.faults["s3:CopyObject"] = ClientError(refused, "CopyObject")
    assert asked(cloud, "handle_import", "rerun", file=NAME) == {"declined": "unavailable"}


@pytest.mark.parametrize("action", ["report", "rerun"])
def test_S75_S77_what_cannot_be_noted_is_not_done(cloud: Cloud, action: str) -> None:
    delivered(cloud)
    cloud.faults["dynamodb:PutItem"] = ReadTimeoutError(endpoint_url="https://dynamodb")
    assert asked(cloud, "handle_import", action, file=NAME) == {"declined": "unavailable"}
    assert len(aws.s3().list_object_versions(Bucket=BUCKET, Prefix=f"inbox/{NAME}")["Versions"]) == 1
