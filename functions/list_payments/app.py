"""GET /v1/companies/{id}/payments: the payments of a client, newest first."""

from functools import partial
from typing import Final

from typing_extensions import TypedDict

from miinti import clock, cursors
from miinti.companies import access
from miinti.documents import payments
from miinti.errors import BadCursor, NotFound
from miinti.http import Answer, Request, api
from miinti.payments import holds, settlement, shown, store
from miinti.payments.shown import Payment

LOOKED_AT: Final = 100
"""Documents whose receipts one page looks for: of the payments after them it tells what ``check_payments`` has seen."""


class Payments(TypedDict):
    items: list[Payment]
    next: str | None


@api(
    "GET /v1/companies/{id}/payments",
    "Pagos de un cliente",
    answers={200: Payments},
    query=cursors.FEW,
    refusals=(NotFound, BadCursor),
    reads=lambda request: access.wanted(request.account_id, request.path.get("id", "")),
    prepare=(cursors.key,),
    ids={"id": access.ID.pattern},
    payer=True,
)
def handler(request: Request[None]) -> Answer:
    company_id, now = access.client(request.rows, request.payer)["id"], clock.now()
    page, next = cursors.page_read(
        request.account_id, f"payments {company_id}", request.query, partial(store.of_company, company_id)
    )
    held = holds.of_company(company_id) if any(map(settlement.awaited, page)) else {}
    items: list[Payment] = []
    left = LOOKED_AT
    for payment in page:
        receipt = payment.get("receipt")
        if settlement.awaited(payment) and len(payment["lines"]) <= left:
            left -= len(payment["lines"])
            receipt = settlement.receipt_for(payment, payments.receipts_of, held, payments.remaining_of)
        items.append(shown.shown(payment, receipt, now))
    return Answer(200, {"items": items, "next": next})
