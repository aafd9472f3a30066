"""The staff's command against the local run: each of its commands, and the audit trail that has each act."""

import datetime as dt
import json
import time
from collections import Counter
from typing import Any

import pytest
from click.testing import CliRunner, Result

from miinti import clock
from staff.__main__ import main
from tests.functions import test_take_mail_events as ses
from tests.journeys.conftest import Portal, read, token_of, web
from tests.journeys.person import PASSWORD, Person
from tests.template.test_documents import commands

ACTS = {path: path[-1] for path in commands(main)} | {
    ("end-payment-key",): "end_payment_key",
    ("end-sessions",): "end_sessions",
    ("members",): "company",
    ("payments", "held"): "payments_held",
    ("payments", "unsettled"): "payments_unsettled",
    ("payments", "show"): "payment",
    ("payments", "settle"): "settle_payment",
    ("payments", "refund"): "refund_payment",
    ("transfers", "list"): "transfers",
    ("transfers", "show"): "transfer",
    ("transfers", "match"): "match_transfer",
    ("transfers", "refuse"): "refuse_transfer",
}
"""What the trail calls what a command did."""


class Desk:
    """``miinti-staff --local``, as it is typed. ``done`` are the acts that it carried out."""

    def __init__(self, portal: Portal) -> None:
        self._environment = {"STATE_DIR": str(portal.state)}
        self.done: Counter[str] = Counter()

    def typed(self, *words: str) -> Result:
        answer = CliRunner().invoke(main, ["--local", *words], env=self._environment)
        if answer.exit_code == 0:
            path = tuple(word for word in words if word != "--json")
            self.done.update(ACTS[start] for start in {path[:1], path[:2]} if start in ACTS)
        return answer

    def told(self, *words: str) -> dict[str, Any]:
        """The answer of a command that was carried out; as a table it is shown too."""
        answer = self.typed("--json", *words)
        assert answer.exit_code == 0, answer.output
        told: dict[str, Any] = json.loads(answer.stdout)
        return told

    def refused(self, *words: str) -> str:
        answer = self.typed(*words)
        assert answer.exit_code == 1, answer.output
        return answer.output


@pytest.fixture(scope="module")
def desk(proof_portal: Portal) -> Desk:
    return Desk(proof_portal)


@pytest.fixture
def ana(proof_portal: Portal) -> Person:
    return Person(proof_portal).arrive()


def client(portal: Portal) -> dict[str, str]:
    return next(row for row in read(portal.sample, "companies") if row["kind"] == "Cliente")


def asked(ana: Person, company: dict[str, str] | None = None) -> str:
    """A request for a link that waits for its code; its id."""
    row = company or client(ana.portal)
    answer = ana.link("client", row["cuit"], row["code"])
    assert answer.status_code == 202
    return str(answer.json()["request_id"])


def test_accounts(desk: Desk, ana: Person, proof_portal: Portal) -> None:
    found = desk.told("person", ana.email)
    assert (found["person"]["email"], found["person"]["state"]) == (ana.email, "active")
    assert len(found["sessions"]) == 1
    assert desk.told("end-sessions", ana.email)["ended"] == 1
    assert not ana.lets_in()
    assert ana.login().status_code == 200
    assert desk.told("block", ana.email)["ended"] == 1
    assert not ana.lets_in()
    assert ana.login().json()["code"] == "invalid_credentials"
    assert "no está activa" in desk.refused("block", ana.email)
    desk.told("unblock", ana.email)
    assert ana.login().status_code == 200

    bo = Person(proof_portal, "Bo")
    assert bo.register().status_code == 202
    first = token_of(bo.mail("activate"))
    assert desk.told("activation", bo.email)["mail"] == "activate"
    second = token_of(bo.mail("activate", after=1))
    assert bo.ask("POST", "/v1/activate", {"token": first}).status_code == 400
    assert bo.ask("POST", "/v1/activate", {"token": second}).status_code == 204
    assert "no espera activación" in desk.refused("activation", bo.email)
    assert "No hay una cuenta" in desk.refused("person", "nadie@example.com")


def test_links(desk: Desk, ana: Person, proof_portal: Portal) -> None:
    company_id = f"c-{client(proof_portal)['code']}"
    request = asked(ana)
    desk.told("refuse", ana.email, request)
    assert ana.get("/v1/link-requests")["items"][0]["state"] == "refused"
    assert "ya se confirmó o se rechazó" in desk.refused("approve", ana.email, request)
    assert desk.told("approve", ana.email, asked(ana))["company"] == company_id
    assert [one["id"] for one in ana.get("/v1/companies")["items"]] == [company_id]
    assert ana.email in [one["email"] for one in desk.told("members", company_id)["people"]]

    assert ana.ask("POST", f"/v1/companies/{company_id}/payment-key").status_code == 202
    assert desk.told("end-payment-key", company_id) == {"company": company_id, "ended": 0}
    assert "no tiene una clave" in desk.refused("end-payment-key", company_id)

    assert desk.told("view", ana.email)["companies"] == ana.get("/v1/companies")["items"]
    seen = desk.told("view", ana.email, "--company", company_id, "--limit", "2", "--sort", "-billed")
    assert seen["documents"] == ana.get(f"/v1/companies/{company_id}/docs", limit=2, sort="-billed")["items"]

    mail = proof_portal.mail(client(proof_portal)["email"], "company_linked")
    assert ana.ask("POST", "/v1/companies/object", {"token": token_of(mail)}).status_code == 204
    assert ana.get("/v1/companies")["items"] == []
    desk.told("reinstate", ana.email, company_id)
    assert [one["id"] for one in ana.get("/v1/companies")["items"]] == [company_id]


def paid(ana: Person, company_id: str, doc: str) -> str:
    """A payment of a document that the provider credits; what staff calls it."""
    path = f"/v1/companies/{company_id}/payments"
    started = ana.ask("POST", path, {"doc_ids": [doc]}, headers={"Idempotency-Key": doc})
    assert started.status_code == 201, started.text
    payment = started.json()
    web.post(payment["redirect_url"], data={"state": "credited", "notices": "once"})
    deadline = time.monotonic() + 60
    while ana.get(f"{path}/{payment['id']}")["state"] != "credited":
        assert time.monotonic() < deadline
        time.sleep(0.2)
    return f"{company_id}.{payment['id']}"


def test_payments_and_transfers(desk: Desk, ana: Person, proof_portal: Portal) -> None:
    owes = Counter(row["company_code"] for row in read(proof_portal.sample, "documents") if row["status"] == "Vencido")
    debtor, _ = owes.most_common(1)[0]
    row = next(row for row in read(proof_portal.sample, "companies") if row["code"] == debtor)
    company_id = f"c-{row['code']}"
    desk.told("approve", ana.email, asked(ana, row))
    debts = ana.get(f"/v1/companies/{company_id}/debts")["items"]
    docs = [item["id"] for item in debts if item["payment"] is None][:2]
    settled, returned = (paid(ana, company_id, doc) for doc in docs)
    assert {settled, returned} <= {row["id"] for row in desk.told("payments", "unsettled")["payments"]}
    assert [one["state"] for one in desk.told("payments", "show", settled)["attempts"]] == ["credited"]
    desk.told("payments", "settle", settled, "--reason", "Imputado a mano")
    assert "espera su recibo" in desk.refused("payments", "settle", settled, "--reason", "otra vez")
    assert desk.told("payments", "refund", returned, "--all")["state"] == "refunded"
    waiting = {row["id"] for row in desk.told("payments", "unsettled")["payments"]}
    assert waiting & {settled, returned} == set()
    assert desk.told("payments", "held")["more"] is None
    told = [payment["state_label"] for payment in ana.get(f"/v1/companies/{company_id}/payments")["items"][:2]]
    assert sorted(told) == ["Devuelto", "Resuelto por el INTI"]

    day = (clock.today() - dt.timedelta(days=1)).isoformat()
    body = {"amount": "10.00", "date": day, "bank": "Banco Nación", "doc_ids": docs}
    path = f"/v1/companies/{company_id}/transfers"
    ids = [ana.ask("POST", path, body, headers={"Idempotency-Key": f"t-{n}"}).json()["id"] for n in range(2)]
    matched, refused = (f"{company_id}.{one}" for one in ids)
    assert {matched, refused} <= {row["id"] for row in desk.told("transfers", "list")["transfers"]}
    assert desk.told("transfers", "show", matched)["transfer"]["bank"] == "Banco Nación"
    desk.told("transfers", "match", matched)
    desk.told("transfers", "refuse", refused, "--reason", "No está en el extracto.")
    assert "Ya se decidió" in desk.refused("transfers", "match", refused)
    assert {one["id"]: one["state"] for one in ana.get(path)["items"]} == dict(
        zip(ids, ("matched", "refused"), strict=True)
    )
    assert "No está en el extracto." in ana.mail("transfer_refused")["text"]


def test_files_mail_and_the_trail(desk: Desk, ana: Person, proof_portal: Portal) -> None:
    rows = len(read(proof_portal.sample, "companies"))
    assert desk.told("report", "companies.csv")["rows"] == rows
    assert desk.told("rerun", "companies.csv") == {"file": "companies.csv"}
    assert "No hay un informe" in desk.refused("report", "nada.csv")
    # It is noted before it is looked for.
    desk.done["report"] += 1
    assert desk.told("returned")["more"] is None
    desk.told("person", ana.email)
    trail = desk.told("audit", "--person", ana.email)["audit"]
    assert trail[0]["action"] == "person"
    # Her own doings are there too: the log handed them over meanwhile.
    doings = {(row["action"], row["outcome"]) for row in trail if row["kind"] == "event"}
    assert {("activate", "ok"), ("login", "ok")} <= doings
    today = desk.told("audit")["audit"]
    assert {"report", "rerun", "returned", "person", "audit"} <= {row["action"] for row in today}
    assert desk.told("audit", "--actor", trail[0]["actor"])["audit"]
    for secret in (PASSWORD, ana.access_token, *ana.cookies.values(), ana.email):
        assert secret not in json.dumps(today)


def test_who_never_got_what(desk: Desk, ana: Person, proof_portal: Portal) -> None:
    """SES tells of a mail that came back on its topic; the desk lists it, and says so of the person."""
    assert desk.told("person", ana.email)["person"]["email_state"] == "ok"
    bo = Person(proof_portal, "Bo")
    assert bo.register().status_code == 202
    for address in (ana.email, bo.email):
        event = ses.bounce(to=address, message_id=f"ses-{address}")
        topic = proof_portal.deployed["resources"]["MailEvents"]
        proof_portal.aws("sns").publish(TopicArn=topic, Message=json.dumps(event))
        deadline = time.monotonic() + 60
        while desk.told("person", address)["person"]["email_state"] != "bounced":
            assert time.monotonic() < deadline
            time.sleep(0.2)
    about = {
        "what": "bounced",
        "why": "Permanent/General",
        "template": "documents_new",
        "at": event["mail"]["timestamp"],
    }
    listed = desk.told("returned")["returned"]
    assert {**about, "address": ana.email} in listed
    assert {**about, "address": bo.email} in listed
    table = desk.typed("returned").output
    assert ana.email in table
    assert "los correos vuelven" in desk.typed("person", ana.email).output
    assert ana.get("/v1/me/data")["returned"] == [about]
    assert "vuelven" in desk.refused("activation", bo.email)
    told = desk.told("unmark", bo.email, "--reason", "La casilla anda otra vez")
    assert told["was"] == "bounced"
    assert desk.told("person", bo.email)["person"]["email_state"] == "ok"
    assert desk.told("activation", bo.email)["mail"] == "activate"
    assert "no se le dejó de mandar" in desk.refused("unmark", bo.email, "--reason", "x")


def test_each_act_is_in_the_trail_and_none_that_was_declined(
    desk: Desk, ana: Person, request: pytest.FixtureRequest
) -> None:
    """All that the tests before this one did, act by act."""
    desk.told("person", ana.email)
    [mine] = [row for row in desk.told("audit", "--person", ana.email)["audit"] if row["kind"] == "staff"]
    assert "no está bloqueada" in desk.refused("unblock", ana.email)
    done = dict(desk.done)
    trail, more = list[dict[str, Any]](), None
    while more or not trail:
        # What this looks up is noted too, after what was done.
        page = desk.told("audit", "--actor", mine["actor"], *(["--after", more] if more else []))
        trail, more = trail + page["audit"], page["more"]
    acts = [row for row in trail if row["kind"] == "staff"]
    assert Counter(row["action"] for row in acts) == done
    here = {item.name for item in request.session.items if item.path == request.path}
    every = {"test_accounts", "test_links", "test_files_mail_and_the_trail", "test_who_never_got_what"}
    if here >= {*every, "test_payments_and_transfers"}:
        assert done.keys() == set(ACTS.values())


def test_what_is_typed_wrong_is_told_in_spanish(desk: Desk, proof_portal: Portal) -> None:
    nowhere = CliRunner().invoke(main, ["person", "x"], env={"STATE_DIR": str(proof_portal.state)})
    assert nowhere.exit_code == 2
    assert "Elegí dónde" in nowhere.output
    assert "Elegí uno solo" in desk.typed("audit", "--day", "2026-11-24", "--person", "x").output
    gone = CliRunner().invoke(main, ["--local", "person", "x"], env={"STATE_DIR": "/nowhere"})
    assert "No hay una corrida local" in gone.output
    table = desk.typed("members", f"c-{client(proof_portal)['code']}")
    assert table.exit_code == 0
    assert "Personas" in table.output
    assert "Qué pasó con un archivo del ERP" in desk.typed("--help").output
    assert "Imputar un pago a mano" in desk.typed("payments", "settle", "--help").output
