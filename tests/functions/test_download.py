"""GET /v1/companies/{id}/docs/{doc_id}/download. Who may not: test_show_doc.py."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import requests
import time_machine

from miinti import aws
from miinti.documents import files, rows
from miinti.documents.kinds import VOUCHER_TYPES
from tests import documents
from tests.cloud import BUCKET, Cloud
from tests.documents import company_row, fill, person

NOW = "2026-07-01T12:00:00.400Z"
COMPANY = "c-27334"
PDF = b"%PDF-1.7 a voucher\n%%EOF\n"
FACTS: dict[str, dict[str, Any]] = {
    "v": {"date": "2019-11-23", "due_date": "2019-11-23", "billed": 0, "remaining": 0},
    "q": {"date": "2019-11-23", "total": 1, "currency": "ARS", "status": "sent"},
    "o": {"date": "2019-11-23", "stage": "invoiced"},
    "w": {"date": "2019-11-23", "base": 1, "rate": "1.00", "amount": 1, "status": "issued"},
}


@pytest.fixture
def token(cloud: Cloud) -> Iterator[str]:
    with time_machine.travel(NOW, tick=False):
        fill([company_row(COMPANY), company_row("s-3012")])
        yield person(cloud, "a1", COMPANY, "s-3012")


def document(doc_id: str, company_id: str = COMPANY, **more: Any) -> str:
    """A document with its PDF in the bucket, as ingestion leaves them; answers the object's key."""
    key = f"documents/{doc_id}-9f86d081884c7d65.pdf"
    held = {"f": True, "file_key": key, "file_size": len(PDF)}
    fill([{**rows.row(company_id, doc_id, FACTS[doc_id[0]]), **held, **more}])
    aws.s3().put_object(Bucket=BUCKET, Key=key, Body=PDF)
    return key


def downloaded(cloud: Cloud, token: str, doc_id: str, company_id: str = COMPANY) -> dict[str, Any]:
    answer = cloud.call("download", token=token, path={"id": company_id, "doc_id": doc_id})
    assert answer.status == 200, answer.text
    return dict(answer.json)


def test_answers_an_address_that_gives_the_pdf_under_its_name(cloud: Cloud, token: str) -> None:
    document("v-00205-00001506-006")
    answer = downloaded(cloud, token, "v-00205-00001506-006")
    assert {**answer, "url": ""} == {
        "url": "",
        "expires_at": "2026-07-01T12:02:00Z",
        "filename": "Factura-B-00205-00001506.pdf",
        "content_type": "application/pdf",
        "size": len(PDF),
    }
    got = requests.get(answer["url"], timeout=5)
    assert got.content == PDF
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["cache-control"] == "no-store"
    assert got.headers["content-disposition"].startswith("attachment;")


def test_S55_the_address_is_of_one_object_signed_by_sigv4_for_two_minutes_at_most(cloud: Cloud, token: str) -> None:
    """A role's credentials may end sooner than asked (5.6); botocore signs any number of seconds, so this caps them."""
    key = document("v-00205-00001506-006")
    url = urlsplit(downloaded(cloud, token, "v-00205-00001506-006")["url"])
    query = {name: value for name, (value,) in parse_qs(url.query).items()}
    assert (url.scheme, url.netloc) == ("https", f"{BUCKET}.s3.us-east-1.amazonaws.com")
    assert unquote(url.path) == f"/{key}"
    assert query["X-Amz-Algorithm"] == "AWS4-HMAC-SHA256"
    assert "/us-east-1/s3/aws4_request" in query["X-Amz-Credential"]
    assert query["X-Amz-Date"] == "20260701T120000Z"
    assert query["X-Amz-SignedHeaders"] == "host"
    assert 0 < int(query["X-Amz-Expires"]) == files.LIFE <= 120
    assert query["response-content-type"] == "application/pdf"
    assert query["response-cache-control"] == "no-store"
    assert "Signature" not in query
    assert "AWSAccessKeyId" not in query


def test_S55_the_address_is_the_one_that_boto3_would_sign(cloud: Cloud, token: str) -> None:
    """``aws`` signs without a client, which costs a fifth of a cold start; what comes out is the same."""
    key = "documents/ñandú y más/1+1=2&3~_.pdf"
    document("v-00205-00001506-006", file_key=key)
    url = downloaded(cloud, token, "v-00205-00001506-006")["url"]
    (disposition,) = parse_qs(urlsplit(url).query)["response-content-disposition"]
    theirs = aws.s3().generate_presigned_url(
        "get_object",
        Params={
            "Bucket": BUCKET,
            "Key": key,
            "ResponseContentDisposition": disposition,
            "ResponseContentType": "application/pdf",
            "ResponseCacheControl": "no-store",
        },
        ExpiresIn=files.LIFE,
    )
    assert urlsplit(url)[:3] == urlsplit(theirs)[:3]
    assert parse_qs(urlsplit(url).query) == parse_qs(urlsplit(theirs).query)


@pytest.mark.parametrize(
    ("doc_id", "name"),
    [
        ("v-00205-00001506-006", "Factura-B-00205-00001506.pdf"),
        ("v-10001-00002071-003", "Nota-de-Credito-A-10001-00002071.pdf"),
        ("v-00005-00000187-RX", "Recibo-X-00005-00000187.pdf"),
        ("v-00001-00000001-201", "Factura-de-Credito-Electronica-MiPyME-A-00001-00000001.pdf"),
        ("v-00005-00000007-083", "Tique-00005-00000007.pdf"),
        ("v-00005-00000007-060", "Cuenta-de-Venta-y-Liquido-Producto-A-00005-00000007.pdf"),
        ("q-P-2019-000001", "Presupuesto-P-2019-000001.pdf"),
        ("o-OT-2019-000001", "Orden-de-trabajo-OT-2019-000001.pdf"),
        ("w-IVA-20190000000001", "Retencion-IVA-20190000000001.pdf"),
    ],
)
def test_S55_the_name_is_ours_and_the_same_in_answer_and_disposition(
    cloud: Cloud, token: str, doc_id: str, name: str
) -> None:
    company_id = "s-3012" if doc_id.startswith("w") else COMPANY
    document(doc_id, company_id)
    answer = downloaded(cloud, token, doc_id, company_id)
    assert answer["filename"] == name
    (disposition,) = parse_qs(urlsplit(answer["url"]).query)["response-content-disposition"]
    assert disposition == f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"


def test_names_tell_all_types_apart_and_are_plain() -> None:
    names = {files.name(f"v-00005-00000007-{code}") for code in VOUCHER_TYPES}
    assert len(names) == len(VOUCHER_TYPES) > 75
    assert all(re.fullmatch(r"([A-Za-z0-9]+-)+[0-9]{5}-[0-9]{8}\.pdf", name) for name in names)


def test_every_name_of_the_sample_is_plain_and_of_one_document() -> None:
    names = []
    for name, reader in documents.READERS.values():
        names += [files.name(reader(line)[1]) for line in documents.table(name)]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[A-Za-z0-9.-]{1,120}\.pdf", name) for name in names)


@pytest.mark.parametrize("more", [{"f": None, "file_key": None, "file_size": None}, {"f": None}, {"file_key": None}])
def test_without_its_pdf_it_is_missing(cloud: Cloud, token: str, more: dict[str, Any]) -> None:
    document("v-00205-00001506-006", **more)
    answer = cloud.call("download", token=token, path={"id": COMPANY, "doc_id": "v-00205-00001506-006"})
    assert (answer.status, answer.code) == (404, "file_missing")


def test_S49_the_object_is_the_one_that_the_row_names(cloud: Cloud, token: str) -> None:
    """Whatever the client sends: the id finds a row, and the row names the object."""
    key = "documents/elsewhere/77.pdf"
    document("v-00205-00001506-006", file_key=key)
    url = urlsplit(downloaded(cloud, token, "v-00205-00001506-006")["url"])
    assert unquote(url.path) == f"/{key}"


def test_download_takes_one_call(cloud: Cloud, token: str) -> None:
    document("v-00205-00001506-006")
    downloaded(cloud, token, "v-00205-00001506-006")
    cloud.counted()
    downloaded(cloud, token, "v-00205-00001506-006")
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1}


def test_S74_the_address_is_not_logged(cloud: Cloud, token: str, log: Any) -> None:
    document("v-00205-00001506-006")
    url = downloaded(cloud, token, "v-00205-00001506-006")["url"]
    (signature,) = parse_qs(urlsplit(url).query)["X-Amz-Signature"]
    assert log.getvalue()
    assert signature not in log.getvalue()
    assert "documents/" not in log.getvalue()
