"""Mail queue → SES: takes a mail's row, makes its text and tokens, sends it, marks it.

Whatever fails on the way, the message comes back. Twice goes only what SES accepted without our noting it: a crash, a
lost answer, or a table that is down for seconds, between its acceptance and our mark.
"""

import json

from miinti import aws, clock, observe, settings, triggers
from miinti.accounts import store as accounts
from miinti.aws import Row
from miinti.companies import members, news
from miinti.documents import files, payments, store
from miinti.mail import outbox, rendering, returns, sending, tokens
from miinti.mail.outbox import AlreadySent, NotYet
from miinti.mail.sending import Attachment, Refused

POINTLESS_WITHOUT = frozenset({"activate", "confirm_email", "link_code", "reset_password"})
"""Templates that are only about their link or code: once that has run out there is nothing to say."""
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
        if pointless := _pointless(mail):
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


def _pointless(mail: Row) -> str:
    """Why a mail is not worth sending, or "": its link has run out, or mail to its address comes back."""
    if mail["template"] in POINTLESS_WITHOUT:
        ends = tokens.stored(mail["token"]).expires_at if "token" in mail else int(mail["data"]["expires_at"])
        if clock.now() >= ends:
            returns.unsent(mail, "expired", "link_expired", clock.now())
            return "expired"
    state = returns.state_of(mail["to"]["address"])
    if state:
        returns.unsent(mail, "untried", state, clock.now())
    return f"address_{state}" if state else ""


def _as_of_now(mail: Row) -> list[Attachment]:
    """Leave of the news what still holds: an account that is active (``forget`` where there is none), its address of
    now, links that stand, what is chosen, payments that are due. Answers the PDFs that go with them."""
    account_id = mail["data"]["account_id"]
    links = {company_id: members.wanted(account_id, company_id) for company_id in mail["companies"]}
    places = {entry["doc"]: store.wanted(entry["company_id"], entry["doc"])[0] for entry in mail["entries"]}
    rows = aws.batch_get_all([*links.values(), *places.values()])
    account = aws.get(*accounts.wanted(account_id), only=("state", "email")) or {}

    def wanted(entry: Row) -> bool:
        link = rows[links[entry["company_id"]]]
        return account.get("state") == "active" and news.still_wanted(link, entry, mail["template"])

    kept, attached, left = [], list[Attachment](), ATTACHED_MOST
    for entry in filter(wanted, mail["entries"]):
        document = rows[places[entry["doc"]]]
        if mail["template"] == news.REMINDER:
            now = payments.still_due(document, entry, clock.today())
            kept += [{**entry, **now}] if now else []
        else:
            body = files.content(document, left) if entry["attach"] else None
            if body is not None:
                attached.append(Attachment(files.name(entry["doc"]), body))
                left -= len(body)
            kept.append({**entry, "attached": body is not None})
    mail["entries"] = kept
    # What is only counted is not looked at one by one: of another day's reminder nothing is said.
    late = mail["template"] == news.REMINDER and clock.local(int(mail["created_at"])).date() != clock.today()
    mail["counted"] = [] if late else list(filter(wanted, mail.get("counted", ())))
    mail |= {"to": {"address": account["email"]}} if account else {"forget": True}
    return attached


def _drop(mail: Row, why: str) -> None:
    outbox.dropped(mail, why, clock.now())
    observe.event("send_mail", why, mail=outbox.id_of(mail), template=mail["template"])
    observe.count("MailExpired" if why == "expired" else "MailDropped")


def _bury(mail: Row, reason: str) -> None:
    """Leave a mail that will not go, and why: to staff, to the dead letters (R12), on its row, in log and metric."""
    returns.unsent(mail, "refused", reason, clock.now())
    outbox.buried(mail, reason, clock.now())
    observe.event("send_mail", "refused", mail=outbox.id_of(mail), template=mail["template"], reason=reason)
    observe.count("MailRefused")


handler = triggers.by_queue({url: triggers.queue(deliver, url) for url in (settings.mail_queue, settings.news_queue)})
