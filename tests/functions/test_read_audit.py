"""Staff reads the trail: by day, by person, by who acted; and that is noted, too."""

import pytest
import time_machine

from tests import visitors
from tests.cloud import Cloud
from tests.people import account
from tests.staff import ARN, acts, declined, done, trail

OTHER = "arn:aws:sts::123456789012:assumed-role/mesa/juan"


@pytest.fixture
def lived(cloud: Cloud, clock: time_machine.Traveller) -> Cloud:
    """Two of the staff, two people, two days: one act late in the evening of Buenos Aires, two the next morning."""
    account(cloud)
    account(cloud, "b1", email="bo@example.com")
    clock.shift(17 * 3600 + 1800)  # 23:30 in Buenos Aires, 02:30 of the next day in UTC
    done(cloud, "act_on_account", "block", person="a1")
    clock.shift(3600)
    done(cloud, "act_on_account", "unblock", person="a1", by=OTHER)
    clock.shift(1)
    done(cloud, "act_on_account", "block", person="b1", by=OTHER)
    return cloud


def read(cloud: Cloud, **by: str) -> list[tuple[str, str]]:
    told = done(cloud, "read_audit", "audit", **by)
    assert told["more"] is None
    return [(row["action"], row["person"]) for row in told["audit"] if row["action"] != "audit"]


def test_by_day_of_buenos_aires_newest_first(lived: Cloud) -> None:
    assert read(lived, day="2026-11-24") == [("block", "a1")]
    assert read(lived, day="2026-11-25") == [("block", "b1"), ("unblock", "a1")]
    assert read(lived) == [("block", "b1"), ("unblock", "a1")]
    assert read(lived, day="2026-11-23") == []


@pytest.mark.parametrize("person", ["a1", "ana@example.com"])
def test_by_person(lived: Cloud, person: str) -> None:
    assert read(lived, person=person) == [("unblock", "a1"), ("block", "a1")]


def test_by_a_person_who_has_left(lived: Cloud) -> None:
    assert read(lived, person="nadie-mas") == []


def test_by_actor(lived: Cloud) -> None:
    assert read(lived, actor=ARN) == [("block", "a1")]
    assert read(lived, actor=OTHER) == [("block", "b1"), ("unblock", "a1")]


def test_S75_reading_is_noted_too(lived: Cloud) -> None:
    read(lived, day="2026-11-24")
    read(lived, person="a1")
    read(lived, actor=OTHER)
    noted = [(row["action"], row.get("target"), row.get("person")) for row in trail(lived)[-3:]]
    assert sorted(noted, key=str) == sorted(
        [("audit", "2026-11-24", None), ("audit", None, "a1"), ("audit", OTHER, None)], key=str
    )


@pytest.mark.parametrize("by", [{}, {"person": "a1"}, {"actor": ARN}])
def test_the_next_page_goes_on_where_the_last_ended(
    cloud: Cloud, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, by: dict[str, str]
) -> None:
    account(cloud)
    for _ in range(5):
        clock.shift(1)
        done(cloud, "act_on_account", "end_sessions", person="a1")
    monkeypatch.setattr(cloud.function("read_audit"), "MOST", 2)
    seen, after = [], None
    for _ in range(9):
        told = done(cloud, "read_audit", "audit", **by, **({"after": after} if after else {}))
        seen += [row["at"] for row in told["audit"] if row["action"] == "end_sessions"]
        after = told["more"]
        if after is None:
            break
    assert seen == sorted(set(seen), reverse=True)
    assert len(seen) == 5


def test_what_is_no_day_or_nobodys_address_is_declined(cloud: Cloud) -> None:
    assert declined(cloud, "read_audit", "audit", day="24/11/2026") == "day_wrong"
    assert declined(cloud, "read_audit", "audit", person="nadie@example.com") == "person_unknown"


def test_what_is_empty_or_no_page_of_this_question_is_declined(cloud: Cloud) -> None:
    assert declined(cloud, "read_audit", "audit", person="") == "missing_person"
    assert declined(cloud, "read_audit", "audit", actor="") == "missing_actor"
    for after in ("x", "DAY#2026-11-24", "DAY#2026-11-24 ", " 1", "DAY#2026-11-23 1"):
        assert declined(cloud, "read_audit", "audit", day="2026-11-24", after=after) == "after_wrong"
    assert declined(cloud, "read_audit", "audit", after="") == "missing_after"
    assert declined(cloud, "look_up", "returned", after="") == "missing_after"


def test_S78_R18_a_row_is_read_for_five_years_and_no_longer(lived: Cloud, clock: time_machine.Traveller) -> None:
    clock.shift(1826 * 86400)
    assert len(read(lived, person="a1")) == 2
    clock.shift(86400)
    assert read(lived, person="a1") == []
    assert len(acts(lived)) >= 3


def test_S75_nothing_secret_is_in_the_trail(cloud: Cloud) -> None:
    account_id = visitors.member(cloud)
    answer = visitors.login(cloud)
    done(cloud, "act_on_account", "end_sessions", person=account_id)
    done(cloud, "look_up", "person", person="ana@example.com")
    raw = str(trail(cloud))
    for secret in ("ana@example.com", visitors.PASSWORD, answer.json["access_token"], "Ñandú"):
        assert secret not in raw
