"""No barrier that axe knows of, and nothing too wide, on any screen: light and dark, desktop and phones."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.answers import PAYMENTS, stub
from tests.browser.conftest import CLIENT, COLOURS, OTHER_CLIENT, SUPPLIER, Visitor
from tests.browser.faults import ASKED, REGISTERING, answer
from tests.browser.test_companies import ask_for
from tests.browser.test_states import problem
from tests.journeys.person import Person

LOOKS = tuple((width, scheme) for width in (1280, 390, 320) for scheme in ("light", "dark"))
OUTSIDE = (
    "/ingresar", "/ingresar?motivo=vencida", "/registro", "/recuperar", "/restablecer#t=x", "/activar#t=x", "/activar",
    "/documento#t=x", "/objetar#t=x", "/dejar-avisos#t=x", "/pago",
    "/cancelar-correo#t=x", "/confirmar-correo#t=x", "/ayuda", "/accesibilidad", "/privacidad", "/nada",
)  # fmt: skip
INSIDE = (
    "/", "/comprobantes", "/comprobantes?q=zzzz", "/retenciones", f"/comprobantes/c-{CLIENT}",
    f"/comprobantes/c-{CLIENT}?q=zzzz&from=2020-01-01", f"/comprobantes/c-{CLIENT}/v-00205-00001622-006",
    f"/retenciones/s-{SUPPLIER}", f"/presupuestos/c-{CLIENT}", f"/ordenes/c-{CLIENT}", "/comprobantes/c-1", "/vincular",
    f"/comprobantes/c-{CLIENT}/cuenta", f"/comprobantes/c-{CLIENT}/pagar", "/avisos", "/enlaces",
    "/mis-datos", "/contrasena", "/sesiones", "/pago", "/consultas", "/registro-proveedores", "/ayuda", "/nada",
)  # fmt: skip


def look(visitor: Visitor, what: str, found: list[str]) -> None:
    for width, scheme in LOOKS:
        visitor.page.set_viewport_size({"width": width, "height": 800})
        visitor.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]  # a Literal
        # In the dark nothing but the colours is another.
        barriers = visitor.barriers() if scheme == "light" else visitor.barriers(COLOURS)
        found += [f"{what} {width} {scheme}: {barrier}" for barrier in barriers]
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


PATIENT = """
const later = setTimeout;
self.setTimeout = (act, wait, ...more) => (wait === 25_000 ? 0 : later(act, wait, ...more));
"""
"""The page's requests have no end: looking at it takes as long as it takes."""


def unanswered(_: Route) -> None:
    """The page goes on waiting."""


def too_many_tries(visitor: Visitor) -> str:
    page = visitor.go("/ingresar", "Ingresá a miINTI")
    page.route("**/v1/login", problem(429, "too_many_attempts", **{"Retry-After": "480"}))
    page.get_by_label("Correo electrónico").fill("ana@estudio.example")
    page.get_by_label("Contraseña", exact=True).fill("cualquiera 8")
    page.keyboard.press("Enter")
    return "Probá de nuevo en 8 minutos"


def just_registered(visitor: Visitor) -> str:
    page = visitor.go("/registro")
    answer(page, "POST", "/register", {}, 202)
    for name, value in REGISTERING.items():
        page.locator(f"#{name}").fill(value)
    page.get_by_role("button", name="Registrarme").click()
    return "Revisá tu correo"


def asked_for_a_new_password(visitor: Visitor) -> str:
    page = visitor.go("/recuperar")
    answer(page, "POST", "/password/forgot", {}, 202)
    page.get_by_label("Correo electrónico").fill("ana@estudio.example")
    page.get_by_role("button", name="Enviar").click()
    return "Revisá tu correo"


def asked_for_a_code(visitor: Visitor) -> str:
    page = visitor.go("/comprobantes")
    answer(page, "POST", "/companies", {"request_id": "r1", "state": "received"}, 202)
    ask_for(page, "Cliente", ASKED["cuit"], ASKED["number"])
    return "Pedimos un código"


def about_to_end(visitor: Visitor) -> str:
    page = visitor.page
    page.clock.install()
    visitor.go("/mis-datos")
    expect(page.locator("main form").first).to_be_visible()
    page.clock.fast_forward((7 * 60 + 58) * 60_000 + 10_000)
    return "Tu sesión está por terminar"


def without_a_network(visitor: Visitor) -> str:
    visitor.go("/comprobantes")
    expect(visitor.page.locator("td.main").first).to_be_visible()
    visitor.context.set_offline(True)
    return "Estás sin conexión"


def deployed_anew(visitor: Visitor) -> str:
    page = visitor.go("/comprobantes")
    page.route("**/js/views/sessions.js", lambda route: route.fulfill(status=404, body="No está acá."))
    page.locator(".account summary").click()
    page.get_by_role("link", name="Sesiones abiertas").click()
    return "Actualizá la página"


def making_a_zip(visitor: Visitor) -> str:
    visitor.page.add_init_script(PATIENT)
    page = visitor.go(f"/comprobantes/c-{CLIENT}?type=006&status=paid")
    settled(page)
    page.route("**/download", unanswered)
    page.locator(".export summary").click()
    page.get_by_role("button", name="Todos los PDF").click()
    expect(page.locator("#zip-progress")).to_be_visible()
    return "Descargando 0 de"


def walking_to_a_page(visitor: Visitor) -> str:
    page = visitor.page
    page.add_init_script(PATIENT)

    def more(route: Route) -> None:
        if "cursor=" not in route.request.url:
            answer = route.fetch().json()
            route.fulfill(json={**answer, "items": answer["items"][:1] * 100, "total": 4110, "next": "more"})

    page.route("**/docs?*", more)
    visitor.go(f"/comprobantes/c-{OTHER_CLIENT}?page=400")
    return "Buscando la página"


def still_loading(visitor: Visitor) -> str:
    visitor.page.add_init_script(PATIENT)
    visitor.page.route("**/docs?*", unanswered)
    visitor.go(f"/comprobantes/c-{CLIENT}")
    return "Cargando"


def paying_wrongly(visitor: Visitor) -> str:
    page = visitor.page
    answer(page, "GET", "/companies/*/payments", {"items": PAYMENTS, "next": "older"})
    settled(visitor.go(f"/comprobantes/c-{OTHER_CLIENT}/pagar"))
    page.get_by_role("checkbox").first.check()
    page.get_by_label("Importe a pagar").fill("mucho")
    page.get_by_role("button", name="Pagar lo elegido").click()
    return "Escribí un importe"


def changing_data_wrongly(visitor: Visitor) -> str:
    page = visitor.go("/mis-datos")
    page.get_by_label("Nombre", exact=True).fill("")
    page.get_by_role("button", name="Guardar", exact=True).click()
    return "Ingresá tu nombre"


def notices_saved(visitor: Visitor) -> str:
    page = visitor.page
    stub(page)
    settled(visitor.go("/avisos"))
    page.route("**/v1/me/notifications", lambda route: route.fulfill(status=204))
    page.get_by_label("Presupuestos").first.select_option("none")
    page.get_by_role("button", name="Guardar").click()
    return "Guardamos tus avisos"


def another_period_of_an_empty_list(visitor: Visitor) -> str:
    page = visitor.page
    page.route(
        "**/docs?*sort=-date*",
        lambda route: route.fulfill(json={**route.fetch().json(), "items": [], "total": 0, "next": None}),
    )
    settled(visitor.go(f"/comprobantes/c-{OTHER_CLIENT}"))
    page.get_by_label("Período").select_option("other")
    return "Ningún dato disponible"


def a_wrong_code(visitor: Visitor) -> str:
    words = asked_for_a_code(visitor)
    visitor.is_told(words)
    visitor.page.get_by_role("textbox", name="Código").fill("1")
    visitor.page.get_by_role("button", name="Confirmar").click()
    return "El código tiene 6 letras y números"


def a_zip_that_is_ready(visitor: Visitor) -> str:
    page = visitor.go(f"/comprobantes/c-{CLIENT}?type=006&status=paid&size=25")
    settled(page)
    page.locator(".export summary").click()
    page.get_by_role("button", name="Todos los PDF").click()
    return "en un ZIP"


@pytest.mark.parametrize("comes", [too_many_tries, just_registered, asked_for_a_new_password])
def test_what_comes_and_goes_outside(visitor: Visitor, comes: Callable[[Visitor], str]) -> None:
    shows(visitor, comes)


@pytest.mark.parametrize(
    "comes",
    [
        asked_for_a_code, about_to_end, without_a_network, deployed_anew, making_a_zip, walking_to_a_page,
        still_loading, paying_wrongly, changing_data_wrongly, notices_saved, another_period_of_an_empty_list,
        a_wrong_code, a_zip_that_is_ready,
    ],
)  # fmt: skip
def test_what_comes_and_goes_inside(visitor: Visitor, regular: Person, comes: Callable[[Visitor], str]) -> None:
    visitor.log_in(regular)
    shows(visitor, comes)


def shows(visitor: Visitor, comes: Callable[[Visitor], str]) -> None:
    """axe looks at what is there only for a while."""
    words = comes(visitor)
    visitor.is_told(words)
    found: list[str] = []
    look(visitor, comes.__name__, found)
    visitor.is_told(words)
    assert found == []
    visitor.complaints[:] = [each for each in visitor.complaints if "dynamically imported module" not in each]


@pytest.mark.parametrize(
    "path",
    [
        f"/comprobantes/c-{OTHER_CLIENT}",
        f"/ordenes/c-{CLIENT}",
        f"/retenciones/s-{SUPPLIER}",
        f"/comprobantes/c-{CLIENT}/cuenta",
        f"/comprobantes/c-{OTHER_CLIENT}/pagar",
        f"/comprobantes/c-{CLIENT}/v-00205-00001622-006",
        "/comprobantes",
        "/avisos",
        "/enlaces",
        "/vincular",
        "/mis-datos",
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
