"""The payment provider on the one port: its API for the functions, a page on which somebody pays or does not, and the
notices that it sends to the API, as often and as late as whoever pays says.

The ledger is a file of the state folder, so that it outlives the run as the tables do.
"""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from jinja2 import Environment
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response

from local.gateway import Silent, Upstream, problem
from local.provider import NEXT, NotSo, Provider
from miinti import clock
from miinti.payments.provider import AttemptState
from miinti.values import money

API, PAGE = "/_local/provider", "/_local/checkout"
NOTICES: Final = b"/v1/payment/notifications/sandbox"
CSP = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
SENT: Final[Mapping[str, tuple[int, ...]]] = {"once": (0,), "twice": (0, 0), "late": (60,), "never": ()}
"""Seconds after which a notice goes, one each."""
FIRST: Final[tuple[AttemptState, ...]] = ("credited", "rejected", "pending", "in_process")
"""What may become of a new try."""
WORDS: Final[Mapping[AttemptState, str]] = {
    "pending": "Pendiente",
    "in_process": "En proceso",
    "expired": "Vencido",
    "cancelled": "Cancelado",
    "rejected": "Rechazado",
    "credited": "Aprobado",
    "refunded": "Devuelto",
    "charged_back": "Contracargo",
}


class Till:
    """The provider behind the front door, once ``open`` has its key."""

    def __init__(self, templates: Environment) -> None:
        self._templates = templates
        self._provider: Provider | None = None
        self._file = Path()
        self._api: Upstream | None = None
        self._sending: set[asyncio.Task[None]] = set()

    def open(self, key: bytes, portal: str, file: Path) -> None:
        """From now on it answers, at ``portal``, and keeps its ledger in ``file``."""
        made = Provider(key, clock.now, f"{portal}{PAGE}")
        if file.is_file():
            made.put_back(json.loads(file.read_text()))
        self._file = file
        self._api = Upstream(f"http://127.0.0.1:{portal.rpartition(':')[2]}")
        self._provider = made

    async def close(self) -> None:
        for task in self._sending:
            task.cancel()
        if self._api:
            await self._api.close()

    def _keep(self, provider: Provider) -> None:
        partial = self._file.with_suffix(".partial")
        partial.write_text(json.dumps(provider.kept()))
        partial.replace(self._file)

    # --- for the functions ---

    async def api(self, request: Request) -> Response:
        if self._provider is None:
            return problem("unavailable")
        target = request.url.path.removeprefix(API) + (f"?{request.url.query}" if request.url.query else "")
        status, told = self._provider.answer(request.method, target, request.headers, await request.body())
        self._keep(self._provider)
        return JSONResponse(told, status)

    # --- for people ---

    async def page(self, request: Request) -> Response:
        provider, id = self._provider, request.path_params["id"]
        if provider is None or id not in provider.checkouts:
            return problem("not_found")
        checkout = provider.checkouts[id]
        attempts = [one for one in provider.attempts.values() if one.reference == checkout.reference]
        page = self._templates.get_template("checkout.html").render(
            checkout=checkout,
            over=checkout.closed or clock.now() >= checkout.expires_at,
            total=money.shown(checkout.cents),
            items=[(item["title"], money.shown(item["cents"])) for item in checkout.items],
            first=[(state, WORDS[state]) for state in FIRST],
            attempts=[(one, WORDS[one.state], [(to, WORDS[to]) for to in sorted(NEXT[one.state])]) for one in attempts],
        )
        return Response(page, 200, {"Cache-Control": "no-store", "Content-Security-Policy": CSP}, "text/html")

    async def act(self, request: Request) -> Response:
        """What somebody does on the page: a new try, what becomes of one, or the end of the checkout's time."""
        provider, id = self._provider, request.path_params["id"]
        if provider is None or id not in provider.checkouts:
            return problem("not_found")
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        checkout, state, notices = provider.checkouts[id], form.get("state", ""), form.get("notices", "once")
        try:
            if form.get("attempt"):
                attempt_id = form["attempt"]
                provider.move(attempt_id, _known(state))
            elif state == "over":
                checkout.expires_at = min(checkout.expires_at, clock.now())
                attempt_id = ""
            else:
                attempt_id = provider.pay(id, _known(state)).id
        except (KeyError, NotSo):
            return RedirectResponse(f"{PAGE}/{id}", 303)
        self._keep(provider)
        if attempt_id:
            task = asyncio.create_task(self._told(provider, attempt_id, SENT.get(notices, SENT["once"])))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)
        return RedirectResponse(checkout.return_url if state == "credited" else f"{PAGE}/{id}", 303)

    async def _told(self, provider: Provider, attempt_id: str, waits: tuple[int, ...]) -> None:
        for wait in waits:
            await asyncio.sleep(wait)
            headers, body = provider.notice(attempt_id, clock.now())
            sent = [(b"Host", b"127.0.0.1"), (b"Content-Type", b"application/json")]
            sent += [(name.encode(), value.encode()) for name, value in headers.items()]
            try:
                if self._api:
                    await self._api.ask("POST", NOTICES, sent, body)
            except Silent:
                # As with a real one: what no notice told, ``check_payments`` finds.
                return


def _known(state: str) -> AttemptState:
    """Raises ``KeyError`` for what is no state."""
    return {name: name for name in WORDS}[state]  # type: ignore[index]  # a key or none
