"""A machine whose clock is hours off, or is set while the page is there: what goes by days and by hours goes by the
server's."""

import datetime as dt

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import CLIENT, Visitor
from tests.journeys.person import Person


def today() -> dt.date:
    """The institute's."""
    return (dt.datetime.now(dt.UTC) - dt.timedelta(hours=3)).date()


@pytest.mark.parametrize("hours", [-60, 60])
def test_a_clock_that_is_off_misleads_nobody(visitor: Visitor, regular: Person, hours: int) -> None:
    page = visitor.page
    page.clock.install(time=dt.datetime.now(dt.UTC) + dt.timedelta(hours=hours))
    visitor.comes_in(regular)
    visitor.sees("Hola, María")
    visitor.go(f"/comprobantes/c-{CLIENT}/cuenta", "Cuenta corriente")
    expect(page.locator("#debt-title")).to_have_text(f"Sin pagar, al {today():%d/%m/%Y}")
    visitor.go(f"/comprobantes/c-{CLIENT}", "Descarga de comprobantes")
    expect(page.locator(".printed", has_text="Emitido el")).to_contain_text(f"{today():%d/%m/%Y}")
    page.get_by_label("Período").select_option("Año pasado")
    page.wait_for_url(f"**from={today().year - 1}-01-01&*")
    expect(page.locator("dialog[open]")).to_have_count(0)


def test_a_clock_that_is_set_hours_on_closes_no_session_that_is_open(visitor: Visitor, regular: Person) -> None:
    page = visitor.page
    page.clock.install()
    visitor.log_in(regular, "/mis-datos")
    page.locator("#last_name").fill("Fernández de Paz")
    renewed: list[str] = []
    page.on("request", lambda request: renewed.append(request.url) if "/session/refresh" in request.url else None)
    with page.expect_response("**/v1/session/refresh"):
        page.clock.fast_forward(9 * 3_600_000)
    page.clock.run_for(10_000)
    visitor.sees("Mis datos")
    expect(page.locator("#last_name")).to_have_value("Fernández de Paz")
    expect(page.locator("dialog[open]")).to_have_count(0)
    assert len(renewed) == 1
    page.clock.fast_forward((7 * 60 + 58) * 60_000)
    expect(page.get_by_role("dialog", name="Tu sesión está por terminar")).to_be_visible()


def test_where_the_server_does_not_say_whether_the_session_is_over_it_is(visitor: Visitor, regular: Person) -> None:
    page = visitor.page
    page.clock.install()
    visitor.log_in(regular, "/mis-datos")
    visitor.sees("Mis datos")
    page.route("**/v1/session/refresh", lambda route: route.abort("internetdisconnected"))
    page.clock.fast_forward(8 * 3_600_000 + 10_000)
    visitor.is_told("Tu sesión terminó")
