"""GET /v1/companies/{id}/export: the whole filtered list as a file for a spreadsheet, and the address that gives it."""

from typing import Literal, cast

from typing_extensions import TypedDict

from miinti import clock, cursors
from miinti.companies import access
from miinti.documents import files, items, listing, sheets, store
from miinti.documents.kinds import KINDS
from miinti.errors import BadCursor, NotFound, TooManyRows
from miinti.http import Answer, Param, Request, api
from miinti.values.told import Instant

NAMES = {
    "voucher": "Mis-comprobantes",
    "withholding": "Mis-retenciones",
    "quote": "Mis-presupuestos",
    "work_order": "Ordenes-de-trabajo",
}

MOST = 50_000
"""Rows of one file: what can be read, written and packed while API Gateway waits."""


class Export(TypedDict):
    """``size`` in bytes; ``expires_at`` when ``url`` stops working."""

    url: str
    expires_at: Instant
    filename: str
    content_type: Literal[
        "text/csv; charset=utf-8", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ]
    size: int


@api(
    "GET /v1/companies/{id}/export",
    "Exportar la lista de documentos a una planilla",
    kept=True,
    answers={200: Export},
    query=(
        Param("format", "Formato de la planilla.", choices=tuple(sheets.CONTENT_TYPES), required=True),
        Param("kind", "Clase de documento, como en la lista.", choices=tuple(KINDS)),
        Param("sort", "Orden, como en la lista.", choices=listing.SORTS, default=listing.DEFAULT_SORT),
        Param("q", "Búsqueda, como en la lista.", maximum=100),
        Param("from", "Desde este día, incluido.", day=True),
        Param("to", "Hasta este día, incluido.", day=True),
        Param("status", "Estado, como en la lista.", choices=listing.STATES),
        Param("type", "Tipo, como en la lista.", pattern=listing.TYPE),
        # So that a page's own query will do.
        Param("limit", "De la lista; aquí van todas las filas.", minimum=1, maximum=100),
        Param("cursor", "De la lista, con la misma consulta; aquí van todas las filas.", pattern=cursors.SHAPE),
    ),
    refusals=(NotFound, BadCursor, TooManyRows),
    reads=lambda request: access.wanted(request.account_id, request.path.get("id", "")),
    prepare=(cursors.key,),
    ids={"id": access.ID.pattern},
)
def handler(request: Request[None]) -> Answer:
    company = access.granted(request.rows)
    form = cast(sheets.Format, request.query["format"])
    wanted = listing.asked(company["role"], {name: value for name, value in request.query.items() if name != "format"})
    if "cursor" in request.query:
        cursors.opened(request.account_id, wanted.signature(company["id"]), request.query["cursor"])
    today = clock.today()

    facts = store.every(company, wanted, MOST, today)

    shown = [items.item(one, today) | {"shown_number": files.spelled(one["id"])} for one in facts]
    body = sheets.written(form, sheets.rows(wanted.kind.name, shown))
    filename = f"{NAMES[wanted.kind.name]}-{company['number']}-{today:%Y-%m-%d}.{form}"
    key = files.exported(filename, body, sheets.CONTENT_TYPES[form])
    answer = {
        "url": files.address(key, filename, sheets.CONTENT_TYPES[form]),
        "expires_at": clock.instant(clock.now() + files.LIFE),
        "filename": filename,
        "content_type": sheets.CONTENT_TYPES[form],
        "size": len(body),
    }
    return Answer(200, answer)
