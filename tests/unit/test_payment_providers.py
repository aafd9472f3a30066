"""The providers behind one interface: the sandbox, and Mercado Pago against a stand-in of its API.

``mercadopago/`` has the shapes of its answers, as its documentation and public integrations have recorded them.
"""

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local import provider as played
from miinti.errors import Unavailable
from miinti.payments import mercadopago, sandbox
from miinti.payments.mercadopago import MercadoPago
from miinti.payments.provider import (
    Attempt,
    Checkout,
    Item,
    Notice,
    NoticeRefused,
    Order,
    Provider,
    ProviderRefused,
    refund_key,
)
from miinti.payments.sandbox import Sandbox
from tests.payments import KEY, NOW, served
from tests.template import sam

RECORDED = Path(__file__).parent / "mercadopago"
REFERENCE = "c-27334." + "a" * 32
ORDER = Order(
    REFERENCE,
    (Item("Factura B 00205-00001513", 24216800), Item("Factura B 00205-00001514", 10)),
    "ARS",
    NOW + 3600,
    NOW + 3600 + 3 * 86400,
    "https://mi.inti.example/pagos",
)
SECRET, OLDER = "s" * 64, "o" * 64


def recorded(name: str) -> Any:
    return json.loads((RECORDED / f"{name}.json").read_text())


# --- the sandbox ------------------------------------------------------------------------------------------------------


@pytest.fixture
def played_one() -> played.Provider:
    return played.Provider(KEY, lambda: NOW)


@pytest.fixture
def asked(played_one: played.Provider) -> Iterator[Sandbox]:
    with served(played_one.answer) as base:
        yield Sandbox(base, [KEY])


def test_sandbox_opens_one_checkout_a_reference_and_tells_its_attempts(
    asked: Sandbox, played_one: played.Provider
) -> None:
    checkout = asked.open(ORDER)
    assert asked.open(ORDER) == checkout
    assert played_one.checkouts[checkout.id].cents == 24216810
    assert asked.attempts(REFERENCE) == []
    one = played_one.pay(checkout.id, "pending")
    assert asked.attempts(REFERENCE) == [Attempt(one.id, REFERENCE, "pending", 24216810, "ARS")]
    played_one.move(one.id, "credited")
    assert asked.fetch(one.id) == Attempt(one.id, REFERENCE, "credited", 24216810, "ARS")
    for _ in range(2):
        asked.refund(Attempt(**one.told()))
    assert asked.fetch(one.id) == Attempt(one.id, REFERENCE, "refunded", 24216810, "ARS", 24216810)
    assert asked.fetch("nobodys") is None
    asked.close(checkout.id)
    with pytest.raises(played.NotSo):
        played_one.pay(checkout.id, "credited")


def test_sandbox_takes_no_call_of_others(played_one: played.Provider) -> None:
    with served(played_one.answer) as base, pytest.raises(ProviderRefused) as refused:
        Sandbox(base, [b"another"]).open(ORDER)
    assert refused.value.status == 401
    assert not played_one.checkouts


@pytest.mark.parametrize("status", [429, 500, 503])
def test_sandbox_that_is_busy_or_away_is_unavailable(status: int) -> None:
    with served(lambda *_: (status, {})) as base, pytest.raises(Unavailable):
        Sandbox(base, [KEY]).fetch("1")
    with pytest.raises(Unavailable):
        Sandbox(base, [KEY]).fetch("1")


def sent(at: int = NOW, key: bytes = KEY, body: bytes = b'{"attempt": "0000112345"}') -> Notice:
    return Notice({sandbox.SIGNATURE: sandbox.signature(key, at, body)}, {}, body)


def refusal(provider: Provider, notice: Notice, now: float = NOW) -> str:
    with pytest.raises(NoticeRefused) as refused:
        provider.notice(notice, now)
    return str(refused.value)


def test_S85_sandbox_notice_is_believed_by_either_key_for_five_minutes_around_its_own_time() -> None:
    both = Sandbox("http://nowhere", [KEY, b"older"])
    assert both.notice(sent(), NOW) == both.notice(sent(key=b"older"), NOW) == "0000112345"
    for seconds in (-300, 300):
        assert both.notice(sent(NOW - seconds), NOW) == "0000112345"
    for seconds in (-301, 301, 86400):
        assert refusal(both, sent(NOW - seconds)) == "age"
    assert both.notice(sent(body=b'{"other": 1}'), NOW) is None
    assert both.notice(sent(body=b'{"attempt": "../x"}'), NOW) is None


@given(data=st.data())
def test_S85_sandbox_notice_with_one_byte_altered_is_nobodys(data: Any) -> None:
    notice = sent()
    at = data.draw(st.integers(0, len(notice.body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != notice.body[at]))
    altered = notice.body[:at] + bytes([byte]) + notice.body[at + 1 :]
    assert refusal(Sandbox("http://nowhere", [KEY]), notice._replace(body=altered)) == "signature"


@pytest.mark.parametrize("header", ["", "t=1,v1=", f"t={NOW},v1={'0' * 63}", f"t={NOW}", f"v1={'0' * 64}", "ñ"])
def test_S85_sandbox_notice_without_a_signature_is_refused(header: str) -> None:
    notice = sent()._replace(headers={sandbox.SIGNATURE: header} if header else {})
    assert refusal(Sandbox("http://nowhere", [KEY]), notice) == "signature_missing"


def test_S85_signatures_are_compared_in_constant_time(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[int] = []
    inner = hmac.compare_digest

    def noted(one: Any, other: Any) -> bool:
        compared.append(len(one))
        return inner(one, other)

    monkeypatch.setattr(hmac, "compare_digest", noted)
    Sandbox("http://nowhere", [KEY]).notice(sent(), NOW)
    MercadoPago("t", [SECRET], live=True).notice(mp_notice(), NOW)
    assert compared == [64, 64]


# --- the one who plays it ---------------------------------------------------------------------------------------------


def test_played_provider_keeps_a_providers_rules(played_one: played.Provider) -> None:
    checkout = played_one.answer("POST", "/checkouts", calling(), json.dumps(order()).encode())[1]["id"]
    one = played_one.pay(checkout, "rejected")
    for state in played.NEXT:
        with pytest.raises(played.NotSo):
            played_one.move(one.id, state)
    two = played_one.pay(checkout, "credited")
    played_one.give_back(two.id, 10)
    assert two.money == 24216800
    for cents in (0, -1, 24216800):
        with pytest.raises(played.NotSo):
            played_one.give_back(two.id, cents)
    played_one.move(two.id, "charged_back")
    assert two.money == 0
    assert played_one.answer("POST", f"/attempts/{two.id}/refund", calling("r"), b"")[0] == 409
    assert played_one.changed == [one.id, two.id, two.id, two.id]
    played_one.now = lambda: NOW + 3600
    with pytest.raises(played.NotSo):
        played_one.pay(checkout, "credited")
    assert played_one.answer("GET", "/elsewhere", calling(), b"")[0] == 404


def calling(key: str = "k") -> dict[str, str]:
    return {"authorization": f"Bearer {sandbox.token(KEY)}", "idempotency-key": key}


def order() -> dict[str, Any]:
    return {**ORDER._asdict(), "items": [item._asdict() for item in ORDER.items]}


# --- Mercado Pago: a stand-in of its API ------------------------------------------------------------------------------


class Stand:
    """Answers as Mercado Pago's API does, in its recorded shapes, and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], Any]] = []
        self.payments: dict[str, dict[str, Any]] = {}
        self.fault: tuple[int, Any] | None = None

    def answer(self, method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        told: Any = json.loads(body) if body else None
        self.asked.append((method, target, headers, told))
        if self.fault:
            return self.fault
        if headers.get("authorization") != "Bearer TEST-token":
            return 401, recorded("error_401")
        place = urlsplit(target)
        match method, place.path.strip("/").split("/"):
            case "POST", ["checkout", "preferences"]:
                return 201, {**recorded("preference"), **told}
            case "PUT", ["checkout", "preferences", _]:
                return 200, {**recorded("preference"), **told}
            case "GET", ["v1", "payments", "search"]:
                query = parse_qs(place.query)
                found = [p for p in self.payments.values() if [p["external_reference"]] == query["external_reference"]]
                offset, limit = int(query["offset"][0]), int(query["limit"][0])
                paging = {"total": len(found), "limit": limit, "offset": offset}
                return 200, {"paging": paging, "results": found[offset : offset + limit]}
            case "GET", ["v1", "payments", id] if id in self.payments:
                return 200, self.payments[id]
            case "POST", ["v1", "payments", _, "refunds"]:
                return 201, recorded("refund")
        return 404, recorded("error_404")


@pytest.fixture
def stand() -> Stand:
    return Stand()


@pytest.fixture
def paid(stand: Stand) -> Iterator[MercadoPago]:
    with served(stand.answer) as base:
        yield MercadoPago("TEST-token", [SECRET, OLDER], live=True, base=base)


def test_checkout_is_a_preference_with_amounts_that_are_exact_and_our_key(paid: MercadoPago, stand: Stand) -> None:
    checkout = paid.open(ORDER)
    assert checkout == Checkout(recorded("preference")["id"], recorded("preference")["init_point"])
    ((method, target, headers, told),) = stand.asked
    assert (method, target) == ("POST", "/checkout/preferences")
    assert headers["x-idempotency-key"] == REFERENCE
    assert told == {
        "items": [
            {"title": "Factura B 00205-00001513", "quantity": 1, "unit_price": 242168.0, "currency_id": "ARS"},
            {"title": "Factura B 00205-00001514", "quantity": 1, "unit_price": 0.1, "currency_id": "ARS"},
        ],
        "external_reference": REFERENCE,
        "back_urls": dict.fromkeys(("success", "pending", "failure"), "https://mi.inti.example/pagos"),
        "auto_return": "approved",
        "expires": True,
        "expiration_date_to": "2026-11-29T22:53:20.000-03:00",
        "date_of_expiration": "2026-12-02T22:53:20.000-03:00",
    }


@given(cents=st.integers(1, 10**15))
def test_an_amount_comes_back_as_it_went_through_a_number_of_json(cents: int) -> None:
    there = json.loads(json.dumps({"amount": cents / 100}), parse_float=Decimal)
    assert mercadopago._cents(there["amount"]) == cents


def test_a_fraction_of_a_cent_is_no_amount() -> None:
    assert mercadopago._cents(Decimal("100.5")) == 10050
    with pytest.raises(ProviderRefused):
        mercadopago._cents(Decimal("99.999"))


@pytest.mark.parametrize(
    "place",
    [
        "http://www.mercadopago.com.ar/checkout",
        "https://www.mercadopago.com.ar.evil.example/checkout",
        "https://evil.example/www.mercadopago.com.ar",
        "https://www.mercadopago.com.ar@evil.example/",
        "javascript:alert(1)",
        "",
    ],
)
def test_S62_a_browser_is_sent_to_mercado_pagos_own_pages_alone(paid: MercadoPago, stand: Stand, place: str) -> None:
    stand.fault = 201, {**recorded("preference"), "init_point": place}
    with pytest.raises(ProviderRefused):
        paid.open(ORDER)


def test_a_checkout_is_closed_by_a_time_that_is_over(paid: MercadoPago, stand: Stand) -> None:
    paid.close("202809963-920c288b")
    ((method, target, headers, told),) = stand.asked
    assert (method, target) == ("PUT", "/checkout/preferences/202809963-920c288b")
    assert told["expires"] is True
    assert told["expiration_date_from"] < told["expiration_date_to"] < "1971"
    assert headers["x-idempotency-key"] == "close-202809963-920c288b"


def payment(**more: Any) -> dict[str, Any]:
    return {**recorded("payment"), "external_reference": REFERENCE, **more}


@pytest.mark.parametrize(("status", "state"), sorted(mercadopago.STATES.items()))
def test_an_attempt_is_what_the_payment_says(paid: MercadoPago, stand: Stand, status: str, state: str) -> None:
    stand.payments["1325"] = payment(id=1325, status=status, status_detail="settled")
    disputed = status == "in_mediation"
    told = Attempt("1325", REFERENCE, state, 24216810, "ARS", disputed=disputed)  # type: ignore[arg-type]  # a state
    assert paid.fetch("1325") == told


@pytest.mark.parametrize(
    ("detail", "state"),
    [("in_process", "credited"), ("reimbursed", "credited"), (None, "credited"), ("settled", "charged_back")],
)
def test_S86_a_chargeback_that_is_not_decided_or_was_won_leaves_the_money(
    paid: MercadoPago, stand: Stand, detail: str | None, state: str
) -> None:
    stand.payments["1325"] = payment(id=1325, status="charged_back", status_detail=detail)
    attempt = paid.fetch("1325")
    assert attempt is not None
    assert (attempt.state, attempt.disputed) == (state, state == "credited")


@pytest.mark.parametrize("name", ["payment", "payment_ticket", "payment_refunded_part"])
def test_recorded_payments_are_read(paid: MercadoPago, stand: Stand, name: str) -> None:
    told = recorded(name)
    stand.payments[str(told["id"])] = told
    attempt = paid.fetch(str(told["id"]))
    assert attempt is not None
    assert attempt.reference == told["external_reference"]
    assert attempt.state == {"approved": "credited", "pending": "pending"}[told["status"]]
    assert attempt.cents == round(told["transaction_amount"] * 100)
    assert attempt.refunded == round(told["transaction_amount_refunded"] * 100)


def test_S86_test_money_is_not_real_where_the_stage_is_live(paid: MercadoPago, stand: Stand) -> None:
    stand.payments["1325"] = payment(id=1325, live_mode=False)
    assert paid.fetch("1325").real is False  # type: ignore[union-attr]
    testing = MercadoPago("TEST-token", [SECRET], live=False, base=paid._base)
    assert testing.fetch("1325").real is True  # type: ignore[union-attr]


def test_what_is_not_there_or_of_no_known_state_is_no_money(paid: MercadoPago, stand: Stand) -> None:
    assert paid.fetch("404") is None
    stand.payments["1325"] = payment(id=1325, status="dreamt_of")
    with pytest.raises(ProviderRefused):
        paid.fetch("1325")
    stand.payments["1325"] = payment(id=1325, external_reference=None)
    assert paid.fetch("1325").reference == ""  # type: ignore[union-attr]


def test_every_attempt_of_a_payment_is_found_however_many_pages(paid: MercadoPago, stand: Stand) -> None:
    for number in range(120):
        stand.payments[str(number)] = payment(id=number, status="rejected")
    stand.payments["other"] = payment(id=999, external_reference="c-1." + "b" * 32)
    assert [attempt.id for attempt in paid.attempts(REFERENCE)] == [str(number) for number in range(120)]
    assert len(stand.asked) == 3


def test_a_refund_has_our_key_so_that_it_happens_once(paid: MercadoPago, stand: Stand) -> None:
    one = Attempt("1325", REFERENCE, "credited", 24216810, "ARS")
    for _ in range(2):
        paid.refund(one)
    assert {target for _, target, _, _ in stand.asked} == {"/v1/payments/1325/refunds"}
    assert {headers["x-idempotency-key"] for _, _, headers, _ in stand.asked} == {refund_key(one)}


def test_a_refunds_key_is_the_reference_and_the_attempt_whatever_stands_in_them() -> None:
    one = Attempt("1325", REFERENCE, "credited", 24216810, "ARS")
    others = [one._replace(id="1326"), one._replace(reference="x" * 256), one._replace(reference="ñ")]
    keys = [refund_key(each) for each in (one, *others)]
    assert len(set(keys)) == len(keys)
    assert {len(key) for key in keys} == {64}
    assert refund_key(one._replace(state="refunded", refunded=1)) == refund_key(one)


@pytest.mark.parametrize("status", [409, 423, 424, 429, 500, 502, 503])
def test_what_is_busy_is_unavailable_after_one_try(paid: MercadoPago, stand: Stand, status: int) -> None:
    stand.fault = status, {"message": "later"}
    with pytest.raises(Unavailable) as refused:
        paid.fetch("1325")
    assert str(refused.value) == f"mercadopago: {status}"
    assert len(stand.asked) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 422])
def test_what_is_refused_is_not_asked_again(paid: MercadoPago, stand: Stand, status: int) -> None:
    stand.fault = status, recorded("error_401")
    with pytest.raises(ProviderRefused) as refused:
        paid.open(ORDER)
    assert refused.value.status == status
    assert "TEST-token" not in str(refused.value)
    assert len(stand.asked) == 1


def test_an_answer_that_is_no_json_is_no_answer(paid: MercadoPago, stand: Stand) -> None:
    stand.fault = 200, b"<html>"
    with pytest.raises(Unavailable):
        paid.fetch("1325")


def test_no_redirect_is_followed_and_no_token_goes_elsewhere(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere: list[str] = []

    def noted(method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        elsewhere.append(target)
        return 200, payment()

    with served(noted) as there:
        monkeypatch.setenv("HTTP_PROXY", there)
        monkeypatch.setenv("http_proxy", there)
        stand.fault = 302, {}
        with served(stand.answer) as base, pytest.raises(ProviderRefused):
            MercadoPago("TEST-token", [SECRET], live=True, base=base).fetch("1325")
    assert len(stand.asked) == 1
    assert not elsewhere


def test_who_does_not_answer_is_not_waited_for_past_the_functions_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    assert sum(mercadopago.TIMEOUT) < sam.source()["Globals"]["Function"]["Timeout"]
    monkeypatch.setattr(mercadopago, "TIMEOUT", (0.2, 0.3))
    over = threading.Event()
    asked: list[str] = []

    def silent(method: str, target: str, headers: dict[str, str], body: bytes) -> tuple[int, Any]:
        asked.append(target)
        over.wait(10)
        return 200, payment()

    with served(silent) as base:
        with pytest.raises(Unavailable) as refused:
            MercadoPago("TEST-token", [SECRET], live=True, base=base).fetch("1325")
        over.set()
    assert str(refused.value) == "mercadopago: ReadTimeout"
    assert asked == ["/v1/payments/1325"]
    with pytest.raises(Unavailable):
        MercadoPago("TEST-token", [SECRET], live=True, base=base).fetch("1325")


# --- Mercado Pago: notices --------------------------------------------------------------------------------------------


def mp_notice(
    at: str = str(NOW), key: str = SECRET, attempt: str = "1325", request_id: str | None = "bb56a2f1", **query: str
) -> Notice:
    """A notice as Mercado Pago signs it (docs: "Validate notification origin")."""
    manifest = f"id:{attempt};" + (f"request-id:{request_id};" if request_id else "") + f"ts:{at};"
    made = hmac.new(key.encode(), manifest.encode(), hashlib.sha256).hexdigest()
    headers = {"x-signature": f"ts={at},v1={made}", **({"x-request-id": request_id} if request_id else {})}
    return Notice(headers, {"data.id": attempt, "type": "payment", **query}, b'{"data": {"id": "666"}}')


@pytest.fixture
def listening() -> MercadoPago:
    return MercadoPago("TEST-token", [SECRET, OLDER], live=True)


@pytest.mark.parametrize("at", [str(NOW), f"{NOW}742", str(NOW - 300), f"{NOW + 300}000"])
def test_S85_notice_names_its_attempt_whether_its_time_is_in_seconds_or_milliseconds(
    listening: MercadoPago, at: str
) -> None:
    assert listening.notice(mp_notice(at), NOW) == "1325"
    assert listening.notice(mp_notice(at, OLDER), NOW) == "1325"
    assert listening.notice(mp_notice(at, request_id=None), NOW) == "1325"


@pytest.mark.parametrize(
    "more", ["ts={now},{old}", "{old},ts={now}", "{old},v1={other}", "v1={other},{old}", "{old},x=1"]
)
def test_S85_notice_with_two_times_or_two_signatures_is_none(listening: MercadoPago, more: str) -> None:
    """The age of one would be looked at, and the signature over the other."""
    old = mp_notice(str(NOW - 86400))
    header = more.format(now=NOW, old=old.headers["x-signature"], other="0" * 64)
    assert refusal(listening, old._replace(headers={**old.headers, "x-signature": header})) == "signature_missing"


@pytest.mark.parametrize("at", [str(NOW - 301), f"{NOW - 86400}000", str(NOW + 301)])
def test_S85_notice_of_another_time_is_refused(listening: MercadoPago, at: str) -> None:
    assert refusal(listening, mp_notice(at)) == "age"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "v1=" + "0" * 64,
        f"ts={NOW}",
        "ts=²²²²²²²²²²,v1=" + "0" * 64,
        f"ts={NOW},v1=ñ",
        f"ts={'9' * 12},v1={'0' * 64}",
        f"ts={NOW},v1=" + "0" * 300,
    ],
)
def test_S85_notice_without_a_signature_of_theirs_is_refused(listening: MercadoPago, header: str | None) -> None:
    notice = mp_notice()
    headers = {**notice.headers, "x-signature": header} if header is not None else {"x-request-id": "bb56a2f1"}
    assert refusal(listening, notice._replace(headers=headers)) in {"signature_missing", "signature"}


@given(data=st.data())
def test_S85_notice_altered_by_one_sign_is_nobodys(data: Any) -> None:
    listening, notice = MercadoPago("TEST-token", [SECRET], live=True), mp_notice()
    part = data.draw(st.sampled_from(["v1", "id", "request", "ts"]))
    text = {
        "v1": notice.headers["x-signature"].partition("v1=")[2],
        "id": notice.query["data.id"],
        "request": notice.headers["x-request-id"],
        "ts": str(NOW),
    }[part]
    at = data.draw(st.integers(0, len(text) - 1))
    sign = data.draw(st.sampled_from("0123456789abcdef").filter(lambda one: one != text[at]))
    if part == "ts":
        sign = data.draw(st.sampled_from("0123456789").filter(lambda one: one != text[at]))
    altered = text[:at] + sign + text[at + 1 :]
    headers, query = dict(notice.headers), dict(notice.query)
    if part == "v1":
        headers["x-signature"] = f"ts={NOW},v1={altered}"
    elif part == "ts":
        headers["x-signature"] = headers["x-signature"].replace(f"ts={NOW}", f"ts={altered}")
    elif part == "id":
        query["data.id"] = altered
    else:
        headers["x-request-id"] = altered
    assert refusal(listening, Notice(headers, query, b"")) == "signature"


def test_S86_body_of_a_notice_says_nothing(listening: MercadoPago) -> None:
    for body in (b"", b"\xff", b'{"data": {"id": "666"}, "action": "payment.updated"}'):
        assert listening.notice(mp_notice()._replace(body=body), NOW) == "1325"


@pytest.mark.parametrize(
    ("attempt", "query"), [("1325", {"type": "merchant_order"}), ("13x", {}), ("../666", {}), ("9" * 21, {})]
)
def test_a_signed_notice_of_something_else_names_no_attempt(
    listening: MercadoPago, attempt: str, query: dict[str, str]
) -> None:
    assert listening.notice(mp_notice(attempt=attempt, **query), NOW) is None
