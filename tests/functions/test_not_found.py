"""Every path and method that no other function has."""

from typing import Any

import pytest

from tests.cloud import Cloud
from tests.template import sam
from tools import openapi

ROUTES = [route for route in openapi.routes().values() if route.method != "ANY"]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")
ANYTHING: list[dict[str, Any]] = [
    {},
    {"body": {"a": 1}},
    {"raw": b"no json", "headers": {"Content-Type": "text/plain"}},
    {"raw": b"x" * 100_000},
    {"token": "nonsense"},
    {"query": {"q": "<script>"}},
]


@pytest.mark.parametrize("request_", ANYTHING)
@pytest.mark.parametrize(
    "path",
    ["/", "/v1", "/v1/", "/v1/nothing", "/v1/me/", "/v1//me", "/v1/me/x", "/v1/companies//docs", "/v1/sessions/a/b",
     "/V1/me", "/v1/me\n", "", "x/v1/me", "/v1/mex"],
)  # fmt: skip
def test_S39_what_is_not_there_is_a_404_whatever_came_to_it(
    library: Cloud, path: str, request_: dict[str, Any]
) -> None:
    answer = library.call("not_found", method="POST", url_path=path, **request_)
    assert (answer.status, answer.code) == (404, "not_found")
    assert answer.json["errors"] == []
    assert "allow" not in answer.headers


@pytest.mark.parametrize("path", sorted({route.path for route in ROUTES}))
def test_S39_a_method_that_a_path_has_not_is_a_405_that_names_those_it_has(library: Cloud, path: str) -> None:
    url_path = path.replace("{id}", "c-27334").replace("{doc_id}", "v-00205-00001513-001")
    has = {route.method for route in ROUTES if route.path == path}
    for method, request_ in zip(METHODS, ANYTHING * 2, strict=False):
        if method in has:
            continue
        answer = library.call("not_found", method=method, url_path=url_path, **request_)
        assert (answer.status, answer.code) == (405, "method_not_allowed")
        assert answer.headers["allow"] == ", ".join(sorted(has))
        assert answer.json["errors"] == []


def test_S39_a_path_that_has_the_method_but_came_here_all_the_same_is_a_404(library: Cloud) -> None:
    assert library.call("not_found", method="GET", url_path="/v1/me").status == 404


def test_it_is_the_catch_all_and_needs_no_grant() -> None:
    body = sam.translated()["Resources"]["Api"]["Properties"]["Body"]
    (route,) = body["paths"]["/$default"].values()
    assert route["isDefaultRoute"] is True
    assert "NotFoundFunction" in str(route["x-amazon-apigateway-integration"]["uri"])
    assert "Policies" not in sam.functions()["NotFoundFunction"]["Properties"]


def test_it_calls_nothing(library: Cloud) -> None:
    library.function("not_found")
    library.counted()
    library.call("not_found", method="POST", url_path="/v1/me")
    assert not library.counted()
    assert not library.startup["not_found"]["kms:GetPublicKey"]


def test_S19_round_cloudfront_not_even_that_is_told(library: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    real = library.environment
    monkeypatch.setattr(library, "environment", lambda use_case: {**real(use_case), "ORIGIN_SHA256": "0" * 64})
    for path in ("/v1/me", "/v1/nothing"):
        assert library.call("not_found", method="POST", url_path=path).code == "forbidden"
