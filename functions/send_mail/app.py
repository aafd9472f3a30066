"""Mail queue → SES: takes a mail's row, makes its text and tokens, sends it, marks it.

Whatever fails on the way, the message comes back. Twice goes only what SES accepted without our noting it: a crash, a
lost answer, or a table that is down for seconds, between its acceptance and our mark.
"""

import json
from collections.abc import Callable

from miinti import aws, clock, observe, settings, triggers
from miinti.accounts import store as accounts
from miinti.aws import Row
from miinti.companies import members, news
from miinti.documents import files, payments, store
from miinti.mail import outbox, rendering, returns, sending
from miinti.mail.outbox import AlreadySent, NotYet
from miinti.mail.sending import Attachment, Refused
from miinti.payments import store as ledger

ATTACHED_MOST = 7_000_000
"""Bytes of PDFs in one mail: SES takes ten megabytes, and Base64 adds a third."""


def deliver(message: str) -> None:
    mail_id = str(json.loads(message)["id"])
    try:
        mail = outbox.take(mail_id, clock.now())
    except AlreadySent:
        observe.event("send_mail", "already_sent", mail=mail_id)
        return
    except NotYet as wait:
        raise triggers.Later(wait.seconds) from None
    try:
        attached: list[Attachment] = []
        unsubscribe = ""
        if mail["template"] in outbox.NEWS:
            attached = _as_of_now(mail)
            if not mail["entries"] and not mail["counted"]:
                _drop(mail, "nothing_left")
                return
            unsubscribe = rendering.unsubscribing(mail)
        if pointless := sending.pointless(mail, clock.now()):
            _drop(mail, pointless)
            return
        letter, to = rendering.rendered(mail), mail["to"]["address"]
        message_id = sending.send(letter, to, mail["template"], attached=attached, unsubscribe=unsubscribe)
    except Refused as refused:
        _bury(mail, refused.reason)
        return
    except Exception:
        outbox.give_back(mail)
        raise
    # Tried again here, since the message coming back would be a second mail.
    aws.briefly(outbox.sent, mail, message_id, clock.now())
    returns.went(mail)
    observe.event("send_mail", "ok", mail=mail_id, template=mail["template"], message_id=message_id)
    observe.count("MailSent")


def _as_of_now(mail: Row) -> list[Attachment]:
    """Leave of the news what still holds: an account that is active (``forget`` where there is none), its address of
    now, links that stand, what is chosen, payments that are due. Answers the PDFs that go with them."""
    account_id = mail["data"]["account_id"]
    links = {company_id: members.wanted(account_id, company_id) for company_id in mail["companies"]}
    places = {entry["doc"]: store.wanted(entry["company_id"], entry["doc"])[0] for entry in mail["entries"]}
    rows = aws.batch_get_all([*links.values(), *places.values()])
    account = aws.get(*accounts.wanted(account_id), only=("state", "email")) or {}
    reminder = mail["template"] == news.REMINDER
    paying = ledger.paying([(entry["company_id"], entry["doc"]) for entry in mail["entries"]]) if reminder else set()

    def wanted(entry: Row) -> bool:
        link = rows[links[entry["company_id"]]]
        return account.get("state") == "active" and news.still_wanted(link, entry, mail["template"])

    kept, attached, left = [], list[Attachment](), ATTACHED_MOST
    for entry in filter(wanted, mail["entries"]):
        document = rows[places[entry["doc"]]]
        if reminder:
            now = None if entry["doc"] in paying else payments.still_due(document, entry, clock.today())
            kept += [{**entry, **now}] if now else []
        else:
            link = rows[links[entry["company_id"]]]
            body = files.content(document, left) if news.attached(link, entry["kind"]) else None
            if body is not None:
                attached.append(Attachment(files.name(entry["doc"]), body))
                left -= len(body)
            kept.append({**entry, "attached": body is not None})
    mail["entries"] = kept
    # What is only counted is not looked at one by one: of another day's reminder nothing is said.
    late = reminder and clock.local(int(mail["created_at"])).date() != clock.today()
    mail["counted"] = [] if late else list(filter(wanted, mail.get("counted", ())))
    mail |= {"to": {"address": account["email"]}} if account else {"forget": True}
    return attached


def _drop(mail: Row, why: str) -> None:
    outbox.dropped(mail, why, clock.now())
    observe.event("send_mail", why, mail=outbox.id_of(mail), template=mail["template"])
    observe.count("MailExpired" if why == "expired" else "MailDropped")


def _bury(mail: Row, reason: str) -> None:
    """Leave a mail that will not go, and why: to staff, to the dead letters (R12), on its row, in log and metric."""
    outbox.buried(mail, reason, clock.now())
    observe.event("send_mail", "refused", mail=outbox.id_of(mail), template=mail["template"], reason=reason)
    observe.count("MailRefused")


def _give_up(message: str, failed: Exception) -> None:
    """Tell staff of a mail that its queue gives to the dead letters now: it failed as often as it may."""
    mail_id = str(json.loads(message)["id"])
    if outbox.given_up(mail_id, type(failed).__name__, clock.now()):
        observe.event("send_mail", "given_up", mail=mail_id)


def _of(url: Callable[[], str]) -> triggers.Trigger:
    return triggers.queue(deliver, url, triggers.Last(outbox.TRIES, _give_up))


handler = triggers.by_queue({url: _of(url) for url in (settings.mail_queue, settings.news_queue)})
