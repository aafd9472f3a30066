"""The manual's door to pay: a key by mail, the form of chapter 7, and one client's debts behind it."""

from collections.abc import Callable

from playwright.sync_api import expect

from tests.browser.conftest import Visitor, on_desktop_and_phone
from tests.browser.test_paying import COMING, Client, choose, come_in, decides, key_in_the_mail, owing, to_the_provider
from tests.journeys.person import Person
from tests.payers import WRONG

__all__ = ["owing"]
Owing = Callable[..., Client]


@on_desktop_and_phone
def test_a_key_asked_for_at_the_door_pays_one_clients_debts(visitor: Visitor, owing: Owing) -> None:
    client = owing(COMING, COMING)
    page = visitor.go("/ingresar", "Ingresá a miINTI")
    page.get_by_role("link", name="Pagá con ella").click()
    visitor.sees("Pago electrónico")
    assert visitor.width() <= 0
    assert visitor.barriers() == []
    page.get_by_role("button", name="Olvidé mi contraseña").click()
    visitor.is_told("Ingresá tu número de cliente o tu correo")
    page.get_by_label("Número de cliente o email").fill(client.code)
    page.get_by_role("button", name="Olvidé mi contraseña").click()
    visitor.is_told("Revisá el correo de la empresa")
    come_in(page, client.code, key_in_the_mail(client).lower())
    visitor.sees("Pagar")
    assert page.url.endswith(client.path)
    expect(page.get_by_role("navigation", name="Principal")).to_have_count(0)
    expect(page.locator("main").get_by_role("link")).to_have_count(0)
    assert visitor.width() <= 0
    assert visitor.barriers() == []

    choose(page, 1)
    to_the_provider(page)
    decides(page, "Aprobado")
    visitor.sees("Pagar")
    visitor.is_told("Pago informado, pendiente de imputación")
    letter = client.portal.mail(client.row["email"], "payment_receipt")
    assert "/pago" in letter["text"]

    page.reload()
    visitor.sees("Pagar")
    visitor.go("/pago", "Pago electrónico")
    visitor.is_told(f"Ingresaste por {client.row['name']}")
    page.get_by_role("link", name="Ver qué debe y pagar").click()
    visitor.sees("Pagar")
    page.get_by_role("link", name="Salir").click()
    visitor.is_told("Cerraste la sesión")
    visitor.go(client.path, "Ingresá a miINTI")


def test_no_other_page_is_open_to_who_pays_with_a_key(visitor: Visitor, owing: Owing) -> None:
    client, other = owing(COMING), owing(COMING)
    client.person.ask("POST", f"/v1/companies/c-{client.code}/payment-key")
    page = visitor.go("/pago", "Pago electrónico")
    come_in(page, client.row["email"], key_in_the_mail(client), remember=True)
    visitor.sees("Pagar")
    for path in ("/", "/comprobantes", f"/comprobantes/c-{client.code}", other.path, "/mis-datos", "/sesiones"):
        visitor.go(path, "Ingresá a miINTI")
    visitor.go("/ayuda", "Ayuda")
    visitor.go(client.path, "Pagar")


def test_a_refused_key_offers_a_new_one_at_once(visitor: Visitor, owing: Owing) -> None:
    client = owing(COMING)
    page = visitor.go("/pago", "Pago electrónico")
    come_in(page, client.code, WRONG)
    visitor.is_told("la clave venció")
    page.get_by_role("button", name="Mandame otra clave").click()
    visitor.is_told("Revisá el correo de la empresa")
    come_in(page, client.code, key_in_the_mail(client))
    visitor.sees("Pagar")


def test_a_session_that_ended_leads_to_the_door_and_back(visitor: Visitor, owing: Owing) -> None:
    client = owing(COMING, COMING)
    page = visitor.go("/pago", "Pago electrónico")
    page.get_by_label("Número de cliente o email").fill(client.code)
    page.get_by_role("button", name="Olvidé mi contraseña").click()
    key = key_in_the_mail(client)
    come_in(page, client.code, key)
    visitor.sees("Pagar")
    cookie = next(one for one in visitor.context.cookies() if one["name"] == "__Host-session")
    visitor.context.clear_cookies(name=cookie["name"])
    page.reload()
    visitor.sees("Pago electrónico")
    come_in(page, client.code, key)
    visitor.sees("Pagar")


def test_the_end_that_comes_with_the_key_is_told_two_minutes_before(visitor: Visitor, owing: Owing) -> None:
    client = owing(COMING)
    client.person.ask("POST", f"/v1/companies/c-{client.code}/payment-key")
    key = key_in_the_mail(client)
    page = visitor.page
    page.clock.install()
    visitor.go("/pago", "Pago electrónico")
    come_in(page, client.code, key, remember=True)
    visitor.sees("Pagar")
    hint = "JSON.parse(localStorage.getItem('miinti-session'))"
    # The key was mailed a moment before.
    assert 0 < page.evaluate(f"{hint}.since + 72 * 3600_000 - {hint}.payer") < 120_000
    page.evaluate(
        f"localStorage.setItem('miinti-session', JSON.stringify({{ ...{hint}, payer: Date.now() + 150_000 }}))"
    )
    page.clock.fast_forward(60_000)
    warning = page.get_by_role("dialog", name="Tu sesión está por terminar")
    expect(warning).to_contain_text("Tu clave de pago está por vencer")
    expect(warning).to_contain_text("no se puede prolongar")


def test_a_linked_person_has_a_key_mailed_and_pays_without_one(visitor: Visitor, owing: Owing) -> None:
    client = owing(COMING)
    page = visitor.log_in(client.person, client.path)
    page.get_by_role("button", name="Mandar una clave").click()
    visitor.is_told("Mandamos la clave")
    assert key_in_the_mail(client)


def test_who_is_logged_in_is_shown_both_doors(visitor: Visitor, stranger: Person) -> None:
    page = visitor.log_in(stranger, "/pago")
    expect(page.get_by_role("heading", name="Con tu cuenta")).to_be_visible()
    expect(page.get_by_role("heading", name="Con la clave que llegó por correo")).to_be_visible()
    expect(page.get_by_text("Vale 72 horas").or_(page.get_by_text("La clave vale 72 horas"))).to_be_visible()
    assert visitor.barriers() == []
