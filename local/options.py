"""What a person may set from outside, and the folder that keeps the state of the local run."""

import fcntl
import json
import os
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]
LAYOUT = "miinti-local 1"
"""First line of the marker file: what kind of folder this is and in which layout."""
SAVED = "saved"
"""This file is in ``cloud/`` while nothing uses its state and it is whole."""


class CannotRun(Exception):
    """The local run cannot go on. The text is one line, in Spanish, for the person at the console."""


@dataclass(frozen=True, slots=True)
class Options:
    port: int
    state_dir: Path
    sample_dir: Path
    link_policy: str
    ip_limits: str

    @classmethod
    def from_environment(cls) -> "Options":
        """PORT, STATE_DIR, SAMPLE_DIR, LINK_POLICY, IP_LIMITS; raises ``CannotRun`` naming the one that is wrong."""
        port = os.environ.get("PORT") or "3000"
        if not (port.isascii() and port.isdigit() and 1 <= int(port) <= 65535):
            raise CannotRun(f"PORT tiene que ser un número entre 1 y 65535, no «{port}».")
        sample = Path(os.environ.get("SAMPLE_DIR") or Path(__file__).parent / "sample").expanduser().absolute()
        if not (sample / "companies.csv").is_file():
            raise CannotRun(f"SAMPLE_DIR no tiene datos de ejemplo: falta {sample / 'companies.csv'}.")
        return cls(
            port=int(port),
            state_dir=Path(os.environ.get("STATE_DIR") or ROOT / ".local").expanduser().absolute(),
            sample_dir=sample,
            link_policy=_choice("LINK_POLICY", "open", "proof"),
            ip_limits=_choice("IP_LIMITS", "off", "on"),
        )


def _choice(name: str, *allowed: str) -> str:
    """The variable's value, the first one allowed where it is not set."""
    value = os.environ.get(name) or allowed[0]
    if value not in allowed:
        raise CannotRun(f"{name} puede ser {' o '.join(allowed)}, no «{value}».")
    return value


def listening(port: int) -> socket.socket:
    """A socket bound to the port on loopback, so that a port that is taken is known before anything else starts."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(("127.0.0.1", port))
        bound.listen(512)
    except OSError as refused:
        bound.close()
        raise CannotRun(
            f"El puerto {port} no se puede usar ({refused.strerror}). Cerrá el otro programa, o elegí otro puerto así: "
            "PORT=3001 make run"
        ) from None
    return bound


class StateFolder:
    """The folder that keeps the state, held by one run at a time.

    ``cloud/`` MiniStack's tables and objects · ``mail/`` the mails sent, one JSON file each · ``pdfs/`` PDFs made
    before · ``deployed.json`` where the cloud is and what is deployed in it, for who looks in (``cloud.client``) ·
    ``provider.json`` the payment provider's ledger.
    """

    def __init__(self, path: Path) -> None:
        """Take the folder, making it where it is not; raises ``CannotRun`` when it is another's or broken."""
        self.path = path
        self._lock = self._held()
        try:
            self._checked()
            _wait_for_the_cloud_of_before(path)
        except CannotRun:
            self.close()
            raise

    def _held(self) -> IO[str]:
        try:
            if not self.path.exists():
                self.path.mkdir(parents=True)
            if not is_ours(self.path):
                raise CannotRun(
                    f"{self.path} tiene otras cosas y no es una carpeta de estado de miINTI. Elegí otra con STATE_DIR."
                )
            lock = (self.path / "lock").open("a")
            (self.path / "marker").write_text(LAYOUT + "\n")
        except OSError as refused:
            raise CannotRun(f"No se puede escribir en la carpeta de estado {self.path}: {refused.strerror}.") from None
        if not _taken(lock):
            lock.close()
            raise CannotRun(f"Otra corrida está usando {self.path}. Cerrala, o elegí otra carpeta con STATE_DIR.")
        return lock

    def _checked(self) -> None:
        """MiniStack skips a file it cannot read and goes on without those rows: it is better to stop here. What a run
        that was killed left in its state is put back from the one before (``local.cloud``), so that is what counts."""
        cloud = self.path / "cloud"
        state = "state" if (cloud / SAVED).exists() or not (cloud / "state.before").exists() else "state.before"
        for file in (*cloud.glob(f"{state}/*.json"), *self.path.glob("mail/*.json")):
            try:
                json.loads(file.read_text())
            except (OSError, ValueError):
                raise CannotRun(f"El estado guardado está dañado ({file}). Empezá de nuevo con: make reset") from None

    def folder(self, name: str) -> Path:
        made = self.path / name
        made.mkdir(parents=True, exist_ok=True)
        return made

    def close(self) -> None:
        self._lock.close()


def is_ours(path: Path) -> bool:
    """Whether a folder is empty or one that the local run made, in the layout that this version knows."""
    if not path.is_dir():
        return False
    marker = path / "marker"
    if marker.is_file():
        return marker.read_text() == LAYOUT + "\n"
    return all(entry.name in {"lock", "marker"} for entry in path.iterdir())


def forget(path: Path) -> None:
    """Delete a state folder; never one that is in use or that the local run did not make."""
    if not path.exists():
        return
    if path.is_dir() and (path / "marker").is_file() and (path / "marker").read_text().startswith("miinti-local "):
        with (path / "lock").open("a") as lock:
            if not _taken(lock):
                raise CannotRun(f"Hay una corrida usando {path}. Cerrala antes de borrar su estado.")
            _wait_for_the_cloud_of_before(path)
            shutil.rmtree(path)
        return
    raise CannotRun(f"{path} no es una carpeta de estado de miINTI: no se borra.")


def _wait_for_the_cloud_of_before(folder: Path, seconds: float = 20) -> None:
    """Wait until the cloud of a run that died has saved its state and gone, by itself (``local.child``)."""
    deadline = time.monotonic() + seconds
    with (folder / "cloud.lock").open("a") as lock:
        while not _taken(lock):
            if time.monotonic() > deadline:
                raise CannotRun(f"La nube de una corrida anterior sigue usando {folder} y no termina.")
            time.sleep(0.1)


def _taken(lock: IO[str]) -> bool:
    """Whether the lock is now ours."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
