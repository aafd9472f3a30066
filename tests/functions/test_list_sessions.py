"""GET /v1/sessions."""

import datetime as dt

import pytest
import time_machine

from tests.cloud import Cloud
from tests.people import account, refreshed, signed_in

START = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
HOUR = 3600


def test_S36_shows_the_own_live_sessions_newest_first_with_two_calls(cloud: Cloud) -> None:
    with time_machine.travel(START, tick=False) as clock:
        ana = account(cloud)
        signed_in(cloud, ana, user_agent="idle")
        kept = signed_in(cloud, ana, remember=True, user_agent="Teléfono")
        signed_in(cloud, account(cloud, "b1", email="beto@example.com"), user_agent="somebody else's")
        clock.shift(8 * HOUR)
        here = signed_in(cloud, ana, user_agent="Firefox")
        clock.shift(60)
        refreshed(cloud, kept.cookie)
        cloud.call("list_sessions", token=here.token)
        cloud.counted()
        answer = cloud.call("list_sessions", token=here.token)
        assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 1}
    assert answer.status == 200
    assert answer.json == {
        "items": [
            {
                "id": here.session_id,
                "created_at": "2026-11-24T17:00:00Z",
                "last_used_at": "2026-11-24T17:00:00Z",
                "user_agent": "Firefox",
                "current": True,
            },
            {
                "id": kept.session_id,
                "created_at": "2026-11-24T09:00:00Z",
                "last_used_at": "2026-11-24T17:01:00Z",
                "user_agent": "Teléfono",
                "current": False,
            },
        ],
        "total": 2,
        "next": None,
    }


def test_pages_give_each_session_once_also_when_some_begin_and_end_meanwhile(cloud: Cloud) -> None:
    with time_machine.travel(START, tick=False) as clock:
        ana = account(cloud)
        opened = []
        for at in range(7):
            clock.shift(at % 2)  # several in the same second
            opened.append(signed_in(cloud, ana))
        here = opened[-1]
        seen: list[str] = []
        query = {"limit": "3"}
        while True:
            page = cloud.call("list_sessions", token=here.token, query=query).json
            seen += [item["id"] for item in page["items"]]
            if page["next"] is None:
                break
            clock.shift(1)
            signed_in(cloud, ana)
            cloud.call("end_session", token=here.token, path={"id": seen[-1]})
            query = {"limit": "3", "cursor": page["next"]}
    assert sorted(seen) == sorted(session.session_id for session in opened)


def test_default_limit_is_ten_and_the_last_page_has_no_next(cloud: Cloud) -> None:
    ana = account(cloud)
    here = [signed_in(cloud, ana) for _ in range(11)][-1]
    first = cloud.call("list_sessions", token=here.token).json
    assert (len(first["items"]), first["total"]) == (10, 11)
    second = cloud.call("list_sessions", token=here.token, query={"cursor": first["next"]}).json
    assert (len(second["items"]), second["total"], second["next"]) == (1, 11, None)
    exact = cloud.call("list_sessions", token=here.token, query={"limit": "11"}).json
    assert (len(exact["items"]), exact["next"]) == (11, None)


def test_S64_a_cursor_serves_only_the_person_it_was_made_for(cloud: Cloud) -> None:
    ana = account(cloud)
    here = [signed_in(cloud, ana) for _ in range(2)][-1]
    cursor = cloud.call("list_sessions", token=here.token, query={"limit": "1"}).json["next"]
    other = signed_in(cloud, account(cloud, "b1", email="beto@example.com"))
    tampered = ("A" if cursor[0] != "A" else "B") + cursor[1:]
    for token, given in [(other.token, cursor), (here.token, tampered), (here.token, ""), (here.token, "x" * 5000),
                         (here.token, "ñ"), (here.token, cursor + "x")]:  # fmt: skip
        answer = cloud.call("list_sessions", token=token, query={"cursor": given})
        assert (answer.status, answer.code) == (400, "bad_cursor"), given
    assert cloud.call("list_sessions", token=here.token, query={"cursor": cursor}).status == 200


@pytest.mark.parametrize(
    ("query", "fields"),
    [
        ({"limit": "0"}, {"limit": "too_small"}),
        ({"limit": "101"}, {"limit": "too_large"}),
        ({"limit": "ten"}, {"limit": "wrong_type"}),
        ({"limit": "-1"}, {"limit": "wrong_type"}),
        ({"limit": ""}, {"limit": "wrong_type"}),
        ({"sort": "id"}, {"sort": "unknown"}),
    ],
)
def test_a_wrong_query_is_refused(cloud: Cloud, query: dict[str, str], fields: dict[str, str]) -> None:
    here = signed_in(cloud, account(cloud))
    answer = cloud.call("list_sessions", token=here.token, query=query)
    assert (answer.status, answer.code, answer.fields()) == (422, "validation_failed", fields)
