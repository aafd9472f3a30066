"""From the ERP's file to the mailbox: documents that are new, told of by one mail whose links open them."""

import json
import re
import time
from collections import Counter
from typing import Any

import httpx
import pytest

from tests import companies, erp
from tests.journeys.conftest import TLS, Portal, tokens_of, web
from tests.journeys.person import Person

CODE, CUIT = "70707", companies.cuit(70_707_070)


def dropped(portal: Portal, name: str, rows: list[dict[str, str]], **files: str) -> dict[str, Any]:
    """Drop PDFs, then a file of rows as the ERP would; its report."""
    s3, bucket = portal.aws("s3"), portal.deployed["outputs"]["BucketName"]
    for file, text in files.items():
        s3.put_object(Bucket=bucket, Key=f"inbox/files/{file}.pdf", Body=erp.pdf(text))
    s3.put_object(Bucket=bucket, Key=f"inbox/{name}", Body=erp.written(rows))
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = s3.list_objects_v2(Bucket=bucket, Prefix=f"reports/{name}.json").get("Contents", [])
        if found:
            report: dict[str, Any] = json.loads(s3.get_object(Bucket=bucket, Key=found[0]["Key"])["Body"].read())
            return report
        time.sleep(0.1)
    raise AssertionError(f"no report of {name}")


def workshop(portal: Portal, code: str = CODE) -> dict[str, str]:
    """A company that nothing else knows, delivered: its row of companies.csv."""
    row = next(row for row in erp.sample("companies") if row["kind"] == "Cliente")
    mine = {
        **row,
        "code": code,
        "cuit": CUIT,
        "name": "TALLER DE LAS NOVEDADES SRL",
        "email": f"taller.{code}@ejemplo.example",
    }
    assert dropped(portal, f"companies-{code}.csv", [mine])["accepted"] == 1
    return mine


@pytest.fixture(scope="module")
def ana(portal: Portal) -> Person:
    """Linked to a company that no other journey knows."""
    ana = Person(portal).arrive()
    ana.linked(workshop(portal))
    return ana


def invoices(*numbers: int) -> list[dict[str, str]]:
    return [
        erp.invoice(
            number,
            company_code=CODE,
            cuit=CUIT,
            point_of_sale="707",
            number_display=f"707{number:08d}",
            doc_key=f"001-00707-{number:08d}",
            pdf_file=f"news-{number}.pdf",
        )
        for number in numbers
    ]


def test_one_mail_tells_of_a_delivery_and_each_link_opens_its_own_document(portal: Portal, ana: Person) -> None:
    rows = invoices(1, 2, 3)
    report = dropped(portal, "documents-news.csv", rows, **{"news-1": "Primera", "news-2": "Segunda"})
    assert (report["accepted"], report["rejected"]) == (3, [])
    mail = ana.mail("documents_new")
    for number in (1, 2, 3):
        assert f"Factura A 00707-0000000{number}" in mail["text"]
    assert "X-Amz-" not in mail["text"] + mail["html"]
    tokens = dict(zip(re.findall(r"00707-0000000(\d)", mail["text"]), tokens_of(mail), strict=False))
    stranger = Person(portal)
    opened = stranger.ask("POST", "/v1/links/open", {"token": tokens["2"]})
    assert opened.status_code == 200, opened.text
    assert not stranger.cookies
    file = web.get(opened.json()["url"])
    assert file.content == erp.pdf("Segunda")
    assert opened.json()["document"] == {"kind": "voucher", "number": "70700000002", "date": rows[1]["issue_date"]}
    missing = stranger.ask("POST", "/v1/links/open", {"token": tokens["3"]})
    assert (missing.status_code, missing.json()["code"]) == (404, "file_missing")

    held = ana.get("/v1/me/links")
    assert held["total"] == 3
    [second] = [one["id"] for one in held["items"] if one["document"]["number"] == "70700000002"]
    assert ana.ask("DELETE", f"/v1/me/links/{second}").status_code == 204
    gone = stranger.ask("POST", "/v1/links/open", {"token": tokens["2"]})
    assert (gone.status_code, gone.json()["code"]) == (410, "link_expired")
    assert stranger.ask("POST", "/v1/links/open", {"token": tokens["1"]}).status_code == 200


def test_a_thousand_gets_of_what_mail_links_to_spend_nothing(portal: Portal, ana: Person) -> None:
    """Filters, previews and caches of mail programs fetch every address in a mail, as often as they like."""
    first = ana.mail("documents_new")
    token = tokens_of(first)[0]
    one_click = ana.one_click()
    pages = ("/documento", f"/baja?t={one_click}")
    portal.settled()
    before = portal.rows("CompaniesTable"), portal.rows("OutboxTable")
    mailed = [row for row in before[0] if row["sk"]["S"].startswith("MAILED#")]
    assert mailed
    with httpx.Client(base_url=portal.url, timeout=60, verify=TLS) as program:
        seen = Counter((page, program.get(page).status_code) for _ in range(1000) for page in pages)
    assert seen == {(pages[0], 200): 1000, (pages[1], 303): 1000}
    assert Person(portal).ask("GET", f"/v1/unsubscribe?t={one_click}").status_code == 405
    assert (portal.rows("CompaniesTable"), portal.rows("OutboxTable")) == before
    assert Person(portal).ask("POST", "/v1/links/open", {"token": token}).status_code == 200
    assert ana.get("/v1/me/notifications")["companies"][f"c-{CODE}"]["news"]["voucher"] == "link"


def test_the_same_file_again_is_no_news_and_who_wants_none_gets_none(portal: Portal, ana: Person) -> None:
    before = len(portal.mails(ana.email, "documents_new"))
    assert dropped(portal, "documents-news-again.csv", invoices(1, 2, 3))["unchanged"] == 3
    chosen = {"companies": {f"c-{CODE}": {"news": {"voucher": "none"}, "reminders": False}}}
    assert ana.ask("PUT", "/v1/me/notifications", chosen).status_code == 204
    assert dropped(portal, "documents-news-more.csv", invoices(4))["accepted"] == 1
    portal.settled()
    assert len(portal.mails(ana.email, "documents_new")) == before
    assert ana.get(f"/v1/companies/c-{CODE}/docs")["total"] == 4
