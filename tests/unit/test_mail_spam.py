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
from miinti.companies import access
from miinti.documents import rows
from miinti.mail import outbox
from tests import erp
from tests.cloud import BUCKET, Cloud
from tests.letters import NOON, ROWS, world
from tests.post import Post

POINTS = 2.0
GTUBE = b"XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-ANTI-UBE-TEST-EMAIL*C.34X"
"""What every filter has to call spam: the sign that this one judges at all."""
PDF = erp.pdf("Factura B 00205-00001513")
FILTER = shutil.which("spamassassin")


@pytest.fixture(autouse=True)
def filter_is_here() -> None:
    if FILTER is None:
        absent = "SpamAssassin is not here: apt-get install spamassassin"
        if os.environ.get("CI"):
            pytest.fail(f"in CI this must run: {absent}")
        pytest.skip(absent)


def given_to_ses(cloud: Cloud) -> dict[str, dict[str, Any]]:
    """What ``send_mail`` hands to SES, by the letter's name; one with a PDF beside the others."""
    with_pdf = "documents_new.pdf"
    document = {**ROWS["documents_new"]["entries"][0], "doc": "v-00205-00001517-006"}
    sent = {}
    with time_machine.travel(NOON, tick=False):
        post = Post(cloud)
        with cloud.as_function("relay_outbox"):
            world()
            pk, sk = rows.key(document["company_id"], document["doc"])
            file = {"pk": pk, "sk": sk, "f": True, "file_key": "documents/one.pdf", "file_size": len(PDF)}
            aws.write(aws.put("CompaniesTable", file))
            link = access.link_key("a1", document["company_id"])
            news = {":news": {document["kind"]: "attachment"}}
            aws.write(aws.update("CompaniesTable", link, "SET news = :news", news))
        aws.s3().put_object(Bucket=BUCKET, Key="documents/one.pdf", Body=PDF)
        for name, row in {**ROWS, with_pdf: {**ROWS["documents_new"], "entries": [document]}}.items():
            aws.write(aws.put("OutboxTable", {**row, "pk": f"MAIL#{name}", "created_at": NOON}))
            post.run()
            (sent[name],) = cloud.letters
            cloud.letters.clear()
    return sent


def as_sent(given: dict[str, Any]) -> EmailMessage:
    """The message that SES makes of what we hand to it (Simple content: multipart/alternative, quoted-printable)."""
    simple = given["Content"]["Simple"]
    message = EmailMessage(policy=email.policy.SMTP)
    message["Date"] = format_datetime(clock.local(NOON))
    message["From"] = given["FromEmailAddress"]
    message["To"] = given["Destination"]["ToAddresses"][0]
    message["Subject"] = simple["Subject"]["Data"]
    message["Message-ID"] = make_msgid(domain="us-east-1.amazonses.com")
    for header in simple["Headers"]:
        message[header["Name"]] = header["Value"]
    message.set_content(simple["Body"]["Text"]["Data"], cte="quoted-printable")
    message.add_alternative(simple["Body"]["Html"]["Data"], subtype="html", cte="quoted-printable")
    for file in simple.get("Attachments", ()):
        message.add_attachment(
            file["RawContent"], *file["ContentType"].split("/"), filename=file["FileName"], cte="base64"
        )
    return message


def test_every_letter_has_less_than_two_points_and_is_valid_mime(cloud: Cloud) -> None:
    """All in one mailbox: what takes long is reading the rules."""
    mailbox = b""
    sent = given_to_ses(cloud)
    for name, given in sent.items():
        message = as_sent(given)
        message["X-Letter"] = name
        raw = message.as_bytes()
        again = email.message_from_bytes(raw, policy=email.policy.default)
        assert not [part.defects for part in again.walk() if part.defects], name
        kinds = [part.get_content_type() for part in again.walk()]
        both = ["multipart/alternative", "text/plain", "text/html"]
        assert kinds == (["multipart/mixed", *both, "application/pdf"] if name.endswith(".pdf") else both), name
        # One click of RFC 8058 on news, and on nothing that concerns security.
        one_click = {"List-Unsubscribe", "List-Unsubscribe-Post"} & set(again.keys())
        assert len(one_click) == (2 if name.partition(".")[0] in outbox.NEWS else 0), name
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
    assert points.keys() == sent.keys()
    assert {name: score for name, score in points.items() if score >= POINTS} == {}
