"""POST /v1/session/refresh: each cookie works once, several tabs get one successor, a stolen one ends the session."""

import datetime as dt
import hashlib
import io
from typing import Any

import pytest
import time_machine
from botocore.exceptions import ReadTimeoutError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from miinti import aws
from miinti.accounts import sessions, store
from tests.cloud import Cloud, lines
from tests.people import account, refreshed, sent_back, signed_in, works

START = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)
HOUR = 3600
DAY = 86400
SILENT = ReadTimeoutError(endpoint_url="https://aws.example")


@pytest.fixture
def clock() -> Any:
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


def session_row(account_id: str, session_id: str) -> dict[str, Any] | None:
    return aws.get("IdentityTable", sessions.key(account_id, session_id))


def test_answers_as_login_with_a_new_cookie_in_three_calls(cloud: Cloud) -> None:
    ana = account(cloud)
    first = signed_in(cloud, ana)
    answer = refreshed(cloud, first.cookie)
    assert answer.status == 200
    assert answer.json["token_type"] == "Bearer"
    assert answer.json["expires_in"] == 600
    assert answer.json["user"] == {
        "id": ana,
        "first_name": "Ana",
        "last_name": "Ñandú",
        "email": "ana@example.com",
    }
    assert works(cloud, answer.json["access_token"])
    (cookie,) = answer.cookies
    assert sent_back(cookie) != first.cookie

    cloud.counted()
    assert refreshed(cloud, sent_back(cookie)).status == 200
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "kms:Sign": 1, "dynamodb:UpdateItem": 1}


def test_S31_only_hashes_of_the_secrets_are_stored(cloud: Cloud) -> None:
    first = signed_in(cloud, account(cloud))
    second = sent_back(refreshed(cloud, first.cookie).cookies[0])
    stored = str(cloud.rows("IdentityTable"))
    for cookie in (first.cookie, second):
        secret = cookie.rpartition(".")[2]
        assert len(secret) == 43  # 256 bits
        assert secret not in stored
    row = session_row(first.account_id, first.session_id)
    assert row is not None
    assert len(row["refresh_hash"]) == len(row["previous_hash"]) == 64


@pytest.mark.parametrize("remember", [False, True])
def test_S33_a_used_cookie_gives_the_same_successor_for_ten_seconds(cloud: Cloud, clock: Any, remember: bool) -> None:
    first = signed_in(cloud, account(cloud), remember=remember)
    answer = refreshed(cloud, first.cookie)
    for seconds in (0, 4, 5, 1):  # seen at 0, 4, 9 and 10 s: the grace counts from the first use, not from the last
        clock.shift(seconds)
        again = refreshed(cloud, first.cookie)
        assert again.status == 200
        assert again.cookies == answer.cookies
        assert works(cloud, again.json["access_token"])
    assert refreshed(cloud, sent_back(answer.cookies[0])).status == 200


def test_S33_the_grace_is_ten_seconds_and_no_part_of_another(cloud: Cloud, clock: Any) -> None:
    first = signed_in(cloud, account(cloud))
    clock.shift(0.01)
    assert refreshed(cloud, first.cookie).status == 200
    clock.shift(10)
    assert refreshed(cloud, first.cookie).status == 200
    clock.shift(0.9)
    assert refreshed(cloud, first.cookie).status == 401


def test_S32_a_used_cookie_after_the_grace_ends_the_session(cloud: Cloud, clock: Any, log: io.StringIO) -> None:
    first = signed_in(cloud, account(cloud))
    other = signed_in(cloud, first.account_id)
    answer = refreshed(cloud, first.cookie)
    clock.shift(11)
    lines(log)
    refused = refreshed(cloud, first.cookie)
    assert (refused.status, refused.code) == (401, "invalid_session")
    noted = [line for line in lines(log) if line["outcome"] == "refresh_reuse"]
    assert [(line["account"], line["session"]) for line in noted] == [(first.account_id, first.session_id)]
    assert refreshed(cloud, sent_back(answer.cookies[0])).status == 401
    assert not works(cloud, answer.json["access_token"])
    assert not works(cloud, first.token)
    assert works(cloud, other.token)
    assert refreshed(cloud, other.cookie).status == 200


def test_S32_a_cookie_two_generations_old_ends_the_session_even_within_the_grace(cloud: Cloud, clock: Any) -> None:
    first = signed_in(cloud, account(cloud))
    second = refreshed(cloud, first.cookie)
    third = refreshed(cloud, sent_back(second.cookies[0]))
    clock.shift(2)
    refused = refreshed(cloud, first.cookie)
    assert (refused.status, refused.code) == (401, "invalid_session")
    assert refreshed(cloud, sent_back(third.cookies[0])).status == 401
    assert session_row(first.account_id, first.session_id) is None


def test_S32_sixteen_tabs_at_once_share_one_successor(cloud: Cloud) -> None:
    first = signed_in(cloud, account(cloud))
    refreshed(cloud, signed_in(cloud, first.account_id).cookie)
    answers = cloud.at_once("refresh_session", [{"cookies": [first.cookie]}] * 16)
    assert [answer.status for answer in answers] == [200] * 16
    assert len({tuple(answer.cookies) for answer in answers}) == 1
    assert all(works(cloud, answer.json["access_token"]) for answer in answers)
    assert refreshed(cloud, sent_back(answers[0].cookies[0])).status == 200


class Lineage(RuleBasedStateMachine):
    """Any cookies of one session's life shown in any order at any time, against the contract written down plainly."""

    cloud: Cloud
    clock: Any
    number = 0

    def __init__(self) -> None:
        super().__init__()
        Lineage.number += 1
        self.clock.move_to(START)
        ana = account(self.cloud, f"a{self.number}", email=f"a{self.number}@example.com")
        self.opened = signed_in(self.cloud, ana)
        self.cookies = [self.opened.cookie]
        self.tokens: list[str] = []
        self.since_rotation = self.idle = 0
        self.alive = True

    @rule(back=st.integers(0, 3))
    def show_a_cookie(self, back: int) -> None:
        back = min(back, len(self.cookies) - 1)
        answer = refreshed(self.cloud, self.cookies[-1 - back])
        self.alive = self.alive and self.idle < 8 * HOUR and (back == 0 or (back == 1 and self.since_rotation <= 10))
        if not self.alive:
            assert (answer.status, answer.code) == (401, "invalid_session")
            return
        assert answer.status == 200
        self.tokens.append(answer.json["access_token"])
        successor = sent_back(answer.cookies[0])
        if back == 1:
            assert successor == self.cookies[-1]
        else:
            assert successor not in self.cookies
            self.cookies.append(successor)
            self.since_rotation = self.idle = 0

    @rule(seconds=st.sampled_from([1, 2, 5, 9, 10, 11, 60, 7 * HOUR]))
    def time_passes(self, seconds: int) -> None:
        self.clock.shift(seconds)
        self.since_rotation += seconds
        self.idle += seconds

    @invariant()
    def the_row_holds_the_newest_cookies_hash_or_is_gone(self) -> None:
        row = session_row(self.opened.account_id, self.opened.session_id)
        if self.alive:
            assert row is not None
            assert row["refresh_hash"] == hashlib.sha256(self.cookies[-1].rpartition(".")[2].encode()).hexdigest()
        elif self.idle < 8 * HOUR:
            assert row is None

    def teardown(self) -> None:
        if self.tokens and self.idle < 600:
            assert works(self.cloud, self.tokens[-1]) == self.alive


def test_S31_S32_S33_every_history_of_a_session_follows_the_model(cloud: Cloud, clock: Any) -> None:
    bound = type("Bound", (Lineage,), {"cloud": cloud, "clock": clock})
    run_state_machine_as_test(bound, settings=settings(max_examples=40, stateful_step_count=15, deadline=None))


@pytest.mark.parametrize(
    ("remember", "used_every", "ends_after", "unused_ends_after"),
    [
        (False, None, 8 * HOUR, 8 * HOUR),
        (False, 7 * HOUR, 7 * DAY, 1),
        (True, None, 30 * DAY, 1),
        (True, 7 * DAY, 30 * DAY, 1),
    ],
)
def test_S35_a_session_ends_when_idle_or_old(
    cloud: Cloud, clock: Any, remember: bool, used_every: int | None, ends_after: int, unused_ends_after: int
) -> None:
    cookie, age = signed_in(cloud, account(cloud), remember=remember).cookie, 0
    while used_every and age + used_every < ends_after:
        clock.shift(used_every)
        age += used_every
        cookie = sent_back(refreshed(cloud, cookie).cookies[0])
    clock.shift(ends_after - age - 1)
    last = refreshed(cloud, cookie)
    assert last.status == 200
    assert works(cloud, last.json["access_token"])
    clock.shift(unused_ends_after)
    refused = refreshed(cloud, sent_back(last.cookies[0]))
    assert (refused.status, refused.code) == (401, "invalid_session")
    assert not works(cloud, last.json["access_token"])


def test_S35_the_row_still_there_does_not_keep_a_session_alive(cloud: Cloud, clock: Any) -> None:
    opened = signed_in(cloud, account(cloud))
    clock.shift(8 * HOUR)
    assert refreshed(cloud, opened.cookie).status == 401
    assert session_row(opened.account_id, opened.session_id) is not None
    assert not works(cloud, opened.token)


def attributes(set_cookie: str) -> dict[str, str]:
    parts = (part.strip().partition("=") for part in set_cookie.split(";")[1:])
    return {name.lower(): value for name, _, value in parts}


def test_S37_the_cookie_is_locked_to_the_host_and_outlives_the_browser_only_with_remember(
    cloud: Cloud, clock: Any
) -> None:
    fixed = {"path": "/", "secure": "", "httponly": "", "samesite": "Strict"}
    ana = account(cloud)
    brief = refreshed(cloud, signed_in(cloud, ana).cookie).cookies[0]
    assert brief.startswith("__Host-session=")
    assert len(brief) < 4096
    assert attributes(brief) == fixed
    opened = signed_in(cloud, ana, remember=True)
    clock.shift(3 * DAY)
    long = refreshed(cloud, opened.cookie).cookies[0]
    assert attributes(long) == {**fixed, "max-age": str(27 * DAY)}


ORIGINS: list[tuple[dict[str, str], int]] = [
    ({}, 200),
    ({"Origin": "https://mi.inti.example"}, 200),
    ({"Origin": "https://mi.inti.example", "Sec-Fetch-Site": "same-origin"}, 200),
    ({"Sec-Fetch-Site": "same-origin"}, 200),
    ({"Sec-Fetch-Site": "none"}, 200),
    ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403),
    ({"Origin": "null"}, 403),
    ({"Origin": ""}, 403),
    ({"Origin": "http://mi.inti.example"}, 403),
    ({"Origin": "https://mi.inti.example:8443"}, 403),
    ({"Origin": "https://mi.inti.example.evil.example"}, 403),
    ({"Origin": "https://evil.mi.inti.example"}, 403),
    ({"Origin": "https://mi.inti.example@evil.example"}, 403),
    ({"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"}, 403),
    ({"Origin": "https://evil.example", "Referer": "https://mi.inti.example/"}, 403),
]


def test_S38_another_sites_page_cannot_spend_the_cookie(cloud: Cloud) -> None:
    opened = signed_in(cloud, account(cloud))
    cookie = opened.cookie
    for headers, status in ORIGINS:
        answer = cloud.call("refresh_session", cookies=[cookie], headers=headers)
        assert answer.status == status, headers
        if status == 200:
            cookie = sent_back(answer.cookies[0])
        else:
            assert answer.code == "wrong_origin"
            assert not answer.cookies
    assert works(cloud, opened.token)


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.text(max_size=200)
    | st.from_regex(r"[A-Za-z0-9_.-]{0,200}", fullmatch=True)
    | st.sampled_from(
        ["", ".", "..", "a.b.c", "a1.s1." + "x" * 42, "a1.s1." + "x" * 44, "ñ.s1." + "x" * 43, "x" * 9000]
    )
)
def test_S37_a_malformed_cookie_is_refused_without_a_call(cloud: Cloud, value: str) -> None:
    cloud.counted()
    answer = refreshed(cloud, f"__Host-session={value}")
    assert (answer.status, answer.code) == (401, "invalid_session")
    assert not cloud.counted()


def test_without_a_cookie_or_with_an_unknown_session_is_refused(cloud: Cloud) -> None:
    opened = signed_in(cloud, account(cloud))
    for request in (
        {},
        {"cookies": ["other=1"]},
        {"cookies": [opened.cookie.replace("__Host-session", "session")]},
        {"cookies": [f"__Host-session={opened.account_id}.{'0' * 24}.{'x' * 43}"]},
    ):
        answer = cloud.call("refresh_session", **request)
        assert (answer.status, answer.code) == (401, "invalid_session")
        assert not answer.cookies
    assert refreshed(cloud, opened.cookie).status == 200


def test_the_cookie_is_found_where_a_gateway_leaves_it_in_the_header(cloud: Cloud) -> None:
    opened = signed_in(cloud, account(cloud))
    answer = cloud.call("refresh_session", headers={"Cookie": f"theme=dark; {opened.cookie}; a=b"})
    assert answer.status == 200


@pytest.mark.parametrize("state", ["waiting", None])
def test_a_session_of_an_account_that_is_not_active_is_no_session(cloud: Cloud, state: str | None) -> None:
    ana = account(cloud)
    opened = signed_in(cloud, ana)
    if state:
        account(cloud, ana, state=state)
    else:
        aws.delete_rows("IdentityTable", [store.key(ana)])
    answer = refreshed(cloud, opened.cookie)
    assert (answer.status, answer.code) == (401, "invalid_session")
    assert not answer.cookies


def test_R20_while_kms_is_down_no_cookie_is_spent(cloud: Cloud, clock: Any) -> None:
    opened = signed_in(cloud, account(cloud))
    refreshed(cloud, signed_in(cloud, opened.account_id).cookie)
    cloud.faults["kms:Sign"] = SILENT
    for _ in range(3):
        answer = refreshed(cloud, opened.cookie)
        assert (answer.status, answer.code) == (503, "unavailable")
        assert int(answer.headers["retry-after"]) > 0
        assert not answer.cookies
        clock.shift(60)
    cloud.faults.clear()
    assert refreshed(cloud, opened.cookie).status == 200


@pytest.mark.parametrize("operation", ["BatchGetItem", "UpdateItem"])
def test_S77_a_table_that_does_not_answer_refuses_and_spends_nothing(cloud: Cloud, operation: str) -> None:
    opened = signed_in(cloud, account(cloud))
    cloud.faults[f"dynamodb:{operation}"] = SILENT
    answer = refreshed(cloud, opened.cookie)
    assert (answer.status, answer.code) == (503, "unavailable")
    assert "access_token" not in answer.text
    cloud.faults.clear()
    assert refreshed(cloud, opened.cookie).status == 200


def test_R02_an_answer_lost_after_the_rotation_does_not_lose_the_session(cloud: Cloud) -> None:
    opened = signed_in(cloud, account(cloud))

    def lost(write: Any) -> Any:
        write()
        raise SILENT

    cloud.faults["dynamodb:UpdateItem"] = lost
    assert refreshed(cloud, opened.cookie).status == 503
    cloud.faults.clear()
    again = refreshed(cloud, opened.cookie)
    assert again.status == 200
    assert refreshed(cloud, sent_back(again.cookies[0])).status == 200


def test_R02_a_rotation_that_botocore_sends_twice_is_one(cloud: Cloud) -> None:
    opened = signed_in(cloud, account(cloud))
    cloud.faults["dynamodb:UpdateItem"] = lambda write: (write(), write())[1]
    answer = refreshed(cloud, opened.cookie)
    assert answer.status == 200
    cloud.faults.clear()
    assert refreshed(cloud, sent_back(answer.cookies[0])).status == 200


def test_a_session_ended_between_the_look_and_the_write_stays_ended(cloud: Cloud) -> None:
    opened = signed_in(cloud, account(cloud))

    def ended_meanwhile(write: Any) -> Any:
        aws.delete_rows("IdentityTable", [sessions.key(opened.account_id, opened.session_id)])
        return write()

    cloud.faults["dynamodb:UpdateItem"] = ended_meanwhile
    answer = refreshed(cloud, opened.cookie)
    assert (answer.status, answer.code) == (401, "invalid_session")
    assert session_row(opened.account_id, opened.session_id) is None
