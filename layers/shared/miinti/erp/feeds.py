"""Files that are not in a layout of ours: ARCA's "Mis Comprobantes Emitidos", and another ERP's by a mapping.

A feed is known by its header, whatever the order of its columns, and turns a row into the cells of a layout of ours,
which are then checked like any other's. What a feed cannot know of a voucher (what is left of it, since ARCA tells of
no receipts) makes its rows ``partial``: they bring in vouchers that are not there and change none that is.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final

from miinti.erp import checks, layouts
from miinti.erp.checks import Types
from miinti.erp.faults import Fault
from miinti.erp.layouts import Layout
from miinti.errors import Invalid
from miinti.values import money

Cells = dict[str, str]

_DATE = re.compile(r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{4})(?: .*)?", re.ASCII)
_ISO = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[ T].*)?", re.ASCII)
_DAYS: Final = MappingProxyType(
    {
        "aaaammdd": re.compile(r"(?P<y>\d{4})(?P<m>\d{2})(?P<d>\d{2})(?: .*)?", re.ASCII),
        "dd/mm/aa": re.compile(r"(?P<d>\d{1,2})[/.-](?P<m>\d{1,2})[/.-](?P<y>\d{2})(?: .*)?", re.ASCII),
    }
)
"""Ways to write a day that only a mapping can tell of; a year of two digits is of this century."""
_SEPARATORS: Final = (",", ";", "\t", "|", "~", "^", "#")
"""What may part the columns where a mapping says so."""
_TOTAL = re.compile(r"(?:sub)?total(?:es)?(?: general(?:es)?)?:?", re.IGNORECASE)
_COMBINED = re.compile(r"(\d{1,5})-(\d{1,8})", re.ASCII)
_CURRENCIES: Final = MappingProxyType({"$": "PES", "U$S": "DOL", "US$": "DOL"})
# As many digits as an amount may have (values/money).
_MINUS = re.compile(r"\((.+)\)|([^-]+)-", re.ASCII)
"""A negative number as accountants and SAP write it."""
_PLAIN = re.compile(r"-?\d{1,15}(?:[.,]\d{1,15})?", re.ASCII)
_GROUPED = re.compile(r"-?\d{1,3}(?:\.\d{3}){1,4}(?:,\d{1,15})?|-?\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,15})?", re.ASCII)
_BEHIND: Final = MappingProxyType(
    {
        "company_code": "cuit",
        "type_label": "type_code",
        "letter": "type_code",
        "point_of_sale": "number",
        "number_display": "number",
        "doc_key": "number",
        "billed_ars": "total",
        "collected_ars": "total",
        "auth_kind": "auth_code",
    }
)
"""Columns of a voucher that a source need not have, and those that they follow from."""


@dataclass(frozen=True, slots=True)
class Feed:
    """``columns``: of ours, the source's header (folded). ``values``: of ours, the source's word, our word.
    ``positive_credits``: the source tells credits without their sign; ``negative_credits``: all of their amounts with
    it. ``separator``, ``dates``: what parts its columns, how it writes days, where a file cannot tell. ``told``: the
    mapping, if it is one. ``arca``: it is ARCA's, with columns beside these that say part of what ours say."""

    layout: Layout
    types: Types
    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    positive_credits: bool = False
    negative_credits: bool = False
    windows_1252: bool = False
    separator: str = ""
    dates: str = ""
    told: dict[str, Any] | None = None
    arca: bool = False

    @property
    def partial(self) -> bool:
        return self.layout.name == "documents" and not {"remaining_ars", "status"} <= {*self.columns, *self.constants}

    def header_of(self, column: str) -> str:
        """The file's name for a column of ours, or for the one that says what stands there."""
        if self.layout.name == "documents" and column not in self.columns and column not in self.constants:
            column = _BEHIND.get(column, column)
        return self.columns.get(column, column)

    def ours(self) -> dict[str, str]:
        """Our columns for those of the file that say what ours do."""
        also = {name: ours for what, ours in _ALSO_AMOUNTS.items() for name in _ALSO[what]} if self.arca else {}
        return also | {header: column for column, header in self.columns.items()}

    def is_footer(self, columns: Sequence[str], cells: Sequence[str]) -> bool:
        """Whether a line says "Total" first, and nothing else where its day (an account: its code) would be."""
        first = next((cell.strip() for cell in cells if cell.strip()), "")
        if not _TOTAL.fullmatch(first):
            return False
        header = self.columns.get(self.layout.date or self.layout.key, "")
        return header != "" and dict(zip(columns, cells, strict=False)).get(header, "").strip() in ("", first)

    def adapted(self, given: Mapping[str, str]) -> Cells:
        """The cells of our layout. Raises ``Fault`` for a cell that cannot be read."""
        cells = {**dict.fromkeys(self.layout.columns, ""), **self.constants}
        for column, header in self.columns.items():
            value = given[header]
            cells[column] = self.values.get(column, {}).get(value, value)
        if self.partial:
            cells[layouts.BY_CUIT] = "" if cells["company_code"] else "yes"
        if self.layout.name == "documents":
            code, _, _ = cells["type_code"].partition(" ")
            cells["type_code"] = code.zfill(3) if code.isdigit() else code
        if self.arca:
            _arca(cells, given, self.types)
        for column in self.layout.columns:
            cells[column] = _read(column, cells[column], self.dates)
        if self.layout.name == "documents":
            self._completed(cells)
        return cells

    def _completed(self, cells: Cells) -> None:
        """What follows from the other cells of a voucher, where the source does not say it."""
        combined = _COMBINED.fullmatch(cells["number"])
        if combined and not cells["point_of_sale"]:
            cells["point_of_sale"], cells["number"] = combined.groups()
        for column in ("point_of_sale", "number"):
            cells[column] = cells[column].lstrip("0")
        currency = cells["currency"].upper()
        cells["currency"] = _CURRENCIES.get(currency, currency)
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
        if sign <= 0 and self.negative_credits:
            for column in layouts.UNSIGNED:
                cells[column] = cells[column].removeprefix("-")
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


def _read(column: str, value: str, dates: str = "") -> str:
    if not value:
        return value
    if column in layouts.DAYS:
        day = _DATE.fullmatch(value) or (_DAYS[dates].fullmatch(value) if dates else None)
        if day is None:
            iso = _ISO.fullmatch(value)
            return iso[1] if iso else value
        year = day["y"] if len(day["y"]) == 4 else f"20{day['y']}"
        return f"{year}-{int(day['m']):02d}-{int(day['d']):02d}"
    if column in layouts.AMOUNTS:
        return _decimal(column, value, 2, grouped=True)
    if column in layouts.RATES:
        return value if value == layouts.SEVERAL else _decimal(column, value.rstrip("% "), layouts.RATES[column])
    return value


def _decimal(column: str, value: str, places: int, *, grouped: bool = False) -> str:
    """A number with so many decimals. A mark before three last figures parts thousands where amounts are read (no
    amount has three decimals); else the last mark is the decimal one."""
    bare = value.replace("$", "").replace("\xa0", "").replace(" ", "")
    bare = _MINUS.sub(r"-\1\2", bare) if _MINUS.fullmatch(bare) else bare
    if grouped and _GROUPED.fullmatch(bare):
        last = max(bare.rfind("."), bare.rfind(","))
        mark = bare[last] if len(bare) - last - 1 != 3 else ""
        bare = re.sub("[.,]", lambda one: "." if one[0] == mark else "", bare)
    elif not _PLAIN.fullmatch(bare):
        raise Fault(column, "amount_format" if grouped else "rate_format", value)
    number = Decimal(bare.replace(",", "."))
    exact: Decimal = number.quantize(Decimal(1).scaleb(-places))
    if exact != number:
        raise Fault(column, "amount_format" if grouped else "rate_format", value)
    return str(exact)


def _in_pesos(cells: Mapping[str, str]) -> str:
    """Empty where total or rate are wrong: the checks say how."""
    try:
        return money.text(checks.in_pesos(cells, money.cents(cells["total"])))
    except (Invalid, Fault):
        return ""


def _negative(amount: str) -> str:
    return amount if not amount or amount.startswith("-") or not amount.strip("0.") else f"-{amount}"


# --- ARCA -------------------------------------------------------------------------------------------------------------

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
_RECEIVED: Final = "nro. doc. emisor"
"""A column that only "Mis Comprobantes Recibidos" has: those are not the institute's."""
_EMITTED: Final = "Mis Comprobantes Emitidos (ARCA, {} columns)"
_ALSO_AMOUNTS: Final = MappingProxyType({"untaxed": "exempt", "perceptions": "perceptions"})
_VAT_RATES: Final = MappingProxyType(
    {"iva 2,5%": "2.50", "iva 5%": "5.00", "iva 10,5%": "10.50", "iva 21%": "21.00", "iva 27%": "27.00"}
)
_CUIT_DOCUMENTS: Final = frozenset({"80", "86", "87", "cuit", "cuil", "cdi"})


def _arca_headers() -> dict[str, list[str]]:
    """ARCA's headers, by what they are called."""
    first = [
        "fecha de emisión", "tipo de comprobante", "punto de venta", "número desde", "número hasta",
        "cód. autorización", "tipo doc. receptor", "nro. doc. receptor", "denominación receptor", "tipo cambio",
        "moneda",
    ]  # fmt: skip
    rates = [part for rate in _VAT_RATES for part in (rate, f"imp. neto gravado {rate}")]
    rest = ["imp. neto no gravado", "imp. op. exentas", "otros tributos"]
    headers = (
        [*first, "imp. neto gravado iva 0%", *rates, "imp. neto gravado total", *rest, "total iva", "imp. total"],
        [*first, "imp. neto gravado", *rest, "iva", "imp. total"],
    )
    return {_EMITTED.format(len(header)): header for header in headers}


def _of_arca(names: Sequence[str], types: Types) -> Feed | None:
    if _RECEIVED in names:
        return None
    columns: Cells = {}
    for column, called in _ARCA.items():
        there = next((name for name in called if name in names), None)
        if there is None:
            return None
        columns[column] = there
    return Feed(layouts.LAYOUTS["documents"], types, MappingProxyType(columns), arca=True)


def _also(given: Mapping[str, str], what: str) -> tuple[str, str]:
    """A column of ARCA's beside those of ours, by the name it has here, and what stands there."""
    return next(((name, given[name]) for name in _ALSO[what] if name in given), ("", ""))


def _arca(cells: Cells, given: Mapping[str, str], types: Types) -> None:
    """ARCA's own ways: an empty amount is none, a receiver may have another document than a CUIT, a row may stand for
    a run of numbers, and IVA is told rate by rate; by letters that do not set it apart, the total may stand alone."""
    header, document = _also(given, "document")
    if document and document.partition(" ")[0].casefold() not in _CUIT_DOCUMENTS:
        raise Fault(header, "receiver_without_cuit", document)
    _, last = _also(given, "last")
    if last and last.lstrip("0") != cells["number"].lstrip("0"):
        raise Fault("number", "number_run", cells["number"])
    kind = types.get(cells["type_code"])
    alone = kind is not None and kind.letter not in layouts.IVA_APART and not (cells["net"] or cells["vat"])
    for column in ("exempt", "total") if alone else ("net", "vat", "exempt", "total"):
        cells[column] = cells[column] or "0"
    untaxed, others = (_amount(*_also(given, name)) for name in ("untaxed", "perceptions"))
    cells["exempt"] = money.text(_amount("exempt", cells["exempt"]) + untaxed)
    cells["perceptions"] = money.text(others)
    rates = [rate for name, rate in _VAT_RATES.items() if given.get(name, "").strip("0,. ")]
    net, vat = (_amount(column, cells[column]) for column in ("net", "vat"))
    if not rates:
        # The layouts without a column a rate tell of one where it can be one alone.
        rates = [rate for rate in _VAT_RATES.values() if vat and checks.half_up(net * money.cents(rate), 10_000) == vat]
        cells["vat_rate"] = rates[0] if len(rates) == 1 else layouts.SEVERAL if vat else "" if alone else "0.00"
    else:
        cells["vat_rate"] = rates[0] if len(rates) == 1 else layouts.SEVERAL


def _amount(column: str, value: str) -> int:
    """Cents; nothing is none. The column, of ours or of ARCA's, is the one that a fault tells."""
    return money.cents(_decimal(column, value, 2, grouped=True)) if value else 0


# --- mappings ---------------------------------------------------------------------------------------------------------


class MappingWrong(Exception):
    """A mapping that says nothing we could follow; the message tells what is wrong with it."""


_CHOICES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "credit_notes": ("negative", "positive"),
        "encoding": ("utf-8", "windows-1252"),
        "separator": _SEPARATORS,
        "dates": tuple(_DAYS),
    }
)
_MAPPING: Final = frozenset({"name", "layout", "columns", "constants", "values", *_CHOICES})


def mapped(told: Any, types: Types) -> Feed:
    """The feed of a mapping (docs/erp.md, "Mappings"). Raises ``MappingWrong``."""
    if not isinstance(told, dict) or not {"name", "layout", "columns"} <= set(told) <= _MAPPING:
        raise MappingWrong(f"needs name, layout and columns, may have {', '.join(sorted(_MAPPING))}")
    layout = layouts.LAYOUTS.get(told["layout"]) if isinstance(told["layout"], str) else None
    if layout is None:
        raise MappingWrong(f"layout: none of {', '.join(layouts.LAYOUTS)}")
    columns, constants, values = told["columns"], told.get("constants", {}), told.get("values", {})
    for what, one in (("columns", columns), ("constants", constants), ("values", values)):
        if not isinstance(one, dict) or not set(one) <= set(layout.columns):
            raise MappingWrong(f"{what}: columns of {layout.name} alone")
    texts = [told["name"], *columns.values(), *constants.values()]
    for words in values.values():
        texts += [*words.values()] if isinstance(words, dict) else [None]
    if not all(isinstance(text, str) for text in texts):
        raise MappingWrong("name, columns, constants and values: texts alone")
    if not columns or not all(header.strip() for header in columns.values()):
        raise MappingWrong("columns: each with its name in the file")
    for option, choices in _CHOICES.items():
        if option in told and told[option] not in choices:
            raise MappingWrong(f"{option}: one of {', '.join(map(repr, choices))}")
    return Feed(
        layout,
        types,
        MappingProxyType({column: header.strip().lower() for column, header in columns.items()}),
        MappingProxyType(constants),
        MappingProxyType(values),
        positive_credits=told.get("credit_notes") == "positive",
        negative_credits=told.get("credit_notes") == "negative",
        windows_1252=told.get("encoding") == "windows-1252",
        separator=told.get("separator", ""),
        dates=told.get("dates", ""),
        told=told,
    )


def of_header(names: Sequence[str], known: Iterable[Feed], types: Types) -> Feed | None:
    """The feed that a header is of: the mapping that uses most of its columns, else ARCA's."""
    fitting = [feed for feed in known if set(feed.columns.values()) <= set(names)]
    if fitting:
        return max(fitting, key=lambda feed: len(feed.columns))
    return _of_arca(names, types)


# --- headers of no layout ---------------------------------------------------------------------------------------------

_NEAR: Final = 4
"""A header is near a layout of which it has one column in so many."""
_NAME_MAX: Final = 40


def nearest(names: Sequence[str], known: Iterable[Feed]) -> str:
    """What is said of a header that is of no layout: the nearest one and what of it is not there or, where none is
    near, the first columns of those that were looked for. Of the file it says nothing: it may hold what is nobody
    else's."""
    given = set(names)
    arca = _arca_headers()
    mapped = {f"mapping {feed.told['name'][:_NAME_MAX]}": list(feed.columns.values()) for feed in known if feed.told}
    headers = {name: list(layout.columns) for name, layout in layouts.LAYOUTS.items()} | arca | mapped
    name = max(headers, key=lambda one: len(given.intersection(headers[one])) / len(headers[one]))
    if _NEAR * len(given.intersection(headers[name])) < len(headers[name]):
        return layouts.told("looked for " + "; ".join(f"{one}: {', '.join(headers[one][:2])}…" for one in headers))
    if name not in arca:
        return layouts.lacking(name, [column for column in headers[name] if column not in given])
    if _RECEIVED in given:
        return f"{name} has no {_RECEIVED}"
    missing = [called for called in _ARCA.values() if not given.intersection(called)]
    return layouts.lacking(name, [next(one for one in called if one in headers[name]) for called in missing])
