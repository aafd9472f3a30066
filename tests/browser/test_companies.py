"""Chapter 4 of the manual in the browser, and 6: linking a company at once or by a code, and unlinking it."""

import itertools
import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from tests import companies, erp
from tests.browser.answers import REQUESTS
from tests.browser.conftest import (
    CLIENT,
    NEW_CLIENT,
    OTHER_CLIENT,
    PHONE,
    SUPPLIER,
    Visitor,
    company,
    on_desktop_and_phone,
    visits,
)
from tests.journeys.conftest import ROOT, Portal, code_of, tokens_of, web
from tests.journeys.person import Person
from tests.journeys.test_news import dropped, workshop

STATES = {
    "received": "Espera el código",
    "confirmed": "Confirmado",
    "refused": "Rechazado",
    "expired": "Vencido",
    "ended": "Terminado",
}
HOSTILE = "<img src=x onerror=alert(1)> <script>alert(2)</script> & \"Hijos\" 'S.A.' " + "Ñandubay" * 20


def ask_for(page: Page, role: str, cuit: str, number: str) -> None:
    page.get_by_role("button", name="Vincular con Cliente/Proveedor").first.click()
    page.get_by_role("radio", name=role).check()
    page.get_by_label("N° de CUIT", exact=True).fill(cuit)
    page.locator("#number").fill(number)
    page.get_by_role("button", name="Vincular", exact=True).click()


def test_who_reads_the_address_on_file_is_linked_at_once_and_sees_the_documents(visitor: Visitor) -> None:
    row = company("client", NEW_CLIENT)
    owner = Person(visitor.portal, "María", "Fernández", email=row["email"]).arrive()
    page = visitor.log_in(owner, "/comprobantes")
    expect(page.get_by_text("Ningún dato disponible en esta tabla")).to_be_visible()
    expect(page.locator(".table-info")).to_have_text("Mostrando registros del 0 al 0 de un total de 0 registros")
    button = page.get_by_role("button", name="Vincular con Cliente/Proveedor").first
    button.click()
    expect(page.get_by_role("radio", name="Cliente")).to_be_focused()
    page.keyboard.press("Escape")
    expect(button).to_be_focused()

    button.click()
    page.get_by_label("N° de CUIT", exact=True).press_sequentially("33-69345023-8")
    visitor.is_told("El CUIT no es válido: revisá el último dígito")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Hay 3 datos para corregir")).to_be_visible()
    page.keyboard.press("Escape")

    ask_for(page, "Cliente", f" {row['cuit'][:2]} {row['cuit'][2:10]}/{row['cuit'][10:]} ", row["code"])
    visitor.sees("Descarga de comprobantes")
    visitor.is_told("Empresa vinculada")
    expect(page.get_by_text(row["name"]).first).to_be_visible()
    page.reload()
    visitor.sees("Descarga de comprobantes")
    expect(page.get_by_text("Empresa vinculada")).to_have_count(0)

    visitor.go("/comprobantes", "Mis comprobantes")
    ask_for(page, "Cliente", row["cuit"], row["code"])
    visitor.is_told("Ya tenés vinculada esa empresa")
    page.get_by_role("link", name="Ver sus documentos").click()
    visitor.sees("Descarga de comprobantes")

    visitor.go("/comprobantes", "Mis comprobantes")
    page.get_by_role("button", name=f"Desvincular {row['name']}").click()
    page.get_by_role("button", name="Cancelar").click()
    page.get_by_role("button", name=f"Desvincular {row['name']}").click()
    page.locator("#unlink").get_by_role("button", name="Desvincular", exact=True).click()
    visitor.is_told("Empresa desvinculada")
    expect(page.get_by_text("Ningún dato disponible en esta tabla")).to_be_visible()
    visitor.go(f"/comprobantes/c-{NEW_CLIENT}")
    visitor.sees("No encontramos lo que buscás")


def test_everybody_else_is_asked_for_the_code_that_the_company_gets(visitor: Visitor, stranger: Person) -> None:
    row = company("supplier", SUPPLIER)
    before = len(visitor.portal.mails(row["email"], "link_code"))
    page = visitor.log_in(stranger, "/retenciones")
    ask_for(page, "Proveedor", row["cuit"], row["code"])
    expect(page.get_by_role("heading", name="Pedimos un código")).to_be_visible()
    expect(page.get_by_role("textbox", name="Código")).to_be_focused()
    page.get_by_role("textbox", name="Código").fill("222222")
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="El código no es correcto o ya no sirve")).to_be_visible()
    page.get_by_role("textbox", name="Código").fill(
        code_of(visitor.portal.mail(row["email"], "link_code", after=before)).lower()
    )
    page.keyboard.press("Enter")
    visitor.sees("Descarga de retenciones")
    visitor.is_told("Empresa vinculada")

    # Later, on the page that the mail names.
    row = company("client", OTHER_CLIENT)
    before = len(visitor.portal.mails(row["email"], "link_code"))
    visitor.go("/vincular", "Pedidos de vinculación")
    visitor.is_told("Confirmado")
    ask_for(page, "Cliente", row["cuit"], row["code"])
    page.get_by_role("button", name="Más tarde").click()
    mail = visitor.portal.mail(row["email"], "link_code", after=before)
    assert any(link.endswith("/vincular") for link in mail["links"])
    visitor.go("/vincular", "Pedidos de vinculación")
    page.get_by_role("textbox", name="Código").fill(code_of(mail))
    page.get_by_role("button", name="Confirmar").click()
    visitor.sees("Descarga de comprobantes")


_SUPPLIERS = itertools.count(82001)


@pytest.fixture
def supplier(portal: Portal) -> dict[str, str]:
    """Delivered for one test alone: a company gets three codes an hour."""
    code = str(next(_SUPPLIERS))
    row = next(row for row in erp.sample("companies") if row["kind"] == "Proveedor")
    named = {"name": f"IMPRENTA {code} SA", "email": f"imprenta.{code}@ejemplo.example"}
    row = {**row, "code": code, "cuit": companies.cuit(int(code) * 100), **named}
    assert dropped(portal, f"companies-{code}.csv", [row])["accepted"] == 1
    return row


@on_desktop_and_phone
def test_chapter_6_a_supplier_is_linked_by_the_code_and_its_withholdings_are_there(
    visitor: Visitor, stranger: Person, supplier: dict[str, str]
) -> None:
    page = visitor.log_in(stranger, "/retenciones")
    visitor.is_told("Todavía no vinculaste ninguna empresa que sea proveedora del INTI")
    ask_for(page, "Proveedor", supplier["cuit"], supplier["code"])
    expect(page.get_by_role("heading", name="Pedimos un código")).to_be_in_viewport()
    assert visitor.width() <= 0
    code = page.get_by_role("textbox", name="Código")
    expect(code).to_be_focused()
    code.fill(code_of(visitor.portal.mail(supplier["email"], "link_code")).lower())
    page.get_by_role("button", name="Confirmar", exact=True).click()
    visitor.sees("Descarga de retenciones")
    visitor.is_told("Empresa vinculada")
    expect(page.locator(".facts").get_by_text(supplier["name"])).to_be_visible()
    visitor.is_told("Esta empresa todavía no tiene retenciones")
    assert visitor.width() <= 0
    visitor.portal.mail(supplier["email"], "company_linked")

    page.locator(".crumbs").get_by_role("link", name="Mis retenciones").click()
    visitor.sees("Mis retenciones")
    expect(page.locator("td.main")).to_have_text([supplier["name"]])
    assert visitor.width() <= 0
    page.get_by_role("button", name=f"Desvincular {supplier['name']}").click()
    press = page.locator("#unlink").get_by_role("button", name="Desvincular", exact=True)
    expect(press).to_be_in_viewport()
    press.click()
    visitor.is_told("Empresa desvinculada")
    assert stranger.get("/v1/companies")["total"] == 0


def test_every_state_of_a_request_has_its_words() -> None:
    schemas = json.loads((ROOT / "docs" / "openapi.json").read_text())["components"]["schemas"]
    assert set(schemas["miinti__companies__requests__Told"]["properties"]["state"]["enum"]) == set(STATES)


@pytest.mark.parametrize("state", STATES)
def test_each_state_of_a_request_is_shown(inside: Visitor, state: str) -> None:
    asked = [{**REQUESTS[0], "request_id": "asked2", "number": "27334"}, {**REQUESTS[0], "state": state}]
    told = {"items": asked, "total": 2, "next": None}
    inside.page.route("**/v1/link-requests?*", lambda route: route.fulfill(json=told))
    inside.go("/vincular", "Pedidos de vinculación")
    expect(inside.page.locator("section.card")).to_have_count(2)
    expect(inside.page.locator("section.card").nth(1).locator(".badge")).to_have_text(STATES[state])
    expect(inside.page.get_by_role("textbox", name="Código")).to_have_count(2 if state == "received" else 1)


def test_a_request_is_in_the_list_that_its_dialog_names_and_the_dialog_gives_way(
    visitor: Visitor, stranger: Person
) -> None:
    row = company("client", CLIENT)
    page = visitor.log_in(stranger, "/vincular")
    visitor.is_told("No tenés pedidos de vinculación")
    ask_for(page, "Cliente", row["cuit"], row["code"])
    page.locator("#link").get_by_role("link", name="Pedidos de vinculación").click()
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.get_by_role("heading", name=f"Cliente {CLIENT}")).to_be_visible()
    visitor.go("/vincular")
    ask_for(page, "Proveedor", company("supplier", SUPPLIER)["cuit"], SUPPLIER)
    page.get_by_role("button", name="Más tarde").click()
    expect(page.get_by_role("heading", name=f"Proveedor {SUPPLIER}")).to_be_visible()


def test_a_dialog_does_not_outlive_its_page(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/comprobantes")
    page.get_by_role("link", name="Mis retenciones").first.click()
    visitor.sees("Mis retenciones")
    page.get_by_role("button", name="Desvincular").first.click()
    expect(page.locator("#unlink")).to_be_visible()
    page.go_back()
    visitor.sees("Mis comprobantes")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_going_back_in_the_companies_takes_back_what_was_chosen(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/comprobantes")
    page.get_by_role("button", name="Código").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Código")
    page.go_back()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Empresa")
    visitor.sees("Mis comprobantes")


def test_the_companies_are_searched_and_sorted_in_the_page(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/comprobantes")
    names = page.locator("td.main")
    expect(names).to_have_text([company("client", OTHER_CLIENT)["name"], company("client", CLIENT)["name"]])
    page.get_by_role("button", name="Código").click()
    page.get_by_role("button", name="Código").click()
    expect(page.locator("th[aria-sort=descending]")).to_have_text("Código")
    expect(names.first).to_have_text(company("client", CLIENT)["name"])
    search = page.get_by_label("Buscar")
    expect(page.locator("label", has_text="Buscar")).to_be_visible()
    expect(search).not_to_have_attribute("placeholder", re.compile(".*"))
    search.fill("aceros patagonicos")
    expect(names).to_have_text([company("client", OTHER_CLIENT)["name"]])
    expect(page.locator(".table-info")).to_contain_text("de un total de 1 registro")
    assert "q=aceros" in page.url
    page.reload()
    expect(names).to_have_count(1)
    page.get_by_label("Buscar").fill("no hay ninguna así")
    page.get_by_role("button", name="Borrar la búsqueda").click()
    expect(names).to_have_count(2)


def test_companies_of_many_pages_are_all_there(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular)
    asked: list[dict[str, list[str]]] = []

    def answer(route: Route) -> None:
        asked.append(parse_qs(urlsplit(route.request.url).query))
        rows = route.fetch(url=route.request.url.partition("&cursor")[0]).json()["items"]
        rest = "cursor" in asked[-1]
        route.fulfill(json={"items": rows[1:] if rest else rows[:1], "total": 2, "next": None if rest else "a+b/c=&d"})

    page.route("**/v1/companies?*", answer)
    visitor.go("/comprobantes", "Mis comprobantes")
    expect(page.locator("td.main")).to_have_count(2)
    first = {"role": ["client"], "limit": ["100"]}
    assert asked == [first, {**first, "cursor": ["a+b/c=&d"]}]


@pytest.mark.parametrize(("code", "options"), [("80808", {}), ("80809", PHONE)], ids=["desktop", "phone"])
def test_under_the_open_policy_who_types_it_right_is_linked_and_the_company_is_told(
    chromium: Browser, open_portal: Portal, code: str, options: dict[str, Any]
) -> None:
    row = workshop(open_portal, code)
    person = Person(open_portal, "Zoë", "Ñandú").arrive()
    with visits(chromium, open_portal) as visitor_of:
        visitor = visitor_of(**options)
        page = visitor.log_in(person, "/comprobantes")
        ask_for(page, "Cliente", row["cuit"], "99")
        visitor.is_told("No encontramos una empresa con esos datos")
        expect(page.get_by_label("N° de CUIT", exact=True)).to_have_value(row["cuit"])
        page.locator("#number").fill(row["code"])
        page.get_by_role("button", name="Vincular", exact=True).dblclick()
        visitor.sees("Descarga de comprobantes")
        visitor.is_told("Empresa vinculada")
        expect(page.locator(".facts").get_by_text(row["name"])).to_be_visible()
        assert visitor.width() <= 0

        reader = visitor_of(**options)
        mail = open_portal.mail(row["email"], "company_linked")
        assert person.email in mail["text"]
        reader.go(f"/objetar#t={tokens_of(mail)[0]}", "Suspendé el vínculo")
        reader.page.get_by_role("button", name="Suspender el vínculo").click()
        reader.is_told("Suspendimos el vínculo")
        page.reload()
        visitor.sees("No encontramos lo que buscás")
        visitor.go("/comprobantes", "Mis comprobantes")
        visitor.is_told("Ningún dato disponible")


def test_S65_hostile_names_and_huge_amounts_are_text_and_fit(visitor: Visitor, regular: Person) -> None:
    def hostile(route: Route) -> None:
        answer = route.fetch()
        body: dict[str, Any] = answer.json()
        companies = [body["company"]] if "company" in body else body["items"]
        for each in companies:
            each.update(name=HOSTILE, address=HOSTILE)
            if each["balance"]:
                each["balance"].update(amount="-99999999999999.99", currency="USD")
        if "company" in body:
            for item in body["items"]:
                item.update(billed="12345678901234.56", type_label=HOSTILE)
        route.fulfill(response=answer, json=body)

    page = visitor.log_in(regular)
    page.on("dialog", lambda dialog: visitor.complaints.append(dialog.message))
    page.route("**/v1/companies*", hostile)
    page.route("**/v1/companies/*/docs*", hostile)
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        for path, wait in (("/comprobantes", "main td.main"), (f"/comprobantes/c-{CLIENT}", ".balance-amount")):
            visitor.go(path)
            expect(page.locator(wait).first).to_be_visible()
            expect(page.get_by_text(HOSTILE).first).to_be_attached()
            assert visitor.width() <= 0, (width, path)
        expect(page.locator(".balance")).to_contain_text("Saldo a favor")
        expect(page.locator(".balance-amount")).to_have_text("US$\u00a099.999.999.999.999,99")
        expect(page.get_by_text("$\u00a012.345.678.901.234,56").first).to_be_visible()
    assert page.locator("main img, main script").count() == 0


def test_the_pages_that_mails_name_are_there(visitor: Visitor) -> None:
    """The portal answers every path without a dot with its one page, so what is there is the page's to say."""
    assert web.get(f"{visitor.portal.url}/vincular").status_code == 200
    for path, heading in (
        ("/ayuda", "Ayuda"),
        ("/privacidad", "Privacidad"),
        ("/accesibilidad", "Accesibilidad"),
        ("/no/hay", "No encontramos esa página"),
        ("/recuperar", "Recuperar tu contraseña"),
        ("/registro", "Registrá tu nueva cuenta miINTI"),
        ("/vincular", "Ingresá a miINTI"),
    ):
        visitor.go(path, heading)


def test_a_dialog_that_was_left_is_empty_when_it_opens_again(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/comprobantes")
    opens = page.get_by_role("button", name="Vincular con Cliente/Proveedor").first
    opens.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Cliente", exact=False).first.check()
    fields = {"N° de CUIT": "30-95387753-4", "N° de cliente": "15.002"}
    for label, value in fields.items():
        dialog.get_by_label(label).fill(value)
    dialog.get_by_role("button", name="Cancelar").click()
    opens.click()
    expect(dialog.get_by_label("N° de CUIT")).to_have_value("")
    expect(dialog.get_by_label("N° de cliente")).to_have_value("")


def test_a_number_may_be_typed_with_its_dots(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/comprobantes")
    page.get_by_role("button", name="Vincular con Cliente/Proveedor").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Cliente", exact=False).first.check()
    dialog.get_by_label("N° de CUIT").fill(company("client", CLIENT)["cuit"])
    dialog.get_by_label("N° de cliente").fill("27.334")
    with page.expect_request(lambda request: request.method == "POST" and request.url.endswith("/companies")) as sent:
        dialog.get_by_role("button", name="Vincular", exact=True).click()
    assert sent.value.post_data_json["number"] == CLIENT  # type: ignore[index]  # a POST has a body
    expect(dialog.get_by_role("alert")).to_contain_text("Ya tenés vinculada esa empresa")


def test_who_unlinks_is_told_which_company_and_what_goes_with_it(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, "/comprobantes")
    page.get_by_role("button", name=f"(Cliente {CLIENT})").click()
    dialog = page.get_by_role("dialog")
    for words in (f"(Cliente {CLIENT})", "los enlaces que te mandamos por correo", "te pidamos un código"):
        expect(dialog).to_contain_text(words)
