"""DELETE /v1/companies/{id}/payments/{pid}: documents are free once nobody can pay for them, and not before."""

import pytest
import time_machine

from local.provider import NotSo
from tests.cloud import Cloud
from tests.payments import DOCS, Client

A, B = DOCS[:2]


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Client:
    return Client(cloud, 10000, 250)


def test_a_payment_given_up_is_closed_there_and_here_and_frees_its_documents(ana: Client) -> None:
    pid = ana.started(A, B)
    ana.cloud.counted()
    assert ana.cancel(pid).status == 204
    assert ana.cloud.counted() == {
        "dynamodb:BatchGetItem": 1,
        "dynamodb:GetItem": 2,
        "dynamodb:TransactWriteItems": 1,
    }
    with pytest.raises(NotSo):
        ana.pay(pid)
    assert (ana.show(pid)["state"], ana.show(pid)["redirect_url"]) == ("cancelled", None)
    assert ana.held() == {}
    assert ana.start(A, key="k-2").status == 201


def test_R03_again_is_the_same(ana: Client) -> None:
    pid = ana.started()
    assert [ana.cancel(pid).status for _ in range(3)] == [204, 204, 204]


@pytest.mark.parametrize("state", ["pending", "in_process", "credited"])
def test_S86_what_was_paid_meanwhile_is_found_and_not_given_up(ana: Client, state: str) -> None:
    """No notice has come: the provider is asked."""
    pid = ana.started()
    ana.pay(pid, state)  # type: ignore[arg-type]  # one of the states
    answer = ana.cancel(pid)
    assert (answer.status, answer.code) == (409, "payment_in_process")
    assert ana.show(pid)["state"] == state
    assert ana.held() == {A: pid}
    assert len(ana.cloud.mails("payment_receipt")) == (state == "credited")


def test_while_the_provider_is_away_nothing_is_free(ana: Client) -> None:
    pid = ana.started()
    ana.cloud.away = True
    assert ana.cancel(pid).status == 503
    assert ana.held() == {A: pid}
    ana.cloud.away = False
    assert ana.cancel(pid).status == 204


def test_a_payment_that_the_provider_never_knew_is_given_up_too(ana: Client) -> None:
    ana.cloud.away = True
    assert ana.start(A).status == 503
    (pid,) = ana.held().values()
    ana.cloud.away = False
    assert ana.cancel(pid).status == 204
    assert ana.held() == {}
