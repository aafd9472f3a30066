"""Reading files: encodings, separators, line ends, quotes, lines that stand for themselves."""

import contextlib
import csv
import io
from tempfile import SpooledTemporaryFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miinti.documents.kinds import VOUCHER_TYPES
from miinti.erp import faults, sheets
from miinti.erp.faults import FileRefused
from miinti.erp.layouts import LAYOUTS
from miinti.erp.sheets import Record
from tests import erp

TRIED = (
    "looked for companies: kind, code…; documents: company_code, cuit…; withholdings: supplier_code, cuit…; "
    "quotes: quote_number, client_code…; work_orders: work_order, client_code…; applications: credit_key, debit_key…; "
    "Mis Comprobantes Emitidos (ARCA, 28 columns): fecha de emisión, tipo de comprobante…; "
    "Mis Comprobantes Emitidos (ARCA, 17 columns): fecha de emisión, tipo de comprobante…"
)
HEADER = "credit_key,debit_key,applied_date,amount_ars"


def read(body: bytes) -> list[Record]:
    return list(sheets.opened(io.BytesIO(body), VOUCHER_TYPES).records())


def cells(body: bytes) -> list[list[str]]:
    return [list(record.cells.values()) for record in read(body)]


def refused(body: bytes) -> tuple[str, str]:
    with pytest.raises(FileRefused) as caught:
        read(body)
    assert caught.value.reason in faults.FILES
    return caught.value.reason, caught.value.detail


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_sample_is_read_as_python_reads_it(layout: str) -> None:
    assert [record.cells for record in read(erp.sample_bytes(layout))] == erp.sample(layout)


def test_a_header_names_its_layout_in_any_order_of_columns() -> None:
    sheet = sheets.opened(
        io.BytesIO(b" amount_ars ,Credit_Key,note,applied_date,debit_key\n1,2,3,4,5\n"), VOUCHER_TYPES
    )
    assert sheet.layout.name == "applications"
    (record,) = sheet.records()
    assert record.cells == {"amount_ars": "1", "credit_key": "2", "note": "3", "applied_date": "4", "debit_key": "5"}


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"], ids=["no mark", "mark"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"], ids=["LF", "CRLF", "CR"])
@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_mark_line_ends_and_separator_are_told_by_the_file(mark: bytes, newline: str, separator: str) -> None:
    rows = erp.sample("companies")
    body = mark + erp.written(rows, separator, newline)
    records = read(body)
    assert [record.cells for record in records] == rows
    assert [record.line for record in records] == list(range(2, 32))


def test_a_disk_file_is_read_like_one_in_memory() -> None:
    with SpooledTemporaryFile(max_size=100) as file:
        file.write(erp.sample_bytes("quotes"))
        assert len(list(sheets.opened(file, VOUCHER_TYPES).records())) == 200


def test_blank_lines_are_no_rows_but_count_as_lines() -> None:
    body = f"\n{HEADER}\n\na,b,c,d\n   \n\ne,f,g,h".encode()
    assert [(record.line, record.fault) for record in read(body)] == [(4, None), (7, None)]


def test_cells_lose_blanks_around_them_and_nothing_else() -> None:
    assert cells(f'{HEADER}\n a , "b" ,"  c  ","d""e"\n'.encode())[0] == ["a", '"b"', "c", 'd"e']


def test_a_quoted_cell_may_go_over_lines() -> None:
    body = f'{HEADER}\n"a\nb\r\n",c,d,e\nf,g,h,i\n'.encode()
    first, second = read(body)
    assert (first.line, first.cells["credit_key"], first.raw) == (2, "a\nb\r\n", '"a\nb\r\n",c,d,e\n')
    assert (second.line, second.fault) == (5, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('"a,b,c,d', "row_malformed"),
        ('a,"b"c,d,e', "row_malformed"),
        ('a,b,c,"d', "row_malformed"),
        ("a,b,c", "column_count"),
        ("a,b,c,d,e", "column_count"),
        ("x" * 70_000 + ",b,c,d", "row_malformed"),
    ],
    ids=["open", "text after", "open at the end", "few", "many", "long"],
)
@pytest.mark.parametrize("after", ["e,f,g,h\n", 'e,"f",g,h\n' * 9, 'e,f"x,g,h\n'], ids=["plain", "quotes", "stray"])
def test_a_bad_line_is_refused_alone(line: str, reason: str, after: str) -> None:
    before = "1,2,3,4\n"
    records = read(f"{HEADER}\n{before}{line}\n{after}".encode())
    assert [(record.line, record.fault and record.fault.reason) for record in records] == [
        (2, None),
        (3, reason),
        *((4 + index, None) for index in range(after.count("\n"))),
    ]
    if reason == "column_count":
        assert records[1].raw == line + "\n"


def test_a_line_without_end_is_not_held() -> None:
    records = read(f"{HEADER}\n{'x' * 3_000_000}\n1,2,3,4\n".encode())
    assert [record.fault is None for record in records] == [False, True]
    assert len(records[0].raw) <= sheets.LINE_MAX + 1
    assert len(read(f"{HEADER}\n1,2,3,4\n{'x' * 3_000_000}".encode())) == 2


CELLS = st.text(st.characters(codec="utf-8", exclude_characters="\0\r\n"), max_size=8) | st.sampled_from(
    ["a\nb", "\r\n"]
)


@given(
    st.lists(st.lists(CELLS, min_size=4, max_size=4), max_size=6),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_csv_writes_is_read_back(rows: list[list[str]], separator: str, newline: str) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=separator, lineterminator=newline, quoting=csv.QUOTE_ALL)
    writer.writerows([HEADER.split(","), *rows])
    assert cells(text.getvalue().encode()) == [[cell.strip(" ") for cell in row] for row in rows]


# --- refused whole ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "reason", "detail"),
    [
        (b"", "file_empty", ""),
        (b"\xef\xbb\xbf\r\n \n", "file_empty", ""),
        (b"PK\x03\x04\0\0rest", "not_csv", "BadZipFile"),
        (HEADER.encode("utf-16"), "not_csv", ""),
        (HEADER.encode() + b"\n1,2,\0,4\n", "not_csv", ""),
        (b"a,b,c\n", "header_unknown", TRIED),
        (b"nombre;importe\n", "header_unknown", TRIED),
        (b'"credit_key,x\n', "header_unknown", "quotes that do not close, or text after a closing one"),
        (b"10378,33929318159,2026-06-29\n", "header_unknown", TRIED),
        (b"x;credit_key\n", "header_unknown", "applications lacks debit_key, applied_date, amount_ars"),
        (b"credit_key,debit_key,amount_ars\n", "columns_missing", "applications lacks applied_date"),
        (b"credit_key\tdebit_key\tamount_ars\n", "columns_missing", "applications lacks applied_date"),
        (b"credit_key,debit_key,amount_ars,applied_date,debit_key\n", "columns_duplicated", "debit_key"),
        (
            erp.sample_bytes("arca_mis_comprobantes_emitidos")[:4000].replace(b"Receptor", b"Emisor"),
            "header_unknown",
            "Mis Comprobantes Emitidos (ARCA, 28 columns) has no nro. doc. emisor",
        ),
    ],
)  # fmt: skip
def test_what_is_no_known_csv_is_refused_whole(body: bytes, reason: str, detail: str) -> None:
    assert refused(body) == (reason, detail)


@given(st.lists(st.sampled_from([*LAYOUTS["documents"].columns, *LAYOUTS["quotes"].columns, "SECRETO 20123456789"])))
def test_of_a_header_that_is_refused_nothing_of_the_files_own_is_told_and_not_too_much(names: list[str]) -> None:
    with contextlib.suppress(FileRefused):
        sheets.headed(",".join(["SECRETO", *names]), VOUCHER_TYPES)
        return
    _, detail = refused(",".join(["SECRETO", *names]).encode())
    assert detail
    assert "secreto" not in detail.lower()
    assert len(detail) < 450


# --- Windows-1252 -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["companies", "documents", "quotes", "work_orders"])
def test_windows_1252_is_taken_where_it_is_certain(layout: str) -> None:
    body = erp.sample_bytes(layout).decode().encode("cp1252")
    assert [record.cells for record in read(body)] == erp.sample(layout)


@pytest.mark.parametrize("word", ["Crédito", "AÑO", "ÁREA ÑANDÚ", "N° 3 – Müller", "«Güemes»", "número", "Vélez"])
def test_words_that_only_windows_1252_makes_are_certain(word: str) -> None:
    assert cells(f"{HEADER}\n{word},b,c,d\n".encode("cp1252"))[0][0] == word


@pytest.mark.parametrize(
    "body",
    [
        # Capitals in the code page of MS-DOS, in the Macintosh's, and what Windows-1252 has not got at all.
        "CÓRDOBA, Río".encode("cp850"),
        "Córdoba, Río".encode("mac_roman"),
        b"a\x81b",
        "Öz Çelik".encode("cp1252"),
        "Krkonoše ř".encode("cp1250"),
        "Ñandú".encode()[:-1],
    ],
)
def test_no_other_encoding_is_taken_for_it(body: bytes) -> None:
    lines = HEADER.encode() + b"\n1,2,3,4\n" + body.replace(b",", b" ") + b",2,3,4\n"
    assert refused(lines)[0] == "encoding_unknown"


@pytest.mark.parametrize("word", ["É", "Á"])
def test_where_two_encodings_make_words_neither_is_guessed(word: str) -> None:
    # É is a capital in Windows-1252 and in none of the others a letter of Spanish; with Á the Macintosh has "¡".
    body = f"{HEADER}\n{word}REA,2,3,4\n".encode("cp1252")
    if word == "Á":
        assert refused(body) == ("encoding_unknown", "")
    else:
        assert cells(body)[0][0] == "ÉREA"


def test_the_line_where_windows_1252_is_out_is_told() -> None:
    assert refused(HEADER.encode() + b"\n1,2,3,4\nx,\xa2,3,4\n") == ("encoding_unknown", "line 3")
