"""Who plays the payment provider on the one port: what functions ask of it, what people do on its page, and the notices
that come of that."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local import checkout, options
from local.front import Front, Served
from local.mailbox import Mailbox
from miinti import clock
from miinti.payments.provider import Checkout, Item, Notice, Order
from miinti.payments.sandbox import Sandbox
from tests.payments import KEY

REFERENCE = "c-27334." + "a" * 32


class Api:
    """Stands where the portal's API stands, and notes what comes."""

    def __init__(self) -> None:
        self.came: list[Notice] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        assert request.url.path == "/v1/payment/notifications/sandbox"
        self.came.append(Notice(request.headers, {}, await request.body()))
        await Response("{}", 200, {"X-Request-Id": "r1"}, "application/json")(scope, receive, send)

    def heard(self, number: int) -> list[Notice]:
        deadline = time.monotonic() + 5
        while len(self.came) < number and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.came


class Here(NamedTuple):
    front: Front
    url: str
    api: Api
    ledger: Path

    @property
    def sandbox(self) -> Sandbox:
        return Sandbox(f"{self.url}{checkout.API}", [KEY])

    def begun(self, seconds: int = 3600) -> Checkout:
        ends = clock.now() + seconds
        items = (Item("Factura B 00205-00001513", 24216800), Item("Señal & más", 50))
        return self.sandbox.open(Order(REFERENCE, items, "ARS", ends, ends, f"{self.url}/comprobantes"))

    def act(self, made: Checkout, **form: str) -> httpx.Response:
        return httpx.post(f"{self.url}{checkout.PAGE}/{made.id}", data=form)

    def states(self) -> list[str]:
        return [attempt.state for attempt in self.sandbox.attempts(REFERENCE)]


@pytest.fixture
def here(tmp_path: Path) -> Iterator[Here]:
    api, front = Api(), Front(Mailbox(tmp_path / "mail"))
    there, bound = options.listening(0), options.listening(0)
    served = [Served(api, there), Served(front, bound, front.close)]
    made = Here(front, f"http://127.0.0.1:{bound.getsockname()[1]}", api, tmp_path / "provider.json")
    front.gateway.open(f"http://127.0.0.1:{there.getsockname()[1]}", "api1")
    front.till.open(KEY, made.url, made.ledger)
    yield made
    for one in served[::-1]:
        one.stop()
    there.close()
    bound.close()


def test_a_page_shows_what_is_paid_and_lets_choose_what_becomes_of_it(here: Here) -> None:
    made = here.begun()
    assert made.url == f"{here.url}{checkout.PAGE}/{made.id}"
    page = httpx.get(made.url)
    assert page.status_code == 200
    assert "form-action 'self'" in page.headers["content-security-policy"]
    assert "Total: $ 242.168,50" in page.text
    assert "Señal &amp; más: $ 0,50" in page.text
    for state in checkout.FIRST:
        assert f'value="{state}"' in page.text


@pytest.mark.parametrize(("state", "back"), [("credited", True), ("rejected", False), ("pending", False)])
def test_what_somebody_does_is_told_by_a_notice_that_is_signed(here: Here, state: str, back: bool) -> None:
    made = here.begun()
    answer = here.act(made, state=state)
    assert (answer.status_code, answer.headers["location"]) == (
        303,
        f"{here.url}/comprobantes" if back else f"{checkout.PAGE}/{made.id}",
    )
    (notice,) = here.api.heard(1)
    (attempt,) = here.sandbox.attempts(REFERENCE)
    assert here.sandbox.notice(notice, time.time()) == attempt.id
    assert (attempt.state, attempt.cents, attempt.currency) == (state, 24216850, "ARS")


def test_a_slip_is_paid_later_and_money_goes_back(here: Here) -> None:
    made = here.begun()
    here.act(made, state="pending", notices="never")
    (attempt,) = here.sandbox.attempts(REFERENCE)
    here.act(made, attempt=attempt.id, state="credited", notices="never")
    assert here.states() == ["credited"]
    page = httpx.get(made.url).text
    assert 'value="refunded"' in page
    assert f"Intento {attempt.id}: Aprobado" in page
    here.act(made, attempt=attempt.id, state="refunded", notices="twice")
    assert here.states() == ["refunded"]
    assert len(here.api.heard(2)) == 2


@pytest.mark.parametrize("form", [{"state": "x"}, {}, {"state": "credited", "attempt": "nobodys"}])
def test_what_the_page_does_not_offer_changes_nothing(here: Here, form: dict[str, str]) -> None:
    made = here.begun()
    assert here.act(made, **form).status_code == 303
    assert here.states() == []


@pytest.mark.parametrize("ended", ["by the page", "by the portal", "by its time"])
def test_in_a_checkout_that_is_over_nobody_pays(here: Here, ended: str) -> None:
    made = here.begun(seconds=-1 if ended == "by its time" else 3600)
    if ended == "by the page":
        assert here.act(made, state="over").status_code == 303
    elif ended == "by the portal":
        here.sandbox.close(made.id)
    here.act(made, state="credited")
    assert here.states() == []
    assert "no se puede intentar otra vez" in httpx.get(made.url).text


def test_the_ledger_outlives_the_run(here: Here) -> None:
    made = here.begun()
    here.act(made, state="credited", notices="never")
    before = here.sandbox.attempts(REFERENCE)
    here.front.till.open(KEY, here.url, here.ledger)
    assert here.sandbox.attempts(REFERENCE) == before
    assert here.begun() == made


def test_who_has_not_the_key_and_what_is_not_there(here: Here) -> None:
    api = f"{here.url}{checkout.API}"
    assert httpx.get(f"{api}/attempts?reference=x").status_code == 401
    assert httpx.get(f"{here.url}{checkout.PAGE}/x").status_code == 404
    assert httpx.post(f"{here.url}{checkout.PAGE}/x", data={"state": "credited"}).status_code == 404
    assert here.sandbox.fetch("nobodys") is None


def test_until_the_portal_is_deployed_it_does_not_answer(tmp_path: Path) -> None:
    front, bound = Front(Mailbox(tmp_path / "mail")), options.listening(0)
    served = Served(front, bound, front.close)
    try:
        answer = httpx.get(f"http://127.0.0.1:{bound.getsockname()[1]}{checkout.API}/attempts")
        assert answer.status_code == 503
    finally:
        served.stop()
        bound.close()
