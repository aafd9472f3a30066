"""The files of web/: what they hold and what they must not, without a browser."""

import hashlib
import re
from pathlib import Path

import pytest

from miinti.accounts import devices, sessions
from miinti.documents import kinds
from miinti.mail import rendering
from tests.browser import screens

ROOT = Path(__file__).resolve().parents[2]
WEB = ROOT / "web"
SCRIPTS = sorted((WEB / "js").rglob("*.js"))
TEMPLATES = ROOT / "layers/shared/miinti/mail/templates"
VENDORED = {
    "vendor/lit-html-3.3.3.js": "22115ca1002e4afc0dd2cb208f28d9c71a577a8989d4185028e26b29676e7842",
    "fonts/portal-sans-1.woff2": "22c35a379859acd0d08b1bae092267ba923aba99ccbebfd2a547e3a3857b9e91",
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


def test_what_is_vendored_is_as_it_was_brought_in() -> None:
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


# Rows of "What is kept how long" (docs/operations.md) → the line of the privacy notice that tells of them. What the ERP
# and the institute keep of their own files is told too, since documents are the companies'; a mapping is nobody's data.
NOTICE = {
    "an account that was never activated": "Una cuenta que no se activó",
    "sessions, throttles, pending links": "Tus sesiones, los pedidos de vinculación",
    "accounts, links, what is told of them by mail": "Tu cuenta, tus vínculos",
    "links to documents that mails brought": "Los enlaces a documentos",
    "addresses that mail does not reach, as a hash": "Las direcciones a las que no se puede escribir",
    "who never got which mail": "A quién no le llegó",
    "documents and what the ERP says of them": "Los comprobantes y demás documentos",
    "mails, as data without tokens": "Qué correos te mandamos",
    "the audit trail: acts of staff, security events, addresses as hashes": "El registro de auditoría",
    "files of the ERP": "Los archivos con que nos llegan",
    "what became of them": "Los archivos con que nos llegan",
    "their older versions, among them how far a large file was": "Los archivos con que nos llegan",
    "large files on their way in, row by row": "Los archivos con que nos llegan",
    "lists exported to a spreadsheet": "Las planillas que exportás",
    "how another ERP's files are read": None,
    "PDFs refused": "Los PDF que se rechazaron",
    "replaced and deleted objects": "Las versiones reemplazadas o borradas de esos archivos",
    "logs of functions, API, edge, buckets": "Los registros técnicos",
    "dead letters": "Los pedidos internos que fallaron",
    "tables as they were at any second": "Las copias de seguridad",
    "payments, their attempts, and what the provider told of them": "Los pagos que empezaste",
    "which request paid or told of a transfer (Idempotency-Key, as a hash)": "La marca de cada pedido de pago",
    "transfers that clients told of, and what staff found": "Las transferencias que informaste",
    "proofs of transfers": "Los comprobantes de transferencia",
    "payment keys, as a hash, and the address that each went to": "Las claves de pago",
}
WITHOUT_END = {
    "until they end": "hasta que terminan",
    "until the person leaves": "hasta que elimines la cuenta",
    "until staff removes": "hasta que alguien del INTI quita",
    "until revoked": "hasta que se anulan",
    "ten years": "diez años",
    "art. 328": "art. 328",
}


def test_the_privacy_notice_says_how_long_things_are_kept_as_operations_does() -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    table = operations.split("## What is kept how long")[1].split("\n## ")[0]
    rows = {what: period for what, _, period in re.findall(r"^\| (.+?) \| (.+?) \| (.+?) \|$", table, re.MULTILINE)[1:]}
    assert set(rows) == set(NOTICE)
    script = text("js/views/about.js")
    told = dict(re.findall(r"^  \['([^']+)', '([^']+)'\],$", script, re.MULTILINE))
    assert {line for what in told for line in NOTICE.values() if line and what.startswith(line)} == set(
        NOTICE.values()
    ) - {None}
    assert len(told) == len(set(NOTICE.values()) - {None})
    for what, line in NOTICE.items():
        if line is None:
            continue
        (period,) = (said for label, said in told.items() if label.startswith(line))
        kept = rows[what].partition("LogDays")[2].rpartition(" in prod")[0].rpartition(" ")[2] or rows[what]
        figures = re.findall(r"\b\d+\b", kept.replace("art. 328", ""))
        for figure in figures:
            assert re.search(rf"\b{figure}\b", period), (what, period)
        years = "años" if "year" in kept else "día"
        assert not figures or years in period, (what, period)
        words = [spanish for english, spanish in WITHOUT_END.items() if english in kept]
        assert figures or words, what
        assert all(word in period for word in words), (what, period)


def test_the_privacy_notice_names_the_place_the_cookies_and_the_way_to_all_that_is_held() -> None:
    notice = text("js/views/about.js")
    regions = set(re.findall(r'^region = "([^"]+)"', (ROOT / "samconfig.toml").read_text(), re.MULTILINE))
    assert regions == {"sa-east-1"}
    for words in ("sa-east-1", "Brasil", "Amazon Web Services", "documentos nuevos", "recordarte pagos"):
        assert words in notice, words
    assert f"{devices.LIFETIME // 86400} días que ya ingresaste" in notice
    set_by_us = {devices.COOKIE, sessions.COOKIE}
    assert len(set_by_us) == 2
    assert "dos cookies" in notice
    button = "Descargar mis datos"
    assert f"«{button}»" in notice
    assert f"'{button}'" in text("js/views/my-data.js")


def test_what_a_list_is_narrowed_and_ordered_by_is_what_the_api_knows() -> None:
    """Types that others issue than the institute are offered where a list has them."""
    script = text("js/kinds.js")
    offered = dict[str, str]()
    for label, codes in re.findall(r"\bof\('([^']+)', '([^']+)'\)", script):
        offered |= {code[:-1]: f"{label} {code[-1]}" for code in codes.split()}
    known = {code: f"{kind.label} {kind.letter}" for code, kind in kinds.VOUCHER_TYPES.items()}
    assert offered == {code: known[code] for code in offered}
    assert set(offered) == {code for code, kind in kinds.VOUCHER_TYPES.items() if kind.authorised} | {"RX"}
    sections = re.split(r"^  \w+: \{$", script.partition("export const SECTIONS")[2], flags=re.MULTILINE)[1:]
    assert len(sections) == len(kinds.KINDS)
    for section in sections:
        kind = kinds.KINDS[re.search(r"kind: '(\w+)'", section)[1]]  # type: ignore[index]  # each has one
        (states,) = re.findall(r"states: (\[.*?\]\]),", section)
        assert dict(re.findall(r"\['(\w+)', '([^']+)'\]", states)) == kind.states
        columns = re.findall(r"\{ id: '(\w+)'(.*)", section)
        assert {name for name, rest in columns if "unsorted" not in rest} == set(kind.sorts)


def test_each_screen_has_its_pictures_and_the_readme_shows_ones_that_are_there() -> None:
    there = {path.name for path in screens.FOLDER.iterdir()}
    assert {f"{name}-{size}.png" for name in {**screens.OUTSIDE, **screens.INSIDE} for size in screens.SIZES} <= there
    shown = re.findall(r"docs/screens/([\w-]+\.png)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert shown
    assert set(shown) <= there
