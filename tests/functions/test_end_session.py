"""DELETE /v1/sessions/{id}."""

import datetime as dt

import time_machine

from tests.cloud import Cloud
from tests.functions.test_logout import CLEARED
from tests.people import account, refreshed, signed_in, works


def test_S36_ends_another_of_the_own_sessions(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    there = signed_in(cloud, here.account_id)
    works(cloud, here.token)
    cloud.counted()
    answer = cloud.call("end_session", token=here.token, path={"id": there.session_id})
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:DeleteItem": 1}
    assert (answer.status, answer.cookies) == (204, [])
    assert not works(cloud, there.token)
    assert refreshed(cloud, there.cookie).status == 401
    assert works(cloud, here.token)


def test_ending_the_session_in_use_is_logging_out(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    answer = cloud.call("end_session", token=here.token, path={"id": here.session_id})
    assert (answer.status, answer.cookies) == (204, [CLEARED])
    refused = cloud.call("end_session", token=here.token, path={"id": here.session_id})
    assert (refused.status, refused.code) == (401, "invalid_token")


def test_S36_S46_anothers_an_ended_an_unknown_and_a_malformed_id_are_the_same_404(cloud: Cloud) -> None:
    with time_machine.travel(dt.datetime(2026, 11, 24, 9, tzinfo=dt.UTC), tick=False) as clock:
        ana = account(cloud)
        over = signed_in(cloud, ana)
        clock.shift(8 * 3600)
        here = signed_in(cloud, ana)
        other = signed_in(cloud, account(cloud, "b1", email="beto@example.com"))
        ended = signed_in(cloud, ana)
        cloud.call("end_session", token=here.token, path={"id": ended.session_id})
        answers = [
            cloud.call("end_session", token=here.token, path={"id": session_id})
            for session_id in (
                other.session_id,
                ended.session_id,
                over.session_id,
                "0" * 24,
                "ACCOUNT",
                "x" * 3000,
                "../x",
                "ñ\x00",
                " ",
            )
        ]
        assert {answer.text for answer in answers} == {answers[0].text}
        assert (answers[0].status, answers[0].code) == (404, "not_found")
        assert works(cloud, other.token)
        assert works(cloud, here.token)
