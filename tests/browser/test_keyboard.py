"""By the keyboard alone, and what is heard meanwhile: lists, menus, dialogs. The focus is never lost."""

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import CLIENT, Visitor, company
from tests.browser.test_documents import LIST
from tests.browser.test_states import problem

SHOWN = "Mostrando registros del {} al {} de un total de 87 registros"


KEPT = "id => document.activeElement === document.body || document.activeElement.closest('dialog')?.id === id"
"""The focus is in the dialog, or at the browser's own."""
TOP = "button => button.getBoundingClientRect().top + scrollY"


def held(page: Page) -> str:
    """What has the focus: its tag."""
    return str(page.evaluate("document.activeElement.localName"))


def test_a_list_is_ordered_and_leafed_through_and_says_what_it_shows(inside: Visitor) -> None:
    page = inside.page
    inside.listens()
    inside.go(LIST)
    inside.hears(SHOWN.format(1, 10))
    column = page.get_by_role("button", name="Facturado")
    for key, way, words in (("Enter", "ascending", "menor a mayor"), ("Space", "descending", "mayor a menor")):
        column.focus()
        page.keyboard.press(key)
        expect(page.locator(f"th[aria-sort={way}]")).to_have_text("Facturado")
        inside.hears(f"Ordenado por Facturado: {words}")
        expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
        expect(column).to_be_focused()
    onward = page.get_by_role("button", name="Siguiente")
    onward.focus()
    for first in (11, 21):
        page.keyboard.press("Enter")
        inside.hears(SHOWN.format(first, first + 9))
        expect(onward).to_be_focused()

    page.get_by_label("Buscar").focus()
    page.keyboard.type("esto no está")
    inside.hears("Mostrando registros del 0 al 0 de un total de 0 registros")
    page.keyboard.press("Tab")
    clear = page.locator(".no-rows").get_by_role("button", name="Borrar filtros")
    clear.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".table-info")).to_have_text(SHOWN.format(1, 10))
    assert held(page) == "section"  # what held the button, which is gone


def test_what_is_chosen_to_be_taken_out_leaves_the_focus_on_its_menu(inside: Visitor) -> None:
    page = inside.page
    inside.go(LIST)
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    page.locator(".export summary").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Excel")).to_be_visible()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    with page.expect_download():
        page.keyboard.press("Enter")
    expect(page.locator(".export summary")).to_be_focused()


def test_a_list_that_fails_is_said_at_once_and_tried_again(inside: Visitor) -> None:
    page = inside.page
    inside.listens()
    inside.go(LIST)
    expect(page.locator("#documents")).to_be_visible()
    page.route("**/docs?*", problem(500, "internal_error"))
    page.get_by_role("button", name="Siguiente").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("No pudimos traer los comprobantes")
    assert held(page) == "section"
    page.unroute("**/docs?*")
    page.get_by_role("button", name="Reintentar").focus()
    page.keyboard.press("Enter")
    inside.hears(SHOWN.format(11, 20))
    assert held(page) == "section"


def test_what_fails_twice_is_said_twice_and_nothing_moves_meanwhile(inside: Visitor) -> None:
    page = inside.page
    inside.go(f"/comprobantes/c-{CLIENT}?size=100")
    expect(page.locator("#documents tbody tr")).to_have_count(100)
    waiting: list[Route] = []
    page.route("**/download", lambda route: waiting.append(route))  # noqa: PLW0108  # Playwright marks its handlers
    button = page.locator("#documents .icon-button").last
    places = []
    for _ in range(2):
        button.click()
        expect(button).to_have_attribute("aria-disabled", "true")
        expect(page.get_by_role("alert")).to_have_count(0)  # out of the way of ears, not of the page
        places.append(button.evaluate(TOP))
        problem(500, "internal_error")(waiting.pop())
        expect(page.get_by_role("alert")).to_contain_text("No pudimos descargar ")
        expect(page.get_by_role("alert")).to_be_in_viewport(ratio=1)  # though the button stands far below
        places.append(button.evaluate(TOP))
    assert places[1] == places[2] == places[3]


def test_the_export_menu_opens_and_closes(inside: Visitor) -> None:
    page = inside.page
    inside.go(LIST)
    menu, opener = page.locator(".export"), page.locator(".export summary")
    opener.focus()
    page.keyboard.press("Enter")
    expect(menu.get_by_role("button", name="Excel")).to_be_visible()
    page.keyboard.press("Tab")
    expect(menu.get_by_role("button", name="Excel")).to_be_focused()
    page.keyboard.press("Escape")
    expect(menu.get_by_role("button", name="Excel")).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    for _ in range(4):
        page.keyboard.press("Tab")
    expect(menu.get_by_role("button", name="Excel")).to_be_hidden()
    assert held(page) == "button"  # the first of the table's


def test_dialogs_take_the_focus_keep_it_and_give_it_back(inside: Visitor) -> None:
    page = inside.page
    name = company("client", CLIENT)["name"]
    inside.listens()
    inside.go("/comprobantes", "Mis comprobantes")
    for opener, id, first in (
        (page.get_by_role("button", name="Vincular con Cliente/Proveedor"), "link", "Cliente"),
        (page.get_by_role("button", name=f"Desvincular {name}"), "unlink", "Cancelar"),
    ):
        opener.focus()
        page.keyboard.press("Enter")
        box = page.locator(f"#{id}")
        expect(box.get_by_label(first).or_(box.get_by_role("button", name=first)).first).to_be_focused()
        for _ in range(9):  # once around and on
            page.keyboard.press("Tab")
            assert page.evaluate(KEPT, id)
        page.keyboard.press("Escape")
        expect(box).to_be_hidden()
        expect(opener).to_be_focused()

    page.route(re.compile(r"/v1/companies/c-\d+$"), lambda route: route.fulfill(status=204))
    for _ in range(2):  # the last one of the list too
        page.get_by_role("button", name=re.compile("^Desvincular ")).last.focus()
        page.keyboard.press("Enter")
        page.locator("#unlink").get_by_role("button", name="Desvincular", exact=True).focus()
        page.keyboard.press("Enter")
        expect(page.locator("#unlink")).to_be_hidden()
        expect(page.locator("main :focus")).to_have_count(1)
    inside.hears(f"Desvinculaste {name}")
    expect(page.get_by_text("Ningún dato disponible en esta tabla")).to_be_visible()
