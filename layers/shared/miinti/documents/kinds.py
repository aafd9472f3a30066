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
    """What an ARCA code says: name, letter, and the sign it has in the account (0: a receipt, which collects)."""

    label: str
    letter: str
    sign: int


def _types() -> dict[str, VoucherType]:
    invoice, debit, credit = "Factura", "Nota de Débito", "Nota de Crédito"
    receipt, sale = "Recibo", "Nota de Venta al Contado"
    mipyme = " Electrónica MiPyME"
    table = {"RX": VoucherType(receipt, "X", 0)}
    for letter, codes in {"A": (1, 2, 3, 4), "B": (6, 7, 8, 9), "C": (11, 12, 13, 15), "M": (51, 52, 53, 54)}.items():
        for code, label, sign in zip(codes, (invoice, debit, credit, receipt), (1, 1, -1, 0), strict=True):
            table[f"{code:03d}"] = VoucherType(label, letter, sign)
    for code, label, sign in ((19, invoice, 1), (20, debit, 1), (21, credit, -1)):
        table[f"{code:03d}"] = VoucherType(label, "E", sign)
    for letter, first in {"A": 201, "B": 206, "C": 211}.items():
        for code, label, sign in ((first, "Factura de Crédito", 1), (first + 1, debit, 1), (first + 2, credit, -1)):
            table[f"{code:03d}"] = VoucherType(label + mipyme, letter, sign)
    for letter, code in {"A": 5, "B": 10}.items():
        table[f"{code:03d}"] = VoucherType(sale, letter, 1)
    return table


VOUCHER_TYPES = MappingProxyType(_types())
"""ARCA code in three digits (or ``RX``) → what it is. Sources: ARCA's table of voucher types, domain.md §2."""
