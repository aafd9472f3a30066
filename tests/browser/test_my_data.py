"""All that is held of a person, as one file that their own page saves."""

import json
import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Visitor, company, within
from tests.browser.test_states import problem
from tests.journeys.person import Person

BUTTON = "Descargar mis datos"


def taken(page: Page) -> tuple[str, Any]:
    """Name and content of the file that the button saves."""
    with page.expect_download() as downloading:
        page.get_by_role("button", name=BUTTON).click()
    return downloading.value.suggested_filename, json.loads(downloading.value.path().read_text(encoding="utf-8"))


def test_the_file_has_what_the_api_holds(visitor: Visitor) -> None:
    row = company("client", "13344")
    owner = Person(visitor.portal, "María", "Fernández", email=row["email"]).arrive()
    assert owner.link("client", row["cuit"], row["code"]).status_code == 201
    page = visitor.log_in(owner, "/mis-datos")
    name, data = taken(page)
    visitor.is_told("Descargaste tus datos")
    assert re.fullmatch(r"mis-datos-miinti-\d{4}-\d\d-\d\d\.json", name)
    held = owner.get("/v1/me/data")
    assert set(data) == set(held)
    assert data["account"] == {**held["account"], "last_login_at": data["account"]["last_login_at"]}
    assert data["account"]["email"] == owner.email
    assert {each["id"] for each in data["sessions"]} == {each["id"] for each in held["sessions"]}
    assert [link["company"] for link in data["links"]] == ["c-13344"]
    assert {mail["template"] for mail in data["mails"]} >= {"activate"}
    assert isinstance(data["audit"], list)
    assert data["mailed_links"] == held["mailed_links"]["items"]


def test_a_long_trail_is_walked_to_its_end_and_what_fails_is_told(visitor: Visitor, stranger: Person) -> None:
    page = visitor.log_in(stranger, "/mis-datos")
    held = stranger.get("/v1/me/data")
    following = {None: "a+b/c=&d", "a+b/c=&d": "e", "e": None}
    asked: list[str | None] = []
    waiting: list[Route] = []

    def answer(route: Route) -> None:
        cursor = parse_qs(urlsplit(route.request.url).query).get("cursor", [None])[0]
        asked.append(cursor)
        if len(asked) == 2:
            problem(429, "too_many_attempts", **{"Retry-After": "90"})(route)
        elif len(asked) == 4:
            waiting.append(route)
        else:
            fulfill(route, cursor)

    def fulfill(route: Route, cursor: str | None) -> None:
        acts = [{"id": f"{cursor}-{n}"} for n in range(100)]
        route.fulfill(json={**held, "mails": [], "audit": {"items": acts, "next": following[cursor]}})

    page.route("**/v1/me/data*", answer)
    page.get_by_role("button", name=BUTTON).click()
    visitor.is_told("Probá de nuevo en 2 minutos")
    with page.expect_download() as downloading:
        page.get_by_role("button", name=BUTTON).dblclick()
        expect(page.get_by_role("button", name="Reuniendo…")).to_be_visible()
        visitor.is_told("Registro de actividad: 100 renglones…")
        fulfill(within(page, waiting), asked[3])
    data = json.loads(downloading.value.path().read_text(encoding="utf-8"))
    assert [act["id"] for act in data["audit"]] == [f"{cursor}-{n}" for cursor in following for n in range(100)]
    assert asked == [None, "a+b/c=&d", *following]
    expect(page.locator(".notice-error")).to_have_count(0)


def test_all_pages_of_the_links_that_mails_brought_are_in_the_file(visitor: Visitor, stranger: Person) -> None:
    page = visitor.log_in(stranger, "/mis-datos")
    held = stranger.get("/v1/me/data")
    following = {None: "l2", "l2": "l3", "l3": None}

    def answer(route: Route) -> None:
        cursor = parse_qs(urlsplit(route.request.url).query).get("cursor", [None])[0]
        route.fulfill(json={**held, "mailed_links": {"items": [{"id": str(cursor)}], "next": following[cursor]}})

    page.route("**/v1/me/data*", answer)
    _, data = taken(page)
    assert [link["id"] for link in data["mailed_links"]] == [str(cursor) for cursor in following]


def test_who_goes_elsewhere_meanwhile_is_not_told_of_it(visitor: Visitor, stranger: Person) -> None:
    page = visitor.log_in(stranger, "/mis-datos")
    held: list[Route] = []
    page.route("**/v1/me/data*", lambda route: held.append(route))  # noqa: PLW0108  # Playwright marks its handlers
    page.get_by_role("button", name=BUTTON).click()
    expect(page.get_by_role("button", name="Reuniendo…")).to_be_visible()
    page.get_by_role("link", name="Mis consultas").first.click()
    visitor.sees("Mis consultas")
    assert len(held) == 1  # and the console has nothing to say
