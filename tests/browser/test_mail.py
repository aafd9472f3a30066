"""What mails bring and what the person wants of them: mailed documents, notices, live links."""

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, Route, expect

from tests import erp
from tests.browser.answers import FILE, LINKS, NOTIFICATIONS, OPENED, stub
from tests.browser.conftest import TWO_FRAMES, Visitor, on_desktop_and_phone, within
from tests.browser.test_states import a_failing_bucket, problem
from tests.journeys.conftest import Portal, tokens_of
from tests.journeys.person import Person
from tests.journeys.test_news import dropped, invoices, workshop


@pytest.fixture
def stubbed(visitor: Visitor) -> Page:
    stub(visitor.page)
    return visitor.page


def test_what_a_delivery_brings_is_read_from_its_mail_listed_and_ended(visitors: Any, portal: Portal) -> None:
    """From the ERP's file to the last click, with nothing in the API's place."""
    row = workshop(portal)
    owner = Person(portal, "María", "Fernández", email=row["email"]).arrive()
    owner.linked(row)
    company_id = f"c-{row['code']}"
    delivered = invoices(1, 2, 3)
    assert (
        dropped(portal, "documents-news.csv", delivered, **{"news-1": "Primera", "news-2": "Segunda"})["accepted"] == 3
    )
    mail = owner.mail("documents_new")
    links = dict(zip(re.findall(r"00707-0000000(\d)", mail["text"]), tokens_of(mail), strict=False))

    anybody: Visitor = visitors()
    page = anybody.page
    posts: list[Any] = []
    page.on("request", lambda request: posts.append(request.post_data_json) if "/v1/links" in request.url else None)
    anybody.go(f"/documento#t={links['1']}", "Tu documento")
    page.wait_for_load_state("networkidle")
    assert posts == []
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Descargar el PDF").dblclick()
    assert posts == [{"token": links["1"]}]
    assert downloading.value.path().read_bytes() == erp.pdf("Primera")
    day = "/".join(reversed(delivered[0]["issue_date"].split("-")))
    for words in ("Comprobante", "0707-00000001", day, downloading.value.suggested_filename):
        anybody.is_told(words)
    assert "#" not in page.url  # whoever sits here next finds no link in the history
    with page.expect_download():
        page.get_by_role("button", name="Descargar otra vez").click()
    assert len(posts) == 2

    at_home: Visitor = visitors()
    home = at_home.log_in(owner, "/enlaces")
    expect(home.locator(".table-info")).to_have_text("3 enlaces")
    home.get_by_role("button", name="Anular el enlace de Comprobante 0707-00000002").dblclick()
    at_home.is_told("Anulamos el enlace de Comprobante 0707-00000002")
    expect(home.locator(".table-info")).to_have_text("2 enlaces")
    assert owner.get("/v1/me/links")["total"] == 2
    for number, words in (("2", "El enlace venció"), ("3", "El PDF todavía no está disponible")):
        anybody.go("/robots.txt")
        anybody.go(f"/documento#t={links[number]}", "Tu documento")
        page.get_by_role("button", name="Descargar el PDF").click()
        anybody.is_told(words)

    at_home.go("/avisos", "Avisos por correo")
    mine = home.get_by_role("group", name=row["name"])
    mine.get_by_label("Comprobantes").select_option("none")
    mine.get_by_role("checkbox").uncheck()
    home.get_by_role("button", name="Guardar").click()
    at_home.is_told("Guardamos tus avisos")
    home.reload()
    expect(mine.get_by_label("Comprobantes")).to_have_value("none")
    expect(mine.get_by_role("checkbox")).not_to_be_checked()
    kept = owner.get("/v1/me/notifications")["companies"][company_id]
    assert (kept["news"]["voucher"], kept["reminders"]) == ("none", False)

    at_home.go(f"/comprobantes/{company_id}/cuenta", "Cuenta corriente")
    expect(home.locator("#statement tbody tr")).to_have_count(1 + len(delivered) + 1)
    for each in delivered:
        shown = home.locator("#statement").get_by_role("link", name=f"0707-{int(each['number_display'][-8:]):08d}")
        expect(shown).to_have_count(1)
    pesos = f"{sum(Decimal(each['total']) for each in delivered):,.2f}".translate(str.maketrans(",.", ".,"))
    expect(home.locator("#statement tbody tr").last).to_contain_text(pesos)


def test_a_mailed_link_that_is_over_leads_to_the_door(visitor: Visitor, stubbed: Page) -> None:
    visitor.go("/documento#t=old", "Tu documento")
    stubbed.get_by_role("button", name="Descargar el PDF").click()
    visitor.is_told("El enlace venció")
    expect(stubbed.get_by_role("button", name="Descargar")).to_have_count(0)
    stubbed.get_by_role("link", name="Ingresar a miINTI").click()
    visitor.sees("Ingresá a miINTI")
    for hash in ("", "#t=", "#t=%3Cscript%3E"):
        visitor.go("/robots.txt")
        visitor.go(f"/documento{hash}", "Tu documento")
        visitor.is_told("El enlace no es válido")


def test_who_opens_the_address_of_the_one_click_stops_notices_by_a_button(visitor: Visitor, stubbed: Page) -> None:
    """Mail programs that know RFC 8058 post to it; others open it."""
    posts: list[str] = []

    def stopped(route: Route) -> None:
        if route.request.method != "POST":
            route.continue_()
            return
        posts.append(route.request.url)
        status = 204 if route.request.url.endswith("?t=good") else 400
        route.fulfill(status=status, json=None if status == 204 else {"code": "invalid_token"})

    stubbed.route("**/v1/unsubscribe?*", stopped)
    visitor.go("/baja?t=good", "Dejá de recibir avisos")
    stubbed.wait_for_load_state("networkidle")
    assert posts == []
    stubbed.get_by_role("button", name="Dejar de recibirlos").dblclick()
    visitor.is_told("No te mandamos más esos avisos")
    assert [url.rpartition("/")[2] for url in posts] == ["unsubscribe?t=good"]
    visitor.go("/baja?t=old", "Dejá de recibir avisos")
    stubbed.get_by_role("button", name="Dejar de recibirlos").click()
    visitor.is_told("El enlace venció o ya fue usado")
    visitor.is_told("Avisos por correo")


@a_failing_bucket
def test_a_mailed_document_that_the_bucket_does_not_give_is_told_and_tried_again(
    visitor: Visitor, stubbed: Page, fail: Callable[[Route], None], words: str
) -> None:
    stubbed.route(f"**/{FILE}", fail)
    visitor.go("/documento#t=good", "Tu documento")
    stubbed.get_by_role("button", name="Descargar el PDF").click()
    expect(stubbed.locator(".summary")).to_contain_text(words)
    expect(stubbed.get_by_text("Descargaste")).to_have_count(0)
    visitor.sees("Tu documento")
    stubbed.unroute(f"**/{FILE}", fail)
    with stubbed.expect_download() as downloading:
        stubbed.get_by_role("button", name="Descargar el PDF").click()
    assert downloading.value.suggested_filename == OPENED["filename"]
    visitor.is_told("Descargaste tu documento")


@pytest.mark.parametrize(
    ("status", "code", "words", "again"),
    [
        (400, "invalid_token", "El enlace no es válido", False),
        (404, "file_missing", "El PDF todavía no está disponible", True),
    ],
)
def test_what_goes_wrong_with_a_mailed_document_is_told(
    visitor: Visitor, status: int, code: str, words: str, again: bool
) -> None:
    page = visitor.page
    page.route("**/v1/links/open", problem(status, code, **{"Retry-After": "30"}))
    visitor.go("/documento#t=good", "Tu documento")
    page.get_by_role("button", name="Descargar el PDF").click()
    visitor.is_told(words)
    expect(page.get_by_role("button", name="Descargar el PDF")).to_have_count(int(again))


@pytest.fixture
def inside(visitor: Visitor, regular: Person, stubbed: Page) -> Callable[[str, str], Page]:
    def opened(path: str, heading: str) -> Page:
        visitor.log_in(regular)
        return visitor.go(path, heading)

    return opened


@on_desktop_and_phone
def test_notices_are_chosen_company_by_company_and_saved_once(
    inside: Callable[[str, str], Page], visitor: Visitor
) -> None:
    page = inside("/avisos", "Avisos por correo")
    client = page.get_by_role("group", name="ADM. FEDERAL DE ING. PUBLICOS")
    expect(client.get_by_label("Presupuestos")).to_have_value("attachment")
    expect(client.get_by_label("Retenciones")).to_have_count(0)
    expect(client.get_by_role("checkbox")).to_be_checked()
    supplier = page.get_by_role("group", name="EDICIONES TÉCNICAS ANDINAS SA")
    expect(supplier.get_by_role("checkbox")).to_have_count(0)
    sent: list[Any] = []
    lost: list[int] = []

    def answer(route: Route) -> None:
        if route.request.method == "GET":
            return route.fulfill(json=NOTIFICATIONS)
        sent.append(route.request.post_data_json)
        if not lost:
            lost.append(1)
            return route.abort("internetdisconnected")
        return route.fulfill(status=204)

    page.route("**/v1/me/notifications", answer)
    client.get_by_label("Presupuestos").select_option("none")
    client.get_by_role("checkbox").uncheck()
    page.get_by_role("button", name="Guardar").click()
    visitor.is_told("No hay conexión")
    expect(client.get_by_label("Presupuestos")).to_have_value("none")
    page.get_by_role("button", name="Guardar").dblclick()
    visitor.is_told("Guardamos tus avisos")
    choice = {"news": {"voucher": "link", "quote": "none", "work_order": "none"}, "reminders": False}
    assert sent == [{"companies": {"c-27334": choice}}] * 2
    expect(page.locator(".notice-title", has_text="Guardamos tus avisos")).to_be_in_viewport()


def test_what_is_chosen_while_it_is_saved_is_saved_too(inside: Callable[[str, str], Page], visitor: Visitor) -> None:
    page = inside("/avisos", "Avisos por correo")
    held: list[Route] = []
    page.route(
        "**/v1/me/notifications",
        lambda route: held.append(route) if route.request.method == "PUT" else route.fallback(),
    )
    way = page.get_by_role("group", name="ADM. FEDERAL DE ING. PUBLICOS").get_by_label("Presupuestos")
    way.select_option("none")
    page.get_by_role("button", name="Guardar").click()
    first = within(page, held)
    way.select_option("link")
    first.fulfill(status=204)
    second = within(page, held)
    assert second.request.post_data_json["companies"]["c-27334"]["news"]["quote"] == "link"  # type: ignore[index]  # a PUT has a body
    second.fulfill(status=204)
    visitor.is_told("Guardamos tus avisos")
    expect(way).to_have_value("link")


def test_live_links_are_seen_and_ended(inside: Callable[[str, str], Page], visitor: Visitor) -> None:
    page = inside("/enlaces", "Enlaces por correo")
    expect(page.locator(".table-info")).to_have_text("3 enlaces")
    gone: list[str] = []

    def answer(route: Route) -> None:
        gone.append(route.request.url.rpartition("/")[2])
        if len(gone) == 1:
            problem(500, "internal_error")(route)
        elif len(gone) == 2:
            route.fulfill(status=204)
        else:
            problem(404, "not_found")(route)  # over meanwhile

    page.route("**/v1/me/links/*", answer)
    first = page.get_by_role("button", name="Anular el enlace de Comprobante 0205-00001620")
    first.click()
    visitor.is_told("No pudimos anular el enlace")
    first.dblclick()
    visitor.is_told("Anulamos el enlace de Comprobante 0205-00001620")
    expect(page.locator(".table-info")).to_have_text("2 enlaces")
    page.get_by_role("button", name="Anular el enlace de Comprobante 0205-00001621").click()
    expect(page.locator(".table-info")).to_have_text("1 enlace")
    assert gone == ["mailed0", "mailed0", "mailed1"]


def test_many_live_links_come_by_and_by_and_none_says_what_to_do(
    inside: Callable[[str, str], Page], visitor: Visitor
) -> None:
    page = inside("/enlaces", "Enlaces por correo")

    def answer(route: Route) -> None:
        rest = "cursor=more" in route.request.url
        items = LINKS[1:] if rest else first
        route.fulfill(json={"items": items, "total": None, "next": None if rest else "more"})

    page.route("**/v1/me/links?*", answer)
    # A page of which every link has ended is as empty as one that is not, and goes on.
    for first in (LINKS[:2], []):
        page.reload()
        expect(page.get_by_role("button", name="Ver más")).to_be_visible()
        expect(page.locator(".session")).to_have_count(len(first))
        expect(page.locator(".table-info")).to_have_count(0)
        page.get_by_role("button", name="Ver más").click()
        expect(page.locator(".session")).to_have_count(3 if first else 2)
        expect(page.locator(".table-info")).to_have_text("3 enlaces" if first else "2 enlaces")
        expect(page.get_by_role("button", name="Ver más")).to_have_count(0)
    page.route("**/v1/me/links?*", lambda route: route.fulfill(json={"items": [], "total": 0, "next": None}))
    page.reload()
    visitor.is_told("No hay enlaces que funcionen")


@pytest.mark.parametrize("leaves", [True, False])
def test_who_leaves_notices_that_are_not_saved_is_asked_first(
    inside: Callable[[str, str], Page], visitor: Visitor, leaves: bool
) -> None:
    page = inside("/avisos", "Avisos por correo")
    page.get_by_role("group", name="ADM. FEDERAL DE ING. PUBLICOS").get_by_label("Presupuestos").select_option("none")
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept() if leaves else dialog.dismiss()

    page.on("dialog", answer)
    page.get_by_role("link", name="Ayuda").first.click()
    visitor.sees("Ayuda" if leaves else "Avisos por correo")
    assert asked == ["Hay avisos que no guardaste. ¿Querés salir igual?"]
    page.evaluate(TWO_FRAMES)
    assert page.url.endswith("/ayuda" if leaves else "/avisos")


def test_who_closes_a_tab_with_notices_that_are_not_saved_is_asked_by_the_browser(
    inside: Callable[[str, str], Page], visitor: Visitor
) -> None:
    page = inside("/avisos", "Avisos por correo")
    asked: list[str] = []

    def stay(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.dismiss()

    page.on("dialog", stay)
    page.get_by_role("group", name="ADM. FEDERAL DE ING. PUBLICOS").get_by_label("Presupuestos").select_option("none")
    page.close(run_before_unload=True)
    visitor.sees("Avisos por correo")
    assert asked == ["beforeunload"]
