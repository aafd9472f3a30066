"""GET /v1/companies: the companies that the person is linked to."""

from typing_extensions import TypedDict

from miinti import cursors, fresh
from miinti.companies import access, links, rules
from miinti.companies.company import Company, place, shown
from miinti.errors import BadCursor
from miinti.http import Answer, Param, Request, api


class Companies(TypedDict):
    items: list[Company]
    total: int
    next: str | None


QUERY = (
    Param("role", "Sólo clientes o sólo proveedores.", choices=tuple(access.ROLES)),
    Param("limit", "Cuántas por página.", minimum=1, maximum=100),
    Param("cursor", "El `next` de la página anterior.", pattern=cursors.SHAPE),
)


@api(
    "GET /v1/companies",
    "Mis empresas vinculadas",
    answers={200: Companies},
    query=QUERY,
    refusals=(BadCursor,),
    reads=lambda _: [fresh.wanted()],
    prepare=(cursors.key,),
)
def handler(request: Request[None]) -> Answer:
    role = request.query.get("role", "")
    query = f"companies {role}"
    given = request.query.get("cursor")
    after = None if given is None else cursors.opened(request.account_id, query, given)

    held = [link for link in links.of_account(request.account_id) if role in ("", access.role_of(link["company"]))]
    found = sorted(links.companies_of(held), key=lambda pair: place(pair[0]))
    some, last = rules.page(found, lambda pair: place(pair[0]), after, int(request.query.get("limit", "10")))

    body: Companies = {
        "items": [shown(company, link) for company, link in some],
        "total": len(found),
        "next": cursors.sealed(request.account_id, query, last) if last else None,
    }
    return Answer(200, body, fresh.headers(request.rows[0]))
