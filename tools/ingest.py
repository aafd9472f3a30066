"""`make ingest FILE=… [STAGE=…]`: put a file into the inbox as the ERP does, watch it go in, and tell what was refused.

Without a stage it goes into the local run, which has to be up (STATE_DIR tells which). Ends with 1 where the file was
refused whole, 0 otherwise: refused rows are in the report, and this names it.
"""

import argparse
import json
import sys
import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from staff import faults
from tools import deploy
from tools.clients import client, local_run

PAUSE: Final = 1.0
"""Seconds between two looks at the report."""
PATIENCE: Final = 3600.0
"""Seconds without any progress after which nobody is working on it."""


def main() -> None:
    options = argparse.ArgumentParser(prog="tools.ingest", description=__doc__)
    options.add_argument("file", type=Path)
    options.add_argument("stage", nargs="?", choices=deploy.STAGES, help="left out: the local run")
    given = options.parse_args()
    if not given.file.is_file():
        sys.exit(f"No existe el archivo {given.file}.")
    s3, bucket = _reached(given.stage)
    sys.exit(Delivery(s3, bucket, console()).follow(given.file))


def console(**how: Any) -> Console:
    """Where it is shown. Names of files and columns are no markup."""
    return Console(markup=False, **how)


def _reached(stage: str | None) -> tuple[Any, str]:
    """S3 and the bucket of a stage, or of the local run."""
    if stage:
        stack = deploy.stack_of(stage)
        if "BucketName" not in stack.outputs:
            sys.exit(f"La etapa {stage} no está desplegada.")
        return boto3.client("s3", region_name=deploy.region_of(stage)), stack.outputs["BucketName"]
    deployed = local_run()
    if deployed is None:
        sys.exit("No hay una corrida local: arrancala con «make run», o elegí una etapa con STAGE.")
    return client("s3", deployed["endpoint"]), deployed["outputs"]["BucketName"]


class Delivery:
    """One file on its way in."""

    def __init__(self, s3: Any, bucket: str, console: Console) -> None:
        self._s3, self._bucket, self._console = s3, bucket, console

    def follow(self, file: Path) -> int:
        """Put it, show how far it is until its report is there, and tell what the report says; the exit code."""
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=self._console, transient=True) as shown:
            sending = shown.add_task("Subiendo (bytes)", total=file.stat().st_size)
            self._s3.upload_file(
                str(file), self._bucket, f"inbox/{file.name}", Callback=lambda some: shown.advance(sending, some)
            )
            since = self._s3.head_object(Bucket=self._bucket, Key=f"inbox/{file.name}")["LastModified"]
            rows = shown.add_task("Cargando filas", total=None)
            seen, moved = -1, time.monotonic()
            while (report := self._got(f"reports/{file.name}.json", since)) is None:
                progress = self._got(f"reports/{file.name}.progress.json", since) or {}
                shown.update(rows, total=progress.get("rows"), completed=progress.get("rows_done", 0), refresh=True)
                if progress.get("rows_done", 0) != seen:
                    seen, moved = progress.get("rows_done", 0), time.monotonic()
                if time.monotonic() - moved > PATIENCE:
                    self._console.print("Hace una hora que no avanza: mirá las alarmas y las colas de entrada.")
                    return 1
                time.sleep(PAUSE)
        return self._told(report)

    def _got(self, key: str, since: datetime) -> dict[str, Any] | None:
        """A report of this drop; None while there is none but an older one's."""
        try:
            answer = self._s3.get_object(Bucket=self._bucket, Key=key)
        except ClientError as refused:
            if refused.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return None
            raise
        if answer["LastModified"] < since:
            return None
        told: dict[str, Any] = json.load(answer["Body"])
        return told

    def _told(self, report: dict[str, Any]) -> int:
        name = report["file"]
        if why := report.get("refused"):
            detail = faults.detail(report.get("detail", ""))
            told = f"{name}: rechazado entero, {faults.said(why)}" + (f" ({detail})" if detail else "")
            self._console.print(told, soft_wrap=True)
            return 1
        rejected = report["rejected"]
        self._console.print(
            f"{name}: {report['rows']} filas, {report['accepted']} nuevas o cambiadas, "
            f"{report['unchanged']} sin cambios, {len(rejected)} rechazadas",
            soft_wrap=True,
        )
        if rejected:
            table = Table("Motivo", "Qué es", "Columna", "Filas", "Primera línea")
            first: dict[tuple[str, str], int] = {}
            for row in rejected:
                first.setdefault((row["reason"], row["field"]), row["line"])
            for (reason, field), count in Counter((row["reason"], row["field"]) for row in rejected).most_common():
                table.add_row(reason, faults.FAULTS.get(reason), field, str(count), str(first[reason, field]))
            self._console.print(table)
            self._console.print(f"Para corregir y volver a dejar: reports/{name}.rejected.csv")
        for one in report.get("balances", []):
            self._console.print(
                f"Saldo de {one['company']}: el ERP dice {one['erp']}, los documentos {one['documents']}"
            )
        return 0


if __name__ == "__main__":
    main()
