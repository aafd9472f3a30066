"""Sixteen at once, over HTTP: one winner, no fault, and the state of one.

The local gateway has ``AT_ONCE`` calls under way (eight: a process for each), the other half waits at its door and is
let in as those end. Sixteen inside the functions at one instant are tests/functions/' (``cloud.at_once``).
"""

from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import httpx

from tests.journeys.conftest import Portal, code_of, read, token_of
from tests.journeys.person import Person

N = 16


def at_once(call: Callable[[int], httpx.Response]) -> list[httpx.Response]:
    """``call(0)`` … ``call(15)`` from as many threads at one time."""
    start = Barrier(N)

    def one(number: int) -> httpx.Response:
        start.wait()
        return call(number)

    with ThreadPoolExecutor(N) as pool:
        return list(pool.map(one, range(N)))


def statuses(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def links_of(portal: Portal, ana: Person) -> list[str]:
    """The states of the link rows that a person has."""
    mine = {"S": f"ACCOUNT#{ana.get('/v1/me')['id']}"}
    rows = portal.rows("CompaniesTable")
    return [row["state"]["S"] for row in rows if row["pk"] == mine and row["sk"]["S"].startswith("LINK#")]


def told_of(portal: Portal, row: dict[str, str], ana: Person) -> int:
    """How many times a company was told that a person linked it, in as many mails as may be."""
    portal.settled()
    return sum(mail["text"].count(f"({ana.email})") for mail in portal.mails(row["email"], "company_linked"))


def test_R01_link(portal: Portal) -> None:
    row = [row for row in read(portal.sample, "companies") if row["kind"] == "Cliente"][2]
    ana = Person(portal).arrive()
    answers = at_once(lambda _: ana.link("client", row["cuit"], row["code"]))
    assert statuses(answers) == {201: 1, 409: N - 1}
    assert {answer.json()["id"] for answer in answers} == {f"c-{row['code']}"}
    assert ana.get("/v1/companies")["total"] == 1
    assert links_of(portal, ana) == ["active"]
    assert told_of(portal, row, ana) == 1


def test_R01_link_of_four_people_to_one_company(portal: Portal) -> None:
    """None is in another's way, and the company is told of each."""
    row = [row for row in read(portal.sample, "companies") if row["kind"] == "Cliente"][4]
    people = [Person(portal).arrive() for _ in range(4)]
    answers = at_once(lambda number: people[number % 4].link("client", row["cuit"], row["code"]))
    assert statuses(answers) == {201: 4, 409: N - 4}
    assert [links_of(portal, person) for person in people] == [["active"]] * 4
    assert [told_of(portal, row, person) for person in people] == [1] * 4


def test_R01_link_under_proof_with_one_code(proof_portal: Portal) -> None:
    rows = [row for row in read(proof_portal.sample, "companies") if row["kind"] == "Cliente"]
    row = next(row for row in reversed(rows) if row["email"])
    before = len(proof_portal.mails(row["email"], "link_code"))
    ana = Person(proof_portal).arrive()
    asked = ana.link("client", row["cuit"], row["code"]).json()["request_id"]
    code = code_of(proof_portal.mail(row["email"], "link_code", after=before))
    answers = at_once(lambda _: ana.ask("POST", f"/v1/link-requests/{asked}/confirm", {"code": code}))
    assert statuses(answers)[201] == 1
    assert statuses(answers).keys() <= {201, 400, 409}
    assert ana.get("/v1/companies")["total"] == 1
    assert links_of(proof_portal, ana) == ["active"]
    assert told_of(proof_portal, row, ana) == 1


def test_R01_register(portal: Portal) -> None:
    ana = Person(portal)
    answers = at_once(lambda number: ana.register(first_name=f"Ana {number}", password=f"{ana.password} {number}"))
    assert statuses(answers) == {202: N}
    assert len({answer.content for answer in answers}) == 1
    portal.settled()
    mails = portal.mails(ana.email)
    assert [mail["template"] for mail in mails] == ["activate"] * len(mails)
    assert 1 <= len(mails) <= 3  # the first, and as many fresh ones as an hour has

    tokens = {token_of(mail) for mail in mails}
    outcomes = [ana.ask("POST", "/v1/activate", {"token": token}).status_code for token in tokens]
    assert sorted(outcomes) == [204, *[400] * (len(tokens) - 1)]  # the newest is good, and it alone
    # One account, with the names and the password of one of them.
    rows = portal.rows("IdentityTable")
    [account] = [row for row in rows if row["sk"]["S"] == "ACCOUNT" and row["email"]["S"] == ana.email]
    [address] = [row for row in rows if row["pk"]["S"] == f"EMAIL#{ana.email}"]
    assert address["account_id"] == account["id"]
    winner = account["first_name"]["S"].removeprefix("Ana ")
    assert ana.login(f"{ana.password} {winner}").json()["user"]["first_name"] == f"Ana {winner}"


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
    assert len(ana.get("/v1/sessions")["items"]) == 1  # those of before have ended
    assert ana.login(passwords[winner - 1]).status_code == 401
    portal.settled()
    assert len(portal.mails(ana.email, "password_changed")) == 1


def test_S32_refresh(portal: Portal) -> None:
    ana = Person(portal).arrive()
    # As many processes as there will be calls under way, so that the slowest is not the one that has to start.
    stranger = Person(portal)
    assert statuses(at_once(lambda _: stranger.ask("POST", "/v1/session/refresh"))) == {401: N}
    answers = at_once(lambda _: ana.ask("POST", "/v1/session/refresh"))
    assert statuses(answers) == {200: N}
    successors = {answer.headers["set-cookie"].partition(";")[0] for answer in answers}
    assert len(successors) == 1  # several tabs, one lineage
    for answer in answers:
        ana.access_token = answer.json()["access_token"]
        assert ana.lets_in()
    assert ana.ask("POST", "/v1/session/refresh").status_code == 200
    assert len(ana.get("/v1/sessions")["items"]) == 1


def test_R01_unlink(portal: Portal) -> None:
    row = [row for row in read(portal.sample, "companies") if row["kind"] == "Cliente"][3]
    ana = Person(portal).arrive()
    company = ana.linked(row)
    answers = at_once(lambda _: ana.ask("DELETE", f"/v1/companies/{company['id']}"))
    assert statuses(answers) == {204: 1, 404: N - 1}
    assert ana.get("/v1/companies")["total"] == 0
    assert links_of(portal, ana) == []
    portal.settled()
    assert len(portal.mails(ana.email, "company_unlinked")) == 1
    assert ana.linked(row)["id"] == company["id"]
