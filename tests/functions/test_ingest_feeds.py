"""Files in other layouts than ours (`erp/feeds.py`): ARCA's "Mis Comprobantes Emitidos", and another ERP's by a
mapping."""

import csv
import datetime as dt
import io
import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import time_machine
from openpyxl import Workbook

from miinti import aws
from miinti.erp import delivery, parts, store
from miinti.erp.checks import Entry
from miinti.erp.store import Outcome, Planner
from tests import erp
from tests.cloud import BUCKET, Cloud
from tests.erp import delivered, drop, invoice, reasons, take, written

ARCA = erp.SAMPLE / "arca_mis_comprobantes_emitidos.csv"
SUPPLIER = next(row["cuit"] for row in erp.sample("companies") if row["code"] == "3178")
"""The CUIT of a supplier who is no client."""


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with time_machine.travel(erp.NOW + 60, tick=False):
        yield


def arca_rows() -> list[dict[str, str]]:
    """ARCA's file, whose rows have no quotes although names may hold some."""
    lines = ARCA.read_text(encoding="utf-8-sig").splitlines()
    names = next(csv.reader([lines[0]], delimiter=";"))
    return [dict(zip(names, line.split(";"), strict=True)) for line in lines[1:]]


def arca(rows: Sequence[dict[str, str]], names: Sequence[str] | None = None) -> bytes:
    """Rows as ARCA writes them: mark of UTF-8, semicolons, quoted header, CRLF."""
    columns = list(names or rows[0])
    lines = [";".join(f'"{name}"' for name in columns)]
    lines += [";".join(row.get(name, "") for name in columns) for row in rows]
    return ("\ufeff" + "\r\n".join(lines) + "\r\n").encode()


def one_row(**change: str) -> dict[str, str]:
    """Factura A 205-1 of 121.00 to the CUIT of client 10378."""
    row = dict.fromkeys(arca_rows()[0], "")
    row |= {
        "Fecha de Emisión": "2026-11-01",
        "Tipo de Comprobante": "1",
        "Punto de Venta": "205",
        "Número Desde": "1",
        "Número Hasta": "1",
        "Cód. Autorización": "69029190337111",
        "Tipo Doc. Receptor": "80",
        "Nro. Doc. Receptor": erp.invoice()["cuit"],
        "Tipo Cambio": "1,00",
        "Moneda": "$",
        "IVA 21%": "21,00",
        "Imp. Neto Gravado IVA 21%": "100,00",
        "Imp. Neto Gravado Total": "100,00",
        "Total IVA": "21,00",
        "Imp. Total": "121,00",
    }
    return {**row, **change}


@pytest.fixture
def clients(cloud: Cloud) -> Cloud:
    erp.with_companies(cloud)
    return cloud


# --- the same documents -----------------------------------------------------------------------------------------------

SAID = ("date", "document_currency", "total", "vat", "perceptions", "auth_code", "auth_kind", "billed", "void")


def test_arcas_sample_says_of_each_voucher_what_the_canonical_file_says(cloud: Cloud) -> None:
    """Each file alone, in a table of its own; whatever both speak of is the same."""
    delivered(cloud, "companies.csv", erp.sample_bytes("companies"), erp.NOW - 10)
    report = delivered(cloud, "arca.csv", ARCA.read_bytes())
    # Two accounts have one CUIT, and only documents that are there tell them apart.
    shared = {row["cuit"] for row in erp.sample("companies") if row["code"] in ("15001", "15002")}
    ambiguous = [row for row in arca_rows() if row["Nro. Doc. Receptor"] in shared]
    assert report["rows"] == len(arca_rows())
    assert reasons(report) == [("nro. doc. receptor", "account_ambiguous")] * len(ambiguous)
    alone, placed = erp.documents(cloud), companies_of_documents(cloud)
    erp.emptied(cloud)
    delivered(cloud, "companies.csv", erp.sample_bytes("companies"), erp.NOW - 10)
    delivered(cloud, "documents.csv", erp.sample_bytes("documents"))
    whole = erp.documents(cloud)
    assert placed.items() <= companies_of_documents(cloud).items()
    assert len(alone) == report["accepted"] == len(arca_rows()) - len(ambiguous)
    for doc_id, row in alone.items():
        known = whole[doc_id]
        cancelled = known["void"]
        for name in SAID:
            if name == "void" and cancelled:
                continue  # what cancels it is in the account, which ARCA does not know
            assert (row.get(name) or 0) == (known.get(name) or 0), (doc_id, name)


def companies_of_documents(cloud: Cloud) -> dict[str, str]:
    return {row["id"]: pk for (pk, sk), row in erp.state(cloud).items() if sk.startswith("DOC#")}


def test_beside_the_canonical_file_arcas_changes_nothing_whatever_the_order(cloud: Cloud) -> None:
    delivered(cloud, "companies.csv", erp.sample_bytes("companies"), erp.NOW - 10)
    delivered(cloud, "documents.csv", erp.sample_bytes("documents"), erp.NOW)
    before = erp.state(cloud)
    report = delivered(cloud, "arca.csv", ARCA.read_bytes(), erp.NOW + 10)
    assert (report["accepted"], report["unchanged"], report["rejected"]) == (0, len(arca_rows()), [])
    after = {key: row for key, row in erp.state(cloud).items() if key in before}
    assert after == before
    erp.emptied(cloud)
    # And where it comes first, or is newer and is worked on first.
    delivered(cloud, "companies.csv", erp.sample_bytes("companies"), erp.NOW - 10)
    delivered(cloud, "arca.csv", ARCA.read_bytes(), erp.NOW + 10)
    delivered(cloud, "documents.csv", erp.sample_bytes("documents"), erp.NOW)
    again = {key: row for key, row in erp.state(cloud).items() if key in before}
    assert again == before


def test_arcas_file_in_parts_comes_to_the_same(clients: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [one_row(**{"Número Desde": str(n), "Número Hasta": str(n)}) for n in range(1, 40)]
    body = arca([*rows, rows[2]])
    told = delivered(clients, "arca.csv", body)
    assert (told["accepted"], reasons(told)) == (39, [("doc_key", "duplicate_key")])
    table = erp.documents(clients)
    erp.emptied(clients)
    erp.with_companies(clients)
    monkeypatch.setattr(parts, "ABOVE", 1_000)
    monkeypatch.setattr(parts, "_PART", 1_000)
    assert take(clients, drop("arca.csv", body)) == []
    url = clients.environment("ingest_inbox")["PARTS_QUEUE"]
    sqs: Any = aws.sqs()
    while some := sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        for one in some:
            clients.invoke("ingest_inbox", erp.messages(json.loads(one["Body"]), queue="PartsQueue"))
            sqs.delete_message(QueueUrl=url, ReceiptHandle=one["ReceiptHandle"])
    assert erp.report("arca.csv") == told
    assert erp.documents(clients) == table


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


def test_several_rates_dollars_and_what_is_not_taxed(clients: Cloud) -> None:
    several = {
        "IVA 10,5%": "10,50", "Imp. Neto Gravado IVA 10,5%": "100,00", "Imp. Neto Gravado Total": "200,00",
        "Imp. Neto No Gravado": "5,00", "Imp. Op. Exentas": "3,00", "Otros Tributos": "2,00", "Total IVA": "31,50",
        "Imp. Total": "241,50", "Moneda": "USD", "Tipo Cambio": "59,92",
    }  # fmt: skip
    report = delivered(clients, "arca.csv", arca([one_row(**several)]))
    assert reasons(report) == []
    row = erp.documents(clients)[erp.VOUCHER]
    assert (row["net"], row["vat"], row["exempt"], row["perceptions"]) == (20000, 3150, 800, 200)
    assert (row["billed"], row["document_currency"], row.get("vat_rate")) == (1447068, "USD", None)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"Tipo Doc. Receptor": "96"}, ("tipo doc. receptor", "receiver_without_cuit")),
        ({"Número Hasta": "4"}, ("número desde", "number_run")),
        ({"Nro. Doc. Receptor": "3,36935E+10"}, ("nro. doc. receptor", "excel_number")),
        ({"Cód. Autorización": "6,90292E+13"}, ("cód. autorización", "excel_number")),
        ({"Nro. Doc. Receptor": "30929318151"}, ("nro. doc. receptor", "cuit_check_digit")),
        ({"Nro. Doc. Receptor": "30712345671"}, ("nro. doc. receptor", "account_unknown")),
        ({"Nro. Doc. Receptor": SUPPLIER}, ("nro. doc. receptor", "account_unknown")),
        ({"Imp. Total": "120,00"}, ("imp. total", "total_mismatch")),
        ({"Imp. Total": "ciento veintiuno"}, ("imp. total", "amount_format")),
        ({"Fecha de Emisión": "01-13-2026"}, ("fecha de emisión", "date_invalid")),
        ({"Tipo de Comprobante": "999"}, ("tipo de comprobante", "type_unknown")),
        ({"Moneda": "patacones"}, ("moneda", "currency_unknown")),
    ],
)
def test_a_refused_row_is_told_with_arcas_own_column(
    clients: Cloud, change: dict[str, str], reason: tuple[str, str]
) -> None:
    report = delivered(
        clients, "arca.csv", arca([one_row(**change), one_row(**{"Número Desde": "2", "Número Hasta": "2"})])
    )
    field, why = reason
    assert report["accepted"] == 1
    assert [why for _, why in reasons(report)] == [reason[1]]
    if why not in ("receiver_without_cuit", "number_run", "amount_format"):
        assert reasons(report)[0][0] == field


def test_a_voucher_that_is_there_and_says_something_else_stands_and_is_told(clients: Cloud) -> None:
    delivered(clients, "documents.csv", written([invoice(1, auth_code="69029190337111")]))
    before = erp.documents(clients)
    other = one_row(
        **{"Imp. Neto Gravado Total": "200,00", "IVA 21%": "42,00", "Total IVA": "42,00", "Imp. Total": "242,00"}
    )
    assert reasons(delivered(clients, "arca.csv", arca([other]))) == [("imp. total", "known_otherwise")]
    assert erp.documents(clients) == before


def test_dates_and_types_as_arcas_page_shows_them(clients: Cloud) -> None:
    row = one_row(
        **{"Fecha de Emisión": "01/11/2026", "Tipo de Comprobante": "1 - Factura A", "Imp. Total": "$ 121,00"}
    )
    assert delivered(clients, "arca.csv", arca([row]))["accepted"] == 1
    assert erp.documents(clients)[erp.VOUCHER]["date"] == "2026-11-01"


MIDDLE = [
    "Fecha de Emisión", "Tipo de Comprobante", "Punto de Venta", "Número Desde", "Número Hasta", "Cód. Autorización",
    "Tipo Doc. Receptor", "Nro. Doc. Receptor", "Denominación Receptor", "Tipo Cambio", "Moneda", "Imp. Neto Gravado",
    "Imp. Neto No Gravado", "Imp. Op. Exentas", "Otros Tributos", "IVA", "Imp. Total",
]  # fmt: skip


def test_the_layout_of_17_columns(clients: Cloud) -> None:
    row = {**one_row(), "Imp. Neto Gravado": "100,00", "IVA": "21,00"}
    assert len(MIDDLE) == 17
    assert reasons(delivered(clients, "arca.csv", arca([row], MIDDLE))) == []
    seen = erp.documents(clients)[erp.VOUCHER]
    assert (seen["net"], seen["vat"], seen["vat_rate"]) == (10000, 2100, "21.00")


def test_the_older_layout_of_16_columns_with_commas(clients: Cloud) -> None:
    names = [{"Fecha de Emisión": "Fecha", "Tipo de Comprobante": "Tipo"}.get(one, one) for one in MIDDLE]
    names.remove("Otros Tributos")
    row = {**one_row(), "Fecha": "2026-11-01", "Tipo": "1", "Imp. Neto Gravado": "100,00", "IVA": "21,00"}
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerow([row.get(name, "") for name in names])
    assert reasons(delivered(clients, "arca.csv", text.getvalue().encode())) == []
    assert erp.documents(clients)[erp.VOUCHER]["total"] == 12100


def test_received_vouchers_are_not_ours_to_show(clients: Cloud) -> None:
    """ "Mis Comprobantes Recibidos" tells of an issuer, and the institute is the receiver."""
    names = [name.replace("Receptor", "Emisor") for name in one_row()]
    report = delivered(clients, "arca.csv", arca([one_row()], names))
    assert report["refused"] == "header_unknown"


# --- workbooks --------------------------------------------------------------------------------------------------------


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


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


def test_our_own_layout_as_a_workbook(clients: Cloud) -> None:
    rows = [invoice(1), invoice(2)]
    body = workbook([list(rows[0]), *[list(row.values()) for row in rows]])
    assert delivered(clients, "documents.xlsx", body)["accepted"] == 2


@pytest.mark.parametrize("body", [b"PK\x03\x04 no more", workbook([[]])])
def test_a_workbook_that_is_none_is_refused_whole(clients: Cloud, body: bytes) -> None:
    assert delivered(clients, "x.xlsx", body)["refused"] in ("not_csv", "file_empty")


# --- mappings ---------------------------------------------------------------------------------------------------------

TANGO: dict[str, Any] = {
    "name": "tango",
    "layout": "documents",
    "columns": {
        "company_code": "Cód. Cliente", "cuit": "N° CUIT", "issue_date": "Emisión", "due_date": "Vencimiento",
        "type_code": "Comprobante", "number": "Número", "net": "Neto", "vat_rate": "Alícuota", "vat": "Impuesto",
        "total": "Importe", "billed_ars": "Importe en pesos", "remaining_ars": "Saldo", "status": "Situación",
        "auth_code": "CAE", "auth_due": "Vto. CAE",
    },
    "constants": {"currency": "PES"},
    "values": {
        "type_code": {"FAC A": "001", "N/C A": "003"},
        "status": {"PEND": "Pendiente", "CANC": "Pagado", "A CTA": "A cuenta"},
    },
    "credit_notes": "positive",
    "encoding": "windows-1252",
}  # fmt: skip


def mapping(told: Any, name: str = "tango.json") -> None:
    aws.s3().put_object(Bucket=BUCKET, Key=f"mappings/{name}", Body=json.dumps(told).encode())


def tango(*rows: dict[str, str], encoding: str = "cp1252") -> bytes:
    names = list(TANGO["columns"].values())
    lines = [
        ";".join(["Observación", *names]),
        *[";".join(["señal ¼", *(row[name] for name in names)]) for row in rows],
    ]
    return "\r\n".join(lines).encode(encoding)


def tango_row(**change: str) -> dict[str, str]:
    row = {
        "Cód. Cliente": "010378", "N° CUIT": erp.invoice()["cuit"], "Emisión": "1/11/2026", "Vencimiento": "31/01/2027",
        "Comprobante": "FAC A", "Número": "00205-00000001", "Neto": "1.000,00", "Alícuota": "21", "Impuesto": "210,00",
        "Importe": "1.210,00", "Importe en pesos": "1.210,00", "Saldo": "1.210,00", "Situación": "PEND",
        "CAE": "69029190337111", "Vto. CAE": "11/11/2026",
    }  # fmt: skip
    return {**row, **change}


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
            delivered(clients, "free.csv", written([invoice(9, pdf_file="y.pdf")]))
        return settle(entries, plan)

    monkeypatch.setattr(store, "settle", settled)
    body = tango(tango_row(), tango_row(Número="00205-00000002")).replace("señal ¼".encode("cp1252"), b"x.pdf", 1)
    told = delivered(clients, "tango.csv", body.replace("señal ¼".encode("cp1252"), b""))
    assert (told["accepted"], told["rejected"]) == (2, [])
    assert set(companies_of_documents(clients).values()) == {"COMPANY#c-10378"}


def test_a_row_of_a_mapping_is_refused_with_its_own_column(clients: Cloud) -> None:
    mapping(TANGO)
    report = delivered(clients, "tango.csv", tango(tango_row(Impuesto="211,00")))
    assert reasons(report) == [("importe", "total_mismatch")]


def test_without_its_mapping_the_file_is_refused_whole(clients: Cloud) -> None:
    report = delivered(clients, "tango.csv", tango(tango_row(), encoding="utf-8"))
    assert (report["refused"], "cód. cliente" in report["detail"]) == ("header_unknown", True)


@pytest.mark.parametrize(
    "told",
    [
        [],
        {},
        {**TANGO, "layout": "facturas"},
        {**TANGO, "columns": {"factura": "Número"}},
        {**TANGO, "columns": {"number": 7}},
        {**TANGO, "columns": {}},
        {**TANGO, "constants": {"x": "y"}},
        {**TANGO, "values": {"status": "x"}},
        {**TANGO, "credit_notes": "maybe"},
        {**TANGO, "encoding": "ebcdic"},
        {**TANGO, "more": 1},
    ],
)
def test_a_mapping_that_cannot_be_followed_is_told_of_and_left(
    clients: Cloud, told: Any, caplog: pytest.LogCaptureFixture
) -> None:
    mapping(told)
    assert delivered(clients, "documents.csv", written([invoice(1)]))["accepted"] == 1
    said = [vars(record)["file"] for record in caplog.records if record.message == "read_mapping"]
    assert said == ["tango.json"]
