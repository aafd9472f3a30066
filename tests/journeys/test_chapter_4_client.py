"""Chapter 4 of the manual, "Clientes - Mis comprobantes": link with type, CUIT and number, see the documents, download
them. The manual's own screen is the sample's client 27334."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import documents
from tests.journeys.conftest import Portal, read, token_of
from tests.journeys.person import Person

PRINTED = ("33-69345023-9", "0027334")
"""CUIT and number of the manual's client, as an invoice prints them."""
COMPANY = "c-27334"


def as_of_today(item: dict[str, Any]) -> dict[str, Any]:
    """What the files show of a document, with its PDF in, and overdue where time has made it so: an open debit alone;
    a quote has the state that the ERP gives it."""
    today = dt.datetime.now(ZoneInfo("America/Argentina/Buenos_Aires")).date().isoformat()
    item = {**item, "has_file": True}
    if item["kind"] == "voucher" and item["status"] in ("due", "partial") and item["due_date"] < today:
        item |= {"status": "overdue", "status_label": "Vencido"}
    return item


@pytest.fixture(scope="module")
def ana(portal: Portal) -> Person:
    """Logged in and linked to the manual's client."""
    ana = Person(portal).arrive()
    answer = ana.link("client", *PRINTED)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == f"/v1/companies/{COMPANY}"
    return ana


def test_the_link_is_listed_and_the_company_is_told(ana: Person, portal: Portal) -> None:
    [row] = [row for row in read(portal.sample, "companies") if (row["kind"], row["code"]) == ("Cliente", "27334")]
    [company] = ana.get("/v1/companies", role="client")["items"]
    assert {name: company[name] for name in ("id", "role", "cuit", "number", "name")} == {
        "id": COMPANY,
        "role": "client",
        "cuit": "33693450239",
        "number": "27334",
        "name": row["name"],
    }
    assert (company["balance"]["amount"], company["balance"]["currency"]) == ("242168.00", "ARS")
    told = portal.mail(row["email"], "company_linked", about=ana.email)
    assert row["name"] in told["subject"] or "vínculos" in told["subject"]
    again = ana.link("client", "33693450239", "27334")
    assert (again.status_code, again.json()["code"], again.json()["id"]) == (409, "already_linked", COMPANY)


def test_the_manuals_first_lines_are_there(ana: Person) -> None:
    items = ana.walk(COMPANY, **{"from": "2019-11-23", "to": "2019-11-23"})
    shown = {(item["date"], item["number"], item["type_label"], item["billed"], item["collected"]) for item in items}
    for number in ("20500001513", "20500001509", "20500001510", "20500001506", "20500001511"):
        assert ("2019-11-23", number, "Factura", "0.00", None) in shown
    assert {item["status_label"] for item in items} == {"Pagado"}


@pytest.mark.parametrize("kind", ["voucher", "quote", "work_order"])
def test_every_document_is_as_the_files_have_it(ana: Person, kind: str) -> None:
    expected = [as_of_today(item) for item in documents.expected(kind, COMPANY)]
    found = ana.walk(COMPANY, kind=kind)
    assert len(expected) == len(found) > 0
    assert sorted(found, key=lambda item: str(item["id"])) == sorted(expected, key=lambda item: str(item["id"]))


@pytest.mark.parametrize("sort", documents.VOUCHER_SORTS)
def test_orders_are_those_of_the_files(ana: Person, sort: str) -> None:
    wanted = documents.in_order([as_of_today(item) for item in documents.expected("voucher", COMPANY)], sort)
    assert [item["id"] for item in ana.walk(COMPANY, sort=sort)] == [item["id"] for item in wanted]


def test_small_pages_show_each_document_once(ana: Person) -> None:
    """Ten at a time, as the manual's "Mostrar 10 registros"."""
    first = ana.get(f"/v1/companies/{COMPANY}/docs")
    assert len(first["items"]) == 10
    assert first["total"] == len(documents.expected("voucher", COMPANY))
    assert first["company"]["name"] == ana.get("/v1/companies")["items"][0]["name"]
    assert ana.walk(COMPANY, limit=17) == ana.walk(COMPANY)


@pytest.mark.parametrize("spelling", ["1513", "205-1513", "00205-00001513", "20500001513"])
def test_a_number_is_found_in_any_spelling(ana: Person, spelling: str) -> None:
    assert "20500001513" in {item["number"] for item in ana.walk(COMPANY, q=spelling)}


@pytest.mark.parametrize(
    "query",
    [
        {"status": "paid"},
        {"status": "overdue"},
        {"type": "006"},
        {"from": "2020-01-01", "to": "2020-12-31"},
        {"from": "2020-01-01", "type": "006", "q": "pagado"},
        {"q": "RECIBO"},
        {"q": "nota de credito"},
        {"q": ".000,00"},
        {"q": "ninguno"},
    ],
)
def test_filters_and_searches_show_what_a_look_over_the_files_shows(ana: Person, query: dict[str, str]) -> None:
    wanted = [
        item
        for item in map(as_of_today, documents.expected("voucher", COMPANY))
        if query.get("from", "") <= item["date"] <= query.get("to", "9999")
        and all(item[name] == query.get(name, item[name]) for name in ("status", "type"))
        and documents.found(item, query.get("q", ""))
    ]
    assert (query == {"q": "ninguno"}) == (wanted == [])
    assert ana.walk(COMPANY, **query) == documents.in_order(wanted, "-date")


def test_an_invoice_shows_what_paid_it_and_its_pdf_is_the_invoice(ana: Person) -> None:
    lines = {line["doc_key"]: line for line in documents.lines_of("voucher", COMPANY)}
    applied = [line for line in documents.table("applications") if line["debit_key"] in lines]
    invoice, paid_by = lines[applied[0]["debit_key"]], applied[0]
    doc_id = documents.voucher_id(invoice["doc_key"])
    shown = ana.get(f"/v1/companies/{COMPANY}/docs/{doc_id}")
    assert shown["billed"] == invoice["billed_ars"]
    assert (paid_by["applied_date"], paid_by["amount_ars"]) in {
        (one["date"], one["amount"]) for one in shown["applications"]
    }
    told, text = ana.download(COMPANY, str(doc_id))
    assert told["filename"].endswith(".pdf")
    assert f"{int(invoice['point_of_sale']):05d}" in text
    assert f"{int(invoice['number']):08d}" in text
    assert invoice["auth_code"] in text  # CAE
    assert "33-69345023-9" in text


@pytest.mark.parametrize("kind", ["quote", "work_order"])
def test_quotes_and_work_orders_are_downloaded_too(ana: Person, kind: str) -> None:
    document = ana.get(f"/v1/companies/{COMPANY}/docs", kind=kind, limit=1)["items"][0]
    assert document["number"] in ana.download(COMPANY, document["id"])[1]


def test_S48_who_unlinks_sees_nothing_any_more(portal: Portal) -> None:
    beto = Person(portal, "Beto").arrive()
    beto.link("client", *PRINTED)
    doc_id = beto.get(f"/v1/companies/{COMPANY}/docs", limit=1)["items"][0]["id"]
    assert beto.ask("DELETE", f"/v1/companies/{COMPANY}").status_code == 204
    assert beto.get("/v1/companies")["items"] == []
    assert "Desvinculaste" in beto.mail("company_unlinked")["subject"]
    for path in ("docs", f"docs/{doc_id}", f"docs/{doc_id}/download"):
        assert beto.ask("GET", f"/v1/companies/{COMPANY}/{path}").status_code == 404


def test_a_wrong_pair_and_an_unknown_number_are_one_answer(portal: Portal) -> None:
    beto = Person(portal, "Beto").arrive()
    answers = [beto.link("client", "33693450239", number) for number in ("99999", "27335")]
    assert {(answer.status_code, answer.json()["code"]) for answer in answers} == {(404, "company_not_found")}
    wrong = beto.link("client", "33-69345023-8", "27334")
    assert (wrong.status_code, wrong.json()["errors"][0]["code"]) == (422, "invalid_cuit")


def test_the_company_objects_and_the_link_is_suspended_at_once(portal: Portal) -> None:
    row = next(row for row in read(portal.sample, "companies") if row["kind"] == "Cliente" and row["code"] != "27334")
    before = len(portal.mails(row["email"], "company_linked"))
    beto = Person(portal, "Beto").arrive()
    company = beto.linked(row)
    mail = portal.mail(row["email"], "company_linked", after=before)
    token = token_of(mail)
    nobody = Person(portal)
    assert nobody.ask("POST", "/v1/companies/object", {"token": token}).status_code == 204
    assert beto.ask("GET", f"/v1/companies/{company['id']}/docs").status_code == 404
    assert beto.get("/v1/companies")["items"] == []
    assert row["name"] in beto.mail("link_suspended")["subject"]
    # Linking it again is no way round: it stays suspended.
    assert beto.link("client", row["cuit"], row["code"]).status_code == 409
    assert beto.get("/v1/companies")["items"] == []


def test_who_is_linked_already_is_told_of_the_next(portal: Portal) -> None:
    row = [row for row in read(portal.sample, "companies") if row["kind"] == "Cliente"][5]
    ana, beto = Person(portal).arrive(), Person(portal, "Beto", "Quispe").arrive()
    ana.linked(row)
    beto.linked(row)
    told = ana.mail("company_linked_member")
    assert row["name"] in told["subject"]
    assert "Beto Quispe" in told["text"]
    portal.settled()
    assert portal.mails(beto.email, "company_linked_member") == []
