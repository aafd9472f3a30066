"""The one place that gives a mail to SES, when that is worth it, and what its refusals mean."""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from botocore.exceptions import ClientError

from miinti import aws, observe, settings
from miinti.aws import Row
from miinti.errors import Invalid
from miinti.mail import returns, tokens
from miinti.mail.rendering import Rendered
from miinti.values import email

if TYPE_CHECKING:
    from mypy_boto3_sesv2.type_defs import AttachmentTypeDef, MessageTypeDef

POINTLESS_WITHOUT = frozenset({"activate", "confirm_email", "link_code", "payment_key", "reset_password"})
"""Templates that are only about their link, code or key: once that has run out there is nothing to say."""

_FINAL = frozenset(
    {
        "AccountSuspendedException",
        "BadRequestException",
        "InvalidParameterValue",
        "MailFromDomainNotVerifiedException",
        "MessageRejected",
        "NotFoundException",
    }
)
"""Refusals that trying again does not change: somebody has to mend something first (R12)."""

_ADDRESS = re.compile(r"[^\s<>,;:\"']+@[^\s<>,;:\"']+")


class Refused(Exception):
    """SES will not take this mail, now or later. ``reason`` names no address in clear."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Attachment(NamedTuple):
    """A PDF that goes with a mail, by the name it is saved under."""

    filename: str
    content: bytes


def pointless(mail: Row, now: int) -> str:
    """Why a mail is not worth sending, or "": its link has run out, or mail to its address comes back. Staff is told of
    either."""
    if mail["template"] in POINTLESS_WITHOUT:
        ends = tokens.stored(mail["token"]).expires_at if "token" in mail else int(mail["data"]["expires_at"])
        if now >= ends:
            returns.unsent(mail, "expired", "link_expired", now)
            return "expired"
    state = returns.state_of(mail["to"]["address"])
    if state:
        returns.unsent(mail, "untried", state, now)
    return f"address_{state}" if state else ""


def send(
    mail: Rendered, address: str, template: str, *, attached: Sequence[Attachment] = (), unsubscribe: str = ""
) -> str:
    """Hand a mail to SES for one address; SES's message id, once it has accepted it. ``unsubscribe``, of news alone, is
    where one click stops them (RFC 8058).

    Raises ``Refused`` for good, ``Unavailable`` when SES is throttling, down or silent: then nobody knows whether it
    went.
    """
    try:
        if email.normalized(address) != address:
            raise Refused("address is not in its stored form")
    except Invalid:
        raise Refused("address is not valid") from None
    # RFC 3834, and the same for Exchange: no out-of-office answers to a machine.
    headers: dict[str, str] = {"Auto-Submitted": "auto-generated", "X-Auto-Response-Suppress": "All"}
    if unsubscribe:
        headers |= {"List-Unsubscribe": f"<{unsubscribe}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    files: list[AttachmentTypeDef] = [
        {
            "FileName": one.filename,
            "RawContent": one.content,
            "ContentType": "application/pdf",
            "ContentDisposition": "ATTACHMENT",
            "ContentTransferEncoding": "BASE64",
        }
        for one in attached
    ]
    simple: MessageTypeDef = {
        "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
        "Body": {
            "Text": {"Data": mail.text, "Charset": "UTF-8"},
            "Html": {"Data": mail.html, "Charset": "UTF-8"},
        },
        "Headers": [{"Name": name, "Value": value} for name, value in headers.items()],
    }
    if files:
        simple["Attachments"] = files
    try:
        answer = aws.ask(
            aws.sesv2().send_email,
            FromEmailAddress=f"miINTI <{settings.sender()}>",
            Destination={"ToAddresses": [address]},
            ConfigurationSetName=settings.configuration_set(),
            EmailTags=[{"Name": "template", "Value": template}],
            Content={"Simple": simple},
        )
    except ClientError as refused:
        error = refused.response["Error"]
        if error["Code"] not in _FINAL:
            raise
        said = _ADDRESS.sub(lambda found: observe.masked(found[0]), error.get("Message", ""))
        raise Refused(f"{error['Code']}: {said}"[:500]) from None
    return answer["MessageId"]
