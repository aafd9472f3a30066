"""Answers as the contract has them, in place of the API's."""

from typing import Any

from playwright.sync_api import Page, Route

MOVEMENTS = [
    ("2026-08-03", "v-00205-00001601-001", "20500001601", "Factura A", "242168.00", None, "342168.00"),
    ("2026-08-20", "v-00205-00000911-RX", "20500000911", "Recibo X", None, "100000.00", "242168.00"),
    ("2026-09-01", "v-00205-00001622-006", "20500001622", "Factura B", "12345678901234.56", None, "12345679143402.56"),
    ("2026-10-05", "v-00205-00000044-003", "20500000044", "Nota de Crédito A", None, "12345679243402.56", "-100000.00"),
]
STATEMENT: dict[str, Any] = {
    "opening": "100000.00",
    "closing": "-100000.00",
    "currency": "ARS",
    "movements": [
        dict(zip(("date", "doc_id", "number", "type_label", "debit", "credit", "balance"), row, strict=True))
        for row in MOVEMENTS
    ],
}
NOTIFICATIONS: dict[str, Any] = {
    "companies": {
        "c-27334": {"news": {"voucher": "link", "quote": "attachment", "work_order": "none"}, "reminders": True},
        "c-15002": {"news": {"voucher": "link", "quote": "link", "work_order": "link"}, "reminders": False},
        "s-3456": {"news": {"withholding": "link"}, "reminders": False},
    }
}
LINKS: list[dict[str, Any]] = [
    {
        "id": f"mailed{n}",
        "company_id": "c-27334",
        "doc_id": f"v-00205-0000162{n}-006",
        "document": {"kind": "voucher", "number": f"2050000162{n}", "date": "2026-11-03"},
        "created_at": "2026-11-04T12:00:00Z",
        "expires_at": "2026-12-04T12:00:00Z",
    }
    for n in range(3)
]
REQUESTS: list[dict[str, Any]] = [
    {
        "request_id": "asked1",
        "role": "client",
        "cuit": "30953877534",
        "number": "15002",
        "state": "received",
        "created_at": "2026-11-24T12:00:00Z",
        "expires_at": "2026-11-27T12:00:00Z",
    }
]
PAYMENTS: list[dict[str, Any]] = [
    {
        "id": "0" * 32,
        "state": "created",
        "state_label": "Sin pagar todavía",
        "amount": "121000.00",
        "currency": "ARS",
        "documents": [{"doc_id": "v-00205-00001624-006", "amount": "121000.00"}],
        "redirect_url": "/pago",
        "cancellable": True,
        "holds": True,
        "refunded": "0.00",
        "created_at": "2026-11-30T12:00:00Z",
        "expires_at": "2026-11-30T13:00:00Z",
        "credited_at": None,
        "receipt": None,
    }
]
FILE = "the-bucket/x.pdf"
"""In place of the bucket's address: the pages may fetch from the bucket and from their own origin alone."""
OPENED: dict[str, Any] = {
    "url": f"/{FILE}",
    "expires_at": "2026-11-24T15:00:00Z",
    "filename": "Factura B 0205-00001622.pdf",
    "document": {"kind": "voucher", "number": "20500001622", "date": "2026-11-03"},
}


def stub(page: Page) -> None:
    """Answers for what a page may ask: the running account, notices, links, a mailed document."""

    def opened(route: Route) -> None:
        if route.request.post_data_json["token"] == "old":  # type: ignore[index]  # the page posts an object
            body = {"status": 410, "code": "link_expired", "detail": "El enlace venció.", "errors": []}
            return route.fulfill(status=410, json=body)
        return route.fulfill(json=OPENED)

    page.route("**/statement?*", lambda route: route.fulfill(json=STATEMENT))
    page.route("**/v1/me/notifications", lambda route: route.fulfill(json=NOTIFICATIONS))
    page.route("**/v1/me/links?*", lambda route: route.fulfill(json={"items": LINKS, "total": 3, "next": None}))
    page.route("**/v1/links/open", opened)
    page.route(f"**/{FILE}", lambda route: route.fulfill(body="%PDF-"))
