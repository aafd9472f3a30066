"""What is looked at outside of tests, for pictures and by Lighthouse: a fresh local run of a few companies, and
somebody who is linked to them."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page

from tests.browser.conftest import CLIENT, OTHER_CLIENT, SUPPLIER, as_browsers_call_it, link_to_all
from tests.journeys.conftest import SAMPLE, Machine, Portal, chosen
from tests.journeys.person import Person


class Scene(NamedTuple):
    portal: Portal
    person: Person
    folder: Path
    """For what has to be kept while it lasts."""

    def log_in(self, page: Page) -> None:
        """Through the form."""
        page.goto(self.portal.url + "/ingresar")
        page.get_by_label("Correo electrónico").fill(self.person.email)
        page.get_by_label("Contraseña", exact=True).fill(self.person.password)
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/ingresar" not in url)


@contextmanager
def scene() -> Iterator[Scene]:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        sample = folder / "sample"
        sample.mkdir()
        chosen(SAMPLE, sample, {CLIENT, OTHER_CLIENT}, {SUPPLIER})
        with as_browsers_call_it(Machine(folder / "state", sample, "proof")) as portal:
            person = Person(portal, "María", "Fernández", email="maria@estudio.example").arrive()
            link_to_all(person)
            yield Scene(portal, person, folder)
