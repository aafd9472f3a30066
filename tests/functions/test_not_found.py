"""Every path and method that no other function has."""

from typing import Any

import pytest

from tests.cloud import Cloud
from tests.template import sam


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"body": {"a": 1}},
        {"raw": b"no json", "headers": {"Content-Type": "text/plain"}},
        {"raw": b"x" * 100_000},
        {"token": "nonsense"},
        {"query": {"q": "<script>"}},
    ],
)
def test_S39_what_is_not_there_is_a_404_whatever_came_to_it(cloud: Cloud, request_: dict[str, Any]) -> None:
    answer = cloud.call("not_found", **request_)
    assert (answer.status, answer.code) == (404, "not_found")
    assert answer.json["errors"] == []


def test_it_is_the_catch_all_and_needs_no_grant() -> None:
    body = sam.translated()["Resources"]["Api"]["Properties"]["Body"]
    (route,) = body["paths"]["/$default"].values()
    assert route["isDefaultRoute"] is True
    assert "NotFoundFunction" in str(route["x-amazon-apigateway-integration"]["uri"])
    assert "Policies" not in sam.functions()["NotFoundFunction"]["Properties"]


def test_it_calls_nothing(cloud: Cloud) -> None:
    cloud.function("not_found")
    cloud.counted()
    cloud.call("not_found")
    assert not cloud.counted()
