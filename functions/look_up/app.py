"""Staff looks: for a person, at who is linked to a company, at what a person sees, at mail that came back. Each look is
noted, none leaves a mark on what it looked at."""

from typing import Any

from miinti import aws, clock, settings
from miinti.accounts import sessions, store
from miinti.companies import access, links, members, requests
from miinti.companies.company import place, shown
from miinti.documents import items, listing
from miinti.documents import store as documents
from miinti.errors import ValidationFailed
from miinti.mail import returns
from miinti.staff import Declined, Order, desk
from miinti.values.day import is_day

FILTERS = ("kind", "sort", "limit", "q", "from", "to", "status", "type")
"""What a list may be asked for, as the person asks for it."""
MOST = 100
"""Members of a company that are told of at once: two rows each are read with them. And mails of one answer."""


def person(order: Order) -> dict[str, Any]:
    """Account, live sessions, links and link requests."""
    account = order.account()
    aws.write(order.act(person=account["id"]))
    # It may be older than the account that has the address now.
    mark = {"email_state": state} if (state := returns.state_of(account["email"])) else {}
    _, rows = store.whole(account["id"])
    live = [row for row in rows if sessions.live(row, order.now)]
    return {
        "person": {**store.me(account), **mark, "state": account["state"], "contested": bool(account.get("contested"))}
        | clock.instants(account, "created_at", "last_login_at", "password_changed_at", "blocked_at"),
        "sessions": [
            {"id": sessions.id_of(row), "user_agent": row["user_agent"]}
            | clock.instants(row, "created_at", "last_used_at")
            for row in live
        ],
        "links": [links.told(link) for link in links.every(account["id"])],
        "requests": [
            {**requests.told(request, order.now), "behind": request.get("behind")}
            for request in requests.of_account(account["id"])
        ],
    }


def company(order: Order) -> dict[str, Any]:
    """A company and who is linked to it."""
    company_id = order["company"]
    found = aws.get(settings.companies_table(), access.company_key(company_id))
    if found is None:
        raise Declined("company_unknown")
    aws.write(order.act(company=company_id))
    people: list[dict[str, Any]] = []
    ids = members.of_company(company_id)
    for start in range(0, len(ids), MOST // 2):
        some = ids[start : start + MOST // 2]
        rows = aws.batch_get(*map(store.wanted, some), *(members.wanted(one, company_id) for one in some))
        people += [
            {**store.me(account), "state": account["state"], "link": link["state"], "proof": link.get("proof")}
            | clock.instants(link, "linked_at", "suspended_at")
            for account, link in zip(rows[: len(some)], rows[len(some) :], strict=True)
            if account and link
        ]
    told = {name: found.get(name) for name in ("id", "role", "number", "cuit", "name", "email")}
    return {"company": told | clock.instants(found, "email_changed_at"), "people": people}


def view(order: Order) -> dict[str, Any]:
    """What the person sees: their companies or, of one of them, a page of its documents."""
    account = order.account()
    held = links.of_account(account["id"])
    found = sorted(links.companies_of(held), key=lambda pair: place(pair[0]))
    if "company" not in order.given:
        aws.write(order.act(person=account["id"]))
        return {"companies": [shown(*pair) for pair in found]}
    mine = next((pair for pair in found if pair[0]["id"] == order["company"]), None)
    if mine is None:
        raise Declined("not_linked")
    try:
        wanted = listing.asked(mine[0]["role"], _query(order))
    except (KeyError, ValueError, ValidationFailed):
        raise Declined("query_wrong") from None
    try:
        after = documents.position(order["after"]) if "after" in order.given else None
    except ValueError:
        raise Declined("after_wrong") from None
    page = documents.page(mine[0], wanted, after, clock.today())
    # Noted before it is shown, so that nothing is seen of which nobody knows.
    aws.write(order.act(person=account["id"], company=mine[0]["id"]))
    return {
        "company": shown(*mine),
        "documents": [items.item(facts, clock.today()) for facts in page.facts],
        "total": page.total,
        "more": page.next.text() if page.next else None,
    }


def _query(order: Order) -> dict[str, str]:
    """The list as staff asks for it. Raises ``ValueError`` for a number or day that is none."""
    query = {name: order[name] for name in FILTERS if name in order.given}
    if not 1 <= int(query.get("limit", MOST)) <= MOST:
        raise ValueError
    if not all(is_day(query[name]) for name in ("from", "to") if name in query):
        raise ValueError
    return query


def returned(order: Order) -> dict[str, Any]:
    """Mails that somebody never got, newest first; ``more`` says where to go on."""
    page = returns.of_late(MOST, order["after"] if "after" in order.given else None)
    aws.write(order.act())
    told = ("at", "what", "why", "template", "address")
    return {
        "returned": [{name: row[name] for name in told} for row in page.rows],
        "more": page.last["sk"] if page.last else None,
    }


handler = desk(person=person, company=company, view=view, returned=returned)
