"""POST /v1/payment/key: a new key for the manual's door to pay, mailed to the client's address on file; to a stranger,
the same whether or not there is such a client (S06, S07).
"""

from pydantic import BaseModel, ConfigDict

from miinti import aws, clock, observe
from miinti.accounts import payers, throttles
from miinti.aws import Row, Write
from miinti.companies import on_file
from miinti.errors import TooManyAttempts
from miinti.http import Answer, Request, api
from miinti.mail import outbox, tokens
from miinti.mail.outbox import Letter, MailLimitReached


class Forgotten(BaseModel):
    """``user``: the client's number, or its address on file."""

    model_config = ConfigDict(extra="forbid", strict=True)

    user: on_file.User


@api(
    "POST /v1/payment/key",
    "Pedir una clave de pago por correo, sin ingresar",
    open=True,
    body=Forgotten,
    answers={202: None},
    refusals=(TooManyAttempts,),
    prepare=(tokens.payment_key_key,),
)
def handler(request: Request[Forgotten]) -> Answer:
    user, now = request.body.user, clock.now()
    throttles.admit("payment-key", request.client, now)
    observe.about(address=observe.masked(user))
    clients = on_file.reached(user, aws.batch_get(*on_file.wanted(on_file.ids(user))), now)
    writes, letter, counted_at = _issued(user, clients, now)
    try:
        limit = outbox.within_limit("payment_key", counted_at, now)
        aws.transact([*writes, limit, outbox.put(letter, now)])
    except MailLimitReached:
        # No mail goes, and the key that there is stays good.
        observe.about(mail="limit_reached")
    else:
        observe.about(mail=letter.template)
    return Answer(202)


def _issued(user: str, clients: list[Row], now: int) -> tuple[list[Write], Letter, str]:
    """The keys, their letter, and the address at which it counts; for nobody what is as much work and sends nothing."""
    if clients:
        address = str(clients[0]["email"])
        return *payers.issued(clients, address, now), address
    nonce = tokens.new_nonce()
    tokens.payment_key(nonce)
    table, place = payers.wanted(payers.id_of(nonce))
    nobodys = aws.check(table, place, "attribute_not_exists(pk)")
    return [nobodys, throttles.cleared(payers.tries(user))], Letter(outbox.QUIET, ""), nonce
