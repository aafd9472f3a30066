"""The mails that were sent, kept one JSON file each, and the door through which functions send them.

``send_mail`` calls SES; here its calls come to ``tap`` first, which passes each on to MiniStack's SES untouched (which
checks signature, grants and sender) and keeps those it accepted, whole, before the function has its answer.
"""

import json
import re
import secrets
import threading
import time
from dataclasses import asdict, dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send
from typing_extensions import TypedDict

from local.gateway import Upstream
from miinti import clock

SEND = "/v2/email/outbound-emails"
_ADDRESS_OF_A_PAGE = re.compile(r"https?://[^\s<>\"']+")


class Shown(TypedDict):
    """A mail as ``/_local/mail`` answers it."""

    to: str
    subject: str
    text: str
    html: str
    template: str
    sent_at: str
    links: list[str]


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that SES took. ``sent_at`` is in seconds since the epoch; ids are in the order of sending."""

    id: str
    to: str
    subject: str
    text: str
    html: str
    template: str
    sent_at: int

    def shown(self) -> Shown:
        return {
            "to": self.to,
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "template": self.template,
            "sent_at": clock.instant(self.sent_at),
            "links": self.links,
        }

    @property
    def links(self) -> list[str]:
        """Addresses of pages in the text, then those that only the HTML has, each once, in the order they stand."""
        anchors = _Anchors()
        anchors.feed(self.html)
        in_text = (found.rstrip(".,;:!?)»") for found in _ADDRESS_OF_A_PAGE.findall(self.text))
        return list(dict.fromkeys([*in_text, *anchors.targets]))

    @property
    def local_time(self) -> str:
        return clock.local(self.sent_at).strftime("%d/%m/%Y %H:%M:%S")


class _Anchors(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.targets: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        target = dict(attrs).get("href") or ""
        if tag == "a" and target.startswith(("http://", "https://")):
            self.targets.append(target)


class Mailbox:
    """The mails kept in a folder. Safe under threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._mails = [Mail(**json.loads(file.read_text())) for file in sorted(folder.glob("*.json"))]

    def keep(self, payload: dict[str, Any]) -> None:
        """Keep what ``SendEmail`` (SES v2) was asked to send, once for each address it went to."""
        simple = payload.get("Content", {}).get("Simple", {})
        body = simple.get("Body", {})
        tags = {tag["Name"]: tag["Value"] for tag in payload.get("EmailTags", [])}
        now = time.time_ns()
        for address in payload.get("Destination", {}).get("ToAddresses", []):
            mail = Mail(
                id=f"{now:020d}-{secrets.token_hex(4)}",
                to=address,
                subject=simple.get("Subject", {}).get("Data", ""),
                text=body.get("Text", {}).get("Data", ""),
                html=body.get("Html", {}).get("Data", ""),
                template=tags.get("template", ""),
                sent_at=now // 10**9,
            )
            partial = self._folder / f"{mail.id}.partial"
            partial.write_text(json.dumps(asdict(mail), ensure_ascii=False))
            with self._lock:
                partial.replace(partial.with_suffix(".json"))
                self._mails.append(mail)

    def newest_first(self, to: str = "") -> list[Mail]:
        """The mails to an address, compared without case; all of them without one."""
        with self._lock:
            mails = list(self._mails)
        return [mail for mail in reversed(mails) if not to or mail.to.lower() == to.strip().lower()]

    def find(self, id: str) -> Mail | None:
        return next((mail for mail in self.newest_first() if mail.id == id), None)


def tap(ses: Upstream, mailbox: Mailbox) -> ASGIApp:
    """An SES v2 endpoint that passes every call on to ``ses`` and keeps the mails it takes."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        answer = await ses.ask(request.method, _target(scope), scope["headers"], body)
        if request.method == "POST" and scope["path"] == SEND and answer.status == 200:
            mailbox.keep(json.loads(body))
        response = Response(answer.body, answer.status)
        response.raw_headers += answer.headers
        await response(scope, receive, send)

    return app


def _target(scope: Scope) -> bytes:
    query: bytes = scope["query_string"]
    path: bytes = scope["raw_path"]
    return path + b"?" + query if query else path
