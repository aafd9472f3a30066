"""DELETE /v1/me."""

import io
from typing import Any

import pytest

from miinti import aws
from miinti.accounts import sessions, store
from miinti.companies import links
from tests.cloud import Answered, Cloud, lines
from tests.functions.test_logout import CLEARED
from tests.functions.test_refresh_session import SILENT
from tests.people import PASSWORD, SignedIn, account, refreshed, row_of, signed_in, works


def leave(cloud: Cloud, here: SignedIn, password: str = PASSWORD) -> Answered:
    return cloud.call("leave", {"password": password}, token=here.token)


def linked(account_id: str, company_id: str = "c-27334") -> None:
    """A link and a request of a person, as far as leaving looks at them."""
    for sk in (f"LINK#{company_id}", "REQUEST#0123456789abcdef01234567"):
        aws.write(aws.put("CompaniesTable", {"pk": f"ACCOUNT#{account_id}", "sk": sk, "state": "active"}))


def left_of(cloud: Cloud, account_id: str) -> list[dict[str, Any]]:
    """Every row that names this person, mails and throttles aside. The id must be one that no random hex contains."""
    assert set(account_id) - set("0123456789abcdef")
    rows = [*cloud.rows("IdentityTable"), *cloud.rows("CompaniesTable")]
    return [row for row in rows if not row["pk"].startswith("THROTTLE#") and account_id in str(row)]


def test_S36_account_sessions_and_links_are_gone_and_the_documents_stay(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud, "ana-1"))
    there = signed_in(cloud, "ana-1")
    linked("ana-1")
    aws.write(aws.put("CompaniesTable", {"pk": "COMPANY#c-27334", "sk": "COMPANY", "name": "Una empresa"}))
    aws.write(aws.put("CompaniesTable", {"pk": "COMPANY#c-27334", "sk": "DOC#v-001-00205-00001513"}))
    other = signed_in(cloud, account(cloud, "beto-1", email="beto@example.com"))
    linked("beto-1")

    answer = leave(cloud, here)
    assert (answer.status, answer.text, answer.cookies) == (204, "", [CLEARED])
    assert left_of(cloud, "ana-1") == []
    assert {row["sk"] for row in cloud.rows("CompaniesTable") if row["pk"] == "COMPANY#c-27334"} == {
        "COMPANY",
        "DOC#v-001-00205-00001513",
    }
    assert len(left_of(cloud, "beto-1")) == 5
    (mail,) = cloud.mails()
    assert (mail["template"], mail["to"]["address"], mail["data"]) == (
        "account_deleted",
        "ana@example.com",
        {"first_name": "Ana"},
    )
    for session in (here, there):
        assert not works(cloud, session.token)
        assert refreshed(cloud, session.cookie).status == 401
    assert works(cloud, other.token)
    again = leave(cloud, here)
    assert (again.status, again.code) == (401, "invalid_token")


def test_a_wrong_password_deletes_nothing_and_tries_are_slowed_down(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud, "ana-1"))
    linked(here.account_id)
    before = row_of(here.account_id)
    for _ in range(5):
        answer = leave(cloud, here, "otra clave larga")
        assert (answer.status, answer.code) == (401, "invalid_credentials")
    locked = leave(cloud, here)
    assert (locked.status, locked.code, locked.cookies) == (401, "invalid_credentials", [])
    assert row_of(here.account_id) == before
    assert works(cloud, here.token)
    assert len(aws.query_all("CompaniesTable", "pk = :pk", {":pk": "ACCOUNT#ana-1"})) == 2
    assert not cloud.mails()


@pytest.mark.parametrize(
    ("body", "fields"), [({}, {"password": "missing"}), ({"password": PASSWORD, "id": "b1"}, {"id": "unknown"})]
)
def test_S50_a_body_without_the_password_or_with_more_is_refused(
    cloud: Cloud, body: dict[str, str], fields: dict[str, str]
) -> None:
    here = signed_in(cloud, account(cloud, "ana-1"))
    answer = cloud.call("leave", body, token=here.token)
    assert (answer.status, answer.fields()) == (422, fields)
    assert works(cloud, here.token)


def test_a_login_in_between_does_not_outlive_the_account(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud, "ana-1"))
    late: list[SignedIn] = []

    def logged_in_first(write: Any) -> Any:
        del cloud.faults["dynamodb:TransactWriteItems"]
        with cloud.as_function("leave"):
            seen = row_of(here.account_id)
            opened = sessions.opened(here.account_id, remember=False, user_agent="", now=1_800_000_000)
            aws.transact([store.logged_in(seen, seen["password_hash"], 1_800_000_000), opened.write])
        late.append(signed_in(cloud, here.account_id)._replace(session_id=opened.session_id))
        return write()

    cloud.faults["dynamodb:TransactWriteItems"] = logged_in_first
    assert leave(cloud, here).status == 204
    assert late
    assert left_of(cloud, here.account_id) == []


@pytest.mark.parametrize("operation", ["BatchGetItem", "UpdateItem", "TransactWriteItems"])
def test_S77_while_the_tables_do_not_answer_nothing_is_deleted(cloud: Cloud, operation: str) -> None:
    here = signed_in(cloud, account(cloud, "ana-1"))
    linked(here.account_id)
    cloud.faults[f"dynamodb:{operation}"] = SILENT
    answer = leave(cloud, here)
    assert (answer.status, answer.code, answer.cookies) == (503, "unavailable", [])
    cloud.faults.clear()
    assert len(left_of(cloud, here.account_id)) == 5
    assert not cloud.mails()
    assert leave(cloud, here).status == 204
    assert left_of(cloud, here.account_id) == []


@pytest.mark.parametrize("operation", ["Query", "BatchWriteItem"])
def test_links_that_cannot_be_deleted_are_noted_and_the_account_is_gone(
    cloud: Cloud, operation: str, log: io.StringIO
) -> None:
    here = signed_in(cloud, account(cloud, "ana-1"))
    linked(here.account_id)

    def only_companies(call: Any) -> Any:
        if aws.get("IdentityTable", store.key(here.account_id)) is None:
            raise SILENT
        return call()

    cloud.faults[f"dynamodb:{operation}"] = only_companies
    answer = leave(cloud, here)
    assert (answer.status, answer.cookies) == (204, [CLEARED])
    (noted,) = [line for line in lines(log) if line["outcome"] == "links_left_behind"]
    assert (noted["level"], noted["account"]) == ("ERROR", here.account_id)
    assert not works(cloud, here.token)
    assert len(cloud.mails("account_deleted")) == 1
    assert {row["sk"] for row in left_of(cloud, here.account_id)} == {
        "LINK#c-27334",
        "REQUEST#0123456789abcdef01234567",
    }


@pytest.mark.parametrize(("seconds", "left"), [(60, 0), (0, 7)])
def test_very_many_links_of_mails_are_deleted_while_there_is_time_and_the_answer_comes(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, log: io.StringIO, seconds: int, left: int
) -> None:
    here = signed_in(cloud, account(cloud, "ana-1"))
    linked(here.account_id)
    for number in range(5):
        aws.write(aws.put("CompaniesTable", {"pk": "ACCOUNT#ana-1", "sk": f"MAILED#{number:024x}"}))
    monkeypatch.setattr(links, "SWEPT", 3)
    monkeypatch.setattr(links, "SWEEP", seconds)
    answer = leave(cloud, here)
    assert (answer.status, answer.cookies) == (204, [CLEARED])
    assert len(left_of(cloud, "ana-1")) == left
    noted = [line["outcome"] for line in lines(log) if line.get("level") == "ERROR"]
    assert noted == (["links_left_behind"] if left else [])


def test_R01_sixteen_at_once_delete_it_once_and_none_fails_by_a_fault(cloud: Cloud) -> None:
    here = signed_in(cloud, account(cloud, "ana-1"))
    linked(here.account_id)
    answers = cloud.at_once("leave", [{"body": {"password": PASSWORD}, "token": here.token}] * 16)
    assert [answer.status for answer in answers].count(204) >= 1
    assert {answer.status for answer in answers} <= {204, 401}
    assert len(cloud.mails("account_deleted")) == 1
    assert left_of(cloud, here.account_id) == []
