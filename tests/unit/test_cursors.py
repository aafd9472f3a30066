"""Cursors: opaque, bound to a person and a query (S64)."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miinti import cursors
from miinti.errors import BadCursor
from tests.cloud import Cloud

NAMES = st.text(max_size=30)
PLACES = st.recursive(
    st.none() | st.integers() | NAMES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=5,
)
SLOW = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@SLOW
@given(PLACES, NAMES, NAMES, NAMES, NAMES)
def test_S64_a_cursor_opens_for_its_person_and_query_and_no_other(
    cloud: Cloud, place: Any, account: str, query: str, other_account: str, other_query: str
) -> None:
    with cloud.as_function("list_sessions"):
        cursor = cursors.sealed(account, query, place)
        assert cursors.opened(account, query, cursor) == place
        for stranger in ((other_account, query), (account, other_query)):
            if stranger != (account, query):
                with pytest.raises(BadCursor):
                    cursors.opened(*stranger, cursor)


@SLOW
@given(st.text() | st.binary().map(lambda raw: raw.decode("latin-1")))
def test_S64_nobody_can_make_one_up(cloud: Cloud, text: str) -> None:
    with cloud.as_function("list_sessions"), pytest.raises(BadCursor):
        cursors.opened("a1", "sessions", text)


def test_S64_another_spelling_of_a_cursor_is_none(cloud: Cloud) -> None:
    with cloud.as_function("list_sessions"):
        cursor = cursors.sealed("a1", "sessions", [1, "x"])
        signs = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        for sign in signs.replace(cursor[-1], ""):
            with pytest.raises(BadCursor):
                cursors.opened("a1", "sessions", cursor[:-1] + sign)


@SLOW
@given(st.data())
def test_S64_a_changed_cursor_is_none(cloud: Cloud, data: st.DataObject) -> None:
    with cloud.as_function("list_sessions"):
        cursor = cursors.sealed("a1", "sessions", [1, "x"])
        at = data.draw(st.integers(0, len(cursor) - 1))
        changed = data.draw(st.sampled_from("AZaz09-_."))
        tampered = cursor[:at] + changed + cursor[at + 1 :]
        if tampered != cursor:
            with pytest.raises(BadCursor):
                cursors.opened("a1", "sessions", tampered)


# --- pages of what was read whole -------------------------------------------------------------------------------------


@SLOW
@given(st.sets(st.integers(0, 50)), st.sets(st.integers(0, 50)), st.integers(1, 7))
def test_pages_give_every_row_once_in_order_while_others_come_and_go(
    cloud: Cloud, stay: set[int], others: set[int], limit: int
) -> None:
    rows, asked, seen = sorted(stay | others), {"limit": str(limit)}, list[int]()
    with cloud.as_function("list_sessions"):
        while True:
            some, next = cursors.page("a1", "rows", asked, rows, lambda row: (row,))
            assert len(some) <= limit
            seen += some
            if next is None:
                break
            asked["cursor"] = next
            rows = sorted(stay) if len(seen) % 2 else sorted(stay | others)
    assert sorted(set(seen)) == seen
    assert stay <= set(seen)
