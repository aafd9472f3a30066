"""POST /v1/activation: a fresh activation mail where an account waits; to a stranger, the same everywhere."""

from pydantic import BaseModel, ConfigDict

from miinti import clock
from miinti.accounts import addresses, throttles
from miinti.accounts.addresses import Behind, Served
from miinti.accounts.names import Email
from miinti.errors import TooManyAttempts
from miinti.http import Answer, Request, api


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    email: Email


@api(
    "POST /v1/activation",
    "Pedir otro correo de activación",
    open=True,
    body=Wanted,
    answers={202: None},
    refusals=(TooManyAttempts,),
)
def handler(request: Request[Wanted]) -> Answer:
    now = clock.now()
    throttles.admit("resend", request.client, now)

    def plan(found: Behind) -> Served:
        if found.account and found.state == "waiting":
            return addresses.activation(found.account, now)
        return addresses.quiet(found, now)

    addresses.serve(request.body.email, plan, now)
    return Answer(202)
