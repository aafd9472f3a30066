"""The template as CloudFormation would see it: SAM's own transform, done once a session."""

from functools import cache
from pathlib import Path
from typing import Any

from tools import translate

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, REGION, PARTITION = "123456789012", "us-east-1", "aws"


@cache
def source() -> dict[str, Any]:
    """``template.yaml`` as written, its short intrinsics spelled out."""
    return translate.source()


@cache
def translated() -> dict[str, Any]:
    """Plain CloudFormation, parameters at their defaults."""
    return translate.translated()


def deployed(value: Any) -> Any:
    """A value as AWS gets it: of what the local run has otherwise (``!If [Local, …]``, ``!If [Deployed, …]``)."""
    if isinstance(value, list):
        return [deployed(part) for part in value]
    if not isinstance(value, dict):
        return value
    if "Fn::If" in value and value["Fn::If"][0] in {"Local", "Deployed"}:
        condition, first, second = value["Fn::If"]
        return deployed(second if condition == "Local" else first)
    return {name: deployed(part) for name, part in value.items()}


def functions() -> dict[str, dict[str, Any]]:
    """Logical id → resource, of every function in the template."""
    return {
        name: resource
        for name, resource in source()["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


def folder(resource: dict[str, Any]) -> str:
    return str(resource["Properties"]["CodeUri"]).removeprefix("functions/")


def variables(use_case: str) -> dict[str, Any]:
    """The environment that the template gives a function, as written (intrinsics and all)."""
    base = source()["Globals"]["Function"]["Environment"]["Variables"]
    for resource in functions().values():
        if folder(resource) == use_case:
            own = resource["Properties"].get("Environment", {}).get("Variables", {})
            return {**base, **own}
    raise LookupError(use_case)
