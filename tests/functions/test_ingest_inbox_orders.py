"""In whatever order, pieces and company deliveries come, and wherever one is cut short, they end in one state (Decided
12): that of a model in plain Python."""

import hashlib
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, NamedTuple

import pytest
import time_machine
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests import erp
from tests.cloud import Cloud, moto_cloud
from tests.erp import (
    KEY,
    NOW,
    VOUCHER,
    Crash,
    application,
    at_call,
    at_once,
    drop,
    invoice,
    pdf,
    receipt,
    take,
    with_companies,
)

CLIENTS = ("10378", "15001")
RECEIPT = "v-00205-00000001-RX"
DAYS = ("2026-11-01", "2026-11-02")


@pytest.fixture(scope="module")
def shared() -> Iterator[Cloud]:
    """One cloud for all examples; each begins by emptying it."""
    with pytest.MonkeyPatch.context() as patch, moto_cloud(patch) as cloud, time_machine.travel(NOW + 7200, tick=True):
        yield cloud


# --- a model ----------------------------------------------------------------------------------------------------------


class Dropped(NamedTuple):
    """A drop as the model sees it: when, under which name, its bytes, and what those say."""

    at: int
    name: str
    body: bytes
    says: dict[Any, Any]


def accounts() -> dict[str, dict[str, str]]:
    return {row["code"]: row for row in erp.sample("companies") if row["code"] in CLIENTS}


def voucher(number: int, remaining: str, identity: str = "own") -> dict[str, str]:
    """An invoice of the one client or the other, with so much of its 121.00 open. An ERP in error may give it another
    identity: ``day`` or ``account``."""
    account = accounts()[CLIENTS[(number + (identity == "account")) % 2]]
    status = {"121.00": "Pendiente", "0.00": "Pagado"}.get(remaining, "Parcial")
    change = {"company_code": account["code"], "cuit": account["cuit"], "remaining_ars": remaining, "status": status}
    return invoice(number, **change, issue_date=DAYS[identity == "day"])


def documents_drop(at: int, name: str, says: dict[int, str]) -> Dropped:
    rows = [voucher(number, remaining) for number, remaining in says.items()]
    facts = {("document", number): remaining for number, remaining in says.items()}
    return Dropped(at, f"{name}.csv", erp.written(rows), facts)


def companies_drop(at: int, name: str, says: dict[str, str]) -> Dropped:
    rows = [{**accounts()[code], "balance_ars": balance} for code, balance in says.items()]
    return Dropped(at, f"{name}.csv", erp.written(rows), {("company", code): said for code, said in says.items()})


def applications_drop(at: int, name: str, amount: str) -> Dropped:
    body = erp.written([application(amount_ars=amount)])
    return Dropped(at, f"{name}.csv", body, {("application", 1): amount})


def pdf_drop(at: int, number: int, text: str) -> Dropped:
    return Dropped(at, f"files/{number}.pdf", pdf(text), {("pdf", number): hashlib.sha256(pdf(text)).hexdigest()})


BASE = (
    companies_drop(-9, "base", {"10378": "0.00", "15001": "0.00"}),
    Dropped(
        -8,
        "base2.csv",
        erp.written(
            [
                *(voucher(number, "121.00") for number in (1, 2)),
                receipt(1, company_code=CLIENTS[1], cuit=accounts()[CLIENTS[1]]["cuit"]),
            ]
        ),
        {("document", 1): "121.00", ("document", 2): "121.00"},
    ),
)
"""What is there before anything is shuffled, so that accounts and applied documents are known."""


def winners(drops: Sequence[Dropped]) -> dict[Any, tuple[Any, str, int]]:
    """For each row: what the newest content says of it, that content's id, and when it was first dropped."""
    newest: dict[bytes, tuple[int, str]] = {}
    oldest: dict[bytes, int] = {}
    for one in drops:
        newest[one.body] = max(newest.get(one.body, (-99, "")), (one.at, one.name))
        oldest[one.body] = min(oldest.get(one.body, 99), one.at)
    best: dict[Any, tuple[tuple[int, str], Any, bytes]] = {}
    for one in drops:
        for row, said in one.says.items():
            if row not in best or best[row][0] < newest[one.body]:
                best[row] = (newest[one.body], said, one.body)
    return {row: (said, hashlib.sha256(body).hexdigest(), oldest[body]) for row, (_, said, body) in best.items()}


def cents(text: str) -> int:
    return int(text.replace(".", ""))


def check(cloud: Cloud, drops: Sequence[Dropped], moved: Collection[int] = ()) -> None:
    """The table is as the model has it; ``moved`` are the documents that stand under the other client."""
    expected = winners([*BASE, *drops])
    state = erp.state(cloud)
    documents = {row["id"]: row for (_, sk), row in state.items() if sk.startswith("DOC#")}
    numbers = {number: said for (kind, number), said in expected.items() if kind == "document"}
    assert set(documents) == {RECEIPT, *(f"v-00205-{number:08d}-001" for number in numbers)}
    for number, (remaining, source, _) in numbers.items():
        row = documents[f"v-00205-{number:08d}-001"]
        assert (row["remaining"], row["source"]) == (cents(remaining), source)
        paper = expected.get(("pdf", number))
        assert row.get("object") == (paper[0] if paper else None)
        assert bool(row.get("f")) == bool(paper)
    for code in CLIENTS:
        row = state[f"COMPANY#c-{code}", "COMPANY"]
        balance, source, at = expected["company", code]
        assert (row["balance"], row["source"], row["as_of"]) == (cents(balance), source, NOW + at)
        own = [cents(said[0]) for n, said in numbers.items() if CLIENTS[(n + (n in moved)) % 2] == code]
        assert (row["n_voucher"], row["open_cents"]) == (len(own) + (code == CLIENTS[1]), sum(own))
    applied = expected.get(("application", 1))
    for one, other in ((VOUCHER, RECEIPT), (RECEIPT, VOUCHER)):
        side = state.get((f"APPLIED#{one}", f"{other}#2026-11-20"))
        assert (side and (side["amount"], side["source"])) == (applied and (cents(applied[0]), applied[1]))


def start(cloud: Cloud) -> None:
    erp.emptied(cloud)
    cloud.faults.clear()
    for one in BASE:
        assert take(cloud, put(one)) == []


def put(one: Dropped) -> dict[str, Any]:
    return drop(one.name, one.body, NOW + one.at)


AMOUNTS = st.sampled_from(["121.00", "60.00", "0.00"])
NAMES = st.sampled_from(["a", "b"])
TIMES = st.integers(0, 6)
DROPS = st.lists(
    st.one_of(
        st.builds(documents_drop, TIMES, NAMES, st.dictionaries(st.integers(1, 4), AMOUNTS, min_size=1)),
        st.builds(
            companies_drop,
            TIMES,
            NAMES,
            st.dictionaries(st.sampled_from(CLIENTS), st.sampled_from(["1.00", "-2.00"]), min_size=1),
        ),
        st.builds(applications_drop, TIMES, NAMES, st.sampled_from(["121.00", "1.00"])),
        st.builds(pdf_drop, TIMES, st.integers(1, 3), st.sampled_from(["uno", "dos"])),
    ),
    min_size=1,
    max_size=6,
    # Two different contents under one name in one second: S3's sequencer tells, the model does not.
    unique_by=lambda one: (one.at, one.name),
)


Schedule = tuple[list[Dropped], list[list[list[int]]]]


@st.composite
def schedules(draw: st.DrawFn, some: st.SearchStrategy[list[Dropped]] = DROPS) -> Schedule:
    """Drops, and how they are delivered: rounds, one after another, of batches that are worked on at once. Each drop is
    told of once or more."""
    drops = sorted(draw(some), key=lambda one: one[:3])
    told = draw(st.permutations([*range(len(drops)), *draw(st.lists(st.integers(0, len(drops) - 1), max_size=4))]))
    rounds: list[list[list[int]]] = []
    while told:
        batches = []
        for size in draw(st.lists(st.integers(1, 3), min_size=1, max_size=3)):
            if told:
                batches.append(list(told[:size]))
                told = told[size:]
        rounds.append(batches)
    return drops, rounds


@given(schedules(), st.lists(st.integers(0, 3), min_size=8, max_size=8))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_R09_R10_any_schedule_ends_as_the_model_says(shared: Cloud, schedule: Schedule, pauses: list[int]) -> None:
    played(shared, schedule, pauses)
    check(shared, schedule[0])


def played(cloud: Cloud, schedule: Schedule, pauses: list[int]) -> None:
    drops, rounds = schedule
    start(cloud)
    told = [put(one) for one in drops]
    calls = iter(range(10**9))

    def late(call: Callable[[], Any]) -> Any:
        time.sleep(pauses[next(calls) % len(pauses)] / 1000)
        return call()

    for name in ("dynamodb:BatchGetItem", "dynamodb:TransactWriteItems", "dynamodb:UpdateItem"):
        cloud.faults[name] = late
    for batches in rounds:
        at_once(cloud, [[told[index] for index in batch] for batch in batches])
    cloud.faults.clear()


# --- one key, two identities ------------------------------------------------------------------------------------------


def claims_drop(at: int, name: str, says: dict[int, tuple[str, str]]) -> Dropped:
    """Documents with the identity that this drop gives each, and what remains of it."""
    rows = [voucher(number, remaining, identity) for number, (identity, remaining) in says.items()]
    return Dropped(at, f"{name}.csv", erp.written(rows), {("document", number): said for number, said in says.items()})


CLAIMS = st.lists(
    st.builds(
        claims_drop,
        TIMES,
        st.sampled_from("abcdef"),
        st.dictionaries(
            st.sampled_from([1, 3, 4]), st.tuples(st.sampled_from(["own", "day", "account"]), AMOUNTS), min_size=1
        ),
    ),
    min_size=2,
    max_size=6,
    unique_by=lambda one: one.name,
)


@given(schedules(CLAIMS), st.lists(st.integers(0, 3), min_size=8, max_size=8))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_R09_R10_of_two_identities_of_a_key_the_first_worked_on_stands_and_all_else_is_as_the_model_says(
    shared: Cloud, schedule: Schedule, pauses: list[int]
) -> None:
    """A document's date and account never change, so what stands cannot follow a drop that is worked on later. Nothing
    but the identity depends on the order: of the versions that share it the newest stands, all others are refused."""
    drops, rounds = schedule
    played(shared, schedule, pauses)
    documents = erp.state(shared)
    stood: dict[int, str] = {}
    for number in {number for one in drops for _, number in one.says}:
        (row,) = (row for row in documents.values() if row.get("id") == f"v-00205-{number:08d}-001")
        (company,) = (pk for pk, sk in documents if sk.startswith("DOC#") and documents[pk, sk] is row)
        at_home = company == f"COMPANY#c-{CLIENTS[number % 2]}"
        stood[number] = "account" if not at_home else ("own", "day")[DAYS.index(row["date"])]
        assert stood[number] in ({"own"} if number == 1 else first_told(number, drops, rounds))
    kept = [
        Dropped(
            one.at, one.name, one.body, {row: said[1] for row, said in one.says.items() if said[0] == stood[row[1]]}
        )
        for one in drops
    ]
    check(shared, kept, {number for number, identity in stood.items() if identity == "account"})
    for one in drops:
        refused = [
            "account_changed" if "account" in (said[0], stood[number]) else "date_changed"
            for (_, number), said in one.says.items()
            if said[0] != stood[number]
        ]
        report = erp.report(one.name)
        assert [reason for _, reason in erp.reasons(report)] == refused
        assert report["accepted"] + report["unchanged"] == len(one.says) - len(refused)


def first_told(number: int, drops: Sequence[Dropped], rounds: Sequence[Sequence[Sequence[int]]]) -> set[str]:
    """The identities that can have come first: in the first round that tells of the document, each batch's first."""
    for batches in rounds:
        told = [[drops[index].says.get(("document", number)) for index in batch] for batch in batches]
        firsts = {next(said[0] for said in batch if said) for batch in told if any(batch)}
        if firsts:
            return firsts
    raise AssertionError


# --- pieces and crowds ------------------------------------------------------------------------------------------------


def test_a_whole_file_and_its_pieces_are_one(shared: Cloud) -> None:
    cloud = shared
    erp.emptied(cloud)
    with_companies(cloud)
    rows = [invoice(number) for number in range(1, 61)]
    whole = drop("documents.csv", erp.written(rows), NOW)
    assert take(cloud, whole) == []
    expected = erp.state(cloud)
    erp.emptied(cloud)
    with_companies(cloud)
    pieces = [drop(f"p{part}.csv", erp.written(rows[part::4][::-1]), NOW - 9) for part in range(4)]
    at_once(cloud, [[pieces[0]], [whole], [pieces[1], pieces[2]], [pieces[3]]])
    state = erp.state(cloud)
    assert {key: row for key, row in state.items() if key[0][:6] != "SOURCE"} == {
        key: row for key, row in expected.items() if key[0][:6] != "SOURCE"
    }


def test_eight_at_once_with_one_file_count_it_once(shared: Cloud) -> None:
    cloud = shared
    erp.emptied(cloud)
    with_companies(cloud)
    told = drop("documents.csv", erp.written([invoice(number) for number in range(1, 51)]))
    at_once(cloud, [[told]] * 8)
    company = erp.company(cloud, "c-10378")
    assert (company["n_voucher"], company["open_cents"]) == (50, 50 * 12100)


# --- crashes and races, one at each call ------------------------------------------------------------------------------


def before(call: Callable[[], Any]) -> Any:
    raise Crash


def after(call: Callable[[], Any]) -> Any:
    call()
    raise Crash


PAID = {"remaining_ars": "21.00", "status": "Parcial"}

Step = Callable[[], list[dict[str, Any]]]
SCENES: dict[str, tuple[Step, Step]] = {
    # Told and done before; then the messages that are cut short.
    "new rows and their PDFs": (
        lambda: [drop("files/1.pdf", pdf("uno"))],
        lambda: [drop("documents.csv", erp.written([invoice(1), invoice(2)]))],
    ),
    "rows that change, one with another PDF": (
        lambda: [
            drop("a.csv", erp.written([invoice(1), invoice(2)]), NOW - 2),
            drop("files/1.pdf", pdf("uno"), NOW - 1),
            drop("files/9.pdf", pdf("nueve"), NOW - 1),
        ],
        lambda: [drop("b.csv", erp.written([invoice(1, **PAID, pdf_file="9.pdf"), invoice(2, **PAID)]))],
    ),
    "PDFs": (
        lambda: [drop("a.csv", erp.written([invoice(1), invoice(2)])), drop("files/1.pdf", pdf("uno"), NOW - 1)],
        lambda: [drop("files/1.pdf", pdf("dos")), drop("files/2.pdf", pdf("tres")), drop("files/3.pdf", b"MZ")],
    ),
    "companies": (
        list,
        lambda: [
            drop(
                "companies.csv",
                erp.written(
                    [
                        {**row, "balance_ars": "7.00", "cuit": "30900000010" if row["code"] == "10378" else row["cuit"]}
                        for row in erp.sample("companies")[:6]
                    ]
                ),
            )
        ],
    ),
    "applications": (
        lambda: [drop("a.csv", erp.written([invoice(1), invoice(2), receipt(1)]))],
        lambda: [drop("b.csv", erp.written([application(), application(debit_key=KEY[:-1] + "2", amount_ars="1.00")]))],
    ),
}


@pytest.mark.parametrize("how", [before, after], ids=["before", "after"])
@pytest.mark.parametrize("scene", SCENES)
def test_a_crash_at_any_call_is_made_good_by_the_next_delivery(
    shared: Cloud, scene: str, how: Callable[[Any], Any]
) -> None:
    first, then = SCENES[scene]

    def prepared() -> list[dict[str, Any]]:
        erp.emptied(shared)
        shared.faults.clear()
        with_companies(shared)
        for told in first():
            take(shared, told)
        return then()

    take(shared, *prepared())
    expected = erp.state(shared)
    for number in range(1, 100):
        messages = prepared()
        came = at_call(shared, number, how)
        if not crashed(shared, messages):
            assert not came()
            break
        assert came()
        shared.faults.clear()
        assert take(shared, *messages) == []
        assert erp.state(shared) == expected, f"cut short at call {number}"
    else:
        raise AssertionError
    assert number > 4


def crashed(cloud: Cloud, messages: list[dict[str, Any]]) -> bool:
    try:
        take(cloud, *messages)
    except Crash:
        return True
    return False


RIVALS: dict[str, tuple[Step, Step, Step]] = {
    # Done before; the messages at work; those that another function takes between two of its calls.
    "the same new rows": (
        list,
        lambda: [drop("a.csv", erp.written([invoice(1), invoice(2)]))],
        lambda: [drop("a.csv", erp.written([invoice(2), invoice(1)]))],
    ),
    "a newer version": (
        lambda: [drop("a.csv", erp.written([invoice(1)]), NOW - 9)],
        lambda: [drop("b.csv", erp.written([invoice(1, **PAID)]))],
        lambda: [drop("c.csv", erp.written([invoice(1, remaining_ars="11.00", status="Parcial")]), NOW + 1)],
    ),
    "an older version": (
        lambda: [drop("a.csv", erp.written([invoice(1)]), NOW - 9)],
        lambda: [drop("b.csv", erp.written([invoice(1, **PAID)]))],
        lambda: [drop("c.csv", erp.written([invoice(1, remaining_ars="11.00", status="Parcial")]), NOW - 1)],
    ),
    "what was there, dropped again": (
        lambda: [drop("a.csv", erp.written([invoice(1)]), NOW - 9)],
        lambda: [drop("b.csv", erp.written([invoice(1, **PAID)]))],
        lambda: [drop("a.csv", erp.written([invoice(1)]), NOW + 1)],
    ),
    "a balance, dropped again": (
        list,
        lambda: [drop("b.csv", erp.written([{**accounts()["10378"], "balance_ars": "7.00"}]))],
        lambda: [drop("c.csv", erp.written([{**accounts()["10378"], "balance_ars": "8.00"}]), NOW + 1)],
    ),
    "the same balance, dropped again": (
        list,
        lambda: [drop("b.csv", erp.written([{**accounts()["10378"], "balance_ars": "7.00"}]))],
        lambda: [drop("c.csv", erp.written([{**accounts()["10378"], "balance_ars": "7.00"}]), NOW + 1)],
    ),
    "the PDF of new rows": (
        list,
        lambda: [drop("a.csv", erp.written([invoice(1)]))],
        lambda: [drop("files/1.pdf", pdf("uno"))],
    ),
    "the PDF of rows that change": (
        lambda: [drop("a.csv", erp.written([invoice(1)]), NOW - 9), drop("files/1.pdf", pdf("uno"), NOW - 9)],
        lambda: [drop("b.csv", erp.written([invoice(1, **PAID)]))],
        lambda: [drop("files/1.pdf", pdf("dos"))],
    ),
    "the row of a PDF": (
        list,
        lambda: [drop("files/1.pdf", pdf("uno"))],
        lambda: [drop("a.csv", erp.written([invoice(1)]))],
    ),
    "a newer PDF": (
        lambda: [drop("a.csv", erp.written([invoice(1)]), NOW - 9)],
        lambda: [drop("files/1.pdf", pdf("uno"))],
        lambda: [drop("files/1.pdf", pdf("dos"), NOW + 1)],
    ),
    "an application": (
        lambda: [drop("a.csv", erp.written([invoice(1), receipt(1)]), NOW - 9)],
        lambda: [drop("b.csv", erp.written([application()]))],
        lambda: [drop("c.csv", erp.written([application(amount_ars="1.00")]), NOW + 1)],
    ),
}


@pytest.mark.parametrize("scene", RIVALS)
def test_another_delivery_between_any_two_calls_changes_no_end(shared: Cloud, scene: str) -> None:
    first, ours, theirs = RIVALS[scene]

    def prepared() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        erp.emptied(shared)
        shared.faults.clear()
        with_companies(shared)
        for told in first():
            take(shared, told)
        return ours(), theirs()

    mine, other = prepared()
    assert take(shared, *mine) == take(shared, *other) == []
    expected = erp.state(shared)
    for number in range(1, 100):
        mine, other = prepared()

        def rival(call: Callable[[], Any], told: list[dict[str, Any]] = other) -> Any:
            assert take(shared, *told) == []
            return call()

        came = at_call(shared, number, rival)
        assert take(shared, *mine) == []
        shared.faults.clear()
        if not came():
            break
        state = erp.state(shared)
        assert state == expected, f"before call {number}"
    else:
        raise AssertionError
    assert number > 3


def test_two_accounts_that_claim_one_key_or_one_pdf_at_once_have_one_winner(shared: Cloud) -> None:
    other = {"company_code": "15001", "cuit": accounts()["15001"]["cuit"]}
    for theirs in (invoice(1, **other, pdf_file="z.pdf"), invoice(2, **other, pdf_file="1.pdf")):
        for number in range(1, 30):
            erp.emptied(shared)
            with_companies(shared)
            mine = drop("a.csv", erp.written([invoice(1), invoice(3)]))
            rival = drop("b.csv", erp.written([theirs, invoice(4, **other)]))

            def first(call: Callable[[], Any], told: dict[str, Any] = rival) -> Any:
                assert take(shared, told) == []
                return call()

            came = at_call(shared, number, first)
            assert take(shared, mine) == []
            shared.faults.clear()
            reports = [erp.report("a.csv"), erp.report("b.csv")] if came() else [erp.report("a.csv")]
            if not came():
                break
            refused = [reason for report in reports for _, reason in erp.reasons(report)]
            assert refused in (["account_changed"], ["duplicate_file"])
            assert sum(report["accepted"] for report in reports) == 3
            state = erp.state(shared)
            counts = [state[f"COMPANY#c-{code}", "COMPANY"]["n_voucher"] for code in CLIENTS]
            assert sum(counts) == len(erp.documents(shared)) == 3


# --- PDFs that change hands -------------------------------------------------------------------------------------------

PAPERS = [f"papel-{number}.pdf" for number in range(8)]


@st.composite
def hand_overs(draw: st.DrawFn) -> tuple[list[str], list[str], list[int], int]:
    """The PDFs that six documents name before and after (``""``: none), the order of the rows, and how many are read at
    a time. The first four are there before."""
    before = draw(
        st.lists(st.sampled_from([*PAPERS, ""]), min_size=4, max_size=4, unique_by=lambda one: one or object())
    )
    after = draw(st.permutations(PAPERS)).copy()[:6]
    for number in draw(st.lists(st.integers(0, 5), max_size=2)):
        after[number] = ""
    if draw(st.booleans()):
        after[:4] = draw(st.permutations(before))
        after[4:] = ["" if one in after[:4] else one for one in after[4:]]
    return before, after, draw(st.permutations(range(6))), draw(st.integers(1, 7))


@given(hand_overs(), st.booleans())
@settings(
    max_examples=15,
    phases=[Phase.explicit, Phase.generate],
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
def test_pdfs_change_hands_within_a_file_whatever_the_order_of_its_rows(
    shared: Cloud, case: tuple[list[str], list[str], list[int], int], twice: bool
) -> None:
    before, after, order, chunk = case
    start(shared)
    at_first = [{**voucher(10 + number, "121.00"), "pdf_file": name} for number, name in enumerate(before)]
    take(shared, drop("before.csv", erp.written(at_first), NOW + 1))
    take(shared, *(drop(f"files/{name}", pdf(name), NOW + 2) for name in PAPERS))
    rows = [{**voucher(10 + number, "60.00"), "pdf_file": after[number]} for number in order]
    told = drop("after.csv", erp.written(rows), NOW + 3)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("miinti.erp.delivery._CHUNK", chunk)
        at_once(shared, [[told]] * (1 + twice))
        assert take(shared, told) == []
    report = erp.report("after.csv")
    assert (report["unchanged"], report["rejected"]) == (6, [])
    has_its_own(shared, {10 + number: name for number, name in enumerate(after)})


def has_its_own(cloud: Cloud, names: dict[int, str]) -> None:
    """These documents have these PDFs, and the rows of those say so."""
    state = erp.state(cloud)
    documents = {row["id"]: (pk, row) for (pk, sk), row in state.items() if sk.startswith("DOC#")}
    owners = {}
    for number, name in names.items():
        pk, row = documents[f"v-00205-{number:08d}-001"]
        assert row.get("pdf_file", "") == name
        assert (row.get("object"), row.get("f")) == (
            (hashlib.sha256(pdf(name)).hexdigest(), True) if name else (None, None)
        )
        owners[name] = (row["id"], pk.removeprefix("COMPANY#"))
    for name in PAPERS:
        row = state["FILE#" + name, "FILE"]
        assert (row.get("doc"), row.get("cid")) == owners.get(name, (None, None))


def test_a_long_chain_and_a_long_ring_go_in_with_few_calls(shared: Cloud) -> None:
    for ring in (True, False):
        start(shared)
        many = range(10, 110)
        take(shared, drop("a.csv", erp.written([voucher(number, "121.00") for number in many]), NOW + 1))
        names = {number: f"{number + 1}.pdf" for number in many} | ({109: "10.pdf"} if ring else {})
        rows = [{**voucher(number, "121.00"), "pdf_file": name} for number, name in names.items()]
        shared.counted()
        take(shared, drop("b.csv", erp.written(rows), NOW + 2))
        assert erp.report("b.csv")["accepted"] == 100
        counted = shared.counted()
        # A hundred rows in two steps: two rows each, of two companies.
        assert counted["dynamodb:TransactWriteItems"] <= 12
        assert counted["dynamodb:BatchGetItem"] <= 24
        owners = {row["id"]: row["pdf_file"] for row in erp.documents(shared).values() if "pdf_file" in row}
        assert all(owners[f"v-00205-{number:08d}-001"] == name for number, name in names.items())


def test_who_is_refused_keeps_its_pdf_and_so_does_whoever_waits_for_it(shared: Cloud) -> None:
    """13 keeps its own; 10 asks for that and is refused; 11 asks for 10's, which is not given away."""
    for order in ((10, 11, 12), (12, 11, 10), (11, 10, 12)):
        start(shared)
        at_first = [voucher(number, "121.00") for number in (10, 11, 12, 13)]
        take(shared, drop("a.csv", erp.written(at_first), NOW + 1))
        names = {10: "13.pdf", 11: "10.pdf", 12: "14.pdf"}
        rows = [{**voucher(number, "121.00"), "pdf_file": names[number]} for number in order]
        take(shared, drop("b.csv", erp.written(rows), NOW + 2))
        told = {one["value"]: one["reason"] for one in erp.report("b.csv")["rejected"]}
        assert told == {"13.pdf": "duplicate_file", "10.pdf": "duplicate_file"}
        owners = [erp.documents(shared)[f"v-00205-{number:08d}-001"]["pdf_file"] for number in (10, 11, 12, 13)]
        assert owners == ["10.pdf", "11.pdf", "14.pdf", "13.pdf"]


def test_in_pieces_a_chain_goes_in_as_its_refused_rows_come_again(shared: Cloud) -> None:
    """A ring over several files cannot: no piece of it may go first. Its rows belong into one file."""
    chain = {10: "11.pdf", 11: "12.pdf", 12: "13.pdf", 13: ""}
    for order in ((10, 11, 12, 13), (13, 12, 11, 10), (11, 13, 10, 12)):
        start(shared)
        take(shared, drop("a.csv", erp.written([voucher(number, "121.00") for number in chain]), NOW + 1))
        waiting = [erp.written([{**voucher(number, "121.00"), "pdf_file": chain[number]}]) for number in order]
        for round_ in range(5):
            for index, body in enumerate(waiting):
                take(shared, drop(f"p{index}.csv", body, NOW + 2 + round_))
            left = [erp.stored(f"reports/p{index}.csv.rejected.csv") for index in range(len(waiting))]
            waiting = [body for body in left if body]
        owners = [erp.documents(shared)[f"v-00205-{number:08d}-001"].get("pdf_file", "") for number in chain]
        assert owners == list(chain.values())
