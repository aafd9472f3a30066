"""DELETE /v1/me: the account, its sessions and its links are gone; the documents stay the companies'."""

from pydantic import BaseModel, ConfigDict

from miinti import aws, clock, observe
from miinti.accounts import proof, sessions, store
from miinti.accounts.passwords import Password
from miinti.aws import Row, Write
from miinti.companies import links
from miinti.errors import InvalidCredentials, InvalidToken, Unavailable
from miinti.http import Answer, Request, api
from miinti.mail import outbox
from miinti.mail.outbox import Letter


class Farewell(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    password: Password


@api(
    "DELETE /v1/me",
    "Eliminar mi cuenta",
    body=Farewell,
    answers={204: None},
    refusals=(InvalidCredentials,),
    reads=lambda request: [store.wanted(request.account_id), proof.wanted(request.account_id)],
)
def handler(request: Request[Farewell]) -> Answer:
    account, tries = request.rows
    if account is None:
        raise InvalidToken
    right = proof.given(account, request.body.password, clock.moment(), tries)
    store.settled(lambda: _remove(account, right))
    try:
        left = not links.sweep(request.account_id)
    except Unavailable:
        left = True
    if left:
        # With the account gone nothing opens these rows any more; docs/operations.md says how to remove them.
        observe.logger.error("leave", extra={"action": "leave", "outcome": "links_left_behind"})
    return Answer(204, cookies=(sessions.CLEARED,))


def _remove(proven: Row, right: Write) -> None:
    """Account, address and sessions, with the mail that tells it, at one stroke: from here on nothing opens.

    No limit of mails an hour: an account goes once, and to be there it took an activation mail, which has one.
    """
    account, rows = store.whole(proven["id"])
    if account is None or account["password_hash"] != proven["password_hash"]:
        raise InvalidCredentials
    told = Letter("account_deleted", account["email"], {"first_name": account["first_name"]})
    aws.transact(
        [
            *store.removed(account),
            *sessions.ended(account["id"], map(sessions.id_of, rows)),
            outbox.put(told, clock.now()),
            right,
        ]
    )
    observe.about(ended=len(rows))
