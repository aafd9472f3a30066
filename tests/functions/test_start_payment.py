"""POST /v1/companies/{id}/payments: who asks names documents; what they cost, and where it is paid, is worked out
here."""

from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.documents import payments
from miinti.payments import debts, holds, mercadopago, starting, store
from miinti.payments.provider import ProviderRefused
from miinti.payments.sandbox import Sandbox
from tests import companies
from tests.cloud import Cloud
from tests.companies import at_once
from tests.payments import COMPANY, DOCS, Client
from tests.template import sam

A, B, C = DOCS[:3]


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Client:
    return Client(cloud, 10000, 250, 300)


def test_S86_what_is_paid_is_what_remains_and_the_browser_names_documents(ana: Client) -> None:
    answer = ana.start(A, B)
    # What is owed, what is held, and of each document the receipts that it has already.
    assert ana.cloud.counted() == {
        "dynamodb:BatchGetItem": 1,
        "dynamodb:Query": 4,
        "dynamodb:TransactWriteItems": 1,
        "dynamodb:GetItem": 1,
        "dynamodb:UpdateItem": 1,
    }
    assert answer.status == 201
    pid = answer.json["id"]
    checkout = ana.checkout(pid)
    assert answer.json == {
        "id": pid,
        "state": "created",
        "amount": "102.50",
        "currency": "ARS",
        "redirect_url": f"https://mi.inti.example/_local/checkout/{checkout.id}",
        "expires_at": "2026-11-24T10:00:00Z",
    }
    assert answer.headers["location"] == f"/v1/companies/{COMPANY}/payments/{pid}"
    assert (checkout.cents, checkout.currency) == (10250, "ARS")
    assert [item["title"] for item in checkout.items] == ["Factura B 00205-00000001", "Factura B 00205-00000002"]
    assert ana.held() == {A: pid, B: pid}
    told = ana.cloud.call("list_debts", token=ana.token, path={"id": COMPANY}).json
    assert [(item["id"], item["payment"]) for item in told["items"]] == [(A, pid), (B, pid), (C, None)]


def test_S86_amounts_come_of_rows_that_are_read_consistently(ana: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, inner = [], aws.query

    def query(*given: Any, **more: Any) -> Any:
        asked.append((given[0], more.get("index"), more.get("consistent")))
        return inner(*given, **more)

    monkeypatch.setattr(aws, "query", query)
    assert ana.start(A).status == 201
    assert asked == [
        ("PaymentsTable", None, True),
        ("CompaniesTable", "by_s5", True),
        ("CompaniesTable", None, True),
    ]


def test_of_one_document_a_part_may_be_paid(ana: Client) -> None:
    assert ana.start(A, amount="0.01").json["amount"] == "0.01"


def test_all_overdue_is_what_is_overdue_today_and_in_no_payment(ana: Client) -> None:
    ana.owes(DOCS[3], 7, due="2026-11-24")
    ana.owes(DOCS[4], 9, due=None)
    first = ana.started(A)
    answer = ana.start(key="k-2", all_overdue=True)
    assert answer.json["amount"] == "5.50"
    assert ana.held() == {A: first, B: answer.json["id"], C: answer.json["id"]}


@pytest.mark.parametrize(("body", "fields"), [
    ({}, {"doc_ids": "missing"}),
    ({"doc_ids": [A], "all_overdue": True}, {"doc_ids": "not_allowed"}),
    ({"all_overdue": True, "amount": "1.00"}, {"amount": "not_allowed"}),
    ({"doc_ids": []}, {"doc_ids": "too_short"}),
    ({"doc_ids": [A] * (debts.MOST + 1)}, {"doc_ids": "too_long"}),
    ({"doc_ids": [A, A]}, {"doc_ids": "not_allowed"}),
    ({"doc_ids": [A, "v-00205-99999999-006"]}, {"doc_ids": "not_allowed"}),
    ({"doc_ids": ["../../x"]}, {"doc_ids": "not_allowed"}),
    ({"doc_ids": [A], "amount": "100.01"}, {"amount": "not_allowed"}),
    ({"doc_ids": [A], "amount": "0.00"}, {"amount": "not_allowed"}),
    ({"doc_ids": [A], "amount": "-1.00"}, {"amount": "not_allowed"}),
    ({"doc_ids": [A], "amount": "1"}, {"amount": "wrong_type"}),
    ({"doc_ids": [A], "amount": "1,00"}, {"amount": "wrong_type"}),
    ({"doc_ids": [A], "amount": "1e2"}, {"amount": "wrong_type"}),
    ({"doc_ids": [A, B], "amount": "1.00"}, {"amount": "not_allowed"}),
    ({"doc_ids": [A], "currency": "USD"}, {"currency": "unknown"}),
    ({"doc_ids": [A], "cents": 1}, {"cents": "unknown"}),
    ({"doc_ids": [A], "company": "c-1"}, {"company": "unknown"}),
])  # fmt: skip
def test_S86_what_cannot_be_paid_is_refused_by_its_field_and_nothing_is_held(
    ana: Client, body: dict[str, Any], fields: dict[str, str]
) -> None:
    headers = {"Idempotency-Key": "k-1"}
    answer = ana.cloud.call("start_payment", body, token=ana.token, path={"id": COMPANY}, headers=headers)
    assert (answer.status, answer.fields()) == (422, fields)
    assert ana.cloud.rows("PaymentsTable") == []
    assert ana.cloud.provider.checkouts == {}


def test_S86_another_clients_document_is_none_of_this_ones(ana: Client) -> None:
    companies.link("a1", companies.company(number="7", cuit=companies.cuit(50_000_001)))
    ana.owes("v-00007-00000001-006", 5, company_id="c-7")
    assert ana.start("v-00007-00000001-006").fields() == {"doc_ids": "not_allowed"}
    assert ana.start("v-00007-00000001-006", company="c-7").status == 201


def test_more_than_one_payment_holds_is_to_be_chosen_from(ana: Client) -> None:
    for number in range(100, 100 + debts.MOST):
        ana.owes(f"v-00205-{number:08d}-006", 1)
    answer = ana.start(all_overdue=True)
    assert (answer.status, answer.fields()) == (422, {"all_overdue": "too_long"})


# --- where it leads ---------------------------------------------------------------------------------------------------


def test_S62_the_way_back_is_the_portals_whatever_the_request_says_of_itself(ana: Client) -> None:
    lies = {"Host": "evil.example", "Origin": "https://mi.inti.example", "Referer": "https://evil.example/",
            "X-Forwarded-Host": "evil.example", "Idempotency-Key": "k-1"}  # fmt: skip
    answer = ana.cloud.call("start_payment", {"doc_ids": [A]}, token=ana.token, path={"id": COMPANY}, headers=lies)
    assert answer.status == 201
    assert ana.checkout(answer.json["id"]).return_url == f"https://mi.inti.example/comprobantes/{COMPANY}/pagar"
    assert "evil" not in answer.text


# --- one live payment a document --------------------------------------------------------------------------------------


def test_two_tabs_at_once_make_one_payment(ana: Client) -> None:
    calls = [
        ("start_payment", {"body": {"doc_ids": docs}, "token": ana.token, "path": {"id": COMPANY},
                           "headers": {"Idempotency-Key": f"k-{n}"}})
        for n, docs in enumerate([[A], [A, B], [B, A], [A]])
    ]  # fmt: skip
    answers = at_once(ana.cloud, calls)
    assert sorted(answer.status for answer in answers) == [201, 409, 409, 409]
    assert {answer.code for answer in answers if answer.status == 409} == {"payment_in_process"}
    assert len(set(ana.held().values())) == 1
    assert len(ana.cloud.provider.checkouts) == 1


def test_what_nobody_tried_yet_or_may_still_come_to_money_is_in_process(ana: Client) -> None:
    pid = ana.started(A)
    assert ana.start(A, key="k-2").code == "payment_in_process"
    ana.pay(pid, "pending")
    ana.cloud.invoke("check_payments", {})
    assert ana.start(A, B, key="k-3").code == "payment_in_process"
    assert ana.held() == {A: pid}


def test_a_declined_payment_makes_way_and_cannot_be_paid_any_more(ana: Client, clock: time_machine.Traveller) -> None:
    first = ana.started(A)
    ana.pay(first, "rejected")
    clock.shift(1000)
    ana.cloud.invoke("check_payments", {})
    assert ana.show(first)["state"] == "rejected"
    second = ana.started(A, B, key="k-2")
    assert ana.checkout(first).closed
    assert ana.show(first)["redirect_url"] is None
    assert ana.held() == {A: second, B: second}


def test_S86_a_declined_payment_that_another_card_paid_meanwhile_is_found_and_keeps_its_documents(
    ana: Client, clock: time_machine.Traveller
) -> None:
    first = ana.started(A)
    ana.pay(first, "rejected")
    clock.shift(1000)
    ana.cloud.invoke("check_payments", {})
    ana.pay(first)
    assert ana.start(A, B, key="k-2").code == "payment_in_process"
    assert (ana.row(first)["state"], ana.held()) == ("credited", {A: first})
    assert len(ana.cloud.mails("payment_receipt")) == 1


def test_a_request_that_cannot_be_closes_no_declined_payment(ana: Client, clock: time_machine.Traveller) -> None:
    first = ana.started(A)
    ana.pay(first, "rejected")
    clock.shift(1000)
    ana.cloud.invoke("check_payments", {})
    assert ana.start(A, key="k-2", amount="999.00").status == 422
    assert not ana.checkout(first).closed
    assert ana.held() == {A: first}


def test_one_request_closes_so_many_declined_payments_and_no_more(ana: Client, clock: time_machine.Traveller) -> None:
    docs = [*DOCS[:3], DOCS[3]]
    ana.owes(DOCS[3], 5)
    for n, doc in enumerate(docs):
        ana.pay(ana.started(doc, key=f"k-{n}"), "rejected")
    clock.shift(1000)
    ana.cloud.invoke("check_payments", {})
    assert len(docs) == starting.WAYS + 1
    assert ana.start(*docs, key="all").code == "payment_in_process"
    assert ana.start(*docs, key="again").status == 201


def test_R11_a_provider_that_takes_its_time_does_not_take_the_functions(
    ana: Client, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its longest answers: two for the payment that is closed last, one for the new one, and what went by before."""
    for n, doc in enumerate((A, B)):
        ana.pay(ana.started(doc, key=f"k-{n}"), "rejected")
    clock.shift(1000)
    ana.cloud.invoke("check_payments", {})
    inner = Sandbox.close

    def close(one: Sandbox, checkout_id: str) -> None:
        inner(one, checkout_id)
        clock.shift(starting.LONGEST)

    monkeypatch.setattr(Sandbox, "close", close)
    assert ana.start(A, B, key="all").code == "payment_in_process"
    assert sorted(checkout.closed for checkout in ana.cloud.provider.checkouts.values()) == [False, True]
    longest = sum(mercadopago.TIMEOUT)
    assert starting.LONGEST + 3 * longest < sam.functions()["StartPaymentFunction"]["Properties"]["Timeout"] <= 29
    # What is known of it is looked for first; or its checkout comes in meanwhile, and is closed and looked through.
    assert 3 * longest < sam.functions()["CancelPaymentFunction"]["Properties"]["Timeout"]
    batch = sam.source()["Resources"]["PaymentsToApply"]["Properties"]["BatchSize"]
    assert batch * 2 * longest < sam.functions()["ApplyPaymentFunction"]["Properties"]["Timeout"]


def test_all_overdue_passes_over_what_is_in_process_and_takes_what_was_declined(
    ana: Client, clock: time_machine.Traveller
) -> None:
    for n, doc in enumerate(DOCS[2:5]):
        ana.owes(doc, 5)
        ana.started(doc, key=f"waits {n}")
    declined = ana.started(A)
    ana.pay(declined, "rejected")
    clock.shift(1000)
    ana.cloud.invoke("check_payments", {})
    answer = ana.start(key="all", all_overdue=True)
    assert answer.json["amount"] == "102.50"
    assert {ana.held()[doc] for doc in (A, B)} == {answer.json["id"]}


def test_what_the_provider_will_not_have_is_closed_and_can_be_paid_when_it_will(
    ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open(*_: Any) -> None:
        raise ProviderRefused(400)

    with monkeypatch.context() as patch:
        patch.setattr(Sandbox, "open", open)
        answer = ana.start(A)
    assert (answer.status, answer.code) == (503, "payments_unavailable")
    assert ana.held() == {}
    again = ana.start(A)
    assert (again.status, again.json["state"], again.json["redirect_url"]) == (201, "cancelled", None)
    assert ana.start(A, key="k-2").json["redirect_url"]


def test_what_is_left_of_a_document_is_paid_as_soon_as_the_receipt_of_its_part_has_come(ana: Client) -> None:
    """Nobody waits until ``check_payments`` comes by."""
    part = ana.started(A, amount="40.00")
    ana.told(ana.pay(part))
    assert ana.start(A, key="k-2").code == "payment_in_process"
    ana.receipt(A, 4000, "2026-11-24")
    rest = ana.start(A, key="k-3")
    assert (rest.status, rest.json["amount"]) == (201, "60.00")
    assert ana.show(part)["state_label"] == "Imputado"
    assert ana.held() == {A: rest.json["id"]}


def test_S86_what_is_settled_while_a_payment_starts_is_not_paid_twice(
    ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Holds are read before debits: a document that is free is owed as it is then, or less."""
    order: list[str] = []
    for module, name in ((holds, "of_company"), (payments, "open_debits")):
        inner = getattr(module, name)

        def noted(*given: Any, name: str = name, inner: Any = inner, **more: Any) -> Any:
            order.append(name)
            return inner(*given, **more)

        monkeypatch.setattr(module, name, noted)
    assert ana.start(A).status == 201
    assert order == ["of_company", "open_debits"]


# --- the same request again -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [None, "", "k" * 65, "año", "a\tb", "a\x7f"])
def test_R03_a_request_needs_a_key_of_1_to_64_printable_signs(ana: Client, key: str | None) -> None:
    answer = ana.start(A, key=key)
    assert (answer.status, answer.fields()) == (422, {"Idempotency-Key": "missing" if key is None else "invalid"})
    assert ana.cloud.rows("PaymentsTable") == []
    assert ana.start(A, key="k" * 64).status == 201


def test_R03_the_same_request_again_is_the_same_payment(ana: Client) -> None:
    first = ana.start(A)
    ana.cloud.counted()
    again = ana.start(A)
    assert (again.status, again.json) == (201, first.json)
    assert ana.cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:GetItem": 1}
    assert len(ana.cloud.provider.checkouts) == 1


@pytest.mark.parametrize("other", [{"doc_ids": [B]}, {"doc_ids": [A], "amount": "1.00"}, {"all_overdue": True}])
def test_R03_another_request_under_the_key_is_refused(ana: Client, other: dict[str, Any]) -> None:
    ana.started(A)
    answer = ana.start(**other)
    assert (answer.status, answer.code) == (422, "idempotency_mismatch")


def test_R03_a_key_is_its_persons_alone(ana: Client) -> None:
    bo = companies.person(ana.cloud, "b1")
    companies.link("b1", COMPANY)
    assert ana.started(A) != ana.started(B, token=bo)


def test_R03_the_same_request_from_many_at_once_is_one_payment(ana: Client) -> None:
    call: tuple[str, dict[str, Any]] = ("start_payment", {
        "body": {"doc_ids": [A]}, "token": ana.token, "path": {"id": COMPANY}, "headers": {"Idempotency-Key": "k"},
    })  # fmt: skip
    answers = at_once(ana.cloud, [call] * 6)
    assert {(answer.status, answer.json.get("code")) for answer in answers} <= {
        (201, None),
        (409, "request_in_progress"),
    }
    assert len({answer.json["id"] for answer in answers if answer.status == 201}) == 1
    assert len(ana.cloud.provider.checkouts) == 1


def test_R03_while_the_provider_is_away_the_payment_is_on_record_and_gone_on_with(
    ana: Client, clock: time_machine.Traveller
) -> None:
    ana.cloud.away = True
    assert ana.start(A).status == 503
    (pid,) = ana.held().values()
    ana.cloud.away = False
    assert ana.start(A).code == "request_in_progress"
    clock.shift(store.ASKING)
    answer = ana.start(A)
    assert (answer.status, answer.json["id"]) == (201, pid)
    assert answer.json["redirect_url"]


def test_R03_all_that_is_overdue_asked_for_twice_at_once_is_one_payment(
    ana: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have read the key's row before either wrote it, and the second finds nothing that is overdue and free."""
    inner = holds.of_company
    first: list[Any] = []

    def of_company(company_id: str) -> Any:
        if not first:
            first.append(None)
            first[0] = ana.start(all_overdue=True)
        return inner(company_id)

    monkeypatch.setattr(holds, "of_company", of_company)
    second = ana.start(all_overdue=True)
    assert (first[0].status, second.status) == (201, 201)
    assert second.json == first[0].json


def test_R03_after_the_payments_time_its_request_opens_nothing_that_is_over(
    ana: Client, clock: time_machine.Traveller
) -> None:
    ana.cloud.away = True
    assert ana.start(A).status == 503
    ana.cloud.away = False
    clock.shift(store.LIFE)
    answer = ana.start(A)
    assert (answer.status, answer.json["state"], answer.json["redirect_url"]) == (201, "expired", None)
    assert ana.cloud.provider.checkouts == {}
    assert ana.held() == {}
    assert ana.start(A, key="k-2").json["state"] == "created"


def test_R03_a_payment_that_was_given_up_is_what_its_request_started(ana: Client) -> None:
    pid = ana.started(A)
    assert ana.cancel(pid).status == 204
    answer = ana.start(A)
    assert (answer.status, answer.json["id"], answer.json["state"]) == (201, pid, "cancelled")
    assert answer.json["redirect_url"] is None


# --- a stage that takes no payments -----------------------------------------------------------------------------------


def test_a_stage_takes_no_payments_until_it_is_told_by_whom() -> None:
    assert sam.source()["Parameters"]["PaymentProvider"]["Default"] == "none"


def test_where_nobody_takes_payments_none_is_started_and_nothing_is_held(ana: Client) -> None:
    ana.cloud.payment_provider = "none"
    answer = ana.start(A)
    assert (answer.status, answer.code) == (503, "payments_unavailable")
    assert "no está disponible" in answer.json["detail"]
    assert ana.cloud.rows("PaymentsTable") == []
    assert ana.start(A, company="c-1").status == 404


def test_a_payment_of_another_provider_is_not_gone_on_with(ana: Client) -> None:
    pid = ana.started(A)
    ana.cloud.payment_provider = "none"
    ana.cloud.forget("start_payment")
    assert ana.start(A).code == "payments_unavailable"
    assert ana.held() == {A: pid}


# --- who --------------------------------------------------------------------------------------------------------------


def test_a_payment_of_another_provider_makes_no_way_and_asks_nobody(ana: Client, clock: time_machine.Traveller) -> None:
    pid = ana.started(A)
    aws.write(aws.update("PaymentsTable", store.key(COMPANY, pid), "SET provider = :gone", {":gone": "mercadopago"}))
    clock.shift(86400)
    answer = ana.start(A, key="k-2")
    assert (answer.status, answer.code) == (409, "payment_in_process")
    assert not ana.checkout(pid).closed
    assert ana.start(key="k-3", all_overdue=True).status == 201


def test_a_supplier_pays_nothing_here(ana: Client) -> None:
    companies.link("a1", companies.company("supplier", "3012"))
    answer = ana.start(A, company="s-3012")
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("use_case", ["start_payment", "cancel_payment", "take_payment_notice"])
def test_S72_what_mercado_pago_takes_is_read_once_a_process_and_stands_in_no_environment(
    cloud: Cloud, use_case: str
) -> None:
    cloud.payment_provider = "mercadopago"
    cloud.function(use_case)
    assert cloud.startup[use_case]["secretsmanager:GetSecretValue"] == 1
    assert cloud.startup[use_case]["kms:GenerateMac"] == 0
    assert "TEST-token" not in str(cloud.environment(use_case))
