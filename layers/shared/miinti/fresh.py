"""As of when the institute's data stand: the newest drop of the ERP's that went in, whatever it brought.

Row: companies table, ``DELIVERED`` / ``DELIVERED``: at (epoch seconds). Lists tell it in a header, ``Last-Modified``
(RFC 9110 §8.8.2), since the contract has every field of their bodies; ``X-Data-Stale`` comes with it once no delivery
has gone in for ``StaleHours``.
"""

from email.utils import formatdate

from miinti import aws, clock, settings
from miinti.aws import Key, Row, Write

STALE = "X-Data-Stale"


def wanted() -> tuple[str, Key]:
    """The row, as ``aws.batch_get`` takes it."""
    return settings.companies_table(), ("DELIVERED", "DELIVERED")


def noted(at: int) -> Write:
    """Note that what was dropped ``at`` went in. Raises ``ConditionFailed`` where something newer is noted."""
    newest = "attribute_not_exists(#at) OR #at <= :at"
    return aws.update(*wanted(), "SET #at = :at", {":at": at}, condition=newest, names={"#at": "at"})


def headers(row: Row | None) -> dict[str, str]:
    """What a list says of it; nothing before the first delivery."""
    if row is None:
        return {}
    told = {"Last-Modified": formatdate(int(row["at"]), usegmt=True)}
    if clock.now() - int(row["at"]) >= settings.stale_hours() * 3600:
        told[STALE] = "true"
    return told
