"""S69: docs/openapi.json is the contract: schemathesis sends what it allows and what it forbids, and each answer must
be one that it declares, with the declared body and headers."""

import csv
import datetime as dt
import io
import json
import re
import secrets
import string
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig

from miinti import clock
from miinti.payments import sandbox
from miinti.values import cuit
from tests import erp
from tests.journeys.conftest import ROOT, Portal, key_of, read, token_of
from tests.journeys.person import PASSWORD, Person

EMAIL = st.from_regex(
    r"\A[a-z]{3,12}(\.[a-z]{2,8})?(\+[a-z0-9]{1,8})?@([a-z]{2,8}\.){0,2}[a-z]{3,10}\.(example|test|local)\Z"
)


def of_length(*lengths: int, start: str = "", letters: str = "abcdefghij") -> st.SearchStrategy[str]:
    """Texts as long as a limit, or a character off it: what is drawn by its form is never so by chance."""
    return st.sampled_from(lengths).map(lambda length: (start + letters * length)[:length])


FORMATS = {
    "cuit": st.from_regex(r"\A(20|27|30|33)[0-9]{8}\Z").flatmap(
        lambda ten: st.just(ten + (cuit.check_digit(ten) or "")) if cuit.check_digit(ten) else st.nothing()
    ),
    # Labels of a domain have 63 characters at most.
    "email": EMAIL | of_length(253, 254, 255, start="ana@", letters="a" * 60 + "."),
    "password": st.text(string.ascii_letters + "áéíóúñ 0123456789", min_size=16, max_size=64)
    # As short as may be: in no list of common ones, and like nobody's name or address.
    | st.text("øþжλ漢字", min_size=8, max_size=12)
    | of_length(7, 127, 128, 129, letters="øþжλ漢字"),
    "person-name": st.from_regex(r"\A[A-ZÁÉÍÓÚÑ][a-záéíóúñ]{1,20}( [A-Z][a-z]{2,20})?\Z")
    | of_length(1, 79, 80, 81, start="Ñ"),
}
"""Values of the formats whose rule a JSON schema cannot say: a check digit, a list of common passwords."""
for name, values in FORMATS.items():
    schemathesis.openapi.format(name, values)

STATE = [401, 403, 404, 409, 429]
"""Answers to well-formed requests that tell of state: nobody logged in, no such thing, too many tries."""
SEALED = ("activate", "cancel_email_change", "confirm_email", "object_to_link", "reset_password", "confirm_link",
          "list_companies", "list_docs", "list_link_requests", "list_links", "list_sessions", "open_link",
          "export_docs", "list_payments", "list_transfers", "show_my_data", "stop_news")  # fmt: skip
"""Take a token, a code or a cursor, which has the right form and yet was made by nobody: 400 by the contract."""
WITH_A_LISTS_QUERY = ("export_docs", "list_docs")
CONFIG: dict[str, Any] = {
    # Every call bears a good access token; that none or a bad one is refused, check ignored_auth tries beside it.
    "generation": {"deterministic": True, "with-security-parameters": False},
    "checks": {
        # Never a 5xx, which schemathesis by itself would let pass in both.
        "positive_data_acceptance": {"expected-statuses": ["2xx", *STATE]},
        "negative_data_rejection": {"expected-statuses": [400, 401, 404, 413, 415, 422]},
    },
    "operations": [
        {"include-operation-id": ["refresh_session", "logout"], "generation": {"with-security-parameters": True}},
        # Which documents are owed, and which fields go together, JSON schema cannot say.
        {
            "include-operation-id": ["start_payment", "tell_transfer"],
            "checks": {"positive_data_acceptance": {"expected-statuses": ["2xx", *STATE, 422]}},
        },
        *(
            {
                "include-operation-id": one,
                "checks": {
                    "positive_data_acceptance": {
                        # Which kinds, orders and states go together, and with which company, JSON schema cannot say.
                        "expected-statuses": [
                            "2xx",
                            *STATE,
                            400,
                            *([422] if one in ("export_docs", "list_docs") else []),
                        ]
                    },
                    # To a gateway DELETE /v1/companies/object is DELETE /v1/companies/{id}: a 404, as of any other
                    # text that is no company's id. test_S39_… in test_local_run.py looks at the other methods.
                    "unsupported_method": {"enabled": one != "object_to_link"},
                },
            }
            for one in SEALED
        ),
    ],
}
DOCUMENT = json.loads((ROOT / "docs" / "openapi.json").read_text())
schema = schemathesis.openapi.from_dict(DOCUMENT, config=SchemathesisConfig.from_dict(CONFIG))


@pytest.fixture(scope="module")
def ana(portal: Portal) -> Person:
    """Logged in, and linked to a client that has documents."""
    ana = Person(portal).arrive()
    ana.linked(client_with_documents(portal))
    return ana


def client_with_documents(portal: Portal) -> dict[str, str]:
    codes = {row["company_code"] for row in read(portal.sample, "documents")}
    return next(row for row in read(portal.sample, "companies") if row["kind"] == "Cliente" and row["code"] in codes)


_calls = count()


@schema.parametrize()
@settings(max_examples=8, suppress_health_check=list(HealthCheck), deadline=None)
def test_S69_every_answer_is_one_that_the_contract_declares(case: Any, portal: Portal, ana: Person) -> None:
    well_formed = case.meta.generation.mode.is_positive
    if well_formed and case.method == "GET" and case.path_parameters and next(_calls) % 4:
        # Ids that nobody has say little of a route: three times out of four what is asked for is there.
        case.path_parameters |= documented(ana, *case.path_parameters)
    case.call_and_validate(base_url=portal.url, headers={"Authorization": f"Bearer {ana.access_token}"})


def documented(ana: Person, *names: str) -> dict[str, str]:
    """Ids of a company and a document that are there."""
    row = client_with_documents(ana.portal)
    line = next(line for line in read(ana.portal.sample, "documents") if line["company_code"] == row["code"])
    code, point_of_sale, number = line["doc_key"].split("-")
    there = {"id": f"c-{row['code']}", "doc_id": f"v-{point_of_sale}-{number}-{code}"}
    return {name: there[name] for name in names if name in there}


# --- what each operation answers when all is well ---


def company(portal: Portal, number: str) -> dict[str, str]:
    """A supplier; of these nobody else's link or mail counts on."""
    rows = read(portal.sample, "companies")
    return next(row for row in rows if (row["kind"], row["code"]) == ("Proveedor", number))


def registering(ana: Person) -> dict[str, Any]:
    bo = Person(ana.portal)
    return {"first_name": "Bo", "last_name": "Vera", "email": bo.email, "password": PASSWORD}


def activating(ana: Person) -> dict[str, Any]:
    bo = Person(ana.portal)
    bo.register()
    return {"body": {"token": token_of(bo.mail("activate"))}}


def with_cookie(ana: Person) -> dict[str, Any]:
    again = ana.elsewhere()
    again.login()
    return {"headers": {"Cookie": f"__Host-session={again.cookies['__Host-session']}"}}


def ending_a_session(ana: Person) -> dict[str, Any]:
    ana.elsewhere().login()
    other = next(session for session in ana.get("/v1/sessions")["items"] if not session["current"])
    return {"path_parameters": {"id": other["id"]}}


def resetting(ana: Person) -> dict[str, Any]:
    bo = Person(ana.portal).arrive()
    bo.ask("POST", "/v1/password/forgot", {"email": bo.email})
    return {"body": {"token": token_of(bo.mail("reset_password")), "password": "otra clave bien larga"}}


def changing_address(ana: Person, *, read_at: str) -> dict[str, Any]:
    bo = Person(ana.portal).arrive()
    new = Person(ana.portal, email=f"nueva.{bo.email}")
    bo.ask("POST", "/v1/me/email", {"email": new.email, "password": bo.password})
    mail = new.mail("confirm_email") if read_at == "new" else bo.mail("email_changing")
    return {"body": {"token": token_of(mail)}}


def leaving(ana: Person) -> dict[str, Any]:
    bo = Person(ana.portal).arrive()
    return {"as": bo, "body": {"password": bo.password}}


def changing_password(ana: Person) -> dict[str, Any]:
    bo = Person(ana.portal).arrive()
    return {"as": bo, "body": {"current_password": bo.password, "password": "otra clave bien larga"}}


def linking(ana: Person, number: str) -> dict[str, Any]:
    row = company(ana.portal, number)
    return {"body": {"role": "supplier", "cuit": row["cuit"], "number": row["code"]}}


def objecting(ana: Person) -> dict[str, Any]:
    row = company(ana.portal, "3456")
    before = len(ana.portal.mails(row["email"], "company_linked"))
    ana.linked(row)
    return {"body": {"token": token_of(ana.portal.mail(row["email"], "company_linked", after=before))}}


def unlinking(ana: Person) -> dict[str, Any]:
    return {"path_parameters": {"id": ana.linked(company(ana.portal, "3390"))["id"]}}


def confirming(bea: Person) -> dict[str, Any]:
    row = company(bea.portal, "3512")
    before = len(bea.portal.mails(row["email"], "link_code"))
    asked = bea.link("supplier", row["cuit"], row["code"]).json()
    mail = bea.portal.mail(row["email"], "link_code", after=before)
    found = re.search(r"^([A-Z0-9]{6})$", mail["text"], re.MULTILINE)
    assert found
    return {"path_parameters": {"id": asked["request_id"]}, "body": {"code": found[1]}}


def told_of_a_certificate(ana: Person) -> dict[str, Any]:
    """The mail that tells Ana of a certificate that the ERP has just delivered, its PDF before it."""
    portal = ana.portal
    lines = read(portal.sample, "withholdings")
    line = lines[0]
    row = company(portal, line["supplier_code"])
    if not any(one["number"] == row["code"] for one in ana.get("/v1/companies")["items"]):
        ana.linked(row)
    before = len(portal.mails(ana.email, "documents_new"))
    number = secrets.randbelow(10**8)
    name = f"nuevo_{number}.pdf"
    new = {**line, "certificate_number": f"2026{number:010d}", "status": "Emitido", "voided_date": "", "pdf_file": name}
    text = io.StringIO()
    writer = csv.DictWriter(text, list(new))
    writer.writeheader()
    writer.writerow(new)
    bucket, s3 = portal.deployed["outputs"]["BucketName"], portal.aws("s3")
    s3.put_object(Bucket=bucket, Key=f"inbox/files/{name}", Body=erp.pdf("Nuevo"))
    s3.put_object(Bucket=bucket, Key=f"inbox/withholdings-{number}.csv", Body=text.getvalue().encode())
    mail: dict[str, Any] = portal.mail(ana.email, "documents_new", after=before, seconds=60)
    return mail


def opening(ana: Person) -> dict[str, Any]:
    token = token_of(told_of_a_certificate(ana))
    deadline = time.monotonic() + 60
    # Row and PDF come in whichever order; the link is good once both are there.
    while time.monotonic() < deadline and ana.ask("POST", "/v1/links/open", {"token": token}).status_code == 404:
        time.sleep(0.2)
    return {"body": {"token": token}}


def revoking(ana: Person) -> dict[str, Any]:
    told_of_a_certificate(ana)
    return {"path_parameters": {"id": ana.get("/v1/me/links")["items"][0]["id"]}}


def one_click(ana: Person) -> dict[str, Any]:
    told_of_a_certificate(ana)
    return {"query": {"t": ana.one_click()}}


def choosing(ana: Person) -> dict[str, Any]:
    company_id = ana.get("/v1/companies")["items"][0]["id"]
    return {"body": {"companies": {company_id: {"news": {}, "reminders": False}}}}


def paying(ana: Person) -> dict[str, Any]:
    """A payment of what is owed and no payment holds."""
    where = documented(ana, "id")
    owed = ana.get(f"/v1/companies/{where['id']}/debts")["items"]
    free = next(item["id"] for item in owed if item["payment"] is None)
    key = {"Idempotency-Key": secrets.token_hex(16)}
    return {"path_parameters": where, "body": {"doc_ids": [free]}, "headers": key}


def telling(ana: Person) -> dict[str, Any]:
    """A transfer of yesterday for something that is owed."""
    asked = paying(ana)
    day = (clock.today() - dt.timedelta(days=1)).isoformat()
    body = {"amount": "1.00", "date": day, "bank": "Banco Nación", "doc_ids": asked["body"]["doc_ids"]}
    return {**asked, "body": {**body, "proof": {"content_type": "image/png"}}}


def started(ana: Person) -> dict[str, str]:
    asked = paying(ana)
    company_id = asked["path_parameters"]["id"]
    answer = ana.ask("POST", f"/v1/companies/{company_id}/payments", asked["body"], headers=asked["headers"])
    assert answer.status_code == 201, answer.text
    return {"id": company_id, "pid": answer.json()["id"]}


def paying_by_key(ana: Person) -> dict[str, Any]:
    """A client's number, and the key that its address on file got."""
    row = [row for row in read(ana.portal.sample, "companies") if row["kind"] == "Cliente" and row["email"]][-1]
    before = len(ana.portal.mails(row["email"], "payment_key"))
    ana.ask("POST", "/v1/payment/key", {"user": row["code"]})
    mail = ana.portal.mail(row["email"], "payment_key", after=before)
    return {"body": {"user": row["code"], "key": key_of(mail), "remember": True}}


def noticing(ana: Person) -> dict[str, Any]:
    """A notice as the sandbox signs it."""
    kms, key = ana.portal.aws("kms"), ana.portal.deployed["outputs"]["PaymentKey"]
    mac = kms.generate_mac(KeyId=key, MacAlgorithm="HMAC_SHA_256", Message=b"miinti/sandbox")["Mac"]
    body = b'{"attempt":"nobodys"}'
    signed = {sandbox.SIGNATURE: sandbox.signature(mac, int(time.time()), body), "Content-Type": "application/json"}
    return {"path_parameters": {"provider": "sandbox"}, "body": body, "headers": signed}


GOOD: dict[tuple[str, int], Callable[[Person], dict[str, Any]]] = {
    ("register", 202): lambda ana: {"body": registering(ana)},
    ("activate", 204): activating,
    ("resend_activation", 202): lambda ana: {"body": {"email": ana.email}},
    ("login", 200): lambda ana: {"body": {"email": ana.email, "password": ana.password, "remember": True}},
    ("refresh_session", 200): with_cookie,
    ("logout", 204): with_cookie,
    ("list_sessions", 200): lambda _: {"query": {"limit": 1}},
    ("end_session", 204): ending_a_session,
    ("forgot_password", 202): lambda ana: {"body": {"email": ana.email}},
    ("reset_password", 204): resetting,
    ("change_password", 204): changing_password,
    ("show_me", 200): lambda _: {},
    ("show_my_data", 200): lambda _: {},
    ("change_me", 200): lambda _: {"body": {"first_name": "Ana María"}},
    ("change_email", 202): lambda ana: {"body": {"email": f"otra.{ana.email}", "password": ana.password}},
    ("confirm_email", 204): lambda ana: changing_address(ana, read_at="new"),
    ("cancel_email_change", 204): lambda ana: changing_address(ana, read_at="old"),
    ("leave", 204): leaving,
    ("list_companies", 200): lambda _: {"query": {"role": "client"}},
    ("link_company", 201): lambda ana: linking(ana, "3307"),
    ("link_company", 202): lambda bea: linking(bea, "3600"),
    ("unlink_company", 204): unlinking,
    ("object_to_link", 204): objecting,
    ("list_link_requests", 200): lambda _: {},
    ("confirm_link", 201): confirming,
    ("list_docs", 200): lambda ana: {"path_parameters": documented(ana, "id"), "query": {"sort": "status", "limit": 3}},
    ("export_docs", 200): lambda ana: {"path_parameters": documented(ana, "id"), "query": {"format": "csv"}},
    ("list_debts", 200): lambda ana: {"path_parameters": documented(ana, "id")},
    ("start_payment", 201): paying,
    ("list_payments", 200): lambda ana: {"path_parameters": documented(ana, "id"), "query": {"limit": 1}},
    ("show_payment", 200): lambda ana: {"path_parameters": started(ana)},
    ("cancel_payment", 204): lambda ana: {"path_parameters": started(ana)},
    ("take_payment_notice", 200): noticing,
    ("tell_transfer", 201): telling,
    ("list_transfers", 200): lambda ana: {"path_parameters": documented(ana, "id"), "query": {"limit": 1}},
    ("mail_payment_key", 202): lambda ana: {"path_parameters": documented(ana, "id")},
    ("forgot_payment_key", 202): lambda _: {"body": {"user": "nadie@example.com"}},
    ("login_payer", 200): paying_by_key,
    ("show_statement", 200): lambda ana: {"path_parameters": documented(ana, "id")},
    ("show_doc", 200): lambda ana: {"path_parameters": documented(ana, "id", "doc_id")},
    ("change_notifications", 204): choosing,
    ("show_notifications", 200): lambda _: {},
    ("list_links", 200): lambda _: {"query": {"limit": 1}},
    ("open_link", 200): opening,
    ("revoke_link", 204): revoking,
    ("stop_news", 204): one_click,
    ("download", 200): lambda ana: {"path_parameters": documented(ana, "id", "doc_id")},
}
"""Every good answer of every operation, and the request that gets it."""
UNDER_PROOF = {("link_company", 202), ("confirm_link", 201)}

DECLARED = {
    (operation["operationId"], int(status))
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
    for status in operation["responses"]
    if status < "300"
}


@pytest.fixture(scope="module")
def bea(proof_portal: Portal) -> Person:
    return Person(proof_portal).arrive()


@pytest.mark.parametrize(("operation", "status"), sorted(DECLARED))
def test_S69_every_good_answer_is_as_declared(request: pytest.FixtureRequest, operation: str, status: int) -> None:
    who: Person = request.getfixturevalue("bea" if (operation, status) in UNDER_PROOF else "ana")
    sent = GOOD[operation, status](who)
    who = sent.pop("as", who)
    more = sent.pop("headers", {})
    case = schema.find_operation_by_id(operation).Case(**sent)
    headers = {"Authorization": f"Bearer {who.access_token}", **more}
    answer = case.call_and_validate(base_url=who.portal.url, headers=headers)
    assert answer.status_code == status
