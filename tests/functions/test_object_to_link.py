"""POST /v1/companies/object."""

import re
import time
from collections import Counter
from typing import Any

import pytest
import time_machine

from miinti.mail import tokens
from miinti.mail.tokens import Token
from tests import post
from tests.cloud import Cloud
from tests.companies import CUIT, ON_FILE, at_once, company, link, links, person

DAY = 86400


def objection(cloud: Cloud, subject: str, grant: str, *, purpose: str = "object", lives: int = tokens.OBJECTION) -> str:
    """The token that ``send_mail`` puts into ``company_linked``."""
    with cloud.as_function("object_to_link"):
        return tokens.sealed(Token(purpose, subject, grant, int(time.time()) + lives))


def objected(cloud: Cloud, token: str) -> tuple[int, str]:
    answer = cloud.call("object_to_link", {"token": token})
    return answer.status, answer.text and answer.code


def test_the_link_is_suspended_at_once_and_again_is_the_same(cloud: Cloud) -> None:
    ana, eva = person(cloud, "a1"), person(cloud, "a2")
    grant = link("a1", company())
    link("a2", "c-27334")
    token = objection(cloud, "a1 c-27334", grant)
    assert objected(cloud, token) == (204, "")
    after = cloud.rows("CompaniesTable")
    assert links(cloud) == {("a1", "c-27334"): "suspended", ("a2", "c-27334"): "active"}
    assert cloud.call("list_companies", token=ana).json["total"] == 0
    assert cloud.call("list_companies", token=eva).json["total"] == 1
    with time_machine.travel(time.time() + DAY):
        assert objected(cloud, token) == (204, "")
    assert [without_stamp(row) for row in cloud.rows("CompaniesTable")] == [without_stamp(row) for row in after]


def test_each_link_in_the_mail_suspends_its_own(cloud: Cloud, clock: time_machine.Traveller) -> None:
    company()
    crowd = [person(cloud, f"x{number}") for number in range(5)]
    for stranger in crowd:
        cloud.call("link_company", {"role": "client", "cuit": CUIT, "number": "27334"}, token=stranger)
    texts = [post.read(cloud, mail).text for mail in cloud.mails("company_linked", to=ON_FILE)]
    found = [token for text in texts for token in re.findall(r"/objetar#t=(\S+)", text)]
    assert (len(texts), len(found)) == (4, 5), "three mails of one link and a gathered one of two"
    for done, token in enumerate(found, start=1):
        assert objected(cloud, token) == (204, "")
        assert Counter(links(cloud).values())["suspended"] == done


def without_stamp(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != "txn"}


@pytest.mark.parametrize("policy", ["open", "proof"])
@pytest.mark.parametrize("address", ["ana@example.com", ON_FILE])
def test_a_suspended_link_cannot_be_dodged(cloud: Cloud, policy: str, address: str) -> None:
    cloud.link_policy = policy
    token = person(cloud, email=address)
    objected(cloud, objection(cloud, "a1 c-27334", link("a1", company())))
    assert cloud.call("unlink_company", token=token, path={"id": "c-27334"}).code == "not_found"
    again = cloud.call("link_company", {"role": "client", "cuit": CUIT, "number": "27334"}, token=token)
    assert again.status == (409 if policy == "open" else 202)
    assert links(cloud) == {("a1", "c-27334"): "suspended"}
    assert [mail["template"] for mail in cloud.mails()] == ["link_suspended"]


def test_S48_after_unlinking_the_token_is_dead(cloud: Cloud) -> None:
    token = objection(cloud, "a1 c-27334", link("a1", company()))
    cloud.call("unlink_company", token=person(cloud), path={"id": "c-27334"})
    assert objected(cloud, token) == (400, "invalid_token")
    assert links(cloud) == {}


def test_S48_a_newer_link_is_not_the_one_it_told_of(cloud: Cloud) -> None:
    person(cloud)
    token = objection(cloud, "a1 c-27334", link("a1", company()))
    link("a1", "c-27334")
    assert objected(cloud, token) == (400, "invalid_token")
    assert links(cloud) == {("a1", "c-27334"): "active"}


def test_it_lives_thirty_days(cloud: Cloud) -> None:
    token = objection(cloud, "a1 c-27334", link("a1", company()))
    with time_machine.travel(time.time() + 30 * DAY + 1):
        assert objected(cloud, token) == (400, "invalid_token")
    with time_machine.travel(time.time() + 30 * DAY - 60):
        assert objected(cloud, token) == (204, "")


def test_S11_only_a_token_for_this_purpose_link_and_grant(cloud: Cloud) -> None:
    grant = link("a1", company())
    link("a2", "c-27334")
    good = objection(cloud, "a1 c-27334", grant)
    bad = [
        "",
        "x",
        good[:-2] + ("AA" if good[-2:] != "AA" else "BB"),
        good + "A",
        "ñ",
        objection(cloud, "a1 c-27334", grant, purpose="reset"),
        objection(cloud, "a1 c-27334", "other"),
        objection(cloud, "a2 c-27334", grant),
        objection(cloud, "a1 s-27334", grant),
        objection(cloud, "a1 c-27334", grant, lives=0),
    ]
    answers = {cloud.call("object_to_link", {"token": token}).text for token in bad}
    assert len(answers) == 1
    assert set(links(cloud).values()) == {"active"}
    assert objected(cloud, good) == (204, "")


def test_a_wrong_body_is_refused(cloud: Cloud) -> None:
    bodies: list[Any] = [{}, {"token": 1}, {"token": None}, {"token": "x", "company": "c-1"}, []]
    for body in bodies:
        assert cloud.call("object_to_link", body).status == 422


def test_costs_two_calls_and_one_where_it_is_done(cloud: Cloud) -> None:
    person(cloud)
    token = objection(cloud, "a1 c-27334", link("a1", company()))
    objected(cloud, token)
    assert objected(cloud, objection(cloud, "a1 s-1", link("a1", company("supplier", "1")))) == (204, "")
    another = objection(cloud, "a1 c-2", link("a1", company(number="2")))
    cloud.counted()
    objected(cloud, token)
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1}
    objected(cloud, another)
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:TransactWriteItems": 1}


def test_S23_whose_link_it_was_is_told_once(cloud: Cloud, clock: time_machine.Traveller) -> None:
    person(cloud, email="ana@example.com")
    token = objection(cloud, "a1 c-27334", link("a1", company()))
    for _ in range(3):
        objected(cloud, token)
    (mail,) = cloud.mails("link_suspended")
    assert mail["to"] == {"address": "ana@example.com"}
    sent = post.read(cloud, mail)
    assert sent.subject == "Suspendimos tu vínculo con ADM. FEDERAL DE ING. PUBLICOS en miINTI"
    for said in ("El 24/11/2026 a las 06:00, hora de Argentina", "(CUIT 33-69345023-9)", "/ayuda", "/recuperar"):
        assert said in sent.text
    # Who objected is the company's affair.
    assert ON_FILE not in sent.text


def test_S23_many_suspensions_become_one_mail_and_none_is_lost(cloud: Cloud, clock: time_machine.Traveller) -> None:
    person(cloud)
    for number in range(1, 6):
        objected(cloud, objection(cloud, f"a1 c-{number}", link("a1", company(number=str(number)))))
    told = [mail.get("entries", mail["data"].get("entries", [])) for mail in cloud.mails("link_suspended")]
    assert sorted(map(len, told)) == [1, 1, 1, 2]


def test_S23_sixteen_objections_at_once_tell_once(cloud: Cloud) -> None:
    person(cloud)
    token = objection(cloud, "a1 c-27334", link("a1", company()))
    answers = cloud.at_once("object_to_link", [{"body": {"token": token}}] * 16)
    assert {answer.status for answer in answers} == {204}
    assert len(cloud.mails("link_suspended")) == 1


def test_a_link_that_outlived_its_account_is_suspended_and_nobody_told(cloud: Cloud) -> None:
    token = objection(cloud, "a1 c-27334", link("a1", company()))
    assert objected(cloud, token) == (204, "")
    assert links(cloud) == {("a1", "c-27334"): "suspended"}
    assert cloud.mails() == []


@pytest.mark.parametrize("unlinked", [True, False])
def test_a_link_that_goes_between_reading_and_writing_is_not_brought_back(cloud: Cloud, unlinked: bool) -> None:
    ana = person(cloud)
    token = objection(cloud, "a1 c-27334", link("a1", company()))

    def meanwhile(call: Any) -> Any:
        answer = call()
        cloud.faults.clear()
        if unlinked:
            cloud.call("unlink_company", token=ana, path={"id": "c-27334"})
        else:
            objected(cloud, token)
        return answer

    cloud.faults["dynamodb:BatchGetItem"] = meanwhile
    assert objected(cloud, token) == ((400, "invalid_token") if unlinked else (204, ""))
    assert links(cloud) == ({} if unlinked else {("a1", "c-27334"): "suspended"})
    assert [mail["template"] for mail in cloud.mails()] == ["company_unlinked" if unlinked else "link_suspended"]


def test_T10_objecting_and_unlinking_at_once_never_leaves_it_active(cloud: Cloud) -> None:
    token = person(cloud)
    for _ in range(5):
        grant = link("a1", company())
        objections = [{"body": {"token": objection(cloud, "a1 c-27334", grant)}}] * 8
        unlinks = [{"token": token, "path": {"id": "c-27334"}}] * 8
        calls = [("object_to_link", one) for one in objections] + [("unlink_company", one) for one in unlinks]
        answers = at_once(cloud, calls)
        assert {answer.status for answer in answers} <= {204, 400, 404}
        unlinked = sum(answer.status == 204 for answer in answers[8:])
        assert unlinked <= 1
        assert links(cloud) == ({} if unlinked else {("a1", "c-27334"): "suspended"})
