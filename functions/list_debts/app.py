"""GET /v1/companies/{id}/debts: what a client owes today, and what of it is in a payment."""

from typing_extensions import TypedDict

from miinti import clock, fresh, settings
from miinti.companies import access
from miinti.companies.company import Company, shown
from miinti.documents import items, payments
from miinti.errors import NotFound, TooManyRows
from miinti.http import Answer, Request, api
from miinti.payments import debts, holds
from miinti.values import money
from miinti.values.told import Money

MOST = 10_000
"""Debits of one client: they are three of the six megabytes that Lambda answers with."""


class Debt(items.Voucher):
    """``payment`` is the id of the payment that the document is in."""

    payment: str | None


class Debts(TypedDict):
    """By due date, the longest due first. ``total`` is of all items, ``overdue`` and ``in_payment`` of those that
    are; ``payable`` whether they can be paid here at all."""

    company: Company
    items: list[Debt]
    currency: str
    total: Money
    overdue: Money
    in_payment: Money
    payable: bool


@api(
    "GET /v1/companies/{id}/debts",
    "Deudas de un cliente",
    answers={200: Debts},
    refusals=(NotFound, TooManyRows),
    reads=lambda request: access.wanted(request.account_id, request.path.get("id", ""), fresh.wanted()),
    ids={"id": access.ID.pattern},
    payer=True,
)
def handler(request: Request[None]) -> Answer:
    company, link = access.linked(request.rows, request.payer)
    if company["role"] != "client":
        # Only clients owe anything here.
        raise NotFound
    today = clock.today()
    open = payments.open_debits(company["id"], MOST)
    held = {doc: row.get("payment") for doc, row in holds.of_company(company["id"]).items()}
    owed = [debts.debit(facts) for facts in open]

    body: Debts = {
        "company": shown(company, link),
        "items": [{**items.item(facts, today), "payment": held.get(facts["id"])} for facts in open],  # type: ignore[typeddict-item]  # debits are vouchers
        "currency": "ARS",
        "total": money.text(debts.total(owed)),
        "overdue": money.text(debts.total([debit for debit in owed if debts.overdue(debit, today)])),
        "in_payment": money.text(debts.total([debit for debit in owed if held.get(debit.doc)])),
        "payable": settings.takes_payments(),
    }
    return Answer(200, body, fresh.headers(request.rows[2]))
