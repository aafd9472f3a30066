"""The template as plain CloudFormation: SAM's own transform, in this process. ``python -m tools.translate`` prints it.

For linters that know no SAM, and for tests. Code stands at a place that is none.
"""

import json
import os
from pathlib import Path
from typing import Any

from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[1]


def source() -> dict[str, Any]:
    """``template.yaml`` as written, its short intrinsics spelled out."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return template


def translated() -> dict[str, Any]:
    """Plain CloudFormation, parameters at their defaults."""
    from samtranslator.parser.parser import Parser
    from samtranslator.translator.translator import Translator

    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    template = json.loads(json.dumps(source()))
    for resource in template["Resources"].values():
        for name in ("CodeUri", "ContentUri"):
            if name in resource.get("Properties", {}):
                resource["Properties"][name] = "s3://artifacts/code.zip"
    values = {name: spec.get("Default") for name, spec in template.get("Parameters", {}).items()}
    translator = Translator(managed_policy_map={}, sam_parser=Parser())
    plain: dict[str, Any] = translator.translate(template, parameter_values=values)
    return plain


if __name__ == "__main__":
    print(json.dumps(translated(), indent=1))
