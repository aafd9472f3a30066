"""Who is told of what becomes of a payment: the person who started it, by mail, in the transaction that moves it (R04).

Without the hourly limit: each of the two mails goes once a payment.
"""

from miinti import aws, clock, settings
from miinti.accounts import payers
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
    reached = _reached(after) if template else None
    if template is None or reached is None:
        return []
    address, named = reached
    data = {
        **named,
        "client": after["company"].removeprefix("c-"),
        "amount": money.text(int(after["cents"])),
        "at": int(after.get("credited_at", clock.now())),
        "entries": [
            {"title": files.title(line["doc"]), "part": money.text(int(line["cents"]))} for line in after["lines"]
        ],
    }
    return [Letter(template, address, data)]


def _reached(payment: Row) -> tuple[str, Row] | None:
    """The address of who started it, and their name. Who pays with a key has none, and is written to where the key
    went."""
    person = payment["person"]
    if payers.is_payer(person):
        key = aws.get(*payers.wanted(person), only=("email",))
        return (key["email"], {}) if key else None
    if not _sees(payment):
        return None
    account = aws.get(*accounts.wanted(person), only=("state", "email", "first_name"))
    if account is None or account["state"] != "active":
        return None
    return account["email"], {"first_name": account["first_name"]}


def of_transfer(transfer: Row, template: str, reason: str | None) -> list[Letter]:
    """The mail about what staff found of a transfer, to the person who told of it; none as above."""
    reached = _reached(transfer)
    if reached is None:
        return []
    address, named = reached
    data = {
        **named,
        "client": transfer["company"].removeprefix("c-"),
        "amount": money.text(int(transfer["cents"])),
        "date": transfer["date"],
        "reason": reason,
        "entries": [{"title": files.title(doc)} for doc in transfer["docs"]],
    }
    return [Letter(template, address, data)]


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
