"""Files in other layouts than ours (`erp/feeds.py`): ARCA's "Mis Comprobantes Emitidos", and another ERP's by a
mapping."""

import datetime as dt
import io
import itertools
import json
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.erp import delivery, parts, store
from miinti.erp.checks import Entry
from miinti.erp.store import Outcome, Planner
from tests import erp, grants
from tests.cloud import BUCKET, Cloud
from tests.erp import delivered, drop, invoice, reasons, take, written
from tests.feeds import TANGO, arca, arca_rows, one_row, tango, tango_row, workbook

ARCA = erp.SAMPLE / "arca_mis_comprobantes_emitidos.csv"


SUPPLIER = next(row["cuit"] for row in erp.sample("companies") if row["code"] == "3178")
"""The CUIT of a supplier who is no client."""


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(erp.NOW + 60, tick=False):
        yield


@pytest.fixture
def clients(cloud: Cloud) -> Cloud:
    erp.with_companies(cloud)
    return cloud


# --- the same documents -----------------------------------------------------------------------------------------------

# Two accounts have one CUIT, and only documents that are there tell them apart.
SHARED = {row["cuit"] for row in erp.sample("companies") if row["code"] in ("15001", "15002")}
SOME = [row for n, row in enumerate(arca_rows()) if n % 15 == 0 or (row["Nro. Doc. Receptor"] in SHARED and n % 4 == 0)]
"""Of ARCA's file, and what the canonical one has of the same vouchers and of others beside them."""
NUMBERS = {(row["Tipo de Comprobante"].zfill(3), row["Número Desde"]) for row in SOME}
CANONICAL = [
    row for n, row in enumerate(erp.sample("documents")) if (row["type_code"], row["number"]) in NUMBERS or n % 40 == 0
]


def test_arcas_file_puts_each_voucher_under_the_company_that_the_canonical_file_has_it_under(cloud: Cloud) -> None:
    """Each file alone, in a table of its own. What both say of a voucher: tests/unit/test_erp_feeds.py."""
    delivered(cloud, "companies.csv", erp.sample_bytes("companies"), erp.NOW - 10)
    report = delivered(cloud, "arca.csv", arca(SOME))
    ambiguous = [row for row in SOME if row["Nro. Doc. Receptor"] in SHARED]
    assert reasons(report) == [("nro. doc. receptor", "account_ambiguous")] * len(ambiguous)
    alone = companies_of_documents(cloud)
    assert len(alone) == report["accepted"] == len(SOME) - len(ambiguous) > 50
    erp.emptied(cloud)
    delivered(cloud, "companies.csv", erp.sample_bytes("companies"), erp.NOW - 10)
    delivered(cloud, "documents.csv", written(CANONICAL))
    assert alone.items() <= companies_of_documents(cloud).items()


def companies_of_documents(cloud: Cloud) -> dict[str, str]:
    return {row["id"]: pk for (pk, sk), row in erp.state(cloud).items() if sk.startswith("DOC#")}


def test_beside_the_canonical_file_arcas_changes_nothing_whatever_the_order(cloud: Cloud) -> None:
    delivered(cloud, "companies.csv", erp.sample_bytes("companies"), erp.NOW - 10)
    delivered(cloud, "documents.csv", written(CANONICAL), erp.NOW)
    before = erp.state(cloud)
    report = delivered(cloud, "arca.csv", arca(SOME), erp.NOW + 10)
    assert (report["accepted"], report["unchanged"], report["rejected"]) == (0, len(SOME), [])
    after = {key: row for key, row in erp.state(cloud).items() if key in before}
    assert after == before
    erp.emptied(cloud)
    # And where it comes first, or is newer and is worked on first.
    delivered(cloud, "companies.csv", erp.sample_bytes("companies"), erp.NOW - 10)
    delivered(cloud, "arca.csv", arca(SOME), erp.NOW + 10)
    delivered(cloud, "documents.csv", written(CANONICAL), erp.NOW)
    again = {key: row for key, row in erp.state(cloud).items() if key in before}
    assert again == before


def test_arcas_file_in_parts_comes_to_the_same(clients: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [one_row(**{"Número Desde": str(n), "Número Hasta": str(n)}) for n in range(1, 40)]
    body = arca([*rows, rows[2]])
    told = delivered(clients, "arca.csv", body)
    assert (told["accepted"], reasons(told)) == (39, [("número desde", "duplicate_key")])
    table = erp.documents(clients)
    erp.emptied(clients)
    erp.with_companies(clients)
    monkeypatch.setattr(parts, "ABOVE", 1_000)
    monkeypatch.setattr(parts, "_PART", 1_000)
    assert take(clients, drop("arca.csv", body)) == []
    take_parts(clients)
    assert erp.report("arca.csv") == told
    assert erp.documents(clients) == table


def take_parts(clients: Cloud) -> None:
    url = clients.environment("ingest_inbox")["PARTS_QUEUE"]
    sqs: Any = aws.sqs()
    while some := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for one in some:
            clients.invoke("ingest_inbox", erp.messages(json.loads(one["Body"]), queue="PartsQueue"))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])


# --- ARCA's rows ------------------------------------------------------------------------------------------------------


def test_what_arca_does_not_know_is_open_until_the_erp_says(clients: Cloud) -> None:
    assert reasons(delivered(clients, "arca.csv", arca([one_row()]))) == []
    row = erp.documents(clients)[erp.VOUCHER]
    assert (row["billed"], row["remaining"], row.get("due_date"), row["partial"]) == (12100, 12100, None, True)
    assert erp.company(clients, "c-10378")["open_cents"] == 12100
    paid = invoice(1, remaining_ars="0.00", status="Pagado", auth_code="69029190337111")
    assert delivered(clients, "documents.csv", written([paid]), erp.NOW - 100)["accepted"] == 1
    row = erp.documents(clients)[erp.VOUCHER]
    assert (row["remaining"], row["due_date"], "partial" in row) == (0, "2027-01-31", False)
    assert erp.company(clients, "c-10378")["open_cents"] == 0


def test_a_credit_note_lowers_the_balance_though_arca_writes_it_without_a_sign(clients: Cloud) -> None:
    delivered(clients, "arca.csv", arca([one_row(**{"Tipo de Comprobante": "3"})]))
    row = erp.documents(clients)["v-00205-00000001-003"]
    assert (row["billed"], row["remaining"]) == (-12100, -12100)
    assert erp.company(clients, "c-10378")["open_cents"] == -12100


@pytest.mark.parametrize("cuit", ["30712345671", SUPPLIER])
def test_a_receiver_who_is_no_client_has_no_account(clients: Cloud, cuit: str) -> None:
    good, bad = one_row(), one_row(**{"Número Desde": "2", "Número Hasta": "2", "Nro. Doc. Receptor": cuit})
    report = delivered(clients, "arca.csv", arca([good, bad]))
    assert report["accepted"] == 1
    assert report["rejected"] == [
        {"line": 3, "field": "nro. doc. receptor", "reason": "account_unknown", "value": cuit}
    ]


def test_a_voucher_that_is_there_and_says_something_else_stands_and_is_told(clients: Cloud) -> None:
    delivered(clients, "documents.csv", written([invoice(1, auth_code="69029190337111")]))
    before = erp.documents(clients)
    other = one_row(
        **{"Imp. Neto Gravado Total": "200,00", "IVA 21%": "42,00", "Total IVA": "42,00", "Imp. Total": "242,00"}
    )
    assert reasons(delivered(clients, "arca.csv", arca([other]))) == [("imp. total", "known_otherwise")]
    assert erp.documents(clients) == before


# --- workbooks --------------------------------------------------------------------------------------------------------


def test_arcas_workbook_with_its_title_and_short_names(clients: Cloud) -> None:
    names = [
        "Fecha", "Tipo", "Punto de Venta", "Número Desde", "Número Hasta", "Cód. Autorización", "Tipo Doc. Receptor",
        "Nro. Doc. Receptor", "Denominación Receptor", "Tipo Cambio", "Moneda", "IVA 21%", "Neto Gravado Total",
        "Neto No Gravado", "Op. Exentas", "Otros Tributos", "Total IVA", "Imp. Total",
    ]  # fmt: skip
    cuit = int(erp.invoice()["cuit"])
    good: list[Any] = [
        dt.date(2026, 11, 1), "1 - Factura A", 205, 1, 1, 69029190337111, "CUIT", cuit, "X", 1, "$", 21.0, 100.0,
        None, None, None, 21.0, 121.0,
    ]  # fmt: skip
    bad = [*good[:3], 2, 2, *good[5:-1], 120.5]
    body = workbook([["Mis Comprobantes Emitidos - CUIT 30-95000000-3"], names, good, bad])
    report = delivered(clients, "emitidos.xlsx", body)
    assert (report["accepted"], [(one["line"], one["reason"]) for one in report["rejected"]]) == (
        1,
        [(4, "total_mismatch")],
    )
    assert erp.documents(clients)[erp.VOUCHER]["total"] == 12100
    # What was refused can be mended and dropped again, as text.
    refused = erp.stored("reports/emitidos.xlsx.rejected.csv") or b""
    again = delivered(clients, "mended.csv", refused.replace(b"120.50", b"121.00"))
    assert (again["accepted"], again["rejected"]) == (1, [])


def test_a_damaged_workbook_has_a_report(clients: Cloud) -> None:
    body = workbook([list(invoice()), *[list(invoice(n).values()) for n in range(1, 200)]])
    sheet = body.index(b"xl/worksheets/sheet1.xml") + 2_000
    damaged = body[:sheet] + bytes(byte ^ 255 for byte in body[sheet : sheet + 40]) + body[sheet + 40 :]
    assert delivered(clients, "x.xlsx", damaged)["refused"] == "not_csv"


# --- mappings ---------------------------------------------------------------------------------------------------------


def mapping(told: Any, name: str = "tango.json") -> None:
    aws.s3().put_object(Bucket=BUCKET, Key=f"mappings/{name}", Body=json.dumps(told).encode())


def test_another_erp_needs_a_mapping_and_no_code(clients: Cloud) -> None:
    mapping(TANGO)
    note = {"Comprobante": "N/C A", "Vencimiento": "", "Situación": "A CTA"}
    report = delivered(clients, "tango.csv", tango(tango_row(), tango_row(**note)))
    assert reasons(report) == []
    seen = erp.documents(clients)
    first, credit = seen[erp.VOUCHER], seen["v-00205-00000001-003"]
    assert (first["date"], first["due_date"], first["billed"], first["remaining"]) == (
        "2026-11-01",
        "2027-01-31",
        121000,
        121000,
    )
    assert (credit["billed"], credit["remaining"]) == (-121000, -121000)
    assert "partial" not in first
    # It is the ERP's own word: it changes what is there.
    paid = tango_row(Saldo="0,00", Situación="CANC")
    assert delivered(clients, "tango.csv", tango(paid), erp.NOW + 5)["accepted"] == 1
    assert erp.documents(clients)[erp.VOUCHER]["remaining"] == 0


def test_a_row_that_waits_for_its_pdfs_name_goes_in_under_its_own_account(
    clients: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knows the CUIT alone; the name gets free while the rest of its file goes in."""
    zero = {**next(row for row in erp.sample("companies") if row["kind"] == "Cliente"), "code": "0"}
    delivered(clients, "zero.csv", written([zero]), erp.NOW - 900)
    delivered(clients, "documents.csv", written([invoice(9, pdf_file="x.pdf")]), erp.NOW - 50)
    columns = {ours: name for ours, name in TANGO["columns"].items() if ours not in ("company_code", "remaining_ars")}
    mapping({**TANGO, "columns": {**columns, "pdf_file": "Observación"}})
    monkeypatch.setattr(delivery, "_CHUNK", 1)
    settle, calls = store.settle, itertools.count(1)

    def settled(entries: Sequence[Entry], plan: Planner) -> list[Outcome]:
        if next(calls) == 3:  # the two rows have had their turn; this is what waited
            with grants.aside():
                delivered(clients, "free.csv", written([invoice(9, pdf_file="y.pdf")]))
        return settle(entries, plan)

    monkeypatch.setattr(store, "settle", settled)
    body = tango(tango_row(), tango_row(Número="00205-00000002")).replace("señal ¼".encode("cp1252"), b"x.pdf", 1)
    told = delivered(clients, "tango.csv", body.replace("señal ¼".encode("cp1252"), b""))
    assert (told["accepted"], told["rejected"]) == (2, [])
    assert set(companies_of_documents(clients).values()) == {"COMPANY#c-10378"}


def test_without_its_mapping_the_file_is_refused_whole(clients: Cloud) -> None:
    report = delivered(clients, "tango.csv", tango(tango_row(), encoding="utf-8"))
    assert report["refused"] == "header_unknown"
    assert report["detail"].startswith("looked for companies: kind, code…; documents: ")
    assert "cód. cliente" not in report["detail"]


@pytest.mark.parametrize(
    "told", ['{"layout": []', '{"name": "x", "layout": ["documents"], "columns": {}}', "[" * 100_000]
)
def test_a_mapping_that_cannot_be_followed_is_told_of_and_left(
    clients: Cloud, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    aws.s3().put_object(Bucket=BUCKET, Key="mappings/tango.json", Body=told.encode())
    assert delivered(clients, "documents.csv", written([invoice(1)]))["accepted"] == 1
    said = [vars(record)["file"] for record in caplog.records if record.message == "read_mapping"]
    assert said == ["tango.json"]


def test_a_file_of_no_layout_tells_of_the_mappings_that_were_left_aside(clients: Cloud) -> None:
    mapping({**TANGO, "dates": "mm/dd/aa"})
    for number in range(9):
        mapping({"layout": "x" * 5_000}, f"{number}.json")
    detail = delivered(clients, "tango.csv", tango(tango_row(), encoding="utf-8"))["detail"]
    assert "; left aside: 0.json (needs name, layout and columns" in detail
    assert len(detail) < 900
    for number in range(9):
        aws.s3().delete_object(Bucket=BUCKET, Key=f"mappings/{number}.json")
    detail = delivered(clients, "tango.csv", tango(tango_row(), encoding="utf-8"))["detail"]
    assert detail.endswith("; left aside: tango.json (dates: one of 'aaaammdd', 'dd/mm/aa')")
    missing = b"credit_key,debit_key,amount_ars\n"
    assert delivered(clients, "applications.csv", missing)["detail"].startswith(
        "applications lacks applied_date; left aside: tango.json ("
    )
    assert "left aside" not in delivered(clients, "empty.csv", b"")["detail"]


def test_arcas_zip_goes_in_as_it_is_and_its_line_of_totals_is_told_of(
    clients: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [one_row(**{"Número Desde": str(n), "Número Hasta": str(n)}) for n in range(1, 20)]
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("comprobantes.csv", arca(rows) + b"Totales" + b";" * 27 + b"2299,00\r\n")
    report = delivered(clients, "emitidos.zip", out.getvalue())
    assert (report["accepted"], [(one["line"], one["reason"]) for one in report["rejected"]]) == (
        19,
        [(21, "totals_line")],
    )
    table = erp.documents(clients)
    assert len(table) == 19
    erp.emptied(clients)
    erp.with_companies(clients)
    monkeypatch.setattr(parts, "ABOVE", 1_000)
    monkeypatch.setattr(parts, "_PART", 1_000)
    assert take(clients, drop("emitidos.zip", out.getvalue())) == []
    take_parts(clients)
    assert (erp.report("emitidos.zip"), erp.documents(clients)) == (report, table)
