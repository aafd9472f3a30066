"""POST /v1/companies/{id}/payments: a payment of a client's documents, on record before the provider knows of it, and
the provider's page for it.

The amount is worked out here: who asks names documents, never prices (S86).
"""

from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from miinti import clock, observe, paid, settings
from miinti.aws import Row
from miinti.companies import access
from miinti.documents import files, payments
from miinti.errors import (
    IdempotencyMismatch,
    NoProvider,
    NotFound,
    PaymentInProcess,
    RequestInProgress,
    TooManyRows,
)
from miinti.http import IDEMPOTENCY_KEY, Answer, Request, api
from miinti.payments import debts, flow, ours, shown, starting, store
from miinti.payments.debts import Debit
from miinti.payments.states import State
from miinti.values import money
from miinti.values.told import Instant, Money, Told

MOST: Final = 10_000
"""Debits of one client."""


class Start(BaseModel):
    """Some documents, or all that are overdue; of a single one perhaps only a part."""

    model_config = ConfigDict(extra="forbid", strict=True)

    doc_ids: Annotated[list[str], Field(min_length=1, max_length=debts.MOST)] = []
    all_overdue: bool = False
    amount: Annotated[str, AfterValidator(money.told), Told(pattern=r"^[0-9]{1,15}\.[0-9]{2}$")] = ""


class Started(TypedDict):
    """``redirect_url`` is None once nobody can begin to pay there any more."""

    id: str
    state: State
    amount: Money
    currency: str
    redirect_url: str | None
    expires_at: Instant


def _owed(company_id: str) -> list[Debit]:
    return [debts.debit(facts) for facts in payments.open_debits(company_id, MOST, consistent=True)]


@api(
    "POST /v1/companies/{id}/payments",
    "Empezar un pago",
    body=Start,
    headers=(IDEMPOTENCY_KEY,),
    answers={201: Started},
    refusals=(NotFound, TooManyRows, PaymentInProcess, IdempotencyMismatch, RequestInProgress, NoProvider),
    reads=lambda request: access.wanted(
        request.account_id,
        request.path.get("id", ""),
        store.wanted_request(request.account_id, request.headers.get("idempotency-key", "")),
    ),
    prepare=(ours.prepared,),
    ids={"id": access.ID.pattern},
    payer=True,
)
def handler(request: Request[Start]) -> Answer:
    company_id, now = access.client(request.rows, request.payer)["id"], clock.now()
    body = request.body
    asked = debts.asked(body.doc_ids, body.all_overdue, money.cents(body.amount) if body.amount else None)
    place = store.wanted_request(request.account_id, request.headers["idempotency-key"])
    once = place, store.digest([company_id, body.model_dump()])

    def new() -> Row:
        ledger = starting.Ledger(_owed, payments.receipts_of, payments.remaining_of)
        provider, person = ours.provider(), request.account_id
        return starting.start(provider, ours.of, company_id, person, ledger, asked, now, paid.letters, once)

    payment = starting.once(request.rows[2], once, now, new)
    observe.about(company=company_id, payment=payment["id"])
    with ours.willing():
        if starting.too_late(payment, now):
            payment = flow.end(ours.of(payment["provider"]), payment, "expired", now, paid.letters)
        elif "closed" not in payment:
            back = f"{settings.portal_url()}/comprobantes/{company_id}/pagar"
            payment = flow.begin(ours.of(payment["provider"]), payment, lambda line: files.title(line.doc), back, now)
    told: Started = {
        "id": payment["id"],
        "state": payment["state"],
        "amount": money.text(int(payment["cents"])),
        "currency": payment["currency"],
        "redirect_url": shown.address(payment, now),
        "expires_at": clock.instant(int(payment["expires_at"])),
    }
    return Answer(201, told, {"Location": f"/v1/companies/{company_id}/payments/{payment['id']}"})
