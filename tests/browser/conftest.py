"""The portal's pages in Chromium, over one local run that all tests here share.

The run has policy ``proof``: who reads a company's address on file is linked at once, everybody else by a code, so both
ways are there. Chromium is Debian's or Playwright's own; where there is none tests are skipped, in CI they fail.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, Route, expect, sync_playwright

from tests.browser.answers import stub
from tests.journeys.conftest import SAMPLE, Machine, Portal, chosen, code_of, read
from tests.journeys.person import Person

ARGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CLIENT, OTHER_CLIENT, SUPPLIER = "27334", "15002", "3456"
NEW_CLIENT = "27335"
"""Nobody of the tests is linked to it beforehand."""
SECONDS = 30
COLOURS = ["color-contrast", "link-in-text-block"]
"""The rules that look at colours."""
LOG_IN = """async (asked) => {
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch('/v1/login', { method: 'POST', headers, body: JSON.stringify(asked) });
  if (!answer.ok) throw new Error(`login: ${answer.status}`);
  const now = Date.now();
  localStorage.setItem('miinti-session', JSON.stringify({ since: now, renewed: now, remember: asked.remember }));
}"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
EAR = """
addEventListener('DOMContentLoaded', () => {
  window.said = [];
  new MutationObserver((changes) => changes.forEach(({ target, addedNodes }) => {
    const modal = [...document.querySelectorAll('dialog:modal')].at(-1);
    // Beside a modal dialog all is inert.
    if (!target.matches('[role=log]') || (modal && !modal.contains(target))) return;
    for (const line of addedNodes) said.push(line.textContent);
  })).observe(document.body, { childList: true, subtree: true });
});
"""
AXE = str(Axe().axe_script)

expect.set_options(timeout=SECONDS * 1000)


PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
SHELL = "chromium-headless-shell"
"""Chromium without a window to draw: a page costs it a third of the time."""


def chromium_program(playwright: Playwright, programs: Sequence[str] = PROGRAMS) -> str | None:
    own = playwright.chromium.executable_path
    found = next(filter(None, map(shutil.which, programs)), None)
    return found or (own if Path(own).is_file() else None)


# Playwright runs a loop of its own in this thread, so it ends with this package: other tests want theirs.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        program = chromium_program(playwright, (SHELL, *PROGRAMS))
        if program is None:
            missing = f"no Chromium: install Debian's package {SHELL}, or run `playwright install chromium`"
            if os.environ.get("CI"):
                pytest.fail(missing)
            pytest.skip(missing)
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = playwright.chromium.launch(executable_path=program, args=[*ARGS, *sandbox])
        yield browser
        browser.close()


@pytest.fixture(scope="package")
def portal(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The local run. It needs a browser first, since nothing here is to be seen without one."""
    sample = tmp_path_factory.mktemp("sample")
    chosen(SAMPLE, sample, {CLIENT, OTHER_CLIENT, NEW_CLIENT}, {SUPPLIER})
    with as_browsers_call_it(Machine(tmp_path_factory.mktemp("browser") / "state", sample, "proof")) as portal:
        yield portal


@pytest.fixture(scope="package")
def open_portal(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """A local run under policy ``open``, with every company and hardly a document."""
    sample = tmp_path_factory.mktemp("sample")
    chosen(SAMPLE, sample, {CLIENT}, set())
    with as_browsers_call_it(Machine(tmp_path_factory.mktemp("open") / "state", sample, "open")) as portal:
        yield portal


@contextmanager
def as_browsers_call_it(machine: Machine) -> Iterator[Portal]:
    """By the name for which a browser keeps cookies that are for TLS alone."""
    with machine as portal:
        portal.url = portal.url.replace("127.0.0.1", "localhost")
        yield portal


@dataclass
class Visitor:
    """Somebody in front of a page: ``context`` is their browser, ``page`` its first tab."""

    portal: Portal
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    """What the console said and the page threw. An answer that is no success is not among them: tests provoke those."""

    def watch(self, page: Page) -> Page:
        page.set_default_timeout(SECONDS * 1000)
        page.on("console", lambda said: self._heard(said.type, said.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _heard(self, kind: str, text: str) -> None:
        if kind in {"error", "warning"} and "Failed to load resource" not in text:
            self.complaints.append(text)

    def another_tab(self) -> Page:
        return self.watch(self.context.new_page())

    def go(self, path: str, heading: str | None = None) -> Page:
        self.page.goto(self.portal.url + path)
        if heading:
            self.sees(heading)
        return self.page

    def sees(self, heading: str) -> None:
        expect(self.page.get_by_role("heading", name=heading, level=1)).to_be_visible()

    def comes_in(self, person: Person) -> Page:
        """Through the form, as people do."""
        self.go("/ingresar", "Ingresá a miINTI")
        self.page.get_by_label("Correo electrónico").fill(person.email)
        self.page.get_by_label("Contraseña", exact=True).fill(person.password)
        self.page.get_by_role("button", name="Ingresar", exact=True).click()
        self.page.wait_for_url(lambda url: "/ingresar" not in url)
        return self.page

    def log_in(self, person: Person, path: str = "") -> Page:
        """At ``path``, or at the start page, with a session that the same browser has just asked for: without the
        form, which most tests are not about."""
        if not path:
            return self.comes_in(person)
        self.go("/robots.txt")
        self.page.evaluate(LOG_IN, {"email": person.email, "password": person.password, "remember": False})
        return self.go(path)

    def listens(self) -> None:
        """From the next page on, keeps what screen readers are told."""
        self.page.add_init_script(EAR)

    def hears(self, words: str) -> None:
        self.page.wait_for_function("words => said.some((text) => text.includes(words))", arg=words)

    def is_told(self, text: str) -> None:
        """On the page: what is announced to ears alone is no sight."""
        expect(self.page.locator("#app").get_by_text(text).first).to_be_visible()

    def width(self) -> int:
        """Pixels by which the page is wider than the window."""
        return int(self.page.evaluate("document.documentElement.scrollWidth - innerWidth"))

    def barriers(self, rules: Sequence[str] = RULES) -> list[str]:
        """What axe finds wrong with the page as it is now, by kinds of rules or by rules."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE)
        run = "rules => axe.run(document, {runOnly: rules, resultTypes: ['violations']})"
        found: dict[str, Any] = self.page.evaluate(run, list(rules))
        return [
            f"{each['id']}: {node['target']} {node['failureSummary']}"
            for each in found["violations"]
            for node in each["nodes"]
        ]


@contextmanager
def visits(chromium: Browser, portal: Portal) -> Iterator[Callable[..., Visitor]]:
    """Makes visitors, each with a browser of their own; at the end nobody's console has complained."""
    made: list[Visitor] = []

    def visitor(**options: Any) -> Visitor:
        context = chromium.new_context(
            **{
                "locale": "es-AR",
                "timezone_id": "America/Argentina/Buenos_Aires",
                "viewport": {"width": 1280, "height": 800},
                "reduced_motion": "reduce",
                **options,
            }
        )
        made.append(Visitor(portal, context, context.new_page()))
        made[-1].watch(made[-1].page)
        return made[-1]

    yield visitor
    complaints = [each for visitor in made for each in visitor.complaints]
    for visitor_ in made:
        with suppress(Exception):
            # A page may still be asking what a test answers in the API's place: nobody waits for it any more.
            for page in visitor_.context.pages:
                page.unroute_all(behavior="ignoreErrors")
            visitor_.context.close()
    assert complaints == []


@pytest.fixture
def visitors(chromium: Browser, portal: Portal) -> Iterator[Any]:
    with visits(chromium, portal) as visitor:
        yield visitor


@pytest.fixture
def visitor(visitors: Any, request: pytest.FixtureRequest) -> Visitor:
    made: Visitor = visitors(**getattr(request, "param", {}))
    return made


PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "is_mobile": True, "has_touch": True}
on_desktop_and_phone = pytest.mark.parametrize("visitor", [{}, PHONE], ids=["desktop", "phone"], indirect=True)
"""The same way gone by two visitors."""


@pytest.fixture
def stranger(portal: Portal) -> Person:
    """Somebody with an account and nothing in it, of one test alone."""
    return Person(portal, "María", "Fernández").arrive()


@pytest.fixture(scope="package")
def regular(portal: Portal) -> Person:
    """Somebody who is linked to two clients and a supplier. Tests leave them as they are."""
    person = Person(portal, "María", "Fernández").arrive()
    link_to_all(person)
    return person


@pytest.fixture(scope="module")
def insider(chromium: Browser, portal: Portal, regular: Person) -> Iterator[Visitor]:
    """Somebody inside, for all the tests of a module that use ``inside``: logging in takes longer than they do."""
    with visits(chromium, portal) as visitor:
        made: Visitor = visitor()
        made.log_in(regular)
        made.sees(f"Hola, {regular.first_name}")
        yield made


@pytest.fixture
def inside(insider: Visitor) -> Iterator[Visitor]:
    """Somebody inside, for a test that leaves the account as it is; what it answers in the API's place ends with it."""
    stub(insider.page)
    yield insider
    insider.page.unroute_all(behavior="ignoreErrors")
    assert insider.complaints == []


def link_to_all(person: Person) -> None:
    """To the two clients and the supplier that most pages are looked at with."""
    for role, number in (("client", CLIENT), ("client", OTHER_CLIENT), ("supplier", SUPPLIER)):
        link_by_code(person, company(role, number))


SHIFTS = """
window.moved = 0;
new PerformanceObserver((list) => list.getEntries().forEach(({ value }) => { window.moved += value; }))
  .observe({ type: 'layout-shift', buffered: true });
"""
ON_ITS_WAY = 60
"""Seconds within which a page asks for what it is to ask for."""
TWO_FRAMES = "new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))"


def shifts(page: Page) -> Callable[[], float]:
    """Watches the pages that are loaded from now on. What it answers tells how much of what was seen has moved in the
    one that is there (CLS)."""
    page.add_init_script(SHIFTS)

    def moved() -> float:
        page.evaluate(TWO_FRAMES)
        return float(page.evaluate("window.moved"))

    return moved


def within(page: Page, held: list[Route]) -> Route:
    """The one request that is on its way. It is taken off the list."""
    end = time.monotonic() + ON_ITS_WAY
    while not held:
        assert time.monotonic() < end, "the page has not asked"
        page.evaluate("new Promise(requestAnimationFrame)")
    page.evaluate("new Promise(requestAnimationFrame)")
    (asked,) = held
    held.clear()
    return asked


def company(role: str, number: str) -> dict[str, str]:
    """A row of the sample's companies.csv."""
    kind = {"client": "Cliente", "supplier": "Proveedor"}[role]
    (row,) = [row for row in read(SAMPLE, "companies") if (row["kind"], row["code"]) == (kind, number)]
    return row


def link_by_code(person: Person, row: dict[str, str]) -> None:
    before = len(person.portal.mails(row["email"], "link_code"))
    role = {"Cliente": "client", "Proveedor": "supplier"}[row["kind"]]
    request = person.link(role, row["cuit"], row["code"]).json()["request_id"]
    code = code_of(person.portal.mail(row["email"], "link_code", after=before))
    answer = person.ask("POST", f"/v1/link-requests/{request}/confirm", {"code": code})
    assert answer.status_code == 201, answer.text
