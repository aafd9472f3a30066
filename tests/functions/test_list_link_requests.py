"""GET /v1/link-requests."""

import re

import pytest
import time_machine

from tests.cloud import Cloud
from tests.companies import CUIT, company, person, token

RIGHT = {"role": "client", "cuit": CUIT, "number": "27334"}


@pytest.fixture(autouse=True)
def proof(cloud: Cloud) -> None:
    cloud.link_policy = "proof"


def requested(cloud: Cloud, token: str, **body: str) -> str:
    return str(cloud.call("link_company", {**RIGHT, **body}, token=token).json["request_id"])


def test_a_request_is_answered_as_it_was_typed(cloud: Cloud) -> None:
    company()
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False):
        token = person(cloud)
        request_id = requested(cloud, token, role="supplier", cuit="33.69345023/9", number="0027334")
        answer = cloud.call("list_link_requests", token=token)
    assert answer.status == 200
    assert answer.json == {
        "items": [
            {
                "request_id": request_id,
                "role": "supplier",
                "cuit": CUIT,
                "number": "0027334",
                "state": "received",
                "created_at": "2026-11-24T12:00:00Z",
                "expires_at": "2026-11-27T12:00:00Z",
            }
        ],
        "total": 1,
        "next": None,
    }


def test_T4_what_is_behind_a_request_is_not_said(cloud: Cloud) -> None:
    with time_machine.travel(1_795_000_000, tick=False):
        token = person(cloud)
        company()
        for number in ("27334", "27335"):
            requested(cloud, token, number=number)
        items = cloud.call("list_link_requests", token=token).json["items"]
    shapes = {re.sub("[0-9a-f]{24}|2733[45]", "…", str(item)) for item in items}
    assert len(shapes) == 1


def test_nothing_asked_is_an_empty_list(cloud: Cloud) -> None:
    assert cloud.call("list_link_requests", token=person(cloud)).json == {"items": [], "total": 0, "next": None}


def test_S46_only_one_s_own(cloud: Cloud) -> None:
    ana, eva = person(cloud, "a1"), person(cloud, "a2")
    mine = requested(cloud, ana)
    requested(cloud, eva)
    items = cloud.call("list_link_requests", token=ana).json["items"]
    assert [item["request_id"] for item in items] == [mine]


def test_the_newest_comes_first_and_pages_give_each_once(cloud: Cloud) -> None:
    with time_machine.travel(1_795_000_000, tick=False) as clock:
        person(cloud)
        asked = []
        for number in range(23):
            asked.append(requested(cloud, token(cloud), number=str(number)))
            clock.shift(number % 2)
        seen = []
        query = {"limit": "5"}
        while True:
            page = cloud.call("list_link_requests", token=token(cloud), query=query).json
            assert page["total"] == len(asked)
            seen += page["items"]
            if page["next"] is None:
                break
            # A newer one stands before the pages that are left, and changes none of them.
            asked.append(requested(cloud, token(cloud), number="99"))
            query = {"limit": "5", "cursor": page["next"]}
    times = [item["created_at"] for item in seen]
    assert times == sorted(times, reverse=True)
    assert sorted(item["request_id"] for item in seen) == sorted(asked[:23])


def test_S64_a_cursor_is_its_person_s(cloud: Cloud) -> None:
    ana, eva = person(cloud, "a1"), person(cloud, "a2")
    for _ in range(2):
        requested(cloud, ana)
    cursor = cloud.call("list_link_requests", token=ana, query={"limit": "1"}).json["next"]
    answer = cloud.call("list_link_requests", token=eva, query={"cursor": cursor})
    assert (answer.status, answer.code) == (400, "bad_cursor")
    assert cloud.call("list_companies", token=ana, query={"cursor": cursor}).code == "bad_cursor"


def test_a_wrong_query_is_refused(cloud: Cloud) -> None:
    token = person(cloud)
    for query in ({"limit": "0"}, {"limit": "1000"}, {"role": "client"}, {"state": "received"}):
        assert cloud.call("list_link_requests", token=token, query=query).status == 422


def test_costs_two_calls(cloud: Cloud) -> None:
    token = person(cloud)
    requested(cloud, token)
    cloud.call("list_link_requests", token=token)
    cloud.counted()
    cloud.call("list_link_requests", token=token)
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 1}
