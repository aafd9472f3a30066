"""Where the rows of each layout go: what is read for them, and what is written when.

``COMPANY#<id>`` and ``CUIT#<cuit>`` of companies.csv; ``COMPANY#<id>`` / ``DOC#…`` with ``KEY#<document>`` and
``FILE#<pdf>`` of documents, withholdings, quotes and work orders; ``APPLIED#<document>``, seen from both sides, of
applications.csv.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from miinti import aws, settings
from miinti.aws import ConditionFailed, Key, Row, Write
from miinti.erp import files
from miinti.erp.checks import Entry, Types
from miinti.erp.faults import Fault
from miinti.erp.layouts import Layout
from miinti.erp.store import Delivery, News, Plan, Standing, Taken, rows
from miinti.mail import outbox
from miinti.mail.outbox import Gathered, Letter
from miinti.values import money

_COUNTERS: Final = ("n_voucher", "n_withholding", "n_quote", "n_work_order", "open_cents")
_TOLD: Final = (("document_currency", "currency"), ("total", "total"), ("auth_code", "auth_code"))
"""What a partial voucher says of one that is there, by its column: it has to be the same."""
_OWN: Final = frozenset({"txn", "source", *files.HELD})
"""What a document's row has beside what the ERP said of it."""


@dataclass(frozen=True, slots=True)
class Neighbours:
    """What the ERP's rows need of other contexts; the use case hands it over, since contexts do not know each other.

    ``types``: ARCA's voucher types by code. ``document_ids``: from an entry's key to an id, by layout. The others as
    ``companies.access`` and ``documents.rows`` have them.
    """

    types: Types
    company_id: Callable[[str, str], str]
    company_key: Callable[[str], Key]
    document_ids: Mapping[str, Callable[..., str]]
    voucher_id: Callable[[str], str]
    document_key: Callable[[str, str], Key]
    document_row: Callable[[str, str, Row], Row]


def cuit_key(cuit: str, company_id: str) -> Key:
    return f"CUIT#{cuit}", company_id


# --- companies --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Companies:
    """Accounts of the institute. Their counters are the documents' own: a row of companies.csv leaves them alone."""

    delivery: Delivery
    near: Neighbours

    def plans(self, entries: Sequence[Entry]) -> list[Plan | Fault | None]:
        keys = [self.near.company_key(self.near.company_id(*entry.key)) for entry in entries]
        there = rows(keys)
        standing = Standing(self.delivery, rows(Standing.keys(self.delivery, there.values())))
        return [
            self._plan(key, entry.facts, there.get(key), standing) for key, entry in zip(keys, entries, strict=True)
        ]

    def _plan(self, key: Key, facts: Row, old: Row | None, standing: Standing) -> Plan:
        said = {**facts, "id": key[0].removeprefix("COMPANY#"), "source": self.delivery.source}
        said["as_of"] = self.delivery.instant
        if old is None:
            return Plan("accepted", [self._written(key, said, old), *self._listed(key, facts["cuit"], None)])
        if old["source"] == self.delivery.source:
            # The same bytes were dropped more than once, and who took the earlier drop was here first.
            said["as_of"] = min(said["as_of"], int(old["as_of"]))
        same = all(old.get(name) == value for name, value in facts.items())
        moved = old.get("email") != facts["email"]
        if moved:
            # Whoever could make the ERP say it could be linked by it: companies.rules.proving (S88).
            said["email_changed_at"] = self.delivery.dropped
        if not standing.is_newer(old) or all(old.get(name) == value for name, value in said.items()):
            return Plan("unchanged")
        return Plan(
            "unchanged" if same else "accepted",
            [
                self._written(key, said, old),
                *self._listed(key, facts["cuit"], old["cuit"]),
                *(self._told(old) if moved and "email" in old else ()),
            ],
            superseded=standing.guard(old),
        )

    def _written(self, key: Key, said: Row, old: Row | None) -> Write:
        names = {f"#{name}": name for name in said}
        values = {f":{name}": value for name, value in said.items() if value is not None}
        sets = [f"#{name} = :{name}" for name in said if said[name] is not None]
        removes = [f"#{name}" for name in said if said[name] is None]
        if old is None:
            sets += [f"{name} = :zero" for name in _COUNTERS]
            values[":zero"] = 0
            condition = "attribute_not_exists(pk)"
        else:
            values |= {":was_source": old["source"], ":was_as_of": old["as_of"]}
            condition = "#source = :was_source AND #as_of = :was_as_of"
        expression = "SET " + ", ".join(sets) + (" REMOVE " + ", ".join(removes) if removes else "")
        return aws.update(settings.companies_table(), key, expression, values, condition=condition, names=names)

    def _told(self, old: Row) -> list[Write]:
        """What the company's address until now is told of its going."""
        entry = {"at": self.delivery.dropped, "company": old["name"], "cuit": old["cuit"]}
        letter = Letter("contact_changed", Gathered(old["email"]), {"entries": [entry], "company_id": old["id"]})
        return [outbox.put(letter, self.delivery.dropped)]

    @staticmethod
    def _listed(key: Key, cuit: str, before: str | None) -> list[Write]:
        """Which accounts a CUIT has."""
        table, company_id = settings.companies_table(), key[0].removeprefix("COMPANY#")
        if cuit == before:
            return []
        pk, sk = cuit_key(cuit, company_id)
        gone = [aws.delete(table, cuit_key(before, company_id))] if before else []
        return [aws.put(table, {"pk": pk, "sk": sk}), *gone]


class Accounts:
    """Which accounts there are, as far as this delivery has had to know; one that is there stays."""

    def __init__(self, near: Neighbours) -> None:
        self._near = near
        self._cuits: dict[str, str] = {}

    def faults(self, entries: Sequence[Entry], layout: Layout) -> list[Fault | None]:
        """For each entry, why its account is not one of the institute's, or None."""
        ids = {self._id(entry): None for entry in entries if entry.account.number}
        keys = {self._near.company_key(company_id): company_id for company_id in ids if company_id not in self._cuits}
        for key, row in rows(keys).items():
            self._cuits[keys[key]] = row["cuit"]
        strangers: dict[str, bool] = {}
        return [self._fault(entry, layout, strangers) for entry in entries]

    def resolved(self, entries: Sequence[Entry], layout: Layout) -> list[Entry]:
        """The entries, those that know the CUIT alone with the number of its account: the only one of the role or, of a
        voucher that is there, the one it is of. Without a number where neither says."""
        alone = {entry.account.cuit: entry.account.role for entry in entries if not entry.account.number}
        ids = {cuit: self._of_cuit(cuit, role) for cuit, role in alone.items()}
        keys = {
            index: (f"KEY#{self._near.document_ids[layout.name](*entry.key)}", "KEY")
            for index, entry in enumerate(entries)
            if not entry.account.number and len(ids[entry.account.cuit]) > 1
        }
        there = rows(keys.values())
        known = {index: there[key]["cid"] for index, key in keys.items() if key in there}
        done = list(entries)
        for index, entry in enumerate(entries):
            if entry.account.number:
                continue
            possible = ids[entry.account.cuit]
            one = known.get(index) if len(possible) > 1 else next(iter(possible), None)
            if one in possible:
                number = str(one).partition("-")[2]
                done[index] = replace(entry, account=entry.account._replace(number=number))
        return done

    def _of_cuit(self, cuit: str, role: str) -> list[str]:
        """The accounts of a role that a CUIT has; company ids begin with their role's letter."""
        letter = self._near.company_id(role, "1").partition("-")[0]
        found = aws.patiently(
            aws.query_all,
            settings.companies_table(),
            "pk = :pk AND begins_with(sk, :letter)",
            {":pk": cuit_key(cuit, "")[0], ":letter": f"{letter}-"},
        )
        return [row["sk"] for row in found]

    def _id(self, entry: Entry) -> str:
        return self._near.company_id(entry.account.role, entry.account.number)

    def _fault(self, entry: Entry, layout: Layout, strangers: dict[str, bool]) -> Fault | None:
        role, number, cuit = entry.account
        there = self._cuits.get(self._id(entry)) if number else None
        if there == cuit:
            return None
        if there is None:
            if cuit not in strangers:
                strangers[cuit] = not self._of_cuit(cuit, role)
            if strangers[cuit]:
                return Fault("cuit", "account_unknown", cuit)
            if not number:
                return Fault("cuit", "account_ambiguous", cuit)
        return Fault(layout.code, "account_mismatch", number)


# --- documents --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Placed:
    """An entry with its place in the table and the row that it would be there."""

    entry: Entry
    doc_id: str
    company_id: str
    key: Key
    row: Row


@dataclass(frozen=True, slots=True)
class Documents:
    """Vouchers, withholdings, quotes and work orders of accounts that are there."""

    layout: Layout
    delivery: Delivery
    near: Neighbours

    def plans(self, entries: Sequence[Entry]) -> list[Plan | Fault | None]:
        placed = [self._placed(entry) for entry in entries]
        there = rows(one.key for one in placed)
        named = {name for one in placed for name in self._names(one, there.get(one.key))}
        sources = Standing.keys(self.delivery, there.values())
        more = rows([*map(files.key, named), *sources])
        standing = Standing(self.delivery, more)
        placed = [self._without_pdf(one) if self._yields(one, more) else one for one in placed]
        leaving = self._leaving(placed, there, more, standing)
        claimed = set(leaving.values())
        planned: list[Plan | Fault | None] = []
        for one in placed:
            if one.doc_id in leaving:
                planned.append(self._left(there[one.key], more, standing))
                continue
            names = self._names(one, there.get(one.key))
            if claimed.intersection(names):
                planned.append(None)
                continue
            claimed |= names
            try:
                plan = self._plan(one, there.get(one.key), more, standing)
            except Fault as fault:
                planned.append(fault)
                continue
            if one.entry.pdf_file and "pdf_file" not in one.row:
                plan.doubt = Fault(self.layout.key, "file_taken", one.entry.pdf_file)
            planned.append(plan)
        return planned

    def _yields(self, one: _Placed, more: Mapping[Key, Row]) -> bool:
        """Whether another document has the PDF's name, and the row does not say it but has it from its number: nobody
        could mend a row that was refused for that."""
        holder = (more.get(files.key(one.row["pdf_file"])) or {}).get("doc") if "pdf_file" in one.row else None
        return "pdf_file" not in self.layout.columns and holder not in (None, one.doc_id)

    @staticmethod
    def _without_pdf(one: _Placed) -> _Placed:
        return replace(one, row={name: value for name, value in one.row.items() if name != "pdf_file"})

    def _placed(self, entry: Entry) -> _Placed:
        doc_id = self.near.document_ids[self.layout.name](*entry.key)
        company_id = self.near.company_id(entry.account.role, entry.account.number)
        facts = dict(entry.facts)
        for name in ("related", "invoice"):
            if facts.get(name):
                facts[name] = self.near.voucher_id(facts[name])
        row = self.near.document_row(company_id, doc_id, facts)
        said = {name: value for name, value in row.items() if value is not None}
        said |= {"source": self.delivery.source, **({"pdf_file": entry.pdf_file} if entry.pdf_file else {})}
        said |= {"partial": True} if entry.partial else {}
        return _Placed(entry, doc_id, company_id, self.near.document_key(company_id, doc_id), said)

    @staticmethod
    def _names(one: _Placed, old: Row | None) -> set[str]:
        """The PDF names whose rows have to be read: none where nothing about them changes."""
        before, now = (old or {}).get("pdf_file"), one.row.get("pdf_file")
        return {name for name in (before, now) if name} if before != now else set()

    @staticmethod
    def _leaving(
        placed: Sequence[_Placed], there: Mapping[Key, Row], more: Mapping[Key, Row], standing: Standing
    ) -> dict[str, str]:
        """The documents that have to let their PDF's name go before an entry beside them can have it, and those names.

        Names may change hands in rings, and in rows that nobody meant to be read in that order. Only who will have
        the new name that it asks for lets the old one go: whoever is to be refused keeps what it has.
        """
        moving: dict[str, _Placed] = {}
        wanted: dict[str, _Placed] = {}
        second: list[_Placed] = []
        for one in placed:
            old = there.get(one.key)
            before, now = (old or {}).get("pdf_file"), one.row.get("pdf_file")
            if (
                before == now
                or one.entry.partial
                or (old and (old["date"] != one.row["date"] or not standing.is_newer(old)))
            ):
                continue
            if before:
                moving[before] = one
            if now and wanted.setdefault(now, one) is not one:
                second.append(one)
        holders = {name: (more.get(files.key(name)) or {}).get("doc") for name in wanted}
        for name, one in wanted.items():
            if holders[name] not in (None, one.doc_id) and not _is(moving.get(name), holders[name]):
                second.append(one)
        refused: set[str] = set()
        while second:
            one = second.pop()
            refused.add(one.doc_id)
            kept = (there.get(one.key) or {}).get("pdf_file")
            behind = wanted.get(kept) if kept else None
            if behind and behind.doc_id not in refused:
                second.append(behind)
        return {
            moving[name].doc_id: name
            for name, one in wanted.items()
            if one.doc_id not in refused and _is(moving.get(name), holders[name])
        }

    @staticmethod
    def _left(old: Row, more: Mapping[Key, Row], standing: Standing) -> Plan:
        """The document as it was, but for its PDF: the entry's own turn comes after this."""
        name, table = old["pdf_file"], settings.companies_table()
        row = {key: value for key, value in old.items() if key not in (*files.HELD, "pdf_file")}
        return Plan(
            None,
            [
                aws.put(table, row, condition="txn = :was", values={":was": old["txn"]}),
                files.release(name, more.get(files.key(name))),
            ],
            superseded=standing.guard(old),
        )

    def _plan(self, one: _Placed, old: Row | None, more: Mapping[Key, Row], standing: Standing) -> Plan:
        if old is None:
            return self._new(one, more)
        if old["date"] != one.row["date"]:
            raise Fault(self.layout.date, "date_changed", one.row["date"])
        if one.entry.partial:
            for name, column in _TOLD:
                if old.get(name) != one.row.get(name):
                    raise Fault(column, "known_otherwise", str(one.row.get(name, "")))
            return Plan("unchanged")
        same = _said(old) == _said(one.row)
        # What is known in part gives way to what is known, however old.
        newer = standing.is_newer(old) or "partial" in old
        if not newer or (same and old["source"] == self.delivery.source):
            return Plan("unchanged")
        writes, held = self._filed(one, old, more)
        row = {**one.row, **held}
        table = settings.companies_table()
        return Plan(
            "unchanged" if same else "accepted",
            [aws.put(table, row, condition="txn = :was", values={":was": old["txn"]}), *writes],
            company=self.near.company_key(one.company_id),
            counted={"open_cents": _open(one.row) - _open(old)},
            superseded=standing.guard(old),
        )

    def _new(self, one: _Placed, more: Mapping[Key, Row]) -> Plan:
        table = settings.companies_table()
        taken = Fault(self.layout.code, "account_changed", one.entry.account.number)
        writes, held = self._filed(one, None, more)

        def known(row: Row | None) -> BaseException:
            mine = row is not None and row["cid"] == one.company_id
            return ConditionFailed(0, row) if mine else Taken(taken)

        unknown = "attribute_not_exists(pk)"
        key_row = {"pk": f"KEY#{one.doc_id}", "sk": "KEY", "cid": one.company_id}
        return Plan(
            "accepted",
            [
                aws.put(table, key_row, condition=unknown, otherwise=known),
                aws.put(table, {**one.row, **held}, condition=unknown),
                *writes,
            ],
            company=self.near.company_key(one.company_id),
            counted={f"n_{one.row['kind']}": 1, "open_cents": _open(one.row)},
            taken=taken,
            news=News(one.company_id, {name: one.row[name] for name in ("id", "kind", "date")}),
        )

    @staticmethod
    def _filed(one: _Placed, old: Row | None, more: Mapping[Key, Row]) -> tuple[list[Write], Row]:
        """Writes to the rows of PDF names, and what the document's row then has of its PDF."""
        before, now = (old or {}).get("pdf_file"), one.row.get("pdf_file")
        if before == now:
            return [], {name: old[name] for name in files.HELD if old and name in old}
        writes: list[Write] = []
        if before:
            writes.append(files.release(before, more.get(files.key(before))))
        there = more.get(files.key(now)) if now else None
        if now:
            writes.append(files.claim(now, one.doc_id, one.company_id, there))
        return writes, files.held(there)


def _is(one: _Placed | None, doc_id: str | None) -> bool:
    return one is not None and one.doc_id == doc_id


def _said(row: Row) -> Row:
    return {name: value for name, value in row.items() if name not in _OWN}


def _open(row: Row) -> int:
    """What a document adds to its company's open items, in cents."""
    return int(row.get("remaining", 0))


# --- applications -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Applications:
    """Which credit paid which debit. One credit, one debit and one day make one application."""

    delivery: Delivery
    near: Neighbours

    def plans(self, entries: Sequence[Entry]) -> list[Plan | Fault | None]:
        pairs = [(self.near.voucher_id(entry.key[0]), self.near.voucher_id(entry.key[1])) for entry in entries]
        owners = {doc_id: (f"KEY#{doc_id}", "KEY") for pair in pairs for doc_id in pair}
        keys = [self._key(*pair, entry) for pair, entry in zip(pairs, entries, strict=True)]
        there = rows([*owners.values(), *keys])
        applied = [there[key] for key in keys if key in there]
        standing = Standing(self.delivery, rows(Standing.keys(self.delivery, applied)))
        planned: list[Plan | Fault | None] = []
        for pair, entry, key in zip(pairs, entries, keys, strict=True):
            credit, debit = (there.get(owners[doc_id]) for doc_id in pair)
            if credit is None or debit is None:
                field = "credit_key" if credit is None else "debit_key"
                planned.append(Fault(field, "document_unknown", entry.key[0 if credit is None else 1]))
            elif credit["cid"] != debit["cid"]:
                planned.append(Fault("debit_key", "accounts_differ", entry.key[1]))
            else:
                planned.append(self._plan(pair, entry, there.get(key), standing))
        return planned

    @staticmethod
    def _key(doc_id: str, other: str, entry: Entry) -> Key:
        return f"APPLIED#{doc_id}", f"{other}#{entry.facts['date']}"

    def _plan(self, pair: tuple[str, str], entry: Entry, old: Row | None, standing: Standing) -> Plan:
        same = old is not None and old["amount"] == entry.facts["amount"]
        if old is not None and (not standing.is_newer(old) or (same and old["source"] == self.delivery.source)):
            return Plan("unchanged")
        table = settings.companies_table()
        writes: list[Write] = []
        for doc_id, other in (pair, pair[::-1]):
            pk, sk = self._key(doc_id, other, entry)
            row = {"pk": pk, "sk": sk, "other": other, **entry.facts, "source": self.delivery.source}
            if old is None:
                writes.append(aws.put(table, row, condition="attribute_not_exists(pk)"))
            else:
                # Both sides are written together, always: one stamp is on both.
                writes.append(aws.put(table, row, condition="txn = :was", values={":was": old["txn"]}))
        return Plan(
            "unchanged" if same else "accepted", writes, superseded=standing.guard(old) if old is not None else None
        )


# --- balances ---------------------------------------------------------------------------------------------------------


def disagreements(company_ids: Iterable[str], near: Neighbours) -> list[dict[str, str]]:
    """Client accounts whose open documents do not add up to the balance that the ERP gave, with both figures.

    The ERP's stands (Decided 3); this is for whoever keeps the books.
    """
    found = rows(near.company_key(company_id) for company_id in sorted(company_ids))
    return [
        {
            "company": row["id"],
            "erp": money.text(int(row["balance"])),
            "documents": money.text(int(row["open_cents"])),
        }
        for row in found.values()
        if "balance" in row and row["balance"] != row["open_cents"]
    ]
