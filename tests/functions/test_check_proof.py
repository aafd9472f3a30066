"""ProofQueue → what a proof is: a good one stands, what is none is removed and its transfer says so (S57)."""

import pytest
import time_machine

from miinti import aws
from miinti.payments import proofs
from tests import erp
from tests.cloud import BUCKET, Cloud
from tests.payments import COMPANY
from tests.transfers import Teller, checked, jpeg, png, sent

GOOD = {"application/pdf": erp.pdf(), "image/png": png(), "image/jpeg": jpeg()}


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Teller:
    return Teller(cloud, 10000)


def announced(ana: Teller, content_type: str = "image/png") -> str:
    return str(ana.told(proof={"content_type": content_type})["id"])


def proof(ana: Teller) -> tuple[str, str | None]:
    (one,) = ana.listed()["items"]
    return one["proof"]["state"], one["proof"]["reason"]


@pytest.mark.parametrize("content_type", GOOD)
def test_a_good_one_stands_and_is_asked_for_no_more(ana: Teller, content_type: str) -> None:
    id = announced(ana, content_type)
    assert ana.put(id, GOOD[content_type]) == []
    assert proof(ana) == ("received", None)
    assert len(ana.proofs()) == 1
    assert ana.told(proof={"content_type": content_type})["upload"] is None


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        ("image/png", b"<html><script>alert(1)</script>", "not_that_type"),
        ("image/png", jpeg(), "not_that_type"),
        ("image/jpeg", erp.pdf(), "not_that_type"),
        ("application/pdf", png(), "not_that_type"),
        ("application/pdf", b"%PDF-1.7 cut short", "unreadable"),
        ("image/png", png(after=b"PK"), "unreadable"),
        (
            "application/pdf",
            erp.pdf(catalog=b"/OpenAction << /S /JavaScript /JS (app.alert(1)) >>"),
            "active",
        ),
    ],
)
def test_S57_what_is_none_is_removed_and_the_transfer_says_why(
    ana: Teller, content_type: str, body: bytes, reason: str
) -> None:
    id = announced(ana, content_type)
    assert ana.put(id, body) == []
    assert ana.proofs() == []
    assert ana.transfer(id)["proof"]["reason"] == reason
    state, said = proof(ana)
    assert state == "refused"
    assert said
    # Another one may come, and the transfer waits all the same.
    assert ana.told(proof={"content_type": content_type})["upload"]
    assert ana.put(id, GOOD[content_type]) == []
    assert proof(ana) == ("received", None)


def test_the_first_that_is_good_stands_whatever_comes_after_it(ana: Teller) -> None:
    id = announced(ana)
    ana.put(id, png())
    (first,) = ana.proofs()
    for late in (png((b"tEXt", b"x\0y")), b"<html>"):
        assert ana.put(id, late) == []
        assert ana.proofs() == [first]
    assert ana.transfer(id)["proof"]["version"] == first


def test_R09_told_of_twice_late_or_gone_it_is_the_same(ana: Teller) -> None:
    id = announced(ana)
    key = proofs.key(COMPANY, id)
    ana.put(id, b"<html>")
    assert checked(ana.cloud, key, "gone") == []
    ana.put(id, png())
    (version,) = ana.proofs()
    before = ana.cloud.kept()
    assert checked(ana.cloud, key, version) == []
    assert (ana.cloud.kept(), ana.proofs()) == (before, [version])


def test_S49_what_stands_where_no_transfer_waits_for_it_is_removed(ana: Teller) -> None:
    without = ana.told(key="t-2")["id"]
    for key in (
        proofs.key(COMPANY, "0" * 32),
        proofs.key("c-1", without),
        proofs.key(COMPANY, without),
        "proofs/x y.png",
    ):
        version = aws.s3().put_object(Bucket=BUCKET, Key=key, Body=png())["VersionId"]
        assert checked(ana.cloud, key.replace(" ", "+"), version) == []
    assert ana.proofs() == []


def test_what_is_larger_than_the_form_lets_through_is_removed_unread(ana: Teller) -> None:
    id = announced(ana)
    assert ana.put(id, png() + b"\0" * 5_000_000) == []
    assert ana.proofs() == []


def test_s3s_test_event_is_nothing(ana: Teller) -> None:
    assert sent(ana.cloud, {"Service": "Amazon S3", "Event": "s3:TestEvent"}) == []


def test_R08_what_cannot_be_noted_comes_back_and_stays(ana: Teller) -> None:
    id = announced(ana)
    ana.cloud.faults["dynamodb:UpdateItem"] = ConnectionError()
    assert ana.put(id, b"<html>") == ["m-1"]
    ana.cloud.faults.clear()
    (version,) = ana.proofs()
    assert checked(ana.cloud, proofs.key(COMPANY, id), version) == []
    assert ana.proofs() == []
