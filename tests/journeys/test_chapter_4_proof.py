"""Chapter 4 under policy ``proof``: CUIT and number are on every invoice, so they prove nothing; a code that goes to
the company's address on file does."""

import re

from tests import documents
from tests.journeys.conftest import Portal, read
from tests.journeys.person import Person, same_answer


def client_with_documents(portal: Portal) -> dict[str, str]:
    codes = {row["company_code"] for row in read(portal.sample, "documents")}
    return next(row for row in read(portal.sample, "companies") if row["kind"] == "Cliente" and row["code"] in codes)


def test_a_code_from_the_companys_mailbox_opens_its_documents(proof_portal: Portal) -> None:
    row = client_with_documents(proof_portal)
    ana = Person(proof_portal).arrive()
    before = len(proof_portal.mails(row["email"], "link_code"))
    asked = ana.link("client", row["cuit"], row["code"])
    assert asked.status_code == 202
    assert set(asked.json()) == {"request_id", "state"}
    assert asked.json()["state"] == "received"
    [request] = ana.get("/v1/link-requests")["items"]
    assert ana.get("/v1/companies")["items"] == []

    mail = proof_portal.mail(row["email"], "link_code", after=before)
    assert "Ana Ñandú" in mail["text"]
    found = re.search(r"^([A-Z0-9]{6})$", mail["text"], re.MULTILINE)
    assert found
    confirm = f"/v1/link-requests/{asked.json()['request_id']}/confirm"
    wrong = ana.ask("POST", confirm, {"code": "AAAAAA" if found[1] != "AAAAAA" else "BBBBBB"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_code")
    right = ana.ask("POST", confirm, {"code": found[1]})
    assert right.status_code == 201, right.text
    assert right.json()["name"] == row["name"]
    assert request["cuit"] == row["cuit"]

    items = ana.walk(right.json()["id"])
    assert {item["id"] for item in items} == {item["id"] for item in documents.expected("voucher", right.json()["id"])}
    assert "PDF" in ana.download(right.json()["id"], items[0]["id"])[0]["content_type"].upper()
    assert ana.email in proof_portal.mail(row["email"], "company_linked")["text"]


def test_T4_nothing_tells_whether_there_is_such_a_company(proof_portal: Portal) -> None:
    row = client_with_documents(proof_portal)
    ana = Person(proof_portal).arrive()
    real, none = ana.link("client", row["cuit"], row["code"]), ana.link("client", row["cuit"], "99999")
    assert real.status_code == none.status_code == 202
    assert sorted(real.json()) == sorted(none.json())
    states = {request["state"] for request in ana.get("/v1/link-requests")["items"]}
    assert len(states) == 1
    guesses = [
        ana.ask("POST", f"/v1/link-requests/{asked.json()['request_id']}/confirm", {"code": "AAAAAA"})
        for asked in (real, none)
    ]
    assert guesses[0].json()["code"] == "invalid_code"
    assert same_answer(*guesses)


def test_whose_address_is_on_file_is_linked_at_once(proof_portal: Portal) -> None:
    row = next(row for row in read(proof_portal.sample, "companies") if row["kind"] == "Proveedor" and row["email"])
    owner = Person(proof_portal, email=row["email"]).arrive()
    assert owner.linked(row)["number"] == row["code"]
