"""The sample's PDFs: what stands on them, read back with pypdf."""

import base64
import io
import json
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pypdf
import pytest

from local import pdfs
from local.options import ROOT
from local.pdfs import Paper, Row, Sample
from miinti.values import cuit, money
from tests import erp

SAMPLE = Sample.read(ROOT / "local" / "sample")
PAPERS = SAMPLE.papers()


def text(paper: Paper) -> str:
    (page,) = pypdf.PdfReader(io.BytesIO(paper.pdf())).pages
    return page.extract_text()


def first(kind: str, **wanted: str) -> Paper:
    """The first paper of a kind whose row has these values."""
    return next(paper for paper in PAPERS if paper.kind == kind and wanted.items() <= dict(paper.row).items())


def shown(value: str) -> str:
    return money.shown(money.cents(value))


def test_there_is_one_for_each_document_under_the_name_that_its_row_gives() -> None:
    names = [paper.name for paper in PAPERS]
    assert len(names) == len(set(names))
    assert set(names) == (
        {row["pdf_file"] for row in (*SAMPLE.documents, *SAMPLE.withholdings)}
        | {f"{row['quote_number']}.pdf" for row in SAMPLE.quotes}
        | {f"{row['work_order']}.pdf" for row in SAMPLE.work_orders}
    )


KINDS = sorted({(paper.kind, paper.row.get("type_code", ""), paper.row.get("tax", "")) for paper in PAPERS})


@pytest.mark.parametrize(("kind", "type_code", "tax"), KINDS)
def test_each_says_who_for_whom_and_which(kind: str, type_code: str, tax: str) -> None:
    paper = first(kind, **({"type_code": type_code} if type_code else {}), **({"tax": tax} if tax else {}))
    said = text(paper)
    assert cuit.shown(paper.row["cuit"]) in said
    assert "Instituto Nacional de Tecnología Industrial" in said
    assert paper.company["name"][:20] in said
    assert "no tiene valor fiscal" in said


@pytest.mark.parametrize("type_code", ["001", "002", "003", "006", "008", "019", "201"])
def test_an_invoice_has_letter_code_number_amounts_and_cae(type_code: str) -> None:
    paper = first("voucher", type_code=type_code)
    row, said = paper.row, text(paper)
    for expected in (
        row["type_label"].upper(),
        f"CÓD. {type_code}",
        f"{int(row['point_of_sale']):05d}",
        f"{int(row['number']):08d}",
        "30-95000000-3",
        shown(row["net"]),
        shown(row["vat"]),
        shown(row["total"]),
        row["auth_code"],
        pdfs.day(row["auth_due"]),
        pdfs.day(row["issue_date"]),
        "ARCA (ex AFIP)",
    ):
        assert expected in said
    assert f"\n{row['letter']}\n" in said


def test_an_invoice_in_dollars_says_so_and_what_it_is_in_pesos() -> None:
    paper = first("voucher", type_code="019")
    said = text(paper)
    assert f"US$ {shown(paper.row['total'])}" in said
    assert shown(paper.row["billed_ars"]) in said


def test_a_credit_note_names_its_invoice() -> None:
    paper = first("voucher", type_code="003")
    assert paper.row["related_key"].partition("-")[2] in text(paper)


def test_an_invoice_of_a_work_order_names_the_service() -> None:
    paper = next(paper for paper in PAPERS if paper.service)
    assert paper.service is not None
    assert paper.service["service_label"][:25] in text(paper)
    assert paper.service["work_order"] in text(paper)


def test_a_receipt_is_no_invoice_and_says_what_it_pays() -> None:
    paper = next(paper for paper in PAPERS if paper.applied and paper.row["type_code"] == "RX")
    said = text(paper)
    assert "DOCUMENTO NO VÁLIDO COMO FACTURA" in said
    assert "CAE" not in said
    assert "CÓD." not in said
    for applied in paper.applied:
        assert applied["debit_key"].partition("-")[2] in said
        assert shown(applied["amount_ars"]) in said


def test_a_voided_receipt_says_so() -> None:
    assert "RECIBO ANULADO" in text(first("voucher", type_code="RX", status="Anulado"))


def test_a_certificate_has_tax_base_rate_and_amount() -> None:
    paper = first("withholding", tax="IVA")
    row, said = paper.row, text(paper)
    for expected in (
        "CERTIFICADO DE RETENCIÓN DE IVA",
        row["certificate_number"],
        row["payment_order"],
        row["source_number"],
        row["regime_code"],
        shown(row["base_ars"]),
        row["rate_pct"].replace(".", ","),
        shown(row["amount_ars"]),
        pdfs.day(row["withholding_date"]),
        "30-95000000-3",
    ):
        assert expected in said


def test_a_certificate_of_sire_has_its_security_code_and_a_voided_one_its_day() -> None:
    secure = next(paper for paper in PAPERS if paper.row.get("security_code"))
    assert secure.row["security_code"] in text(secure)
    voided = first("withholding", status="Anulado")
    assert f"CERTIFICADO ANULADO el {pdfs.day(voided.row['voided_date'])}" in text(voided)


def test_quote_and_work_order_say_service_dates_and_amounts() -> None:
    quote, order = first("quote"), first("work_order", stage="Facturada")
    assert shown(quote.row["total"]) in text(quote)
    assert pdfs.day(quote.row["valid_until"]) in text(quote)
    for name in ("work_order", "sample_id", "report_number", "stage"):
        assert order.row[name] in text(order)


def test_the_qr_holds_what_rg_4892_asks_for() -> None:
    row = first("voucher", type_code="001").row
    url = urlsplit(pdfs.qr_url(row, "30950000003"))
    assert (url.netloc, url.path) == ("www.afip.gob.ar", "/fe/qr/")
    assert json.loads(base64.b64decode(parse_qs(url.query)["p"][0])) == {
        "ver": 1,
        "fecha": row["issue_date"],
        "cuit": 30950000003,
        "ptoVta": int(row["point_of_sale"]),
        "tipoCmp": 1,
        "nroCmp": int(row["number"]),
        "importe": float(row["total"]),
        "moneda": "PES",
        "ctz": 1.0,
        "tipoDocRec": 80,
        "nroDocRec": int(row["cuit"]),
        "tipoCodAut": "E",
        "codAut": int(row["auth_code"]),
    }


def test_every_fiscal_voucher_has_the_qr_and_no_receipt_has_one() -> None:
    for type_code, images in (("001", 1), ("006", 1), ("RX", 0)):
        (page,) = pypdf.PdfReader(io.BytesIO(first("voucher", type_code=type_code).pdf())).pages
        assert len(page.images) == images


def test_the_same_row_gives_the_same_bytes_and_they_are_made_once(tmp_path: Path) -> None:
    paper = first("quote")
    assert paper.pdf() == paper.pdf()
    name, content = pdfs.made(paper, tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"from before")
    assert (name, content) == (paper.name, paper.pdf())
    assert pdfs.made(paper, tmp_path) == (paper.name, b"from before")


def test_another_row_is_another_paper() -> None:
    paper = first("quote")
    changed: Row = {**paper.row, "total": "1.00"}
    assert Paper(paper.kind, paper.name, changed, paper.company).digest() != paper.digest()


def test_a_sample_without_some_files_has_fewer_papers(tmp_path: Path) -> None:
    quotes = (ROOT / "local" / "sample" / "quotes.csv").read_bytes()
    (tmp_path / "quotes.csv").write_bytes(quotes)
    papers = Sample.read(tmp_path).papers()
    assert {paper.kind for paper in papers} == {"quote"}
    assert papers[0].pdf().startswith(b"%PDF-")  # of a company that no file tells of


# --- data of other hands ---

EMPTY = {
    "companies": "iva_code iva_condition city province postal_code email phone iibb cbu active_since",
    "documents": "due_date net vat_rate vat exempt perceptions auth_due related_key",
    "withholdings": "system form security_code tax_code regime_code jurisdiction payment_order source_type_code "
    "source_number source_date source_total",
    "quotes": "valid_until centre service_code service_label net vat decided_date work_order",
    "work_orders": "quote_number centre service_code service_label sample_id sample_description samples received_date "
    "promised_date progress_pct report_number report_date invoice_key",
}
"""What may be empty (docs/erp.md); a quote's quantity stays, for it divides a net that is not there."""


def dropped(folder: Path, layout: str, rows: Sequence[Row], separator: str = ",", newline: str = "\n") -> None:
    (folder / f"{layout}.csv").write_bytes(erp.written(rows, separator, newline))


def test_what_may_be_empty_is_and_the_paper_is_made(tmp_path: Path) -> None:
    wanted = {"documents": {"type_code": "006", "status": "Pagado"}, "companies": {"kind": "Cliente"}}
    for layout, empty in EMPTY.items():
        row = next(row for row in erp.sample(layout) if wanted.get(layout, {}).items() <= row.items())
        dropped(tmp_path, layout, [{**row, **dict.fromkeys(empty.split(), "")}])
    papers = Sample.read(tmp_path).papers()
    assert [paper.kind for paper in papers] == ["voucher", "withholding", "quote", "work_order"]
    for paper in papers:
        assert cuit.shown(paper.row["cuit"]) in text(paper)


def test_cells_as_people_write_them_are_understood_as_at_the_way_in(tmp_path: Path) -> None:
    company = next(row for row in erp.sample("companies") if row["kind"] == "Cliente" and "ñ" in row["name"].lower())
    document = next(row for row in erp.sample("documents") if row["company_code"] == company["code"])
    for layout, row in (("companies", company), ("documents", document)):
        code = "code" if layout == "companies" else "company_code"
        written = {name: f" {value} " for name, value in reversed(row.items())}
        written |= {"cuit": cuit.shown(row["cuit"]), code: f"00{row[code]}", "notas": "lo que sea"}
        (tmp_path / f"{layout}.csv").write_bytes(erp.written([written], ";", "\r\n").decode().encode("cp1252"))
    (paper,) = Sample.read(tmp_path).papers()
    assert dict(paper.row) == document
    assert dict(paper.company) == company
    (tmp_path / "documents.csv").write_bytes(b"\xef\xbb\xbf" + erp.written([document]))
    (again,) = Sample.read(tmp_path).papers()
    assert again.digest() == paper.digest()


@pytest.mark.parametrize(
    "wrong",
    [{"number": "x"}, {"total": "abc"}, {"issue_date": "2026-99-99"}, {"cuit": "30"}, {"type_code": "998"},
     {"related_key": "1"}, {"pdf_file": "../x.pdf"}, {"auth_code": "siete"}, {"exchange_rate": "1e3"}],
)  # fmt: skip
def test_a_row_that_the_way_in_would_refuse_has_no_paper_and_its_neighbour_has(
    tmp_path: Path, wrong: dict[str, str]
) -> None:
    good, other = [row for row in erp.sample("documents") if row["type_code"] == "001"][:2]
    dropped(tmp_path, "documents", [{**good, **wrong}, other])
    assert [paper.name for paper in Sample.read(tmp_path).papers()] == [other["pdf_file"]]


def test_a_file_that_is_refused_whole_has_no_papers(tmp_path: Path) -> None:
    dropped(tmp_path, "documents", [{"a": "1"}])
    dropped(tmp_path, "withholdings", erp.sample("quotes")[:1])
    (tmp_path / "quotes.csv").write_bytes(b"")
    (tmp_path / "work_orders.csv").write_bytes(b"\0")
    assert Sample.read(tmp_path).papers() == []


def test_a_file_that_two_documents_name_is_made_once_for_the_first(tmp_path: Path) -> None:
    dropped(tmp_path, "quotes", [{**erp.sample("quotes")[0], "quote_number": "SAME-1"}])
    dropped(tmp_path, "work_orders", [{**erp.sample("work_orders")[0], "work_order": "SAME-1"}])
    assert [(paper.kind, paper.name) for paper in Sample.read(tmp_path).papers()] == [("quote", "SAME-1.pdf")]


def test_a_paper_that_cannot_be_made_is_none_and_leaves_nothing(tmp_path: Path) -> None:
    paper = first("quote")
    broken = Paper(paper.kind, paper.name, {**paper.row, "total": "abc"}, paper.company)
    assert pdfs.made(broken, tmp_path) == (paper.name, None)
    assert list(tmp_path.iterdir()) == []
