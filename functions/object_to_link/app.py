"""POST /v1/companies/object: "no fui yo". Whoever reads the company's mail suspends a link that it told of."""

from pydantic import BaseModel, ConfigDict

from miinti import clock, observe
from miinti.companies import links
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
    links.suspend(account_id, company_id, token.nonce, now)
    observe.event("suspend_link", "ok", account=account_id, company=company_id)
    return Answer(204)
