"""Each morning: a mail to whoever asked for reminders and has something to pay three days from now, today, or since
three days ago. EventBridge asks three times: what the first could not do the others do, and nobody gets two.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from miinti import aws, clock, observe
from miinti.accounts import store
from miinti.aws import Row
from miinti.companies import members, news
from miinti.companies.members import Member
from miinti.documents import payments
from miinti.mail import outbox
from miinti.mail.outbox import AlreadyTold, Letter

ONE_MAIL = 99
"""Payments that one mail tells of: that each was told is a write of the mail's transaction, which takes a hundred."""


def handler(_event: Any, _context: Any) -> None:
    today = clock.today()
    accounts: dict[str, Row] = {}
    entries: dict[str, list[Row]] = defaultdict(list)
    written, failed = 0, list[Exception]()
    for company_id, account_ids in news.wanting_reminders():
        with _alone(failed, company=company_id):
            due = list[Row]()
            for row in payments.due_around(company_id, today):
                with _alone(failed, company=company_id, document=row["sk"]):
                    due += payments.to_remind_of(row, today)
            for member in members.read(company_id, account_ids, store.wanted):
                with _alone(failed, company=company_id, account=member.account_id):
                    if wanting := _wanting(company_id, member):
                        accounts[member.account_id], about = wanting
                        entries[member.account_id] += [{**one, **about} for one in due]
    for account_id, some in entries.items():
        with _alone(failed, account=account_id):
            written += _written(accounts[account_id], some)
    observe.event("remind_payments", "ok", day=today.isoformat(), mails=written, failed=len(failed))
    if failed:
        raise RuntimeError(f"{len(failed)} skipped")


@contextmanager
def _alone(failed: list[Exception], **about: str) -> Iterator[None]:
    """What goes wrong with this is noted, and what comes after it goes on."""
    try:
        yield
    except Exception as wrong:
        failed.append(wrong)
        observe.logger.exception("remind_payments", extra={"outcome": "skipped", **about})


def _wanting(company_id: str, member: Member) -> tuple[Row, Row] | None:
    """The account of who still wants reminders of a company, and what they say of it: ``company_id``, ``company``,
    ``grant``. Who wants none any more is forgotten."""
    account_id, account, link, company = member
    if account is None or link is None or not link.get("reminders"):
        news.unlisted(account_id, company_id)
    elif company and account["state"] == "active" and "email_state" not in account and news.reminded(link):
        return account, {"company_id": company_id, "company": company["name"], "grant": link["grant"]}
    return None


def _written(account: Row, entries: list[Row]) -> int:
    """How many mails this person gets: one of all the steps that none told of, or of each ``ONE_MAIL`` of them. Which
    payments are still due, ``send_mail`` looks at again."""
    parents = [f"reminder-{one['company_id']}-{one['doc']}-{one['due']}-{one['step']}" for one in entries]
    places = [outbox.wanted_told(parent, account["id"]) for parent in parents]
    told = aws.batch_get_all(places)
    pairs = zip(parents, entries, places, strict=True)
    left = [(parent, entry) for parent, entry, place in pairs if told[place] is None]
    letter = Letter(news.REMINDER, account["email"], {"account_id": account["id"], "first_name": account["first_name"]})
    now, mails = clock.now(), 0
    for start in range(0, len(left), ONE_MAIL):
        some = left[start : start + ONE_MAIL]
        mail = outbox.listed(letter, [entry for _, entry in some], now)
        try:
            aws.transact([mail, *(outbox.told(parent, account["id"], now) for parent, _ in some)])
        except AlreadyTold:
            # Another call told of some of these meanwhile, perhaps not of all.
            return mails + _written(account, entries)
        mails += 1
    return mails
