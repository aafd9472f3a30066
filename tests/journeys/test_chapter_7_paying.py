"""Chapter 7 of the manual, "Pago electrónico": user and key that came by mail, for 72 hours, and another by asking."""

import pytest

from tests import payers
from tests.journeys.conftest import Portal, key_of, read
from tests.journeys.person import Person, same_answer


@pytest.fixture
def client(portal: Portal) -> dict[str, str]:
    """A client that owes something."""
    owing = {row["company_code"] for row in read(portal.sample, "documents") if float(row["remaining_ars"] or 0) > 0}
    rows = read(portal.sample, "companies")
    return next(row for row in rows if row["kind"] == "Cliente" and row["code"] in owing and row["email"])


def test_S25_the_key_that_came_by_mail_shows_what_is_owed_and_pays_it(portal: Portal, client: dict[str, str]) -> None:
    payer = Person(portal)
    before = len(portal.mails(client["email"], "payment_key"))
    assert payer.ask("POST", "/v1/payment/key", {"user": client["code"]}).status_code == 202
    mail = portal.mail(client["email"], "payment_key", after=before)
    assert "72 horas" in mail["text"]
    assert "hora de Argentina" in mail["text"]
    key = key_of(mail)
    portal.secrets |= {key, key.replace("-", "")}

    form = {"user": client["code"], "key": key.lower()}
    wrong = payer.ask("POST", "/v1/payment/login", {**form, "key": payers.WRONG})
    nobody = payer.ask("POST", "/v1/payment/login", {**form, "user": "9999999"})
    assert (wrong.status_code, wrong.json()["code"]) == (401, "invalid_credentials")
    assert same_answer(wrong, nobody)
    answer = payer.ask("POST", "/v1/payment/login", form)
    assert answer.status_code == 200, answer.text
    company = answer.json()["company"]
    ends_at = company.pop("ends_at")
    assert company == {"id": f"c-{client['code']}", "number": client["code"], "name": client["name"]}
    payer.access_token = answer.json()["access_token"]

    where = f"/v1/companies/{company['id']}"
    owed = payer.get(f"{where}/debts")["items"]
    free = next(item["id"] for item in owed if item["payment"] is None)
    started = payer.ask("POST", f"{where}/payments", {"doc_ids": [free]}, headers={"Idempotency-Key": "con-clave"})
    assert started.status_code == 201, started.text
    pid = started.json()["id"]
    assert payer.get(f"{where}/payments/{pid}")["state"] == "created"
    assert payer.ask("DELETE", f"{where}/payments/{pid}").status_code == 204

    for path in ("/v1/me", "/v1/sessions", "/v1/companies", f"{where}/docs", f"{where}/statement"):
        refused = payer.ask("GET", path)
        assert (refused.status_code, refused.json()["code"]) == (401, "invalid_token"), path
    assert payer.ask("POST", f"{where}/payment-key").status_code == 401

    renewed = payer.ask("POST", "/v1/session/refresh")
    assert (renewed.json()["user"], renewed.json()["company"]) == (None, {**company, "ends_at": ends_at})
    payer.access_token = renewed.json()["access_token"]
    assert payer.ask("POST", "/v1/session/logout").status_code == 204
    assert payer.ask("GET", f"{where}/debts").status_code == 401


def test_who_is_linked_has_the_key_mailed_to_the_company(portal: Portal, client: dict[str, str]) -> None:
    ana = Person(portal).arrive()
    company = ana.linked(client)
    before = len(portal.mails(client["email"], "payment_key"))
    assert ana.ask("POST", f"/v1/companies/{company['id']}/payment-key").status_code == 202
    assert key_of(portal.mail(client["email"], "payment_key", after=before))
    assert portal.mails(ana.email, "payment_key") == []
