"""What people call the browser and the system of a user agent."""

import pytest

from miinti.accounts import devices

_MOZILLA = "Mozilla/5.0"
_WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"


@pytest.mark.parametrize(
    ("user_agent", "called"),
    [
        (f"{_MOZILLA} (Windows NT 10.0; Win64; x64; rv:145.0) Gecko/20100101 Firefox/145.0", ("Firefox", "Windows")),
        (f"{_MOZILLA} (X11; Linux x86_64) {_WEBKIT} Chrome/142.0.0.0 Safari/537.36", ("Chrome", "Linux")),
        (f"{_MOZILLA} (Windows NT 10.0) {_WEBKIT} Chrome/142.0 Safari/537.36 Edg/142.0", ("Edge", "Windows")),
        (f"{_MOZILLA} (Windows NT 10.0) {_WEBKIT} Chrome/142.0 Safari/537.36 OPR/120.0", ("Opera", "Windows")),
        (f"{_MOZILLA} (Linux; Android 15; SM-S921B) {_WEBKIT} SamsungBrowser/28.0 Chrome/130.0 Mobile Safari/537.36",
         ("Samsung Internet", "Android")),
        (f"{_MOZILLA} (Linux; Android 15; K) {_WEBKIT} Chrome/142.0 Mobile Safari/537.36", ("Chrome", "Android")),
        (f"{_MOZILLA} (Macintosh; Intel Mac OS X 10_15_7) {_WEBKIT} Version/18.6 Safari/605.1.15", ("Safari", "macOS")),
        (f"{_MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_WEBKIT} Version/18.6 Mobile/15E148 Safari/604.1",
         ("Safari", "iPhone")),
        (f"{_MOZILLA} (iPhone; CPU iPhone OS 18_6 like Mac OS X) {_WEBKIT} FxiOS/145.0 Mobile/15E148 Safari/605.1.15",
         ("Firefox", "iPhone")),
        (f"{_MOZILLA} (iPad; CPU OS 18_6 like Mac OS X) {_WEBKIT} CriOS/142.0 Mobile/15E148 Safari/604.1",
         ("Chrome", "iPad")),
        (f"{_MOZILLA} (X11; CrOS x86_64 14541.0.0) {_WEBKIT} Chrome/142.0 Safari/537.36", ("Chrome", "ChromeOS")),
        ("python-requests/2.32", ("", "")),
        ("", ("", "")),
    ],
)  # fmt: skip
def test_a_user_agent_is_called_what_people_call_it(user_agent: str, called: tuple[str, str]) -> None:
    assert devices.called(user_agent) == called
