"""POST /v1/companies/{id}/payment-key: who is linked to a client has its key mailed to the address on file."""

import pytest
import time_machine

from miinti import clock as clocks
from miinti.companies import rules
from tests.cloud import Answered, Cloud
from tests.companies import ON_FILE, company, link, person
from tests.payers import WRONG, login, mailed


@pytest.fixture
def token(cloud: Cloud, clock: time_machine.Traveller) -> str:
    token = person(cloud)
    link("a1", company())
    return token


def ask(cloud: Cloud, token: str, company_id: str = "c-27334") -> Answered:
    return cloud.call("mail_payment_key", token=token, path={"id": company_id})


def test_S25_it_goes_to_the_address_on_file_and_not_to_who_asks(cloud: Cloud, token: str) -> None:
    cloud.function("mail_payment_key")
    cloud.counted()
    answer = ask(cloud, token)
    assert (answer.status, answer.text) == (202, "")
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:TransactWriteItems": 1}
    (mail,) = cloud.mails()
    assert (mail["template"], mail["to"]) == ("payment_key", {"address": ON_FILE})
    assert login(cloud, mailed(cloud)).status == 200


def test_a_new_key_brings_new_tries(cloud: Cloud, token: str) -> None:
    for _ in range(9):
        login(cloud, WRONG)
    ask(cloud, token)
    assert login(cloud, mailed(cloud)).status == 200


@pytest.mark.parametrize("changed", [{"email": None}, {"email_changed_at": 1}], ids=["none", "new"])
def test_S88_without_a_usable_address_it_says_so(cloud: Cloud, token: str, changed: dict[str, object]) -> None:
    if "email_changed_at" in changed:
        changed = {"email_changed_at": clocks.now() - rules.PAUSE + 1}
    company(**changed)  # type: ignore[arg-type]  # an address or none
    answer = ask(cloud, token)
    assert (answer.status, answer.code) == (409, "no_address_on_file")
    assert "Mis comprobantes" in answer.json["detail"]
    assert not cloud.mails()


def test_S20_the_fourth_in_an_hour_is_told_when_and_replaces_nothing(
    cloud: Cloud, token: str, clock: time_machine.Traveller
) -> None:
    for _ in range(3):
        assert ask(cloud, token).status == 202
        clock.shift(60)
    key = mailed(cloud)
    answer = ask(cloud, token)
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (429, "too_many_attempts", "3420")
    assert login(cloud, key).status == 200
    assert len(cloud.mails()) == 3


def test_a_supplier_has_none(cloud: Cloud, token: str) -> None:
    link("a1", company("supplier", "3012"))
    assert ask(cloud, token, "s-3012").status == 404
