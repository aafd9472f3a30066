"""`miinti-staff`: an answer as people read it."""

import json
from typing import Any

import pytest

from staff import paper

HOSTILE = {
    "file": "a\x1b[2J\x07.csv",
    "rejected": [{"line": 2, "value": "\x1b]0;title\x07\x9b1m\x7f", "user_agent": "\u202efdp.exe\u2066 \ud800"}],
    "person": {"name": "x\r\ny", "place": "\x1bc"},
}
"""What strangers may have written: a row of the ERP's with control characters, a browser's name, a file's."""


@pytest.mark.parametrize("as_json", [False, True])
def test_a_terminal_obeys_nothing_that_strangers_wrote(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    paper.show(HOSTILE, as_json)
    shown = capsys.readouterr().out
    assert [sign for sign in shown if not sign.isprintable() and sign != "\n"] == []
    assert r"\u001b[2J\u0007.csv" in shown
    assert r"\u202efdp.exe\u2066 \ud800" in shown


def test_json_is_the_json_it_was(capsys: pytest.CaptureFixture[str]) -> None:
    told: dict[str, Any] = {**HOSTILE, "name": "Ñandú [bold] «S.A.» \\"}
    paper.show(told, True)
    shown = capsys.readouterr().out
    assert (json.loads(shown), "Ñandú [bold] «S.A.»" in shown) == (told, True)


def test_what_looks_like_markup_is_text(capsys: pytest.CaptureFixture[str]) -> None:
    paper.show({"name": "[/bold] [red]x", "rows": [{"name": "[/] y"}]}, False)
    shown = capsys.readouterr().out
    assert ("[/bold] [red]x" in shown, "[/] y" in shown) == (True, True)


def test_a_report_of_a_file_that_is_refused_whole_or_on_its_way_is_in_spanish(
    capsys: pytest.CaptureFixture[str],
) -> None:
    paper.show({"refused": "not_csv", "detail": "x", "rows_done": 1, "started_at": 2}, False)
    told = [line.split(":")[0] for line in capsys.readouterr().out.splitlines()]
    assert told == ["Rechazado entero", "Detalle", "Filas hechas", "Empezó"]


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
