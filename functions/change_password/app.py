"""POST /v1/password: a new password for the person who is logged in and gives the present one; other sessions end."""

from pydantic import BaseModel, ConfigDict

from miinti import clock, observe
from miinti.accounts import passwords, proof, sessions, store
from miinti.accounts.passwords import NewPassword, Password
from miinti.errors import InvalidCredentials, InvalidToken
from miinti.http import Answer, Request, api
from miinti.mail import outbox
from miinti.mail.outbox import Letter


class Change(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    current_password: Password
    password: NewPassword


@api(
    "POST /v1/password",
    "Cambiar la contraseña",
    body=Change,
    answers={204: None},
    refusals=(InvalidCredentials,),
    reads=lambda request: [store.wanted(request.account_id), proof.wanted(request.account_id)],
)
def handler(request: Request[Change]) -> Answer:
    new = request.body
    account, tries = request.rows
    if account is None:
        raise InvalidToken
    passwords.check_new(new.password, (account["first_name"], account["last_name"]), account["email"])
    proven = account["password_hash"]
    right = proof.given(account, new.current_password, clock.moment(), tries)
    password_hash = passwords.hashed(new.password)

    def attempt() -> Answer:
        account, rows = store.whole(request.account_id)
        if account is None or account["password_hash"] != proven:
            raise InvalidCredentials
        # After the account was read: whoever logged in with the old password did so before (``devices.of``).
        now = clock.now()
        others = [id for id in map(sessions.id_of, rows) if id != request.session_id]
        writes = [
            store.password_set(account, password_hash, now),
            *sessions.ended(account["id"], others),
            right,
        ]
        data = {"first_name": account["first_name"], "entries": [{"at": now}]}
        outbox.commit(writes, [Letter("password_changed", account["email"], data)], now)
        observe.about(ended=len(others))
        return Answer(204)

    return store.settled(attempt)
