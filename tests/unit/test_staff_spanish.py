"""`miinti-staff`: all that it says of itself is Spanish, click's own words included."""

import ast
import gettext
import os
import re
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from staff import spanish
from staff.__main__ import main
from tools import catalogue


def paths(group: click.Group, before: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """Each command as it is typed, those of groups too."""
    found = [before]
    for name, command in group.commands.items():
        found += paths(command, (*before, name)) if isinstance(command, click.Group) else [(*before, name)]
    return found


OPTIONS = [option for command in (main, *main.commands.values()) for option in command.params]
CHOICES = [choice for option in OPTIONS if isinstance(option.type, click.Choice) for choice in option.type.choices]
NAMED = {name for path in paths(main) for name in path}
TYPED = ["--help", "-h", *NAMED, *(name for option in OPTIONS for name in option.opts), *CHOICES]
"""What is typed as it stands, in English: names of commands, options and choices."""
NAMES = {"miinti-staff", "miINTI", "JSON", "AWS", "ARN", "STATE_DIR", "inbox", "files", "more", "ARCA", "PDF"}
NOT_ENGLISH = {"error", "no", "a"}
"""Words that are as much ours."""


def words(text: str) -> set[str]:
    return {word.casefold() for word in re.findall(r"[^\W\d_]+", text)}


def english() -> set[str]:
    """The words of click, which the catalogue names, and of what it puts in by itself."""
    theirs = [*spanish.CLICK, *(one for pair in spanish.PLURALS for one in pair)]
    plain = [re.sub(r"\{[^}]*\}", "", text) for text in theirs]
    return words(" ".join([*plain, "OPTIONS COMMAND ARGS INTEGER RANGE TEXT BOOLEAN FLOAT required"])) - NOT_ENGLISH


def said(*typed: str, language: str = "en_US.UTF-8") -> str:
    return CliRunner().invoke(main, typed, prog_name="miinti-staff", env={"LANG": language, "LANGUAGE": None}).output


def leftover(text: str) -> set[str]:
    for name in sorted({*TYPED, *NAMES}, key=len, reverse=True):
        text = re.sub(rf"(?<![\w-]){re.escape(name)}(?![\w-])", " ", text)
    return words(text) & english()


@pytest.mark.parametrize("command", paths(main), ids=" ".join)
def test_help_has_no_word_of_english(command: tuple[str, ...]) -> None:
    told = said(*command, "--help")
    assert told.startswith("Uso: miinti-staff")
    assert "Mostrar esta ayuda." in told
    assert leftover(told) == set()


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ((), "Uso:"),
        (("--local",), "Falta el comando."),
        (("bloquear",), "No hay un comando 'bloquear'"),
        (("--local", "blok", "x"), "¿Quisiste decir"),
        (("--lokal", "person", "x"), "No hay una opción '--lokal'"),
        (("--local", "person"), "Falta el argumento 'PERSONA'."),
        (("--local", "person", "a", "b"), "Sobra un argumento (b)"),
        (("--local", "person", "a", "b", "c"), "Sobran argumentos (b c)"),
        (("--stage", "x", "person", "a"), "'x' no es ninguno de"),
        (("--stage",), "La opción '--stage' lleva un valor."),
        (("--local=x", "person", "a"), "La opción '--local' no lleva valor."),
        (("--local", "view", "a", "--limit", "diez"), "'diez' no es un número."),
        (("--local", "view", "a", "--limit", "101"), "101 no está en 1<=x<=100."),
        (("--local", "view", "a", "--kind", "x"), "'x' no es ninguno de"),
        (("person", "a"), "Elegí dónde"),
        (("--local", "audit", "--day", "x", "--actor", "y"), "Elegí uno solo"),
    ],
    ids=lambda one: one if isinstance(one, str) else " ".join(one) or "nothing",
)
def test_what_is_typed_wrong_is_told_without_a_word_of_english(typed: tuple[str, ...], told: str) -> None:
    for language in ("C", "en_US.UTF-8", "de_DE.UTF-8"):
        shown = said(*typed, language=language)
        assert told in shown
        # What was typed is repeated, and is theirs.
        assert leftover(re.sub(r"'[^']*'", "", shown)) == set()


def test_the_words_are_those_that_click_has() -> None:
    """A click that says something otherwise is noticed here, not by who reads it."""
    texts = {
        node.value
        for file in Path(str(click.__file__)).parent.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert [text for text in spanish.CLICK if text not in texts] == []
    assert [text for pair in spanish.PLURALS for text in pair if text not in texts] == []


def test_each_word_keeps_the_places_of_what_is_put_in() -> None:
    def places(text: str) -> set[str]:
        return set(re.findall(r"\{(\w+)", text))

    assert [text for text, ours in spanish.CLICK.items() if not places(ours) <= places(text)] == []
    for pair, ours in spanish.PLURALS.items():
        assert all(places(told) <= places(text) for text, told in zip(pair, ours, strict=True))


def test_the_catalogue_is_the_one_that_is_made_of_the_words() -> None:
    assert catalogue.FILE.read_bytes() == catalogue.compiled(), "python -m tools.catalogue"


def test_who_else_speaks_in_this_process_speaks_as_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LANGUAGE", "pt")
    with spanish.spoken():
        assert gettext.gettext("Usage:") == "Uso:"
    assert (gettext.gettext("Usage:"), os.environ["LANGUAGE"]) == ("Usage:", "pt")
