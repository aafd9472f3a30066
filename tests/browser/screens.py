"""A picture of each screen, on a desktop and on a phone, of a fresh local run: docs/screens/. `make screens`.

Screens whose data does not come are left out and named, and the exit code says so.
"""

import sys
from io import BytesIO

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGS, CLIENT, OTHER_CLIENT, SUPPLIER, chromium_program, company
from tests.browser.scene import scene
from tests.journeys.conftest import ROOT, Portal

FOLDER = ROOT / "docs" / "screens"
SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
COLOURS = 64
OUTSIDE = {
    "login": "/ingresar",
    "register": "/registro",
    "recover": "/recuperar",
    "reset": "/restablecer#t=x.y",
    "activate": "/activar#t=x.y",
    "confirm-email": "/confirmar-correo#t=x.y",
    "cancel-email": "/cancelar-correo#t=x.y",
    "object": "/objetar#t=x.y",
    "unsubscribe": "/dejar-avisos#t=x.y",
    "mailed-document": "/documento#t=x.y",
    "payment-key": "/pago",
    "help": "/ayuda",
    "accessibility": "/accesibilidad",
    "privacy": "/privacidad",
}
INSIDE = {
    "start": "/",
    "companies": "/comprobantes",
    "documents": f"/comprobantes/c-{OTHER_CLIENT}",
    "document": f"/comprobantes/c-{CLIENT}/v-00205-00001622-006",
    "account": f"/comprobantes/c-{OTHER_CLIENT}/cuenta",
    "withholdings": f"/retenciones/s-{SUPPLIER}",
    "supplier-companies": "/retenciones",
    "quotes": f"/presupuestos/c-{CLIENT}",
    "work-orders": f"/ordenes/c-{CLIENT}",
    "link-requests": "/vincular",
    "my-data": "/mis-datos",
    "password": "/contrasena",
    "sessions": "/sesiones",
    "notifications": "/avisos",
    "live-links": "/enlaces",
    "payment": "/pago",
    "pay": f"/comprobantes/c-{CLIENT}/pagar",
    "questions": "/consultas",
    "supplier-registration": "/registro-proveedores",
    "not-found": "/nada",
}


def main() -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    missing: list[str] = []
    with sync_playwright() as playwright, scene() as here:
        browser = playwright.chromium.launch(executable_path=chromium_program(playwright), args=ARGS)
        portal = here.portal
        for size, (width, height) in SIZES.items():
            page = browser.new_context(
                viewport={"width": width, "height": height},
                locale="es-AR",
                timezone_id="America/Argentina/Buenos_Aires",
                reduced_motion="reduce",
                color_scheme="light",
            ).new_page()
            missing += [name for name, path in OUTSIDE.items() if not _taken(page, portal, path, f"{name}-{size}")]
            here.log_in(page)
            missing += [name for name, path in INSIDE.items() if not _taken(page, portal, path, f"{name}-{size}")]
            _steps_of_linking(page, portal, size)
            if size == "phone":
                _cards(page, portal)
        browser.close()
    if missing:
        sys.exit(" ".join(["left out:", *sorted(set(missing))]))


def _taken(page: Page, portal: Portal, path: str, name: str) -> bool:
    page.goto(portal.url + "/robots.txt")  # else a path that differs after its # loads nothing
    page.goto(portal.url + path)
    page.locator("main h1").wait_for()
    page.wait_for_load_state("networkidle")
    lost = page.get_by_role("heading", name="No encontramos", level=1).count() and not name.startswith("not-found")
    if lost or page.locator("main .notice-error, .skeleton").count():
        return False
    _picture(page, name)
    return True


def _steps_of_linking(page: Page, portal: Portal, size: str) -> None:
    """The dialog, and the code that it asks for of somebody who does not read the company's mail."""
    row = company("client", "14555")
    page.goto(portal.url + "/comprobantes")
    page.get_by_role("button", name="Vincular con Cliente/Proveedor").first.click()
    page.get_by_role("radio", name="Cliente").check()
    page.get_by_label("N° de CUIT", exact=True).fill(row["cuit"])
    page.locator("#number").fill(row["code"])
    _picture(page, f"link-{size}")
    page.get_by_role("button", name="Vincular", exact=True).click()
    page.get_by_role("heading", name="Pedimos un código").wait_for()
    _picture(page, f"link-code-{size}")


def _cards(page: Page, portal: Portal) -> None:
    """A list on a phone, where its rows are cards."""
    page.goto(portal.url + INSIDE["documents"])
    page.locator("#documents tbody tr").first.evaluate("row => row.scrollIntoView()")
    page.wait_for_load_state("networkidle")
    _picture(page, "documents-cards-phone")


def _picture(page: Page, name: str) -> None:
    target = FOLDER / f"{name}.png"
    with Image.open(BytesIO(page.screenshot(animations="disabled"))) as taken:
        taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


if __name__ == "__main__":
    main()
