"""Sixteen at once, over HTTP: one winner, no fault, and the state of one."""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.journeys.conftest import Portal, read, token_of
from tests.journeys.person import Person

N = 16


def at_once(call: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """``call(0)`` … ``call(15)`` from as many threads at one time."""
    start = threading.Barrier(N)

    def one(number: int) -> httpx.Response:
        start.wait()
        return call(number)

    with ThreadPoolExecutor(N) as pool:
        return list(pool.map(one, range(N)))


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_R01_link(portal: Portal) -> None:
    row = [row for row in read(portal.sample, "companies") if row["kind"] == "Cliente"][2]
    before = len(portal.mails(row["email"], "company_linked"))
    ana = Person(portal).arrive()
    answers = at_once(lambda _: ana.link("client", row["cuit"], row["code"]))
    assert statuses(answers) == {201: 1, 409: N - 1}
    assert {answer.json()["id"] for answer in answers} == {f"c-{row['code']}"}
    assert ana.get("/v1/companies")["total"] == 1
    portal.mail(row["email"], "company_linked", after=before)
    told = [mail for mail in portal.mails(row["email"], "company_linked") if ana.email in mail["text"]]
    assert len(told) == 1


def test_R01_register(portal: Portal) -> None:
    ana = Person(portal)
    answers = at_once(lambda number: ana.register(first_name=f"Ana {number}", password=f"{ana.password} {number}"))
    assert statuses(answers) == {202: N}
    mails = portal.mails(ana.email)
    ana.mail("activate")
    assert {mail["template"] for mail in portal.mails(ana.email)} == {"activate"}
    assert len(mails) <= 3
    outcomes = [ana.ask("POST", "/v1/activate", {"token": token_of(mail)}) for mail in portal.mails(ana.email)]
    assert 204 in {outcome.status_code for outcome in outcomes}
    # One account, with the names and the password of one of them: the first tries of a throttle suffice to find it.
    accounts = [
        row
        for page in portal.aws("dynamodb")
        .get_paginator("scan")
        .paginate(TableName=portal.deployed["resources"]["IdentityTable"])
        for row in page["Items"]
        if row.get("email", {}).get("S") == ana.email
    ]
    assert len(accounts) == 1
    winner = accounts[0]["first_name"]["S"].removeprefix("Ana ")
    assert ana.login(f"{ana.password} {winner}").status_code == 200


def test_R01_reset(portal: Portal) -> None:
    ana = Person(portal).arrive()
    ana.ask("POST", "/v1/password/forgot", {"email": ana.email})
    token = token_of(ana.mail("reset_password"))
    passwords = [f"clave nueva número {number}" for number in range(N)]
    answers = at_once(
        lambda number: ana.ask("POST", "/v1/password/reset", {"token": token, "password": passwords[number]})
    )
    assert statuses(answers) == {204: 1, 400: N - 1}
    [winner] = [number for number, answer in enumerate(answers) if answer.status_code == 204]
    assert not ana.lets_in()
    assert ana.login(passwords[winner]).status_code == 200
    assert ana.login(passwords[winner - 1]).status_code == 401
    ana.mail("password_changed")
    assert len(portal.mails(ana.email, "password_changed")) == 1


def test_S32_refresh(portal: Portal) -> None:
    ana = Person(portal).arrive()
    # As many processes as there will be calls, so that the slowest is not the one that has to start.
    stranger = Person(portal)
    assert statuses(at_once(lambda _: stranger.ask("POST", "/v1/session/refresh"))) == {401: N}
    answers = at_once(lambda _: ana.ask("POST", "/v1/session/refresh"))
    assert statuses(answers) == {200: N}
    successors = {answer.headers["set-cookie"].partition(";")[0] for answer in answers}
    assert len(successors) == 1  # several tabs, one lineage
    assert ana.ask("POST", "/v1/session/refresh").status_code == 200
    assert len(ana.get("/v1/sessions")["items"]) == 1


def test_R01_unlink(portal: Portal) -> None:
    row = [row for row in read(portal.sample, "companies") if row["kind"] == "Cliente"][3]
    ana = Person(portal).arrive()
    company = ana.linked(row)
    answers = at_once(lambda _: ana.ask("DELETE", f"/v1/companies/{company['id']}"))
    assert statuses(answers) == {204: 1, 404: N - 1}
    assert ana.get("/v1/companies")["total"] == 0
    assert ana.linked(row)["id"] == company["id"]
