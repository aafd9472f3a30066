"""The files the ERP drops: their columns, and the words that stand in them.

A file is known by its header line, never by its name. Every column of a layout has to be there, in any order; columns
that no layout has are left alone.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Context, Decimal
from types import MappingProxyType
from typing import Final, NamedTuple

from miinti.erp.faults import FileRefused


class Layout(NamedTuple):
    """``role`` of the accounts its rows belong to; the columns of the account's number (``code``), of what makes a row
    one of its kind (``key``) and of its date. Empty where the layout has none. Rows that differ in each of ``identity``
    have keys of their own; those that agree in ``together`` are better written together."""

    name: str
    columns: tuple[str, ...]
    key: str
    identity: tuple[str, ...]
    together: tuple[str, ...]
    role: str = ""
    code: str = ""
    date: str = ""


def _layout(name: str, columns: str, *, identity: str, together: str, **more: str) -> Layout:
    return Layout(
        name, tuple(columns.split()), identity=tuple(identity.split()), together=tuple(together.split()), **more
    )


LAYOUTS: Final = MappingProxyType(
    {
        layout.name: layout
        for layout in (
            _layout(
                "companies",
                "kind code cuit name iva_code iva_condition address city province postal_code email phone iibb cbu "
                "active_since balance_ars",
                key="code",
                identity="kind code",
                together="kind code",
                code="code",
            ),
            _layout(
                "documents",
                "company_code cuit issue_date due_date type_code type_label letter point_of_sale number number_display "
                "currency exchange_rate net vat_rate vat exempt perceptions total billed_ars collected_ars "
                "remaining_ars status auth_kind auth_code auth_due doc_key related_key pdf_file",
                key="doc_key",
                identity="doc_key",
                together="company_code",
                role="client",
                code="company_code",
                date="issue_date",
            ),
            _layout(
                "withholdings",
                "supplier_code cuit certificate_number system form security_code tax tax_code regime_code jurisdiction "
                "withholding_date payment_order source_type_code source_number source_date source_total base_ars "
                "rate_pct amount_ars status voided_date pdf_file",
                key="certificate_number",
                identity="tax certificate_number",
                together="supplier_code",
                role="supplier",
                code="supplier_code",
                date="withholding_date",
            ),
            _layout(
                "quotes",
                "quote_number client_code cuit issue_date valid_until centre service_code service_label quantity net "
                "vat total currency status decided_date work_order",
                key="quote_number",
                identity="quote_number",
                together="client_code",
                role="client",
                code="client_code",
                date="issue_date",
            ),
            _layout(
                "work_orders",
                "work_order client_code cuit quote_number opened_date centre service_code service_label sample_id "
                "sample_description samples received_date promised_date stage progress_pct report_number report_date "
                "invoice_key",
                key="work_order",
                identity="work_order",
                together="client_code",
                role="client",
                code="client_code",
                date="opened_date",
            ),
            _layout(
                "applications",
                "credit_key debit_key applied_date amount_ars",
                key="credit_key",
                identity="credit_key debit_key applied_date",
                together="credit_key",
            ),
        )
    }
)
"""In the order that one delivery of all of them goes in: what others refer to comes first."""
_COLUMNS: Final = frozenset(column for layout in LAYOUTS.values() for column in layout.columns)
DAYS: Final = frozenset(column for column in _COLUMNS if re.search("date$|_due$|until$|since$", column))
AMOUNTS: Final = frozenset(
    column
    for column in _COLUMNS
    if column.endswith("_ars") or column in ("net", "vat", "exempt", "perceptions", "total", "source_total")
)
UNSIGNED: Final = ("net", "vat", "exempt", "perceptions", "total")
"""Amounts of a voucher that have no sign of their own."""
RATES: Final = MappingProxyType({"vat_rate": 2, "rate_pct": 2, "exchange_rate": 6})
"""Columns of rates, with the decimals that they have."""
_DIGITS: Final = MappingProxyType({"type_code": 3, "source_type_code": 3})
"""Columns of codes whose zeros at the front a number does not keep."""
_SHOWN: Final = Context(prec=15)
"""A spreadsheet keeps so many digits of a number."""

ROLES: Final = MappingProxyType({"Cliente": "client", "Proveedor": "supplier"})
IVA_CODES: Final = frozenset({"1", "4", "5", "6", "7", "8", "9", "10", "13", "15", "16"})
"""ARCA's conditions of a receiver before the IVA."""
_CURRENCIES: Final = """
PES=ARS DOL=USD 002=USD 009=CHF 010=MXN 011=UYU 012=BRL 014=DKK 015=NOK 016=SEK 018=CAD 019=JPY 021=GBP 023=VES 024=CZK
026=AUD 028=ANG 029=PYG 030=ILS 031=BOB 032=COP 033=CLP 034=ZAR 035=PEN 040=RON 041=XDR 042=DOP 043=PAB 044=NIO 045=MAD
046=EGP 047=SAR 051=HKD 052=SGD 053=JMD 054=TWD 055=GTQ 056=HUF 057=THB 059=KWD 060=EUR 061=PLN 062=INR 063=HNL 064=CNY
"""
CURRENCIES: Final = MappingProxyType(
    (by_arca := dict(pair.split("=") for pair in _CURRENCIES.split())) | {iso: iso for iso in by_arca.values()}
)
"""What the ERP may call a currency, ARCA's code ("Tabla de monedas", as FEParamGetTiposMonedas of WSFEv1 answers it)
or ISO 4217's, and ISO's, which the portal tells. Currencies that are no more are left out, and gold (049)."""
BY_CUIT: Final = "*"
"""The cell, of no column, that says of a row that its account is the one that its CUIT has."""
SEVERAL: Final = "varias"
"""What a ``vat_rate`` says of a voucher with more rates than one."""
IVA_APART: Final = frozenset({"A", "M"})
"""Letters of vouchers that tell net and IVA apart (RG 1415, annex II); B, C and E bill one price."""
AUTHORISATIONS: Final = frozenset({"CAE", "CAEA", "CAI"})
DEBIT_STATES: Final = frozenset({"Pagado", "Anulado", "Vencido", "Parcial", "Pendiente"})
CREDIT_STATES: Final = frozenset({"Aplicado", "A cuenta", "Anulado"})
TAXES: Final = frozenset({"IVA", "GANANCIAS", "SUSS", "IIBB"})
SYSTEMS: Final = frozenset({"SIRE", "SICORE", "ARBA/AGIP"})
FORMS: Final = frozenset({"F.2003", "F.2004", "F.2005"})
WITHHOLDING_STATES: Final = MappingProxyType({"Emitido": "issued", "Anulado": "void"})
QUOTE_STATES: Final = MappingProxyType(
    {"Enviado": "sent", "Aceptado": "accepted", "Rechazado": "rejected", "Vencido": "expired"}
)
STAGES: Final = MappingProxyType(
    {
        "En espera de muestra": "awaiting_sample",
        "Muestra recibida": "sample_received",
        "En ejecución": "in_progress",
        "En revisión": "in_review",
        "Informe emitido": "report_issued",
        "Facturada": "invoiced",
        "Suspendida": "suspended",
        "Anulada": "void",
    }
)


def number(column: str, value: float) -> str:
    """A spreadsheet's number as a cell of this column has it: of the fifteen digits that are shown, those that the
    column has. A longer one has lost some, and is written so that it is seen to be damaged."""
    shown = _SHOWN.create_decimal(value).normalize()
    if not shown.is_finite() or shown.adjusted() >= _SHOWN.prec:
        return str(shown)
    if column in AMOUNTS or column in RATES:
        return str(shown.quantize(Decimal(1).scaleb(-RATES.get(column, 2)), ROUND_HALF_UP) + 0)
    whole = shown.to_integral_value()
    return str(int(whole)).zfill(_DIGITS.get(column, 0)) if whole == shown else f"{shown:f}"


DETAIL_MAX: Final = 400
"""Characters of what is said of a header."""


def told(text: str) -> str:
    """A list with commas, as much of it as a report says."""
    return text if len(text) <= DETAIL_MAX else text[:DETAIL_MAX].rpartition(",")[0] + ", …"


def lacking(name: str, missing: Iterable[str]) -> str:
    """What is said of a header that is nearly a layout's."""
    return told(f"{name} lacks {', '.join(missing)}")


def of_header(names: Sequence[str]) -> Layout:
    """The layout of a header.

    Raises ``FileRefused`` with ``header_unknown``, or, where at least half of a layout's columns are there,
    ``columns_missing`` or ``columns_duplicated`` with the columns' names.
    """
    given = set(names)
    nearest = max(LAYOUTS.values(), key=lambda layout: len(given.intersection(layout.columns)) / len(layout.columns))
    missing = [column for column in nearest.columns if column not in given]
    if 2 * len(missing) > len(nearest.columns):
        raise FileRefused("header_unknown")
    if missing:
        raise FileRefused("columns_missing", lacking(nearest.name, missing))
    if twice := [column for column in nearest.columns if names.count(column) > 1]:
        raise FileRefused("columns_duplicated", ", ".join(twice))
    return nearest
