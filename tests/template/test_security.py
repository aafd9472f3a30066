"""docs/security.md says where each control is proven; here it is held to that."""

import re
from functools import cache

import pytest

from tests.template import sam


def numbered(letter: str, *spans: tuple[int, int]) -> list[str]:
    return [f"{letter}{number:02d}" for first, last in spans for number in range(first, last + 1)]


CONTROLS = [
    *numbered("S", (1, 20), (23, 23), (25, 26), (30, 41), (45, 52), (55, 60), (62, 81), (85, 88)),
    *numbered("R", (1, 15), (17, 20)),
]
"""Those of the accounts, companies, documents and the ERP's way in; the others come with what they are about."""
TOLD = dict(
    re.findall(r"^\| ([SR]\d\d) \| [^|]+ \| ([^|]+) \|$", (sam.ROOT / "docs" / "security.md").read_text(), re.MULTILINE)
)


@cache
def names_in(file: str) -> frozenset[str]:
    return frozenset(re.findall(r"^def (test_\w+)\(", (sam.ROOT / file).read_text(), re.MULTILINE))


def test_every_control_has_a_row_and_no_row_is_of_another() -> None:
    assert sorted(TOLD) == sorted(CONTROLS)


@pytest.mark.parametrize("control", CONTROLS)
def test_what_proves_a_control_is_there_and_bears_its_id(control: str) -> None:
    named = re.findall(r"`([^`]+)`", TOLD[control])
    assert named
    for place in named:
        file, _, test = place.partition("::")
        if test:
            assert test in names_in(file), place
            assert control in test.split("_"), place
        else:
            assert re.search(rf"\b{control}\b", (sam.ROOT / file).read_text()), place
