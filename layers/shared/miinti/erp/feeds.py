"""Files that are not in a layout of ours: ARCA's "Mis Comprobantes Emitidos", and another ERP's by a mapping.

A feed is known by its header, whatever the order of its columns, and turns a row into the cells of a layout of ours,
which are then checked like any other's. What a feed cannot know of a voucher (what is left of it, since ARCA tells of
no receipts) makes its rows ``partial``: they bring in vouchers that are not there and change none that is (domain.md
§9).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, Final

from miinti.erp import layouts
from miinti.erp.checks import Types
from miinti.erp.faults import Fault
from miinti.erp.layouts import Layout

Cells = dict[str, str]

_DAYS: Final = frozenset(
    column
    for layout in layouts.LAYOUTS.values()
    for column in layout.columns
    if re.search("date$|_due$|until$|since$", column)
)
_AMOUNTS: Final = frozenset(
    column
    for layout in layouts.LAYOUTS.values()
    for column in layout.columns
    if column.endswith("_ars") or column in ("net", "vat", "exempt", "perceptions", "total", "source_total")
)
_RATES: Final = MappingProxyType({"vat_rate": 2, "rate_pct": 2, "exchange_rate": 6})
"""Columns of rates, with the decimals that the layouts have."""
_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?: .*)?")
_COMBINED = re.compile(r"(\d{1,5})-(\d{1,8})")
_CURRENCIES: Final = MappingProxyType({"$": "PES", "ARS": "PES", "U$S": "DOL", "US$": "DOL", "USD": "DOL"})
_PLAIN = re.compile(r"-?\d+(?:[.,]\d+)?")
_GROUPED = re.compile(r"-?\d{1,3}(?:\.\d{3})+(?:,\d+)?|-?\d{1,3}(?:,\d{3})+(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Feed:
    """``columns``: of ours, the source's header (folded). ``values``: of ours, the source's word, our word.
    ``positive_credits``: the source tells credit notes without their sign. ``told``: the mapping, if it is one."""

    name: str
    layout: Layout
    types: Types
    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    positive_credits: bool = False
    windows_1252: bool = False
    told: dict[str, Any] | None = None

    @property
    def partial(self) -> bool:
        return self.layout.name == "documents" and not {"remaining_ars", "status"} <= {*self.columns, *self.constants}

    def named(self, fault: Fault) -> Fault:
        """The fault with the column as the file calls it."""
        return Fault(self.columns.get(fault.field, fault.field), fault.reason, fault.value)

    def adapted(self, given: Mapping[str, str]) -> Cells:
        """The cells of our layout. Raises ``Fault`` for a cell that cannot be read."""
        cells = {**dict.fromkeys(self.layout.columns, ""), **self.constants}
        for column, header in self.columns.items():
            value = given[header]
            cells[column] = self.values.get(column, {}).get(value, value)
        if self.partial:
            cells[layouts.BY_CUIT] = "" if cells["company_code"] else "yes"
        if self.name == ARCA:
            _arca(cells, given)
        for column in self.layout.columns:
            cells[column] = _read(column, cells[column])
        if self.layout.name == "documents":
            self._completed(cells)
        return cells

    def _completed(self, cells: Cells) -> None:
        """What follows from the other cells of a voucher, where the source does not say it."""
        code, _, _ = cells["type_code"].partition(" ")
        cells["type_code"] = code.zfill(3) if code.isdigit() else code
        combined = _COMBINED.fullmatch(cells["number"])
        if combined and not cells["point_of_sale"]:
            cells["point_of_sale"], cells["number"] = combined.groups()
        for column in ("point_of_sale", "number"):
            cells[column] = cells[column].lstrip("0")
        cells["currency"] = _CURRENCIES.get(cells["currency"].upper(), cells["currency"])
        kind = self.types.get(cells["type_code"])
        if kind is None:
            return
        for column, value in (
            ("type_label", kind.label),
            ("letter", kind.letter),
            ("number_display", f"{cells['point_of_sale']}{cells['number'].zfill(8)}"),
            ("doc_key", f"{cells['type_code']}-{cells['point_of_sale'].zfill(5)}-{cells['number'].zfill(8)}"),
            ("exchange_rate", "1.000000"),
            ("auth_kind", "CAE" if cells["auth_code"] else ""),
        ):
            cells[column] = cells[column] or value
        self._accounted(cells, kind.sign)

    def _accounted(self, cells: Cells, sign: int) -> None:
        """What the voucher does to the account, as far as its total tells."""
        in_pesos = _in_pesos(cells)
        if sign == 0:
            cells["collected_ars"] = cells["collected_ars"] or in_pesos
        elif "billed_ars" not in self.columns:
            cells["billed_ars"] = _negative(in_pesos) if sign < 0 else in_pesos
        if sign <= 0:
            cells["due_date"] = ""
            if self.positive_credits:
                for column in ("billed_ars", "remaining_ars"):
                    cells[column] = _negative(cells[column])
        if self.partial:
            whole = cells["billed_ars"] or _negative(cells["collected_ars"])
            closed = whole in ("", "0.00")
            cells["remaining_ars"] = whole
            cells["status"] = (
                ("Pagado" if closed else "Pendiente") if sign > 0 else "Aplicado" if closed else "A cuenta"
            )


# --- cells ------------------------------------------------------------------------------------------------------------


def _read(column: str, value: str) -> str:
    if not value:
        return value
    if column in _DAYS:
        day = _DATE.fullmatch(value)
        return f"{day[3]}-{int(day[2]):02d}-{int(day[1]):02d}" if day else value[:10]
    if column in _AMOUNTS:
        return _decimal(column, value, 2, grouped=True)
    if column in _RATES:
        return value if value == layouts.SEVERAL else _decimal(column, value.rstrip("% "), _RATES[column])
    return value


def _decimal(column: str, value: str, places: int, *, grouped: bool = False) -> str:
    """A number with so many decimals. A mark before three last figures parts thousands where amounts are read (no
    amount has three decimals); else the last mark is the decimal one."""
    bare = value.replace("$", "").replace("\xa0", "").replace(" ", "")
    if grouped and _GROUPED.fullmatch(bare):
        last = max(bare.rfind("."), bare.rfind(","))
        mark = bare[last] if len(bare) - last - 1 != 3 else ""
        bare = re.sub("[.,]", lambda one: "." if one[0] == mark else "", bare)
    elif not _PLAIN.fullmatch(bare):
        raise Fault(column, "amount_format" if grouped else "rate_format", value)
    try:
        number = Decimal(bare.replace(",", "."))
    except InvalidOperation:
        raise Fault(column, "amount_format", value) from None
    exact: Decimal = number.quantize(Decimal(1).scaleb(-places))
    if exact != number:
        raise Fault(column, "amount_format" if grouped else "rate_format", value)
    return str(exact)


def _in_pesos(cells: Mapping[str, str]) -> str:
    try:
        whole = Decimal(cells["total"]) * Decimal(cells["exchange_rate"])
    except InvalidOperation:
        return ""
    return str(whole.quantize(Decimal("0.01"), ROUND_HALF_UP))


def _negative(amount: str) -> str:
    return amount if not amount or amount.startswith("-") or not amount.strip("0.") else f"-{amount}"


# --- ARCA -------------------------------------------------------------------------------------------------------------

ARCA: Final = "arca"
_ARCA: Final = MappingProxyType(
    {
        "issue_date": ("fecha de emisión", "fecha"),
        "type_code": ("tipo de comprobante", "tipo"),
        "point_of_sale": ("punto de venta",),
        "number": ("número desde",),
        "auth_code": ("cód. autorización",),
        "cuit": ("nro. doc. receptor",),
        "exchange_rate": ("tipo cambio",),
        "currency": ("moneda",),
        "net": ("imp. neto gravado total", "neto gravado total", "imp. neto gravado", "neto gravado"),
        "exempt": ("imp. op. exentas", "op. exentas"),
        "vat": ("total iva", "iva"),
        "total": ("imp. total",),
    }
)
"""Column of ours → ARCA's names for it: 28 and 17 columns as CSV, the same as XLSX, and the older ones of 16."""
_ALSO: Final = MappingProxyType(
    {
        "document": ("tipo doc. receptor",),
        "last": ("número hasta",),
        "untaxed": ("imp. neto no gravado", "neto no gravado"),
        "perceptions": ("otros tributos",),
    }
)
_VAT_RATES: Final = MappingProxyType(
    {"iva 2,5%": "2.50", "iva 5%": "5.00", "iva 10,5%": "10.50", "iva 21%": "21.00", "iva 27%": "27.00"}
)
_CUIT_DOCUMENTS: Final = frozenset({"80", "86", "87", "cuit", "cuil", "cdi"})


def _of_arca(names: Sequence[str], types: Types) -> Feed | None:
    columns: Cells = {}
    for column, called in _ARCA.items():
        there = next((name for name in called if name in names), None)
        if there is None:
            return None
        columns[column] = there
    return Feed(ARCA, layouts.LAYOUTS["documents"], types, MappingProxyType(columns))


def _also(given: Mapping[str, str], what: str) -> str:
    return next((given[name] for name in _ALSO[what] if name in given), "")


def _arca(cells: Cells, given: Mapping[str, str]) -> None:
    """ARCA's own ways: an empty amount is none, a receiver may have another document than a CUIT, a row may stand for
    a run of numbers, and IVA is told rate by rate."""
    document = _also(given, "document").partition(" ")[0].casefold()
    if document and document not in _CUIT_DOCUMENTS:
        raise Fault("cuit", "receiver_without_cuit", given[next(n for n in _ALSO["document"] if n in given)])
    last = _also(given, "last")
    if last and last.lstrip("0") != cells["number"].lstrip("0"):
        raise Fault("number", "number_run", f"{cells['number']}-{last}")
    for column in ("net", "vat", "exempt", "total"):
        cells[column] = cells[column] or "0"
    untaxed, others = (_read("total", _also(given, name)) for name in ("untaxed", "perceptions"))
    exempt = Decimal(_read("exempt", cells["exempt"])) + Decimal(untaxed or 0)
    cells["exempt"], cells["perceptions"] = str(exempt), others or "0"
    rates = [rate for name, rate in _VAT_RATES.items() if given.get(name, "").strip("0,. ")]
    if not rates:
        # The layouts without a column a rate tell of one where it can be one alone.
        net, vat = (Decimal(_read(column, cells[column])) for column in ("net", "vat"))
        rates = [rate for rate in _VAT_RATES.values() if vat and _half_up(net * Decimal(rate) / 100) == vat]
        cells["vat_rate"] = rates[0] if len(rates) == 1 else layouts.SEVERAL if vat else "0.00"
    else:
        cells["vat_rate"] = rates[0] if len(rates) == 1 else layouts.SEVERAL


def _half_up(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


# --- mappings ---------------------------------------------------------------------------------------------------------


class MappingWrong(Exception):
    """A mapping that says nothing we could follow; the message tells what is wrong with it."""


_MAPPING: Final = frozenset({"name", "layout", "columns", "constants", "values", "credit_notes", "encoding"})


def mapped(told: Any, types: Types) -> Feed:
    """The feed of a mapping (docs/erp.md, "Mappings"). Raises ``MappingWrong``."""
    if not isinstance(told, dict) or not {"name", "layout", "columns"} <= set(told) <= _MAPPING:
        raise MappingWrong(f"needs name, layout and columns, may have {', '.join(sorted(_MAPPING))}")
    layout = layouts.LAYOUTS.get(told["layout"])
    if layout is None:
        raise MappingWrong(f"layout: none of {', '.join(layouts.LAYOUTS)}")
    columns, constants, values = told["columns"], told.get("constants", {}), told.get("values", {})
    for what, one in (("columns", columns), ("constants", constants), ("values", values)):
        if not isinstance(one, dict) or not set(one) <= set(layout.columns):
            raise MappingWrong(f"{what}: columns of {layout.name} alone")
    texts = [*columns.values(), *constants.values()]
    for words in values.values():
        texts += [*words.values()] if isinstance(words, dict) else [None]
    if not columns or not all(isinstance(text, str) for text in texts):
        raise MappingWrong("columns, constants and values: texts alone")
    if told.get("credit_notes", "negative") not in ("negative", "positive"):
        raise MappingWrong("credit_notes: negative or positive")
    if told.get("encoding", "utf-8") not in ("utf-8", "windows-1252"):
        raise MappingWrong("encoding: utf-8 or windows-1252")
    return Feed(
        str(told["name"]),
        layout,
        types,
        MappingProxyType({column: header.strip().lower() for column, header in columns.items()}),
        MappingProxyType(constants),
        MappingProxyType(values),
        positive_credits=told.get("credit_notes") == "positive",
        windows_1252=told.get("encoding") == "windows-1252",
        told=told,
    )


def of_header(names: Sequence[str], known: Iterable[Feed], types: Types) -> Feed | None:
    """The feed that a header is of: the mapping that uses most of its columns, else ARCA's."""
    fitting = [feed for feed in known if set(feed.columns.values()) <= set(names)]
    if fitting:
        return max(fitting, key=lambda feed: len(feed.columns))
    return _of_arca(names, types)
