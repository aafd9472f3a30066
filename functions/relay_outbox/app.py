"""Stream of the outbox → mail queue: each new mail once; a notice to a company's members becomes a mail each, news of
what the ERP drops in one go one mail a person; with the mail that an account is gone its address goes from the outbox.

Doing a record again does no harm: ``send_mail`` sends a mail once, and a member told is not told again. So a member of
whom nothing can be made keeps the record coming back, and nobody else from what it tells.
"""

import json
from contextlib import suppress

from miinti import aws, clock, observe, settings, triggers
from miinti.accounts import store
from miinti.aws import Row
from miinti.companies import members, news
from miinti.companies.members import Member
from miinti.documents import files, mailed
from miinti.errors import Unavailable
from miinti.mail import outbox, returns
from miinti.mail.outbox import AlreadySent, AlreadyTold, Letter

LONGEST_DELAY = 900
"""Seconds that SQS can hold a message back; ``send_mail`` waits for the rest."""


def relay(mail: Row) -> None:
    if mail["template"] == outbox.QUIET:
        return
    if "members_of" in mail["to"]:
        _tell_members(mail)
    elif "gathers_for" in mail["to"]:
        _tell_address(mail)
    else:
        _queue(mail)
        if mail["template"] == returns.FAREWELL:
            held = outbox.of_address(mail["to"]["address"])
            outbox.forget(held)
            returns.forget(held)


def _queue(mail: Row) -> None:
    wait = int(mail.get("due_at", 0)) - clock.now()
    aws.ask(
        aws.sqs().send_message,
        QueueUrl=settings.news_queue() if mail["template"] in outbox.NEWS else settings.mail_queue(),
        MessageBody=json.dumps({"id": outbox.id_of(mail)}),
        DelaySeconds=max(0, min(LONGEST_DELAY, wait)),
    )


def _tell_members(mail: Row) -> None:
    company_id, but = mail["to"]["members_of"], mail["to"]["but"]
    others = [account_id for account_id in members.of_company(company_id) if account_id != but]
    told, failed = 0, list[Exception]()
    for member in members.read(company_id, others, store.wanted):
        try:
            told += _tell_member(mail, member)
        except Unavailable:
            raise
        except Exception as wrong:
            observe.logger.exception("relay_outbox", extra={"outcome": "skipped", "account": member.account_id})
            failed.append(wrong)
    if failed:
        raise failed[0]
    with suppress(AlreadySent):
        outbox.spread(outbox.id_of(mail), clock.now())
    observe.event("relay_outbox", "spread", mail=outbox.id_of(mail), company=company_id, told=told)


def _tell_address(mail: Row) -> None:
    """One notice among what may be many to an address: past its number an hour it gathers with the others."""
    now, id, address = clock.now(), outbox.id_of(mail), mail["to"]["gathers_for"]
    with suppress(AlreadyTold):
        outbox.commit([outbox.told(id, "address", now)], [Letter(mail["template"], address, mail["data"])], now)
    with suppress(AlreadySent):
        outbox.spread(id, now)
    about = {"company": mail["data"]["company_id"], "address": observe.masked(address)}
    observe.event("relay_outbox", mail["template"], mail=id, **about, trail=True)


def _tell_member(mail: Row, member: Member) -> bool:
    """Whether it was this call that told them."""
    _, account, link, company = member
    if not account or not link or not account["state"] == link["state"] == "active":
        return False
    is_news = mail["template"] == "documents_new"
    with suppress(AlreadyTold):
        return _tell_news(mail, company, account, link) if is_news else _tell(mail, account)
    return False


def _tell(mail: Row, account: Row) -> bool:
    now = clock.now()
    letter = Letter(mail["template"], account["email"], {**mail["data"], "first_name": account["first_name"]})
    outbox.commit([outbox.told(outbox.id_of(mail), account["id"], now)], [letter], now)
    return True


def _tell_news(mail: Row, company: Row | None, account: Row, link: Row) -> bool:
    """Add the documents that this person wants to hear of to the mail that gathers for them, each with a link of its
    own."""
    if company is None or "email_state" in account:
        return False
    now, items = clock.now(), []
    for document in mail["data"]["documents"]:
        if news.way(link, document["kind"]) != "none":
            entry, write = mailed.made(account["id"], company["id"], link["grant"], document, now)
            about = {"company": company["name"], "title": files.title(document["id"])}
            items.append(({**entry, **about}, write))
    letter = Letter(
        mail["template"], account["email"], {"account_id": account["id"], "first_name": account["first_name"]}
    )
    if items:
        outbox.gather(outbox.id_of(mail), letter, account["id"], items)
    return bool(items)


handler = triggers.stream(relay)
