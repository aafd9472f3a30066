"""The template as CloudFormation would see it: SAM's own transform, done once a session."""

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, REGION, PARTITION = "123456789012", "us-east-1", "aws"


@cache
def source() -> dict[str, Any]:
    """``template.yaml`` as written, its short intrinsics spelled out."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return template


@cache
def translated() -> dict[str, Any]:
    """Plain CloudFormation, parameters at their defaults."""
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    os.environ.setdefault("AWS_DEFAULT_REGION", REGION)
    template = json.loads(json.dumps(source()))
    for resource in template["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = "s3://artifacts/code.zip"
    values = {name: spec.get("Default") for name, spec in template.get("Parameters", {}).items()}
    translator = Translator(managed_policy_map={}, sam_parser=Parser())
    plain: dict[str, Any] = translator.translate(template, parameter_values=values)
    return plain


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
