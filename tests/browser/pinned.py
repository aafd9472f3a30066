"""Node's programs, each by a lock of its own in ``<name>_pinned``, with hashes and no host."""

import shutil
import subprocess
from pathlib import Path

from tests.journeys.conftest import ROOT


def program(name: str, command: str) -> Path | None:
    """A command out of ``<name>_pinned``, installed in the cache as its lock says; none where there is no npm.

    Raises ``CalledProcessError`` where npm cannot install it.
    """
    folder, there = Path(__file__).with_name(f"{name}_pinned"), ROOT / ".cache" / name
    found = there / "node_modules" / ".bin" / command
    locks = (folder / "package-lock.json", there / "package-lock.json")
    if found.exists() and locks[0].read_bytes() == locks[1].read_bytes():
        return found
    npm = shutil.which("npm")
    if npm is None:
        return None
    shutil.copytree(folder, there, dirs_exist_ok=True)
    subprocess.run([npm, "ci", "--ignore-scripts", "--silent"], cwd=there, check=True)
    return found
