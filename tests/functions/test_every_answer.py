"""Every route gives every answer that it declares, with the contract's headers and, when it is an error, its problem.

Made from the functions' own declarations: a route without a good request here fails, and so does a status or code that
is declared and that nothing here provokes.
"""

import datetime as dt
import hashlib
import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import jsonschema
import pytest
import time_machine
from botocore.exceptions import ReadTimeoutError

from miinti import aws, clock, http, settings
from miinti.accounts import throttles
from miinti.companies import access
from miinti.documents import mailed, rows
from miinti.http import Route
from miinti.mail import outbox, tokens
from miinti.mail.tokens import Token
from miinti.payments import transfers
from miinti.payments.provider import AttemptState
from tests import documents, payers, visitors
from tests.cloud import Answered, Cloud
from tests.companies import CUIT, company, link
from tests.people import PASSWORD, account, signed_in
from tools import openapi

ROUTES = {use_case: route for use_case, route in openapi.routes().items() if route.method != http.ANY}
DOCUMENT = json.loads(openapi.FILE.read_text())
NEW_PASSWORD = "caballo batería correcto"
ORIGIN = hashlib.sha256(b"secret").hexdigest()
EMAIL = "ana@example.com"
DOC = "v-00205-00001513-006"

SPANISH = re.compile(r"\b(el|la|los|no|de|en|con|este|un|es|te|que)\b", re.IGNORECASE)

Sent = dict[str, Any]
"""A request as ``cloud.call`` takes it, its body too."""


class Place:
    """A cloud with Ana in it, logged in, and two companies: one that she is linked to, with documents, and one not."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        account(cloud)
        self.session = signed_in(cloud)
        link("a1", company())
        company("supplier", "3012")
        facts = {"date": "2019-11-23", "due_date": "2019-11-23", "billed": 0, "remaining": 0}
        held = {"f": True, "file_key": f"documents/{DOC}-9f86d081884c7d65.pdf", "file_size": 9}
        documents.fill([{**rows.row("c-27334", DOC, facts), **held}, rows.row("c-27334", DOC[:-1] + "1", facts)])

    def as_ana(self, **more: Any) -> Sent:
        return {"token": self.session.token, **more}

    def mailed(self, template: str, to: str = EMAIL) -> str:
        return visitors.mailed(self.cloud, template, to)

    def of_company(self, doc_id: str = "", company_id: str = "c-27334", **more: Any) -> Sent:
        return self.as_ana(path={"id": company_id, **({"doc_id": doc_id} if doc_id else {})}, **more)

    def grown(self, **more: Any) -> Sent:
        """The same, once the company has more documents than one request reads."""
        many = {":many": 50_001}
        aws.write(aws.update("CompaniesTable", access.company_key("c-27334"), "SET n_voucher = :many", many))
        return self.of_company(**more)

    def debit(self) -> str:
        """A document that the client owes."""
        facts = {"date": "2019-11-23", "due_date": "2019-11-23", "billed": 100, "remaining": 100}
        documents.fill([rows.row("c-27334", DOC[:-1] + "2", facts)])
        return DOC[:-1] + "2"

    def owing(self, use_case: str = "list_debts", **more: Any) -> Sent:
        """The same, where the client owes more debits than are told."""
        self.debit()
        vars(self.cloud.function(use_case))["MOST"] = 0
        return self.of_company(**more)

    def paying(self, key: str = "k-1", **more: Any) -> Sent:
        """A payment to be started, in every field that it can have."""
        body = {"doc_ids": [self.debit()], "all_overdue": False, "amount": "1.00", **more}
        return self.of_company(body=body, headers={"Idempotency-Key": key})

    def telling(self, key: str = "t-1", **more: Any) -> Sent:
        """A transfer to be told of, in every field that it can have."""
        body: dict[str, Any] = {"amount": "1.00", "date": clock.today().isoformat(), "bank": "Banco Nación"}
        body |= {"doc_ids": [self.debit()], "proof": {"content_type": "image/png"}, **more}
        return self.of_company(body=body, headers={"Idempotency-Key": key})

    def of_payment(self, state: AttemptState | None = None) -> Sent:
        """A payment that was started, and perhaps tried."""
        pid = self.cloud.call("start_payment", **self.paying()).json["id"]
        (checkout,) = self.cloud.provider.checkouts
        if state:
            self.cloud.provider.pay(checkout, state)
        return self.as_ana(path={"id": "c-27334", "pid": pid})

    def notice(self) -> Sent:
        headers, body = self.cloud.provider.notice("0001", int(time.time()))
        return {"path": {"provider": "sandbox"}, "headers": headers, "raw": body}


# --- a good request of each route -------------------------------------------------------------------------------------


def activating(place: Place) -> Sent:
    visitors.register(place.cloud, "bo@example.com")
    return {"body": {"token": place.mailed("activate", "bo@example.com")}}


def resetting(place: Place) -> Sent:
    place.cloud.call("forgot_password", {"email": EMAIL})
    return {"body": {"token": place.mailed("reset_password"), "password": NEW_PASSWORD}}


def changing_address(place: Place, template: str, to: str) -> Sent:
    place.cloud.call("change_email", {"email": "nueva@example.com", "password": PASSWORD}, token=place.session.token)
    return {"body": {"token": place.mailed(template, to)}}


def objecting(place: Place) -> Sent:
    grant = link("a1", "c-27334")
    with place.cloud.as_function("object_to_link"):
        token = tokens.sealed(Token("object", "a1 c-27334", grant, int(time.time()) + 60))
    return {"body": {"token": token}}


def linking(place: Place, **more: Any) -> Sent:
    return place.as_ana(body={"role": "supplier", "cuit": CUIT, "number": "3012", **more})


def confirming(place: Place) -> Sent:
    place.cloud.link_policy = "proof"
    request_id = place.cloud.call("link_company", **linking(place)).json["request_id"]
    with place.cloud.as_function("confirm_link"):
        code = tokens.link_code(request_id)
    return place.as_ana(path={"id": request_id}, body={"code": code})


def mailed_link(doc_id: str = DOC, company_id: str = "c-27334") -> tuple[str, str]:
    """A link that a mail brought to Ana: its id, and the grant that it was made under."""
    row = aws.get("CompaniesTable", access.link_key("a1", "c-27334"))
    assert row is not None
    document = {"id": doc_id, "kind": "voucher", "date": "2019-11-23"}
    entry, write = mailed.made("a1", company_id, row["grant"], document, int(time.time()))
    aws.write(write)
    return entry["link"], row["grant"]


def opening(place: Place, doc_id: str = DOC, lives: int = 3600, kept: bool = True) -> Sent:
    with place.cloud.as_function("open_link"):
        link_id, grant = mailed_link(doc_id) if kept else ("0" * 24, "g")
        entry = {"company_id": "c-27334", "doc": doc_id, "link": link_id, "grant": grant}
        token = tokens.of_document("a1", {**entry, "expires_at": int(time.time()) + lives})
        return {"body": {"token": tokens.sealed(token)}}


def clicking(place: Place) -> Sent:
    row = {"pk": "MAIL#m1", "sk": "MAIL", "template": "documents_new", "companies": {"c-27334": "g-1"}}
    with place.cloud.as_function("stop_news"):
        aws.write(aws.put("OutboxTable", row))
        return {"query": {"t": tokens.sealed(tokens.of_news("a1", "m1", int(time.time())))}}


def choosing(place: Place, company_id: str = "c-27334") -> Sent:
    choice = {"news": {"voucher": "none"}, "reminders": True}
    return place.as_ana(body={"companies": {company_id: choice}})


def revoking(place: Place) -> Sent:
    with place.cloud.as_function("open_link"):
        return place.as_ana(path={"id": mailed_link()[0]})


def paid_for(place: Place) -> Sent:
    """What is asked of a document that a payment holds."""
    place.cloud.call("start_payment", **place.paying())
    return place.paying("k-2")


def under_way(place: Place) -> Sent:
    """The same once more, while the first is at the provider."""
    place.cloud.away = True
    assert place.cloud.call("start_payment", **place.paying()).status == 503
    place.cloud.away = False
    return place.paying()


def another_under_its_key(place: Place) -> Sent:
    place.cloud.call("start_payment", **place.paying())
    return place.paying(amount="0.50")


def another_transfer_under_its_key(place: Place) -> Sent:
    place.cloud.call("tell_transfer", **place.telling())
    return place.telling(amount="0.50")


def new_session(place: Place) -> Sent:
    return {"cookies": [signed_in(place.cloud).cookie]}


GOOD: dict[str, Callable[[Place], Sent]] = {
    "activate": activating,
    "cancel_payment": lambda place: place.of_payment(),
    "cancel_email_change": lambda place: changing_address(place, "email_changing", EMAIL),
    "change_email": lambda place: place.as_ana(body={"email": "nueva@example.com", "password": PASSWORD}),
    "change_me": lambda place: place.as_ana(body={"first_name": "Eva", "last_name": "Paz"}),
    "change_notifications": choosing,
    "change_password": lambda place: place.as_ana(body={"current_password": PASSWORD, "password": NEW_PASSWORD}),
    "confirm_email": lambda place: changing_address(place, "confirm_email", "nueva@example.com"),
    "confirm_link": confirming,
    "download": lambda place: place.of_company(DOC),
    "end_session": lambda place: place.as_ana(path={"id": signed_in(place.cloud).session_id}),
    "export_docs": lambda place: place.of_company(query={"format": "xlsx"}),
    "list_debts": lambda place: place.of_company(),
    "list_payments": lambda place: place.of_company(query={"limit": "5"}),
    "list_transfers": lambda place: place.of_company(query={"limit": "5"}),
    "show_statement": lambda place: place.of_company(query={"to": "2030-12-31"}),
    "forgot_password": lambda _: {"body": {"email": EMAIL}},
    "forgot_payment_key": lambda _: {"body": {"user": "27334"}},
    "leave": lambda place: place.as_ana(body={"password": PASSWORD}),
    "link_company": linking,
    "list_companies": lambda place: place.as_ana(query={"role": "client", "limit": "5"}),
    "list_docs": lambda place: place.of_company(query={"kind": "voucher", "sort": "-billed"}),
    "list_link_requests": lambda place: place.as_ana(query={"limit": "5"}),
    "list_links": lambda place: place.as_ana(query={"limit": "5"}),
    "list_sessions": lambda place: place.as_ana(query={"limit": "5"}),
    "login": lambda _: {"body": {"email": EMAIL, "password": PASSWORD, "remember": True}},
    "login_payer": lambda place: {"body": {"user": "27334", "key": payers.new_key(place.cloud), "remember": True}},
    "logout": new_session,
    "mail_payment_key": lambda place: place.of_company(),
    "object_to_link": objecting,
    "open_link": opening,
    "refresh_session": new_session,
    "register": lambda _: {
        "body": {"first_name": "Bo", "last_name": "Vera", "email": "bo@example.com", "password": NEW_PASSWORD}
    },
    "resend_activation": lambda _: {"body": {"email": EMAIL}},
    "reset_password": resetting,
    "revoke_link": revoking,
    "show_doc": lambda place: place.of_company(DOC),
    "show_me": lambda place: place.as_ana(),
    "show_my_data": lambda place: place.as_ana(),
    "show_notifications": lambda place: place.as_ana(),
    "show_payment": lambda place: place.of_payment(),
    "start_payment": lambda place: place.paying(),
    "stop_news": clicking,
    "take_payment_notice": lambda place: place.notice(),
    "tell_transfer": lambda place: place.telling(),
    "unlink_company": lambda place: place.of_company(),
}


# --- what only some routes refuse -------------------------------------------------------------------------------------


def too_often(place: Place, use_case: str, kind: str, request: Sent) -> Sent:
    """The request that comes after all that one network may send in a minute."""
    place.cloud.ip_limits = "on"
    for _ in range(throttles.PER_MINUTE[kind]):
        place.cloud.call(use_case, **request)
    return request


def waiting(place: Place) -> Sent:
    visitors.register(place.cloud, "bo@example.com", password=PASSWORD)
    return {"body": {"email": "bo@example.com", "password": PASSWORD}}


def too_many_links(place: Place) -> Sent:
    wrong = linking(place, number="999")
    for _ in range(throttles.FREE + 1):
        place.cloud.call("link_company", **wrong)
    return wrong


def linked_meanwhile(place: Place) -> Sent:
    request = confirming(place)
    link("a1", "s-3012")
    return request


def nobody_takes_it(place: Place, request: Sent) -> Sent:
    """As after a deployment without a provider."""
    place.cloud.payment_provider = "none"
    for use_case in ("cancel_payment", "start_payment"):
        place.cloud.forget(use_case)
    return request


def without_address(place: Place) -> Sent:
    company(email=None)
    return place.of_company()


def too_many_keys(place: Place) -> Sent:
    for _ in range(outbox.PER_HOUR):
        place.cloud.call("mail_payment_key", **place.of_company())
    return place.of_company()


def too_many_transfers(place: Place) -> Sent:
    company_id, now = place.telling()["path"]["id"], clock.now()
    for number in range(transfers.MOST_AN_HOUR):
        row = {"pk": f"COMPANY#{company_id}", "sk": f"TRANSFER#{now:08x}{number:024x}", "created_at": now}
        with place.cloud.as_function("tell_transfer"):
            aws.write(aws.put(settings.payments_table(), row))
    return {**place.telling(), "headers": {"Idempotency-Key": "one-too-many"}}


WRONG_KEY = {"body": {"user": "27334", "key": payers.WRONG}}
NO_TOKEN = {"body": {"token": "x"}}
NO_COMPANY = "c-1"
REFUSED: dict[tuple[str, str], Callable[[Place], Sent]] = {
    ("activate", "invalid_mail_token"): lambda _: NO_TOKEN,
    ("cancel_email_change", "invalid_mail_token"): lambda _: NO_TOKEN,
    ("confirm_email", "invalid_mail_token"): lambda _: NO_TOKEN,
    ("object_to_link", "invalid_mail_token"): lambda _: NO_TOKEN,
    ("reset_password", "invalid_mail_token"): lambda _: {"body": {"token": "x", "password": NEW_PASSWORD}},
    ("open_link", "invalid_mail_token"): lambda _: NO_TOKEN,
    ("open_link", "link_expired"): lambda place: opening(place, kept=False),
    ("open_link", "file_missing"): lambda place: opening(place, DOC[:-1] + "1"),
    ("revoke_link", "not_found"): lambda place: place.as_ana(path={"id": "x"}),
    ("list_links", "bad_cursor"): lambda place: place.as_ana(query={"cursor": "x"}),
    ("change_notifications", "not_found"): lambda place: choosing(place, NO_COMPANY),
    ("stop_news", "invalid_mail_token"): lambda _: {},
    ("change_email", "invalid_credentials"): lambda place: place.as_ana(
        body={"email": "nueva@example.com", "password": "x"}
    ),
    ("change_password", "invalid_credentials"): lambda place: place.as_ana(
        body={"current_password": "x", "password": NEW_PASSWORD}
    ),
    ("leave", "invalid_credentials"): lambda place: place.as_ana(body={"password": "x"}),
    ("login", "invalid_credentials"): lambda _: {"body": {"email": EMAIL, "password": "x"}},
    ("login", "not_activated"): waiting,
    ("login", "too_many_attempts"): lambda place: too_often(
        place, "login", "failed-login", {"body": {"email": EMAIL, "password": "x"}}
    ),
    ("register", "too_many_attempts"): lambda place: too_often(
        # Refused for its password, and counted all the same.
        place,
        "register",
        "register",
        {"body": {**GOOD["register"](place)["body"], "password": "password1"}},
    ),
    ("forgot_password", "too_many_attempts"): lambda place: too_often(
        place, "forgot_password", "forgot", {"body": {"email": EMAIL}}
    ),
    ("forgot_payment_key", "too_many_attempts"): lambda place: too_often(
        place, "forgot_payment_key", "payment-key", {"body": {"user": "27334"}}
    ),
    ("login_payer", "invalid_credentials"): lambda _: WRONG_KEY,
    ("login_payer", "too_many_attempts"): lambda place: too_often(place, "login_payer", "failed-login", WRONG_KEY),
    ("mail_payment_key", "not_found"): lambda place: place.of_company(company_id=NO_COMPANY),
    ("mail_payment_key", "no_address_on_file"): without_address,
    ("mail_payment_key", "too_many_attempts"): too_many_keys,
    ("resend_activation", "too_many_attempts"): lambda place: too_often(
        place, "resend_activation", "resend", {"body": {"email": EMAIL}}
    ),
    ("link_company", "too_many_attempts"): too_many_links,
    ("link_company", "company_not_found"): lambda place: linking(place, number="999"),
    ("link_company", "already_linked"): lambda place: linking(place, role="client", number="27334"),
    ("confirm_link", "not_found"): lambda place: place.as_ana(path={"id": "0" * 24}, body={"code": "AAAAAA"}),
    ("confirm_link", "invalid_code"): lambda place: {**confirming(place), "body": {"code": "x"}},
    ("confirm_link", "already_linked"): linked_meanwhile,
    ("refresh_session", "invalid_session"): lambda _: {},
    ("end_session", "not_found"): lambda place: place.as_ana(path={"id": "x"}),
    ("unlink_company", "not_found"): lambda place: place.of_company(company_id=NO_COMPANY),
    ("list_docs", "not_found"): lambda place: place.of_company(company_id=NO_COMPANY),
    ("show_doc", "not_found"): lambda place: place.of_company("v-00205-00000001-006"),
    ("export_docs", "not_found"): lambda place: place.of_company(company_id=NO_COMPANY, query={"format": "csv"}),
    ("export_docs", "too_many_rows"): lambda place: place.grown(query={"format": "csv"}),
    ("list_debts", "not_found"): lambda place: place.of_company(company_id=NO_COMPANY),
    ("list_debts", "too_many_rows"): lambda place: place.owing(),
    ("list_payments", "not_found"): lambda place: place.of_company(company_id=NO_COMPANY),
    ("list_payments", "bad_cursor"): lambda place: place.of_company(query={"cursor": "x"}),
    ("show_payment", "not_found"): lambda place: place.as_ana(path={"id": "c-27334", "pid": "0" * 32}),
    ("cancel_payment", "not_found"): lambda place: place.as_ana(path={"id": "c-27334", "pid": "0" * 32}),
    ("cancel_payment", "payments_unavailable"): lambda place: nobody_takes_it(place, place.of_payment()),
    ("cancel_payment", "payment_in_process"): lambda place: place.of_payment("pending"),
    ("start_payment", "not_found"): lambda place: {**place.paying(), "path": {"id": NO_COMPANY}},
    ("start_payment", "too_many_rows"): lambda place: place.owing(
        "start_payment", **{name: value for name, value in place.paying().items() if name in ("body", "headers")}
    ),
    ("start_payment", "payment_in_process"): paid_for,
    ("start_payment", "payments_unavailable"): lambda place: nobody_takes_it(place, place.paying()),
    ("start_payment", "idempotency_mismatch"): another_under_its_key,
    ("start_payment", "request_in_progress"): under_way,
    ("list_transfers", "not_found"): lambda place: place.of_company(company_id=NO_COMPANY),
    ("list_transfers", "bad_cursor"): lambda place: place.of_company(query={"cursor": "x"}),
    ("tell_transfer", "not_found"): lambda place: {**place.telling(), "path": {"id": NO_COMPANY}},
    ("tell_transfer", "idempotency_mismatch"): another_transfer_under_its_key,
    ("tell_transfer", "too_many_attempts"): too_many_transfers,
    ("take_payment_notice", "not_found"): lambda place: {**place.notice(), "path": {"provider": "mercadopago"}},
    ("take_payment_notice", "invalid_signature"): lambda place: {**place.notice(), "raw": b'{"attempt":"0002"}'},
    ("take_payment_notice", "too_many_attempts"): lambda place: too_often(
        place, "take_payment_notice", "notice", place.notice()
    ),
    ("show_statement", "not_found"): lambda place: place.of_company(company_id=NO_COMPANY),
    ("show_statement", "too_many_rows"): lambda place: place.grown(),
    ("download", "not_found"): lambda place: place.of_company("v-00205-00000001-006"),
    ("download", "file_missing"): lambda place: place.of_company(DOC[:-1] + "1"),
    ("list_docs", "bad_cursor"): lambda place: place.of_company(query={"cursor": "x"}),
    ("export_docs", "bad_cursor"): lambda place: place.of_company(query={"format": "csv", "cursor": "x"}),
    ("list_companies", "bad_cursor"): lambda place: place.as_ana(query={"cursor": "x"}),
    ("list_sessions", "bad_cursor"): lambda place: place.as_ana(query={"cursor": "x"}),
    ("show_my_data", "bad_cursor"): lambda place: place.as_ana(query={"cursor": "x"}),
    ("list_link_requests", "bad_cursor"): lambda place: place.as_ana(query={"cursor": "x"}),
}


# --- what the edge refuses of a good request with one thing wrong -----------------------------------------------------


class Everywhere(dict[str, Any]):
    """A fault at every call to AWS."""

    def __init__(self, error: Exception) -> None:
        super().__init__()
        self._error = error

    def get(self, _name: str, _default: Any = None) -> Any:
        return self._error


def without_secret(place: Place, good: Sent) -> Sent:
    real = place.cloud.environment
    # As after a deployment behind CloudFront; the cloud is this case's own.
    place.cloud.environment = lambda use_case: {**real(use_case), "ORIGIN_SHA256": ORIGIN}  # type: ignore[method-assign]
    return good


def broken(error: Exception) -> Callable[[Place, Sent], Sent]:
    def request(place: Place, good: Sent) -> Sent:
        place.cloud.faults = Everywhere(error)
        return good

    return request


def unknown(_: Place, good: Sent) -> Sent:
    if "body" in good:
        return {**good, "body": {**good["body"], "x": 1}}
    return {**good, "query": {**good.get("query", {}), "x": "1"}}


def raw(content: bytes, media: str = "application/json") -> Callable[[Place, Sent], Sent]:
    return lambda _, good: {
        **{name: value for name, value in good.items() if name != "body"},
        "raw": content,
        "headers": {"Content-Type": media},
    }


EDGE: dict[str, Callable[[Place, Sent], Sent]] = {
    "forbidden": without_secret,
    "unsupported_media_type": raw(b"{}", "text/plain"),
    "body_too_large": raw(b" " * (64 * 1024 + 1)),
    "malformed_json": raw(b'{"email":'),
    "validation_failed": unknown,
    "invalid_token": lambda _, good: {name: value for name, value in good.items() if name != "token"},
    "wrong_origin": lambda _, good: {**good, "headers": {"Origin": "https://other.example"}},
    "internal_error": broken(RuntimeError("secret")),
    "unavailable": broken(ReadTimeoutError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com")),
}


# --- the sweep --------------------------------------------------------------------------------------------------------


def declared() -> Iterator[tuple[str, int, str]]:
    """(use case, status, problem); "" for a good answer."""
    for use_case, route in ROUTES.items():
        yield from ((use_case, status, "") for status in route.answers)
        yield from ((use_case, status, key) for status, keys in openapi.problem_keys(route).items() for key in keys)


@pytest.mark.parametrize(("use_case", "status", "problem"), sorted(declared()))
def test_S59_every_declared_answer_is_given_as_declared(cloud: Cloud, use_case: str, status: int, problem: str) -> None:
    with ExitStack() as clock:
        if problem == "too_many_attempts":
            # Requests are counted by the minute: all of these are in one.
            clock.enter_context(time_machine.travel(dt.datetime.now(dt.UTC), tick=False))
        _given(cloud, use_case, status, problem)


def _given(cloud: Cloud, use_case: str, status: int, problem: str) -> None:
    place = Place(cloud)
    if (use_case, problem) in REFUSED:
        request = REFUSED[use_case, problem](place)
    else:
        if (use_case, status) == ("link_company", 202):
            cloud.link_policy = "proof"
        request = GOOD[use_case](place)
        cloud.function(use_case)
        request = EDGE[problem](place, request) if problem else request
    answer = cloud.call(use_case, **request)
    assert answer.status == status, answer.text
    as_documented(ROUTES[use_case], answer)
    if problem:
        is_problem(answer, problem)
    assert "secret" not in answer.text


def test_nothing_here_provokes_what_no_route_declares() -> None:
    known = {(use_case, problem) for use_case, _, problem in declared()}
    assert set(REFUSED) <= known
    assert set(GOOD) == set(ROUTES)


@pytest.mark.parametrize("text", [*(row[2] for row in http.PROBLEMS.values()), *http.FIELD_MESSAGES.values()])
def test_what_people_read_is_spanish(text: str) -> None:
    assert SPANISH.search(text)
    assert text.endswith(".")


def is_problem(answer: Answered, key: str) -> None:
    """All of the problem, its texts those of the one table that is looked at by people."""
    status, title, detail = http.PROBLEMS[key]
    code = "invalid_token" if key == "invalid_mail_token" else key
    assert answer.headers["content-type"] == "application/problem+json; charset=utf-8"
    fixed = {"type": f"urn:miinti:problem:{key}", "title": title, "status": status, "detail": detail, "code": code,
             "request_id": "req-1"}  # fmt: skip
    assert {name: answer.json[name] for name in fixed} == fixed
    assert set(answer.json) - set(fixed) == {"errors"} | ({"id"} if key == "already_linked" else set())
    assert bool(answer.json["errors"]) == (key == "validation_failed")
    for error in answer.json["errors"]:
        assert error["message"].endswith(".")
        assert error["field"]
        assert error["code"] in http.FIELD_MESSAGES
    assert ("retry-after" in answer.headers) == (status in (429, 503))
    assert ("www-authenticate" in answer.headers) == (key == "invalid_token")


def as_documented(route: Route, answer: Answered) -> None:
    """Headers and body are what docs/openapi.json says of this status."""
    told = DOCUMENT["paths"][route.path][route.method.lower()]["responses"][str(answer.status)]
    told = resolved(told)
    for name, header in told["headers"].items():
        given: Any = answer.headers[name.lower()]
        schema = resolved(header)["schema"]
        jsonschema.validate(int(given) if schema.get("type") == "integer" else given, schema)
    assert ("content" in told) == bool(answer.text)
    if answer.text:
        ((media, content),) = told["content"].items()
        assert answer.headers["content-type"] == f"{media}; charset=utf-8"
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker()).validate(answer.json)


def resolved(part: Any) -> Any:
    if "$ref" not in part:
        return part
    _, _, kind, name = part["$ref"].split("/")
    return DOCUMENT["components"][kind][name]


# --- bodies, field by field -------------------------------------------------------------------------------------------

WITH_BODY = {use_case: route for use_case, route in ROUTES.items() if route.body is not None}


@pytest.mark.parametrize("use_case", sorted(WITH_BODY))
def test_S58_a_field_missing_or_wrong_is_named_and_changes_nothing(cloud: Cloud, use_case: str) -> None:
    place = Place(cloud)
    good = GOOD[use_case](place)
    before = {table: cloud.rows(table) for table in ("IdentityTable", "CompaniesTable", "OutboxTable")}
    body = good["body"]
    model = WITH_BODY[use_case].body
    assert model is not None
    fields = model.model_fields
    assert set(body) == set(fields)
    for name, field in fields.items():
        wrongs: list[Any] = [None, [], {}, 1, [body[name]]]
        for wrong in wrongs:
            answer = cloud.call(use_case, **{**good, "body": {**body, name: wrong}})
            # Of a list its place may be told: doc_ids.0
            assert (answer.status, [field.partition(".")[0] for field in answer.fields()]) == (422, [name]), wrong
        left = {other: value for other, value in body.items() if other != name}
        if field.is_required():
            answer = cloud.call(use_case, **{**good, "body": left})
            assert (answer.status, answer.fields()) == (422, {name: "missing"})
    for no_object in ([], "x", None, 1, [body]):
        answer = cloud.call(use_case, **{**good, "body": None, "raw": json.dumps(no_object).encode()})
        assert answer.status == 422
    assert cloud.call(use_case, **{**good, "body": None}).status == 400
    assert {table: cloud.rows(table) for table in before} == before
