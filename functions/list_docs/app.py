"""GET /v1/companies/{id}/docs: a page of a company's documents, in any order, filtered and searched."""

from typing_extensions import TypedDict

from miinti import clock, cursors, fresh
from miinti.companies import access
from miinti.companies.company import Company, shown
from miinti.documents import items, listing, store
from miinti.documents.kinds import KINDS
from miinti.errors import BadCursor, NotFound
from miinti.http import Answer, Param, Request, api


class Documents(TypedDict):
    company: Company
    items: list[items.Item]
    total: int | None
    next: str | None


QUERY = (
    Param(
        "kind",
        "Clase de documento: `voucher`, `quote` y `work_order` son de clientes; `withholding`, de proveedores. "
        "Si falta: `voucher` para un cliente, `withholding` para un proveedor.",
        choices=tuple(KINDS),
    ),
    *cursors.PARAMS,
    Param(
        "sort",
        "Orden; con `-` adelante, descendente. voucher: date, number, type, billed, collected, status. withholding: "
        "date, number, tax, amount. quote: date, number, total. work_order: date, number, stage.",
        choices=listing.SORTS,
        default=listing.DEFAULT_SORT,
    ),
    Param(
        "q",
        "Parte del número en cualquiera de sus formas, del nombre del tipo o del estado, o de un importe como se "
        "escribe (`242.168,00`). No cuentan mayúsculas ni acentos.",
        maximum=100,
    ),
    Param("from", "Desde este día, incluido. Si es posterior a `to`, la lista es vacía.", day=True),
    Param("to", "Hasta este día, incluido.", day=True),
    Param("status", "Estado; de una orden de trabajo, su etapa.", choices=listing.STATES),
    Param(
        "type",
        "De un comprobante, su código de ARCA (`006`, `RX`); de una retención, su impuesto. Los demás no tienen.",
        pattern=listing.TYPE,
    ),
)


@api(
    "GET /v1/companies/{id}/docs",
    "Documentos de una empresa",
    answers={200: Documents},
    query=QUERY,
    refusals=(NotFound, BadCursor),
    reads=lambda request: access.wanted(request.account_id, request.path.get("id", ""), fresh.wanted()),
    prepare=(cursors.key,),
    ids={"id": access.ID.pattern},
)
def handler(request: Request[None]) -> Answer:
    company, link = access.linked(request.rows)
    wanted = listing.asked(company["role"], request.query)
    query = wanted.signature(company["id"])
    given = request.query.get("cursor")
    after = None if given is None else store.Position(*cursors.opened(request.account_id, query, given))
    today = clock.today()

    page = store.page(company, wanted, after, today)

    body: Documents = {
        "company": shown(company, link),
        "items": [items.item(facts, today) for facts in page.facts],
        "total": page.total,
        "next": cursors.sealed(request.account_id, query, page.next) if page.next else None,
    }
    return Answer(200, body, fresh.headers(request.rows[2]))
