"""`miinti-staff`: an answer as people read it."""

import ast
import json
import re
from typing import Any, get_args

import pytest

from miinti import http
from miinti.companies import links
from miinti.companies.rules import RequestState
from miinti.erp import faults as erp_faults
from miinti.erp import feeds, layouts
from miinti.mail import returns
from miinti.payments.states import Reason
from staff import faults, paper
from staff.words import SAID
from tests.cloud import ROOT

TEMPLATES = ROOT / "layers/shared/miinti/mail/templates"
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


PERSON = {"email_state": "bounced", "state": "waiting", "created_at": "2026-11-25T02:59:59Z", "last_login_at": None}
LINK = {"company": "c-1", "state": "active", "proof": "typed", "linked_at": "2026-11-24T14:36:44Z"}
RETURNED = {"at": "2026-11-24T10:00:00.000Z", "what": "bounced", "why": "Permanent/General", "template": "activate"}
ACT = {"at": "2026-11-24T10:00:00Z", "kind": "staff", "action": "block", "outcome": "ok"}
DECLINED = {**ACT, "kind": "event", "action": "act_on_account", "act": "unblock", "outcome": "not_blocked"}


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ({"person": PERSON}, ["no: los correos vuelven", "espera activación", "24/11/2026 23:59:59"]),
        ({"links": [LINK]}, ["activo", "datos", "24/11/2026 11:36:44"]),
        ({"people": [{"role": "client", "link": "suspended"}]}, ["cliente", "suspendido"]),
        ({"requests": [{"role": "supplier", "state": "ended"}]}, ["proveedor", "terminado por códigos equivocados"]),
        ({"returned": [RETURNED]}, ["volvió", "la dirección no anda", "activación", "24/11/2026 07:00:00"]),
        ({"audit": [ACT]}, ["personal", "bloquear", "hecho"]),
        ({"audit": [DECLINED]}, ["suceso", "personal: cuenta", "desbloquear", "La cuenta no está bloqueada."]),
        ({"rejected": [{"reason": "amount_zero"}]}, ["amount_zero: no se aplicó nada"]),
        ({"refused": "not_csv"}, ["not_csv: no es texto"]),
        ({"documents": [{"date": "2026-05-05"}]}, ["05/05/2026"]),
    ],
    ids=str,
)
def test_codes_are_words_and_instants_are_local_and_programs_have_both_as_they_came(
    capsys: pytest.CaptureFixture[str], told: dict[str, Any], words: list[str]
) -> None:
    text = said(capsys, told)
    assert [word for word in words if word not in text] == []
    assert json.loads(said(capsys, told, as_json=True)) == told


def test_what_has_no_word_stays_as_it_came(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"state": "telepathic", "reason": "new_fault", "at": "ayer", "balance": "x", "outcome": "odd"}
    text = said(capsys, told)
    assert [value for value in told.values() if f": {value}" not in text] == []


def test_money_is_written_as_here_and_as_of_when_stands_apart(capsys: pytest.CaptureFixture[str]) -> None:
    balance = {"amount": "-1242168.00", "currency": "ARS", "as_of": "2026-11-24T14:36:13Z"}
    text = said(capsys, {"companies": [{"id": "c-1", "balance": balance}, {"id": "s-1", "balance": None}]})
    titles = re.split(r"\s{2,}", text.splitlines()[2].strip())
    first = re.split(r"\s{2,}", text.splitlines()[4].strip())
    assert (titles, first) == (
        ["Id", "Saldo", "Moneda", "Al"],
        ["c-1", "-1.242.168,00", "ARS", "24/11/2026 11:36:13"],
    )
    assert "Saldo: 5,00" in said(capsys, {"company": {"balance": {**balance, "amount": "5.00"}}})
    assert "Importe: 123.677,19" in said(capsys, {"amount": "123677.19"})


def acting() -> set[str]:
    """What the trail may call an act: each route's function, each of the staff's, and what these are asked for."""
    found = set()
    for path in (ROOT / "functions").glob("*/app.py"):
        text = path.read_text()
        if "@api(" in text or "= desk(" in text:
            found.add(path.parent.name)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "desk":
                found |= {str(keyword.arg) for keyword in node.keywords}
    return found - {"not_found"}


def test_several_reasons_are_each_told_in_words(capsys: pytest.CaptureFixture[str]) -> None:
    shown = said(capsys, {"payments": [{"id": "c-1", "why": "amount, duplicate"}, {"id": "c-2", "why": "disputed"}]})
    assert "otro importe, dos veces" in shown
    assert "en disputa" in shown


@pytest.mark.parametrize(
    ("told", "word"),
    [
        ({"payment": {"state": "credited", "why": "disputed"}}, "Estado: acreditado"),
        ({"payment": "c-1.a", "state": "refunded"}, "Estado: devuelto"),
        ({"transfer": {"state": "received"}}, "Estado: a revisar"),
        ({"transfer": "c-1.a", "state": "matched"}, "Estado: encontrada"),
    ],
)
def test_states_of_payments_and_transfers_are_told_in_their_words(
    capsys: pytest.CaptureFixture[str], told: dict[str, Any], word: str
) -> None:
    assert word in said(capsys, told)


def test_every_name_of_the_code_has_its_word() -> None:
    """What is said in the trail, in a report or of a mail, and what a state may be."""
    fault_names = {*erp_faults.ROWS, *erp_faults.WARNINGS, *erp_faults.FILES, *erp_faults.PDFS}
    assert set(faults.FAULTS) == fault_names
    assert http.PROBLEMS.keys() - SAID["outcome"].keys() == set()
    assert acting() - SAID["action"].keys() == set()
    templates = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}
    assert templates == SAID["template"].keys()
    states = {"waiting", "active", "blocked", *get_args(RequestState), "done", "running", "stopped"}
    assert SAID["state"].keys() == states
    assert SAID["what"].keys() == {"bounced", "complained", "rejected", *get_args(returns.Unsent)}
    assert SAID["proof"].keys() == set(get_args(links.Proof))
    assert SAID["payments.why"].keys() == {*get_args(Reason), "not_ours"}
    assert {"ok", *get_args(returns.State)} == SAID["email_state"].keys()


def test_what_a_report_adds_of_a_header_is_told_in_words() -> None:
    said = [
        feeds.nearest(["x"], []),
        feeds.nearest(["kind", "code", "cuit"], []),
        layouts.lacking("documents", ["key"]),
    ]
    assert [said[0][:10], said[2]] == ["looked for", "documents lacks key"]
    for text in (*said, f"{said[0]}, mapping banco; left aside: banco.json (x)"):
        told = faults.detail(text)
        assert told != text
        assert not re.search(r"\b(looked for|lacks|has no|left aside|mapping)\b", told)
    assert faults.detail("documents lacks key, date") == "documents, le falta: key, date"
