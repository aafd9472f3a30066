"""Fixtures that every kind of test shares."""

from collections.abc import Iterator

import pytest

from tests.cloud import Cloud, moto_cloud


@pytest.fixture
def cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """moto's AWS with the template's tables and keys, empty."""
    with moto_cloud(monkeypatch) as made:
        yield made
