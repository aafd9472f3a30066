"""The running account: movements, what is owed by its age, and its PDF."""

import io
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, Route, expect
from pypdf import PdfReader

from tests.browser.answers import STATEMENT, stub
from tests.browser.conftest import CLIENT, OTHER_CLIENT, SUPPLIER, Visitor, shifts, within
from tests.browser.test_states import problem
from tests.journeys.person import Person

ACCOUNT = f"/comprobantes/c-{OTHER_CLIENT}/cuenta"


@pytest.fixture
def account(visitor: Visitor, regular: Person) -> Callable[[str], Page]:
    def opened(path: str = ACCOUNT) -> Page:
        page = visitor.log_in(regular)
        stub(page)
        visitor.go(path, "Cuenta corriente")
        return page

    return opened


def test_movements_run_from_the_balance_before_to_the_last(account: Callable[..., Page]) -> None:
    page = account()
    rows = page.locator("#statement tbody tr")
    expect(rows).to_have_count(6)
    expect(rows.first).to_contain_text("Saldo anterior")
    expect(rows.nth(1)).to_contain_text("03/08/2026")
    expect(rows.nth(1)).to_contain_text("$\u00a0242.168,00")
    expect(rows.nth(3)).to_contain_text("$\u00a012.345.678.901.234,56")
    for row in (rows.nth(4), rows.last):  # below zero it is the company's
        expect(row).to_contain_text("$\u00a0100.000,00 a favor")
        expect(row).not_to_contain_text("-$")
    expect(rows.first).not_to_contain_text("favor")
    expect(rows.last).to_contain_text("Saldo final (saldo a favor)")
    expect(rows.nth(1).get_by_role("link")).to_have_attribute(
        "href", f"/comprobantes/c-{OTHER_CLIENT}/v-00205-00001601-001"
    )
    expect(page).to_have_title("Cuenta corriente – ACEROS PATAGÓNICOS SA - PLANTA NEUQUÉN – miINTI")


def test_its_period_is_in_the_address_and_asked_of_the_api(account: Callable[..., Page], visitor: Visitor) -> None:
    page = account()
    expect(page.locator("#statement")).to_be_visible()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url) if "/statement?" in request.url else None)
    page.get_by_label("Período").select_option("other")
    page.get_by_label("Desde").fill("2026-08-01")
    page.get_by_label("Hasta").fill("2026-10-31")
    page.wait_for_url(lambda url: url.endswith("/cuenta?from=2026-08-01&to=2026-10-31"))
    expect(page.locator("#statement")).to_have_attribute("aria-busy", "false")
    assert parse_qs(urlsplit(asked[-1]).query) == {"from": ["2026-08-01"], "to": ["2026-10-31"]}
    page.reload()
    expect(page.get_by_label("Desde")).to_have_value("2026-08-01")
    page.go_back()
    expect(page.get_by_label("Hasta")).to_have_value("")
    expect(visitor.page.locator("#statement")).to_be_visible()


def test_what_is_owed_agrees_with_the_list_and_with_the_balance(account: Callable[..., Page]) -> None:
    page = account(f"/comprobantes/c-{CLIENT}/cuenta")
    facts = page.locator(".debt .facts")
    expect(facts).to_contain_text("$\u00a0242.168,00")
    expect(page.locator(".ageing tbody tr")).to_have_count(5)
    expect(page.locator(".ageing tbody tr").last).to_contain_text("$\u00a0242.168,00")
    expect(page.locator(".ageing tbody tr").last).to_contain_text("100\u00a0%")
    bars = page.locator(".ageing svg[aria-hidden=true] rect:last-child").all()
    shares = [text.replace("\u00a0%", "").replace(",", ".") for text in page.locator(".share-text").all_inner_texts()]
    assert [bar.get_attribute("width") for bar in bars] == shares == ["0", "0", "0", "0", "100"]
    page.get_by_role("link", name="ADM. FEDERAL DE ING. PUBLICOS").click()
    expect(page.locator(".balance")).to_contain_text("Sin pagar: $\u00a0242.168,00")
    expect(page.locator(".balance")).to_contain_text("Vencido: $\u00a0242.168,00")
    page.get_by_role("link", name="Cuenta corriente").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Cuenta corriente")


def test_debts_are_sorted_by_days_and_added_without_rounding(visitor: Visitor) -> None:
    page = visitor.go("/ayuda", "Ayuda")

    def row(due: str | None, remaining: str, currency: str = "ARS") -> dict[str, str | None]:
        return {"date": "2026-01-01", "due_date": due, "remaining": remaining, "currency": currency}

    rows = [
        row("2026-11-25", "1.10"), row("2026-11-24", "2.20"),  # comes, today
        row("2026-11-23", "99999999999999.99"), row("2026-10-25", "0.02"),  # 1, 30
        row("2026-10-24", "4.00"), row("2026-09-25", "4.00"),  # 31, 60
        row("2026-09-24", "5.00"), row("2026-08-26", "5.00"),  # 61, 90
        row("2026-08-25", "6.00"), row(None, "6.00"),  # 91, none: its own day
        row("2026-11-30", "10.00", "USD"),
    ]  # fmt: skip
    script = "rows => import('/js/ageing.js').then(module => module.ageing(rows, '2026-11-24'))"
    pesos, dollars = page.evaluate(script, rows)
    assert [bucket["amount"] for bucket in pesos["buckets"]] == [
        "3.30", "100000000000000.01", "8.00", "10.00", "12.00",
    ]  # fmt: skip
    assert [bucket["count"] for bucket in pesos["buckets"]] == [2] * 5
    assert (pesos["total"], pesos["overdue"], pesos["count"]) == ("100000000000033.31", "100000000000030.01", 10)
    assert (dollars["currency"], dollars["total"], dollars["overdue"]) == ("USD", "10.00", "0.00")
    assert [bucket["share"] for bucket in dollars["buckets"]] == [100, 0, 0, 0, 0]
    assert page.evaluate("import('/js/ageing.js').then(module => module.ageing([], '2026-11-24'))") == []


def test_what_is_owed_takes_as_many_pages_as_it_needs_and_no_more(account: Callable[..., Page]) -> None:
    page = account(f"/comprobantes/c-{OTHER_CLIENT}/cuenta")
    expect(page.locator(".ageing")).to_be_visible()
    asked: list[str] = []

    def answer(route: Route) -> None:
        query = parse_qs(urlsplit(route.request.url).query)
        asked.append(query.get("cursor", ["first"])[0])
        whole = route.fetch(url=route.request.url.split("&cursor")[0]).json()
        rows = [row for row in whole["items"] if row["status"] in {"overdue", "due", "partial"}][:1] * 100
        last = whole["items"][-1:] if len(asked) == 3 else []
        route.fulfill(json={**whole, "items": rows + last, "next": f"c{len(asked)}"})

    page.route("**/docs?*", answer)
    page.reload()
    expect(page.locator(".debt .facts")).to_contain_text("300")
    assert asked == ["first", "c1", "c2"]
    asked[:] = ["never the third"] * 3
    page.reload()
    expect(page.locator(".debt")).to_contain_text("Hay más de 2.000 comprobantes sin pagar")
    assert len(asked) == 3 + 20


# Room for debts that there are not is given back where the movements were first: all there is to say of them is a line.
@pytest.mark.parametrize(("first", "owed"), [("docs", True), ("docs", False), ("statement", True)])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_that_is_seen_moves_when_the_rest_comes(
    account: Callable[..., Page], first: str, owed: bool, width: int
) -> None:
    page = account()
    expect(page.locator("#statement")).to_be_visible()
    page.set_viewport_size({"width": width, "height": 800})
    moved = shifts(page)
    late: list[Route] = []

    def docs(route: Route) -> None:
        if "cursor=" in route.request.url:
            late.append(route)
            return
        whole = route.fetch().json()
        rows = [row for row in whole["items"] if row["status"] in {"overdue", "due", "partial"}] if owed else []
        route.fulfill(json={**whole, "items": rows, "next": "more" if first == "statement" else None})

    def statement(route: Route) -> None:
        if first == "docs":
            late.append(route)
        else:
            route.fulfill(json=STATEMENT)

    page.route("**/docs?*", docs)
    page.route("**/statement?*", statement)
    page.reload()
    if first == "docs":
        expect(page.get_by_role("heading", name="Movimientos")).to_be_visible()
        expect(page.locator(".debt .skeleton")).to_have_count(0)
        within(page, late).fulfill(json=STATEMENT)
    else:
        expect(page.locator("#statement")).to_be_visible()
        expect(page.locator(".ageing")).to_be_hidden()
        within(page, late).fulfill(json={"items": [], "next": None})
    expect(page.locator(".skeleton")).to_have_count(0)
    expect(page.get_by_role("button", name="Imprimir")).not_to_have_attribute("aria-disabled", "true")
    assert moved() < 0.01


def test_each_half_fails_and_is_tried_again_on_its_own(account: Callable[..., Page], visitor: Visitor) -> None:
    page = account()
    page.route("**/statement?*", problem(500, "internal_error"))
    page.route("**/docs?*", problem(503, "unavailable", **{"Retry-After": "5"}))
    page.reload()
    visitor.is_told("No pudimos traer la cuenta corriente")
    visitor.is_told("No pudimos calcular lo que está sin pagar")
    page.unroute("**/statement?*")
    page.unroute("**/docs?*")
    page.route("**/statement?*", lambda route: route.fulfill(json=STATEMENT))
    for _ in range(2):
        page.get_by_role("button", name="Reintentar").first.click()
    expect(page.locator("#statement")).to_be_visible()
    expect(page.locator(".ageing")).to_be_visible()
    expect(page.locator(".notice-error")).to_have_count(0)


@pytest.mark.parametrize("company", ["c-9999999", f"s-{SUPPLIER}", "nada"])
def test_an_account_that_is_not_theirs_or_that_there_is_not(visitor: Visitor, regular: Person, company: str) -> None:
    page = visitor.log_in(regular)
    page.route("**/statement?*", problem(404, "not_found"))
    visitor.go(f"/comprobantes/{company}/cuenta", "No encontramos lo que buscás")


def test_thousands_of_movements_are_seen_by_and_by_and_printed_all(account: Callable[..., Page]) -> None:
    page = account()
    movement = STATEMENT["movements"][0]
    movements = [{**movement, "number": f"205{n:08}", "debit": "1.00", "balance": f"{n}.00"} for n in range(1, 3001)]
    page.unroute("**/statement?*")
    page.route(
        "**/statement?*",
        lambda route: route.fulfill(
            json={**STATEMENT, "opening": "0.00", "closing": "3000.00", "movements": movements}
        ),
    )
    page.reload()
    rows = page.locator("#statement tbody tr")
    expect(rows).to_have_count(202)
    expect(page.locator(".table-info")).to_have_text("Mostrando los últimos 200 de 3.000 movimientos")
    expect(rows.first).to_contain_text("$\u00a02.800,00")  # what the balance was before the first that is seen
    expect(rows.nth(1)).to_contain_text("0205-00002801")
    expect(rows.last).to_contain_text("$\u00a03.000,00")
    page.get_by_role("button", name="Mostrar más").click()
    expect(rows).to_have_count(402)
    expect(rows.nth(1)).to_contain_text("0205-00002601")
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    text = " ".join(each.extract_text() for each in printed.pages)
    assert re.findall(r"0205-(\d{8})", text) == [f"{n:08}" for n in range(1, 3001)]
    assert "Mostrando" not in text
    expect(rows).to_have_count(402)


def test_what_is_printed_is_a_good_a4_with_all_of_it(account: Callable[..., Page]) -> None:
    page = account()
    many = {**STATEMENT, "movements": STATEMENT["movements"] * 40}
    page.unroute("**/statement?*")
    page.route("**/statement?*", lambda route: route.fulfill(json=many))
    page.reload()
    expect(page.locator("#statement tbody tr")).to_have_count(162)
    expect(page.locator(".ageing")).to_be_visible()
    expect(page.get_by_role("button", name="Imprimir o guardar PDF")).to_be_visible()
    printed = PdfReader(io.BytesIO(page.pdf(prefer_css_page_size=True)))
    assert {(round(each.mediabox.width), round(each.mediabox.height)) for each in printed.pages} == {(595, 842)}
    texts = [each.extract_text() for each in printed.pages]
    assert 3 <= len(texts) <= 7  # six of Chromium's own, seven of its shell, which breaks lines a little sooner
    for words in ("Cuenta corriente", "30-95387753-4", "Todas las fechas", "Emitido el", "Más de 90 días"):
        assert words in texts[0], words
    assert all("Saldo" in text for text in texts)  # the head again on each page
    assert "Saldo final" in texts[-1]
    assert "Imprimir" not in "".join(texts)
    assert "Mis consultas" not in "".join(texts)
