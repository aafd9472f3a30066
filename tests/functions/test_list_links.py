"""GET /v1/me/links."""

from collections.abc import Iterator

import pytest
import time_machine

from tests import routes
from tests.cloud import Cloud
from tests.functions.conftest import START
from tests.routes import REQUESTS, World


@pytest.fixture
def world(cloud: Cloud) -> Iterator[World]:
    with time_machine.travel(START, tick=False):
        yield routes.world(cloud)


def listed(world: World, **query: str) -> dict[str, object]:
    answer = world.cloud.call("list_links", token=world.ana.here.token, query=query)
    assert answer.status == 200
    body: dict[str, object] = answer.json
    return body


def test_lists_the_own_live_links_page_by_page(world: World) -> None:
    first = listed(world, limit="1")
    second = listed(world, limit="1", cursor=str(first["next"]))
    assert (first["total"], second["total"], second["next"]) == (2, 2, None)
    items = [*first["items"], *second["items"]]  # type: ignore[misc]
    assert {item["id"] for item in items} == set(world.ana.mailed)
    assert {item["doc_id"] for item in items} == set(world.ana.client_documents[:2])
    assert {item["company_id"] for item in items} == {world.ana.client}
    assert items[0]["created_at"] == "2026-11-24T09:00:00Z"
    assert items[0]["expires_at"] == "2026-12-24T09:00:00Z"


def test_costs_three_calls(world: World) -> None:
    listed(world)
    world.cloud.counted()
    listed(world)
    assert world.cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 2}


@pytest.mark.parametrize("use_case", ["revoke_link", "unlink_company"])
def test_S48_what_opens_nothing_is_not_listed(world: World, use_case: str) -> None:
    world.cloud.call(use_case, **REQUESTS[use_case](world))
    assert listed(world)["total"] == (1 if use_case == "revoke_link" else 0)


def test_a_link_whose_time_is_over_is_not_listed_though_its_row_is_there(world: World) -> None:
    from miinti import aws
    from miinti.documents import mailed

    pk, sk = mailed.key(world.ana.here.account_id, world.ana.mailed[0])
    row = aws.get("CompaniesTable", (pk, sk))
    assert row is not None
    aws.write(aws.put("CompaniesTable", {**row, "expires_at": int(START.timestamp())}))
    assert listed(world)["total"] == 1
