"""The mailbox of the local run: what is kept, and how it is shown."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from local import options
from local.front import Front, Served
from local.gateway import Upstream
from local.mailbox import Mailbox, tap


def sent(to: str = "ana@example.com", template: str = "activate", **body: str) -> dict[str, Any]:
    """What ``send_mail`` asks SES for."""
    return {
        "FromEmailAddress": "miINTI <no-responder@miinti.example>",
        "Destination": {"ToAddresses": [to]},
        "EmailTags": [{"Name": "template", "Value": template}],
        "Content": {
            "Simple": {
                "Subject": {"Data": "Activá tu cuenta miINTI"},
                "Body": {
                    "Text": {"Data": body.get("text", "Entrá en http://localhost:3000/activar#t=abc.def.\n")},
                    "Html": {"Data": body.get("html", '<a href="http://localhost:3000/activar#t=abc.def">Activar</a>')},
                },
            }
        },
    }


def test_a_mail_is_shown_as_the_contract_says(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    mailbox.keep(sent())
    (mail,) = [mail.shown() for mail in mailbox.newest_first()]
    assert mail.pop("sent_at").endswith("Z")  # type: ignore[misc]
    assert mail == {
        "to": "ana@example.com",
        "subject": "Activá tu cuenta miINTI",
        "text": "Entrá en http://localhost:3000/activar#t=abc.def.\n",
        "html": '<a href="http://localhost:3000/activar#t=abc.def">Activar</a>',
        "template": "activate",
        "links": ["http://localhost:3000/activar#t=abc.def"],
    }


def test_newest_first_and_by_address_without_case(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    for to, template in (
        ("ana@example.com", "activate"),
        ("bo@example.com", "activate"),
        ("ana@example.com", "reset_password"),
    ):
        mailbox.keep(sent(to, template))
    assert [mail.template for mail in mailbox.newest_first("ANA@example.com ")] == ["reset_password", "activate"]
    assert len(mailbox.newest_first()) == 3
    assert mailbox.newest_first("an") == []


def test_mails_outlive_the_run(tmp_path: Path) -> None:
    first = Mailbox(tmp_path)
    for number in range(20):
        first.keep(sent(f"p{number}@example.com"))
    (tmp_path / "half.partial").write_text('{"id": "half')
    assert Mailbox(tmp_path).newest_first() == first.newest_first()


def test_links_of_text_and_html_stand_once_each_in_order(tmp_path: Path) -> None:
    mailbox = Mailbox(tmp_path)
    mailbox.keep(sent(text="Uno: https://a.example/x?y=1&z=2#t=q, dos (http://b.example/).",
                      html='<a href="https://a.example/x?y=1&amp;z=2#t=q">1</a><a href="mailto:x@y">m</a>'
                           '<a href="https://c.example/">3</a><a>4</a>'))  # fmt: skip
    assert mailbox.newest_first()[0].links == [
        "https://a.example/x?y=1&z=2#t=q",
        "http://b.example/",
        "https://c.example/",
    ]


@pytest.fixture
def mailbox(tmp_path: Path) -> Mailbox:
    return Mailbox(tmp_path)


@pytest.fixture
def client(mailbox: Mailbox) -> Iterator[httpx.Client]:
    bound = options.listening(0)
    served = Served(Front(mailbox), bound)
    with httpx.Client(base_url=f"http://127.0.0.1:{bound.getsockname()[1]}") as client:
        yield client
    served.stop()
    bound.close()


def test_the_api_of_the_mailbox(mailbox: Mailbox, client: httpx.Client) -> None:
    assert client.get("/_local/mail", params={"to": "ana+x@example.com"}).json() == []
    mailbox.keep(sent("ana+x@example.com"))
    (mail,) = client.get("/_local/mail", params={"to": "ana+x@example.com"}).json()
    assert set(mail) == {"to", "subject", "text", "html", "template", "sent_at", "links"}


def test_a_mails_html_is_shown_in_a_box_of_its_own(mailbox: Mailbox, client: httpx.Client) -> None:
    attack = "<script>parent.document.title='x'</script><p style='color:red'>hola</p>"
    mailbox.keep(sent(to="<b>x@example.com", text="<img src=x>", html=attack))
    page = client.get("/_local/")
    assert attack not in page.text
    assert "<img src=x>" not in page.text
    assert "&lt;b&gt;x@example.com" in page.text
    assert 'sandbox src="/_local/mail/' in page.text
    assert "script-src" not in page.headers["content-security-policy"]
    part = client.get(page.text.partition('sandbox src="')[2].partition('"')[0])
    assert part.text == attack
    assert part.headers["content-security-policy"].startswith("sandbox; default-src 'none'")


def test_a_mail_that_is_not_there_is_not_found(client: httpx.Client) -> None:
    assert client.get("/_local/mail/nothing.html").status_code == 404


class FakeSes:
    status = 200
    seen: bytes = b""
    host = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        FakeSes.seen, FakeSes.host = await request.body(), request.headers["host"]
        await Response('{"MessageId":"m1"}', self.status, media_type="application/json")(scope, receive, send)


@pytest.mark.parametrize(("status", "kept"), [(200, 1), (400, 0), (403, 0), (500, 0)])
def test_only_what_ses_took_is_kept_and_every_answer_is_passed_on(mailbox: Mailbox, status: int, kept: int) -> None:
    ses = FakeSes()
    ses.status = status
    below, above = options.listening(0), options.listening(0)
    upstream = Upstream(f"http://127.0.0.1:{below.getsockname()[1]}")
    served = [Served(ses, below), Served(tap(upstream, mailbox), above, upstream.close)]
    body = json.dumps(sent()).encode()
    answer = httpx.post(f"http://127.0.0.1:{above.getsockname()[1]}/v2/email/outbound-emails", content=body)
    assert (answer.status_code, answer.json()) == (status, {"MessageId": "m1"})
    assert FakeSes.seen == body
    assert FakeSes.host == f"127.0.0.1:{above.getsockname()[1]}"  # the signature covers it
    assert len(mailbox.newest_first()) == kept
    for one in served:
        one.stop()
    below.close()
    above.close()
