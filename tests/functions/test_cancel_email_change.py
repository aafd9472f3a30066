"""POST /v1/me/email/cancel."""

import datetime as dt
from typing import Any

import time_machine

from tests.cloud import Answered, Cloud
from tests.functions.test_confirm_email import NEW, OLD, asked_for, confirm, owner_of, refused
from tests.people import account, row_of, token_in

START = dt.datetime(2026, 11, 24, 9, 0, tzinfo=dt.UTC)


def cancel(cloud: Cloud, token: str) -> Answered:
    return cloud.call("cancel_email_change", {"token": token})


def cancel_token(cloud: Cloud) -> str:
    return token_in(cloud, cloud.mails("email_changing", to=OLD)[-1])


def test_S24_the_old_address_stops_the_change(cloud: Cloud) -> None:
    ana = account(cloud)
    before = row_of(ana)
    token = asked_for(cloud)
    stop = cancel_token(cloud)
    cloud.counted()
    answer = cancel(cloud, stop)
    assert (answer.status, answer.text) == (204, "")
    assert cloud.counted()["dynamodb:UpdateItem"] == 1
    assert {**row_of(ana), "txn": ""} == {**before, "txn": ""}
    assert refused(confirm(cloud, token))
    assert (owner_of(OLD), owner_of(NEW)) == (ana, None)
    assert refused(cancel(cloud, stop))


def test_S11_a_token_for_another_purpose_another_change_or_too_old_stops_nothing(cloud: Cloud) -> None:
    with time_machine.travel(START, tick=False) as now:
        ana = account(cloud)
        first = asked_for(cloud)
        stop_first = cancel_token(cloud)
        now.shift(1)
        second = asked_for(cloud)
        for token in ("", "x", first, second, stop_first):
            assert refused(cancel(cloud, token))
        stop_second = token_in(cloud, cloud.mails("email_changing")[-1])
        now.shift(48 * 3600)
        assert refused(cancel(cloud, stop_second))
        assert "email_change" in row_of(ana)


def test_R01_a_change_stopped_and_confirmed_at_once_is_one_of_the_two(cloud: Cloud) -> None:
    ana = account(cloud)
    token, stop = asked_for(cloud), cancel_token(cloud)

    def stopped_first(write: Any) -> Any:
        del cloud.faults["dynamodb:TransactWriteItems"]
        assert cancel(cloud, stop).status == 204
        return write()

    cloud.faults["dynamodb:TransactWriteItems"] = stopped_first
    assert refused(confirm(cloud, token))
    assert row_of(ana)["email"] == OLD


def test_R02_a_stop_that_botocore_sends_twice_is_one(cloud: Cloud) -> None:
    account(cloud)
    asked_for(cloud)
    stop = cancel_token(cloud)
    cloud.faults["dynamodb:UpdateItem"] = lambda write: (write(), write())[1]
    assert cancel(cloud, stop).status == 204
