"""What ``make deploy`` asks before it changes prod; tests/packaging has the deployment itself."""

from pathlib import Path
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
    return seen


@pytest.mark.parametrize("said", ["", "n", "no", "N", "algo"])
def test_a_no_changes_nothing_in_prod(done: list[str], monkeypatch: pytest.MonkeyPatch, said: str) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: said)
    with pytest.raises(SystemExit, match="Nothing was changed in prod"):
        deploy.roll_out("prod", built=Path("t.yaml"))
    assert done == ["shown"]


def test_a_yes_carries_out_what_was_shown(done: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: "y")
    assert deploy.roll_out("prod", built=Path("t.yaml")) is WHOLE
    assert done == ["shown", "deployed", "pages"]


@pytest.mark.parametrize(("stage", "ask"), [("dev", True), ("test", True), ("prod", False)])
def test_nobody_is_asked_elsewhere_or_with_yes(done: list[str], stage: str, ask: bool) -> None:
    deploy.roll_out(stage, ask=ask, built=Path("t.yaml"))
    assert done == ["deployed", "pages"]
