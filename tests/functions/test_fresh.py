"""As of when the institute's data stand: what each list tells, from the drop of a file on."""

import io

import pytest
import time_machine

from tests import companies, erp, people
from tests.cloud import Answered, Cloud, lines
from tests.people import signed_in

CLIENT = "c-10378"
LISTS = {
    "list_companies": {},
    "list_docs": {"path": {"id": CLIENT}},
    "list_debts": {"path": {"id": CLIENT}},
    "show_statement": {"path": {"id": CLIENT}},
}
DAY = 86400


@pytest.fixture
def token(cloud: Cloud) -> str:
    with time_machine.travel(erp.NOW, tick=False):
        erp.with_companies(cloud)
        people.account(cloud)
        companies.link("a1", CLIENT)
        return signed_in(cloud).token


def asked(cloud: Cloud, token: str, use_case: str, at: int) -> Answered:
    with time_machine.travel(at, tick=False):
        return cloud.call(use_case, token=token, **LISTS[use_case])


@pytest.mark.parametrize("use_case", LISTS)
def test_lists_say_as_of_when_the_data_stand_and_when_that_is_too_long_ago(
    cloud: Cloud, token: str, use_case: str
) -> None:
    dropped = int(erp.NOW) + 100
    with time_machine.travel(dropped + 30, tick=False):
        erp.delivered(cloud, "documents.csv", erp.written([erp.invoice(1)]), dropped)
    answer = asked(cloud, token, use_case, dropped + 60)
    assert answer.status == 200, answer.text
    assert answer.headers["last-modified"] == "Tue, 24 Nov 2026 06:01:40 GMT"
    assert "x-data-stale" not in answer.headers
    # An older drop that is worked on late makes them no older; the same content again, newer.
    with time_machine.travel(dropped + 90, tick=False):
        erp.delivered(cloud, "documents-old.csv", erp.written([erp.invoice(2)]), dropped - 50)
    assert asked(cloud, token, use_case, dropped + 100).headers["last-modified"] == answer.headers["last-modified"]
    with time_machine.travel(dropped + 310, tick=False):
        erp.delivered(cloud, "documents.csv", erp.written([erp.invoice(1)]), dropped + 300)
    assert asked(cloud, token, use_case, dropped + 400).headers["last-modified"] == "Tue, 24 Nov 2026 06:06:40 GMT"


@pytest.mark.parametrize(("after", "stale"), [(DAY - 1, False), (DAY, True)])
def test_R15_past_the_hours_of_the_alarm_a_list_says_that_it_is_old(cloud: Cloud, after: int, stale: bool) -> None:
    with time_machine.travel(erp.NOW, tick=False):
        erp.with_companies(cloud)
        erp.delivered(cloud, "documents.csv", erp.written([erp.invoice(1)]), int(erp.NOW))
    with time_machine.travel(erp.NOW + after, tick=False):
        people.account(cloud)
        companies.link("a1", CLIENT)
        answer = cloud.call("list_docs", token=signed_in(cloud).token, path={"id": CLIENT})
    assert answer.headers.get("x-data-stale") == ("true" if stale else None)


@pytest.mark.parametrize("in_parts", [False, True])
def test_a_file_of_which_every_row_is_refused_makes_nothing_fresh(
    cloud: Cloud, token: str, monkeypatch: pytest.MonkeyPatch, log: io.StringIO, in_parts: bool
) -> None:
    from miinti.erp import parts
    from tests.functions.test_ingest_parts import take_part, waiting

    if in_parts:
        monkeypatch.setattr(parts, "ABOVE", 1_000)
        monkeypatch.setattr(parts, "_PART", 1_000)
    before = asked(cloud, token, "list_companies", int(erp.NOW) + 60).headers["last-modified"]
    dropped = int(erp.NOW) + 3 * DAY
    wrong = erp.written([erp.invoice(number, total="1.00") for number in range(1, 12)])
    lines(log)
    with time_machine.travel(dropped + 30, tick=False):
        assert erp.take(cloud, erp.drop("documents.csv", wrong, dropped)) == []
        for message in waiting(cloud) if in_parts else ():
            assert take_part(cloud, message) == []
    told = [line["outcome"] for line in lines(log) if line["action"] == "take_file" and "rejected" in line]
    # What ``DeliveriesCount`` of template.yaml counts is ``taken``.
    assert told == ["rejected"]
    with time_machine.travel(dropped + 60, tick=False):
        answer = cloud.call("list_companies", token=signed_in(cloud).token)
    assert answer.headers["last-modified"] == before
    assert answer.headers["x-data-stale"] == "true"


def test_before_the_first_delivery_nothing_is_said(cloud: Cloud) -> None:
    people.account(cloud)
    answer = cloud.call("list_companies", token=signed_in(cloud).token)
    assert answer.status == 200
    assert "last-modified" not in answer.headers
    assert "x-data-stale" not in answer.headers


def test_a_file_in_parts_counts_once_it_is_whole(cloud: Cloud, token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from miinti.erp import parts
    from tests.functions.test_ingest_parts import take_part, waiting

    monkeypatch.setattr(parts, "ABOVE", 1_000)
    monkeypatch.setattr(parts, "_PART", 1_000)
    dropped = int(erp.NOW) + 100
    before = asked(cloud, token, "list_companies", dropped).headers["last-modified"]
    with time_machine.travel(dropped + 30, tick=False):
        drop = erp.drop("documents.csv", erp.written([erp.invoice(number) for number in range(1, 12)]), dropped)
        assert erp.take(cloud, drop) == []
        told = waiting(cloud)
        assert len(told) > 1
        for message in told[:-1]:
            assert take_part(cloud, message) == []
        assert asked(cloud, token, "list_companies", dropped + 60).headers["last-modified"] == before
        assert take_part(cloud, told[-1]) == []
    assert (
        asked(cloud, token, "list_companies", dropped + 60).headers["last-modified"] == "Tue, 24 Nov 2026 06:01:40 GMT"
    )
