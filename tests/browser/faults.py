"""Every request of the pages, and where in them it is made: the table from which each is made to fail.

A page that asks for what has no row here fails ``test_networks.py``.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from playwright.sync_api import Page, Route, expect

from tests import payers
from tests.browser.answers import LINKS, PAYMENTS, REQUESTS
from tests.browser.conftest import CLIENT, company
from tests.browser.test_companies import ask_for
from tests.journeys.conftest import ROOT

JS = ROOT / "web" / "js"
PASSWORD = "una frase bastante larga"
NEW_PASSWORD = "otra frase bien larga"
CODE = "ABCDEF"
DOCUMENTS = f"/comprobantes/c-{CLIENT}"
DOCUMENT = f"{DOCUMENTS}/v-00205-00001622-006"
DOCS = "/companies/*/docs"
REGISTERING = {
    "first_name": "Ana", "last_name": "Gómez", "email": "ana@estudio.example", "password": PASSWORD,
    "repeated": PASSWORD,
}  # fmt: skip
ASKED = {"cuit": company("client", CLIENT)["cuit"], "number": CLIENT}


class Call(NamedTuple):
    """A request as the pages' source has it: the module that makes it, method, path with ``*`` for what varies."""

    module: str
    method: str
    path: str


_ASKED = re.compile(r"\b(?:ask|open|send)\('([A-Z]+)', ['`](/[^'`?]+|\$\{documentOf[^'`?]+)")
_SAVED = re.compile(r"\bsave\(page, `([^`?]+)")  # download.js fetches what these name
_MAILED = re.compile(r"\bpath: '(/[^']+)'")  # a table of mail-link.js, whose button posts


def calls() -> set[Call]:
    """All that the pages' modules ask the API for."""
    found = set()
    for file in JS.rglob("*.js"):
        script = file.read_text(encoding="utf-8")
        asked = _ASKED.findall(script) + [("GET", path) for path in _SAVED.findall(script)]
        if file.name == "mail-link.js":
            asked += [("POST", path) for path in _MAILED.findall(script)]
        for method, path in asked:
            plain = re.sub(r"\$\{documentOf\([^}]*\)\}", f"{DOCS}/*", path)
            found.add(Call(file.name, method, re.sub(r"\$\{[^}]*\}", "*", plain)))
    return found


def address(path: str) -> re.Pattern[str]:
    """What the address of a request for this path of the API looks like."""
    return re.compile("/v1" + re.escape(path).replace(r"\*", "[^/?]+") + r"(\?|$)")


class Read(NamedTuple):
    """What a page shows as it opens."""

    call: Call
    path: str
    what: str
    """Completes «No pudimos …»."""


READS = [
    Read(Call("api.js", "POST", "/session/refresh"), "/comprobantes", "abrir la página"),
    Read(Call("companies.js", "GET", "/companies"), "/comprobantes", "traer tus empresas"),
    Read(Call("documents.js", "GET", DOCS), DOCUMENTS, "traer los comprobantes"),
    Read(Call("document.js", "GET", f"{DOCS}/*"), DOCUMENT, "traer el documento"),
    Read(Call("account.js", "GET", "/companies/*/statement"), f"{DOCUMENTS}/cuenta", "traer la cuenta corriente"),
    Read(Call("ageing.js", "GET", DOCS), f"{DOCUMENTS}/cuenta", "calcular lo que está sin pagar"),
    Read(Call("pay.js", "GET", "/companies/*/debts"), f"{DOCUMENTS}/pagar", "traer lo que debés"),
    Read(Call("pay.js", "GET", "/companies/*/payments"), f"{DOCUMENTS}/pagar", "traer lo que debés"),
    Read(Call("link-requests.js", "GET", "/link-requests"), "/vincular", "traer tus pedidos"),
    Read(Call("sessions.js", "GET", "/sessions"), "/sesiones", "traer tus sesiones"),
    Read(Call("notifications.js", "GET", "/me/notifications"), "/avisos", "traer tus avisos"),
    Read(Call("notifications.js", "GET", "/companies"), "/avisos", "traer tus avisos"),
    Read(Call("links.js", "GET", "/me/links"), "/enlaces", "traer tus enlaces"),
]


@dataclass
class Act:
    """What a person does on a page by a button. ``begin`` brings the page to where the button is, ``press`` does it,
    twice and fast as people do; ``told`` is where they hear what became of it."""

    call: Call
    path: str
    press: Callable[[Page], None]
    typed: dict[str, str] = field(default_factory=dict)
    """What is filled in, by the field's id: it stays."""
    begin: Callable[[Page], None] | None = None
    stays: dict[str, str] = field(default_factory=dict)
    """What ``begin`` filled in and has to stay."""
    told: str = "main .summary"
    meanwhile: str = "main [aria-disabled=true]:not(.page)"
    """What shows that it goes on: a button, as a rule. Those that leaf through a list have reasons of their own."""

    @property
    def name(self) -> str:
        return f"{self.call.module} {self.call.method} {self.call.path}"


def button(name: str | re.Pattern[str], within: str = "main") -> Callable[[Page], None]:
    exact = isinstance(name, str)
    return lambda page: page.locator(within).get_by_role("button", name=name, exact=exact).first.dblclick()


def answer(page: Page, method: str, path: str, body: Any, status: int = 200) -> None:
    """In the API's place, for a page to come to where what is looked at happens."""

    def fulfil(route: Route) -> None:
        if route.request.method == method:
            route.fulfill(status=status, json=body)
        else:
            route.fallback()

    page.route(address(path), fulfil)


def mail_link(page: str, path: str, name: str) -> Act:
    return Act(Call("mail-link.js", "POST", path), f"{page}#t=x.y", button(name))


def _not_activated(page: Page) -> None:
    answer(page, "POST", "/login", {"status": 403, "code": "not_activated", "errors": []}, 403)
    page.get_by_role("button", name="Ingresar", exact=True).click()


def _registered(page: Page) -> None:
    answer(page, "POST", "/register", {}, 202)
    for name, value in REGISTERING.items():
        page.locator(f"#{name}").fill(value)
    page.get_by_role("button", name="Registrarme").click()
    expect(page.get_by_role("heading", name="Revisá tu correo")).to_be_visible()
    page.clock.run_for(61_000)


OUTSIDE = [
    Act(
        Call("api.js", "POST", "/login"), "/ingresar", button("Ingresar"),
        {"email": "ana@estudio.example", "password": PASSWORD},
    ),
    Act(
        Call("waiting.js", "POST", "/activation"), "/ingresar", button("Enviame otro correo"),
        {"email": "ana@estudio.example", "password": PASSWORD}, _not_activated,
    ),
    Act(
        Call("register.js", "POST", "/register"), "/registro", button("Registrarme"),
        REGISTERING,
    ),
    Act(
        Call("register.js", "POST", "/activation"), "/registro", button("Enviar otra vez"), begin=_registered,
    ),
    Act(
        Call("recover.js", "POST", "/password/forgot"), "/recuperar", button("Enviar"),
        {"email": "ana@estudio.example"},
    ),
    Act(
        Call("reset.js", "POST", "/password/reset"), "/restablecer#t=x.y", button("Guardar la contraseña"),
        {"password": PASSWORD, "repeated": PASSWORD},
    ),
    Act(
        Call("payment.js", "POST", "/payment/login"), "/pago", button("Ingresar"),
        {"user": CLIENT, "key": payers.WRONG},
    ),
    Act(
        Call("payment.js", "POST", "/payment/key"), "/pago", button("Olvidé mi contraseña"), {"user": CLIENT},
    ),
    Act(Call("mailed.js", "POST", "/links/open"), "/documento#t=x.y", button("Descargar el PDF")),
    mail_link("/activar", "/activate", "Activar mi cuenta"),
    mail_link("/confirmar-correo", "/me/email/confirm", "Usar este correo"),
    mail_link("/cancelar-correo", "/me/email/cancel", "Frenar el cambio"),
    mail_link("/objetar", "/companies/object", "Suspender el vínculo"),
    mail_link("/dejar-avisos", "/unsubscribe", "Dejar de recibirlos"),
]  # fmt: skip


# --- inside -----------------------------------------------------------------------------------------------------------


def _asking_to_link(page: Page) -> None:
    page.get_by_role("button", name="Vincular con Cliente/Proveedor").first.click()
    page.get_by_role("radio", name="Cliente").check()
    for name, value in ASKED.items():
        page.locator(f"#{name}").fill(value)


def _asked_to_link(page: Page) -> None:
    answer(page, "POST", "/companies", {"request_id": "r1", "state": "received"}, 202)
    ask_for(page, "Cliente", ASKED["cuit"], ASKED["number"])
    page.locator("#code").fill(CODE)


def _asked_to_unlink(page: Page) -> None:
    page.get_by_role("button", name=f"Desvincular {company('client', CLIENT)['name']}").click()


def _waiting_for_a_code(page: Page) -> None:
    answer(page, "GET", "/link-requests", {"items": REQUESTS, "total": len(REQUESTS), "next": None})
    page.reload()
    page.get_by_role("textbox", name="Código").fill(CODE)


def _live_links(page: Page) -> None:
    answer(page, "GET", "/me/links", {"items": LINKS[:2], "total": len(LINKS), "next": "more"})
    page.reload()
    expect(page.get_by_role("button", name="Ver más")).to_be_visible()


def _one_debt(page: Page) -> None:
    page.locator("#debts input[type=checkbox]").first.check()
    page.locator("#amount").fill("1,50")


def _a_transfer(page: Page) -> None:
    page.get_by_role("button", name="Informar una transferencia").click()
    page.locator("#debts input[type=checkbox]").first.check()
    page.locator("#transferred").fill("1,50")
    page.locator("#bank").fill("Banco Nación")


def _a_payment(page: Page) -> None:
    answer(page, "GET", "/companies/*/payments", {"items": PAYMENTS, "next": None})
    page.reload()
    expect(page.get_by_role("button", name="Cancelar")).to_be_visible()


def _notices(page: Page) -> None:
    page.locator(f"#c-{CLIENT}-voucher").select_option("none")


def _sheet(page: Page) -> None:
    for _ in range(2):
        page.locator(".export summary").click()
        page.locator(".export").get_by_role("button", name="CSV").click()


def _one_chosen(page: Page) -> None:
    page.locator("#documents input[type=checkbox]").first.check()


def _zip(page: Page) -> None:
    again = page.get_by_role("button", name="Reintentar")
    if again.count():
        again.dblclick()
    else:
        page.locator(".export summary").click()
        page.locator(".export").get_by_role("button", name="El PDF elegido").click()


def _pdf(page: Page) -> None:
    page.locator("#documents .icon-button").first.dblclick()


INSIDE = [
    Act(
        Call("my-data.js", "PATCH", "/me"), "/mis-datos", button("Guardar"),
        {"first_name": "Mara", "last_name": "Fernándes"},
    ),
    Act(
        Call("my-data.js", "POST", "/me/email"), "/mis-datos", button("Pedir el cambio"),
        {"email": "otra@estudio.example", "password": PASSWORD},
    ),
    Act(Call("my-data.js", "GET", "/me/data"), "/mis-datos", button("Descargar mis datos")),
    Act(Call("my-data.js", "DELETE", "/me"), "/mis-datos", button("Eliminar mi cuenta"), {"farewell": PASSWORD}),
    Act(
        Call("password.js", "POST", "/password"), "/contrasena", button("Cambiar la contraseña"),
        {"current_password": PASSWORD, "password": NEW_PASSWORD, "repeated": NEW_PASSWORD},
    ),
    Act(
        Call("notifications.js", "PUT", "/me/notifications"), "/avisos", button("Guardar"),
        {}, _notices, {f"c-{CLIENT}-voucher": "none"},
    ),
    Act(
        Call("linking.js", "POST", "/companies"), "/comprobantes", button("Vincular", "#link"),
        {}, _asking_to_link, ASKED, "#link .summary",
    ),
    Act(
        Call("linking.js", "POST", "/link-requests/*/confirm"), "/comprobantes", button("Confirmar", "#link"),
        {}, _asked_to_link, {"code": CODE}, "#link .summary",
    ),
    Act(
        Call("linking.js", "POST", "/link-requests/*/confirm"), "/vincular", button("Confirmar"),
        {}, _waiting_for_a_code, {f"code-{REQUESTS[0]['request_id']}": CODE},
    ),
    Act(
        Call("companies.js", "DELETE", "/companies/*"), "/comprobantes", button("Desvincular", "#unlink"),
        {}, _asked_to_unlink, told="#unlink .summary",
    ),
    Act(
        Call("sessions.js", "DELETE", "/sessions/*"), "/sesiones", button(re.compile("^Cerrar la de")),
        told="main .notice",
    ),
    Act(
        Call("links.js", "DELETE", "/me/links/*"), "/enlaces", button(re.compile("^Anular")),
        {}, _live_links, told="main .notice",
    ),
    Act(
        Call("pay.js", "POST", "/companies/*/payments"), f"{DOCUMENTS}/pagar", button("Pagar lo elegido"),
        {}, _one_debt, {"amount": "1,50"},
    ),
    Act(
        Call("pay.js", "POST", "/companies/*/payment-key"), f"{DOCUMENTS}/pagar", button("Mandar una clave"),
    ),
    Act(
        Call("pay.js", "DELETE", "/companies/*/payments/*"), f"{DOCUMENTS}/pagar", button(re.compile("^Cancelar")),
        {}, _a_payment, told="main .notice",
    ),
    Act(
        Call("transfers.js", "GET", "/companies/*/transfers"), f"{DOCUMENTS}/pagar",
        button("Informar una transferencia"), told="main .notice",
    ),
    Act(
        Call("transfers.js", "POST", "/companies/*/transfers"), f"{DOCUMENTS}/pagar", button("Informar"),
        {}, _a_transfer, {"transferred": "1,50", "bank": "Banco Nación"},
    ),
    Act(Call("links.js", "GET", "/me/links"), "/enlaces", button("Ver más"), {}, _live_links, told="main .notice"),
    Act(Call("download.js", "GET", f"{DOCS}/*/download"), DOCUMENTS, _pdf, told="main .notice"),
    Act(Call("download.js", "GET", f"{DOCS}/*/download"), DOCUMENT, button("Descargar PDF"), told="main .notice"),
    Act(
        Call("download.js", "GET", "/companies/*/export"), DOCUMENTS, _sheet, told="main .notice",
        meanwhile=".export summary:has-text('Preparando…')",
    ),
    Act(
        Call("bundle.js", "GET", f"{DOCS}/*/download"), DOCUMENTS, _zip, begin=_one_chosen, told="main .notice",
        meanwhile="#zip-progress",
    ),
]  # fmt: skip
