"""The sample's way in: who is shown, how waiting ends, and that nothing depends on particular rows."""

import json
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest

from local import pdfs, seed
from local.mailbox import Mailbox
from local.options import ROOT, CannotRun
from miinti import aws
from miinti.erp import layouts
from miinti.mail import outbox
from tests import erp
from tests.cloud import Cloud

SAMPLE = ROOT / "local" / "sample"
COMPANIES = pdfs.rows(SAMPLE / "companies.csv")


def test_the_clients_on_the_manuals_screens_are_shown_where_they_are() -> None:
    first = seed.shown(COMPANIES, SAMPLE)["Cliente"][0]
    assert (first["kind"], first["code"]) == ("Cliente", "27334")


def test_any_other_data_has_someone_with_documents_to_show(tmp_path: Path) -> None:
    others = [row for row in COMPANIES if row["code"] != "27334"]
    clients = [row for row in others if row["kind"] == "Cliente"]
    assert seed.shown(others, tmp_path)["Cliente"] == clients
    third = clients[2]["code"]
    documents = [row for row in erp.sample("documents") if row["company_code"] == third]
    (tmp_path / "documents.csv").write_bytes(erp.written(documents[:1]))
    assert [row["code"] for row in seed.shown(others, tmp_path)["Cliente"]][:2] == [third, clients[0]["code"]]
    assert seed.shown([row for row in COMPANIES if row["kind"] == "Proveedor"], tmp_path)["Cliente"] == []


def test_the_supplier_with_most_certificates_is_shown() -> None:
    certificates = [row["supplier_code"] for row in pdfs.rows(SAMPLE / "withholdings.csv")]
    first = seed.shown(COMPANIES, SAMPLE)["Proveedor"][0]
    assert certificates.count(first["code"]) == max(map(certificates.count, certificates))


def test_a_paper_that_could_not_be_made_is_not_dropped_and_counted() -> None:
    unmade: list[str] = []
    assert list(seed._whole(iter([("a.pdf", b"a"), ("b.pdf", None), ("c.pdf", b"c")]), unmade)) == [
        ("a.pdf", b"a"),
        ("c.pdf", b"c"),
    ]
    assert unmade == ["b.pdf"]


# --- waiting ---


@pytest.fixture
def hours(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock of a wait: its last entry is now."""
    clock = [0.0]
    monkeypatch.setattr("local.seed.time.monotonic", lambda: clock[-1])
    monkeypatch.setattr("local.seed.time.sleep", lambda seconds: clock.append(clock[-1] + seconds))
    return clock


def test_what_does_not_go_on_is_tried_twice_more_and_then_given_up(hours: list[float]) -> None:
    said: list[str] = []
    tries: list[float] = []

    def wait() -> None:
        waiting = seed._Waiting("documents.csv", said.append)
        while True:
            if waiting.stuck(7):
                tries.append(hours[-1])
            waiting.pause("7 filas")

    with pytest.raises(CannotRun, match=r"documents\.csv no avanza"):
        wait()
    assert tries == [seed.PATIENCE, 2 * seed.PATIENCE]
    assert said[:2] == ["documents.csv: 7 filas (0 s)", "documents.csv: 7 filas (1 s)"]


def test_what_goes_on_is_waited_for(hours: list[float]) -> None:
    waiting = seed._Waiting("documents.csv", print)
    for progress in range(20):
        assert not waiting.stuck(progress)
        hours.append(hours[-1] + seed.PATIENCE - 1)


# --- the person ---


COOKIE = "__Host-session"


RECEIVED = (202, {"request_id": "r1", "state": "received"})
LINKING: dict[str, tuple[int, dict[str, str]]] = {
    "open": (201, {}),
    "proof": RECEIVED,
    "silent": RECEIVED,
    "linked": (409, {"code": "already_linked"}),
    "suspended": (409, {"code": "link_suspended"}),
    "too many": (429, {"code": "too_many_attempts"}),
    "unknown": (404, {}),
}
"""What the API answers who wants to link the company."""


class FakeApi:
    """The routes that a new person uses, as a transport of httpx."""

    def __init__(self, mailbox: Mailbox, *, policy: str, known: bool = False) -> None:
        self.mailbox, self.policy, self.known = mailbox, policy, known
        self.on_register = ("activate", "http://localhost/activar#t=abc.def")
        self.asked: list[str] = []
        self.bodies: dict[str, Any] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        self.asked.append(path)
        if path == "/v1/session/logout":
            assert request.headers["Cookie"] == f"{COOKIE}=s"
            return httpx.Response(204)
        body = json.loads(request.content)
        self.bodies[path] = body
        if path == "/v1/login":
            kept = {"Set-Cookie": f"{COOKIE}=s; Path=/; Secure; HttpOnly"}
            return httpx.Response(200, json={"access_token": "t"}, headers=kept) if self.known else httpx.Response(401)
        if path == "/v1/register":
            template, text = self.on_register
            if template:
                self._send(body["email"], template, text)
            return httpx.Response(202)
        if path == "/v1/activate":
            self.known = True
            return httpx.Response(204)
        if path == "/v1/companies":
            assert request.headers["authorization"] == "Bearer t"
            if self.policy == "proof":
                text = "Ana pidió vincular ACEROS SA. Pasale:\n\nK7WQ2P\n\nVence"
                self._send("on.file@example.com", "link_code", text)
            status, answer = LINKING[self.policy]
            return httpx.Response(status, json=answer)
        if path == "/v1/link-requests/r1/confirm":
            return httpx.Response(201, json={})
        return httpx.Response(500, json={"code": "internal_error"})

    def _send(self, to: str, template: str, text: str) -> None:
        simple = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": text}, "Html": {"Data": ""}}}
        tags = [{"Name": "template", "Value": template}]
        self.mailbox.keep({"Destination": {"ToAddresses": [to]}, "EmailTags": tags, "Content": {"Simple": simple}})


COMPANY = {"kind": "Cliente", "code": "27334", "cuit": "33693450239", "name": "ADM", "email": "on.file@example.com"}


def _client(api: FakeApi) -> httpx.Client:
    return httpx.Client(base_url="http://portal", transport=httpx.MockTransport(api))


def test_the_person_registers_as_anybody_would(tmp_path: Path) -> None:
    api = FakeApi(Mailbox(tmp_path), policy="open")
    with _client(api) as client:
        assert seed._logged_in(client, api.mailbox) == "t"
        seed._linked(client, {"Authorization": "Bearer t"}, api.mailbox, COMPANY)
    assert api.asked == ["/v1/login", "/v1/register", "/v1/activate", "/v1/login", "/v1/companies"]
    assert api.bodies["/v1/activate"] == {"token": "abc.def"}
    assert api.bodies["/v1/companies"] == {"role": "client", "cuit": "33693450239", "number": "27334"}


def test_a_person_who_is_there_and_linked_stays(tmp_path: Path) -> None:
    api = FakeApi(Mailbox(tmp_path), policy="linked", known=True)
    with _client(api) as client:
        seed._logged_in(client, api.mailbox)
        seed._linked(client, {"Authorization": "Bearer t"}, api.mailbox, COMPANY)
    assert api.asked == ["/v1/login", "/v1/companies"]


def test_under_proof_the_code_comes_from_the_mail_to_the_address_on_file(tmp_path: Path) -> None:
    api = FakeApi(Mailbox(tmp_path), policy="proof", known=True)
    with _client(api) as client:
        seed._linked(client, {"Authorization": "Bearer t"}, api.mailbox, COMPANY)
    assert api.bodies["/v1/link-requests/r1/confirm"] == {"code": "K7WQ2P"}


def test_mails_of_the_start_use_up_nobodys_three_an_hour(cloud: Cloud) -> None:
    def goes(template: str, address: str, now: int) -> None:
        aws.write(outbox.within_limit(template, address, now))

    with cloud.as_function("link_company"):
        goes("link_code", "two@example.com", erp.NOW)
        goes("documents_new", "demo@miinti.example", erp.NOW)
        before = cloud.rows("OutboxTable")
        with seed.uncounted(boto3.client("dynamodb", "us-east-1"), "OutboxTable"):
            for template in ("activate", "new_login", "link_code", "company_linked"):
                goes(template, "one@example.com", erp.NOW + 60)
            goes("link_code", "two@example.com", erp.NOW + 60)
        assert cloud.rows("OutboxTable") == before
        with seed.uncounted(boto3.client("dynamodb", "us-east-1"), "OutboxTable"):
            goes("documents_new", "demo@miinti.example", erp.NOW + 60)
        assert cloud.rows("OutboxTable") != before


def test_an_answer_that_should_not_be_is_told(tmp_path: Path) -> None:
    with (
        _client(FakeApi(Mailbox(tmp_path), policy="open")) as client,
        pytest.raises(CannotRun, match="/v1/x respondió 500"),
    ):
        seed._expected(client.post("/v1/x", json={}), 204)


@pytest.mark.usefixtures("hours")
@pytest.mark.parametrize("how", ["told", "told too often"])
def test_a_demo_person_who_is_no_longer_as_made_does_not_stop_the_run(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """Their password was changed, or staff blocked them: a run is for looking at such things too."""
    api = FakeApi(Mailbox(tmp_path), policy="open")
    api.on_register = ("already_registered" if how == "told" else "", "Ya tenés cuenta")
    api._send(seed.PERSON["email"], "activate", "http://localhost/activar#t=old")
    (said,) = told(api, folder, "open", company("Cliente"), monkeypatch=monkeypatch)
    assert said.startswith("ya no entra así")
    assert "make reset" in said
    assert api.asked == ["/v1/login", "/v1/register"]


@pytest.mark.usefixtures("hours")
@pytest.mark.parametrize("policy", ["suspended", "too many", "silent"])
def test_a_company_that_cannot_be_linked_any_more_does_not_stop_the_run(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, policy: str
) -> None:
    api = FakeApi(Mailbox(tmp_path), policy=policy, known=True)
    first, _ = told(api, folder, "open", company("Cliente"), monkeypatch=monkeypatch)
    assert first.startswith("sin cliente")
    assert first.endswith("no se pudo vincular")


@pytest.mark.usefixtures("hours")
def test_a_mail_that_does_not_come_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotRun, match="No llegó el correo «activate»"):
        seed._mail(Mailbox(tmp_path), "ana@example.com", set(), "activate")


def told(api: FakeApi, folder: Path, policy: str, *companies: pdfs.Row, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is told of the person where these companies are all that there are."""
    header = ",".join(layouts.LAYOUTS["companies"].columns).encode() + b"\n"
    (folder / "companies.csv").write_bytes(erp.written(companies) if companies else header)
    client = _client(api)
    with monkeypatch.context() as patched:
        patched.setattr("local.seed.httpx.Client", lambda **_: client)
        return seed.person("http://portal", api.mailbox, folder, policy).companies


def company(kind: str, place: int = 0, **change: str) -> pdfs.Row:
    return {**[row for row in erp.sample("companies") if row["kind"] == kind][place], **change}


def _client_at(code: str, address: str, place: int) -> pdfs.Row:
    return company("Cliente", place, code=code, email=address)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "datos"
    made.mkdir()
    return made


def test_the_first_client_that_went_in_is_linked(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    api = FakeApi(Mailbox(tmp_path), policy="open", known=True)
    rows = (company("Cliente", 1, name="Línea uno\nlínea dos"), company("Cliente", 2, email=""), company("Cliente", 3))
    said = told(api, folder, "open", *rows, monkeypatch=monkeypatch)
    assert said == [f"cliente {rows[1]['code']} {rows[1]['name']}", "sin proveedor: en estos datos no hay ninguno"]
    assert api.bodies["/v1/companies"]["number"] == rows[1]["code"]


def test_under_proof_a_client_with_an_address_is_linked(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = FakeApi(Mailbox(tmp_path), policy="proof", known=True)
    rows = [_client_at("501", "", 1), _client_at("502", "dos@a.example; tres@a.example", 2)]
    third = _client_at("503", "On.File@Example.com", 3)
    said = told(api, folder, "proof", *rows, third, monkeypatch=monkeypatch)
    assert said[0] == f"cliente 503 {third['name']}"
    assert api.bodies["/v1/link-requests/r1/confirm"] == {"code": "K7WQ2P"}
    api.asked.clear()
    assert "ninguno tiene correo" in told(api, folder, "proof", *rows, monkeypatch=monkeypatch)[0]
    assert api.asked == ["/v1/login", "/v1/session/logout"]


def test_without_companies_there_is_still_a_person(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = FakeApi(Mailbox(tmp_path), policy="open")
    supplier = company("Proveedor")
    said = told(api, folder, "open", supplier, monkeypatch=monkeypatch)
    assert said == ["sin cliente: en estos datos no hay ninguno", f"proveedor {supplier['code']} {supplier['name']}"]
    assert all(line.startswith("sin ") for line in told(api, folder, "open", monkeypatch=monkeypatch))


def test_a_company_that_the_portal_knows_otherwise_is_told_and_ends_nothing(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    api = FakeApi(Mailbox(tmp_path), policy="unknown", known=True)
    assert "no se pudo vincular" in told(api, folder, "open", company("Cliente"), monkeypatch=monkeypatch)[0]
