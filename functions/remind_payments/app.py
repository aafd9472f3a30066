"""Each morning: a mail to whoever asked for reminders and has something to pay three days from now, today, or since
three days ago. EventBridge asks three times: what the first could not do the others do, and nobody gets two.
"""

from collections import defaultdict
from typing import Any

from miinti import aws, clock, observe, settings
from miinti.accounts import store
from miinti.aws import Row
from miinti.companies import access, members, news
from miinti.documents import payments
from miinti.mail import outbox
from miinti.mail.outbox import AlreadyTold, Letter

AT_ONCE = 49
"""Members read in one BatchGetItem, two rows each, beside their company."""
ONE_MAIL = 99
"""Payments that one mail tells of: that each was told is a write of the mail's transaction, which takes a hundred."""


def handler(_event: Any, _context: Any) -> None:
    today = clock.today()
    accounts: dict[str, Row] = {}
    entries: dict[str, list[Row]] = defaultdict(list)
    written = failed = 0
    for company_id, account_ids in news.wanting_reminders():
        try:
            due = payments.to_remind_of(company_id, today)
            for start in range(0, len(account_ids), AT_ONCE):
                for account, link, company in _holders(company_id, account_ids[start : start + AT_ONCE]):
                    accounts[account["id"]] = account
                    about = {"company_id": company_id, "company": company["name"], "grant": link["grant"]}
                    entries[account["id"]] += [{**one, **about} for one in due]
        except Exception:
            failed += 1
            observe.logger.exception("remind_payments", extra={"outcome": "skipped", "company": company_id})
    for account_id, some in entries.items():
        try:
            written += _written(accounts[account_id], some)
        except Exception:
            failed += 1
            observe.logger.exception("remind_payments", extra={"outcome": "skipped", "account": account_id})
    observe.event("remind_payments", "ok", day=today.isoformat(), mails=written, failed=failed)
    if failed:
        raise RuntimeError(f"{failed} skipped")


def _holders(company_id: str, account_ids: list[str]) -> list[tuple[Row, Row, Row]]:
    """Account, link and company of those who still want reminders of it; the others are forgotten."""
    company, *rows = aws.batch_get(
        (settings.companies_table(), access.company_key(company_id)),
        *(store.wanted(account_id) for account_id in account_ids),
        *(members.wanted(account_id, company_id) for account_id in account_ids),
    )
    found = []
    for index, account_id in enumerate(account_ids):
        account, link = rows[index], rows[index + len(account_ids)]
        if account is None or link is None or not link.get("reminders"):
            news.unlisted(account_id, company_id)
        elif company and account["state"] == "active" and "email_state" not in account and news.reminded(link):
            found.append((account, link, company))
    return found


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
