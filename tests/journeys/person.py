"""A person in front of the local run: fills in forms, reads mail, keeps cookies as a browser does."""

import io
import secrets
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from pypdf import PdfReader

from miinti import aws
from miinti.mail import tokens
from tests.journeys.conftest import Portal, token_of, web

PASSWORD = "mate amargo en la terraza"


@dataclass
class Person:
    """Nobody yet: ``register`` and ``activate`` make an account of them."""

    portal: Portal
    first_name: str = "Ana"
    last_name: str = "Ñandú"
    email: str = field(default_factory=lambda: f"ana.{secrets.token_hex(4)}@estudio.example")
    password: str = PASSWORD
    cookies: dict[str, str] = field(default_factory=dict)
    access_token: str = ""

    def __post_init__(self) -> None:
        self._client = self.portal.client()

    def ask(self, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """One request of the page's: access token and cookies sent, new cookies kept."""
        headers = {"Origin": self.portal.url.replace("127.0.0.1", "localhost"), **more.pop("headers", {})}
        if self.access_token:
            headers["Authorization"] = f"Bearer {self.access_token}"
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        answer = self._client.request(method, path, json=body, headers=headers, **more)
        for set_cookie in answer.headers.get_list("set-cookie"):
            name, _, value = set_cookie.partition(";")[0].partition("=")
            self.cookies[name] = value
            self.portal.secrets |= {value} - {""}
        self.portal.secrets |= _secrets_in(body, answer)
        return answer

    def get(self, path: str, **query: Any) -> Any:
        """What a page shows: the JSON of a 200."""
        answer = self.ask("GET", path, params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    # --- accounts ---

    def register(self, **fields: Any) -> httpx.Response:
        form = {"first_name": self.first_name, "last_name": self.last_name, "email": self.email}
        return self.ask("POST", "/v1/register", {**form, "password": self.password, **fields})

    def mail(self, template: str, *, after: int = 0) -> dict[str, Any]:
        return self.portal.mail(self.email, template, after=after)

    def activate(self) -> None:
        assert self.register().status_code == 202
        answer = self.ask("POST", "/v1/activate", {"token": token_of(self.mail("activate"))})
        assert answer.status_code == 204, answer.text

    def login(self, password: str = "", **fields: Any) -> httpx.Response:
        """Fills in the login form; who is let in has the access token from then on."""
        answer = self.ask("POST", "/v1/login", {"email": self.email, "password": password or self.password, **fields})
        if answer.status_code == 200:
            self.access_token = answer.json()["access_token"]
        return answer

    def arrive(self) -> "Person":
        """Registered, activated, logged in."""
        self.activate()
        assert self.login().status_code == 200
        return self

    def elsewhere(self) -> "Person":
        """The same person at another browser, where nothing of the portal is yet."""
        return Person(self.portal, self.first_name, self.last_name, self.email, self.password)

    def lets_in(self) -> bool:
        """Whether the access token opens the portal."""
        return self.ask("GET", "/v1/me").status_code == 200

    def one_click(self) -> str:
        """The token in ``List-Unsubscribe`` of a mail of news, made anew: the mailbox shows no headers."""
        mail_id = next(
            row["pk"]["S"].removeprefix("MAIL#")
            for row in self.portal.rows("OutboxTable")
            if "companies" in row and row.get("to", {}).get("M", {}).get("address") == {"S": self.email}
        )
        account_id = self.get("/v1/me")["id"]
        kms, key = self.portal.aws("kms"), self.portal.deployed["resources"]["MailKey"]

        def derived(arn: str, label: str) -> bytes:
            mac: bytes = kms.generate_mac(KeyId=arn, MacAlgorithm="HMAC_SHA_256", Message=label.encode())["Mac"]
            return mac

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(aws, "derived_key", derived)
            patch.setenv("MAIL_KEY", key)
            return tokens.sealed(tokens.of_news(account_id, mail_id, int(time.time())))

    # --- companies and documents ---

    def link(self, role: str, cuit: str, number: str) -> httpx.Response:
        return self.ask("POST", "/v1/companies", {"role": role, "cuit": cuit, "number": number})

    def linked(self, row: dict[str, str]) -> dict[str, Any]:
        """The company of a row of companies.csv, linked."""
        answer = self.link({"Cliente": "client", "Proveedor": "supplier"}[row["kind"]], row["cuit"], row["code"])
        assert answer.status_code == 201, answer.text
        company: dict[str, Any] = answer.json()
        return company

    def walk(self, company_id: str, **query: Any) -> list[dict[str, Any]]:
        """All pages of a list, one after the other."""
        items: list[dict[str, Any]] = []
        query = {"limit": 100, **query}
        while True:
            page = self.get(f"/v1/companies/{company_id}/docs", **query)
            items += page["items"]
            if page["next"] is None:
                return items
            query["cursor"] = page["next"]

    def download(self, company_id: str, doc_id: str) -> tuple[dict[str, Any], str]:
        """What the portal says of the file, and the text of the PDF that its address gives."""
        told = self.get(f"/v1/companies/{company_id}/docs/{doc_id}/download")
        file = web.get(told["url"])
        assert file.status_code == 200
        assert file.headers["content-type"] == told["content_type"] == "application/pdf"
        assert len(file.content) == told["size"]
        assert told["filename"] in file.headers["content-disposition"]
        assert file.headers["content-disposition"].startswith("attachment")
        text = " ".join(page.extract_text() for page in PdfReader(io.BytesIO(file.content)).pages)
        return told, text


def _secrets_in(body: Any, answer: httpx.Response) -> set[str]:
    """The secrets of a form that was read and of its answer. A password that was refused is nobody's."""
    form = body if isinstance(body, dict) and answer.status_code != 422 else {}
    shown = answer.json() if answer.content and answer.is_success else {}
    secret = ("password", "current_password", "access_token", "url")
    return {str(told[name]) for told in (form, shown) for name in secret if name in told}


def same_answer(one: httpx.Response, other: httpx.Response) -> bool:
    """Whether two answers are the same to who cannot see behind them: status, header names, body but for the id."""
    names = [sorted(name for name in answer.headers if name != "content-length") for answer in (one, other)]
    bodies = [answer.text.replace(answer.headers["x-request-id"], "") for answer in (one, other)]
    return one.status_code == other.status_code and names[0] == names[1] and bodies[0] == bodies[1]
