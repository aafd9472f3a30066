"""POST /v1/link-requests/{id}/confirm: the code that went to the company's address on file makes the link."""

from pydantic import BaseModel, ConfigDict

from miinti import aws, clock, observe, settings
from miinti.accounts import store
from miinti.companies import access, links, requests, rules
from miinti.companies.company import Company, shown
from miinti.errors import AlreadyLinked, InvalidCode, InvalidToken, NotFound
from miinti.http import Answer, Request, api
from miinti.mail import tokens


class Confirmation(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    code: tokens.Code


@api(
    "POST /v1/link-requests/{id}/confirm",
    "Confirmar una vinculación con el código",
    body=Confirmation,
    answers={201: Company},
    refusals=(NotFound, InvalidCode, AlreadyLinked),
    reads=lambda request: [
        store.wanted(request.account_id),
        *requests.wanted(request.account_id, request.path.get("id", "")),
    ],
    prepare=(tokens.code_key,),
    ids={"id": requests.ID.pattern},
)
def handler(request: Request[Confirmation]) -> Answer:
    account, *asked = request.rows
    if account is None:
        raise InvalidToken
    if not asked or asked[0] is None:
        raise NotFound
    now = clock.now()
    # Wrong, malformed, late, used up, no company behind it: one answer after the same two calls (T4).
    row = requests.take_try(request.account_id, asked[0]["request_id"], now)
    if not requests.right_code(row, request.body.code):
        raise InvalidCode
    company = aws.get(settings.companies_table(), access.company_key(row["behind"]))
    if company is None or not requests.still_stands(row, rules.proving(company, now)):
        raise InvalidCode

    person = links.Person(account["id"], f"{account['first_name']} {account['last_name']}", account["email"])
    done = requests.confirmed(request.account_id, row["request_id"], now)
    link = links.make(person, company, "code", now, also=[done, store.still_there(account)])
    observe.about(company=company["id"], proof="code")
    return Answer(201, shown(company, link), {"Location": f"/v1/companies/{company['id']}"})
