"""Other systems as tests play them: ARCA's "Mis Comprobantes Emitidos", another ERP's file by a mapping, workbooks."""

import csv
import io
from collections.abc import Sequence
from typing import Any

from openpyxl import Workbook

from tests import erp

ARCA = erp.SAMPLE / "arca_mis_comprobantes_emitidos.csv"


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


def workbook(rows: Sequence[Sequence[Any]]) -> bytes:
    book = Workbook()
    sheet = book.worksheets[0]
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


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
