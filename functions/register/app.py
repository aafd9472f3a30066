"""POST /v1/register: an account that waits for its activation; to a stranger, the same whether or not it was there."""

from functools import cache

from pydantic import BaseModel, ConfigDict

from miinti import clock
from miinti.accounts import addresses, passwords, throttles
from miinti.accounts.addresses import Behind, Served
from miinti.accounts.names import Email, Name
from miinti.accounts.passwords import NewPassword
from miinti.errors import TooManyAttempts
from miinti.http import Answer, Request, api


class Registration(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    first_name: Name
    last_name: Name
    email: Email
    password: NewPassword


@api(
    "POST /v1/register",
    "Registrar una cuenta",
    open=True,
    body=Registration,
    answers={202: None},
    refusals=(TooManyAttempts,),
)
def handler(request: Request[Registration]) -> Answer:
    new, now = request.body, clock.now()
    throttles.admit("register", request.client, now)
    passwords.check_new(new.password, (new.first_name, new.last_name), new.email)
    hashed, matches = cache(passwords.hashed), cache(passwords.matches)

    def plan(found: Behind) -> Served:
        # One run of argon2 whatever stands there, so that the time it takes tells nothing (Decided 6).
        if found.account is not None and found.state == "waiting":
            same = matches(found.account["password_hash"], new.password)
            return addresses.claimed_again(found.account, found.full, same, now)
        password_hash = hashed(new.password)
        if found.account is None:
            return addresses.registered(found, new.first_name, new.last_name, password_hash, now)
        if found.state == "blocked":
            return addresses.quiet(found, now)
        return addresses.told(found.account, "already_registered")

    addresses.serve(new.email, plan, now)
    return Answer(202)
