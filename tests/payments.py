"""Payments as tests find them: a table of their own, and a provider on this machine that keeps its own ledger."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import pytest

from local import provider
from local.provider import Provider
from miinti import aws, clock
from miinti.aws import Row
from miinti.documents import rows
from miinti.payments import store
from miinti.payments.debts import Line
from miinti.payments.provider import AttemptState
from miinti.payments.sandbox import Sandbox
from miinti.payments.store import New
from tests import companies, documents
from tests.cloud import Answered, Cloud

KEY = b"k" * 32
COMPANY = "c-27334"
NOW = 1_796_000_000
DOCS = tuple(f"v-00205-{number:08d}-006" for number in range(1, 6))
Answer = Callable[[str, str, dict[str, str], bytes], tuple[int, Any]]


def quiet(before: Row, after: Row) -> Sequence[Any]:
    """Nobody is told."""
    return ()


def title(line: Line) -> str:
    return f"Factura {line.doc}"


def started(lines: Sequence[Line] = (Line(DOCS[0], 24216800),), now: int = NOW, **more: Any) -> Row:
    return store.start(New(COMPANY, "a1", "sandbox", lines), now, **more)


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """``answer`` behind HTTP on this machine: method, target, headers and body come in, status and JSON go out."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *said: Any) -> None:
            pass

        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            status, told = answer(self.command, self.path, {n.lower(): v for n, v in self.headers.items()}, body)
            sent = told if isinstance(told, bytes) else json.dumps(told).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(sent)))
            # Who asked may be gone: that is what some tests are about.
            with suppress(ConnectionError):
                self.end_headers()
                self.wfile.write(sent)

        do_POST = do_GET  # noqa: N815 - http.server's own names
        do_PUT = do_GET  # noqa: N815

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Desk:
    """A cloud with the payments' table, a provider, and the sandbox that asks it; ``now`` is everybody's clock."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.now = NOW
        self.provider = Provider(KEY, lambda: self.now)
        self.sandbox = Sandbox("http://127.0.0.1:1", [KEY])

    def payment(self, payment_id: str) -> Row:
        return store.get(COMPANY, payment_id)


class Died(Exception):
    """The machine stops here."""


def dying(cloud: Cloud, at: int, answered: bool) -> AbstractContextManager[None]:
    """A machine that dies at its n-th call, to AWS or to the provider: before it, or before its answer. At 0 it
    lives."""

    def dies() -> None:
        raise Died

    return crossed(cloud, at, answered, dies)


@contextmanager
def crossed(cloud: Cloud, at: int, answered: bool, happens: Callable[[], None]) -> Iterator[None]:
    """At a machine's n-th call, to AWS or to the provider, something happens: before it, or before its answer."""
    calls = count(1)

    def fault(make: Callable[[], Any]) -> Any:
        if next(calls) != at:
            return make()
        if answered:
            answer = make()
            happens()
            return answer
        happens()
        return make()

    inner = Sandbox._asked
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Sandbox, "_asked", lambda one, *given: fault(lambda: inner(one, *given)))
        cloud.faults["*"] = fault
        try:
            yield
        finally:
            cloud.faults.clear()


@contextmanager
def desk(cloud: Cloud) -> Iterator[Desk]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PAYMENTS_TABLE", "PaymentsTable")
        patch.setenv("OUTBOX_TABLE", "OutboxTable")
        made = Desk(cloud)
        with served(made.provider.answer) as base:
            made.sandbox = Sandbox(base, [KEY])
            yield made


# --- in front of the functions ----------------------------------------------------------------------------------------

RECEIPT = "v-00205-00000900-004"
ANA = "a1@personas.example"


class Client:
    """Ana, linked to a client that owes ``cents`` on as many documents, all due long ago; what she asks, and what she
    and the provider do."""

    def __init__(self, cloud: Cloud, *cents: int) -> None:
        self.cloud = cloud
        self._token, self._minted = companies.person(cloud), clock.now()
        companies.link("a1", companies.company())
        self.docs = list(DOCS[: len(cents)])
        for doc, owed in zip(self.docs, cents, strict=True):
            self.owes(doc, owed)
        cloud.counted()

    @property
    def token(self) -> str:
        """Her access token, another one where time has gone on."""
        if clock.now() != self._minted:
            self._token, self._minted = companies.token(self.cloud), clock.now()
        return self._token

    def owes(self, doc: str, cents: int, due: str | None = "2026-01-02", company_id: str = COMPANY) -> None:
        facts = {"date": "2026-01-02", "due_date": due, "billed": cents, "collected": 0, "remaining": cents}
        documents.fill([rows.row(company_id, doc, facts)])

    def start(self, *docs: str, key: str | None = "k-1", token: str = "", **body: Any) -> Answered:
        if docs:
            body["doc_ids"] = list(docs)
        headers = {} if key is None else {"Idempotency-Key": key}
        path = {"id": body.pop("company", COMPANY)}
        return self.cloud.call("start_payment", body, token=token or self.token, path=path, headers=headers)

    def started(self, *docs: str, **more: Any) -> str:
        answer = self.start(*(docs or self.docs[:1]), **more)
        assert answer.status == 201, answer.text
        return str(answer.json["id"])

    def show(self, pid: str) -> Any:
        answer = self.cloud.call("show_payment", token=self.token, path={"id": COMPANY, "pid": pid})
        assert answer.status == 200, answer.text
        return answer.json

    def told_as(self, pid: str) -> str:
        """What staff calls a payment."""
        return f"{COMPANY}.{pid}"

    def cancel(self, pid: str) -> Answered:
        return self.cloud.call("cancel_payment", token=self.token, path={"id": COMPANY, "pid": pid})

    def row(self, pid: str) -> Row:
        (found,) = [row for row in self.cloud.rows("PaymentsTable") if row["sk"] == f"PAYMENT#{pid}"]
        return found

    def held(self) -> dict[str, str]:
        """Document → the payment that holds it."""
        found = [row for row in self.cloud.rows("PaymentsTable") if row["sk"].startswith("DEBT#")]
        return {row["sk"].removeprefix("DEBT#"): row["payment"] for row in found if "payment" in row}

    def checkout(self, pid: str) -> provider.Checkout:
        reference = f"{COMPANY}.{pid}"
        (found,) = [one for one in self.cloud.provider.checkouts.values() if one.reference == reference]
        return found

    def pay(self, pid: str, state: AttemptState = "credited") -> str:
        return self.cloud.provider.pay(self.checkout(pid).id, state).id

    def notify(self, attempt: str, **more: Any) -> Answered:
        headers, body = self.cloud.provider.notice(attempt, clock.now())
        return self.cloud.call("take_payment_notice", raw=body, headers=headers, path={"provider": "sandbox"}, **more)

    def told(self, attempt: str) -> None:
        """A notice of the attempt comes, and is worked on."""
        assert self.notify(attempt).status == 200
        assert applied(self.cloud) == []

    def receipt(self, doc: str, cents: int, date: str, receipt: str = RECEIPT, *, moved: bool = True) -> None:
        """The ERP tells what a receipt paid of a document, and, where it ``moved``, what remains of that."""
        pk, sk = f"APPLIED#{doc}", f"{receipt}#{date}"
        documents.fill([{"pk": pk, "sk": sk, "other": receipt, "date": date, "amount": cents}])
        for row in [one for one in self.cloud.rows("CompaniesTable") if moved and one.get("id") == doc]:
            facts = {name: row[name] for name in ("date", "due_date", "billed", "collected", "remaining")}
            facts |= {"collected": facts["collected"] + cents, "remaining": facts["remaining"] - cents}
            documents.fill([rows.row(row["pk"].removeprefix("COMPANY#"), doc, facts)])


def queued(cloud: Cloud) -> list[dict[str, Any]]:
    """What waits in the queue of notices, as records of an event; taken out of it."""
    url, found = cloud.resolved({"Ref": "PaymentQueue"}), []
    while (
        messages := aws.sqs()
        .receive_message(QueueUrl=url, MaxNumberOfMessages=10, MessageSystemAttributeNames=["All"])
        .get("Messages", [])
    ):
        found += [
            {
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
                "eventSource": "aws:sqs",
            }
            for message in messages
        ]
    cloud.calls[:] = [call for call in cloud.calls if call != "sqs:ReceiveMessage"]
    return found


def applied(cloud: Cloud) -> list[str]:
    """All that waits in the queue of notices through ``apply_payment``; the messages that failed."""
    records = queued(cloud)
    answer = cloud.invoke("apply_payment", {"Records": records}) if records else {"batchItemFailures": []}
    return [failure["itemIdentifier"] for failure in answer["batchItemFailures"]]
