"""What paper gets of a list and of a document: what they say, and nothing that is there to be pressed."""

import io

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from tests.browser.conftest import CLIENT, OTHER_CLIENT, Visitor, company

PAGES = [
    (
        f"/comprobantes/c-{OTHER_CLIENT}?status=paid&from=2026-01-01&q=factura",
        [
            "h1",
            ".company-head dl",
            ".balance-amount",
            "#documents thead",
            "#documents tbody tr",
            "tfoot",
            ".table-info",
        ],
        [
            "Descarga de comprobantes",
            company("client", OTHER_CLIENT)["name"],
            "Saldo",
            "Filtros «factura», Pagado, desde el 01/01/2026",
            "Emitido el",
            "Facturado",
            "Total de lo mostrado",
        ],
    ),
    (
        f"/comprobantes/c-{CLIENT}/v-00205-00001622-006",
        ["h1", ".lead .badge", ".facts-grid", "#applications thead"],
        ["Factura B 0205-00001622", company("client", CLIENT)["name"], "Con qué se pagó"],
    ),
]
PRESSED = (
    "button:not(thead button), select, input, summary, "
    ".menu, .account, .tools, .pages, .page-size, .crumbs, footer.footer"
)


@pytest.mark.parametrize(("path", "shown", "words"), PAGES, ids=["list", "detail"])
def test_paper_gets_what_is_told_and_nothing_to_press(
    inside: Visitor, path: str, shown: list[str], words: list[str]
) -> None:
    page = inside.page
    inside.go(path)
    expect(page.locator(shown[-1]).first).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.emulate_media(media="print")
    for what in shown:
        expect(page.locator(what).first).to_be_visible()
    assert page.locator(PRESSED).filter(visible=True).count() == 0
    colours = page.evaluate(
        "[getComputedStyle(document.querySelector('h1')).color, getComputedStyle(document.body).backgroundColor]"
    )
    assert colours == ["rgb(0, 0, 0)", "rgb(255, 255, 255)"]
    page.emulate_media(media="null")
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert {(round(each.mediabox.width), round(each.mediabox.height)) for each in printed.pages} == {(595, 842)}
    text = " ".join(" ".join(each.extract_text() for each in printed.pages).split())
    for each in words:
        assert each in text, each
    for each in ("Exportar", "Siguiente", "Buscar", "Mis consultas", "Descargar", "Imprimir"):
        assert each not in text, each
