"""Fixtures of the functions' tests."""

import datetime as dt
from collections.abc import Iterator

import argon2
import pytest
import time_machine

from tests.cloud import Cloud, moto_cloud
from tests.documents import Reads

START = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def library() -> Iterator[Cloud]:
    """One cloud for all tests of a module, for those that only read or have a company of their own."""
    with pytest.MonkeyPatch.context() as patch, moto_cloud(patch) as cloud:
        yield cloud


@pytest.fixture
def reads(library: Cloud) -> Iterator[Reads]:
    """What the queries of one test have read."""
    yield Reads(library)
    library.faults.clear()


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """Time stands at START and moves only by ``clock.shift(seconds)``."""
    with time_machine.travel(START, tick=False) as traveller:
        yield traveller


@pytest.fixture
def hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each run of argon2 since the test began: ``hash`` or ``verify``."""
    runs: list[str] = []

    def noted(name: str) -> None:
        inner = getattr(argon2.PasswordHasher, name)

        def run(hasher: argon2.PasswordHasher, *args: str) -> object:
            runs.append(name)
            return inner(hasher, *args)

        monkeypatch.setattr(argon2.PasswordHasher, name, run)

    noted("hash")
    noted("verify")
    return runs
