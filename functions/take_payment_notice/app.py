"""POST /v1/payment/notifications/{provider}: the provider says that something became of an attempt to pay.

The notice names the attempt and nothing else of it is believed: what it is now, ``apply_payment`` asks the provider.
"""

import json

from typing_extensions import TypedDict

from miinti import aws, clock, observe, settings
from miinti.accounts import throttles
from miinti.errors import NotFound, SignatureRefused, TooManyAttempts
from miinti.http import Answer, Request, api
from miinti.payments import ours
from miinti.payments.provider import Notice, NoticeRefused


class Taken(TypedDict):
    """Nothing is told to who sends it."""


@api(
    "POST /v1/payment/notifications/{provider}",
    "Avisos del medio de pago",
    # A provider's good notice is nobody's doing; what it moved is in the ledger.
    kept=False,
    open=True,
    raw=True,
    answers={200: Taken},
    refusals=(NotFound, SignatureRefused, TooManyAttempts),
    prepare=(ours.prepared,),
    ids={"provider": "sandbox|mercadopago"},
)
def handler(request: Request[None]) -> Answer:
    name, now = request.path.get("provider", ""), clock.moment()
    if name != settings.payment_provider():
        raise NotFound
    throttles.admit("notice", request.client, now)
    try:
        attempt = ours.provider().notice(Notice(request.headers, request.query, request.raw), now)
    except NoticeRefused as refused:
        # Why is for the log, not for who sent it.
        observe.about(why=str(refused))
        raise SignatureRefused from None
    if attempt is not None:
        message = json.dumps({"provider": name, "attempt": attempt})
        aws.ask(aws.sqs().send_message, QueueUrl=settings.payment_queue(), MessageBody=message)
    observe.about(attempt=attempt or "none")
    return Answer(200, {})
