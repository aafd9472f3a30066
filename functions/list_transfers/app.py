"""GET /v1/companies/{id}/transfers: the transfers that a client's people told of, newest first."""

from dataclasses import replace

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
    query=(
        replace(cursors.LIMIT, maximum=50),
        cursors.CURSOR,
    ),
    refusals=(NotFound, BadCursor),
    reads=lambda request: access.wanted(request.account_id, request.path.get("id", "")),
    prepare=(cursors.key,),
    ids={"id": access.ID.pattern},
)
def handler(request: Request[None]) -> Answer:
    company_id = access.client(request.rows)["id"]
    limit, query = int(request.query["limit"]), f"transfers {company_id}"
    after = None
    if "cursor" in request.query:
        after = cursors.opened(request.account_id, query, request.query["cursor"])
    read = transfers.of_company(company_id, limit + 1, after)
    page = read[:limit]
    next = cursors.sealed(request.account_id, query, page[-1]["id"]) if len(read) > limit else None
    return Answer(200, {"items": list(map(transfers.told, page)), "next": next})
