"""The cloud on this machine: MiniStack in a process of its own, with IAM enforced and everything kept in one folder.

All that is known of MiniStack stands here, in ``child`` and in ``stack``; what is deployed never knows of it.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from local.options import ROOT, SAVED, CannotRun
from tools.clients import REGION, client, made

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

STOP_SECONDS = 12
"""How long the cloud may take to write its state before it is killed."""


class Cloud:
    """MiniStack, started. ``endpoint`` is its address."""

    def __init__(self, folder: Path, lock: Path, mail_endpoint: str) -> None:
        """``folder`` keeps its state; functions send mail to ``mail_endpoint``, which stands in front of its SES."""
        self.endpoint = f"http://127.0.0.1:{_free_port()}"
        self._log = folder / "cloud.log"
        temporary = folder / "tmp"
        _emptied(temporary)
        _recover(folder)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "local.child", str(lock), str(folder / SAVED)],
                cwd=ROOT,
                env=_environment(folder, temporary, self.endpoint, mail_endpoint),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C at the console is for us to handle, in order
            )
        self._await()

    def _await(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self.alive():
            try:
                if httpx.get(f"{self.endpoint}/_ministack/health", timeout=5).is_success:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        self.stop()
        raise CannotRun(f"La nube local (MiniStack) no arrancó: mirá {self._log}.")

    def alive(self) -> bool:
        return self._process.poll() is None

    def stop(self) -> None:
        """End it, its state written to its folder."""
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    # --- as its owner ---

    def client(self, service: str) -> Any:
        """A client with the rights of the account's owner, as whoever deploys has."""
        return client(service, self.endpoint)

    def erp_s3(self, role: str) -> "S3Client":
        """S3 with the rights of the role that the ERP takes on."""
        given = self.client("sts").assume_role(RoleArn=role, RoleSessionName="erp")["Credentials"]
        s3: S3Client = made("s3", self.endpoint, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"])
        return s3

    @property
    def s3(self) -> "S3Client":
        client: S3Client = self.client("s3")
        return client


def _environment(folder: Path, temporary: Path, endpoint: str, mail_endpoint: str) -> dict[str, str]:
    """What MiniStack is told. Its functions inherit it too, so nothing of the person's own AWS set-up goes in."""
    kept = {
        name: os.environ[name] for name in ("PATH", "HOME", "LANG", "LC_ALL", "SSL_CERT_FILE") if name in os.environ
    }
    return {
        **kept,
        # The port under this name is not written into queue addresses, which outlive it (state lasts, ports do not).
        "EDGE_PORT": endpoint.rpartition(":")[2],
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_REGION": REGION,
        "AUTH": "true",
        "PERSIST_STATE": "1",
        "STATE_DIR": str(folder / "state"),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(folder / "s3"),
        "TMPDIR": str(temporary),
        "SFTP_ENABLED": "0",
        "IOT_MTLS_ENABLED": "0",
        "LOG_LEVEL": "WARNING",
        "LAMBDA_WARM_TTL_SECONDS": "120",
        "AWS_ENDPOINT_URL_SESV2": mail_endpoint,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _recover(folder: Path) -> None:
    """Make what the folder holds one consistent state, however the last run ended, and note that it is in use now.

    MiniStack writes objects at once but its tables only at its end. After a ``kill -9`` the tables of the end before
    are put back; objects may be newer than they are, which ingestion mends. Where no end was, nothing is of use.
    """
    state, before = folder / "state", folder / "state.before"
    if (folder / SAVED).exists():
        shutil.rmtree(before, ignore_errors=True)
        shutil.copytree(state, before)
        (folder / SAVED).unlink()
    elif before.exists():
        shutil.rmtree(state, ignore_errors=True)
        shutil.copytree(before, state)
    else:
        shutil.rmtree(state, ignore_errors=True)
        shutil.rmtree(folder / "s3", ignore_errors=True)
    _read_streams_anew(state / "lambda.json")


def _read_streams_anew(kept: Path) -> None:
    """Forget how far each stream had been read: MiniStack keeps that across runs but not the streams, so that nobody
    would read the first records of a new run (no mail would go)."""
    if kept.exists():
        content = json.loads(kept.read_text())
        positions = content["payload"].get("dynamodb_stream_positions")
        if positions:
            positions["data"] = {}
            kept.write_text(json.dumps(content))


def _emptied(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
