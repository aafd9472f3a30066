"""Staff decides about a transfer: found or refused, once, with its row in the trail and the mail to who told of it."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine

from miinti import aws
from miinti.payments import transfers
from tests import grants
from tests.cloud import Cloud
from tests.payments import ANA, COMPANY
from tests.post import read
from tests.staff import declined, done, trail
from tests.transfers import Teller, png


@pytest.fixture
def ana(cloud: Cloud, clock: time_machine.Traveller) -> Teller:
    return Teller(cloud, 10000)


def look(ana: Teller, action: str, **given: str) -> Any:
    return done(ana.cloud, "look_at_payments", action, **given)


def test_a_transfer_that_waits_is_found_and_the_person_is_told(ana: Teller) -> None:
    told = f"{COMPANY}.{ana.told()['id']}"
    assert [row["id"] for row in look(ana, "transfers")["transfers"]] == [told]
    assert done(ana.cloud, "decide_transfer", "match_transfer", transfer=told) == {"transfer": told, "state": "matched"}
    assert look(ana, "transfers")["transfers"] == []
    (one,) = ana.listed()["items"]
    assert (one["state"], one["state_label"]) == ("matched", "Encontrada, pendiente de imputación")
    assert one["decided_at"]
    (mail,) = ana.cloud.mails()
    assert (mail["template"], mail["to"]) == ("transfer_matched", {"address": ANA})
    assert read(ana.cloud, mail).subject == "Encontramos tu transferencia de $ 100,00"
    act = trail(ana.cloud)[-2]
    assert (act["action"], act["person"], act["company"], act["transfer"]) == ("match_transfer", "a1", COMPANY, told)
    assert ana.held() == {}


def test_one_that_is_refused_says_why(ana: Teller) -> None:
    told = f"{COMPANY}.{ana.told()['id']}"
    reason = "No está en el extracto."
    done(ana.cloud, "decide_transfer", "refuse_transfer", transfer=told, reason=reason)
    (one,) = ana.listed()["items"]
    assert (one["state"], one["reason"]) == ("refused", reason)
    (mail,) = ana.cloud.mails()
    letter = read(ana.cloud, mail)
    assert reason in letter.text
    assert trail(ana.cloud)[0]["why"] == reason


def test_R01_a_proof_that_is_looked_at_meanwhile_takes_no_decision_back(
    ana: Teller, monkeypatch: pytest.MonkeyPatch
) -> None:
    id = ana.told(proof={"content_type": "image/png"})["id"]
    inner = transfers.at

    def at(told: str) -> Any:
        row = inner(told)
        monkeypatch.setattr(transfers, "at", inner)
        with grants.aside():
            assert ana.put(id, png()) == []
        return row

    monkeypatch.setattr(transfers, "at", at)
    done(ana.cloud, "decide_transfer", "match_transfer", transfer=f"{COMPANY}.{id}")
    (one,) = ana.listed()["items"]
    assert (one["state"], one["proof"]["state"]) == ("matched", "received")


def test_it_is_decided_once(ana: Teller) -> None:
    told = f"{COMPANY}.{ana.told()['id']}"
    done(ana.cloud, "decide_transfer", "match_transfer", transfer=told)
    assert declined(ana.cloud, "decide_transfer", "refuse_transfer", transfer=told, reason="x") == "transfer_decided"
    assert declined(ana.cloud, "decide_transfer", "match_transfer", transfer=told) == "transfer_decided"
    assert ana.told()["upload"] is None


def test_what_is_none_or_has_no_reason_is_declined(ana: Teller) -> None:
    told = f"{COMPANY}.{ana.told()['id']}"
    pid = ana.started()
    for none in (f"{COMPANY}.{'0' * 32}", f"{COMPANY}.{pid}", "x", "c-27334"):
        assert declined(ana.cloud, "decide_transfer", "match_transfer", transfer=none) == "transfer_unknown"
        assert declined(ana.cloud, "look_at_payments", "transfer", transfer=none) == "transfer_unknown"
    assert declined(ana.cloud, "decide_transfer", "refuse_transfer", transfer=told) == "missing_reason"
    assert declined(ana.cloud, "decide_transfer", "refuse_transfer", transfer=told, reason="a\nb") == "reason_wrong"


def test_who_left_is_not_written_to(ana: Teller) -> None:
    told = f"{COMPANY}.{ana.told()['id']}"
    aws.write(aws.delete("IdentityTable", ("ACCOUNT#a1", "ACCOUNT")))
    done(ana.cloud, "decide_transfer", "match_transfer", transfer=told)
    assert ana.cloud.mails() == []


def test_S57_staff_saves_the_version_that_was_looked_at_and_nobody_else_is_given_an_address(ana: Teller) -> None:
    id = ana.told(proof={"content_type": "image/png"})["id"]
    told = f"{COMPANY}.{id}"
    assert "url" not in look(ana, "transfer", transfer=told)["transfer"]
    ana.put(id, png())
    shown = look(ana, "transfer", transfer=told)
    assert shown["documents"] == [{"id": ana.docs[0]}]
    assert (shown["transfer"]["proof"], shown["transfer"]["person"]) == ("received", "a1")
    address = parse_qs(urlsplit(shown["transfer"]["url"]).query)
    assert address["versionId"] == ana.proofs()
    assert address["response-content-disposition"][0].startswith("attachment; ")
    assert address["response-content-type"] == ["image/png"]
    assert int(address["X-Amz-Expires"][0]) <= 120
    assert "url" not in str(ana.listed())


def test_the_list_goes_on_where_it_stopped(ana: Teller, clock: time_machine.Traveller) -> None:
    expected = []
    for n in range(3):
        expected.append(f"{COMPANY}.{ana.told(key=f't-{n}')['id']}")
        clock.shift(1)
    vars(ana.cloud.function("look_at_payments"))["MOST"] = 2
    first = look(ana, "transfers")
    assert [row["id"] for row in first["transfers"]] == expected[:2]
    assert [row["id"] for row in look(ana, "transfers", after=first["more"])["transfers"]] == expected[2:]
