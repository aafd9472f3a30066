"""Where the local run is, for what looks in from beside it."""

import json
import socket
from pathlib import Path

import pytest

from tools.clients import local_run


def test_a_run_is_known_while_it_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    assert local_run() is None
    with socket.socket() as cloud:
        cloud.bind(("127.0.0.1", 0))
        cloud.listen()
        told = {"endpoint": f"http://127.0.0.1:{cloud.getsockname()[1]}", "outputs": {"BucketName": "b"}}
        (tmp_path / "deployed.json").write_text(json.dumps(told))
        assert local_run() == told
    assert local_run() is None
