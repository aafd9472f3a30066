"""POST /v1/password/forgot: a mail to set a new password; to a stranger, the same whether or not there is an
account."""

from pydantic import BaseModel, ConfigDict

from miinti import clock
from miinti.accounts import addresses, throttles
from miinti.accounts.addresses import Behind, Served
from miinti.accounts.names import Email
from miinti.errors import TooManyAttempts
from miinti.http import Answer, Request, api


class Forgotten(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    email: Email


@api(
    "POST /v1/password/forgot",
    "Pedir un correo para restablecer la contraseña",
    open=True,
    body=Forgotten,
    answers={202: None},
    refusals=(TooManyAttempts,),
)
def handler(request: Request[Forgotten]) -> Answer:
    now = clock.now()
    throttles.admit("forgot", request.client, now)

    def plan(found: Behind) -> Served:
        if found.account is None or found.state == "blocked":
            return addresses.quiet(found, now)
        if found.state == "waiting":
            # Who does not know its password may not be who registered.
            return addresses.claimed_again(found.account, found.full, False, now)
        return addresses.reset(found.account, now)

    addresses.serve(request.body.email, plan, now)
    return Answer(202)
