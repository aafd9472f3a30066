"""How much a first visit weighs, compressed as CloudFront does it."""

import gzip
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser.answers import stub
from tests.browser.conftest import CLIENT, SUPPLIER, Visitor
from tests.journeys.conftest import ROOT
from tests.journeys.person import Person

KIB = 1024


def weight(paths: set[str]) -> int:
    """What the pages' files at these paths weigh; CloudFront compresses text from a thousand bytes on."""
    total = 0
    for path in paths:
        body = (ROOT / "web" / (path[1:] if "." in path.rpartition("/")[2] else "index.html")).read_bytes()
        packed = len(body) < 1000 or path.endswith(".woff2")
        total += len(body) if packed else len(gzip.compress(body))
    return total


def visit(visitor: Visitor, path: str) -> int:
    """The weight of all that a page asks for where nothing is kept from before."""
    asked: set[str] = set()
    visitor.page.on("request", lambda request: asked.add(urlsplit(request.url).path))
    visitor.go(path)
    expect(visitor.page.locator("main h1")).to_be_visible()
    expect(visitor.page.locator(".skeleton")).to_have_count(0)
    visitor.page.wait_for_load_state("networkidle")
    return weight({path for path in asked if not path.startswith("/v1/")})


def test_the_door_weighs_60_kib_at_most(visitor: Visitor) -> None:
    assert 40 * KIB < visit(visitor, "/ingresar") <= 60 * KIB


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/comprobantes",
        f"/comprobantes/c-{CLIENT}",
        f"/comprobantes/c-{CLIENT}/cuenta",
        f"/comprobantes/c-{CLIENT}/v-00205-00001622-006",
        f"/retenciones/s-{SUPPLIER}",
        "/mis-datos",
    ],
)
def test_any_page_weighs_80_kib_at_most(visitor: Visitor, regular: Person, path: str) -> None:
    stub(visitor.log_in(regular))
    assert 40 * KIB < visit(visitor, path) <= 80 * KIB
