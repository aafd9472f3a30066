"""What a page says while it waits, when something fails, when the network goes, when the session ends."""

from typing import Any

import pytest
from playwright.sync_api import Error, Route, expect

from tests.browser.conftest import CLIENT, Visitor, company, shifts, within
from tests.browser.test_companies import ask_for
from tests.journeys.person import Person

DOCUMENTS = f"/comprobantes/c-{CLIENT}"


def problem(status: int, code: str, **headers: str) -> Any:
    body = {"status": status, "code": code, "detail": "Algo falló.", "errors": [], "request_id": "pedido-77"}
    return lambda route: route.fulfill(status=status, json=body, headers=headers)


a_failing_bucket = pytest.mark.parametrize(
    ("fail", "words"),
    [
        (problem(503, "SlowDown"), "El servicio no responde en este momento"),
        (lambda route: route.abort("connectionreset"), "Se cortó la descarga"),
    ],
    ids=["503", "aborted"],
)
"""How S3 answers badly to who fetches a file, and what is said then."""


def test_while_it_loads_the_page_has_its_shape(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular)
    held: list[Route] = []
    page.route("**/docs?*", lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks its handlers
    visitor.go(DOCUMENTS, "Descarga de comprobantes")
    expect(page.locator(".skeleton")).to_be_visible()
    expect(page.locator(".skeleton")).to_contain_text("Cargando")
    within(page, held).continue_()
    expect(page.locator("#documents")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize(
    ("path", "api", "shown"),
    [
        ("/comprobantes", "**/v1/companies?*", "#companies"),
        (DOCUMENTS, "**/docs?*", ".balance-note:has-text('Vencido')"),
    ],
)
def test_nothing_that_is_seen_moves_when_the_list_comes(
    visitor: Visitor, regular: Person, path: str, api: str, shown: str, width: int
) -> None:
    page = visitor.log_in(regular)
    page.set_viewport_size({"width": width, "height": 800})
    moved = shifts(page)
    held: list[Route] = []
    page.route(api, lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks its handlers
    visitor.go(path)
    expect(page.locator(".skeleton")).to_be_visible()
    moved()  # painted
    within(page, held).continue_()
    page.unroute(api)
    expect(page.locator(shown)).to_be_visible()
    expect(page.locator(".skeleton")).to_have_count(0)
    assert moved() < 0.02  # a short page brings its footer into view


def test_without_a_network_it_says_so_and_goes_on_when_it_is_back(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/comprobantes")
    expect(page.locator("td.main").first).to_be_visible()
    visitor.go(DOCUMENTS, "Descarga de comprobantes")
    expect(page.locator("#documents")).to_be_visible()
    visitor.context.set_offline(True)
    visitor.is_told("Estás sin conexión")
    page.get_by_role("button", name="Fecha").click()
    visitor.is_told("No hay conexión")
    visitor.context.set_offline(False)
    expect(page.get_by_text("Estás sin conexión")).to_be_hidden()
    page.get_by_role("button", name="Reintentar").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Fecha")
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")

    # A page that has not been here yet comes by itself once there is a network.
    visitor.context.set_offline(True)
    page.get_by_role("link", name="Mis retenciones").first.click()
    visitor.sees("Actualizá la página")
    visitor.is_told("No hay conexión a internet")
    visitor.context.set_offline(False)
    visitor.sees("Mis retenciones")
    visitor.complaints[:] = [each for each in visitor.complaints if "dynamically imported module" not in each]


def test_what_was_typed_outlives_a_lost_network_and_nothing_is_done_twice(visitor: Visitor, stranger: Person) -> None:
    page = visitor.log_in(stranger, "/comprobantes")
    row = company("client", CLIENT)
    visitor.is_told("Ningún dato disponible")
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    visitor.context.set_offline(True)
    ask_for(page, "Cliente", row["cuit"], row["code"])
    expect(page.locator("#link .notice-title")).to_have_text("No hay conexión")
    expect(page.get_by_label("N° de CUIT", exact=True)).to_have_value(row["cuit"])
    visitor.context.set_offline(False)
    posts.clear()
    page.get_by_role("button", name="Vincular", exact=True).dblclick()
    expect(page.get_by_role("heading", name="Pedimos un código")).to_be_visible()
    assert len([url for url in posts if url.endswith("/v1/companies")]) == 1
    assert stranger.get("/v1/link-requests")["total"] == 1


@pytest.mark.parametrize(("seconds", "words"), [("480", "8 minutos"), ("45", "45 segundos"), ("61", "2 minutos")])
def test_too_many_tries_say_how_long_to_wait(visitor: Visitor, seconds: str, words: str) -> None:
    page = visitor.go("/ingresar", "Ingresá a miINTI")
    page.route("**/v1/login", problem(429, "too_many_attempts", **{"Retry-After": seconds}))
    page.get_by_label("Correo electrónico").fill("ana@estudio.example")
    page.get_by_label("Contraseña", exact=True).fill("cualquiera 8")
    page.get_by_role("button", name="Ingresar", exact=True).click()
    visitor.is_told(f"Probá de nuevo en {words}")


def test_a_module_that_a_new_version_took_away_asks_to_load_anew(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular)
    page.route("**/js/views/sessions.js", lambda route: route.fulfill(status=404, body="No está acá."))
    page.locator(".account summary").click()
    page.get_by_role("link", name="Sesiones abiertas").click()
    visitor.sees("Actualizá la página")
    page.unroute("**/js/views/sessions.js")
    page.get_by_role("button", name="Actualizar").click()
    visitor.sees("Sesiones abiertas")
    visitor.complaints[:] = [each for each in visitor.complaints if "dynamically imported module" not in each]


def test_a_token_that_ran_out_is_renewed_without_a_word(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular)
    seen: list[int] = []

    def once(route: Route) -> None:
        seen.append(1)
        if len(seen) == 1:
            problem(401, "invalid_token")(route)
        else:
            route.continue_()

    page.route("**/v1/companies?*", once)
    visitor.go("/comprobantes", "Mis comprobantes")
    expect(page.locator("td.main").first).to_be_visible()
    assert len(seen) == 2


def test_a_session_that_ended_leads_to_the_door_and_back_to_the_same_place(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, f"{DOCUMENTS}?status=paid")
    expect(page.locator("#documents")).to_be_visible()
    visitor.context.clear_cookies()
    page.route("**/docs?*", problem(401, "invalid_token"))
    page.get_by_label("Mostrar").select_option("25")
    visitor.is_told("Tu sesión terminó")
    page.unroute("**/docs?*")
    page.get_by_label("Correo electrónico").fill(regular.email)
    page.get_by_label("Contraseña", exact=True).fill(regular.password)
    page.keyboard.press("Enter")
    visitor.sees("Descarga de comprobantes")
    assert page.url.endswith(f"{DOCUMENTS}?status=paid&size=25")


def test_two_tabs_that_renew_at_once_both_stay_in(visitor: Visitor, regular: Person) -> None:
    visitor.log_in(regular, "/comprobantes")
    tabs = [visitor.page, visitor.another_tab(), visitor.another_tab()]
    for _ in range(2):
        for tab in tabs:
            tab.goto(f"{visitor.portal.url}/comprobantes", wait_until="commit")
        for tab in tabs:
            expect(tab.locator("td.main").first).to_be_visible()


def test_two_minutes_before_the_end_it_asks_whether_to_go_on(visitor: Visitor, regular: Person) -> None:
    page = visitor.page
    page.clock.install()
    visitor.log_in(regular)
    visitor.sees("Hola, María")
    page.clock.fast_forward((7 * 60 + 57) * 60_000)
    warning = page.get_by_role("dialog", name="Tu sesión está por terminar")
    expect(warning).to_have_count(0)
    page.clock.fast_forward(75_000)
    expect(warning).to_be_visible()
    expect(warning).to_contain_text("2 minutos")
    expect(page.get_by_role("button", name="Seguir conectado")).to_be_focused()
    assert visitor.barriers() == []
    page.keyboard.press("Enter")
    expect(warning).to_have_count(0)
    page.clock.fast_forward((7 * 60 + 58) * 60_000 + 30_000)
    expect(warning).to_be_visible()
    visitor.context.clear_cookies()
    page.clock.fast_forward(100_000)
    visitor.is_told("Tu sesión terminó")
    assert page.url.endswith("volver=%2F")


def test_S60_nothing_of_the_session_is_within_reach_of_scripts(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, DOCUMENTS)
    expect(page.locator("#documents")).to_be_visible()
    kept = page.evaluate("({...localStorage})")
    assert set(kept) <= {"miinti-session", "miinti-theme"}
    assert set(page.evaluate("JSON.parse(localStorage.getItem('miinti-session'))")) == {"since", "renewed", "remember"}
    assert page.evaluate("[sessionStorage.length, document.cookie]") == [0, ""]
    assert page.evaluate("indexedDB.databases().then(found => found.length)") == 0
    cookies = {cookie["name"]: cookie for cookie in visitor.context.cookies()}
    assert "__Host-session" in cookies
    assert {(cookie["httpOnly"], cookie["sameSite"], cookie["secure"]) for cookie in cookies.values()} == {
        (True, "Strict", True)
    }


def test_S60_the_browser_itself_refuses_markup_made_of_text(visitor: Visitor) -> None:
    page = visitor.go("/ingresar", "Ingresá a miINTI")
    for made in (
        "document.body.innerHTML = '<b>x</b>'",
        "trustedTypes.createPolicy('evil', {createHTML: x => x})",
        "document.createElement('script').src = '/x.js'",
    ):
        with pytest.raises(Error):
            page.evaluate(f"() => {{ {made} }}")
    page.evaluate("document.body.append(Object.assign(document.createElement('img'), {src: 'https://evil.example/x'}))")
    page.evaluate("document.body.setAttribute('style', 'outline: 99px solid red')")
    assert page.evaluate("getComputedStyle(document.body).outlineWidth") != "99px"
    assert any("Content Security Policy" in each for each in visitor.complaints)
    visitor.complaints.clear()


def test_the_keyboard_alone_goes_everywhere(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular)
    visitor.sees("Hola, María")
    page.reload()
    visitor.sees("Hola, María")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Ir al contenido")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("main")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.locator("main").get_by_role("link", name="Mis comprobantes")).to_be_focused()
    page.keyboard.press("Enter")
    visitor.sees("Mis comprobantes")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    page.locator(".account summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Cerrar sesión")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Cerrar sesión")).to_be_hidden()
    expect(page.locator(".account summary")).to_be_focused()


def test_a_page_whose_module_is_slow_shows_that_it_is_on_its_way(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, DOCUMENTS)
    expect(page.locator("#documents tbody tr").first).to_be_visible()
    held: list[Route] = []
    page.route("**/js/views/sessions.js", lambda route: held.append(route))  # noqa: PLW0108  # as above
    page.locator("details.account summary").click()
    page.get_by_role("link", name="Sesiones abiertas").click()
    asked = within(page, held)
    expect(page.locator("html.coming")).to_have_count(1)
    asked.continue_()
    visitor.sees("Sesiones abiertas")
    expect(page.locator("html.coming")).to_have_count(0)


def test_a_page_whose_module_never_comes_is_to_be_loaded_anew(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/comprobantes")
    page.clock.install()
    held: list[Route] = []
    page.route("**/js/views/sessions.js", lambda route: held.append(route))  # noqa: PLW0108  # as above
    page.locator("details.account summary").click()
    page.get_by_role("link", name="Sesiones abiertas").click()
    within(page, held)
    page.clock.fast_forward(26_000)
    visitor.sees("Actualizá la página")
    visitor.complaints[:] = [each for each in visitor.complaints if "Outdated" not in each]  # told to who looks there


def test_a_large_answer_may_take_its_time_while_its_bytes_come(visitor: Visitor, regular: Person) -> None:
    """A minute, where an answer of which nothing comes is waited for 25 seconds."""
    page = visitor.log_in(regular, "/comprobantes")
    expect(page.locator("#companies tbody tr").first).to_be_visible()
    page.clock.install()
    page.evaluate(
        """() => {
          const real = window.fetch;
          window.fetch = async (...asked) => {
            const answer = await real(...asked);
            if (!String(asked[0]).includes('/sessions')) return answer;
            const bytes = new Uint8Array(await answer.arrayBuffer());
            let at = 0;
            window.more = (many) => {
              window.feed.enqueue(bytes.slice(at, at + many));
              at += many;
              if (at >= bytes.length) window.feed.close();
            };
            window.left = () => bytes.length - at;
            asked[1].signal.addEventListener('abort', () => window.feed.error(new DOMException('', 'AbortError')));
            return new Response(new ReadableStream({ start(feed) { window.feed = feed; } }), answer);
          };
        }"""
    )
    page.locator("details.account summary").click()
    page.get_by_role("link", name="Sesiones abiertas").click()
    page.wait_for_function("() => window.left")
    for _ in range(3):
        page.evaluate("window.more(40)")
        page.clock.fast_forward(20_000)
    page.evaluate("window.more(window.left())")
    visitor.is_told("Esta sesión")
