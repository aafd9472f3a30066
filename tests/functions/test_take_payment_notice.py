"""POST /v1/payment/notifications/{provider}: a notice is believed by its signature and its time, and says which attempt
to ask for; nothing else of it is read."""

import datetime as dt
import hashlib
import hmac
import io
import json
from typing import Any

import pytest
import time_machine
from hypothesis import given
from hypothesis import strategies as st

from miinti import clock as clocks
from miinti.accounts import throttles
from miinti.payments import sandbox
from miinti.payments.provider import AGE
from tests.cloud import Answered, Cloud, lines, moto_cloud
from tests.payments import Client, queued

HERE = {"provider": "sandbox"}


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Client:
    return Client(cloud, 10000)


def sent(cloud: Cloud, body: bytes, *, at: int = 0, key: bytes | None = None, **more: Any) -> Answered:
    now = clocks.now() + at
    headers = {sandbox.SIGNATURE: sandbox.signature(key or cloud.provider.key, now, body)}
    return cloud.call("take_payment_notice", raw=body, headers=headers, path=HERE, **more)


def bodies(cloud: Cloud) -> list[Any]:
    return [json.loads(record["body"]) for record in queued(cloud)]


def test_a_notice_is_queued_by_its_attempt_with_one_call_and_answered_at_once(ana: Client) -> None:
    attempt = ana.pay(ana.started())
    before = ana.cloud.kept()
    ana.cloud.counted()
    answer = ana.notify(attempt)
    assert ana.cloud.counted() == {"sqs:SendMessage": 1}
    assert (answer.status, answer.json) == (200, {})
    assert bodies(ana.cloud) == [{"provider": "sandbox", "attempt": attempt}]
    # The provider is not asked here, and no money moves.
    assert ana.cloud.kept() == before


def test_S86_nothing_of_a_notice_is_believed_but_its_attempts_id(ana: Client) -> None:
    body = b'{"attempt": "123", "state": "credited", "cents": 1, "reference": "c-1.x"}'
    assert sent(ana.cloud, body).status == 200
    assert bodies(ana.cloud) == [{"provider": "sandbox", "attempt": "123"}]


@pytest.mark.parametrize("body", [b'{"attempt": "../1"}', b'{"attempt": 1}', b'{"x": 1}'])
def test_a_notice_of_no_attempt_is_answered_and_not_queued(ana: Client, body: bytes) -> None:
    assert sent(ana.cloud, body).status == 200
    assert bodies(ana.cloud) == []


def test_S85_the_signature_is_over_the_bytes_as_they_came(cloud: Cloud, clock: time_machine.Traveller) -> None:
    """API Gateway hands over as Base64 what is no text: and what is text may be signed with blanks of its own."""
    for body in (b'{ "attempt" :"1"}\n', '{"attempt":"1","n":"ñ"}'.encode("utf-16")):
        event = {"raw": body, "path": HERE}
        signed = {sandbox.SIGNATURE: sandbox.signature(cloud.provider.key, clocks.now(), body)}
        assert cloud.call("take_payment_notice", headers=signed, **event).status == 200
        assert (
            cloud.call("take_payment_notice", headers={**signed, "Content-Type": "text/plain"}, **event).status == 200
        )
    assert bodies(cloud) == [{"provider": "sandbox", "attempt": "1"}] * 4


@pytest.mark.parametrize(("at", "status"), [(-AGE, 200), (AGE, 200), (-AGE - 1, 401), (AGE + 1, 401), (-86400, 401)])
def test_S85_a_notice_is_good_for_five_minutes_around_its_time(ana: Client, at: int, status: int) -> None:
    assert sent(ana.cloud, b'{"attempt": "1"}', at=at).status == status
    assert len(bodies(ana.cloud)) == (status == 200)


@given(data=st.data())
def test_S85_one_byte_altered_is_nobodys(data: st.DataObject) -> None:
    body = b'{"attempt": "0000112345"}'
    at, byte = data.draw(st.integers(0, len(body) - 1)), data.draw(st.integers(0, 255))
    altered = body[:at] + bytes([byte]) + body[at + 1 :]
    with pytest.MonkeyPatch.context() as patch, moto_cloud(patch) as cloud:
        headers = {sandbox.SIGNATURE: sandbox.signature(cloud.provider.key, clocks.now(), body)}
        answer = cloud.call("take_payment_notice", raw=altered, headers=headers, path=HERE)
        assert answer.status == (200 if altered == body else 401)
        assert len(queued(cloud)) == (altered == body)


@pytest.mark.parametrize("signature", ["", "t=1,v1=", "x", "t=9999999999,v1=" + "0" * 64, "v1=" + "0" * 64, "ñ"])
def test_S85_all_that_is_not_signed_gets_one_answer_and_the_log_knows_why(
    ana: Client, log: io.StringIO, signature: str
) -> None:
    forged = ana.cloud.call(
        "take_payment_notice", raw=b'{"attempt":"1"}', headers={sandbox.SIGNATURE: signature}, path=HERE
    )
    other = sent(ana.cloud, b'{"attempt":"1"}', key=b"x" * 32)
    old = sent(ana.cloud, b'{"attempt":"1"}', at=-3600)
    assert forged.raw == other.raw == old.raw
    assert (forged.status, forged.code) == (401, "invalid_signature")
    told = [line for line in lines(log) if line.get("action") == "take_payment_notice"]
    assert [line["why"] for line in told[1:]] == ["signature", "age"]
    assert told[0]["why"] in ("signature_missing", "signature")
    assert bodies(ana.cloud) == []


def test_S85_a_replay_makes_us_ask_again_and_no_more(ana: Client) -> None:
    attempt = ana.pay(ana.started())
    assert [ana.notify(attempt).status for _ in range(2)] == [200, 200]
    first, again = queued(ana.cloud)
    ana.cloud.invoke("apply_payment", {"Records": [first]})
    before = ana.cloud.kept()
    ana.cloud.invoke("apply_payment", {"Records": [again]})
    assert ana.cloud.kept() == before


@pytest.mark.parametrize("provider", ["mercadopago", "paypal", "SANDBOX", "", "../sandbox"])
def test_S46_another_provider_than_the_stages_is_not_there(ana: Client, provider: str) -> None:
    """A stage that takes real money has no door for the sandbox's notices, however they are signed."""
    headers, body = ana.cloud.provider.notice("1", clocks.now())
    answer = ana.cloud.call("take_payment_notice", raw=body, headers=headers, path={"provider": provider})
    assert (answer.status, answer.code) == (404, "not_found")
    assert bodies(ana.cloud) == []


def test_S86_the_sandbox_moves_nothing_where_mercado_pago_takes_the_money(cloud: Cloud) -> None:
    headers, body = cloud.provider.notice("1", clocks.now())
    cloud.payment_provider = "mercadopago"
    assert cloud.call("take_payment_notice", raw=body, headers=headers, path=HERE).status == 404
    refused = cloud.call("take_payment_notice", raw=body, headers=headers, path={"provider": "mercadopago"})
    assert (refused.status, refused.code) == (401, "invalid_signature")


@pytest.mark.parametrize(
    ("altered", "status"), [({}, 200), ({"data.id": "124"}, 401), ({"type": "merchant_order"}, 200)]
)
def test_S85_mercado_pagos_notice_is_known_by_its_query_whatever_else_stands_there(
    cloud: Cloud, clock: time_machine.Traveller, altered: dict[str, str], status: int
) -> None:
    cloud.payment_provider = "mercadopago"
    now = clocks.now()
    told = f"id:123;request-id:r-9;ts:{now};".encode()
    signature = hmac.new(b"s" * 64, told, hashlib.sha256).hexdigest()
    answer = cloud.call(
        "take_payment_notice",
        raw=b'{"action": "payment.updated", "data": {"id": "999"}}',
        query={"data.id": "123", "type": "payment", "source_news": "webhooks", **altered},
        headers={"x-signature": f"ts={now},v1={signature}", "x-request-id": "r-9"},
        path={"provider": "mercadopago"},
    )
    assert answer.status == status
    queue = [{"provider": "mercadopago", "attempt": "123"}] if status == 200 and "type" not in altered else []
    assert bodies(cloud) == queue


def test_S18_a_network_sends_so_many_a_minute(ana: Client) -> None:
    ana.cloud.ip_limits = "on"
    now = dt.datetime.now(dt.UTC)  # all within one minute
    with pytest.MonkeyPatch.context() as patch, time_machine.travel(now, tick=False):
        patch.setattr(throttles, "PER_MINUTE", {"notice": 3})
        assert [sent(ana.cloud, b'{"attempt":"1"}').status for _ in range(4)] == [200, 200, 200, 429]
        assert sent(ana.cloud, b'{"attempt":"1"}', client="198.51.100.9").status == 200
