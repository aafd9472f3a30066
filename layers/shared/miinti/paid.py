"""Who is told of what becomes of a payment: the person who started it, by mail, in the transaction that moves it (R04).

Without the hourly limit: each of the two mails goes once a payment.
"""

from miinti import aws, clock, settings
from miinti.accounts import store as accounts
from miinti.aws import Row
from miinti.companies import access
from miinti.documents import files
from miinti.mail.outbox import Letter
from miinti.payments import states
from miinti.values import money


def letters(before: Row, after: Row) -> list[Letter]:
    """The mail that a change asks for: at a payment's first credit, and at its first declined attempt. None to who has
    left, cannot be written to, or may not see the company any more."""
    template = _template(before, after)
    if template is None or not _sees(after):
        return []
    account = _reached(after["person"])
    if account is None:
        return []
    data = {
        "first_name": account["first_name"],
        "client": after["company"].removeprefix("c-"),
        "amount": money.text(int(after["cents"])),
        "at": int(after.get("credited_at", clock.now())),
        "entries": [
            {"title": files.title(line["doc"]), "part": money.text(int(line["cents"]))} for line in after["lines"]
        ],
    }
    return [Letter(template, account["email"], data)]


def of_transfer(transfer: Row, template: str, reason: str | None) -> list[Letter]:
    """The mail about what staff found of a transfer, to the person who told of it; none as above."""
    account = _reached(transfer["person"]) if _sees(transfer) else None
    if account is None:
        return []
    data = {
        "first_name": account["first_name"],
        "client": transfer["company"].removeprefix("c-"),
        "amount": money.text(int(transfer["cents"])),
        "date": transfer["date"],
        "reason": reason,
        "entries": [{"title": files.title(doc)} for doc in transfer["docs"]],
    }
    return [Letter(template, account["email"], data)]


def _reached(account_id: str) -> Row | None:
    """Of the account what a mail needs; None of who has left, or cannot be written to."""
    account = aws.get(*accounts.wanted(account_id), only=("state", "email", "first_name"))
    return account if account and account["state"] == "active" else None


def _sees(payment: Row) -> bool:
    """Whether the person who started a payment may still see whose it is (S48): their link is there, and active."""
    place = access.link_key(payment["person"], payment["company"])
    link = aws.get(settings.companies_table(), place, only=("state",))
    return link is not None and bool(link["state"] == "active")


def _template(before: Row, after: Row) -> str | None:
    if "credited_at" in after and "credited_at" not in before:
        return "payment_receipt"
    if after["state"] == "rejected" and not _declined(before):
        return "payment_rejected"
    return None


def _declined(payment: Row) -> bool:
    return any(attempt.state == "rejected" for attempt in states.of(payment).values())
