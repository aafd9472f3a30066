"""Mail queue → SES: takes a mail's row, makes its text and tokens, sends it, marks it.

Whatever fails on the way, the message comes back. Twice goes only what SES accepted without our noting it: a crash, a
lost answer, or a table that is down for seconds, between its acceptance and our mark.
"""

import json

from miinti import aws, clock, observe, settings, triggers
from miinti.aws import Row
from miinti.mail import outbox, rendering, sending, tokens
from miinti.mail.outbox import AlreadySent, NotYet
from miinti.mail.sending import Refused

POINTLESS_WITHOUT = frozenset({"activate", "confirm_email", "link_code", "reset_password"})
"""Templates that are only about their link or code: once that has run out there is nothing to say."""


def deliver(message: str) -> None:
    mail_id = str(json.loads(message)["id"])
    try:
        mail = outbox.take(mail_id, clock.now())
    except AlreadySent:
        observe.event("send_mail", "already_sent", mail=mail_id)
        return
    except NotYet as wait:
        raise triggers.Later(wait.seconds) from None
    if _too_late(mail):
        _drop(mail)
        return
    try:
        message_id = sending.send(rendering.rendered(mail), mail["to"]["address"], mail["template"])
    except Refused as refused:
        _bury(mail, refused.reason)
        return
    except Exception:
        outbox.give_back(mail)
        raise
    # Tried again here, since the message coming back would be a second mail.
    aws.briefly(outbox.sent, mail, message_id, clock.now())
    observe.event("send_mail", "ok", mail=mail_id, template=mail["template"], message_id=message_id)
    observe.count("MailSent")


def _too_late(mail: Row) -> bool:
    if mail["template"] not in POINTLESS_WITHOUT:
        return False
    ends = tokens.stored(mail["token"]).expires_at if "token" in mail else int(mail["data"]["expires_at"])
    return clock.now() >= ends


def _drop(mail: Row) -> None:
    outbox.refused(mail, "expired", clock.now())
    observe.event("send_mail", "expired", mail=outbox.id_of(mail), template=mail["template"])
    observe.count("MailExpired")


def _bury(mail: Row, reason: str) -> None:
    """Leave a mail that will not go: with its reason among the dead letters (R12), on its row, in log and metric."""
    mail_id = outbox.id_of(mail)
    aws.ask(
        aws.sqs().send_message,
        QueueUrl=settings.mail_dead_letters(),
        MessageBody=json.dumps({"id": mail_id, "template": mail["template"], "reason": reason}),
    )
    outbox.refused(mail, reason, clock.now())
    observe.event("send_mail", "refused", mail=mail_id, template=mail["template"], reason=reason)
    observe.count("MailRefused")


handler = triggers.queue(deliver, url=settings.mail_queue)
