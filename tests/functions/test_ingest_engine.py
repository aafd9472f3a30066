"""A file in parts over Amazon's own DynamoDB and SeaweedFS, where they are installed: a process that is killed half-way
changes nothing of the end, and the same file again writes nothing."""

import os

import pytest

from bench import ingest
from tools import engines

ROWS = 8_000


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
