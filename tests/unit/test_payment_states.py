"""A payment by its attempts: what they come to, in whatever order they are seen."""

from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miinti.payments import states
from miinti.payments.provider import Attempt, AttemptState
from miinti.payments.states import DAY, FORWARD, GRACE, HOUR, SOON, Money, Seen
from tests.payments import NOW

REFERENCE = "c-27334." + "a" * 32


def payment(**more: Any) -> dict[str, Any]:
    row = {
        "id": "a" * 32,
        "company": "c-27334",
        "cents": 10000,
        "currency": "ARS",
        "attempts": {},
        "holds": True,
        "created_at": NOW,
        "expires_at": NOW + HOUR,
        **more,
    }
    return states.derived(row, NOW)


def attempt(id: str, state: AttemptState, *, cents: int = 10000, refunded: int = 0, **more: Any) -> Attempt:
    return Attempt(id, REFERENCE, state, cents, more.pop("currency", "ARS"), refunded, **more)


def after(row: dict[str, Any], *seen: Attempt, now: int = NOW) -> dict[str, Any]:
    for one in seen:
        row = states.applied(row, one, now) or row
    return row


def test_forward_names_every_state_once() -> None:
    assert sorted(FORWARD) == sorted(get_args(AttemptState))


@pytest.mark.parametrize(
    ("attempts", "closed", "state"),
    [
        ([], None, "created"),
        ([], "expired", "expired"),
        (["pending"], None, "pending"),
        (["in_process"], None, "in_process"),
        (["pending", "in_process"], None, "in_process"),
        (["rejected"], None, "rejected"),
        (["rejected"], "expired", "expired"),
        (["rejected", "pending"], None, "pending"),
        (["rejected", "credited"], None, "credited"),
        (["expired"], None, "created"),
        (["cancelled"], "cancelled", "cancelled"),
        (["credited", "pending"], None, "credited"),
        (["credited"], "expired", "credited"),
        (["refunded"], None, "refunded"),
        (["refunded", "rejected"], "cancelled", "refunded"),
        (["refunded", "credited"], None, "credited"),
        (["charged_back", "refunded"], None, "charged_back"),
    ],
)
def test_a_payment_is_what_its_attempts_make_it(attempts: list[AttemptState], closed: Any, state: str) -> None:
    row = after(payment(), *(attempt(str(n), one) for n, one in enumerate(attempts)))
    assert states.derived({**row, **({"closed": closed, "closed_at": NOW} if closed else {})}, NOW)["state"] == state


def test_what_is_seen_again_or_late_is_nothing_new() -> None:
    row = after(payment(), attempt("1", "credited"))
    for state in FORWARD[: FORWARD.index("credited") + 1]:
        assert states.applied(row, attempt("1", state), NOW + 1) is None
    assert after(row, attempt("1", "refunded", refunded=10000))["state"] == "refunded"


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({"cents": 9999}, ["amount"]),
        ({"cents": 10001}, ["amount"]),
        ({"currency": "USD"}, ["currency"]),
        ({"real": False}, ["test"]),
        ({"cents": 1, "currency": "USD", "real": False}, ["amount", "currency", "test"]),
    ],
)
def test_S86_money_that_differs_is_held_and_never_credited(wrong: dict[str, Any], why: list[str]) -> None:
    row = after(payment(), attempt("1", "credited", **wrong))
    assert (row["state"], row["credited"], row["held"]) == ("in_process", 0, why)
    assert row["surplus"] == wrong.get("cents", 10000)
    assert "credited_at" not in row
    # While somebody looks at it nobody pays its documents again.
    assert states.over(row, NOW + 30 * DAY) is None
    gone = after(row, attempt("1", "refunded", refunded=wrong.get("cents", 10000), **wrong))
    assert (gone["surplus"], gone["held"]) == (0, [])
    assert states.over(gone, NOW + HOUR + GRACE) == "expired"


def test_a_second_credited_attempt_is_counted_apart() -> None:
    row = after(payment(), attempt("7", "credited"), attempt("9", "credited"))
    assert (row["state"], row["credited"], row["surplus"], row["held"]) == ("credited", 10000, 10000, ["duplicate"])
    # Whichever of them goes back, the other one stays.
    for id in ("7", "9"):
        one = after(row, attempt(id, "refunded", refunded=10000))
        assert (one["state"], one["credited"], one["surplus"], one["held"]) == ("credited", 10000, 0, [])


def test_money_for_a_closed_payment_is_credited_and_told_to_staff() -> None:
    row = after(payment(closed="expired", closed_at=NOW, holds=False), attempt("7", "credited"))
    assert (row["state"], row["credited"], row["held"]) == ("credited", 10000, ["late"])


def test_what_goes_back_in_part_is_no_longer_counted() -> None:
    row = after(payment(), attempt("7", "credited"), attempt("7", "credited", refunded=3000))
    assert (row["state"], row["credited"], row["held"]) == ("credited", 7000, ["partly_refunded"])


def test_money_that_goes_back_after_the_receipt_is_told_to_staff() -> None:
    row = after(payment(settled_at=NOW, holds=False), attempt("7", "credited"), attempt("7", "charged_back"))
    assert (row["state"], row["credited"], row["held"]) == ("charged_back", 0, ["reversed"])


sights = st.lists(
    st.builds(
        lambda place, state, cents, refunded, currency: attempt(
            place, state, cents=cents, refunded=min(refunded, cents), currency=currency
        ),
        st.sampled_from(["1", "2", "10"]),
        st.sampled_from(FORWARD),
        st.sampled_from([10000, 10000, 10000, 9999]),
        st.sampled_from([0, 0, 500, 10000]),
        st.sampled_from(["ARS", "ARS", "ARS", "USD"]),
    ),
    max_size=8,
)
ENDS = ("attempts", "state", "credited", "surplus", "held")


@given(seen=sights, data=st.data())
def test_S86_any_order_and_any_repetition_come_to_the_same_end(seen: list[Attempt], data: Any) -> None:
    shuffled = data.draw(st.permutations([*seen, *data.draw(st.lists(st.sampled_from(seen)) if seen else st.just([]))]))
    one, other = after(payment(), *seen), after(payment(), *shuffled)
    assert {name: one[name] for name in ENDS} == {name: other[name] for name in ENDS}


@given(seen=sights)
def test_S86_what_counts_and_what_is_held_are_together_all_that_there_is(seen: list[Attempt]) -> None:
    row = after(payment(), *seen)
    known = states.of(row)
    there = sum(one.cents - one.refunded for one in known.values() if one.state == "credited")
    assert row["credited"] + row["surplus"] == there
    assert row["credited"] <= 10000
    assert row["surplus"] >= 0
    assert (row["state"] == "credited") == any(one.state == "credited" and not one.held for one in known.values())


@given(seen=sights)
def test_S86_an_attempt_only_goes_forward(seen: list[Attempt]) -> None:
    row = payment()
    for one in seen:
        before = states.of(row)
        row = after(row, one)
        for id, known in states.of(row).items():
            if id in before:
                assert FORWARD.index(known.state) >= FORWARD.index(before[id].state)
                assert known.refunded >= before[id].refunded
                assert known.held >= before[id].held


joins = st.builds(
    Seen,
    st.sampled_from(FORWARD),
    st.integers(1, 3),
    st.integers(0, 2),
    st.frozensets(st.sampled_from(["amount", "currency"])),
    st.booleans(),
)


@given(one=joins, two=joins, three=joins)
def test_S86_sightings_join_like_a_lattice(one: Seen, two: Seen, three: Seen) -> None:
    join = states.joined
    assert join(one, one) == one == join(None, one)
    assert join(one, two) == join(two, one)
    assert join(join(one, two), three) == join(one, join(two, three))


def test_no_money_is_no_sum() -> None:
    assert states.money({}) == Money(0, 0)


# --- when it is over, and when it is looked at ------------------------------------------------------------------------


def test_a_payment_nobody_paid_is_over_with_its_checkout_and_a_grace() -> None:
    row = payment()
    assert states.over(row, NOW + HOUR + GRACE - 1) is None
    assert states.over(row, NOW + HOUR + GRACE) == "expired"
    assert states.over(after(row, attempt("1", "rejected")), NOW + HOUR + GRACE) == "expired"


def test_a_slip_holds_its_documents_for_as_long_as_it_may_be_paid() -> None:
    row = after(payment(), attempt("1", "pending"))
    assert states.over(row, NOW + 2 * DAY) is None
    assert states.over(after(row, attempt("1", "expired")), NOW + 2 * DAY) == "expired"


@pytest.mark.parametrize("gone", ["refunded", "charged_back"])
def test_money_that_went_back_whole_ends_a_payment_at_once(gone: AttemptState) -> None:
    row = after(payment(), attempt("1", "credited"), attempt("1", gone))
    assert states.over(row, NOW) == "cancelled"
    assert states.over({**row, "closed": "cancelled", "holds": False}, NOW) is None


def test_what_was_closed_and_holds_again_is_over_once_its_late_money_went_back() -> None:
    late = after(payment(closed="expired", closed_at=NOW, holds=False), attempt("1", "credited"))
    assert states.over({**late, "holds": True}, NOW) is None
    gone = after(late, attempt("1", "refunded", refunded=10000))
    assert states.over({**gone, "holds": True}, NOW) == "expired"
    assert states.over(gone, NOW) is None


def test_one_whose_checkout_was_shut_is_over_unless_something_is_on_its_way() -> None:
    row = payment(shut=True)
    assert states.over(row, NOW) == "cancelled"
    assert states.over(after(row, attempt("1", "pending")), NOW) is None
    assert states.over(after(row, attempt("1", "rejected")), NOW) == "cancelled"
    assert states.over(row, NOW + HOUR + GRACE) == "expired"


def test_money_that_is_disputed_counts_and_is_told_to_staff_until_it_is_gone() -> None:
    row = after(payment(), attempt("1", "credited"), attempt("1", "credited", disputed=True))
    assert (row["state"], row["credited"], row["held"]) == ("credited", 10000, ["disputed"])
    # That it was disputed stays known, whatever is told last.
    assert states.applied(row, attempt("1", "credited"), NOW) is None
    lost = after(row, attempt("1", "charged_back"))
    assert (lost["state"], lost["credited"], lost["held"]) == ("charged_back", 0, [])


def test_it_is_looked_at_every_quarter_of_an_hour_until_it_is_over() -> None:
    row = payment()
    assert (row["queue"], row["check_at"]) == ("CHECK", NOW + SOON)
    end = NOW + HOUR + GRACE
    assert states.scheduled(row, end - 1)["check_at"] == end
    assert states.scheduled(row, end)["check_at"] == end + SOON
    waiting = after(row, attempt("1", "pending"))
    assert states.scheduled(waiting, end)["check_at"] == end + HOUR


def test_what_was_credited_is_looked_at_until_nothing_can_happen_to_it() -> None:
    row = after(payment(), attempt("1", "credited"))
    assert row["check_at"] == NOW + SOON
    shut = {**row, "shut": True}
    assert states.scheduled(shut, NOW)["check_at"] == NOW + HOUR
    assert states.scheduled({**shut, "holds": False}, NOW)["check_at"] == NOW + DAY
    ended = states.scheduled({**shut, "holds": False}, NOW + 180 * DAY)
    assert "queue" not in ended
    assert "check_at" not in ended
    # However late its receipt comes.
    assert states.scheduled(shut, NOW + 180 * DAY)["check_at"] == NOW + 181 * DAY


def test_what_was_closed_is_looked_at_for_three_days_more() -> None:
    row = states.derived({**payment(), "closed": "expired", "closed_at": NOW, "holds": False}, NOW)
    assert row["check_at"] == NOW + DAY
    assert "queue" not in states.scheduled(row, NOW + 3 * DAY)
