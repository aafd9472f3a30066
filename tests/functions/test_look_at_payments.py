"""Staff looks at payments: what is held, what waits for its receipt, one of them; each look is in the trail."""

import time_machine

from tests.cloud import Cloud
from tests.payments import Client
from tests.staff import acts, declined, done

DAY = 86400


def listed(cloud: Cloud, action: str, **given: str) -> list[str]:
    return [row["id"] for row in done(cloud, "look_at_payments", action, **given)["payments"]]


def test_what_differs_came_twice_or_is_of_no_payment_is_listed_and_nothing_else(cloud: Cloud) -> None:
    ana = Client(cloud, 10000, 20000, 30000, 40000)
    differs, twice, good, stranger = (ana.started(doc, key=f"k-{doc}") for doc in ana.docs)
    attempt = ana.pay(differs)
    cloud.provider.attempts[attempt].cents = 9999
    ana.told(attempt)
    both = [ana.pay(twice), ana.pay(twice)]
    for one in (*both, ana.pay(good)):
        ana.told(one)
    lost = ana.pay(stranger)
    cloud.provider.attempts[lost].reference = "somebody else's"
    ana.told(lost)
    told = done(cloud, "look_at_payments", "payments_held")
    assert {(row["id"], row["why"], row["credited"], row["surplus"]) for row in told["payments"]} == {
        (ana.told_as(differs), "amount", "0.00", "99.99"),
        (ana.told_as(twice), "duplicate", "200.00", "200.00"),
        (f"sandbox#{lost}", "not_ours", "0.00", "400.00"),
    }
    assert told["more"] is None
    assert listed(cloud, "payments_unsettled") == [ana.told_as(good)]
    assert acts(cloud) == [("payments_held", None, None), ("payments_unsettled", None, None)]


def test_a_list_goes_on_where_it_stopped_and_the_longest_waiting_is_first(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    ana = Client(cloud, 1, 2, 3)
    expected = []
    for doc in ana.docs:
        expected.append(ana.told_as(ana.started(doc, key=f"k-{doc}")))
        ana.told(ana.pay(expected[-1].partition(".")[2]))
        clock.shift(60)
    vars(cloud.function("look_at_payments"))["MOST"] = 2
    first = done(cloud, "look_at_payments", "payments_unsettled")
    assert [row["id"] for row in first["payments"]] == expected[:2]
    assert listed(cloud, "payments_unsettled", after=first["more"]) == expected[2:]


def test_one_payment_is_shown_with_its_attempts_and_the_receipts_of_its_documents(cloud: Cloud) -> None:
    ana = Client(cloud, 10000)
    pid = ana.started()
    attempt = ana.pay(pid)
    ana.told(attempt)
    ana.receipt(ana.docs[0], 9000, "2026-11-24")
    told = done(cloud, "look_at_payments", "payment", payment=ana.told_as(pid))
    assert (told["payment"]["state"], told["payment"]["person"]) == ("credited", "a1")
    (one,) = told["attempts"]
    assert one == {"id": attempt, "state": "credited", "amount": "100.00", "refunded": "0.00", "why": None}
    assert told["documents"] == [{"id": ana.docs[0], "amount": "100.00"}]
    (receipt,) = told["receipts"]
    assert (receipt["document"], receipt["date"], receipt["amount"]) == (ana.docs[0], "2026-11-24", "90.00")
    assert acts(cloud) == [("payment", "a1", "c-27334")]
    assert "redirect_url" not in str(told)


def test_what_is_none_is_declined(cloud: Cloud) -> None:
    Client(cloud, 10000)
    for none in ("c-27334." + "0" * 32, "sandbox#1", "x", "a#b\n"):
        assert declined(cloud, "look_at_payments", "payment", payment=none) == "payment_unknown"
    assert declined(cloud, "look_at_payments", "payment") == "missing_payment"
    assert listed(cloud, "payments_held", after="x") == []
