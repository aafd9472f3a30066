"""GET /v1/me/links."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.documents import mailed
from tests import routes
from tests.cloud import Cloud
from tests.documents import Reads
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


def many(world: World, count: int, *, ended: int = 0) -> list[str]:
    """Ids of links, each mailed a minute after the one before, newest first; the newest ``ended`` were given out under
    a link to the company that is no more."""
    made = []
    with world.cloud.as_function("relay_outbox"):
        for nth in range(count):
            now = int(START.timestamp()) + 60 * (nth + 1)
            grant = world.ana.grant if nth < count - ended else "old"
            document = {"id": world.ana.client_documents[0], "kind": "voucher", "date": "2026-11-01"}
            made.append(mailed.made(world.ana.here.account_id, world.ana.client, grant, document, now))
        for start in range(0, count, 100):
            aws.transact([write for _, write in made[start : start + 100]])
    return [str(entry["link"]) for entry, _ in reversed(made[: count - ended])] + sorted(world.ana.mailed, reverse=True)


def walked(world: World, limit: int) -> list[list[str]]:
    """The ids of each page, to the end."""
    pages, cursor = list[list[str]](), dict[str, str]()
    for _ in range(40):
        page: Any = listed(world, limit=str(limit), **cursor)
        pages.append([item["id"] for item in page["items"]])
        if page["next"] is None:
            break
        cursor = {"cursor": page["next"]}
    return pages


def test_the_newest_come_first_each_once_whatever_the_page(world: World) -> None:
    wanted = many(world, 33)
    for limit in (1, 7, 34, 35, 36):
        pages = walked(world, limit)
        assert [id for page in pages for id in page] == wanted
        assert {len(page) for page in pages[:-1]} <= {limit}
        assert pages[-1]
    times = [item["created_at"] for item in listed(world, limit="100")["items"]]  # type: ignore[attr-defined]  # JSON
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 34


def test_a_link_that_comes_between_two_pages_moves_none(world: World) -> None:
    wanted = many(world, 20)
    first: Any = listed(world)
    with world.cloud.as_function("relay_outbox"):
        document = {"id": world.ana.client_documents[0], "kind": "voucher", "date": "2026-11-01"}
        now = int(START.timestamp()) + 7200
        aws.write(mailed.made(world.ana.here.account_id, world.ana.client, world.ana.grant, document, now)[1])
    second: Any = listed(world, cursor=first["next"])
    assert [item["id"] for item in first["items"] + second["items"]] == wanted[:20]


def test_a_page_reads_its_own_rows_however_many_a_person_has(world: World) -> None:
    many(world, 300)
    reads = Reads(world.cloud)
    page: Any = listed(world)
    companies, rows = reads.taken()
    assert (companies, rows) == (2, 11)
    listed(world, cursor=page["next"], limit="100")
    assert reads.taken() == [2, 101]


def test_S48_rows_of_links_that_ended_leave_no_page_empty_before_those_that_live(world: World) -> None:
    wanted = many(world, 140, ended=120)
    reads = Reads(world.cloud)
    page: Any = listed(world)
    assert [item["id"] for item in page["items"]] == wanted[:10]
    assert len(reads.taken()) == 3
    rest: Any = listed(world, cursor=page["next"], limit="100")
    assert [item["id"] for item in rest["items"]] == wanted[10:]


def test_what_is_too_much_to_look_through_comes_short_and_goes_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(world.cloud.function("list_links"), "READ", 30)
    wanted = many(world, 70, ended=60)
    pages = walked(world, 10)
    assert [id for page in pages for id in page] == wanted
    assert pages[0] == []


def test_lists_the_own_live_links_page_by_page(world: World) -> None:
    first = listed(world, limit="1")
    second = listed(world, limit="1", cursor=str(first["next"]))
    assert (first["total"], second["total"], second["next"]) == (None, None, None)
    assert listed(world, limit="2")["total"] == 2
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
    pk, sk = mailed.key(world.ana.here.account_id, world.ana.mailed[0])
    row = aws.get("CompaniesTable", (pk, sk))
    assert row is not None
    aws.write(aws.put("CompaniesTable", {**row, "expires_at": int(START.timestamp())}))
    assert listed(world)["total"] == 1
