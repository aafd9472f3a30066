"""Fixtures that every kind of test shares."""

import io
import logging
import sys
from collections.abc import Iterator

import pytest

from miinti import observe
from tests.cloud import Cloud, moto_cloud


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
