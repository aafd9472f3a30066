"""Chapters 2, 3 and 5 of the manual in the browser: registering, logging in, a forgotten password; links of mails."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import CLIENT, NEW_CLIENT, Visitor, company, on_desktop_and_phone
from tests.browser.test_companies import ask_for
from tests.browser.test_states import problem
from tests.journeys.conftest import code_of, tokens_of
from tests.journeys.person import PASSWORD, Person


def link_in(mail: dict[str, Any]) -> str:
    (link,) = {link for link in mail["links"] if "#t=" in link}
    return str(link)


def follow(visitor: Visitor, link: str) -> Page:
    visitor.page.goto(link.replace("127.0.0.1", "localhost"))
    return visitor.page


def test_registering_activating_and_logging_in(visitor: Visitor) -> None:
    person = Person(visitor.portal, "Zoë", "Ñandú")
    page = visitor.go("/", "Ingresá a miINTI")
    assert visitor.complaints == []
    page.get_by_role("link", name="Registrate").click()
    visitor.sees("Registrá tu nueva cuenta miINTI")
    page.get_by_role("button", name="Registrarme").click()
    expect(page.get_by_text("Hay 5 datos para corregir")).to_be_visible()
    assert page.evaluate("document.activeElement.className").endswith("summary")
    expect(page).to_have_title("Error: Registrate – miINTI")
    page.get_by_role("link", name="Ingresá tu nombre").click()
    expect(page.get_by_label("Nombre")).to_be_focused()
    page.get_by_label("Nombre").fill(person.first_name)
    page.get_by_label("Apellido").fill(person.last_name)
    page.get_by_label("Correo electrónico").fill(person.email)
    page.get_by_label("Contraseña", exact=True).fill(PASSWORD)
    page.get_by_label("Confirmar contraseña").fill(PASSWORD)
    page.get_by_role("button", name="Registrarme").click()
    visitor.sees("Revisá tu correo")
    expect(page.get_by_role("button", name="Enviar otra vez")).to_have_attribute("aria-disabled", "true")
    link = link_in(person.mail("activate"))

    page.goto(visitor.portal.url + "/ingresar")
    page.get_by_label("Correo electrónico").fill(person.email)
    page.get_by_label("Contraseña", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    visitor.is_told("Todavía no activaste tu cuenta")
    expect(page.locator("#waiting")).to_be_focused()
    page.get_by_role("button", name="Enviame otro correo").click()
    visitor.is_told("Te mandamos otro correo")
    link = link_in(person.mail("activate", after=1))

    follow(visitor, link)
    visitor.sees("Activá tu cuenta")
    page.get_by_role("button", name="Activar mi cuenta").click()
    visitor.is_told("Tu cuenta está activa")
    assert "#" not in page.url
    visitor.log_in(person)
    visitor.sees(f"Hola, {person.first_name}")
    assert page.evaluate("document.activeElement.tagName") == "H1"
    for tile in ("Mis comprobantes", "Pago electrónico", "Mis retenciones", "Registro de proveedores", "Mis consultas"):
        expect(page.locator("main").get_by_role("link", name=tile)).to_be_visible()


def test_a_wrong_password_says_no_more_than_that_and_keeps_what_was_typed(visitor: Visitor, stranger: Person) -> None:
    page = visitor.go("/ingresar", "Ingresá a miINTI")
    page.get_by_label("Correo electrónico").fill(stranger.email)
    page.get_by_label("Contraseña", exact=True).fill("no es esta")
    page.get_by_role("button", name="Mostrar").click()
    expect(page.get_by_label("Contraseña", exact=True)).to_have_attribute("type", "text")
    page.get_by_role("button", name="Ingresar", exact=True).click()
    visitor.is_told("El correo o la contraseña no coinciden")
    expect(page.get_by_label("Correo electrónico")).to_have_value(stranger.email)
    page.get_by_label("Contraseña", exact=True).fill(stranger.password)
    page.keyboard.press("Enter")
    visitor.sees("Hola, María")


@on_desktop_and_phone
def test_a_forgotten_password_is_replaced_and_its_link_works_once(visitor: Visitor, stranger: Person) -> None:
    page = visitor.go("/ingresar", "Ingresá a miINTI")
    page.get_by_role("link", name="Olvidé mi contraseña").click()
    visitor.sees("Recuperar tu contraseña")
    page.get_by_label("Correo electrónico").fill(stranger.email)
    page.get_by_role("button", name="Enviar").click()
    visitor.sees("Revisá tu correo")
    link = link_in(stranger.mail("reset_password"))
    follow(visitor, link)
    visitor.sees("Restablecé tu contraseña")
    page.get_by_label("Contraseña nueva").fill("12345678")
    page.get_by_label("Confirmar contraseña").fill("12345678")
    page.get_by_role("button", name="Guardar la contraseña").click()
    expect(page.get_by_role("link", name="Esa contraseña es demasiado común")).to_be_visible()
    for label in ("Contraseña nueva", "Confirmar contraseña"):
        page.get_by_label(label).fill("yerba y termo bajo el brazo")
    page.get_by_role("button", name="Guardar la contraseña").click()
    visitor.is_told("Cambiaste tu contraseña")
    stranger.password = "yerba y termo bajo el brazo"
    visitor.log_in(stranger)
    visitor.sees("Hola, María")

    follow(visitor, link)
    for label in ("Contraseña nueva", "Confirmar contraseña"):
        page.get_by_label(label).fill("otra yerba y otro termo")
    page.get_by_role("button", name="Guardar la contraseña").click()
    visitor.is_told("El enlace venció o ya fue usado")


def test_a_link_without_a_good_token_says_what_to_do(visitor: Visitor) -> None:
    for path in ("/activar", "/restablecer", "/confirmar-correo#t=", "/cancelar-correo#t=%20", "/objetar#x=1"):
        visitor.go("/recuperar")
        visitor.go(path)
        visitor.is_told("El enlace venció o ya fue usado")


def test_a_page_asked_for_from_outside_comes_after_logging_in(visitor: Visitor, regular: Person) -> None:
    page = visitor.go(f"/comprobantes/c-{CLIENT}?status=overdue&size=25", "Ingresá a miINTI")
    page.get_by_label("Correo electrónico").fill(regular.email)
    page.get_by_label("Contraseña", exact=True).fill(regular.password)
    page.keyboard.press("Enter")
    visitor.sees("Descarga de comprobantes")
    assert page.url.endswith("?status=overdue&size=25")
    for evil in ("//evil.example/x", "/%09/evil.example/x", "/%5Cevil.example/x", "https://evil.example/"):
        page.goto(f"{visitor.portal.url}/ingresar?volver={evil}")
        visitor.sees("Hola, María")  # who is inside needs no door, and no other site is gone to
        assert page.url == visitor.portal.url + "/"


def test_logging_out_closes_every_tab_and_the_back_button_shows_nothing(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, f"/comprobantes/c-{CLIENT}")
    expect(page.locator(".balance-amount")).to_contain_text("242.168,00")
    other = visitor.another_tab()
    other.goto(visitor.portal.url + "/retenciones")
    expect(other.get_by_role("heading", name="Mis retenciones")).to_be_visible()

    page.get_by_role("button", name="Menú").or_(page.locator(".account summary")).last.click()
    page.get_by_label("Oscura").check()
    page.get_by_role("button", name="Cerrar sesión").click()
    visitor.is_told("Cerraste la sesión")
    expect(other.get_by_text("Cerraste la sesión")).to_be_visible()
    page.go_back()
    visitor.sees("Ingresá a miINTI")
    assert "242.168,00" not in page.content()
    assert page.evaluate("({...localStorage})") == {"miinti-theme": "dark"}


def test_logging_out_leaves_what_is_typed_at_another_tabs_door(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular)
    other = visitor.another_tab()
    other.goto(visitor.portal.url + "/registro")
    other.locator("#first_name").fill("Zoë")
    page.locator(".account summary").click()
    page.get_by_role("button", name="Cerrar sesión").click()
    visitor.is_told("Cerraste la sesión")
    other.evaluate("new Promise(done => setTimeout(done, 300))")
    expect(other.locator("#first_name")).to_have_value("Zoë")


def no_network(visitor: Visitor) -> Callable[[], None]:
    visitor.context.set_offline(True)
    return lambda: visitor.context.set_offline(False)


def answers(status: int) -> Callable[[Visitor], Callable[[], None]]:
    def failing(visitor: Visitor) -> Callable[[], None]:
        answer = problem(status, "internal_error", **{"Retry-After": "90"})
        visitor.context.route("**/v1/session/logout", answer)
        return lambda: visitor.context.unroute("**/v1/session/logout")

    return failing


@pytest.mark.parametrize(
    ("failing", "words"),
    [
        (no_network, "No hay conexión"),
        (answers(500), "El problema es nuestro"),
        (answers(429), "Probá de nuevo en 2 minutos"),
        (answers(200), "No pudimos avisarle al servidor"),
    ],
    ids=["offline", "500", "429", "not the API"],
)
def test_logging_out_that_the_server_was_not_told_of_locks_the_browser_and_says_so(
    visitor: Visitor, regular: Person, failing: Callable[[Visitor], Callable[[], None]], words: str
) -> None:
    page = visitor.log_in(regular, f"/comprobantes/c-{CLIENT}")
    expect(page.locator(".balance-amount")).to_contain_text("242.168,00")
    other = visitor.another_tab()
    other.goto(visitor.portal.url + "/retenciones")
    expect(other.locator("td.main").first).to_be_visible()
    works_again = failing(visitor)
    page.locator(".account summary").click()
    page.get_by_role("button", name="Cerrar sesión").click()
    for tab in (page, other):
        expect(tab.get_by_role("heading", name="Falta cerrar la sesión", level=1)).to_be_visible()
        expect(tab.locator(".notice")).to_contain_text(words)
        expect(tab.get_by_text("Cerraste la sesión")).to_have_count(0)
        assert regular.first_name not in tab.content()
    assert "242.168,00" not in page.content()
    assert any(cookie["name"] == "__Host-session" for cookie in visitor.context.cookies())
    works_again()
    visitor.go(f"/comprobantes/c-{CLIENT}", "Ingresá a miINTI")  # the cookie lives, and opens nothing here
    other.get_by_role("button", name="Reintentar").click()
    expect(other.get_by_text("Cerraste la sesión")).to_be_visible()
    assert all(cookie["name"] != "__Host-session" for cookie in visitor.context.cookies())


def test_a_new_address_is_confirmed_from_its_own_mail_and_can_be_stopped_from_the_old_one(
    visitor: Visitor, stranger: Person
) -> None:
    page = visitor.log_in(stranger, "/mis-datos")
    new = stranger.email.replace("ana.", "nueva.")

    def ask() -> None:
        page.get_by_label("Correo nuevo").fill(new)
        page.get_by_label("Tu contraseña", exact=True).fill(stranger.password)
        page.get_by_role("button", name="Pedir el cambio").click()
        visitor.is_told("Revisá tu correo nuevo")

    ask()
    follow(visitor, link_in(stranger.mail("email_changing")))
    visitor.sees("Frená el cambio de correo")
    page.get_by_role("button", name="Frenar el cambio").click()
    visitor.is_told("Frenamos el cambio")

    visitor.go("/mis-datos", "Mis datos")
    ask()
    follow(visitor, link_in(visitor.portal.mail(new, "confirm_email", after=1)))
    visitor.sees("Confirmá tu correo nuevo")
    page.get_by_role("button", name="Usar este correo").click()
    visitor.is_told("Cambiaste tu correo")
    # Right there: the door opened anew would let in who still has a session.
    page.get_by_label("Correo electrónico").fill(new)
    page.get_by_label("Contraseña", exact=True).fill(stranger.password)
    page.get_by_role("button", name="Ingresar", exact=True).click()
    visitor.sees("Hola, María")


def test_who_reads_the_companys_mail_suspends_a_link(visitor: Visitor, stranger: Person) -> None:
    row = company("client", "14555")
    before = len(visitor.portal.mails(row["email"], "company_linked"))
    owner = Person(visitor.portal, email=row["email"]).arrive()
    assert owner.link("client", row["cuit"], row["code"]).status_code == 201
    mail = visitor.portal.mail(row["email"], "company_linked", after=before)
    visitor.page.goto(f"{visitor.portal.url}/objetar#t={tokens_of(mail)[0]}")
    visitor.sees("Suspendé el vínculo")
    assert owner.get("/v1/companies")["total"] == 1  # nothing has happened yet
    visitor.page.get_by_role("button", name="Suspender el vínculo").click()
    visitor.is_told("Suspendimos el vínculo")
    assert owner.get("/v1/companies")["total"] == 0


@on_desktop_and_phone
def test_names_password_and_sessions_are_changed_and_the_account_is_left(
    visitor: Visitor, visitors: Any, stranger: Person
) -> None:
    elsewhere = visitors()
    elsewhere.log_in(stranger, "/comprobantes")
    elsewhere.sees("Mis comprobantes")
    page = visitor.log_in(stranger, "/mis-datos")
    page.get_by_label("Nombre", exact=True).fill("Ana")
    page.get_by_role("button", name="Guardar").click()
    visitor.is_told("Guardamos tus datos")
    expect(page.locator(".account-name")).to_have_text("Ana Fernández")

    visitor.go("/sesiones", "Sesiones abiertas")
    expect(page.locator(".session")).to_have_count(3)
    expect(page.locator(".session", has_text="Esta sesión")).to_contain_text("Chrome en Linux")
    page.get_by_role("button", name="Cerrar las demás").click()
    visitor.is_told("Cerramos 2 sesiones")
    expect(page.locator(".session")).to_have_count(1)
    elsewhere.page.get_by_role("link", name="Mis retenciones").click()
    elsewhere.is_told("Tu sesión terminó")

    visitor.go("/contrasena", "Cambiar la contraseña")
    page.get_by_label("Contraseña actual").fill("no es esta")
    for label in ("Contraseña nueva", "Confirmar contraseña"):
        page.get_by_label(label).fill("yerba y termo bajo el brazo")
    page.get_by_role("button", name="Cambiar la contraseña").click()
    visitor.is_told("La contraseña actual no es correcta")
    page.get_by_label("Contraseña actual").fill(stranger.password)
    page.get_by_role("button", name="Cambiar la contraseña").click()
    visitor.is_told("Cambiamos tu contraseña")

    visitor.go("/mis-datos", "Mis datos")
    page.get_by_label("Tu contraseña, para confirmar").fill("yerba y termo bajo el brazo")
    page.get_by_role("button", name="Eliminar mi cuenta").click()
    visitor.is_told("Eliminamos tu cuenta")
    stranger.mail("account_deleted")


@on_desktop_and_phone
def test_from_registering_to_the_first_pdf(visitor: Visitor) -> None:
    person = Person(visitor.portal, "Zoë", "Ñandú")
    page = visitor.go("/registro", "Registrá tu nueva cuenta miINTI")
    for label, value in (
        ("Nombre", person.first_name), ("Apellido", person.last_name), ("Correo electrónico", person.email),
        ("Contraseña", PASSWORD), ("Confirmar contraseña", PASSWORD),
    ):  # fmt: skip
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_role("button", name="Registrarme").click()
    visitor.sees("Revisá tu correo")
    follow(visitor, link_in(person.mail("activate")))
    page.get_by_role("button", name="Activar mi cuenta").click()
    visitor.is_told("Tu cuenta está activa")
    page.get_by_label("Correo electrónico").fill(person.email)
    page.get_by_label("Contraseña", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="Ingresar", exact=True).click()
    visitor.sees(f"Hola, {person.first_name}")

    page.locator("main").get_by_role("link", name="Mis comprobantes").click()
    visitor.sees("Mis comprobantes")
    row = company("client", NEW_CLIENT)
    before = len(visitor.portal.mails(row["email"], "link_code"))
    ask_for(page, "Cliente", row["cuit"], row["code"])
    code = page.get_by_role("textbox", name="Código")
    expect(code).to_be_focused()
    code.fill(code_of(visitor.portal.mail(row["email"], "link_code", after=before)))
    page.get_by_role("button", name="Confirmar").click()
    visitor.sees("Descarga de comprobantes")
    visitor.is_told("Empresa vinculada")
    shown = page.locator("#documents tbody tr").filter(has=page.get_by_role("button", name="Descargar")).first
    number = shown.locator("td.main a").inner_text().split()[0]
    with page.expect_download() as downloading:
        shown.get_by_role("button", name="Descargar").click()
    assert downloading.value.suggested_filename.endswith(".pdf")
    pdf = PdfReader(downloading.value.path())
    assert number.split("-")[1] in " ".join(each.extract_text() for each in pdf.pages)
    assert visitor.width() <= 0

    visitor.go("/comprobantes", "Mis comprobantes")
    page.get_by_role("button", name=f"Desvincular {row['name']}").click()
    page.locator("#unlink").get_by_role("button", name="Desvincular", exact=True).click()
    visitor.is_told("Empresa desvinculada")
    expect(page.get_by_text("Ningún dato disponible en esta tabla")).to_be_visible()


@on_desktop_and_phone
def test_paying_is_told_from_the_start_page(visitor: Visitor, stranger: Person) -> None:
    page = visitor.log_in(stranger)
    visitor.sees("Hola, María")
    tile = page.locator("main").get_by_role("link", name="Pago electrónico")
    expect(tile).to_contain_text("Pagá tu factura online")
    tile.click()
    visitor.sees("Pago electrónico")
    assert page.url.endswith("/pago")
    content = page.locator("main")
    expect(content.get_by_text("elegí la empresa y apretá «Pagar»")).to_be_visible()
    expect(content.get_by_text("72 horas")).to_be_visible()
    mailto = content.get_by_role("link", name="facturasweb@inti.gob.ar")
    expect(mailto).to_have_attribute("href", "mailto:facturasweb@inti.gob.ar")
    expect(content.get_by_label("Número de cliente o email")).to_be_visible()
    assert visitor.width() <= 0
    content.get_by_role("link", name="Mis comprobantes").click()
    visitor.sees("Mis comprobantes")


def test_what_stands_in_a_field_is_what_is_sent(visitor: Visitor, stranger: Person) -> None:
    """Also where the same page was asked for again meanwhile, which begins its form anew."""
    page = visitor.log_in(stranger, "/mis-datos")
    page.get_by_label("Nombre", exact=True).fill("Ana")
    page.locator("details.account summary").click()
    page.get_by_role("link", name="Mis datos").click()
    shown = page.get_by_label("Nombre", exact=True).input_value()
    page.get_by_role("button", name="Guardar", exact=True).click()
    visitor.is_told("Guardamos tus datos")
    assert stranger.get("/v1/me")["first_name"] == shown == "Ana"
