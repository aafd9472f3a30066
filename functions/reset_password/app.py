"""POST /v1/password/reset: a new password by the token of a mail; every session ends, throttles forget (S13)."""

from pydantic import BaseModel, ConfigDict

from miinti import clock, observe
from miinti.accounts import passwords, proof, sessions, store, throttles
from miinti.accounts.passwords import NewPassword
from miinti.errors import InvalidMailToken
from miinti.http import Answer, Request, api
from miinti.mail import outbox, tokens
from miinti.mail.outbox import Letter


class Reset(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    token: tokens.Sealed
    password: NewPassword


@api(
    "POST /v1/password/reset",
    "Poner una contraseña nueva con el enlace del correo",
    open=True,
    body=Reset,
    answers={204: None},
    refusals=(InvalidMailToken,),
    prepare=(lambda: tokens.key("reset"),),
)
def handler(request: Request[Reset]) -> Answer:
    new = request.body
    token = tokens.opened("reset", new.token, clock.now())
    observe.about(account=token.subject)

    def attempt() -> Answer:
        account, rows = store.whole(token.subject)
        if account is None or not tokens.same(token.nonce, account.get("reset", {}).get("nonce")):
            raise InvalidMailToken
        # After the account was read: whoever logged in with the old password did so before (``devices.of``).
        now = clock.now()
        passwords.check_new(new.password, (account["first_name"], account["last_name"]), account["email"])
        writes = [
            store.password_set(account, passwords.hashed(new.password), now, by_mail=True),
            *sessions.ended(account["id"], map(sessions.id_of, rows)),
            throttles.cleared(throttles.row("login", account["email"])),
            throttles.cleared(proof.tries(account["id"])),
        ]
        data = {"first_name": account["first_name"], "entries": [{"at": now}]}
        outbox.commit(writes, [Letter("password_changed", account["email"], data)], now)
        observe.about(ended=len(rows))
        return Answer(204)

    return store.settled(attempt)
