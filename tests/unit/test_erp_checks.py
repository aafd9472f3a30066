"""What a row of each layout has to hold to, and the names of what it does not."""

import ast
import csv
import datetime as dt
import re
import subprocess
import sys
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from miinti.documents.kinds import KINDS, VOUCHER_TYPES
from miinti.erp import checks, faults, layouts
from miinti.erp.checks import Entry
from miinti.erp.faults import Fault
from miinti.values import cuit as cuits
from tests import erp
from tests.cloud import ROOT

TODAY = dt.date(2026, 11, 24)
STORED = {"duplicate_key", "account_unknown", "account_mismatch", "account_changed", "date_changed", "duplicate_file",
          "document_unknown", "accounts_differ"}  # fmt: skip
"""Reasons that what is stored, or another line, gives: tests/functions/test_ingest_inbox.py."""
FEEDS = {"totals_line", "account_ambiguous", "known_otherwise", "number_run", "receiver_without_cuit"}
"""Reasons of other layouts than ours: tests/functions/test_ingest_feeds.py."""
LINES = {"row_malformed", "column_count"}
"""Reasons of lines that are no rows: test_erp_sheets.py."""


def checked(layout: str, row: Mapping[str, str]) -> Entry:
    return checks.checked(layout, row, VOUCHER_TYPES, TODAY)


def fault(layout: str, row: Mapping[str, str]) -> tuple[str, str, str]:
    with pytest.raises(Fault) as caught:
        checked(layout, row)
    return caught.value.field, caught.value.reason, caught.value.value


@cache
def good(layout: str, **wanted: str) -> dict[str, str]:
    """The first row of the sample that has these cells."""
    return next(row for row in erp.sample(layout) if wanted.items() <= row.items())


INVOICE = {"type_code": "001", "status": "Pendiente"}
NOTE = {"type_code": "003"}
RECEIPT = {"type_code": "RX", "status": "Aplicado"}
PLAIN = {"type_code": "006", "currency": "PES", "status": "Pagado", "vat_rate": "10.50"}
"""A voucher whose letter does not set the IVA apart."""

FAULTS = [
    ("companies", {}, {"name": "ACERO\tSA"}, "name", "control_character"),
    ("companies", {}, {"name": "ACERO\u202eAS"}, "name", "control_character"),
    ("companies", {}, {"name": "CER\ufffdMICA"}, "name", "control_character"),
    ("companies", {}, {"name": "CER\ufffeMICA"}, "name", "control_character"),
    ("companies", {}, {"name": "CER\uffffMICA"}, "name", "control_character"),
    ("companies", {}, {"name": "a\nb"}, "name", "control_character"),
    ("companies", {}, {"name": ""}, "name", "value_missing"),
    ("companies", {}, {"cuit": ""}, "cuit", "value_missing"),
    ("companies", {}, {"city": "x" * 81}, "city", "value_length"),
    ("companies", {}, {"kind": "Clienta"}, "kind", "kind_unknown"),
    ("companies", {}, {"kind": ""}, "kind", "value_missing"),
    ("companies", {}, {"code": "12345678901"}, "code", "code_format"),
    ("companies", {}, {"code": "27.334"}, "code", "code_format"),
    ("companies", {}, {"code": "٢٧٣٣٤"}, "code", "code_format"),
    ("companies", {}, {"cuit": "3,36935E+10"}, "cuit", "excel_number"),
    ("companies", {}, {"cuit": "3369345023A"}, "cuit", "cuit_format"),
    ("companies", {}, {"cuit": "99693450239"}, "cuit", "cuit_check_digit"),
    ("companies", {}, {"cuit": "6069345023" + (cuits.check_digit("6069345023") or "")}, "cuit", "cuit_prefix"),
    ("companies", {}, {"iva_code": "2"}, "iva_code", "iva_code_unknown"),
    ("companies", {}, {"cbu": "9990759004419176152649"}, "cbu", "value_unexpected"),
    ("companies", {"kind": "Proveedor"}, {"cbu": "99907590044191761526O9"}, "cbu", "cbu_format"),
    ("companies", {"kind": "Proveedor"}, {"cbu": "999075900441917615264"}, "cbu", "cbu_length"),
    ("companies", {"kind": "Proveedor"}, {"cbu": "9990759104419176152649"}, "cbu", "cbu_check_digit"),
    ("companies", {}, {"active_since": "2031-01-01"}, "active_since", "date_in_future"),
    ("companies", {}, {"balance_ars": "1,00"}, "balance_ars", "amount_format"),
    ("documents", INVOICE, {"company_code": ""}, "company_code", "value_missing"),
    ("documents", INVOICE, {"issue_date": "29/06/2026"}, "issue_date", "date_invalid"),
    ("documents", INVOICE, {"issue_date": "20260629"}, "issue_date", "date_invalid"),
    ("documents", INVOICE, {"issue_date": "2026-11-25"}, "issue_date", "date_in_future"),
    ("documents", {"type_code": "001", "status": "Vencido"}, {"due_date": ""}, "due_date", "value_missing"),
    ("documents", INVOICE, {"due_date": "2001-01-01"}, "due_date", "due_before_issue"),
    ("documents", NOTE, {"due_date": "2026-11-30"}, "due_date", "value_unexpected"),
    ("documents", INVOICE, {"type_code": "1"}, "type_code", "type_unknown"),
    ("documents", INVOICE, {"type_code": ""}, "type_code", "value_missing"),
    ("documents", INVOICE, {"type_label": "Nota de Crédito"}, "type_label", "type_label_mismatch"),
    ("documents", INVOICE, {"letter": "B"}, "letter", "letter_type_mismatch"),
    ("documents", INVOICE, {"point_of_sale": "0"}, "point_of_sale", "point_of_sale_range"),
    ("documents", INVOICE, {"point_of_sale": "5.0"}, "point_of_sale", "integer_format"),
    ("documents", INVOICE, {"number": "0"}, "number", "number_range"),
    ("documents", INVOICE, {"number_display": "1"}, "number_display", "number_display_mismatch"),
    ("documents", INVOICE, {"doc_key": "001-00205-00000001"}, "doc_key", "key_mismatch"),
    ("documents", INVOICE, {"net": "97,635.00"}, "net", "amount_format"),
    ("documents", INVOICE, {"net": "97635"}, "net", "amount_format"),
    ("documents", INVOICE, {"net": ""}, "net", "value_missing"),
    ("documents", INVOICE, {"vat": ""}, "vat", "value_missing"),
    ("documents", INVOICE, {"vat_rate": ""}, "vat_rate", "value_missing"),
    ("documents", PLAIN, {"net": ""}, "net", "value_missing"),
    ("documents", PLAIN, {"vat_rate": ""}, "vat_rate", "value_missing"),
    ("documents", PLAIN, {"vat": ""}, "total", "total_mismatch"),
    ("documents", PLAIN, {"net": "", "vat": "", "exempt": "99999999.00"}, "total", "total_mismatch"),
    ("documents", PLAIN, {"total": ""}, "total", "value_missing"),
    ("documents", INVOICE, {"billed_ars": ""}, "billed_ars", "value_missing"),
    ("documents", INVOICE, {"remaining_ars": ""}, "remaining_ars", "value_missing"),
    ("documents", RECEIPT, {"collected_ars": ""}, "collected_ars", "value_missing"),
    ("documents", INVOICE, {"exempt": "-1.00"}, "exempt", "amount_negative"),
    ("documents", INVOICE, {"vat_rate": "21"}, "vat_rate", "rate_format"),
    ("documents", INVOICE, {"vat_rate": "210.00"}, "vat_rate", "rate_range"),
    ("documents", INVOICE, {"exchange_rate": "1,0"}, "exchange_rate", "rate_format"),
    ("documents", INVOICE, {"exchange_rate": "0.000000"}, "exchange_rate", "rate_range"),
    ("documents", INVOICE, {"exchange_rate": "1.010000"}, "billed_ars", "billed_mismatch"),
    ("documents", INVOICE, {"vat_rate": "10.50"}, "vat", "vat_mismatch"),
    ("documents", INVOICE, {"exempt": "1.00"}, "total", "total_mismatch"),
    ("documents", INVOICE, {"billed_ars": "-1.00"}, "billed_ars", "debit_sign"),
    ("documents", INVOICE, {"collected_ars": "0.00"}, "collected_ars", "value_unexpected"),
    ("documents", INVOICE, {"remaining_ars": "999999999.00"}, "remaining_ars", "remaining_range"),
    ("documents", INVOICE, {"remaining_ars": "-1.00"}, "remaining_ars", "remaining_range"),
    ("documents", INVOICE, {"remaining_ars": "1.00"}, "status", "status_mismatch"),
    ("documents", INVOICE, {"status": "Pagado"}, "status", "status_mismatch"),
    ("documents", INVOICE, {"status": "Parcial"}, "status", "status_mismatch"),
    ("documents", INVOICE, {"status": "A cuenta"}, "status", "status_unknown"),
    ("documents", INVOICE, {"currency": "000"}, "currency", "currency_unknown"),
    ("documents", INVOICE, {"currency": "pes"}, "currency", "currency_unknown"),
    ("documents", INVOICE, {"currency": ""}, "currency", "value_missing"),
    ("documents", INVOICE, {"type_code": "014"}, "type_code", "type_unknown"),
    ("documents", INVOICE, {"type_code": "080"}, "type_code", "type_unknown"),
    ("documents", INVOICE, {"auth_kind": "QR"}, "auth_kind", "auth_kind_unknown"),
    ("documents", INVOICE, {"auth_code": "7606559470140X"}, "auth_code", "auth_code_format"),
    ("documents", INVOICE, {"auth_code": "760655947014061"}, "auth_code", "auth_code_length"),
    ("documents", INVOICE, {"auth_code": ""}, "auth_code", "value_missing"),
    ("documents", INVOICE, {"auth_due": "2026-02-29"}, "auth_due", "date_invalid"),
    ("documents", INVOICE, {"related_key": "1-2-3"}, "related_key", "key_format"),
    ("documents", INVOICE, {"pdf_file": "../a.pdf"}, "pdf_file", "file_name_format"),
    ("documents", INVOICE, {"pdf_file": "a.exe"}, "pdf_file", "file_name_format"),
    ("documents", NOTE, {"billed_ars": "1.00"}, "billed_ars", "credit_note_sign"),
    ("documents", NOTE, {"remaining_ars": "1.00"}, "remaining_ars", "remaining_range"),
    ("documents", NOTE, {"status": "Pagado"}, "status", "status_unknown"),
    ("documents", RECEIPT, {"collected_ars": "-1.00"}, "collected_ars", "receipt_sign"),
    ("documents", RECEIPT, {"collected_ars": "1.00"}, "collected_ars", "collected_mismatch"),
    ("documents", RECEIPT, {"status": "Anulado"}, "collected_ars", "collected_mismatch"),
    ("documents", RECEIPT, {"status": "A cuenta"}, "status", "status_mismatch"),
    ("documents", RECEIPT, {"billed_ars": "1.00"}, "billed_ars", "value_unexpected"),
    ("documents", RECEIPT, {"auth_code": "76065594701406"}, "auth_code", "value_unexpected"),
    ("documents", RECEIPT, {"net": "x"}, "net", "amount_format"),
    ("documents", RECEIPT, {"vat_rate": "x"}, "vat_rate", "rate_format"),
    ("withholdings", {}, {"certificate_number": "2019/1"}, "certificate_number", "number_format"),
    ("withholdings", {}, {"tax": "IVA 21"}, "tax", "tax_unknown"),
    ("withholdings", {}, {"system": "SIAP"}, "system", "system_unknown"),
    ("withholdings", {}, {"form": "F.931"}, "form", "form_unknown"),
    ("withholdings", {}, {"withholding_date": "2027-01-01"}, "withholding_date", "date_in_future"),
    ("withholdings", {}, {"amount_ars": "1.00"}, "amount_ars", "withholding_mismatch"),
    ("withholdings", {}, {"rate_pct": "100.01"}, "rate_pct", "rate_range"),
    ("withholdings", {}, {"base_ars": "-1.00"}, "base_ars", "amount_negative"),
    ("withholdings", {}, {"voided_date": "2026-01-01"}, "voided_date", "value_unexpected"),
    ("withholdings", {"status": "Anulado"}, {"voided_date": ""}, "voided_date", "value_missing"),
    ("withholdings", {"status": "Anulado"}, {"voided_date": "2001-01-01"}, "voided_date", "voided_before_issue"),
    ("withholdings", {}, {"status": "Pagado"}, "status", "status_unknown"),
    ("withholdings", {}, {"regime_code": "12345678901"}, "regime_code", "value_length"),
    ("quotes", {}, {"quote_number": "P 1"}, "quote_number", "number_format"),
    ("quotes", {}, {"quote_number": ""}, "quote_number", "value_missing"),
    ("quotes", {}, {"valid_until": "2001-01-01"}, "valid_until", "valid_before_issue"),
    ("quotes", {}, {"decided_date": "2001-01-01"}, "decided_date", "decided_before_issue"),
    ("quotes", {}, {"quantity": "0"}, "quantity", "quantity_range"),
    ("quotes", {}, {"quantity": "uno"}, "quantity", "integer_format"),
    ("quotes", {}, {"total": "1.00"}, "total", "total_mismatch"),
    ("quotes", {}, {"vat": ""}, "total", "total_mismatch"),
    ("quotes", {}, {"valid_until": "30 días"}, "valid_until", "date_invalid"),
    ("quotes", {}, {"status": "Borrador"}, "status", "status_unknown"),
    ("quotes", {}, {"work_order": "OT/1"}, "work_order", "number_format"),
    ("quotes", {}, {"currency": "XXX"}, "currency", "currency_unknown"),
    ("work_orders", {}, {"stage": "Lista"}, "stage", "stage_unknown"),
    ("work_orders", {}, {"progress_pct": "101"}, "progress_pct", "progress_range"),
    ("work_orders", {}, {"samples": "1000000"}, "samples", "quantity_range"),
    ("work_orders", {}, {"invoice_key": "999-00001-00000001"}, "invoice_key", "key_format"),
    ("work_orders", {}, {"opened_date": "hoy"}, "opened_date", "date_invalid"),
    ("work_orders", {}, {"centre": "x" * 81}, "centre", "value_length"),
    ("applications", {}, {"credit_key": "RX-5-187"}, "credit_key", "key_format"),
    ("applications", {}, {"credit_key": ""}, "credit_key", "value_missing"),
    ("applications", {}, {"credit_key": "001-00005-00000187"}, "credit_key", "credit_type_mismatch"),
    ("applications", {}, {"debit_key": "RX-00005-00000187"}, "debit_key", "debit_type_mismatch"),
    ("applications", {}, {"amount_ars": "0.00"}, "amount_ars", "amount_zero"),
    ("applications", {}, {"amount_ars": "-1.00"}, "amount_ars", "amount_negative"),
    ("applications", {}, {"applied_date": "2026-11-25"}, "applied_date", "date_in_future"),
]  # fmt: skip


@pytest.mark.parametrize(("layout", "of", "change", "field", "reason"), FAULTS)
def test_one_fault_is_told_as_what_it_is(
    layout: str, of: dict[str, str], change: dict[str, str], field: str, reason: str
) -> None:
    row = good(layout, **of)
    checked(layout, row)
    assert fault(layout, {**row, **change}) == (field, reason, {**row, **change}[field])


def test_every_reason_has_a_case() -> None:
    cases = {reason for *_, reason in FAULTS} | STORED | LINES | FEEDS
    bad = {row["expected_reason"] for row in erp.sample("bad_rows")}
    assert cases | bad == set(faults.ROWS)


def test_every_reason_in_the_code_is_in_the_table() -> None:
    places = {"Fault": 1, "FileRefused": 0, "_wrong": 2, "_one_of": 3, "_word": 3, "_integer": 4}
    known = {*faults.ROWS, *faults.WARNINGS, *faults.FILES, *faults.PDFS}
    said = set()
    for path in (ROOT / "layers/shared/miinti/erp").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and (place := places.get(getattr(node.func, "id", ""))) is not None:
                said |= {part.value for part in ast.walk(node.args[place]) if isinstance(part, ast.Constant)}
    assert len(said) > 60
    assert said <= known


def test_the_document_and_the_code_tell_the_same_reasons() -> None:
    _, rows, warnings, files, pdfs = re.split(
        r"^\| reason .*\n\|---\|---\|$", (ROOT / "docs/erp.md").read_text(), flags=re.MULTILINE
    )
    for told, known in ((rows, faults.ROWS), (warnings, faults.WARNINGS), (files, faults.FILES), (pdfs, faults.PDFS)):
        assert dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", told, re.MULTILINE)) == known


# --- the sample -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("layout", layouts.LAYOUTS)
def test_every_row_of_the_sample_holds(layout: str) -> None:
    keys = {checked(layout, row).key for row in erp.sample(layout)}
    assert len(keys) == len(erp.sample(layout))


@pytest.mark.parametrize("row", erp.sample("bad_rows"), ids=lambda row: row["row_id"])
def test_a_bad_row_is_told_as_the_sample_says(row: dict[str, str]) -> None:
    layout = row["target_file"].removesuffix(".csv")
    cells = dict(zip(layouts.LAYOUTS[layout].columns, next(csv.reader([row["raw"]])), strict=True))
    if row["expected_reason"] in STORED:
        checked(layout, cells)
    else:
        assert fault(layout, cells)[:2] == (row["field"], row["expected_reason"])


@pytest.fixture(scope="module", params=[("7", "500", "30"), ("20261130", "3000", "150")], ids="seed {0[0]}".format)
def generated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's generator with another seed and size."""
    folder = tmp_path_factory.mktemp("generated")
    seed, documents, companies = request.param
    size = ("--documents", documents, "--companies", companies, "--seed", seed)
    made_by = str(erp.SAMPLE / "generate.py")
    subprocess.run([sys.executable, made_by, *size, "--out", str(folder)], check=True, capture_output=True)
    return folder


def test_data_of_another_seed_and_size_hold_too(generated: Path) -> None:
    """Nothing is learned by heart from the one sample."""
    for layout in layouts.LAYOUTS:
        rows = erp.sample(layout, generated)
        entries = [checked(layout, row) for row in rows]
        assert len({entry.key for entry in entries}) == len(rows) > 0
        assert [entry.doubts for entry in entries] == [()] * len(rows)
    assert erp.sample("documents", generated) != erp.sample("documents")


def test_bad_rows_of_another_seed_and_size_are_told_by_their_fault(generated: Path) -> None:
    bad = erp.sample("bad_rows", generated)
    assert len(bad) == len(erp.sample("bad_rows"))
    for row in bad:
        test_a_bad_row_is_told_as_the_sample_says(row)


def test_the_layouts_are_those_of_the_sample() -> None:
    for layout in layouts.LAYOUTS.values():
        assert list(layout.columns) == list(erp.sample(layout.name)[0])


def test_our_words_are_those_of_the_kinds() -> None:
    for words, kind in (
        (layouts.WITHHOLDING_STATES, "withholding"),
        (layouts.QUOTE_STATES, "quote"),
        (layouts.STAGES, "work_order"),
    ):
        assert {ours: theirs for theirs, ours in words.items()} == KINDS[kind].states
    assert set(KINDS["voucher"].states.values()) == layouts.DEBIT_STATES | layouts.CREDIT_STATES


# --- facts ------------------------------------------------------------------------------------------------------------


def test_facts_of_a_company() -> None:
    entry = checked("companies", {**good("companies", code="27334", kind="Cliente"), "email": "Pagos@Adm.example"})
    assert entry.key == ("client", "27334")
    assert entry.facts == {
        "role": "client",
        "number": "27334",
        "cuit": "33693450239",
        "name": "ADM. FEDERAL DE ING. PUBLICOS",
        "address": "Hipólito Yrigoyen 370, CABA",
        "email": "pagos@adm.example",
        "iva_code": "4",
        "iva_condition": "Exento",
        "balance": 24216800,
    }


@pytest.mark.parametrize("given", ["pagos@adm.test", "pagos@intranet.local", "pagos@adm.invalid"])
def test_a_company_may_have_an_address_of_any_domain(given: str) -> None:
    entry = checked("companies", {**good("companies", kind="Cliente"), "email": given})
    assert (entry.facts["email"], entry.doubts) == (given, ())


def test_a_company_may_lack_what_it_need_not_have() -> None:
    row = {**good("companies", kind="Proveedor"), "email": "", "cbu": "", "iibb": "", "phone": "", "postal_code": ""}
    entry = checked("companies", row)
    assert (entry.facts["email"], entry.facts["balance"]) == (None, None)


@pytest.mark.parametrize(
    "given", ["uno@dos.example, tres@cuatro.example", "a@b", "no tiene", "ñ@x.example", "a@@b.example"]
)
def test_a_doubtful_address_is_none(given: str) -> None:
    row = good("companies", kind="Cliente")
    entry = checked("companies", {**row, "email": given})
    assert entry.facts == {**checked("companies", row).facts, "email": None}
    assert [(one.field, one.reason, one.value) for one in entry.doubts] == [("email", "email_format", given)]
    assert checked("companies", row).doubts == checked("companies", {**row, "email": ""}).doubts == ()


def test_a_supplier_needs_no_balance_since_none_is_shown() -> None:
    assert checked("companies", {**good("companies", kind="Proveedor"), "balance_ars": ""}).facts["balance"] is None
    client = {**good("companies", kind="Cliente"), "balance_ars": ""}
    assert fault("companies", client) == ("balance_ars", "value_missing", "")


def test_numbers_lose_zeros_before_them_and_cuits_their_marks() -> None:
    entry = checked("companies", {**good("companies", code="27334"), "code": "0027334", "cuit": "33-69345023-9"})
    assert entry.account == ("client", "27334", "33693450239")


def test_facts_of_a_voucher() -> None:
    entry = checked("documents", good("documents", doc_key="019-00210-00003980"))
    assert entry.key == ("019", 210, 3980)
    assert entry.account == ("client", "22050", "55004009265")
    assert entry.pdf_file == "30950000003_019_00210_00003980.pdf"
    assert entry.facts == {
        "date": "2019-11-26",
        "due_date": "2019-12-26",
        "document_currency": "USD",
        "exchange_rate": "59.920000",
        "net": 139518,
        "vat_rate": "0.00",
        "vat": 0,
        "exempt": 0,
        "perceptions": 0,
        "total": 139518,
        "billed": 8359919,
        "collected": None,
        "remaining": 0,
        "void": False,
        "auth_kind": "CAE",
        "auth_code": "69067519805792",
        "auth_due": "2019-12-06",
        "related": None,
    }


def test_a_voided_receipt_is_void_and_collects_nothing() -> None:
    facts = checked("documents", good("documents", type_code="RX", status="Anulado")).facts
    assert (facts["void"], facts["collected"], facts["billed"], facts["remaining"]) == (True, 0, None, 0)


def test_a_receipt_may_tell_its_total_alone() -> None:
    alone = dict.fromkeys(("net", "vat_rate", "vat", "exempt", "perceptions"), "")
    facts = checked("documents", {**good("documents", **RECEIPT), **alone}).facts
    assert [facts[name] for name in alone] == [None] * 5


def test_any_open_state_goes_with_a_debit_that_is_open() -> None:
    # "Vencido" is as of the day the ERP closed at: the portal derives its own.
    row = good("documents", **INVOICE)
    assert checked("documents", {**row, "status": "Vencido"}) == checked("documents", row)


def test_a_label_may_be_written_without_accents_or_in_capitals() -> None:
    row = good("documents", **NOTE)
    assert checked("documents", {**row, "type_label": "NOTA DE CREDITO"}) == checked("documents", row)


def test_no_file_of_labels_stays_in_memory() -> None:
    row = good("documents", **NOTE)
    for number in range(1000):
        assert fault("documents", {**row, "type_label": f"{number}" + "x" * 9000})[1] == "type_label_mismatch"
    kept = checks._folded.cache_info()
    assert kept.maxsize is not None
    assert kept.currsize <= kept.maxsize < 1000
    assert max(len(kind.label) for kind in VOUCHER_TYPES.values()) < checks._LABEL
    # Nor is a label taken for another that it begins like.
    assert fault("documents", {**row, "type_label": "Nota de Crédito" + " " * 99 + "x"})[1] == "type_label_mismatch"


def test_a_document_may_have_no_pdf() -> None:
    assert checked("documents", {**good("documents"), "pdf_file": ""}).pdf_file is None


def test_quotes_and_orders_name_their_pdf_by_their_number() -> None:
    assert checked("quotes", good("quotes")).pdf_file == "P-2019-000001.pdf"
    assert checked("work_orders", good("work_orders")).pdf_file == "OT-2019-000001.pdf"


def test_today_is_not_the_future() -> None:
    row = {**good("documents", **INVOICE), "issue_date": "2026-11-24", "due_date": "2026-11-24"}
    assert checked("documents", row).facts["date"] == "2026-11-24"


# --- cells that may be empty ------------------------------------------------------------------------------------------


def told_columns() -> dict[str, tuple[set[str], set[str], set[str]]]:
    """For each layout in docs/erp.md: columns that have to be filled, that depend on the row, that may be empty."""
    text = (ROOT / "docs/erp.md").read_text()
    _, table = re.split(r"^\| layout \| always filled .*\n\|---.*\n", text, flags=re.MULTILINE)
    told = {}
    for line in table.split("\n\n")[0].splitlines():
        name, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        always, some, may = (set(re.findall(r"`(\w+)`", cell)) for cell in cells)
        told[name] = (always, some, may)
    return told


def test_the_document_tells_of_every_column_once() -> None:
    told = told_columns()
    assert list(told) == list(layouts.LAYOUTS)
    for name, parts in told.items():
        assert sorted(column for part in parts for column in part) == sorted(layouts.LAYOUTS[name].columns)


@pytest.mark.parametrize("layout", layouts.LAYOUTS)
def test_a_column_may_be_empty_exactly_where_the_document_says_so(layout: str) -> None:
    always, some, may = told_columns()[layout]
    rows = erp.sample(layout)
    for row in rows:
        empty = dict.fromkeys(may, "")
        # What is not known is told as absent, all of it at once and each alone.
        facts = checked(layout, {**row, **empty}).facts
        assert "" not in facts.values()
    row = next(row for row in rows if all(row[column] for column in always))
    for column in may:
        checked(layout, {**row, column: ""})
    for column in always:
        assert fault(layout, {**row, column: ""})[:2] == (column, "value_missing")
    for column in some:
        # Some row cannot do without, some can.
        assert {refuses(layout, row, column) for row in (*rows, *PECULIAR.get(layout, []))} == {True, False}


def refuses(layout: str, row: dict[str, str], column: str) -> bool:
    try:
        checked(layout, {**row, column: ""})
    except Fault:
        return True
    return False


def letter_c(**change: str) -> dict[str, str]:
    """A Factura C, of an issuer whose prices hold no IVA: it tells its total."""
    alone = dict.fromkeys(("net", "vat_rate", "vat", "exempt", "perceptions"), "")
    row = {**good("documents", **INVOICE), **alone, "type_code": "011", "letter": "C"}
    return {**row, "doc_key": "011" + row["doc_key"][3:], **change}


def of_type(code: str, **change: str) -> dict[str, str]:
    """A voucher of 121.00 of any type, with all it has to say of itself and no more."""
    kind = VOUCHER_TYPES[code]
    row = dict.fromkeys(good("documents"), "") | {
        "company_code": "10378", "cuit": "33929318159", "issue_date": "2026-11-01", "type_code": code,
        "type_label": kind.label, "letter": kind.letter, "point_of_sale": "5", "number": "7",
        "number_display": "500000007", "currency": "PES", "exchange_rate": "1.000000", "total": "121.00",
        "remaining_ars": "0.00", "doc_key": f"{code}-00005-00000007",
        "status": "Pagado" if kind.sign > 0 else "Aplicado",
    }  # fmt: skip
    if kind.sign:
        row["billed_ars"] = "121.00" if kind.sign > 0 else "-121.00"
        if kind.letter in ("A", "M"):
            row |= {"net": "100.00", "vat_rate": "21.00", "vat": "21.00"}
    else:
        row["collected_ars"] = "121.00"
    if kind.authorised:
        row |= {"auth_kind": "CAE", "auth_code": "12345678901234", "auth_due": "2026-11-11"}
    return {**row, **change}


@pytest.mark.parametrize("code", VOUCHER_TYPES)
def test_a_voucher_of_any_type_goes_in_and_its_sign_is_the_types(code: str) -> None:
    kind, row = VOUCHER_TYPES[code], of_type(code)
    facts = checked("documents", row).facts
    assert (facts["billed"], facts["collected"]) == {1: (12100, None), -1: (-12100, None), 0: (None, 12100)}[kind.sign]
    wrong = {"billed_ars": "-121.00"} if kind.sign > 0 else {"billed_ars": "121.00"}
    assert (
        fault("documents", {**row, **wrong})[1]
        == {1: "debit_sign", -1: "credit_note_sign", 0: "value_unexpected"}[kind.sign]
    )
    other = "B" if kind.letter != "B" else "A"
    assert fault("documents", {**row, "letter": other})[:2] == (
        "letter", "letter_type_mismatch" if kind.letter else "value_unexpected"
    )  # fmt: skip
    assert fault("documents", {**row, "type_label": "Vale"})[1] == "type_label_mismatch"


def test_what_arca_authorises_says_by_what_and_a_till_need_not() -> None:
    empty = dict.fromkeys(("auth_kind", "auth_code", "auth_due"), "")
    assert fault("documents", of_type("006", **empty))[:2] == ("auth_kind", "value_missing")
    assert checked("documents", of_type("082")).facts["auth_code"] is None
    full = {"auth_kind": "CAE", "auth_code": "12345678901234", "auth_due": "2026-11-11"}
    assert checked("documents", of_type("082", **full)).facts["auth_code"] == "12345678901234"
    assert fault("documents", of_type("082", **full | {"auth_code": "1"}))[1] == "auth_code_length"
    assert fault("documents", of_type("082", auth_code="12345678901234"))[:2] == ("auth_kind", "value_missing")
    assert fault("documents", of_type("RX", **full))[1] == "value_unexpected"


def test_the_document_tells_of_every_type_and_currency() -> None:
    text = (ROOT / "docs/erp.md").read_text()
    told = {
        (
            code[:3].strip(),
            label,
            code[3:].strip(),
            {"debit": 1, "credit": -1, "receipt": 0}[sign],
            authorised == "always",
        )
        for label, sign, authorised, codes in re.findall(
            r"^\| (.+) \| (debit|credit|receipt) \| (.+) \| (.+) \|$", text, re.MULTILINE
        )
        for code in codes.split(", ")
    }
    assert told == {(code, kind.label, kind.letter, kind.sign, kind.authorised) for code, kind in VOUCHER_TYPES.items()}
    (currencies,) = re.findall(r"^Currencies .*$", text, re.MULTILINE)
    by_arca = dict(re.findall(r"`(\w{3})` ([A-Z]{3})", currencies))
    assert by_arca == {code: iso for code, iso in layouts.CURRENCIES.items() if code != iso}
    assert (
        by_arca.items() >= {"PES": "ARS", "DOL": "USD", "060": "EUR", "012": "BRL", "011": "UYU", "021": "GBP"}.items()
    )


@pytest.mark.parametrize(("code", "iso"), layouts.CURRENCIES.items())
def test_a_currency_goes_by_its_name_at_arca_or_at_iso(code: str, iso: str) -> None:
    assert checked("documents", of_type("019", currency=code)).facts["document_currency"] == iso
    assert checked("quotes", {**good("quotes"), "currency": code}).facts["currency"] == iso


PECULIAR = {"documents": [letter_c(), of_type("083")], "quotes": [{**good("quotes"), "net": "", "vat": ""}]}
"""Rows that the sample has none of."""


def test_a_voucher_of_letter_c_may_tell_its_total_alone() -> None:
    facts = checked("documents", letter_c()).facts
    assert [facts[name] for name in ("net", "vat_rate", "vat", "exempt", "perceptions")] == [None] * 5
    assert facts["billed"] == facts["total"] == facts["remaining"]
    # Or what it is made of: all of it net, or net and perceptions.
    total = letter_c()["total"]
    assert checked("documents", letter_c(net=total)).facts["net"] == facts["total"]
    for code, label in (("012", "Nota de Débito"), ("211", "Factura de Crédito Electrónica MiPyME")):
        key = code + letter_c()["doc_key"][3:]
        assert checked("documents", letter_c(type_code=code, type_label=label, doc_key=key)).facts["vat"] is None
    assert fault("documents", letter_c(net="1.00")) == ("total", "total_mismatch", total)


def test_a_debit_without_a_due_date_is_never_overdue() -> None:
    facts = checked("documents", {**good("documents", **INVOICE), "due_date": ""}).facts
    assert facts["due_date"] is None


# --- rounding ---------------------------------------------------------------------------------------------------------


@given(st.integers(0, 10**14), st.integers(0, 10_000))
def test_rounding_is_half_up(cents: int, rate: int) -> None:
    exact = Decimal(cents) * rate / 10_000
    assert checks.half_up(cents * rate, 10_000) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(st.integers(1, 10**12), st.integers(1, 10**9))
def test_billed_is_the_total_at_the_exchange_rate(total: int, millionths: int) -> None:
    row = {**good("documents", **INVOICE), "vat_rate": "0.00", "vat": "0.00", "exempt": "0.00", "perceptions": "0.00"}
    pesos = int((Decimal(total) * millionths / 1_000_000).quantize(Decimal(1), ROUND_HALF_UP))
    row["net"] = row["total"] = f"{total // 100}.{total % 100:02d}"
    row["exchange_rate"] = f"{millionths // 1_000_000}.{millionths % 1_000_000:06d}"
    row["billed_ars"] = row["remaining_ars"] = f"{pesos // 100}.{pesos % 100:02d}"
    row["status"] = "Pendiente" if pesos else "Pagado"
    assert checked("documents", row).facts["billed"] == pesos
    wrong = f"{(pesos + 1) // 100}.{(pesos + 1) % 100:02d}"
    assert fault("documents", {**row, "billed_ars": wrong})[1] == "billed_mismatch"
