"""The artifact: it starts alone, from byte code, with no more than it needs, and stays small."""

import gzip
import json
import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore
import pytest

from miinti.aws import CLIENTS
from tests.packaging.conftest import MACHINES, this_machine
from tests.template import sam
from tests.template.test_house import logical_id
from tools import build, openapi

FOLDERS = sorted(sam.folder(resource) for resource in sam.functions().values())
BASE = {
    *("aws_lambda_powertools", "boto3", "botocore", "dateutil", "jmespath", "miinti"),
    *("s3transfer", "six", "typing_extensions", "urllib3"),
}
"""What any function may import: logs and one client. What checks a token comes with the keys to check it by."""
WITH_A_BODY = {"annotated_types", "pydantic", "pydantic_core", "typing_inspection"}
SEALS = {"itsdangerous"}
HASHES = {"argon2"}
ADDRESSES = {"email_validator", "idna"}

MAILS = SEALS
"""Whoever makes a token for a mail, or opens one."""

MAY_ALSO: dict[str, set[str]] = {
    **dict.fromkeys(("activate", "cancel_email_change", "confirm_link", "link_company", "list_companies"), MAILS),
    **dict.fromkeys(("list_link_requests", "list_sessions", "object_to_link", "relay_outbox", "unlink_company"), MAILS),
    **dict.fromkeys(("change_password", "leave", "reset_password"), MAILS | HASHES),
    **dict.fromkeys(("confirm_email", "forgot_password", "resend_activation"), MAILS | ADDRESSES),
    **dict.fromkeys(("change_email", "login", "register"), MAILS | HASHES | ADDRESSES),
    "change_me": ADDRESSES,
    **dict.fromkeys(("act_on_account", "decide_link", "look_up"), MAILS | ADDRESSES),
    **dict.fromkeys(("list_links", "open_link", "remind_payments", "revoke_link"), MAILS),
    **dict.fromkeys(("show_notifications", "stop_news"), MAILS),
    "handle_import": MAILS | ADDRESSES | {"cryptography", "et_xmlfile", "openpyxl", "pypdf", "stdnum"},
    "read_audit": MAILS | ADDRESSES,
    "show_my_data": MAILS,
    "ingest_inbox": MAILS | ADDRESSES | {"cryptography", "et_xmlfile", "openpyxl", "pypdf", "stdnum"},
    **dict.fromkeys(("export_docs", "list_docs"), SEALS),
    "send_mail": MAILS | ADDRESSES | {"jinja2", "markupsafe"},
}
"""What a function may import beside ``BASE`` and, where it takes a body, pydantic."""


@pytest.fixture(scope="session")
def probed(host: Path, runtime: Path) -> dict[str, dict[str, Any]]:
    """Use case → what a bare Python tells of importing it."""
    found = {}
    for use_case in FOLDERS:
        environment = {name: _plain(value) for name, value in sam.variables(use_case).items()}
        environment |= {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "PATH": os.environ["PATH"]}
        folders = [host / logical_id(use_case), host / build.LAYER / "python"]
        probe = Path(__file__).with_name("probe.py")
        ran = subprocess.run(
            [runtime, "-I", "-S", "-B", "-W", "error", probe, *folders],
            check=False, capture_output=True, text=True, env=environment,
        )  # fmt: skip
        assert ran.returncode == 0, f"{use_case}: {ran.stderr}"
        found[use_case] = json.loads(ran.stdout)
    return found


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else "https://mi.inti.example"


@pytest.mark.parametrize("use_case", FOLDERS)
def test_function_and_layer_alone_are_enough(probed: dict[str, dict[str, Any]], use_case: str) -> None:
    assert probed[use_case]["callable"]


@pytest.mark.parametrize("use_case", FOLDERS)
def test_nothing_is_compiled_at_a_cold_start(probed: dict[str, dict[str, Any]], use_case: str) -> None:
    assert probed[use_case]["compiled"] == []


@pytest.mark.parametrize("use_case", FOLDERS)
def test_function_imports_no_more_than_its_job_needs(probed: dict[str, dict[str, Any]], use_case: str) -> None:
    route = openapi.routes().get(use_case)
    allowed = BASE | MAY_ALSO.get(use_case, set())
    if route is None or route.body is not None:
        allowed = allowed | WITH_A_BODY
    assert set(probed[use_case]["packages"]) <= allowed


def test_layer_stays_under_its_bar(built: Path) -> None:
    unpacked, zipped = build.sizes(built / build.LAYER)
    assert unpacked <= build.BAR[0] * build.MEBIBYTE
    assert zipped <= build.BAR[1] * build.MEBIBYTE


def test_layer_holds_the_models_of_the_clients_there_are(built: Path) -> None:
    data = built / build.LAYER / "python" / "botocore" / "data"
    assert sorted(path.name for path in data.iterdir() if path.is_dir()) == sorted(CLIENTS)
    endpoints = json.loads((data / "endpoints.json").read_text())
    assert {"dynamodb", "email", "kms", "s3", "sqs"} == set(endpoints["partitions"][0]["services"])


def test_models_hold_what_a_client_reads_and_no_prose(built: Path) -> None:
    """All that botocore's own has, without the texts: every operation, shape and member."""
    data = built / build.LAYER / "python" / "botocore" / "data"
    for place in data.glob("*/*/service-2.json.gz"):
        kept = json.loads(gzip.decompress(place.read_bytes()))
        whole = json.loads(
            gzip.decompress((Path(botocore.__file__).parent / "data" / place.relative_to(data)).read_bytes())
        )
        assert kept == json.loads(json.dumps(whole), object_hook=without_prose)
        assert kept != whole
        assert "<p>" not in json.dumps(kept)
        assert set(kept["operations"]) == set(whole["operations"])


def without_prose(part: dict[str, Any]) -> dict[str, Any]:
    if isinstance(part.get("documentation"), str):
        del part["documentation"]
    return part


def libraries(folder: Path) -> Iterator[tuple[str, int]]:
    """Every compiled library with the processor it is for."""
    for path in folder.rglob("*.so*"):
        yield path.name, int.from_bytes(path.read_bytes()[18:20], "little")


def test_libraries_are_for_lambdas_processor_and_for_this_machines(built: Path, host: Path) -> None:
    assert {machine for _, machine in libraries(built)} == {MACHINES["arm64"]}
    assert {machine for _, machine in libraries(host)} == {this_machine()}
    names = [{re.sub(r"aarch64|x86_64", "", name) for name, _ in libraries(folder)} for folder in (built, host)]
    assert names[0] == names[1]


def test_layer_trusts_amazons_own_roots_alone(built: Path) -> None:
    bundle = (built / build.LAYER / "python" / "botocore" / "cacert.pem").read_text()
    labels = re.findall(r'^# Label: "(.+)"$', bundle, re.MULTILINE)
    assert len(labels) == bundle.count("BEGIN CERTIFICATE") == 5
    assert all(label.startswith(("Amazon Root CA", "Starfield Services Root")) for label in labels)


def test_files_of_the_artifact_name_no_place_of_the_machine_that_built_it(built: Path) -> None:
    here = str(sam.ROOT).encode()
    for path in built.rglob("*"):
        if path.is_file() and path.name != "template.yaml":
            assert here not in path.read_bytes(), path


def test_built_template_is_plain_yaml_with_every_function(built: Path) -> None:
    text = (built / "template.yaml").read_text()
    assert "<<:" not in text
    for use_case in FOLDERS:
        assert (built / logical_id(use_case) / "app.py").exists()
        assert list((built / logical_id(use_case) / "__pycache__").glob("app.cpython-313.pyc"))
