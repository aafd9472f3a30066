"""GET /v1/companies/{id}/docs/{doc_id}: one document with all that is known of it, and what paid what."""

from miinti import clock
from miinti.companies import access
from miinti.documents import items, rows, store
from miinti.errors import NotFound
from miinti.http import Answer, Request, api


@api(
    "GET /v1/companies/{id}/docs/{doc_id}",
    "Un documento, con todo lo que se sabe de él",
    answers={200: items.Detail},
    refusals=(NotFound,),
    reads=lambda request: access.wanted(
        request.account_id,
        request.path.get("id", ""),
        *store.wanted(request.path.get("id", ""), request.path.get("doc_id", "")),
    ),
    ids={"id": access.ID.pattern, "doc_id": rows.ID},
)
def handler(request: Request[None]) -> Answer:
    company = access.granted(request.rows)
    document = store.found(company["role"], request.rows[2:])
    applied = store.applied(document["id"]) if document["kind"] == "voucher" else []
    return Answer(200, items.detail(document, applied, clock.today()))
