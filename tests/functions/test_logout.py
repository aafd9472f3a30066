"""POST /v1/session/logout."""

from miinti.accounts import sessions
from tests.cloud import Cloud
from tests.functions.test_refresh_session import ORIGINS, SILENT, session_row
from tests.people import account, refreshed, sent_back, signed_in, works

CLEARED = "__Host-session=; Path=/; Secure; HttpOnly; SameSite=Strict; Max-Age=0"


def test_S34_logout_ends_the_session_at_once_and_again_is_the_same(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    elsewhere = signed_in(cloud, here.account_id)
    answer = cloud.call("logout", cookies=[here.cookie])
    assert answer.status == 204
    assert answer.cookies == [CLEARED]
    assert answer.headers["clear-site-data"] == '"storage"'
    assert cloud.counted() == {"dynamodb:DeleteItem": 1}
    assert not works(cloud, here.token)
    assert refreshed(cloud, here.cookie).status == 401
    assert works(cloud, elsewhere.token)

    again = cloud.call("logout", cookies=[here.cookie])
    assert (again.status, again.cookies) == (204, [CLEARED])


def test_logout_without_a_session_is_204(cloud: Cloud) -> None:
    for cookies in ([], ["__Host-session="], ["__Host-session=rubbish"], [f"__Host-session=a1.s1.{'x' * 43}"]):
        answer = cloud.call("logout", cookies=cookies)
        assert (answer.status, answer.cookies) == (204, [CLEARED])


def test_a_tab_with_the_cookie_just_replaced_can_still_log_out(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    renewed = refreshed(cloud, here.cookie)
    assert cloud.call("logout", cookies=[here.cookie]).status == 204
    assert refreshed(cloud, sent_back(renewed.cookies[0])).status == 401
    assert not works(cloud, renewed.json["access_token"])


def test_S71_who_knows_the_ids_but_not_the_secret_ends_nothing(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    old = here.cookie
    new = sent_back(refreshed(cloud, sent_back(refreshed(cloud, old).cookies[0])).cookies[0])
    made_up = f"{sessions.COOKIE}={here.account_id}.{here.session_id}.{'x' * 43}"
    for cookie in (made_up, old):
        assert cloud.call("logout", cookies=[cookie]).status == 204
        assert session_row(here.account_id, here.session_id) is not None
    assert refreshed(cloud, new).status == 200


def test_S38_another_sites_page_cannot_log_anybody_out(cloud: Cloud) -> None:
    ana = account(cloud)
    for headers, status in ORIGINS:
        here = signed_in(cloud, ana)
        answer = cloud.call("logout", cookies=[here.cookie], headers=headers)
        if status == 200:
            assert answer.status == 204, headers
        else:
            assert (answer.status, answer.code) == (403, "wrong_origin"), headers
            assert works(cloud, here.token)


def test_S77_a_logout_that_did_not_happen_is_not_said_to_have(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud))
    cloud.faults["dynamodb:DeleteItem"] = SILENT
    answer = cloud.call("logout", cookies=[here.cookie])
    assert (answer.status, answer.code) == (503, "unavailable")
    assert not answer.cookies
    cloud.faults.clear()
    assert cloud.call("logout", cookies=[here.cookie]).status == 204
    assert not works(cloud, here.token)
