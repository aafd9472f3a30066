"""Staff looks at what became of a file of the ERP, and has it taken in once more."""

import pytest
from botocore.exceptions import ReadTimeoutError

from miinti import aws
from miinti.erp import reports
from tests import erp
from tests.cloud import BUCKET, Cloud
from tests.staff import acts, asked, declined, done, trail

NAME = "documents.csv"


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
    erp.take(cloud, erp.drop(name, content))
    assert erp.state(cloud) == before
    assert acts(cloud) == [("rerun", None, None)]
    assert trail(cloud)[0]["target"] == name


@pytest.mark.parametrize("action", ["report", "rerun"])
def test_S75_S77_what_cannot_be_noted_is_not_done(cloud: Cloud, action: str) -> None:
    delivered(cloud)
    cloud.faults["dynamodb:PutItem"] = ReadTimeoutError(endpoint_url="https://dynamodb")
    assert asked(cloud, "handle_import", action, file=NAME) == {"declined": "unavailable"}
    assert len(aws.s3().list_object_versions(Bucket=BUCKET, Prefix=f"inbox/{NAME}")["Versions"]) == 1
