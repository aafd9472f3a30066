"""DELETE /v1/companies/{id}: the person no longer acts for the company; what was given out under the link dies."""

from miinti import clock
from miinti.accounts import store
from miinti.companies import access, links
from miinti.errors import InvalidToken, NotFound
from miinti.http import Answer, Request, api


@api(
    "DELETE /v1/companies/{id}",
    "Desvincular una empresa",
    answers={204: None},
    refusals=(NotFound,),
    reads=lambda request: [
        store.wanted(request.account_id),
        *access.wanted(request.account_id, request.path.get("id", "")),
    ],
    ids={"id": access.ID.pattern},
)
def handler(request: Request[None]) -> Answer:
    account, *rows = request.rows
    if account is None:
        raise InvalidToken
    company = access.granted(rows)
    links.end(request.account_id, company, links.Holder(account["email"], account["first_name"]), clock.now())
    return Answer(204)
