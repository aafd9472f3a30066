"""POST /v1/links/open: the one document that a mail told of."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.companies import access
from miinti.documents import files, mailed
from miinti.mail import tokens
from tests import routes
from tests.cloud import Cloud
from tests.functions.conftest import START
from tests.routes import REQUESTS, World
from tests.staff import done

DAY = 86400


@pytest.fixture
def world(cloud: Cloud) -> Iterator[World]:
    with time_machine.travel(START, tick=False):
        yield routes.world(cloud)


def opening(world: World) -> dict[str, Any]:
    return REQUESTS["open_link"](world)


def test_opens_its_document_again_and_again_with_two_calls_and_signs_nobody_in(world: World) -> None:
    request = opening(world)
    world.cloud.function("open_link")
    for _ in range(3):
        world.cloud.counted()
        answer = world.cloud.call("open_link", **request)
        assert answer.status == 200
        assert world.cloud.counted() == {"dynamodb:BatchGetItem": 1}
        assert not answer.cookies
        assert set(answer.json) == {"url", "expires_at", "filename", "document"}
        assert f"X-Amz-Expires={files.LIFE}" in answer.json["url"]
        assert world.ana.client_documents[0] in answer.json["url"]


def test_S48_a_link_lives_thirty_days(world: World) -> None:
    request = opening(world)
    with time_machine.travel(START, tick=False) as clock:
        clock.shift(30 * DAY - 1)
        assert world.cloud.call("open_link", **request).status == 200
        clock.shift(1)
        answer = world.cloud.call("open_link", **request)
        assert (answer.status, answer.code) == (410, "link_expired")


@pytest.mark.parametrize("how", ["revoked", "unlinked", "suspended", "linked anew", "left", "blocked"])
def test_S48_a_link_ends_with_what_it_was_given_under(world: World, how: str) -> None:
    request, ana = opening(world), world.ana
    key = access.link_key(ana.here.account_id, ana.client)
    if how == "revoked":
        assert world.cloud.call("revoke_link", **REQUESTS["revoke_link"](world)).status == 204
    elif how == "unlinked":
        assert world.cloud.call("unlink_company", **REQUESTS["unlink_company"](world)).status == 204
    elif how == "suspended":
        assert world.cloud.call("object_to_link", **REQUESTS["object_to_link"](world)).status == 204
    elif how == "linked anew":
        row = aws.get("CompaniesTable", key)
        assert row is not None
        aws.write(aws.put("CompaniesTable", {**row, "grant": "another"}))
    elif how == "blocked":
        done(world.cloud, "act_on_account", "block", person=ana.here.account_id)
    else:
        assert world.cloud.call("leave", **REQUESTS["leave"](world)).status == 204
    answer = world.cloud.call("open_link", **request)
    assert (answer.status, answer.code) == (410, "link_expired")


def test_S49_a_token_of_ours_opens_no_other_document(world: World) -> None:
    """Whoever could make one up for another's document would find the link's row disagree."""
    ana, bea = world.ana, world.bea
    tried = [
        (ana.client, ana.client_documents[1], ana.mailed[0], ana.grant),
        (bea.client, bea.client_documents[0], ana.mailed[0], bea.grant),
        (ana.supplier, ana.supplier_documents[0], ana.mailed[0], ana.grant),
        (ana.client, ana.client_documents[0], bea.mailed[0], ana.grant),
    ]
    for company_id, doc_id, link_id, grant in tried:
        with world.cloud.as_function("open_link"):
            entry = {"company_id": company_id, "doc": doc_id, "link": link_id, "grant": grant}
            token = tokens.of_document(ana.here.account_id, {**entry, "expires_at": int(START.timestamp()) + DAY})
            text = tokens.sealed(token)
        answer = world.cloud.call("open_link", {"token": text})
        assert (answer.status, answer.code) == (410, "link_expired"), doc_id


def test_tokens_for_another_purpose_or_bent_are_no_tokens(world: World) -> None:
    good = opening(world)["body"]["token"]
    with world.cloud.as_function("send_mail"):
        other = tokens.sealed(tokens.of_news(world.ana.here.account_id, "m1", int(START.timestamp())))
    for text in ("x", good[:-1], good + "A", other):
        answer = world.cloud.call("open_link", {"token": text})
        assert (answer.status, answer.code) == (400, "invalid_token")


def test_S49_the_links_row_says_what_it_opens() -> None:
    row = {"doc": "v-1", "grant": "g", "expires_at": 10}
    link = {"state": "active", "grant": "g"}
    assert mailed.opened([row, link, {"id": "v-1"}], "v-1", 9) == {"id": "v-1"}
    assert not mailed.live(row, link, 10)
    assert not mailed.live(row, {**link, "grant": "h"}, 9)
    assert not mailed.live(row, None, 9)
    assert not mailed.live(None, link, 9)
