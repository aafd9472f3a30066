"""What may be served and what may not (S57)."""

import io
import tracemalloc
import zipfile
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from fpdf import FPDF
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter

from miinti.erp import faults, pdfs
from miinti.erp.faults import FileRefused
from tests.erp import compressed_pdf, pdf


def reason(body: bytes) -> str | None:
    try:
        pdfs.check(body)
    except FileRefused as why:
        return why.reason
    return None


def archive() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as made:
        made.writestr("a.txt", "x")
    return packed.getvalue()


def encrypted() -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(pdf()))
    writer.encrypt("secreto", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def printed(pages: int = 1) -> bytes:
    """A PDF as a common library makes them."""
    paper = FPDF()
    for number in range(pages):
        paper.add_page()
        paper.set_font("helvetica", size=12)
        paper.cell(text=f"Factura {number}")
    paper.set_title("Curso HTML/JavaScript y /Launch")
    return bytes(paper.output())


@pytest.mark.parametrize(
    "body",
    [
        pdf(),
        pdf() + b"\r\n\0\0",
        compressed_pdf(),
        printed(),
        printed(40),
        pdf("text of a page", b"(a /JavaScript in a text \\) /Launch)"),
        pdf("x", b"<< /Length 14 >>\nstream\n/JS /Launch /EF\nendstream"),
    ],
    ids=["plain", "blanks after", "object stream", "library", "pages", "names in texts", "names in streams"],
)
def test_S57_a_plain_pdf_is_taken(body: bytes) -> None:
    assert reason(body) is None


JS = b"<< /S /JavaScript /JS (app.alert\\(1\\)) >>"
ATTACHED = b"<< /Type /Filespec /F (a.exe) /EF << /F 6 0 R >> >>"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "file_empty"),
        (pdf() + b" " * (20_000_001 - len(pdf())), "file_too_large"),
        (archive(), "not_pdf"),
        (b"<!doctype html><script>alert(1)</script>", "not_pdf"),
        (archive() + pdf(), "not_pdf"),
        (b"\n" + pdf(), "not_pdf"),
        (pdf() + archive(), "pdf_trailing_data"),
        (pdf() + b"<script>alert(1)</script>", "pdf_trailing_data"),
        (pdf("x", b"<< /Length 3 >>\nstream\n" + archive() + b"\nendstream"), "pdf_trailing_data"),
        (b"%PDF-1.7 <html><script>alert(1)</script></html>", "pdf_unreadable"),
        (b"%PDF-1.7 <html><script>alert(1)</script></html>%%EOF", "pdf_unreadable"),
        (pdf()[:-40], "pdf_unreadable"),
        (pdf().replace(b"[3 0 R]", b"[]     "), "pdf_unreadable"),
        (encrypted(), "pdf_encrypted"),
        (pdf("x", trailer=b"/Encrypt 5 0 R"), "pdf_encrypted"),
        (pdf("x", JS, catalog=b"/OpenAction 5 0 R"), "pdf_javascript"),
        (pdf("x", b"<< /S /J#61vaScript /#4aS (1) >>"), "pdf_javascript"),
        (pdf("x", catalog=b"/Names << /JavaScript 5 0 R >>"), "pdf_javascript"),
        (pdf("x", catalog=b"/AcroForm << /XFA [(a) 5 0 R] >>"), "pdf_javascript"),
        (compressed_pdf(JS), "pdf_javascript"),
        (pdf("x", b"[ [ << /A << /S /Launch /F (calc.exe) >> >> ] ]"), "pdf_launch"),
        (compressed_pdf(b"<< /S /Launch >>"), "pdf_launch"),
        (pdf("x", ATTACHED, b"<< /Length 1 >>\nstream\nx\nendstream"), "pdf_embedded_file"),
        (pdf("x", b"<< /Type /EmbeddedFile /Length 1 >>\nstream\nx\nendstream"), "pdf_embedded_file"),
        (pdf("x", catalog=b"/Names << /EmbeddedFiles 5 0 R >>"), "pdf_embedded_file"),
        (compressed_pdf(ATTACHED), "pdf_embedded_file"),
        (pdf("x", b"<< /Subtype /RichMedia >>"), "pdf_active_media"),
        # An object that the file's own table does not lead to, for readers that make a table of their own.
        (pdf().replace(b"xref\n", b"9 0 obj " + JS + b" endobj\nxref\n", 1), "pdf_javascript"),
    ],
)
def test_S57_anything_else_is_refused(body: bytes, expected: str) -> None:
    assert reason(body) == expected


def test_S57_every_reason_is_told_in_the_table() -> None:
    assert set(pdfs._FORBIDDEN.values()) < set(faults.PDFS)


def test_S57_a_bomb_is_not_unpacked() -> None:
    bomb = zlib.compress(bytes(80_000_000), 9)
    head, _, rest = compressed_pdf().partition(b"stream\n")
    _, _, tail = rest.partition(b"\nendstream")
    assert reason(head + b"stream\n" + bomb + b"\nendstream" + tail) == "pdf_unreadable"


GOOD = compressed_pdf(b"<< /A [1 2 3] >>")


@given(st.lists(st.tuples(st.integers(9, len(GOOD) - 1), st.integers(0, 255)), min_size=1, max_size=12))
@settings(max_examples=300)
def test_S57_garbage_never_breaks_the_reader(changes: list[tuple[int, int]]) -> None:
    bad = bytearray(GOOD)
    for place, byte in changes:
        bad[place] = byte
    assert reason(bytes(bad)) in {None, *faults.PDFS}


EVIL = b"<< /S /JavaScript /JS <6170702e616c6572742831293b> >>"
"""Its script stands in hexadecimal digits, so that no parenthesis ends a text around it."""


def packed(*objects: tuple[int, bytes], index: int) -> bytes:
    """A PDF whose object 5 is the one at ``index`` of an object stream that holds ``objects``."""
    out, at = io.BytesIO(), dict[int, int]()
    out.write(b"%PDF-1.7\n")
    head = body = b""
    for number, text in objects:
        head += b"%d %d " % (number, len(body))
        body += text + b" "
    data = zlib.compress(head + body)
    kept = b"<< /Type /ObjStm /N %d /First %d /Length %d /Filter /FlateDecode >>\nstream\n" % (
        len(objects),
        len(head),
        len(data),
    )
    for number, text in enumerate(
        (
            b"<< /Type /Catalog /Pages 2 0 R /OpenAction 5 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
            kept + data + b"\nendstream",
        ),
        1,
    ):
        at[number] = out.tell()
        out.write(b"%d 0 obj\n" % number + text + b"\nendobj\n")
    end = out.tell()
    rows = [(0, 0, 0), *((1, at[number], 0) for number in range(1, 5)), (2, 4, index), (1, end, 0)]
    table = b"".join(bytes([kind]) + one.to_bytes(4, "big") + two.to_bytes(2, "big") for kind, one, two in rows)
    out.write(b"6 0 obj\n<< /Type /XRef /Size 7 /Root 1 0 R /W [1 4 2] /Length %d >>\nstream\n" % len(table) + table)
    out.write(b"\nendstream\nendobj\nstartxref\n%d\n%%%%EOF\n" % end)
    return out.getvalue()


def aside(text: bytes) -> bytes:
    """A PDF with ``text`` before its table, which has lines of 19 bytes: some readers mend that, others look for the
    objects themselves."""
    out, at = io.BytesIO(b"%PDF-1.7\n"), list[int]()
    out.seek(0, io.SEEK_END)
    for number, one in enumerate(
        (
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >>",
        ),
        1,
    ):
        at.append(out.tell())
        out.write(b"%d 0 obj\n" % number + one + b"\nendobj\n")
    out.write(text)
    end = out.tell()
    out.write(b"xref\n0 4\n0000000000 65535 f\n" + b"".join(b"%010d 00000 n\n" % place for place in at))
    out.write(b"trailer\n<< /Size 4 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % end)
    return out.getvalue()


HARMLESS = b"<< /S /GoTo /D [3 0 R /Fit] >>"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R /OpenAction " + EVIL + b" >>\nendobj\n"


@pytest.mark.parametrize(
    "body",
    [
        # pypdf takes the first object of a number, PDFium and poppler the one at the index.
        packed((5, HARMLESS), (5, EVIL), index=1),
        packed((5, EVIL), (5, HARMLESS), index=0),
        packed((5, HARMLESS), (7, EVIL), index=0),
        # Between two comments with a parenthesis each, all of it looks like a text.
        aside(b"%(\n1 0 obj\n" + CATALOG + b"%)\n"),
        aside(b"%(\n1 0 %\nobj\n" + CATALOG + b"%)\n"),
        aside(b"%stream\n1 0 obj\n" + CATALOG + b"%endstream\n"),
    ],
    ids=["second", "first", "unlisted", "in a text", "parted by a comment", "in a stream"],
)
def test_S57_what_another_reader_would_find_is_found(body: bytes) -> None:
    assert reason(body) == "pdf_javascript"


OPENS = b"<< /Type /Catalog /Pages 2 0 R /OpenAction " + EVIL + b" >>"
TOLD = b"/Type /ObjStm /N 1 /First 4"


def object_stream(told: bytes = TOLD, held: bytes = b"1 0 " + OPENS, begin: bytes = b" 9 0 obj\n") -> bytes:
    data = zlib.compress(held)
    told += b"" if b"/F" in told.replace(b"/First", b"") else b" /Filter /FlateDecode"
    kept = data if b"FlateDecode" in told else held
    return begin + b"<< " + told + b" /Length %d >>\nstream\n" % len(kept) + kept + b"\nendstream\nendobj\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [(b"", b""), (b"/Size 4", b"/Size 1"), (b"/Size 4", b"/Size 4 /Prev 3"), (b"xref\n0", b"xref\n1")],
    ids=["lines of 19 bytes", "size", "previous table", "numbers"],
)
def test_S57_an_object_stream_that_no_table_lists_is_unpacked(old: bytes, new: bytes) -> None:
    assert reason(aside(object_stream()).replace(old, new, 1)) == "pdf_javascript"
    assert reason(aside(object_stream(held=b"1 0 " + HARMLESS)).replace(old, new, 1)) in {None, "pdf_unreadable"}


@pytest.mark.parametrize(
    "told",
    [
        b"/N 1 /First 4",
        b"/Type 5 0 R /N 1 /First 4",
        b"/Type /Foo /N 1 /First 4",
        b"/T#79pe /Obj#53tm /#4e 1 /F#69rst 4 /Filter [/FlateDecode]",
        b"/Type %/N 0\n/ObjStm /N%(\n1 /First % 9\n4",
        TOLD + b" /Extends 9 0 R",
        TOLD + b" /DecodeParms null",
    ],
)
def test_S57_what_could_be_an_object_stream_is_one_whatever_it_calls_itself(told: bytes) -> None:
    assert reason(aside(object_stream(told))) == "pdf_javascript"
    assert reason(aside(object_stream(told, b"1 0 " + HARMLESS))) is None
    for body in (pdf("x", object_stream(told, begin=b"")), pdf("x", b"/ObjStm", object_stream(told, begin=b""))):
        assert reason(body.replace(b"\nendobj\n\nendobj", b"\nendobj")) == "pdf_javascript"


@pytest.mark.parametrize(
    "body",
    [
        object_stream(b"/Type /Foo " + TOLD),
        object_stream(b"/N 0 " + TOLD),
        object_stream(b"/First 0 " + TOLD),
        object_stream(b"/Type /ObjStm /N 5 0 R /First 4"),
        object_stream(b"/Type /ObjStm /N\x801 /First\x804"),
        object_stream(b"/Type /ObjStm /N 9 /First 4"),
        object_stream(TOLD + b" /Filter /Fl"),
        object_stream(TOLD + b" /F /Fl"),
        object_stream(TOLD + b" /Filter 5 0 R"),
        object_stream(TOLD + b" /DP << /Predictor 12 >> /Filter /FlateDecode"),
        object_stream(TOLD + b" /DecodeParms 5 0 R"),
        object_stream().replace(b"stream\n", b"stream \n", 1),
        object_stream().replace(b">>\nstream", b">> 5 stream", 1),
        object_stream().replace(b">>\nstream", b">>\x80stream", 1),
        # Something else stands at the place than in turn; or the head goes on where it should have ended.
        object_stream(held=b"1 1 (" + HARMLESS + b")"),
        object_stream(held=b"1 0 " + HARMLESS + b" endobj"),
        object_stream(held=b"1 %\n " + HARMLESS),
        object_stream(b"/Type /ObjStm /N 1 /First 3", b"1 00 " + HARMLESS),
        object_stream(held=b"1 0 << /Length 1 >> stream\nx\nendstream"),
    ],
)
def test_S57_an_object_stream_that_readers_could_take_differently_is_refused(body: bytes) -> None:
    assert reason(aside(body)) == "pdf_unreadable"


@pytest.mark.parametrize(
    "text",
    [
        # pypdf keeps the first of two, others the last.
        b"<< /S /GoTo /S /JavaScript >>",
        b"<< /A 1 /A " + EVIL + b" >>",
        # PDFium takes two bytes above ASCII for blanks, MuPDF a zero for a name's end.
        b"<< /S /JavaScript\x80/JS\xff<61> >>",
        b"<< /S /JavaScript#00 >>",
        b"<< /S%/(\n/J#61vaScript%) >>\n>>",
    ],
)
def test_S57_names_are_read_as_any_reader_does(text: bytes) -> None:
    assert reason(compressed_pdf(text)) == "pdf_javascript"
    for begin in (b" 9 0 obj ", b" 9 0obj", b" 9 0. obj", b" 9 0%(\nobj", b" 9 0\x80obj ", b"\ntrailer << /Root "):
        closed = b" >>\n" if b"trailer" in begin else b" endobj\n"
        assert reason(aside(b"%(\n" + begin + text + closed + b"%)\n")) == "pdf_javascript"


@pytest.mark.parametrize(
    "text",
    [
        b"\x80<< >>",
        b"<< /A >> endobj /B 1 >>",
        b"[ >> endobj 1 ]",
        b"<< 1 /A >>",
        b"<< /A endobj >>",
        b"<< /A (",
        b"<< /A <4x> >>",
    ],
)
def test_S57_what_is_not_well_formed_is_refused(text: bytes) -> None:
    assert reason(aside(b" 9 0 obj " + text + b" endobj\n")) == "pdf_unreadable"


def test_S57_object_streams_as_writers_make_them_are_taken() -> None:
    plain = b"1 0 2 32 % 1 0 obj\n<< /Title (HTML/JavaScript) >> 7 0 R"
    raw = b"\n9 0 obj\n<< /Type /ObjStm /N 2 /First 9 /Length %d >>\nstream\n%s\nendstream\nendobj\n"
    first, title = plain[:9], plain[9:]
    at = title.index(b"7 0 R")
    held = b"1 0 2 %d " % at + title
    assert len(first) == held.index(title)
    assert reason(aside(raw % (len(held), held))) is None
    assert reason(aside(raw % (len(held) - 1, held))) == "pdf_unreadable"
    assert reason(aside(object_stream(b"/N 2 /First 9", held))) is None


def test_S57_a_pdf_that_was_added_to_is_taken() -> None:
    writer = PdfWriter(io.BytesIO(printed()), incremental=True)
    writer.add_metadata({"/Title": "otro"})
    writer.add_blank_page(9, 9)
    out = io.BytesIO()
    writer.write(out)
    assert reason(packed((5, HARMLESS), index=0)) is reason(aside(b"")) is reason(out.getvalue()) is None


def test_S57_a_text_of_megabytes_takes_no_more_than_its_size() -> None:
    body = b"%PDF-1.4\n(" + b"a" * 4_000_000 + b")\n%%EOF\n"
    tracemalloc.start()
    try:
        assert reason(body) == "pdf_unreadable"
        assert tracemalloc.get_traced_memory()[1] < 10 * len(body)
    finally:
        tracemalloc.stop()


# --- work is bounded --------------------------------------------------------------------------------------------------


def holder(data: bytes, parameters: bytes, held: bytes = b"/N 0 /First 0") -> bytes:
    """A PDF whose fifth object is an object stream of these packed bytes."""
    told = (
        b"<< /Type /ObjStm " + held + b" /Filter /FlateDecode " + parameters + b" /Length %d >>\nstream\n" % len(data)
    )
    return pdf("x", told + data + b"\nendstream")


def tables(count: int) -> bytes:
    """A PDF with so many tables, each a stream with a predictor that leads to the one before."""
    body = pdf()
    end = body.rindex(b"xref\n", 0, body.rindex(b"startxref"))
    out, before = bytearray(body[:end]), end
    out += body[end:].partition(b"startxref")[0]
    for number in range(count):
        at = len(out)
        row = zlib.compress(b"\x02" + b"\x00\x00\x00\x00\x00" + b"\xff")
        out += b"%d 0 obj\n<< /Type /XRef /Size 5 /Index [0 1] /W [1 4 1] /Root 1 0 R /Prev %d /Filter /FlateDecode" % (
            50 + number,
            before,
        )
        out += b" /DecodeParms << /Predictor 12 /Columns 6 >> /Length %d >>\nstream\n" % len(row)
        out += row + b"\nendstream\nendobj\n"
        before = at
    return bytes(out + b"startxref\n%d\n%%%%EOF\n" % before)


def test_S57_tables_of_revisions_are_taken_and_endless_ones_are_not() -> None:
    assert [reason(tables(count)) for count in (1, 8)] == [None, None]
    assert reason(tables(pdfs._PREDICTED_MAX + 1)) == "pdf_unreadable"


@pytest.mark.parametrize("row", [0, 1, 2, 3, 4])
@pytest.mark.parametrize("predictor", [2, 15])
def test_S57_a_predictor_on_an_object_stream_is_not_undone(row: int, predictor: int) -> None:
    """Forty kilobytes of rows of one byte, each of its own filter, kept the check busy for most of a minute."""
    many = zlib.compress(bytes([row, 1]) * 19_000_000, 9)
    assert reason(holder(many, b"/DecodeParms << /Predictor %d /Columns 1 >>" % predictor)) == "pdf_unreadable"


@pytest.mark.parametrize(
    "filters", [b"/Filter [/FlateDecode /FlateDecode]", b"/Filter /LZWDecode", b"/Filter /RunLengthDecode"]
)
def test_S57_an_object_stream_is_packed_once_and_by_one_method(filters: bytes) -> None:
    data = zlib.compress(zlib.compress(b"x" * 1000))
    body = holder(data, b"").replace(b"/First 0 /Filter /FlateDecode", b"/First 0 " + filters)
    assert reason(body) == "pdf_unreadable"


def test_S57_what_one_object_stream_may_hold_all_share() -> None:
    data = zlib.compress(bytes(pdfs._UNPACKED_MAX // 3), 9)
    one = (
        b"<< /Type /ObjStm /N 0 /First 0 /Filter /FlateDecode /Length %d >>\nstream\n" % len(data)
        + data
        + b"\nendstream"
    )
    assert reason(pdf("x", one, one)) is None
    assert reason(pdf("x", one, one, one, one)) == "pdf_unreadable"


NONE = b"0 4\n0000000000 65535 f\n"


@pytest.mark.parametrize(
    "body",
    [
        # Each object goes on to the end of the file: read in turn, it would be read as often as there are objects.
        aside(b"1 0 obj (" * 20_000 + b")" * 20_000 + b"\n"),
        aside(b"1 0 obj [1 " * 400 + b" 1" * 400_000 + b"]" * 400),
        # Headers that are none: for each the whole file is looked through.
        aside(b"%" + b"x" * 15_000_000 + b"\n").replace(NONE, b"0 3000\n" + b"0000000020 00000 n \n" * 3000),
    ],
    ids=["texts", "arrays", "headers"],
)  # fmt: skip
def test_S57_nothing_is_read_over_and_over(body: bytes) -> None:
    assert reason(body) == "pdf_unreadable"


def test_S57_one_place_in_an_object_stream_is_read_once() -> None:
    head = b"".join(b"%d 0 " % number for number in range(100, 9100))
    data = zlib.compress(head + b"[" + b"1 " * 100_000 + b"]")
    assert reason(holder(data, b"", b"/N 9000 /First %d" % len(head))) is None


@pytest.mark.parametrize(
    "data",
    [b"1 " * 2_000_000, b"/a" * 2_000_000, b"(" * 2_000_000, b"<<" * 2_000_000],
    ids=["numbers", "names", "texts", "dictionaries"],
)
def test_S57_a_small_file_may_not_hold_endless_values(data: bytes) -> None:
    assert reason(holder(zlib.compress(data, 9), b"")) == "pdf_unreadable"


def test_S57_blanks_and_comments_count_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdfs, "_READ_MAX", 40_000_000)
    places = b"".join(b"1 %d " % place for place in range(2000))
    blanks = zlib.compress(places + b" " * 1_000_000 + b"7", 9)
    assert reason(holder(blanks, b"", b"/N 2000 /First %d" % len(places))) == "pdf_unreadable"
    assert reason(aside(b"trailer%" * 6_000 + b"x" * 100_000 + b"\n")) == "pdf_unreadable"


def test_S57_a_rival_check_in_another_thread_counts_for_itself() -> None:
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(reason, [printed(30)] * 8)) == [None] * 8
