"""POST /v1/companies: be linked to a company by its role, CUIT and number, as far as the link policy allows."""

from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict
from typing_extensions import TypedDict

from miinti import aws, clock, observe, settings
from miinti.accounts import store, throttles
from miinti.aws import Key, Row, Write
from miinti.companies import access, links, requests, rules
from miinti.companies.company import Company, shown
from miinti.errors import AlreadyLinked, CompanyNotFound, InvalidToken, TooManyAttempts
from miinti.http import Answer, Request, api
from miinti.values.told import Told


class Link(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    role: Literal["client", "supplier"]
    cuit: Annotated[str, AfterValidator(rules.cuit_typed), Told(format="cuit")]
    number: Annotated[str, AfterValidator(rules.number_typed), Told(pattern="^[0-9]{1,10}$")]


class Received(TypedDict):
    request_id: str
    state: Literal["received"]


class Tries(NamedTuple):
    """Where a try counts (under ``open`` one that fails): by person and network, then by CUIT and number; and what
    stood there at ``now``. Links made count by person and company: each is told, so nobody makes them without end."""

    mine: list[Key]
    shared: list[Key]
    seen: list[Row | None]
    made: tuple[Key, Row | None]
    codes: Row | None
    now: float

    def still_open(self) -> list[Write]:
        return [throttles.open_now(place, self.now) for place in self.mine + self.shared]

    def noted(self, always: Sequence[Write] = ()) -> None:
        throttles.reserve(self.mine + self.shared, self.now, seen=self.seen, always=always)


@api(
    "POST /v1/companies",
    "Vincular una empresa",
    body=Link,
    answers={201: Company, 202: Received},
    refusals=(CompanyNotFound, AlreadyLinked, TooManyAttempts),
    reads=lambda request: [store.wanted(request.account_id)],
)
def handler(request: Request[Link]) -> Answer:
    (account,) = request.rows
    if account is None:
        raise InvalidToken
    person = links.Person(account["id"], f"{account['first_name']} {account['last_name']}", account["email"])
    asked = rules.Asked(request.body.role, request.body.cuit, request.body.number)
    open_policy = settings.link_policy() == "open"
    observe.about(company=asked.company_id)
    link, there, tries = _read(request, asked)
    company = there if asked.names(there) else None

    if company and link and link["state"] == "active":
        raise AlreadyLinked(company["id"])
    # Who reads the address on file has proved enough, and no stranger's failed tries stop them (T6).
    proven = store.proves_address(account) and link is None
    owner = company is not None and proven and rules.on_file(person.email, company)
    if not (owner or open_policy):
        return Answer(202, _received(person, asked, None if link else company, tries))
    try:
        if company is None:
            tries.noted()
            raise CompanyNotFound
        also = [store.still_there(account), *([] if owner else tries.still_open())]
        proof: links.Proof = "address" if owner else "typed"
        counts = [throttles.counted(*tries.made, tries.now)]
        link = links.make(person, company, proof, clock.now(), also=also, counts=counts)
    except throttles.Locked as locked:
        raise TooManyAttempts(locked.retry_after) from locked
    observe.about(proof=proof)
    return Answer(201, shown(company, link), {"Location": f"/v1/companies/{company['id']}"})


def _read(request: Request[Link], asked: rules.Asked) -> tuple[Row | None, Row | None, Tries]:
    """The person's link to the company, the company, and where the try counts, in one call."""
    kind = "link" if settings.link_policy() == "open" else "ask"
    mine = [throttles.row(f"{kind}-person", request.account_id)]
    if settings.ip_limits():
        mine.append(throttles.row(f"{kind}-client", throttles.network(request.client)))
    shared = [throttles.row(f"{kind}-cuit", asked.cuit), throttles.row(f"{kind}-number", asked.company_id)]
    made = throttles.row("link-made", f"{request.account_id} {asked.company_id}")
    link, company, codes, before, *seen = aws.batch_get(
        *access.wanted(request.account_id, asked.company_id),
        requests.wanted_codes(request.account_id, asked.company_id),
        *map(throttles.wanted, [made, *mine, *shared]),
    )
    return link, company, Tries(mine, shared, seen, (made, before), codes, clock.moment())


def _received(person: links.Person, asked: rules.Asked, company: Row | None, tries: Tries) -> Received:
    """Policy ``proof``: keep the request and, where there is a company to prove it to, send the code to its address on
    file. Answer and work are the same whatever is behind it (T4)."""
    request_id, now = requests.new_id(), clock.now()
    # What counts by CUIT and number stops no code: a stranger could keep the owner out with it (T6).
    heard = throttles.all_open(tries.seen[: len(tries.mine)], tries.now)
    there = company if heard else None
    behind = company if requests.code_may_go(person.account_id, there, request_id, tries.codes, now) else None
    # Right tries count as wrong ones do: else how many are left would tell which it was.
    with suppress(throttles.Locked):
        tries.noted(requests.received(person, request_id, asked, behind, now))
    observe.about(link_request=request_id, code="sent" if behind else "not_sent")
    return {"request_id": request_id, "state": "received"}
