"""Every route with a request that it answers well: what the matrices of tenants and of faults are made from.

The world has two people who have nothing to do with each other, each with two sessions, a client and a supplier of one
CUIT, documents of every kind and two link requests; and one person who waits for the activation mail.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any, NamedTuple

from miinti import aws, clock
from miinti.companies import access, requests
from miinti.companies.links import Person
from miinti.companies.rules import Asked
from miinti.documents import mailed
from miinti.http import Route
from miinti.mail import tokens
from miinti.mail.tokens import Token
from tests import companies, documents, payers, people, visitors
from tests.cloud import Cloud
from tests.people import PASSWORD, SignedIn
from tools import openapi

NEW_PASSWORD = "nueve sapos morados"
WAITING = "carla@example.com"
FREE_CUIT, FREE_NUMBER = companies.cuit(50_000_001), "40404"
"""A company that nobody is linked to."""


@cache
def table() -> dict[str, Route]:
    """Use case → its route, of every function that has one: what the API is made from."""
    return openapi.routes()


class Tenant(NamedTuple):
    """A person, and the ids of all that is theirs and nobody else's."""

    email: str
    here: SignedIn
    other_session: str
    client: str
    supplier: str
    client_documents: list[str]
    supplier_documents: list[str]
    requests: list[str]
    grant: str
    """Of the link to ``client``."""
    mailed: list[str]
    """Ids of links to documents of ``client`` that a mail brought."""
    payments: list[str]
    """Of ``client``: one that waits to be paid, and one that was given up."""

    @property
    def documents(self) -> dict[str, list[str]]:
        return {self.client: self.client_documents, self.supplier: self.supplier_documents}


class World(NamedTuple):
    cloud: Cloud
    ana: Tenant
    bea: Tenant


def world(cloud: Cloud) -> World:
    made = World(
        cloud, _tenant(cloud, "ana-1111", "ana@example.com", 0), _tenant(cloud, "bea-2222", "bea@example.com", 1)
    )
    companies.company(number=FREE_NUMBER, cuit=FREE_CUIT)
    visitors.register(cloud, WAITING, first_name="Carla")
    cloud.counted()
    return made


@contextmanager
def as_it_was(world: World) -> Iterator[None]:
    """What a test does to the world and breaks in it is over with the test."""
    before = world.cloud.kept()
    yield
    world.cloud.put_back(before)
    world.cloud.faults.clear()


def _tenant(cloud: Cloud, account_id: str, email: str, nth: int) -> Tenant:
    people.account(cloud, account_id, email=email, first_name=f"Persona{nth}")
    here, other = people.signed_in(cloud, account_id), people.signed_in(cloud, account_id)
    cuit, number = companies.cuit(40_000_001 + 50 * nth), f"7{nth}001"
    ids = {}
    for role, kinds in {"client": ("voucher", "quote", "work_order"), "supplier": ("withholding",)}.items():
        company_id = companies.company(role, number, cuit, name=f"EMPRESA {nth}", email=f"pagos{nth}@empresa.example")
        ids[role] = (company_id, companies.link(account_id, company_id), _documents(company_id, kinds, nth))
    client, supplier = ids["client"], ids["supplier"]
    asked = [_request(cloud, Person(account_id, f"Persona{nth}", email), f"8{nth}002", cuit) for _ in range(2)]
    links = [_mailed_link(account_id, client[0], client[1], doc_id) for doc_id in client[2][:2]]
    payments = [_payment(cloud, here, client[0], doc_id) for doc_id in client[2][1::-1]]
    for n in range(2):
        _transfer(cloud, here, client[0], client[2][n])
    given_up = {"id": client[0], "pid": payments[0]}
    assert cloud.call("cancel_payment", token=here.token, path=given_up).status == 204
    return Tenant(
        email,
        here,
        other.session_id,
        client[0],
        supplier[0],
        client[2],
        supplier[2],
        asked,
        client[1],
        links,
        payments[::-1],
    )


def _payment(cloud: Cloud, here: SignedIn, company_id: str, doc_id: str) -> str:
    key = {"Idempotency-Key": f"world {doc_id}"}
    started = cloud.call("start_payment", {"doc_ids": [doc_id]}, token=here.token, path={"id": company_id}, headers=key)
    return str(started.json["id"])


def _transfer(cloud: Cloud, here: SignedIn, company_id: str, doc_id: str) -> None:
    body = {"amount": "1.00", "date": clock.today().isoformat(), "bank": "Banco Nación", "doc_ids": [doc_id]}
    key = {"Idempotency-Key": f"transfer {doc_id}"}
    told = cloud.call("tell_transfer", body, token=here.token, path={"id": company_id}, headers=key)
    assert told.status == 201


def _mailed_link(account_id: str, company_id: str, grant: str, doc_id: str) -> str:
    link_id = mailed.new_id(clock.now())
    pk, sk = mailed.key(account_id, link_id)
    facts = {"cid": company_id, "doc": doc_id, "kind": "voucher", "date": "2026-11-01", "grant": grant}
    times = {"created_at": clock.now(), "expires_at": clock.now() + tokens.DOCUMENT}
    aws.write(aws.put("CompaniesTable", {"pk": pk, "sk": sk, **facts, **times}))
    return link_id


def _request(cloud: Cloud, person: Person, number: str, cuit: str) -> str:
    """A link asked for under policy ``proof``, its code on the way to the company."""
    request_id = requests.new_id()
    with cloud.as_function("link_company"):
        company = aws.get("CompaniesTable", access.company_key(companies.company("client", number, cuit)))
        aws.transact(requests.received(person, request_id, Asked("client", cuit, number), company, clock.now()))
    return request_id


def code(world: World, request_id: str) -> str:
    with world.cloud.as_function("confirm_link"):
        return tokens.link_code(request_id)


def _documents(company_id: str, kinds: tuple[str, ...], nth: int) -> list[str]:
    """Two of each kind with their PDFs: real ones of the sample, as this company's."""
    found = []
    for kind in kinds:
        name, reader = documents.READERS[kind]
        for line in documents.table(name)[2 * nth : 2 * nth + 2]:
            _, doc_id, facts = reader(line)
            if kind == "voucher":
                # Both are owed, and since long.
                facts |= {"billed": 10000, "collected": 0, "remaining": 10000, "due_date": "2026-01-02", "void": False}
            file = {"f": True, "file_key": f"documents/{doc_id}-0a1b2c.pdf", "file_size": 1234}
            documents.fill([{**documents.row_of(company_id, doc_id, facts), **file}])
            found.append(doc_id)
        counted = aws.update("CompaniesTable", access.company_key(company_id), f"SET n_{kind} = :two", {":two": 2})
        aws.write(counted)
    return found


# --- a good request for each route ------------------------------------------------------------------------------------

Request = dict[str, Any]
"""As ``cloud.asked`` takes it."""


def _mailed(world: World, use_case: str, request: Request, template: str, to: str) -> str:
    """The token of the mail that a route sends."""
    world.cloud.call(use_case, **request)
    return visitors.mailed(world.cloud, template, to)


def _objection(world: World) -> str:
    subject = f"{world.ana.here.account_id} {world.ana.client}"
    with world.cloud.as_function("object_to_link"):
        return tokens.sealed(Token("object", subject, world.ana.grant, clock.now() + tokens.OBJECTION))


def _opening(world: World) -> str:
    ana = world.ana
    entry = {"company_id": ana.client, "doc": ana.client_documents[0], "link": ana.mailed[0], "grant": ana.grant}
    with world.cloud.as_function("open_link"):
        expires_at = clock.now() + tokens.DOCUMENT
        return tokens.sealed(tokens.of_document(ana.here.account_id, {**entry, "expires_at": expires_at}))


def _one_click(world: World) -> str:
    """What stands in the address of a mail of news that went to Ana."""
    row = {"template": "documents_new", "companies": {world.ana.client: world.ana.grant}, "sent_at": clock.now()}
    aws.write(aws.put("OutboxTable", {"pk": "MAIL#news", "sk": "MAIL", "to": {"address": world.ana.email}, **row}))
    with world.cloud.as_function("stop_news"):
        return tokens.sealed(tokens.of_news(world.ana.here.account_id, "news", clock.now()))


def _as_ana(world: World, body: Any = None, **more: Any) -> Request:
    return {"token": world.ana.here.token, **({"body": body} if body else {}), **more}


def _a_payment(world: World) -> Request:
    return _as_ana(world, path={"id": world.ana.client, "pid": world.ana.payments[0]})


def _notice(world: World) -> Request:
    headers, body = world.cloud.provider.notice("0001", clock.now())
    return {"path": {"provider": "sandbox"}, "headers": headers, "raw": body}


def _payment_key(world: World) -> str:
    return payers.new_key(world.cloud, world.ana.client[2:], "pagos0@empresa.example")


def _document(world: World) -> Request:
    return _as_ana(world, path={"id": world.ana.client, "doc_id": world.ana.client_documents[0]})


_NAMES = {"first_name": "Ana", "last_name": "Paz"}
_TO_FREE = {"role": "client", "cuit": FREE_CUIT, "number": FREE_NUMBER}
_CHANGE = {"email": "nueva@example.com", "password": PASSWORD}

REQUESTS: dict[str, Callable[[World], Request]] = {
    "activate": lambda w: {"body": {"token": visitors.mailed(w.cloud, "activate", WAITING)}},
    "cancel_payment": _a_payment,
    "cancel_email_change": lambda w: {
        "body": {"token": _mailed(w, "change_email", _as_ana(w, _CHANGE), "email_changing", w.ana.email)}
    },
    "change_email": lambda w: _as_ana(w, _CHANGE),
    "change_me": lambda w: _as_ana(w, {"first_name": "Anita"}),
    "change_notifications": lambda w: _as_ana(
        w, {"companies": {w.ana.client: {"news": {"voucher": "attachment"}, "reminders": True}}}
    ),
    "change_password": lambda w: _as_ana(w, {"current_password": PASSWORD, "password": NEW_PASSWORD}),
    "confirm_email": lambda w: {
        "body": {"token": _mailed(w, "change_email", _as_ana(w, _CHANGE), "confirm_email", _CHANGE["email"])}
    },
    "confirm_link": lambda w: _as_ana(w, {"code": code(w, w.ana.requests[0])}, path={"id": w.ana.requests[0]}),
    "download": _document,
    "export_docs": lambda w: _as_ana(w, path={"id": w.ana.client}, query={"format": "csv", "sort": "date"}),
    "list_debts": lambda w: _as_ana(w, path={"id": w.ana.client}),
    "list_transfers": lambda w: _as_ana(w, path={"id": w.ana.client}, query={"limit": "1"}),
    "list_payments": lambda w: _as_ana(w, path={"id": w.ana.client}, query={"limit": "1"}),
    "show_statement": lambda w: _as_ana(w, path={"id": w.ana.client}, query={"from": "2020-01-01"}),
    "end_session": lambda w: _as_ana(w, path={"id": w.ana.other_session}),
    "forgot_password": lambda w: {"body": {"email": w.ana.email}},
    "forgot_payment_key": lambda w: {"body": {"user": w.ana.client[2:]}},
    "leave": lambda w: _as_ana(w, {"password": PASSWORD}),
    "link_company": lambda w: _as_ana(w, _TO_FREE),
    "list_companies": lambda w: _as_ana(w, query={"limit": "1"}),
    "list_docs": lambda w: _as_ana(w, path={"id": w.ana.client}, query={"limit": "1"}),
    "list_links": lambda w: _as_ana(w, query={"limit": "1"}),
    "list_link_requests": lambda w: _as_ana(w, query={"limit": "1"}),
    "list_sessions": lambda w: _as_ana(w, query={"limit": "1"}),
    "login": lambda w: {"body": {"email": w.ana.email, "password": PASSWORD}},
    "login_payer": lambda w: {"body": {"user": w.ana.client[2:], "key": _payment_key(w)}},
    "logout": lambda w: {"cookies": [w.ana.here.cookie]},
    "mail_payment_key": lambda w: _as_ana(w, path={"id": w.ana.client}),
    "not_found": lambda _: {},
    "object_to_link": lambda w: {"body": {"token": _objection(w)}},
    "open_link": lambda w: {"body": {"token": _opening(w)}},
    "refresh_session": lambda w: {"cookies": [w.ana.here.cookie]},
    "register": lambda _: {"body": {**_NAMES, "email": "dora@example.com", "password": NEW_PASSWORD}},
    "resend_activation": lambda _: {"body": {"email": WAITING}},
    "reset_password": lambda w: {
        "body": {
            "token": _mailed(w, "forgot_password", {"body": {"email": w.ana.email}}, "reset_password", w.ana.email),
            "password": NEW_PASSWORD,
        }
    },
    "revoke_link": lambda w: _as_ana(w, path={"id": w.ana.mailed[0]}),
    "show_doc": _document,
    "show_me": _as_ana,
    "show_my_data": _as_ana,
    "show_notifications": _as_ana,
    "show_payment": _a_payment,
    "start_payment": lambda w: _as_ana(
        w, {"all_overdue": True}, path={"id": w.ana.client}, headers={"Idempotency-Key": "k-1"}
    ),
    "stop_news": lambda w: {"query": {"t": _one_click(w)}},
    "take_payment_notice": _notice,
    "tell_transfer": lambda w: _as_ana(
        w,
        {
            "amount": "1.00",
            "date": clock.today().isoformat(),
            "bank": "Banco Nación",
            "doc_ids": w.ana.client_documents[:1],
        },
        path={"id": w.ana.client},
        headers={"Idempotency-Key": "t-1"},
    ),
    "unlink_company": lambda w: _as_ana(w, path={"id": w.ana.client}),
}
