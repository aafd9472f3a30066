"""Paying what is owed, by the portal's own door: one document, several, all that is overdue; what the provider makes of
it, and what the ERP's receipt does. Each test has a company of its own."""

import datetime as dt
import itertools
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests import companies, erp
from tests.browser.answers import PAYMENTS
from tests.browser.conftest import PHONE, TWO_FRAMES, Visitor, on_desktop_and_phone, within
from tests.browser.faults import answer
from tests.browser.test_networks import loses_the_answer, on_three_g
from tests.browser.test_states import problem
from tests.journeys.conftest import Portal, key_of
from tests.journeys.person import Person
from tests.journeys.test_news import dropped

_CODES = itertools.count(81001)
ISSUED, OVERDUE, COMING = "2026-09-01", "2026-10-31", "2027-01-31"


class Client:
    """A company that owes: a hundred and twenty-one pesos a document, due on the days given; and who acts for it."""

    def __init__(self, portal: Portal, *due: str) -> None:
        self.portal = portal
        self.code = str(next(_CODES))
        self.cuit = companies.cuit(int(self.code) * 100)
        row = next(row for row in erp.sample("companies") if row["kind"] == "Cliente")
        named = {"name": f"TALLER {self.code} SRL", "email": f"taller.{self.code}@ejemplo.example"}
        self.row = {**row, "code": self.code, "cuit": self.cuit, **named}
        assert dropped(portal, f"companies-{self.code}.csv", [self.row])["accepted"] == 1
        self.point = int(self.code) - 80000  # of sale: numbers are one company's
        rows = [self._of(erp.invoice, number, issue_date=ISSUED, due_date=day) for number, day in enumerate(due, 1)]
        assert not rows or dropped(portal, f"documents-{self.code}.csv", rows)["accepted"] == len(due)
        self.person = Person(portal, "María", "Fernández", email=self.row["email"]).arrive()
        self.person.linked(self.row)
        self.path = f"/comprobantes/c-{self.code}/pagar"

    def _of(self, made: Callable[..., dict[str, str]], number: int, **change: str) -> dict[str, str]:
        kind = "001" if made is erp.invoice else "RX"
        point = self.point
        place = {"point_of_sale": str(point), "number_display": f"{point}{number:08d}", "pdf_file": ""}
        owner = {"company_code": self.code, "cuit": self.cuit}
        return made(number, **owner, **place, doc_key=f"{kind}-{point:05d}-{number:08d}", **change)

    def imputes(self, number: int) -> None:
        """The ERP's receipt of today for this document, in whole."""
        today = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=3)).date().isoformat()
        paid = self._of(erp.invoice, number, issue_date=ISSUED, due_date=COMING, remaining_ars="0.00", status="Pagado")
        receipt = self._of(erp.receipt, number, issue_date=today)
        dropped(self.portal, f"documents-{self.code}-paid.csv", [paid, receipt])
        applied = {
            "credit_key": receipt["doc_key"],
            "debit_key": paid["doc_key"],
            "applied_date": today,
            "amount_ars": "121.00",
        }
        row = {**next(iter(erp.sample("applications"))), **applied}
        assert dropped(self.portal, f"applications-{self.code}.csv", [row])["accepted"] == 1

    @property
    def payments(self) -> list[Any]:
        found: list[Any] = self.person.get(f"/v1/companies/c-{self.code}/payments")["items"]
        return found


@pytest.fixture
def owing(portal: Portal) -> Callable[..., Client]:
    return lambda *due: Client(portal, *due)


def box(page: Page, number: int) -> Locator:
    return page.get_by_role("checkbox", name=f"-{number:08d}")


def choose(page: Page, *numbers: int) -> None:
    for number in numbers:
        box(page, number).check()


def to_the_provider(page: Page, button: str = "Pagar lo elegido") -> None:
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("heading", name="Medio de pago de prueba")).to_be_visible()


def decides(page: Page, what: str, notices: str = "enseguida") -> None:
    page.get_by_label("Aviso").first.select_option(notices)
    page.get_by_role("button", name=what, exact=True).first.click()


def by_account(visitor: Visitor, client: Client) -> Page:
    return visitor.log_in(client.person, client.path)


def key_in_the_mail(client: Client, before: int = 0) -> str:
    return key_of(client.portal.mail(client.row["email"], "payment_key", after=before))


def come_in(page: Page, user: str, key: str, remember: bool = False) -> None:
    page.get_by_label("Número de cliente o email").fill(user)
    page.get_by_label("Contraseña", exact=True).fill(key)
    page.get_by_label("Recordarme").set_checked(remember)
    page.get_by_role("button", name="Ingresar", exact=True).click()


def by_key(visitor: Visitor, client: Client) -> Page:
    client.person.ask("POST", f"/v1/companies/c-{client.code}/payment-key")
    page = visitor.go("/pago", "Pago electrónico")
    come_in(page, client.code, key_in_the_mail(client))
    visitor.sees("Pagar")
    return page


Door = Callable[[Visitor, Client], Page]
through_both_doors = pytest.mark.parametrize(
    ("visitor", "come"), [({}, by_account), (PHONE, by_key)], ids=["account", "key"], indirect=["visitor"]
)
"""On a desktop with an account, and on a phone with the key that came by mail."""


@on_desktop_and_phone
def test_one_document_is_paid_told_of_and_settled_by_the_institutes_receipt(
    visitor: Visitor, owing: Callable[..., Client]
) -> None:
    client = owing(COMING, COMING)
    page = visitor.log_in(client.person, f"/comprobantes/c-{client.code}")
    page.get_by_role("link", name="Pagar", exact=True).click()
    visitor.sees("Pagar")
    assert visitor.width() <= 0
    page.get_by_role("button", name="Pagar lo elegido").click()
    visitor.is_told("Elegí en el listado qué querés pagar")
    choose(page, 1)
    visitor.is_told("Elegiste 1 comprobante: $\u00a0121,00")
    to_the_provider(page)
    visitor.page.get_by_text("$ 121,00").first.wait_for()
    decides(page, "Aprobado", "dos veces")
    visitor.sees("Pagar")
    assert page.url.endswith(client.path)
    visitor.is_told("Pago informado, pendiente de imputación")
    expect(page.get_by_role("checkbox")).to_have_count(1)
    expect(page.locator("#debts")).to_contain_text("En un pago")
    mail = client.person.mail("payment_receipt")
    assert "121,00" in mail["text"]
    assert visitor.barriers() == []
    client.imputes(1)
    page.reload()
    visitor.is_told("Imputado")
    page.get_by_role("link", name="Ver el recibo").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(f"Recibo X {client.point}-00000001")
    (payment,) = client.payments
    assert (payment["state"], payment["amount"]) == ("credited", "121.00")


@on_desktop_and_phone
def test_lists_and_documents_tell_what_is_in_a_payment_and_lead_to_paying_the_rest(
    visitor: Visitor, owing: Callable[..., Client]
) -> None:
    client = owing(OVERDUE, COMING)
    (first, second) = (f"v-{client.point:05d}-{number:08d}-001" for number in (1, 2))
    listed = f"/comprobantes/c-{client.code}"
    page = visitor.log_in(client.person, f"{listed}/{second}")
    page.get_by_role("link", name="Pagar", exact=True).click()
    visitor.is_told("Elegiste 1 comprobante: $\u00a0121,00")
    expect(box(page, 2)).to_be_checked()
    # Nobody chose anything here yet, so nothing is asked of who leaves.
    page.get_by_role("link", name=f"TALLER {client.code} SRL").first.click()
    expect(page.locator("td.main").first).to_be_visible()
    page.go_back()
    visitor.sees("Pagar")
    to_the_provider(page)
    is_told_of(visitor, listed, second, "En un pago")
    page = visitor.go(client.path, "Pagar")
    page.get_by_role("link", name="Seguir con el pago").click()
    decides(page, "Aprobado")
    visitor.sees("Pagar")
    visitor.is_told("Pago informado, pendiente de imputación")
    is_told_of(visitor, listed, second, "Pago informado")
    visitor.go(f"{listed}/{first}")
    expect(page.get_by_role("link", name="Pagar", exact=True)).to_be_visible()
    client.imputes(2)
    assert [one["holds"] for one in client.payments] == [False]
    page = visitor.go(listed)
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("row").filter(has_text="Factura").filter(has_text=f"-{2:08d}")).to_contain_text("Pagado")
    expect(page.get_by_text("Pago informado")).to_have_count(0)


def is_told_of(visitor: Visitor, listed: str, doc_id: str, words: str) -> None:
    """In the list, of this document and no other; and on its own page, from where it is not paid again."""
    page = visitor.go(listed)
    expect(page.get_by_role("row").filter(has_text="00000002")).to_contain_text(words)
    expect(page.get_by_text(words)).to_have_count(1)
    assert visitor.width() <= 0
    assert visitor.barriers() == []
    visitor.go(f"{listed}/{doc_id}")
    expect(page.locator(".heading")).to_contain_text(words)
    expect(page.get_by_role("link", name="Pagar", exact=True)).to_have_count(0)
    assert visitor.width() <= 0
    assert visitor.barriers() == []
    page.get_by_role("link", name="Ver el pago").click()
    visitor.sees("Pagar")
    assert page.url.endswith("/pagar")


@through_both_doors
def test_several_are_paid_as_one_and_the_third_stays(
    visitor: Visitor, come: Door, owing: Callable[..., Client]
) -> None:
    client = owing(OVERDUE, COMING, COMING)
    page = come(visitor, client)
    choose(page, 1, 3)
    visitor.is_told("Elegiste 2 comprobantes: $\u00a0242,00")
    to_the_provider(page)
    page.get_by_text("$ 242,00").first.wait_for()
    decides(page, "Aprobado")
    visitor.sees("Pagar")
    visitor.is_told("Pago informado, pendiente de imputación")
    expect(page.get_by_role("checkbox")).to_have_count(1)
    expect(box(page, 2)).to_be_visible()
    (payment,) = client.payments
    assert [(line["doc_id"][-12:], line["amount"]) for line in payment["documents"]] == [
        ("00000001-001", "121.00"),
        ("00000003-001", "121.00"),
    ]
    assert "242,00" in client.person.mail("payment_receipt")["text"]
    settled_with(client, 24200)
    # Back at the provider's page nobody pays a second time.
    page.go_back()
    expect(page.get_by_text("venció o fue cerrado")).to_be_visible()
    assert len(client.payments) == 1
    settled_with(client, 24200)


def settled_with(client: Client, cents: int) -> None:
    """What is on record of the client's payments is what the provider's own ledger says."""
    ledger = json.loads((client.portal.state / "provider.json").read_text())
    mine = [one for one in ledger["attempts"] if one["reference"].startswith(f"c-{client.code}.")]
    theirs = sum(one["cents"] - one["refunded"] for one in mine if one["state"] == "credited")
    rows = [row for row in client.portal.rows("PaymentsTable") if row["sk"]["S"].startswith("PAYMENT#")]
    ours = [row for row in rows if row["company"]["S"] == f"c-{client.code}"]
    assert sum(int(row["credited"]["N"]) + int(row["surplus"]["N"]) for row in ours) == theirs == cents


def test_two_tabs_that_pay_in_one_checkout_are_one_payment_and_the_rest_is_kept_for_staff(
    visitor: Visitor, owing: Callable[..., Client]
) -> None:
    client = owing(COMING)
    page = visitor.log_in(client.person, client.path)
    choose(page, 1)
    to_the_provider(page)
    other = visitor.another_tab()
    other.goto(page.url)
    decides(page, "Aprobado", "ninguno")
    visitor.is_told("Sin pagar todavía")
    decides(other, "Aprobado", "ninguno")
    expect(other.get_by_role("heading", name="Pagar", level=1)).to_be_visible()
    passes(client, 0)
    visitor.is_told("Pago informado, pendiente de imputación")
    expect(page.get_by_role("link", name="Seguir con el pago")).to_have_count(0)
    (payment,) = client.payments
    assert (payment["state"], payment["amount"]) == ("credited", "121.00")
    (row,) = [row for row in client.portal.rows("PaymentsTable") if row["sk"]["S"] == f"PAYMENT#{payment['id']}"]
    assert (row["desk"]["S"], [why["S"] for why in row["held"]["L"]]) == ("HELD", ["duplicate"])
    settled_with(client, 24200)


@through_both_doors
def test_all_that_is_overdue_is_paid_at_once_after_a_card_was_declined(
    visitor: Visitor, come: Door, owing: Callable[..., Client]
) -> None:
    client = owing(OVERDUE, OVERDUE, COMING)
    page = come(visitor, client)
    to_the_provider(page, "Pagar todo lo vencido ($\u00a0242,00)")
    decides(page, "Rechazado")
    expect(page.get_by_text("Rechazado").first).to_be_visible()
    page.get_by_role("link", name="Volver a miINTI").click()
    visitor.is_told("Rechazado")
    assert "no se te cobró nada" in client.person.mail("payment_rejected")["text"]
    page.get_by_role("link", name="Probar otra vez").click()
    decides(page, "Aprobado", "ninguno")
    # What became of the second card comes to light later: the page looks until then.
    visitor.sees("Pagar")
    visitor.is_told("Rechazado")
    passes(client, 0)
    visitor.is_told("Pago informado, pendiente de imputación")
    expect(page.get_by_role("button", name=re.compile("Pagar todo lo vencido"))).to_have_count(0)
    expect(page.get_by_role("checkbox")).to_have_count(1)
    (payment,) = client.payments
    assert (payment["state"], payment["amount"]) == ("credited", "242.00")


@through_both_doors
def test_who_comes_back_without_paying_goes_on_or_gives_up_and_nothing_is_paid_twice(
    visitor: Visitor, come: Door, owing: Callable[..., Client]
) -> None:
    client = owing(COMING)
    page = come(visitor, client)
    choose(page, 1)
    other = visitor.another_tab()
    other.goto(visitor.portal.url + client.path)
    choose(other, 1)
    to_the_provider(page)
    page.go_back()
    visitor.sees("Pagar")
    visitor.is_told("Sin pagar todavía")
    expect(page.get_by_role("checkbox")).to_have_count(0)

    other.get_by_role("button", name="Pagar lo elegido").click()
    expect(other.locator("main .summary")).to_contain_text("ya está en un pago sin terminar")
    expect(other.get_by_text("Sin pagar todavía")).to_be_visible()
    assert len(client.payments) == 1
    other.get_by_role("link", name="Seguir con el pago").click()
    expect(other.get_by_role("heading", name="Medio de pago de prueba")).to_be_visible()

    page.get_by_role("button", name="Cancelar el pago").dblclick()
    visitor.is_told("Cancelado")
    other.reload()
    expect(other.get_by_text("venció o fue cerrado")).to_be_visible()
    choose(page, 1)
    to_the_provider(page)
    other.goto(visitor.portal.url + client.path)
    expect(other.get_by_role("button", name="Cancelar el pago")).to_be_visible()
    decides(page, "Pendiente")
    # Of a page that does not know of it yet.
    other.get_by_role("button", name="Cancelar el pago").click()
    expect(other.get_by_text("No se puede cancelar")).to_be_visible()
    page.get_by_role("link", name="Volver a miINTI").click()
    visitor.is_told("Pendiente de pago")
    expect(page.get_by_role("button", name="Cancelar el pago")).to_have_count(0)
    expect(page.get_by_role("link", name="Seguir con el pago")).to_have_count(0)
    assert [payment["state"] for payment in client.payments] == ["pending", "cancelled"]


def passes(client: Client, hours: int) -> None:
    """So much time goes by for the client's one payment, and ``check_payments`` looks at what is due by then."""
    (payment,) = client.payments
    places, rows = client.portal.deployed["resources"], client.portal.aws("dynamodb")
    place = {
        "TableName": places["PaymentsTable"],
        "Key": {"pk": {"S": f"COMPANY#c-{client.code}"}, "sk": {"S": f"PAYMENT#{payment['id']}"}},
    }
    row = rows.get_item(**place)["Item"]
    then = {f":{name}": {"N": str(int(row[name]["N"]) - hours * 3600)} for name in ("created_at", "expires_at")}
    rows.update_item(
        **place,
        UpdateExpression="SET created_at = :created_at, expires_at = :expires_at, check_at = :due",
        ExpressionAttributeValues={**then, ":due": {"N": "0"}},
    )
    told = client.portal.aws("lambda").invoke(FunctionName=places["CheckPaymentsFunction"], Payload=b"{}")
    assert "FunctionError" not in told, told["Payload"].read()


@through_both_doors
def test_one_that_nobody_paid_in_time_is_over_and_its_document_can_be_paid_again(
    visitor: Visitor, come: Door, owing: Callable[..., Client]
) -> None:
    client = owing(OVERDUE)
    page = come(visitor, client)
    choose(page, 1)
    to_the_provider(page)
    decides(page, "Que venza")
    expect(page.get_by_text("venció o fue cerrado")).to_be_visible()
    page.get_by_role("link", name="Volver a miINTI").click()
    visitor.is_told("Sin pagar todavía")
    expect(page.get_by_role("button", name="Cancelar el pago")).to_be_visible()
    expect(page.get_by_role("checkbox")).to_have_count(0)
    passes(client, 2)
    visitor.is_told("Vencido")
    page.reload()
    expect(page.get_by_role("link", name="Seguir con el pago")).to_have_count(0)
    choose(page, 1)
    to_the_provider(page)
    decides(page, "Aprobado")
    visitor.is_told("Pago informado, pendiente de imputación")
    assert [(one["state"], one["amount"]) for one in client.payments] == [("credited", "121.00"), ("expired", "121.00")]


@through_both_doors
def test_a_slip_that_is_paid_two_days_later_is_one_payment_and_holds_its_document_till_then(
    visitor: Visitor, come: Door, owing: Callable[..., Client]
) -> None:
    client = owing(COMING)
    page = come(visitor, client)
    choose(page, 1)
    to_the_provider(page)
    slip = page.url
    decides(page, "Pendiente")
    page.get_by_role("link", name="Volver a miINTI").click()
    visitor.is_told("Pendiente de pago")
    passes(client, 48)
    page.reload()
    visitor.is_told("Pendiente de pago")
    expect(page.get_by_role("checkbox")).to_have_count(0)
    # The checkout's time is over, and what was begun in it is paid at a till; no notice tells of it.
    page.goto(slip)
    decides(page, "Aprobado", "ninguno")
    visitor.sees("Pagar")
    passes(client, 0)
    visitor.is_told("Pago informado, pendiente de imputación")
    (payment,) = client.payments
    assert (payment["state"], payment["amount"]) == ("credited", "121.00")
    assert "121,00" in client.person.mail("payment_receipt")["text"]


def test_a_part_of_one_document_and_amounts_that_are_none(visitor: Visitor, owing: Callable[..., Client]) -> None:
    client = owing(COMING, COMING)
    page = visitor.log_in(client.person, client.path)
    choose(page, 1)
    amount = page.get_by_label("Importe a pagar")
    for wrong, words in (("diez", "Escribí un importe"), ("0", "Escribí un importe"), ("121,01", "No puede ser más")):
        amount.fill(wrong)
        page.get_by_role("button", name="Pagar lo elegido").click()
        expect(page.locator("main .summary")).to_contain_text(words)
        expect(amount).to_have_value(wrong)
    choose(page, 2)
    expect(amount).to_have_count(0)
    box(page, 2).uncheck()
    amount.fill("1.00,5")
    page.get_by_role("button", name="Pagar lo elegido").click()
    expect(page.locator("main .summary")).to_contain_text("Escribí un importe")
    amount.fill("100,5")
    to_the_provider(page)
    (payment,) = client.payments
    assert payment["amount"] == "100.50"


def test_an_answer_that_was_lost_is_asked_for_again_and_is_one_payment(
    visitor: Visitor, owing: Callable[..., Client]
) -> None:
    client = owing(COMING)
    page = visitor.log_in(client.person, client.path)
    choose(page, 1)
    keys: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "POST":
            keys.append(route.request.headers["idempotency-key"])
            if len(keys) == 1:
                route.fetch()
                return route.abort("connectionreset")
        return route.fallback()

    page.route("**/payments", lose)
    page.get_by_role("button", name="Pagar lo elegido").dblclick()
    expect(page.locator("main .summary")).to_contain_text("No hay conexión")
    to_the_provider(page)
    assert len(keys) == 2
    assert len(set(keys)) == 1
    assert len(client.payments) == 1


def held_back(page: Page, method: str, pattern: str) -> list[Route]:
    """The requests of this method, that wait."""
    held: list[Route] = []
    page.route(pattern, lambda route: held.append(route) if route.request.method == method else route.fallback())
    return held


def test_on_a_slow_phone_a_payment_is_begun_once_and_given_up_once(visitors: Any, owing: Callable[..., Client]) -> None:
    client = owing(COMING, COMING)
    visitor: Visitor = visitors(**PHONE)
    page = visitor.log_in(client.person, f"/comprobantes/c-{client.code}")
    on_three_g(visitor)
    acts: list[str] = []
    page.on("request", lambda request: acts.append(request.method) if "/payments" in request.url else None)
    debts = held_back(page, "GET", "**/debts")
    page.goto(visitor.portal.url + client.path, wait_until="commit")
    asked = within(page, debts)
    expect(page.locator(".skeleton")).to_be_visible()
    page.unroute("**/debts")
    asked.fallback()
    choose(page, 2)
    page.get_by_label("Importe a pagar").fill("21,50")
    posts = held_back(page, "POST", "**/payments")
    page.get_by_role("button", name="Pagar lo elegido").dblclick()
    expect(page.get_by_role("button", name="Preparando…")).to_be_visible()
    within(page, posts).continue_()
    expect(page.get_by_role("heading", name="Medio de pago de prueba")).to_be_visible()
    assert acts.count("POST") == 1
    page.go_back()
    visitor.sees("Pagar")
    visitor.is_told("Sin pagar todavía")
    ends = held_back(page, "DELETE", "**/payments/*")
    page.get_by_role("button", name="Cancelar el pago").dblclick()
    expect(page.get_by_role("button", name="Cancelando…")).to_be_visible()
    within(page, ends).continue_()
    visitor.is_told("Cancelado")
    assert acts.count("DELETE") == 1
    assert [(payment["state"], payment["amount"]) for payment in client.payments] == [("cancelled", "21.50")]


def test_where_the_network_goes_in_the_middle_nothing_typed_is_lost_and_nothing_is_done_twice(
    visitor: Visitor, owing: Callable[..., Client]
) -> None:
    client = owing(COMING, COMING)
    page = visitor.log_in(client.person, client.path)
    choose(page, 1)
    amount = page.get_by_label("Importe a pagar")
    amount.fill("21,50")
    posts = held_back(page, "POST", "**/payments")
    page.get_by_role("button", name="Pagar lo elegido").click()
    first = within(page, posts)
    visitor.context.set_offline(True)
    first.abort("internetdisconnected")
    visitor.is_told("No hay conexión con el servidor. No pudimos empezar el pago")
    visitor.is_told("Estás sin conexión")
    expect(amount).to_have_value("21,50")
    expect(box(page, 1)).to_be_checked()
    visitor.context.set_offline(False)
    page.unroute("**/payments")
    to_the_provider(page)
    page.go_back()
    visitor.is_told("Sin pagar todavía")

    page.route("**/payments/*", loses_the_answer, times=1)
    press = page.get_by_role("button", name="Cancelar el pago")
    press.click()
    visitor.is_told("No pudimos cancelar el pago")
    expect(box(page, 2)).to_be_visible()
    press.click()
    visitor.is_told("Cancelado")
    expect(page.locator("main .notice")).to_have_count(0)
    assert [(payment["state"], payment["amount"]) for payment in client.payments] == [("cancelled", "21.50")]


def test_who_owes_nothing_is_told_so(visitor: Visitor, owing: Callable[..., Client]) -> None:
    client = owing()
    visitor.log_in(client.person, client.path)
    visitor.is_told("No debés nada")
    assert visitor.barriers() == []


IMPUTED = {
    **PAYMENTS[0], "state": "credited", "state_label": "Imputado", "redirect_url": None, "cancellable": False,
    "holds": False,
}  # fmt: skip


def test_what_is_on_its_way_is_looked_at_again_by_the_page(inside: Visitor) -> None:
    page = inside.page
    page.clock.install()
    asked: list[int] = []
    page.on("request", lambda request: asked.append(1) if "/payments?" in request.url else None)
    answer(page, "GET", "/companies/*/payments", {"items": PAYMENTS, "next": None})
    inside.go("/comprobantes/c-27334/pagar", "Pagar")
    inside.is_told("Sin pagar todavía")
    told = {"items": [IMPUTED], "next": None}
    answer(page, "GET", "/companies/*/payments", told)
    held: list[Route] = []
    page.route("**/debts", lambda route: held.append(route))  # noqa: PLW0108  # see test_states
    page.clock.fast_forward(6_000)
    within(page, held).fallback()
    page.unroute("**/debts")
    inside.is_told("Imputado")
    count = len(asked)
    page.clock.fast_forward(30_000)
    page.evaluate(TWO_FRAMES)
    assert len(asked) == count


SEEN = "seen => Object.defineProperty(document, 'visibilityState', { value: seen, configurable: true })"


def test_a_tab_that_nobody_sees_asks_nothing_and_looks_again_when_it_is_back(inside: Visitor) -> None:
    page = inside.page
    page.clock.install()
    asked: list[int] = []
    page.on("request", lambda request: asked.append(1) if "/payments?" in request.url else None)
    answer(page, "GET", "/companies/*/payments", {"items": PAYMENTS, "next": None})
    inside.go("/comprobantes/c-27334/pagar", "Pagar")
    inside.is_told("Sin pagar todavía")
    page.evaluate(SEEN, "hidden")
    count = len(asked)
    for _ in range(30):  # as many looks as a page that is seen has, and more
        page.clock.run_for(5_000)
    page.evaluate(TWO_FRAMES)
    assert len(asked) == count
    told = {"items": [IMPUTED], "next": None}
    answer(page, "GET", "/companies/*/payments", told)
    page.evaluate(SEEN, "visible")
    page.clock.run_for(5_000)
    inside.is_told("Imputado")


def owed(count: int, status: str = "overdue", *, payable: bool = True) -> dict[str, Any]:
    """What the API tells of a company that owes so many documents of ten pesos each."""
    items = [
        {
            "id": f"v-00205-{n:08}-001", "number": f"205{n:08}", "type": "001", "type_label": "Factura", "letter": "A",
            "date": "2026-01-02", "due_date": "2026-02-02", "remaining": "10.00", "currency": "ARS", "status": status,
            "status_label": "Vencido", "payment": None,
        }
        for n in range(1, count + 1)
    ]  # fmt: skip
    sums = {"total": f"{count * 10}.00", "overdue": f"{count * 10}.00", "in_payment": "0.00", "currency": "ARS"}
    return {"company": {"id": "c-27334", "name": "TALLER SRL"}, "items": items, **sums, "payable": payable}


def test_of_more_overdue_than_one_payment_takes_the_oldest_are_offered(inside: Visitor) -> None:
    page = inside.page
    answer(page, "GET", "/companies/*/debts", owed(230))
    answer(page, "GET", "/companies/*/payments", {"items": [], "next": None})
    inside.go("/comprobantes/c-27334/pagar", "Pagar")
    expect(page.locator("#debts tbody tr")).to_have_count(200)
    page.get_by_role("button", name="Mostrar más").click()
    expect(page.locator("#debts tbody tr")).to_have_count(230)
    sent: list[Any] = []

    def refuse(route: Route) -> None:
        sent.append(route.request.post_data_json)
        problem(503, "unavailable")(route)

    page.route("**/payments", refuse)
    page.get_by_role("button", name="Pagar los 90 vencidos más antiguos ($\u00a0900,00)").click()
    inside.is_told("No pudimos empezar el pago")
    assert sent == [{"doc_ids": [f"v-00205-{n:08}-001" for n in range(1, 91)]}]


def test_on_a_phone_what_is_in_a_payment_already_offers_no_choice(visitors: Any, regular: Person) -> None:
    visitor: Visitor = visitors(**PHONE)
    debts = owed(3)
    debts["items"][1]["payment"] = PAYMENTS[0]["id"]
    answer(visitor.page, "GET", "/companies/*/debts", debts)
    answer(visitor.page, "GET", "/companies/*/payments", {"items": PAYMENTS, "next": None})
    page = visitor.log_in(regular, "/comprobantes/c-27334/pagar")
    expect(page.locator("#debts tbody tr")).to_have_count(3)
    expect(page.locator("#debts td.pick-cell").filter(visible=True)).to_have_count(2)
    edges = page.locator("#debts td.main, .card-head h3, .card-body .hint")
    assert len({round(edge["x"]) for each in edges.all() if (edge := each.bounding_box())}) == 1


def test_where_nobody_takes_payments_the_page_says_so_and_offers_none(inside: Visitor) -> None:
    page = inside.page
    answer(page, "GET", "/companies/*/debts", owed(2, payable=False))
    answer(page, "GET", "/companies/*/payments", {"items": [], "next": None})
    inside.go("/comprobantes/c-27334/pagar", "Pagar")
    expect(page.get_by_text("El pago electrónico no está disponible por ahora.")).to_be_visible()
    expect(page.locator("#debts tbody tr")).to_have_count(2)
    expect(page.get_by_role("button", name="Pagar")).to_have_count(0)
    expect(page.locator("#debts input")).to_have_count(0)
    # A transfer can be told of all the same.
    answer(page, "GET", "/companies/*/transfers", {"items": [], "next": None})
    page.get_by_role("button", name="Informar una transferencia").click()
    choose(page, 2)
    expect(page.get_by_role("button", name="Pagar")).to_have_count(0)


def test_an_amount_that_was_typed_for_one_document_is_not_anothers(inside: Visitor) -> None:
    page = inside.page
    answer(page, "GET", "/companies/*/debts", owed(2))
    answer(page, "GET", "/companies/*/payments", {"items": [], "next": None})
    inside.go("/comprobantes/c-27334/pagar", "Pagar")
    choose(page, 1)
    page.get_by_label("Importe a pagar").fill("1,50")
    box(page, 1).uncheck()
    choose(page, 2)
    expect(page.get_by_label("Importe a pagar")).to_have_value("")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Pagar lo elegido").click()
    assert sent.value.post_data_json == {"doc_ids": ["v-00205-00000002-001"]}


def test_older_payments_come_by_and_by(inside: Visitor) -> None:
    page = inside.page
    answer(page, "GET", "/companies/*/debts", owed(1))

    def listed(route: Route) -> None:
        older = "cursor=older" in route.request.url
        at = "2026-11-0{}T12:00:00Z"
        items = [{**PAYMENTS[0], "id": f"{older:d}" * 32, "state": "expired", "created_at": at.format(2 - older)}]
        route.fulfill(json={"items": items, "next": None if older else "older"})

    page.route("**/payments?*", listed)
    inside.go("/comprobantes/c-27334/pagar", "Pagar")
    cards = page.get_by_role("heading", level=3)
    expect(cards).to_have_count(1)
    page.get_by_role("button", name="Ver más").click()
    expect(cards).to_have_count(2)
    expect(page.get_by_role("button", name="Ver más")).to_have_count(0)


def test_older_payments_that_do_not_come_are_asked_for_again_and_what_is_there_stays(inside: Visitor) -> None:
    page = inside.page
    answer(page, "GET", "/companies/*/debts", owed(2))
    fails = [lambda route: route.abort("internetdisconnected"), problem(500, "internal_error")]
    words = ["No hay conexión", "El problema es nuestro"]

    def listed(route: Route) -> None:
        older = "cursor=older" in route.request.url
        if older and fails:
            fails.pop(0)(route)
        else:
            items = [{**PAYMENTS[0], "id": f"{older:d}" * 32, "state": "expired"}]
            route.fulfill(json={"items": items, "next": None if older else "older"})

    page.route("**/payments?*", listed)
    inside.go("/comprobantes/c-27334/pagar", "Pagar")
    choose(page, 2)
    page.get_by_label("Importe a pagar").fill("1,50")
    cards = page.get_by_role("heading", level=3)
    for said in words:
        page.get_by_role("button", name="Ver más").click()
        failed = page.get_by_role("alert").filter(has_text="No pudimos traer más pagos")
        expect(failed).to_contain_text(said)
        expect(failed).to_be_in_viewport()
        expect(cards).to_have_count(1)
    page.get_by_role("button", name="Ver más").click()
    expect(cards).to_have_count(2)
    expect(page.locator("main .notice")).to_have_count(0)
    expect(page.get_by_label("Importe a pagar")).to_have_value("1,50")
    expect(box(page, 2)).to_be_checked()
