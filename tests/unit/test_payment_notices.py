"""Whatever becomes of notices and calls, the end is the provider's, and money is counted once.

A payer, a provider with a ledger of its own whose search lags, an ERP that tells of receipts before it tells of their
documents, and a network and machines that lose, double, shuffle, hold back and alter notices and die between any two
calls; at the end everything is asked for once more, and both ledgers say the same.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from functools import partial
from itertools import count
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from local.provider import NEXT
from miinti import clock
from miinti.aws import Row
from miinti.errors import PaymentInProcess, RequestInProgress
from miinti.mail.outbox import Letter
from miinti.payments import flow, holds, sandbox, settlement, starting, states, store
from miinti.payments.debts import Line
from miinti.payments.provider import AttemptState, Notice, NoticeRefused
from miinti.payments.sandbox import Sandbox
from miinti.payments.store import New
from tests.cloud import Cloud
from tests.payments import COMPANY, DOCS, KEY, NOW, Desk, Died, crossed, desk, dying, title

DAY = states.DAY
URL = "https://mi.inti.example/pagos"
COMES = st.sampled_from(["nothing", "others", "early", "less"])
"""What comes of half of a document that was paid: nothing yet, two transfers of it, its receipt before its document, or
a part goes back."""
GONE: st.SearchStrategy[AttemptState | None] = st.sampled_from([None, "refunded", "charged_back"])
DEATHS = st.sampled_from([0] * 8 + list(range(1, 9)))
"""At which call a machine dies; half of them live."""


def tell(before: Row, after: Row) -> Sequence[Letter]:
    """A receipt when a payment is first credited, a word when it was first declined."""
    letters = []
    if "credited_at" in after and "credited_at" not in before:
        letters.append(Letter("payment_receipt", "ana@estudio.example", {"payment": after["id"]}))
    declined = [one for one in states.of(after).values() if one.state == "rejected"]
    if declined and not any(one.state == "rejected" for one in states.of(before).values()):
        letters.append(Letter("payment_rejected", "ana@estudio.example", {"payment": after["id"]}))
    return letters


class Paying(RuleBasedStateMachine):
    """One company, five documents, and everything that may happen to their payments."""

    desk: Desk
    hidden: set[str]
    """Attempts that the provider's search does not show yet; whoever asks for one by its id is told of it."""

    def __init__(self) -> None:
        super().__init__()
        self.cloud = self.desk.cloud
        self.cloud._empty()
        self.desk.now = NOW
        for kept in (self.desk.provider.checkouts, self.desk.provider.attempts, self.desk.provider._keys):
            kept.clear()
        self.desk.provider.changed.clear()
        self.sent: list[tuple[dict[str, str], bytes]] = []
        """Notices on their way: each may come any number of times, or never."""
        self.hidden.clear()
        self.lagged: set[str] = set()
        """Attempts that a search did not show once."""
        self.owed = {doc: 1000 + 2 * n for n, doc in enumerate(DOCS)}
        """What remains of each document, as its row tells it."""
        self.coming: list[tuple[str, int]] = []
        """What receipts paid that the rows of their documents do not tell yet."""
        self.applied: dict[str, list[tuple[str, str, int]]] = defaultdict(list)
        self.issued = count(1)
        self.knew: dict[str, set[str]] = {}
        """Receipts that were there when a payment was started."""
        self.settled: set[str] = set()

    @initialize(at=st.integers(1, 2), answered=st.booleans(), comes=COMES, then=GONE)
    def some_payments_stand(self, at: int, answered: bool, comes: str, then: AttemptState | None) -> None:
        for docs in (DOCS[:1], DOCS[1:3]):
            self.start(set(docs), instead=False, dies_at=0, answered=True)
        self.pay_as_it_is_given_up(0, then)
        self.pay_the_other_half(DOCS[3], comes)
        self.give_up_as_it_begins(DOCS[4], at, answered)

    # --- machines ---

    def until(self, dies_at: int, answered: bool, do: Callable[[], Any]) -> Any:
        """Do something on a machine that dies at its n-th call, to AWS or to the provider, before it or before its
        answer; 0 is a machine that lives."""
        with dying(self.cloud, dies_at, answered):
            try:
                return do()
            except (Died, PaymentInProcess, RequestInProgress):
                return None

    # --- the ERP ---

    def receipts_of(self, doc: str) -> list[tuple[str, str, int]]:
        return self.applied[doc]

    def remaining_of(self, _: str, docs: Collection[str]) -> dict[str, int]:
        return {doc: self.owed[doc] for doc in docs}

    def paid_by_receipt(self, parts: dict[str, int], *, moved: bool) -> None:
        """A receipt comes that paid so much of each document; the documents tell it now, or later."""
        receipt, today = f"v-00009-{next(self.issued):08d}-004", clock.local(self.desk.now).date().isoformat()
        for doc, cents in parts.items():
            self.applied[doc].append((receipt, today, cents))
            self.coming.append((doc, cents))
        if moved:
            self.documents_come()

    @rule()
    def documents_come(self) -> None:
        for doc, cents in self.coming:
            self.owed[doc] -= cents
        self.coming.clear()

    def due(self, doc: str) -> int:
        """What the ERP itself knows that remains of a document."""
        return self.owed[doc] - sum(cents for one, cents in self.coming if one == doc)

    @rule(
        which=st.integers(0, 9),
        short=st.booleans(),
        moved=st.booleans(),
        dies_at=DEATHS,
        answered=st.booleans(),
    )
    def is_imputed(self, which: int, short: bool, moved: bool, dies_at: int, answered: bool) -> None:
        """The ERP's receipt of a payment comes, or a transfer's that is as much, or half of it."""
        if payment := self.one_of(which):
            parts = {line.doc: line.cents // (1 + short) for line in store.lines_of(payment)}
            if all(0 < cents <= self.due(doc) for doc, cents in parts.items()):
                self.paid_by_receipt(parts, moved=moved)
            self.until(dies_at, answered, lambda: self.looked_at(payment))

    def looked_at(self, payment: Row) -> None:
        """As ``check_payments`` does it."""
        payment = flow.look(self.desk.sandbox, payment, self.desk.now, tell)
        if settlement.awaited(payment):
            held = holds.of_company(COMPANY)
            receipt = settlement.receipt_for(payment, self.receipts_of, held, self.remaining_of)
            if receipt is not None:
                store.settle(payment, receipt, self.desk.now)

    # --- what people do ---

    def new(self, docs: Collection[str]) -> Row:
        """A payment of all that remains of documents."""
        lines = starting.noted([Line(doc, self.owed[doc], self.owed[doc]) for doc in sorted(docs)], self.receipts_of)
        payment = store.start(New(COMPANY, "a1", "sandbox", lines), self.desk.now)
        self.knew[payment["id"]] = self.there()
        return payment

    def there(self) -> set[str]:
        return {receipt for applied in self.applied.values() for receipt, _, _ in applied}

    def held(self) -> dict[str, str]:
        return {doc: row["payment"] for doc, row in holds.of_company(COMPANY).items() if "payment" in row}

    @rule(
        docs=st.sets(st.sampled_from(DOCS), min_size=1, max_size=3),
        instead=st.booleans(),
        dies_at=DEATHS,
        answered=st.booleans(),
    )
    def start(self, docs: set[str], instead: bool, dies_at: int, answered: bool) -> None:
        """One more payment, perhaps instead of those that hold its documents."""
        held = self.held()
        for doc in docs - held.keys():
            # What is paid is billed anew.
            self.owed[doc] = self.owed[doc] or 1000
        docs = {doc for doc in docs if self.owed[doc]}
        before = len(store.of_company(COMPANY))
        standing = {held[doc] for doc in docs if doc in held}

        def do() -> Row:
            for id in sorted(standing) if instead else ():
                flow.make_way(self.desk.sandbox, store.get(COMPANY, id), self.desk.now, tell)
            return flow.begin(self.desk.sandbox, self.new(docs), title, URL, self.desk.now)

        made = self.until(dies_at, answered, do) if docs else None
        still = {id for id in standing if store.get(COMPANY, id)["holds"]}
        if still:
            assert made is None
            assert len(store.of_company(COMPANY)) == before

    @rule(which=st.integers(0, 9), dies_at=DEATHS, answered=st.booleans())
    def ask_again(self, which: int, dies_at: int, answered: bool) -> None:
        if payment := self.one_of(which):

            def do() -> None:
                flow.begin(self.desk.sandbox, store.ask(payment, self.desk.now), title, URL, self.desk.now)

            self.until(dies_at, answered, do)

    @rule(which=st.integers(0, 9), dies_at=DEATHS, answered=st.booleans())
    def give_up(self, which: int, dies_at: int, answered: bool) -> None:
        if which % 3 == 0 and (payment := self.one_of(which)):
            self.until(
                dies_at, answered, lambda: flow.end(self.desk.sandbox, payment, "cancelled", self.desk.now, tell)
            )

    @rule(doc=st.sampled_from(DOCS), at=st.integers(1, 5), answered=st.booleans())
    def give_up_as_it_begins(self, doc: str, at: int, answered: bool) -> None:
        """Two tabs: one starts a payment, the other gives it up before it has its checkout, and somewhere in between
        the first goes on."""
        if doc in self.held() or not self.owed[doc]:
            return
        payment = self.new([doc])

        def goes_on() -> None:
            with suppress(PaymentInProcess):
                flow.begin(self.desk.sandbox, payment, title, URL, self.desk.now)

        with crossed(self.cloud, at, answered, goes_on):
            flow.end(self.desk.sandbox, payment, "cancelled", self.desk.now, tell)

    @rule(doc=st.sampled_from(DOCS), comes=COMES)
    def pay_the_other_half(self, doc: str, comes: str) -> None:
        """Half of a document was transferred and imputed this morning; the other half is paid here."""
        if doc in self.held() or self.due(doc) != self.owed[doc] or self.owed[doc] % 2:
            return
        if half := self.owed[doc] // 2:
            self.paid_by_receipt({doc: half}, moved=True)
            payment = flow.begin(self.desk.sandbox, self.new([doc]), title, URL, self.desk.now)
            attempt = self.desk.provider.pay(payment["checkout"]["id"], "credited")
            self.now_is(attempt.id)
            if comes == "others" and half > 1:
                for cents in (1, half - 1):
                    self.paid_by_receipt({doc: cents}, moved=True)
            elif comes == "early":
                self.paid_by_receipt({doc: half}, moved=False)
            elif comes == "less" and half > 100:
                self.desk.provider.give_back(attempt.id, 100)
                self.now_is(attempt.id)
            self.looked_at(store.again(payment))

    def now_is(self, attempt_id: str) -> None:
        """A notice of an attempt comes at once, on a machine that lives."""
        self.notices()
        flow.heed(self.desk.sandbox, attempt_id, self.desk.now, tell)

    def open_checkouts(self) -> list[str]:
        """Those that somebody was given, and that the provider still takes money in."""
        given = [row["checkout"]["id"] for row in store.of_company(COMPANY) if "checkout" in row]
        there = [self.desk.provider.checkouts[id] for id in given]
        return [one.id for one in there if not one.closed and self.desk.now < one.expires_at]

    @precondition(lambda self: self.open_checkouts())
    @rule(
        which=st.integers(0, 9),
        state=st.sampled_from(["credited", "credited", "rejected", "pending", "in_process"]),
        lags=st.sampled_from([False, False, False, True]),
    )
    def pay(self, which: int, state: AttemptState, lags: bool) -> None:
        """In any checkout, and as often as the provider lets them."""
        there = self.open_checkouts()
        attempt = self.desk.provider.pay(there[which % len(there)], state)
        if lags:
            self.hides(attempt.id)
        self.notices()

    def hides(self, attempt_id: str) -> None:
        self.hidden.add(attempt_id)
        self.lagged.add(attempt_id)

    @precondition(lambda self: self.open_checkouts())
    @rule(which=st.integers(0, 9), then=GONE)
    def pay_as_it_is_given_up(self, which: int, then: AttemptState | None) -> None:
        """What a search did not show when its payment was closed becomes money, which stays or goes back."""
        there = self.open_checkouts()
        attempt = self.desk.provider.pay(there[which % len(there)], "in_process")
        self.hides(attempt.id)
        payment = store.get(COMPANY, attempt.reference.rpartition(".")[2])
        flow.end(self.desk.sandbox, payment, "cancelled", self.desk.now, tell)
        self.desk.provider.move(attempt.id, "credited")
        self.now_is(attempt.id)
        if then:
            self.desk.provider.move(attempt.id, then)
            self.now_is(attempt.id)

    @precondition(lambda self: any(NEXT[one.state] for one in self.desk.provider.attempts.values()))
    @rule(which=st.integers(0, 9), to=st.integers(0, 9))
    def becomes(self, which: int, to: int) -> None:
        attempts = [one for one in self.desk.provider.attempts.values() if NEXT[one.state]]
        if attempts:
            attempt = attempts[which % len(attempts)]
            nexts = sorted(NEXT[attempt.state])
            if to == 0 and attempt.money > 100:
                self.desk.provider.give_back(attempt.id, 100)
            elif to == 1 and attempt.money:
                self.desk.provider.dispute(attempt.id)
            else:
                self.desk.provider.move(attempt.id, nexts[to % len(nexts)])
            self.notices()

    def notices(self) -> None:
        """The provider signs a notice for each change, and sends it into the world."""
        for attempt_id in self.desk.provider.changed:
            self.sent.append(self.desk.provider.notice(attempt_id, self.desk.now))
        self.desk.provider.changed.clear()

    # --- what the network does ---

    @precondition(lambda self: self.sent)
    @rule(
        which=st.lists(st.integers(0, 99), min_size=1, max_size=4),
        keep=st.booleans(),
        dies_at=DEATHS,
        answered=st.booleans(),
    )
    def arrive(self, which: list[int], keep: bool, dies_at: int, answered: bool) -> None:
        """Any notices, in any order; those that are kept come again."""
        for one in which:
            if self.sent:
                headers, body = self.sent[one % len(self.sent)]
                if not keep:
                    self.sent.remove((headers, body))
                self.heard(Notice(headers, {}, body), dies_at, answered)

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 99))
    def is_lost(self, which: int) -> None:
        self.sent.pop(which % len(self.sent))

    @precondition(lambda self: self.sent)
    @rule(which=st.integers(0, 99), at=st.integers(0, 99), byte=st.integers(1, 106), how=st.sampled_from("afr"))
    def is_not_theirs(self, which: int, at: int, byte: int, how: str) -> None:
        """Altered by a byte, forged under another key, or replayed after a day."""
        headers, body = self.sent[which % len(self.sent)]
        if how == "a":
            at %= len(body)
            body = body[:at] + bytes([body[at] ^ byte]) + body[at + 1 :]
        elif how == "f":
            headers = {sandbox.SIGNATURE: sandbox.signature(bytes([byte]) + KEY[1:], self.desk.now, body)}
        before = self.cloud.kept()
        with pytest.raises(NoticeRefused):
            self.desk.sandbox.notice(Notice(headers, {}, body), self.desk.now + (DAY if how == "r" else 0))
        assert self.cloud.kept() == before

    def heard(self, notice: Notice, dies_at: int, answered: bool) -> None:
        try:
            attempt_id = self.desk.sandbox.notice(notice, self.desk.now)
        except NoticeRefused:
            return
        assert attempt_id is not None
        payment = self.until(dies_at, answered, lambda: flow.heed(self.desk.sandbox, attempt_id, self.desk.now, tell))
        if payment and payment["state"] == "credited":
            assert self.desk.provider.checkouts[payment["checkout"]["id"]].closed

    # --- what time does ---

    @rule(seconds=st.sampled_from([1, 20, 20, 400, 400, 1800, 5400, 3 * DAY]))
    def passes(self, seconds: int) -> None:
        self.desk.now += seconds
        if seconds > 60:
            self.hidden.clear()

    @rule(dies_at=DEATHS, answered=st.booleans())
    def is_looked_at(self, dies_at: int, answered: bool) -> None:
        """What is due is looked at by ``check_payments``, which may die at it."""
        for row in store.due(self.desk.now, 100):
            payment = store.get(COMPANY, row["sk"].removeprefix("PAYMENT#"))
            self.until(dies_at, answered, partial(self.looked_at, payment))

    def one_of(self, which: int) -> Row | None:
        payments = store.of_company(COMPANY)
        return payments[which % len(payments)] if payments else None

    # --- what is so at any time ---

    @invariant()
    def no_document_is_in_two_payments_and_who_holds_one_says_so(self) -> None:
        held = self.held()
        payments = store.of_company(COMPANY)
        claimed = Counter(line.doc for row in payments if row["holds"] for line in store.lines_of(row))
        assert set(claimed) == set(held)
        assert set(claimed.values()) <= {1}
        for row in payments:
            if row["holds"]:
                assert {held[line.doc] for line in store.lines_of(row)} == {row["id"]}

    @invariant()
    def what_is_closed_here_nobody_can_pay_there(self) -> None:
        for row in store.of_company(COMPANY):
            if "closed" in row and "checkout" in row:
                assert self.desk.provider.checkouts[row["checkout"]["id"]].closed
            attempts = [one for one in self.desk.provider.attempts.values() if one.reference == store.reference(row)]
            if "closed" in row:
                left = {one.state for one in attempts if one.id not in self.lagged}
                assert not left & {"pending", "in_process", "credited"}
            assert "late" not in row["held"] or any(one.id in self.lagged for one in attempts)

    @invariant()
    def what_settles_a_payment_came_after_it_and_with_its_documents(self) -> None:
        for row in store.of_company(COMPANY):
            knew = self.knew.setdefault(row["id"], self.there())
            if "receipt" in row and row["id"] not in self.settled:
                self.settled.add(row["id"])
                assert row["receipt"] not in knew
                lines = store.lines_of(row)
                owed = sum(line.owed or 0 for line in lines)
                assert sum(self.owed[line.doc] for line in lines) <= owed - int(row["credited"])

    @invariant()
    def the_ledger_is_what_the_payments_have(self) -> None:
        rows = self.cloud.rows("PaymentsTable")
        lines = [row for row in rows if row["pk"].startswith("NOTICE#")]
        for row in store.of_company(COMPANY):
            mine = [line for line in lines if line["payment"] == row["id"]]
            assert sum(int(line["credited"]) for line in mine) == int(row["credited"])
            assert sum(int(line["surplus"]) for line in mine) == int(row["surplus"])
            assert 0 <= int(row["credited"]) <= int(row["cents"])
        assert not [row for row in rows if row["pk"] == "HELD"]

    @invariant()
    def nothing_is_known_that_the_provider_did_not_do(self) -> None:
        for row in store.of_company(COMPANY):
            for id, seen in states.of(row).items():
                there = self.desk.provider.attempts[id]
                assert states.FORWARD.index(seen.state) <= states.FORWARD.index(there.state)

    # --- the end ---

    def teardown(self) -> None:
        # Notices or none, everything comes to light once machines live: each payment is looked at until it rests.
        self.cloud.faults.clear()
        self.hidden.clear()
        self.documents_come()
        for _ in range(3):
            self.desk.now += DAY
            for row in store.of_company(COMPANY):
                self.looked_at(row)
        payments = store.of_company(COMPANY)
        for row in payments:
            attempts = [a for a in self.desk.provider.attempts.values() if a.reference == store.reference(row)]
            assert {one.id: (one.state, one.refunded) for one in attempts} == {
                id: (seen.state, seen.refunded) for id, seen in states.of(row).items()
            }
            assert int(row["credited"]) + int(row["surplus"]) == sum(one.money for one in attempts)
            there = {one.state for one in attempts}
            if "credited" in there:
                assert row["state"] == "credited"
                assert row.get("shut") or "checkout" not in row
            elif there & {"pending", "in_process"}:
                # What may still be paid holds, also where other money came and went.
                assert row["state"] in {"pending", "in_process", "refunded", "charged_back"}
                assert row["holds"] or "closed" in row
            else:
                assert row["holds"] is False
                assert row["state"] in {row["closed"], "refunded", "charged_back"}
        assert sum(int(row["credited"]) + int(row["surplus"]) for row in payments) == sum(
            one.money for one in self.desk.provider.attempts.values()
        )
        self.mails_went_once(payments)
        self.a_receipt_frees_however_late()

    def a_receipt_frees_however_late(self) -> None:
        """Half a year goes by, and then the ERP imputes what is with us of each payment."""
        self.desk.now += states.WATCHED
        self.is_looked_at(0, answered=True)
        imputed = []
        for row in store.of_company(COMPANY):
            parts, left = {}, int(row["credited"])
            for line in store.lines_of(row):
                parts[line.doc] = min(line.cents, self.due(line.doc), left)
                left -= parts[line.doc]
            if settlement.awaited(row) and not left:
                self.paid_by_receipt({doc: cents for doc, cents in parts.items() if cents}, moved=True)
                imputed.append(row["id"])
        self.desk.now += DAY
        self.is_looked_at(0, answered=True)
        for id in imputed:
            assert not store.get(COMPANY, id)["holds"]

    def mails_went_once(self, payments: Sequence[Row]) -> None:
        told = Counter((mail["template"], mail["data"]["payment"]) for mail in self.cloud.mails())
        assert set(told.values()) <= {1}
        for row in payments:
            assert told["payment_receipt", row["id"]] == int("credited_at" in row)


def test_S85_S86_every_history_of_notices_and_crashes_ends_as_the_providers_ledger(cloud: Cloud) -> None:
    hidden: set[str] = set()
    inner = Sandbox.attempts
    with desk(cloud) as made, pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            Sandbox, "attempts", lambda one, reference: [a for a in inner(one, reference) if a.id not in hidden]
        )
        bound = type("Bound", (Paying,), {"desk": made, "hidden": hidden})
        run_state_machine_as_test(bound, settings=settings(max_examples=10, stateful_step_count=40, deadline=None))
