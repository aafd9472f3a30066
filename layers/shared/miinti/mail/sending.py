"""The one place that gives a mail to SES, and what its refusals mean."""

import re

from botocore.exceptions import ClientError

from miinti import aws, observe, settings
from miinti.errors import Invalid
from miinti.mail.rendering import Rendered
from miinti.values import email

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


def send(mail: Rendered, address: str, template: str) -> str:
    """Hand a mail to SES for one address; SES's message id, once it has accepted it.

    Raises ``Refused`` for good, ``Unavailable`` when SES is throttling, down or silent: then nobody knows whether it
    went.
    """
    try:
        if email.normalized(address) != address:
            raise Refused("address is not in its stored form")
    except Invalid:
        raise Refused("address is not valid") from None
    try:
        answer = aws.ask(
            aws.sesv2().send_email,
            FromEmailAddress=f"miINTI <{settings.sender()}>",
            Destination={"ToAddresses": [address]},
            ConfigurationSetName=settings.configuration_set(),
            EmailTags=[{"Name": "template", "Value": template}],
            Content={
                "Simple": {
                    "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": mail.text, "Charset": "UTF-8"},
                        "Html": {"Data": mail.html, "Charset": "UTF-8"},
                    },
                    # RFC 3834, and the same for Exchange: no out-of-office answers to a machine.
                    "Headers": [
                        {"Name": "Auto-Submitted", "Value": "auto-generated"},
                        {"Name": "X-Auto-Response-Suppress", "Value": "All"},
                    ],
                }
            },
        )
    except ClientError as refused:
        error = refused.response["Error"]
        if error["Code"] not in _FINAL:
            raise
        said = _ADDRESS.sub(lambda found: observe.masked(found[0]), error.get("Message", ""))
        raise Refused(f"{error['Code']}: {said}"[:500]) from None
    return answer["MessageId"]
