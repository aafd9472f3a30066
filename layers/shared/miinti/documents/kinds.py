"""The four kinds of document, the ARCA voucher types, and their states with the words people read."""

from types import MappingProxyType
from typing import NamedTuple


class Kind(NamedTuple):
    """``letter`` begins its ids; ``role`` is who has it; ``sorts`` maps an order to its index ("" is the table)."""

    name: str
    letter: str
    role: str
    sorts: MappingProxyType[str, str]
    states: MappingProxyType[str, str]


VOUCHER_STATES = MappingProxyType(
    {
        "paid": "Pagado",
        "partial": "Parcial",
        "due": "Pendiente",
        "overdue": "Vencido",
        "void": "Anulado",
        "applied": "Aplicado",
        "on_account": "A cuenta",
    }
)
STAGES = MappingProxyType(
    {
        "awaiting_sample": "En espera de muestra",
        "sample_received": "Muestra recibida",
        "in_progress": "En ejecución",
        "in_review": "En revisión",
        "report_issued": "Informe emitido",
        "invoiced": "Facturada",
        "suspended": "Suspendida",
        "void": "Anulada",
    }
)
"""In the order of the work, which is the order they sort in."""

KINDS = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            Kind(
                "voucher",
                "v",
                "client",
                MappingProxyType(
                    {
                        "number": "",
                        "date": "by_s1",
                        "type": "by_s2",
                        "billed": "by_s3",
                        "collected": "by_s4",
                        "status": "by_s5",
                    }
                ),
                VOUCHER_STATES,
            ),
            Kind(
                "withholding",
                "w",
                "supplier",
                MappingProxyType({"number": "", "date": "by_s1", "tax": "by_s2", "amount": "by_s3"}),
                MappingProxyType({"issued": "Emitido", "void": "Anulado"}),
            ),
            Kind(
                "quote",
                "q",
                "client",
                MappingProxyType({"number": "", "date": "by_s1", "total": "by_s3"}),
                MappingProxyType(
                    {"sent": "Enviado", "accepted": "Aceptado", "rejected": "Rechazado", "expired": "Vencido"}
                ),
            ),
            Kind(
                "work_order",
                "o",
                "client",
                MappingProxyType({"number": "", "date": "by_s1", "stage": "by_s5"}),
                STAGES,
            ),
        )
    }
)
BY_LETTER = MappingProxyType({kind.letter: kind for kind in KINDS.values()})
DEFAULT_KIND = MappingProxyType({"client": "voucher", "supplier": "withholding"})


class VoucherType(NamedTuple):
    """What an ARCA code says: name, letter ("" where it has none), and the sign it has in the account (0: a receipt,
    which collects). ``authorised``: ARCA gives each of them a CAE, CAEA or CAI; others come from a till, which has its
    own register, or need none."""

    label: str
    letter: str
    sign: int
    authorised: bool = False


_AUTHORISED = """
Factura                                        + 001A 006B 011C 051M 019E
Nota de Débito                                 + 002A 007B 012C 052M 020E
Nota de Crédito                                - 003A 008B 013C 053M 021E
Recibo                                         0 004A 009B 015C 054M
Nota de Venta al Contado                       + 005A 010B 016C 055M
Factura de Crédito Electrónica MiPyME          + 201A 206B 211C
Nota de Débito Electrónica MiPyME              + 202A 207B 212C
Nota de Crédito Electrónica MiPyME             - 203A 208B 213C
"""
_OTHERS = """
Tique Factura                                  + 081A 082B 111C 118M
Tique                                          + 083
Tique Nota de Débito                           + 115A 116B 117C 120M
Tique Nota de Crédito                          - 110 112A 113B 114C 119M
Liquidación de Servicios Públicos              + 017A 018B
Factura Permiso de Exportación Simplificado    + 022E
Comprobante de Compra Primaria Pesquera        + 023A 025B
Comprobante de Consignación Primaria Pesquera  + 024A 026B
Liquidación Única Comercial Impositiva         + 027A 028B 029C
Nota de Débito Liquidación Única               + 045A 046B 047C
Nota de Crédito Liquidación Única              - 048A 043B 044C
Comprobante de Compra de Bienes Usados         + 030
Compra de Bienes Usados a Consumidor Final     + 049
Mandato Consignación                           + 031
Comprobante para Reciclar Materiales           + 032
Liquidación Primaria de Granos                 + 033
Liquidación Secundaria de Granos               + 331
Comprobante del Apartado A Inciso F RG 1415    + 034A 035B 036C 056M
Nota de Débito o Equivalente RG 1415           + 037
Nota de Crédito o Equivalente RG 1415          - 038
Otro Comprobante RG 1415                       + 039A 040B 041C 057M
Recibo Factura de Crédito                      0 050A 070
Cuenta de Venta y Líquido Producto             + 060A 061B 058M
Liquidación                                    + 063A 064B 068C 059M
Nota de Crédito de Documentos Exceptuados      - 090
Otro Comprobante Exceptuado RG 1415            + 099
Remito Electrónico                             + 088
Remito                                         + 091R
Remito Electrónico Cárnico                     + 995R
Recibo                                         0 RXX
"""


def _types() -> dict[str, VoucherType]:
    table: dict[str, VoucherType] = {}
    for authorised, lines in ((True, _AUTHORISED), (False, _OTHERS)):
        for line in lines.strip().splitlines():
            label, sign, codes = line[:47].strip(), {"+": 1, "-": -1, "0": 0}[line[47]], line[48:].split()
            for code in codes:
                head = 2 if code == "RXX" else 3
                table[code[:head]] = VoucherType(label, code[head:], sign, authorised)
    return dict(sorted(table.items()))


VOUCHER_TYPES = MappingProxyType(_types())
"""ARCA code in three digits (or ``RX``) → what it is.

Codes and letters are those of ARCA's "Tabla de comprobantes" (RG 1415, RG 3685 and RG 4367 refer to it; as Odoo's
l10n_ar has it); the labels are short for its names. A credit is what is a "Nota de Crédito" by name, a
receipt what is a "Recibo", all else a debit. What is no voucher between two parties is left out: customs (014, 066),
the till's closing (080), summaries (089), certifications of grain (332).
"""
