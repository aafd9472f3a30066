"""GET /v1/companies/{id}/payments/{pid}: one payment as it is, imputed or not yet."""

from miinti import clock
from miinti.companies import access
from miinti.documents import payments
from miinti.errors import NotFound
from miinti.http import Answer, Request, api
from miinti.payments import holds, settlement, shown, store
from miinti.payments.shown import Payment


@api(
    "GET /v1/companies/{id}/payments/{pid}",
    "Un pago",
    answers={200: Payment},
    refusals=(NotFound,),
    reads=lambda request: access.wanted(
        request.account_id,
        request.path.get("id", ""),
        *store.wanted(request.path.get("id", ""), request.path.get("pid", "")),
    ),
    ids={"id": access.ID.pattern, "pid": store.ID.pattern},
    payer=True,
)
def handler(request: Request[None]) -> Answer:
    company_id = access.client(request.rows, request.payer)["id"]
    payment = store.found(request.rows[2:])
    held = holds.of_company(company_id) if settlement.awaited(payment) else {}
    receipt = settlement.receipt_for(payment, payments.receipts_of, held, payments.remaining_of)
    return Answer(200, shown.shown(payment, receipt, clock.now()))
