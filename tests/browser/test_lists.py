"""Every order and every state of each of the four lists, against what the API answers; rows without a PDF; no rows."""

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from miinti.documents import kinds
from tests.browser.conftest import CLIENT, OTHER_CLIENT, SUPPLIER, Visitor
from tests.journeys.person import Person

LISTS = [
    ("voucher", f"/comprobantes/c-{OTHER_CLIENT}"),
    ("withholding", f"/retenciones/s-{SUPPLIER}"),
    ("quote", f"/presupuestos/c-{CLIENT}"),
    ("work_order", f"/ordenes/c-{CLIENT}"),
]
each_list = pytest.mark.parametrize(("kind", "path"), LISTS)


@pytest.fixture
def opened(visitor: Visitor, regular: Person, path: str) -> Page:
    page = visitor.log_in(regular, path)
    settled(page)
    regular.login()  # an access token of long ago opens nothing
    return page


def settled(page: Page) -> None:
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")


def asked(person: Person, path: str, **query: str) -> Any:
    return person.get(f"/v1/companies/{path.rpartition('/')[2]}/docs", **query)


def bare(number: str) -> str:
    return re.sub(r"\D", "", number).lstrip("0")


def numbers(page: Page) -> list[str]:
    return [bare(text.split()[0]) for text in page.locator("#documents tbody td.main").all_inner_texts()]


@each_list
def test_every_order_there_is_is_chosen_by_its_column(opened: Page, regular: Person, kind: str, path: str) -> None:
    chosen = set[str]()
    heads = opened.locator("#documents thead button")
    for n in range(heads.count()):
        for _ in range(2):
            heads.nth(n).click()
            settled(opened)
            sort = parse_qs(urlsplit(opened.url).query).get("sort", ["-date"])[0]
            chosen.add(sort)
            items = asked(regular, path, kind=kind, sort=sort, limit="10")["items"]
            assert numbers(opened) == [bare(item["number"]) for item in items], sort
            way = "descending" if sort.startswith("-") else "ascending"
            expect(heads.nth(n).locator("xpath=..")).to_have_attribute("aria-sort", way)
    assert chosen == {way + sort for sort in kinds.KINDS[kind].sorts for way in ("", "-")}


@each_list
def test_every_state_there_is_narrows_the_list_to_its_own(opened: Page, regular: Person, kind: str, path: str) -> None:
    states = kinds.KINDS[kind].states
    select = opened.locator("#status")
    offered = dict[str, str]()
    for option in select.locator("option").all()[1:]:
        offered[option.get_attribute("value") or ""] = option.inner_text()
    assert offered == states
    for status, label in offered.items():
        select.select_option(status)
        settled(opened)
        told = asked(regular, path, kind=kind, status=status, limit="10")
        assert numbers(opened) == [bare(item["number"]) for item in told["items"]], status
        assert set(opened.locator("#documents tbody .badge").all_inner_texts()) <= {label}, status
        expect(opened.locator(".table-info")).to_contain_text(f" de un total de {told['total']} ")


@pytest.mark.parametrize("path", [LISTS[0][1]])
def test_rows_without_a_pdf_say_so_and_are_missing_from_the_zip(visitor: Visitor, opened: Page) -> None:
    def answer(route: Route) -> None:
        body = route.fetch().json()
        items = [{**item, "has_file": n > 1} for n, item in enumerate(body["items"][:4])]
        route.fulfill(json={**body, "items": items, "total": 4, "next": None})

    opened.route("**/docs?*sort=-date*", answer)
    opened.reload()
    rows = opened.locator("#documents tbody tr")
    expect(rows).to_have_count(4)
    expect(opened.get_by_text("Sin PDF")).to_have_count(2)
    expect(rows.get_by_role("checkbox")).to_have_count(2)
    opened.locator(".export summary").click()
    with opened.expect_download():
        opened.get_by_role("button", name="Todos los PDF").click()
    visitor.is_told("Listo: 2 PDF en un ZIP")
    visitor.is_told("Faltaron estos 2")
    lacking = opened.locator(".lacking li").all_inner_texts()
    assert [bare(text.split()[-1]) for text in lacking] == numbers(opened)[:2]


@pytest.mark.parametrize("path", [LISTS[0][1], LISTS[1][1]])
def test_a_company_without_documents_says_what_will_be_here(visitor: Visitor, opened: Page, path: str) -> None:
    def none(route: Route) -> None:
        route.fulfill(json={**route.fetch().json(), "items": [], "total": 0, "next": None})

    opened.route("**/docs?*sort=-date*", none)
    opened.reload()
    visitor.is_told("Ningún dato disponible en esta tabla")
    visitor.is_told("va a aparecer acá")
    expect(opened.locator(".table-info")).to_have_text("Mostrando registros del 0 al 0 de un total de 0 registros")
    expect(opened.get_by_text("Exportar")).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "heading"), [("/consultas", "Mis consultas"), ("/registro-proveedores", "Registro de proveedores")]
)
def test_what_has_no_service_yet_says_who_to_write_to(inside: Visitor, path: str, heading: str) -> None:
    inside.go(path, heading)
    inside.is_told("todavía no está")
    expect(inside.page.locator("main a[href^='mailto:']")).to_have_count(1)


def test_who_has_no_company_is_told_how_notices_begin(visitor: Visitor, stranger: Person) -> None:
    page = visitor.log_in(stranger, "/avisos")
    visitor.is_told("Todavía no vinculaste ninguna empresa")
    expect(page.get_by_role("link", name="Vinculá una")).to_have_attribute("href", "/comprobantes")
