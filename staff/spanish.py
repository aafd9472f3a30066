"""click in Spanish: it takes its own words through gettext, so they come from the catalogue in ``locale/``, which
``tools.catalogue`` makes of ``CLICK`` and ``PLURALS``. Whatever language the machine speaks: all else that the command
says is Spanish too."""

import gettext
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

DOMAIN: Final = "miinti-staff"
LOCALE: Final = Path(__file__).parent / "locale"

CLICK: Final[Mapping[str, str]] = {
    "Usage:": "Uso:",
    "Options": "Opciones",
    "Commands": "Comandos",
    "Positional arguments": "Argumentos",
    "Show this message and exit.": "Mostrar esta ayuda.",
    "Try '{command} {option}' for help.": "Probá «{command} {option}».",
    "Error: {message}": "Error: {message}",
    "Aborted!": "Interrumpido.",
    "default: {default}": "si falta: {default}",
    "required": "obligatorio",
    "Missing command.": "Falta el comando.",
    "Missing argument": "Falta el argumento",
    "Missing option": "Falta la opción",
    "Missing parameter": "Falta el parámetro",
    "Missing parameter: {param_name}": "Falta el parámetro {param_name}",
    "Missing {param_type}": "Falta {param_type}",
    "Choose from:\n\t{choices}": "Elegí entre:\n\t{choices}",
    "No such command {name!r}.": "No hay un comando {name!r}.",
    "No such option {name!r}.": "No hay una opción {name!r}.",
    "Invalid value for {param_hint}: {message}": "No sirve lo que dice {param_hint}: {message}",
    "Invalid value: {message}": "No sirve: {message}",
    "Option {name!r} does not take a value.": "La opción {name!r} no lleva valor.",
    # Also of a range, whose name click keeps in English.
    "{value!r} is not a valid {number_type}.": "{value!r} no es un número.",
    "{value} is not in the range {range}.": "{value} no está en {range}.",
}
"""What click may say to whoever types: its words, ours. A test holds each against click's source."""

PLURALS: Final[Mapping[tuple[str, str], tuple[str, str]]] = {
    ("Got unexpected extra argument ({args})", "Got unexpected extra arguments ({args})"): (
        "Sobra un argumento ({args})",
        "Sobran argumentos ({args})",
    ),
    ("Did you mean {possibility}?", "(Did you mean one of: {possibilities}?)"): (
        "¿Quisiste decir {possibility}?",
        "(¿Quisiste decir: {possibilities}?)",
    ),
    ("Option {name!r} requires an argument.", "Option {name!r} requires {nargs} arguments."): (
        "La opción {name!r} lleva un valor.",
        "La opción {name!r} lleva {nargs} valores.",
    ),
    ("{value!r} is not {choice}.", "{value!r} is not one of {choices}."): (
        "{value!r} no es {choice}.",
        "{value!r} no es ninguno de {choices}.",
    ),
}
"""The same of what has a form for one and another for several."""


@contextmanager
def spoken() -> Iterator[None]:
    """gettext answers from our catalogue meanwhile; who else it serves in this process gets back what was."""
    before, language = gettext.textdomain(), os.environ.get("LANGUAGE")
    gettext.bindtextdomain(DOMAIN, str(LOCALE))
    gettext.textdomain(DOMAIN)
    os.environ["LANGUAGE"] = "es"
    try:
        yield
    finally:
        gettext.textdomain(before)
        if language is None:
            del os.environ["LANGUAGE"]
        else:
            os.environ["LANGUAGE"] = language
