"""What a real mail filter says of each letter: SpamAssassin's own rules, without the network, where it is installed (CI
installs it)."""

import email.policy
import os
import re
import shutil
import subprocess
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

import pytest
import time_machine

from miinti import aws, clock
from miinti.mail import sending
from miinti.mail.rendering import rendered
from tests.cloud import Cloud
from tests.letters import NOON, ROWS

POINTS = 2.0
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
"""What every filter has to call spam: the sign that this one judges at all."""
FILTER = shutil.which("spamassassin")


@pytest.fixture(autouse=True)
def filter_is_here() -> None:
    if FILTER is None:
        absent = "SpamAssassin is not here: apt-get install spamassassin"
        if os.environ.get("CI"):
            pytest.fail(f"in CI this must run: {absent}")
        pytest.skip(absent)


def as_sent(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, row: dict[str, Any]) -> EmailMessage:
    """The message that SES makes of what we hand to it (Simple content: multipart/alternative, quoted-printable)."""
    given: dict[str, Any] = {}

    def send_email(**told: Any) -> dict[str, str]:
        given.update(told)
        return {"MessageId": "m"}

    with cloud.as_function("send_mail"), time_machine.travel(NOON, tick=False):
        monkeypatch.setattr(aws.sesv2(), "send_email", send_email)
        sending.send(rendered(row), row["to"]["address"], row["template"])
        simple = given["Content"]["Simple"]
        message = EmailMessage(policy=email.policy.SMTP)
        message["Date"] = format_datetime(clock.local(clock.now()))
        message["From"] = given["FromEmailAddress"]
        message["To"] = given["Destination"]["ToAddresses"][0]
        message["Subject"] = simple["Subject"]["Data"]
        message["Message-ID"] = make_msgid(domain="us-east-1.amazonses.com")
        for header in simple["Headers"]:
            message[header["Name"]] = header["Value"]
        message.set_content(simple["Body"]["Text"]["Data"], cte="quoted-printable")
        message.add_alternative(simple["Body"]["Html"]["Data"], subtype="html", cte="quoted-printable")
    return message


def test_every_letter_has_less_than_two_points_and_is_valid_mime(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """All in one mailbox: what takes long is reading the rules."""
    mailbox = b""
    for name, row in ROWS.items():
        message = as_sent(cloud, monkeypatch, row)
        message["X-Letter"] = name
        raw = message.as_bytes()
        again = email.message_from_bytes(raw, policy=email.policy.default)
        assert not [part.defects for part in again.walk() if part.defects], name
        kinds = [part.get_content_type() for part in again.walk()]
        assert kinds == ["multipart/alternative", "text/plain", "text/html"], name
        mailbox += b"From ses@amazonses.com Fri Nov 27 17:00:00 2026\n" + raw.replace(b"\r\n", b"\n") + b"\n"
    mailbox += b"From x@y.z Fri Nov 27 17:00:00 2026\nX-Letter: known-spam\nSubject: x\n\n" + GTUBE + b"\n"
    judged = subprocess.run(
        [str(FILTER), "--local", "--test-mode", "--mbox"], input=mailbox, capture_output=True, check=True
    ).stdout.decode(errors="replace")
    points = {
        name: float(score)
        for score, name in re.findall(
            r"^X-Spam-Status: \w+, score=(-?[\d.]+)[\s\S]*?^X-Letter: (\S+)$", judged, re.MULTILINE
        )
    }
    assert points.pop("known-spam") > 900
    assert points.keys() == ROWS.keys()
    assert {name: score for name, score in points.items() if score >= POINTS} == {}
