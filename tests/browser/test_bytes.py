"""How much a first visit weighs, compressed as CloudFront does it."""

import gzip
import re
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import expect

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
    visitor.page.wait_for_load_state("load")
    return weight({path for path in asked if not path.startswith("/v1/")})


GUESTS = {
    "ingresar", "registro", "activar", "confirmar-correo", "cancelar-correo", "objetar", "dejar-avisos", "documento",
    "recuperar", "restablecer",
}  # fmt: skip


def routes() -> list[str]:
    """Every page that there is, as its route is written."""
    script = (ROOT / "web" / "js" / "app.js").read_text(encoding="utf-8")
    return re.findall(r"^  \['(/[^']*)', ", script, re.MULTILINE)


SECTIONS = {
    "comprobantes": (f"c-{CLIENT}", "v-00205-00001622-006"),
    "retenciones": (f"s-{SUPPLIER}", None),
    "presupuestos": (f"c-{CLIENT}", None),
    "ordenes": (f"c-{CLIENT}", None),
}


def pages() -> list[str]:
    """An address of each page: of those of a section, one of each of its four."""
    found = []
    for route in routes():
        head, _, rest = route.partition(")")
        for section in re.findall(r"\w+", head.partition("(")[2]) or [""]:
            company, document = SECTIONS.get(section, ("", None))
            if ":document" not in rest or document:
                tail = rest.replace(":company", company).replace(":document", document or "")
                found.append(f"/{section}{tail}" if section else route)
    return [*found, "/nada"]


def test_every_page_weighs_80_kib_at_most(visitors: Any, regular: Person) -> None:
    """Whoever comes in by it, with nothing kept from before; whether logged in or, at the doors, not."""
    visitor: Visitor = visitors()
    visitor.log_in(regular)
    stranger: Visitor = visitors()
    guests = {path for path in pages() if path.strip("/") in GUESTS}
    assert len(guests) == len(GUESTS)
    weights = {path: visit(stranger if path in guests else visitor, path) for path in pages()}
    assert len(weights) > 30
    assert {path: weight_ for path, weight_ in weights.items() if not 40 * KIB < weight_ <= 80 * KIB} == {}
    assert weights["/ingresar"] <= 60 * KIB
