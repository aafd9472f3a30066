"""DELETE /v1/companies/{id}: the person no longer acts for the company; what was given out under the link dies."""

from miinti import observe
from miinti.companies import access, links
from miinti.errors import NotFound
from miinti.http import Answer, Request, api


@api(
    "DELETE /v1/companies/{id}",
    "Desvincular una empresa",
    answers={204: None},
    refusals=(NotFound,),
    reads=lambda request: access.wanted(request.account_id, request.path.get("id", "")),
    ids={"id": access.ID.pattern},
)
def handler(request: Request[None]) -> Answer:
    company = access.granted(request.rows)
    links.end(request.account_id, company["id"])
    observe.event("unlink", "ok", account=request.account_id, company=company["id"])
    return Answer(204)
