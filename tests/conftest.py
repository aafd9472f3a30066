"""Fixtures that every kind of test shares."""

import io
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from miinti import observe
from tests.cloud import Cloud, moto_cloud

# The same examples in every run, and no judging by the clock: a machine that is busy proves nothing about the code.
settings.register_profile("steady", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("steady")


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """moto's AWS with the template's tables and keys, empty."""
    with moto_cloud(monkeypatch) as made:
        yield made


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What functions log, as it is written: one JSON line an event."""
    handler = observe.logger.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    said = io.StringIO()
    before = handler.setStream(said)
    yield said
    handler.setStream(before or sys.stdout)


LAST = "tests/template/test_grants.py"
_whole = pytest.StashKey[bool]()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What judges the calls of the whole run comes after it."""
    items.sort(key=lambda item: item.nodeid.startswith(LAST))
    collected = {item.path for item in items}
    functions = set((Path(__file__).parent / "functions").glob("test_*.py"))
    config.stash[_whole] = functions <= collected


def pytest_deselected(items: list[pytest.Item]) -> None:
    if items:
        items[0].config.stash[_whole] = False


@pytest.fixture
def whole_run(request: pytest.FixtureRequest) -> None:
    """Skips unless every test of the functions has run, and passed, before."""
    if not request.config.stash.get(_whole, False):
        pytest.skip("only a whole run has seen every call: run pytest without choosing tests")
    if request.session.testsfailed:
        pytest.skip("tests failed before; calls may be missing because of them")
