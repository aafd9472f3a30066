"""The files of web/: what they hold and what they must not, without a browser."""

import hashlib
import re
from pathlib import Path

import pytest

from miinti.mail import rendering

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
SCRIPTS = sorted((WEB / "js").rglob("*.js"))
TEMPLATES = ROOT / "layers/shared/miinti/mail/templates"
VENDORED = {
    "vendor/lit-html-3.3.3.js": "22115ca1002e4afc0dd2cb208f28d9c71a577a8989d4185028e26b29676e7842",
    "fonts/encode-sans-5.3.0.woff2": "31830bdd05f4463e9771f8890b54dd9f4d975b5392228b9783d3f0d3087d9d75",
}


def text(path: str) -> str:
    return (WEB / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: str(path.relative_to(WEB)))
def test_S60_no_script_makes_markup_out_of_text_or_asks_for_what_the_policy_forbids(path: Path) -> None:
    script = path.read_text(encoding="utf-8")
    markup = r"\b(innerHTML|outerHTML|insertAdjacentHTML|unsafeHTML|document\.write|eval\(|new Function|sessionStorage)"
    assert not re.search(markup, script)
    assert not re.search(r"\sstyle=", script)
    assert not re.search(r"<script|\son[a-z]+=\"", script)
    if path.name != "api.js":
        assert "fetch(" not in script


def test_S60_the_shell_has_no_style_or_script_of_its_own() -> None:
    shell = text("index.html")
    assert re.findall(r"<script[^>]*>(.*?)</script>", shell) == [""]
    assert "<style" not in shell
    assert not re.search(r"\s(style|on[a-z]+)=", shell)


def test_everything_that_is_named_is_there() -> None:
    named = set(re.findall(r"(?:href|src)=\"(/[^\"#]+\.[a-z0-9]+)\"", text("index.html")))
    named |= set(re.findall(r"url\('(/[^']+)'\)", text("styles.css")))
    for path in named:
        assert (WEB / path[1:]).is_file(), path
    for script in SCRIPTS:
        for target in re.findall(r"(?:from |import\()'(\.[^']+)'", script.read_text()):
            assert (script.parent / target).is_file(), (script, target)
    drawings = set(re.findall(r'<symbol id="([^"]+)"', text("icons.svg")))
    used = set(re.findall(r"icon\('([^']+)'\)", "".join(script.read_text() for script in SCRIPTS)))
    assert used <= drawings
    assert drawings


def test_what_is_vendored_is_what_its_makers_published() -> None:
    kept = {str(path.relative_to(WEB)) for folder in ("vendor", "fonts") for path in (WEB / folder).iterdir()}
    assert kept == {*VENDORED, "vendor/lit-html-LICENSE.txt", "fonts/OFL.txt"}
    for path, digest in VENDORED.items():
        assert hashlib.sha256((WEB / path).read_bytes()).hexdigest() == digest


def test_dark_colours_are_the_same_for_who_asks_here_and_for_whose_system_does() -> None:
    blocks = re.findall(r"color-scheme: dark;([^}]*)}", text("styles.css"))
    first, second = (re.sub(r"\s+", " ", block).strip() for block in blocks)
    assert first == second
    assert "--ground" in first


def test_old_browsers_are_not_asked_for_what_they_have_not() -> None:
    styles = text("styles.css")
    assert not re.search(r":has\(|light-dark\(|@container|@layer|@scope|color-mix\(|^\s*&", styles, re.MULTILINE)
    for script in SCRIPTS:
        missing = (
            r"AbortSignal\.any|Promise\.withResolvers|Object\.groupBy|\.toSorted|\.toReversed|popover|Set\.prototype"
        )
        assert not re.search(missing, script.read_text()), script


def test_every_page_that_a_mail_names_is_a_route() -> None:
    routes = text("js/app.js")
    told = "".join(path.read_text() for path in TEMPLATES.rglob("*.html"))
    named = set(rendering.PAGES.values()) | set(re.findall(r'portal ~ "(/[a-z-]+)"', told))
    assert len(named) > len(rendering.PAGES)
    for path in named:
        assert f"['{path}'," in routes, path
    for purpose in ("activate", "confirm_email", "cancel_email", "object"):
        assert f"'{rendering.PAGES[purpose]}': {{" in text("js/views/mail-link.js")


def test_the_address_to_write_to_is_one() -> None:
    (address,) = re.findall(r"EMAIL = '([^']+)'", text("js/contact.js"))
    assert set(re.findall(r"[\w.]+@[\w.]+\.ar", text("index.html"))) == {address}
    others = "".join(script.read_text() for script in SCRIPTS if script.name != "contact.js")
    assert set(re.findall(r"[\w.]+@[\w.]*inti[\w.]+", others)) == set()
