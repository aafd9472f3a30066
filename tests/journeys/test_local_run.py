"""The machine itself: it answers at every address that the contract gives it, and its state outlives it."""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import boto3
import httpx
import pytest
from botocore.exceptions import ClientError

from miinti.accounts.throttles import PER_MINUTE
from tests.journeys.conftest import ROOT, SAMPLE, Machine, Portal, excerpt, read, web
from tests.template import sam

FIXED = ("cache-control", "content-security-policy", "referrer-policy", "strict-transport-security",
         "x-content-type-options", "x-request-id")  # fmt: skip


def is_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"].startswith("application/problem+json")
    for name in FIXED:
        assert answer.headers[name]


def test_the_api_refuses_a_stranger_in_the_contracts_form(portal: Portal) -> None:
    with portal.client() as client:
        is_problem(client.get("/v1/me"), 401, "invalid_token")
        is_problem(client.get("/v1/me", headers={"Authorization": "Bearer x"}), 401, "invalid_token")


ROUTES = sorted(
    (event["Properties"]["Method"], event["Properties"]["Path"])
    for resource in sam.functions().values()
    for event in resource["Properties"].get("Events", {}).values()
    if event["Type"] == "HttpApi" and "Path" in event.get("Properties", {})
)


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_every_function_starts_and_answers(portal: Portal, method: str, path: str) -> None:
    with portal.client() as client:
        body: dict[str, str] | None = {} if method in {"POST", "PUT", "PATCH"} else None
        answer = client.request(method, re.sub(r"\{\w+\}", "x", path), json=body)
    assert answer.status_code < 500
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f-]{27}", answer.headers["x-request-id"]
    )  # the front door's own are shorter


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/nothing", "/v1/me/", "/v1//me", "/v1/%2e%2e/me", "/v1/me%00"])
def test_what_is_not_there_is_not_found(portal: Portal, path: str) -> None:
    with portal.client() as client:
        is_problem(client.get(path), 404, "not_found")


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "FOO"])
def test_S39_a_method_that_a_path_has_not_is_a_405(portal: Portal, method: str) -> None:
    with portal.client() as client:
        for path in sorted({path for _, path in ROUTES}):
            if (method, path) in ROUTES or (method, path) == ("DELETE", "/v1/companies/object"):
                continue  # the latter is DELETE /v1/companies/{id} to the gateway
            answer = client.request(method, re.sub(r"\{\w+\}", "x", path))
            assert answer.status_code == 405, path
            assert answer.headers["allow"] == ", ".join(sorted(one for one, where in ROUTES if where == path))
            for name in FIXED:
                assert answer.headers[name]
            if method != "HEAD":
                assert answer.json()["code"] == "method_not_allowed"
        assert client.request(method, "/v1/sessions/x/y").status_code == 404


def test_page_description_docs_and_mailbox_are_there(portal: Portal) -> None:
    with portal.client() as client:
        assert "miINTI" in client.get("/").text
        assert client.get("/openapi.json").json()["openapi"].startswith("3.1")
        assert "swagger-ui" in client.get("/docs").text
        assert client.get("/_local/ready").json()["ready"] is True
        assert "Buzón" in client.get("/_local/").text


def test_the_printed_person_logs_in_and_downloads(portal: Portal) -> None:
    printed = portal.state.with_suffix(".log").read_text()
    email, password = printed.partition("Para entrar")[2].partition("\n")[0].split("contraseña:")
    with portal.client() as client:
        answer = client.post("/v1/login", json={"email": email.strip(), "password": password.strip()})
        assert answer.status_code == 200
        client.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
        companies = client.get("/v1/companies").json()["items"]
        assert {company["role"] for company in companies} == {"client", "supplier"}
        assert "27334" in {company["number"] for company in companies}
        for company in companies:
            docs = f"/v1/companies/{company['id']}/docs"
            document = client.get(docs).json()["items"][0]
            assert document["has_file"] is True
            told = client.get(f"{docs}/{document['id']}/download").json()
            file = web.get(told["url"])
            assert file.status_code == 200
            assert file.content.startswith(b"%PDF-")
            assert len(file.content) == told["size"]
            assert file.headers["content-disposition"].startswith("attachment")


def test_S55_a_download_is_of_one_object_for_a_while(portal: Portal) -> None:
    bucket = portal.deployed["outputs"]["BucketName"]
    [one] = portal.aws("s3").list_objects_v2(Bucket=bucket, Prefix="documents/", MaxKeys=1)["Contents"]
    plain = f"{portal.deployed['endpoint']}/{bucket}/{one['Key']}"
    assert web.get(plain).status_code == 403
    signed = portal.aws("s3").generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": one["Key"]})
    assert web.get(signed).status_code == 200
    assert web.get(signed.replace(one["Key"], one["Key"] + "x")).status_code == 403


def test_mails_are_shown_by_address(portal: Portal) -> None:
    mail = portal.mail("demo@miinti.example", "activate")
    assert set(mail) == {"to", "subject", "text", "html", "template", "sent_at", "links"}
    assert mail["links"][0].startswith("http://localhost:")


def test_all_of_the_sample_came_in(portal: Portal) -> None:
    printed = (portal.state.with_suffix(".log")).read_text()
    files = ("companies", "documents", "withholdings", "quotes", "work_orders", "applications")
    rows = sum(len(read(portal.sample, name)) for name in files)
    assert f"Cargado: {rows} filas" in printed
    assert " 0 filas rechazadas" in printed


@pytest.mark.parametrize("call", ["put_object", "get_object", "delete_object", "list_objects_v2"])
def test_S87_the_erp_may_drop_in_the_inbox_and_nothing_else(portal: Portal, call: str) -> None:
    role, bucket = portal.deployed["outputs"]["ErpWriterRole"], portal.deployed["outputs"]["BucketName"]
    given = portal.aws("sts").assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
    session = boto3.Session(given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"], "us-east-1")
    s3 = session.client("s3", endpoint_url=portal.deployed["endpoint"])
    place = {} if call == "list_objects_v2" else {"Key": "inbox/companies.csv"}
    if call == "put_object":
        s3.put_object(Bucket=bucket, Key="inbox/files/nobody.pdf", Body=b"")
        place = {"Key": "documents/companies.csv"}
    with pytest.raises(ClientError, match="AccessDenied"):
        getattr(s3, call)(Bucket=bucket, **place)


# --- its life ---


def test_state_lasts_between_runs_and_through_a_kill(tmp_path: Path) -> None:
    """Ctrl-C, then ``kill -9`` of the run alone, then of everything: each time it comes up again. Its data are others
    than the sample's, without the client that the manual shows."""
    state, sample = tmp_path / "state", tmp_path / "sample"
    sample.mkdir()
    excerpt(SAMPLE, sample, clients=1, suppliers=1, without="27334")
    person = {"first_name": "Bo", "last_name": "Vera", "email": "bo@example.com", "password": "tres tristes tigres"}

    def registered(portal: Portal) -> None:
        before = len(portal.mails(person["email"], "activate"))
        assert web.post(f"{portal.url}/v1/register", json=person).status_code == 202
        token = portal.mail(person["email"], "activate", after=before)["links"][0].partition("#t=")[2]
        assert web.post(f"{portal.url}/v1/activate", json={"token": token}).status_code == 204

    def logs_in(portal: Portal) -> bool:
        login = {"email": person["email"], "password": person["password"]}
        return web.post(f"{portal.url}/v1/login", json=login).status_code == 200

    def left_of_the_start(portal: Portal) -> list[str]:
        return [row["pk"]["S"] for row in portal.rows("OutboxTable") if row["sk"]["S"] == "RATE"]

    machine = Machine(state, sample, "proof", ip_limits="on")
    machine.start()
    machine.wait()
    # Codes and notices went out for the demo person; whoever asks for a code now still has all three of the hour.
    assert machine.portal.mails("", "link_code")
    assert machine.portal.mails("", "company_linked")
    assert left_of_the_start(machine.portal) == []
    registered(machine.portal)
    assert machine.stop(signal.SIGINT) == 0

    machine.start()
    machine.wait()
    assert logs_in(machine.portal)
    assert "Cargando" not in machine.log.read_text().rpartition("Levantando")[2]
    mails = len(machine.portal.mails(person["email"]))
    assert web.post(f"{machine.portal.url}/v1/register", json=person).status_code == 202
    machine.portal.mail(person["email"], "already_registered")
    assert len(machine.portal.mails(person["email"])) == mails + 1
    machine.stop(signal.SIGKILL)  # the cloud sees its parent gone, and saves

    machine.start()
    machine.wait()
    assert logs_in(machine.portal)
    machine.kill_everything()

    with machine as portal:
        assert logs_in(portal)
        assert portal.mails(person["email"], "activate")
        _stops_who_guesses(portal)


def _stops_who_guesses(portal: Portal) -> None:
    """S18, where ``IP_LIMITS`` is on: ten failed logins a minute from one network, whoever's, then 429."""
    answers = []
    # A window begins with the minute: in two times as many tries one of them is full.
    for number in range(2 * PER_MINUTE["failed-login"] + 1):
        guess = {"email": f"nobody{number}@example.com", "password": "esta no es la clave"}
        answers.append(web.post(f"{portal.url}/v1/login", json=guess))
        if answers[-1].status_code == 429:
            break
    *refused, last = answers
    assert len(refused) >= PER_MINUTE["failed-login"]
    for answer in refused:
        is_problem(answer, 401, "invalid_credentials")
    is_problem(last, 429, "too_many_attempts")
    assert 1 <= int(last.headers["retry-after"]) <= 60


def test_two_runs_never_share_a_folder(portal: Portal) -> None:
    environment = {**os.environ, "PORT": str(Machine(portal.state).port), "STATE_DIR": str(portal.state)}
    second = subprocess.run(
        [sys.executable, "-m", "local"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "Otra corrida" in second.stderr


def test_a_taken_port_is_one_clear_line(portal: Portal, tmp_path: Path) -> None:
    environment = {**os.environ, "PORT": portal.url.rpartition(":")[2], "STATE_DIR": str(tmp_path / "state")}
    second = subprocess.run(
        [sys.executable, "-m", "local"], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert "puerto" in second.stderr


def test_the_sample_is_whole(small_sample: Path) -> None:
    assert len(read(small_sample, "companies")) == len(read(SAMPLE, "companies"))
    assert 0 < len(read(small_sample, "documents")) < 400
