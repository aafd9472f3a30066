"""Nothing in the pages is newer than the oldest browsers they are for: Chrome 109, Firefox 115, Safari 16."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.browser import pinned
from tests.journeys.conftest import ROOT

SCRIPTS = ("eslint", "**/*.js")
STYLES = ("stylelint", "**/*.css")


@pytest.fixture
def copied(tmp_path: Path) -> Path:
    """The pages beside the tools: both look for what is theirs from the file upwards."""
    return Path(shutil.copytree(ROOT / "web", tmp_path / "web"))


def read(folder: Path, command: str, files: str) -> subprocess.CompletedProcess[str]:
    program = pinned.program("old_browsers", command)
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no npm: eslint and stylelint read the pages for old browsers")
        pytest.skip("no npm: the pages were not read for old browsers")
    there = program.parents[2]
    for name in ("package.json", "eslint.config.mjs", "stylelint.config.mjs"):
        shutil.copy(there / name, folder)
    node_modules = folder / "node_modules"
    if not node_modules.exists():
        node_modules.symlink_to(there / "node_modules")
    return subprocess.run([program, files], cwd=folder, check=False, capture_output=True, text=True)


@pytest.mark.parametrize(("command", "files"), [SCRIPTS, STYLES])
def test_pages_ask_for_nothing_that_old_browsers_lack(copied: Path, command: str, files: str) -> None:
    ran = read(copied, command, files)
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.mark.parametrize(
    ("command", "files", "name", "newer"),
    [
        (*SCRIPTS, "js/newer.js", "export const at = (path) => new URLPattern({ pathname: path });"),
        (*SCRIPTS, "js/newer.js", "export class Row { @shown name; }"),
        (*STYLES, "newer.css", "tr:has(td) { color: red }"),
        (*STYLES, "newer.css", "tr { td { color: red } }"),
    ],
)
def test_what_is_newer_is_found(copied: Path, command: str, files: str, name: str, newer: str) -> None:
    (copied / name).write_text(newer)
    assert read(copied, command, files).returncode != 0
