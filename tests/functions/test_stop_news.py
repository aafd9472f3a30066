"""POST /v1/unsubscribe: the one click of RFC 8058; ``test_news_by_mail`` has the mail it comes from."""

import time
from typing import Any

import pytest

from miinti import aws
from miinti.companies import access
from miinti.mail import tokens
from tests import documents, routes
from tests.cloud import Cloud
from tests.routes import REQUESTS, World


@pytest.fixture
def world(cloud: Cloud) -> World:
    return routes.world(cloud)


def link(world: World, company_id: str) -> Any:
    return aws.get("CompaniesTable", access.link_key(world.ana.here.account_id, company_id))


FORM = {"raw": b"List-Unsubscribe=One-Click", "headers": {"content-type": "application/x-www-form-urlencoded"}}


@pytest.mark.parametrize(
    "sent",
    [
        {},
        FORM,
        {**FORM, "headers": {"content-type": 'multipart/form-data; boundary="b"'}},
    ],
)
def test_one_click_in_any_form_stops_news_of_that_company_alone(world: World, sent: Any) -> None:
    request = REQUESTS["stop_news"](world)
    world.cloud.function("stop_news")
    world.cloud.counted()
    assert world.cloud.call("stop_news", **request, **sent).status == 204
    assert world.cloud.counted() == {
        "dynamodb:GetItem": 1,
        "dynamodb:BatchGetItem": 1,
        "dynamodb:TransactWriteItems": 1,
    }
    assert link(world, world.ana.client)["news"] == dict.fromkeys(("voucher", "quote", "work_order"), "none")
    assert "news" not in link(world, world.ana.supplier)


def everywhere(world: World, count: int) -> list[str]:
    """As many links of Ana's, each told of by the one mail; their companies' ids."""
    ids = [f"c-{5_000_000 + nth}" for nth in range(count)]
    documents.fill(documents.link_row(world.ana.here.account_id, company_id) for company_id in ids)
    values = {":companies": dict.fromkeys(ids, "g1")}
    aws.write(aws.update("OutboxTable", ("MAIL#news", "MAIL"), "SET companies = :companies", values))
    return ids


OFF = dict.fromkeys(("voucher", "quote", "work_order"), "none")


def test_one_click_for_a_thousand_companies_is_twenty_calls(world: World) -> None:
    request = REQUESTS["stop_news"](world)
    ids = everywhere(world, 1000)
    world.cloud.function("stop_news")
    world.cloud.counted()
    assert world.cloud.call("stop_news", **request).status == 204
    assert world.cloud.counted() == {
        "dynamodb:GetItem": 1,
        "dynamodb:BatchGetItem": 10,
        "dynamodb:TransactWriteItems": 10,
    }
    assert [id for id in ids if link(world, id)["news"] != OFF] == []


@pytest.mark.parametrize("ends", ["unlinked", "made anew"])
def test_R01_a_link_that_ends_meanwhile_keeps_no_other_from_being_stopped(world: World, ends: str) -> None:
    request = REQUESTS["stop_news"](world)
    ids = everywhere(world, 120)
    place = access.link_key(world.ana.here.account_id, ids[7])

    def rival(call: Any) -> Any:
        world.cloud.faults.clear()
        aws.write(aws.delete("CompaniesTable", place))
        if ends == "made anew":
            documents.fill([{**documents.link_row(world.ana.here.account_id, ids[7]), "grant": "g2"}])
        return call()

    world.cloud.faults["dynamodb:TransactWriteItems"] = rival
    assert world.cloud.call("stop_news", **request).status == 204
    assert [id for id in ids if id != ids[7] and link(world, id)["news"] != OFF] == []
    assert "news" not in (link(world, ids[7]) or {})


def test_R11_links_that_never_stop_changing_are_tried_later(world: World) -> None:
    request = REQUESTS["stop_news"](world)
    everywhere(world, 2)

    def rival(_call: Any) -> Any:
        raise aws.ConditionFailed(0, None)

    world.cloud.faults["dynamodb:TransactWriteItems"] = rival
    answer = world.cloud.call("stop_news", **request)
    assert (answer.status, answer.code) == (503, "unavailable")


def test_a_reminders_click_stops_reminders(world: World) -> None:
    request = REQUESTS["stop_news"](world)
    aws.write(aws.update("OutboxTable", ("MAIL#news", "MAIL"), "SET template = :t", {":t": "payment_reminder"}))
    assert world.cloud.call("stop_news", **request).status == 204
    assert link(world, world.ana.client)["reminders"] is False
    assert "news" not in link(world, world.ana.client)


def test_who_is_linked_no_longer_is_answered_alike(world: World) -> None:
    request = REQUESTS["stop_news"](world)
    world.cloud.call("unlink_company", **REQUESTS["unlink_company"](world))
    assert world.cloud.call("stop_news", **request).status == 204
    assert link(world, world.ana.client) is None


@pytest.mark.parametrize("template", ["documents_new", "payment_reminder"])
def test_S48_an_old_mails_click_stops_nothing_of_a_link_that_was_made_anew(world: World, template: str) -> None:
    """What was chosen on the link of before ended with it, and so does what its mails can do."""
    request = REQUESTS["stop_news"](world)
    aws.write(aws.update("OutboxTable", ("MAIL#news", "MAIL"), "SET template = :t", {":t": template}))
    anew = {":grant": "another", ":on": True}
    place = access.link_key(world.ana.here.account_id, world.ana.client)
    aws.write(aws.update("CompaniesTable", place, "SET #g = :grant, reminders = :on", anew, names={"#g": "grant"}))
    before = link(world, world.ana.client)
    assert world.cloud.call("stop_news", **request).status == 204
    assert link(world, world.ana.client) == before


def test_what_is_no_token_of_a_mail_that_went_stops_nothing(world: World) -> None:
    with world.cloud.as_function("stop_news"):
        unknown = tokens.sealed(tokens.of_news(world.ana.here.account_id, "m404", int(time.time())))
        old = tokens.sealed(tokens.of_news(world.ana.here.account_id, "news", int(time.time()) - tokens.NEWS))
    REQUESTS["stop_news"](world)
    for text in (unknown, old, "x", ""):
        answer = world.cloud.call("stop_news", query={"t": text})
        assert (answer.status, answer.code) == (400, "invalid_token")
    assert "news" not in link(world, world.ana.client)


def test_S38_a_form_is_taken_here_and_nowhere_else(world: World) -> None:
    assert world.cloud.call("open_link", **FORM).status == 415
    assert world.cloud.call("stop_news", raw=b"x", headers={"content-type": "text/plain"}).status == 415
