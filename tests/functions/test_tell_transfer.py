"""POST /v1/companies/{id}/transfers: told once, of the own documents alone, and the form for its proof."""

from typing import Any

import pytest
import time_machine

from miinti import clock as clocks
from miinti.payments import proofs
from tests import companies
from tests.cloud import BUCKET, Cloud
from tests.payments import COMPANY, DOCS
from tests.transfers import Teller, policy

PROOF = {"content_type": "image/png"}


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Teller:
    return Teller(cloud, 10000, 20000)


def test_a_transfer_is_told_and_holds_nothing(ana: Teller) -> None:
    told = ana.told(*ana.docs, amount="150.00", proof=PROOF)
    assert (told["state"], told["amount"], told["date"], told["bank"]) == (
        "received",
        "150.00",
        ana.today,
        "Banco Nación",
    )
    assert (told["documents"], told["reason"], told["decided_at"]) == (ana.docs, None, None)
    assert told["proof"] == {
        "content_type": "image/png", "state": "awaited", "state_label": "Falta el archivo", "reason": None
    }  # fmt: skip
    assert ana.held() == {}
    row = ana.transfer(told["id"])
    assert (row["person"], int(row["cents"]), row["desk"]) == ("a1", 15000, "TRANSFER")
    assert ana.listed()["items"] == [{name: value for name, value in told.items() if name != "upload"}]
    # Nothing of a payment moves, and one of the same documents can be started.
    assert ana.start(ana.docs[0]).status == 201


def test_S18_a_company_tells_of_sixty_an_hour_and_hears_when_it_may_again(
    ana: Teller, clock: time_machine.Traveller
) -> None:
    first = ana.told(key="t-0")
    clock.shift(600)
    for number in range(1, 60):
        ana.told(key=f"t-{number}")
    refused = ana.tell(key="t-60")
    assert (refused.code, refused.headers["retry-after"]) == ("too_many_attempts", "3000")
    # What was told is told again as ever, and a payment's rows are none of them.
    assert ana.told(key="t-0")["id"] == first["id"]
    assert ana.start(ana.docs[0]).status == 201
    clock.shift(3000)
    ana.told(key="t-60")


def test_it_costs_five_calls(ana: Teller) -> None:
    ana.told()
    ana.cloud.counted()
    ana.told(key="t-2")
    assert ana.cloud.counted() == {
        "dynamodb:BatchGetItem": 2, "dynamodb:Query": 1, "dynamodb:TransactWriteItems": 1, "dynamodb:GetItem": 1
    }  # fmt: skip


def test_S55_the_form_takes_one_object_of_one_type_of_five_megabytes_for_two_minutes(ana: Teller) -> None:
    told = ana.told(proof=PROOF)
    upload = told["upload"]
    key = proofs.key(COMPANY, told["id"])
    assert upload["fields"]["key"] == key
    assert upload["fields"]["x-amz-algorithm"] == "AWS4-HMAC-SHA256"
    allowed = policy(upload)["conditions"]
    for condition in (
        {"bucket": BUCKET},
        {"key": key},
        {"Content-Type": "image/png"},
        ["content-length-range", 1, 5_000_000],
    ):
        assert condition in allowed
    assert policy(upload)["expiration"] == upload["expires_at"] == clocks.instant(clocks.now() + 120)
    # The same request again gets a form again: the first one's time may be over.
    again = ana.told(proof=PROOF)
    assert (again["id"], again["upload"]["fields"]["key"]) == (told["id"], key)
    assert ana.told(key="t-2")["upload"] is None


def test_R03_a_request_is_told_once_whatever_comes_again(ana: Teller) -> None:
    first = ana.told()
    assert ana.told() == first
    assert ana.tell(amount="1.00").code == "idempotency_mismatch"
    assert ana.told(key="t-2")["id"] != first["id"]
    assert ana.start(ana.docs[0], key="t-1").code == "idempotency_mismatch"
    companies.person(ana.cloud, "b1")
    companies.link("b1", COMPANY)
    theirs = ana.told(token=companies.token(ana.cloud, "b1"))
    assert theirs["id"] != first["id"]
    assert len(ana.listed()["items"]) == 3


def test_R03_twice_at_once_is_one(ana: Teller) -> None:
    body = {"amount": "1.00", "date": ana.today, "bank": "B", "doc_ids": ana.docs[:1]}
    request = {"body": body, "token": ana.token, "path": {"id": COMPANY}, "headers": {"Idempotency-Key": "k"}}
    answers = ana.cloud.at_once("tell_transfer", [request] * 8)
    assert {answer.status for answer in answers} == {201}
    assert len({answer.json["id"] for answer in answers}) == 1
    assert len(ana.listed()["items"]) == 1


@pytest.mark.parametrize(
    ("days", "code"), [(-1, None), (0, None), (-180, None), (1, "not_allowed"), (-181, "not_allowed")]
)
def test_a_day_to_come_and_one_too_long_ago_are_refused(
    ana: Teller, clock: time_machine.Traveller, days: int, code: str | None
) -> None:
    """Of Buenos Aires: at half past eleven at night it is tomorrow in UTC."""
    import datetime as dt

    clock.move_to("2026-11-25T02:30:00Z")
    answer = ana.tell(date=(dt.date(2026, 11, 24) + dt.timedelta(days=days)).isoformat())
    if code is None:
        assert answer.status == 201
    else:
        assert [(e["field"], e["code"]) for e in answer.json["errors"]] == [("date", code)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("amount", "0.00"), ("amount", "-1.00"), ("amount", "1"), ("amount", 1), ("amount", "1,00"),
        ("date", "24/11/2026"), ("date", "2026-02-30"), ("date", ""),
        ("bank", ""), ("bank", "   "), ("bank", "a\nb"), ("bank", "x" * 81),
        ("doc_ids", []), ("doc_ids", [DOCS[0]] * 2), ("doc_ids", [DOCS[4]]), ("doc_ids", ["../x"]),
        ("doc_ids", [f"v-00205-{n:08d}-006" for n in range(91)]),
        ("proof", {"content_type": "text/html"}), ("proof", {"content_type": "image/png", "key": "x"}),
        ("state", "matched"), ("person", "b1"),
    ],
)  # fmt: skip
def test_S50_what_is_wrong_is_told_and_nothing_is_written(ana: Teller, field: str, value: Any) -> None:
    before = ana.cloud.kept()
    answer = ana.tell(**{field: value})
    assert answer.status == 422, answer.text
    assert {error["field"].partition(".")[0] for error in answer.json["errors"]} == {field}
    assert ana.cloud.kept() == before


def test_S86_another_companys_documents_and_what_is_no_debit_are_refused_alike(ana: Teller) -> None:
    companies.company(number="1")
    ana.owes(DOCS[3], 5, company_id="c-1")
    credit = "v-00205-00000007-008"
    ana.owes(credit, 5)
    told = []
    for doc in (DOCS[3], credit, "q-1", "v-00205-09999999-006", "v-00205-00000001-999"):
        answer = ana.tell(ana.docs[0], doc)
        told.append([(e["field"], e["code"]) for e in answer.json["errors"]])
    assert told == [[("doc_ids", "not_allowed")]] * 5
