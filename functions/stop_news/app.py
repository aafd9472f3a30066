"""POST /v1/unsubscribe: the one click of RFC 8058. No more news of the companies that a mail told of; security mail
goes on."""

from miinti import aws, clock, observe, settings
from miinti.companies import news
from miinti.errors import InvalidMailToken
from miinti.http import Answer, Param, Request, api
from miinti.mail import outbox, tokens
from miinti.seals import SHAPE


@api(
    "POST /v1/unsubscribe",
    "Dejar de recibir avisos con un clic del programa de correo",
    open=True,
    form=True,
    query=(Param("t", "Lo que trae la dirección del correo: sólo sirve para esto.", pattern=SHAPE),),
    answers={204: None},
    refusals=(InvalidMailToken,),
    prepare=(lambda: tokens.key("news"),),
)
def handler(request: Request[None]) -> Answer:
    token = tokens.opened("news", request.query.get("t", ""), clock.now())
    observe.about(account=token.subject)
    mail = aws.get(settings.outbox_table(), outbox.key(token.nonce))
    if mail is None:
        raise InvalidMailToken
    news.stopped(token.subject, mail["companies"], mail["template"])
    return Answer(204)
