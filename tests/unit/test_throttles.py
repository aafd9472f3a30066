"""Throttles: a model of the rule against the rows, bursts, and networks."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from miinti import aws
from miinti.accounts import throttles
from miinti.aws import Key
from miinti.errors import TooManyAttempts
from tests.cloud import Cloud

START = 1_790_000_000.0


@pytest.fixture
def throttled(cloud: Cloud) -> Iterator[Cloud]:
    with cloud.as_function("show_me"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("IP_LIMITS", "on")
        yield cloud


def fails(place: Key, now: float, times: int = 1) -> None:
    for _ in range(times):
        throttles.reserve([place], now)


def retry_after(place: Key, now: float) -> int:
    """Seconds until the next try, which must be locked out."""
    with pytest.raises(throttles.Locked) as locked:
        throttles.reserve([place], now)
    return locked.value.retry_after


def is_open(place: Key, now: float) -> bool:
    """What the condition for a caller's transaction says."""
    try:
        aws.transact([throttles.open_now(place, now)])
    except throttles.Locked:
        return False
    return True


# --- S15: the rule ----------------------------------------------------------------------------------------------------


def test_S15_locks_double_from_the_fifth_failure_up_to_fifteen_minutes() -> None:
    assert [throttles.lock(n) for n in range(4, 18)] == [0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900]


class Tries(RuleBasedStateMachine):
    """Wrong and right tries, waits and looks, beside the rule in plain Python."""

    names = count()

    def __init__(self) -> None:
        super().__init__()
        self.place = throttles.row("model", str(next(self.names)))
        self.now = START
        self.failures = 0
        self.over = START - 10_000

    def expect(self) -> bool:
        """Whether a try is let in now; forgets what is old."""
        if self.now >= self.over + 900:
            self.failures = 0
        return self.failures < 5 or self.now >= self.over

    def attempt(self, seen: bool) -> bool:
        known = [aws.get("IdentityTable", self.place)] if seen else []
        let_in = self.expect()
        if not let_in:
            with pytest.raises(throttles.Locked) as locked:
                throttles.reserve([self.place], self.now, seen=known)
            assert 0 < locked.value.retry_after < self.over - self.now + 1
            return False
        throttles.reserve([self.place], self.now, seen=known)
        return True

    @rule(seen=st.booleans())
    def wrong(self, seen: bool) -> None:
        if self.attempt(seen):
            self.failures += 1
            self.over = self.now + throttles.lock(self.failures)

    @rule(seen=st.booleans())
    def right_and_cleared(self, seen: bool) -> None:
        if self.attempt(seen):
            aws.transact([throttles.cleared(self.place)])
            self.failures, self.over = 0, self.now

    @rule()
    def looked_at(self) -> None:
        assert is_open(self.place, self.now) == self.expect()

    @rule(seconds=st.sampled_from([0.25, 0.75, 1, 2, 4, 8, 60, 898, 899, 900, 901]))
    def waits(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: self.failures >= 5)
    @rule(early=st.sampled_from([0.0, 0.001, 0.5]))
    def waits_for_the_lock(self, early: float) -> None:
        self.now = max(self.now, self.over - early)


def test_S15_the_rows_follow_the_model(throttled: Cloud) -> None:
    run_state_machine_as_test(Tries, settings=settings(max_examples=40, stateful_step_count=30, deadline=None))


def test_S15_tries_during_a_lock_neither_count_nor_lengthen_it(throttled: Cloud) -> None:
    place = throttles.row("login", "ana@example.com")
    fails(place, START, 5)
    fails(place, START + 1)
    for _ in range(20):
        assert retry_after(place, START + 1) == 2
    assert retry_after(place, START + 2.999) == 1
    fails(place, START + 3)
    assert retry_after(place, START + 3) == 4


def test_S15_fifteen_quiet_minutes_forget_even_a_row_that_ttl_left(throttled: Cloud) -> None:
    place = throttles.row("login", "ana@example.com")
    fails(place, START, 4)
    fails(place, START + 900, 5)
    assert retry_after(place, START + 900) == 1
    fails(place, START + 901)
    assert retry_after(place, START + 901) == 2


def test_S15_ttl_never_comes_before_the_rule_forgets(throttled: Cloud) -> None:
    place = throttles.row("login", "ana@example.com")
    now = START
    for failure in range(1, 20):
        fails(place, now)
        standing = aws.get("IdentityTable", place)
        assert standing is not None
        assert int(standing["n"]) == failure
        assert int(standing["ttl"]) >= now + throttles.lock(failure) + 900
        now += throttles.lock(failure)


def test_S16_kinds_and_keys_count_apart(throttled: Cloud) -> None:
    fails(throttles.row("login", "ana@example.com"), START, 5)
    fails(throttles.row("login", "eva@example.com"), START)
    fails(throttles.row("password", "ana@example.com"), START)
    assert retry_after(throttles.row("login", "ana@example.com"), START) == 1


# --- S17: bursts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [0, 3, 5, 8])
def test_S17_a_burst_has_no_more_tries_than_there_are(throttled: Cloud, before: int) -> None:
    place = throttles.row("login", "ana@example.com")
    now = START
    for failure in range(1, before + 1):
        fails(place, now)
        now += throttles.lock(failure)
    start = threading.Barrier(32)

    def one(_: int) -> bool:
        start.wait()
        try:
            throttles.reserve([place], now)
        except throttles.Locked:
            return False
        return True

    with ThreadPoolExecutor(32) as pool:
        let_in = sum(pool.map(one, range(32)))
    assert let_in == max(5 - before, 1)


def test_several_rows_are_reserved_all_or_none(throttled: Cloud) -> None:
    places = [throttles.row("link", key) for key in ("person", "cuit", "number")]
    fails(places[1], START, 5)
    with pytest.raises(throttles.Locked):
        throttles.reserve(places, START)
    assert [aws.get("IdentityTable", place) is None for place in places] == [True, False, True]
    throttles.reserve(places, START + 1)
    assert [int((aws.get("IdentityTable", place) or {})["n"]) for place in places] == [1, 6, 1]


def test_a_reservation_is_one_call_and_with_what_was_read_so_is_one_past_the_free_ones(throttled: Cloud) -> None:
    place = throttles.row("login", "ana@example.com")
    throttled.counted()
    fails(place, START)
    assert throttled.counted() == {"dynamodb:UpdateItem": 1}
    fails(place, START, 4)
    seen = [aws.get("IdentityTable", place)]
    throttled.counted()
    throttles.reserve([place], START + 1, seen=seen)
    assert throttled.counted() == {"dynamodb:UpdateItem": 1}
    with pytest.raises(throttles.Locked):
        throttles.reserve([place], START + 1, seen=[aws.get("IdentityTable", place)])
    assert throttled.counted() == {"dynamodb:GetItem": 1}


# --- S18, S19: networks -----------------------------------------------------------------------------------------------


def test_S18_a_network_has_its_number_a_minute(throttled: Cloud) -> None:
    for _ in range(20):
        throttles.admit("register", "192.0.2.7", START)
    with pytest.raises(TooManyAttempts) as refused:
        throttles.admit("register", "192.0.2.7", START + 1)
    assert refused.value.retry_after == 60 - int(START + 1) % 60
    throttles.admit("register", "192.0.2.8", START + 1)
    throttles.admit("forgot", "192.0.2.7", START + 1)
    throttles.admit("register", "192.0.2.7", START + 1 + refused.value.retry_after)


@pytest.mark.parametrize(
    ("client", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:0db8:0001:0002::9", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::9", "2001:db8:1:3::/64"),
        ("", ""),
    ],
)
def test_S18_an_ipv6_subscriber_is_one_network(client: str, network: str) -> None:
    assert throttles.network(client) == network


def test_S18_what_comes_along_counts_also_while_the_way_is_locked(throttled: Cloud) -> None:
    place = throttles.row("login", "ana@example.com")
    fails(place, START, 5)
    for _ in range(10):
        with pytest.raises(throttles.Locked):
            throttles.reserve([place], START, always=throttles.windows("192.0.2.7", START, "failed-login"))
    with pytest.raises(TooManyAttempts):
        throttles.reserve([place], START, always=throttles.windows("192.0.2.7", START, "failed-login"))


def test_S18_a_full_network_leaves_the_address_uncounted(throttled: Cloud) -> None:
    place = throttles.row("login", "ana@example.com")
    for _ in range(10):
        throttles.admit("failed-login", "192.0.2.7", START)
    with pytest.raises(TooManyAttempts):
        throttles.reserve([place], START, always=throttles.windows("192.0.2.7", START, "failed-login"))
    assert aws.get("IdentityTable", place) is None


def test_S18_what_was_right_is_taken_back(throttled: Cloud) -> None:
    for _ in range(40):
        throttles.admit("failed-login", "192.0.2.7", START)
        aws.transact(throttles.uncounted("192.0.2.7", START, "failed-login"))


def test_S18_nothing_is_counted_where_limits_are_off(throttled: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IP_LIMITS", "off")
    throttled.counted()
    throttles.admit("register", "192.0.2.7", START)
    assert throttles.windows("192.0.2.7", START, "login") == throttles.uncounted("192.0.2.7", START, "login") == []
    assert not throttled.counted()
