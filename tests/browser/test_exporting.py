"""What is taken out of a list: its rows as a sheet, its PDFs as a ZIP made in the page."""

import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import Page, Route, expect
from pypdf import PdfReader

from tests.browser.conftest import OTHER_CLIENT, TWO_FRAMES, Visitor, on_desktop_and_phone, within
from tests.browser.test_documents import LIST
from tests.browser.test_states import a_failing_bucket, problem
from tests.journeys.person import Person

FOUR = f"{LIST}?type=001&status=paid"


def signed(url: str) -> bool:
    """An address of the bucket, as the API gives it."""
    return "X-Amz-Signature" in url


@pytest.fixture
def documents(visitor: Visitor, regular: Person) -> Callable[[str], Page]:
    def opened(path: str) -> Page:
        page = visitor.log_in(regular, path)
        expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
        return page

    return opened


def export(page: Page, what: str) -> None:
    page.locator(".export summary").click()
    page.locator(".export").get_by_role("button", name=what).click()


def total(page: Page) -> int:
    return int(page.locator(".table-info").inner_text().split("total de ")[1].split()[0])


def saved(page: Page, what: str) -> zipfile.ZipFile:
    with page.expect_download() as downloading:
        export(page, what)
    assert downloading.value.suggested_filename.endswith(".zip")
    return zipfile.ZipFile(io.BytesIO(downloading.value.path().read_bytes()))


def test_a_zip_is_one_that_others_read(visitor: Visitor) -> None:
    page = visitor.go("/ayuda", "Ayuda")
    script = """async () => {
        const { zip, crc32 } = await import('/js/zip.js');
        const named = [['a.pdf', '%PDF-1'], ['Ñandú & Cía.pdf', 'x'.repeat(70000)], ['vacío.txt', '']];
        const files = named.map(([name, text]) => ({ name, bytes: new TextEncoder().encode(text) }));
        const whole = new Uint8Array(await new Blob(zip(files, new Date(2026, 10, 24, 15, 4, 6))).arrayBuffer());
        return [Array.from(whole), crc32(new TextEncoder().encode('123456789')),
            Array.from(new Uint8Array(await new Blob(zip([])).arrayBuffer()))];
    }"""
    whole, check, nothing = page.evaluate(script)
    assert check == 0xCBF43926
    archive = zipfile.ZipFile(io.BytesIO(bytes(whole)))
    assert archive.testzip() is None
    assert archive.namelist() == ["a.pdf", "Ñandú & Cía.pdf", "vacío.txt"]
    assert archive.read("Ñandú & Cía.pdf") == b"x" * 70000
    assert {info.date_time for info in archive.infolist()} == {(2026, 11, 24, 15, 4, 6)}
    assert zipfile.ZipFile(io.BytesIO(bytes(nothing))).namelist() == []


def test_chosen_pdfs_come_as_a_zip_over_pages_of_the_list(documents: Callable[[str], Page]) -> None:
    page = documents(LIST)
    numbers = []
    for _ in range(2):
        row = page.locator("#documents tbody tr").nth(1)
        numbers.append(row.locator("td.main").inner_text().split()[0])
        row.get_by_role("checkbox").check()
        page.get_by_role("button", name="Siguiente").click()
        expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    expect(page.locator(".export summary")).to_contain_text("Exportar (2)")
    archive = saved(page, "Los 2 PDF elegidos")
    assert archive.testzip() is None
    texts = " ".join(
        each.extract_text() for name in archive.namelist() for each in PdfReader(io.BytesIO(archive.read(name))).pages
    )
    assert len(archive.namelist()) == 2
    assert all(number.split("-")[1] in texts for number in numbers)
    expect(page.locator(".notice")).to_contain_text("Listo: 2 PDF en un ZIP")
    export(page, "Borrar lo elegido")
    expect(page.locator("#documents input:checked")).to_have_count(0)


@on_desktop_and_phone
def test_all_filtered_pdfs_come_and_what_is_missing_is_told(documents: Callable[[str], Page]) -> None:
    page = documents(FOUR)
    many = total(page)
    assert many > 2
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == 1:
            problem(404, "file_missing")(route)
        elif len(asked) == 2:  # too many at once: waited for, and asked again
            problem(429, "too_many_attempts", **{"Retry-After": "1"})(route)
        else:
            route.continue_()

    page.route("**/download", answer)
    archive = saved(page, "Todos los PDF")
    assert archive.testzip() is None
    assert len(archive.namelist()) == many - 1
    expect(page.locator(".notice")).to_contain_text(f"Listo: {many - 1} PDF en un ZIP")
    expect(page.locator(".notice")).to_contain_text("Faltó este")
    expect(page.locator(".lacking li")).to_have_count(1)
    assert len(asked) == many + 1


def test_a_zip_that_was_cut_off_goes_on_where_it_was(documents: Callable[[str], Page], visitor: Visitor) -> None:
    page = documents(FOUR)
    many = total(page)
    asked: list[str] = []

    def answer(route: Route) -> None:
        asked.append(route.request.url)
        if len(asked) == many:
            visitor.context.set_offline(True)
            route.abort("internetdisconnected")
        else:
            route.continue_()

    page.route("**/download", answer)
    export(page, "Todos los PDF")
    visitor.is_told("No hay conexión")
    visitor.context.set_offline(False)
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Reintentar").click()
    assert len(zipfile.ZipFile(downloading.value.path()).namelist()) == many
    assert many < len(asked) <= many + 3  # no more than those that were on their way


def test_a_zip_in_the_making_shows_how_far_it_is_and_can_be_stopped(documents: Callable[[str], Page]) -> None:
    page = documents(FOUR)
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)
        if len(held) == 1:
            route.continue_()

    page.route("**/download", hold)
    export(page, "Todos los PDF")
    expect(page.get_by_text(f"Descargando 1 de {total(page)} PDF…")).to_be_visible()
    expect(page.locator("#zip-progress")).to_have_attribute("value", "1")
    page.get_by_role("button", name="Cancelar").click()
    expect(page.locator("#zip-progress")).to_have_count(0)
    expect(page.locator(".notice")).to_have_count(0)


def test_a_zip_that_was_stopped_while_it_waited_leaves_the_next_one_alone(documents: Callable[[str], Page]) -> None:
    page = documents(FOUR)
    page.clock.install()
    waits = iter(["10"] * 3)

    def busy(route: Route) -> None:
        problem(429, "too_many_attempts", **{"Retry-After": next(waits, "60")})(route)

    page.route("**/download", busy)
    export(page, "Todos los PDF")
    expect(page.locator("#zip-progress")).to_be_visible()
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Cancelar").click()
    export(page, "Todos los PDF")
    expect(page.locator("#zip-progress")).to_be_visible()
    page.clock.fast_forward(12_000)
    page.evaluate(TWO_FRAMES)
    expect(page.locator("#zip-progress")).to_be_visible()


def test_a_zip_that_is_tried_again_has_what_was_asked_for(documents: Callable[[str], Page], visitor: Visitor) -> None:
    page = documents(FOUR)
    many = total(page)
    page.route("**/docs?*", problem(500, "internal_error"))
    export(page, "Todos los PDF")
    visitor.is_told("No pudimos armar el ZIP")
    page.unroute("**/docs?*")
    page.locator(".tools").get_by_role("button", name="Borrar filtros").click()
    expect(page.locator(".table-info")).to_contain_text("87")
    with page.expect_download() as downloading:
        page.get_by_role("button", name="Reintentar").click()
    assert len(zipfile.ZipFile(downloading.value.path()).namelist()) == many
    expect(page.locator(".table-info")).to_contain_text("87")


def test_a_file_of_which_no_byte_comes_is_given_up(documents: Callable[[str], Page], visitor: Visitor) -> None:
    page = documents(FOUR)
    page.clock.install()
    held: list[Route] = []
    page.route(signed, lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks its handlers
    button = page.locator("#documents button", has_text="Descargar").first
    button.click()
    within(page, held)
    page.clock.fast_forward(26_000)
    visitor.is_told("El servidor no responde")
    expect(button).not_to_have_attribute("aria-disabled", "true")


def test_beyond_500_the_list_is_to_be_narrowed_first(documents: Callable[[str], Page]) -> None:
    page = documents(LIST)

    def more(route: Route) -> None:
        answer = route.fetch().json()
        route.fulfill(json={**answer, "total": 501})

    page.route("**/docs?*", more)
    page.get_by_label("Mostrar").select_option("25")
    expect(page.locator(".table-info")).to_contain_text("501")
    page.locator(".export summary").click()
    expect(page.get_by_text("filtrá hasta que queden 500 o menos")).to_be_visible()
    expect(page.get_by_role("button", name="Todos los PDF")).to_have_count(0)


def xlsx(body: bytes) -> list[list[Any]]:
    sheet = load_workbook(io.BytesIO(body)).active
    assert sheet is not None
    return [
        [each.date().isoformat() if isinstance(each, dt.datetime) else each for each in row]
        for row in sheet.iter_rows(values_only=True)
    ]


def csv_(body: bytes) -> list[list[Any]]:
    def told(cell: str) -> Any:
        if re.fullmatch(r"\d\d/\d\d/\d{4}", cell):
            return "-".join(reversed(cell.split("/")))
        return float(cell.replace(",", ".")) if re.fullmatch(r"-?\d+,\d\d", cell) else cell or None

    return [[told(cell) for cell in row] for row in csv.reader(io.StringIO(body.decode("utf-8-sig")), delimiter=";")]


@on_desktop_and_phone
@pytest.mark.parametrize(("button", "ending", "read"), [("Excel", "xlsx", xlsx), ("CSV", "csv", csv_)])
def test_a_sheet_has_what_the_list_has_under_its_filters_and_adds_it_up(
    documents: Callable[[str], Page],
    regular: Person,
    button: str,
    ending: str,
    read: Callable[[bytes], list[list[Any]]],
) -> None:
    page = documents(f"{LIST}?q=factura&from=2022-01-01&to=2025-12-31&sort=-billed&size=25")
    filters = {"q": "factura", "from": "2022-01-01", "to": "2025-12-31", "sort": "-billed"}
    person = regular.elsewhere()
    assert person.login().status_code == 200
    answer = person.get(f"/v1/companies/c-{OTHER_CLIENT}/docs", limit=100, **filters)
    listed = answer["items"]
    assert total(page) == len(listed) == answer["total"] > 25
    with page.expect_download() as downloading:
        export(page, button)
    assert downloading.value.suggested_filename.endswith(f".{ending}")
    expect(page.locator(".notice-error")).to_have_count(0)
    heads, *rows, sums = read(downloading.value.path().read_bytes())
    assert heads == [
        "Fecha", "N° Comprobante", "Tipo", "Letra", "Vencimiento", "Facturado", "Cobrado", "Saldo", "Moneda", "Estado",
    ]  # fmt: skip

    def money(item: dict[str, Any], field: str) -> float | None:
        return None if item[field] is None else float(item[field])

    assert [[*row[:1], int(re.sub(r"\D", "", row[1])), *row[2:]] for row in rows] == [
        [
            item["date"], int(item["number"]), item["type_label"], item["letter"], item["due_date"],
            money(item, "billed"), money(item, "collected"), money(item, "remaining"), item["currency"],
            item["status_label"],
        ]
        for item in listed
    ]  # fmt: skip

    def added(field: str) -> float | None:
        told = [Decimal(item[field]) for item in listed if item[field] is not None]
        return float(sum(told)) if told else None

    assert sums == ["Total", *[None] * 4, added("billed"), added("collected"), added("remaining"), "ARS", None]


def test_without_the_module_that_makes_zips_nothing_is_fetched_and_the_page_is_to_be_loaded_anew(
    documents: Callable[[str], Page], visitor: Visitor
) -> None:
    page = documents(FOUR)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/download") else None)
    page.route("**/js/zip.js", lambda route: route.fulfill(status=404, body="No está acá."))
    page.locator(".export summary").click()
    visitor.is_told("Actualizá la página")
    visitor.is_told("Hay una versión nueva de miINTI")
    expect(page.get_by_role("button", name="Reintentar")).to_have_count(0)
    assert asked == []
    page.unroute("**/js/zip.js")
    page.get_by_role("button", name="Actualizar").click()
    expect(page.get_by_role("button", name="Actualizar")).to_have_count(0)
    expect(page.locator("#documents")).to_have_attribute("aria-busy", "false")
    assert len(saved(page, "Todos los PDF").namelist()) == total(page) == len(asked)


@a_failing_bucket
def test_a_bucket_that_fails_is_told_and_the_page_stays(
    documents: Callable[[str], Page], visitor: Visitor, fail: Callable[[Route], None], words: str
) -> None:
    page = documents(FOUR)
    address = page.url

    def document() -> None:
        page.locator("#documents button", has_text="Descargar").first.click()

    def sheet() -> None:
        export(page, "CSV")

    for act in (document, sheet):
        page.route(signed, fail)
        act()
        expect(page.locator(".notice")).to_contain_text(words)
        assert page.url == address
        page.unroute(signed)
        with page.expect_download():
            act()
        expect(page.locator(".notice")).to_have_count(0)
