"""Queue of notices → payments: what the provider tells when it is asked moves them, once."""

import io
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.accounts import payers as keys
from miinti.companies import access
from miinti.payments import mercadopago
from miinti.payments.provider import AttemptState
from tests import payers
from tests.cloud import Cloud, lines
from tests.companies import ON_FILE
from tests.payments import ANA, COMPANY, DOCS, Client, applied, queued
from tests.post import read

A, B = DOCS[:2]


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Client:
    return Client(cloud, 10000, 250)


def ledger(cloud: Cloud) -> list[tuple[int, int]]:
    found = [row for row in cloud.rows("PaymentsTable") if row["pk"].startswith("NOTICE#")]
    return [(int(row["credited"]), int(row["surplus"])) for row in found]


def test_a_credit_moves_its_payment_closes_the_checkout_and_is_told(ana: Client, log: io.StringIO) -> None:
    pid = ana.started(A, B)
    attempt = ana.pay(pid)
    ana.notify(attempt)
    records = queued(ana.cloud)
    ana.cloud.counted()
    ana.cloud.invoke("apply_payment", {"Records": records})
    # Read, who is to be told and whether they may, moved, and the checkout noted as closed; the sandbox's key once a
    # process.
    assert ana.cloud.counted() == {
        "dynamodb:GetItem": 5,
        "dynamodb:TransactWriteItems": 1,
        "dynamodb:PutItem": 1,
        "kms:GenerateMac": 1,
    }
    row = ana.row(pid)
    assert (row["state"], int(row["credited"]), row["shut"], row["holds"]) == ("credited", 10250, True, True)
    assert ana.checkout(pid).closed
    assert ledger(ana.cloud) == [(10250, 0)]
    (line,) = [line for line in lines(log) if line.get("action") == "apply_payment"]
    assert (line["outcome"], line["payment"], line["attempt"]) == ("credited", pid, attempt)
    (mail,) = ana.cloud.mails()
    assert (mail["template"], mail["to"]) == ("payment_receipt", {"address": ANA})
    letter = read(ana.cloud, mail)
    assert letter.subject == "Recibimos tu pago de $ 102,50"
    assert "24/11/2026 a las 06:00" in letter.text
    assert "- Factura B 00205-00000002, por $ 2,50" in letter.text


def test_R04_S86_the_same_again_moves_nothing_and_tells_nobody_again(ana: Client) -> None:
    attempt = ana.pay(ana.started())
    ana.told(attempt)
    before = ana.cloud.kept()
    for _ in range(3):
        ana.told(attempt)
    assert ana.cloud.kept() == before


def test_a_declined_try_is_told_once_a_payment_and_a_later_card_is_a_receipt(ana: Client) -> None:
    pid = ana.started()
    ana.told(ana.pay(pid, "rejected"))
    assert ana.row(pid)["state"] == "rejected"
    (mail,) = ana.cloud.mails()
    assert read(ana.cloud, mail).subject == "Tu pago de $ 100,00 fue rechazado"
    ana.told(ana.pay(pid, "rejected"))
    assert len(ana.cloud.mails("payment_rejected")) == 1
    ana.told(ana.pay(pid, "credited"))
    assert ana.row(pid)["state"] == "credited"
    assert len(ana.cloud.mails("payment_receipt")) == 1
    assert len(ana.cloud.mails("payment_rejected")) == 1


@pytest.mark.parametrize("change", [{"state": "blocked"}, None])
def test_who_left_or_is_blocked_is_not_written_to_and_the_payment_moves(
    ana: Client, change: dict[str, str] | None
) -> None:
    pid = ana.started()
    if change is None:
        aws.write(aws.delete("IdentityTable", ("ACCOUNT#a1", "ACCOUNT")))
    else:
        aws.write(
            aws.update(
                "IdentityTable", ("ACCOUNT#a1", "ACCOUNT"), "SET #s = :s", {":s": "blocked"}, names={"#s": "state"}
            )
        )
    ana.told(ana.pay(pid))
    assert ana.row(pid)["state"] == "credited"
    assert ana.cloud.mails() == []


@pytest.mark.parametrize("state", ["suspended", None])
def test_S48_whose_link_is_suspended_or_gone_is_not_written_to_and_the_payment_moves(
    ana: Client, state: str | None
) -> None:
    pid = ana.started()
    place = access.link_key("a1", COMPANY)
    if state is None:
        aws.write(aws.delete("CompaniesTable", place))
    else:
        aws.write(aws.update("CompaniesTable", place, "SET #s = :s", {":s": state}, names={"#s": "state"}))
    ana.told(ana.pay(pid))
    assert ana.row(pid)["state"] == "credited"
    assert ana.cloud.mails() == []


def test_S86_money_that_is_disputed_still_counts_and_staff_is_told(ana: Client) -> None:
    pid = ana.started()
    attempt = ana.pay(pid)
    ana.told(attempt)
    ana.cloud.provider.dispute(attempt)
    for _ in range(2):
        ana.told(attempt)
    row = ana.row(pid)
    assert (row["state"], int(row["credited"]), row["held"]) == ("credited", 10000, ["disputed"])
    assert ledger(ana.cloud) == [(10000, 0), (0, 0)]
    assert ana.held() == {A: pid}


def test_S86_money_that_differs_is_held_and_credits_nothing(ana: Client) -> None:
    pid = ana.started()
    attempt = ana.pay(pid)
    ana.cloud.provider.attempts[attempt].cents = 9999
    ana.told(attempt)
    row = ana.row(pid)
    assert (row["state"], int(row["credited"]), int(row["surplus"]), row["held"]) == ("in_process", 0, 9999, ["amount"])
    assert ana.cloud.mails() == []


def test_S86_money_that_comes_for_a_payment_that_was_given_up_is_on_it_and_holds_its_documents_again(
    ana: Client,
) -> None:
    """The provider's search lagged: it had not shown this one when the payment was closed."""
    pid = ana.started(A, B)
    attempt = ana.pay(pid)
    late = ana.cloud.provider.attempts.pop(attempt)
    assert ana.cancel(pid).status == 204
    assert ana.held() == {}
    ana.cloud.provider.attempts[attempt] = late
    ana.told(attempt)
    row = ana.row(pid)
    assert (row["state"], row["closed"], row["held"]) == ("credited", "cancelled", ["late"])
    assert ana.held() == {A: pid, B: pid}
    assert len(ana.cloud.mails("payment_receipt")) == 1


@pytest.mark.parametrize("reference", ["c-27334." + "0" * 32, "x", ""])
def test_S86_an_attempt_of_no_payment_here_is_held_for_staff(ana: Client, log: io.StringIO, reference: str) -> None:
    attempt = ana.pay(ana.started())
    ana.cloud.provider.attempts[attempt].reference = reference
    ana.told(attempt)
    (held,) = [row for row in ana.cloud.rows("PaymentsTable") if row["pk"] == "HELD"]
    assert (held["sk"], int(held["cents"])) == (f"sandbox#{attempt}", 10000)
    assert [line["outcome"] for line in lines(log) if line.get("action") == "apply_payment"] == ["not_ours"]


def test_R06_one_message_fails_and_comes_back_alone(ana: Client) -> None:
    """A message of another provider's is nothing that trying again mends: it ends in the dead letters."""
    pid = ana.started()
    ana.notify(ana.pay(pid))
    (good,) = queued(ana.cloud)
    url = ana.cloud.resolved({"Ref": "PaymentQueue"})
    aws.sqs().send_message(QueueUrl=url, MessageBody='{"provider": "mercadopago", "attempt": "1"}')
    (poison,) = queued(ana.cloud)
    answer = ana.cloud.invoke("apply_payment", {"Records": [poison, good]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": poison["messageId"]}]}
    assert ana.row(pid)["state"] == "credited"


def test_R11_while_the_provider_is_away_messages_wait(ana: Client) -> None:
    pid = ana.started()
    ana.notify(ana.pay(pid))
    (record,) = queued(ana.cloud)
    ana.cloud.away = True
    answer = ana.cloud.invoke("apply_payment", {"Records": [record]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert ana.row(pid)["state"] == "created"
    ana.cloud.away = False
    assert ana.cloud.invoke("apply_payment", {"Records": [record]}) == {"batchItemFailures": []}
    assert ana.row(pid)["state"] == "credited"


def test_mercado_pago_is_asked_with_what_the_secret_holds(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def fetch(one: mercadopago.MercadoPago, attempt: str) -> None:
        asked.append((one._token, one._keys, one._live, attempt))

    monkeypatch.setattr(mercadopago.MercadoPago, "fetch", fetch)
    cloud.payment_provider = "mercadopago"
    url = cloud.resolved({"Ref": "PaymentQueue"})
    for attempt in ("1", "2"):
        aws.sqs().send_message(QueueUrl=url, MessageBody=f'{{"provider": "mercadopago", "attempt": "{attempt}"}}')
    cloud.counted()
    assert applied(cloud) == []
    assert asked == [("TEST-token", ["s" * 64], True, attempt) for attempt in ("1", "2")]
    assert cloud.counted()["secretsmanager:GetSecretValue"] == 1


def test_another_companys_reference_moves_that_ones_payment_alone(ana: Client) -> None:
    pid = ana.started()
    assert ana.checkout(pid).reference == f"{COMPANY}.{pid}"
    before = ana.row(pid)
    attempt = ana.pay(pid)
    ana.cloud.provider.attempts[attempt].reference = f"c-7.{pid}"
    ana.told(attempt)
    assert ana.row(pid) == before


@pytest.mark.parametrize(("state", "template"), [("credited", "payment_receipt"), ("rejected", "payment_rejected")])
def test_S10_who_paid_with_a_key_is_written_to_where_it_went(ana: Client, state: AttemptState, template: str) -> None:
    token, _ = payers.inside(ana.cloud)
    pid = ana.started(A, token=token)
    assert ana.row(pid)["person"] == "payer-c-27334"
    ana.told(ana.pay(pid, state))
    (mail,) = ana.cloud.mails(template)
    assert mail["to"] == {"address": ON_FILE}
    letter = read(ana.cloud, mail)
    assert letter.text.startswith("Hola:\n")
    assert "https://mi.inti.example/pago" in letter.text


def test_once_the_keys_row_is_gone_nobody_is_written_to(ana: Client) -> None:
    token, _ = payers.inside(ana.cloud)
    attempt = ana.pay(ana.started(A, token=token))
    aws.write(aws.delete("IdentityTable", keys.key_of("payer-c-27334")))
    ana.told(attempt)
    assert not ana.cloud.mails("payment_receipt")
