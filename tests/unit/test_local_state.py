"""The local run's settings, its state folder, and what is left after runs that ended badly."""

import fcntl
import socket
from pathlib import Path

import pytest

from local import cloud, options, reset
from local.options import CannotRun, Options, StateFolder


@pytest.fixture(autouse=True)
def _nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PORT", "STATE_DIR", "SAMPLE_DIR", "LINK_POLICY", "IP_LIMITS"):
        monkeypatch.delenv(name, raising=False)


def test_what_holds_when_nothing_is_set() -> None:
    wanted = Options.from_environment()
    assert (wanted.port, wanted.link_policy, wanted.ip_limits) == (3000, "open", "off")
    assert wanted.state_dir == options.ROOT / ".local"
    assert (wanted.sample_dir / "companies.csv").is_file()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "abc"), ("PORT", "0"), ("PORT", "65536"), ("PORT", "-1"), ("LINK_POLICY", "closed"),
        ("IP_LIMITS", "yes"), ("SAMPLE_DIR", "/nowhere"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_named(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(CannotRun, match=name):
        Options.from_environment()


def test_a_port_that_is_taken_is_told() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(CannotRun, match=f"El puerto {other.getsockname()[1]} no se puede usar"):
            options.listening(other.getsockname()[1])


def test_two_runs_never_share_a_folder(tmp_path: Path) -> None:
    first = StateFolder(tmp_path / "state")
    with pytest.raises(CannotRun, match="Otra corrida"):
        StateFolder(tmp_path / "state")
    first.close()
    StateFolder(tmp_path / "state").close()


def test_a_folder_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters.txt").write_text("mine")
    with pytest.raises(CannotRun, match="no es una carpeta de estado"):
        StateFolder(tmp_path)
    with pytest.raises(CannotRun, match="no se borra"):
        options.forget(tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun):
        StateFolder(tmp_path / "file")
    assert (tmp_path / "letters.txt").read_text() == "mine"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CannotRun, match="No se puede escribir"):
        StateFolder(tmp_path / "file" / "state")


def test_a_state_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    state = StateFolder(tmp_path / "state")
    (state.folder("cloud/state") / "dynamodb.json").write_text('{"half":')
    state.close()
    with pytest.raises(CannotRun, match=r"dynamodb\.json.*make reset"):
        StateFolder(tmp_path / "state")


def test_a_mail_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    StateFolder(tmp_path / "state").close()
    (tmp_path / "state" / "mail").mkdir()
    (tmp_path / "state" / "mail" / "1.json").write_text('{"id": "1", "to": ')
    with pytest.raises(CannotRun, match=r"dañado .*1\.json.*make reset"):
        StateFolder(tmp_path / "state")


def test_a_damaged_state_that_gives_way_to_the_one_before_is_no_matter(tmp_path: Path) -> None:
    """A run that was killed as it wrote."""
    StateFolder(tmp_path / "state").close()
    for name, text in (("state", "{"), ("state.before", "{}")):
        (tmp_path / "state" / "cloud" / name).mkdir(parents=True)
        (tmp_path / "state" / "cloud" / name / "dynamodb.json").write_text(text)
    StateFolder(tmp_path / "state").close()


def test_a_folder_of_another_layout_is_told(tmp_path: Path) -> None:
    StateFolder(tmp_path / "state").close()
    (tmp_path / "state" / "marker").write_text("miinti-local 999\n")
    with pytest.raises(CannotRun, match="no es una carpeta de estado"):
        StateFolder(tmp_path / "state")
    options.forget(tmp_path / "state")
    assert not (tmp_path / "state").exists()


def test_reset_forgets_the_folder_but_not_one_in_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path / "state"))
    state = StateFolder(tmp_path / "state")
    (state.folder("mail") / "1.json").write_text("{}")
    assert reset.main() == 1
    assert "Hay una corrida usando" in capsys.readouterr().err
    state.close()
    assert reset.main() == 0
    assert not (tmp_path / "state").exists()
    assert reset.main() == 0


def test_a_next_run_waits_for_the_cloud_of_one_that_died(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    StateFolder(tmp_path / "state").close()
    naps: list[float] = []
    with (tmp_path / "state" / "cloud.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        def sleep(seconds: float) -> None:
            naps.append(seconds)
            if len(naps) == 3:
                fcntl.flock(lock, fcntl.LOCK_UN)

        monkeypatch.setattr("local.options.time.sleep", sleep)
        StateFolder(tmp_path / "state").close()
    assert len(naps) == 3


# --- what a run finds that follows one which ended badly ---


def _state(folder: Path, tables: str) -> None:
    (folder / "state").mkdir(parents=True, exist_ok=True)
    (folder / "state" / "dynamodb.json").write_text(tables)
    (folder / "s3").mkdir(exist_ok=True)
    (folder / "s3" / "object").write_text(tables)


def _tables(folder: Path) -> str | None:
    file = folder / "state" / "dynamodb.json"
    return file.read_text() if file.exists() else None


def test_a_whole_state_is_used_as_it_is(tmp_path: Path) -> None:
    _state(tmp_path, "first")
    (tmp_path / options.SAVED).touch()
    cloud._recover(tmp_path)
    assert _tables(tmp_path) == "first"
    assert not (tmp_path / options.SAVED).exists()


def test_a_state_written_in_part_gives_way_to_the_one_before(tmp_path: Path) -> None:
    _state(tmp_path, "first")
    (tmp_path / options.SAVED).touch()
    cloud._recover(tmp_path)
    _state(tmp_path, "second, half writ")
    cloud._recover(tmp_path)
    assert _tables(tmp_path) == "first"
    assert (tmp_path / "s3" / "object").exists()


def test_objects_without_any_tables_are_of_no_use(tmp_path: Path) -> None:
    _state(tmp_path, "never whole")
    cloud._recover(tmp_path)
    assert _tables(tmp_path) is None
    assert not (tmp_path / "s3").exists()


def test_nothing_of_the_persons_own_aws_reaches_the_cloud(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "work")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "https://real.example")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    given = cloud._environment(tmp_path, tmp_path / "tmp", "http://127.0.0.1:4566", "http://127.0.0.1:4567")
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL", "PYTHONPATH"} & set(given)
    assert (given["AUTH"], given["BIND_HOST"], given["EDGE_PORT"]) == ("true", "127.0.0.1", "4566")
    assert given["AWS_ENDPOINT_URL_SESV2"] == "http://127.0.0.1:4567"
