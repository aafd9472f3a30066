"""PATCH /v1/me."""

import pytest

from miinti import aws
from miinti.accounts import store
from tests.cloud import Cloud
from tests.people import account, row_of, signed_in


@pytest.mark.parametrize(
    "names",
    [
        {"first_name": "Juana Inés", "last_name": "O'Higgins"},
        {"first_name": "Zoë"},
        {"last_name": "Pérez-Gómez"},
        {"first_name": "x" * 80},
    ],
)
def test_changes_what_is_given_and_answers_the_person(cloud: Cloud, names: dict[str, str]) -> None:
    here = signed_in(cloud, account(cloud))
    before = row_of(here.account_id)
    answer = cloud.call("change_me", names, token=here.token)
    assert answer.status == 200
    assert answer.json == {
        "id": here.account_id,
        "email": "ana@example.com",
        "first_name": names.get("first_name", "Ana"),
        "last_name": names.get("last_name", "Ñandú"),
        "email_state": "ok",
    }
    assert {**row_of(here.account_id), "txn": ""} == {**before, **names, "txn": ""}
    assert cloud.call("show_me", token=here.token).json == answer.json


def test_takes_two_calls(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    cloud.call("change_me", {"first_name": "Zoë"}, token=here.token)
    cloud.counted()
    cloud.call("change_me", {"first_name": "Ana"}, token=here.token)
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:UpdateItem": 1}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"first_name": "missing", "last_name": "missing"}),
        ({"first_name": ""}, {"first_name": "too_short"}),
        ({"first_name": "  "}, {"first_name": "too_short"}),
        ({"last_name": "x" * 81}, {"last_name": "too_long"}),
        ({"first_name": None}, {"first_name": "wrong_type"}),
        ({"first_name": 7, "last_name": ["x"]}, {"first_name": "wrong_type", "last_name": "wrong_type"}),
        ({"first_name": "Ana\nBcc: x"}, {"first_name": "invalid_name"}),
        ({"first_name": "Ana\n", "last_name": "\tPaz"}, {"first_name": "invalid_name", "last_name": "invalid_name"}),
        ({"last_name": "www.premio.example"}, {"last_name": "invalid_name"}),
        ({"first_name": "Ana", "email": "otra@example.com"}, {"email": "unknown"}),
        ({"first_name": "Ana", "state": "active", "id": "b1"}, {"state": "unknown", "id": "unknown"}),
    ],
)
def test_S50_anything_else_is_refused_and_changes_nothing(
    cloud: Cloud, body: dict[str, object], fields: dict[str, str]
) -> None:
    here = signed_in(cloud, account(cloud))
    before = row_of(here.account_id)
    answer = cloud.call("change_me", body, token=here.token)
    assert (answer.status, answer.code, answer.fields()) == (422, "validation_failed", fields)
    assert row_of(here.account_id) == before


def test_an_account_deleted_meanwhile_does_not_come_back(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    aws.delete_rows("IdentityTable", [store.key(here.account_id)])
    answer = cloud.call("change_me", {"first_name": "Zoë"}, token=here.token)
    assert (answer.status, answer.code) == (401, "invalid_token")
    assert aws.get("IdentityTable", store.key(here.account_id)) is None
