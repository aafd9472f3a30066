"""DELETE /v1/companies/{id}."""

import time_machine

from miinti import aws
from miinti.accounts import store
from tests import post
from tests.cloud import Cloud
from tests.companies import company, link, links, person


def test_a_link_ends_at_once(cloud: Cloud) -> None:
    token = person(cloud)
    link("a1", company())
    answer = cloud.call("unlink_company", token=token, path={"id": "c-27334"})
    assert (answer.status, answer.text) == (204, "")
    assert links(cloud) == {}
    assert cloud.call("list_companies", token=token).json["total"] == 0


def test_R03_the_second_time_it_is_not_there(cloud: Cloud) -> None:
    token = person(cloud)
    link("a1", company())
    cloud.call("unlink_company", token=token, path={"id": "c-27334"})
    assert cloud.call("unlink_company", token=token, path={"id": "c-27334"}).code == "not_found"


STRANGE = ["c-1", "c-2", "c-999", "s-27334", "C-1", "c-01", "c-", "x-1", "", "c-1/..", "c-" + "1" * 11, "c-١", "c-1\n",
           "c-1" + "0" * 2000, "%00"]  # fmt: skip


def test_S46_what_is_not_mine_is_what_nobody_has(cloud: Cloud) -> None:
    token = person(cloud)
    link("a2", company(number="1"))
    link("a1", company(number="2"), state="suspended")
    company(number="27334")
    before = cloud.rows("CompaniesTable")
    nobody = cloud.call("unlink_company", token=token, path={"id": "c-4040404040"})
    for company_id in STRANGE:
        answer = cloud.call("unlink_company", token=token, path={"id": company_id})
        assert (answer.status, answer.text, answer.headers) == (404, nobody.text, nobody.headers)
    assert cloud.rows("CompaniesTable") == before


def test_the_role_is_part_of_the_link(cloud: Cloud) -> None:
    token = person(cloud)
    link("a1", company("client", "27334"))
    link("a1", company("supplier", "27334"))
    assert cloud.call("unlink_company", token=token, path={"id": "s-27334"}).status == 204
    assert links(cloud) == {("a1", "c-27334"): "active"}


def test_one_s_own_link_only(cloud: Cloud) -> None:
    token = person(cloud)
    for account_id in ("a1", "a2"):
        link(account_id, company())
    cloud.call("unlink_company", token=token, path={"id": "c-27334"})
    assert links(cloud) == {("a2", "c-27334"): "active"}


def test_S48_what_was_given_out_under_the_link_dies_with_it(cloud: Cloud) -> None:
    token = person(cloud)
    link("a1", company())
    cloud.call("unlink_company", token=token, path={"id": "c-27334"})
    assert "grant" not in str(cloud.rows("CompaniesTable"))


def test_costs_two_calls(cloud: Cloud) -> None:
    token = person(cloud)
    for number in ("1", "2"):
        link("a1", company(number=number))
    cloud.call("unlink_company", token=token, path={"id": "c-1"})
    cloud.counted()
    cloud.call("unlink_company", token=token, path={"id": "c-2"})
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:TransactWriteItems": 1}


def test_S23_the_person_is_told_what_they_no_longer_see(cloud: Cloud, clock: time_machine.Traveller) -> None:
    token = person(cloud, email="ana@example.com")
    link("a1", company())
    cloud.call("unlink_company", token=token, path={"id": "c-27334"})
    cloud.call("unlink_company", token=token, path={"id": "c-27334"})
    (mail,) = cloud.mails()
    assert (mail["template"], mail["to"]) == ("company_unlinked", {"address": "ana@example.com"})
    sent = post.read(cloud, mail)
    assert sent.subject == "Desvinculaste ADM. FEDERAL DE ING. PUBLICOS de tu cuenta miINTI"
    for said in (
        "El 24/11/2026 a las 06:00, hora de Argentina",
        "(CUIT 33-69345023-9)",
        "Si no fuiste vos",
        "/recuperar",
    ):
        assert said in sent.text


def test_S23_many_unlinked_become_one_mail_and_none_is_lost(cloud: Cloud, clock: time_machine.Traveller) -> None:
    token = person(cloud)
    for number in range(1, 7):
        link("a1", company(number=str(number)))
        assert cloud.call("unlink_company", token=token, path={"id": f"c-{number}"}).status == 204
    told = [mail.get("entries", mail["data"].get("entries", [])) for mail in cloud.mails("company_unlinked")]
    assert sorted(map(len, told)) == [1, 1, 1, 3]


def test_an_account_deleted_meanwhile_has_no_links_to_end(cloud: Cloud) -> None:
    token = person(cloud)
    link("a1", company())
    aws.write(aws.delete("IdentityTable", store.key("a1")))
    assert cloud.call("unlink_company", token=token, path={"id": "c-27334"}).code == "invalid_token"


def test_sixteen_at_once_unlink_once(cloud: Cloud) -> None:
    token = person(cloud)
    link("a1", company())
    answers = cloud.at_once("unlink_company", [{"token": token, "path": {"id": "c-27334"}}] * 16)
    assert sorted(answer.status for answer in answers) == [204, *[404] * 15]
    assert links(cloud) == {}
