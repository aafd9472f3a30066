"""GET /v1/companies/{id}/docs/{doc_id}/download: an address that gives the document's PDF for two minutes."""

from typing import Literal

from typing_extensions import TypedDict

from miinti import clock
from miinti.companies import access
from miinti.documents import files, rows, store
from miinti.errors import FileMissing, NotFound
from miinti.http import Answer, Request, api
from miinti.values.told import Instant


class Download(TypedDict):
    """``size`` in bytes; ``expires_at`` when ``url`` stops working."""

    url: str
    expires_at: Instant
    filename: str
    content_type: Literal["application/pdf"]
    size: int


@api(
    "GET /v1/companies/{id}/docs/{doc_id}/download",
    "Descargar el PDF de un documento",
    kept=True,
    answers={200: Download},
    refusals=(NotFound, FileMissing),
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
    key, size = files.of(document)
    expires_at = clock.instant(clock.now() + files.LIFE)
    filename = files.name(document["id"])
    body: Download = {
        "url": files.address(key, filename),
        "expires_at": expires_at,
        "filename": filename,
        "content_type": "application/pdf",
        "size": size,
    }
    return Answer(200, body)
