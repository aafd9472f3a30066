"""The file that says where to tell of a hole (S80), and what is noticed when it is wrong."""

import datetime as dt

import pytest

from miinti import aws
from tests.cloud import Cloud
from tools import deploy, security_txt

PORTAL = "https://mi.inti.example"
NOW = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


def faults(text: str, after: int = 0, portal: str = PORTAL) -> list[str]:
    return list(security_txt.faults(text, portal, NOW + dt.timedelta(days=after)))


def test_S80_the_file_has_the_fields_of_rfc_9116() -> None:
    assert security_txt.text(PORTAL, NOW).splitlines() == [
        "Contact: https://mi.inti.example/ayuda",
        "Expires: 2027-11-23T09:00:00Z",
        "Preferred-Languages: es, en",
        "Canonical: https://mi.inti.example/.well-known/security.txt",
    ]


@pytest.mark.parametrize(("days", "wrong"), [(0, 0), (334, 0), (335, 1), (400, 1)])
def test_S80_a_month_before_it_expires_who_looks_is_told(days: int, wrong: int) -> None:
    assert len(faults(security_txt.text(PORTAL, NOW), days)) == wrong


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("Contact", "Kontakt"),
        ("Canonical: https://mi.inti.example", "Canonical: https://otro.example"),
        ("2027-11-23T09:00:00Z", "mañana"),
        ("2027-11-23T09:00:00Z", "2027-11-23"),
        ("Preferred-Languages: es, en\n", ""),
    ],
)
def test_S80_a_wrong_file_is_noticed(before: str, after: str) -> None:
    assert len(faults(security_txt.text(PORTAL, NOW).replace(before, after))) == 1


def test_S80_a_deployment_puts_it_beside_the_pages(cloud: Cloud) -> None:
    aws.s3().create_bucket(Bucket="web")
    aws.s3().put_object(Bucket="web", Key="old.html", Body=b"x")
    deploy.upload_pages("dev", "web", PORTAL)
    keys = {item["Key"] for item in aws.s3().list_objects_v2(Bucket="web")["Contents"]}
    assert {"index.html", "robots.txt", ".well-known/security.txt"} <= keys
    assert "old.html" not in keys
    file = aws.s3().get_object(Bucket="web", Key=".well-known/security.txt")
    assert (file["ContentType"], file["CacheControl"]) == ("text/plain; charset=utf-8", "no-cache")
    assert list(security_txt.faults(file["Body"].read().decode(), PORTAL, dt.datetime.now(dt.UTC))) == []
