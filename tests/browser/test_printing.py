"""What paper gets of a list and of a document: what they say, and nothing that is there to be pressed."""

import io

import pytest
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from tests.browser.conftest import CLIENT, OTHER_CLIENT, SUPPLIER, Visitor, company
from tests.journeys.person import Person

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


TO_PRESS = ("Exportar", "Siguiente", "Buscar", "Mis consultas", "Descargar", "Imprimir")


def bare(text: str) -> str:
    """Without blanks: a PDF has them where lines end."""
    return "".join(text.split())


def printed(page: Page) -> str:
    """All that the sheets say."""
    sheets = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True))).pages
    assert {(round(each.mediabox.width), round(each.mediabox.height)) for each in sheets} == {(595, 842)}
    return bare("".join(each.extract_text() for each in sheets))


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
    text = printed(page)
    for each in [*words, page.url]:
        assert bare(each) in text, each
    for each in TO_PRESS:
        assert bare(each) not in text, each


SECTIONS = {"retenciones": f"s-{SUPPLIER}", "presupuestos": f"c-{CLIENT}", "ordenes": f"c-{CLIENT}"}
A4 = {"width": 680, "height": 1000}
"""Less its margins."""
CUT = """[...document.querySelectorAll('.bar *, main *')].filter((each) => {
  const { left, right, width } = each.getBoundingClientRect();
  const hides = width > 1 && getComputedStyle(each).overflowX !== 'visible' && each.scrollWidth > each.clientWidth + 1;
  return right > innerWidth + 1 || left < -8 || hides;
}).map((each) => each.outerHTML.slice(0, 200))"""


@pytest.mark.parametrize("one", [False, True], ids=["list", "detail"])
@pytest.mark.parametrize("section", SECTIONS)
def test_nothing_of_the_other_kinds_is_cut_on_paper(visitor: Visitor, regular: Person, section: str, one: bool) -> None:
    page = visitor.log_in(regular, f"/{section}/{SECTIONS[section]}?size=25")
    first = page.locator("td.main a").first
    expect(first).to_be_visible()
    if one:
        first.click()
        expect(page.locator(".facts-grid")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.emulate_media(media="print")
    page.set_viewport_size(A4)  # type: ignore[arg-type]  # width and height
    assert page.evaluate(CUT) == []
    assert page.locator(PRESSED).filter(visible=True).count() == 0
    told = page.locator("h1, .facts dd, .facts-grid dt, .facts-grid dd, main th, main td, .table-info")
    words = [text.replace("(ver detalle)", "") for text in told.filter(visible=True).all_inner_texts()]  # for ears
    assert len(words) > 10
    page.emulate_media(media="null")
    text = printed(page)
    for each in [*words, page.url]:
        assert bare(each) in text, each
    for each in TO_PRESS:
        assert bare(each) not in text, each
