"""POST /v1/me/email/cancel: the change of address that ``email_changing`` told of is stopped."""

from pydantic import BaseModel, ConfigDict

from miinti import aws, clock, observe
from miinti.accounts import address_change
from miinti.errors import InvalidMailToken
from miinti.http import Answer, Request, api
from miinti.mail import tokens


class Cancellation(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    token: tokens.Sealed


@api(
    "POST /v1/me/email/cancel",
    "Frenar un cambio de correo con el enlace que llegó al correo actual",
    open=True,
    body=Cancellation,
    answers={204: None},
    refusals=(InvalidMailToken,),
    prepare=(lambda: tokens.key("cancel_email"),),
)
def handler(request: Request[Cancellation]) -> Answer:
    token = tokens.opened("cancel_email", request.body.token, clock.now())
    observe.about(account=token.subject)
    aws.write(address_change.stopped(token))
    return Answer(204)
