"""The front door: pages, API, its description, the mailbox and the payment provider, all on one port of this
machine."""

import asyncio
import datetime as dt
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from socket import socket
from typing import Any
from urllib.parse import quote

import h11
import uvicorn
from jinja2 import Environment, FileSystemLoader
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Match, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from local import checkout, headers
from local.checkout import Till
from local.gateway import Gateway, problem
from local.mailbox import Mailbox
from local.options import ROOT
from tools import security_txt
from tools.pages import cache_control, is_file

PAGES = Path(__file__).parent / "pages"
ONE_CLICK = "/v1/unsubscribe"
SWAGGER = Path(__file__).parent / "vendor" / "swagger-ui"

# Swagger UI and mails bring styles of their own; nothing else is let in.
DOCS_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"
)
MAILBOX_CSP = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; "
    "frame-ancestors 'none'"
)
MAIL_CSP = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'"
)


@dataclass(slots=True)
class Progress:
    """How far the run is: what ``/_local/ready`` tells."""

    step: str = "iniciando"
    ready: bool = False
    about: dict[str, Any] = field(default_factory=dict)


class _Api(Route):
    """Everything under a path, whatever stands in it: a route's own pattern stops at a line feed (``/v1/%0A``)."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        path = scope.get("path", "")
        inside = scope["type"] == "http" and (path == self.path or path.startswith(f"{self.path}/"))
        return (Match.FULL, {"endpoint": self.endpoint, "path_params": {}}) if inside else (Match.NONE, {})


class _OneClick:
    """As CloudFront passes on who posts to the address in a mail's ``List-Unsubscribe``."""

    def __init__(self, gateway: ASGIApp) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._gateway({**scope, "path": ONE_CLICK, "raw_path": ONE_CLICK.encode()}, receive, send)


class Front:
    """The front door: while it serves, ``gateway`` opens, ``page_headers`` learn of S3, ``progress`` turns ready."""

    def __init__(
        self, mailbox: Mailbox, pages: Path = ROOT / "web", openapi: Path = ROOT / "docs/openapi.json"
    ) -> None:
        self.gateway = Gateway()
        self.progress = Progress()
        self.page_headers = headers.of_pages("")
        self.portal = "http://localhost:3000"
        self._mailbox = mailbox
        self._openapi = openapi
        self._templates = Environment(loader=FileSystemLoader(PAGES), autoescape=True)
        self.till = Till(self._templates)
        portal = _Portal(pages, self)
        self._inner = Starlette(
            routes=[
                Route("/baja", _unsubscribing, methods=["GET"]),
                _Api("/baja", _OneClick(self.gateway)),
                _Api("/v1", self.gateway),
                Route("/_local/ready", self._ready, methods=["GET"]),
                Route("/_local/mail", self._mail, methods=["GET"]),
                Route("/_local/mail/{id}.html", self._mail_html, methods=["GET"]),
                Route("/_local/", self._mailbox_page, methods=["GET"]),
                Route("/_local/mailbox.css", _file(PAGES / "mailbox.css", MAILBOX_CSP), methods=["GET"]),
                Route(f"{checkout.API}/{{rest:path}}", self.till.api, methods=["GET", "POST"]),
                Route(f"{checkout.PAGE}/{{id}}", self.till.page, methods=["GET"]),
                Route(f"{checkout.PAGE}/{{id}}", self.till.act, methods=["POST"]),
                Route("/_local", lambda request: RedirectResponse("/_local/"), methods=["GET"]),
                Route("/openapi.json", self._openapi_json, methods=["GET"]),
                Route("/docs", _file(PAGES / "docs.html", DOCS_CSP), methods=["GET"]),
                Route("/docs/", lambda request: RedirectResponse("/docs"), methods=["GET"]),
                Route("/docs/docs.js", _file(PAGES / "docs.js", DOCS_CSP), methods=["GET"]),
                Mount("/docs", StaticFiles(directory=SWAGGER)),
                Mount("/_local", _nothing),
                Route(security_txt.PATH, self._security_txt, methods=["GET"]),
                Mount("/", portal),
            ],
            exception_handlers={HTTPException: _refused, 500: _failed},
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._inner(scope, receive, send)

    async def close(self) -> None:
        await self.till.close()
        await self.gateway.close()

    async def _ready(self, request: Request) -> Response:
        ready = self.progress.ready
        body = {"ready": ready, "step": self.progress.step, **self.progress.about}
        return JSONResponse(body, 200 if ready else 503, _plain({} if ready else {"Retry-After": "1"}))

    async def _mail(self, request: Request) -> Response:
        mails = self._mailbox.newest_first(request.query_params.get("to", ""))
        return Response(
            json.dumps([mail.shown() for mail in mails], ensure_ascii=False), 200, _plain(), "application/json"
        )

    async def _mail_html(self, request: Request) -> Response:
        mail = self._mailbox.find(request.path_params["id"])
        if mail is None:
            return problem("not_found")
        return Response(mail.html, 200, {**_plain(), "Content-Security-Policy": MAIL_CSP}, "text/html")

    async def _mailbox_page(self, request: Request) -> Response:
        to = request.query_params.get("to", "")
        page = self._templates.get_template("mailbox.html").render(mails=self._mailbox.newest_first(to)[:200], to=to)
        return Response(page, 200, {**_plain(), "Content-Security-Policy": MAILBOX_CSP}, "text/html")

    async def _security_txt(self, request: Request) -> Response:
        told = security_txt.text(self.portal, dt.datetime.now(dt.UTC))
        return Response(told, 200, {"Cache-Control": "no-cache", **self.page_headers}, "text/plain; charset=utf-8")

    async def _openapi_json(self, request: Request) -> Response:
        if not self._openapi.is_file():
            return problem("not_found")
        return FileResponse(self._openapi, 200, _plain({"Cache-Control": "no-cache"}), "application/json")


def _plain(more: dict[str, str] | None = None) -> dict[str, str]:
    return {
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
        **(more or {}),
    }


def _file(path: Path, csp: str) -> Any:
    async def endpoint(request: Request) -> Response:
        return FileResponse(path, 200, _plain({"Cache-Control": "no-cache", "Content-Security-Policy": csp}))

    return endpoint


async def _unsubscribing(request: Request) -> Response:
    """As CloudFront answers who opens the address of the one click (RFC 8058) in a browser."""
    token = quote(request.query_params.get("t", ""), safe="")
    return Response(None, 303, _plain({"Location": f"/dejar-avisos#t={token}"}))


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    await problem("not_found")(scope, receive, send)


async def _refused(request: Request, refused: Exception) -> Response:
    """A path that is not there, or a method that it has not."""
    status = refused.status_code if isinstance(refused, HTTPException) else 404
    return Response("No está acá.\n", status, _plain(), "text/plain; charset=utf-8")


async def _failed(request: Request, failure: Exception) -> Response:
    return problem("internal_error")


class _Portal(StaticFiles):
    """The portal's pages as CloudFront serves them: what is no file is ``/index.html``."""

    def __init__(self, folder: Path, front: Front) -> None:
        super().__init__(directory=folder)
        self._front = front

    def get_path(self, scope: Scope) -> str:
        path = super().get_path(scope)
        return path if is_file(path) else "index.html"

    async def get_response(self, path: str, scope: Scope) -> Response:
        try:
            response = await super().get_response(path, scope)
        except HTTPException as refused:
            response = Response("No está acá.\n", refused.status_code, media_type="text/plain; charset=utf-8")
        response.headers["Cache-Control"] = cache_control(path)
        response.headers.update(self._front.page_headers)
        return response


# --- serving ----------------------------------------------------------------------------------------------------------


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1, whose answer to what is no HTTP has our form too."""

    def send_400_response(self, msg: str) -> None:
        refusal = problem("malformed_json")
        sent = [*refusal.raw_headers, (b"connection", b"close")]
        parts = (h11.Response(status_code=400, headers=sent), h11.Data(data=bytes(refusal.body)), h11.EndOfMessage())
        for part in parts:
            self.transport.write(self.conn.send(part) or b"")
        self.transport.close()


Closing = Callable[[], Awaitable[None]]


class Served:
    """An app served on a bound socket by a thread of its own, until ``stop``; then what it holds is closed."""

    def __init__(self, app: ASGIApp, bound: socket, closing: Closing | None = None) -> None:
        config = uvicorn.Config(
            app,
            http=_Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=75,
            timeout_graceful_shutdown=3,
            h11_max_incomplete_event_size=128 * 1024,
        )
        self._server = uvicorn.Server(config)
        self._closing = closing
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve(bound)), daemon=True)
        self._thread.start()

    async def _serve(self, bound: socket) -> None:
        await self._server.serve(sockets=[bound])
        if self._closing:
            await self._closing()

    def stop(self) -> None:
        self._server.should_exit = True
        self._thread.join(6)
