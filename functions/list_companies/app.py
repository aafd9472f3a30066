"""GET /v1/companies: the companies that the person is linked to."""

from typing_extensions import TypedDict

from miinti import cursors, fresh
from miinti.companies import access, links
from miinti.companies.company import Company, place, shown
from miinti.errors import BadCursor
from miinti.http import Answer, Param, Request, api


class Companies(TypedDict):
    items: list[Company]
    total: int
    next: str | None


@api(
    "GET /v1/companies",
    "Mis empresas vinculadas",
    answers={200: Companies},
    query=(Param("role", "Sólo clientes o sólo proveedores.", choices=tuple(access.ROLES)), *cursors.PARAMS),
    refusals=(BadCursor,),
    reads=lambda _: [fresh.wanted()],
    prepare=(cursors.key,),
)
def handler(request: Request[None]) -> Answer:
    role = request.query.get("role", "")
    held = [link for link in links.of_account(request.account_id) if role in ("", access.role_of(link["company"]))]
    found = sorted(links.companies_of(held), key=lambda pair: place(pair[0]))
    some, next = cursors.page(
        request.account_id, f"companies {role}", request.query, found, lambda pair: place(pair[0])
    )

    body: Companies = {
        "items": [shown(company, link) for company, link in some],
        "total": len(found),
        "next": next,
    }
    return Answer(200, body, fresh.headers(request.rows[0]))
