"""The artifact: it starts alone, from byte code, with no more than it needs, and stays small."""

import gzip
import json
import os
import re
import shutil
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
    **dict.fromkeys(("act_on_account", "decide_link", "look_at_payments", "look_up"), MAILS | ADDRESSES),
    **dict.fromkeys(("list_links", "open_link", "remind_payments", "revoke_link"), MAILS),
    **dict.fromkeys(("show_notifications", "stop_news"), MAILS),
    "handle_import": MAILS | ADDRESSES | {"cryptography", "et_xmlfile", "openpyxl", "pypdf", "stdnum"},
    "read_audit": MAILS | ADDRESSES,
    "show_my_data": MAILS,
    **dict.fromkeys(("forgot_payment_key", "login_payer"), MAILS | ADDRESSES),
    "mail_payment_key": MAILS,
    "ingest_inbox": MAILS | ADDRESSES | {"cryptography", "et_xmlfile", "openpyxl", "pypdf", "stdnum"},
    **dict.fromkeys(("export_docs", "list_docs"), SEALS),
    "send_mail": MAILS | ADDRESSES | {"jinja2", "markupsafe"},
    # Mercado Pago's SDK only where the stage has it; botocore takes certifi wherever it finds it.
    **dict.fromkeys(("apply_payment", "cancel_payment", "check_payments", "start_payment"), MAILS | {"certifi"}),
    "take_payment_notice": {"certifi"},
    "decide_payment": MAILS | ADDRESSES | {"certifi"},
    **dict.fromkeys(("list_payments", "list_transfers", "show_payment", "tell_transfer"), MAILS),
    "check_proof": MAILS | ADDRESSES | {"cryptography", "et_xmlfile", "openpyxl", "pypdf", "stdnum"},
    "decide_transfer": MAILS | ADDRESSES,
}
"""What a function may import beside ``BASE`` and, where it takes a body, pydantic."""


ASKING = {
    sam.folder(one)
    for one in sam.functions().values()
    if {"Ref": build.PAYMENTS} in one["Properties"].get("Layers", [])
}
"""Functions with the second layer."""
PROVIDERS = {"flow", "mercadopago", "ours", "sandbox", "starting"}
"""Modules of ``payments`` that ask the provider, by what is in the second layer."""


@pytest.fixture(scope="session")
def both(host: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two layers as Lambda unpacks them: into one place."""
    place = tmp_path_factory.mktemp("opt") / "python"
    for layer in (build.LAYER, build.PAYMENTS):
        shutil.copytree(host / layer / "python", place, dirs_exist_ok=True)
    return place


@pytest.fixture(scope="session")
def probed(host: Path, runtime: Path, both: Path) -> dict[str, dict[str, Any]]:
    """Use case → what a bare Python tells of importing it."""
    found = {}
    for use_case in FOLDERS:
        environment = {name: _plain(value) for name, value in sam.variables(use_case).items()}
        environment |= {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1", "PATH": os.environ["PATH"]}
        folders = [host / logical_id(use_case), both if use_case in ASKING else host / build.LAYER / "python"]
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


def test_the_two_layers_alone_are_enough_for_mercado_pago(both: Path, runtime: Path) -> None:
    wanted = f"import sys; sys.path.insert(0, {str(both)!r}); import miinti.payments.mercadopago"
    ran = subprocess.run([runtime, "-I", "-S", "-B", "-c", wanted], check=False, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr


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


@pytest.mark.parametrize(("layer", "bar"), [(build.LAYER, build.BAR), (build.PAYMENTS, build.PAYMENTS_BAR)])
def test_layer_stays_under_its_bar(built: Path, layer: str, bar: tuple[int, int]) -> None:
    unpacked, zipped = build.sizes(built / layer)
    assert unpacked <= bar[0] * build.MEBIBYTE
    assert zipped <= bar[1] * build.MEBIBYTE


def test_the_second_layer_has_nothing_that_the_shared_one_has(tmp_path: Path) -> None:
    shared, payments = tmp_path / "shared", tmp_path / "payments"
    for place in (shared / "idna", payments / "idna", payments / "requests"):
        place.mkdir(parents=True)
    for place in (shared / "six.py", payments / "six.py", payments / "alone.py"):
        place.touch()
    for _ in range(2):
        build.thin(payments, shared)
    assert sorted(path.name for path in payments.iterdir()) == ["alone.py", "requests"]


@pytest.mark.parametrize("use_case", FOLDERS)
def test_who_asks_the_payment_provider_has_the_second_layer_and_nobody_else(use_case: str) -> None:
    text = (sam.ROOT / "functions" / use_case / "app.py").read_text()
    imported = re.findall(r"^from miinti\.payments import (.+)$", text, re.MULTILINE)
    names = {name.strip() for line in imported for name in line.split(",")}
    assert bool(names & PROVIDERS) == (use_case in ASKING)
    (resource,) = [one for one in sam.functions().values() if sam.folder(one) == use_case]
    bundle = resource["Properties"].get("Environment", {}).get("Variables", {}).get("AWS_CA_BUNDLE")
    # certifi is there too, whose roots are not Amazon's alone.
    assert bundle == ("/opt/python/botocore/cacert.pem" if use_case in ASKING else None)


def test_modules_of_the_shared_layer_need_none_of_the_second() -> None:
    """But for what is imported where it is used, which only functions with both do."""
    for path in (sam.ROOT / "layers" / "shared" / "miinti").rglob("*.py"):
        if path.parent.name == "payments" and path.stem in PROVIDERS:
            continue
        found = re.findall(r"from miinti\.payments(?:\.(\w+))? import (.+)", path.read_text())
        names = {name.strip() for module, line in found for name in (module or line).split(",")}
        assert not names & PROVIDERS, path


def test_layer_holds_the_models_of_the_clients_there_are(built: Path) -> None:
    data = built / build.LAYER / "python" / "botocore" / "data"
    assert sorted(path.name for path in data.iterdir() if path.is_dir()) == sorted(CLIENTS)
    endpoints = json.loads((data / "endpoints.json").read_text())
    assert {"dynamodb", "email", "kms", "s3", "secretsmanager", "sqs"} == set(endpoints["partitions"][0]["services"])


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
