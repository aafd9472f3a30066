"""The pages' pure functions, asked in the browser that runs them."""

from typing import Any

import pytest

from tests.browser.conftest import Visitor


@pytest.fixture
def call(visitor: Visitor) -> Any:
    """Calls a function of a module of web/js/."""
    page = visitor.go("/robots.txt")

    def called(module: str, name: str, *arguments: Any) -> Any:
        script = "([path, name, given]) => import(path).then(module => module[name](...given))"
        return page.evaluate(script, [f"/js/{module}.js", name, list(arguments)])

    visitor.go("/ayuda", "Ayuda")
    return called


def test_money_of_any_length_is_written_as_in_argentina(call: Any) -> None:
    for text, currency, written in (
        ("242168.00", "ARS", "$\u00a0242.168,00"),
        ("-580134.27", "ARS", "-$\u00a0580.134,27"),
        ("1395.18", "USD", "US$\u00a01.395,18"),
        ("0.00", "PES", "$\u00a00,00"),
        ("999.5", "ARS", "$\u00a0999,50"),
        ("12345678901234.56", "ARS", "$\u00a012.345.678.901.234,56"),
        (None, "ARS", "–"),
        ("1e5", "ARS", "–"),
    ):
        assert call("format", "money", text, currency) == written


def test_days_and_moments_are_the_institutes(call: Any) -> None:
    assert call("format", "day", "2019-11-23") == "23/11/2019"
    assert call("format", "day", None) == "–"
    assert call("format", "moment", "2026-11-25T01:05:00Z") == "24/11/2026 22:05"
    assert call("format", "moment", "2026-11-25T03:00:00Z") == "25/11/2026 00:00"


def test_numbers_cuits_and_counts(call: Any) -> None:
    assert call("format", "voucherNumber", "20500001513") == "0205-00001513"
    assert call("format", "voucherNumber", "1234500001513") == "12345-00001513"
    assert call("format", "voucherNumber", "P-2019-000001") == "P-2019-000001"
    assert call("format", "cuit", "33693450239") == "33-69345023-9"
    assert call("format", "integer", 1234567) == "1.234.567"
    assert call("format", "counted", 1, "registro", "registros") == "1 registro"
    assert call("format", "counted", 0, "registro", "registros") == "0 registros"
    assert call("format", "plain", "TECNOLOGÍA Ñandú") == "tecnologia ñandu"
    assert [call("format", "wait", seconds) for seconds in (0, 1, 59, 60, 900)] == [
        "unos minutos", "1 segundo", "59 segundos", "1 minuto", "15 minutos",
    ]  # fmt: skip


def test_browsers_are_told_by_the_names_people_know(call: Any) -> None:
    chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/149.0.0.0 Safari/537.36"
    assert call("browsers", "browser", chrome) == "Chrome en Windows"
    assert call("browsers", "browser", chrome + " Edg/149.0") == "Edge en Windows"
    iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile/15E148 Safari/604.1"
    assert call("browsers", "browser", iphone) == "Safari en iPhone"
    assert call("browsers", "browser", "curl/8") == "Un programa que no reconocemos"


def test_a_cuit_is_checked_as_the_api_does(call: Any) -> None:
    for good in ("33693450239", "33-69345023-9", " 33 69345023/9 ", "33.69345023.9", "20-12345678-6"):
        assert call("identifiers", "cuit", good) == "", good
    for bad in ("", "3369345023", "33693450238", "99999999999", "33-69345023-9x", "336934502390"):
        assert call("identifiers", "cuit", bad), bad


def test_addresses_passwords_and_codes(call: Any) -> None:
    assert call("validate", "email", " ana@estudio.com.ar ") == ""
    assert call("validate", "email", "ana@estudio")
    assert call("passwords", "chosen", "ñandú 8!") == ""
    assert call("passwords", "chosen", "1234567")
    assert call("passwords", "chosen", "x" * 129)
    assert call("passwords", "repeated", "una", "otra")
    assert call("identifiers", "code", "abc 234") == ""
    assert call("identifiers", "code", "ABC10O")


def test_periods_are_whole_days(call: Any) -> None:
    known = {name: (since, until) for name, _, since, until in call("listing", "periods", "2026-05-31")}
    assert known == {
        "": ("", ""),
        "month": ("2026-05-01", ""),
        "quarter": ("2026-02-28", ""),
        "year": ("2026-01-01", ""),
        "last": ("2025-01-01", "2025-12-31"),
    }
    assert call("listing", "periods", "2026-01-15")[2][2] == "2025-10-15"


def test_what_a_list_shows_in_words(call: Any) -> None:
    def words(**shown: Any) -> Any:
        return call("table", "shownWords", shown)

    assert words(page=1, size=10, count=10, total=87) == "Mostrando registros del 1 al 10 de un total de 87 registros"
    assert words(page=9, size=10, count=7, total=87) == "Mostrando registros del 81 al 87 de un total de 87 registros"
    assert words(page=1, size=10, count=1, total=1) == "Mostrando registros del 1 al 1 de un total de 1 registro"
    assert words(page=1, size=10, count=0, total=0) == "Mostrando registros del 0 al 0 de un total de 0 registros"
    assert words(page=200, size=100, count=100, total=None) == "Mostrando registros del 19.901 al 20.000"
