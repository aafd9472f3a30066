"""S73: after a whole scenario no password, token, code or cookie is at rest in the clear: in no table, queue, object or
log. The local mailbox holds what was mailed, as any mailbox does, and is what is left out."""

import re
from collections.abc import Iterator
from itertools import chain

import pytest

from tests.journeys.conftest import Portal, read, token_of
from tests.journeys.person import Person


@pytest.fixture(scope="module")
def scenario(proof_portal: Portal) -> list[str]:
    """Every secret of a person who did all there is to do."""
    rows = read(proof_portal.sample, "companies")
    codes = {row["company_code"] for row in read(proof_portal.sample, "documents")}
    client = [row for row in rows if row["kind"] == "Cliente" and row["code"] in codes][-1]
    ana = Person(proof_portal, password="contraseña de barrido 31 ñ").arrive()
    ana.ask("POST", "/v1/session/refresh")
    before = len(proof_portal.mails(client["email"], "link_code"))
    asked = ana.link("client", client["cuit"], client["code"])
    mail = proof_portal.mail(client["email"], "link_code", after=before)
    [code] = re.findall(r"^([A-Z0-9]{6})$", mail["text"], re.MULTILINE)
    ana.ask("POST", f"/v1/link-requests/{asked.json()['request_id']}/confirm", {"code": "ZZZZZZ"})
    confirmed = ana.ask("POST", f"/v1/link-requests/{asked.json()['request_id']}/confirm", {"code": code})
    company_id = confirmed.json()["id"]
    ana.download(company_id, ana.walk(company_id)[0]["id"])
    told = proof_portal.mail(client["email"], "company_linked")
    ana.saw(*(link.partition("#t=")[2] for link in told["links"] if "#t=" in link))
    wrong = "una clave equivocada 77"
    ana.login(wrong)
    ana.ask("POST", "/v1/password/forgot", {"email": ana.email})
    reset = "otra contraseña de barrido 32"
    ana.ask("POST", "/v1/password/reset", {"token": token_of(ana.mail("reset_password")), "password": reset})
    ana.password = reset
    ana.login()
    ana.ask("POST", "/v1/me/email", {"email": f"x.{ana.email}", "password": reset})
    new = Person(proof_portal, email=f"x.{ana.email}")
    ana.ask("POST", "/v1/me/email/confirm", {"token": token_of(new.mail("confirm_email"))})
    ana.mail("email_changed")
    ana.mail("email_changing")
    ana.saw(wrong, reset, *new.secrets_seen)
    # Six letters and digits occur by chance in what is hashed or named at random: a code is looked for as a word.
    return [*{secret for secret in ana.secrets_seen if secret}, rf"\b{code}\b"]


def in_tables(portal: Portal) -> Iterator[tuple[str, str]]:
    for name in ("IdentityTable", "CompaniesTable", "OutboxTable"):
        scan = portal.aws("dynamodb").get_paginator("scan")
        for page in scan.paginate(TableName=portal.deployed["resources"][name]):
            yield from ((name, str(item)) for item in page["Items"])


def in_queues(portal: Portal) -> Iterator[tuple[str, str]]:
    sqs = portal.aws("sqs")
    for url in sqs.list_queues()["QueueUrls"]:
        taken = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=0)
        yield from ((url, message["Body"]) for message in taken.get("Messages", []))


def in_objects(portal: Portal) -> Iterator[tuple[str, str]]:
    bucket, s3 = portal.deployed["outputs"]["BucketName"], portal.aws("s3")
    for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
        for one in page["Contents"]:
            body = s3.get_object(Bucket=bucket, Key=one["Key"])["Body"].read()
            yield one["Key"], one["Key"] + body.decode("latin-1")


def in_logs(portal: Portal) -> Iterator[tuple[str, str]]:
    logs = portal.aws("logs")
    for group in logs.describe_log_groups()["logGroups"]:
        name = group["logGroupName"]
        for page in logs.get_paginator("describe_log_streams").paginate(logGroupName=name):
            for stream in page["logStreams"]:
                events = logs.get_log_events(logGroupName=name, logStreamName=stream["logStreamName"])["events"]
                yield name, "\n".join(event["message"] for event in events)
    yield "the run's own log", portal.state.with_suffix(".log").read_text()


def found(portal: Portal, secrets: list[str]) -> list[str]:
    looked_for = re.compile("|".join(one if one.startswith(r"\b") else re.escape(one) for one in secrets))
    everywhere = chain(in_tables(portal), in_queues(portal), in_objects(portal), in_logs(portal))
    return [f"{where}: {hit[0][:12]}…" for where, what in everywhere for hit in looked_for.finditer(what)]


def test_S73_no_secret_is_at_rest(proof_portal: Portal, scenario: list[str]) -> None:
    assert len(scenario) >= 15
    assert found(proof_portal, scenario) == []


@pytest.mark.parametrize("place", ["table", "queue", "object", "log"])
def test_S73_the_sweep_finds_a_secret_wherever_it_is(proof_portal: Portal, place: str) -> None:
    canary = f"canario-{place}-4f1d"
    resources = proof_portal.deployed["resources"]
    if place == "table":
        row = {"pk": {"S": "CANARY#1"}, "sk": {"S": "CANARY"}, "what": {"S": canary}}
        proof_portal.aws("dynamodb").put_item(TableName=resources["OutboxTable"], Item=row)
    elif place == "queue":
        proof_portal.aws("sqs").send_message(QueueUrl=resources["MailDeadLetters"], MessageBody=canary)
    elif place == "object":
        bucket = proof_portal.deployed["outputs"]["BucketName"]
        proof_portal.aws("s3").put_object(Bucket=bucket, Key="reports/canary.txt", Body=canary.encode())
    else:
        logs, group = proof_portal.aws("logs"), "/canary"
        logs.create_log_group(logGroupName=group)
        logs.create_log_stream(logGroupName=group, logStreamName="one")
        event = {"timestamp": 1795516026000, "message": canary}
        logs.put_log_events(logGroupName=group, logStreamName="one", logEvents=[event])
    assert found(proof_portal, [canary])
