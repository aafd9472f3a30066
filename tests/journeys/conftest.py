"""The whole local run, started as a person would start it, once a session for each policy; and what journeys use."""

import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.cookiejar import CookieJar, DefaultCookiePolicy
from pathlib import Path
from typing import Any

import httpx
import pytest

from miinti.mail import outbox
from tools.clients import client

ROOT = Path(__file__).resolve().parents[2]
SAMPLE = ROOT / "local" / "sample"
READY_SECONDS = 420
"""How long a run may take to be ready on a small machine that does other things too."""
TLS = httpx.create_ssl_context()
"""Nobody speaks it here, and every client would read the world's certificates for it."""
web = httpx.Client(
    verify=TLS,
    timeout=60,
    cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
    limits=httpx.Limits(max_keepalive_connections=0),
)
"""For requests of nobody in particular to anywhere, each with a connection of its own and without cookies."""


@dataclass
class Portal:
    """A local run under way. ``url`` is its front door."""

    url: str
    policy: str
    sample: Path
    state: Path
    secrets: set[str] = field(default_factory=set)
    """Every password, access token, cookie and presigned address that went through the hands of a ``Person``."""
    _clients: list[httpx.Client] = field(default_factory=list)

    def client(self) -> httpx.Client:
        """A client without cookies of its own: httpx keeps ``Secure`` ones from plain HTTP, so journeys send them."""
        made = httpx.Client(base_url=self.url, timeout=120, cookies=None, verify=TLS)
        self._clients.append(made)
        return made

    def mails(self, to: str, template: str | None = None) -> list[dict[str, Any]]:
        """The mails to an address, newest first; to everybody where it is empty."""
        found: list[dict[str, Any]] = web.get(f"{self.url}/_local/mail", params={"to": to}).json()
        return [mail for mail in found if template in {None, mail["template"]}]

    def mail(self, to: str, template: str, *, after: int = 0, about: str = "", seconds: float = 60) -> dict[str, Any]:
        """The newest mail of a template to an address, once there are more than ``after`` of them that name ``about``:
        others may have caused such mails to that address too."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            mails = [mail for mail in self.mails(to, template) if about in mail["text"]]
            if len(mails) > after:
                return mails[0]
            time.sleep(0.1)
        raise AssertionError(f"no {template} for {to} in {seconds} s")

    def settled(self, seconds: float = 60) -> None:
        """Wait until every mail that was to go has gone: from then on the mailbox holds all that there will be."""
        deadline = time.monotonic() + seconds
        while waiting := [row["pk"]["S"] for row in self.rows("OutboxTable") if _waits(row)]:
            assert time.monotonic() < deadline, f"{waiting} did not go in {seconds} s"
            time.sleep(0.1)

    def rows(self, table: str) -> list[dict[str, Any]]:
        """All rows of a table, by its name in the template or its own, as DynamoDB spells them."""
        name = self.deployed["resources"].get(table, table)
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName=name)
        return [row for page in pages for row in page["Items"]]

    @property
    def deployed(self) -> dict[str, Any]:
        """Where the cloud behind is (``endpoint``), and the stack's ``outputs`` and ``resources`` by name."""
        deployed: dict[str, Any] = json.loads((self.state / "deployed.json").read_text())
        return deployed

    def aws(self, service: str) -> Any:
        """A client of the cloud behind, with its owner's rights, for looking at what only the owner sees."""
        return client(service, self.deployed["endpoint"])

    def close(self) -> None:
        for one in self._clients:
            one.close()


def _waits(row: dict[str, Any]) -> bool:
    """Whether an outbox row is of a mail that is still to go."""
    done = "sent_at" in row or "refused_at" in row
    return row["sk"]["S"] == "MAIL" and row["template"]["S"] != outbox.QUIET and not done


def tokens_of(mail: dict[str, Any]) -> list[str]:
    """The tokens in a mail's links, after ``#t=``."""
    return [link.partition("#t=")[2] for link in mail["links"] if "#t=" in link]


def token_of(mail: dict[str, Any]) -> str:
    """The token in the first link of a mail that has one, after ``#t=``."""
    return tokens_of(mail)[0]


def code_of(mail: dict[str, Any]) -> str:
    """The code in a mail ``link_code``, on a line of its own."""
    [code] = re.findall(r"^([A-Z2-9]{6})$", mail["text"], re.MULTILINE)
    return str(code)


def key_of(mail: dict[str, Any]) -> str:
    """The first key in a mail ``payment_key``, on a line of its own."""
    key, *_ = re.findall(r"^([A-Z2-9]{4}(?:-[A-Z2-9]{4}){6})$", mail["text"], re.MULTILINE)
    return str(key)


class Machine:
    """``python -m local`` as a process. ``with`` it is ready inside, and has ended well outside."""

    def __init__(self, state: Path, sample: Path = SAMPLE, policy: str = "open", ip_limits: str = "off") -> None:
        self.port = free_port()
        self.log = state.with_suffix(".log")
        self._environment = {
            **os.environ,
            "PORT": str(self.port),
            "STATE_DIR": str(state),
            "SAMPLE_DIR": str(sample),
            "LINK_POLICY": policy,
            "IP_LIMITS": ip_limits,
            "PYTHONPATH": os.pathsep.join([str(ROOT / "layers/shared"), str(ROOT)]),
        }
        self.portal = Portal(f"http://127.0.0.1:{self.port}", policy, sample, state)

    def __enter__(self) -> Portal:
        self.start()
        self.wait()
        return self.portal

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local"], cwd=ROOT, env=self._environment, stdout=log, stderr=log
            )

    def wait(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                break
            try:
                if web.get(f"{self.portal.url}/_local/ready", timeout=10).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
        self.stop()
        raise AssertionError(f"the local run did not get ready:\n{self.log.read_text()[-4000:]}")

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it; the exit code."""
        self._process.send_signal(number)
        return self._process.wait(30)

    def kill_everything(self) -> None:
        """``kill -9`` of the run and of its cloud at once, as a power cut would."""
        for pid in (int((self.portal.state / "cloud.lock").read_text()), self._process.pid):
            os.kill(pid, signal.SIGKILL)
        self._process.wait(10)

    def __exit__(self, *_: object) -> None:
        self.portal.close()
        assert self.stop() == 0, self.log.read_text()[-4000:]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What sweeps through all that the journeys left behind, and ends the machines for it, comes after them."""
    items.sort(key=lambda item: item.path == Path(__file__).with_name("test_at_rest.py"))


@pytest.fixture(scope="session")
def machines() -> list[Machine]:
    """Those that this session's portals run on, as they are started."""
    return []


@pytest.fixture(scope="session")
def portal(tmp_path_factory: pytest.TempPathFactory, machines: list[Machine]) -> Iterator[Portal]:
    """The local run with the whole sample, under policy ``open``."""
    machines.append(Machine(tmp_path_factory.mktemp("open") / "state"))
    with machines[-1] as portal:
        yield portal


@pytest.fixture(scope="session")
def proof_portal(
    tmp_path_factory: pytest.TempPathFactory, machines: list[Machine], small_sample: Path
) -> Iterator[Portal]:
    """The local run with the small sample, under policy ``proof``."""
    machines.append(Machine(tmp_path_factory.mktemp("proof") / "state", small_sample, "proof"))
    with machines[-1] as portal:
        yield portal


@pytest.fixture(scope="session")
def small_sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sample that loads in seconds: every company, the documents of the two clients and two suppliers with fewest."""
    folder = tmp_path_factory.mktemp("sample")
    excerpt(SAMPLE, folder, clients=2, suppliers=2)
    return folder


def read(folder: Path, name: str) -> list[dict[str, str]]:
    """The rows of one of the sample's files."""
    with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def excerpt(source: Path, target: Path, *, clients: int, suppliers: int, without: str = "") -> None:
    """A sample of its own with all companies of ``source`` but one client, and the rows of the few that have fewest."""
    documents = [row["company_code"] for row in read(source, "documents") if row["company_code"] != without]
    withholdings = [row["supplier_code"] for row in read(source, "withholdings")]
    chosen(source, target, _fewest(documents, clients), _fewest(withholdings, suppliers), without=without)


def chosen(source: Path, target: Path, clients: set[str], suppliers: set[str], *, without: str = "") -> None:
    """A sample of its own with all companies of ``source`` but one client, and the rows of those that are named."""
    documents = [row for row in read(source, "documents") if row["company_code"] in clients]
    kept = {row["doc_key"] for row in documents}
    companies = [row for row in read(source, "companies") if (row["kind"], row["code"]) != ("Cliente", without)]
    _write(target, "companies", companies)
    _write(target, "documents", documents)
    _write(target, "applications", [row for row in read(source, "applications") if row["debit_key"] in kept])
    _write(target, "withholdings", [row for row in read(source, "withholdings") if row["supplier_code"] in suppliers])
    for name in ("quotes", "work_orders"):
        _write(target, name, [row for row in read(source, name) if row["client_code"] in clients])


def _fewest(codes: list[str], count: int) -> set[str]:
    return set(sorted(set(codes), key=lambda code: (codes.count(code), code))[:count])


def _write(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    if not rows:
        return
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as lines:
        writer = csv.DictWriter(lines, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
