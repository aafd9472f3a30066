"""POST /v1/me/email/confirm: the new address is confirmed from there and is the account's; the old one is told."""

from pydantic import BaseModel, ConfigDict

from miinti import aws, clock, observe
from miinti.accounts import address_change, store
from miinti.errors import InvalidMailToken
from miinti.http import Answer, Request, api
from miinti.mail import outbox, returns, tokens
from miinti.mail.outbox import Letter
from miinti.values import email


class Confirmation(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    token: tokens.Sealed


@api(
    "POST /v1/me/email/confirm",
    "Confirmar el correo nuevo con el enlace que llegó ahí",
    open=True,
    body=Confirmation,
    answers={204: None},
    refusals=(InvalidMailToken,),
    prepare=(lambda: tokens.key("confirm_email"),),
)
def handler(request: Request[Confirmation]) -> Answer:
    now = clock.now()
    token = tokens.opened("confirm_email", request.body.token, now)
    observe.about(account=token.subject)

    def attempt() -> Answer:
        account = store.get(token.subject)
        if account is None:
            raise InvalidMailToken
        change = address_change.of(account, token)
        observe.about(address=observe.masked(change["address"]))
        owner = aws.get(*store.wanted_owner(change["address"]))
        holder = store.get(owner["account_id"]) if owner else None
        state = returns.state_of(change["address"])
        writes = address_change.made(account, change, owner, holder, state)
        data = {
            "first_name": account["first_name"],
            "entries": [{"at": now, "email": email.veiled(change["address"])}],
        }
        outbox.commit(writes, [Letter("email_changed", account["email"], data)], now)
        return Answer(204)

    return store.settled(attempt)
