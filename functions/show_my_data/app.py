"""GET /v1/me/data: all that is held of the person, for whom Ley 25.326 (art. 14) gives the right to it."""

from typing import Any

from typing_extensions import TypedDict

from miinti import audit, clock, cursors
from miinti.accounts import sessions, store
from miinti.companies import links, news, requests
from miinti.documents import mailed
from miinti.errors import BadCursor, InvalidToken
from miinti.http import Answer, Param, Request, api
from miinti.mail import outbox, returns
from miinti.payments import shown, transfers
from miinti.payments import store as payments
from miinti.values.told import Instant

PAGE = 100
"""Rows of the audit trail, and payments, in one answer, newest first."""
LINKS = 1000
"""Links to documents in one answer. Mails may bring a hundred thousand in their 30 days, which no answer holds."""
CURSORS = "my-data"
"""What those of both lists are bound to."""


class Account(store.Me):
    state: str
    created_at: Instant | None
    last_login_at: Instant | None
    password_changed_at: Instant | None
    blocked_at: Instant | None
    contested: bool
    new_email: str | None


class Session(TypedDict):
    id: str
    created_at: Instant | None
    last_used_at: Instant | None
    expires_at: Instant | None
    user_agent: str


class Link(links.Told):
    news: dict[news.Kind, news.Way]
    reminders: bool


class Data(TypedDict):
    """Lists that have a ``next`` go on by it; all else is whole in every answer."""

    account: Account
    sessions: list[Session]
    links: list[Link]
    mailed_links: mailed.Listed
    link_requests: list[requests.Told]
    payments: shown.Listed
    transfers: transfers.Listed
    mails: list[outbox.Shown]
    returned: list[returns.Told]
    audit: audit.Listed


@api(
    "GET /v1/me/data",
    "Todo lo que se guarda de mí",
    kept=True,
    answers={200: Data},
    query=(Param("cursor", "El `next` de una de las listas que lo tienen: esa sigue.", pattern=cursors.SHAPE),),
    refusals=(BadCursor,),
    prepare=(cursors.key,),
)
def handler(request: Request[None]) -> Answer:
    given, now = request.query.get("cursor"), clock.now()
    start = {} if given is None else cursors.opened(request.account_id, CURSORS, given)
    account, opened = store.whole(request.account_id)
    if account is None:
        raise InvalidToken
    page = audit.of_person(account["id"], PAGE, start.get("audit"))
    opening = mailed.page_of(account["id"], LINKS, start.get("mailed_links"))
    onward = opening.last and mailed.id_of(opening.last)
    held = outbox.of_address(account["email"])
    started = payments.of_person(account["id"], PAGE, start.get("payments"))
    said = transfers.of_person(account["id"], PAGE, start.get("transfers"))

    def next(list: str, last: Any) -> str | None:
        return cursors.sealed(request.account_id, CURSORS, {list: last}) if last else None

    body = {
        "account": {
            **store.me(account),
            **clock.instants(account, "created_at", "last_login_at", "password_changed_at", "blocked_at"),
            "state": account["state"],
            "contested": not store.proves_address(account),
            "new_email": account.get("email_change", {}).get("address"),
        },
        "sessions": [
            {"id": sessions.id_of(row), "user_agent": row["user_agent"]}
            | clock.instants(row, "created_at", "last_used_at", "expires_at")
            for row in opened
        ],
        "links": [
            {**links.told(row), "news": news.ways(row), "reminders": news.reminded(row)}
            for row in links.every(account["id"])
        ],
        "mailed_links": {"items": list(map(mailed.told, opening.rows)), "next": next("mailed_links", onward)},
        "link_requests": [requests.told(row, now) for row in requests.of_account(account["id"])],
        "payments": {"items": list(map(shown.mine, started.rows)), "next": next("payments", started.last)},
        "transfers": {"items": list(map(transfers.mine, said.rows)), "next": next("transfers", said.last)},
        "mails": [outbox.shown(row) for row in held if row["pk"].startswith("MAIL#")],
        "returned": returns.told_of(held),
        "audit": {"items": list(map(audit.told, page.rows)), "next": next("audit", page.last)},
    }
    return Answer(200, body)
