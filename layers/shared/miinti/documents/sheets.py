"""A list as a file for a spreadsheet: CSV as Excel in Spanish opens it, and XLSX with real days and numbers.

No text of anybody's is ever a formula there: one that begins like one (``=``, ``+``, ``-``, ``@``, tab, CR) gets an
apostrophe before it in CSV, and is typed as text in XLSX (OWASP, "CSV Injection").
"""

import csv
import datetime as dt
import io
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any, Final, Literal, NamedTuple

Format = Literal["csv", "xlsx"]
CONTENT_TYPES: Final[Mapping[str, str]] = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")


class Column(NamedTuple):
    """``of``: the field of an item of the list."""

    head: str
    of: str
    kind: Literal["text", "day", "amount", "whole"] = "text"


_DATE, _STATUS = Column("Fecha", "date", "day"), Column("Estado", "status_label")
_CURRENCY = Column("Moneda", "currency")
COLUMNS: Final[Mapping[str, tuple[Column, ...]]] = {
    "voucher": (
        _DATE,
        Column("N° Comprobante", "shown_number"),
        Column("Tipo", "type_label"),
        Column("Letra", "letter"),
        Column("Vencimiento", "due_date", "day"),
        Column("Facturado", "billed", "amount"),
        Column("Cobrado", "collected", "amount"),
        Column("Saldo", "remaining", "amount"),
        _CURRENCY,
        _STATUS,
    ),
    "withholding": (
        _DATE,
        Column("N° Certificado", "number"),
        Column("Impuesto", "tax"),
        Column("Régimen", "regime"),
        Column("Jurisdicción", "jurisdiction"),
        Column("Base", "base", "amount"),
        Column("Alícuota %", "rate", "amount"),
        Column("Importe", "amount", "amount"),
        _CURRENCY,
        Column("Orden de pago", "payment_order"),
        Column("Comprobante", "source_number"),
        _STATUS,
    ),
    "quote": (
        _DATE,
        Column("N° Presupuesto", "number"),
        Column("Válido hasta", "valid_until", "day"),
        Column("Servicio", "service"),
        Column("Centro", "centre"),
        Column("Total", "total", "amount"),
        _CURRENCY,
        _STATUS,
        Column("Orden de trabajo", "work_order"),
    ),
    "work_order": (
        _DATE,
        Column("N° Orden", "number"),
        Column("Servicio", "service"),
        Column("Centro", "centre"),
        Column("Etapa", "stage_label"),
        Column("Avance %", "progress", "whole"),
        Column("Fecha prometida", "promised_date", "day"),
        Column("N° Informe", "report_number"),
        Column("Fecha de informe", "report_date", "day"),
        Column("Presupuesto", "quote_number"),
    ),
}
_SUMMED: Final = frozenset({"billed", "collected", "remaining", "base", "amount", "total"})


def rows(kind: str, items: Iterable[Mapping[str, Any]]) -> list[list[Any]]:
    """Heads, one row an item, and one of totals for each currency: days, Decimals, texts; None where nothing applies.

    What is void counts in no total of certificates; a voided receipt collects nothing by itself.
    """
    columns = COLUMNS[kind]
    made: list[list[Any]] = [[column.head for column in columns]]
    sums: dict[str, dict[str, Decimal]] = {}
    for item in items:
        made.append([_value(column, item) for column in columns])
        if "currency" in item and not (kind == "withholding" and item["status"] == "void"):
            total = sums.setdefault(item["currency"], {})
            for column in columns:
                if column.of in _SUMMED and item[column.of] is not None:
                    total[column.of] = total.get(column.of, Decimal("0.00")) + Decimal(item[column.of])
    for currency, total in sorted(sums.items()):
        line: list[Any] = [total.get(column.of) for column in columns]
        line[0] = "Total"
        line[columns.index(_CURRENCY)] = currency
        made.append(line)
    return made


def _value(column: Column, item: Mapping[str, Any]) -> Any:
    value = item[column.of]
    if value is None or column.kind == "text":
        return value
    if column.kind == "day":
        return dt.date.fromisoformat(value)
    return int(value) if column.kind == "whole" else Decimal(value)


def written(form: Format, table: Sequence[Sequence[Any]]) -> bytes:
    return _csv(table) if form == "csv" else _xlsx(table)


def _csv(table: Sequence[Sequence[Any]]) -> bytes:
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in table)
    return text.getvalue().encode("utf-8-sig")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dt.date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, Decimal):
        return str(value).replace(".", ",")
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA) else str(value)


def _xlsx(table: Sequence[Sequence[Any]]) -> bytes:
    # A tenth of a second, which a CSV need not wait for.
    from openpyxl import Workbook
    from openpyxl.cell import WriteOnlyCell
    from openpyxl.styles import Font

    book = Workbook(write_only=True)
    sheet = book.create_sheet("miINTI")
    sheet.freeze_panes = "A2"
    bold = Font(bold=True)

    def cell(value: Any, strong: bool) -> Any:
        if value is None:
            return None
        made = WriteOnlyCell(sheet, value=value)
        if isinstance(value, str):
            made.data_type = "s"
        elif isinstance(value, dt.date):
            made.number_format = "dd/mm/yyyy"
        elif isinstance(value, Decimal):
            made.number_format = "#,##0.00"
        if strong:
            made.font = bold
        return made

    for letter, width in zip("ABCDEFGHIJKL", (12, 20, 22, 14, 14, 16, 16, 16, 16, 18, 18, 14), strict=True):
        sheet.column_dimensions[letter].width = width
    for number, row in enumerate(table):
        sheet.append([cell(value, strong=number == 0 or row[0] == "Total") for value in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
