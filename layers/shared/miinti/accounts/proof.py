"""A person who is logged in gives the password once more, for what a stolen session must not be enough for (S14)."""

from miinti.accounts import passwords, throttles
from miinti.aws import Key, Row, Write
from miinti.errors import InvalidCredentials


def tries(account_id: str) -> Key:
    """Where wrong passwords are counted: apart from logins, so that strangers cannot use up the owner's tries."""
    return throttles.row("password", account_id)


def wanted(account_id: str) -> tuple[str, Key]:
    """The row of ``tries``, to be read with the session and given to ``given`` as ``seen``."""
    return throttles.wanted(tries(account_id))


def given(account: Row, password: str, now: float, seen: Row | None) -> Write:
    """The write that forgets the failures before, for the transaction that the password was asked for.

    ``now`` is in seconds. Throttled like a login. Raises ``InvalidCredentials`` for a wrong password and while tries
    are being slowed down; one hash either way.
    """
    place = tries(account["id"])
    try:
        throttles.reserve([place], now, seen=[seen])
    except throttles.Locked:
        passwords.burn(password)
        raise InvalidCredentials from None
    if not passwords.matches(account["password_hash"], password):
        raise InvalidCredentials
    return throttles.cleared(place)
