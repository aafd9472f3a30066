"""Staff acts on an account: another activation mail, block, unblock, end sessions; each with its row in the trail."""

from typing import Any

import pytest
import time_machine
from botocore.exceptions import ClientError, ReadTimeoutError

from miinti import aws
from miinti.accounts import sessions, store
from miinti.mail import returns
from miinti.observe import masked
from tests import payers, people, visitors
from tests.cloud import Cloud
from tests.companies import company
from tests.people import account, signed_in, works
from tests.post import Post
from tests.staff import ARN, PLACE, acts, asked, declined, done, trail

EMAIL = "ana@example.com"


@pytest.mark.parametrize("person", [EMAIL, "ANA@example.com", "a1"])
def test_S51_a_blocked_account_lets_nobody_in_and_its_sessions_end(
    cloud: Cloud, clock: time_machine.Traveller, person: str
) -> None:
    account(cloud)
    here, there = signed_in(cloud), signed_in(cloud)
    right = {"email": EMAIL, "password": people.PASSWORD}
    assert done(cloud, "act_on_account", "block", person=person) == {"person": "a1", "ended": 2}
    assert not works(cloud, here.token)
    assert people.refreshed(cloud, there.cookie).status == 401
    wrong = cloud.call("login", {**right, "password": "otra clave"})
    assert visitors.shown(cloud.call("login", right)) == visitors.shown(wrong)
    assert (wrong.status, wrong.code) == (401, "invalid_credentials")
    clock.shift(3600)
    assert done(cloud, "act_on_account", "unblock", person=person) == {"person": "a1"}
    assert cloud.call("login", right).status == 200
    assert acts(cloud) == [("block", "a1", None), ("unblock", "a1", None)]


def test_S07_S51_a_blocked_account_costs_the_same_work_as_a_wrong_password(cloud: Cloud, hashes: list[str]) -> None:
    account(cloud)
    done(cloud, "act_on_account", "block", person="a1")
    seen = []
    for password in ("otra clave", people.PASSWORD):
        cloud.counted()
        hashes.clear()
        cloud.call("login", {"email": EMAIL, "password": password})
        seen.append((cloud.counted(), list(hashes)))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("use_case", ["forgot_password", "resend_activation", "register"])
def test_S07_S51_nothing_goes_to_a_blocked_account_and_a_stranger_sees_no_difference(
    cloud: Cloud, use_case: str
) -> None:
    account(cloud)
    done(cloud, "act_on_account", "block", person="a1")
    seen = []
    for email in (EMAIL, "nadie@example.com"):
        body: dict[str, Any] = {"email": email}
        if use_case == "register":
            body |= {"first_name": "Ana", "last_name": "Paz", "password": visitors.PASSWORD}
        cloud.counted()
        seen.append((visitors.shown(cloud.call(use_case, body)), cloud.counted()))
    assert seen[0] == seen[1]
    assert not cloud.mails(to=EMAIL)


def test_S51_no_mail_from_before_opens_a_blocked_account(cloud: Cloud) -> None:
    account_id = visitors.member(cloud)
    activation = visitors.mailed(cloud, "activate")
    cloud.call("forgot_password", {"email": EMAIL})
    reset = visitors.mailed(cloud, "reset_password")
    done(cloud, "act_on_account", "block", person=account_id)
    new = "caballo batería incorrecto"
    assert cloud.call("reset_password", {"token": reset, "password": new}).code == "invalid_token"
    assert cloud.call("activate", {"token": activation}).code == "invalid_token"
    assert people.row_of(account_id)["state"] == "blocked"
    assert visitors.login(cloud).status == 401


def test_S51_an_address_of_a_blocked_account_is_taken(cloud: Cloud) -> None:
    account(cloud)
    account(cloud, "b1", email="bo@example.com")
    here = signed_in(cloud)
    cloud.call("change_email", {"email": "nueva@example.com", "password": people.PASSWORD}, token=here.token)
    token = visitors.mailed(cloud, "confirm_email", "nueva@example.com")
    account(cloud, "c1", email="nueva@example.com")
    done(cloud, "act_on_account", "block", person="c1")
    assert cloud.call("confirm_email", {"token": token}).code == "invalid_token"
    done(cloud, "act_on_account", "block", person="b1")
    cloud.call("change_email", {"email": "bo@example.com", "password": people.PASSWORD}, token=here.token)
    assert [mail["template"] for mail in cloud.mails(to="bo@example.com")] == ["already_registered"]


def test_R01_a_login_between_looking_and_blocking_ends_too(cloud: Cloud) -> None:
    account(cloud)
    right = {"email": EMAIL, "password": people.PASSWORD}
    before = people.row_of("a1")
    signed_in(cloud)
    raced: list[str] = []

    def rival(call: Any) -> Any:
        cloud.faults.clear()
        raced.append(cloud.call("login", right).json["access_token"])
        return call()

    cloud.function("login")
    cloud.faults["dynamodb:TransactWriteItems"] = rival
    assert done(cloud, "act_on_account", "block", person="a1")["ended"] == 2
    assert not works(cloud, raced[0])
    assert people.row_of("a1")["txn"] != before["txn"]


def test_sessions_end_and_the_account_stays(cloud: Cloud) -> None:
    account(cloud)
    here = signed_in(cloud)
    assert done(cloud, "act_on_account", "end_sessions", person="a1") == {"person": "a1", "ended": 1}
    assert not works(cloud, here.token)
    assert cloud.call("login", {"email": EMAIL, "password": people.PASSWORD}).status == 200
    assert done(cloud, "act_on_account", "end_sessions", person="a1")["ended"] == 1


def test_a_clients_payment_key_ends_with_all_that_it_opened(cloud: Cloud, clock: time_machine.Traveller) -> None:
    company()
    token, cookie = payers.inside(cloud)
    key = payers.mailed(cloud)
    assert done(cloud, "act_on_account", "end_payment_key", company="c-27334") == {"company": "c-27334", "ended": 1}
    assert cloud.call("list_debts", token=token, path={"id": "c-27334"}).code == "invalid_token"
    assert people.refreshed(cloud, cookie).code == "invalid_session"
    assert payers.login(cloud, key).code == "invalid_credentials"
    assert declined(cloud, "act_on_account", "end_payment_key", company="c-27334") == "no_payment_key"
    (act,) = trail(cloud)
    assert (act["action"], act["company"]) == ("end_payment_key", "c-27334")
    clock.shift(1)
    assert payers.login(cloud, payers.new_key(cloud)).status == 200


def test_R01_who_pays_with_a_key_that_is_being_withdrawn_comes_in_nowhere(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    company()
    key = payers.new_key(cloud)
    inner = sessions.of_account
    tries: list[int] = []

    def looked(payer_id: str) -> Any:
        monkeypatch.setattr(sessions, "of_account", inner)
        tries.append(payers.login(cloud, key).status)
        return inner(payer_id)

    monkeypatch.setattr(sessions, "of_account", looked)
    cloud.counted()
    done(cloud, "act_on_account", "end_payment_key", company="c-27334")
    assert tries == [401]
    # The key's, and none of nothing, which AWS refuses.
    assert cloud.counted()["dynamodb:TransactWriteItems"] == 1


def test_a_fresh_activation_mail_ends_the_older_and_has_its_number_an_hour(cloud: Cloud) -> None:
    visitors.register(cloud)
    older = visitors.mailed(cloud, "activate")
    (waiting,) = [row["id"] for row in cloud.rows("IdentityTable") if row["sk"] == "ACCOUNT"]
    assert done(cloud, "act_on_account", "activation", person=EMAIL) == {"person": waiting, "mail": "activate"}
    assert cloud.call("activate", {"token": older}).status == 400
    newer = [visitors.link_token(cloud, mail) for mail in cloud.mails("activate")]
    done(cloud, "act_on_account", "activation", person=waiting)
    assert declined(cloud, "act_on_account", "activation", person=waiting) == "mail_limit"
    assert len(cloud.mails("activate")) == 3
    assert len(newer) == 2
    assert acts(cloud) == [("activation", waiting, None)] * 2


@pytest.mark.parametrize("state", ["bounced", "complained"])
def test_no_activation_mail_is_promised_to_an_address_that_gets_none(cloud: Cloud, state: Any) -> None:
    """Also where the address was marked before anybody registered it."""
    with cloud.as_function("take_mail_events"):
        returns.noted(returns.Event("x", "y", state, EMAIL, "m", "t", "2026-11-24T00:00:00Z"), 0)
    visitors.register(cloud)
    assert declined(cloud, "act_on_account", "activation", person=EMAIL) == f"address_{state}"


@pytest.mark.parametrize(
    ("action", "state", "why"),
    [
        ("activation", "active", "not_waiting"),
        ("block", "waiting", "not_active"),
        ("block", "blocked", "not_active"),
        ("unblock", "active", "not_blocked"),
    ],
)
def test_what_does_not_fit_is_declined_and_leaves_nothing(cloud: Cloud, action: str, state: str, why: str) -> None:
    account(cloud, state=state)
    assert declined(cloud, "act_on_account", action, person="a1") == why


REASON = "La casilla se mudó; contestó por teléfono"


def marked(cloud: Cloud, state: Any, address: str = EMAIL) -> None:
    with cloud.as_function("take_mail_events"):
        returns.noted(returns.Event("x", "y", state, address, "m", "t", "2026-11-24T00:00:00Z"), 0)
        if account_row := store.get("a1"):
            aws.write(store.email_marked(account_row["id"], address, state))
    cloud.suppressed.add(address)


def unmarked(cloud: Cloud, person: str = EMAIL) -> Any:
    return done(cloud, "act_on_account", "unmark", person=person, reason=REASON)


@pytest.mark.parametrize("person", [EMAIL, "ANA@example.com", "a1"])
@pytest.mark.parametrize("state", ["bounced", "complained"])
def test_R12_mail_to_an_address_that_works_again_goes_again(cloud: Cloud, person: str, state: str) -> None:
    account(cloud)
    marked(cloud, state)
    post = Post(cloud)
    cloud.call("forgot_password", {"email": EMAIL})
    post.run()
    assert cloud.letters == []
    assert unmarked(cloud, person) == {"person": "a1", "was": state}
    assert cloud.call("show_me", token=signed_in(cloud).token).json["email_state"] == "ok"
    assert done(cloud, "look_up", "person", person="a1")["person"]["email_state"] == "ok"
    cloud.call("forgot_password", {"email": EMAIL})
    post.run()
    assert [letter["Destination"]["ToAddresses"] for letter in cloud.letters] == [[EMAIL]]
    assert cloud.suppressed == set()


def test_R12_an_address_that_nobody_has_and_an_account_whose_address_is_marked_nowhere_else(cloud: Cloud) -> None:
    marked(cloud, "complained")
    assert unmarked(cloud) == {"person": None, "was": "complained"}
    account(cloud, email_state="bounced")
    # SES may never have had it, or had it no longer.
    assert unmarked(cloud, "a1") == {"person": "a1", "was": "bounced"}
    assert declined(cloud, "act_on_account", "unmark", person="a1", reason=REASON) == "not_marked"
    assert [row.get("person") for row in trail(cloud)] == [None, "a1"]


def test_S75_the_trail_has_why_an_address_is_written_to_again_and_not_the_address(cloud: Cloud) -> None:
    account(cloud)
    marked(cloud, "bounced")
    unmarked(cloud)
    (row,) = trail(cloud)
    assert (row["action"], row["person"], row["was"], row["why"]) == ("unmark", "a1", "bounced", REASON)
    assert row["address"] == masked(EMAIL)
    assert EMAIL not in str(row)


@pytest.mark.parametrize("reason", ["", "a\nb", "x" * 201])
def test_an_address_is_not_written_to_again_without_a_reason(cloud: Cloud, reason: str) -> None:
    account(cloud)
    marked(cloud, "bounced")
    why = declined(cloud, "act_on_account", "unmark", person="a1", reason=reason)
    assert why == ("reason_wrong" if reason else "missing_reason")
    assert cloud.suppressed == {EMAIL}


@pytest.mark.parametrize("call", ["sesv2:DeleteSuppressedDestination", "dynamodb:TransactWriteItems"])
def test_S77_what_fails_half_way_leaves_the_mark_and_is_made_good_by_asking_again(cloud: Cloud, call: str) -> None:
    account(cloud)
    marked(cloud, "bounced")
    cloud.faults[call] = ReadTimeoutError(endpoint_url="https://aws")
    assert declined(cloud, "act_on_account", "unmark", person="a1", reason=REASON) == "unavailable"
    cloud.faults.clear()
    assert people.row_of("a1")["email_state"] == "bounced"
    assert not trail(cloud)
    assert unmarked(cloud)["was"] == "bounced"
    assert cloud.suppressed == set()


def test_what_ses_refuses_otherwise_is_no_success(cloud: Cloud) -> None:
    account(cloud)
    marked(cloud, "bounced")
    error: Any = {"Error": {"Code": "AccessDeniedException", "Message": "no"}}
    cloud.faults["sesv2:DeleteSuppressedDestination"] = ClientError(error, "DeleteSuppressedDestination")
    with pytest.raises(ClientError):
        asked(cloud, "act_on_account", "unmark", person="a1", reason=REASON)
    assert people.row_of("a1")["email_state"] == "bounced"


def test_R01_a_complaint_that_comes_meanwhile_is_what_was_taken_off(cloud: Cloud) -> None:
    account(cloud)
    marked(cloud, "bounced")

    def rival(call: Any) -> Any:
        cloud.faults.clear()
        marked(cloud, "complained")
        return call()

    cloud.function("take_mail_events")
    cloud.faults["dynamodb:TransactWriteItems"] = rival
    assert unmarked(cloud)["was"] == "complained"
    assert [row["was"] for row in trail(cloud)] == ["complained"]


@pytest.mark.parametrize("action", ["activation", "block", "unblock", "end_sessions", "unmark"])
@pytest.mark.parametrize("person", ["nadie@example.com", "zz", "no es@un correo@", ""])
def test_nobody_is_declined(cloud: Cloud, action: str, person: str) -> None:
    nobody = "not_marked" if (action, person) == ("unmark", "nadie@example.com") else "person_unknown"
    assert declined(cloud, "act_on_account", action, person=person or "-", reason="x") == nobody


@pytest.mark.parametrize(
    ("event", "why"),
    [
        ({}, "malformed"),
        ({"by": {"arn": ARN}, "given": {"person": 7}}, "malformed"),
        ({"by": {"arn": ARN}, "given": {"person": "a" * 901}}, "too_long"),
        ({"by": {"arn": "marta"}, "given": {}}, "actor_unknown"),
        ({"by": {"arn": ARN, "place": "a\nb"}, "given": {}}, "actor_unknown"),
        ({"action": "delete", "by": {"arn": ARN}, "given": {}}, "action_unknown"),
        ({"action": "block", "by": {"arn": ARN}, "given": {}}, "missing_person"),
    ],
)
def test_S51_an_order_says_who_gives_it_and_on_whom(cloud: Cloud, event: dict[str, Any], why: str) -> None:
    assert cloud.invoke("act_on_account", event) == {"declined": why}


def test_S75_an_act_is_a_row_with_who_what_on_whom_when_and_from_where(
    cloud: Cloud, clock: time_machine.Traveller
) -> None:
    account(cloud)
    signed_in(cloud)
    done(cloud, "act_on_account", "block", person=EMAIL)
    (row,) = trail(cloud)
    at = 1795510800000
    told = {name: value for name, value in row.items() if name not in {"txn", "request_id", "sk"}}
    assert told == {
        "pk": "DAY#2026-11-24",
        "kind": "staff",
        "action": "block",
        "outcome": "ok",
        "actor": ARN,
        "place": PLACE,
        "person": "a1",
        "ended": 1,
        "at": at,
        "ttl": at // 1000 + 1827 * 86400,
    }
    assert row["sk"] == f"{at:013d}#{row['request_id']}"
    assert EMAIL not in str(row)


def test_S75_S77_what_cannot_be_noted_is_not_done(cloud: Cloud) -> None:
    account(cloud)
    here = signed_in(cloud)
    cloud.faults["dynamodb:TransactWriteItems"] = ReadTimeoutError(endpoint_url="https://dynamodb")
    assert asked(cloud, "act_on_account", "block", person="a1") == {"declined": "unavailable"}
    cloud.faults.clear()
    assert works(cloud, here.token)
    assert not trail(cloud)


def test_S75_a_row_of_the_trail_is_never_written_over(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    account(cloud)
    module = cloud.function("act_on_account")
    event = {"action": "end_sessions", "by": {"arn": ARN, "place": PLACE}, "given": {"person": "a1"}}

    class Same:
        aws_request_id = "same"

    with cloud.as_function("act_on_account"), time_machine.travel(1795510800, tick=False):
        assert "done" in module.handler(event, Same())
        before = cloud.rows("AuditTable")
        with pytest.raises(aws.ConditionFailed):
            module.handler(event, Same())
    assert cloud.rows("AuditTable") == before


def test_S78_R18_an_account_past_its_seven_days_is_nobody_to_staff(cloud: Cloud, clock: time_machine.Traveller) -> None:
    visitors.register(cloud)
    clock.shift(store.WAITING_KEPT)
    assert declined(cloud, "act_on_account", "activation", person=EMAIL) == "person_unknown"
