"""No barrier that axe knows of, and nothing too wide, on any screen: light and dark, desktop and phones."""

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.answers import stub
from tests.browser.conftest import CLIENT, OTHER_CLIENT, SUPPLIER, Visitor
from tests.browser.test_states import problem
from tests.journeys.person import Person

LOOKS = tuple((width, scheme) for width in (1280, 390, 320) for scheme in ("light", "dark"))
OUTSIDE = (
    "/ingresar", "/ingresar?motivo=vencida", "/registro", "/recuperar", "/restablecer#t=x", "/activar#t=x", "/activar",
    "/documento#t=x", "/objetar#t=x", "/dejar-avisos#t=x",
    "/cancelar-correo#t=x", "/confirmar-correo#t=x", "/ayuda", "/accesibilidad", "/privacidad", "/nada",
)  # fmt: skip
INSIDE = (
    "/", "/comprobantes", "/comprobantes?q=zzzz", "/retenciones", f"/comprobantes/c-{CLIENT}",
    f"/comprobantes/c-{CLIENT}?q=zzzz&from=2020-01-01", f"/comprobantes/c-{CLIENT}/v-00205-00001622-006",
    f"/retenciones/s-{SUPPLIER}", f"/presupuestos/c-{CLIENT}", f"/ordenes/c-{CLIENT}", "/comprobantes/c-1", "/vincular",
    f"/comprobantes/c-{CLIENT}/cuenta", "/avisos", "/enlaces",
    "/mis-datos", "/contrasena", "/sesiones", "/pago", "/consultas", "/registro-proveedores", "/ayuda", "/nada",
)  # fmt: skip


def look(visitor: Visitor, what: str, found: list[str]) -> None:
    for width, scheme in LOOKS:
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # a Literal
        found += [f"{what} {width} {scheme}: {barrier}" for barrier in visitor.barriers()]
        if visitor.width() > 0:
            found.append(f"{what} {width}: {visitor.width()} px too wide")


def settled(page: Page) -> None:
    expect(page.locator("main h1")).to_be_visible()
    expect(page.locator(".skeleton, [aria-busy=true], .boot")).to_have_count(0)


def test_outside(visitor: Visitor) -> None:
    found: list[str] = []
    for path in OUTSIDE:
        visitor.go("/robots.txt")  # else a link that differs after its # loads nothing
        settled(visitor.go(path))
        look(visitor, path, found)
    for path, button in (("/ingresar", "Ingresar"), ("/registro", "Registrarme"), ("/recuperar", "Enviar")):
        page = visitor.go(path)
        page.get_by_role("button", name=button, exact=True).click()
        expect(page.locator(".summary")).to_be_focused()
        look(visitor, f"{path} with mistakes", found)
    assert found == []


def test_inside(visitor: Visitor, regular: Person) -> None:
    found: list[str] = []
    visitor.log_in(regular)
    stub(visitor.page)
    for path in INSIDE:
        settled(visitor.go(path))
        look(visitor, path, found)
    assert found == []


def test_dialogs_menus_and_failures(visitor: Visitor, regular: Person) -> None:
    found: list[str] = []
    page = visitor.log_in(regular)
    settled(visitor.go("/comprobantes"))
    page.get_by_role("button", name="Vincular con Cliente/Proveedor").first.click()
    look(visitor, "link dialog", found)
    page.get_by_role("button", name="Vincular", exact=True).click()
    look(visitor, "link dialog with mistakes", found)
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Desvincular").first.click()
    look(visitor, "unlink dialog", found)
    page.keyboard.press("Escape")
    page.locator(".account summary").click()
    look(visitor, "account menu", found)
    page.set_viewport_size({"width": 390, "height": 800})
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Menú").click()
    look(visitor, "menu", found)
    page.route("**/docs?*", problem(500, "internal_error"))
    visitor.go(f"/comprobantes/c-{CLIENT}")
    visitor.is_told("No pudimos traer")
    look(visitor, "failure", found)
    page.unroute("**/docs?*")
    settled(visitor.go(f"/comprobantes/c-{CLIENT}?type=006&status=paid&size=25"))
    page.locator(".export summary").click()
    look(visitor, "export menu", found)
    page.route("**/download", problem(404, "file_missing"))
    page.get_by_role("button", name="Todos los PDF").click()
    visitor.is_told("No hay ningún PDF para descargar")
    look(visitor, "ZIP with all of it missing", found)
    visitor.go("/documento#t=old")
    stub(page)
    page.get_by_role("button", name="Descargar el PDF").click()
    visitor.is_told("El enlace venció")
    look(visitor, "mailed link that is over", found)
    visitor.go("/mis-datos")
    page.set_viewport_size({"width": 1280, "height": 800})
    page.route("**/v1/session/logout", problem(500, "internal_error"))
    page.locator(".account summary").click()
    page.get_by_role("button", name="Cerrar sesión").click()
    visitor.sees("Falta cerrar la sesión")
    look(visitor, "way out of which the server was not told", found)
    assert found == []


@pytest.mark.parametrize(
    "path",
    [
        f"/comprobantes/c-{OTHER_CLIENT}",
        f"/ordenes/c-{CLIENT}",
        f"/retenciones/s-{SUPPLIER}",
        f"/comprobantes/c-{CLIENT}/cuenta",
        "/comprobantes",
        "/",
    ],
)
def test_no_page_is_wider_than_any_window(visitor: Visitor, regular: Person, path: str) -> None:
    page = visitor.log_in(regular)
    stub(page)
    settled(visitor.go(path))
    edges = (720, 860, 1000, 1239, 1365)  # of the style sheet: the last pixel of one layout, the first of the next
    for width in (320, 360, 480, 600, 768, 1024, 1280, 1920, *edges, *(edge + 1 for edge in edges)):
        page.set_viewport_size({"width": width, "height": 800})
        assert visitor.width() <= 0, width
        cards = (
            "[...document.querySelectorAll('.card, .table-scroll')].map(card => card.scrollWidth - card.clientWidth)"
        )
        assert [over for over in page.evaluate(cards) if over > 0] == [], width


def test_text_twice_as_large_fits(visitors: Any, regular: Person) -> None:
    visitor = visitors(viewport={"width": 640, "height": 800})
    page = visitor.log_in(regular)
    settled(visitor.go(f"/comprobantes/c-{CLIENT}"))
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert visitor.width() <= 0
