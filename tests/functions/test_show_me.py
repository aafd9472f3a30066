"""GET /v1/me."""

import time

from miinti import aws
from miinti.accounts import sessions, store, tokens
from tests.cloud import Cloud


def logged_in(cloud: Cloud, account_id: str = "a1", session_id: str = "s1") -> str:
    now = int(time.time())
    with cloud.as_function("show_me"):
        pk, sk = store.key(account_id)
        account = {"id": account_id, "first_name": "Ana", "last_name": "Ñandú", "email": "ana@example.com"}
        aws.write(aws.put("IdentityTable", {"pk": pk, "sk": sk, **account}))
        pk, sk = sessions.key(account_id, session_id)
        row = {"pk": pk, "sk": sk, "expires_at": now + 1000, "last_used_at": now, "remember": False}
        aws.write(aws.put("IdentityTable", row))
        return tokens.mint(account_id, session_id)


def test_answers_the_person_with_one_call(cloud: Cloud) -> None:
    token = logged_in(cloud)
    cloud.call("show_me", token=token)
    cloud.counted()
    answer = cloud.call("show_me", token=token)
    assert answer.status == 200
    assert answer.json == {"id": "a1", "first_name": "Ana", "last_name": "Ñandú", "email": "ana@example.com",
                           "email_state": "ok"}  # fmt: skip
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1}


def test_without_a_token_is_refused(cloud: Cloud) -> None:
    answer = cloud.call("show_me")
    assert (answer.status, answer.code) == (401, "invalid_token")
