"""Telling of a transfer: the form, its proof on the way to the bucket, and what becomes of it. Each test has a company
of its own."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

from tests import erp
from tests.browser.conftest import Visitor, on_desktop_and_phone
from tests.browser.test_paying import COMING, Client, choose
from tests.journeys.conftest import Portal
from tests.journeys.test_staff import Desk
from tests.transfers import png


@pytest.fixture
def owing(portal: Portal) -> Callable[..., Client]:
    return lambda *due: Client(portal, *due)


def file(name: str, content_type: str, body: bytes) -> Any:
    return {"name": name, "mimeType": content_type, "buffer": body}


def opened(visitor: Visitor, client: Client) -> Page:
    page = visitor.log_in(client.person, client.path)
    page.get_by_role("button", name="Informar una transferencia").click()
    expect(page.get_by_role("heading", name="Transferencias")).to_be_focused()
    return page


def fill(page: Page, proof: Any = None) -> None:
    choose(page, 1)
    page.get_by_label("Importe transferido").fill("121,00")
    page.get_by_label("Banco").fill("Banco Nación")
    if proof:
        page.get_by_label("Comprobante de la transferencia").set_input_files(proof)


def transfers(client: Client) -> list[Any]:
    found: list[Any] = client.person.get(f"/v1/companies/c-{client.code}/transfers")["items"]
    return found


def looked_at(visitor: Visitor, words: str) -> None:
    """What became of the proof: it is looked at a little later."""
    page = visitor.page

    def there() -> bool:
        page.reload()
        page.get_by_role("button", name="Informar una transferencia").click()
        expect(page.locator("section.card h3").first).to_be_visible()
        return words in page.locator("main").inner_text()

    for _ in range(20):
        if there():
            return
        page.wait_for_timeout(500)
    raise AssertionError(words)


@on_desktop_and_phone
def test_a_transfer_is_told_of_with_its_proof_and_found_by_staff(
    visitor: Visitor, owing: Callable[..., Client]
) -> None:
    client = owing(COMING, COMING)
    page = opened(visitor, client)
    page.get_by_role("button", name="Informar", exact=True).click()
    visitor.is_told("Hay 3 datos para corregir")
    # At the top, where no link of the menu is half under the bar.
    page.evaluate("scrollTo(0, 0)")
    assert visitor.barriers() == []
    fill(page, file("transferencia.png", "image/png", png()))
    page.get_by_role("button", name="Informar", exact=True).dblclick()
    visitor.is_told("Informaste la transferencia")
    visitor.is_told("Informada, a revisar")
    assert visitor.width() <= 0
    # At the top, where no link of the menu is half under the bar.
    page.evaluate("scrollTo(0, 0)")
    assert visitor.barriers() == []
    (one,) = transfers(client)
    assert (one["state"], one["amount"], one["bank"], len(one["documents"])) == (
        "received",
        "121.00",
        "Banco Nación",
        1,
    )
    # Nothing is held by it.
    expect(page.get_by_role("checkbox")).to_have_count(2)
    looked_at(visitor, "Recibido")
    Desk(visitor.portal).told("transfers", "match", f"c-{client.code}.{one['id']}")
    looked_at(visitor, "Encontrada, pendiente de imputación")
    assert "121,00" in client.person.mail("transfer_matched")["text"]


def test_a_proof_that_is_none_is_removed_and_the_page_says_why(visitor: Visitor, owing: Callable[..., Client]) -> None:
    client = owing(COMING)
    page = opened(visitor, client)
    script = erp.pdf(catalog=b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>")
    fill(page, file("transferencia.pdf", "application/pdf", script))
    page.get_by_role("button", name="Informar", exact=True).click()
    visitor.is_told("Informaste la transferencia")
    looked_at(visitor, "El archivo tiene código")
    Desk(visitor.portal).told(
        "transfers", "refuse", f"c-{client.code}.{transfers(client)[0]['id']}", "--reason", "No está en el extracto."
    )
    looked_at(visitor, "No está en el extracto.")
    assert "No está en el extracto." in client.person.mail("transfer_refused")["text"]


def test_a_file_that_cannot_be_a_proof_is_told_before_anything_is_sent(
    visitor: Visitor, owing: Callable[..., Client], tmp_path: Path
) -> None:
    client = owing(COMING)
    page = opened(visitor, client)
    large = tmp_path / "large.png"
    large.write_bytes(png() + bytes(5_000_000))
    for proof, words in (
        (file("x.html", "text/html", b"<p>"), "Elegí un PDF, un PNG o un JPG"),
        (str(large), "no puede pasar de 5 MB"),
        (file("x.png", "image/png", b""), "está vacío"),
    ):
        fill(page, proof)
        page.get_by_role("button", name="Informar", exact=True).click()
        expect(page.locator("main .summary")).to_contain_text(words)
    page.get_by_label("Fecha de la transferencia").fill("2099-01-01")
    page.get_by_role("button", name="Informar", exact=True).click()
    expect(page.locator("main .summary")).to_contain_text("posterior a hoy")
    assert transfers(client) == []


def test_a_proof_that_was_cut_off_is_put_again_and_is_one_transfer(
    visitor: Visitor, owing: Callable[..., Client]
) -> None:
    client = owing(COMING)
    page = opened(visitor, client)
    fill(page, file("transferencia.png", "image/png", png()))
    lost: list[Route] = []
    bucket = re.compile("miinti-local-documents[^/]*/$")

    def cut(route: Route) -> None:
        lost.append(route)
        route.abort("connectionreset")

    page.route(bucket, cut)
    page.get_by_role("button", name="Informar", exact=True).click()
    expect(page.locator("main .summary")).to_contain_text("ya está informada, pero su archivo no llegó")
    assert len(lost) == 1
    # Another file would be another transfer.
    page.get_by_label("Comprobante de la transferencia").set_input_files(file("otro.pdf", "application/pdf", b"%PDF-"))
    page.get_by_role("button", name="Informar", exact=True).click()
    expect(page.locator("main .summary")).to_contain_text("elegí un archivo del mismo tipo")
    page.get_by_label("Comprobante de la transferencia").set_input_files(file("otra.png", "image/png", png()))
    page.unroute(bucket, cut)
    page.get_by_role("button", name="Informar", exact=True).click()
    visitor.is_told("Informaste la transferencia")
    assert len(transfers(client)) == 1
    looked_at(visitor, "Recibido")


def test_a_proof_that_does_not_come_is_left_out_and_the_transfer_is_told_of_once(
    visitor: Visitor, owing: Callable[..., Client]
) -> None:
    client = owing(COMING)
    page = opened(visitor, client)
    fill(page, file("transferencia.png", "image/png", png()))
    page.route(re.compile("miinti-local-documents[^/]*/$"), lambda route: route.abort("connectionreset"))
    page.get_by_role("button", name="Informar", exact=True).click()
    expect(page.locator("main .summary")).to_contain_text("sacá el archivo para terminar sin él")
    page.get_by_label("Comprobante de la transferencia").set_input_files([])
    page.get_by_role("button", name="Informar", exact=True).click()
    visitor.is_told("Informaste la transferencia")
    (one,) = transfers(client)
    assert one["proof"]["state"] == "awaited"


def test_the_form_is_filled_in_by_keys_alone(visitor: Visitor, owing: Callable[..., Client]) -> None:
    client = owing(COMING)
    page = opened(visitor, client)
    choose(page, 1)
    page.locator("#transferred").focus()
    page.keyboard.type("121")
    page.keyboard.press("Tab")
    expect(page.locator("#date")).to_be_focused()
    page.locator("#bank").focus()
    page.keyboard.type("Banco Nación")
    page.keyboard.press("Tab")
    expect(page.locator("#proof")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Informar", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    visitor.is_told("Informaste la transferencia")
    assert len(transfers(client)) == 1
