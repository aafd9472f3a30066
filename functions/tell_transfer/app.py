"""POST /v1/companies/{id}/transfers: a client tells of a transfer that they made, and gets the form that takes its
proof. Nothing is paid by it: staff looks for it at the bank, and the ERP's receipt settles it.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from typing_extensions import TypedDict

from miinti import aws, clock, observe, settings
from miinti.aws import Row
from miinti.companies import access
from miinti.documents import payments
from miinti.errors import FieldError, IdempotencyMismatch, NotFound, TooManyAttempts, ValidationFailed
from miinti.http import IDEMPOTENCY_KEY, Answer, Request, api
from miinti.payments import debts, proofs, store, transfers
from miinti.payments.transfers import New, Transfer
from miinti.values import money
from miinti.values.told import Instant, Told

LIFE: Final = 120
"""Seconds in which the proof may be put: the bucket takes no older signature."""


class Announced(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    content_type: Literal["application/pdf", "image/png", "image/jpeg"]


def _none() -> Any:
    return None


class Tell(BaseModel):
    """``date`` is the day of the transfer in Buenos Aires, at most 180 days ago."""

    model_config = ConfigDict(extra="forbid", strict=True)

    amount: Annotated[str, AfterValidator(money.told), Told(pattern=r"^[0-9]{1,15}\.[0-9]{2}$")]
    date: Annotated[str, Told(format="date")]
    bank: Annotated[str, Field(min_length=1, max_length=80)]
    doc_ids: Annotated[list[str], Field(min_length=1, max_length=debts.MOST)]
    # Left out where there is none; null is no announcement.
    proof: Announced = Field(default_factory=_none)


class Upload(TypedDict):
    """A form for one file: ``fields`` as they are, then ``file``, by POST to ``url``."""

    url: str
    fields: dict[str, str]
    expires_at: Instant


class Received(Transfer):
    """``upload`` is None where no proof was announced, or it is there already."""

    upload: Upload | None


@api(
    "POST /v1/companies/{id}/transfers",
    "Informar una transferencia",
    body=Tell,
    headers=(IDEMPOTENCY_KEY,),
    answers={201: Received},
    refusals=(NotFound, IdempotencyMismatch, TooManyAttempts),
    reads=lambda request: access.wanted(
        request.account_id,
        request.path.get("id", ""),
        store.wanted_request(request.account_id, request.headers.get("idempotency-key", "")),
    ),
    ids={"id": access.ID.pattern},
)
def handler(request: Request[Tell]) -> Answer:
    company_id, now, body = access.client(request.rows)["id"], clock.now(), request.body
    cents = money.cents(body.amount)
    transfers.checked(cents, body.date, body.bank, body.doc_ids, clock.today())
    place = store.wanted_request(request.account_id, request.headers["idempotency-key"])
    once = place, store.digest(["transfer", company_id, body.model_dump()])
    known = store.remembered(request.rows[2], once[1], now)
    if known is None:
        if not payments.are_debits(company_id, body.doc_ids):
            raise ValidationFailed(FieldError("doc_ids", "not_allowed"))
        if wait := transfers.free_in(company_id, now):
            raise TooManyAttempts(wait)
        proof = body.proof.content_type if body.proof else None
        new = New(company_id, request.account_id, cents, body.date, body.bank, body.doc_ids, proof)
        try:
            row = transfers.start(new, now, once)
        except store.KeyTaken as taken:
            # It is there, else the key would not be taken.
            known = store.remembered(taken.row, once[1], now)
    if known:
        row = transfers.get(*known)
    observe.about(company=company_id, transfer=row["id"])
    told: Received = {**transfers.told(row), "upload": _upload(row, now)}
    return Answer(201, told, {"Location": f"/v1/companies/{company_id}/transfers"})


def _upload(row: Row, now: int) -> Upload | None:
    proof = row.get("proof")
    if proof is None or proof["state"] == "received" or row["state"] != "received":
        return None
    key = proofs.key(row["company"], row["id"])
    url, fields = aws.presigned_post(settings.bucket(), key, proof["type"], proofs.MOST, LIFE)
    return {"url": url, "fields": fields, "expires_at": clock.instant(now + LIFE)}
