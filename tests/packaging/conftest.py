"""The built artifact, made once a session. Outside CI what is not installed is skipped, with a line that says how to
install it; in CI nothing is."""

import os
import platform
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest

from tools import build


def needed(missing: str) -> None:
    """Skip, or fail in CI, for want of something."""
    if os.environ.get("CI"):
        pytest.fail(f"in CI this must run: {missing}")
    pytest.skip(missing)


def _build(*options: str) -> None:
    if not build.SAM.exists():
        needed("the SAM CLI is not installed: run `make build` once")
    ran = subprocess.run([sys.executable, "-m", "tools.build", *options], check=False, capture_output=True, text=True)
    if "The build needs python3.13" in ran.stderr:
        needed(ran.stderr.strip())
    assert ran.returncode == 0, ran.stdout + ran.stderr


@pytest.fixture(scope="session")
def built() -> Path:
    """What is deployed: .aws-sam/build, for arm64."""
    _build()
    return build.OUT / "build"


@pytest.fixture(scope="session")
def host() -> Path:
    """The same for this machine: .aws-sam/host."""
    _build("--host")
    return build.OUT / "host"


@pytest.fixture(scope="session")
def runtime() -> Path:
    """A Python of the functions' own version."""
    try:
        return build.python_of_runtime()
    except SystemExit as none:
        needed(str(none))
        raise


@pytest.fixture
def aws_endpoint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """An empty MiniStack that enforces IAM, for one test. It runs functions in this Python, and byte code is of one."""
    if sys.version_info[:2] != build.RUNTIME:
        needed("what is built starts in Python {}.{} alone: make .venv with that one".format(*build.RUNTIME))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoint = f"http://127.0.0.1:{port}"
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AWS_")},
        "GATEWAY_PORT": str(port),
        "BIND_HOST": "127.0.0.1",
        "AUTH": "true",
        "PERSIST_STATE": "0",
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "TMPDIR": str(scratch),
    }
    for name, value in {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "sa-east-1",
        "SAM_CLI_TELEMETRY": "0",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_SESSION_TOKEN", raising=False)
    # The default session remembers the keys that it first found, another test's.
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with (tmp_path / "ministack.log").open("wb") as log:
        process = subprocess.Popen([sys.executable, "-m", "ministack"], env=environment, stdout=log, stderr=log)
        try:
            _wait_for(f"{endpoint}/_ministack/health", process)
            yield endpoint
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(url: str, process: "subprocess.Popen[bytes]") -> None:
    for _ in range(600):
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - loopback
                return
        except OSError:
            assert process.poll() is None, "MiniStack did not start"
            time.sleep(0.05)
    pytest.fail("MiniStack did not answer")


MACHINES = {"x86_64": 62, "amd64": 62, "aarch64": 183, "arm64": 183}
"""ELF's number for a processor."""


def this_machine() -> int:
    return MACHINES[platform.machine().lower()]
