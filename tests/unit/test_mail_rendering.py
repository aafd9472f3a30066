"""Letters as they are sent: both parts say the same, and nothing that people typed does harm in them."""

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from jinja2 import UndefinedError

from miinti.mail import rendering, tokens
from miinti.mail.rendering import Rendered, rendered
from tests import letters
from tests.cloud import Cloud
from tests.template import sam

TEMPLATES = sam.ROOT / "layers/shared/miinti/mail/templates"
GOLDEN = Path(__file__).parent / "letters"
PORTAL = "https://mi.inti.example"
VOID = {"meta", "br"}
SHOWN = re.compile(r"\s+")


class Page(HTMLParser):
    """The visible text, the links and the tags of a letter; complains of tags that do not match."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.blocks: list[str] = []
        """What a paragraph or cell says, but for buttons."""
        self._block: list[str] = []
        self._button = False
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert self._open == []

    @property
    def text(self) -> str:
        return SHOWN.sub(" ", "".join(self.words))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        if tag == "a":
            self.links.append(values["href"] or "")
            self._button = values.get("class") != "link"
        if tag not in VOID:
            self._open.append(tag)
        if tag == "br":
            self.words.append(" ")
            self._block.append(" ")

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag
        self._button = self._button and tag != "a"
        if tag in {"p", "td", "div"}:
            self.words.append(" ")
            self._close()

    def _close(self) -> None:
        block = SHOWN.sub(" ", "".join(self._block)).strip()
        self._block = []
        if block:
            self.blocks.append(block)

    def handle_data(self, data: str) -> None:
        # Neither what is not shown nor the face of a button, whose address is told beside it, is part of what is said.
        if {"style", "title", "div"} & set(self._open):
            return
        self.words.append(data)
        if not self._button:
            self._block.append(data)


def made(cloud: Cloud, row: dict[str, Any]) -> Rendered:
    with cloud.as_function("send_mail"):
        return rendered(row)


def links_of(text: str) -> list[str]:
    return re.findall(r"https?://[^\s<>()]+", text)


def test_every_template_has_its_three_parts_and_a_sample() -> None:
    folders = {path.name for path in TEMPLATES.iterdir() if path.is_dir()}
    assert folders == {name.partition(".")[0] for name in letters.ROWS}
    for folder in folders:
        assert {path.name for path in (TEMPLATES / folder).iterdir()} == {"subject.txt", "body.txt", "body.html"}


@pytest.mark.parametrize("name", letters.ROWS)
def test_a_letter_reads_as_it_was_approved(cloud: Cloud, name: str) -> None:
    """``GOLDEN=write pytest …`` writes the files anew, to be read before they are committed."""
    mail = made(cloud, letters.ROWS[name])
    text = re.sub(r"#t=\S+", "#t=TOKEN", f"{mail.subject}\n\n{mail.text}")
    if name == "link_code":
        with cloud.as_function("send_mail"):
            text = text.replace(tokens.link_code("r-1"), "CODE")
    with cloud.as_function("send_mail"):
        for nonce in ("n-1", "n-2"):
            text = text.replace(tokens.payment_key(nonce), "KEY")
    golden = GOLDEN / f"{name}.txt"
    if os.environ.get("GOLDEN") == "write":
        golden.write_text(text)
    assert text == golden.read_text()


@pytest.mark.parametrize("name", letters.ROWS)
def test_each_page_that_a_letter_names_is_one_of_the_portals(cloud: Cloud, name: str) -> None:
    """Who is told to choose, revoke or ask "from their account" is led to where that is done."""
    pages = set(re.findall(r"^  \['(/[^':]*)',", (sam.ROOT / "web/js/app.js").read_text(), re.MULTILINE))
    mail = made(cloud, letters.ROWS[name])
    named = {link.removeprefix(PORTAL).partition("#")[0] or "/" for link in links_of(mail.text)}
    assert named <= pages
    if "avisos querés" in mail.text or "recordatorios, apagalos" in mail.text:
        assert "/avisos" in named
    assert ("anular los enlaces" in mail.text) == ("/enlaces" in named)


@pytest.mark.parametrize("name", letters.ROWS)
def test_both_parts_say_the_same(cloud: Cloud, name: str) -> None:
    mail = made(cloud, letters.ROWS[name])
    page = Page(mail.html)
    assert set(page.links) == set(links_of(mail.text))
    flat = SHOWN.sub(" ", mail.text)
    for line in mail.text.splitlines():
        if "https://" not in line:
            assert line.removeprefix("- ").strip("-") in page.text
    for block in page.blocks:
        assert block.startswith("Si el botón no funciona") or block in flat.replace(" - ", " • "), block
    # What is in the row stands in both, but for what only tokens and codes are made from.
    for value in _values(letters.ROWS[name]):
        assert value in flat
        assert value in page.text


def _values(row: Any) -> Iterator[str]:
    if isinstance(row, list):
        for value in row:
            yield from _values(value)
    for name, value in row.items() if isinstance(row, dict) else ():
        if name in {"data", "entries"}:
            yield from _values(value)
        elif name in {"first_name", "person", "email", "company"}:
            # A letter to a company greets nobody by name, and the entries of a notice repeat whose account it is.
            yield value


@pytest.mark.parametrize("name", letters.ROWS)
def test_html_needs_nothing_from_outside_and_survives_old_programs(cloud: Cloud, name: str) -> None:
    html = made(cloud, letters.ROWS[name]).html
    page = Page(html)
    names = [tag for tag, _ in page.tags]
    assert ("html", "es-AR") in [(tag, values.get("lang")) for tag, values in page.tags]
    assert not {"img", "script", "link", "iframe", "form", "input", "svg", "object"} & set(names)
    assert "url(" not in html
    assert "@import" not in html
    assert all(link.startswith(PORTAL) for link in page.links)
    assert all(values["role"] == "presentation" for tag, values in page.tags if tag == "table")
    for tag, values in page.tags:
        if tag in {"p", "td", "a"} and values.get("class") != "link":
            assert "style" in values, tag
    assert len(html.encode()) < 20_000
    # A button's address is also there to be copied.
    for address in {link for link in page.links if link != PORTAL}:
        assert address in page.text


@pytest.mark.parametrize("name", letters.ROWS)
def test_the_subject_is_one_short_line_without_secrets(cloud: Cloud, name: str) -> None:
    subject = made(cloud, letters.ROWS[name]).subject
    assert subject == " ".join(subject.split())
    assert 10 < len(subject) < 80
    assert "http" not in subject


@pytest.mark.parametrize(
    ("template", "page", "purpose"),
    [
        ("activate", "/activar", "activate"),
        ("reset_password", "/restablecer", "reset"),
        ("confirm_email", "/confirmar-correo", "confirm_email"),
        ("email_changing", "/cancelar-correo", "cancel_email"),
    ],
)
def test_S68_the_link_is_the_portals_page_with_the_rows_token(
    cloud: Cloud, template: str, page: str, purpose: str
) -> None:
    mail = made(cloud, letters.ROWS[template])
    (link,) = {link for link in links_of(mail.text) if "#t=" in link}
    address, _, token = link.partition("#t=")
    assert address == PORTAL + page
    with cloud.as_function("send_mail"):
        opened = tokens.opened(purpose, token, letters.NOON)
    assert opened == tokens.stored(letters.ROWS[template]["token"])
    assert "29/11/2026 a las 14:05, hora de Argentina" in mail.text


def test_each_link_told_of_has_its_own_objection_for_thirty_days(cloud: Cloud) -> None:
    mail = made(cloud, letters.ROWS["company_linked.many"])
    found = [link.partition("#t=") for link in links_of(mail.text) if "#t=" in link]
    assert {address for address, _, _ in found} == {f"{PORTAL}/objetar"}
    with cloud.as_function("send_mail"):
        opened = [tokens.opened("object", token, letters.NOON) for _, _, token in found]
    assert [(token.subject, token.nonce, token.expires_at) for token in opened] == [
        ("a7 c-27334", "g-1", letters.NOON + 30 * 86400),
        ("a9 s-3012", "g-2", letters.NOON + 60 + 30 * 86400),
    ]


def test_the_code_is_that_of_the_request(cloud: Cloud) -> None:
    mail = made(cloud, letters.ROWS["link_code"])
    with cloud.as_function("send_mail"):
        code = tokens.link_code("r-1")
    assert f"\n{code}\n" in mail.text
    assert code in Page(mail.html).text
    assert code not in mail.subject
    assert "r-1" not in mail.text + mail.html


HOSTILE = [
    '<a href="https://evil.example">pulsá</a>',
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "Ana\r\nBcc: todos@evil.example\r\n\r\nhola",
    "{{ portal }}{% for x in y %}",
    "{{ ''.__class__.__mro__ }}",
    "https://evil.example/pagar",
    "www.evil.example",
    "evil.example",
    "javascript://evil.example",
    "Ana\u202egnp.exe",
    "Ana\x00\x07\x1b[31m",
    "Ana\u2028Saltos\u2029",
    "\ud800",
    "=cmd|' /C calc'!A0",
    "Ñ" * 5000,
]


@pytest.mark.parametrize("payload", HOSTILE)
@pytest.mark.parametrize("name", ["activate", "company_linked", "company_linked_member.many", "link_code"])
def test_S65_what_people_typed_is_only_ever_text(cloud: Cloud, name: str, payload: str) -> None:
    clean = Page(made(cloud, letters.ROWS[name]).html)
    row = _poisoned(letters.ROWS[name], payload)
    mail = made(cloud, row)
    page = Page(mail.html)
    # The same tags and the same links: nothing was added, in either part.
    assert [tag for tag, _ in page.tags] == [tag for tag, _ in clean.tags]
    assert {link.partition("#")[0] for link in page.links} == {link.partition("#")[0] for link in clean.links}
    assert {link.partition("#")[0] for link in links_of(mail.text)} == {link.partition("#")[0] for link in clean.links}
    assert len(mail.text.splitlines()) == len(made(cloud, letters.ROWS[name]).text.splitlines())
    for part in mail:
        assert not re.search(r"evil\.example|www\.evil|://evil", part)
        assert all(sign in {"\n", "\u200c"} or sign.isprintable() for sign in part)
        part.encode()
    assert "\n" not in mail.subject
    assert len(mail.subject) < 300


def _poisoned(row: Any, payload: str) -> Any:
    if isinstance(row, dict):
        return {
            name: payload if name in {"first_name", "person", "company"} else _poisoned(value, payload)
            for name, value in row.items()
        }
    return [_poisoned(value, payload) for value in row] if isinstance(row, list) else row


@pytest.mark.parametrize("name", ["S.R.L. Ñandú & Cía.", "ADM. FEDERAL DE ING. PUBLICOS", "O'Higgins S.A.", "J. Pérez"])
def test_names_as_people_and_companies_have_them_stay_as_they_are(cloud: Cloud, name: str) -> None:
    mail = made(cloud, _poisoned(letters.ROWS["company_linked_member"], name))
    assert name in mail.text
    assert name in Page(mail.html).text
    assert name in mail.subject


def test_a_row_that_lacks_what_its_letter_says_is_an_error_not_a_gap(cloud: Cloud) -> None:
    row = {**letters.ROWS["confirm_email"], "data": {"first_name": "Ana"}}
    with pytest.raises(UndefinedError):
        made(cloud, row)


def test_every_page_for_a_token_has_a_purpose_of_its_own() -> None:
    assert len(set(rendering.PAGES.values())) == len(rendering.PAGES)
