"""Files in other layouts than ours, and workbooks: what their rows say, and how a refused one is told."""

import contextlib
import csv
import datetime as dt
import errno
import io
import re
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from xml.etree.ElementTree import ParseError

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook

from miinti.documents.kinds import VOUCHER_TYPES
from miinti.erp import books, checks, feeds, layouts, sheets
from miinti.erp.checks import Entry
from miinti.erp.faults import Fault, FileRefused
from tests import erp
from tests.erp import invoice, written
from tests.feeds import ARCA, TANGO, arca, arca_rows, one_row, tango, tango_row, workbook

TODAY = dt.date(2026, 11, 24)
Told = tuple[str, str, str]


def read(body: bytes, *mappings: Any) -> list[Entry | Told]:
    """What each row says or, where it is refused, its column, the reason and what stands there."""
    known = [feeds.mapped(one, VOUCHER_TYPES) for one in mappings]
    sheet = sheets.opened(io.BytesIO(body), VOUCHER_TYPES, known)
    seen: list[Entry | Told] = []
    for record in sheet.records():
        try:
            if record.fault:
                raise record.fault
            seen.append(checks.checked(sheet.layout.name, record.cells, VOUCHER_TYPES, TODAY))
        except Fault as fault:
            told = sheet.named(fault, record)
            seen.append((told.field, told.reason, told.value))
    return seen


def facts(body: bytes, *mappings: Any) -> dict[str, Any]:
    (entry,) = read(body, *mappings)
    assert isinstance(entry, Entry), entry
    return entry.facts


def refused(body: bytes, *mappings: Any) -> tuple[str, str]:
    with pytest.raises(FileRefused) as caught:
        read(body, *mappings)
    return caught.value.reason, caught.value.detail


# --- ARCA's rows ------------------------------------------------------------------------------------------------------


def test_arcas_sample_says_of_each_voucher_what_the_canonical_file_says() -> None:
    canonical = {one.key: one for one in read(written(erp.sample("documents"))) if isinstance(one, Entry)}
    seen = read(ARCA.read_bytes())
    assert len(seen) == len(arca_rows()) == 1208
    said = ("date", "document_currency", "total", "vat", "perceptions", "auth_code", "auth_kind", "billed")
    for one in seen:
        assert isinstance(one, Entry), one
        known = canonical[one.key]
        assert one.account.cuit == known.account.cuit
        for name in said:
            assert (one.facts[name] or 0) == (known.facts[name] or 0), (one.key, name)


def test_several_rates_dollars_and_what_is_not_taxed() -> None:
    several = {
        "IVA 10,5%": "10,50", "Imp. Neto Gravado IVA 10,5%": "100,00", "Imp. Neto Gravado Total": "200,00",
        "Imp. Neto No Gravado": "5,00", "Imp. Op. Exentas": "3,00", "Otros Tributos": "2,00", "Total IVA": "31,50",
        "Imp. Total": "241,50", "Moneda": "USD", "Tipo Cambio": "59,92",
    }  # fmt: skip
    row = facts(arca([one_row(**several)]))
    assert (row["net"], row["vat"], row["exempt"], row["perceptions"]) == (20000, 3150, 800, 200)
    assert (row["billed"], row["document_currency"], row["vat_rate"]) == (1447068, "USD", None)


@pytest.mark.parametrize(("code", "letter"), [("6", "B"), ("11", "C"), ("19", "E")])
def test_by_a_letter_that_does_not_set_the_iva_apart_the_total_may_stand_alone(code: str, letter: str) -> None:
    alone = dict.fromkeys(
        ("Imp. Neto Gravado Total", "Imp. Neto Gravado IVA 21%", "IVA 21%", "Total IVA", "Imp. Op. Exentas"), ""
    )
    assert VOUCHER_TYPES[code.zfill(3)].letter == letter
    row = facts(arca([one_row(**{"Tipo de Comprobante": code}, **alone)]))
    assert (row["net"], row["vat"], row["vat_rate"], row["total"], row["billed"]) == (None, None, None, 12100, 12100)
    assert read(arca([one_row(**alone)])) == [("imp. total", "total_mismatch", "121,00")]


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"Tipo Doc. Receptor": "96"}, "Tipo Doc. Receptor", "receiver_without_cuit"),
        ({"Número Hasta": "4"}, "Número Desde", "number_run"),
        ({"Nro. Doc. Receptor": "3,36935E+10"}, "Nro. Doc. Receptor", "excel_number"),
        ({"Cód. Autorización": "6,90292E+13"}, "Cód. Autorización", "excel_number"),
        ({"Cód. Autorización": ""}, "Cód. Autorización", "value_missing"),
        ({"Nro. Doc. Receptor": "30929318151"}, "Nro. Doc. Receptor", "cuit_check_digit"),
        ({"Imp. Total": "120,00"}, "Imp. Total", "total_mismatch"),
        ({"Imp. Total": "ciento veintiuno"}, "Imp. Total", "amount_format"),
        ({"Imp. Total": "1" * 29 + ",00"}, "Imp. Total", "amount_format"),
        ({"Imp. Total": "69029190337111", "Tipo Cambio": "69029190337111"}, "Tipo Cambio", "rate_format"),
        ({"Imp. Total": "69029190337111", "Tipo Cambio": "690291903"}, "Imp. Total", "amount_format"),
        ({"Tipo Cambio": "1" * 29}, "Tipo Cambio", "rate_format"),
        ({"Imp. Neto Gravado Total": "1" * 27}, "Imp. Neto Gravado Total", "amount_format"),
        ({"Otros Tributos": "1" * 27}, "Otros Tributos", "amount_format"),
        ({"Total IVA": "22,00", "Imp. Total": "122,00"}, "Total IVA", "vat_mismatch"),
        ({"Fecha de Emisión": "01-13-2026"}, "Fecha de Emisión", "date_invalid"),
        ({"Tipo de Comprobante": "999"}, "Tipo de Comprobante", "type_unknown"),
        ({"Número Desde": "", "Número Hasta": ""}, "Número Desde", "value_missing"),
        ({"Moneda": "patacones"}, "Moneda", "currency_unknown"),
    ],
)
def test_a_refused_row_is_told_with_arcas_own_column_and_what_stands_there(
    change: dict[str, str], field: str, reason: str
) -> None:
    bad, good = one_row(**change), one_row(**{"Número Desde": "2", "Número Hasta": "2"})
    first, second = read(arca([bad, good]))
    assert first == (field.lower(), reason, bad[field])
    assert isinstance(second, Entry)


def test_a_fault_of_the_key_or_of_what_is_billed_is_the_number_s_or_the_total_s() -> None:
    sheet = sheets.opened(io.BytesIO(arca([one_row()])), VOUCHER_TYPES)
    (record,) = sheet.records()
    for ours, header in (
        ("doc_key", "Número Desde"), ("number_display", "Número Desde"), ("company_code", "Nro. Doc. Receptor"),
        ("billed_ars", "Imp. Total"), ("letter", "Tipo de Comprobante"), ("auth_kind", "Cód. Autorización"),
    ):  # fmt: skip
        told = sheet.named(Fault(ours, "x", "y"), record)
        assert (told.field, told.value) == (header.lower(), one_row()[header])


def test_dates_and_types_as_arcas_page_shows_them() -> None:
    row = {"Fecha de Emisión": "01/11/2026", "Tipo de Comprobante": "1 - Factura A", "Imp. Total": "$ 121,00"}
    assert facts(arca([one_row(**row)]))["date"] == "2026-11-01"


MIDDLE = [
    "Fecha de Emisión", "Tipo de Comprobante", "Punto de Venta", "Número Desde", "Número Hasta", "Cód. Autorización",
    "Tipo Doc. Receptor", "Nro. Doc. Receptor", "Denominación Receptor", "Tipo Cambio", "Moneda", "Imp. Neto Gravado",
    "Imp. Neto No Gravado", "Imp. Op. Exentas", "Otros Tributos", "IVA", "Imp. Total",
]  # fmt: skip


def test_the_layout_of_17_columns() -> None:
    assert len(MIDDLE) == 17
    seen = facts(arca([{**one_row(), "Imp. Neto Gravado": "100,00", "IVA": "21,00"}], MIDDLE))
    assert (seen["net"], seen["vat"], seen["vat_rate"]) == (10000, 2100, "21.00")


def test_the_older_layout_of_16_columns_with_commas() -> None:
    names = [{"Fecha de Emisión": "Fecha", "Tipo de Comprobante": "Tipo"}.get(one, one) for one in MIDDLE]
    names.remove("Otros Tributos")
    row = {**one_row(), "Fecha": "2026-11-01", "Tipo": "1", "Imp. Neto Gravado": "100,00", "IVA": "21,00"}
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    writer.writerow([row.get(name, "") for name in names])
    assert facts(text.getvalue().encode())["total"] == 12100


def test_received_vouchers_are_not_ours_to_show() -> None:
    """ "Mis Comprobantes Recibidos" tells of an issuer, and the institute is the receiver: it has both."""
    names = list(one_row())
    place = names.index("Tipo Doc. Receptor")
    issuer = ["Tipo Doc. Emisor", "Nro. Doc. Emisor", "Denominación Emisor"]
    received = [*names[:place], *issuer, *names[place : place + 2], *names[place + 3 :]]
    assert len(received) == 30
    told = ("header_unknown", "Mis Comprobantes Emitidos (ARCA, 28 columns) has no nro. doc. emisor")
    assert refused(arca([one_row()], received)) == told


@pytest.mark.parametrize("names", [list(one_row()), MIDDLE], ids=["28", "17"])
def test_a_header_that_is_nearly_arcas_is_told_which_of_it_is_not_there(names: list[str]) -> None:
    assert [name.lower() for name in names] in feeds._arca_headers().values()
    total = "total iva" if len(names) == 28 else "iva"
    without = [name for name in names if name.lower() not in (total, "nro. doc. receptor")]
    name = f"Mis Comprobantes Emitidos (ARCA, {len(names)} columns)"
    assert refused(arca([one_row()], without)) == ("header_unknown", f"{name} lacks nro. doc. receptor, {total}")


TOTALS = {
    "first": "Totales;;;;;;;;;;;{};121,00",
    "aside": ";;;;;;;;Total general:;;;{};121,00",
    "short": "Total;121,00",
}


@pytest.mark.parametrize("line", TOTALS.values(), ids=list(TOTALS))
def test_a_line_of_totals_is_no_row_and_the_rows_above_it_are(line: str) -> None:
    line = line.format(";" * 15)
    assert line.count(";") in (1, 27)
    first, footer = read(arca([one_row()]) + f"{line}\r\n".encode())
    assert isinstance(first, Entry)
    assert footer == ("", "totals_line", line)


@pytest.mark.parametrize("name", ["Total", "Totales y Cía. SA"])
def test_no_row_is_taken_for_a_line_of_totals(name: str) -> None:
    body = tango(tango_row()).replace("señal ¼".encode("cp1252"), name.encode())
    assert facts(body, TANGO)["total"] == 121000


def test_a_line_of_totals_of_another_erp() -> None:
    body = tango(tango_row()).decode("cp1252") + "\r\nTotal" + ";" * 10 + "1.210,00" + ";" * 5
    _, footer = read(body.encode(), TANGO)
    assert not isinstance(footer, Entry)
    assert footer[:2] == ("", "totals_line")


# --- ARCA's ZIP -------------------------------------------------------------------------------------------------------


def zipped(*files: tuple[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", how) as packed:
        for name, body in files:
            packed.writestr(name, body)
    return out.getvalue()


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED], ids=["stored", "deflated"])
@pytest.mark.parametrize("name", ["comprobantes.csv", "2026/EMITIDOS.CSV"])
def test_a_zip_of_one_csv_is_that_csv(name: str, how: int) -> None:
    body = arca([one_row(), one_row(**{"Número Desde": "2", "Número Hasta": "2"})])
    file = io.BytesIO(zipped((name, body), how=how))
    sheet = sheets.opened(file, VOUCHER_TYPES)
    assert (sheet.size, file.getvalue()) == (len(body), body)
    assert read(zipped((name, body), how=how)) == read(body)


ONE = ("x.csv", b"a,b\n")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (zipped(ONE, ("leeme.txt", b"")), "a ZIP of 2 files, and no workbook: one .csv may be in it"),
        (zipped(ONE, ("y.csv", b"c,d\n")), "a ZIP of 2 files, and no workbook: one .csv may be in it"),
        (zipped(("facturas/", b""), ONE), "a ZIP of 2 files, and no workbook: one .csv may be in it"),
        (zipped(("x.txt", ONE[1])), "a ZIP of one file that is no .csv"),
        (zipped(ONE, how=zipfile.ZIP_LZMA), "a ZIP that is neither stored nor deflated"),
        (zipped(("x.csv", zipped(ONE))), ""),
        (zipped(ONE)[:-30], "BadZipFile"),
        (zipped(ONE, how=zipfile.ZIP_STORED).replace(b"a,b", b"a,c"), "BadZipFile"),
    ],
    ids=["a text beside", "two", "a folder", "no .csv", "LZMA", "a ZIP within", "cut short", "damaged"],
)
def test_any_other_zip_is_refused_whole_with_the_reason(body: bytes, detail: str) -> None:
    assert refused(body) == ("not_csv", detail)


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "LZMA"])
@pytest.mark.parametrize("damaged", [False, True])
def test_a_workbook_is_packed_as_workbooks_are(how: int, damaged: bool) -> None:
    """A damaged bzip2 is an ``OSError`` without a number, which is no fault of the disk's."""
    with zipfile.ZipFile(io.BytesIO(SMALL)) as packed:
        body = bytearray(zipped(*((name, packed.read(name)) for name in packed.namelist()), how=how))
    if damaged:
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            info = packed.getinfo("xl/worksheets/sheet1.xml")
        start = info.header_offset + 30 + len(info.filename) + 12
        body[start : start + 40] = b"\x5a" * 40
    assert refused(bytes(body)) == ("not_csv", "a ZIP that is neither stored nor deflated")


@pytest.mark.parametrize("bound", ["UNPACKED_MAX", "TEXT_MAX"])
def test_a_zip_that_unpacks_to_too_much_is_refused_before_it_is_there(
    monkeypatch: pytest.MonkeyPatch, bound: str
) -> None:
    monkeypatch.setattr(books, bound, 5_000_000)
    reason, detail = refused(zipped(("x.csv", b"a" * 5_000_001)))
    assert (reason, "more than 5000000 " in detail) == ("file_too_large", True)


# --- workbooks --------------------------------------------------------------------------------------------------------

NUMBERS = ("company_code", "cuit", "type_code", "point_of_sale", "number", "number_display", "auth_code")


def as_cells(row: dict[str, str]) -> list[Any]:
    """A row of ours as a spreadsheet holds it: numbers, days, nothing."""

    def cell(column: str, value: str) -> Any:
        if column in layouts.DAYS and value:
            return dt.datetime.fromisoformat(value)
        if column in layouts.AMOUNTS or column in layouts.RATES or column in NUMBERS:
            return float(value) if value else None
        return value or None

    return [cell(*one) for one in row.items()]


def test_our_own_layout_as_a_workbook() -> None:
    rows = [row for row in erp.sample("documents") if row["type_code"] != "RX"][:200]
    rows.append(invoice(1, net="100.50", vat="21.11", total="121.61", billed_ars="121.61", remaining_ars="121.61"))
    assert read(workbook([list(rows[0]), *map(as_cells, rows)])) == read(written(rows))


@pytest.mark.parametrize("layout", ["companies", "withholdings", "quotes", "applications"])
def test_every_layout_of_ours_as_a_workbook(layout: str) -> None:
    rows = erp.sample(layout)
    seen = read(workbook([list(rows[0]), *map(as_cells, rows)]))
    assert [repr(one) for one in seen] == [repr(one) for one in read(written(rows))]


@pytest.mark.parametrize(
    ("held", "cents"),
    [(242.168, 24217), (120.99999999999999, 12100), (0.1 + 0.2, 30), (1234.5, 123450), (1234567.0, 123456700)],
)
def test_a_number_is_what_the_sheet_shows_and_never_has_thousands(held: float, cents: int) -> None:
    columns = {"kind": "Clase", "code": "N", "cuit": "CUIT", "name": "Nombre", "address": "Dir", "balance_ars": "Saldo"}
    told = {"name": "m", "layout": "companies", "columns": columns}
    row = ["Cliente", 10378, int(invoice()["cuit"]), "X", "Calle 1", held]
    assert facts(workbook([list(columns.values()), row]), told)["balance"] == cents


def test_amounts_that_arca_tells_apart_are_amounts_in_a_workbook_too() -> None:
    row = one_row(**{"Imp. Total": "126,17"})
    held = {"Otros Tributos": 2.168, "Imp. Neto No Gravado": 2.999}
    assert facts(workbook([list(row), [held.get(name, value) for name, value in row.items()]]))["exempt"] == 300


@pytest.mark.parametrize("number", [69029190337111222, 6.9029190337111e30])
def test_a_number_longer_than_a_sheet_keeps_is_no_code(number: float) -> None:
    cells = [number if name == "auth_code" else value for name, value in invoice().items()]
    (told,) = read(workbook([list(invoice()), cells]))
    assert not isinstance(told, Entry)
    assert told[:2] == ("auth_code", "excel_number")


def test_a_row_whose_last_cells_are_not_there_is_as_wide_as_the_others() -> None:
    book = Workbook(write_only=True)
    sheet = book.create_sheet()
    sheet.append(list(invoice()))
    sheet.append([value or None for value in invoice(pdf_file="").values()])
    out = io.BytesIO()
    book.save(out)
    assert facts(out.getvalue())["total"] == 12100


def changed(body: bytes, change: Callable[[bytes], bytes], part: str = "worksheets/sheet1") -> bytes:
    """A workbook of which one part, the first sheet unless said, is another."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            data = old.read(name)
            new.writestr(name, change(data) if name == f"xl/{part}.xml" else data)
    return out.getvalue()


@pytest.mark.parametrize("said", [b"A1", b"A1:AC3", b"A1:B100"])
def test_what_a_workbook_says_of_its_size_is_not_believed(said: bytes) -> None:
    rows = [invoice(n) for n in range(1, 6)]
    body = workbook([list(rows[0]), *[list(row.values()) for row in rows]])
    body = changed(body, lambda sheet: re.sub(rb'<dimension ref="[^"]*"', b'<dimension ref="%s"' % said, sheet))
    assert read(body) == read(written(rows))


NO_STRING = rb'\1 t="s"><v>7</v></c>'
SMALL = workbook([list(invoice()), *[list(invoice(n).values()) for n in range(1, 4)]])


def spoilt(what: str) -> bytes:
    with zipfile.ZipFile(io.BytesIO(SMALL)) as packed:
        info = packed.getinfo("xl/worksheets/sheet1.xml")
    body = bytearray(SMALL)
    central = body.index(b"PK\x01\x02")
    central = body.rindex(b"PK\x01\x02", central, body.index(b"xl/worksheets/sheet1.xml", central))
    for place, at in ((info.header_offset, 6), (central, 8)):
        if what == "encrypted":
            body[place + at] |= 1
        if what == "compression":
            body[place + at + 2] = 97
    if what == "deflate":
        body[info.header_offset + 80 : info.header_offset + 120] = b"\xff" * 40
    return bytes(body)


@pytest.mark.parametrize(
    "body",
    [
        b"PK\x03\x04 no more", SMALL[:-100], spoilt("encrypted"), spoilt("compression"), spoilt("deflate"),
        changed(SMALL, lambda sheet: sheet[:300]),
        changed(SMALL, lambda sheet: re.sub(rb'(<c r="A2").*?</c>', NO_STRING, sheet)),
        changed(SMALL, lambda sheet: sheet.replace(b'r="2"', b'r="x"')),
    ],
    ids=["no more", "cut short", "encrypted", "compression", "deflate", "XML", "strings", "row"],
)  # fmt: skip
def test_a_workbook_that_cannot_be_read_is_refused_whole(body: bytes) -> None:
    assert refused(body)[0] == "not_csv"


def test_an_empty_workbook_is_an_empty_file() -> None:
    assert refused(workbook([[]])) == ("file_empty", "")


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(SMALL) - 1), st.integers(1, 255)), min_size=1, max_size=4))
def test_whatever_is_damaged_in_a_workbook_it_is_read_or_refused(damage: list[tuple[int, int]]) -> None:
    body = bytearray(SMALL)
    for place, bits in damage:
        body[place] ^= bits
    with contextlib.suppress(FileRefused):
        read(bytes(body))


@pytest.mark.parametrize(
    ("bound", "most"),
    [("UNPACKED_MAX", 1_000), ("BESIDE_MAX", 10), ("CELLS_MAX", 59), ("ROWS_MAX", 3), ("TEXT_MAX", 600)],
)
def test_a_workbook_that_is_too_large_says_how_large_it_may_be(
    monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    monkeypatch.setattr(books, bound, most)
    reason, detail = refused(SMALL)
    assert (reason, f"more than {most} " in detail) == ("file_too_large", True)


def named(name: bytes) -> Callable[[bytes], bytes]:
    """A workbook's part, with such rows to print on each page."""
    inner = b'<definedName name="_xlnm.Print_Titles" localSheetId="0">%s</definedName>' % name
    return lambda book: re.sub(
        rb"<definedNames ?/>|(?=<calcPr)", b"<definedNames>%s</definedNames>" % inner, book, count=1
    )


def formatted(code: bytes) -> Callable[[bytes], bytes]:
    """A part of styles with such a format of numbers."""
    one = b'<numFmts count="1"><numFmt numFmtId="164" formatCode="%s"/></numFmts>' % code
    return lambda styles: re.sub(rb'<numFmts count="0" ?/>', one, styles, count=1)


def test_names_and_formats_that_a_program_writes_are_read() -> None:
    body = changed(SMALL, named(b"Sheet!$1:$3"), "workbook")
    assert read(changed(body, formatted(b"#,##0.00&quot;x&quot;;[Red]-0"), "styles")) == read(SMALL)


@pytest.mark.parametrize(
    "body",
    [
        changed(SMALL, named(b"a" * 20_000), "workbook"),
        changed(SMALL, named(b"<x/>" * 600_000), "workbook"),
        changed(SMALL, formatted(b"[" * 1_300), "styles"),
        changed(SMALL, lambda styles: formatted(b"0")(styles) + b" " * 8_000_000, "styles"),
    ],
    ids=["a name", "names", "a format", "styles"],
)
def test_what_would_be_looked_through_for_hours_is_not_begun(body: bytes) -> None:
    """Of 300 KB of a name openpyxl's expression makes seven minutes, and four times as many of 600."""
    assert refused(body)[0] == "file_too_large"


def beside(body: bytes, **parts: bytes) -> bytes:
    """A workbook with such parts more."""
    out = io.BytesIO(body)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return out.getvalue()


SVG = b'<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" "http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd"><svg/>'
QUERY = '<?xml version="1.0" encoding="utf-16"?><DataMashup>UEsDBA==</DataMashup>'.encode("utf-16")
DXF = b'<x14:dxf xmlns:x14="urn:x"><numFmt numFmtId="9" formatCode="0%"/></x14:dxf>'
CONDITIONAL = b'<extLst><ext uri="{78C0D931-6437-407D-A8EE-F0AAD7539E65}">' + DXF + b"</ext></extLst>"


@pytest.mark.filterwarnings("ignore:Conditional Formatting extension is not supported")
@pytest.mark.parametrize(
    "body",
    [
        beside(SMALL, **{"customXml/item1.xml": QUERY, "xl/media/image1.svg": SVG}),
        changed(SMALL, lambda sheet: sheet.replace(b"</worksheet>", b" " * 8_000_000 + CONDITIONAL + b"</worksheet>")),
    ],
    ids=["parts that nobody reads", "a large sheet with a conditional format"],
)
def test_what_programs_write_beside_the_table_is_no_reason_to_refuse_it(body: bytes) -> None:
    """Power Query keeps its queries in UTF-16, a logo may have a DTD."""
    assert read(body) == read(SMALL)


def pointed(body: bytes, part: str) -> bytes:
    """A workbook whose first sheet is another part of it."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(body)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"/xl/worksheets/sheet1.xml", b"/%s" % part.encode()))
    return out.getvalue()


@pytest.mark.parametrize(
    ("part", "data"), [("customXml/item1.xml", QUERY), ("xl/media/image1.svg", SVG)], ids=["UTF-16", "a DTD"]
)
def test_such_a_part_is_refused_once_the_workbook_points_there(part: str, data: bytes) -> None:
    body = beside(SMALL, **{part: data})
    assert read(body) == read(SMALL)
    reason, detail = refused(pointed(body, part))
    assert (reason, "a workbook " in detail) == ("not_csv", True)


ENTITY = b'<!DOCTYPE worksheet [<!ENTITY a "aaaaaaaaaa">]>'


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda sheet: ENTITY + sheet, "with a DTD"),
        (lambda sheet: b" " * ((1 << 20) - 5) + ENTITY + sheet, "with a DTD"),
        (lambda sheet: (ENTITY + sheet).decode().encode("utf-16"), "in another encoding than UTF-8"),
        (lambda sheet: (ENTITY + sheet).decode().encode("utf-16-be"), "in another encoding than UTF-8"),
        (
            lambda sheet: b'<?xml version="1.0" encoding="cp037"?>' + sheet.decode().encode("cp037"),
            "in another encoding",
        ),
        (lambda sheet: b'<?xml version="1.0"' + b" " * 300 + b'encoding="cp037"?>' + sheet, "in another encoding"),
    ],
    ids=["entities", "over two reads", "UTF-16", "UTF-16 without mark", "EBCDIC", "declared far on"],
)
def test_a_workbook_has_no_entities_and_hides_none(change: Callable[[bytes], bytes], what: str) -> None:
    """The Open Packaging Conventions allow no DTD, and its readers expand one a hundredfold."""
    reason, detail = refused(changed(SMALL, change))
    assert (reason, what in detail) == ("not_csv", True)


MEMORY = """
import io, resource, sys
from miinti.documents.kinds import VOUCHER_TYPES
from miinti.erp import books, sheets
from miinti.erp.faults import FileRefused
before = resource.getrlimit(resource.RLIMIT_AS)
books.MEMORY_MAX = 150_000_000
bomb = sys.stdin.buffer.read(int(sys.argv[1]))
try:
    sheets.opened(io.BytesIO(bomb), VOUCHER_TYPES)
except FileRefused as why:
    assert resource.getrlimit(resource.RLIMIT_AS) == before
    told = dict(line.split(":", 1) for line in open("/proc/self/status"))
    print(why.reason, int(told["VmHWM"].split()[0]) // 1000)
    # The refusal is still held, as while its report is written.
    print(sum(1 for _ in sheets.opened(io.BytesIO(sys.stdin.buffer.read()), VOUCHER_TYPES).records()))
"""


def unfolding(element: bytes, size: int) -> bytes:
    """A workbook with so many bytes in its sheet of what a reader keeps."""
    return changed(
        SMALL, lambda sheet: sheet.replace(b"</sheetData>", b"</sheetData>" + element * (size // len(element)))
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc/self/statm is Linux's")
@pytest.mark.parametrize("element", [b"<x/>", b'<x a="1" b="2"/>'], ids=["elements", "attributes"])
def test_what_unfolds_in_the_reader_is_refused_before_it_ends_the_function(element: bytes) -> None:
    """Forty megabytes of what a reader keeps are three times to ten times as many there; packed, forty kilobytes. The
    next workbook has as much as it had, while the refusal is still being told."""
    bomb, good = unfolding(element, 40_000_000), unfolding(element, 2_000_000)
    assert len(bomb) < 200_000
    asked = [sys.executable, "-c", MEMORY, str(len(bomb))]
    said = subprocess.run(asked, input=bomb + good, capture_output=True, check=True).stdout.split()
    assert (said[0], int(said[1]) < 160, said[2:]) == (b"file_too_large", True, [b"3"])


def _no_memory() -> ParseError:
    """As expat has it."""
    failed = ParseError("out of memory")
    failed.code = 1
    return failed


@pytest.mark.parametrize(
    "failure", [MemoryError(), OSError(errno.ENOMEM, "Cannot allocate memory"), _no_memory()], ids=repr
)
def test_a_lack_of_memory_is_told_however_it_shows(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    def failing(*_: object) -> None:
        raise failure

    monkeypatch.setattr(books, "_become_text", failing)
    assert refused(SMALL)[0] == "file_too_large"


def test_workbooks_are_read_one_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Four are opened at once: together they have what one may have."""
    reading, most = 0, 0

    def slowly(*_: object) -> None:
        nonlocal reading, most
        reading += 1
        most = max(most, reading)
        time.sleep(0.05)
        reading -= 1

    monkeypatch.setattr(books, "_become_text", slowly)
    all_there = threading.Barrier(4)
    with ThreadPoolExecutor(4) as pool:
        # Threads that begin while memory is bounded may wait for ever: these are there before.
        list(pool.map(lambda _: all_there.wait(), range(4)))
        list(pool.map(lambda _: books.become_text(io.BytesIO(), list), range(4)))
    assert most == 1


def test_rows_that_are_not_there_are_counted() -> None:
    last = changed(SMALL, lambda sheet: sheet.replace(b'<row r="4"', b'<row r="99999999"'))
    assert refused(last) == ("file_too_large", f"more than {books.ROWS_MAX} rows")


def test_the_size_of_a_workbook_is_that_of_its_text() -> None:
    file = io.BytesIO(SMALL)
    sheet = sheets.opened(file, VOUCHER_TYPES)
    assert sheet.size == len(file.getvalue()) != len(SMALL)


# --- mappings ---------------------------------------------------------------------------------------------------------


def test_a_row_of_a_mapping_is_refused_with_its_own_column() -> None:
    bad = [{"Impuesto": "211,00"}, {"CAE": "690291903371"}, {"Número": "205-00001513-1"}, {"Emisión": "31/11/2026"}]
    assert read(tango(*[tango_row(**one) for one in bad]), TANGO) == [
        ("importe", "total_mismatch", "1.210,00"),
        ("cae", "auth_code_length", "690291903371"),
        ("número", "value_missing", "205-00001513-1"),
        ("emisión", "date_invalid", "31/11/2026"),
    ]


@pytest.mark.parametrize(
    ("said", "written", "day"),
    [
        ("aaaammdd", "20261101", "2026-11-01"),
        ("aaaammdd", "20261101 00:00:00", "2026-11-01"),
        ("aaaammdd", "1/11/2026", "2026-11-01"),
        ("aaaammdd", "01/11/26", None),
        ("aaaammdd", "20261301", None),
        ("dd/mm/aa", "01/11/26", "2026-11-01"),
        ("dd/mm/aa", "1-11-26", "2026-11-01"),
        ("dd/mm/aa", "2026-11-01", "2026-11-01"),
        ("dd/mm/aa", "20261101", None),
        ("dd/mm/aa", "11/13/26", None),
        (None, "20261101", None),
        (None, "01/11/26", None),
        (None, "2026-11-01 10:30", "2026-11-01"),
        (None, "2026-11-01T10:30", "2026-11-01"),
        # Not a day with a figure too many cut off.
        (None, "2026-11-015", None),
        (None, "2026-11-01x", None),
        ("aaaammdd", "2026-11-0101", None),
    ],
)
def test_days_of_few_digits_are_read_where_a_mapping_says_how(said: str | None, written: str, day: str | None) -> None:
    (seen,) = read(tango(tango_row(Emisión=written)), {**TANGO, "dates": said} if said else TANGO)
    if day:
        assert isinstance(seen, Entry)
        assert seen.facts["date"] == day
    else:
        assert seen == ("emisión", "date_invalid", written)


@pytest.mark.parametrize("byte", [b"\x81", b"\x8d", b"\x8f", b"\x90", b"\x9d"])
def test_what_a_mapping_calls_windows_1252_and_is_not_is_refused_before_a_row_of_it(byte: bytes) -> None:
    """That page has no sign for these: reading on to them would be no refusal, after rows that went in."""
    body = tango(tango_row(), tango_row(Número="00205-00000002"))
    assert refused(body[:-1] + byte, TANGO) == ("encoding_unknown", "line 3")


@pytest.mark.parametrize("separator", [",", "\t", "|", "~"])
def test_what_parts_the_columns_is_what_makes_the_header_one_that_is_known(separator: str) -> None:
    row = {name: value.replace(".", "").replace(",", ".") for name, value in tango_row().items()}
    text = tango(row).decode("cp1252")
    body = text.replace(";", separator).encode("cp1252")
    assert facts(body, {**TANGO, "separator": separator})["date"] == "2026-11-01"
    if separator == "~":
        assert refused(body, TANGO)[0] == "header_unknown"
    else:
        assert facts(body, TANGO)["date"] == "2026-11-01"


def test_a_workbook_needs_no_separator_whatever_its_mapping_says() -> None:
    names = list(TANGO["columns"].values())
    rows = [names, [tango_row()[name] for name in names]]
    assert facts(workbook(rows), {**TANGO, "separator": "~"})["total"] == 121000


@pytest.mark.parametrize("separator", [";", "|"])
def test_a_header_that_is_nearly_a_mappings_is_told_which_of_it_is_not_there(separator: str) -> None:
    body = tango(tango_row()).decode("cp1252").replace("Saldo", "Resto").replace("CAE", "C.").replace(";", separator)
    assert refused(body.encode(), TANGO) == ("header_unknown", "mapping tango lacks saldo, cae, vto. cae")


def test_what_is_told_of_long_names_and_many_is_bounded() -> None:
    many = {**TANGO, "columns": {ours: f"{name} {'x' * 90}" for ours, name in TANGO["columns"].items()}}
    half = [name.lower() for name in list(many["columns"].values())[:5]]
    reason, detail = refused(";".join(half).encode(), many, *[{**TANGO, "name": f"{n}" * 200} for n in range(20)])
    assert (reason, len(detail) < 450, detail.endswith(", …")) == ("header_unknown", True, True)
    reason, detail = refused(b"a;b\n", *[{**TANGO, "name": f"{n}" * 200} for n in range(20)])
    assert detail.startswith("looked for companies: ")
    assert (len(detail) < 450, detail.endswith(", …")) == (True, True)


@pytest.mark.parametrize("written", ["-{}", "{}-", "({})", "$ ({})", "$ -{}", "{} -"])
def test_a_negative_amount_is_read_as_accountants_and_SAP_write_it(written: str) -> None:
    signed = ("Neto", "Impuesto", "Importe", "Importe en pesos", "Saldo")
    amounts = {name: written.format(tango_row()[name]) for name in signed}
    note = tango_row(Comprobante="N/C A", Situación="A CTA", **amounts)
    row = facts(tango(note), {**TANGO, "credit_notes": "negative"})
    assert (row["net"], row["total"], row["billed"], row["remaining"]) == (100000, 121000, -121000, -121000)


@pytest.mark.parametrize("written", ["(-1.210,00)", "-1.210,00-", "()", "-", "US$ 1.210,00"])
def test_a_sign_twice_and_a_currency_that_nobody_named_are_no_amounts(written: str) -> None:
    assert read(tango(tango_row(Importe=written)), TANGO) == [("importe", "amount_format", written)]


def test_a_mapping_may_have_any_name() -> None:
    assert facts(tango(tango_row()), {**TANGO, "name": "arca"})["total"] == 121000


WRONG: list[Any] = [
    [], {}, {**TANGO, "layout": "facturas"}, {**TANGO, "layout": ["documents"]}, {**TANGO, "layout": {"a": 1}},
    {**TANGO, "columns": {"factura": "Número"}}, {**TANGO, "columns": {"number": 7}}, {**TANGO, "columns": {}},
    {**TANGO, "columns": {"number": " "}}, {**TANGO, "constants": {"x": "y"}}, {**TANGO, "values": {"status": "x"}},
    {**TANGO, "separator": " "}, {**TANGO, "separator": ""}, {**TANGO, "separator": ["|"]},
    {**TANGO, "separator": None},
    {**TANGO, "dates": "mm/dd/aa"}, {**TANGO, "dates": {}}, {**TANGO, "dates": ""},
    {**TANGO, "credit_notes": "maybe"}, {**TANGO, "encoding": "ebcdic"}, {**TANGO, "more": 1},
]  # fmt: skip


@pytest.mark.parametrize("told", WRONG)
def test_a_mapping_that_cannot_be_followed_is_known_as_one(told: Any) -> None:
    with pytest.raises(feeds.MappingWrong):
        feeds.mapped(told, VOUCHER_TYPES)


plain = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3) | st.just("total")
shapes = st.recursive(plain, lambda one: st.lists(one, max_size=2) | st.dictionaries(plain.map(str), one, max_size=2))


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(feeds._MAPPING)), shapes, max_size=3) | shapes)
def test_a_mapping_of_any_shape_is_followed_or_known_as_wrong(change: Any) -> None:
    told = {**TANGO, **change} if isinstance(change, dict) else change
    with contextlib.suppress(feeds.MappingWrong):
        feed = feeds.mapped(told, VOUCHER_TYPES)
        feeds.of_header(["a", *feed.columns.values()], [feed], VOUCHER_TYPES)


def test_every_column_of_ours_that_follows_from_another_is_one() -> None:
    columns = {*layouts.LAYOUTS["documents"].columns}
    assert columns >= {*feeds._BEHIND, *feeds._BEHIND.values()}
