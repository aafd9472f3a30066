"""What deliveries write into the companies table, and the rule by which two of them agree.

Every row names the delivery that wrote it by its content (``source``: SHA-256 of the file's bytes), and
``SOURCE#<content>`` holds when those bytes were first and last dropped. So it is known of any stored row how new it is,
a file that is dropped again makes all its rows as new as itself without writing one, and of two versions of a row the
one from the later drop stands, in whatever order they are worked on (Decided 12). A row is replaced only if it is still
the one that was read, and only if the delivery it came from has not been dropped again meanwhile; else all is read
anew. Date and account of a document are those it was first stored with
(docs/decisions/erp.md, "Ties to a first comer").

Counters of a company move in the transaction of the rows they count.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final, Literal, NamedTuple

from miinti import aws, clock, fresh, settings
from miinti.aws import ConditionFailed, Key, Row, Write
from miinti.erp.checks import Entry
from miinti.erp.faults import Fault
from miinti.errors import Unavailable
from miinti.mail import outbox
from miinti.mail.outbox import Letter, Members

Told = Literal["accepted", "unchanged"]


class Doubted(NamedTuple):
    """What came of a row that went in without something, and what of (one of ``faults.WARNINGS``)."""

    outcome: Told
    doubt: Fault


Outcome = Told | Doubted | Fault

_WRITES: Final = 100
"""Of one transaction, as DynamoDB has it."""
_TRIES: Final = 20


class Delivery(NamedTuple):
    """What a row remembers of the file it came in: ``source`` its content's id, ``newest`` and ``oldest`` the last and
    the first drop of that content, as ``version`` has it."""

    source: str
    newest: str
    oldest: str

    @property
    def instant(self) -> int:
        """When this content arrived first, in epoch seconds: what it says is of then, however often it comes."""
        return _instant(self.oldest)

    @property
    def dropped(self) -> int:
        """When this content arrived last, in epoch seconds."""
        return _instant(self.newest)


def version(last_modified: int, key: str, sequencer: str) -> str:
    """A drop's place among all drops, as text that sorts: by LastModified (epoch seconds), then object key, then S3's
    own order of events on one key (hexadecimal)."""
    return f"{last_modified:011d}\n{key}\n{sequencer.lower().rjust(32, '0')}"


def _instant(version: str) -> int:
    """When a drop was, in epoch seconds, by its ``version``."""
    return int(version.partition("\n")[0])


def begin(source: str, dropped: str) -> Delivery:
    """Note that these bytes were dropped (``dropped`` as ``version`` has it), before any of their rows is looked at."""
    there = _noted(
        source,
        "SET newest = :dropped, oldest = if_not_exists(oldest, :dropped)",
        "attribute_not_exists(pk) OR newest < :dropped",
        dropped,
    )
    if dropped < there["oldest"]:
        there = _noted(source, "SET oldest = :dropped", "oldest > :dropped", dropped)
    return Delivery(source, there["newest"], there["oldest"])


def _noted(source: str, change: str, condition: str, dropped: str) -> Row:
    """The ``SOURCE#`` row, changed where the condition holds."""
    change_it = aws.update(
        settings.companies_table(), _source_key(source), change, {":dropped": dropped}, condition=condition
    )
    try:
        return aws.patiently(aws.write, change_it)
    except ConditionFailed as known:
        return known.row or {"newest": dropped, "oldest": dropped}


def came(accepted: int, unchanged: int, rejected: int) -> Literal["taken", "rejected"]:
    """What came of a file: one of which every row was refused brought nothing, so the data are as old as before, and
    the alarm that listens for deliveries has heard none."""
    return "rejected" if rejected and not accepted + unchanged else "taken"


def taken(version: str) -> None:
    """Note that the drop of this ``version`` has gone in, for who asks as of when the data stand."""
    with suppress(ConditionFailed):
        aws.patiently(aws.write, fresh.noted(_instant(version)))


def settle(entries: Sequence[Entry], plan: "Planner") -> list[Outcome]:
    """Bring entries with keys of their own into the table; what came of each, in their order.

    Raises ``Unavailable`` when others change the same rows faster than this can read them.
    """
    outcomes: dict[int, Outcome] = {}
    waiting = list(range(len(entries)))
    for _ in range(_TRIES):
        plans: dict[int, Plan] = {}
        for index, planned in zip(waiting, plan([entries[index] for index in waiting]), strict=True):
            if isinstance(planned, Fault):
                outcomes[index] = planned
            elif planned is not None:
                plans[index] = planned
        for batch in _batches(plans):
            outcomes |= _written({index: plans[index] for index in batch})
        waiting = [index for index in waiting if index not in outcomes]
        if not waiting:
            return [outcomes[index] for index in range(len(entries))]
    raise Unavailable("store: rows kept changing")


# --- plans ------------------------------------------------------------------------------------------------------------


class News(NamedTuple):
    """A document that its company's people have not seen yet: ``document`` has id, kind and date."""

    company_id: str
    document: Row


@dataclass(slots=True)
class Plan:
    """What one entry comes to: its outcome once ``writes`` are done, in one transaction with the counters of
    ``company`` and on the condition that ``superseded`` holds (see ``Standing.guard``); none where there is more to do
    after them. ``taken`` is the fault where its key is another company's, ``doubt`` what it goes in without, ``news``
    what its people hear of."""

    outcome: Told | None
    writes: list[Write] = field(default_factory=list)
    company: Key | None = None
    counted: dict[str, int] = field(default_factory=dict)
    superseded: Write | None = None
    taken: Fault | None = None
    news: News | None = None
    doubt: Fault | None = None


Planner = Callable[[Sequence[Entry]], list[Plan | Fault | None]]
"""Reads what is there for some entries and says for each what is to be written, a fault, or None where an entry beside
it has to be written first."""


class Taken(Exception):
    """The key of an entry belongs to another company."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault)
        self.fault = fault


def _batches(plans: Mapping[int, Plan]) -> list[list[int]]:
    """Entries that go into one transaction: one company's, as many as fit. Those that write nothing stand together."""
    groups: dict[Key | None, list[list[int]]] = {}
    sizes: dict[Key | None, int] = {}
    for index, plan in plans.items():
        # At worst each supersedes another delivery; one write more counts, and one tells what is new.
        size = len(plan.writes) + (plan.superseded is not None)
        batches = groups.setdefault(plan.company, [[]])
        if sizes.get(plan.company, 2) + size > _WRITES:
            batches.append([])
            sizes[plan.company] = 2
        sizes[plan.company] = sizes.get(plan.company, 2) + size
        batches[-1].append(index)
    return [batch for batches in groups.values() for batch in batches]


def _written(plans: Mapping[int, Plan]) -> dict[int, Outcome]:
    """Write one batch. Without the outcome of an entry it is to be tried again from the reading."""
    writes = [write for plan in plans.values() for write in plan.writes]
    writes += {plan.superseded.key: plan.superseded for plan in plans.values() if plan.superseded}.values()
    counted: dict[str, int] = {}
    for plan in plans.values():
        for name, by in plan.counted.items():
            counted[name] = counted.get(name, 0) + by
    company = next(iter(plans.values())).company
    if company and any(counted.values()):
        writes.append(_counting(company, counted))
    news = [plan.news for plan in plans.values() if plan.news]
    if news:
        writes.append(_told(news))
    try:
        if writes:
            aws.patiently(aws.transact, writes)
    except ConditionFailed:
        return {}
    except Taken as taken:
        return {index: plan.taken for index, plan in plans.items() if plan.taken is taken.fault}
    return {
        index: Doubted(plan.outcome, plan.doubt) if plan.doubt else plan.outcome
        for index, plan in plans.items()
        if plan.outcome
    }


def _counting(company: Key, counted: Mapping[str, int]) -> Write:
    moved = {name: by for name, by in counted.items() if by}
    return aws.update(
        settings.companies_table(),
        company,
        "ADD " + ", ".join(f"{name} :{name}" for name in moved),
        {f":{name}": by for name, by in moved.items()},
        condition="attribute_exists(pk)",
    )


def _told(news: Sequence[News]) -> Write:
    """One mail to the members of the company, whose documents these are; ``relay_outbox`` gathers them by person."""
    data = {"documents": [one.document for one in news]}
    return outbox.put(Letter("documents_new", Members(news[0].company_id, but=""), data), clock.now())


def _source_key(source: str) -> Key:
    return f"SOURCE#{source}", "SOURCE"


def rows(keys: Iterable[Key]) -> dict[Key, Row]:
    """The rows that are there, a hundred a call."""
    table = settings.companies_table()
    wanted = list(dict.fromkeys(keys))
    found: dict[Key, Row] = {}
    for start in range(0, len(wanted), 100):
        some = wanted[start : start + 100]
        read = aws.patiently(aws.batch_get, *((table, key) for key in some))
        found.update((key, row) for key, row in zip(some, read, strict=True) if row is not None)
    return found


class Standing:
    """How this delivery stands to those that wrote the rows that are there. ``there`` are the ``SOURCE#`` rows."""

    def __init__(self, delivery: Delivery, there: Mapping[Key, Row]) -> None:
        self._delivery = delivery
        self._there = there

    @staticmethod
    def keys(delivery: Delivery, rows: Iterable[Row]) -> set[Key]:
        """The ``SOURCE#`` rows to read for these rows."""
        return {_source_key(row["source"]) for row in rows if row["source"] != delivery.source}

    def is_newer(self, row: Row) -> bool:
        """Whether this delivery is no older than the row's; of two drops that S3 does not order, the one at hand is."""
        if row["source"] == self._delivery.source:
            return True
        return self._newest(row["source"]) <= self._delivery.newest

    def guard(self, row: Row) -> Write | None:
        """The condition under which the row may be taken for older: its delivery was not dropped again."""
        if row["source"] == self._delivery.source:
            return None
        return aws.check(
            settings.companies_table(),
            _source_key(row["source"]),
            "newest = :newest",
            {":newest": self._newest(row["source"])},
        )

    def _newest(self, source: str) -> str:
        return str(self._there[_source_key(source)]["newest"])
