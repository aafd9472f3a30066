"""POST /v1/companies/{id}/payment-key: a key for the manual's door to pay, mailed to the client's address on file.

Who asks is linked to the client, and is told when there is no address or were too many mails: they see it all anyway.
"""

from miinti import aws, clock, observe
from miinti.accounts import payers
from miinti.companies import access, rules
from miinti.errors import NoAddressOnFile, NotFound, TooManyAttempts
from miinti.http import Answer, Request, api
from miinti.mail import outbox, tokens


@api(
    "POST /v1/companies/{id}/payment-key",
    "Pedir una clave de pago por correo",
    answers={202: None},
    refusals=(NotFound, NoAddressOnFile, TooManyAttempts),
    reads=lambda request: access.wanted(request.account_id, request.path.get("id", "")),
    prepare=(tokens.payment_key_key,),
    ids={"id": access.ID.pattern},
)
def handler(request: Request[None]) -> Answer:
    now = clock.now()
    client = rules.proving(access.client(request.rows), now)
    observe.about(company=client["id"])
    if "email" not in client:
        raise NoAddressOnFile
    keys, letter = payers.issued([client], client["email"], now)
    limit = aws.replaced(
        outbox.within_limit(letter.template, client["email"], now),
        otherwise=lambda rate: TooManyAttempts(outbox.free_in(letter.template, rate, now)),
    )
    aws.transact([*keys, limit, outbox.put(letter, now)])
    observe.about(address=observe.masked(client["email"]), mail=letter.template)
    return Answer(202)
