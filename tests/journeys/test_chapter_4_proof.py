"""Chapter 4 under policy ``proof``: CUIT and number are on every invoice, so they prove nothing; a code that goes to
the company's address on file does."""

from tests import documents
from tests.journeys.conftest import Portal, code_of, read, token_of
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
    code = code_of(mail)
    confirm = f"/v1/link-requests/{asked.json()['request_id']}/confirm"
    wrong = ana.ask("POST", confirm, {"code": "AAAAAA" if code != "AAAAAA" else "BBBBBB"})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "invalid_code")
    right = ana.ask("POST", confirm, {"code": code})
    assert right.status_code == 201, right.text
    assert right.json()["name"] == row["name"]
    assert request["cuit"] == row["cuit"]

    items = ana.walk(right.json()["id"])
    assert {item["id"] for item in items} == {item["id"] for item in documents.expected("voucher", right.json()["id"])}
    assert "PDF" in ana.download(right.json()["id"], items[0]["id"])[0]["content_type"].upper()
    proof_portal.mail(row["email"], "company_linked", about=ana.email)


def test_T4_nothing_tells_whether_there_is_such_a_company(proof_portal: Portal) -> None:
    row = client_with_documents(proof_portal)
    ana = Person(proof_portal).arrive()
    real, none = ana.link("client", row["cuit"], row["code"]), ana.link("client", row["cuit"], "99999")
    assert real.status_code == none.status_code == 202
    bodies = [asked.text.replace(asked.json()["request_id"], "") for asked in (real, none)]
    assert bodies[0] == bodies[1]
    asked_for = ana.get("/v1/link-requests")["items"]
    assert len(asked_for) == 2
    assert len({request["state"] for request in asked_for}) == 1
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


def test_the_company_objects_to_a_link_that_a_code_made(proof_portal: Portal) -> None:
    """Somebody read the company's mail who should not: whoever reads it next ends the link, and no code goes again."""
    row = [row for row in read(proof_portal.sample, "companies") if row["kind"] == "Cliente" and row["email"]][4]
    beto = Person(proof_portal, "Beto").arrive()
    codes, notices = (len(proof_portal.mails(row["email"], name)) for name in ("link_code", "company_linked"))
    asked = beto.link("client", row["cuit"], row["code"]).json()["request_id"]
    code = code_of(proof_portal.mail(row["email"], "link_code", after=codes))
    assert beto.ask("POST", f"/v1/link-requests/{asked}/confirm", {"code": code}).status_code == 201
    assert beto.get("/v1/companies")["total"] == 1

    told = proof_portal.mail(row["email"], "company_linked", after=notices)
    assert f"({beto.email})" in told["text"]
    nobody = Person(proof_portal)
    for _ in range(2):  # the same link clicked twice says the same
        assert nobody.ask("POST", "/v1/companies/object", {"token": token_of(told)}).status_code == 204
    assert beto.get("/v1/companies")["items"] == []
    assert beto.ask("GET", f"/v1/companies/c-{row['code']}/docs").status_code == 404
    assert row["name"] in beto.mail("link_suspended")["subject"]

    assert beto.link("client", row["cuit"], row["code"]).status_code == 202
    proof_portal.settled()
    assert len(proof_portal.mails(row["email"], "link_code")) == codes + 1
    assert len(proof_portal.mails(beto.email, "link_suspended")) == 1
