"""Refusals as facts, each with its stable code. No HTTP word and no Spanish here: ``http`` has the table.

A use case raises one of these when it will not do what it was asked; whatever was there stays as it was.
"""

from typing import ClassVar, NamedTuple


class Refusal(Exception):
    """What was asked is refused. ``code`` is stable and for programs."""

    code: ClassVar[str]


class FieldError(NamedTuple):
    """One field that was refused: its name in the request, a stable code, and what the text may quote."""

    field: str
    code: str
    limit: int | None = None


class ValidationFailed(Refusal):
    """One or more fields of the request are unknown, missing or wrong."""

    code = "validation_failed"

    def __init__(self, *fields: FieldError) -> None:
        super().__init__(", ".join(f"{f.field}: {f.code}" for f in fields))
        self.fields = fields


class Invalid(ValueError):
    """A value refused by its own rule; the edge turns it into a ``FieldError`` of the field that held it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class NotFound(Refusal):
    """There is no such thing, or it is not the person's: the two look the same on purpose (S46)."""

    code = "not_found"


class InvalidToken(Refusal):
    """An access token that is missing, bad, expired, or of a session that has ended."""

    code = "invalid_token"


class InvalidMailToken(Refusal):
    """A token out of a mail that is wrong, expired, used or replaced."""

    code = "invalid_token"


class LinkExpired(Refusal):
    """A mailed link to a document whose time is over, that its person revoked, or whose company they left."""

    code = "link_expired"


class InvalidSession(Refusal):
    """A session cookie that is missing, unknown, expired or used before."""

    code = "invalid_session"


class InvalidCredentials(Refusal):
    """Address and password do not go together, or tries are being slowed down: one answer for all."""

    code = "invalid_credentials"


class NotActivated(Refusal):
    """The password is right but the account still waits for its activation."""

    code = "not_activated"


class WrongOrigin(Refusal):
    """The request comes from a page that is not the portal's."""

    code = "wrong_origin"


class TooManyAttempts(Refusal):
    """Past a limit. ``retry_after`` is in whole seconds."""

    code = "too_many_attempts"

    def __init__(self, retry_after: int) -> None:
        super().__init__(retry_after)
        self.retry_after = max(1, retry_after)


class CompanyNotFound(Refusal):
    """No account of the institute has this role, number and CUIT together."""

    code = "company_not_found"


class AlreadyLinked(Refusal):
    """The person is linked to this company already; ``company_id`` says which."""

    code = "already_linked"

    def __init__(self, company_id: str) -> None:
        super().__init__(company_id)
        self.company_id = company_id


class InvalidCode(Refusal):
    """A link code that is wrong, malformed, expired or used up."""

    code = "invalid_code"


class BadCursor(Refusal):
    """A cursor that was not made for this person and this query."""

    code = "bad_cursor"


class FileMissing(Refusal):
    """The document is there but its PDF has not arrived."""

    code = "file_missing"


class TooManyRows(Refusal):
    """More documents than one request reads."""

    code = "too_many_rows"


class SignatureRefused(Refusal):
    """A notice that its sender did not sign, or not now: one answer for all."""

    code = "invalid_signature"


class PaymentInProcess(Refusal):
    """A document that a payment which may still come to money, or has, holds already."""

    code = "payment_in_process"


class NoProvider(Refusal):
    """This stage takes no payments, or not by the provider that a payment is with: only a deployment changes that."""

    code = "payments_unavailable"
    retry_after = 3600


class NoAddressOnFile(Refusal):
    """The company has no address on file that a key could be mailed to, or none that may be believed yet (S88)."""

    code = "no_address_on_file"


class IdempotencyMismatch(Refusal):
    """An Idempotency-Key of this person's that came with another request before."""

    code = "idempotency_mismatch"


class RequestInProgress(Refusal):
    """The same request, by its Idempotency-Key, is being worked on."""

    code = "request_in_progress"


class Unavailable(Exception):
    """A dependency did not answer in time. Nothing is known to have changed; trying again is safe."""
