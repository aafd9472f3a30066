"""DELETE /v1/companies/{id}/payments/{pid}: give a payment up. Its documents are free once nobody can pay it."""

from miinti import clock, observe, paid
from miinti.companies import access
from miinti.errors import NoProvider, NotFound, PaymentInProcess
from miinti.http import Answer, Request, api
from miinti.payments import flow, ours, states, store


@api(
    "DELETE /v1/companies/{id}/payments/{pid}",
    "Cancelar un pago",
    answers={204: None},
    refusals=(NotFound, PaymentInProcess, NoProvider),
    reads=lambda request: access.wanted(
        request.account_id,
        request.path.get("id", ""),
        *store.wanted(request.path.get("id", ""), request.path.get("pid", "")),
    ),
    prepare=(ours.prepared,),
    ids={"id": access.ID.pattern, "pid": store.ID.pattern},
    payer=True,
)
def handler(request: Request[None]) -> Answer:
    company_id = access.client(request.rows, request.payer)["id"]
    payment = store.found(request.rows[2:])
    observe.about(company=company_id, payment=payment["id"])
    provider = ours.of(payment["provider"])
    with ours.willing():
        payment = flow.end(provider, payment, "cancelled", clock.now(), paid.letters)
    if not states.ended(payment):
        # Money has come, or may still come.
        raise PaymentInProcess
    return Answer(204)
