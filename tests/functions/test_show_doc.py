"""GET /v1/companies/{id}/docs/{doc_id}, compared with the files of the sample data."""

from collections.abc import Iterator

import pytest
import time_machine
from botocore.exceptions import ClientError, ReadTimeoutError

from miinti import aws
from miinti.accounts import sessions
from miinti.companies import access
from miinti.documents import rows
from tests import documents
from tests.cloud import Answered, Cloud, moto_cloud
from tests.documents import AS_OF, expected, fill, person

HERE = ("c-27334", "c-22050", "s-27334")
"""One client in pesos, one abroad, a supplier."""


@pytest.fixture(scope="module")
def library() -> Iterator[Cloud]:
    with pytest.MonkeyPatch.context() as patch, moto_cloud(patch) as cloud:
        documents.seed(*HERE)
        here = {f"APPLIED#{item['id']}" for company_id in HERE[:2] for item in expected("voucher", company_id)}
        fill(row for row in documents.applied_rows(documents.table("applications")) if row["pk"] in here)
        yield cloud


@pytest.fixture
def token(library: Cloud) -> Iterator[str]:
    with time_machine.travel(AS_OF):
        yield person(library, "all", *HERE)


def shown(cloud: Cloud, token: str, company_id: str, doc_id: str) -> Answered:
    return cloud.call("show_doc", token=token, path={"id": company_id, "doc_id": doc_id})


# --- all that is known ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "company_id"),
    [
        ("voucher", "c-27334"),
        ("voucher", "c-22050"),
        ("quote", "c-27334"),
        ("work_order", "c-27334"),
        ("withholding", "s-27334"),
    ],
)
def test_every_document_field_by_field(library: Cloud, token: str, kind: str, company_id: str) -> None:
    details = documents.expected_details(kind, company_id)
    assert details
    for detail in details:
        assert shown(library, token, company_id, detail["id"]).json == detail


def test_an_application_is_seen_from_both_sides(library: Cloud, token: str) -> None:
    for item in expected("voucher", "c-22050")[:20]:
        for applied in shown(library, token, "c-22050", item["id"]).json["applications"]:
            other = shown(library, token, "c-22050", applied["doc_id"]).json
            mirrored = [one for one in other["applications"] if one["doc_id"] == item["id"]]
            assert {(one["date"], one["amount"]) for one in mirrored} >= {(applied["date"], applied["amount"])}


def test_a_document_of_which_little_is_known(library: Cloud, token: str) -> None:
    """What the ERP did not say is null, not missing and not zero."""
    doc_id = rows.voucher_id("RX", 9, 1)
    known = {"date": "2020-01-01", "remaining": -500, "collected": 500}
    fill([rows.row("c-27334", doc_id, known)])
    answer = shown(library, token, "c-27334", doc_id).json
    told = {name: value for name, value in answer.items() if value is not None}
    assert told == {
        "id": doc_id, "kind": "voucher", "date": "2020-01-01", "number": "900000001", "type": "RX",
        "type_label": "Recibo", "letter": "X", "collected": "5.00", "remaining": "-5.00", "currency": "ARS",
        "status": "on_account", "status_label": "A cuenta", "has_file": False, "point_of_sale": 9, "applications": [],
    }  # fmt: skip


# --- calls, states ----------------------------------------------------------------------------------------------------


def test_detail_takes_two_calls_at_most(library: Cloud, token: str) -> None:
    for kind, company_id, queries in (
        ("voucher", "c-27334", 1),
        ("quote", "c-27334", 0),
        ("withholding", "s-27334", 0),
    ):
        doc_id = expected(kind, company_id)[0]["id"]
        shown(library, token, company_id, doc_id)
        library.counted()
        shown(library, token, company_id, doc_id)
        calls = library.counted()
        assert (calls["dynamodb:BatchGetItem"], calls["dynamodb:Query"], calls.total()) == (1, queries, 1 + queries)


def test_overdue_turns_at_midnight_in_buenos_aires(library: Cloud) -> None:
    doc_id = rows.voucher_id("001", 9, 2)
    fill([rows.row("c-27334", doc_id, {"date": "2026-06-01", "due_date": "2026-06-30", "billed": 9, "remaining": 9})])
    for instant, status in (("2026-07-01T02:59:00Z", "due"), ("2026-07-01T03:01:00Z", "overdue")):
        with time_machine.travel(instant):
            token = person(library, "all", *HERE)
            assert shown(library, token, "c-27334", doc_id).json["status"] == status


# --- what is not yours, what is no id ---------------------------------------------------------------------------------

VOUCHER = "v-00205-00001506-006"
STRANGE_IDS = [
    "v-00205-00001506-999",
    "v-205-1506-006",
    "V-00205-00001506-006",
    "v-00205-00001506-006\n",
    "v-00205-00001506-006\x00",
    "v-00205-00001506-006/../x",
    "../c-22050/docs/v-00205-00001506-006",
    "v-00205-00001506-006%2f",
    "v-٠٠٢٠٥-00001506-006",
    "COMPANY",
    "DOC#v#00205-00001506-006",
    "w-IVA-",
    "w-iva-1",
    "q-",
    "q-P-2019-000001/P-2019-000001",
    "o-OT#1",
    "x",
    "",
    "q-" + "9" * 41,
    "v" * 5000,
]


@pytest.mark.parametrize("use_case", ["show_doc", "download"])
def test_S46_S49_what_is_not_yours_or_no_id_is_the_same_404(library: Cloud, use_case: str) -> None:
    with time_machine.travel(AS_OF):
        token = person(library, "ana", "c-27334")
        fill([documents.link_row("ana", "s-27334", state="suspended")])
        theirs = expected("voucher", "c-22050")[0]["id"]
        withheld = expected("withholding", "s-27334")[0]["id"]
        asked = [
            ("c-22050", theirs),
            ("c-22050", VOUCHER),
            ("c-27334", theirs),
            ("c-27334", withheld),
            ("s-27334", withheld),
            ("c-99999999", VOUCHER),
            ("c-27334\x00", VOUCHER),
            ("../c-27334", VOUCHER),
            ("c-27334#DOC", VOUCHER),
            ("", ""),
            *(("c-27334", doc_id) for doc_id in STRANGE_IDS),
        ]
        answers = [library.call(use_case, token=token, path={"id": c, "doc_id": d}) for c, d in asked]
        assert library.call(use_case, token=token, path={"id": "c-27334", "doc_id": VOUCHER}).status == 200
    assert [answer.status for answer in answers] == [404] * len(asked)
    assert len({answer.text for answer in answers}) == 1
    assert answers[0].code == "not_found"


@pytest.mark.parametrize("use_case", ["show_doc", "download"])
def test_S47_a_row_of_a_kind_that_the_role_has_not_is_not_shown(library: Cloud, token: str, use_case: str) -> None:
    """No delivery writes such a row; if one ever stands there, the link still decides what is seen."""
    astray = rows.withholding_id("IVA", "20200000000099")
    facts = {"date": "2020-01-01", "base": 1, "rate": "1.00", "amount": 1, "status": "issued"}
    fill([rows.row("c-27334", astray, facts)])
    answer = library.call(use_case, token=token, path={"id": "c-27334", "doc_id": astray})
    assert (answer.status, answer.code) == (404, "not_found")


@pytest.mark.parametrize("use_case", ["show_doc", "download"])
def test_S48_unlinking_and_logging_out_hold_at_once(library: Cloud, use_case: str) -> None:
    with time_machine.travel(AS_OF):
        token = person(library, "bea", "c-27334")
        path = {"id": "c-27334", "doc_id": VOUCHER}
        assert library.call(use_case, token=token, path=path).status == 200
        aws.write(aws.delete("CompaniesTable", access.link_key("bea", "c-27334")))
        assert library.call(use_case, token=token, path=path).status == 404
        aws.write(aws.delete("IdentityTable", sessions.key("bea", "s1")))
        for doc_id in (VOUCHER, "no id"):
            answer = library.call(use_case, token=token, path={"id": "c-27334", "doc_id": doc_id})
            assert (answer.status, answer.code) == (401, "invalid_token")
    assert library.call(use_case, path=path).status == 401


@pytest.mark.parametrize("use_case", ["show_doc", "download"])
def test_an_unknown_query_parameter_is_named(library: Cloud, token: str, use_case: str) -> None:
    path = {"id": "c-27334", "doc_id": VOUCHER}
    answer = library.call(use_case, token=token, path=path, query={"format": "pdf"})
    assert (answer.status, answer.fields()) == (422, {"format": "unknown"})


# --- what fails beneath -----------------------------------------------------------------------------------------------

SILENT = ReadTimeoutError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com")
BUSY = ClientError({"Error": {"Code": "ThrottlingException", "Message": "slow down"}}, "Query")


@pytest.mark.parametrize("fault", [SILENT, BUSY])
@pytest.mark.parametrize(
    ("use_case", "operation"),
    [
        ("list_docs", "dynamodb:BatchGetItem"),
        ("list_docs", "dynamodb:Query"),
        ("show_doc", "dynamodb:BatchGetItem"),
        ("show_doc", "dynamodb:Query"),
        ("download", "dynamodb:BatchGetItem"),
    ],
)
def test_S77_a_silent_or_busy_table_is_a_503(
    library: Cloud, token: str, use_case: str, operation: str, fault: Exception
) -> None:
    path = {"id": "c-27334", "doc_id": VOUCHER}
    assert library.call(use_case, token=token, path=path).status == 200
    library.faults[operation] = fault
    answer = library.call(use_case, token=token, path=path)
    library.faults.clear()
    assert (answer.status, answer.code) == (503, "unavailable")
    assert answer.headers["retry-after"]
    assert library.call(use_case, token=token, path=path).status == 200


def test_R20_with_kms_and_s3_down_reading_goes_on(library: Cloud, token: str) -> None:
    path = {"id": "c-27334", "doc_id": VOUCHER}
    assert library.call("list_docs", token=token, path=path).json["next"]
    library.faults |= dict.fromkeys(("kms:GenerateMac", "kms:GetPublicKey", "s3:GetObject", "s3:HeadObject"), SILENT)
    statuses = [library.call(one, token=token, path=path).status for one in ("list_docs", "show_doc", "download")]
    library.faults.clear()
    assert statuses == [200, 200, 200]
