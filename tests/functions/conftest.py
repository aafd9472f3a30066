"""Fixtures of the functions' tests."""

import datetime as dt
from collections.abc import Iterator

import argon2
import pytest
import time_machine

START = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


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
