"""Electronic mail addresses: one, deliverable by SES, compared without case."""

from email_validator import SPECIAL_USE_DOMAIN_NAMES, EmailNotValidError, validate_email

from miinti.errors import Invalid

# The library refuses domains that the public DNS has not (``test``, ``local`` …). The contract asks for one address:
# whether mail gets there SES finds out, as of any other domain. The list is the library's place to say so.
SPECIAL_USE_DOMAIN_NAMES.clear()


def normalized(text: str) -> str:
    """The address in the one form that identifies it: NFC, lower case, domain in IDNA's ASCII form.

    Only ASCII before the ``@``: SES delivers no other, and look-alike letters (``ı`` for ``i``) would make two
    addresses of one (S09). Lists, display names, control characters and domains without a dot are refused (S10).
    Raises ``Invalid("invalid_email")``.
    """
    if len(text) > 254:
        raise Invalid("invalid_email")
    try:
        valid = validate_email(
            text,
            allow_smtputf8=False,
            check_deliverability=False,
            globally_deliverable=False,
            allow_display_name=False,
            allow_domain_literal=False,
        )
    except (EmailNotValidError, ValueError):
        raise Invalid("invalid_email") from None
    address = f"{valid.local_part}@{valid.ascii_domain}".lower()
    if "." not in valid.ascii_domain.strip(".") or len(address) > 254:
        raise Invalid("invalid_email")
    return address


def veiled(address: str) -> str:
    """An address for the eyes of somebody who may not be its owner: ``n•••@example.com``."""
    local, _, domain = address.partition("@")
    return f"{local[0]}•••@{domain}"
