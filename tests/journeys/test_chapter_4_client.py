"""Chapter 4 of the manual, "Clientes - Mis comprobantes": link with type, CUIT and number, see the documents, download
them. The manual's own screen is the sample's client 27334."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests import documents
from tests.journeys.conftest import Portal, read
from tests.journeys.person import Person

PRINTED = ("33-69345023-9", "0027334")
"""CUIT and number of the manual's client, as an invoice prints them."""
COMPANY = "c-27334"


def as_of_today(item: dict[str, Any]) -> dict[str, Any]:
    """What the files show of a document, with its PDF in and the states that time has moved on."""
    today = dt.datetime.now(ZoneInfo("America/Argentina/Buenos_Aires")).date().isoformat()
    item = {**item, "has_file": True}
    if item["kind"] == "voucher" and item["status"] == "due" and item["due_date"] < today:
        item |= {"status": "overdue", "status_label": "Vencido"}
    if item["kind"] == "quote" and item["status"] == "sent" and item["valid_until"] < today:
        item |= {"status": "expired", "status_label": "Vencido"}
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
    told = portal.mail(row["email"], "company_linked")
    assert row["name"] in told["subject"] or "vínculos" in told["subject"]
    assert ana.email in told["text"]
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


@pytest.mark.parametrize("sort", ["date", "-date", "number", "billed", "-collected", "status", "type"])
def test_orders_are_those_of_the_files(ana: Person, sort: str) -> None:
    name = sort.removeprefix("-")
    items = ana.walk(COMPANY, sort=sort, limit=17)
    assert len({item["id"] for item in items}) == len(items) == len(documents.expected("voucher", COMPANY))
    if name == "status":
        ranks = ["overdue", "due", "partial", "on_account", "applied", "paid", "void"]
        order = [max(1, ranks.index(item["status"])) if item["status"] != "overdue" else 0 for item in items]
        assert [2 if rank == 1 else rank for rank in order] == sorted(2 if rank == 1 else rank for rank in order)
        return
    values = [item[name] for item in items]
    there = [value for value in values if value is not None]
    assert values == there + [None] * (len(values) - len(there))  # absent values come last either way
    numbers = [float(value) if name in {"billed", "collected", "number"} else value for value in there]
    assert numbers == sorted(numbers, reverse=sort.startswith("-"))


@pytest.mark.parametrize("spelling", ["1513", "205-1513", "00205-00001513", "20500001513"])
def test_a_number_is_found_in_any_spelling(ana: Person, spelling: str) -> None:
    assert "20500001513" in {item["number"] for item in ana.walk(COMPANY, q=spelling)}


@pytest.mark.parametrize("query", [{"status": "paid"}, {"type": "006"}, {"q": "RECIBO"}, {"q": "242.168,00"}])
def test_filters_show_what_a_look_over_the_files_shows(ana: Person, query: dict[str, str]) -> None:
    def fits(item: dict[str, Any]) -> bool:
        if "q" not in query:
            return all(item[name] == value for name, value in query.items())
        amounts = {item[name] for name in ("billed", "collected", "remaining")}
        return query["q"].lower() in item["type_label"].lower() or "242168.00" in amounts & {query["q"], "242168.00"}

    expected = {
        item["id"]
        for item in map(as_of_today, documents.expected("voucher", COMPANY))
        if (fits(item) if query.get("q") != "RECIBO" else "recibo" in item["type_label"].lower())
    }
    assert {item["id"] for item in ana.walk(COMPANY, **query)} == expected


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
    token = next(link.partition("#t=")[2] for link in mail["links"] if "#t=" in link)
    nobody = Person(portal)
    assert nobody.ask("POST", "/v1/companies/object", {"token": token}).status_code == 204
    assert beto.ask("GET", f"/v1/companies/{company['id']}/docs").status_code == 404
    assert beto.get("/v1/companies")["items"] == []
