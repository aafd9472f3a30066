"""POST /v1/links/open: the one document that a mail told of, for whoever holds its link; signs nobody in."""

from pydantic import BaseModel, ConfigDict
from typing_extensions import TypedDict

from miinti import aws, clock, observe
from miinti.accounts import store as accounts
from miinti.companies import members
from miinti.documents import files, items, mailed, store
from miinti.errors import FileMissing, InvalidMailToken, LinkExpired
from miinti.http import Answer, Request, api
from miinti.mail import tokens
from miinti.values.told import Instant


class Opening(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    token: tokens.Sealed


class Opened(TypedDict):
    """``expires_at``: when ``url`` stops working; the link itself may be opened again."""

    url: str
    expires_at: Instant
    filename: str
    document: items.Named


@api(
    "POST /v1/links/open",
    "Abrir el documento de un enlace que llegó por correo",
    open=True,
    body=Opening,
    answers={200: Opened},
    refusals=(InvalidMailToken, LinkExpired, FileMissing),
    prepare=(lambda: tokens.key("document"),),
)
def handler(request: Request[Opening]) -> Answer:
    now = clock.now()
    token = tokens.opened("document", request.body.token, now, late=LinkExpired)
    account_id, company_id, doc_id, link_id = token.subject.split(" ")
    observe.about(account=account_id, company=company_id, document=doc_id, mailed=link_id)
    account, *rows = aws.batch_get(
        accounts.wanted(account_id),
        mailed.wanted(account_id, link_id),
        members.wanted(account_id, company_id),
        *store.wanted(company_id, doc_id),
    )
    if account is None or account["state"] != "active":
        raise LinkExpired
    document = mailed.opened(rows, doc_id, now)
    key, _ = files.of(document)
    filename = files.name(doc_id)
    body: Opened = {
        "url": files.address(key, filename),
        "expires_at": clock.instant(now + files.LIFE),
        "filename": filename,
        "document": items.named(doc_id, document),
    }
    return Answer(200, body)
