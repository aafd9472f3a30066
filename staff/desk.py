"""Where the functions are, and who asks: of a stage in AWS, or of the local run."""

import json
import platform
from typing import Any

import boto3
import click
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from staff.words import DECLINED
from tools import deploy

# Nothing is asked twice behind one's back: an act is one row of the audit trail.
_CONFIG = Config(connect_timeout=3, read_timeout=60, retries={"total_max_attempts": 1})


class Desk:
    """The functions of one stage; ``arn`` is who they are told asks."""

    def __init__(self, functions: Any, outputs: dict[str, str], arn: str) -> None:
        self._functions, self._outputs, self._arn = functions, outputs, arn

    def ask(self, function: str, action: str, **given: str | int | None) -> dict[str, Any]:
        """What a function has done. Raises ``click.ClickException`` with the reason where it has not."""
        if function not in self._outputs:
            raise click.ClickException("Lo desplegado es anterior a miinti-staff: volvé a desplegar.")
        event = {
            "action": action,
            "by": {"arn": self._arn, "place": platform.node()},
            "given": {name: str(value) for name, value in given.items() if value is not None},
        }
        try:
            answer = self._functions.invoke(FunctionName=self._outputs[function], Payload=json.dumps(event).encode())
        except ClientError as refused:
            raise click.ClickException(
                f"AWS no lo permitió: {refused.response['Error'].get('Message', refused)}"
            ) from None
        except BotoCoreError as silent:
            raise click.ClickException(f"AWS no respondió: {silent}. Fijate en «audit» si se hizo.") from None
        told = json.loads(answer["Payload"].read())
        if "FunctionError" in answer:
            raise click.ClickException("La función falló: el registro de la etapa dice por qué.")
        if "declined" in told:
            raise click.ClickException(DECLINED.get(told["declined"], f"No se pudo: {told['declined']}."))
        done: dict[str, Any] = told["done"]
        return done


def of_stage(stage: str) -> Desk:
    try:
        arn = boto3.client("sts", config=_CONFIG).get_caller_identity()["Arn"]
        found = deploy.stack_of(stage)
    except (ClientError, BotoCoreError) as refused:
        raise click.ClickException(f"No se llega a AWS: {refused}") from None
    region = deploy.region_of(stage)
    return Desk(boto3.client("lambda", region_name=region, config=_CONFIG), dict(found.outputs), arn)


def of_local_run() -> Desk:
    from tools.clients import client, local_run

    deployed = local_run()
    if deployed is None:
        raise click.ClickException("No hay una corrida local: arrancala con «make run», o elegí una etapa con --stage.")
    arn = client("sts", deployed["endpoint"]).get_caller_identity()["Arn"]
    return Desk(client("lambda", deployed["endpoint"]), deployed["outputs"], arn)
