"""The front door of the local run, over real sockets, with a gateway that says what the test wants."""

import datetime as dt
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local import gateway, headers, options
from local.front import Front, Served
from local.mailbox import Mailbox
from miinti import http
from tools import security_txt
from tools.pages import cache_control

FIXED = ("cache-control", "content-security-policy", "referrer-policy", "strict-transport-security",
         "x-content-type-options", "x-request-id")  # fmt: skip


class FakeApi:
    """Stands where MiniStack stands: remembers the last request, answers as told."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}
        self.answer: Callable[[], Response] = lambda: Response("{}", 200, {"X-Request-Id": "r1"}, "application/json")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        self.seen = {
            "method": request.method,
            "target": scope["raw_path"].decode() + ("?" + scope["query_string"].decode()).rstrip("?"),
            "headers": request.headers,
            "body": await request.body(),
        }
        await self.answer()(scope, receive, send)


@pytest.fixture
def api() -> Iterator[tuple[FakeApi, str]]:
    fake = FakeApi()
    bound = options.listening(0)
    served = Served(fake, bound)
    yield fake, f"http://127.0.0.1:{bound.getsockname()[1]}"
    served.stop()
    bound.close()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[tuple[Front, str]]:
    pages = tmp_path / "web"
    (pages / "fonts").mkdir(parents=True)
    (pages / "index.html").write_text("<!doctype html><title>miINTI</title>")
    (pages / "app.js").write_text("1")
    (pages / "fonts" / "sans.woff2").write_bytes(b"w")
    openapi = tmp_path / "openapi.json"
    openapi.write_text('{"openapi":"3.1.0"}')
    (tmp_path / "mail").mkdir()
    front = Front(Mailbox(tmp_path / "mail"), pages, openapi)
    bound = options.listening(0)
    served = Served(front, bound, front.gateway.close)
    yield front, f"http://127.0.0.1:{bound.getsockname()[1]}"
    served.stop()
    bound.close()


@pytest.fixture
def door(api: tuple[FakeApi, str], front: tuple[Front, str]) -> Iterator[tuple[FakeApi, httpx.Client]]:
    front[0].gateway.open(api[1], "abc123")
    with httpx.Client(base_url=front[1]) as client:
        yield api[0], client


@pytest.fixture
def client(front: tuple[Front, str]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=front[1]) as client:
        yield client


def is_problem(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status
    assert answer.headers["content-type"].startswith("application/problem+json")
    for name in FIXED:
        assert answer.headers[name]
    if answer.request.method != "HEAD":
        body = answer.json()
        assert (body["code"], body["status"], body["errors"]) == (code, status, [])
        assert body["request_id"] == answer.headers["x-request-id"]


def test_what_is_asked_reaches_the_api_as_it_was_sent(door: tuple[FakeApi, httpx.Client]) -> None:
    api, client = door
    target = "/v1/companies/c-1%2F2/docs?q=1%2C5&q=b&vac%C3%ADo="
    given = {"Cookie": "__Host-session=x", "Origin": "http://evil.example", "Authorization": "Bearer t"}
    client.post(target, content=b'{"a":1}', headers=given)
    assert (api.seen["method"], api.seen["target"], api.seen["body"]) == ("POST", target, b'{"a":1}')
    sent = api.seen["headers"]
    assert sent["host"] == "abc123.execute-api.localhost"
    assert (sent["cookie"], sent["authorization"]) == ("__Host-session=x", "Bearer t")
    assert sent["origin"] == "http://evil.example"


@pytest.mark.parametrize("path", ["/v1", "/v1/", "/v1/companies/%0A/docs", "/v1/a%2F..%2Fb", "/v1/%C3%B1%00"])
def test_everything_under_v1_is_the_apis(door: tuple[FakeApi, httpx.Client], path: str) -> None:
    fake, client = door
    assert client.get(path).status_code == 200
    assert fake.seen["target"].endswith(path)


def test_headers_that_the_cloud_would_act_on_stay_outside(door: tuple[FakeApi, httpx.Client]) -> None:
    api, client = door
    client.get("/v1/me", headers={"Authorization": "AWS4-HMAC-SHA256 Credential=x", "X-Amz-Target": "DynamoDB.Scan"})
    assert "authorization" not in api.seen["headers"]
    assert "x-amz-target" not in api.seen["headers"]


def test_an_answer_comes_back_with_each_cookie_and_without_the_clouds_own_headers(
    door: tuple[FakeApi, httpx.Client],
) -> None:
    api, client = door

    def answer() -> Response:
        made = Response('{"ñ":1}', 201, {"X-Request-Id": "r1", "Apigw-Requestid": "a", "Location": "/v1/companies/c-1"})
        made.raw_headers += [(b"set-cookie", b"a=1; Path=/"), (b"set-cookie", b"b=2; Path=/")]
        return made

    api.answer = answer
    given = client.get("/v1/me")
    assert (given.status_code, given.json(), given.headers["location"]) == (201, {"ñ": 1}, "/v1/companies/c-1")
    assert given.headers.get_list("set-cookie") == ["a=1; Path=/", "b=2; Path=/"]
    assert "apigw-requestid" not in given.headers
    assert "server" not in given.headers


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_every_method_goes_through(door: tuple[FakeApi, httpx.Client], method: str) -> None:
    api, client = door
    assert client.request(method, "/v1/me").status_code == 200
    assert api.seen["method"] == method


@pytest.mark.parametrize("method", ["FOO", "PROPFIND"])
def test_S39_a_method_that_nobody_has_is_refused(door: tuple[FakeApi, httpx.Client], method: str) -> None:
    answer = door[1].request(method, "/v1/me")
    is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "DELETE, GET, PATCH"
    is_problem(door[1].request(method, "/v1/nothing"), 404, "not_found")


def test_S39_a_preflight_that_the_gateway_answers_by_itself_is_a_method_that_the_path_has_not(
    door: tuple[FakeApi, httpx.Client],
) -> None:
    api, client = door
    api.answer = lambda: Response("", 204)
    answer = client.options("/v1/login")
    is_problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"
    is_problem(client.options("/v1/nothing"), 404, "not_found")


@pytest.mark.parametrize(
    ("said", "status", "code"),
    [
        (404, 404, "not_found"),
        (403, 404, "not_found"),
        (405, 404, "not_found"),
        (413, 413, "body_too_large"),
        (429, 503, "unavailable"),
        (500, 500, "internal_error"),
        (502, 500, "internal_error"),
        (503, 503, "unavailable"),
        (200, 404, "not_found"),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_S59_what_the_gateway_says_by_itself_is_said_in_the_contracts_form(
    door: tuple[FakeApi, httpx.Client], method: str, said: int, status: int, code: str
) -> None:
    api, client = door
    api.answer = lambda: Response('{"message":"Forbidden"}', said, media_type="application/json")
    answer = client.request(method, "/v1/nothing")
    is_problem(answer, status, code)
    assert ("retry-after" in answer.headers) == (code == "unavailable")


OUT_OF_TIME = '{"errorMessage": "Task timed out after 10.00 seconds", "errorType": "Sandbox.Timedout"}'
DIED = '{"errorMessage": "Unable to import module", "errorType": "Runtime.ImportModuleError"}'


@pytest.mark.parametrize(("said", "status", "code"), [(OUT_OF_TIME, 503, "unavailable"), (DIED, 500, "internal_error")])
def test_a_function_that_ran_out_of_time_is_unavailable_and_one_that_died_an_error(
    door: tuple[FakeApi, httpx.Client], said: str, status: int, code: str
) -> None:
    api, client = door
    api.answer = lambda: Response(said, 502, media_type="application/json")
    answer = client.get("/v1/me")
    is_problem(answer, status, code)
    assert answer.headers.get("retry-after") == ("5" if status == 503 else None)


@pytest.mark.parametrize(
    "body", [b'{"first_name":"\xffA"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xc3', b"x" * http.MAX_BODY + b"\xff"]
)
def test_a_body_that_is_no_utf_8_comes_to_the_function_as_no_json_of_its_length(
    door: tuple[FakeApi, httpx.Client], body: bytes
) -> None:
    api, client = door
    client.post("/v1/register", content=body, headers={"Content-Type": "application/json"})
    assert len(api.seen["body"]) == len(body)
    assert api.seen["body"].isascii()
    assert api.seen["headers"]["content-type"] == "application/json"
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(api.seen["body"])
    client.post("/v1/register", content='{"a":"ñ€𝒜"}'.encode())
    assert api.seen["body"] == '{"a":"ñ€𝒜"}'.encode()


def test_a_large_body_reaches_the_function_and_a_huge_one_is_refused_in_the_same_words(
    door: tuple[FakeApi, httpx.Client],
) -> None:
    api, client = door
    client.post("/v1/login", content=b"x" * (http.MAX_BODY + 1))
    assert len(api.seen["body"]) == http.MAX_BODY + 1
    api.seen = {}
    is_problem(client.post("/v1/login", content=b"x" * (gateway.ENOUGH + 1)), 413, "body_too_large")
    is_problem(client.post("/v1/login", content=(b"x" * 65536 for _ in range(40))), 413, "body_too_large")
    assert api.seen == {}


def test_before_the_api_is_deployed_and_when_it_is_gone_it_is_unavailable(front: tuple[Front, str]) -> None:
    with httpx.Client(base_url=front[1]) as client:
        is_problem(client.get("/v1/me"), 503, "unavailable")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            front[0].gateway.open(f"http://127.0.0.1:{free.getsockname()[1]}", "abc123")
        is_problem(client.get("/v1/me"), 503, "unavailable")


def test_what_is_no_http_is_refused_in_our_form(front: tuple[Front, str]) -> None:
    with socket.create_connection(("127.0.0.1", int(front[1].rpartition(":")[2]))) as raw:
        raw.sendall(b"GET /v1/\xff HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = b"".join(iter(lambda: raw.recv(65536), b""))
    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 ")
    assert b"x-request-id: " in head
    assert json.loads(body)["status"] == 400


# --- pages ---


@pytest.mark.parametrize("path", ["/", "/comprobantes", "/comprobantes/c-27334", "/activar", "/v1x"])
def test_a_path_of_the_portal_is_its_shell(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 200
    assert "<title>miINTI</title>" in answer.text
    assert answer.headers["cache-control"] == "no-cache"


def test_S60_pages_carry_the_portals_policy(front: tuple[Front, str], client: httpx.Client) -> None:
    front[0].page_headers = headers.of_pages("http://127.0.0.1:4566")
    for path in ("/", "/app.js", "/nothing.js"):
        given = client.get(path).headers
        policy = given["content-security-policy"]
        assert "${" not in policy
        assert "connect-src 'self' http://127.0.0.1:4566;" in policy
        assert "unsafe" not in policy
        assert "require-trusted-types-for 'script'" in policy
        assert given["x-content-type-options"] == "nosniff"
        assert given["referrer-policy"] == "same-origin"
        assert given["cross-origin-opener-policy"] == "same-origin"
        assert given["strict-transport-security"] == "max-age=31536000; includeSubDomains"
        assert given["permissions-policy"].startswith("camera=()")


def test_S80_security_txt_is_served_as_a_deployment_would_make_it(
    front: tuple[Front, str], client: httpx.Client
) -> None:
    front[0].portal = "http://localhost:8080"
    answer = client.get("/.well-known/security.txt")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/plain; charset=utf-8")
    assert list(security_txt.faults(answer.text, "http://localhost:8080", dt.datetime.now(dt.UTC))) == []
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_S80_machines_may_find_the_pages_and_are_asked_to_leave_the_api_alone() -> None:
    assert (options.ROOT / "web" / "robots.txt").read_text() == "User-agent: *\nAllow: /\nDisallow: /v1/\n"
    assert http.HEADERS["X-Robots-Tag"] == "noindex"


def test_files_that_never_change_are_kept_and_the_others_asked_again(client: httpx.Client) -> None:
    kept = client.get("/fonts/sans.woff2").headers["cache-control"]
    assert kept == cache_control("fonts/sans.woff2") == "public, max-age=31536000, immutable"
    first = client.get("/app.js")
    again = client.get("/app.js", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.headers["cache-control"]) == (304, "no-cache")


@pytest.mark.parametrize("path", ["/nothing.js", "/js/nothing.js", "/../front.py"])
def test_a_file_that_is_not_in_the_folder_is_not_found(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    "path", ["/%2e%2e/front.py", "/..%2fopenapi.json", "/js/..%2f..%2fopenapi.json", "/retenciones/s-4/w-IVA-2024.15"]
)
def test_what_is_no_file_is_the_page_whatever_it_names(client: httpx.Client, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.text) == (200, "<!doctype html><title>miINTI</title>")


def test_the_description_and_its_page(client: httpx.Client) -> None:
    assert client.get("/openapi.json").json() == {"openapi": "3.1.0"}
    page = client.get("/docs")
    assert page.status_code == 200
    assert "script-src 'self';" in page.headers["content-security-policy"]
    for asset in ("/docs/swagger-ui-bundle.js", "/docs/swagger-ui.css", "/docs/docs.js"):
        assert asset in page.text
        assert client.get(asset).status_code == 200


def test_ready_only_once_the_run_says_so(front: tuple[Front, str], client: httpx.Client) -> None:
    assert client.get("/_local/ready").status_code == 503
    front[0].progress.ready = True
    assert client.get("/_local/ready").status_code == 200


def test_other_paths_of_the_run_are_not_found(client: httpx.Client) -> None:
    assert client.get("/_local/other").status_code == 404


def test_who_opens_the_address_of_the_one_click_is_asked_on_a_page(
    front: tuple[Front, str], api: tuple[FakeApi, str]
) -> None:
    _, url = front
    front[0].gateway.open(api[1], "api")
    for query, told in (("?t=a.b", "a.b"), ("", ""), ("?t=%0d%0ax", "%0D%0Ax")):
        answer = httpx.get(f"{url}/baja{query}")
        assert (answer.status_code, answer.headers["location"]) == (303, f"/dejar-avisos#t={told}")
    assert httpx.post(f"{url}/baja?t=a.b", data={"List-Unsubscribe": "One-Click"}).status_code == 200
    seen = api[0].seen
    assert (seen["method"], seen["target"], seen["body"]) == (
        "POST",
        "/v1/unsubscribe?t=a.b",
        b"List-Unsubscribe=One-Click",
    )
