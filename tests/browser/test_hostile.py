"""A company with everything at once: ten thousand vouchers, amounts of sixteen figures, and names that would be markup,
spreadsheet formulas and longer than any line. Every page that shows it, wide and narrow."""

from typing import Any

import pytest
from playwright.sync_api import expect

from miinti import aws
from miinti.companies import access
from miinti.documents import rows
from tests import documents
from tests.browser.conftest import Visitor
from tests.journeys.conftest import Portal
from tests.journeys.person import Person

COUNT = 10_000
COMPANY = "c-66613"
NAME = ('<script>document.title="x"</script><img src=x onerror=alert(1)> "Ñandú" & \'hijos\' =CMD() ' + "W" * 200)[:200]
HUGE = 1_234_567_890_123_456
"""Cents."""
FIRST_NAME = "<b>Ana</b>" + "Z" * 60


@pytest.fixture(scope="module")
def ana(portal: Portal) -> Person:
    """Linked to it. The rows are put as deliveries leave them: taking them in is not what is looked at here."""
    person = Person(portal, FIRST_NAME, "O'Higgins & Cía").arrive()
    account_id = person.ask("GET", "/v1/me").json()["id"]
    company = documents.company_row(
        COMPANY, name=NAME, address=NAME, email="on.file@example.com", balance=HUGE, as_of=1795500000,
        n_voucher=COUNT, open_cents=HUGE,
    )  # fmt: skip
    table = portal.deployed["resources"]["CompaniesTable"]
    made = [company, documents.link_row(account_id, COMPANY), *map(voucher, range(COUNT))]
    for start in range(0, len(made), 25):
        puts: list[Any] = [{"PutRequest": {"Item": aws.pack(row)}} for row in made[start : start + 25]]
        assert not portal.aws("dynamodb").batch_write_item(RequestItems={table: puts})["UnprocessedItems"]
    return person


def voucher(n: int) -> dict[str, Any]:
    facts = documents.made_facts(n)
    if n % 3 == 0:
        facts |= {"billed": HUGE, "remaining": HUGE}
    doc_id = rows.voucher_id("006" if n % 3 else "001", 1 + n % 5, n + 1)
    return rows.row(COMPANY, doc_id, facts)


PATHS = {
    "/": "h1",
    "/comprobantes": "main td.main",
    f"/comprobantes/{COMPANY}": ".balance-amount",
    f"/comprobantes/{COMPANY}?sort=-billed&size=100&page=3": "main tbody tr",
    f"/comprobantes/{COMPANY}?q=242&status=overdue": "main h1",
    f"/comprobantes/{COMPANY}/{rows.voucher_id('001', 1, 1)}": "main h1",
    f"/comprobantes/{COMPANY}/cuenta": "main table",
    "/avisos": "main fieldset",
    "/mis-datos": "main form",
}


@pytest.mark.parametrize("width", [1280, 320])
def test_S65_whatever_stands_in_names_and_however_much_there_is_it_is_text_and_fits(
    visitor: Visitor, ana: Person, width: int
) -> None:
    page = visitor.log_in(ana)
    page.on("dialog", lambda dialog: visitor.complaints.append(f"a dialog: {dialog.message}"))
    page.set_viewport_size({"width": width, "height": 800})
    for path, shown in PATHS.items():
        visitor.go(path)
        # A statement of ten thousand, out of an emulator that a busy machine makes wait.
        expect(page.locator(shown).first).to_be_visible(timeout=180_000)
        page.wait_for_load_state("networkidle")
        expect(page.locator("main .skeleton")).to_have_count(0)
        assert visitor.width() <= 0, (width, path)
        assert page.locator("main img, main script, main b:text-is('Ana')").count() == 0, path
        assert page.title() != "x"
        assert visitor.barriers() == [], path
    assert access.ID.fullmatch(COMPANY)


def test_ten_thousand_rows_are_counted_ordered_and_walked(visitor: Visitor, ana: Person) -> None:
    page = visitor.log_in(ana, f"/comprobantes/{COMPANY}")
    visitor.is_told("de un total de 10.000")
    page.get_by_role("link", name="Siguiente").or_(page.get_by_role("button", name="Siguiente")).first.click()
    visitor.is_told("Mostrando registros del 11 al 20 de un total de 10.000")
    visitor.go(f"/comprobantes/{COMPANY}?sort=-billed")
    expect(page.get_by_text("$\u00a012.345.678.901.234,56").first).to_be_visible()
    # A link that was sent to a page in the middle of them, and what comes before it there.
    visitor.go(f"/comprobantes/{COMPANY}?sort=number&page=401")
    visitor.is_told("Mostrando registros del 4.001 al 4.010 de un total de 10.000")
    here = page.locator("td.main").all_inner_texts()
    page.get_by_role("button", name="Anterior").click()
    visitor.is_told("Mostrando registros del 3.991 al 4.000 de un total de 10.000")
    before = page.locator("td.main").all_inner_texts()
    assert before + here == sorted(before + here)
    assert len({*before, *here}) == 20
