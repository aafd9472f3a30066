"""GET /v1/companies/{id}/payments: the payments of a client, newest first."""

from dataclasses import replace
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
    query=(
        replace(cursors.LIMIT, maximum=50),
        cursors.CURSOR,
    ),
    refusals=(NotFound, BadCursor),
    reads=lambda request: access.wanted(request.account_id, request.path.get("id", "")),
    prepare=(cursors.key,),
    ids={"id": access.ID.pattern},
    payer=True,
)
def handler(request: Request[None]) -> Answer:
    company_id, now = access.client(request.rows, request.payer)["id"], clock.now()
    limit, query = int(request.query["limit"]), f"payments {company_id}"
    after = None
    if "cursor" in request.query:
        after = cursors.opened(request.account_id, query, request.query["cursor"])
    read = store.of_company(company_id, limit + 1, after)
    page = read[:limit]
    held = holds.of_company(company_id) if any(map(settlement.awaited, page)) else {}
    items: list[Payment] = []
    left = LOOKED_AT
    for payment in page:
        receipt = payment.get("receipt")
        if settlement.awaited(payment) and len(payment["lines"]) <= left:
            left -= len(payment["lines"])
            receipt = settlement.receipt_for(payment, payments.receipts_of, held, payments.remaining_of)
        items.append(shown.shown(payment, receipt, now))
    next = cursors.sealed(request.account_id, query, page[-1]["id"]) if len(read) > limit else None
    return Answer(200, {"items": items, "next": next})
