"""Payments as tests find them: a table of their own, and a provider on this machine that keeps its own ledger."""

import json
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from typing import Any

import pytest

from local.provider import Provider
from miinti.aws import Row
from miinti.payments import store
from miinti.payments.debts import Line
from miinti.payments.sandbox import Sandbox
from miinti.payments.store import New
from tests.cloud import Cloud

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


@contextmanager
def dying(cloud: Cloud, at: int, answered: bool) -> Iterator[None]:
    """A machine that dies at its n-th call, to AWS or to the provider: before it, or before its answer. At 0 it
    lives."""
    calls = count(1)

    def fault(make: Callable[[], Any]) -> Any:
        if next(calls) != at:
            return make()
        if answered:
            make()
        raise Died

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
