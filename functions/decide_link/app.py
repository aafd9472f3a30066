"""Staff decides about links: a request that waits is approved or refused, a suspended link gets its sight back."""

from typing import Any

from miinti import aws, settings
from miinti.accounts import store
from miinti.aws import Row
from miinti.companies import access, links, requests
from miinti.companies.rules import Asked
from miinti.errors import AlreadyLinked, InvalidCode
from miinti.staff import Declined, Order, desk


def approve(order: Order) -> dict[str, Any]:
    """The link that was asked for, told of as any other. Time and wrong codes do not end what staff may approve."""
    account = order.account()
    request = _request(order, account)
    asked = Asked(request["role"], request["cuit"], request["number"])
    company = aws.get(settings.companies_table(), access.company_key(asked.company_id))
    if company is None or not asked.names(company):
        raise Declined("company_unknown")
    person = links.Person(account["id"], f"{account['first_name']} {account['last_name']}", account["email"])
    also = [
        requests.confirmed(account["id"], request["request_id"], order.now),
        store.still_there(account),
        order.act(person=account["id"], company=company["id"], link_request=request["request_id"]),
    ]
    try:
        links.make(person, company, "staff", order.now, also=also)
    except InvalidCode:
        raise Declined("not_pending") from None
    except AlreadyLinked:
        raise Declined("already_linked") from None
    return {"person": account["id"], "company": company["id"]}


def refuse(order: Order) -> dict[str, Any]:
    account = order.account()
    request = _request(order, account)
    refused = requests.refused(account["id"], request["request_id"], order.now)
    try:
        aws.transact([refused, order.act(person=account["id"], link_request=request["request_id"])])
    except InvalidCode:
        raise Declined("not_pending") from None
    return {"person": account["id"], "link_request": request["request_id"]}


def reinstate(order: Order) -> dict[str, Any]:
    account, company_id = order.account(), order["company"]
    back = links.reinstated(account["id"], company_id, Declined("not_suspended"))
    aws.transact([back, order.act(person=account["id"], company=company_id)])
    return {"person": account["id"], "company": company_id}


def _request(order: Order, account: Row) -> Row:
    wanted = requests.wanted(account["id"], order["request"])
    (request,) = aws.batch_get(*wanted) if wanted else [None]
    if request is None:
        raise Declined("request_unknown")
    return request


handler = desk(approve=approve, refuse=refuse, reinstate=reinstate)
