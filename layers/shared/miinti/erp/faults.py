"""Why a row, a file or a PDF is refused: the names in the reports, which programs rely on.

They go on in the manner of ``expected_reason`` in the sample's bad_rows.csv. docs/erp.md lists the same names with the
same words; a test keeps the two equal.
"""

from types import MappingProxyType
from typing import Final

ROWS: Final = MappingProxyType(
    {
        # the line itself
        "row_malformed": "quotes that do not close, text after a closing quote, or a line of more than 64 KiB",
        "column_count": "more or fewer cells than the header has columns",
        "totals_line": "the line of totals under ARCA's or another ERP's rows, which is none: nothing of it goes in",
        "control_character": "a control character, a direction mark or U+FFF9 to U+FFFF, which a damaged file holds",
        "value_missing": "an empty cell that the row cannot do without",
        "value_unexpected": "a filled cell that does not apply to such a row",
        "value_length": "longer than the portal keeps",
        "duplicate_key": "a key that an earlier line of the same file has",
        "excel_number": "a number that a spreadsheet has cut short (3,36935E+10)",
        # whose it is
        "code_format": "a client or supplier number that is not 1 to 10 digits",
        "cuit_format": "a CUIT with something that is no digit",
        "cuit_length": "a CUIT of more or fewer than eleven digits",
        "cuit_prefix": "a CUIT that begins as none does",
        "cuit_check_digit": "the last digit of the CUIT does not match the first ten",
        "account_unknown": "neither the number nor the CUIT is known: drop companies.csv first, then the row again",
        "account_mismatch": "number and CUIT are not of one account",
        "account_ambiguous": "the CUIT has several accounts, and the row does not say which",
        "receiver_without_cuit": "a receiver known by another document than a CUIT, who has no account",
        "number_run": "one row for several numbers, which cannot be told apart",
        "known_otherwise": "the voucher is known, and says something else: the ERP's word stands",
        "account_changed": "the document is known, under another account",
        # companies
        "kind_unknown": "neither Cliente nor Proveedor",
        "iva_code_unknown": "no such condition before the IVA",
        "cbu_format": "a CBU with something that is no digit",
        "cbu_length": "a CBU of more or fewer than 22 digits",
        "cbu_check_digit": "a check digit of the CBU is wrong",
        # dates
        "date_invalid": "no such day, or not written YYYY-MM-DD",
        "date_in_future": "after today in Buenos Aires",
        "date_changed": "the document is known, with another date",
        "due_before_issue": "falls due before it was issued",
        "valid_before_issue": "a quote that ends before it was made",
        "decided_before_issue": "a quote that was decided before it was made",
        "voided_before_issue": "a certificate that was voided before it was issued",
        # amounts
        "amount_format": "not at most fifteen digits, a decimal point and two decimals",
        "amount_negative": "an amount that has no sign of its own is negative",
        "amount_zero": "nothing was applied",
        "rate_format": "not a number with two decimals (an exchange rate: one to six)",
        "rate_range": "a percentage over 100, or an exchange rate of nothing",
        "integer_format": "not a whole number",
        "total_mismatch": "net + vat + exempt + perceptions is not the total",
        "vat_mismatch": "vat is not net times rate, rounded half up",
        "billed_mismatch": "billed is not the total in pesos at the exchange rate, rounded half up",
        "collected_mismatch": "collected is neither the total in pesos nor, of a voided receipt, 0.00",
        "remaining_range": "what remains is more than the document, or of the other sign",
        "debit_sign": "an invoice or debit note must not lower the balance",
        "credit_note_sign": "a credit note must lower the balance",
        "receipt_sign": "a receipt is collected with a positive amount",
        "withholding_mismatch": "amount is not base times rate, rounded half up",
        "currency_unknown": "neither a code of ARCA's table of currencies nor of ISO 4217",
        # what a document is
        "type_unknown": "no such ARCA code",
        "type_label_mismatch": "the label is not the code's",
        "letter_type_mismatch": "the letter is not the code's",
        "point_of_sale_range": "not from 1 to 99999",
        "number_range": "not from 1 to 99999999",
        "number_display_mismatch": "not the point of sale followed by the eight-digit number",
        "key_mismatch": "the key is not type, point of sale and number",
        "key_format": "not the key of a document",
        "number_format": "a number of certificate, quote or order that is not 1 to 40 letters, digits, points, hyphens",
        "status_unknown": "no such status",
        "status_mismatch": "the status does not go with what remains",
        "auth_kind_unknown": "none of CAE, CAEA and CAI",
        "auth_code_format": "an authorisation code with something that is no digit",
        "auth_code_length": "an authorisation code of more or fewer than fourteen digits",
        "tax_unknown": "none of IVA, GANANCIAS, SUSS and IIBB",
        "system_unknown": "none of SIRE, SICORE and ARBA/AGIP",
        "form_unknown": "none of F.2003, F.2004 and F.2005",
        "stage_unknown": "no such stage of a work order",
        "progress_range": "not from 0 to 100",
        "quantity_range": "not from 1 to 999999",
        "file_name_format": "not a plain file name that ends in .pdf, of at most 120 letters, digits, points, - and _",
        "duplicate_file": "another document names this file",
        # applications
        "document_unknown": "no such document: drop documents.csv first, then the row again",
        "credit_type_mismatch": "what pays is neither a receipt nor a credit note",
        "debit_type_mismatch": "what is paid is neither an invoice nor a debit note",
        "accounts_differ": "the two documents are of different accounts",
    }
)
WARNINGS: Final = MappingProxyType(
    {
        "email_format": "not one deliverable address: the company goes in without",
        "file_taken": "another document has the PDF that is named like this one's number: it goes in without",
    }
)
"""Why a cell, or a PDF, is left out of a row that goes in."""
FILES: Final = MappingProxyType(
    {
        "file_empty": "nothing in it",
        "file_too_large": "more than 300 MB, or a workbook or ZIP with more in it than is allowed: drop it in pieces",
        "not_csv": "neither text nor a workbook (XLSX) or ZIP of one .csv that can be read: UTF-16, damaged, encrypted",
        "encoding_unknown": "not UTF-8, and not certainly Windows-1252",
        "header_unknown": "the first line (of a workbook, the fullest of the first six) is not the header of a layout",
        "columns_missing": "the header lacks columns of its layout",
        "columns_duplicated": "the header has a column twice",
    }
)
PDFS: Final = MappingProxyType(
    {
        "file_empty": "nothing in it",
        "file_too_large": "more than 20 MB",
        "file_name_format": "not a plain file name that ends in .pdf",
        "not_pdf": "does not begin with %PDF-",
        "pdf_unreadable": "damaged, cut short, or too intricate to be looked through",
        "pdf_encrypted": "encrypted: it cannot be looked through",
        "pdf_trailing_data": "something else follows the PDF's end, or an archive is hidden in it",
        "pdf_javascript": "holds JavaScript or a form of scripts",
        "pdf_launch": "starts a program",
        "pdf_embedded_file": "holds another file",
        "pdf_active_media": "holds film, sound or a model in three dimensions",
    }
)


class Fault(Exception):
    """Why one row is refused: the column, the reason (one of ``ROWS``), and the value that stood there. One of
    ``WARNINGS`` is not raised: it is a cell that a row goes in without."""

    def __init__(self, field: str, reason: str, value: str = "") -> None:
        super().__init__(field, reason, value)
        self.field = field
        self.reason = reason
        self.value = value


class FileRefused(Exception):
    """A file that is refused whole: ``reason`` (one of ``FILES`` or ``PDFS``), and in ``detail`` what the one who mends
    it needs to know."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
