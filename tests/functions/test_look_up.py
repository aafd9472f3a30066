"""Staff looks: each look is noted, and leaves no mark on what it looked at."""

from typing import Any

import pytest
import time_machine
from botocore.exceptions import ReadTimeoutError

from miinti import aws
from miinti.accounts import store
from miinti.documents import rows
from miinti.mail import returns
from miinti.mail.returns import Event
from tests import companies, documents
from tests.cloud import Cloud
from tests.companies import CUIT, company, link
from tests.functions.conftest import START
from tests.people import account, signed_in
from tests.staff import acts, asked, declined, done, trail

EMAIL = "ana@example.com"


def without_trail(kept: dict[str, Any]) -> dict[str, Any]:
    return {name: rows for name, rows in kept.items() if name != "AuditTable"}


def linked(cloud: Cloud) -> None:
    account(cloud)
    signed_in(cloud)
    link("a1", company())
    link("a1", company("supplier", "3012"), state="suspended")


def test_a_person_is_their_account_sessions_links_and_requests_and_nothing_secret(cloud: Cloud) -> None:
    linked(cloud)
    company(number="40404", cuit=companies.cuit(50_000_001))
    cloud.link_policy = "proof"
    here = signed_in(cloud)
    cloud.call(
        "link_company", {"role": "client", "cuit": companies.cuit(50_000_001), "number": "40404"}, token=here.token
    )
    before = without_trail(cloud.kept())
    for person in (EMAIL, "a1", " a1"):
        if person == " a1":
            assert declined(cloud, "look_up", "person", person=person) == "person_unknown"
            continue
        told = done(cloud, "look_up", "person", person=person)
        assert told["person"]["id"] == "a1"
        assert told["person"]["state"] == "active"
        assert {one["company"]: one["state"] for one in told["links"]} == {"c-27334": "active", "s-3012": "suspended"}
        assert len(told["sessions"]) == 2
        (request,) = told["requests"]
        assert (request["state"], request["number"], request["behind"]) == ("received", "40404", "c-40404")
        for secret in ("hash", "grant", "nonce", "txn"):
            assert secret not in str(told)
    assert without_trail(cloud.kept()) == before
    assert acts(cloud) == [("person", "a1", None)] * 2


def test_staff_sees_whether_mail_to_a_person_arrives(cloud: Cloud) -> None:
    linked(cloud)
    assert done(cloud, "look_up", "person", person="a1")["person"]["email_state"] == "ok"
    with cloud.as_function("take_mail_events"):
        aws.write(store.email_marked("a1", EMAIL, "bounced"))
    assert done(cloud, "look_up", "person", person="a1")["person"]["email_state"] == "bounced"
    (one,) = done(cloud, "look_up", "company", company="c-27334")["people"]
    assert one["email_state"] == "bounced"


def test_R12_a_person_whose_address_was_marked_before_they_registered_is_told_of_as_marked(cloud: Cloud) -> None:
    with cloud.as_function("take_mail_events"):
        returns.noted(Event("complained", "abuse", "complained", EMAIL, "m", "t", "2026-11-24T00:00:00Z"), 0)
    account(cloud)
    assert done(cloud, "look_up", "person", person="a1")["person"]["email_state"] == "complained"


def test_who_is_linked_to_a_company(cloud: Cloud) -> None:
    company()
    for nth in range(51):
        account(cloud, f"a{nth}", email=f"p{nth}@example.com")
        link(f"a{nth}", "c-27334", state="suspended" if nth == 7 else "active")
    link("gone", "c-27334")
    told = done(cloud, "look_up", "company", company="c-27334")
    assert told["company"]["cuit"] == CUIT
    assert {one["id"]: one["link"] for one in told["people"]} == {
        f"a{nth}": "suspended" if nth == 7 else "active" for nth in range(51)
    }
    assert acts(cloud) == [("company", None, "c-27334")]
    assert declined(cloud, "look_up", "company", company="c-1") == "company_unknown"


def test_S75_what_a_person_sees_is_seen_as_they_see_it_and_leaves_no_mark(cloud: Cloud) -> None:
    linked(cloud)
    facts = {"date": "2019-11-23", "due_date": "2019-11-23", "billed": 100, "remaining": 0}
    documents.fill([rows.row("c-27334", f"v-00205-0000151{n}-006", facts) for n in range(3)])
    here = signed_in(cloud)
    theirs = cloud.call("list_companies", token=here.token).json
    page = cloud.call("list_docs", token=here.token, path={"id": "c-27334"}, query={"limit": "2"}).json
    before = without_trail(cloud.kept())
    assert done(cloud, "look_up", "view", person=EMAIL) == {"companies": theirs["items"]}
    told = done(cloud, "look_up", "view", person=EMAIL, company="c-27334", limit="2")
    assert told["documents"] == page["items"]
    assert told["company"] == page["company"]
    assert (told["more"] is None) is (page["next"] is None)
    assert without_trail(cloud.kept()) == before
    assert acts(cloud) == [("view", "a1", None), ("view", "a1", "c-27334")]


@pytest.mark.parametrize("query", [{}, {"sort": "-billed"}, {"q": "0000001"}, {"from": "", "to": ""}])
def test_a_view_goes_on_page_by_page_with_the_lists_own_filters(cloud: Cloud, query: dict[str, str]) -> None:
    linked(cloud)
    made = [documents.made_voucher("c-27334", nth) for nth in range(60)]
    documents.fill(made)
    if "from" in query:
        days = sorted(row["date"] for row in made)
        query = {"from": days[20], "to": days[40]}
    here = signed_in(cloud)
    asked_for = {**query, "limit": "100"}
    theirs = cloud.call("list_docs", token=here.token, path={"id": "c-27334"}, query=asked_for).json["items"]
    seen: list[Any] = []
    given = {**query, "limit": "7"}
    for _ in range(10):
        told = done(cloud, "look_up", "view", person="a1", company="c-27334", **given)
        seen += told["documents"]
        if told["more"] is None:
            break
        given["after"] = told["more"]
    assert seen == theirs
    assert 0 < len(seen) < 60 or query.keys() <= {"sort"}
    for after in ("x", "2 DOC#v", "0 ", "0 v#1", "0"):
        assert declined(cloud, "look_up", "view", person="a1", company="c-27334", after=after) == "after_wrong"


@pytest.mark.parametrize("sort", ["date", "-number", "type", "billed", "-collected", "status"])
def test_a_view_goes_in_any_order_that_the_list_has(cloud: Cloud, sort: str) -> None:
    linked(cloud)
    assert done(cloud, "look_up", "view", person="a1", company="c-27334", sort=sort)["documents"] == []


def test_what_the_person_does_not_see_nobody_sees_for_them(cloud: Cloud) -> None:
    linked(cloud)
    company(number="7", cuit=companies.cuit(50_000_001))
    for company_id in ("s-3012", "c-7", "c-1", "x"):
        assert declined(cloud, "look_up", "view", person="a1", company=company_id) == "not_linked"
    for query in ({"kind": "withholding"}, {"kind": "x"}, {"sort": "x"}, {"limit": "diez"}, {"limit": "0"},
                  {"limit": "-1"}, {"limit": "101"}, {"from": "ayer"}, {"to": "20261124"}, {"status": "sent"},
                  {"type": "x"}):  # fmt: skip
        assert declined(cloud, "look_up", "view", person="a1", company="c-27334", **query) == "query_wrong"


def test_R12_who_never_got_what_newest_first_page_by_page(cloud: Cloud) -> None:
    with time_machine.travel(START, tick=False) as clock:
        now = int(START.timestamp())
        with cloud.as_function("take_mail_events"):
            for nth in range(130):
                at = f"2026-11-24T10:{nth // 60:02}:{nth % 60:02}.000Z"
                returns.noted(
                    Event("bounced", "Permanent/General", "bounced", f"p{nth}@x.ar", "m", "activate", at), now
                )
        first = done(cloud, "look_up", "returned")
        rest = done(cloud, "look_up", "returned", after=first["more"])
        seen = first["returned"] + rest["returned"]
        assert [one["address"] for one in seen] == [f"p{nth}@x.ar" for nth in reversed(range(130))]
        assert set(seen[0]) == {"at", "what", "why", "template", "address"}
        assert rest["more"] is None
        assert acts(cloud) == [("returned", None, None)] * 2
        clock.shift(returns.KEPT)
        assert done(cloud, "look_up", "returned")["returned"] == []


@pytest.mark.parametrize(
    ("action", "given"),
    [("person", {"person": "a1"}), ("company", {"company": "c-27334"}), ("view", {"person": "a1"}), ("returned", {})],
)
def test_S75_S77_nothing_is_shown_of_which_nobody_would_know(cloud: Cloud, action: str, given: dict[str, str]) -> None:
    linked(cloud)
    cloud.faults["dynamodb:PutItem"] = ReadTimeoutError(endpoint_url="https://dynamodb")
    assert asked(cloud, "look_up", action, **given) == {"declined": "unavailable"}
    cloud.faults.clear()
    assert not trail(cloud)
