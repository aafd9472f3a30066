"""POST /v1/me/email: ask for another mail address; nothing changes before it is confirmed from there.

Whether somebody has that address already shows in no answer, call or mail to the person who asks (S07).
"""

from pydantic import BaseModel, ConfigDict

from miinti import aws, clock, observe
from miinti.accounts import address_change, proof, store
from miinti.accounts.names import Email
from miinti.accounts.passwords import Password
from miinti.aws import Row, Write
from miinti.errors import InvalidCredentials, InvalidToken
from miinti.http import Answer, Request, api
from miinti.mail import outbox
from miinti.mail.outbox import Letter
from miinti.mail.tokens import Token
from miinti.values import email


class NewAddress(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    email: Email
    password: Password


@api(
    "POST /v1/me/email",
    "Pedir el cambio de mi correo",
    body=NewAddress,
    answers={202: None},
    refusals=(InvalidCredentials,),
    reads=lambda request: [store.wanted(request.account_id), proof.wanted(request.account_id)],
)
def handler(request: Request[NewAddress]) -> Answer:
    account, tries = request.rows
    if account is None:
        raise InvalidToken
    observe.about(address=observe.masked(request.body.email))
    right = proof.given(account, request.body.password, clock.moment(), tries)
    try:
        store.settled(lambda: _ask(account, request.body.email, clock.now(), right))
    except outbox.MailLimitReached:
        aws.write(right)
    return Answer(202)


def _ask(proven: Row, address: str, now: int, right: Write) -> None:
    """Open the change and write to both addresses. Raises ``MailLimitReached``, and then nothing is changed."""
    account, owner, rate = aws.batch_get(
        store.wanted(proven["id"]),
        store.wanted_owner(address),
        outbox.wanted_rate("already_registered", address),
    )
    holder = store.get(owner["account_id"] if owner else store.new_id())
    if account is None or account["password_hash"] != proven["password_hash"]:
        raise InvalidCredentials
    if address == account["email"]:
        aws.write(right)
        return
    asked = address_change.asked(account, address, now)
    about = {"first_name": account["first_name"], "email": email.veiled(address)}
    to_old = Letter("email_changing", account["email"], about, asked.cancel)
    aws.transact(
        [
            asked.write,
            outbox.within_limit(to_old.template, account["email"], now),
            outbox.within_limit("confirm_email", address, now),
            outbox.put(to_old, now),
            *_to_new(account, address, asked.confirm, holder, outbox.at_limit("already_registered", rate, now), now),
            right,
        ]
    )


def _to_new(account: Row, address: str, confirm: Token, holder: Row | None, told_enough: bool, now: int) -> list[Write]:
    """The mail to the new address: its token, or to the owner of an active account there, that there is one."""
    if holder is None or holder["state"] != "active":
        about = {"first_name": account["first_name"], "email": address}
        return [outbox.put(Letter("confirm_email", address, about, confirm), now)]
    if told_enough:
        return [outbox.put(Letter(outbox.QUIET, "-"), now)]
    told = Letter("already_registered", address, {"first_name": holder["first_name"]})
    return [outbox.within_limit(told.template, address, now), outbox.put(told, now)]
