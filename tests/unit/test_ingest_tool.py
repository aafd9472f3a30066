"""`make ingest`: what it shows, over moto's bucket."""

import io
import json
import re
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from miinti import aws
from tests.cloud import BUCKET, ROOT, Cloud
from tests.functions.conftest import START
from tools import ingest


@pytest.fixture
def inbox(cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """A delivery of ``documents.csv`` whose reports come one a look; answers the exit code and what was printed."""
    monkeypatch.setattr(ingest, "PAUSE", 0)

    def followed(*reports: dict[str, Any], before: dict[str, Any] | None = None, **how: Any) -> tuple[int, str]:
        file = tmp_path / "documents.csv"
        file.write_bytes(b"a,b\n1,2\n")
        if before:
            put(before, "json", 0)
        printed, left = io.StringIO(), list(reports)
        delivery = ingest.Delivery(aws.s3(), BUCKET, ingest.console(file=printed, width=140, **how))
        look = delivery._got

        def next_one(key: str, since: Any) -> Any:
            if left and key.endswith("csv.json"):
                told = left.pop(0)
                put(told, "progress.json" if "state" in told else "json", 1)
            return look(key, since)

        monkeypatch.setattr(delivery, "_got", next_one)
        return delivery.follow(file), printed.getvalue()

    return followed


def put(told: dict[str, Any], name: str, _: int) -> None:
    aws.s3().put_object(Bucket=BUCKET, Key=f"reports/documents.csv.{name}", Body=json.dumps(told).encode())


RUNNING = {"file": "documents.csv", "state": "running", "rows": 3, "rows_done": 1}
REPORT = {"file": "documents.csv", "rows": 3, "accepted": 1, "unchanged": 0}
REFUSED = [
    {"line": 2, "field": "cuit", "reason": "cuit_check_digit", "value": "1"},
    {"line": 3, "field": "cuit", "reason": "cuit_check_digit", "value": "2"},
]


def test_it_waits_for_the_report_and_tells_refused_rows_by_reason(inbox: Any) -> None:
    code, printed = inbox(RUNNING, {**RUNNING, "rows_done": 2}, {**REPORT, "rejected": REFUSED})
    assert code == 0
    assert "documents.csv: 3 filas, 1 nuevas o cambiadas, 0 sin cambios, 2 rechazadas" in printed
    (row,) = [line for line in printed.splitlines() if "cuit_check_digit" in line]
    assert [part.strip() for part in row.split("│")[1:6]] == [
        "cuit_check_digit",
        "el último dígito del CUIT no corresponde a los demás",
        "cuit",
        "2",
        "2",
    ]
    assert "reports/documents.csv.rejected.csv" in printed


def test_a_file_that_is_refused_whole_ends_with_1(inbox: Any) -> None:
    code, printed = inbox(
        {**REPORT, "rejected": [], "refused": "header_unknown", "detail": "looked for companies: kind, code…"}
    )
    assert code == 1
    assert (
        "rechazado entero, header_unknown: la primera línea no es el encabezado de ninguno de los formatos" in printed
    )
    assert "(se buscó companies: kind, code…)" in printed


def test_a_balance_that_does_not_add_up_is_told(inbox: Any) -> None:
    balances = [{"company": "c-1", "erp": "1.00", "documents": "2.00"}]
    code, printed = inbox({**REPORT, "rejected": [], "balances": balances})
    assert (code, "c-1: el ERP dice 1.00, los documentos 2.00" in printed) == (0, True)


def test_columns_of_the_file_are_shown_as_they_are(inbox: Any) -> None:
    odd = {"line": 2, "field": "[/bold] saldo [red]", "reason": "value_missing", "value": ""}
    code, printed = inbox({**REPORT, "rejected": [odd]})
    assert (code, "[/bold] saldo [red]" in printed) == (0, True)


def test_the_bar_shows_what_is_sent_and_how_many_rows_are_done_as_they_are(inbox: Any) -> None:
    looks = [{**RUNNING, "rows": 4, "rows_done": done} for done in (1, 2, 3)]
    _, printed = inbox(*looks, {**REPORT, "rejected": []}, force_terminal=True)
    drawn = [line for line in re.split(r"[\r\n]", re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", printed)) if line.strip()]
    sent = [line.split()[-2] for line in drawn if line.startswith("Subiendo")]
    assert sent[-1] == "8/8"
    rows = [match[1] for line in drawn if (match := re.match(r"Cargando filas .* ([0-9]+)/4 ", line))]
    assert list(dict.fromkeys(rows)) == ["1", "2", "3"]


def test_a_stage_is_reached_by_its_outputs_and_its_file_told_to_the_end(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(ingest, "PAUSE", 0)
    file = tmp_path / "documents.csv"
    file.write_bytes(b"a,b\n1,2\n")
    stack = {"CreationTime": START, "Outputs": [{"OutputKey": "BucketName", "OutputValue": BUCKET}]}
    cloud.faults["cloudformation:DescribeStacks"] = lambda _call: {"Stacks": [stack]}

    def taken_in(call: Any) -> Any:
        """The drop is there, and its report soon after."""
        cloud.faults.pop("s3:HeadObject")
        put({**REPORT, "rejected": []}, "json", 1)
        return call()

    cloud.faults["s3:HeadObject"] = taken_in
    monkeypatch.setattr("sys.argv", ["tools.ingest", str(file), "dev"])
    with pytest.raises(SystemExit) as ended:
        ingest.main()
    assert ended.value.code == 0
    assert "documents.csv: 3 filas" in capsys.readouterr().out
    assert aws.s3().get_object(Bucket=BUCKET, Key="inbox/documents.csv")["Body"].read() == file.read_bytes()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nada.csv"], "No existe el archivo nada.csv."),
        (["{file}", "dev"], "La etapa dev no está desplegada."),
        (["{file}"], "No hay una corrida local"),
    ],
    ids=["no file", "no stage", "no local run"],
)
def test_what_is_not_there_is_told(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, words: list[str], told: str
) -> None:
    file = tmp_path / "documents.csv"
    file.touch()
    cloud.faults["cloudformation:DescribeStacks"] = lambda _call: {"Stacks": [{"CreationTime": START}]}
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    monkeypatch.setattr("sys.argv", ["tools.ingest", *(word.format(file=file) for word in words)])
    with pytest.raises(SystemExit, match=re.escape(told)):
        ingest.main()


def test_without_a_stage_it_is_the_local_run_that_is_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("STATE_DIR", str(tmp_path))
    with socket.socket() as cloud:
        cloud.bind(("127.0.0.1", 0))
        cloud.listen()
        endpoint = f"http://127.0.0.1:{cloud.getsockname()[1]}"
        (tmp_path / "deployed.json").write_text(json.dumps({"endpoint": endpoint, "outputs": {"BucketName": "b"}}))
        s3, bucket = ingest._reached(None)
    assert (s3.meta.endpoint_url, bucket) == (endpoint, "b")


def test_it_does_not_wait_for_ever(inbox: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ingest, "PATIENCE", 0.05)
    code, printed = inbox(RUNNING)
    assert (code, "no avanza" in printed) == (1, True)


@pytest.mark.parametrize(
    "name", ["documents.csv", "de a dos  blancos.csv", 'd\'Or "S.A." (2); echo x.csv', "`date`.csv"]
)
def test_make_hands_on_the_files_name_as_one_word(name: str) -> None:
    said = ["make", "-s", "-o", ".venv/.ready", "PYTHON=python3", "RUN=printf '[%s]'", f"FILE={name}", "STAGE=dev"]
    told = subprocess.run([*said, "ingest"], cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout == f"[-m][tools.ingest][{name}][dev]"
