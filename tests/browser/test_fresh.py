"""As of when the institute's data stand, at the foot of each page, and a word where that is too long ago."""

import re

from playwright.sync_api import Route, expect

from tests.browser.conftest import Visitor
from tests.journeys.person import Person


def test_each_page_says_as_of_when_the_data_stand(visitor: Visitor, stranger: Person) -> None:
    page = visitor.log_in(stranger, "/comprobantes")
    visitor.sees("Mis comprobantes")
    expect(page.locator("footer.footer")).to_contain_text(re.compile(r"Datos al \d\d/\d\d/20\d\d \d\d:\d\d"))
    expect(page.get_by_text("El INTI no mandó novedades")).to_have_count(0)


def test_data_that_are_too_old_are_told_above_the_page(visitor: Visitor, stranger: Person) -> None:
    page = visitor.log_in(stranger)

    def old(route: Route) -> None:
        answer = route.fetch()
        told = {"last-modified": "Sun, 22 Nov 2026 12:30:00 GMT", "x-data-stale": "true"}
        route.fulfill(response=answer, headers={**answer.headers, **told})

    page.route("**/v1/companies?*", old)
    visitor.go("/comprobantes", "Mis comprobantes")
    visitor.is_told("El INTI no mandó novedades desde el 22/11/2026 09:30")
    expect(page.locator("footer.footer")).to_contain_text("Datos al 22/11/2026 09:30")
    assert visitor.barriers() == []
