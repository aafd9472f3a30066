"""Staff looks at payments, held or without a receipt, and at transfers that clients told of. Each look is noted."""

from typing import Any, Final

from miinti import aws, clock, observe
from miinti.aws import Row
from miinti.documents import files, payments
from miinti.payments import proofs, shown, states, store, transfers
from miinti.payments.store import Desk
from miinti.staff import Declined, Order, desk
from miinti.values import money

MOST: Final = 100
"""Rows of one answer."""
LOOKED_AT: Final = 20
"""Documents of a payment whose receipts are told of: each is a query."""


def held(order: Order) -> dict[str, Any]:
    """Money that counts for nothing: what differs, came twice or late, and attempts that are of no payment here."""
    return _listed(order, "HELD")


def unsettled(order: Order) -> dict[str, Any]:
    """Credited, and no receipt has come; what is held besides is in the other list."""
    return _listed(order, "UNSETTLED")


def _listed(order: Order, which: Desk) -> dict[str, Any]:
    after = store.place_of(order["after"]) if "after" in order.given else None
    page = store.of_desk(which, MOST, after)
    aws.write(order.act())
    more = store.told_as(page.rows[-1]) if page.last else None
    return {"payments": [_told(row) for row in page.rows], "more": more}


def payment(order: Order) -> dict[str, Any]:
    """One payment with its attempts, documents, and the receipts that paid these; or an attempt that is of none."""
    observe.about(payment=order["payment"])
    row = store.at(order["payment"])
    if row is None:
        raise Declined("payment_unknown")
    aws.write(order.act(person=row.get("person"), company=row.get("company"), payment=order["payment"]))
    if row["pk"] == "HELD":
        return {"payment": _told(row)}
    lines = store.lines_of(row)
    return {
        "payment": _told(row) | {"person": row["person"], **clock.instants(row, "expires_at", "settled_at")},
        "attempts": [
            {"id": id, "state": seen.state, "amount": money.text(seen.cents), "refunded": money.text(seen.refunded)}
            | {"why": ", ".join(sorted(seen.held)) or None}
            for id, seen in states.of(row).items()
        ],
        "documents": [{"id": line.doc, "amount": money.text(line.cents)} for line in lines],
        "receipts": [
            {"document": line.doc, "receipt": receipt, "date": date, "amount": money.text(cents)}
            for line in lines[:LOOKED_AT]
            for receipt, date, cents in payments.receipts_of(line.doc)
        ],
    }


def _told(row: Row) -> dict[str, Any]:
    decided = {"receipt": row.get("receipt"), "reason": row.get("reason"), **clock.instants(row, "attended_at")}
    if row["pk"] == "HELD":
        left = int(row["cents"]) - int(row["refunded"]) if row["state"] == "credited" else 0
        facts = {"state": row["state"], "why": "not_ours", "amount": money.text(int(row["cents"]))}
        came = {"credited": money.text(0), "surplus": money.text(left), **clock.instants(row, "at")}
    else:
        facts = {"state": row["state"], "why": ", ".join(row["held"]) or None, "amount": money.text(int(row["cents"]))}
        came = {"credited": money.text(int(row["credited"])), "surplus": money.text(int(row["surplus"]))}
        facts["state_label"] = shown.label(row, row.get("receipt"))
        came |= clock.instants(row, "created_at", "credited_at")
    return {"id": store.told_as(row), **facts, "currency": row["currency"], **came, **decided}


def waiting(order: Order) -> dict[str, Any]:
    """Transfers that nobody has looked for at the bank yet, the longest waiting first."""
    after = transfers.place_of(order["after"]) if "after" in order.given else None
    page = transfers.of_desk(MOST, after)
    aws.write(order.act())
    more = store.reference(page.rows[-1]) if page.last else None
    return {"transfers": [_transfer(row) for row in page.rows], "more": more}


def transfer(order: Order) -> dict[str, Any]:
    """One of them with its documents and, where its proof is good, an address that saves it, for two minutes."""
    observe.about(transfer=order["transfer"])
    row = transfers.at(order["transfer"])
    if row is None:
        raise Declined("transfer_unknown")
    aws.write(order.act(person=row["person"], company=row["company"], transfer=order["transfer"]))
    told, proof = _transfer(row) | {"person": row["person"]}, row.get("proof", {})
    if proof.get("state") == "received":
        name = f"transferencia-{row['id']}.{proofs.NAMES[proof['type']]}"
        place = proofs.key(row["company"], row["id"])
        told["url"] = files.address(place, name, proof["type"], version=proof["version"])
    return {"transfer": told, "documents": [{"id": doc} for doc in row["docs"]]}


def _transfer(row: Row) -> dict[str, Any]:
    told = transfers.told(row)
    names = ("state", "amount", "currency", "date", "bank", "reason", "created_at", "decided_at")
    proof = row.get("proof")
    return {"id": store.reference(row), **{name: told[name] for name in names}} | {  # type: ignore[literal-required]  # all are of it
        "proof": proof["state"] if proof else None
    }


handler = desk(payments_held=held, payments_unsettled=unsettled, payment=payment, transfers=waiting, transfer=transfer)
