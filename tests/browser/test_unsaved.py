"""What is not saved is asked about before it goes: by a link of the portal's, or by going back."""

from collections.abc import Callable
from typing import NamedTuple

import pytest
from playwright.sync_api import Dialog, Page, expect

from tests.browser.answers import REQUESTS
from tests.browser.conftest import CLIENT, TWO_FRAMES, Visitor
from tests.browser.faults import answer
from tests.browser.test_paying import choose, owed
from tests.journeys.person import Person


class Typed(NamedTuple):
    path: str
    heading: str
    begin: Callable[[Page], object]
    field: str
    value: str
    words: str
    alone: bool = False
    """Behind a dialog no link is to be had."""


def _filled(selector: str, value: str) -> Callable[[Page], None]:
    return lambda page: page.locator(selector).fill(value)


def _linking(page: Page) -> None:
    page.get_by_role("button", name="Vincular con Cliente/Proveedor").first.click()
    page.locator("#number").fill(CLIENT)


DATA = "Hay datos que no guardaste. ¿Querés salir igual?"
LINKING = "Todavía no vinculaste la empresa. ¿Querés salir igual?"
WAY = f"#c-{CLIENT}-voucher"
TYPED = [
    Typed("/mis-datos", "Mis datos", _filled("#last_name", "Paz"), "#last_name", "Paz", DATA),
    Typed("/mis-datos", "Mis datos", _filled("#email", "a@b.example"), "#email", "a@b.example", DATA),
    Typed(
        "/contrasena", "Cambiar la contraseña", _filled("#password", "nueve sapos"), "#password", "nueve sapos",
        "Todavía no cambiaste la contraseña. ¿Querés salir igual?",
    ),
    Typed(
        "/avisos", "Avisos por correo", lambda page: page.locator(WAY).select_option("none"), WAY, "none",
        "Hay avisos que no guardaste. ¿Querés salir igual?",
    ),
    Typed("/comprobantes", "Mis comprobantes", _linking, "#number", CLIENT, LINKING, alone=True),
    Typed("/vincular", "Pedidos de vinculación", _linking, "#number", CLIENT, LINKING, alone=True),
    Typed(
        f"/comprobantes/c-{CLIENT}/pagar", "Pagar", lambda page: choose(page, 1), "#debts input >> nth=0", "on",
        "Elegiste qué pagar y no empezaste el pago. ¿Querés salir igual?",
    ),
]  # fmt: skip
FOLLOW = """path => {
  const link = Object.assign(document.createElement('a'), { href: path });
  document.body.append(link);
  link.click();
  link.remove();
}"""


def begun(inside: Visitor, typed: Typed, leaves: bool) -> list[str]:
    """The page is come to from the help, and typed into. Answers what is asked from then on."""
    page = inside.page
    answer(page, "GET", "/companies/*/debts", owed(2))
    answer(page, "GET", "/companies/*/payments", {"items": [], "next": None})
    answer(page, "GET", "/link-requests", {"items": REQUESTS, "total": 1, "next": None})
    inside.go("/ayuda", "Ayuda")
    page.evaluate(FOLLOW, typed.path)
    inside.sees(typed.heading)
    expect(page.locator(".skeleton")).to_have_count(0)
    typed.begin(page)
    asked: list[str] = []

    def told(dialog: Dialog) -> None:
        asked.append(dialog.message)
        dialog.accept() if leaves else dialog.dismiss()

    page.once("dialog", told)
    return asked


@pytest.mark.parametrize("leaves", [True, False])
@pytest.mark.parametrize("typed", TYPED, ids=lambda typed: f"{typed.path} {typed.field}")
def test_who_goes_back_is_asked_once(inside: Visitor, typed: Typed, leaves: bool) -> None:
    page = inside.page
    asked = begun(inside, typed, leaves)
    page.go_back()
    if leaves:
        inside.sees("Ayuda")
        assert page.url.endswith("/ayuda")
    else:
        page.evaluate(TWO_FRAMES)
        inside.sees(typed.heading)
        expect(page.locator(typed.field)).to_have_value(typed.value)
        assert page.url.endswith(typed.path)
        page.once("dialog", lambda dialog: dialog.accept())
        page.go_back()  # what was there before still is
        inside.sees("Ayuda")
    assert asked == [typed.words]


@pytest.mark.parametrize("leaves", [True, False])
@pytest.mark.parametrize(
    "typed", [each for each in TYPED if not each.alone], ids=lambda each: f"{each.path} {each.field}"
)
def test_who_follows_a_link_is_asked_once(inside: Visitor, typed: Typed, leaves: bool) -> None:
    page = inside.page
    asked = begun(inside, typed, leaves)
    page.get_by_role("link", name="Mis consultas").first.click()
    inside.sees("Mis consultas" if leaves else typed.heading)
    if not leaves:
        expect(page.locator(typed.field)).to_have_value(typed.value)
        page.once("dialog", lambda dialog: dialog.accept())
        page.get_by_role("link", name="Mis consultas").first.click()
    inside.sees("Mis consultas")
    assert asked == [typed.words]


def test_who_has_saved_is_asked_nothing(visitor: Visitor, stranger: Person) -> None:
    page = visitor.log_in(stranger, "/ayuda")
    page.on("dialog", lambda dialog: visitor.complaints.append(dialog.message))
    page.evaluate(FOLLOW, "/mis-datos")
    page.get_by_label("Nombre", exact=True).fill("Ana ")
    page.get_by_role("button", name="Guardar").click()
    visitor.is_told("Guardamos tus datos")
    page.go_back()
    visitor.sees("Ayuda")
    page.evaluate(FOLLOW, "/comprobantes")
    page.get_by_role("button", name="Vincular con Cliente/Proveedor").first.click()
    page.locator("#number").fill("1")
    page.get_by_role("button", name="Cancelar").click()
    page.go_back()
    visitor.sees("Ayuda")
