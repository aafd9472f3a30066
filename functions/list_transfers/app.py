"""GET /v1/companies/{id}/transfers: the transfers that a client's people told of, newest first."""

from functools import partial

from typing_extensions import TypedDict

from miinti import cursors
from miinti.companies import access
from miinti.errors import BadCursor, NotFound
from miinti.http import Answer, Request, api
from miinti.payments import transfers
from miinti.payments.transfers import Transfer


class Transfers(TypedDict):
    items: list[Transfer]
    next: str | None


@api(
    "GET /v1/companies/{id}/transfers",
    "Transferencias informadas de un cliente",
    answers={200: Transfers},
    query=cursors.FEW,
    refusals=(NotFound, BadCursor),
    reads=lambda request: access.wanted(request.account_id, request.path.get("id", "")),
    prepare=(cursors.key,),
    ids={"id": access.ID.pattern},
)
def handler(request: Request[None]) -> Answer:
    company_id = access.client(request.rows)["id"]
    page, next = cursors.page_read(
        request.account_id, f"transfers {company_id}", request.query, partial(transfers.of_company, company_id)
    )
    return Answer(200, {"items": list(map(transfers.told, page)), "next": next})
