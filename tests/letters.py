"""One letter of each kind, one or many entries, as the outbox holds it; and all of them as files, to look at:
``python -m tests.letters FOLDER``."""

import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

from miinti import aws
from miinti.companies import access
from miinti.documents import rows
from miinti.mail.rendering import rendered
from miinti.mail.tokens import Token

NOON = 1795798800
"""2026-11-27 14:00 in Argentina."""
END = NOON + 48 * 3600 + 300
"""2026-11-29 14:05 there."""
CANARIES = ["n-activate", "n-reset", "n-confirm", "n-cancel", "g-1", "g-2"]
"""Nonces of the tokens below."""


def _row(template: str, data: dict[str, Any], token: Token | None = None, **more: Any) -> dict[str, Any]:
    row = {"pk": f"MAIL#{template}", "sk": "MAIL", "template": template, "data": data, **more}
    row["to"] = {"address": "ana@example.com"}
    if token:
        # As DynamoDB gives it back: a list, its number a Decimal.
        row["token"] = [*token[:3], Decimal(token.expires_at)]
    return row


_ANA = {"first_name": "Ana María"}
_LINKED = {
    "person": "Juan Ñandú",
    "email": "juan.nandu@example.com",
    "at": Decimal(NOON),
    "account_id": "a7",
    "grant": "g-1",
}
_COMPANY = {"company": "ADM. FEDERAL DE ING. PUBLICOS", "cuit": "33693450239", "company_id": "c-27334"}
_OURS = {"at": Decimal(NOON), "company": _COMPANY["company"], "cuit": _COMPANY["cuit"]}
_DECIDED = {"at": Decimal(NOON), "name": _COMPANY["company"], "cuit": _COMPANY["cuit"]}
_THEIRS = {"at": Decimal(NOON + 60), "company": "Señales & Hijos S.A.", "cuit": "30500001735"}

_OWED = {"number": "27334", "name": _COMPANY["company"], "nonce": "n-1"}
_OWN = {**_ANA, "account_id": "a1"}


def _paid(*parts: str) -> dict[str, Any]:
    """What a mail about a payment says: of one document, or of several."""
    entries = [{"title": f"Factura B 00205-{1513 + n:08d}", "part": part} for n, part in enumerate(parts)]
    amount = f"{sum(map(Decimal, parts), Decimal(0)):.2f}"
    return {**_ANA, "client": "27334", "amount": amount, "at": Decimal(NOON), "entries": entries}


def _transferred(**more: Any) -> dict[str, Any]:
    """What a mail about a transfer says."""
    entries = [{"title": f"Factura B 00205-{1513 + n:08d}"} for n in range(2)]
    return {**_ANA, "client": "27334", "amount": "242168.00", "date": "2026-11-23", "entries": entries, **more}


def _document(number: int, company: dict[str, Any] = _OURS, **more: Any) -> dict[str, Any]:
    """A new document as the relay writes it of a delivery, and ``send_mail`` completes it."""
    ours = company is _OURS
    return {
        "company_id": "c-27334" if ours else "s-3012",
        "company": company["company"],
        "doc": f"v-00205-{number:08d}-006",
        "kind": "voucher",
        "title": f"Factura B 00205-{number:08d}",
        "date": "2026-11-26",
        "grant": "g-1" if ours else "g-2",
        "link": f"{number:024x}",
        "expires_at": Decimal(NOON + 30 * 86400),
        "attached": False,
        **more,
    }


def _payment(number: int, step: int, company: dict[str, Any] = _OURS) -> dict[str, Any]:
    kept = {name: value for name, value in _document(number, company).items() if name not in ("link", "date")}
    return {**kept, "step": Decimal(step), "due": f"2026-11-{27 - step}", "remaining": "242168.00"}


def _news(template: str, *entries: dict[str, Any], more: int = 0) -> dict[str, Any]:
    """News that name documents and count ``more``, as ``send_mail`` completes their row: one of the second company and
    of two kinds of the first the rest, where there are so many."""
    first = {"company_id": "c-27334", "company": _OURS["company"], "grant": "g-1"}
    second = {"company_id": "s-3012", "company": _THEIRS["company"], "grant": "g-2"}
    counted: list[dict[str, Any]] = [{**first, "kind": "voucher", "many": Decimal(more)}] if more else []
    if more > 3:
        counted = [
            {**second, "kind": "withholding", "many": Decimal(1)},
            {**first, "kind": "voucher", "many": Decimal(more - 3)},
            {**first, "kind": "quote", "many": Decimal(2)},
        ]
    told = {entry["company_id"]: entry["grant"] for entry in (*entries, *counted)}
    return _row(template, _OWN, entries=list(entries), counted=counted, companies=told)


ROWS: dict[str, dict[str, Any]] = {
    "activate": _row("activate", _ANA, Token("activate", "a1", "n-activate", END)),
    "already_registered": _row("already_registered", _ANA),
    "reset_password": _row("reset_password", _ANA, Token("reset", "a1", "n-reset", END)),
    "password_changed": _row("password_changed", {**_ANA, "entries": [{"at": Decimal(NOON)}]}),
    "password_changed.many": _row(
        "password_changed", _ANA, entries=[{**_ANA, "at": Decimal(NOON)}, {**_ANA, "at": Decimal(NOON + 60)}]
    ),
    "confirm_email": _row(
        "confirm_email", {**_ANA, "email": "ana.nueva@example.com"}, Token("confirm_email", "a1", "n-confirm", END)
    ),
    "email_changing": _row(
        "email_changing", {**_ANA, "email": "a***@example.com"}, Token("cancel_email", "a1", "n-cancel", END)
    ),
    "email_changed": _row("email_changed", {**_ANA, "entries": [{"at": Decimal(NOON), "email": "a***@example.com"}]}),
    "email_changed.many": _row(
        "email_changed",
        {
            **_ANA,
            "entries": [
                {"at": Decimal(NOON), "email": "a***@example.com"},
                {"at": Decimal(NOON + 60), "email": "b***@example.com"},
            ],
        },
    ),
    "account_deleted": _row("account_deleted", _ANA),
    "company_linked": _row("company_linked", {**_COMPANY, "entries": [_LINKED]}),
    "company_linked.many": _row(
        "company_linked",
        _COMPANY,
        entries=[
            {**_COMPANY, **_LINKED},
            {
                "company": "Señales & Hijos S.A.",
                "cuit": "30500001735",
                "company_id": "s-3012",
                "person": "Zoë O'Higgins",
                "email": "zoe@example.com",
                "at": Decimal(NOON + 60),
                "account_id": "a9",
                "grant": "g-2",
            },
        ],
    ),
    "company_linked_member": _row(
        "company_linked_member",
        {**_ANA, "entries": [{"person": "Juan Ñandú", "at": Decimal(NOON), "company": _COMPANY["company"]}]},
    ),
    "company_linked_member.many": _row(
        "company_linked_member",
        _ANA,
        entries=[
            {"person": "Juan Ñandú", "at": Decimal(NOON), "company": _COMPANY["company"]},
            {"person": "Zoë O'Higgins", "at": Decimal(NOON + 60), "company": "Señales & Hijos S.A."},
        ],
    ),
    "new_login": _row(
        "new_login", {**_ANA, "entries": [{"at": Decimal(NOON), "browser": "Firefox", "system": "Windows"}]}
    ),
    "new_login.many": _row(
        "new_login",
        _ANA,
        entries=[
            {**_ANA, "at": Decimal(NOON), "browser": "Chrome", "system": "Android"},
            {**_ANA, "at": Decimal(NOON + 60), "browser": "", "system": "iPhone"},
            {**_ANA, "at": Decimal(NOON + 120), "browser": "", "system": ""},
        ],
    ),
    "company_unlinked": _row("company_unlinked", {**_ANA, "entries": [_OURS]}),
    "company_unlinked.many": _row("company_unlinked", _ANA, entries=[{**_ANA, **_OURS}, {**_ANA, **_THEIRS}]),
    "contact_changed": _row("contact_changed", {"company_id": _COMPANY["company_id"], "entries": [_OURS]}),
    "contact_changed.many": _row("contact_changed", {}, entries=[_OURS, _THEIRS]),
    "link_suspended": _row("link_suspended", {**_ANA, "entries": [_OURS]}),
    "link_suspended.many": _row("link_suspended", _ANA, entries=[{**_ANA, **_OURS}, {**_ANA, **_THEIRS}]),
    **{
        f"link_decided.{decision}": _row("link_decided", {**_ANA, "entries": [{**_DECIDED, "decision": decision}]})
        for decision in ("approved", "refused", "reinstated")
    },
    "link_decided.many": _row(
        "link_decided",
        _ANA,
        entries=[
            {**_ANA, **_DECIDED, "decision": "refused"},
            {**_ANA, **_DECIDED, "decision": "approved", "name": "Señales & Hijos S.A."},
        ],
    ),
    "documents_new": _news("documents_new", _document(1513)),
    "documents_new.many": _news(
        "documents_new", _document(1513), _document(1514, _THEIRS, attached=True), _document(1515), more=12
    ),
    # All that was named fell away before it went.
    "documents_new.counted": _news("documents_new", more=12),
    "documents_new.one": _news("documents_new", more=1),
    "payment_receipt": _row("payment_receipt", _paid("242168.00")),
    "payment_receipt.several": _row("payment_receipt", _paid("242168.00", "0.50")),
    "payment_rejected": _row("payment_rejected", _paid("242168.00")),
    "payment_rejected.several": _row("payment_rejected", _paid("242168.00", "0.50")),
    "transfer_matched": _row("transfer_matched", _transferred()),
    "transfer_refused": _row("transfer_refused", _transferred(reason="No está en el extracto <del> banco.")),
    # Of who paid with a key there is no name.
    "payment_receipt.key": _row("payment_receipt", {n: v for n, v in _paid("242168.00").items() if n != "first_name"}),
    "payment_rejected.key": _row(
        "payment_rejected", {n: v for n, v in _paid("242168.00").items() if n != "first_name"}
    ),
    "payment_key": _row("payment_key", {"entries": [_OWED], "expires_at": Decimal(END)}),
    "payment_key.several": _row(
        "payment_key",
        {
            "entries": [_OWED, {"number": "3012", "name": "Señales & Hijos S.A.", "nonce": "n-2"}],
            "expires_at": Decimal(END),
        },
    ),
    "payment_reminder": _news("payment_reminder", _payment(1516, 0)),
    "payment_reminder.many": _news(
        "payment_reminder", _payment(1513, -3), _payment(1514, 0, _THEIRS), _payment(1515, 3), more=2
    ),
    "payment_reminder.counted": _news("payment_reminder", more=12),
    "payment_reminder.one": _news("payment_reminder", more=1),
    "link_code": _row(
        "link_code",
        {"company": _COMPANY["company"], "person": "Juan Ñandú", "request_id": "r-1", "expires_at": Decimal(END)},
    ),
}
# A window that was full: what came after is only counted.
ROWS |= {
    name.replace(".many", ".more"): {**row, "more": Decimal(3)}
    for name, row in ROWS.items()
    if name.endswith(".many") and "counted" not in row
}


def world() -> None:
    """The person, links and documents that news above tell of, as they stand when these are sent."""
    account = {"pk": "ACCOUNT#a1", "sk": "ACCOUNT", "state": "active", "email": "ana@example.com"}
    aws.write(aws.put("IdentityTable", account))
    for company_id, grant in (("c-27334", "g-1"), ("s-3012", "g-2")):
        pk, sk = access.link_key("a1", company_id)
        link = {"pk": pk, "sk": sk, "company": company_id, "state": "active", "grant": grant, "reminders": True}
        aws.write(aws.put("CompaniesTable", link))
    for row in ROWS.values():
        for entry in row.get("entries", ()):
            if "step" in entry:
                facts = {"date": "2026-11-01", "due_date": entry["due"], "billed": 24216800, "remaining": 24216800}
                aws.write(aws.put("CompaniesTable", rows.row(entry["company_id"], entry["doc"], facts)))


def main(folder: Path) -> None:
    import pytest

    from tests.cloud import moto_cloud

    folder.mkdir(parents=True, exist_ok=True)
    with pytest.MonkeyPatch.context() as patch, moto_cloud(patch) as cloud, cloud.as_function("send_mail"):
        for name, row in ROWS.items():
            mail = rendered(row)
            (folder / f"{name}.html").write_text(mail.html)
            (folder / f"{name}.txt").write_text(f"{mail.subject}\n\n{mail.text}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
