"""When a session ends: what was typed is there again after logging in, for the same person alone; passwords are not."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.answers import REQUESTS, stub
from tests.browser.conftest import CLIENT, TWO_FRAMES, Visitor, company, within
from tests.browser.faults import DOCUMENT, DOCUMENTS, INSIDE, Act, address
from tests.browser.test_companies import ask_for
from tests.browser.test_states import problem
from tests.journeys.person import Person

DAY = 86_400_000


def over(visitor: Visitor) -> None:
    """The session is gone, and the page does not know it yet: the next that it asks is refused, and its cookie too."""
    visitor.context.clear_cookies()
    visitor.page.route("**/v1/**", problem(401, "invalid_token"))


def log_in_again(visitor: Visitor, person: Person, page: Page | None = None) -> None:
    page = page or visitor.page
    led_out(page, person)
    page.unroute("**/v1/**")
    stub(page)
    page.get_by_label("Correo electrónico").fill(person.email)
    page.get_by_label("Contraseña", exact=True).fill(person.password)
    page.get_by_role("button", name="Ingresar", exact=True).click()
    page.wait_for_url(lambda url: "/ingresar" not in url)


def led_out(page: Page, person: Person) -> None:
    expect(page.locator("#app").get_by_text("Tu sesión terminó")).to_be_visible()
    assert person.first_name not in page.locator("body").inner_text()


def keeps_nothing(page: Page) -> None:
    assert set(page.evaluate("({...localStorage})")) <= {"miinti-session", "miinti-theme"}
    assert page.evaluate("[sessionStorage.length, document.cookie, JSON.stringify(history.state)]") in (
        [0, "", "null"],
        [0, "", '{"cursors":[null]}'],
    )


def test_my_data_come_back_as_they_were_typed_without_the_password(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/mis-datos")
    for field, text in (("first_name", "Marita"), ("email", "nueva@estudio.example"), ("password", "secreta y larga")):
        page.locator(f"#{field}").fill(text)
    page.get_by_role("button", name="Mostrar").first.click()
    over(visitor)
    page.get_by_role("button", name="Pedir el cambio").click()
    log_in_again(visitor, regular)
    visitor.sees("Mis datos")
    assert page.url.endswith("/mis-datos")
    keeps_nothing(page)
    said = page.locator("main .summary")
    expect(said).to_contain_text("No pudimos pedir el cambio de correo")
    expect(said).to_contain_text("Tu sesión terminó antes. Probá de nuevo.")
    expect(said).to_be_focused()
    for field, text in (("first_name", "Marita"), ("last_name", regular.last_name), ("email", "nueva@estudio.example")):
        expect(page.locator(f"#{field}")).to_have_value(text)
    expect(page.locator("#password")).to_have_value("")
    expect(page.locator("#password")).to_have_attribute("type", "password")
    assert visitor.barriers() == []
    page.get_by_role("button", name="Pedir el cambio").click()
    expect(said).to_contain_text("Ingresá tu contraseña")  # the form is alive: it checks what it has
    page.reload()
    expect(page.locator("#first_name")).to_have_value(regular.first_name)  # in memory it was, and nowhere else


def test_a_form_is_sent_with_what_was_typed_before(visitor: Visitor, stranger: Person) -> None:
    page = visitor.log_in(stranger, "/mis-datos")
    page.locator("#first_name").fill("Marita")
    over(visitor)
    page.get_by_role("button", name="Guardar", exact=True).click()
    log_in_again(visitor, stranger)
    expect(page.locator("main .summary")).to_contain_text("No pudimos guardar tus datos")
    page.get_by_role("button", name="Guardar", exact=True).click()
    visitor.is_told("Guardamos tus datos")
    expect(page.locator("main .summary")).to_have_count(0)
    assert stranger.elsewhere().login().status_code == 200
    assert stranger.get("/v1/me")["first_name"] == "Marita"


def test_the_dialog_to_link_a_company_is_open_again_with_what_was_typed(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/comprobantes?sort=-name")
    expect(page.locator("td.main").first).to_be_visible()
    row = company("client", "13344")
    over(visitor)
    ask_for(page, "Cliente", row["cuit"], row["code"])
    log_in_again(visitor, regular)
    assert page.url.endswith("/comprobantes?sort=-name")
    box = page.get_by_role("dialog", name="Vincular nuevo Cliente/Proveedor")
    expect(box).to_be_visible()
    expect(box.locator(".summary")).to_contain_text("No pudimos vincular la empresa")
    expect(box.locator(".summary")).to_be_focused()
    expect(box.get_by_label("Cliente", exact=False).first).to_be_checked()
    expect(box.locator("#cuit")).to_have_value(row["cuit"])
    expect(box.locator("#number")).to_have_value(row["code"])
    expect(page.locator("td.main").first).to_be_attached()  # the list behind it came too
    assert visitor.barriers() == []
    box.get_by_role("button", name="Vincular", exact=True).click()
    expect(page.get_by_role("heading", name="Pedimos un código")).to_be_visible()


def test_notices_that_were_chosen_and_not_saved_are_still_chosen(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular)
    stub(page)
    visitor.go("/avisos", "Avisos por correo")
    way = page.locator(f"#c-{CLIENT}-voucher")
    way.select_option("none")
    reminders = page.locator("fieldset.notices", has=way).get_by_role("checkbox")
    reminders.uncheck()
    over(visitor)
    page.get_by_role("button", name="Guardar").click()
    log_in_again(visitor, regular)
    expect(page.locator("main .summary")).to_contain_text("No pudimos guardar tus avisos")
    expect(way).to_have_value("none")
    expect(reminders).not_to_be_checked()
    sent: list[Any] = []

    def take(route: Any) -> None:
        sent.append(route.request.post_data_json)
        route.fulfill(status=204)

    page.route("**/v1/me/notifications", take)
    page.get_by_role("button", name="Guardar").click()
    visitor.is_told("Guardamos tus avisos")
    (body,) = sent
    assert body["companies"][f"c-{CLIENT}"]["news"]["voucher"] == "none"
    assert body["companies"][f"c-{CLIENT}"]["reminders"] is False


def test_a_session_that_ends_by_itself_leaves_what_was_typed_too(visitor: Visitor, regular: Person) -> None:
    page = visitor.page
    page.clock.install()
    visitor.log_in(regular, "/mis-datos")
    page.locator("#last_name").fill("Fernández de Paz")
    page.locator("#farewell").fill("secreta y larga")
    page.clock.fast_forward(8 * 3_600_000 - 60_000)
    expect(page.get_by_role("dialog", name="Tu sesión está por terminar")).to_be_visible()
    over(visitor)
    page.clock.fast_forward(70_000)
    log_in_again(visitor, regular)
    expect(page.locator("#last_name")).to_have_value("Fernández de Paz")
    expect(page.locator("#farewell")).to_have_value("")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("main .summary")).to_have_count(0)
    assert page.evaluate("document.activeElement.tagName") == "H1"


def another_person(visitor: Visitor, _: Person, stranger: Person) -> None:
    log_in_again(visitor, stranger)
    visitor.sees(f"Hola, {stranger.first_name}")  # not at the other's address
    own_data(visitor.page)


def own_data(page: Page) -> None:
    page.locator(".account summary").click()
    page.get_by_role("link", name="Mis datos").click()


def another_place(visitor: Visitor, regular: Person, _: Person) -> None:
    visitor.is_told("Tu sesión terminó")
    visitor.page.unroute("**/v1/**")
    page = visitor.page
    page.evaluate(
        "history.replaceState(null, '', '/ingresar?volver=%2F'); dispatchEvent(new PopStateEvent('popstate'))"
    )
    expect(page.get_by_text("Tu sesión terminó")).to_have_count(0)
    page.get_by_label("Correo electrónico").fill(regular.email)
    page.get_by_label("Contraseña", exact=True).fill(regular.password)
    page.keyboard.press("Enter")
    visitor.sees("Hola, María")
    own_data(page)


@pytest.mark.parametrize("comes", [another_person, another_place])
def test_what_was_typed_is_for_the_same_person_at_the_same_place_alone(
    visitor: Visitor, regular: Person, stranger: Person, comes: Callable[[Visitor, Person, Person], None]
) -> None:
    page = visitor.log_in(regular, "/mis-datos")
    page.locator("#first_name").fill("Marita")
    over(visitor)
    page.get_by_role("button", name="Guardar", exact=True).click()
    comes(visitor, regular, stranger)
    visitor.sees("Mis datos")
    expect(page.locator("#first_name")).to_have_value("María")
    expect(page.locator("main .summary")).to_have_count(0)
    expect(page.locator("main .lead").first).to_contain_text("@")
    who = stranger if comes is another_person else regular
    expect(page.locator("main .lead").first).to_have_text(who.email)


@pytest.mark.parametrize(
    ("path", "button", "api"),
    [("/sesiones", "Cerrar las demás", "DELETE"), (f"/comprobantes/c-{CLIENT}?type=006&status=paid", "ZIP", "GET")],
)
def test_what_was_under_way_can_be_tried_again(
    visitors: Any, regular: Person, path: str, button: str, api: str
) -> None:
    elsewhere, visitor = visitors(), visitors()
    elsewhere.log_in(regular)
    page = visitor.log_in(regular, path)
    if button == "ZIP":
        expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
        page.locator(".export summary").click()
        over(visitor)
        page.get_by_role("button", name="Todos los PDF").click()
        log_in_again(visitor, regular)
        visitor.is_told("No pudimos armar el ZIP")
        with page.expect_download():
            page.get_by_role("button", name="Reintentar").click()
    else:
        expect(page.locator(".session").nth(1)).to_be_visible()
        over(visitor)
        page.get_by_role("button", name=button).click()
        with page.expect_response(lambda answer: "/v1/sessions" in answer.url and answer.ok):
            log_in_again(visitor, regular)
        visitor.is_told("No pudimos cerrar la sesión")
        page.evaluate(TWO_FRAMES)
        page.get_by_role("button", name=button).click()
        visitor.is_told("Cerramos")
        expect(page.locator(".session")).to_have_count(1)


SECRET = ("password", "current_password", "repeated", "farewell")
"""Fields that are empty whenever their page comes back."""


@pytest.mark.parametrize("act", INSIDE, ids=lambda act: act.name)
def test_whatever_met_the_end_of_the_session_is_told_of_and_there_to_be_done(
    visitors: Any, regular: Person, act: Act
) -> None:
    if act.call.path == "/sessions/*":
        visitors().log_in(regular)  # elsewhere
    visitor: Visitor = visitors()
    page = visitor.log_in(regular)
    stub(page)
    visitor.go(act.path)
    expect(page.locator("main [aria-busy=true], main .skeleton")).to_have_count(0)
    if act.begin:
        act.begin(page)
    for name, value in act.typed.items():
        page.locator(f"#{name}").fill(value)
    held: list[Route] = []
    page.route(address(act.call.path), lambda route: held.append(route))  # noqa: PLW0108  # see test_states
    act.press(page)
    asked = within(page, held)
    page.unroute(address(act.call.path))
    over(visitor)
    problem(401, "invalid_token")(asked)
    log_in_again(visitor, regular)
    assert page.url == visitor.portal.url + act.path
    expect(page.locator(act.told).first).to_contain_text("Tu sesión terminó antes. Probá de nuevo.")
    for name, value in (act.typed | act.stays).items():
        expect(page.locator(f"#{name}")).to_have_value("" if name in SECRET else value)


def stop(page: Page) -> float:
    """The page's time stands still, however long looking takes. Answers when, in milliseconds."""
    now = float(page.evaluate("Date.now()")) + 1000
    page.clock.pause_at(now / 1000)
    return now


def at(page: Page, begun: float, seconds: int) -> None:
    """It is so many seconds after it stood still first."""
    page.clock.fast_forward(int(begun + seconds * 1000 - page.evaluate("Date.now()")))


@pytest.mark.parametrize(("remember", "days"), [(False, 7), (True, 30)])
def test_the_end_that_cannot_be_put_off_is_told_two_minutes_before(
    visitor: Visitor, regular: Person, remember: bool, days: int
) -> None:
    page = visitor.page
    page.clock.install()
    visitor.go("/ingresar", "Ingresá a miINTI")
    page.get_by_label("Recordarme en este equipo").set_checked(remember)
    page.get_by_label("Correo electrónico").fill(regular.email)
    page.get_by_label("Contraseña", exact=True).fill(regular.password)
    page.keyboard.press("Enter")
    visitor.sees("Hola, María")
    begun = stop(page)
    # Somebody who was here all the time: renewed now, logged in so many days less three minutes ago.
    page.evaluate(
        """([days, day]) => {
          const told = JSON.parse(localStorage.getItem('miinti-session'));
          const since = told.since - days * day + 180_000;
          localStorage.setItem('miinti-session', JSON.stringify({ ...told, since, renewed: Date.now() }));
        }""",
        [days, DAY],
    )
    warning = page.get_by_role("dialog", name="Tu sesión está por terminar")
    at(page, begun, 50)
    expect(warning).to_have_count(0)
    renewed: list[str] = []
    page.on("request", lambda request: renewed.append(request.url) if "/session/refresh" in request.url else None)
    at(page, begun, 65)
    expect(warning).to_be_visible()
    expect(warning).to_contain_text(f"dura {days} días como máximo")
    expect(warning).to_contain_text("2 minutos")
    expect(warning).to_contain_text("no se puede prolongar")
    expect(warning).not_to_contain_text("Hace rato que no usás")
    expect(page.get_by_role("button", name="Seguir conectado")).to_have_count(0)
    expect(page.get_by_role("button", name="Entendido")).to_be_focused()
    page.clock.resume()  # axe waits for it
    assert visitor.barriers() == []
    stop(page)
    at(page, begun, 135)
    expect(warning).to_contain_text("segundos")
    page.keyboard.press("Enter")
    expect(warning).to_have_count(0)
    at(page, begun, 155)
    expect(warning).to_have_count(0)  # told once
    visitor.sees("Hola, María")
    assert renewed == []
    over(visitor)
    at(page, begun, 195)
    visitor.is_told("Tu sesión terminó")
    assert page.url.endswith("volver=%2F")
    assert page.evaluate("localStorage.getItem('miinti-session')") is None


def by_itself(visitor: Visitor) -> None:
    over(visitor)
    visitor.page.clock.fast_forward(8 * 3_600_000 + 10_000)


def by_an_answer(visitor: Visitor) -> None:
    over(visitor)
    visitor.page.get_by_role("button", name="Guardar", exact=True).click()


@pytest.mark.parametrize("ends", [by_itself, by_an_answer])
def test_every_tab_is_led_out_and_each_keeps_what_was_typed_in_it(
    visitor: Visitor, regular: Person, ends: Callable[[Visitor], None]
) -> None:
    visitor.page.clock.install()
    tabs = [visitor.log_in(regular, "/mis-datos"), visitor.another_tab()]
    tabs[1].add_init_script("window.setInterval = () => 0")  # it has not looked at the time yet, and is told
    tabs[1].goto(visitor.portal.url + "/mis-datos")
    for tab, name in zip(tabs, ("Marita", "Mariana"), strict=True):
        tab.locator("#first_name").fill(name)
    ends(visitor)
    for tab in tabs:
        led_out(tab, regular)
    tabs[1].unroute_all()
    log_in_again(visitor, regular, tabs[0])
    for tab, name in zip(tabs, ("Marita", "Mariana"), strict=True):
        expect(tab.locator("#first_name")).to_have_value(name)  # of the other tab too: its person is back


def test_a_tab_of_who_was_here_before_becomes_a_page_of_who_is(
    visitor: Visitor, regular: Person, stranger: Person
) -> None:
    page = visitor.log_in(regular, "/mis-datos")
    other = visitor.another_tab()
    other.goto(f"{visitor.portal.url}{DOCUMENTS}?q=factura")
    expect(other.locator("#documents")).to_be_visible()
    over(visitor)
    page.get_by_role("button", name="Guardar", exact=True).click()
    led_out(other, regular)
    log_in_again(visitor, stranger)
    for tab in (page, other):
        expect(tab.get_by_role("heading", name=f"Hola, {stranger.first_name}", level=1)).to_be_visible()
        assert tab.url == visitor.portal.url + "/"
        assert regular.email not in tab.content()


def test_what_one_person_typed_is_not_sent_in_anothers_name(visitors: Any, regular: Person, stranger: Person) -> None:
    visitor, elsewhere = visitors(), visitors()
    page = visitor.page
    page.add_init_script("delete self.BroadcastChannel")  # no tab tells another
    visitor.log_in(regular, "/mis-datos")
    page.locator("#first_name").fill("Marita")
    elsewhere.log_in(stranger)
    visitor.context.add_cookies([c for c in elsewhere.context.cookies() if c["name"] == "__Host-session"])
    sent: list[str] = []

    def refused_once(route: Route) -> None:
        sent.append(route.request.method)
        (problem(401, "invalid_token") if len(sent) == 1 else Route.fallback)(route)

    page.route(address("/me"), refused_once)
    page.get_by_role("button", name="Guardar", exact=True).click()
    visitor.sees(f"Hola, {stranger.first_name}")
    assert sent == ["PATCH"]
    assert page.url == visitor.portal.url + "/"
    assert regular.email not in page.content()
    own_data(page)
    expect(page.locator("#first_name")).to_have_value(stranger.first_name)
    assert stranger.get("/v1/me")["first_name"] == stranger.first_name


@pytest.mark.parametrize("late", [401, 200])
def test_what_was_on_its_way_when_somebody_else_came_in_is_not_theirs(
    visitor: Visitor, regular: Person, stranger: Person, late: int
) -> None:
    page = visitor.log_in(regular, "/mis-datos")
    other = visitor.another_tab()
    other.goto(visitor.portal.url + "/sesiones")
    expect(other.locator(".session").first).to_be_visible()
    held: list[Route] = []
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.method) if request.method == "PATCH" else None)
    page.route(address("/me"), lambda route: held.append(route))  # noqa: PLW0108  # see test_states
    page.locator("#first_name").fill("Marita")
    page.get_by_role("button", name="Guardar", exact=True).click()
    asked = within(page, held)
    other.locator(".account summary").click()
    other.get_by_role("button", name="Cerrar sesión").click()
    expect(other.get_by_text("Cerraste la sesión")).to_be_visible()
    other.get_by_label("Correo electrónico").fill(stranger.email)
    other.get_by_label("Contraseña", exact=True).fill(stranger.password)
    other.keyboard.press("Enter")
    expect(other.get_by_role("heading", name=f"Hola, {stranger.first_name}")).to_be_visible()
    if late == 401:
        problem(401, "invalid_token")(asked)
    else:
        asked.fulfill(json={"email": regular.email, "first_name": "Marita", "last_name": regular.last_name})
    page.evaluate("new Promise(done => setTimeout(done, 500))")
    assert sent == ["PATCH"]
    page.unroute(address("/me"))
    page.goto(visitor.portal.url + "/mis-datos")
    expect(page.locator("main .lead").first).to_have_text(stranger.email)
    assert regular.email not in page.content()
    assert stranger.get("/v1/me")["first_name"] == stranger.first_name


def test_a_renewal_that_fails_late_does_not_throw_out_who_has_just_come_in(visitor: Visitor, regular: Person) -> None:
    visitor.log_in(regular)
    page = visitor.page
    visitor.context.clear_cookies()
    held: list[Route] = []
    page.route("**/v1/session/refresh", lambda route: held.append(route))  # noqa: PLW0108  # see test_states
    visitor.go("/ingresar", "Ingresá a miINTI")
    renewal = within(page, held)
    page.get_by_label("Correo electrónico").fill(regular.email)
    page.get_by_label("Contraseña", exact=True).fill(regular.password)
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Ingresando…")).to_be_visible()
    problem(401, "invalid_session")(renewal)
    page.unroute("**/v1/session/refresh")
    visitor.sees(f"Hola, {regular.first_name}")
    assert page.evaluate("JSON.parse(localStorage.getItem('miinti-session')).since > 0")
    page.reload()
    visitor.sees(f"Hola, {regular.first_name}")


def test_what_goes_on_after_logging_out_opens_nothing_again(visitors: Any, regular: Person) -> None:
    for _ in range(2):
        visitors().log_in(regular)
    visitor = visitors()
    page = visitor.log_in(regular, "/sesiones")
    expect(page.locator(".session").nth(2)).to_be_visible()
    held: list[Route] = []
    page.route("**/v1/sessions/*", lambda route: held.append(route))  # noqa: PLW0108  # see test_states
    page.route("**/v1/session/logout", problem(500, "internal_error"))
    page.get_by_role("button", name="Cerrar las demás").click()
    ending = within(page, held)
    page.locator(".account summary").click()
    page.get_by_role("button", name="Cerrar sesión").click()
    visitor.sees("Falta cerrar la sesión")
    renewed: list[str] = []
    page.on("request", lambda request: renewed.append(request.url) if "/session/refresh" in request.url else None)
    ending.fulfill(status=204)
    page.evaluate("new Promise(done => setTimeout(done, 500))")
    assert renewed == []
    page.unroute("**/v1/session/logout")
    page.get_by_role("button", name="Reintentar").click()
    visitor.is_told("Cerraste la sesión")


def test_where_tabs_cannot_talk_nor_wait_for_one_another_the_portal_works(visitor: Visitor, regular: Person) -> None:
    visitor.page.add_init_script(
        """
        self.BroadcastChannel = class { constructor() { throw new DOMException('no', 'SecurityError'); } };
        navigator.locks.request = () => Promise.reject(new DOMException('no', 'SecurityError'));
        """
    )
    page = visitor.log_in(regular, "/comprobantes")
    expect(page.locator("td.main").first).to_be_visible()
    page.locator(".account summary").click()
    page.get_by_role("button", name="Cerrar sesión").click()
    visitor.is_told("Cerraste la sesión")


@pytest.mark.parametrize("status", [429, 500, 503])
def test_help_is_there_whatever_fails(visitor: Visitor, regular: Person, status: int) -> None:
    page = visitor.log_in(regular)
    page.route("**/v1/session/refresh", problem(status, "internal_error"))
    for path, heading in (
        ("/ayuda", "Ayuda"),
        ("/privacidad", "Privacidad"),
        ("/nada", "No encontramos esa página"),
    ):
        visitor.go(path)
        expect(page.get_by_role("heading", level=1)).to_contain_text(heading)


def test_what_the_companies_of_one_person_are_called_is_not_told_to_another(
    visitor: Visitor, regular: Person, stranger: Person
) -> None:
    name = company("client", CLIENT)["name"]
    page = visitor.log_in(regular, f"{DOCUMENTS}?q=factura")
    expect(page.locator(".crumbs-here")).to_have_text(name)
    over(visitor)
    page.get_by_label("Mostrar").select_option("25")
    log_in_again(visitor, stranger)
    visitor.sees(f"Hola, {stranger.first_name}")
    assert page.url == visitor.portal.url + "/"
    held: list[Route] = []
    page.route(address("/companies/*/docs/*"), lambda route: held.append(route))  # noqa: PLW0108  # see test_states
    page.evaluate(
        "path => { history.pushState(null, '', path); dispatchEvent(new PopStateEvent('popstate')); }", DOCUMENT
    )
    expect(page.locator(".crumbs")).to_contain_text(f"Cliente {CLIENT}")
    assert name not in page.content()


@pytest.mark.parametrize(
    ("button", "words"),
    [("en PDF", "No pudimos descargar"), ("Excel (.xlsx)", "No pudimos preparar el listado")],
)
def test_a_file_that_met_the_end_of_the_session_is_told_of(
    visitor: Visitor, regular: Person, button: str, words: str
) -> None:
    page = visitor.log_in(regular, DOCUMENTS)
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    if button.startswith("Excel"):
        page.locator(".export summary").click()
    over(visitor)
    page.locator("main").get_by_role("button", name=button).first.click()
    log_in_again(visitor, regular)
    visitor.is_told(words)
    expect(page.locator(".trouble")).to_contain_text("Tu sesión terminó antes. Probá de nuevo.")


@pytest.mark.parametrize(
    ("path", "api"),
    [
        ("/comprobantes", "/companies"),
        (DOCUMENTS, "/companies/*/docs"),
        (DOCUMENT, "/companies/*/docs/*"),
        (f"{DOCUMENTS}/cuenta", "/companies/*/docs"),
        ("/vincular", "/link-requests"),
        ("/sesiones", "/sessions"),
        ("/avisos", "/me/notifications"),
        ("/enlaces", "/me/links"),
    ],
)
def test_a_page_is_there_at_once_while_what_is_new_is_on_its_way(
    visitor: Visitor, regular: Person, path: str, api: str
) -> None:
    page = visitor.log_in(regular)
    stub(page)
    waiting = {"items": REQUESTS, "total": 1, "next": None}
    page.route(address("/link-requests"), lambda route: route.fulfill(json=waiting))
    visitor.go(path)
    expect(page.locator("main h1")).to_be_visible()
    page.wait_for_load_state("networkidle")
    expect(page.locator("main .skeleton")).to_have_count(0)
    main = page.locator("main")
    before = main.inner_text()
    assert len(before) > 100
    visitor.context.clear_cookies()
    page.clock.install()
    page.clock.fast_forward(8 * 3_600_000 + 10_000)
    held: list[Route] = []
    page.route(address(api), lambda route: held.append(route))  # noqa: PLW0108  # see test_states
    led_out(page, regular)
    page.get_by_label("Correo electrónico").fill(regular.email)
    page.get_by_label("Contraseña", exact=True).fill(regular.password)
    page.keyboard.press("Enter")
    expect(page.locator("main h1")).not_to_contain_text("Ingresá")
    assert main.inner_text() == before


def test_a_company_is_unlinked_from_the_dialog_that_came_back(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/comprobantes")
    name = company("client", CLIENT)["name"]
    page.get_by_role("button", name=f"Desvincular {name}").click()
    over(visitor)
    press = page.locator("#unlink").get_by_role("button", name="Desvincular", exact=True)
    press.click()
    led_out(page, regular)
    held: list[Route] = []
    page.route(address("/companies"), lambda route: held.append(route))  # noqa: PLW0108  # see test_states
    log_in_again(visitor, regular)
    expect(page.locator("#unlink .summary")).to_be_focused()
    page.route(address("/companies/*"), lambda route: route.fulfill(status=204))
    press.click()
    visitor.is_told("Empresa desvinculada")
    expect(page.locator("#companies")).not_to_contain_text(name)


def test_a_page_that_was_being_left_does_not_come_back_at_the_next_ones_address(
    visitor: Visitor, regular: Person
) -> None:
    page = visitor.log_in(regular, "/mis-datos")
    page.locator("#first_name").fill("Marita")
    held: list[Route] = []
    page.route("**/js/views/sessions.js", lambda route: held.append(route))  # noqa: PLW0108  # see test_states
    page.on("dialog", lambda dialog: dialog.accept())
    page.locator(".account summary").click()
    page.get_by_role("link", name="Sesiones abiertas").click()
    page.wait_for_url("**/sesiones")
    page.evaluate("new BroadcastChannel('miinti').postMessage('over')")  # as another tab tells
    led_out(page, regular)
    page.unroute("**/js/views/sessions.js")
    log_in_again(visitor, regular)
    visitor.sees("Sesiones abiertas")


def test_the_door_needs_no_network(visitor: Visitor, regular: Person) -> None:
    """Also where modules are not fetched beforehand: Safari 16 knows no ``modulepreload``."""

    def plain(route: Route) -> None:
        answer = route.fetch()
        lines = [line for line in answer.text().splitlines() if "modulepreload" not in line]
        route.fulfill(response=answer, body="\n".join(lines))

    page = visitor.log_in(regular)
    page.route(lambda url: "." not in url.rpartition("/")[2], plain)
    visitor.go("/mis-datos", "Mis datos")
    page.locator("#first_name").fill("Marita")
    over(visitor)
    page.route("**/js/**", lambda route: route.abort("internetdisconnected"))
    page.get_by_role("button", name="Guardar", exact=True).click()
    led_out(page, regular)
    expect(page.get_by_label("Correo electrónico")).to_be_visible()


def test_what_a_dialog_says_is_heard_in_it(visitor: Visitor, regular: Person) -> None:
    page = visitor.page
    visitor.listens()
    page.clock.install()
    visitor.log_in(regular)
    visitor.sees("Hola, María")
    page.clock.fast_forward((7 * 60 + 58) * 60_000 + 10_000)
    warning = page.get_by_role("dialog", name="Tu sesión está por terminar")
    expect(warning).to_be_visible()
    expect(warning).to_have_accessible_description(re.compile("Por seguridad, en .* se cierra"))
    page.route("**/v1/session/refresh", lambda route: route.abort("internetdisconnected"))
    page.keyboard.press("Enter")
    visitor.hears("No pudimos conectarnos. Probá de nuevo.")
