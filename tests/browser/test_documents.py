"""Chapters 4 and 6 in the browser: lists that the API orders, searches, filters and pages; details; downloads."""

import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect
from pypdf import PdfReader

from tests.browser.conftest import (
    CLIENT,
    OTHER_CLIENT,
    PHONE,
    SUPPLIER,
    Visitor,
    company,
    on_desktop_and_phone,
    within,
)
from tests.browser.test_states import problem
from tests.journeys.person import Person

LIST = f"/comprobantes/c-{OTHER_CLIENT}"
ALL = "Mostrando registros del 1 al 10 de un total de 87 registros"


@pytest.fixture
def documents(visitor: Visitor, regular: Person) -> Callable[[str], Page]:
    """Opens a list as somebody who may, and waits for its rows."""

    def opened(path: str) -> Page:
        page = visitor.log_in(regular, path)
        expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
        return page

    return opened


def amounts(page: Page, title: str) -> list[Decimal]:
    shown = page.locator(f"#documents tbody td[data-title={title}]").all_inner_texts()
    return [amount(text) for text in shown if text != "–"]


def amount(text: str) -> Decimal:
    return Decimal(text.replace("$", "").replace("\xa0", "").replace(".", "").replace(",", "."))


def test_a_list_has_the_words_of_the_manual_and_all_of_its_state_in_the_address(
    documents: Callable[[str], Page], visitor: Visitor
) -> None:
    page = documents(LIST)
    info = page.locator(".table-info")
    expect(info).to_have_text(ALL)
    expect(page).to_have_title("ACEROS PATAGÓNICOS SA - PLANTA NEUQUÉN – Mis comprobantes – miINTI")
    heads = page.locator("#documents thead th").all_inner_texts()
    assert [head.strip() for head in heads] == [
        "Elegir", "Fecha", "N° comprobante", "Tipo", "Facturado", "Cobrado", "Estado", "Descargar",
    ]  # fmt: skip
    page.get_by_role("button", name="Facturado").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text("Facturado")
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    first = amounts(page, "Facturado")
    assert first == sorted(first)
    page.get_by_role("button", name="Siguiente").click()
    expect(info).to_have_text("Mostrando registros del 11 al 20 de un total de 87 registros")
    between = amounts(page, "Facturado")
    page.get_by_role("button", name="Siguiente").click()
    expect(info).to_have_text("Mostrando registros del 21 al 30 de un total de 87 registros")
    second = amounts(page, "Facturado")
    assert first[-1] <= second[0]
    address = page.url
    assert address.endswith("?sort=billed&page=3")

    page.reload()
    expect(info).to_have_text("Mostrando registros del 21 al 30 de un total de 87 registros")
    assert amounts(page, "Facturado") == second
    page.get_by_role("button", name="Anterior").click()
    expect(info).to_have_text("Mostrando registros del 11 al 20 de un total de 87 registros")
    page.go_back()
    expect(info).to_have_text("Mostrando registros del 21 al 30 de un total de 87 registros")
    assert amounts(page, "Facturado") == second

    # The address alone says it all, to another tab too, which knows no cursor.
    other = visitor.another_tab()
    other.goto(address)
    expect(other.locator(".table-info")).to_have_text("Mostrando registros del 21 al 30 de un total de 87 registros")
    assert amounts(other, "Facturado") == second
    other.get_by_role("button", name="Anterior").click()
    expect(other.locator(".table-info")).to_contain_text("del 11 al 20")
    assert amounts(other, "Facturado") == between

    page.get_by_label("Mostrar").select_option("100")
    expect(info).to_have_text("Mostrando registros del 1 al 87 de un total de 87 registros")
    expect(page.locator("#documents tbody tr")).to_have_count(87)


def numbered(page: Page, count: int) -> list[tuple[int, int]]:
    """Answers, in the API's place, for a list of so many vouchers with numbers from 1 on. What was asked: rows passed
    over, rows asked for."""
    asked: list[tuple[int, int]] = []
    whole: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        if query["sort"] == ["status"]:  # what is owed
            return route.continue_()
        if not whole:
            whole.append(route.fetch(url=f"{route.request.url.split('?')[0]}?limit=1").json())
        (body,) = whole
        start, limit = int(query.get("cursor", ["c0"])[0][1:]), int(query["limit"][0])
        asked.append((start, limit))
        items = [{**body["items"][0], "number": f"205{n + 1:08}"} for n in range(start, min(start + limit, count))]
        following = f"c{start + limit}" if start + limit < count else None
        return route.fulfill(json={**body, "items": items, "total": count, "next": following})

    page.route("**/docs?*", answer)
    return asked


def test_a_sent_link_to_a_far_page_shows_that_page(documents: Callable[[str], Page], visitor: Visitor) -> None:
    asked = numbered(visitor.page, 10_000)
    page = documents(f"{LIST}?page=412")
    info = page.locator(".table-info")
    expect(info).to_have_text("Mostrando registros del 4.111 al 4.120 de un total de 10.000 registros")
    numbers = page.locator("#documents tbody td.main")
    assert [text.split()[0] for text in numbers.all_inner_texts()] == [f"0205-{n:08}" for n in range(4111, 4121)]
    assert asked == [*((n * 100, 100) for n in range(41)), (4100, 10), (4110, 10)]
    assert page.url.endswith("?page=412")
    page.get_by_role("button", name="Anterior").click()
    expect(info).to_contain_text("del 4.101 al 4.110")
    expect(numbers.first).to_contain_text("0205-00004101")
    page.get_by_role("button", name="Anterior").click()
    expect(info).to_contain_text("del 4.091 al 4.100")
    expect(numbers.first).to_contain_text("0205-00004091")
    assert asked[43:] == [(4100, 10), (4000, 90), (4090, 10)]  # no more than from where it is known
    # A page that there is not is known for that by the first answer.
    asked.clear()
    visitor.go(f"{LIST}?page=1001")
    expect(info).to_contain_text("del 1 al 10 de un total de 10.000")
    assert asked == [(0, 100), (0, 10)]


def test_the_way_to_a_far_page_is_told_goes_on_after_a_failure_and_can_be_left(
    documents: Callable[[str], Page], visitor: Visitor
) -> None:
    asked = numbered(visitor.page, 10_000)
    page = documents(LIST)
    visitor.listens()
    held: list[Route] = []

    def hold(route: Route) -> None:
        if "cursor=c2000&" in f"{route.request.url}&":
            held.append(route)
        else:
            route.fallback()

    page.route("**/docs?*", hold)
    visitor.go(f"{LIST}?page=31&size=100")
    visitor.hears("Buscando la página 31…")
    visitor.is_told("Buscando la página 31…")
    expect(page.get_by_text("2.000 de 3.000 registros")).to_be_visible()
    bar = page.get_by_role("progressbar", name="Avance")
    assert [bar.get_attribute("max"), bar.get_attribute("value")] == ["3000", "2000"]
    assert visitor.barriers() == []
    problem(500, "internal_error")(held.pop())
    visitor.is_told("No pudimos traer los comprobantes")
    asked.clear()
    page.get_by_role("button", name="Reintentar").click()
    expect(page.get_by_text("2.000 de 3.000 registros")).to_have_count(0)
    within(page, held).fallback()
    expect(page.locator(".table-info")).to_contain_text("del 3.001 al 3.100 ")
    assert asked == [(n * 100, 100) for n in range(20, 31)]

    visitor.go("/ayuda", "Ayuda")
    visitor.go(f"{LIST}?page=32&size=100")
    expect(page.get_by_text("2.000 de 3.100 registros")).to_be_visible()
    page.get_by_role("button", name="Ir a la primera página").click()
    expect(page.locator(".table-info")).to_contain_text("del 1 al 100 ")
    assert page.url.endswith("?size=100")
    expect(page.locator("#app").get_by_text("Buscando la página")).to_have_count(0)


@pytest.mark.parametrize(
    "wrong",
    [
        "page=99", "page=0", "size=7", "sort=evil", "status=nope", "type=%3Cb%3E", "from=2026-02-30", "to=2025-02-29",
        "from=2026-13-01", "to=0000-01-01", "from=2026-01-01T00:00", "unheard=of",
    ],
)  # fmt: skip
def test_what_an_address_says_wrong_is_left_out_of_it(documents: Callable[[str], Page], wrong: str) -> None:
    page = documents(f"{LIST}?q=factura&{wrong}")
    page.wait_for_url(lambda url: url.endswith(f"{LIST}?q=factura"))
    expect(page.locator(".table-info")).to_contain_text("del 1 al 10 ")
    expect(page.locator(".notice")).to_have_count(0)


def test_the_29th_of_february_is_a_day_in_a_leap_year(documents: Callable[[str], Page]) -> None:
    page = documents(f"{LIST}?to=2024-02-29")
    assert page.url.endswith("?to=2024-02-29")
    days = page.locator("#documents tbody td[data-title=Fecha]").all_inner_texts()
    assert "2024/02/01" < "/".join(reversed(days[0].split("/"))) <= "2024/02/29"


def test_what_the_api_will_not_take_is_told_and_is_not_a_company_that_is_gone(
    documents: Callable[[str], Page], visitor: Visitor
) -> None:
    page = documents(LIST)
    page.get_by_label("Período").select_option("other")
    page.get_by_label("Desde").fill("12026-01-01")
    visitor.is_told("No pudimos traer los comprobantes")
    expect(page.get_by_role("heading", level=1)).to_have_text("Descarga de comprobantes")
    page.get_by_role("button", name="Borrar filtros").first.click()
    expect(page.locator(".table-info")).to_have_text(ALL)


def test_what_is_shown_is_added_up_under_it_to_the_cent(documents: Callable[[str], Page], visitor: Visitor) -> None:
    page = documents(f"{LIST}?size=25")
    (total,) = page.locator("#documents tfoot tr").all()
    for size in ("25", "100"):
        page.get_by_label("Mostrar").select_option(size)
        expect(page.locator("#documents tbody tr")).to_have_count(min(int(size), 87))
        expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
        for title in ("Facturado", "Cobrado"):
            sum_ = amount(total.locator(f"td[data-title={title}]").inner_text())
            assert sum_ == sum(amounts(page, title)) > 0, (size, title)

    def otherwise(route: Route) -> None:
        body = route.fetch().json()
        rows = body["items"][:4]
        for row, currency, billed, collected in (
            (rows[0], "ARS", "99999999999999.99", None), (rows[1], "ARS", "-0.02", None),
            (rows[2], "USD", None, "0.10"), (rows[3], "USD", None, "0.20"),
        ):  # fmt: skip
            row.update(currency=currency, billed=billed, collected=collected)
        route.fulfill(json={**body, "items": rows, "total": 4, "next": None})

    # The list alone: what is owed is asked for too, and may still be on its way when the page is left.
    of_list = "**/docs?*sort=-date*"
    page.route(of_list, otherwise)
    page.reload()
    rows = page.locator("#documents tfoot tr")
    expect(rows).to_have_count(2)
    assert [" ".join(text.split()) for text in rows.all_inner_texts()] == [
        "Total de lo mostrado (ARS) $ 99.999.999.999.999,97 –",
        "Total de lo mostrado (USD) – US$ 0,30",
    ]
    page.set_viewport_size({"width": 390, "height": 800})
    expect(rows.first.get_by_role("cell", name="$\u00a099.999.999.999.999,97")).to_be_visible()
    expect(rows.first.get_by_text("–")).to_be_hidden()
    assert visitor.width() <= 0
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert sum("Total de lo mostrado (USD)" in each.extract_text() for each in printed.pages) == 1
    page.unroute(of_list)
    page.goto(f"{visitor.portal.url}{LIST}?q=esto+no+hay")
    visitor.is_told("Ningún registro coincide")
    expect(page.locator("tfoot")).to_have_count(0)


def test_what_is_owed_is_asked_for_again_with_the_list_and_until_then_the_account_tells_it(
    documents: Callable[[str], Page], visitor: Visitor
) -> None:
    asked: list[str] = []

    def fail(route: Route) -> None:
        asked.append(route.request.url)
        problem(500, "internal_error")(route)

    def of_debts(url: str) -> bool:
        return "/docs?" in url and "sort=status&" in f"{url}&" and "limit=100" in url

    visitor.page.route(of_debts, fail)
    page = documents(f"/comprobantes/c-{CLIENT}")
    balance = page.locator(".balance")
    link = balance.get_by_role("link", name="Ver en Cuenta corriente")
    expect(link).to_have_attribute("href", f"/comprobantes/c-{CLIENT}/cuenta")
    page.unroute(of_debts)
    page.get_by_role("button", name="Siguiente").click()
    expect(balance).to_contain_text("Vencido: $\u00a0")
    expect(link).to_have_count(0)

    # A list that failed and is tried again brings its sums too.
    page.route("**/docs?*", problem(500, "internal_error"))
    page.reload()
    visitor.is_told("No pudimos traer los comprobantes")
    page.unroute("**/docs?*")
    page.get_by_role("button", name="Reintentar").click()
    expect(balance).to_contain_text("Sin pagar: $\u00a0242.168,00")

    # Where they are too many for one query, each page of the list does not ask again.
    def many(route: Route) -> None:
        asked.append(route.request.url)
        body = route.fetch().json()
        route.fulfill(json={**body, "items": body["items"][:1] * 100, "next": "more"})

    page.route(of_debts, many)
    asked.clear()
    page.reload()
    expect(link).to_be_visible()
    for _ in range(2):
        page.get_by_role("button", name="Siguiente").click()
        expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    assert len(asked) == 1
    link.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cuenta corriente")


def test_what_is_typed_is_searched_by_the_api_and_the_focus_stays(documents: Callable[[str], Page]) -> None:
    page = documents(LIST)
    search = page.get_by_label("Buscar")
    search.press_sequentially("nota de crédito")
    expect(page.locator("#documents td[data-title=Tipo]").first).to_contain_text("Nota de Crédito")
    expect(page.locator(".table-info")).not_to_contain_text("87")
    assert set(page.locator("#documents td[data-title=Tipo]").all_inner_texts()) <= {
        "Nota de Crédito A",
        "Nota de Crédito B",
    }
    expect(search).to_be_focused()
    assert "q=nota+de+cr" in page.url
    search.fill("esto no está")
    expect(page.get_by_text("Ningún registro coincide con lo que buscás")).to_be_visible()
    page.locator(".no-rows").get_by_role("button", name="Borrar filtros").click()
    expect(page.locator(".table-info")).to_have_text(ALL)
    expect(search).to_have_value("")


def test_filters_by_state_type_and_period(documents: Callable[[str], Page]) -> None:
    page = documents(LIST)
    page.get_by_label("Estado").select_option("Pagado")
    expect(page.locator(".table-info")).not_to_contain_text("87")
    assert set(page.locator("#documents tbody .state").all_inner_texts()) == {"Pagado"}
    page.get_by_label("Tipo").select_option("001")
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    page.get_by_label("Período").select_option("other")
    page.get_by_label("Desde").fill("2025-01-01")
    page.wait_for_url(lambda url: url.endswith("?status=paid&type=001&from=2025-01-01"))
    page.get_by_label("Hasta").fill("2025-12-31")
    page.wait_for_url(lambda url: "to=2025-12-31" in url)
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    days = page.locator("#documents td[data-title=Fecha]").all_inner_texts()
    assert days
    assert {day[-4:] for day in days} == {"2025"}
    page.go_back()
    page.go_back()
    expect(page.get_by_label("Tipo")).to_have_value("001")
    expect(page.get_by_label("Período")).to_have_value("")
    expect(page.get_by_label("Estado")).to_have_value("paid")


def test_what_a_filter_shows_is_what_the_list_is_narrowed_by(documents: Callable[[str], Page]) -> None:
    page = documents(LIST)
    for label, values, clear in (
        ("Estado", ("overdue", "", "paid"), ""), ("Tipo", ("001", "", "006"), ""),
        ("Período", ("year", "", "last"), ""), ("Mostrar", ("25", "10", "25"), "25"),
    ):  # fmt: skip
        choice = page.get_by_label(label, exact=True)
        for value in values:
            choice.select_option(value)
            expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
        if clear:
            page.go_back()
            expect(choice).to_have_value("10")
        else:
            page.locator(".tools").get_by_role("button", name="Borrar filtros").click()
            expect(choice).to_have_value("")


def test_a_year_that_is_being_typed_is_no_period(documents: Callable[[str], Page]) -> None:
    page = documents(f"{LIST}?to=2025-12-31")
    before = page.evaluate("history.length")
    for year in ("0002", "0020", "0202"):
        page.get_by_label("Desde").fill(f"{year}-01-01")
    page.get_by_label("Desde").fill("2024-01-01")
    page.wait_for_url("**from=2024-01-01**")
    assert page.evaluate("history.length") == before + 1


@on_desktop_and_phone
def test_going_back_from_a_document_leads_to_where_one_was(visitor: Visitor, regular: Person) -> None:
    page = visitor.log_in(regular, f"{LIST}?size=100")
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    link = page.locator("td.main a").nth(60)
    link.scroll_into_view_if_needed()
    there = page.evaluate("scrollY")
    assert there > 1000
    link.click()
    expect(page.locator(".facts-grid")).to_be_visible()
    assert page.evaluate("scrollY") < 500
    page.go_back()
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    page.wait_for_function("there => Math.abs(scrollY - there) < 200", arg=there)


def test_a_document_from_a_sent_link_says_whose_it_is(documents: Callable[[str], Page], visitor: Visitor) -> None:
    page = documents(f"/comprobantes/c-{CLIENT}")
    detail = page.locator("td.main a").first.get_attribute("href") or ""
    visitor.go(detail)
    name = company("client", CLIENT)["name"]
    expect(page.locator(".crumbs")).to_contain_text(name)
    page.route("**/docs?*limit=1", problem(500, "internal_error"))
    visitor.go(detail)
    expect(page.locator(".facts-grid")).to_be_visible()
    expect(page.locator(".crumbs")).to_contain_text(f"Cliente {CLIENT}")
    expect(page.get_by_role("alert")).to_have_count(0)


def test_where_payments_cannot_be_had_documents_are_shown_all_the_same(
    documents: Callable[[str], Page], visitor: Visitor
) -> None:
    listed = f"/comprobantes/c-{CLIENT}"
    page = documents(f"{listed}?status=overdue")
    for fail in (problem(500, "internal_error"), lambda route: route.abort("internetdisconnected")):
        page.unroute_all()
        page.route("**/payments?*", fail)
        with page.expect_request("**/payments?*"):
            visitor.go(f"{listed}?status=overdue")
        detail = page.locator("td.main a").first.get_attribute("href") or ""
        visitor.go(detail)
        expect(page.get_by_role("link", name="Pagar", exact=True)).to_be_visible()
        expect(page.get_by_role("alert")).to_have_count(0)


def test_where_the_browser_takes_no_more_addresses_the_list_goes_on(
    documents: Callable[[str], Page], visitor: Visitor
) -> None:
    page = documents(LIST)
    page.evaluate("() => { history.replaceState = () => { throw new DOMException('too many', 'SecurityError'); }; }")
    page.get_by_label("Buscar").fill("nota de crédito")
    expect(page.locator(".table-info")).not_to_contain_text("87")
    assert visitor.complaints == []


def test_certificates_and_quotes_are_added_up_but_for_what_is_void(
    documents: Callable[[str], Page], visitor: Visitor
) -> None:
    page = documents(f"/retenciones/s-{SUPPLIER}?size=25")
    rows = page.locator("#documents tbody tr").all()
    counting = [row for row in rows if row.locator(".state").inner_text() != "Anulado"]
    for title in ("Base", "Retenido"):
        one = f"td[data-title={title}]"
        expect(page.locator(f"tfoot {one}")).to_have_count(1)
        assert amount(page.locator(f"tfoot {one}").inner_text()) == sum(
            amount(r.locator(one).inner_text()) for r in counting
        )
    visitor.go(f"/presupuestos/c-{CLIENT}")
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    assert amount(page.locator("tfoot td[data-title=Total]").inner_text()) == sum(amounts(page, "Total"))


def test_a_documents_detail_tells_what_paid_it_and_its_pdf_is_saved(documents: Callable[[str], Page]) -> None:
    page = documents(f"/comprobantes/c-{CLIENT}?status=paid&sort=-billed")
    expect(page.locator(".balance")).to_contain_text("Saldo a pagar")
    number = page.locator("td.main a").first.inner_text().split()[0]
    with page.expect_download() as downloading:
        page.locator("#documents button", has_text="Descargar").first.click()
    point, run = number.split("-")
    text = _text(downloading.value.path().read_bytes())
    assert run in text
    assert point in text

    page.locator("td.main a").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Factura B {number}")
    expect(page.get_by_role("heading", name="Con qué se pagó")).to_be_visible()
    expect(page.locator("#applications tbody tr").first).to_contain_text("Recibo")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Descargar PDF").click()
    assert downloading.value.suggested_filename.endswith(".pdf")
    page.locator("#applications td.main a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Recibo X")
    expect(page.locator("#applications")).to_contain_text(number)
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Factura B {number}")
    page.goto(page.url.replace("/comprobantes/", "/ordenes/"))
    page.wait_for_url(lambda url: "/comprobantes/" in url)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Factura B {number}")
    for path in (
        page.url + "9",
        page.url.rpartition("/")[0].replace("comprobantes", "retenciones"),
        page.url.replace(CLIENT, "9999999"),
    ):
        page.goto(path)
        expect(page.get_by_role("heading", level=1)).to_have_text("No encontramos lo que buscás")


@on_desktop_and_phone
def test_chapter_6_withholdings(documents: Callable[[str], Page]) -> None:
    page = documents(f"/retenciones/s-{SUPPLIER}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Descarga de retenciones")
    expect(page.locator(".table-info")).to_contain_text("de un total de 22 registros")
    page.get_by_label("Impuesto").select_option("IVA")
    expect(page.locator(".table-info")).not_to_contain_text("22")
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    assert set(page.locator("td[data-title=Impuesto]").all_inner_texts()) == {"IVA"}
    page.locator("td.main a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Retención de IVA")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Descargar PDF").click()
    assert "RETENCI" in _text(downloading.value.path().read_bytes()).upper()


@pytest.mark.parametrize(
    ("path", "name", "heading"),
    [("/presupuestos", "N° presupuesto", "Presupuesto P-"), ("/ordenes", "N° orden", "Orden de trabajo OT-")],
)
def test_quotes_and_work_orders_with_their_states(
    documents: Callable[[str], Page], path: str, name: str, heading: str
) -> None:
    page = documents(f"{path}/c-{CLIENT}")
    expect(page.get_by_role("button", name=name)).to_be_visible()
    assert page.locator("#documents .badge").count() == 10
    page.locator("td.main a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(heading)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Descargar PDF").click()
    assert downloading.value.path().read_bytes().startswith(b"%PDF")


def test_on_a_phone_rows_are_cards_and_the_order_is_chosen_from_a_list(visitors: Any, regular: Person) -> None:
    visitor = visitors(**PHONE)
    page = visitor.log_in(regular, LIST)
    expect(page.locator(".table-info")).to_have_text(ALL)
    assert page.locator("#documents thead button").count() == 0
    page.get_by_label("Ordenar por").select_option("-billed")
    page.wait_for_url(lambda url: url.endswith("?sort=-billed"))
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    shown = amounts(page, "Facturado")
    assert shown == sorted(shown, reverse=True)
    menu = page.get_by_role("button", name="Menú")
    menu.click()
    page.get_by_role("navigation", name="Principal").get_by_role("link", name="Mis retenciones").click()
    visitor.sees("Mis retenciones")
    expect(menu).to_have_attribute("aria-expanded", "false")


def _text(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)


def answered_with(page: Page, count: int, following: str | None, **change: Any) -> None:
    """The list, in the API's place: so many rows, of more than anybody counts; where there are following ones, as many
    as are asked for."""
    whole: list[dict[str, Any]] = []

    def answer(route: Route) -> None:
        if not whole:
            whole.append(route.fetch(url=f"{route.request.url.split('?')[0]}?limit=1").json())
        (body,) = whole
        limit = int(parse_qs(urlsplit(route.request.url).query)["limit"][0])
        rows = [{**body["items"][0], **change}] * (limit if following else count)
        route.fulfill(json={**body, "items": rows, "total": None, "next": following})

    page.route("**/docs?*sort=-date*", answer)


@pytest.mark.parametrize(
    ("count", "following", "words"),
    [
        (1, None, "Mostrando registros del 1 al 1 de un total de 1 registro"),
        (0, None, "Mostrando registros del 0 al 0 de un total de 0 registros"),
        (10, "more", "Mostrando registros del 1 al 10"),
    ],
)
def test_of_a_search_among_more_than_anybody_counts_only_what_is_known_is_told(
    documents: Callable[[str], Page], visitor: Visitor, count: int, following: str | None, words: str
) -> None:
    answered_with(visitor.page, count, following)
    page = documents(f"{LIST}?q=1513")
    expect(page.locator(".table-info")).to_have_text(words)
    if count:
        page.locator(".export summary").click()
        page.get_by_role("button", name="Todos los PDF").click()
        if following:
            visitor.is_told("filtrá hasta que queden 500 o menos")
        else:
            visitor.is_told("Listo: 1 PDF en un ZIP")


def test_a_type_that_is_not_offered_is_where_the_list_has_it_and_in_an_address(
    documents: Callable[[str], Page], visitor: Visitor
) -> None:
    answered_with(visitor.page, 2, None, type="081", type_label="Tique Factura", letter="A")
    page = documents(LIST)
    choice = page.get_by_label("Tipo", exact=True)
    with page.expect_request(lambda request: "type=081" in request.url):
        choice.select_option("Tique Factura A")
    page.reload()
    expect(choice.locator("option:checked")).to_have_text("Tique Factura A")
    assert page.url.endswith("?type=081")


def test_of_two_downloads_the_one_that_failed_is_named_though_the_other_goes_well(
    documents: Callable[[str], Page], visitor: Visitor
) -> None:
    page = documents(LIST)
    held: list[Route] = []
    page.route("**/download", lambda route: held.append(route))  # noqa: PLW0108  # see test_states
    buttons = page.locator("#documents button", has_text="Descargar")
    routes = []
    for n in range(2):
        buttons.nth(n).click()
        routes.append(within(page, held))
    name = buttons.first.locator(".sr-only").inner_text().removesuffix(" en PDF").strip()
    problem(500, "internal_error")(routes[0])
    told = page.locator("main .trouble")
    expect(told).to_contain_text(f"No pudimos descargar {name}")
    expect(told).to_be_visible()
    # Tried again while the other is on its way still, and gone well.
    buttons.first.click()
    again = within(page, held)
    expect(told).to_be_hidden()
    again.abort("internetdisconnected")
    expect(told).to_contain_text(f"No pudimos descargar {name}")
    with page.expect_download():
        routes[1].continue_()
    expect(buttons.nth(1)).not_to_have_attribute("aria-disabled", "true")
    expect(told).to_be_visible()
    page.unroute("**/download")
    with page.expect_download():
        buttons.first.click()
    expect(told).to_have_count(0)


def test_a_type_that_there_is_not_is_left_out_of_the_address(documents: Callable[[str], Page]) -> None:
    page = documents(f"{LIST}?type=999")
    expect(page.locator(".table-info")).to_have_text(ALL)
    assert page.url.endswith(LIST)


def test_a_year_of_two_figures_does_not_stay_in_sight_as_if_it_filtered(documents: Callable[[str], Page]) -> None:
    page = documents(f"{LIST}?from=2026-01-15")
    field = page.get_by_label("Desde")
    field.fill("0024-03-01")
    field.blur()
    expect(field).to_have_value("2026-01-15")
    assert page.url.endswith("?from=2026-01-15")
