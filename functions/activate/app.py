"""POST /v1/activate: the account of an activation mail waits no longer. Signs nobody in (S12)."""

from pydantic import BaseModel, ConfigDict

from miinti import aws, clock, observe
from miinti.accounts import store
from miinti.errors import InvalidMailToken
from miinti.http import Answer, Request, api
from miinti.mail import tokens


class Activation(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    token: tokens.Sealed


@api(
    "POST /v1/activate",
    "Activar una cuenta con el enlace del correo",
    open=True,
    body=Activation,
    answers={204: None},
    refusals=(InvalidMailToken,),
    prepare=(lambda: tokens.key("activate"),),
)
def handler(request: Request[Activation]) -> Answer:
    token = tokens.opened("activate", request.body.token, clock.now())
    observe.about(account=token.subject)
    account = store.get(token.subject)
    if account is None:
        raise InvalidMailToken
    aws.transact(store.made_active(account, token.nonce))
    return Answer(204)
