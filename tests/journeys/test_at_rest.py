"""S73: after whole scenarios no password, token, code, cookie or presigned address is at rest: in no table, queue,
object or log of the cloud, and in no file of the run. The local mailbox stands for the mailboxes of the people, which
hold what was mailed: its folder, and nothing else, is left out.

These tests come last (``conftest``): what all the journeys before them did is looked for too.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator, Set
from urllib.parse import parse_qs, quote, quote_plus, urlsplit

import pytest

from tests.journeys.conftest import Machine, Portal, code_of, read, token_of, tokens_of
from tests.journeys.person import Person

Places = dict[str, bytes]
"""What stands where."""

GRAM = 8


@pytest.fixture(scope="module")
def scenario(proof_portal: Portal) -> Portal:
    """A person did all there is to do, and every mail about it has gone."""
    rows = read(proof_portal.sample, "companies")
    codes = {row["company_code"] for row in read(proof_portal.sample, "documents")}
    client = [row for row in rows if row["kind"] == "Cliente" and row["code"] in codes][-1]
    ana = Person(proof_portal, password="contraseña de barrido 31 ñ")
    ana.register()
    ana.ask("POST", "/v1/activation", {"email": ana.email})
    assert ana.ask("POST", "/v1/activate", {"token": token_of(ana.mail("activate", after=1))}).status_code == 204
    ana.login("una clave equivocada 77")
    assert ana.login(remember=True).status_code == 200
    refreshed = ana.ask("POST", "/v1/session/refresh")
    ana.access_token = refreshed.json()["access_token"]

    before = len(proof_portal.mails(client["email"], "link_code"))
    asked = ana.link("client", client["cuit"], client["code"])
    code = code_of(proof_portal.mail(client["email"], "link_code", after=before))
    confirm = f"/v1/link-requests/{asked.json()['request_id']}/confirm"
    assert ana.ask("POST", confirm, {"code": "ZZZZZZ"}).status_code == 400
    told = len(proof_portal.mails(client["email"], "company_linked"))
    company_id = ana.ask("POST", confirm, {"code": code}).json()["id"]
    ana.download(company_id, ana.walk(company_id)[0]["id"])
    objection = token_of(proof_portal.mail(client["email"], "company_linked", after=told))
    assert ana.ask("POST", "/v1/companies/object", {"token": objection}).status_code == 204

    ana.ask("POST", "/v1/password/forgot", {"email": ana.email})
    ana.password = "otra contraseña de barrido 32"
    reset = {"token": token_of(ana.mail("reset_password")), "password": ana.password}
    assert ana.ask("POST", "/v1/password/reset", reset).status_code == 204
    assert ana.login().status_code == 200
    changed = {"current_password": ana.password, "password": 'y una tercera, con "comillas" y ñ'}
    assert ana.ask("POST", "/v1/password", changed).status_code == 204
    ana.password = changed["password"]
    assert ana.login().status_code == 200
    new = Person(proof_portal, email=f"x.{ana.email}")
    ana.ask("POST", "/v1/me/email", {"email": new.email, "password": ana.password})
    assert ana.ask("POST", "/v1/me/email/confirm", {"token": token_of(new.mail("confirm_email"))}).status_code == 204
    assert ana.ask("POST", "/v1/session/logout").status_code == 204
    proof_portal.settled()
    return proof_portal


# --- what is looked for -----------------------------------------------------------------------------------------------


def secrets_of(portal: Portal) -> set[str]:
    """What went through people's hands and what was mailed: of what is signed, the signature alone, without which the
    rest is of no use. Codes apart."""
    mailed = {token for mail in portal.mails("") for token in tokens_of(mail)}
    return {_essence(secret) for secret in portal.secrets | mailed}


def _essence(secret: str) -> str:
    if secret.startswith("http"):
        return parse_qs(urlsplit(secret).query)["X-Amz-Signature"][0]
    last = secret.rpartition(".")[2]
    return last if len(last) >= 40 and " " not in secret else secret


def codes_of(portal: Portal) -> set[str]:
    return {code_of(mail) for mail in portal.mails("", "link_code")}


def spellings(secret: str) -> set[bytes]:
    """A secret as text, as JSON, in an address, and in Base64 wherever it begins there."""
    in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
    plain = {secret, quote(secret, safe=""), quote_plus(secret), *in_json}
    return {one.encode() for one in plain} | set(_in_base64(secret.encode()))


def _in_base64(secret: bytes) -> Iterator[bytes]:
    for before in range(3):
        whole = base64.b64encode(bytes(before) + secret)
        own = whole[-(-before * 8 // 6) : (before + len(secret)) * 8 // 6]
        yield from {own, own.translate(bytes.maketrans(b"+/", b"-_"))}


def found(places: Places, secrets: Set[str], codes: Set[str] = frozenset()) -> dict[str, list[str]]:
    """Which of it stands where. Codes are looked for as words: six signs occur by chance in longer ones."""
    # JSON in JSON doubles its backslashes each time: however many there are, they count as one.
    places = {place: re.sub(rb"\\+", rb"\\", what) for place, what in places.items()}
    everything = b"\n".join(places.values())
    here = {everything[at : at + GRAM] for at in range(0, len(everything), GRAM)}

    def is_here(wanted: bytes) -> bool:
        # Of what is long enough, one whole gram stands at a multiple of GRAM wherever it begins.
        short = len(wanted) < 2 * GRAM - 1
        return (short or any(wanted[at : at + GRAM] in here for at in range(GRAM))) and wanted in everything

    wanted = {spelling: secret for secret in secrets for spelling in spellings(secret)}
    hits = {spelling: secret for spelling, secret in wanted.items() if is_here(spelling)}
    words = re.compile(rb"\b(?:%s)\b" % "|".join(sorted(codes)).encode()) if codes else None
    where: dict[str, list[str]] = {}
    for place, what in places.items():
        for one in {secret for spelling, secret in hits.items() if spelling in what}:
            where.setdefault(one, []).append(place)
        for word in set(words.findall(what)) if words else ():
            where.setdefault(word.decode(), []).append(place)
    return where


# --- where ------------------------------------------------------------------------------------------------------------


def in_tables(portal: Portal) -> Places:
    names = portal.aws("dynamodb").list_tables()["TableNames"]
    return {name: "\n".join(map(repr, portal.rows(name))).encode() for name in names}


def in_queues(portal: Portal) -> Places:
    sqs, seen = portal.aws("sqs"), Places()
    for url in sqs.list_queues()["QueueUrls"]:
        while True:
            taken = sqs.receive_message(
                QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0, MessageAttributeNames=["All"]
            )
            messages = taken.get("Messages", [])
            more = {f"{url} {one['MessageId']}": f"{one['Body']} {one}".encode() for one in messages}
            if more.keys() <= seen.keys():
                break
            seen |= more
    return seen


def in_objects(portal: Portal) -> Places:
    s3, found = portal.aws("s3"), Places()
    for bucket in s3.list_buckets()["Buckets"]:
        for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket["Name"]):
            for one in page.get("Versions", []):
                got = s3.get_object(Bucket=bucket["Name"], Key=one["Key"], VersionId=one["VersionId"])
                found[f"{bucket['Name']} {one['Key']} {one['VersionId']}"] = got["Body"].read() + repr(got).encode()
    return found


def in_logs(portal: Portal) -> Places:
    logs, found = portal.aws("logs"), Places()
    for group in logs.describe_log_groups()["logGroups"]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group["logGroupName"])
        messages = [event["message"] for page in pages for event in page["events"]]
        found[group["logGroupName"]] = "\n".join(messages).encode()
    return found


LOOK: dict[str, Callable[[Portal], Places]] = {
    "tables": in_tables, "queues": in_queues, "objects": in_objects, "logs": in_logs,
}  # fmt: skip


def in_files(machine: Machine) -> Places:
    """Every file of a run that has ended, and so has written its state, but for the mailbox's. Of equal ones, such as
    the layer that each function has unpacked, one."""
    state = machine.portal.state
    files = [machine.log, *(file for file in state.rglob("*") if file.is_file() and state / "mail" not in file.parents)]
    contents = {file.read_bytes(): str(file.relative_to(state.parent)) for file in files}
    return {place: what for what, place in contents.items()}


# --- what must be so --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("where", LOOK)
def test_S73_no_secret_is_at_rest_in_the_cloud(scenario: Portal, where: str) -> None:
    secrets, codes = secrets_of(scenario), codes_of(scenario)
    # Cookies and mail tokens, a presigned address, access tokens: by how long their signs are; and the passwords.
    assert {len(secret) for secret in secrets if " " not in secret} >= {43, 64, 86}
    assert sum(" " in secret for secret in secrets) >= 4
    assert codes
    assert found(LOOK[where](scenario), secrets, codes) == {}


CANARY = "canario con ñ 4f1d-%s"
CODE = "ZQ7XK%d"


@pytest.fixture(scope="module")
def planted(scenario: Portal) -> Portal:
    """A secret and a code in a table, a queue, an object and a log, each spelled in its own way."""
    resources = scenario.deployed["resources"]
    row = {"pk": {"S": "CANARY#1"}, "sk": {"S": "CANARY"}, "what": {"S": f"{CANARY % 'tables'} {CODE % 2}"}}
    scenario.aws("dynamodb").put_item(TableName=resources["OutboxTable"], Item=row)
    body = json.dumps({"body": json.dumps({"password": CANARY % "queues", "code": CODE % 3})})
    scenario.aws("sqs").send_message(QueueUrl=resources["MailDeadLetters"], MessageBody=body)
    hidden = base64.b64encode(f"x{CANARY % 'objects'}".encode()) + f" {CODE % 4}".encode()
    bucket = scenario.deployed["outputs"]["BucketName"]
    scenario.aws("s3").put_object(Bucket=bucket, Key="reports/canary.txt", Body=hidden)
    logs = scenario.aws("logs")
    logs.create_log_group(logGroupName="/canary")
    logs.create_log_stream(logGroupName="/canary", logStreamName="one")
    line = {"timestamp": 1795516026000, "message": f"GET /?p={quote_plus(CANARY % 'logs')}&code={CODE % 5}"}
    logs.put_log_events(logGroupName="/canary", logStreamName="one", logEvents=[line])
    return scenario


@pytest.mark.parametrize(("n", "where"), [*enumerate(LOOK, start=2)])
def test_S73_the_sweep_finds_what_stands_in_the_cloud(planted: Portal, n: int, where: str) -> None:
    places = found(LOOK[where](planted), {CANARY % where}, {CODE % n})
    assert places.keys() == {CANARY % where, CODE % n}
    assert places[CANARY % where] == places[CODE % n]


def test_S73_no_secret_is_at_rest_in_what_a_run_leaves_behind(planted: Portal, machines: list[Machine]) -> None:
    canaries = {CANARY % where for where in [*LOOK, "files"]}
    canary_codes = {CODE % n for n, _ in enumerate(LOOK, start=2)}
    (planted.state / "canary.log").write_text(CANARY % "files")
    for machine in machines:
        machine.portal.settled()
        secrets, codes = secrets_of(machine.portal), codes_of(machine.portal)
        assert machine.stop() == 0
        where = found(in_files(machine), secrets | canaries, codes | canary_codes)
        assert where.keys() == (canaries | canary_codes if machine.portal is planted else set())
