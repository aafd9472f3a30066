"""GET /v1/me/data: all that is held of the person, for whom Ley 25.326 (art. 14) gives the right to it."""

from typing_extensions import TypedDict

from miinti import audit, clock, cursors
from miinti.accounts import sessions, store
from miinti.companies import links, news, requests
from miinti.documents import mailed
from miinti.errors import BadCursor, InvalidToken
from miinti.http import Answer, Param, Request, api
from miinti.mail import outbox, returns
from miinti.values.told import Instant

PAGE = 100
"""Rows of the audit trail in one answer, newest first."""
QUERY = "my-data"


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


class Mail(TypedDict):
    template: str
    created_at: Instant | None
    sent_at: Instant | None


class Audit(TypedDict):
    items: list[audit.Told]
    next: str | None


class Data(TypedDict):
    account: Account
    sessions: list[Session]
    links: list[Link]
    mailed_links: list[mailed.Told]
    link_requests: list[requests.Told]
    mails: list[Mail]
    returned: list[returns.Told]
    audit: Audit


@api(
    "GET /v1/me/data",
    "Todo lo que se guarda de mí",
    answers={200: Data},
    query=(Param("cursor", "El `next` de `audit` en la respuesta anterior.", pattern=cursors.SHAPE),),
    refusals=(BadCursor,),
    prepare=(cursors.key,),
)
def handler(request: Request[None]) -> Answer:
    given, now = request.query.get("cursor"), clock.now()
    start = None if given is None else cursors.opened(request.account_id, QUERY, given)
    account, opened = store.whole(request.account_id)
    if account is None:
        raise InvalidToken
    mine, page = links.rows_of(account["id"]), audit.of_person(account["id"], PAGE, start)
    held = outbox.of_address(account["email"])
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
            for row in mine
            if row["sk"].startswith("LINK#")
        ],
        "mailed_links": [mailed.told(row) for row in mine if row["sk"].startswith("MAILED#")],
        "link_requests": [requests.told(row, now) for row in mine if row["sk"].startswith("REQUEST#")],
        "mails": [
            {"template": row["template"], **clock.instants(row, "created_at", "sent_at")}
            for row in held
            if row["pk"].startswith("MAIL#")
        ],
        "returned": returns.told_of(held),
        "audit": {
            "items": [audit.told(row) for row in page.rows],
            "next": cursors.sealed(request.account_id, QUERY, page.last) if page.last else None,
        },
    }
    return Answer(200, body)
