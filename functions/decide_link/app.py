"""Staff decides about links: a request that waits is approved or refused, a suspended link gets its sight back."""

from types import MappingProxyType
from typing import Any, Final

from miinti import aws, settings
from miinti.accounts import store
from miinti.aws import Row
from miinti.companies import access, links, requests
from miinti.companies.rules import Asked
from miinti.errors import AlreadyLinked, InvalidCode
from miinti.mail import outbox
from miinti.staff import Declined, Order, desk

_CALLED: Final = MappingProxyType({"client": "cliente", "supplier": "proveedor"})


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
        told = links.decided("approved", _holder(account), company["name"], company["cuit"], order.now)
        links.make(person, company, "staff", order.now, also=also, told=[told])
    except InvalidCode:
        raise Declined("not_pending") from None
    except AlreadyLinked:
        raise Declined("already_linked") from None
    return {"person": account["id"], "company": company["id"]}


def refuse(order: Order) -> dict[str, Any]:
    account = order.account()
    request = _request(order, account)
    refused = requests.refused(account["id"], request["request_id"], order.now)
    asked = f"{_CALLED[request['role']]} {request['number']}"
    told = links.decided("refused", _holder(account), asked, request["cuit"], order.now)
    act = order.act(person=account["id"], link_request=request["request_id"])
    try:
        outbox.commit([refused, act], [told], order.now)
    except InvalidCode:
        raise Declined("not_pending") from None
    return {"person": account["id"], "link_request": request["request_id"]}


def reinstate(order: Order) -> dict[str, Any]:
    account, company_id = order.account(), order["company"]
    company = aws.get(settings.companies_table(), access.company_key(company_id))
    if company is None:
        raise Declined("not_suspended")
    back = links.reinstated(account["id"], company_id, Declined("not_suspended"))
    told = links.decided("reinstated", _holder(account), company["name"], company["cuit"], order.now)
    outbox.commit([back, order.act(person=account["id"], company=company_id)], [told], order.now)
    return {"person": account["id"], "company": company_id}


def _holder(account: Row) -> links.Holder:
    return links.Holder(account["email"], account["first_name"])


def _request(order: Order, account: Row) -> Row:
    wanted = requests.wanted(account["id"], order["request"])
    (request,) = aws.batch_get(*wanted) if wanted else [None]
    if request is None:
        raise Declined("request_unknown")
    return request


handler = desk(approve=approve, refuse=refuse, reinstate=reinstate)
