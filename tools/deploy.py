"""`make deploy STAGE=dev`: the built artifact and the portal's pages into AWS, then a look at whether they answer.

Parameters come from samconfig.toml; those it does not name keep the value the stack has. Two are made here: the secret
by which the API knows CloudFront, and, where there is no domain of our own, the portal's address.
"""

import argparse
import datetime as dt
import hashlib
import mimetypes
import secrets
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import ClientError

from tools import pages, security_txt, smoke

ROOT = Path(__file__).resolve().parents[1]
SAM = ROOT / ".venv-sam" / "bin" / "sam"
STAGES = ("dev", "test", "prod")
BUILT = ROOT / ".aws-sam" / "build" / "template.yaml"
SETTLED = dt.timedelta(minutes=30)
"""After which every edge of CloudFront says the new secret, and the old one is believed no longer."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What CloudFormation knows of the stage: nothing yet, or its parameters and outputs and when it was changed."""

    parameters: Mapping[str, str]
    outputs: Mapping[str, str]
    changed_at: dt.datetime | None


def main() -> None:
    options = argparse.ArgumentParser(prog="tools.deploy", description=__doc__)
    options.add_argument("stage", choices=STAGES)
    options.add_argument("--rotate", action="store_true", help="give CloudFront and the API a new secret")
    options.add_argument("--yes", action="store_true", help="do not ask before prod's change set is carried out")
    given = options.parse_args()
    stack = roll_out(given.stage, rotate=given.rotate, ask=not given.yes)
    print(f"portal: {stack.outputs['PortalUrl']}")
    sys.exit(smoke.look(stack.outputs["PortalUrl"], _execute_api(given.stage, stack)))


def roll_out(stage: str, *, rotate: bool = False, ask: bool = True, built: Path = BUILT) -> Stack:
    """Deploy a stage and its pages; answers the stack as it is afterwards."""
    before = stack_of(stage)
    now = dt.datetime.now(dt.UTC)
    made = origin_parameters(before, now, rotate)
    if ask and _config()[stage]["confirm_changeset"]:
        # SAM's own question ends like a deployment when the answer is no, and all that follows would go on.
        _sam_deploy(stage, made, built, "--no-execute-changeset")
        shown = _take_back_change_sets(stage)
        if shown and input(f"Carry this out in {stage}? [y/N] ").strip().lower() not in {"y", "yes"}:
            sys.exit(f"Nothing was changed in {stage}.")
    _sam_deploy(stage, made, built)
    stack = stack_of(stage)
    if not stack.parameters["DomainName"] and stack.parameters["PortalUrl"] != stack.outputs["PortalUrl"]:
        # CloudFront's own name is known only once it is there; links in mail need it.
        _sam_deploy(stage, {"PortalUrl": stack.outputs["PortalUrl"]}, built)
        stack = stack_of(stage)
    upload_pages(stage, stack.outputs["WebBucketName"], stack.outputs["PortalUrl"])
    return stack


def _take_back_change_sets(stage: str) -> int:
    """Delete what was only shown, and say how many there were: what is carried out is made anew of the same build."""
    config = _config()[stage]
    client = boto3.client("cloudformation", region_name=config["region"])
    found = client.list_change_sets(StackName=config["stack_name"])["Summaries"]
    shown = [one["ChangeSetName"] for one in found if one["ExecutionStatus"] == "AVAILABLE"]
    for name in shown:
        client.delete_change_set(StackName=config["stack_name"], ChangeSetName=name)
    return len(shown)


def stack_of(stage: str) -> Stack:
    config = _config()[stage]
    client = boto3.client("cloudformation", region_name=config["region"])
    try:
        (found,) = client.describe_stacks(StackName=config["stack_name"])["Stacks"]
    except ClientError as refused:
        if "does not exist" not in str(refused):
            raise
        return Stack({}, {}, None)
    return Stack(
        {each["ParameterKey"]: each["ParameterValue"] for each in found.get("Parameters", [])},
        {each["OutputKey"]: each["OutputValue"] for each in found.get("Outputs", [])},
        found.get("LastUpdatedTime") or found["CreationTime"],
    )


def region_of(stage: str) -> str:
    return str(_config()[stage]["region"])


def origin_parameters(stack: Stack, now: dt.datetime, rotate: bool) -> dict[str, str]:
    """What to say of the secret between CloudFront and the API; empty where all stays as it is.

    A new secret is believed beside the old one, since CloudFront's edges change one by one; the next deployment after
    ``SETTLED`` forgets the old one. Only hashes can be read back from the stack.
    """
    known = [part for part in stack.parameters.get("OriginSha256", "").split(",") if part]
    if rotate or not known:
        secret = secrets.token_urlsafe(32)
        fresh = hashlib.sha256(secret.encode()).hexdigest()
        return {"OriginSecret": secret, "OriginSha256": ",".join([fresh, *known[:1]])}
    if len(known) > 1 and stack.changed_at is not None and now - stack.changed_at > SETTLED:
        return {"OriginSha256": known[0]}
    return {}


def upload_pages(stage: str, bucket: str, portal: str) -> None:
    """Make the bucket hold web/, the portal's security.txt and nothing else."""
    client = boto3.client("s3", region_name=region_of(stage))
    folder = ROOT / "web"
    files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
    files[security_txt.PATH[1:]] = security_txt.text(portal, dt.datetime.now(dt.UTC)).encode()
    for key, body in files.items():
        client.put_object(
            Bucket=bucket,
            Key=key,
            Body=body,
            ContentType=content_type(key),
            CacheControl=pages.cache_control(key),
        )
    listed = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    for old in [item["Key"] for page in listed for item in page.get("Contents", []) if item["Key"] not in files]:
        client.delete_object(Bucket=bucket, Key=old)


def content_type(key: str) -> str:
    kind = mimetypes.guess_type(key)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") or kind.endswith(("javascript", "xml")) else kind


def _config() -> dict[str, dict[str, Any]]:
    """Stage → its parameters in samconfig.toml."""
    file = tomllib.loads((ROOT / "samconfig.toml").read_text())
    return {stage: part["deploy"]["parameters"] for stage, part in file.items() if stage in STAGES}


def _sam_deploy(stage: str, made: Mapping[str, str], built: Path, *more: str) -> None:
    overrides = [*_config()[stage]["parameter_overrides"], *(f"{name}={value}" for name, value in made.items())]
    command: list[str | Path] = [
        SAM,
        "deploy",
        "--config-env",
        stage,
        "--config-file",
        ROOT / "samconfig.toml",
        "--template",
        built,
        "--no-confirm-changeset",
        *more,
    ]
    ran = subprocess.run([*command, "--parameter-overrides", *overrides], check=False, cwd=ROOT)
    if ran.returncode:
        sys.exit(f"sam deploy failed; CloudFormation put {stage} back to where it was.")


def _execute_api(stage: str, stack: Stack) -> str:
    """The API's own address, which is to answer nobody but CloudFront."""
    return f"https://{stack.outputs['ApiId']}.execute-api.{region_of(stage)}.amazonaws.com"


if __name__ == "__main__":
    main()
