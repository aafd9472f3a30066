"""GET /v1/companies/{id}/statement: the running account of a client over a period."""

from miinti import clock, fresh
from miinti.companies import access
from miinti.documents import listing, statement, store
from miinti.documents.statement import Period, Statement
from miinti.errors import NotFound, TooManyRows
from miinti.http import Answer, Param, Request, api

MOST = 25_000
"""Vouchers of one account: their movements are five of the six megabytes that Lambda answers with."""


@api(
    "GET /v1/companies/{id}/statement",
    "Ver la cuenta corriente de un cliente",
    answers={200: Statement},
    query=(
        Param("from", "Desde este día, incluido; lo anterior es el saldo inicial.", day=True),
        Param("to", "Hasta este día, incluido. Si es anterior a `from`, no hay movimientos.", day=True),
    ),
    refusals=(NotFound, TooManyRows),
    reads=lambda request: access.wanted(request.account_id, request.path.get("id", ""), fresh.wanted()),
    ids={"id": access.ID.pattern},
)
def handler(request: Request[None]) -> Answer:
    company = access.granted(request.rows)
    if company["role"] != "client":
        # Only clients have an account that runs.
        raise NotFound
    period = Period(request.query.get("from", ""), request.query.get("to", ""))
    asked = {"kind": "voucher", "sort": "date"}
    today = clock.today()
    try:
        known, after = store.every(company, listing.asked(company["role"], asked), MOST, today), None
    except TooManyRows:
        if not period.first:
            raise
        # What went before is what the whole comes to, less what came since.
        since = listing.asked(company["role"], {**asked, "from": period.first})
        known, after = store.every(company, since, MOST, today), int(company["open_cents"])
    return Answer(200, statement.of(known, period, after), fresh.headers(request.rows[2]))
