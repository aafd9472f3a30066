"""Rules of sessions that no single route shows."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miinti.accounts import sessions
from miinti.aws import Row

NOW = 1_800_000_000
ROWS = st.lists(
    st.builds(
        lambda name, used, left, remember: {
            "sk": f"SESSION#{name}",
            "last_used_at": NOW - used,
            "expires_at": NOW + left,
            "remember": remember,
        },
        name=st.integers(0, 10**6),
        used=st.integers(0, 3 * sessions.IDLE),
        left=st.integers(-10, sessions.REMEMBERED),
        remember=st.booleans(),
    ),
    unique_by=lambda row: row["sk"],
    max_size=30,
)


@pytest.fixture(autouse=True)
def _tables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_TABLE", "identity")


@given(ROWS)
def test_S35_of_many_sessions_the_ones_used_last_stay_and_one_more_has_room(rows: list[Row]) -> None:
    gone = set(sessions.surplus(rows, NOW))
    stay = [row for row in rows if sessions.id_of(row) not in gone]
    assert all(sessions.live(row, NOW) for row in stay)
    assert len(stay) == min(sum(sessions.live(row, NOW) for row in rows), sessions.MOST - 1)
    oldest = min((row["last_used_at"] for row in stay), default=0)
    dropped = [row for row in rows if sessions.id_of(row) in gone and sessions.live(row, NOW)]
    assert all(row["last_used_at"] <= oldest for row in dropped)


def test_S40_every_session_has_an_id_and_a_secret_of_its_own() -> None:
    opened = [sessions.opened("a1", remember=False, user_agent="", now=NOW) for _ in range(50)]
    assert len({one.session_id for one in opened}) == 50
    assert len({one.cookie for one in opened}) == 50
    assert all(sessions.is_id(one.session_id) for one in opened)


@given(st.text())
def test_what_is_no_id_is_not_asked_for(text: str) -> None:
    assert sessions.is_id(text) == (
        0 < len(text) <= 64 and all(c.isascii() and (c.isalnum() or c in "-_") for c in text)
    )
