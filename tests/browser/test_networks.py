"""Slow and broken networks: what was typed stays, nothing is done twice, and what happened is said."""

import json
import re
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from miinti import aws
from tests import documents
from tests.browser import test_documents, test_doors
from tests.browser.answers import REQUESTS
from tests.browser.conftest import CLIENT, OTHER_CLIENT, PHONE, Visitor, company, within
from tests.browser.faults import INSIDE, OUTSIDE, READS, Act, Call, Read, address, calls
from tests.browser.test_exporting import export
from tests.browser.test_states import problem
from tests.journeys.conftest import ROOT, token_of
from tests.journeys.person import Person

THREE_G = {"offline": False, "latency": 400, "downloadThroughput": 50_000, "uploadThroughput": 50_000}
NO_NETWORK = ("No hay conexión", lambda route: route.abort("internetdisconnected"))
FAULTS: list[tuple[str, Callable[[Route], None]]] = [
    ("El problema es nuestro", problem(500, "internal_error")),
    ("Probá de nuevo en 2 minutos", problem(429, "too_many_attempts", **{"Retry-After": "90"})),
    ("El servicio no responde en este momento", problem(503, "unavailable", **{"Retry-After": "90"})),
    NO_NETWORK,
]
"""How a request fails, and the word that a person hears of it."""
ELSEWHERE: dict[Call, Callable[..., None]] = {
    Call("document.js", "GET", "/companies/*/docs"): test_documents.test_a_document_from_a_sent_link_says_whose_it_is,
    Call(
        "held.js", "GET", "/companies/*/payments"
    ): test_documents.test_where_payments_cannot_be_had_documents_are_shown_all_the_same,
    Call(
        "api.js", "POST", "/session/logout"
    ): test_doors.test_logging_out_that_the_server_was_not_told_of_locks_the_browser_and_says_so,
}
UNASKED = {
    ("GET", "/me"),
    ("GET", "/companies/*/payments/*"),
    ("POST", "/payment/notifications/*"),
}
"""Of the API, what no page asks for; notices are the provider's."""


def test_every_request_of_every_page_has_its_row() -> None:
    rows = {read.call for read in READS} | {act.call for act in [*OUTSIDE, *INSIDE]} | set(ELSEWHERE)
    assert calls() == rows
    contract = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))["paths"]
    served = {
        (
            method.upper(),
            "/".join("*" if part.startswith("{") else part for part in path.removeprefix("/v1").split("/")),
        )
        for path, methods in contract.items()
        for method in methods
    }
    assert {(call.method, call.path) for call in rows} == served - UNASKED


def fails_in_every_way(page: Page, act: Act) -> None:
    """One fault after another, in the middle of the act: each is said, what was typed stays, two clicks ask once."""
    for name, value in act.typed.items():
        page.locator(f"#{name}").fill(value)
    if act.begin:
        act.begin(page)
    held: list[Route] = []

    def hold(route: Route) -> None:
        if route.request.method == act.call.method:
            held.append(route)
        else:
            route.fallback()

    page.route(address(act.call.path), hold)
    for words, fail in FAULTS:
        act.press(page)
        asked = within(page, held)
        expect(page.locator(act.meanwhile).first).to_be_visible()
        fail(asked)
        expect(page.locator(act.told)).to_contain_text(words)
        expect(page.get_by_role("alert").filter(has_text=words)).to_be_in_viewport()
        for name, value in {**act.typed, **act.stays}.items():
            expect(page.locator(f"#{name}")).to_have_value(value)
        assert held == []
    page.unroute(address(act.call.path), hold)


@pytest.mark.parametrize("act", OUTSIDE, ids=lambda act: act.name)
def test_what_is_done_at_the_doors(visitor: Visitor, act: Act) -> None:
    visitor.page.clock.install()
    fails_in_every_way(visitor.go(act.path), act)


@pytest.mark.parametrize("act", INSIDE, ids=lambda act: act.name)
def test_what_is_done_inside(inside: Visitor, act: Act) -> None:
    fails_in_every_way(inside.go(act.path), act)


@pytest.mark.parametrize("read", READS, ids=lambda read: f"{read.call.module} {read.call.path}")
def test_what_is_read_is_tried_again_till_it_comes(inside: Visitor, read: Read) -> None:
    page = inside.page
    faults = iter(FAULTS)
    now = next(faults)

    def fail(route: Route) -> None:
        if route.request.method == read.call.method:
            now[1](route)
        else:
            route.fallback()

    page.route(address(read.call.path), fail)
    inside.go(read.path)
    failed = page.locator("main .notice", has=page.get_by_role("button", name="Reintentar"))
    expect(failed).to_contain_text(f"No pudimos {read.what}")
    expect(failed).to_contain_text("pedido-77")
    for now in faults:
        failed.get_by_role("button", name="Reintentar").click()
        expect(failed).to_contain_text(now[0])
        expect(failed).to_have_role("alert")
    page.unroute(address(read.call.path), fail)
    failed.get_by_role("button", name="Reintentar").click()
    expect(page.locator("main .notice, main .skeleton")).to_have_count(0)
    expect(page.locator("main h1")).to_be_visible()


def on_three_g(visitor: Visitor) -> None:
    session = visitor.context.new_cdp_session(visitor.page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", THREE_G)


def test_on_a_slow_phone_each_act_is_done_once_and_shows_that_it_goes_on(visitors: Any, stranger: Person) -> None:
    visitor: Visitor = visitors(**PHONE)
    page = visitor.page
    on_three_g(visitor)
    posts: list[str] = []
    page.on("request", lambda request: posts.append(request.url) if request.method == "POST" else None)
    visitor.go("/ingresar", "Ingresá a miINTI")
    page.get_by_label("Correo electrónico").fill(stranger.email)
    page.get_by_label("Contraseña", exact=True).fill(stranger.password)
    held: list[Route] = []
    page.route("**/v1/login", lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks its handlers
    page.get_by_role("button", name="Ingresar", exact=True).dblclick()
    expect(page.get_by_role("button", name="Ingresando…")).to_be_visible()
    within(page, held).continue_()
    visitor.sees(f"Hola, {stranger.first_name}")
    assert len([url for url in posts if url.endswith("/v1/login")]) == 1

    visitor.go("/mis-datos", "Mis datos")
    changes: list[str] = []
    page.on("request", lambda request: changes.append(request.url) if request.method == "PATCH" else None)
    page.get_by_label("Nombre", exact=True).fill("Mariana")
    page.route("**/v1/me", lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks its handlers
    page.get_by_role("button", name="Guardar", exact=True).dblclick()
    expect(page.get_by_role("button", name="Guardando…")).to_be_visible()
    within(page, held).continue_()
    visitor.is_told("Guardamos tus datos")
    assert len(changes) == 1
    assert stranger.get("/v1/me")["first_name"] == "Mariana"


def test_on_a_slow_phone_a_list_has_its_shape_and_a_zip_says_how_far_it_is(visitors: Any, regular: Person) -> None:
    visitor: Visitor = visitors(**PHONE)
    page = visitor.log_in(regular)
    visitor.sees(f"Hola, {regular.first_name}")
    on_three_g(visitor)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/download") else None)
    held: list[Route] = []
    page.route(address("/companies/*/docs"), lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks its handlers
    page.goto(f"{visitor.portal.url}/comprobantes/c-{OTHER_CLIENT}", wait_until="commit")
    listing = within(page, held)
    visitor.sees("Descarga de comprobantes")
    expect(page.locator(".skeleton")).to_be_visible()
    page.unroute(address("/companies/*/docs"))
    listing.fallback()
    boxes = page.locator("#documents input[type=checkbox]")
    expect(boxes).to_have_count(10)
    for n in range(4):
        boxes.nth(n).check()
    with page.expect_download() as downloading:
        export(page, "Los 4 PDF elegidos")
        expect(page.locator("#zip-progress")).to_be_visible()
        expect(page.get_by_text(re.compile("Descargando [0-4] de 4 PDF…"))).to_be_visible()
    assert len(zipfile.ZipFile(downloading.value.path()).namelist()) == len(asked) == len(set(asked)) == 4
    visitor.is_told("Listo: 4 PDF en un ZIP")


def loses_the_answer(route: Route) -> None:
    assert route.fetch().ok
    route.abort("connectionreset")


def test_where_only_the_answer_was_lost_the_second_try_says_that_it_is_done(visitor: Visitor, stranger: Person) -> None:
    """The server did it, and who pressed does not know: pressing again is no mistake."""
    account_id, portal = stranger.get("/v1/me")["id"], visitor.portal
    row = aws.pack(documents.link_row(account_id, f"c-{CLIENT}"))
    portal.aws("dynamodb").put_item(TableName=portal.deployed["resources"]["CompaniesTable"], Item=row)
    page = visitor.log_in(stranger, "/comprobantes")

    page.route(re.compile("/v1/companies/c-"), loses_the_answer, times=1)
    page.get_by_role("button", name=f"Desvincular {company('client', CLIENT)['name']}").click()
    press = page.locator("#unlink").get_by_role("button", name="Desvincular", exact=True)
    press.click()
    expect(page.locator("#unlink .summary")).to_contain_text("No hay conexión")
    press.click()
    visitor.is_told("Empresa desvinculada")

    visitor.go("/sesiones", "Sesiones abiertas")
    page.route(re.compile("/v1/sessions/"), loses_the_answer, times=1)
    press = page.get_by_role("button", name=re.compile("^Cerrar la de"))
    press.click()
    visitor.is_told("No hay conexión")
    press.click()
    visitor.is_told("Cerramos la sesión")
    expect(page.locator(".session")).to_have_count(1)


def test_who_deletes_the_account_and_hears_nothing_is_told_that_it_may_be_done(
    visitor: Visitor, stranger: Person
) -> None:
    page = visitor.log_in(stranger, "/mis-datos")
    page.get_by_label("Tu contraseña, para confirmar").fill(stranger.password)
    page.route(address("/me"), loses_the_answer, times=1)
    press = page.get_by_role("button", name="Eliminar mi cuenta")
    press.click()
    visitor.is_told("No pudimos eliminar la cuenta")
    press.click()
    visitor.is_told("Puede que tu cuenta ya esté eliminada")
    visitor.sees("Ingresá a miINTI")
    stranger.mail("account_deleted")
    assert page.evaluate("localStorage.getItem('miinti-session')") is None


def test_where_only_the_answer_was_lost_what_is_good_once_says_that_it_may_be_done(visitor: Visitor) -> None:
    person = Person(visitor.portal)
    assert person.register().status_code == 202
    page = visitor.page
    page.route("**/v1/activate", loses_the_answer, times=1)
    visitor.go(f"/activar#t={token_of(person.mail('activate'))}", "Activá tu cuenta")
    for words in ("No hay conexión", "Tu cuenta está activa"):
        page.get_by_role("button", name="Activar mi cuenta").click()
        visitor.is_told(words)
    assert person.login().status_code == 200

    assert person.ask("POST", "/v1/password/forgot", {"email": person.email}).status_code == 202
    page.route("**/v1/password/reset", loses_the_answer, times=1)
    visitor.go(f"/restablecer#t={token_of(person.mail('reset_password'))}", "Restablecé tu contraseña")
    for name in ("password", "repeated"):
        page.locator(f"#{name}").fill("nueve sapos morados")
    for words in ("No hay conexión", "puede que tu contraseña ya sea la nueva"):
        page.get_by_role("button", name="Guardar la contraseña").click()
        visitor.is_told(words)
    assert person.login("nueve sapos morados").status_code == 200

    visitor.go("/cancelar-correo#t=x.y", "Frená el cambio de correo")
    page.route("**/v1/me/email/cancel", problem(400, "invalid_token"))
    page.route("**/v1/me/email/cancel", lambda route: route.abort("connectionreset"), times=1)
    for words in ("No hay conexión", "puede que ya esté hecho"):
        page.get_by_role("button", name="Frenar el cambio").click()
        visitor.is_told(words)

    page = visitor.log_in(Person(visitor.portal, email=person.email, password="nueve sapos morados"), "/vincular")
    page.route(
        address("/link-requests"), lambda route: route.fulfill(json={"items": REQUESTS, "total": 1, "next": None})
    )
    page.reload()
    page.get_by_role("textbox", name="Código").fill("ABCDEF")
    page.route("**/confirm", lambda route: route.abort("connectionreset"), times=1)
    page.get_by_role("button", name="Confirmar").click()
    visitor.is_told("No hay conexión")
    page.route("**/confirm", problem(400, "invalid_code"))
    page.get_by_role("button", name="Confirmar").click()
    visitor.is_told("fijate si la empresa ya está en tu lista")
