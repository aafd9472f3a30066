"""What is not yours does not exist: every closed route with every id of another person's, made from the route table.

A route that is new here fails until it says what its path holds (``PATHS``) and how it is asked well
(``tests/routes.py``).
"""

import datetime as dt
import itertools
import re
from collections.abc import Callable, Iterable, Iterator

import pytest
import time_machine

from miinti.accounts import tokens
from miinti.documents.kinds import KINDS
from miinti.errors import BadCursor
from tests import routes
from tests.cloud import Answered, moto_cloud
from tests.functions.conftest import START
from tests.routes import REQUESTS, Tenant, World

PATHS = {
    "cancel_payment": {"id": "company", "pid": "payment"},
    "confirm_link": {"id": "request"},
    "download": {"id": "company", "doc_id": "document"},
    "end_session": {"id": "session"},
    "export_docs": {"id": "company"},
    "list_debts": {"id": "company"},
    "list_docs": {"id": "company"},
    "list_payments": {"id": "company"},
    "mail_payment_key": {"id": "company"},
    "show_statement": {"id": "company"},
    "revoke_link": {"id": "mailed"},
    "show_doc": {"id": "company", "doc_id": "document"},
    "show_payment": {"id": "company", "pid": "payment"},
    "start_payment": {"id": "company"},
    "list_transfers": {"id": "company"},
    "tell_transfer": {"id": "company"},
    "unlink_company": {"id": "company"},
}
"""Closed routes with a path: what each part of it is an id of."""

NOBODYS = {"company": "c-9999999", "document": "v-09999-00000001-001", "session": "0" * 24, "request": "0" * 24,
           "mailed": "0" * 24, "payment": "0" * 32}  # fmt: skip
OF_CLIENTS = {
    *("cancel_payment", "list_debts", "list_payments", "show_payment", "show_statement", "start_payment"),
    *("list_transfers", "mail_payment_key", "tell_transfer"),
}
"""Routes of what suppliers have none of."""
OPEN_BY_NAME = {"take_payment_notice"}
"""Open routes whose path names no thing of anybody's: a provider."""
CLOSED = sorted(use_case for use_case, route in routes.table().items() if not route.open)
OF_COMPANIES = sorted(use_case for use_case, parts in PATHS.items() if "company" in parts.values())
PAGED = sorted(name for name in CLOSED if BadCursor in routes.table()[name].refusals and name != "show_my_data")
"""Those that answer a list; what goes on in ``show_my_data`` is looked at in its own tests."""
Path = dict[str, str]


@pytest.fixture(scope="module")
def built() -> Iterator[World]:
    with pytest.MonkeyPatch.context() as patch, moto_cloud(patch) as cloud, time_machine.travel(START, tick=False):
        yield routes.world(cloud)


@pytest.fixture
def world(built: World) -> Iterator[World]:
    """The one world, as it was, for each test."""
    with routes.as_it_was(built):
        yield built


def test_S46_every_route_is_in_the_matrix() -> None:
    table = routes.table()
    assert set(REQUESTS) == set(table), "a new route needs a request in tests/routes.py"
    found = {name: set(re.findall(r"{(\w+)}", table[name].path)) for name in CLOSED}
    declared = {name: set(PATHS.get(name, {})) for name in CLOSED}
    assert declared == found, "a closed route with a path needs its line in PATHS"
    assert {name for name, route in table.items() if route.open and "{" in route.path} == OPEN_BY_NAME
    assert {kind for parts in PATHS.values() for kind in parts.values()} == set(NOBODYS)


def ids(of: Tenant) -> dict[str, list[str]]:
    return {
        "company": list(of.documents),
        "document": [doc_id for held in of.documents.values() for doc_id in held],
        "session": [of.other_session, of.here.session_id],
        "request": of.requests,
        "mailed": of.mailed,
        "payment": of.payments,
    }


def paths(use_case: str, held: dict[str, list[str]]) -> Iterator[Path]:
    """All paths that these ids make."""
    parts = PATHS[use_case]
    for values in itertools.product(*(held[kind] for kind in parts.values())):
        yield dict(zip(parts, values, strict=True))


def own(use_case: str, of: Tenant) -> Iterator[Path]:
    """Paths to what a person has: a document stands under its own company alone."""
    for path in paths(use_case, ids(of)):
        if use_case in OF_CLIENTS and path["id"] != of.client:
            continue
        if "doc_id" not in path or path["doc_id"] in of.documents[path["id"]]:
            yield path


def foreign(use_case: str, mine: Tenant, other: Tenant) -> Iterator[Path]:
    """Paths with another's id, or with own ones that do not go together."""
    good = list(own(use_case, mine))
    both = {kind: some + ids(other)[kind] for kind, some in ids(mine).items()}
    yield from (path for path in paths(use_case, both) if path not in good)


def ask(world: World, use_case: str, who: Tenant, path: Path) -> Answered:
    """A request that is good in all but its path; the code is the one that went out for the request named in it."""
    request = {**REQUESTS[use_case](world), "token": who.here.token, "path": path}
    if use_case == "confirm_link":
        request["body"] = {"code": routes.code(world, path["id"])}
    if use_case == "tell_transfer":
        request["body"] = {**request["body"], "doc_ids": who.client_documents[:1]}
    return world.cloud.call(use_case, **request)


def absent(world: World, use_case: str, who: Tenant) -> object:
    """The answer, every byte and header of it, to ids that nobody has."""
    answer = ask(world, use_case, who, {part: NOBODYS[kind] for part, kind in PATHS[use_case].items()})
    assert (answer.status, answer.code) == (404, "not_found")
    return answer.raw


def refused_alike(world: World, use_case: str, who: Tenant, tried: Iterable[Path]) -> int:
    """That each of these paths is answered like ids that nobody has, and that no row of any table changes; how many
    they were."""
    expected, before = absent(world, use_case, who), world.cloud.kept()
    number = 0
    for number, path in enumerate(tried, 1):  # noqa: B007 - counted
        assert ask(world, use_case, who, path).raw == expected, path
        assert world.cloud.kept() == before, path
    return number


@pytest.mark.parametrize("use_case", PATHS)
def test_S46_what_is_one_s_own_is_there(world: World, use_case: str) -> None:
    """Without this the matrix below would hold for a route that refuses everybody."""
    before = world.cloud.kept()
    for who in (world.ana, world.bea):
        for path in own(use_case, who):
            assert ask(world, use_case, who, path).status in routes.table()[use_case].answers, path
            world.cloud.put_back(before)


@pytest.mark.parametrize("use_case", PATHS)
def test_S46_S47_S49_another_s_id_is_an_id_that_nobody_has(world: World, use_case: str) -> None:
    """Also one's own document under another company of one's own: the supplier of the same CUIT included."""
    for mine, other in ((world.ana, world.bea), (world.bea, world.ana)):
        tried = list(foreign(use_case, mine, other))
        assert all(path in tried for path in own(use_case, other))
        assert refused_alike(world, use_case, mine, tried) == len(tried)
        mixed = {kind: [*some, NOBODYS[kind]] for kind, some in ids(mine).items()}
        refused_alike(
            world,
            use_case,
            mine,
            (path for path in paths(use_case, mixed) if set(path.values()) & set(NOBODYS.values())),
        )


def hostile(world: World, kind: str) -> list[str]:
    """Texts in place of an id: ways out of a path, other rows' keys, other spellings of what is there."""
    mine, theirs = ids(world.ana)[kind][0], ids(world.bea)[kind][0]
    return [
        "",
        ".",
        "../" + theirs,
        f"{mine}/../{theirs}",
        f"{mine}%2f..%2f{theirs}",
        f"{mine}\0",
        f"{mine}\n",
        f" {mine}",
        mine.upper() if mine.upper() != mine else f"0{mine}",
        f"{mine}#",
        f"#{mine}",
        f"{mine},{theirs}",
        f"COMPANY#{world.bea.client}",
        f"LINK#{world.bea.client}",
        f"SESSION#{world.bea.other_session}",
        f"REQUEST#{world.bea.requests[0]}",
        f"DOC#{world.bea.client_documents[0]}",
        f"documents/{world.bea.client_documents[0]}-0a1b2c.pdf",
        "ACCOUNT",
        "*",
        "null",
        "true",
        "ñ" * 10,
        "\x7f",
        "9" * 5000,
        "c-" + "9" * 11,
        "v-00001-00000001-999999",
    ]


@pytest.mark.parametrize(("use_case", "part"), [(name, part) for name, parts in PATHS.items() for part in parts])
def test_S49_what_is_no_id_at_all_is_an_id_that_nobody_has(world: World, use_case: str, part: str) -> None:
    good = next(own(use_case, world.ana))
    tried = [{**good, part: text} for text in hostile(world, PATHS[use_case][part])]
    assert refused_alike(world, use_case, world.ana, tried) > 20


# --- routes without an id ---------------------------------------------------------------------------------------------


def marks(of: Tenant) -> set[str]:
    """What tells of this person and of nobody else."""
    return {of.email, of.here.account_id, *(text for some in ids(of).values() for text in some)}


@pytest.mark.parametrize("use_case", CLOSED)
def test_S46_nothing_of_another_s_is_shown_or_changed(world: World, use_case: str) -> None:
    request = REQUESTS[use_case](world)
    theirs = (f"ACCOUNT#{world.bea.here.account_id}", f"EMAIL#{world.bea.email}",
              *(f"COMPANY#{company_id}" for company_id in world.bea.documents))  # fmt: skip

    def rows() -> list[object]:
        tables = ("IdentityTable", "CompaniesTable")
        return [row for table in tables for row in world.cloud.rows(table) if row["pk"] in theirs]

    before = rows()
    assert len(before) > 12
    answer = world.cloud.call(use_case, **request)
    assert answer.status in routes.table()[use_case].answers
    assert not [mark for mark in marks(world.bea) if mark in str(answer.raw)]
    assert rows() == before
    assert not world.cloud.mails(to=world.bea.email)


@pytest.mark.parametrize("use_case", PAGED)
def test_S46_S64_another_s_cursor_opens_nothing(world: World, use_case: str) -> None:
    request = REQUESTS[use_case](world)
    first = request
    if use_case == "export_docs":  # which takes a page's own query, and answers none
        query = {name: text for name, text in request["query"].items() if name != "format"}
        first = {**request, "query": {**query, "limit": "1"}}
    cursor = world.cloud.call("list_docs" if first is not request else use_case, **first).json["next"]
    goes_on = {**request, "query": {**request["query"], "cursor": cursor}}
    assert world.cloud.call(use_case, **goes_on).status == 200
    theirs = {**goes_on, "token": world.bea.here.token}
    if use_case in PATHS:
        theirs["path"] = next(own(use_case, world.bea))
    answer = world.cloud.call(use_case, **theirs)
    assert (answer.status, answer.code) == (400, "bad_cursor")


# --- who asks ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("use_case", CLOSED)
def test_S45_without_a_good_token_every_closed_route_is_401(world: World, use_case: str) -> None:
    request = REQUESTS[use_case](world)
    token = request.pop("token")
    with world.cloud.as_function("refresh_session"):
        ended = tokens.mint(world.ana.here.account_id, "f" * 24)
        mixed = tokens.mint(world.ana.here.account_id, world.bea.other_session)
        with time_machine.travel(START - dt.timedelta(seconds=tokens.LIFETIME), tick=False):
            old = tokens.mint(world.ana.here.account_id, world.ana.here.session_id)
    before = world.cloud.kept()
    for bad in (None, "x", token[:-1], f"{token}x", token.swapcase(), old, ended, mixed):
        answer = world.cloud.call(use_case, **request, **({"token": bad} if bad else {}))
        assert (answer.status, answer.code) == (401, "invalid_token"), bad
        assert world.cloud.kept() == before
    assert world.cloud.call(use_case, **request, token=token).status in routes.table()[use_case].answers


@pytest.mark.parametrize("use_case", CLOSED)
def test_S34_S36_an_ended_session_opens_no_closed_route(world: World, use_case: str) -> None:
    request = REQUESTS[use_case](world)
    path = {"id": world.ana.here.session_id}
    assert world.cloud.call("end_session", token=world.ana.here.token, path=path).status == 204
    before = world.cloud.kept()
    assert world.cloud.call(use_case, **request).status == 401
    assert world.cloud.kept() == before


# --- roles and links --------------------------------------------------------------------------------------------------


def test_S47_each_link_shows_the_kinds_of_its_role_and_no_other(world: World) -> None:
    """Client and supplier here have one CUIT, and one person is linked to both."""
    token, seen = world.ana.here.token, 0
    for company_id, held in world.ana.documents.items():
        role = "client" if company_id == world.ana.client else "supplier"
        for kind in KINDS.values():
            answer = world.cloud.call("list_docs", token=token, path={"id": company_id}, query={"kind": kind.name})
            if kind.role == role:
                assert {item["id"] for item in answer.json["items"]} <= set(held)
                seen += answer.json["total"]
            else:
                assert (answer.status, answer.fields()) == (422, {"kind": "not_allowed"})
    assert seen == len(ids(world.ana)["document"]) == 8


def objected(world: World) -> None:
    assert world.cloud.call("object_to_link", **REQUESTS["object_to_link"](world)).status == 204


def unlinked(world: World) -> None:
    assert world.cloud.call("unlink_company", **REQUESTS["unlink_company"](world)).status == 204


@pytest.mark.parametrize("ends", [unlinked, objected], ids=["unlinked", "objected"])
@pytest.mark.parametrize("use_case", OF_COMPANIES)
def test_S48_with_the_link_all_of_the_company_is_gone_at_once(
    world: World, use_case: str, ends: Callable[[World], None]
) -> None:
    ends(world)
    of_it = [path for path in own(use_case, world.ana) if path["id"] == world.ana.client]
    assert refused_alike(world, use_case, world.ana, of_it) >= 1
    shown = world.cloud.call("list_companies", token=world.ana.here.token).json
    assert [item["id"] for item in shown["items"]] == [world.ana.supplier]
