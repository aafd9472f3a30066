"""The outbox: limits by address, notices that gather, and rows that one sender at a time has."""

from collections import Counter
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miinti import aws
from miinti.errors import Unavailable
from miinti.mail import outbox, tokens
from miinti.mail.outbox import AlreadySent, AlreadyTold, Letter, MailLimitReached, Members, NotYet
from tests import letters
from tests.cloud import Cloud, moto_cloud
from tests.post import Post, read

ANA = "ana@example.com"
NOW = letters.NOON
"""A whole multiple of the digest's 300 s."""


class Wrong(Exception):
    """What the caller's own write says when it must not be."""


def write(cloud: Cloud, *writes: aws.Write) -> None:
    with cloud.as_function("relay_outbox"):
        aws.transact(writes)


def reset_asked(cloud: Cloud, now: int, address: str = ANA, template: str = "reset_password") -> bool:
    """What forgot_password does: a mail and its place under the limit, or neither."""
    with cloud.as_function("relay_outbox"):
        letter = Letter(template, address, {"first_name": "Ana"})
        try:
            aws.transact([outbox.within_limit(template, address, now), outbox.put(letter, now)])
        except MailLimitReached:
            return False
        return True


def changed(cloud: Cloud, now: int, *others: aws.Write, address: str = ANA, times: int = 1) -> None:
    """A security notice with as many entries as ``times``."""
    with cloud.as_function("relay_outbox"):
        entries = [{"at": now + more} for more in range(times)]
        outbox.commit(others, [Letter("password_changed", address, {"first_name": "Ana", "entries": entries})], now)


def taken(cloud: Cloud, id: str, now: int) -> aws.Row:
    with cloud.as_function("send_mail"):
        return outbox.take(id, now)


def queued(cloud: Cloud) -> list[tuple[int, int | None]]:
    """Entries and due time of each waiting notice."""
    found = [
        (len(row.get("entries", row["data"].get("entries", ()))), int(row["due_at"]) if "due_at" in row else None)
        for row in cloud.mails("password_changed")
    ]
    return sorted(found, key=lambda one: one[1] or 0)


# --- limits -----------------------------------------------------------------------------------------------------------


def test_S20_three_an_hour_of_one_kind_to_one_address(cloud: Cloud) -> None:
    assert [reset_asked(cloud, NOW + second) for second in range(5)] == [True, True, True, False, False]
    assert len(cloud.mails("reset_password")) == 3
    assert reset_asked(cloud, NOW, address="bea@example.com")
    assert reset_asked(cloud, NOW, template="activate")


def test_S20_the_hour_slides_and_refusals_do_not_lengthen_it(cloud: Cloud) -> None:
    for minute in (0, 20, 40, 45, 50, 59):
        reset_asked(cloud, NOW + minute * 60)
    assert len(cloud.mails()) == 3
    assert reset_asked(cloud, NOW + 3600)
    assert not reset_asked(cloud, NOW + 3600 + 60)
    assert reset_asked(cloud, NOW + 3600 + 20 * 60)


def test_S20_ten_a_day(cloud: Cloud) -> None:
    went = [hour for hour in range(24) if reset_asked(cloud, NOW + hour * 3600, template="confirm_email")]
    assert went == list(range(10))
    assert reset_asked(cloud, NOW + 86400, template="confirm_email")


@pytest.mark.parametrize("template", ["activate", "reset_password", outbox.QUIET])
def test_S20_no_number_a_day_where_it_would_keep_the_owner_out(cloud: Cloud, template: str) -> None:
    """And for nobody's address the same, or the eleventh would tell which it is."""
    went = [minute for minute in range(0, 24 * 60, 10) if reset_asked(cloud, NOW + minute * 60, template=template)]
    assert went == [60 * hour + minute for hour in range(24) for minute in (0, 10, 20)]


def test_the_limit_rows_name_nobody_and_end(cloud: Cloud) -> None:
    reset_asked(cloud, NOW)
    (row,) = [row for row in cloud.rows("OutboxTable") if row["pk"].startswith("RATE#")]
    assert ANA not in str(row)
    assert row["ttl"] == NOW + 86400


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=15)
@given(
    steps=st.lists(st.sampled_from([0, 1, 60, 900, 1800, 3599, 3600, 7200, 40000]), min_size=1, max_size=30),
    template=st.sampled_from(["confirm_email", "reset_password"]),
)
def test_S20_never_more_than_allowed_and_never_less(cloud: Cloud, steps: list[int], template: str) -> None:
    address, now = f"{outbox.mail_id()}@example.com", NOW
    went: list[int] = []
    for step in steps:
        now += step
        today = sum(at > now - 86400 for at in went)
        allowed = sum(at > now - 3600 for at in went) < 3 and (today < 10 or template == "reset_password")
        assert reset_asked(cloud, now, address, template) is allowed
        if allowed:
            went.append(now)


# --- notices ----------------------------------------------------------------------------------------------------------


def test_past_the_limit_notices_gather_in_one_mail_that_waits_for_its_window(cloud: Cloud) -> None:
    for second in range(10):
        changed(cloud, NOW + second)
    assert queued(cloud) == [(1, None), (1, None), (1, None), (7, NOW + 300)]
    (gathered,) = [row for row in cloud.mails("password_changed") if "due_at" in row]
    assert [entry["at"] for entry in gathered["entries"]] == [NOW + second for second in range(3, 10)]
    assert gathered["to"] == {"address": ANA}


def test_the_next_window_has_a_mail_of_its_own(cloud: Cloud) -> None:
    for second in (0, 1, 2, 3, 299, 300, 301):
        changed(cloud, NOW + second)
    assert queued(cloud)[3:] == [(2, NOW + 300), (2, NOW + 600)]


def test_a_window_that_a_sender_has_taken_gets_nothing_more(cloud: Cloud) -> None:
    for second in range(4):
        changed(cloud, NOW + second)
    (mail,) = [row for row in cloud.mails() if "due_at" in row]
    taken(cloud, outbox.id_of(mail), NOW + 300)
    # A function whose clock is behind, or whose transaction took long, still writes into the window before.
    changed(cloud, NOW + 299)
    assert queued(cloud)[3:] == [(1, NOW + 300), (1, NOW + 600)]


def test_a_full_window_only_counts_and_takes_no_more_calls_for_it(cloud: Cloud) -> None:
    for second in range(3):
        changed(cloud, NOW + second)
    cloud.counted()
    for _ in range(outbox.GATHERED + 7):
        changed(cloud, NOW)
        assert cloud.counted() == {"dynamodb:TransactWriteItems": 2}
    assert queued(cloud)[3:] == [(50, NOW + 300)]
    (mail,) = [row for row in cloud.mails() if "due_at" in row]
    assert mail["more"] == 7
    sent = read(cloud, mail)
    assert sent.subject == "Tu contraseña de miINTI cambió 57 veces"
    assert "\n- y 7 más\n" in sent.text
    # The next window starts anew, and so does what is known of it.
    for _ in range(2):
        changed(cloud, NOW + 300)
    assert queued(cloud)[4:] == [(2, NOW + 600)]


def test_who_has_read_the_rate_needs_one_call_for_a_full_window_too(cloud: Cloud) -> None:
    for _ in range(3 + outbox.GATHERED):
        changed(cloud, NOW)
    with cloud.as_function("relay_outbox"):
        rate = aws.get(*outbox.wanted_rate("password_changed", ANA))
        notice = Letter("password_changed", ANA, {"first_name": "Ana", "entries": [{"at": NOW}]})
        cloud.counted()
        outbox.commit([], [notice], NOW, rates=[rate])
        assert cloud.counted() == {"dynamodb:TransactWriteItems": 1}


@pytest.mark.parametrize("known", [0, outbox.GATHERED])
def test_a_wrong_word_of_how_full_a_window_is_loses_nothing(cloud: Cloud, known: int) -> None:
    for _ in range(3 + (outbox.GATHERED if known == 0 else 1)):
        changed(cloud, NOW)
    with cloud.as_function("relay_outbox"):
        values = {":known": known}
        aws.write(aws.update(*outbox.wanted_rate("password_changed", ANA), "SET gathered = :known", values))
    changed(cloud, NOW)
    (mail,) = [row for row in cloud.mails() if "due_at" in row]
    assert (len(mail["entries"]), mail["more"]) == ((50, 1) if known == 0 else (1, 1))


def test_a_full_window_that_a_sender_has_taken_hands_over_to_the_next(cloud: Cloud) -> None:
    for _ in range(3 + outbox.GATHERED):
        changed(cloud, NOW)
    (mail,) = [row for row in cloud.mails() if "due_at" in row]
    taken(cloud, outbox.id_of(mail), NOW + 300)
    changed(cloud, NOW + 299)
    assert queued(cloud)[3:] == [(50, NOW + 300), (1, NOW + 600)]


def test_notices_of_two_companies_to_one_address_each_keep_their_own(cloud: Cloud) -> None:
    about = [
        {"company": "UNO", "cuit": "30500001735", "company_id": "c-1"},
        {"company": "DOS", "cuit": "33693450239", "company_id": "c-2"},
    ]
    with cloud.as_function("relay_outbox"):
        for number in range(5):
            entry = {"person": "Juan", "email": ANA, "at": NOW, "account_id": "a1", "grant": f"g{number}"}
            letter = Letter("company_linked", "firma@example.com", {"entries": [entry], **about[number % 2]})
            outbox.commit([], [letter], NOW)
    (gathered,) = [row for row in cloud.mails("company_linked") if "due_at" in row]
    assert [(entry["company"], entry["company_id"], entry["grant"]) for entry in gathered["entries"]] == [
        ("DOS", "c-2", "g3"),
        ("UNO", "c-1", "g4"),
    ]


def test_a_notice_goes_with_its_change_or_not_at_all(cloud: Cloud) -> None:
    never = aws.check("OutboxTable", ("X", "X"), "attribute_exists(pk)", otherwise=Wrong())
    with pytest.raises(Wrong):
        changed(cloud, NOW, never)
    assert cloud.rows("OutboxTable") == []
    for second in range(3):
        changed(cloud, NOW + second)
    with pytest.raises(Wrong):
        changed(cloud, NOW, never)
    assert len(queued(cloud)) == 3


def test_two_notices_of_one_change_gather_apart(cloud: Cloud) -> None:
    for second in range(3):
        changed(cloud, NOW + second)
    entry = {"at": NOW, "email": "a***@example.com"}
    with cloud.as_function("relay_outbox"):
        notices = [
            Letter("email_changed", ANA, {"first_name": "Ana", "entries": [entry]}),
            Letter("password_changed", ANA, {"first_name": "Ana", "entries": [{"at": NOW}]}),
            Letter("company_linked_member", Members("c-1", but="a1"), {"entries": [{"at": NOW}]}),
        ]
        outbox.commit([], notices, NOW)
    assert queued(cloud)[3:] == [(1, NOW + 300)]
    (mail,) = cloud.mails("email_changed")
    assert "due_at" not in mail
    (mail,) = cloud.mails("company_linked_member")
    assert mail["to"] == {"members_of": "c-1", "but": "a1"}


def test_a_lost_answer_writes_a_notice_once(cloud: Cloud) -> None:
    """R02: the retry of a transaction that was committed finds its own rows."""

    def lost(call: Any) -> Any:
        call()
        cloud.faults.clear()
        return call()

    for second in range(4):
        cloud.faults["dynamodb:TransactWriteItems"] = lost
        changed(cloud, NOW + second)
    assert queued(cloud) == [(1, None), (1, None), (1, None), (1, NOW + 300)]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=12)
@given(
    steps=st.lists(
        st.tuples(st.sampled_from([0, 1, 7, 59, 299, 300, 301, 1200, 3600]), st.integers(0, 4), st.booleans()),
        min_size=1,
        max_size=8,
    )
)
def test_S23_every_notice_is_told_exactly_once_whatever_the_pace(steps: list[tuple[int, int, bool]]) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        moto_cloud(patch) as cloud,
        time_machine.travel(NOW, tick=False) as clock,
    ):
        post, expected, now = Post(cloud), 0, NOW
        for wait, notices, delivering in steps:
            clock.shift(wait)
            now += wait
            for _ in range(notices):
                changed(cloud, now + expected % 60)
                expected += 1
            if delivering:
                post.run()
        post.run_for(1200, clock.shift, step=300)
        told = Counter[str]()
        for letter in cloud.letters:
            text = letter["Content"]["Simple"]["Body"]["Text"]["Data"]
            told[text] += text.count(" a las ")
        assert sum(told.values()) == expected
        assert post.waiting() == 0
        assert post.dead() == []
        # Never a bomb: three an hour, and one a window.
        assert len(cloud.letters) <= 3 * (1 + (now - NOW) // 3600) + 1 + sum(wait // 300 + 1 for wait, _, _ in steps)


# --- on its way -------------------------------------------------------------------------------------------------------


def waiting(cloud: Cloud, **more: Any) -> str:
    letter = Letter("activate", ANA, {"first_name": "Ana"}, tokens.Token("activate", "a1", "n1", NOW + 9999))
    write(cloud, _put(cloud, letter, **more))
    return "m1"


def _put(cloud: Cloud, letter: Letter, **more: Any) -> aws.Write:
    with cloud.as_function("relay_outbox"):
        return outbox.put(letter, NOW, id="m1", **more)


def row_of(cloud: Cloud) -> dict[str, Any]:
    (row,) = [row for row in cloud.rows("OutboxTable") if row["pk"] == "MAIL#m1"]
    return row


def test_a_mail_is_one_senders_for_the_lease(cloud: Cloud) -> None:
    id = waiting(cloud)
    mail = taken(cloud, id, NOW)
    assert (mail["template"], mail["data"], mail["taken_at"]) == ("activate", {"first_name": "Ana"}, NOW)
    with pytest.raises(NotYet) as wait:
        taken(cloud, id, NOW + 20)
    assert wait.value.seconds == 40
    with pytest.raises(NotYet) as wait:
        taken(cloud, id, NOW + outbox.LEASE - 1)
    assert wait.value.seconds == 1
    assert taken(cloud, id, NOW + outbox.LEASE)["taken_at"] == NOW + outbox.LEASE


def test_a_mail_given_back_is_the_next_ones_at_once(cloud: Cloud) -> None:
    id = waiting(cloud)
    mail = taken(cloud, id, NOW)
    with cloud.as_function("send_mail"):
        outbox.give_back(mail)
    taken(cloud, id, NOW + 1)
    # The first one's word no longer counts: the second has the mail.
    with cloud.as_function("send_mail"):
        outbox.give_back(mail)
        outbox.refused(mail, "late", NOW + 2)
    assert row_of(cloud)["taken_at"] == NOW + 1
    assert "refused_at" not in row_of(cloud)


def test_a_mail_is_not_had_before_it_is_due(cloud: Cloud) -> None:
    id = waiting(cloud, due_at=NOW + 100)
    with pytest.raises(NotYet) as wait:
        taken(cloud, id, NOW + 10)
    assert wait.value.seconds == 90
    assert taken(cloud, id, NOW + 100)


def test_what_a_mail_said_is_gone_once_it_went(cloud: Cloud) -> None:
    id = waiting(cloud)
    with cloud.as_function("send_mail"):
        outbox.sent(outbox.take(id, NOW), "ses-1", NOW + 2)
    row = row_of(cloud)
    assert {name for name in row if name != "txn"} == {
        "pk", "sk", "template", "to", "mailbox", "created_at", "ttl", "taken_at", "sent_at", "message_id",
    }  # fmt: skip
    assert (row["sent_at"], row["message_id"]) == (NOW + 2, "ses-1")
    with pytest.raises(AlreadySent):
        taken(cloud, id, NOW + 1000)


def test_a_mail_that_nobody_has_is_not_made_by_looking_for_it(cloud: Cloud) -> None:
    with pytest.raises(AlreadySent):
        taken(cloud, "nobody", NOW)
    with cloud.as_function("send_mail"):
        with pytest.raises(AlreadySent):
            outbox.sent({"pk": "MAIL#nobody", "txn": "x", "to": {"address": "ana@example.com"}}, "ses-1", NOW)
        outbox.refused({"pk": "MAIL#nobody", "txn": "x"}, "why", NOW)
    with cloud.as_function("relay_outbox"), pytest.raises(AlreadySent):
        outbox.spread("nobody", NOW)
    assert cloud.rows("OutboxTable") == []


def test_a_refused_mail_keeps_what_it_says_and_may_go_again(cloud: Cloud) -> None:
    id = waiting(cloud)
    with cloud.as_function("send_mail"):
        outbox.refused(outbox.take(id, NOW), "MessageRejected: no", NOW)
    row = row_of(cloud)
    assert (row["refused_at"], row["reason"], row["data"]) == (NOW, "MessageRejected: no", {"first_name": "Ana"})
    with cloud.as_function("send_mail"):
        outbox.sent(outbox.take(id, NOW + 1), "ses-1", NOW + 1)
    assert "refused_at" not in row_of(cloud)


def test_a_lost_answer_to_taking_is_a_mail_taken(cloud: Cloud) -> None:
    id = waiting(cloud)

    def lost(call: Any) -> Any:
        call()
        return call()

    cloud.faults["dynamodb:UpdateItem"] = lost
    assert taken(cloud, id, NOW)["taken_at"] == NOW


def test_without_the_table_a_mail_is_not_taken(cloud: Cloud) -> None:
    id = waiting(cloud)
    cloud.faults["dynamodb:UpdateItem"] = Unavailable("down")
    with pytest.raises(Unavailable):
        taken(cloud, id, NOW)


def test_a_member_is_told_once(cloud: Cloud) -> None:
    with cloud.as_function("relay_outbox"):
        aws.transact([outbox.told("m1", "a1", NOW)])
        with pytest.raises(AlreadyTold):
            aws.transact([outbox.told("m1", "a1", NOW + 1)])
        aws.transact([outbox.told("m1", "a2", NOW), outbox.told("m2", "a1", NOW)])


def test_an_id_that_stands_is_not_written_over(cloud: Cloud) -> None:
    waiting(cloud)
    with pytest.raises(aws.ConditionFailed):
        write(cloud, _put(cloud, Letter("activate", "bea@example.com", {})))
    assert row_of(cloud)["to"] == {"address": ANA}


def test_a_row_holds_no_token_and_ends_after_thirty_days(cloud: Cloud) -> None:
    """S73: purpose, subject, nonce and end are what a token is made from; without the key they are nothing."""
    waiting(cloud)
    row = row_of(cloud)
    assert row["token"] == ["activate", "a1", "n1", Decimal(NOW + 9999)]
    assert row["ttl"] == NOW + 30 * 86400
    with cloud.as_function("send_mail"):
        assert tokens.sealed(tokens.stored(row["token"])) not in str(row)
