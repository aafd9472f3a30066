"""Documents as tests find them: the sample data in the table as the ERP's deliveries leave it, and the same documents
by a plain computation over the files, which knows nothing of keys or indexes."""

import time
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable
from decimal import Decimal
from functools import cache
from typing import Any

from moto.backends import get_backend
from moto.dynamodb.models.dynamo_type import DynamoType

from miinti import aws
from miinti.accounts import sessions, tokens
from miinti.companies import access
from miinti.documents import rows
from miinti.documents.kinds import KINDS
from tests import erp
from tests.cloud import Cloud
from tests.template import sam

AS_OF = "2026-06-30T15:00:00Z"
"""The instant at which the states of the files are true: the working day of 2026-06-30 in Buenos Aires."""

VOUCHER_SORTS = [sign + name for name in KINDS["voucher"].sorts for sign in ("", "-")]
CURRENCIES = {"PES": "ARS", "DOL": "USD"}
VOUCHER_STATES = {
    "Pagado": "paid",
    "Parcial": "partial",
    "Pendiente": "due",
    "Vencido": "overdue",
    "Anulado": "void",
    "Aplicado": "applied",
    "A cuenta": "on_account",
}
WITHHOLDING_STATES = {"Emitido": "issued", "Anulado": "void"}
QUOTE_STATES = {"Enviado": "sent", "Aceptado": "accepted", "Rechazado": "rejected", "Vencido": "expired"}
STAGES = {
    "En espera de muestra": "awaiting_sample",
    "Muestra recibida": "sample_received",
    "En ejecución": "in_progress",
    "En revisión": "in_review",
    "Informe emitido": "report_issued",
    "Facturada": "invoiced",
    "Suspendida": "suspended",
    "Anulada": "void",
}


def table(name: str) -> list[dict[str, str]]:
    """A file of the sample data, its empty cells as they are."""
    return erp.as_it_is(erp.SAMPLE / f"{name}.csv")


def cents(text: str) -> int | None:
    return int(text.replace(".", "")) if text else None


def voucher_id(doc_key: str) -> str | None:
    if not doc_key:
        return None
    code, point_of_sale, number = doc_key.split("-")
    return f"v-{point_of_sale}-{number}-{code}"


# --- facts, as the ERP's deliveries write them ------------------------------------------------------------------------


def _voucher(line: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
    doc_id = rows.voucher_id(line["type_code"], int(line["point_of_sale"]), int(line["number"]))
    return (
        access.company_id("client", line["company_code"]),
        doc_id,
        {
            "date": line["issue_date"],
            "due_date": line["due_date"] or None,
            "billed": cents(line["billed_ars"]),
            "collected": cents(line["collected_ars"]),
            "remaining": cents(line["remaining_ars"]),
            "void": line["status"] == "Anulado",
            **{name: cents(line[name]) for name in ("net", "vat", "exempt", "perceptions", "total")},
            "vat_rate": line["vat_rate"] or None,
            "document_currency": CURRENCIES[line["currency"]],
            "exchange_rate": line["exchange_rate"],
            "auth_kind": line["auth_kind"] or None,
            "auth_code": line["auth_code"] or None,
            "auth_due": line["auth_due"] or None,
            "related": voucher_id(line["related_key"]),
        },
    )


def _withholding(line: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
    texts = ("system", "form", "security_code", "tax_code", "source_type_code", "source_date", "voided_date")
    return (
        access.company_id("supplier", line["supplier_code"]),
        rows.withholding_id(line["tax"], line["certificate_number"]),
        {
            "date": line["withholding_date"],
            "regime": line["regime_code"],
            "jurisdiction": line["jurisdiction"] or None,
            "base": cents(line["base_ars"]),
            "rate": line["rate_pct"],
            "amount": cents(line["amount_ars"]),
            "payment_order": line["payment_order"] or None,
            "source_number": line["source_number"] or None,
            "source_total": cents(line["source_total"]),
            "status": WITHHOLDING_STATES[line["status"]],
            **{name: line[name] or None for name in texts},
        },
    )


def _quote(line: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
    return (
        access.company_id("client", line["client_code"]),
        rows.quote_id(line["quote_number"]),
        {
            "date": line["issue_date"],
            "valid_until": line["valid_until"],
            "service": line["service_label"],
            "centre": line["centre"],
            "total": cents(line["total"]),
            "currency": CURRENCIES[line["currency"]],
            "status": QUOTE_STATES[line["status"]],
            "work_order": line["work_order"] or None,
            "service_code": line["service_code"],
            "quantity": int(line["quantity"]),
            "net": cents(line["net"]),
            "vat": cents(line["vat"]),
            "decided_date": line["decided_date"] or None,
        },
    )


def _work_order(line: dict[str, str]) -> tuple[str, str, dict[str, Any]]:
    return (
        access.company_id("client", line["client_code"]),
        rows.work_order_id(line["work_order"]),
        {
            "date": line["opened_date"],
            "service": line["service_label"],
            "centre": line["centre"],
            "stage": STAGES[line["stage"]],
            "progress": int(line["progress_pct"]),
            "promised_date": line["promised_date"] or None,
            "report_number": line["report_number"] or None,
            "report_date": line["report_date"] or None,
            "quote_number": line["quote_number"],
            "service_code": line["service_code"],
            "sample_id": line["sample_id"] or None,
            "sample_description": line["sample_description"],
            "samples": int(line["samples"]),
            "received_date": line["received_date"] or None,
            "invoice": voucher_id(line["invoice_key"]),
        },
    )


READERS = {
    "voucher": ("documents", _voucher),
    "withholding": ("withholdings", _withholding),
    "quote": ("quotes", _quote),
    "work_order": ("work_orders", _work_order),
}


def has_file(doc_id: str) -> bool:
    """Which documents of the sample have their PDF in these tests: every other one, more or less."""
    return sum(map(ord, doc_id)) % 2 == 0


def row_of(company_id: str, doc_id: str, facts: dict[str, Any]) -> dict[str, Any]:
    """A document's whole row, with its PDF when ``has_file`` says so."""
    row = rows.row(company_id, doc_id, facts)
    if has_file(doc_id):
        row |= {"f": True, "file_key": f"documents/{doc_id}-0a1b2c.pdf", "file_size": 1234}
    return row


def fill(some: Iterable[dict[str, Any]]) -> None:
    """Rows straight into moto's table, which is many times faster than asking it."""
    companies = companies_table()
    for row in some:
        companies.put_item(aws.pack(row))


def companies_table() -> Any:
    """moto's own table of companies and documents."""
    return get_backend("dynamodb")[sam.ACCOUNT][sam.REGION].tables["CompaniesTable"]


def seed(*company_ids: str) -> None:
    """These companies of the sample data with their documents."""
    documents = [reader(line) for name, reader in READERS.values() for line in table(name)]
    counters = Counter((company_id, rows.kind_of(doc_id)) for company_id, doc_id, _ in documents)
    fill(row_of(*document) for document in documents if document[0] in company_ids)
    fill(row for line in table("companies") if (row := _company_row(line, counters))["id"] in company_ids)


def forget(company_id: str) -> None:
    """Take a company and its documents out again: moto's queries take longer the more there is."""
    companies_table().items.pop(DynamoType({"S": f"COMPANY#{company_id}"}), None)


def unlink_all(account_id: str) -> None:
    """Take a person's links out again."""
    companies_table().items.pop(DynamoType({"S": f"ACCOUNT#{account_id}"}), None)


def _company_row(line: dict[str, str], counters: Counter[tuple[str, str]]) -> dict[str, Any]:
    role = {"Cliente": "client", "Proveedor": "supplier"}[line["kind"]]
    company_id = access.company_id(role, line["code"])
    counted = {f"n_{kind}": counters[company_id, kind] for kind in READERS if counters[company_id, kind]}
    return company_row(
        company_id, line["cuit"], name=line["name"], balance=cents(line["balance_ars"]), as_of=1782874799, **counted
    )


def company_row(company_id: str, cuit: str = "33693450239", **more: Any) -> dict[str, Any]:
    """An account of the institute as the ERP's deliveries leave it."""
    pk, sk = access.company_key(company_id)
    named = {"name": "ADM. FEDERAL DE ING. PUBLICOS", "address": "Hipólito Yrigoyen 370, CABA"}
    number = company_id[2:]
    return {
        "pk": pk, "sk": sk, "id": company_id, "role": access.role_of(company_id), "number": number, "cuit": cuit,
        **named, **more,
    }  # fmt: skip


def applied_rows(lines: Iterable[dict[str, str]]) -> Iterable[dict[str, Any]]:
    """Both sides of each application."""
    for n, line in enumerate(lines):
        credit, debit = voucher_id(line["credit_key"]), voucher_id(line["debit_key"])
        for one, other in ((credit, debit), (debit, credit)):
            yield {
                "pk": f"APPLIED#{one}",
                "sk": f"{other}#{line['applied_date']}#{n}",
                "other": other,
                "date": line["applied_date"],
                "amount": cents(line["amount_ars"]),
            }


# --- many, made up ----------------------------------------------------------------------------------------------------


def made_facts(n: int) -> dict[str, Any]:
    """The n-th of many vouchers: ties in every order, absent amounts, every state."""
    credit = n % 4 == 3
    return {
        "date": f"20{15 + n % 7}-{1 + n % 11:02d}-{1 + n % 28:02d}",
        "due_date": None if credit else f"20{16 + n % 12}-{1 + n % 11:02d}-15",
        "billed": None if credit else (n * 7919) % 1009 * 100,
        "collected": (n * 31) % 101 * 100 if credit else None,
        "remaining": -(n % 3) if credit else (n % 5) * 10,
        "void": n % 17 == 0,
    }


def made_voucher(company_id: str, n: int) -> dict[str, Any]:
    """The whole row of it."""
    doc_id = rows.voucher_id("RX" if n % 4 == 3 else "006" if n % 3 else "001", 1 + n % 5, n + 1)
    return rows.row(company_id, doc_id, made_facts(n))


class Reads:
    """Counts what each Query reads, by DynamoDB's own word for it."""

    def __init__(self, cloud: Cloud) -> None:
        self.scanned: list[int] = []
        cloud.faults["dynamodb:Query"] = self._noted

    def _noted(self, go: Any) -> Any:
        answer = go()
        self.scanned.append(answer["ScannedCount"])
        return answer

    def taken(self) -> list[int]:
        taken, self.scanned = self.scanned, []
        return taken


# --- people -----------------------------------------------------------------------------------------------------------


def person(cloud: Cloud, account_id: str, *companies: str) -> str:
    """Somebody who is logged in and linked to these companies; answers the access token."""
    now = int(time.time())
    pk, sk = sessions.key(account_id, "s1")
    session = {"pk": pk, "sk": sk, "expires_at": now + 30 * 86400, "last_used_at": now, "remember": True}
    aws.write(aws.put("IdentityTable", session))
    fill(link_row(account_id, company_id) for company_id in companies)
    with cloud.as_function("list_docs"):
        return tokens.mint(account_id, "s1")


def link_row(account_id: str, company_id: str, state: str = "active") -> dict[str, Any]:
    pk, sk = access.link_key(account_id, company_id)
    return {"pk": pk, "sk": sk, "company": company_id, "state": state, "grant": "g1", "linked_at": 1782000000}


# --- the same documents by a plain computation over the files ---------------------------------------------------------


def expected(kind: str, company_id: str) -> list[dict[str, Any]]:
    """A company's items as the contract shows them, in the files' order."""
    return [{**SHOWN[kind](line), "kind": kind} for line in lines_of(kind, company_id)]


def lines_of(kind: str, company_id: str) -> list[dict[str, str]]:
    """A company's lines in the file of a kind."""
    name, _ = READERS[kind]
    column = {"voucher": "company_code", "withholding": "supplier_code"}.get(kind, "client_code")
    return [line for line in table(name) if line[column] == company_id[2:]]


def _expected_voucher(line: dict[str, str]) -> dict[str, Any]:
    doc_id = voucher_id(line["doc_key"])
    assert doc_id
    return {
        "id": doc_id,
        "date": line["issue_date"],
        "due_date": line["due_date"] or None,
        "number": line["number_display"],
        "type": line["type_code"],
        "type_label": line["type_label"],
        "letter": line["letter"],
        "billed": line["billed_ars"] or None,
        "collected": line["collected_ars"] or None,
        "remaining": line["remaining_ars"],
        "currency": "ARS",
        "status": VOUCHER_STATES[line["status"]],
        "status_label": line["status"],
        "has_file": has_file(doc_id),
    }


def _expected_withholding(line: dict[str, str]) -> dict[str, Any]:
    doc_id = f"w-{line['tax']}-{line['certificate_number']}"
    return {
        "id": doc_id,
        "date": line["withholding_date"],
        "number": line["certificate_number"],
        "tax": line["tax"],
        "regime": line["regime_code"],
        "jurisdiction": line["jurisdiction"] or None,
        "base": line["base_ars"],
        "rate": line["rate_pct"],
        "amount": line["amount_ars"],
        "currency": "ARS",
        "payment_order": line["payment_order"],
        "source_number": line["source_number"],
        "status": WITHHOLDING_STATES[line["status"]],
        "status_label": line["status"],
        "has_file": has_file(doc_id),
    }


def _expected_quote(line: dict[str, str]) -> dict[str, Any]:
    return {
        "id": f"q-{line['quote_number']}",
        "date": line["issue_date"],
        "number": line["quote_number"],
        "valid_until": line["valid_until"],
        "service": line["service_label"],
        "centre": line["centre"],
        "total": line["total"],
        "currency": "ARS",
        "status": QUOTE_STATES[line["status"]],
        "status_label": line["status"],
        "work_order": line["work_order"] or None,
        "has_file": has_file(f"q-{line['quote_number']}"),
    }


def _expected_work_order(line: dict[str, str]) -> dict[str, Any]:
    return {
        "id": f"o-{line['work_order']}",
        "date": line["opened_date"],
        "number": line["work_order"],
        "service": line["service_label"],
        "centre": line["centre"],
        "stage": STAGES[line["stage"]],
        "stage_label": line["stage"],
        "progress": int(line["progress_pct"]),
        "promised_date": line["promised_date"] or None,
        "report_number": line["report_number"] or None,
        "report_date": line["report_date"] or None,
        "quote_number": line["quote_number"],
        "has_file": has_file(f"o-{line['work_order']}"),
    }


SHOWN = {
    "voucher": _expected_voucher,
    "withholding": _expected_withholding,
    "quote": _expected_quote,
    "work_order": _expected_work_order,
}


TEXTS = {
    "voucher": ("vat_rate", "exchange_rate", "auth_kind", "auth_code", "auth_due", "net", "vat", "exempt",
                "perceptions", "total"),
    "withholding": ("system", "form", "security_code", "tax_code", "source_type_code", "source_date",
                    "source_total", "voided_date"),
    "quote": ("service_code", "net", "vat", "decided_date"),
    "work_order": ("service_code", "sample_id", "sample_description", "received_date"),
}  # fmt: skip
"""Cells that come out as they stand in the file."""


def expected_details(kind: str, company_id: str) -> list[dict[str, Any]]:
    """All that is known of a company's documents as the contract shows it, in the files' order."""
    pairs = zip(expected(kind, company_id), lines_of(kind, company_id), strict=True)
    return [{**item, **_more(kind, line), "applications": _applications().get(item["id"], [])} for item, line in pairs]


def _more(kind: str, line: dict[str, str]) -> dict[str, Any]:
    """What a detail has beside the item of a list, but for applications."""
    told: dict[str, Any] = {name: line[name] or None for name in TEXTS[kind]}
    if kind == "voucher":
        told |= {
            "point_of_sale": int(line["point_of_sale"]),
            "document_currency": CURRENCIES[line["currency"]],
            "related": voucher_id(line["related_key"]),
        }
    elif kind == "quote":
        told["quantity"] = int(line["quantity"])
    elif kind == "work_order":
        told |= {"samples": int(line["samples"]), "invoice": voucher_id(line["invoice_key"])}
    return told


@cache
def _applications() -> dict[str | None, list[dict[str, Any]]]:
    """Each document's applications by the file alone, oldest first."""
    of_key = {line["doc_key"]: line for line in table("documents")}
    found: dict[str | None, list[dict[str, Any]]] = defaultdict(list)
    for line in table("applications"):
        pair = (line["credit_key"], line["debit_key"])
        for one, other in (pair, pair[::-1]):
            found[voucher_id(one)].append(
                {
                    "doc_id": voucher_id(other),
                    "number": of_key[other]["number_display"],
                    "type": of_key[other]["type_code"],
                    "type_label": of_key[other]["type_label"],
                    "date": line["applied_date"],
                    "amount": line["amount_ars"],
                    "currency": "ARS",
                }
            )
    return {doc_id: sorted(some, key=lambda one: (one["date"], one["doc_id"])) for doc_id, some in found.items()}


VOUCHER_GROUPS = (("overdue",), ("due", "partial"), ("on_account",), ("applied",), ("paid",), ("void",))


def _number(item: dict[str, Any]) -> tuple[Any, ...]:
    """What items are told apart by in every order: their number as a number, then type or tax."""
    if item["kind"] == "voucher":
        return int(item["number"]), item["type"]
    digits = int("".join(c for c in item["number"] if c.isdigit()))
    return digits, item.get("tax", "")


def _column(item: dict[str, Any], sort: str) -> Any:
    """What an item is sorted by; None for an absent value."""
    if sort == "number":
        return _number(item)
    if sort in ("billed", "collected", "amount", "total"):
        return None if item[sort] is None else Decimal(item[sort])
    if sort == "stage":
        return list(STAGES.values()).index(item["stage"])
    if sort == "status":
        group = next(n for n, states in enumerate(VOUCHER_GROUPS) if item["status"] in states)
        return group, item["due_date"] or "" if group < 2 else ""
    return item[sort]


def in_order(items: list[dict[str, Any]], sort: str) -> list[dict[str, Any]]:
    """Items sorted as ``sort`` says: ties by number; descending is the reverse, but absent values come last."""
    column, descending = sort.removeprefix("-"), sort.startswith("-")
    present = [item for item in items if _column(item, column) is not None]
    absent = [item for item in items if _column(item, column) is None]
    present.sort(key=lambda item: (_column(item, column), _number(item)), reverse=descending)
    return present + sorted(absent, key=_number, reverse=descending)


def _plain(text: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn").lower()


def _amounts(item: dict[str, Any]) -> Iterable[str]:
    """The amounts searched for, as people in Argentina write them."""
    for name in ("billed", "collected", "remaining", "base", "amount", "total"):
        if item.get(name) is not None:
            sign = "-" if item[name].startswith("-") else ""
            text = f"{Decimal(item[name].lstrip('-')):,.2f}".translate(str.maketrans(",.", ".,"))
            yield from (f"{sign}{text}", f"{sign}$ {text}", f"{sign}${text}")


def found(item: dict[str, Any], q: str) -> bool:
    """Whether a search finds an item."""
    spellings = [item["number"]]
    if item["kind"] == "voucher":
        point_of_sale, number = divmod(int(item["number"]), 10**8)
        spellings += [f"{p}-{n}" for p in (f"{point_of_sale:05d}", f"{point_of_sale:04d}", point_of_sale)
                      for n in (f"{number:08d}", number)]  # fmt: skip
        spellings.append(f"{point_of_sale:05d}{number:08d}")
    labels = [
        item.get("type_label", ""),
        item.get("tax", ""),
        item.get("status_label", ""),
        item.get("stage_label", ""),
    ]
    amounts = list(_amounts(item))
    if "," in q:
        amounts += [text.replace(".", "") for text in amounts]
    q = q.translate(str.maketrans("–−", "--"))
    return any(_plain(q.strip()) in _plain(text) for text in (*spellings, *labels, *amounts))


def walk(cloud: Cloud, token: str, company_id: str, **query: str) -> tuple[list[dict[str, Any]], int | None]:
    """All pages of a list, one after the other: their items, and the total that every page gives."""
    items: list[dict[str, Any]] = []
    totals: set[int | None] = set()
    cursor: dict[str, str] = {}
    while True:
        answer = cloud.call("list_docs", token=token, path={"id": company_id}, query={**query, **cursor})
        assert answer.status == 200, answer.text
        items += answer.json["items"]
        totals.add(answer.json["total"])
        assert len(answer.json["items"]) <= int(query.get("limit", "10"))
        if answer.json["next"] is None:
            break
        cursor = {"cursor": answer.json["next"]}
    assert len(totals) == 1
    return items, totals.pop()
