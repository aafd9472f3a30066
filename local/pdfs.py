"""A PDF for each document of the sample data, made from its row as the institute's ERP would have issued it.

The same row gives the same bytes. Only the fonts that every reader has are used, so that 2,650 files take seconds and
little room. Layouts follow what ARCA (ex AFIP) asks to stand on a voucher: letter and code, issuer and receiver with
their CUIT and IVA condition, point of sale and number, amounts, CAE with its due date, and the QR of RG 4892.
"""

import base64
import datetime as dt
import io
import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote

import segno
from fpdf import FPDF
from fpdf.enums import Align

from miinti import clock
from miinti.documents.kinds import VOUCHER_TYPES
from miinti.erp import checks, layouts, sheets
from miinti.erp.faults import Fault, FileRefused
from miinti.values import cuit as cuits
from miinti.values import money

Row = Mapping[str, str]

INK, GREY, LINE, NAVY, PALE, RED = (
    (23, 32, 47), (92, 102, 118), (160, 170, 184), (10, 42, 86), (240, 244, 249), (179, 32, 31)
)  # fmt: skip
ISSUER_CUIT = "30950000003"
"""The institute's CUIT in the sample data; a file's own name says otherwise where it can."""
ISSUER = (
    "INSTITUTO NACIONAL DE TECNOLOGÍA INDUSTRIAL",
    "Av. General Paz 5445, B1650WAB San Martín, Buenos Aires",
    "Condición frente al IVA: IVA Responsable Inscripto",
)
_SYMBOLS = {"PES": "$", "DOL": "US$", "060": "€"}
_CURRENCIES = {"PES": "pesos argentinos", "DOL": "dólares estadounidenses", "060": "euros"}
_CONDITIONS = """\
1. El plazo de entrega corre desde que el laboratorio recibe la muestra y el pago o la orden de compra.
2. La muestra se conserva 30 días después del informe; pasado ese plazo se descarta.
3. Los resultados son confidenciales y valen sólo para la muestra ensayada.
4. Los precios no cambian hasta la fecha de validez: para aceptar el presupuesto, respondé antes de esa fecha."""
_REGIMES = {"IVA": "RG 2854", "GANANCIAS": "RG 830", "SUSS": "RG 1784", "IIBB": "Ingresos Brutos"}


@dataclass(slots=True)
class Sample:
    """The sample data's rows and what ties them together."""

    companies: dict[tuple[str, str], Row] = field(default_factory=dict)
    documents: list[Row] = field(default_factory=list)
    withholdings: list[Row] = field(default_factory=list)
    quotes: list[Row] = field(default_factory=list)
    work_orders: list[Row] = field(default_factory=list)
    applied: dict[str, list[Row]] = field(default_factory=lambda: defaultdict(list))
    services: dict[str, Row] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> "Sample":
        """The files of a folder in the layout of ``sample/README.md``; one that is not there counts as empty, and so
        does a row that the way in would refuse."""
        sample = cls(
            documents=rows(folder / "documents.csv"),
            withholdings=rows(folder / "withholdings.csv"),
            quotes=rows(folder / "quotes.csv"),
            work_orders=rows(folder / "work_orders.csv"),
        )
        sample.companies = {(row["kind"], row["code"]): row for row in rows(folder / "companies.csv")}
        for row in rows(folder / "applications.csv"):
            sample.applied[row["credit_key"]].append(row)
        sample.services = {row["invoice_key"]: row for row in sample.work_orders if row["invoice_key"]}
        return sample

    def papers(self) -> "list[Paper]":
        """Every PDF there is to make, each with all that is printed on it. Of documents that name one file it is the
        first one's, as at the way in."""
        made = [
            Paper("voucher", row["pdf_file"], row, self._company("Cliente", row["company_code"]),
                  self.applied.get(row["doc_key"], []), self.services.get(row["doc_key"]))
            for row in self.documents if row["pdf_file"]
        ]  # fmt: skip
        made += [
            Paper("withholding", row["pdf_file"], row, self._company("Proveedor", row["supplier_code"]))
            for row in self.withholdings
            if row["pdf_file"]
        ]
        made += [
            Paper("quote", f"{row['quote_number']}.pdf", row, self._company("Cliente", row["client_code"]))
            for row in self.quotes
        ]
        made += [
            Paper("work_order", f"{row['work_order']}.pdf", row, self._company("Cliente", row["client_code"]))
            for row in self.work_orders
        ]
        return list({paper.name: paper for paper in reversed(made)}.values())[::-1]

    def _company(self, kind: str, code: str) -> Row:
        return self.companies.get((kind, code), {})


def rows(file: Path) -> list[Row]:
    """The rows of a file, named for its layout, as the way in reads them: those that hold by themselves, the first of a
    key, and of cells that people write in several ways what the portal makes of them."""
    if not file.is_file():
        return []
    try:
        sheet = sheets.opened(io.BytesIO(file.read_bytes()), VOUCHER_TYPES)
    except FileRefused:
        return []
    if sheet.layout.name != file.stem:
        return []
    found: dict[tuple[object, ...], Row] = {}
    for record in sheet.records():
        try:
            if record.fault is None:
                entry = checks.checked(sheet.layout.name, record.cells, VOUCHER_TYPES, clock.today())
                found.setdefault(entry.key, _understood(record.cells, entry, sheet.layout))
        except Fault:
            continue
    return list(found.values())


def _understood(cells: Row, entry: checks.Entry, layout: layouts.Layout) -> Row:
    """The cells of a row, with account and e-mail as they are stored."""
    account = {"cuit": entry.account.cuit, layout.code: entry.account.number} if layout.code else {}
    email = {"email": entry.facts["email"] or ""} if "email" in entry.facts else {}
    return {**{column: cells.get(column, "") for column in layout.columns}, **account, **email}


@dataclass(frozen=True, slots=True)
class Paper:
    """One PDF to be: what it is, its file name, its row, the company's row, and what else is printed on it."""

    kind: str
    name: str
    row: Row
    company: Row
    applied: list[Row] = field(default_factory=list)
    service: Row | None = None

    def digest(self) -> str:
        """Names the bytes that will come out, so that a PDF made before need not be made again."""
        facts = [self.kind, self.name, self.row, self.company, self.applied, self.service]
        return sha256(_own_source() + json.dumps(facts).encode()).hexdigest()[:40]

    def pdf(self) -> bytes:
        return _MAKERS[self.kind](self)


@cache
def _own_source() -> bytes:
    return Path(__file__).read_bytes()


def made(paper: Paper, cache_folder: Path) -> tuple[str, bytes | None]:
    """The file's name and its bytes, from the cache where they were made before; None where it cannot be made."""
    kept = cache_folder / f"{paper.digest()}.pdf"
    if kept.is_file():
        return paper.name, kept.read_bytes()
    try:
        content = paper.pdf()
    except Exception:
        # What the row says cannot be printed: the document is shown without its PDF, and all others have theirs.
        return paper.name, None
    partial = kept.with_suffix(".partial")
    partial.write_bytes(content)
    partial.replace(kept)
    return paper.name, content


# --- how things are written -------------------------------------------------------------------------------------------


def day(text: str) -> str:
    """``23/11/2019`` for ``2019-11-23``; a dash where there is none."""
    return dt.date.fromisoformat(text).strftime("%d/%m/%Y") if text else "-"


def amount(text: str, symbol: str = "") -> str:
    """``$ 242.168,00`` for ``242168.00``."""
    if not text:
        return "-"
    shown = money.shown(money.cents(text))
    sign, digits = ("-", shown[1:]) if shown.startswith("-") else ("", shown)
    return f"{sign}{symbol} {digits}" if symbol else shown


def percent(text: str) -> str:
    return text.replace(".", ",") + " %"


def qr_url(row: Row, issuer: str) -> str:
    """The address in a voucher's QR (RG 4892/2020): its facts as JSON in base64.

    ``tipoDocRec`` 80 is a CUIT; ``tipoCodAut`` E a CAE, A a CAEA.
    """
    facts = {
        "ver": 1,
        "fecha": row["issue_date"],
        "cuit": int(issuer),
        "ptoVta": int(row["point_of_sale"]),
        "tipoCmp": int(row["type_code"]),
        "nroCmp": int(row["number"]),
        "importe": float(row["total"]),
        "moneda": row["currency"],
        "ctz": float(row["exchange_rate"]),
        "tipoDocRec": 80,
        "nroDocRec": int(row["cuit"]),
        "tipoCodAut": "A" if row["auth_kind"] == "CAEA" else "E",
        "codAut": int(row["auth_code"]),
    }
    packed = base64.b64encode(json.dumps(facts, separators=(",", ":")).encode()).decode()
    return "https://www.afip.gob.ar/fe/qr/?p=" + quote(packed, safe="")


# --- the sheet --------------------------------------------------------------------------------------------------------

LEFT, RIGHT, WIDTH = 12.0, 198.0, 186.0
"""Edges of what is printed, in millimetres, on an A4 sheet (210 x 297)."""


class Sheet(FPDF):
    """One A4 page and the few shapes that the layouts below are made of; positions in millimetres from the top left."""

    def __init__(self, title: str, issued: str) -> None:
        super().__init__("portrait", "mm", "A4")
        self.core_fonts_encoding = "windows-1252"
        self.set_auto_page_break(False)
        self.set_margins(LEFT, 10, 210 - RIGHT)
        self.c_margin = 0
        self.set_title(title)
        self.set_author(ISSUER[0])
        self.set_creator("miINTI, datos de ejemplo")
        self.set_lang("es-AR")
        self.set_creation_date(dt.datetime.fromisoformat(issued + "T12:00:00+00:00"))
        self.add_page()
        self.set_draw_color(*LINE)
        self.set_line_width(0.25)

    def put(
        self, x: float, y: float, text: str, size: float = 9, *, bold: bool = False, color: tuple[int, int, int] = INK,
        width: float = 0, align: str = "L",
    ) -> None:  # fmt: skip
        """One line of text with its top at ``y``; cut with an ellipsis when ``width`` is given and too small."""
        self.set_font("helvetica", "B" if bold else "", size)
        self.set_text_color(*color)
        text = _printable(text)
        if width:
            room = self.get_string_width(text)
            if room > width:
                while text and room > width:
                    text = text[:-1]
                    room = self.get_string_width(text + "...")
                text = text.rstrip() + "..."
            x += {"L": 0, "C": (width - room) / 2, "R": width - room}[align]
        self.text(x, y + 0.316 * size, text)

    def right(self, x: float, y: float, text: str, size: float = 9, *, bold: bool = False, width: float = 70) -> None:
        """One line of text that ends at ``x``."""
        self.put(x - width, y, text, size, bold=bold, width=width, align="R")

    def pair(self, x: float, y: float, label: str, value: str, width: float = 0, size: float = 9) -> None:
        """``Label: value``, the label bold; ``width`` of the two together."""
        self.put(x, y, f"{label}: ", size, bold=True)
        room = self.get_string_width(f"{label}: ")
        self.put(x + room, y, value, size, width=max(width - room, 10) if width else 0)

    def box(self, y: float, height: float, x: float = LEFT, width: float = WIDTH, *, fill: bool = False) -> None:
        self.set_fill_color(*PALE)
        self.rect(x, y, width, height, style="DF" if fill else "D")

    def heads(self, y: float, columns: Iterable[tuple[float, str, str]]) -> None:
        """A table's head: x, text and side (``L``, or ``R`` for a text that ends at x) of each column."""
        self.box(y, 7, fill=True)
        for x, text, side in columns:
            if side == "R":
                self.right(x, y + 1.8, text, 8, bold=True)
            else:
                self.put(x, y + 1.8, text, 8, bold=True)

    def paragraph(self, y: float, text: str, size: float = 8, x: float = LEFT, width: float = WIDTH) -> None:
        self.set_font("helvetica", "", size)
        self.set_text_color(*GREY)
        self.set_xy(x, y)
        self.multi_cell(width, size * 0.5, _printable(text), align=Align.L)

    def qr(self, x: float, y: float, side: float, content: str) -> None:
        # A fixed mask is as good to a reader as the best of eight, and eight times as fast to make.
        code = segno.make(content, error="m", mask=2, boost_error=False, micro=False)
        image = io.BytesIO()
        code.save(image, kind="png", scale=1, border=2)
        image.seek(0)
        self.image(image, x, y, side, side)

    def bytes(self) -> bytes:
        return bytes(self.output())


def _printable(text: str) -> str:
    return text.encode("windows-1252", "replace").decode("windows-1252")


def _brand(sheet: Sheet, x: float, y: float) -> None:
    """The institute's square and its name."""
    sheet.set_fill_color(*NAVY)
    sheet.rect(x, y, 11, 11, style="F")
    sheet.set_fill_color(255, 255, 255)
    sheet.rect(x + 3.2, y + 3.2, 4.6, 4.6, style="F")
    sheet.put(x + 14, y + 0.4, "INTI", 17, bold=True, color=NAVY)
    sheet.put(x + 14, y + 7.4, "Instituto Nacional de Tecnología Industrial", 7.5, color=GREY)


def _sample_note(sheet: Sheet) -> None:
    sheet.put(LEFT, 287, "Documento de ejemplo, con datos inventados: no tiene valor fiscal.", 7, color=GREY)
    sheet.put(RIGHT - 40, 287, "Página 1 de 1", 7, color=GREY, width=40, align="R")


def _receiver(sheet: Sheet, y: float, paper: Paper, condition: str) -> None:
    """The box that says to whom the document was issued."""
    company, row = paper.company, paper.row
    sheet.box(y, 24)
    sheet.pair(LEFT + 3, y + 3, "CUIT", cuits.shown(row["cuit"]))
    sheet.pair(LEFT + 62, y + 3, "Razón social", company.get("name", ""), 120)
    sheet.pair(LEFT + 3, y + 9.5, "Condición frente al IVA", company.get("iva_condition", ""), 90)
    sheet.pair(LEFT + 96, y + 9.5, "Domicilio", _address(company), 87)
    label, _, value = condition.partition(": ")
    sheet.pair(LEFT + 3, y + 16, label, value, 90)
    sheet.pair(LEFT + 96, y + 16, "N.º de cliente", row.get("company_code") or row.get("client_code", ""))


def _address(company: Row) -> str:
    street, city, province = (company.get(name) for name in ("address", "city", "province"))
    return ", ".join(part for part in (street, city, province if province != city else None) if part)


def _issuer(paper: Paper) -> str:
    head = paper.name.partition("_")[0]
    return head if len(head) == 11 and head.isdigit() else ISSUER_CUIT


# --- vouchers ---------------------------------------------------------------------------------------------------------


def _voucher(paper: Paper) -> bytes:
    row = paper.row
    fiscal = row["type_code"] != "RX"
    title = row["type_label"].upper()
    number = f"{int(row['point_of_sale']):05d}-{int(row['number']):08d}"
    sheet = Sheet(f"{row['type_label']} {row['letter']} {number}", row["issue_date"])
    _voucher_head(sheet, paper, title, fiscal=fiscal)
    terms = "Cuenta corriente" if row["due_date"] else "Aplicación a cuenta corriente"
    _receiver(
        sheet, 74, paper, f"Condición de venta: {terms}" if fiscal else f"Fecha de cobro: {day(row['issue_date'])}"
    )
    if fiscal:
        _invoice_body(sheet, paper)
        _authorization(sheet, row, _issuer(paper))
    else:
        _receipt_body(sheet, paper)
    _sample_note(sheet)
    return sheet.bytes()


def _voucher_head(sheet: Sheet, paper: Paper, title: str, *, fiscal: bool) -> None:
    row, issuer = paper.row, _issuer(paper)
    sheet.box(10, 7, fill=True)
    sheet.put(LEFT, 11.9, "ORIGINAL", 9, bold=True, width=WIDTH, align="C")
    sheet.box(17, 46)
    sheet.line(105, 32, 105, 63)
    sheet.box(17, 15, 97.5, 15)
    sheet.put(97.5, 18, row["letter"] or "X", 24, bold=True, width=15, align="C")
    below = f"CÓD. {row['type_code']}" if fiscal else "Doc. no fiscal"
    sheet.put(97.5, 28.4, below, 6 if fiscal else 5, bold=True, width=15, align="C")
    _brand(sheet, LEFT + 4, 21)
    sheet.put(LEFT + 4, 38, ISSUER[0], 8.5, bold=True, width=84)
    sheet.put(LEFT + 4, 44, ISSUER[1], 8, width=84)
    sheet.put(LEFT + 4, 50, ISSUER[2], 8, width=84)
    x = 117
    sheet.put(x, 20.5, title, 15 if len(title) < 18 else 9.5, bold=True, color=NAVY, width=79)
    point_of_sale, number = int(row["point_of_sale"]), int(row["number"])
    sheet.pair(x, 29.5, "Punto de venta", f"{point_of_sale:05d}")
    sheet.pair(x + 40, 29.5, "Comp. N.º", f"{number:08d}")
    sheet.pair(x, 35.5, "Fecha de emisión", day(row["issue_date"]))
    sheet.pair(x, 42, "CUIT", cuits.shown(issuer), size=8.5)
    sheet.pair(x, 47.5, "Ingresos Brutos", "Exento", size=8.5)
    sheet.pair(x, 53, "Inicio de actividades", "27/12/1957", size=8.5)
    sheet.box(63, 9)
    if fiscal:
        sheet.pair(LEFT + 3, 65.8, "Moneda", _currency(row))
        sheet.pair(117, 65.8, "Fecha de vencimiento para el pago", day(row["due_date"]))
    else:
        sheet.put(LEFT, 65.6, "DOCUMENTO NO VÁLIDO COMO FACTURA", 10, bold=True, color=RED, width=WIDTH, align="C")


def _currency(row: Row) -> str:
    name = _CURRENCIES.get(row["currency"], row["currency"])
    if row["currency"] == "PES":
        return name
    return f"{name}, a $ {row['exchange_rate'].replace('.', ',')} cada uno"


def _invoice_body(sheet: Sheet, paper: Paper) -> None:
    row = paper.row
    symbol = _SYMBOLS.get(row["currency"], row["currency"])
    base = money.text(money.cents(row["net"] or "0.00") + money.cents(row["exempt"] or "0.00"))
    sheet.heads(102, [(LEFT + 3, "Código", "L"), (LEFT + 28, "Producto / servicio", "L"), (LEFT + 118, "Cant.", "R"),
                      (LEFT + 148, "Precio unitario", "R"), (RIGHT - 3, "Subtotal", "R")])  # fmt: skip
    service = paper.service
    code = service["service_code"] if service else "SRV"
    what = service["service_label"] if service else _subject(row)
    sheet.put(LEFT + 3, 111, code, 9)
    sheet.put(LEFT + 28, 111, what, 9, width=80)
    sheet.right(LEFT + 118, 111, "1,00")
    sheet.right(LEFT + 148, 111, amount(base))
    sheet.right(RIGHT - 3, 111, amount(base))
    y = 117.0
    if service:
        sheet.put(
            LEFT + 28,
            y,
            f"Orden de trabajo {service['work_order']} · Informe {service['report_number']}",
            8,
            color=GREY,
        )
        y += 5
    if row["related_key"]:
        kind, point_of_sale, number = row["related_key"].split("-")
        sheet.put(LEFT + 28, y, f"Comprobante asociado: cód. {kind}, N.º {point_of_sale}-{number}", 8, color=GREY)
    sheet.line(LEFT, 190, RIGHT, 190)
    y = 194.0
    for label, value in (
        ("Importe neto gravado", row["net"]),
        (f"IVA {percent(row['vat_rate'])}" if row["vat_rate"] else "IVA", row["vat"]),
        ("Importe exento o no gravado", row["exempt"]),
        ("Percepciones y otros tributos", row["perceptions"]),
    ):
        sheet.right(RIGHT - 42, y, label, 9)
        sheet.right(RIGHT - 3, y, amount(value, symbol), 9)
        y += 6
    sheet.box(y, 9, RIGHT - 100, 100, fill=True)
    sheet.right(RIGHT - 42, y + 2.4, "IMPORTE TOTAL", 10, bold=True)
    sheet.right(RIGHT - 3, y + 2.4, amount(row["total"], symbol), 11, bold=True)
    if row["currency"] != "PES" and row["billed_ars"]:
        pesos = money.text(abs(money.cents(row["billed_ars"])))
        sheet.right(RIGHT - 3, y + 11, f"Equivalente en pesos: {amount(pesos, '$')}", 8)


def _subject(row: Row) -> str:
    """What a voucher without a work order of its own is for."""
    if row["type_label"].startswith("Nota de Crédito"):
        return "Crédito sobre servicios tecnológicos"
    if row["type_label"].startswith("Nota de Débito"):
        return "Débito sobre servicios tecnológicos"
    return "Servicios tecnológicos e industriales"


def _authorization(sheet: Sheet, row: Row, issuer: str) -> None:
    sheet.line(LEFT, 240, RIGHT, 240)
    if not row["auth_code"]:
        return
    sheet.qr(LEFT, 243, 40, qr_url(row, issuer))
    sheet.put(LEFT + 46, 247, "ARCA (ex AFIP)", 14, bold=True, color=NAVY)
    sheet.put(LEFT + 46, 255, "Comprobante autorizado", 10, bold=True)
    sheet.paragraph(
        262,
        "Esta agencia no se responsabiliza por los datos ingresados en el detalle de la operación.",
        7,
        LEFT + 46,
        60,
    )
    kind = row["auth_kind"] or "CAE"
    sheet.right(RIGHT - 32, 248, f"{kind} N.º:", 10, bold=True)
    sheet.right(RIGHT, 248, row["auth_code"], 10)
    sheet.right(RIGHT - 32, 255, f"Fecha de vto. de {kind}:", 10, bold=True)
    sheet.right(RIGHT, 255, day(row["auth_due"]), 10)


def _receipt_body(sheet: Sheet, paper: Paper) -> None:
    row = paper.row
    collected = money.text(abs(money.cents(row["total"] or row["collected_ars"] or "0.00")))
    sheet.put(LEFT, 103, f"Recibimos la suma de {amount(collected, '$')} en concepto de:", 10)
    sheet.heads(111, [(LEFT + 3, "Comprobante", "L"), (LEFT + 100, "Fecha de imputación", "R"),
                      (RIGHT - 3, "Importe imputado", "R")])  # fmt: skip
    y, told = 120.0, 0
    shown = paper.applied[:22]
    for one in shown:
        kind, point_of_sale, number = one["debit_key"].split("-")
        sheet.put(LEFT + 3, y, f"{point_of_sale}-{number} (cód. {kind})", 9)
        sheet.right(LEFT + 100, y, day(one["applied_date"]))
        sheet.right(RIGHT - 3, y, amount(one["amount_ars"], "$"))
        y += 5.4
    told = sum(money.cents(one["amount_ars"]) for one in paper.applied)
    if len(paper.applied) > len(shown):
        sheet.put(LEFT + 3, y, f"y {len(paper.applied) - len(shown)} comprobantes más", 9, color=GREY)
        y += 5.4
    left = money.cents(collected) - told
    if left > 0 and row["status"] != "Anulado":
        sheet.put(LEFT + 3, y, "A cuenta", 9)
        sheet.right(RIGHT - 3, y, amount(money.text(left), "$"))
        y += 5.4
    sheet.box(y + 3, 9, RIGHT - 100, 100, fill=True)
    sheet.right(RIGHT - 42, y + 5.4, "TOTAL RECIBIDO", 10, bold=True)
    sheet.right(RIGHT - 3, y + 5.4, amount(collected, "$"), 11, bold=True)
    if row["status"] == "Anulado":
        sheet.put(LEFT, y + 5, "RECIBO ANULADO", 12, bold=True, color=RED)
    sheet.line(RIGHT - 70, 262, RIGHT, 262)
    sheet.put(RIGHT - 70, 264, "Tesorería", 8, color=GREY, width=70, align="C")


# --- withholdings -----------------------------------------------------------------------------------------------------


def _withholding(paper: Paper) -> bytes:
    row = paper.row
    sheet = Sheet(f"Certificado de retención {row['tax']} {row['certificate_number']}", row["withholding_date"])
    tax = "Ganancias" if row["tax"] == "GANANCIAS" else row["tax"]
    _brand(sheet, LEFT, 12)
    sheet.right(RIGHT, 12.5, f"CERTIFICADO DE RETENCIÓN DE {tax.upper()}", 12, bold=True, width=110)
    system = " · ".join(part for part in (row["system"], row["form"]) if part)
    sheet.right(RIGHT, 18.5, system, 9)
    sheet.box(29, 16, fill=True)
    sheet.put(LEFT + 3, 31, "Certificado N.º", 8, color=GREY)
    sheet.put(LEFT + 3, 36, row["certificate_number"], 13, bold=True)
    sheet.put(LEFT + 75, 31, "Fecha de la retención", 8, color=GREY)
    sheet.put(LEFT + 75, 36, day(row["withholding_date"]), 13, bold=True)
    if row["security_code"]:
        sheet.put(LEFT + 130, 31, "Código de seguridad", 8, color=GREY)
        sheet.put(LEFT + 130, 36, row["security_code"], 13, bold=True)
    company = paper.company
    issuer = ISSUER_CUIT  # the CUIT in a certificate's file name is the supplier's
    _party(sheet, 51, "A. Agente de retención", [
        ("Denominación", ISSUER[0]), ("CUIT", cuits.shown(issuer)), ("Domicilio", ISSUER[1]),
    ])  # fmt: skip
    _party(sheet, 85, "B. Sujeto retenido", [
        ("Denominación", company.get("name", "")), ("CUIT", cuits.shown(row["cuit"])), ("Domicilio", _address(company)),
        ("Condición frente al IVA", company.get("iva_condition", "")), ("N.º de proveedor", row["supplier_code"]),
    ])  # fmt: skip
    where = [("Jurisdicción", row["jurisdiction"])] if row["jurisdiction"] else []
    source = f"{row['source_number']} (cód. {row['source_type_code']}) del {day(row['source_date'])}"
    _party(sheet, 131, "C. Datos de la retención", [
        ("Impuesto", f"{row['tax_code']} - {tax}"),
        ("Régimen", f"{row['regime_code']} ({_REGIMES.get(row['tax'], 'régimen local')})"), *where,
        ("Comprobante que la origina", source), ("Importe del comprobante", amount(row["source_total"], "$")),
        ("Orden de pago", row["payment_order"]),
    ])  # fmt: skip
    sheet.heads(
        188, [(LEFT + 60, "Base de cálculo", "R"), (LEFT + 115, "Alícuota", "R"), (RIGHT - 3, "Importe retenido", "R")]
    )
    sheet.box(195, 11)
    sheet.right(LEFT + 60, 198.5, amount(row["base_ars"], "$"), 10)
    sheet.right(LEFT + 115, 198.5, percent(row["rate_pct"]), 10)
    sheet.right(RIGHT - 3, 198, amount(row["amount_ars"], "$"), 12, bold=True)
    if row["status"] == "Anulado":
        sheet.put(LEFT, 214, f"CERTIFICADO ANULADO el {day(row['voided_date'])}", 13, bold=True, color=RED)
    sheet.line(RIGHT - 75, 250, RIGHT, 250)
    sheet.put(RIGHT - 75, 252, "Gerencia de Administración y Finanzas", 8, color=GREY, width=75, align="C")
    sheet.put(RIGHT - 75, 256, "Firma del responsable", 8, color=GREY, width=75, align="C")
    sheet.paragraph(270, "El importe retenido se ingresa a la orden del organismo recaudador. El sujeto retenido puede "
                    "computarlo como pago a cuenta del impuesto del período que corresponda.", 7.5)  # fmt: skip
    _sample_note(sheet)
    return sheet.bytes()


def _party(sheet: Sheet, y: float, title: str, facts: list[tuple[str, str]]) -> None:
    """A titled box of labelled facts, one a line."""
    sheet.put(LEFT, y, title, 10, bold=True, color=NAVY)
    sheet.box(y + 5.5, 4 + 6 * len(facts))
    for place, (label, value) in enumerate(facts):
        sheet.pair(LEFT + 3, y + 8.2 + 6 * place, label, value, WIDTH - 6)


# --- quotes and work orders -------------------------------------------------------------------------------------------


def _laboratory_head(sheet: Sheet, title: str, number: str, facts: list[tuple[str, str]]) -> None:
    _brand(sheet, LEFT, 12)
    sheet.right(RIGHT, 12.5, title, 13, bold=True)
    sheet.right(RIGHT, 19.5, f"N.º {number}", 11)
    sheet.box(29, 14, fill=True)
    step = WIDTH / len(facts)
    for place, (label, value) in enumerate(facts):
        sheet.put(LEFT + 3 + step * place, 31, label, 8, color=GREY)
        sheet.put(LEFT + 3 + step * place, 35.8, value, 10.5, bold=True, width=step - 4)


def _quote(paper: Paper) -> bytes:
    row = paper.row
    symbol = _SYMBOLS.get(row["currency"], row["currency"])
    sheet = Sheet(f"Presupuesto {row['quote_number']}", row["issue_date"])
    _laboratory_head(sheet, "PRESUPUESTO", row["quote_number"], [
        ("Fecha", day(row["issue_date"])), ("Válido hasta", day(row["valid_until"])), ("Centro", row["centre"]),
    ])  # fmt: skip
    _receiver(sheet, 48, paper, "Moneda: " + _CURRENCIES.get(row["currency"], row["currency"]))
    sheet.heads(80, [(LEFT + 3, "Código", "L"), (LEFT + 28, "Servicio", "L"), (LEFT + 118, "Cant.", "R"),
                     (LEFT + 148, "Precio unitario", "R"), (RIGHT - 3, "Importe", "R")])  # fmt: skip
    sheet.put(LEFT + 3, 90, row["service_code"])
    sheet.put(LEFT + 28, 90, row["service_label"], width=80)
    sheet.right(LEFT + 118, 90, row["quantity"])
    quantity = int(row["quantity"] or 0)
    if quantity and row["net"]:
        sheet.right(LEFT + 148, 90, amount(money.text(round(money.cents(row["net"]) / quantity))))
    sheet.right(RIGHT - 3, 90, amount(row["net"]))
    sheet.line(LEFT, 100, RIGHT, 100)
    for y, label, value in ((104, "Neto", row["net"]), (110, "IVA", row["vat"])):
        sheet.right(RIGHT - 42, y, label)
        sheet.right(RIGHT - 3, y, amount(value, symbol))
    sheet.box(116, 9, RIGHT - 100, 100, fill=True)
    sheet.right(RIGHT - 42, 118.4, "TOTAL", 10, bold=True)
    sheet.right(RIGHT - 3, 118.4, amount(row["total"], symbol), 11, bold=True)
    sheet.put(LEFT, 136, "Condiciones", 10, bold=True, color=NAVY)
    sheet.paragraph(142, _CONDITIONS, 9)
    sheet.line(RIGHT - 75, 250, RIGHT, 250)
    sheet.put(RIGHT - 75, 252, f"Centro {row['centre']}", 8, color=GREY, width=75, align="C")
    _sample_note(sheet)
    return sheet.bytes()


def _work_order(paper: Paper) -> bytes:
    row = paper.row
    sheet = Sheet(f"Orden de trabajo {row['work_order']}", row["opened_date"])
    _laboratory_head(sheet, "ORDEN DE TRABAJO", row["work_order"], [
        ("Apertura", day(row["opened_date"])), ("Fecha prometida", day(row["promised_date"])),
        ("Centro", row["centre"]),
    ])  # fmt: skip
    _receiver(sheet, 48, paper, f"Presupuesto: {row['quote_number'] or '-'}")
    _party(sheet, 78, "Servicio", [
        ("Código", row["service_code"]), ("Servicio", row["service_label"]),
    ])  # fmt: skip
    _party(sheet, 104, "Muestra", [
        ("Identificación", row["sample_id"]), ("Descripción", row["sample_description"]), ("Cantidad", row["samples"]),
        ("Recibida", day(row["received_date"])),
    ])  # fmt: skip
    sheet.put(LEFT, 144, "Estado", 10, bold=True, color=NAVY)
    sheet.box(149.5, 22)
    sheet.put(LEFT + 3, 153, row["stage"], 12, bold=True, color=RED if row["stage"] == "Anulada" else INK)
    done = min(int(row["progress_pct"] or 0), 100)
    sheet.right(RIGHT - 3, 153.5, f"{done} %", 11, bold=True)
    sheet.box(162, 4, LEFT + 3, WIDTH - 6)
    if done:
        sheet.set_fill_color(*NAVY)
        sheet.rect(LEFT + 3, 162, (WIDTH - 6) * done / 100, 4, style="F")
    if row["report_number"]:
        _party(sheet, 178, "Informe", [
            ("Número", row["report_number"]), ("Fecha", day(row["report_date"])),
        ])  # fmt: skip
    sheet.paragraph(270, "Resultados confidenciales, válidos sólo para la muestra ensayada. Este resumen no "
                    "reemplaza al informe firmado.", 8)  # fmt: skip
    _sample_note(sheet)
    return sheet.bytes()


_MAKERS = {"voucher": _voucher, "withholding": _withholding, "quote": _quote, "work_order": _work_order}
