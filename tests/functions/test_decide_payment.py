"""Staff decides about payments: settled by hand, or given back; money moves by what the provider tells alone (S86)."""

from typing import Any

import pytest

from miinti.payments import mercadopago, sandbox, store
from miinti.payments.provider import Attempt
from tests.cloud import Cloud
from tests.payments import NOW, RECEIPT, Client, quiet
from tests.staff import asked, declined, done, trail


@pytest.fixture
def ana(cloud: Cloud) -> Client:
    return Client(cloud, 10000, 20000)


def desk(ana: Client, pid: str) -> Any:
    return ana.row(pid).get("desk")


def decide(ana: Client, action: str, pid: str, **given: str) -> Any:
    return done(ana.cloud, "decide_payment", f"{action}_payment", payment=ana.told_as(pid), **given)


def refused(ana: Client, action: str, told: str, **given: str) -> str:
    return declined(ana.cloud, "decide_payment", f"{action}_payment", payment=told, **given)


def credited(ana: Client, *docs: str, key: str = "k-1") -> tuple[str, str]:
    pid = ana.started(*docs, key=key)
    attempt = ana.pay(pid)
    ana.told(attempt)
    return pid, attempt


def test_a_receipt_that_no_rule_takes_settles_by_hand_and_settles_no_other(ana: Client) -> None:
    pid, _ = credited(ana)
    ana.receipt(ana.docs[0], 9000, "2026-11-24")
    assert desk(ana, pid) == "UNSETTLED"
    decide(ana, "settle", pid, receipt=RECEIPT)
    row = ana.row(pid)
    assert (row["state"], int(row["credited"]), row["receipt"], desk(ana, pid)) == ("credited", 10000, RECEIPT, None)
    assert ana.show(pid)["state_label"] == "Imputado"
    assert ana.held() == {}
    (debt,) = [one for one in ana.cloud.rows("PaymentsTable") if one["sk"] == f"DEBT#{ana.docs[0]}"]
    assert debt["used"] == [RECEIPT]
    (act,) = trail(ana.cloud)
    assert (act["action"], act["person"], act["company"]) == ("settle_payment", "a1", "c-27334")
    assert (act["payment"], act["target"]) == (ana.told_as(pid), RECEIPT)
    assert ana.checkout(pid).closed


def test_a_receipt_settles_one_payment_of_a_document_by_hand_too(ana: Client) -> None:
    """What it paid of a document before a payment began is not that payment's either."""
    first, attempt = credited(ana)
    ana.receipt(ana.docs[0], 9000, "2026-11-24")
    decide(ana, "settle", first, receipt=RECEIPT)
    second, _ = credited(ana, key="k-2")
    assert refused(ana, "settle", ana.told_as(second), receipt=RECEIPT) == "receipt_used"
    assert (desk(ana, second), list(ana.held().values())) == ("UNSETTLED", [second])
    # Money that comes for the first one once more is attended to by its own receipt.
    ana.cloud.provider.attempts[attempt].refunded = 100
    ana.told(attempt)
    assert desk(ana, first) == "HELD"
    decide(ana, "settle", first, receipt=RECEIPT)
    assert desk(ana, first) is None


def test_a_receipt_that_settled_a_payment_which_was_begun_before_it_settles_no_other(ana: Client) -> None:
    first, _ = credited(ana)
    decide(ana, "settle", first, reason="a mano")
    second, _ = credited(ana, key="k-2")
    ana.receipt(ana.docs[0], 9000, "2026-11-24")
    decide(ana, "settle", second, receipt=RECEIPT)
    ana.checkout(first).closed = False
    ana.told(ana.pay(first))
    assert refused(ana, "settle", ana.told_as(first), receipt=RECEIPT) == "receipt_used"


def test_a_reason_settles_too_and_the_client_is_told_so(ana: Client) -> None:
    pid, _ = credited(ana)
    decide(ana, "settle", pid, reason="Imputado con los recibos 900 y 901")
    assert (desk(ana, pid), ana.held(), ana.show(pid)["state_label"]) == (None, {}, "Resuelto por el INTI")
    assert trail(ana.cloud)[0]["why"] == "Imputado con los recibos 900 y 901"
    assert refused(ana, "settle", ana.told_as(pid), reason="otra vez") == "nothing_to_settle"


def test_S86_money_that_comes_after_a_settlement_by_hand_is_late_and_holds_its_documents_again(
    ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = ana.started()
    other = ana.pay(pid)
    ana.cloud.provider.attempts[other].cents = 9000
    ana.told(other)
    unseen = ana.pay(pid)
    inner = sandbox.Sandbox.attempts
    monkeypatch.setattr(
        sandbox.Sandbox, "attempts", lambda made, of: [one for one in inner(made, of) if one.id != unseen]
    )
    decide(ana, "settle", pid, reason="9000 devueltos por transferencia")
    assert (desk(ana, pid), ana.held()) == (None, {})
    ana.told(unseen)
    row = ana.row(pid)
    assert (row["state"], row["held"], desk(ana, pid)) == ("credited", ["amount", "late"], "HELD")
    assert ana.held() == {ana.docs[0]: pid}
    decide(ana, "settle", pid, reason="visto")
    assert (desk(ana, pid), ana.held()) == (None, {})


def test_what_cannot_be_settled_is_declined_and_nothing_moves(ana: Client) -> None:
    pid, _ = credited(ana)
    told = ana.told_as(pid)
    assert refused(ana, "settle", told) == "receipt_or_reason"
    assert refused(ana, "settle", told, receipt=RECEIPT, reason="x") == "receipt_or_reason"
    assert refused(ana, "settle", told, receipt=RECEIPT) == "receipt_unknown"
    for reason in ("x" * 201, "a\nb"):
        assert refused(ana, "settle", told, reason=reason) == "reason_wrong"
    assert refused(ana, "settle", "c-27334." + "0" * 32, reason="x") == "payment_unknown"
    waiting = ana.started(ana.docs[1], key="k-2")
    assert refused(ana, "settle", ana.told_as(waiting), reason="x") == "nothing_to_settle"


def test_S86_while_somebody_still_pays_nothing_is_settled(ana: Client) -> None:
    """Another card is on its way, and no notice has told of it."""
    pid = ana.started()
    good, _ = ana.pay(pid), ana.pay(pid, "in_process")
    ana.told(good)
    order = {"payment": ana.told_as(pid), "reason": "x"}
    assert asked(ana.cloud, "decide_payment", "settle_payment", **order) == {"declined": "payment_alive"}
    assert list(ana.held().values()) == [pid]


def test_S86_what_was_shut_for_a_settlement_that_is_declined_is_offered_to_nobody(ana: Client) -> None:
    pid = ana.started()
    other, _ = ana.pay(pid), ana.pay(pid, "in_process")
    ana.cloud.provider.attempts[other].cents = 9000
    ana.told(other)
    order = {"payment": ana.told_as(pid), "reason": "x"}
    assert asked(ana.cloud, "decide_payment", "settle_payment", **order) == {"declined": "payment_alive"}
    assert ana.checkout(pid).closed
    assert ana.show(pid)["redirect_url"] is None


def test_S86_money_that_differs_goes_back_and_the_documents_are_free(ana: Client) -> None:
    pid = ana.started()
    attempt = ana.pay(pid)
    ana.cloud.provider.attempts[attempt].cents = 9999
    ana.told(attempt)
    assert desk(ana, pid) == "HELD"
    assert decide(ana, "refund", pid, all="True")["state"] in ("cancelled", "created")
    row = ana.row(pid)
    assert (int(row["credited"]), int(row["surplus"]), row["held"], desk(ana, pid)) == (0, 0, [], None)
    assert ana.cloud.provider.attempts[attempt].money == 0
    (act,) = trail(ana.cloud)
    assert (act["action"], act["target"]) == ("refund_payment", attempt)


def test_S86_money_that_differs_may_be_settled_by_the_receipt_it_came_to(ana: Client) -> None:
    pid = ana.started()
    attempt = ana.pay(pid)
    ana.cloud.provider.attempts[attempt].cents = 9999
    ana.told(attempt)
    ana.receipt(ana.docs[0], 9999, "2026-11-24")
    decide(ana, "settle", pid, receipt=RECEIPT)
    row = ana.row(pid)
    assert (int(row["credited"]), int(row["surplus"]), desk(ana, pid), ana.held()) == (0, 9999, None, {})
    assert ana.show(pid)["state_label"] == "Imputado"


def test_the_second_of_two_goes_back_and_the_payment_stays(ana: Client) -> None:
    pid, first = credited(ana)
    # The provider had it before the checkout was shut, and tells of it later.
    ana.checkout(pid).closed = False
    twice = ana.pay(pid)
    ana.told(twice)
    assert (ana.row(pid)["held"], desk(ana, pid)) == (["duplicate"], "HELD")
    ana.receipt(ana.docs[0], 10000, "2026-11-24")
    # Its receipt settles it; what came besides still waits.
    decide(ana, "settle", pid, receipt=RECEIPT)
    assert desk(ana, pid) == "HELD"
    assert refused(ana, "refund", ana.told_as(pid)) == "attempt_or_all"
    assert refused(ana, "refund", ana.told_as(pid), attempt="nobodys") == "nothing_to_refund"
    decide(ana, "refund", pid, attempt=twice)
    row = ana.row(pid)
    assert (row["state"], int(row["credited"]), int(row["surplus"]), desk(ana, pid)) == ("credited", 10000, 0, None)
    assert [ana.cloud.provider.attempts[one].money for one in (first, twice)] == [10000, 0]


def test_a_whole_payment_goes_back_once_and_its_documents_can_be_paid_again(ana: Client) -> None:
    pid, attempt = credited(ana)
    assert decide(ana, "refund", pid, all="True") == {
        "payment": ana.told_as(pid),
        "attempts": attempt,
        "not_refunded": None,
        "state": "refunded",
    }
    assert ana.held() == {}
    assert refused(ana, "refund", ana.told_as(pid), all="True") == "nothing_to_refund"
    assert ana.start(ana.docs[0], key="k-2").status == 201


def test_what_the_provider_gives_back_goes_back_though_it_refuses_another(ana: Client) -> None:
    pid, first = credited(ana)
    ana.checkout(pid).closed = False
    twice = ana.pay(pid)
    ana.told(twice)
    ana.cloud.provider.attempts[first].state = "charged_back"
    told = decide(ana, "refund", pid, all="True")
    assert (told["attempts"], told["not_refunded"]) == (twice, first)
    assert ana.cloud.provider.attempts[twice].money == 0


def test_other_money_of_the_same_kind_and_sum_is_not_what_staff_has_seen(ana: Client) -> None:
    pid = ana.started()

    def comes() -> str:
        attempt = ana.pay(pid)
        ana.cloud.provider.attempts[attempt].cents = 9999
        ana.told(attempt)
        return attempt

    one = comes()
    decide(ana, "settle", pid, reason="visto")
    ana.cloud.provider.attempts[one].state = "refunded"
    ana.told(one)
    assert desk(ana, pid) is None
    # The provider had it before the checkout was shut, and tells of it later.
    ana.checkout(pid).closed = False
    comes()
    assert desk(ana, pid) == "HELD"


def test_what_staff_attended_to_stays_attended_when_part_of_it_goes_back(ana: Client) -> None:
    attempt = ana.pay(ana.started())
    ana.cloud.provider.attempts[attempt].reference = "somebody else's"
    ana.told(attempt)
    done(ana.cloud, "decide_payment", "settle_payment", payment=f"sandbox#{attempt}", reason="Del otro portal")
    ana.cloud.provider.attempts[attempt].refunded = 500
    ana.told(attempt)
    (row,) = [row for row in ana.cloud.rows("PaymentsTable") if row["pk"] == "HELD"]
    assert (int(row["refunded"]), row.get("desk"), row["reason"]) == (500, None, "Del otro portal")


def test_an_attempt_of_no_payment_here_is_given_back_or_attended_to(ana: Client) -> None:
    lost = [ana.pay(ana.started(doc, key=f"k-{doc}")) for doc in ana.docs]
    for attempt in lost:
        ana.cloud.provider.attempts[attempt].reference = "somebody else's"
        ana.told(attempt)
    one, other = (f"sandbox#{attempt}" for attempt in lost)
    assert done(ana.cloud, "decide_payment", "refund_payment", payment=one, all="True")["state"] == "refunded"
    assert refused(ana, "settle", other, receipt=RECEIPT) == "receipt_or_reason"
    done(ana.cloud, "decide_payment", "settle_payment", payment=other, reason="Del otro portal")
    rows = [row for row in ana.cloud.rows("PaymentsTable") if row["pk"] == "HELD"]
    assert {row["sk"]: (row["state"], row.get("desk")) for row in rows} == {
        one: ("refunded", None),
        other: ("credited", None),
    }
    assert refused(ana, "settle", other, reason="x") == "nothing_to_settle"


def test_what_comes_to_light_on_the_way_is_told_of_as_ever(ana: Client) -> None:
    """A first try that differs is held; a second one came meanwhile, and no notice told of it."""
    pid = ana.started()
    differs = ana.pay(pid)
    ana.cloud.provider.attempts[differs].cents = 9999
    ana.told(differs)
    ana.pay(pid)
    decide(ana, "settle", pid, reason="x")
    assert (ana.row(pid)["state"], int(ana.row(pid)["credited"])) == ("credited", 10000)
    assert [mail["template"] for mail in ana.cloud.mails()] == ["payment_receipt"]


def test_mercado_pago_gives_back_what_is_of_no_payment_here(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    came = Attempt("77", "somebody else's", "credited", 9900, "ARS")
    asked_for: list[Attempt] = []
    monkeypatch.setattr(mercadopago.MercadoPago, "refund", lambda _, attempt: asked_for.append(attempt))
    monkeypatch.setattr(mercadopago.MercadoPago, "fetch", lambda *_: came._replace(state="refunded", refunded=9900))
    cloud.payment_provider = "mercadopago"
    with cloud.as_function("decide_payment"):
        store.apply("mercadopago", came, NOW, quiet)
    told = done(cloud, "decide_payment", "refund_payment", payment="mercadopago#77", all="True")
    assert told == {"payment": "mercadopago#77", "attempts": "77", "not_refunded": None, "state": "refunded"}
    assert asked_for == [came]
    cloud.payment_provider = "sandbox"
    with cloud.as_function("decide_payment"):
        store.apply("mercadopago", came._replace(id="78"), NOW, quiet)
    cloud.forget("decide_payment")
    order = {"payment": "mercadopago#78", "all": "True"}
    assert asked(cloud, "decide_payment", "refund_payment", **order) == {"declined": "provider_gone"}


def test_R11_a_provider_that_is_away_refused_or_gone_is_told(ana: Client) -> None:
    pid, attempt = credited(ana)
    told = ana.told_as(pid)
    ana.cloud.away = True
    assert asked(ana.cloud, "decide_payment", "refund_payment", payment=told, all="True") == {"declined": "unavailable"}
    ana.cloud.away = False
    ana.cloud.provider.attempts[attempt].state = "charged_back"
    assert asked(ana.cloud, "decide_payment", "refund_payment", payment=told, all="True") == {
        "declined": "provider_refused"
    }
    # Each was noted before the provider was asked.
    assert [row["action"] for row in trail(ana.cloud)] == ["refund_payment", "refund_payment"]
    assert ana.row(pid)["state"] == "credited"


def test_S77_what_cannot_be_noted_is_not_given_back(ana: Client) -> None:
    pid, attempt = credited(ana)
    ana.cloud.faults["dynamodb:PutItem"] = ConnectionError()
    with pytest.raises(ConnectionError):
        asked(ana.cloud, "decide_payment", "refund_payment", payment=ana.told_as(pid), all="True")
    ana.cloud.faults.clear()
    assert ana.cloud.provider.attempts[attempt].money == 10000
