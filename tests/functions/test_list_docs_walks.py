"""Walking GET /v1/companies/{id}/docs: every match once, in order, whatever the filters read and while documents come
in. And what the function imports."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miinti.documents import store
from miinti.documents.kinds import KINDS
from tests import documents
from tests.cloud import Cloud
from tests.documents import VOUCHER_SORTS, Reads, company_row, fill, made_voucher, person, walk

_numbers = itertools.count(700_000)


# --- filters that read more than they may -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def small(library: Cloud) -> Iterator[str]:
    """A company of 90 vouchers where one request may read 30 at most: the limits some hundred times smaller."""
    company_id = "c-90"
    fill([company_row(company_id, n_voucher=90), *(made_voucher(company_id, n) for n in range(90))])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"READ_MAX": 30, "_CHUNK": 4}.items():
            patch.setattr(store, name, value)
        yield company_id


QUERIES = st.fixed_dictionaries(
    {"sort": st.sampled_from(VOUCHER_SORTS), "limit": st.sampled_from(["3", "10", "40"])},
    optional={
        "q": st.sampled_from(["1", "-11", "factura", "pagado", "0,00", "nothing"]),
        "from": st.sampled_from(["2016-01-01", "2018-06-01", "2021-01-01"]),
        "to": st.sampled_from(["2016-12-31", "2019-01-01", "2021-01-20"]),
        "status": st.sampled_from(list(KINDS["voucher"].states)),
        "type": st.sampled_from(["001", "006", "RX"]),
    },
)


@given(query=QUERIES)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_walking_a_filter_too_long_to_count_gives_each_match_once(
    library: Cloud, reads: Reads, small: str, query: dict[str, str]
) -> None:
    token = person(library, "a1", small)
    filtered = set(query) - {"sort", "limit"}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "READ_MAX", 10_000)
        whole, total = walk(library, token, small, **{**query, "limit": "100"})
    reads.taken()
    seen: list[Any] = []
    totals: set[int | None] = set()
    cursor: dict[str, str] = {}
    while True:
        answer = library.call("list_docs", token=token, path={"id": small}, query={**query, **cursor}).json
        assert sum(reads.taken()) <= (30 if filtered else int(query["limit"]) + 1)
        seen += answer["items"]
        totals.add(answer["total"])
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
    assert seen == whole
    assert totals in ({None}, {total})


@pytest.mark.parametrize("query", [{}, {"q": "1"}, {"sort": "-billed"}, {"from": "2016-01-01", "sort": "number"}])
def test_an_answer_that_dynamodb_cuts_short_is_read_on(library: Cloud, query: dict[str, str]) -> None:
    """As it does at a megabyte: here at three rows."""
    company_id = "c-20"
    fill([company_row(company_id, n_voucher=20), *(made_voucher(company_id, n) for n in range(20))])
    token = person(library, "a1", company_id)
    whole = walk(library, token, company_id, **query)

    def cut(go: Any) -> Any:
        answer = go()
        if len(answer["Items"]) > 3:
            answer["Items"] = answer["Items"][:3]
            last = answer["Items"][-1]
            answer["LastEvaluatedKey"] = {name: last[name] for name in last if name not in ("l", "f")}
            answer["LastEvaluatedKey"].setdefault("pk", {"S": f"COMPANY#{company_id}"})
        return answer

    library.faults["dynamodb:Query"] = cut
    again = walk(library, token, company_id, **query)
    library.faults.clear()
    assert again == whole


# --- while documents come in ------------------------------------------------------------------------------------------


@given(
    first=st.sets(st.integers(0, 60), max_size=25),
    later=st.lists(st.integers(0, 60), max_size=30),
    query=st.fixed_dictionaries(
        {"sort": st.sampled_from(VOUCHER_SORTS), "limit": st.sampled_from(["1", "3", "10"])},
        optional={"q": st.just("1"), "type": st.just("001"), "from": st.just("2017-01-01")},
    ),
)
@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck))
def test_walking_while_documents_are_added_gives_each_once(
    library: Cloud, first: set[int], later: list[int], query: dict[str, str]
) -> None:
    company_id = f"c-{next(_numbers)}"
    fill([company_row(company_id, n_voucher=len(first)), *(made_voucher(company_id, n) for n in first)])
    token = person(library, "a1", company_id)
    whole, _ = walk(library, token, company_id, **{**query, "limit": "100"})
    seen: list[str] = []
    coming, there = iter(later), set(first)
    cursor: dict[str, str] = {}
    while True:
        answer = library.call("list_docs", token=token, path={"id": company_id}, query={**query, **cursor}).json
        seen += [item["id"] for item in answer["items"]]
        if answer["next"] is None:
            break
        cursor = {"cursor": answer["next"]}
        there |= set(itertools.islice(coming, 2))
        fill([company_row(company_id, n_voucher=len(there)), *(made_voucher(company_id, n) for n in there - first)])
    documents.forget(company_id)
    assert len(seen) == len(set(seen))
    from_the_start = {item["id"] for item in whole}
    assert [one for one in seen if one in from_the_start] == [item["id"] for item in whole]
