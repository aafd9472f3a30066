"""PUT /v1/me/notifications."""

from typing import Any

import pytest

from miinti.companies import news
from tests import documents, routes
from tests.cloud import Answered, Cloud
from tests.routes import World


@pytest.fixture
def world(cloud: Cloud) -> World:
    return routes.world(cloud)


def put(world: World, companies: Any) -> Answered:
    return world.cloud.call("change_notifications", {"companies": companies}, token=world.ana.here.token)


def shown(world: World) -> Any:
    return world.cloud.call("show_notifications", token=world.ana.here.token).json["companies"]


def listed(world: World) -> list[str]:
    return [row["sk"] for row in world.cloud.rows("CompaniesTable") if row["pk"] == news.LIST]


def test_what_is_chosen_is_shown_in_place_of_the_choice_before(world: World) -> None:
    client, supplier = world.ana.client, world.ana.supplier
    world.cloud.function("change_notifications")
    world.cloud.counted()
    chosen = {"news": {"voucher": "attachment", "quote": "none"}, "reminders": True}
    assert put(world, {client: chosen, supplier: {"news": {"withholding": "none"}}}).status == 204
    assert world.cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:TransactWriteItems": 1}
    assert shown(world)[client] == {
        "news": {"voucher": "attachment", "quote": "none", "work_order": "link"},
        "reminders": True,
    }
    assert listed(world) == [f"{client}#{world.ana.here.account_id}"]
    assert put(world, {client: {"news": {"quote": "attachment"}}}).status == 204
    assert shown(world)[client] == {
        "news": {"voucher": "link", "quote": "attachment", "work_order": "link"},
        "reminders": False,
    }
    assert shown(world)[supplier]["news"] == {"withholding": "none"}
    assert listed(world) == []


def test_as_many_companies_as_a_transaction_takes_are_chosen_for_at_once_and_no_more(world: World) -> None:
    ids = [f"c-{5_000_000 + nth}" for nth in range(news.CHOSEN + 1)]
    documents.fill(documents.link_row(world.ana.here.account_id, company_id) for company_id in ids)
    choice = {"news": {"voucher": "none"}, "reminders": True}
    world.cloud.counted()
    assert put(world, dict.fromkeys(ids[:-1], choice)).status == 204
    assert world.cloud.counted()["dynamodb:TransactWriteItems"] == 1
    assert len(listed(world)) == news.CHOSEN
    answer = put(world, dict.fromkeys(ids, choice))
    assert (answer.status, list(answer.fields())) == (422, ["companies"])
    assert ids[-1] not in str(listed(world))


def test_S46_another_s_company_is_one_that_nobody_has_and_nothing_changes(world: World) -> None:
    before = shown(world)
    mine = {world.ana.client: {"news": {"voucher": "none"}}}
    answers = [put(world, {**mine, other: {}}).raw for other in (world.bea.client, "c-9999999", "x")]
    assert all(answer["statusCode"] == 404 for answer in answers)
    assert answers[0] == answers[1] == answers[2]
    assert shown(world) == before


@pytest.mark.parametrize(
    ("role", "choice", "field"),
    [
        ("client", {"news": {"withholding": "link"}}, "news.withholding"),
        ("supplier", {"news": {"voucher": "link"}}, "news.voucher"),
        ("supplier", {"reminders": True}, "reminders"),
        ("client", {"news": {"voucher": "pigeon"}}, "news.voucher"),
        ("client", {"x": 1}, "x"),
        ("client", {"reminders": 1}, "reminders"),
    ],
)
def test_what_a_role_has_not_or_nobody_has_is_refused(world: World, role: str, choice: Any, field: str) -> None:
    company = world.ana.client if role == "client" else world.ana.supplier
    answer = put(world, {company: choice})
    assert answer.status == 422
    assert list(answer.fields()) == [f"companies.{company}.{field}"]
    assert listed(world) == []
