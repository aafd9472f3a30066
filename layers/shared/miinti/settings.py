"""The only reader of the environment, typed. A variable that is missing or wrong says its name and stops the start."""

import os


class SettingMissing(RuntimeError):
    """The function's environment lacks a variable that it needs, or holds a value out of its range."""


def _text(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise SettingMissing(name)
    return value


def _choice(name: str, *allowed: str) -> str:
    value = _text(name)
    if value not in allowed:
        raise SettingMissing(f"{name} must be one of {', '.join(allowed)}")
    return value


def _number(name: str) -> int:
    try:
        return int(_text(name))
    except ValueError as wrong:
        raise SettingMissing(f"{name} must be a whole number") from wrong


def identity_table() -> str:
    return _text("IDENTITY_TABLE")


def companies_table() -> str:
    return _text("COMPANIES_TABLE")


def outbox_table() -> str:
    return _text("OUTBOX_TABLE")


def audit_table() -> str:
    return _text("AUDIT_TABLE")


def payments_table() -> str:
    return _text("PAYMENTS_TABLE")


def payment_provider() -> str:
    """Who takes the payments of this stage; ``none`` where nobody does."""
    return _choice("PAYMENT_PROVIDER", "none", "sandbox", "mercadopago")


def takes_payments() -> bool:
    """Whether this stage takes payments."""
    return payment_provider() != "none"


def payment_access() -> str:
    """ARN of the secret with Mercado Pago's token and webhook keys."""
    return _text("PAYMENT_ACCESS")


def payment_key() -> str:
    """ARN of the KMS HMAC key behind the sandbox's."""
    return _text("PAYMENT_KEY")


def payment_sandbox() -> str:
    """Where the sandbox is asked."""
    return _text("PAYMENT_SANDBOX").rstrip("/")


def payment_queue() -> str:
    """URL of the queue between ``take_payment_notice`` and ``apply_payment``."""
    return _text("PAYMENT_QUEUE")


def proof_queue() -> str:
    """URL of the queue between the bucket's ``proofs/`` and ``check_proof``."""
    return _text("PROOF_QUEUE")


def bucket() -> str:
    """The bucket that holds inbox/, documents/, reports/ and quarantine/."""
    return _text("BUCKET")


def inbox_queue() -> str:
    """URL of the queue between the bucket's ``inbox/`` and ``ingest_inbox``."""
    return _text("INBOX_QUEUE")


def parts_queue() -> str:
    """URL of the queue of what ``ingest_inbox`` takes in parts."""
    return _text("PARTS_QUEUE")


def mail_queue() -> str:
    """URL of the queue between ``relay_outbox`` and ``send_mail``."""
    return _text("MAIL_QUEUE")


def news_queue() -> str:
    """URL of the queue beside it, for news and reminders."""
    return _text("NEWS_QUEUE")


def mail_dead_letters() -> str:
    """URL of the queue where mails end that will not go by trying again."""
    return _text("MAIL_DEAD_LETTERS")


def mail_events() -> str:
    """ARN of the topic on which SES tells what became of mails."""
    return _text("MAIL_EVENTS")


def token_keys() -> tuple[str, ...]:
    """ARNs of the KMS keys whose access tokens are good; the first one signs (S41)."""
    return tuple(_text("TOKEN_KEYS").split(","))


def cursor_key() -> str:
    """ARN of the KMS HMAC key behind list cursors."""
    return _text("CURSOR_KEY")


def mail_key() -> str:
    """ARN of the KMS HMAC key behind tokens and codes in mail."""
    return _text("MAIL_KEY")


def session_key() -> str:
    """ARN of the KMS HMAC key behind the rotation of session cookies."""
    return _text("SESSION_KEY")


def portal_origins() -> tuple[str, ...]:
    """Origins of the portal's pages, the public one first (the local run answers under two names)."""
    return tuple(origin.rstrip("/") for origin in _text("PORTAL_URL").split(","))


def portal_url() -> str:
    """The portal's public origin, e.g. ``https://mi.inti.gob.ar``: base of links in mail, never the Host header
    (S68)."""
    return portal_origins()[0]


def issuer() -> str:
    """``iss`` and ``aud`` of access tokens: one per deployed stack, so that a token of test means nothing in prod."""
    return _text("TOKEN_ISSUER")


def service() -> str:
    """The function's name in logs and metrics: its folder's."""
    return os.environ.get("POWERTOOLS_SERVICE_NAME", "miinti")


def in_lambda() -> bool:
    """Whether this process is a function's, so that clients and keys are worth making before the first request."""
    return "AWS_LAMBDA_FUNCTION_NAME" in os.environ


def sender() -> str:
    """The From address of mails."""
    return _text("SENDER")


def configuration_set() -> str:
    return _text("CONFIGURATION_SET")


def link_policy() -> str:
    return _choice("LINK_POLICY", "open", "proof")


def ip_limits() -> bool:
    """Whether limits by client address are on."""
    return _choice("IP_LIMITS", "on", "off") == "on"


def origin_hashes() -> tuple[str, ...]:
    """SHA-256 (hex) of the values of the header CloudFront adds; two while one replaces the other, none locally."""
    return tuple(part for part in os.environ.get("ORIGIN_SHA256", "").split(",") if part)


def stale_hours() -> int:
    """Hours without a delivery of the ERP's after which lists say that their data are old."""
    return _number("STALE_HOURS")


def digest_seconds() -> int:
    """How long security notices past the hourly number gather before one mail tells them all."""
    return _number("DIGEST_SECONDS")


def endpoint() -> str:
    """Where AWS is when it is not AWS (the local run, tests), else ""."""
    return os.environ.get("AWS_ENDPOINT_URL", "").rstrip("/")
