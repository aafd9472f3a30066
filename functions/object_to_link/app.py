"""POST /v1/companies/object: "no fui yo". Whoever reads the company's mail suspends a link that it told of."""

from pydantic import BaseModel, ConfigDict

from miinti import aws, clock, observe
from miinti.accounts import store
from miinti.companies import access, links
from miinti.errors import InvalidMailToken
from miinti.http import Answer, Request, api
from miinti.mail import tokens


class Objection(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    token: tokens.Sealed


@api(
    "POST /v1/companies/object",
    "Objetar una vinculación",
    open=True,
    body=Objection,
    answers={204: None},
    refusals=(InvalidMailToken,),
    prepare=(lambda: tokens.key("object"),),
)
def handler(request: Request[Objection]) -> Answer:
    now = clock.now()
    token = tokens.opened("object", request.body.token, now)
    account_id, company_id = token.subject.split(" ")
    observe.about(account=account_id, company=company_id)
    account, *rows = aws.batch_get(store.wanted(account_id), *access.wanted(account_id, company_id))
    company, link = links.objected(rows, token.nonce)
    if link["state"] == "active":
        told = links.Holder(account["email"], account["first_name"]) if account else None
        links.suspend(account_id, company, token.nonce, told, now)
    return Answer(204)
