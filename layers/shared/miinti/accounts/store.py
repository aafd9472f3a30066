"""Rows of people in the identity table.

``ACCOUNT#<id>`` / ``ACCOUNT`` is the account; ``EMAIL#<address>`` / ``EMAIL`` says who has an address, unique by
its key (S09).
"""

from typing import TypedDict

from miinti import settings
from miinti.aws import Key, Row


class User(TypedDict):
    """A person as every answer shows one."""

    id: str
    first_name: str
    last_name: str
    email: str


def key(account_id: str) -> Key:
    return f"ACCOUNT#{account_id}", "ACCOUNT"


def email_key(address: str) -> Key:
    return f"EMAIL#{address}", "EMAIL"


def wanted(account_id: str) -> tuple[str, Key]:
    """The account's row, as ``aws.batch_get`` takes it."""
    return settings.identity_table(), key(account_id)


def user(account: Row) -> User:
    """What the contract calls ``user``."""
    return {
        "id": account["id"],
        "first_name": account["first_name"],
        "last_name": account["last_name"],
        "email": account["email"],
    }
