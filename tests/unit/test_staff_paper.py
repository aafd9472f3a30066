"""An answer to staff as people read it."""

import json
from typing import Any

import pytest

from staff import paper


def said(capsys: pytest.CaptureFixture[str], told: dict[str, Any], *, as_json: bool = False) -> str:
    paper.show(told, as_json)
    return capsys.readouterr().out


@pytest.mark.parametrize(("state", "word"), [("running", "en curso"), ("stopped", "detenida"), ("done", "terminada")])
def test_how_far_an_import_is_is_said_in_words(capsys: pytest.CaptureFixture[str], state: str, word: str) -> None:
    told = {"file": "documents.csv", "state": state, "rows": 9, "rows_done": 4}
    text = said(capsys, told)
    assert f"Estado: {word}" in text
    assert "Filas hechas: 4" in text
    assert ("PartsDeadLetters" in text) == (state == "stopped")
    assert json.loads(said(capsys, told, as_json=True)) == told


def test_other_states_stay_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert "Estado: waiting" in said(capsys, {"state": "waiting"})
