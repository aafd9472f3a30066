"""What stands between the front door and the local cloud: plain HTTP passed on, and the API's gateway.

MiniStack's gateway answers some calls by itself (no such route, a function that died, preflights) in its own words;
CloudFront and the ``$default`` function see to those on AWS, this module here: every answer has the contract's headers
and, when it is an error, its problem body.
"""

import asyncio
import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpcore
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from miinti import http, routes

Headers = list[tuple[bytes, bytes]]

ENOUGH = 1024 * 1024
"""Bytes of a body that are passed on; the function itself refuses what is over 64 KiB, in the same words."""
DISCARDED = 16 * ENOUGH
"""Bytes of a larger body that are read and thrown away, so that its sender gets to read the answer."""
AT_ONCE = 8
"""Calls under way at once: MiniStack starts a process for each one more, and this machine is small."""
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"}

_HOP_BY_HOP = {
    b"connection", b"content-length", b"expect", b"host", b"keep-alive", b"proxy-authenticate", b"proxy-authorization",
    b"te", b"trailer", b"transfer-encoding", b"upgrade",
}  # fmt: skip
_OF_THE_CLOUD = (b"apigw-", b"x-amzn-", b"x-amz-", b"access-control-")


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: Headers
    body: bytes

    def has(self, name: bytes) -> bool:
        return any(given.lower() == name for given, _ in self.headers)


class Silent(Exception):
    """The other side could not be reached, or broke off."""


class Upstream:
    """An HTTP server on this machine, asked over kept connections, targets and headers passed on byte by byte."""

    def __init__(self, endpoint: str) -> None:
        host, _, port = endpoint.removeprefix("http://").partition(":")
        self._host, self._port = host.encode(), int(port)
        self._pool = httpcore.AsyncConnectionPool(max_connections=64, keepalive_expiry=30, retries=1)

    async def ask(
        self, method: str, target: bytes, headers: Iterable[tuple[bytes, bytes]], body: bytes = b""
    ) -> Answered:
        """One request, ``Host`` as given. Raises ``Silent``; ``ValueError`` for what HTTP/1.1 cannot carry."""
        url = httpcore.URL(scheme=b"http", host=self._host, port=self._port, target=target)
        timeouts = {"connect": 5.0, "read": 120.0, "write": 30.0, "pool": 120.0}
        passed = [
            (name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP or name.lower() == b"host"
        ]
        passed.append((b"Content-Length", str(len(body)).encode()))
        try:
            answer = await self._pool.request(
                method, url, headers=passed, content=body, extensions={"timeout": timeouts}
            )
        except httpcore.LocalProtocolError as unfit:
            raise ValueError(str(unfit)) from unfit
        except (httpcore.NetworkError, httpcore.ProtocolError, httpcore.TimeoutException) as silent:
            raise Silent(str(silent)) from silent
        kept = [(name, value) for name, value in answer.headers if name.lower() not in _HOP_BY_HOP]
        return Answered(
            answer.status, [pair for pair in kept if pair[0].lower() not in {b"date", b"server"}], answer.content
        )

    async def close(self) -> None:
        await self._pool.aclose()


class Gateway:
    """``/v1`` of the front door: an ASGI app in front of the API, once that is deployed."""

    def __init__(self) -> None:
        self._upstream: Upstream | None = None
        self._host = b""
        self._places = asyncio.Semaphore(AT_ONCE)

    def open(self, endpoint: str, api_id: str) -> None:
        """From now on calls go to this API."""
        self._host = f"{api_id}.execute-api.localhost".encode()
        self._upstream = Upstream(endpoint)

    async def close(self) -> None:
        if self._upstream:
            await self._upstream.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            answer = await self._answer(Request(scope, receive))
        except ClientDisconnect:
            return
        await answer(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        body = await _limited(request)
        if body is None:
            return problem("body_too_large")
        if self._upstream is None:
            return problem("unavailable")
        if request.method not in METHODS:
            return _not_there(request)
        target = request.scope["raw_path"]
        if request.scope["query_string"]:
            target += b"?" + request.scope["query_string"]
        headers = [(b"Host", self._host), *_passed(request.scope["headers"])]
        try:
            async with self._places:
                answer = await self._upstream.ask(request.method, target, headers, _legible(body))
        except ValueError:
            return problem("not_found")
        except Silent:
            return problem("unavailable")
        if not answer.has(b"x-request-id"):
            if meaning := _meaning(answer):
                return problem(meaning)
            return _not_there(request)
        response = Response(b"" if request.method == "HEAD" else answer.body, answer.status)
        response.raw_headers += [
            (name, value) for name, value in answer.headers if not name.lower().startswith(_OF_THE_CLOUD)
        ]
        return response


_MEANING = {413: "body_too_large", 429: "unavailable", 503: "unavailable", 504: "unavailable"}
"""What the gateway's own statuses mean in the contract; its other refusals are of routes that are not there."""
_OUT_OF_TIME = b"Task timed out after "
"""How what Lambda says of a function begins that had to be ended: it waited for something that does not answer."""


def _meaning(answer: Answered) -> str:
    """The problem that an answer of the gateway's own is, empty where it refuses a route."""
    if answer.status == 502 and b'"errorMessage": "' + _OUT_OF_TIME in answer.body:
        return "unavailable"
    return _MEANING.get(answer.status, "internal_error" if answer.status >= 500 else "")


def _legible(body: bytes) -> bytes:
    """The body, or as much that is no JSON where it is no UTF-8.

    API Gateway hands such a body on in Base64, and the function refuses it. MiniStack puts U+FFFD in place of what it
    cannot read, and the function would take a text that nobody sent.
    """
    try:
        body.decode()
    except UnicodeDecodeError:
        return b"?" * len(body)
    return body


def _not_there(request: Request) -> Response:
    """What the ``$default`` function would say, where the call cannot get to it."""
    methods = routes.methods(request.scope["path"])
    if methods and request.method not in methods:
        return problem("method_not_allowed", {"Allow": ", ".join(methods)})
    return problem("not_found")


def _passed(headers: Headers) -> Headers:
    """A caller's headers without those that MiniStack would take for AWS's own and act on."""
    return [
        (name, value)
        for name, value in headers
        if name not in _HOP_BY_HOP
        and not name.startswith((b"x-amz", b"x-ministack"))
        and not (name == b"authorization" and value.startswith(b"AWS"))
    ]


async def _limited(request: Request) -> bytes | None:
    """The body, or None when it is larger than what is passed on."""
    parts: list[bytes] = []
    size = 0
    async for part in request.stream():
        size += len(part)
        if size <= ENOUGH:
            parts.append(part)
        elif size > DISCARDED:
            break
    return b"".join(parts) if size <= ENOUGH else None


def problem(code: str, more: dict[str, str] | None = None) -> Response:
    """An error of the front door itself, in the form and with the headers of the API's own."""
    status, title, detail = http.PROBLEMS[code]
    request_id = secrets.token_hex(8)
    body: dict[str, Any] = {
        "type": f"urn:miinti:problem:{code}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": request_id,
        "errors": [],
    }
    headers = {**http.HEADERS, "X-Request-Id": request_id, **(more or {})}
    if code == "unavailable":
        headers["Retry-After"] = "5"
    return Response(
        json.dumps(body, ensure_ascii=False, separators=(",", ":")), status, headers, "application/problem+json"
    )
