"""template.yaml deployed into the local cloud: code zipped from the source tree, the stack made or updated, and the
routes that MiniStack does not make by itself."""

import io
import json
import py_compile
import re
import time
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

from local.cloud import Cloud
from local.options import ROOT, CannotRun

NAME = "miinti-local"
ARTIFACTS = "miinti-local-artifacts"
_DATED = (2020, 1, 1, 0, 0, 0)
"""Every file of an archive has this date, so that the same sources give the same bytes."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What is deployed: the API's id, the stack's outputs, and the physical name of each resource."""

    api_id: str
    outputs: Mapping[str, str]
    resources: Mapping[str, str]


def deploy(cloud: Cloud, parameters: Mapping[str, str]) -> Stack:
    """Deploy the source tree as it is now; raises ``CannotRun`` with what failed."""
    template = _with_code(cloud)
    cloud.s3.put_object(Bucket=ARTIFACTS, Key="template.json", Body=json.dumps(template, default=str).encode())
    cloudformation = cloud.client("cloudformation")
    wanted = {
        "StackName": NAME,
        "TemplateURL": f"{cloud.endpoint}/{ARTIFACTS}/template.json",
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [
            {"ParameterKey": name, "ParameterValue": value}
            for name, value in parameters.items()
            if name in template["Parameters"]
        ],
    }
    try:
        if _status(cloudformation) is None:
            cloudformation.create_stack(**wanted)
        else:
            cloudformation.update_stack(**wanted)
    except ClientError as refused:
        if "No updates" not in str(refused):
            raise CannotRun(
                f"El despliegue fue rechazado: {refused.response['Error'].get('Message', refused)}"
            ) from None
    _await(cloudformation)
    described = cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}
    resources = {
        resource["LogicalResourceId"]: resource["PhysicalResourceId"]
        for resource in cloudformation.describe_stack_resources(StackName=NAME)["StackResources"]
    }
    api_id = _with_routes(cloud, resources)
    return Stack(api_id, outputs, resources)


def _status(cloudformation: Any) -> str | None:
    try:
        status: str = cloudformation.describe_stacks(StackName=NAME)["Stacks"][0]["StackStatus"]
    except ClientError:
        return None
    return status


def _await(cloudformation: Any) -> None:
    while str(status := _status(cloudformation)).endswith("IN_PROGRESS"):
        time.sleep(0.1)
    if status not in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
        events = cloudformation.describe_stack_events(StackName=NAME)["StackEvents"]
        failed = [
            f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}"
            for event in events
            if "FAILED" in event["ResourceStatus"]
        ]
        raise CannotRun(f"El despliegue de template.yaml falló ({status}): {'; '.join(failed) or 'sin detalle'}")


# --- code -------------------------------------------------------------------------------------------------------------


def _with_code(cloud: Cloud) -> dict[str, Any]:
    """The template with each function's and layer's code uploaded and named by its content.

    Only our code goes in: what it imports besides comes from the interpreter that MiniStack runs functions with.
    """
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    cloud.s3.create_bucket(Bucket=ARTIFACTS)
    for resource in template["Resources"].values():
        properties = resource.get("Properties", {})
        if resource["Type"] == "AWS::Serverless::Function":
            folder = ROOT / properties["CodeUri"]
            properties["CodeUri"] = _uploaded(cloud, _zipped(folder, folder))
        elif resource["Type"] == "AWS::Serverless::LayerVersion":
            folder = ROOT / properties["ContentUri"]
            ours = folder / "miinti"
            # A layer of libraries alone has none here; what names them says at least that it is there.
            properties["ContentUri"] = _uploaded(cloud, _zipped(folder, ours if ours.is_dir() else folder, "python/"))
            resource.pop("Metadata", None)
    return template


def _uploaded(cloud: Cloud, code: bytes) -> dict[str, str]:
    key = sha256(code).hexdigest()
    cloud.s3.put_object(Bucket=ARTIFACTS, Key=key, Body=code)
    return {"Bucket": ARTIFACTS, "Key": key}


def _zipped(base: Path, folder: Path, prefix: str = "") -> bytes:
    """An archive of ``folder`` with names relative to ``base``, byte code beside each module: MiniStack unpacks it anew
    for every process, which would compile it every time."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive, TemporaryDirectory() as scratch:
        for name, content in _sources(base, folder, Path(scratch)):
            archive.writestr(zipfile.ZipInfo(prefix + name, _DATED), content)
    return made.getvalue()


def _sources(base: Path, folder: Path, scratch: Path) -> Iterator[tuple[str, bytes]]:
    tag = f".{__import__('sys').implementation.cache_tag}.pyc"
    for file in sorted(folder.rglob("*")):
        if not file.is_file() or "__pycache__" in file.parts:
            continue
        name = file.relative_to(base)
        yield str(name), file.read_bytes()
        if file.suffix == ".py":
            compiled = scratch / "module.pyc"
            try:
                py_compile.compile(
                    str(file),
                    str(compiled),
                    dfile=str(name),
                    doraise=True,
                    invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH,
                )
            except py_compile.PyCompileError as wrong:
                raise CannotRun(f"{file} no es Python válido: {wrong.msg}") from None
            yield str(name.parent / "__pycache__" / (name.stem + tag)), compiled.read_bytes()


# --- routes -----------------------------------------------------------------------------------------------------------


def _with_routes(cloud: Cloud, resources: Mapping[str, str]) -> str:
    """Make the HTTP API's routes and integrations from the OpenAPI body that SAM wrote, which MiniStack ignores.

    Answers the API's id. What an earlier deployment made is taken away first.
    """
    cloudformation, gateway = cloud.client("cloudformation"), cloud.client("apigatewayv2")
    template = cloudformation.get_template(StackName=NAME, TemplateStage="Processed")["TemplateBody"]
    if isinstance(template, str):
        template = json.loads(template)
    [(logical, api)] = [
        (name, resource)
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::ApiGatewayV2::Api"
    ]
    api_id = resources[logical]
    for route in gateway.get_routes(ApiId=api_id)["Items"]:
        gateway.delete_route(ApiId=api_id, RouteId=route["RouteId"])
    for integration in gateway.get_integrations(ApiId=api_id)["Items"]:
        gateway.delete_integration(ApiId=api_id, IntegrationId=integration["IntegrationId"])
    account = cloud.client("sts").get_caller_identity()["Account"]
    for path, operations in api["Properties"]["Body"]["paths"].items():
        for method, operation in operations.items():
            function = resources[_function_of(operation["x-amazon-apigateway-integration"])]
            integration = gateway.create_integration(
                ApiId=api_id,
                IntegrationType="AWS_PROXY",
                IntegrationUri=f"arn:aws:lambda:{cloudformation.meta.region_name}:{account}:function:{function}",
                PayloadFormatVersion="2.0",
            )
            verb = "ANY" if method == "x-amazon-apigateway-any-method" else method.upper()
            gateway.create_route(
                ApiId=api_id,
                RouteKey="$default" if path == "/$default" else f"{verb} {path}",
                Target=f"integrations/{integration['IntegrationId']}",
            )
    return api_id


def _function_of(integration: Mapping[str, Any]) -> str:
    """Logical id of the function that an integration's ``uri`` (an intrinsic, resolved or not) names."""
    found = re.search(r"\$\{(\w+?)(?:Alias\w*?)?(?:\.Arn)?\}/invocations|\['(\w+)', 'Arn'\]", str(integration["uri"]))
    if found is None:
        raise CannotRun(f"No se entiende a qué función va la ruta: {integration['uri']}")
    return next(group for group in found.groups() if group)
