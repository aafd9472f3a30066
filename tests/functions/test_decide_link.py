"""Staff decides about links: approves, refuses, reinstates; each with its row in the trail."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.accounts import store
from miinti.mail import tokens
from tests import companies
from tests.cloud import Cloud
from tests.companies import CUIT, company, link
from tests.people import account, signed_in
from tests.post import read
from tests.staff import acts, asked, declined, done, trail

BODY = {"role": "client", "cuit": CUIT, "number": "27334"}
DAY = 86400


def requested(cloud: Cloud, email: str | None = None) -> str:
    """A link asked for under policy proof; without ``email`` nobody gets a code."""
    account(cloud)
    company(email=email)
    cloud.link_policy = "proof"
    request_id: str = cloud.call("link_company", BODY, token=signed_in(cloud).token).json["request_id"]
    return request_id


def states(cloud: Cloud) -> list[str]:
    items = cloud.call("list_link_requests", token=signed_in(cloud).token).json["items"]
    return [item["state"] for item in items]


@pytest.mark.parametrize("days", [0, 10])
def test_staff_approves_what_no_code_could_prove_even_late(
    cloud: Cloud, clock: time_machine.Traveller, days: int
) -> None:
    request_id = requested(cloud)
    clock.shift(days * DAY)
    told = done(cloud, "decide_link", "approve", person="ana@example.com", request=request_id)
    assert told == {"person": "a1", "company": "c-27334"}
    assert companies.links(cloud) == {("a1", "c-27334"): "active"}
    assert states(cloud) == ["confirmed"]
    (listed,) = cloud.call("list_companies", token=signed_in(cloud).token).json["items"]
    assert listed["id"] == "c-27334"
    (row,) = trail(cloud)
    assert (row["action"], row["person"], row["company"], row["link_request"]) == (
        "approve",
        "a1",
        "c-27334",
        request_id,
    )
    assert declined(cloud, "decide_link", "approve", person="a1", request=request_id) == "not_pending"


def test_S23_who_has_the_address_on_file_and_the_members_are_told_of_it(cloud: Cloud) -> None:
    request_id = requested(cloud, "pagos@empresa.example")
    done(cloud, "decide_link", "approve", person="a1", request=request_id)
    told = Counter(mail["template"] for mail in cloud.mails())
    assert told == {"link_code": 1, "company_linked": 1, "company_linked_member": 1, "link_decided": 1}


@pytest.mark.parametrize("action", ["approve", "refuse", "reinstate"])
def test_S23_who_asked_is_told_what_was_decided(cloud: Cloud, action: str) -> None:
    if action == "reinstate":
        account(cloud)
        link("a1", company(), state="suspended")
        done(cloud, "decide_link", action, person="a1", company="c-27334")
    else:
        done(cloud, "decide_link", action, person="a1", request=requested(cloud))
    (mail,) = cloud.mails("link_decided")
    assert mail["to"] == {"address": "ana@example.com"}
    letter = read(cloud, mail)
    name = "ADM. FEDERAL DE ING. PUBLICOS"
    subject, said = {
        "approve": (f"Aprobamos tu vínculo con {name} en miINTI", "aprobamos tu pedido de vincular"),
        "refuse": ("No aprobamos tu pedido de vincular cliente 27334 en miINTI", "no lo aprobamos"),
        "reinstate": (f"Volvés a ver los documentos de {name} en miINTI", "levantamos la suspensión"),
    }[action]
    assert letter.subject == subject
    assert said in letter.text
    # Whether there is such a company is not said to who was refused (T4).
    assert (name in letter.text) is (action != "refuse")


def test_a_refused_request_takes_no_code_any_more(cloud: Cloud) -> None:
    request_id = requested(cloud, "pagos@empresa.example")
    told = done(cloud, "decide_link", "refuse", person="a1", request=request_id)
    assert told == {"person": "a1", "link_request": request_id}
    with cloud.as_function("confirm_link"):
        code = tokens.link_code(request_id)
    answer = cloud.call("confirm_link", {"code": code}, token=signed_in(cloud).token, path={"id": request_id})
    assert (answer.status, answer.code) == (400, "invalid_code")
    assert states(cloud) == ["refused"]
    assert not companies.links(cloud)
    for action in ("approve", "refuse"):
        assert declined(cloud, "decide_link", action, person="a1", request=request_id) == "not_pending"


def test_a_company_that_is_none_or_linked_already_is_declined(cloud: Cloud) -> None:
    request_id = requested(cloud)
    link("a1", "c-27334")
    assert declined(cloud, "decide_link", "approve", person="a1", request=request_id) == "already_linked"
    company(cuit=companies.cuit(50_000_001))
    assert declined(cloud, "decide_link", "approve", person="a1", request=request_id) == "company_unknown"


@pytest.mark.parametrize("request_id", ["0" * 24, "x", "c-27334"])
def test_a_request_that_is_not_the_persons_is_declined(cloud: Cloud, request_id: str) -> None:
    requested(cloud)
    for action in ("approve", "refuse"):
        assert declined(cloud, "decide_link", action, person="a1", request=request_id) == "request_unknown"


def test_a_suspended_link_gets_its_sight_back_and_may_be_objected_to_again(cloud: Cloud) -> None:
    account(cloud)
    grant = link("a1", company(), state="suspended")
    here = signed_in(cloud)
    assert cloud.call("list_docs", token=here.token, path={"id": "c-27334"}).status == 404
    done(cloud, "decide_link", "reinstate", person="a1", company="c-27334")
    assert cloud.call("list_docs", token=here.token, path={"id": "c-27334"}).status == 200
    (row,) = [row for row in cloud.rows("CompaniesTable") if row["sk"].startswith("LINK#")]
    assert (row["grant"], row["proof"]) == (grant, "staff")
    assert acts(cloud) == [("reinstate", "a1", "c-27334")]
    assert declined(cloud, "decide_link", "reinstate", person="a1", company="c-27334") == "not_suspended"
    assert declined(cloud, "decide_link", "reinstate", person="a1", company="c-1") == "not_suspended"


def test_S77_a_person_who_left_meanwhile_gets_no_link(cloud: Cloud) -> None:
    request_id = requested(cloud)

    def rival(call: Callable[[], Any]) -> Any:
        cloud.faults.clear()
        aws.write(aws.delete("IdentityTable", store.key("a1")))
        return call()

    cloud.faults["dynamodb:TransactWriteItems"] = rival
    assert asked(cloud, "decide_link", "approve", person="a1", request=request_id) == {"declined": "invalid_token"}
    assert not companies.links(cloud)
    assert not trail(cloud)
