"""Why the institute's files, or rows of them, were refused, for who reads Spanish: a sentence for each name in
``miinti.erp.faults``, which docs/erp.md lists; a test keeps the two complete."""

import re
from collections.abc import Mapping
from typing import Final

FAULTS: Final[Mapping[str, str]] = {
    # the line itself
    "row_malformed": "comillas sin cerrar, texto después de cerrarlas, o una línea de más de 64 KiB",
    "column_count": "tiene más o menos celdas que columnas el encabezado",
    "totals_line": "es la línea de totales, que no es un documento: no entra nada de ella",
    "control_character": "tiene signos que no se ven, de un archivo dañado",
    "value_missing": "falta un dato sin el que la fila no puede entrar",
    "value_unexpected": "dice algo donde no corresponde",
    "value_length": "es más largo de lo que se guarda",
    "duplicate_key": "una línea anterior del mismo archivo ya trae ese documento",
    "excel_number": "una planilla acortó el número (3,36935E+10)",
    # whose it is
    "code_format": "el número de cliente o proveedor no tiene de 1 a 10 dígitos",
    "cuit_format": "el CUIT tiene algo que no es un dígito",
    "cuit_length": "el CUIT no tiene once dígitos",
    "cuit_prefix": "ningún CUIT empieza así",
    "cuit_check_digit": "el último dígito del CUIT no corresponde a los demás",
    "account_unknown": "no se conoce ni el número ni el CUIT: primero companies.csv, después la fila otra vez",
    "account_mismatch": "el número y el CUIT no son de la misma cuenta",
    "account_ambiguous": "el CUIT tiene varias cuentas y la fila no dice cuál",
    "receiver_without_cuit": "quien recibe no tiene CUIT, así que no tiene cuenta",
    "number_run": "una sola fila para varios números, que no se pueden separar",
    "known_otherwise": "el comprobante ya está y dice otra cosa: vale lo que dijo el ERP",
    "account_changed": "el documento ya está, en otra cuenta",
    # companies
    "kind_unknown": "no es ni Cliente ni Proveedor",
    "iva_code_unknown": "no es una condición ante el IVA",
    "cbu_format": "el CBU tiene algo que no es un dígito",
    "cbu_length": "el CBU no tiene 22 dígitos",
    "cbu_check_digit": "un dígito verificador del CBU no corresponde",
    # dates
    "date_invalid": "ese día no existe, o no está escrito AAAA-MM-DD",
    "date_in_future": "es después de hoy en Buenos Aires",
    "date_changed": "el documento ya está, con otra fecha",
    "due_before_issue": "vence antes de su fecha",
    "valid_before_issue": "el presupuesto termina antes de su fecha",
    "decided_before_issue": "el presupuesto se decidió antes de su fecha",
    "voided_before_issue": "el certificado se anuló antes de su fecha",
    # amounts
    "amount_format": "no es un importe de hasta quince dígitos, punto y dos decimales",
    "amount_negative": "es negativo un importe que no lleva signo",
    "amount_zero": "no se aplicó nada",
    "rate_format": "no es un número con dos decimales (un tipo de cambio, de uno a seis)",
    "rate_range": "es un porcentaje de más de 100, o un tipo de cambio de cero",
    "integer_format": "no es un número entero",
    "total_mismatch": "neto, IVA, exento y percepciones no suman el total",
    "vat_mismatch": "el IVA no es el neto por la alícuota",
    "billed_mismatch": "lo facturado no es el total en pesos al tipo de cambio",
    "collected_mismatch": "lo cobrado no es el total en pesos ni, de un recibo anulado, 0.00",
    "remaining_range": "lo que falta es más que el documento, o del otro signo",
    "debit_sign": "una factura o nota de débito no puede bajar el saldo",
    "credit_note_sign": "una nota de crédito tiene que bajar el saldo",
    "receipt_sign": "un recibo se cobra con un importe positivo",
    "withholding_mismatch": "lo retenido no es la base por la alícuota",
    "currency_unknown": "no es un código de moneda de ARCA ni de ISO 4217",
    # what a document is
    "type_unknown": "ARCA no tiene ese código",
    "type_label_mismatch": "el nombre no es el de ese código",
    "letter_type_mismatch": "la letra no es la de ese código",
    "point_of_sale_range": "el punto de venta no está entre 1 y 99999",
    "number_range": "el número no está entre 1 y 99999999",
    "number_display_mismatch": "no es el punto de venta seguido del número de ocho dígitos",
    "key_mismatch": "la clave no es tipo, punto de venta y número",
    "key_format": "no es la clave de un documento",
    "number_format": "el número no tiene de 1 a 40 letras, dígitos, puntos o guiones",
    "status_unknown": "no es un estado",
    "status_mismatch": "el estado no corresponde a lo que falta",
    "auth_kind_unknown": "no es CAE, CAEA ni CAI",
    "auth_code_format": "el código de autorización tiene algo que no es un dígito",
    "auth_code_length": "el código de autorización no tiene catorce dígitos",
    "tax_unknown": "no es IVA, GANANCIAS, SUSS ni IIBB",
    "system_unknown": "no es SIRE, SICORE ni ARBA/AGIP",
    "form_unknown": "no es F.2003, F.2004 ni F.2005",
    "stage_unknown": "no es una etapa de una orden de trabajo",
    "progress_range": "el avance no está entre 0 y 100",
    "quantity_range": "la cantidad no está entre 1 y 999999",
    "file_name_format": "el nombre del PDF no es de hasta 120 letras, dígitos, puntos y guiones que termina en .pdf",
    "duplicate_file": "otro documento nombra ese PDF",
    # applications
    "document_unknown": "ese documento no está: primero documents.csv, después la fila otra vez",
    "credit_type_mismatch": "lo que paga no es un recibo ni una nota de crédito",
    "debit_type_mismatch": "lo que se paga no es una factura ni una nota de débito",
    "accounts_differ": "los dos documentos son de cuentas distintas",
    # what a row goes in without
    "email_format": "no es una dirección a la que se pueda escribir: la empresa entró sin ella",
    "file_taken": "el PDF que se llama como este número es de otro documento: este entró sin PDF",
    # whole files
    "file_empty": "no tiene nada",
    "file_too_large": "es más grande de lo que se toma: hay que dejarlo en partes",
    "not_csv": "no es texto, ni una planilla (XLSX) o un ZIP con un solo .csv que se puedan leer",
    "encoding_unknown": "no es UTF-8, ni es seguro que sea Windows-1252",
    "header_unknown": "la primera línea no es el encabezado de ninguno de los formatos",
    "columns_missing": "al encabezado le faltan columnas",
    "columns_duplicated": "el encabezado tiene una columna dos veces",
    # PDFs
    "not_pdf": "no empieza con %PDF-",
    "pdf_unreadable": "está dañado, cortado o es demasiado enredado para revisarlo",
    "pdf_encrypted": "está cifrado: no se puede revisar",
    "pdf_trailing_data": "algo más sigue al final del PDF, o esconde otro archivo",
    "pdf_javascript": "tiene JavaScript o un formulario con programas",
    "pdf_launch": "abre un programa",
    "pdf_embedded_file": "lleva otro archivo adentro",
    "pdf_active_media": "tiene película, sonido o un modelo en tres dimensiones",
}

_PHRASES: Final = (
    (r"^looked for (?=\w)", "se buscó "),
    (r"\bmapping (?=\S)", "mapeo "),
    (r" lacks (?=\S)", ", le falta: "),
    (r" has no (?=\S)", ", le falta: "),
    (r"; left aside: ", "; no se usó: "),
)


def said(code: str) -> str:
    """A fault by its name, which the ERP's people know it by, and in words."""
    return f"{code}: {FAULTS[code]}" if code in FAULTS else code


def detail(text: str) -> str:
    """What a report adds of a header; names of layouts and columns stay what they are."""
    for english, ours in _PHRASES:
        text = re.sub(english, ours, text)
    return text
