"""Slow and broken networks: what was typed stays, nothing is done twice, and what happened is said."""

from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.answers import stub
from tests.browser.conftest import CLIENT, Visitor, company
from tests.browser.test_companies import ask_for
from tests.browser.test_states import problem
from tests.journeys.person import Person

THREE_G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
PASSWORD = "una frase bastante larga"

Form = tuple[str, dict[str, str], str, str]

# Page, what is filled in by field, the button, the route it asks.
OUTSIDE: list[Form] = [
    ("/ingresar", {"email": "ana@estudio.example", "password": PASSWORD}, "Ingresar", "**/v1/login"),
    (
        "/registro",
        {
            "first_name": "Ana", "last_name": "Gómez", "email": "ana@estudio.example", "password": PASSWORD,
            "repeated": PASSWORD,
        },
        "Registrarme",
        "**/v1/register",
    ),
    ("/recuperar", {"email": "ana@estudio.example"}, "Enviar", "**/v1/password/forgot"),
    (
        "/restablecer#t=x.y",
        {"password": PASSWORD, "repeated": PASSWORD},
        "Guardar la contraseña",
        "**/v1/password/reset",
    ),
    ("/activar#t=x.y", {}, "Activar mi cuenta", "**/v1/activate"),
    ("/objetar#t=x.y", {}, "Suspender el vínculo", "**/v1/companies/object"),
    ("/dejar-avisos#t=x.y", {}, "Dejar de recibirlos", "**/v1/unsubscribe?t=x.y"),
]  # fmt: skip
INSIDE: list[Form] = [
    ("/mis-datos", {"first_name": "Mara", "last_name": "Fernándes"}, "Guardar", "**/v1/me"),
    ("/mis-datos", {"email": "otra@estudio.example", "password": PASSWORD}, "Pedir el cambio", "**/v1/me/email"),
    ("/mis-datos", {"farewell": PASSWORD}, "Eliminar mi cuenta", "**/v1/me"),
    (
        "/contrasena",
        {"current_password": PASSWORD, "password": "otra frase bien larga", "repeated": "otra frase bien larga"},
        "Cambiar la contraseña",
        "**/v1/password",
    ),
]


def fails_three_times(page: Page, typed: dict[str, str], button: str, api: str) -> None:
    """A 500, a 429 and no network, one after another: each is said, what was typed stays, and two clicks ask once."""
    for selector, value in typed.items():
        page.locator(f"#{selector}").fill(value)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == "GET":
            route.continue_()
        else:
            held.append(route)

    page.route(api, hold)
    for words, fail in (
        ("El problema es nuestro", problem(500, "internal_error")),
        ("Probá de nuevo en 2 minutos", problem(429, "too_many_attempts", **{"Retry-After": "90"})),
        ("No hay conexión", lambda route: route.abort("internetdisconnected")),
    ):
        page.locator("main").get_by_role("button", name=button, exact=True).dblclick()
        expect(page.locator("main .form [aria-disabled=true]")).to_be_visible()
        (asked,) = held
        held.clear()
        fail(asked)
        expect(page.locator("main .summary")).to_contain_text(words)
        for selector, value in typed.items():
            expect(page.locator(f"#{selector}")).to_have_value(value)
    page.unroute(api)


@pytest.mark.parametrize(("path", "typed", "button", "api"), OUTSIDE, ids=[each[3] for each in OUTSIDE])
def test_forms_outside(visitor: Visitor, path: str, typed: dict[str, str], button: str, api: str) -> None:
    page = visitor.go(path)
    fails_three_times(page, typed, button, api)


def test_forms_inside(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular)
    for path, typed, button, api in INSIDE:
        visitor.go("/robots.txt")
        visitor.go(path)
        fails_three_times(page, typed, button, api)
    visitor.go("/sesiones", "Sesiones abiertas")


def test_dialogs_and_buttons_inside(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/comprobantes")
    row = company("client", CLIENT)
    for status, code, words in (
        (500, "internal_error", "El problema es nuestro"),
        (429, "too_many_attempts", "Probá de nuevo en 2 minutos"),
    ):
        failing = problem(status, code, **{"Retry-After": "90"})
        page.route("**/v1/companies", failing)
        ask_for(page, "Cliente", row["cuit"], row["code"])
        expect(page.locator("#link")).to_contain_text(words)
        expect(page.locator("#number")).to_have_value(row["code"])
        page.unroute("**/v1/companies")
        page.keyboard.press("Escape")

        page.route("**/v1/companies/c-*", failing)
        page.get_by_role("button", name=f"Desvincular {row['name']}").click()
        page.get_by_role("dialog").get_by_role("button", name="Desvincular", exact=True).click()
        expect(page.get_by_role("dialog")).to_contain_text(words)
        page.unroute("**/v1/companies/c-*")
        visitor.go("/comprobantes", "Mis comprobantes")
        expect(page.get_by_role("button", name=f"Desvincular {row['name']}")).to_be_visible()

    visitor.go(f"/comprobantes/c-{CLIENT}")
    for status, code, words in (
        (500, "internal_error", "No pudimos descargar el documento"),
        (429, "too_many_attempts", "Probá de nuevo en 2 minutos"),
        (404, "file_missing", "No pudimos descargar el documento"),
    ):
        page.route("**/download", problem(status, code, **{"Retry-After": "90"}))
        page.locator("#documents .icon-button").first.click()
        visitor.is_told(words)
        page.unroute("**/download")
    page.route("**/download", lambda route: route.abort("internetdisconnected"))
    page.locator("#documents .icon-button").first.click()
    visitor.is_told("No hay conexión")


@pytest.mark.parametrize(
    ("path", "api", "words"),
    [
        (f"/comprobantes/c-{CLIENT}", "**/docs?*", "Probá de nuevo en 2 minutos"),
        (f"/comprobantes/c-{CLIENT}/cuenta", "**/statement?*", "Probá de nuevo en 2 minutos"),
        ("/avisos", "**/v1/me/notifications", "Probá de nuevo en 2 minutos"),
        ("/enlaces", "**/v1/me/links?*", "Probá de nuevo en 2 minutos"),
        ("/comprobantes", "**/v1/companies?*", "Probá de nuevo en 2 minutos"),
    ],
)
def test_what_is_read_too_often_waits_and_is_tried_again(
    visitor: Visitor, regular: Person, path: str, api: str, words: str
) -> None:
    page = visitor.log_in(regular)
    stub(page)
    page.route(api, problem(429, "too_many_attempts", **{"Retry-After": "90"}), times=2)
    visitor.go(path)
    visitor.is_told(words)
    page.get_by_role("button", name="Reintentar").first.click()
    page.get_by_role("button", name="Reintentar").first.click()
    expect(page.locator(".notice-error, .skeleton")).to_have_count(0)


def test_on_a_slow_phone_each_act_is_done_once_and_shows_that_it_goes_on(visitors: Any, stranger: Person) -> None:
    visitor: Visitor = visitors(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = visitor.page
    slow = visitor.context.new_cdp_session(page)
    slow.send("Network.enable")
    slow.send("Network.emulateNetworkConditions", THREE_G)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    visitor.go("/ingresar", "Ingresá a miINTI")
    page.get_by_label("Correo electrónico").fill(stranger.email)
    page.get_by_label("Contraseña", exact=True).fill(stranger.password)
    page.get_by_role("button", name="Ingresar", exact=True).dblclick()
    expect(page.get_by_role("button", name="Ingresando…")).to_be_visible()
    visitor.sees(f"Hola, {stranger.first_name}")
    assert len([url for url in posts if url.endswith("/v1/login")]) == 1

    visitor.go("/mis-datos", "Mis datos")
    changes: list[str] = []
    page.on("request", lambda request: changes.append(request.url) if request.method == "PATCH" else None)
    page.get_by_label("Nombre", exact=True).fill("Mariana")
    page.get_by_role("button", name="Guardar", exact=True).dblclick()
    expect(page.get_by_role("button", name="Guardando…")).to_be_visible()
    visitor.is_told("Guardamos tus datos")
    assert len(changes) == 1
    assert stranger.get("/v1/me")["first_name"] == "Mariana"
