"""InboxQueue → the companies table and documents/: what is taken, what is refused, and what a report says of it."""

import datetime as dt
import json
import time
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.documents import items, listing
from miinti.documents import rows as rows_of_documents
from miinti.errors import Unavailable
from tests import erp
from tests.cloud import BUCKET, Cloud
from tests.erp import (
    KEY,
    NOW,
    VOUCHER,
    application,
    delivered,
    drop,
    invoice,
    pdf,
    reasons,
    receipt,
    take,
    with_companies,
)
from tests.template import sam


@pytest.fixture(autouse=True)
def _today() -> Iterator[None]:
    with time_machine.travel(NOW + 7200, tick=True):
        yield


# --- rows -----------------------------------------------------------------------------------------------------------


def test_calls_are_few(cloud: Cloud) -> None:
    with_companies(cloud)
    rows = [invoice(number) for number in range(1, 33)]
    delivered(cloud, "documents.csv", erp.written(rows))
    counted = cloud.counted()
    # Accounts, documents, PDFs' names, balances; all 32 documents and the news of them in one transaction; how new
    # these bytes are, whose report it is, and as of when the data stand.
    assert counted["dynamodb:BatchGetItem"] == 4
    assert counted["dynamodb:TransactWriteItems"] == 1
    assert counted["dynamodb:UpdateItem"] == 3


# --- bad rows -------------------------------------------------------------------------------------------------------


def test_all_bad_rows_are_refused_and_the_good_beside_them_go_in(cloud: Cloud) -> None:
    bad = defaultdict(list)
    for row in erp.sample("bad_rows"):
        bad[row["target_file"].removesuffix(".csv")].append(row)
    for layout in ("companies", "documents", "withholdings"):
        good = erp.sample_bytes(layout).decode().splitlines()[:120]
        raw = [row["raw"] for row in bad[layout]]
        # Among the good ones, the duplicate after the first of its key.
        mixed = [*good[:60], *raw[: len(raw) // 2], *good[60:], *raw[len(raw) // 2 :]]
        report = delivered(cloud, f"{layout}.csv", "\n".join(mixed))
        assert reasons(report) == [(row["field"], row["expected_reason"]) for row in bad[layout]]
        last = {line: number for number, line in enumerate(mixed, 1)}
        assert [one["line"] for one in report["rejected"]] == [last[line] for line in raw]
        assert report["accepted"] == len(good) - 1 == report["rows"] - len(raw)


def test_the_rejected_file_can_be_mended_and_dropped_again(cloud: Cloud) -> None:
    with_companies(cloud)
    body = erp.written(
        [invoice(1), invoice(2, total="120.00"), invoice(3, cuit="33-92931815-9", vat="20.00")], ";", "\r\n"
    )
    report = delivered(cloud, "documents.csv", b"\xef\xbb\xbf" + body)
    assert [(one["line"], one["reason"]) for one in report["rejected"]] == [
        (3, "total_mismatch"),
        (4, "total_mismatch"),
    ]
    rejected = erp.stored("reports/documents.csv.rejected.csv")
    assert rejected is not None
    assert rejected.startswith(b"\xef\xbb\xbfcompany_code;cuit;")
    mended = rejected.replace(b";120.00;", b";121.00;").replace(b";20.00;", b";21.00;")
    again = delivered(cloud, "documents.csv.rejected.csv", mended, NOW + 1)
    assert (again["accepted"], again["rejected"]) == (2, [])
    assert len(erp.documents(cloud)) == 3
    # Of a file without faults nothing is left to mend.
    delivered(cloud, "documents.csv", erp.written([invoice(1)]), NOW + 2)
    assert erp.stored("reports/documents.csv.rejected.csv") is None


def test_a_long_value_is_told_in_part(cloud: Cloud) -> None:
    report = delivered(cloud, "companies.csv", erp.written([{**erp.sample("companies")[0], "name": "x" * 5000}]))
    assert [(one["reason"], len(one["value"])) for one in report["rejected"]] == [("value_length", 200)]


# --- accounts and keys ------------------------------------------------------------------------------------------------


def test_rows_wait_for_their_accounts(cloud: Cloud) -> None:
    rows = erp.written([invoice(1)])
    assert reasons(delivered(cloud, "documents.csv", rows)) == [("cuit", "account_unknown")]
    with_companies(cloud)
    assert delivered(cloud, "documents.csv", rows)["accepted"] == 1


def test_an_account_is_role_number_and_cuit_together(cloud: Cloud) -> None:
    with_companies(cloud)
    own = invoice(1)["cuit"]
    other = next(row["cuit"] for row in erp.sample("companies") if row["code"] == "15001")
    supplier = next(row for row in erp.sample("companies") if row["kind"] == "Proveedor" and row["code"] == "3178")
    rows = [
        invoice(1, company_code="99999"),
        invoice(2, company_code="15002", cuit=other),
        invoice(3, cuit=other),
        invoice(4, company_code=supplier["code"], cuit=supplier["cuit"]),
        invoice(5, cuit="30900000010"),
        invoice(6, company_code="0010378", cuit=f"{own[:2]}-{own[2:10]}-{own[10]}"),
    ]
    report = delivered(cloud, "documents.csv", erp.written(rows))
    assert [(one["line"], one["field"], one["reason"]) for one in report["rejected"]] == [
        (2, "company_code", "account_mismatch"),
        (4, "company_code", "account_mismatch"),
        (5, "cuit", "account_unknown"),  # no client has either
        (6, "company_code", "account_mismatch"),
    ]
    assert report["accepted"] == 2


def test_a_key_is_of_one_account_and_one_day_for_ever(cloud: Cloud) -> None:
    with_companies(cloud)
    delivered(cloud, "a.csv", erp.written([invoice(1)]))
    before = erp.state(cloud)
    other = next(row for row in erp.sample("companies") if row["code"] == "15001")
    report = delivered(
        cloud,
        "b.csv",
        erp.written([invoice(2), invoice(1, company_code="15001", cuit=other["cuit"], pdf_file="")]),
        NOW + 1,
    )
    assert reasons(report) == [("company_code", "account_changed")]
    report = delivered(cloud, "c.csv", erp.written([invoice(1, issue_date="2026-11-02")]), NOW + 2)
    assert reasons(report) == [("issue_date", "date_changed")]
    after = erp.state(cloud)
    assert (
        after["COMPANY#c-10378", f"DOC#{VOUCHER[:2].replace('-', '#')}{VOUCHER[2:]}"]
        == before["COMPANY#c-10378", "DOC#v#00205-00000001-001"]
    )
    assert after["COMPANY#c-15001", "COMPANY"]["n_voucher"] == 0


def test_of_a_key_twice_in_a_file_the_first_that_holds_is_taken(cloud: Cloud) -> None:
    with_companies(cloud)
    rows = [invoice(1, total="1.00"), invoice(1), invoice(1, remaining_ars="21.00", status="Parcial")]
    report = delivered(cloud, "documents.csv", erp.written(rows))
    assert [(one["line"], one["reason"]) for one in report["rejected"]] == [(2, "total_mismatch"), (4, "duplicate_key")]
    assert erp.documents(cloud)[VOUCHER]["remaining"] == 12100


def test_a_company_goes_in_without_a_doubtful_address_and_the_report_says_so(cloud: Cloud) -> None:
    first, second, third = erp.sample("companies")[:3]
    delivered(cloud, "companies.csv", erp.written([first, second]))
    assert erp.company(cloud, "c-27334")["email"] == first["email"]
    rows = [{**first, "email": "pagos@"}, {**second, "email": "x y", "kind": "Nadie"}, {**third, "email": "a;b"}]
    report = delivered(cloud, "companies.csv", erp.written(rows), NOW + 1)
    assert (report["accepted"], report["rows"], reasons(report)) == (2, 3, [("kind", "kind_unknown")])
    # Of a row that is refused its fault alone is told.
    assert report["warnings"] == [
        {"line": 2, "field": "email", "reason": "email_format", "value": "pagos@"},
        {"line": 4, "field": "email", "reason": "email_format", "value": "a;b"},
    ]
    assert "email" not in erp.company(cloud, "c-27334")
    rejected = erp.stored("reports/companies.csv.rejected.csv")
    assert rejected is not None
    assert rejected.count(b"\n") == 2
    assert delivered(cloud, "documents.csv", erp.written([invoice(1, company_code=first["code"], cuit=first["cuit"])]))[
        "accepted"
    ]
    assert "warnings" not in delivered(cloud, "companies.csv", erp.written([first]), NOW + 2)


def test_a_cuit_that_changes_is_found_under_the_new_one(cloud: Cloud) -> None:
    with_companies(cloud)
    row = next(row for row in erp.sample("companies") if row["code"] == "10378")
    report = delivered(cloud, "companies.csv", erp.written([{**row, "cuit": "30900000010"}]))
    assert report["accepted"] == 1
    state = erp.state(cloud)
    assert ("CUIT#30900000010", "c-10378") in state
    assert (f"CUIT#{row['cuit']}", "c-10378") not in state
    assert delivered(cloud, "documents.csv", erp.written([invoice(1, cuit="30900000010")]))["accepted"] == 1


# --- updates, counters, balances --------------------------------------------------------------------------------------


def test_a_row_that_changes_updates_and_counts_once(cloud: Cloud) -> None:
    with_companies(cloud)
    delivered(cloud, "documents.csv", erp.written([invoice(1), invoice(2)]))
    paid = invoice(1, remaining_ars="21.00", status="Parcial")
    report = delivered(cloud, "documents.csv", erp.written([paid, invoice(2)]), NOW + 1)
    assert (report["accepted"], report["unchanged"]) == (1, 1)
    company = erp.company(cloud, "c-10378")
    assert (company["n_voucher"], company["open_cents"]) == (2, 14200)
    assert erp.documents(cloud)[VOUCHER]["remaining"] == 2100


def test_what_an_update_no_longer_says_is_gone(cloud: Cloud) -> None:
    with_companies(cloud)
    note = {"type_code": "002", "type_label": "Nota de Débito", "doc_key": "002-00205-00000001"}
    delivered(cloud, "a.csv", erp.written([invoice(1, **note, related_key=KEY)]))
    delivered(cloud, "b.csv", erp.written([invoice(1, **note)]), NOW + 1)
    (row,) = erp.documents(cloud).values()
    assert "related" not in row
    company = {**erp.sample("companies")[0], "email": ""}
    delivered(cloud, "companies.csv", erp.written([company]))
    assert "email" not in erp.company(cloud, "c-27334")


def test_what_a_row_does_not_say_is_null_in_list_and_detail(cloud: Cloud) -> None:
    with_companies(cloud)
    of = {"client_code": "10378", "cuit": invoice()["cuit"], "supplier_code": "3178"}
    kept = {
        "documents": {"type_code": "011", "letter": "C", "doc_key": "011-00205-00000001", "total": "121.00"},
        "quotes": {"quote_number": "P-1", "issue_date": "2026-11-01", "total": "121.00", "currency": "PES"},
        "work_orders": {"work_order": "OT-1", "opened_date": "2026-11-01", "stage": "En ejecución"},
        "withholdings": {},
    }
    alone = dict.fromkeys(("net", "vat_rate", "vat", "exempt", "perceptions", "due_date", "pdf_file"), "")
    rows = {"documents": {**invoice(1), **alone, **kept["documents"]}}
    for layout in ("quotes", "work_orders"):
        empty = dict.fromkeys(erp.sample(layout)[0], "")
        rows[layout] = {**empty, **{k: v for k, v in of.items() if k in empty}, **kept[layout]}
    rows["quotes"]["status"] = "Enviado"
    optional = ("system", "form", "tax_code", "regime_code", "payment_order", "source_number", "source_total")
    certificate = next(row for row in erp.sample("withholdings") if row["supplier_code"] == "3178")
    rows["withholdings"] = {**certificate, **dict.fromkeys(optional, "")}
    for layout, row in rows.items():
        report = delivered(cloud, f"{layout}.csv", erp.written([row]))
        assert (report["accepted"], report["rejected"]) == (1, [])
    nulls = {
        "voucher": {"due_date", "net", "vat_rate", "vat", "exempt", "perceptions"},
        "withholding": {"regime", "payment_order", "source_number", "system", "form", "tax_code", "source_total"},
        "quote": {"valid_until", "service", "centre", "service_code", "quantity", "net", "vat", "decided_date"},
        "work_order": {"service", "centre", "progress", "promised_date", "report_number", "samples", "quote_number"},
    }
    today = dt.date(2026, 11, 24)
    for row in erp.documents(cloud).values():
        shown = {name for name, value in items.detail(row, [], today).items() if value is None}
        assert nulls.pop(row["kind"]) <= shown
    for row in erp.rows_of(cloud):
        if row["sk"].startswith("DOC#"):
            listed, told = items.item(rows_of_documents.listed(row), today), items.detail(row, [], today)
            assert listed.items() <= told.items()
    assert not nulls


def test_a_till_ticket_is_listed_with_its_label_and_without_a_letter(cloud: Cloud) -> None:
    with_companies(cloud)
    empty = dict.fromkeys(("letter", "net", "vat_rate", "vat", "auth_kind", "auth_code", "auth_due"), "")
    ticket = {**empty, "type_code": "083", "type_label": "TIQUE", "doc_key": "083-00205-00000001"}
    assert delivered(cloud, "documents.csv", erp.written([invoice(1, **ticket)]))["rejected"] == []
    today = dt.date(2026, 11, 24)
    (facts,) = (rows_of_documents.listed(row) for row in erp.rows_of(cloud) if row["sk"].startswith("DOC#"))
    shown: Any = items.item(facts, today)
    assert (shown["kind"], shown["status"]) == ("voucher", "due")
    assert (shown["type"], shown["type_label"], shown["letter"]) == ("083", "Tique", None)
    for query in ({"q": "tique"}, {"type": "083"}):
        assert listing.matches(listing.asked("client", query), facts, today)
    assert not listing.matches(listing.asked("client", {"type": "081"}), facts, today)


def test_an_older_drop_that_comes_late_changes_nothing(cloud: Cloud) -> None:
    with_companies(cloud)
    older = drop("a.csv", erp.written([invoice(1)]), NOW)
    newer = drop("b.csv", erp.written([invoice(1, remaining_ars="21.00", status="Parcial")]), NOW + 1)
    take(cloud, newer)
    take(cloud, older)
    assert erp.report("a.csv")["unchanged"] == 1
    assert erp.documents(cloud)[VOUCHER]["remaining"] == 2100
    assert erp.company(cloud, "c-10378")["open_cents"] == 2100


@pytest.mark.parametrize("versioned", [True, False])
def test_of_two_drops_under_one_name_in_one_second_the_second_stands(cloud: Cloud, versioned: bool) -> None:
    with_companies(cloud)
    for remaining in ("121.00", "21.00", "11.00"):
        status = "Pendiente" if remaining == "121.00" else "Parcial"
        body = erp.written([invoice(1, remaining_ars=remaining, status=status)])
        take(cloud, drop("documents.csv", body, NOW, versioned=versioned))
    assert erp.documents(cloud)[VOUCHER]["remaining"] == 1100


def test_each_version_under_one_name_is_taken_even_late(cloud: Cloud) -> None:
    with_companies(cloud)
    told = [drop("documents.csv", erp.written([invoice(number)]), NOW + number) for number in (1, 2)]
    assert take(cloud, *told) == []
    assert len(erp.documents(cloud)) == 2


def test_the_company_has_balance_and_instant_of_the_newest_file(cloud: Cloud) -> None:
    row = erp.sample("companies")[0]
    delivered(cloud, "companies.csv", erp.written([row]), NOW)
    first = erp.company(cloud, "c-27334")
    assert (first["balance"], first["as_of"]) == (24216800, NOW)
    # The same file again says nothing new: what it tells is of the day it came first.
    cloud.counted()
    report = delivered(cloud, "companies.csv", erp.written([row]), NOW + 86400)
    assert (report["accepted"], report["unchanged"]) == (0, 1)
    assert erp.company(cloud, "c-27334") == first
    assert "dynamodb:TransactWriteItems" not in cloud.counted()
    # Another file that says the same does.
    report = delivered(cloud, "both.csv", erp.written([row, erp.sample("companies")[1]]), NOW + 86401)
    assert (report["accepted"], report["unchanged"]) == (1, 1)
    assert erp.company(cloud, "c-27334") == {
        **first,
        "as_of": NOW + 86401,
        "source": erp.company(cloud, f"c-{erp.sample('companies')[1]['code']}")["source"],
    }
    report = delivered(cloud, "other.csv", erp.written([{**row, "balance_ars": "-1.50"}]), NOW + 90000)
    assert report["accepted"] == 1
    assert erp.company(cloud, "c-27334")["balance"] == -150
    late = delivered(cloud, "late.csv", erp.written([{**row, "balance_ars": "7.00"}]), NOW + 80000)
    assert late["unchanged"] == 1
    assert erp.company(cloud, "c-27334")["balance"] == -150
    assert erp.company(cloud, "c-27334")["as_of"] == NOW + 90000


def test_the_same_balance_dropped_twice_is_as_of_the_earlier_drop_in_any_order(cloud: Cloud) -> None:
    body = erp.written(erp.sample("companies")[:1])
    first, second = drop("companies.csv", body, NOW), drop("companies.csv", body, NOW + 5)
    for told, as_of in ((second, NOW + 5), (first, NOW), (second, NOW), (first, NOW)):
        take(cloud, told)
        assert erp.company(cloud, "c-27334")["as_of"] == as_of


def test_where_the_books_disagree_the_report_says_so_and_the_erp_stands(cloud: Cloud) -> None:
    row = next(row for row in erp.sample("companies") if row["code"] == "10378")
    supplier = next(row for row in erp.sample("companies") if row["kind"] == "Proveedor")
    report = delivered(cloud, "companies.csv", erp.written([{**row, "balance_ars": "242.00"}, supplier]))
    assert report["balances"] == [{"company": "c-10378", "erp": "242.00", "documents": "0.00"}]
    report = delivered(cloud, "documents.csv", erp.written([invoice(1)]))
    assert report["balances"] == [{"company": "c-10378", "erp": "242.00", "documents": "121.00"}]
    assert erp.company(cloud, "c-10378")["balance"] == 24200
    assert "balances" not in delivered(cloud, "documents.csv", erp.written([invoice(2)]), NOW + 1)


# --- applications -----------------------------------------------------------------------------------------------------


def test_applications_go_in_once_and_update(cloud: Cloud) -> None:
    with_companies(cloud)
    delivered(cloud, "documents.csv", erp.written([invoice(1), receipt(1)]))
    delivered(cloud, "applications.csv", erp.written([application()]))
    report = delivered(
        cloud, "applications.csv", erp.written([application(), application(applied_date="2026-11-21")]), NOW + 1
    )
    assert (report["accepted"], report["unchanged"]) == (1, 1)
    report = delivered(cloud, "applications.csv", erp.written([application(amount_ars="100.00")]), NOW + 2)
    assert report["accepted"] == 1
    applied = {key: row for key, row in erp.state(cloud).items() if key[0].startswith("APPLIED#")}
    assert {(pk, sk): (row["other"], row["date"], row["amount"]) for (pk, sk), row in applied.items()} == {
        (f"APPLIED#{one}", f"{other}#2026-11-{day}"): (other, f"2026-11-{day}", amount)
        for one, other in ((VOUCHER, "v-00205-00000001-RX"), ("v-00205-00000001-RX", VOUCHER))
        for day, amount in (("20", 10000), ("21", 12100))
    }


def test_applications_need_both_documents_of_one_account(cloud: Cloud) -> None:
    with_companies(cloud)
    other = next(row for row in erp.sample("companies") if row["code"] == "15001")
    theirs = receipt(2, company_code="15001", cuit=other["cuit"])
    delivered(cloud, "documents.csv", erp.written([invoice(1), receipt(1), theirs]))
    rows = [
        application(debit_key="001-00205-00000009"),
        application(credit_key="RX-00205-00000009"),
        application(credit_key="RX-00205-00000002"),
        application(),
        application(amount_ars="1.00"),
    ]
    assert reasons(delivered(cloud, "applications.csv", erp.written(rows))) == [
        ("debit_key", "document_unknown"),
        ("credit_key", "document_unknown"),
        ("debit_key", "accounts_differ"),
        ("credit_key", "duplicate_key"),
    ]


# --- files refused whole, and other things in the inbox ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("documents.csv", b"", "file_empty"),
        ("documentos.xlsx", b"PK\x03\x04\0\0", "not_csv"),
        ("notas.txt", b"Hola\n", "header_unknown"),
        ("2026/documents.csv", erp.sample_bytes("documents")[20:300], "columns_missing"),
        ("companies (2).csv", erp.sample_bytes("companies") + b"\xff\xfe", "encoding_unknown"),
    ],
)
def test_a_file_refused_whole_changes_nothing_and_says_why(cloud: Cloud, name: str, body: bytes, reason: str) -> None:
    with_companies(cloud)
    before = erp.state(cloud)
    report = delivered(cloud, name, body)
    assert (report["refused"], report["file"], report["rows"], report["rejected"]) == (reason, name, 0, [])
    assert erp.state(cloud) == before


def test_a_file_too_large_for_one_function_is_refused(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miinti.erp.drops.FILE_MAX", 100)
    assert delivered(cloud, "companies.csv", erp.sample_bytes("companies"))["refused"] == "file_too_large"


def test_the_name_of_a_file_says_nothing(cloud: Cloud) -> None:
    for index, name in enumerate(("documents.csv", "listado 1/ñandú+2.txt", "sin extensión")):
        assert delivered(cloud, name, erp.sample_bytes("companies"), NOW + index)["rows"] == len(
            erp.sample("companies")
        )
    assert erp.stored("reports/listado 1/ñandú+2.txt.json") is not None


def test_windows_1252_goes_in_with_its_letters(cloud: Cloud) -> None:
    delivered(cloud, "companies.csv", erp.sample_bytes("companies").decode().encode("cp1252"))
    assert erp.company(cloud, "c-11450")["name"] == "TEXTIL ÑANDUBAY SA"
    row = erp.sample("companies")[1] | {"balance_ars": "1,00"}
    delivered(cloud, "companies.csv", erp.written([row]).decode().encode("cp1252"))
    rejected = erp.stored("reports/companies.csv.rejected.csv")
    assert rejected is not None
    assert "METALÚRGICA" in rejected.decode("utf-8")


def test_a_header_alone_is_a_file_of_no_rows(cloud: Cloud) -> None:
    report = delivered(cloud, "companies.csv", erp.sample_bytes("companies").split(b"\n")[0])
    assert report == {"file": "companies.csv", "rows": 0, "accepted": 0, "unchanged": 0, "rejected": []}


def test_R09_events_that_tell_of_nothing_are_done(cloud: Cloud) -> None:
    test_event = {"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": BUCKET}
    gone = drop("gone.csv", b"x")
    aws.s3().delete_object(Bucket=BUCKET, Key="inbox/gone.csv", VersionId=gone["s3"]["object"]["versionId"])
    unversioned = drop("away.csv", b"x", versioned=False)
    aws.s3().delete_object(Bucket=BUCKET, Key="inbox/away.csv")
    folder = drop("files/", b"")
    assert take(cloud, test_event, gone, unversioned, folder, {"Records": []}) == []
    assert erp.state(cloud) == {}


def test_R08_a_message_that_cannot_be_read_comes_back_alone(cloud: Cloud) -> None:
    good = drop("companies.csv", erp.sample_bytes("companies"))
    assert take(cloud, {"Records": [{"s3": {}}]}, good, "no JSON object", [1]) == ["m0", "m2", "m3"]
    assert erp.report("companies.csv")["accepted"] == len(erp.sample("companies"))


def test_files_of_one_batch_go_in_by_what_refers_to_what(cloud: Cloud) -> None:
    told = [drop(f"{name}.csv", b"\n".join(erp.sample_bytes(name).split(b"\n")[:40])) for name in reversed(erp.FILES)]
    assert take(cloud, *told) == []
    for name in ("documents", "withholdings", "quotes", "work_orders"):
        assert erp.report(f"{name}.csv")["rejected"] == []


def test_rows_are_read_a_thousand_at_a_time(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miinti.erp.delivery._CHUNK", 7)
    with_companies(cloud)
    rows = [invoice(number) for number in range(1, 31)]
    rows.insert(20, invoice(3))
    report = delivered(cloud, "documents.csv", erp.written(rows))
    assert (report["accepted"], reasons(report)) == (30, [("doc_key", "duplicate_key")])
    assert erp.company(cloud, "c-10378")["n_voucher"] == 30


# --- PDFs -------------------------------------------------------------------------------------------------------------


def the_pdf(cloud: Cloud, doc_id: str = VOUCHER) -> bytes | None:
    """The bytes that the document's row leads to, checked against what it says of them."""
    row = next(row for row in erp.rows_of(cloud) if row.get("id") == doc_id)
    if "f" not in row:
        assert not {"file_key", "file_size", "file_sha256"} & set(row)
        return None
    body = erp.stored(row["file_key"])
    assert body is not None
    assert row["file_size"] == len(body)
    return body


@pytest.mark.parametrize("row_first", [True, False])
def test_R10_row_and_pdf_meet_whichever_comes_first(cloud: Cloud, row_first: bool) -> None:
    with_companies(cloud)
    rows, paper = drop("documents.csv", erp.written([invoice(1)])), drop("files/1.pdf", pdf("uno"))
    take(cloud, *((rows,) if row_first else (paper,)))
    if row_first:
        assert the_pdf(cloud) is None
    take(cloud, *((paper,) if row_first else (rows,)))
    assert the_pdf(cloud) == pdf("uno")
    key = next(row["file_key"] for row in erp.rows_of(cloud) if row.get("id") == VOUCHER)
    assert key.startswith("documents/")
    assert key.endswith("/1.pdf")
    assert len(key.split("/")[1]) >= 22


def test_R10_every_kind_finds_its_pdf(cloud: Cloud) -> None:
    for name in ("companies", "documents", "withholdings", "quotes", "work_orders"):
        delivered(
            cloud, f"{name}.csv", b"\n".join(erp.sample_bytes(name).split(b"\n")[: 31 if name == "companies" else 4])
        )
    names = [row["pdf_file"] for row in erp.documents(cloud).values()]
    assert take(cloud, *(drop(f"files/{name}", pdf(name)) for name in names)) == []
    for doc_id, row in erp.documents(cloud).items():
        assert the_pdf(cloud, doc_id) == pdf(row["pdf_file"])


def test_pdfs_of_one_batch_share_their_calls(cloud: Cloud) -> None:
    with_companies(cloud)
    delivered(cloud, "documents.csv", erp.written([invoice(number) for number in range(1, 11)]))
    told = [drop(f"files/{number}.pdf", pdf(str(number))) for number in range(1, 11)]
    cloud.counted()
    assert take(cloud, *told) == []
    assert cloud.counted() == {
        "s3:GetObject": 10,
        "s3:PutObject": 10,
        "dynamodb:BatchGetItem": 1,
        "dynamodb:TransactWriteItems": 1,
    }
    # Told again, they cost the look.
    assert take(cloud, *told) == []
    assert cloud.counted() == {"s3:GetObject": 10, "dynamodb:BatchGetItem": 1}


def test_a_newer_pdf_under_the_same_name_takes_the_place_of_the_older(cloud: Cloud) -> None:
    with_companies(cloud)
    delivered(cloud, "documents.csv", erp.written([invoice(1)]))
    older, newer = drop("files/1.pdf", pdf("uno"), NOW), drop("files/1.pdf", pdf("dos"), NOW + 1)
    take(cloud, newer)
    take(cloud, older)
    assert the_pdf(cloud) == pdf("dos")
    take(cloud, drop("files/1.pdf", pdf("tres"), NOW + 2), older, newer)
    assert the_pdf(cloud) == pdf("tres")


def test_the_same_bytes_again_are_not_stored_again(cloud: Cloud) -> None:
    with_companies(cloud)
    delivered(cloud, "documents.csv", erp.written([invoice(1)]))
    take(cloud, drop("files/1.pdf", pdf("uno")))
    cloud.counted()
    take(cloud, drop("files/1.pdf", pdf("uno"), NOW + 9))
    assert cloud.counted()["s3:PutObject"] == 1  # the drop itself
    # An older file that comes late is older than the second drop.
    take(cloud, drop("files/1.pdf", pdf("dos"), NOW + 8))
    assert the_pdf(cloud) == pdf("uno")


def test_an_update_keeps_the_pdf_and_another_name_looks_for_its_own(cloud: Cloud) -> None:
    with_companies(cloud)
    delivered(cloud, "documents.csv", erp.written([invoice(1)]))
    take(cloud, drop("files/1.pdf", pdf("uno")), drop("files/other.pdf", pdf("dos")))
    paid = {"remaining_ars": "21.00", "status": "Parcial"}
    delivered(cloud, "documents.csv", erp.written([invoice(1, **paid)]), NOW + 1)
    assert the_pdf(cloud) == pdf("uno")
    delivered(cloud, "documents.csv", erp.written([invoice(1, pdf_file="other.pdf")]), NOW + 2)
    assert the_pdf(cloud) == pdf("dos")
    delivered(cloud, "documents.csv", erp.written([invoice(1, pdf_file="later.pdf")]), NOW + 3)
    assert the_pdf(cloud) is None
    delivered(cloud, "documents.csv", erp.written([invoice(1, pdf_file="")]), NOW + 4)
    # The names it had are free for others.
    delivered(cloud, "documents.csv", erp.written([invoice(2, pdf_file="1.pdf")]), NOW + 5)
    assert the_pdf(cloud, "v-00205-00000002-001") == pdf("uno")
    take(cloud, drop("files/other.pdf", pdf("tres"), NOW + 6))
    assert the_pdf(cloud) is None


def test_a_pdf_is_of_one_document(cloud: Cloud) -> None:
    with_companies(cloud)
    report = delivered(cloud, "documents.csv", erp.written([invoice(1), invoice(2, pdf_file="1.pdf"), invoice(3)]))
    assert (reasons(report), report["accepted"]) == ([("pdf_file", "duplicate_file")], 2)
    report = delivered(cloud, "b.csv", erp.written([invoice(3, pdf_file="1.pdf")]), NOW + 1)
    assert reasons(report) == [("pdf_file", "duplicate_file")]


def numbered(layout: str, number: str) -> bytes:
    """A quote or work order of client 10378."""
    of = {"client_code": "10378", "cuit": invoice()["cuit"], "invoice_key": ""}
    row = erp.sample(layout)[0]
    key = "quote_number" if layout == "quotes" else "work_order"
    return erp.written([{**row, **{name: value for name, value in of.items() if name in row}, key: number}])


@pytest.mark.parametrize(
    ("first", "ids", "second", "column"),
    [("quotes", ("q-S-1", "o-S-1"), "work_orders", "work_order"),
     ("work_orders", ("o-S-1", "q-S-1"), "quotes", "quote_number")],
)  # fmt: skip
def test_a_quote_and_a_work_order_of_one_number_both_go_in_and_the_first_has_the_pdf(
    cloud: Cloud, first: str, ids: tuple[str, str], second: str, column: str
) -> None:
    with_companies(cloud)
    take(cloud, drop("files/S-1.pdf", pdf("uno")))
    assert "warnings" not in delivered(cloud, f"{first}.csv", numbered(first, "S-1"))
    for at, done in ((1, "accepted"), (2, "unchanged")):
        report = delivered(cloud, f"{second}.csv", numbered(second, "S-1"), NOW + at)
        assert (report[done], report["rejected"]) == (1, [])
        assert report["warnings"] == [{"line": 2, "field": column, "reason": "file_taken", "value": "S-1.pdf"}]
        assert (the_pdf(cloud, ids[0]), the_pdf(cloud, ids[1])) == (pdf("uno"), None)
    assert "warnings" not in delivered(cloud, f"{first}.csv", numbered(first, "S-1"), NOW + 3)
    take(cloud, drop("files/S-1.pdf", pdf("dos"), NOW + 4))
    assert (the_pdf(cloud, ids[0]), the_pdf(cloud, ids[1])) == (pdf("dos"), None)


def test_a_quote_takes_its_pdf_once_no_other_document_names_it(cloud: Cloud) -> None:
    with_companies(cloud)
    take(cloud, drop("files/S-1.pdf", pdf("uno")))
    delivered(cloud, "documents.csv", erp.written([invoice(1, pdf_file="S-1.pdf")]))
    report = delivered(cloud, "quotes.csv", numbered("quotes", "S-1"), NOW + 1)
    assert [one["reason"] for one in report["warnings"]] == ["file_taken"]
    # A row that says the name itself is refused: it can be mended.
    assert reasons(delivered(cloud, "b.csv", erp.written([invoice(2, pdf_file="S-1.pdf")]), NOW + 2)) == [
        ("pdf_file", "duplicate_file")
    ]
    delivered(cloud, "documents.csv", erp.written([invoice(1, pdf_file="1.pdf")]), NOW + 3)
    report = delivered(cloud, "quotes.csv", numbered("quotes", "S-1"), NOW + 4)
    assert (report["accepted"], "warnings" in report) == (1, False)
    assert (the_pdf(cloud), the_pdf(cloud, "q-S-1")) == (None, pdf("uno"))


@pytest.mark.parametrize(
    ("name", "body", "reason"),
    [
        ("1.pdf", b"", "file_empty"),
        ("1.pdf", b"PK\x03\x04zip", "not_pdf"),
        ("1.pdf", b"<html></html>", "not_pdf"),
        ("1.pdf", pdf() + b" " * 20_000_000, "file_too_large"),
        ("1.pdf", pdf("x", b"<< /S /JavaScript /JS (1) >>"), "pdf_javascript"),
        ("1.pdf", pdf("x", b"<< /S /Launch >>"), "pdf_launch"),
        ("1.pdf", pdf("x", b"<< /Type /EmbeddedFile >>"), "pdf_embedded_file"),
        ("carpeta/1.pdf", pdf(), "file_name_format"),
        ("ñ 1.pdf", pdf(), "file_name_format"),
        ("1.exe", b"MZ", "file_name_format"),
    ],
)  # fmt: skip
def test_S57_what_may_not_be_served_goes_to_quarantine(cloud: Cloud, name: str, body: bytes, reason: str) -> None:
    with_companies(cloud)
    delivered(cloud, "documents.csv", erp.written([invoice(1)]))
    assert take(cloud, drop(f"files/{name}", body)) == []
    assert the_pdf(cloud) is None
    assert erp.stored(f"quarantine/{name}") == body
    assert erp.stored(f"inbox/files/{name}") is None
    note = erp.stored(f"quarantine/{name}.json")
    assert note is not None
    assert json.loads(note).items() >= {"file": name, "reason": reason}.items()
    # A good one under the same name is welcome.
    if name == "1.pdf":
        take(cloud, drop("files/1.pdf", pdf(), NOW + 1))
        assert the_pdf(cloud) == pdf()


def test_S57_quarantine_is_told_in_the_log(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    take(cloud, drop("files/1.pdf", b"MZ"))
    told = [vars(record) for record in caplog.records if "outcome" in vars(record)]
    assert [(one["outcome"], one["reason"], one["file"]) for one in told] == [("quarantined", "not_pdf", "1.pdf")]


# --- failures ---------------------------------------------------------------------------------------------------------


def test_R08_what_fails_comes_back_and_its_neighbours_are_done(cloud: Cloud) -> None:
    with_companies(cloud)
    good, bad = drop("a.csv", erp.written([invoice(1)])), drop("b.csv", erp.written([invoice(2)]))
    paper = drop("files/2.pdf", pdf())
    inner = cloud.faults

    def broken(call: Any) -> Any:
        raise RuntimeError

    def second(call: Any) -> Any:
        inner["s3:GetObject"] = broken
        return call()

    inner["s3:GetObject"] = second
    assert len(take(cloud, good, bad)) == 1
    cloud.faults.clear()
    cloud.faults["dynamodb:TransactWriteItems"] = RuntimeError()
    assert take(cloud, paper) == ["m0"]
    cloud.faults.clear()
    assert take(cloud, good, bad, paper) == []
    assert the_pdf(cloud, "v-00205-00000002-001") == pdf()


def test_R07_what_failed_comes_back_soon(cloud: Cloud) -> None:
    url = cloud.environment("ingest_inbox")["INBOX_QUEUE"]
    aws.sqs().send_message(QueueUrl=url, MessageBody=json.dumps({"Records": [drop("companies.csv", b"x")]}))

    def received() -> list[Any]:
        answer = aws.sqs().receive_message(QueueUrl=url, AttributeNames=["All"], VisibilityTimeout=5400)
        return [
            {"messageId": one["MessageId"], "receiptHandle": one["ReceiptHandle"], "body": one["Body"],
             "attributes": one["Attributes"], "eventSourceARN": f"arn:aws:sqs:{sam.REGION}:{sam.ACCOUNT}:InboxQueue"}
            for one in answer.get("Messages", [])
        ]  # fmt: skip

    cloud.faults["s3:GetObject"] = RuntimeError()
    (record,) = received()
    answer = cloud.invoke("ingest_inbox", {"Records": [record]})
    assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    assert received() == []
    with time_machine.travel(time.time() + 6, tick=True):
        assert [one["messageId"] for one in received()] == [record["messageId"]]


def test_throttling_is_waited_out(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    with_companies(cloud)
    waited: list[float] = []
    monkeypatch.setattr("miinti.aws.time.sleep", waited.append)
    left = [4]

    def busy(call: Any) -> Any:
        left[0] -= 1
        if left[0] > 0:
            raise Unavailable("throttled")
        return call()

    cloud.faults["dynamodb:TransactWriteItems"] = busy
    assert delivered(cloud, "documents.csv", erp.written([invoice(1)]))["accepted"] == 1
    assert len(waited) == 3
    assert waited == sorted(waited)
    cloud.faults["dynamodb:TransactWriteItems"] = Unavailable("throttled")
    assert take(cloud, drop("b.csv", erp.written([invoice(2)]))) == ["m0"]
    assert sum(waited) < 60


def test_a_body_that_breaks_off_is_asked_again(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    from botocore.exceptions import ReadTimeoutError

    monkeypatch.setattr("miinti.aws.time.sleep", lambda _: None)
    calls = [0]

    class Broken:
        def read(self, _: int) -> bytes:
            raise ReadTimeoutError(endpoint_url="s3")

    def once(call: Any) -> Any:
        calls[0] += 1
        answer = call()
        return answer if calls[0] > 1 else {**answer, "Body": Broken()}

    cloud.faults["s3:GetObject"] = once
    told = drop("companies.csv", erp.sample_bytes("companies"))
    assert take(cloud, told) == []
    cloud.faults.clear()
    assert erp.report("companies.csv")["accepted"] == len(erp.sample("companies"))


def test_S74_nothing_of_the_rows_is_logged(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    delivered(cloud, "companies.csv", erp.written([{**erp.sample("companies")[0], "email": "canary@x y"}]))
    told = [vars(record) for record in caplog.records if "layout" in vars(record)]
    assert [(one["layout"], one["rejected"], one["warned"]) for one in told] == [("companies", 0, 1)]
    assert "canary" not in repr(told)
    assert "33693450239" not in repr(told)
