"""/.well-known/security.txt (RFC 9116): where to tell of a hole in the portal.

Made at each deployment, since it names the stage's own address and ends a year later: a stage that nobody has deployed
for so long has nobody who would answer.
"""

import datetime as dt
import re
from collections.abc import Iterator

PATH = "/.well-known/security.txt"
LIVES = dt.timedelta(days=364)
"""RFC 9116 advises less than a year."""
FRESH = dt.timedelta(days=30)
"""What is left of it at least when somebody looks."""


def text(portal: str, now: dt.datetime) -> str:
    """The file for a portal's address (``https://…`` without a path)."""
    return (
        f"Contact: {portal}/ayuda\n"
        f"Expires: {(now + LIVES).astimezone(dt.UTC).strftime('%Y-%m-%dT%H:%M:%SZ')}\n"
        "Preferred-Languages: es, en\n"
        f"Canonical: {portal}{PATH}\n"
    )


def faults(text: str, portal: str, now: dt.datetime) -> Iterator[str]:
    """What is wrong with the file as it is served at ``portal``."""
    fields = dict(re.findall(r"^([A-Za-z-]+): (\S.*)$", text, re.MULTILINE))
    for name in ("Contact", "Expires", "Preferred-Languages", "Canonical"):
        if name not in fields:
            yield f"security.txt lacks {name}"
    if fields.get("Canonical", "").removesuffix(PATH) != portal:
        yield f"security.txt is that of {fields.get('Canonical')}"
    try:
        ends = dt.datetime.fromisoformat(fields.get("Expires", ""))
    except ValueError:
        yield "security.txt does not say when it expires"
        return
    if ends.tzinfo is None or ends - now < FRESH:
        yield f"security.txt expires at {fields['Expires']}: deploy"
