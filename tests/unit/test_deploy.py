"""What ``make deploy`` asks before it changes prod; tests/packaging has the deployment itself."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tools import deploy
from tools.deploy import Stack

WHOLE = Stack(
    {"OriginSha256": "a" * 64, "DomainName": "mi.inti.example", "PortalUrl": "https://mi.inti.example"},
    {"WebBucketName": "web", "PortalUrl": "https://mi.inti.example"},
    None,
)


@pytest.fixture
def done(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is done to AWS: ``shown`` a change set made, ``deployed`` one carried out, ``pages`` uploaded."""
    seen: list[str] = []

    def run(command: list[Any], **_: Any) -> Any:
        assert "--no-confirm-changeset" in command
        seen.append("shown" if "--no-execute-changeset" in command else "deployed")
        return type("Ran", (), {"returncode": 0})

    monkeypatch.setattr("tools.deploy.subprocess.run", run)
    monkeypatch.setattr(deploy, "stack_of", lambda _stage: WHOLE)
    monkeypatch.setattr(deploy, "upload_pages", lambda *_: seen.append("pages"))

    def taken_back(_stage: str) -> int:
        seen.append("taken back")
        return 1

    monkeypatch.setattr(deploy, "_take_back_change_sets", taken_back)
    return seen


@pytest.mark.parametrize("said", ["", "n", "no", "N", "algo"])
def test_a_no_changes_nothing_in_prod(done: list[str], monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: said)
    with pytest.raises(SystemExit, match="Nothing was changed in prod"):
        deploy.roll_out("prod", built=Path("t.yaml"))
    assert done == ["shown", "taken back"]


def test_a_yes_carries_out_what_was_shown(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: "y")
    assert deploy.roll_out("prod", built=Path("t.yaml")) is WHOLE
    assert done == ["shown", "taken back", "deployed", "pages"]


@pytest.mark.parametrize(("stage", "ask"), [("dev", True), ("test", True), ("prod", False)])
def test_nobody_is_asked_elsewhere_or_with_yes(done: list[str], stage: str, ask: bool) -> None:
    deploy.roll_out(stage, ask=ask, built=Path("t.yaml"))
    assert done == ["deployed", "pages"]


def test_nobody_is_asked_where_nothing_would_change(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deploy, "_take_back_change_sets", lambda _stage: 0)
    deploy.roll_out("prod", built=Path("t.yaml"))
    assert done == ["shown", "deployed", "pages"]


def test_only_what_was_shown_is_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    deleted: list[str] = []
    sets = [
        {"ChangeSetName": "samcli-deploy1", "ExecutionStatus": "AVAILABLE"},
        {"ChangeSetName": "samcli-deploy0", "ExecutionStatus": "UNAVAILABLE"},
    ]
    client = SimpleNamespace(
        list_change_sets=lambda **_: {"Summaries": sets},
        delete_change_set=lambda **given: deleted.append(given["ChangeSetName"]),
    )
    monkeypatch.setattr("tools.deploy.boto3.client", lambda *_, **__: client)
    assert deploy._take_back_change_sets("prod") == 1
    assert deleted == ["samcli-deploy1"]
