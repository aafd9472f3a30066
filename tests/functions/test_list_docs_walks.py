"""Walking GET /v1/companies/{id}/docs: every match once, in order, whatever the filters read and while documents come
in. And what the function imports."""
@@HEAD@@@pytest.fixture(scope="module")
def small(library: Cloud) -> Iterator[str]:
    """A company of 90 vouchers where one request may read 30 at most: the limits some hundred times smaller."""
    company_id = "c-90"
    fill([company_row(company_id, n_voucher=90), *(voucher(company_id, n) for n in range(90))])
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"READ_MAX": 30, "_KEPT": 6, "_CHUNK": 4}.items():
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
    totals, cursor = set(), {}
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
    fill([company_row(company_id, n_voucher=len(first)), *(voucher(company_id, n) for n in first)])
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
        fill([company_row(company_id, n_voucher=len(there)), *(voucher(company_id, n) for n in there - first)])
    documents.forget(company_id)
    assert len(seen) == len(set(seen))
    from_the_start = {item["id"] for item in whole}
    assert [one for one in seen if one in from_the_start] == [item["id"] for item in whole]


# --- imports ----------------------------------------------------------------------------------------------------------

HEAVY = {
    "pydantic",
    "pydantic_core",
    "jinja2",
    "argon2",
    "pypdf",
    "email_validator",
    "stdnum",
    "aws_xray_sdk",
    "requests",
}
PARTS = {f"aws_lambda_powertools.{part}" for part in ("event_handler", "utilities.parser", "utilities.idempotency")}


@pytest.mark.parametrize("use_case", ["list_docs", "show_doc", "download"])
def test_reading_imports_nothing_it_has_no_use_for(use_case: str) -> None:
    """In a process of its own, as a cold start would (perf.md, B1)."""
    script = f"import runpy, sys; runpy.run_path('functions/{use_case}/app.py'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], cwd=sam.ROOT, capture_output=True, text=True, check=True)  # noqa: S603
    loaded = done.stdout.split()
    assert "miinti.documents.store" in loaded
    assert {name.partition(".")[0] for name in loaded} & HEAVY == set()
    assert PARTS.isdisjoint(loaded)
