"""The whole of the sample data through the function: field by field, again, and with each bad row beside good ones."""

import csv
from collections import Counter, defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import time_machine

from miinti.companies import access
from miinti.documents.kinds import KINDS
from tests import documents, erp
from tests.cloud import Cloud, moto_cloud
from tests.erp import NOW, delivered, drop, reasons, take


@pytest.fixture(scope="module")
def whole() -> Iterator[Cloud]:
    """A cloud with all of the sample's rows in; tests that use it change nothing that others look at."""
    with pytest.MonkeyPatch.context() as patch, moto_cloud(patch) as cloud, time_machine.travel(NOW + 7200, tick=True):
        for name in erp.FILES:
            delivered(cloud, f"{name}.csv", erp.sample_bytes(name))
        yield cloud


DOCUMENTS = ("documents", "withholdings", "quotes", "work_orders")
"""Files each of whose rows is a document."""


# --- the sample -------------------------------------------------------------------------------------------------------


def cents(text: str) -> int | None:
    return int(text.replace(".", "")) if text else None


def test_every_row_goes_in(whole: Cloud) -> None:
    for name in erp.FILES:
        rows = len(erp.sample(name))
        assert rows
        report = erp.report(f"{name}.csv")
        assert (report["file"], report["rows"], report["accepted"]) == (f"{name}.csv", rows, rows)
        assert (report["unchanged"], report["rejected"]) == (0, [])
        assert erp.stored(f"reports/{name}.csv.rejected.csv") is None


def test_companies_stand_as_the_file_has_them(whole: Cloud) -> None:
    state = erp.state(whole)
    documents = Counter((row["kind"], pk) for (pk, sk), row in state.items() if sk.startswith("DOC#"))
    for row in erp.sample("companies"):
        role, letter = ("client", "c") if row["kind"] == "Cliente" else ("supplier", "s")
        company_id = f"{letter}-{row['code']}"
        stored = state[f"COMPANY#{company_id}", "COMPANY"]
        counters = {f"n_{k}": documents[k, f"COMPANY#{company_id}"] for k in ("voucher", "withholding", "quote")}
        balance = {"balance": cents(row["balance_ars"])} if role == "client" else {}
        assert stored == {
            "id": company_id,
            "role": role,
            "number": row["code"],
            "cuit": row["cuit"],
            "name": row["name"],
            "address": ", ".join(dict.fromkeys((row["address"], row["city"], row["province"]))),
            "email": row["email"],
            "iva_code": row["iva_code"],
            "iva_condition": row["iva_condition"],
            "as_of": NOW,
            "source": stored["source"],
            **counters,
            "n_work_order": documents["work_order", f"COMPANY#{company_id}"],
            "open_cents": cents(row["balance_ars"]),
            **balance,
        }
        assert (f"CUIT#{row['cuit']}", company_id) in state
    companies = len(erp.sample("companies"))
    assert sum(sk == "COMPANY" for _, sk in state) == companies
    assert sum(pk.startswith("CUIT#") for pk, _ in state) == companies


def voucher_id(key: str) -> str | None:
    kind, point_of_sale, number = key.split("-") if key else ("", "", "")
    return f"v-{point_of_sale}-{number}-{kind}" if key else None


def expected_documents() -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Company id, document id and facts of every document of the files, worked out in plain Python."""
    for row in erp.sample("documents"):
        amounts = {name: cents(row[name]) for name in ("net", "vat", "exempt", "perceptions", "total")}
        yield f"c-{row['company_code']}", str(voucher_id(row["doc_key"])), {
            "kind": "voucher", "date": row["issue_date"], "due_date": row["due_date"] or None,
            "billed": cents(row["billed_ars"]), "collected": cents(row["collected_ars"]),
            "remaining": cents(row["remaining_ars"]), "void": row["status"] == "Anulado",
            "document_currency": {"PES": "ARS", "DOL": "USD"}[row["currency"]], "exchange_rate": row["exchange_rate"],
            **amounts, "vat_rate": row["vat_rate"], "auth_kind": row["auth_kind"] or None,
            "auth_code": row["auth_code"] or None, "auth_due": row["auth_due"] or None,
            "related": voucher_id(row["related_key"]), "pdf_file": row["pdf_file"],
        }  # fmt: skip
    for row in erp.sample("withholdings"):
        yield f"s-{row['supplier_code']}", f"w-{row['tax']}-{row['certificate_number']}", {
            "kind": "withholding", "date": row["withholding_date"], "regime": row["regime_code"],
            "jurisdiction": row["jurisdiction"] or None, "base": cents(row["base_ars"]), "rate": row["rate_pct"],
            "amount": cents(row["amount_ars"]), "payment_order": row["payment_order"],
            "source_number": row["source_number"], "source_type_code": row["source_type_code"],
            "source_date": row["source_date"], "source_total": cents(row["source_total"]), "system": row["system"],
            "form": row["form"] or None, "security_code": row["security_code"] or None, "tax_code": row["tax_code"],
            "status": {"Emitido": "issued", "Anulado": "void"}[row["status"]],
            "voided_date": row["voided_date"] or None, "pdf_file": row["pdf_file"],
        }  # fmt: skip
    states = {"Enviado": "sent", "Aceptado": "accepted", "Rechazado": "rejected", "Vencido": "expired"}
    for row in erp.sample("quotes"):
        yield f"c-{row['client_code']}", f"q-{row['quote_number']}", {
            "kind": "quote", "date": row["issue_date"], "valid_until": row["valid_until"],
            "service": row["service_label"], "service_code": row["service_code"], "centre": row["centre"],
            "quantity": int(row["quantity"]), "net": cents(row["net"]), "vat": cents(row["vat"]),
            "total": cents(row["total"]), "currency": "ARS", "status": states[row["status"]],
            "decided_date": row["decided_date"] or None, "work_order": row["work_order"] or None,
            "pdf_file": f"{row['quote_number']}.pdf",
        }  # fmt: skip
    stages = {
        "En espera de muestra": "awaiting_sample", "Muestra recibida": "sample_received",
        "En ejecución": "in_progress", "En revisión": "in_review", "Informe emitido": "report_issued",
        "Facturada": "invoiced", "Suspendida": "suspended", "Anulada": "void",
    }  # fmt: skip
    for row in erp.sample("work_orders"):
        yield f"c-{row['client_code']}", f"o-{row['work_order']}", {
            "kind": "work_order", "date": row["opened_date"], "service": row["service_label"],
            "service_code": row["service_code"], "centre": row["centre"], "stage": stages[row["stage"]],
            "progress": int(row["progress_pct"]), "promised_date": row["promised_date"],
            "report_number": row["report_number"] or None, "report_date": row["report_date"] or None,
            "quote_number": row["quote_number"], "sample_id": row["sample_id"] or None,
            "sample_description": row["sample_description"], "samples": int(row["samples"]),
            "received_date": row["received_date"] or None, "invoice": voucher_id(row["invoice_key"]),
            "pdf_file": f"{row['work_order']}.pdf",
        }  # fmt: skip


def test_documents_stand_field_by_field_as_the_files_have_them(whole: Cloud) -> None:
    state = erp.state(whole)
    stored = {row["id"]: (pk, row) for (pk, sk), row in state.items() if sk.startswith("DOC#")}
    places = {"l", "s1", "s2", "s3", "s4", "s5", "source", "id"}
    expected = list(expected_documents())
    assert len(expected) == len(stored) == sum(len(erp.sample(name)) for name in DOCUMENTS)
    for company_id, doc_id, facts in expected:
        pk, row = stored[doc_id]
        assert pk == f"COMPANY#{company_id}"
        told = {name: value for name, value in row.items() if name not in places}
        assert told == {name: value for name, value in facts.items() if value is not None}
        assert state[f"KEY#{doc_id}", "KEY"] == {"cid": company_id}
        assert state[f"FILE#{facts['pdf_file']}", "FILE"] == {"doc": doc_id, "cid": company_id}


def test_applications_are_seen_from_both_sides(whole: Cloud) -> None:
    expected: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for row in erp.sample("applications"):
        credit, debit = str(voucher_id(row["credit_key"])), str(voucher_id(row["debit_key"]))
        for one, other in ((credit, debit), (debit, credit)):
            expected[one, other][row["applied_date"]] += cents(row["amount_ars"]) or 0
    stored: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for (pk, _), row in erp.state(whole).items():
        if pk.startswith("APPLIED#"):
            stored[pk.removeprefix("APPLIED#"), row["other"]][row["date"]] += int(row["amount"])
    assert stored == expected


@contextmanager
def alone(company_id: str) -> Iterator[None]:
    """Of the rows that are in, only those of a company, what was applied to its documents, and links: moto's queries
    take longer the more there is."""
    partitions = documents.companies_table().items
    all_of_them = dict(partitions)
    docs = {str(voucher_id(row["doc_key"])) for row in documents.lines_of("voucher", company_id)}
    wanted = {f"COMPANY#{company_id}", "ACCOUNT#all", *(f"APPLIED#{doc}" for doc in docs)}
    for key in [key for key in partitions if key.value not in wanted]:
        del partitions[key]
    try:
        yield
    finally:
        partitions.update(all_of_them)


def test_what_went_in_comes_out_field_by_field_as_the_files_have_it(whole: Cloud) -> None:
    """Every list whole, and of each every fifth document with all that is known of it, out of the rows that the
    deliveries wrote."""
    told = Counter[str]()
    ids = [f"{'c' if row['kind'] == 'Cliente' else 's'}-{row['code']}" for row in erp.sample("companies")]
    with time_machine.travel(documents.AS_OF):
        token = documents.person(whole, "all", *ids)
        for company_id in ids:
            with alone(company_id):
                for kind in (kind for kind in KINDS if KINDS[kind].role == access.role_of(company_id)):
                    items, total = documents.walk(whole, token, company_id, kind=kind, limit="100")
                    wanted = [{**item, "has_file": False} for item in documents.expected(kind, company_id)]
                    assert items == documents.in_order(wanted, "-date")
                    assert total == len(items)
                    for detail in documents.expected_details(kind, company_id)[::5]:
                        path = {"id": company_id, "doc_id": detail["id"]}
                        shown = whole.call("show_doc", token=token, path=path).json
                        assert shown == {**detail, "has_file": False}
                    told[kind] += len(items)
    documents.unlink_all("all")
    assert told == {kind: len(erp.sample(name)) for kind, (name, _) in documents.READERS.items()}


def test_the_same_files_again_cost_reads_and_no_row(whole: Cloud) -> None:
    before = erp.state(whole)
    for name in erp.FILES:
        whole.counted()
        told = drop(f"{name}.csv", erp.sample_bytes(name), NOW + 60)
        assert take(whole, told) == []
        counted = whole.counted()
        # The three writes note how new these bytes are, whose report it is, and as of when the data stand.
        assert counted.pop("dynamodb:UpdateItem") == 3
        reads = {"dynamodb:BatchGetItem", "s3:GetObject", "s3:ListObjectsV2"}
        assert set(counted) == {*reads, "s3:PutObject", "s3:DeleteObject"}
        report = erp.report(f"{name}.csv")
        assert (report["accepted"], report["unchanged"]) == (0, report["rows"])
    after = erp.state(whole)
    assert {key for key in after if after[key] != before[key]} == {key for key in after if key[0].startswith("SOURCE#")}


# --- bad rows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bad", erp.sample("bad_rows"), ids=lambda row: row["row_id"])
def test_each_bad_row_is_refused_for_its_fault_alone(whole: Cloud, bad: dict[str, str]) -> None:
    lines = erp.sample_bytes(bad["target_file"].removesuffix(".csv")).decode().splitlines()
    body = "\n".join((lines[0], lines[1], bad["raw"], lines[2])) + "\n"
    report = delivered(whole, f"{bad['row_id']}.csv", body, NOW - 9000)
    assert reasons(report) == [(bad["field"], bad["expected_reason"])]
    assert (report["rows"], report["unchanged"], report["rejected"][0]["line"]) == (3, 2, 3)
    columns = lines[0].split(",")
    cells = dict(zip(columns, next(csv.reader([bad["raw"]])), strict=True))
    assert report["rejected"][0]["value"] == cells[bad["field"]]
    assert erp.stored(f"reports/{bad['row_id']}.csv.rejected.csv") == f"{lines[0]}\n{bad['raw']}\n".encode()
