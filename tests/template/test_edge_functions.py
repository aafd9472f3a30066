"""CloudFront's functions, as JavaScript runs them: what they make of a request before a page or the API sees it."""

import json
import os
import shutil
import subprocess
from typing import Any

import pytest

from tests.template import sam
from tools.pages import is_file

NODE = shutil.which("node") or ""


@pytest.fixture(autouse=True)
def _node() -> None:
    if not NODE and os.environ.get("CI"):
        pytest.fail("in CI this must run: Node is missing")
    if not NODE:
        pytest.skip("CloudFront's functions are run with Node, which is not here")


def handled(name: str, uri: str, query: str | None = None, method: str = "GET") -> Any:
    request = {
        "method": method,
        "uri": uri,
        "querystring": {} if query is None else {"t": {"value": query}},
        "headers": {"x-viewer-address": {"value": "10.0.0.1"}},
    }
    event = {"request": request, "viewer": {"ip": "198.51.100.7"}}
    code = sam.source()["Resources"][name]["Properties"]["FunctionCode"]
    told = f"{code}\nconsole.log(JSON.stringify(handler({json.dumps(event)})))"
    return json.loads(subprocess.run([NODE, "-e", told], check=True, capture_output=True, text=True).stdout)


@pytest.mark.parametrize(("uri", "served"), [
    ("/", "/index.html"), ("/comprobantes/c-27334", "/index.html"), ("/js/app.js", "/js/app.js"),
    ("/js/", "/index.html"), ("/js/views/start.js", "/js/views/start.js"), ("/robots.txt", "/robots.txt"),
    ("/.well-known/security.txt", "/.well-known/security.txt"), ("/nada", "/index.html"),
    ("/retenciones/s-4/w-IVA-2024.15", "/index.html"), ("/ordenes/c-4/o-1.js", "/index.html"), ("/..", "/index.html"),
])  # fmt: skip
def test_what_is_no_file_is_a_page_here_as_in_the_local_run(uri: str, served: str) -> None:
    assert handled("PagePaths", uri)["uri"] == served
    assert is_file(uri[1:]) == (served != "/index.html")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_S19_the_API_is_told_the_viewers_own_address_whatever_the_caller_says(method: str) -> None:
    told = handled("ViewerAddress", "/v1/me", method=method)
    assert told["headers"]["x-viewer-address"] == {"value": "198.51.100.7"}
    assert told["uri"] == "/v1/me"


def test_who_opens_the_address_of_the_one_click_is_asked_on_a_page() -> None:
    answer = handled("ViewerAddress", "/baja", "a.b")
    assert (answer["statusCode"], answer["headers"]["location"]) == (303, {"value": "/dejar-avisos#t=a.b"})
    assert handled("ViewerAddress", "/baja", method="HEAD")["headers"]["location"] == {"value": "/dejar-avisos#t="}
    # The click itself goes to the API.
    click = handled("ViewerAddress", "/baja", "a.b", "POST")
    assert (click["method"], click["uri"]) == ("POST", "/v1/unsubscribe")
    assert click["headers"]["x-viewer-address"] == {"value": "198.51.100.7"}
