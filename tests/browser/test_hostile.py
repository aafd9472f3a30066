"""A company with everything at once: ten thousand vouchers, amounts of sixteen figures, and names that would be markup,
spreadsheet formulas and longer than any line; a supplier, a quote and a work order like it. Every page that shows them,
wide and narrow."""

from typing import Any

import pytest
from playwright.sync_api import Dialog, Page, expect

from miinti import aws
from miinti.documents import rows
from tests import documents
from tests.browser.answers import LINKS, PAYMENTS, REQUESTS
from tests.browser.conftest import CLIENT, Visitor
from tests.browser.faults import answer
from tests.journeys.conftest import Portal
from tests.journeys.person import Person

COUNT = 10_000
COMPANY, SUPPLIER = "c-66613", "s-66614"
NAME = ('<script>document.title="x"</script><img src=x onerror=alert(1)> "Ñandú" & \'hijos\' =CMD() ' + "W" * 200)[:200]
HUGE = 1_234_567_890_123_456
"""Cents."""
FIRST_NAME = "<b>Ana</b>" + "Z" * 60
WITHHOLDING, QUOTE, WORK_ORDER = "w-IVA-20269999999999", "q-P-2026-999999", "o-OT-2026-999999"
OTHERS: dict[str, tuple[str, dict[str, Any]]] = {
    WITHHOLDING: (
        SUPPLIER,
        {
            "date": "2026-11-03", "regime": "214", "rate": "16.80", "status": "issued", "tax_code": "767",
            "source_type_code": "001", "source_date": "2026-10-30", "security_code": None, "voided_date": None,
            **dict.fromkeys(("base", "amount", "source_total"), HUGE),
            **dict.fromkeys(("jurisdiction", "payment_order", "source_number", "system", "form"), NAME),
        },
    ),
    QUOTE: (
        COMPANY,
        {
            "date": "2026-11-03", "valid_until": "2026-12-03", "currency": "ARS", "status": "accepted", "quantity": 5,
            "decided_date": None, "work_order": None,
            **dict.fromkeys(("total", "net", "vat"), HUGE),
            **dict.fromkeys(("service", "service_code", "centre"), NAME),
        },
    ),
    WORK_ORDER: (
        COMPANY,
        {
            "date": "2026-11-03", "stage": "in_progress", "progress": 50, "promised_date": None, "report_date": None,
            "received_date": None, "samples": 5, "invoice": None, "quote_number": "P-2026-999999",
            **dict.fromkeys(
                ("service", "service_code", "centre", "sample_id", "sample_description", "report_number"), NAME
            ),
        },
    ),
}  # fmt: skip
"""A document of each other kind, whose texts are all the name."""


@pytest.fixture(scope="module")
def ana(portal: Portal) -> Person:
    """Linked to it. The rows are put as deliveries leave them: taking them in is not what is looked at here."""
    person = Person(portal, FIRST_NAME, "O'Higgins & Cía").arrive()
    account_id = person.ask("GET", "/v1/me").json()["id"]
    named: dict[str, Any] = {"name": NAME, "address": NAME, "email": "on.file@example.com", "as_of": 1795500000}
    table = portal.deployed["resources"]["CompaniesTable"]
    made = [
        documents.company_row(
            COMPANY, **named, balance=HUGE, n_voucher=COUNT, n_quote=1, n_work_order=1, open_cents=HUGE
        ),
        documents.company_row(SUPPLIER, **named, n_withholding=1),
        *(documents.link_row(account_id, company_id) for company_id in (COMPANY, SUPPLIER)),
        *(rows.row(company_id, doc_id, facts) for doc_id, (company_id, facts) in OTHERS.items()),
        *map(voucher, range(COUNT)),
    ]
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
    f"/comprobantes/{COMPANY}/cuenta": "#statement",
    f"/retenciones/{SUPPLIER}": "main td.main",
    f"/retenciones/{SUPPLIER}/{WITHHOLDING}": "main dl",
    f"/presupuestos/{COMPANY}": "main td.main",
    f"/presupuestos/{COMPANY}/{QUOTE}": "main dl",
    f"/ordenes/{COMPANY}": "main td.main",
    f"/ordenes/{COMPANY}/{WORK_ORDER}": "main dl",
    "/avisos": "main fieldset",
    "/mis-datos": "main form",
}


def test_S65_whatever_stands_in_names_and_however_much_there_is_it_is_text_and_fits(
    visitor: Visitor, ana: Person
) -> None:
    page = visitor.log_in(ana)
    page.on("dialog", lambda dialog: visitor.complaints.append(f"a dialog: {dialog.message}"))
    for path, shown in PATHS.items():
        visitor.go(path)
        seen(page, shown)
        # The statement of ten thousand comes in fifty answers.
        page.wait_for_load_state("networkidle", timeout=120_000)
        expect(page.locator("main .skeleton")).to_have_count(0)
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            assert visitor.width() <= 0, (width, path)
            assert visitor.barriers() == [], (width, path)
        assert page.locator("main img, main script, main b:text-is('Ana')").count() == 0, path


AMOUNT = "12345678901234.56"
DEBTS: dict[str, Any] = {
    "company": {"id": f"c-{CLIENT}", "name": NAME},
    "items": [
        {
            "id": f"v-00205-{n:08}-001", "number": f"205{n:08}", "type": "001", "type_label": NAME, "letter": "<b>",
            "date": "2026-01-02", "due_date": "2026-02-02", "remaining": AMOUNT, "currency": "ARS",
            "status": "overdue", "status_label": "Vencido", "payment": None,
        }
        for n in range(1, 4)
    ],
    **dict.fromkeys(("total", "overdue", "in_payment"), "37037036703703.68"),
    "currency": "ARS",
}  # fmt: skip
STUBBED: dict[str, tuple[str, dict[str, Any]]] = {
    f"/comprobantes/c-{CLIENT}/pagar": (
        "#debts tbody tr",
        {
            "/companies/*/debts": DEBTS,
            "/companies/*/payments": {
                "items": [
                    {
                        **PAYMENTS[0],
                        "amount": AMOUNT,
                        "documents": [{"doc_id": "v-00205-00001624-006", "amount": AMOUNT}] * 3,
                    }
                ],
                "next": None,
            },
        },
    ),
    "/vincular": (
        "main section.card",
        {
            "/link-requests": {
                "items": [
                    {
                        **REQUESTS[0],
                        "request_id": f"asked{state}",
                        "number": NAME,
                        "cuit": NAME,
                        "state": state,
                        "created_at": at,
                    }
                    for state, at in (("received", "2026-11-24T12:00:00Z"), ("refused", "2026-11-23T12:00:00Z"))
                ],
                "total": 2,
                "next": None,
            }
        },
    ),
    "/enlaces": (
        ".session",
        {
            "/me/links": {
                "items": [
                    {**LINKS[0], "id": "a/../b?c#d", "document": {"kind": kind, "number": NAME, "date": "2026-11-03"}}
                    for kind in ("quote", "<b>")
                ],
                "total": 12_345_678,
                "next": "more",
            }
        },
    ),
}


@pytest.mark.parametrize("path", STUBBED)
def test_S65_whatever_the_api_says_of_payments_requests_and_links_is_text_and_fits(inside: Visitor, path: str) -> None:
    page = inside.page
    asked: list[str] = []

    def told(dialog: Dialog) -> None:
        if dialog.type != "beforeunload":  # what was chosen is not paid
            asked.append(dialog.message)
        dialog.accept()

    page.on("dialog", told)
    shown, answers = STUBBED[path]
    for route, body in answers.items():
        answer(page, "GET", route, body)
    inside.go(path)
    expect(page.locator(shown).first).to_be_visible()
    for chosen in page.locator("#debts input").all():
        chosen.check()
        assert page.get_by_text("Elegiste").count() == 1
    for width in (1280, 320):
        page.set_viewport_size({"width": width, "height": 800})
        assert inside.width() <= 0, width
        assert inside.barriers() == [], width
    if path.endswith("pagar"):
        inside.is_told("$\u00a037.037.036.703.703,68")
        expect(page.locator("#debts")).to_contain_text(NAME)
    else:
        inside.is_told(NAME[:60])
    assert page.locator("main img, main script, main b").count() == 0
    assert page.title().endswith("– miINTI")
    page.set_viewport_size({"width": 1280, "height": 800})
    inside.go("/ayuda", "Ayuda")
    page.remove_listener("dialog", told)
    assert asked == []


def seen(page: Page, what: str) -> None:
    """A statement of ten thousand, out of an emulator that a busy machine makes wait: tried again as people do."""
    there, again = page.locator(what).first, page.get_by_role("button", name="Reintentar").first
    for _ in range(6):
        expect(there.or_(again).first).to_be_visible(timeout=60_000)
        if there.is_visible():
            return
        again.click()
    expect(there).to_be_visible()


def test_ten_thousand_rows_are_counted_ordered_and_walked(visitor: Visitor, ana: Person) -> None:
    page = visitor.log_in(ana, f"/comprobantes/{COMPANY}")
    visitor.is_told("de un total de 10.000")
    page.get_by_role("link", name="Siguiente").or_(page.get_by_role("button", name="Siguiente")).first.click()
    visitor.is_told("Mostrando registros del 11 al 20 de un total de 10.000")
    visitor.go(f"/comprobantes/{COMPANY}?sort=-billed")
    expect(page.get_by_text("$\u00a012.345.678.901.234,56").first).to_be_visible()
    # A link that was sent to a page in the middle of them, and what comes before it there.
    visitor.go(f"/comprobantes/{COMPANY}?sort=number&page=401")
    far = page.locator(".table-info", has_text="Mostrando registros del 4.001 al 4.010 de un total de 10.000")
    expect(far).to_be_visible(timeout=180_000)
    here = page.locator("td.main").all_inner_texts()
    page.get_by_role("button", name="Anterior").click()
    visitor.is_told("Mostrando registros del 3.991 al 4.000 de un total de 10.000")
    before = page.locator("td.main").all_inner_texts()
    assert before + here == sorted(before + here)
    assert len({*before, *here}) == 20
