"""The ERP gives a company another address: its old one is told, and for seven days none proves anything (S88)."""

from collections.abc import Iterator

import pytest
import time_machine

from miinti.mail import tokens
from tests import companies, erp, post
from tests.cloud import Cloud
from tests.people import account, signed_in
from tests.post import Post

OLD, NEW = "admfederaldein.27334@cliente.example", "intruso@example.com"
DAY = 86400


@pytest.fixture
def now() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(erp.NOW + 60, tick=False) as traveller:
        yield traveller


def given(cloud: Cloud, email: str, at: int) -> None:
    """A delivery in which the ERP gives the company this address."""
    first = erp.sample("companies")[0]
    erp.delivered(cloud, "companies.csv", erp.written([{**first, "email": email}]), at)


def linked(cloud: Cloud) -> int:
    first = erp.sample("companies")[0]
    body = {"role": "client", "cuit": first["cuit"], "number": first["code"]}
    return cloud.call("link_company", body, token=signed_in(cloud).token).status


def changes(cloud: Cloud) -> list[str]:
    """Addresses that are told of a change."""
    return [mail["to"]["address"] for mail in cloud.mails("contact_changed") if "address" in mail["to"]]


def test_S88_the_old_address_is_told_and_the_new_one_proves_nothing_for_seven_days(
    cloud: Cloud, now: time_machine.Traveller
) -> None:
    cloud.link_policy = "proof"
    account(cloud, email=NEW)
    given(cloud, OLD, erp.NOW)
    given(cloud, NEW, erp.NOW + 30)
    Post(cloud).relay()
    assert changes(cloud) == [OLD]
    (mail,) = [one for one in cloud.mails("contact_changed") if "address" in one["to"]]
    text = post.read(cloud, mail).text
    assert erp.sample("companies")[0]["name"].split(".")[0] in text
    assert NEW not in text
    assert linked(cloud) == 202
    assert not cloud.mails("link_code")
    now.shift(7 * DAY - 31)
    assert linked(cloud) == 202
    now.shift(1)
    assert linked(cloud) == 201


def test_S88_a_code_that_went_to_the_old_address_is_dead(cloud: Cloud, now: time_machine.Traveller) -> None:
    cloud.link_policy = "proof"
    account(cloud)
    given(cloud, OLD, erp.NOW)
    assert linked(cloud) == 202
    (mail,) = cloud.mails("link_code")
    given(cloud, NEW, erp.NOW + 30)
    given(cloud, OLD, erp.NOW + 40)
    request_id = mail["data"]["request_id"]
    with cloud.as_function("confirm_link"):
        code = tokens.link_code(request_id)
    answer = cloud.call("confirm_link", {"code": code}, token=signed_in(cloud).token, path={"id": request_id})
    assert (answer.status, answer.code) == (400, "invalid_code")
    assert not companies.links(cloud)


def test_S88_the_same_file_again_or_another_row_tells_nobody_again(cloud: Cloud, now: time_machine.Traveller) -> None:
    given(cloud, OLD, erp.NOW)
    for at in (30, 40, 50):
        given(cloud, NEW, erp.NOW + at)
    for _ in range(2):
        Post(cloud).relay()
    assert changes(cloud) == [OLD]
    assert int(erp.company(cloud, "c-27334")["email_changed_at"]) == erp.NOW + 30


@pytest.mark.parametrize(("before", "after", "told"), [("", NEW, []), (OLD, "", [OLD]), (OLD, OLD, [])])
def test_S88_an_address_that_comes_or_goes_is_a_change_too(
    cloud: Cloud, now: time_machine.Traveller, before: str, after: str, told: list[str]
) -> None:
    cloud.link_policy = "proof"
    account(cloud, email=NEW)
    given(cloud, before, erp.NOW)
    given(cloud, after, erp.NOW + 30)
    Post(cloud).relay()
    assert changes(cloud) == told
    assert ("email_changed_at" in erp.company(cloud, "c-27334")) is (before != after)
    assert linked(cloud) == 202


def test_S88_under_policy_open_a_link_still_rests_on_what_was_typed(cloud: Cloud, now: time_machine.Traveller) -> None:
    account(cloud, email=NEW)
    given(cloud, OLD, erp.NOW)
    given(cloud, NEW, erp.NOW + 30)
    assert linked(cloud) == 201
    (link,) = [row for row in cloud.rows("CompaniesTable") if row["sk"].startswith("LINK#")]
    assert link["proof"] == "typed"


def test_S88_of_many_companies_an_address_gets_a_few_mails(cloud: Cloud, now: time_machine.Traveller) -> None:
    """An accountant's address may be on file for hundreds."""
    rows = [{**row, "email": OLD} for row in erp.sample("companies")[:8]]
    erp.delivered(cloud, "companies.csv", erp.written(rows), erp.NOW)
    erp.delivered(cloud, "companies.csv", erp.written([{**row, "email": NEW} for row in rows]), erp.NOW + 30)
    Post(cloud).relay()
    mails = [mail for mail in cloud.mails("contact_changed") if "address" in mail["to"]]
    assert len(mails) == 4
    assert sorted(len(mail.get("entries", mail["data"].get("entries", []))) for mail in mails) == [1, 1, 1, 5]
