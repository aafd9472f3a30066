"""GET /v1/companies/{id}/transfers: newest first, page by page."""

import pytest
import time_machine

from tests.cloud import Cloud
from tests.transfers import Teller


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Teller:
    return Teller(cloud, 10000)


def test_a_client_who_told_of_none_has_none_with_two_calls(ana: Teller) -> None:
    assert ana.listed() == {"items": [], "next": None}
    assert ana.cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 1}


def test_transfers_come_newest_first_page_by_page_and_payments_are_not_among_them(
    ana: Teller, clock: time_machine.Traveller
) -> None:
    ids = []
    for n in range(3):
        ids.append(ana.told(key=f"t-{n}")["id"])
        clock.shift(1)
    ana.started()
    first = ana.listed(limit="2")
    assert [item["id"] for item in first["items"]] == ids[:0:-1]
    last = ana.listed(limit="2", cursor=first["next"])
    assert ([item["id"] for item in last["items"]], last["next"]) == (ids[:1], None)
    answer = ana.cloud.call("list_payments", token=ana.token, path={"id": "c-27334"}, query={"cursor": first["next"]})
    assert answer.code == "bad_cursor"


def test_S78_who_told_of_a_transfer_has_it_among_their_data(ana: Teller) -> None:
    from miinti import aws
    from miinti.accounts import sessions

    aws.write(aws.update("IdentityTable", sessions.key("a1", "s1"), "SET user_agent = :u", {":u": "x"}))
    told = ana.told(proof={"content_type": "image/png"})
    data = ana.cloud.call("show_my_data", token=ana.token).json
    assert data["transfers"]["items"] == [{**ana.listed()["items"][0], "company": "c-27334"}]
    assert data["transfers"]["items"][0]["id"] == told["id"]
    assert data["payments"]["items"] == []
