"""The whole local run, from the taken port to the printed addresses, and its end."""

import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from types import FrameType
from typing import NoReturn

from local import checkout, headers, options, seed, stack
from local.cloud import Cloud
from local.front import Front, Progress, Served
from local.gateway import Upstream
from local.mailbox import Mailbox, tap
from local.options import CannotRun, Options, StateFolder


class _Ended(BaseException):
    """The person, or the system, asks for the end."""


def main() -> int:
    """Run until told to stop; the exit code."""
    _without_proxy()
    try:
        with _signals():
            Run(Options.from_environment()).go()
    except CannotRun as reason:
        print(f"miINTI: {reason}", file=sys.stderr, flush=True)
        return 1
    except _Ended:
        return 0
    return 0


def _without_proxy() -> None:
    """Everything that is asked here is on this machine: a proxy that the person has set knows nothing of it."""
    for name in ("NO_PROXY", "no_proxy"):
        os.environ[name] = ",".join(filter(None, (os.environ.get(name), "127.0.0.1", "localhost")))


@contextmanager
def _signals() -> Iterator[None]:
    """SIGINT, SIGTERM and SIGHUP raise ``_Ended`` once; while the end is under way they are not heard."""

    def end(number: int, frame: FrameType | None) -> NoReturn:
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)
        raise _Ended

    for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(one, end)
    yield


def _provider_key(cloud: Cloud, deployed: stack.Stack) -> bytes:
    """The sandbox's, as the functions derive it (``miinti.payments.ours``)."""
    key: bytes = cloud.client("kms").generate_mac(
        KeyId=deployed.outputs["PaymentKey"], MacAlgorithm="HMAC_SHA_256", Message=b"miinti/sandbox"
    )["Mac"]
    return key


class Run:
    """One local run."""

    def __init__(self, wanted: Options) -> None:
        self._wanted = wanted
        self._began = time.monotonic()
        self._progress: Progress | None = None

    def go(self) -> None:
        wanted = self._wanted
        with ExitStack() as held:
            bound = options.listening(wanted.port)
            held.callback(bound.close)
            state = StateFolder(wanted.state_dir)
            held.callback(state.close)
            mailbox = Mailbox(state.folder("mail"))
            front = Front(mailbox)
            front.portal = f"http://localhost:{wanted.port}"
            self._progress = front.progress
            served = Served(front, bound, front.close)
            held.callback(served.stop)

            self._say("Levantando la nube local")
            cloud = self._cloud(state, mailbox, held)
            self._say("Desplegando template.yaml")
            deployed = stack.deploy(cloud, self._parameters())
            (state.path / "deployed.json").write_text(json.dumps({"endpoint": cloud.endpoint, **asdict(deployed)}))
            front.page_headers = headers.of_pages(cloud.endpoint)
            front.gateway.open(cloud.endpoint, deployed.api_id)
            front.till.open(_provider_key(cloud, deployed), front.portal, state.path / "provider.json")
            person = self._seeded(cloud, deployed, state, mailbox)
            front.progress.step, front.progress.ready = "listo", True
            self._tell(person)
            while cloud.alive():
                time.sleep(0.5)
            raise CannotRun(f"La nube local terminó sola: mirá {state.path / 'cloud' / 'cloud.log'}.")

    def _cloud(self, state: StateFolder, mailbox: Mailbox, held: ExitStack) -> Cloud:
        # Functions send through the tap, which must know where the cloud is, which is told where the tap is.
        tap_socket = options.listening(0)
        held.callback(tap_socket.close)
        mail_endpoint = f"http://127.0.0.1:{tap_socket.getsockname()[1]}"
        cloud = Cloud(state.folder("cloud"), state.path / "cloud.lock", mail_endpoint)
        held.callback(self._stop, cloud)
        ses = Upstream(cloud.endpoint)
        tapped = Served(tap(ses, mailbox), tap_socket, ses.close)
        held.callback(tapped.stop)
        return cloud

    def _stop(self, cloud: Cloud) -> None:
        print("Guardando el estado…", flush=True)
        cloud.stop()

    def _parameters(self) -> dict[str, str]:
        port = self._wanted.port
        return {
            "Stage": "local",
            "PortalUrl": f"http://localhost:{port},http://127.0.0.1:{port}",
            "LinkPolicy": self._wanted.link_policy,
            "IpLimits": self._wanted.ip_limits,
            "DigestSeconds": "5",
            "PaymentProvider": "sandbox",
            "PaymentSandbox": f"http://127.0.0.1:{port}{checkout.API}",
        }

    def _seeded(self, cloud: Cloud, deployed: stack.Stack, state: StateFolder, mailbox: Mailbox) -> seed.Person:
        loader = seed.Loader(cloud, deployed, self._wanted.sample_dir, state.folder("pdfs"), self._say)
        if not loader.is_in():
            self._say("Cargando los datos de ejemplo")
            loaded = loader.load()
            loader.mark()
            unmade = f", {loaded.unmade} PDF que no se pudieron hacer" if loaded.unmade else ""
            self._say(f"Cargado: {loaded.rows} filas y {loaded.files} PDF, {loaded.rejected} filas rechazadas{unmade}")
        portal = f"http://127.0.0.1:{self._wanted.port}"
        with seed.uncounted(cloud.client("dynamodb"), deployed.resources["OutboxTable"]):
            return seed.person(portal, mailbox, self._wanted.sample_dir, self._wanted.link_policy)

    def _say(self, line: str) -> None:
        if self._progress:
            self._progress.step = line
        print(f"{time.monotonic() - self._began:6.1f} s  {line}", flush=True)

    def _tell(self, person: seed.Person) -> None:
        base = f"http://localhost:{self._wanted.port}"
        print(
            f"\nmiINTI está listo ({time.monotonic() - self._began:.0f} s).\n\n"
            f"  Portal       {base}/\n"
            f"  API          {base}/v1   para probarla: {base}/docs   contrato: {base}/openapi.json\n"
            f"  Buzón        {base}/_local/\n\n"
            f"  Para entrar  {person.email}   contraseña: {person.password}\n"
            + "".join(f"               {company}\n" for company in person.companies)
            + f"\n  Ctrl-C para terminar. El estado queda en {os.path.relpath(self._wanted.state_dir)};"
            " «make reset» lo borra.\n",
            flush=True,
        )
