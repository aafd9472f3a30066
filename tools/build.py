"""`make build`: the artifact that is deployed, in .aws-sam/build; `make build-host`: the same for this machine, in
.aws-sam/host, for tests and the bench.

``sam build`` puts sources and wheels in place. What makes them start fast and stay small comes after it: what no
function ever reads is dropped, and everything is compiled to byte code that is valid without looking at the source,
because Lambda's disk takes no byte code and SAM's archive has no dates to compare.
"""

import argparse
import gzip
import io
import json
import os
import platform
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from miinti.aws import CLIENTS

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / ".aws-sam"
SAM = ROOT / ".venv-sam" / "bin" / "sam"
LAYER = "SharedLayer"
PAYMENTS = "PaymentsLayer"
PACKAGE = "miinti"
RUNTIME = (3, 13)
MEBIBYTE = 1024 * 1024
BAR = (25, 10)
"""MiB of the layer, unpacked and zipped, that it may not pass (`make bench`, B8)."""
PAYMENTS_BAR = (3, 2)
"""The same of the second one, which only those have who ask the payment provider."""

_PARTS_DROPPED = (
    "boto3/data",  # resources; every client of ours is a plain one
    "boto3/examples",
    "boto3/dynamodb/conditions.py",
    "boto3/dynamodb/table.py",
    "boto3/dynamodb/transform.py",
    "annotated_types/test_cases.py",
    "botocore/stub.py",
    "cffi",  # builds extensions; those that are built need its back end alone
    "cryptography/fernet.py",
    "cryptography/hazmat/bindings/_rust",  # type stubs
    "dateutil/rrule.py",
    "dateutil/tz/win.py",
    "dateutil/zoneinfo",  # zones of its own; ours is in tzdata
    "dns",  # email-validator asks DNS only where it is told to
    "jinja2/ext.py",
    "jinja2/nativetypes.py",
    "jinja2/sandbox.py",
    "pycparser",
    "pydantic/color.py",
    "pydantic/experimental",
    "pydantic/mypy.py",
    "pydantic/v1",
    "s3transfer/crt.py",
    "s3transfer/processpool.py",
    "urllib3/contrib/emscripten",
    "urllib3/contrib/pyopenssl.py",
    "urllib3/contrib/socks.py",
    "urllib3/http2/connection.py",
    "aws_lambda_powertools/event_handler",
    "aws_lambda_powertools/metrics/provider/datadog",
    "aws_lambda_powertools/utilities/auth_alpha",
    "aws_lambda_powertools/utilities/circuit_breaker",
    "aws_lambda_powertools/utilities/data_classes/active_mq_event.py",
    "aws_lambda_powertools/utilities/data_classes/api_gateway_authorizer_event.py",
    "aws_lambda_powertools/utilities/data_classes/appsync_authorizer_event.py",
    "aws_lambda_powertools/utilities/data_classes/cognito_user_pool_event.py",
    "aws_lambda_powertools/utilities/data_classes/iot_registry_event.py",
    "aws_lambda_powertools/utilities/data_classes/rabbit_mq_event.py",
    "aws_lambda_powertools/utilities/data_classes/s3_object_event.py",
    "aws_lambda_powertools/utilities/data_masking",
    "aws_lambda_powertools/utilities/feature_flags",
    "aws_lambda_powertools/utilities/idempotency",
    "aws_lambda_powertools/utilities/kafka",
    "aws_lambda_powertools/utilities/parameters",
    "aws_lambda_powertools/utilities/parser",
    "aws_lambda_powertools/utilities/streaming",
    "aws_lambda_powertools/utilities/validation",
)
"""Parts of libraries that no function imports. A function that comes to need one fails in tests/packaging."""

_FILES_DROPPED = ("RECORD", "INSTALLER", "REQUESTED", "WHEEL", "direct_url.json", "entry_points.txt", "top_level.txt")
"""Of each package's metadata only the name, version and licence stay: vulnerability scanners read those."""

_ROOTS_KEPT = (
    "Amazon Root CA 1",
    "Amazon Root CA 2",
    "Amazon Root CA 3",
    "Amazon Root CA 4",
    "Starfield Services Root Certificate Authority - G2",
)
"""What AWS asks of who keeps a bundle of his own: the five roots of Amazon Trust Services."""

_ZONES_KEPT = ("America/Argentina/Buenos_Aires",)

_NUMBERS_KEPT = ("__init__", "exceptions", "util")


def main() -> None:
    options = argparse.ArgumentParser(prog="tools.build", description=__doc__)
    options.add_argument("--host", action="store_true", help="for this machine's own processor")
    host = options.parse_args().host
    python = python_of_runtime()
    built = sam_build(python, host)
    layers = {name: built / name / "python" for name in (LAYER, PAYMENTS)}
    trim(layers[LAYER])
    thin(layers[PAYMENTS], layers[LAYER])
    compile_all(python, built)
    for name, bar in ((LAYER, BAR), (PAYMENTS, PAYMENTS_BAR)):
        unpacked, zipped = sizes(layers[name])
        print(
            f"{name}: {unpacked / MEBIBYTE:.1f} MiB unpacked, {zipped / MEBIBYTE:.1f} MiB zipped"
            f" (bar {bar[0]} / {bar[1]})"
        )
        if not host and (unpacked > bar[0] * MEBIBYTE or zipped > bar[1] * MEBIBYTE):
            sys.exit(f"{name} is past its bar.")
    print(f"built: {built.relative_to(ROOT)}")


def python_of_runtime() -> Path:
    """A Python of the functions' own version: byte code of another is worth nothing. Its file, not a manager's shim."""
    wanted = "python{}.{}".format(*RUNTIME)
    roots = [Path(part) for part in os.environ.get("PATH", "").split(os.pathsep)]
    roots += sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/3.13.*/bin"))
    for root in [Path(sys.executable).parent, *roots]:
        try:
            told = subprocess.run(
                [root / wanted, "-c", "import pip, sys; print(sys._base_executable)"],
                capture_output=True,
                text=True,
                check=True,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return Path(told.stdout.strip())
    sys.exit(f"The build needs {wanted} with pip; none was found on PATH or under pyenv.")


def sam_build(python: Path, host: bool) -> Path:
    """Run ``sam build``; answers the folder it built. Nothing is asked of Docker or of AWS."""
    built = OUT / ("host" if host else "build")
    template = ROOT / "template.yaml"
    if host:
        template = OUT / "host.yaml"
        OUT.mkdir(exist_ok=True)
        template.write_text(_for_host((ROOT / "template.yaml").read_text()))
    # SAM finds Python by name on PATH and refuses a version manager's shim.
    environment = {
        **os.environ,
        "PATH": f"{python.parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "SAM_CLI_TELEMETRY": "0",
        "AWS_DEFAULT_REGION": os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
    }
    command: list[str | Path] = [SAM, "build", "--template", template, "--base-dir", ROOT, "--build-dir", built]
    command += ["--cache-dir", OUT / f"cache-{built.name}", "--cached", "--parallel"]
    ran = subprocess.run(command, check=False, env=environment, cwd=ROOT, capture_output=True, text=True)
    if ran.returncode:
        sys.exit(f"sam build failed:\n{ran.stdout}{ran.stderr}")
    return built


def _for_host(template: str) -> str:
    machine = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}[platform.machine().lower()]
    return re.sub(r"(Architectures: \[|BuildArchitecture: )arm64", rf"\g<1>{machine}", template)


# --- what is dropped --------------------------------------------------------------------------------------------------


def trim(layer: Path) -> None:
    """Drop from the shared layer what no function reads. Safe to repeat."""
    _trim_any(layer)
    for part in _PARTS_DROPPED:
        if part.endswith(".py"):
            (layer / part).unlink(missing_ok=True)
        else:
            shutil.rmtree(layer / part, ignore_errors=True)
    _trim_models(layer / "botocore" / "data")
    _trim_roots(layer / "botocore" / "cacert.pem")
    _trim_zones(layer / "tzdata")
    _trim_numbers(layer / "stdnum")
    # Names of glyphs, for who takes the text out of a PDF: the largest module there is.
    (layer / "pypdf" / "_codecs" / "adobe_glyphs.py").write_text("adobe_glyphs: dict[str, str] = {}\n")


def thin(payments: Path, shared: Path) -> None:
    """Drop from the second layer what the shared one has: who has it has both. No package is in two: a local cloud
    unpacks each layer into a place of its own. Safe to repeat."""
    _trim_any(payments)
    for found in list(payments.iterdir()):
        if (shared / found.name).exists():
            shutil.rmtree(found) if found.is_dir() else found.unlink()


def _trim_any(layer: Path) -> None:
    """What no layer needs: byte code, scripts, stubs, and most of each package's metadata."""
    for folder in [layer / "bin", *layer.rglob("__pycache__"), *layer.glob("*.data"), *layer.glob("*.dist-info/sboms")]:
        shutil.rmtree(folder, ignore_errors=True)
    for path in list(layer.rglob("*")):
        if path.suffix in {".pyi", ".pyx", ".pxd", ".c", ".h"} or path.name == "py.typed":
            path.unlink()
    for metadata in layer.glob("*.dist-info"):
        for name in _FILES_DROPPED:
            (metadata / name).unlink(missing_ok=True)
        told = metadata / "METADATA"
        told.write_text(told.read_text().partition("\n\n")[0] + "\n")  # the rest is the project's front page
    for name in ("requirements.in", "requirements.txt", "pyproject.toml"):
        (layer / name).unlink(missing_ok=True)
    for library in layer.rglob("*.so"):
        strip(library)


def _trim_models(data: Path) -> None:
    """Keep the models of the services there are clients for, and the files that are botocore's own."""
    for found in data.iterdir():
        if found.is_dir() and found.name not in CLIENTS:
            shutil.rmtree(found)
    for found in data.rglob("examples-1.json*"):
        found.unlink()
    for found in data.rglob("service-2.json.gz"):
        # More than half of each is prose for people, which a client would read through at every start.
        model = json.loads(gzip.decompress(found.read_bytes()), object_hook=_without_prose)
        found.write_bytes(gzip.compress(json.dumps(model, separators=(",", ":")).encode(), mtime=0))
    # botocore reads this file, 1.2 MB with 300 services, at the first client of a process.
    endpoints = json.loads((data / "endpoints.json").read_text())
    prefixes = {_endpoint_prefix(data, service) for service in CLIENTS}
    for partition in endpoints["partitions"]:
        services = partition["services"]
        partition["services"] = {name: services[name] for name in services if name in prefixes}
    (data / "endpoints.json").write_text(json.dumps(endpoints, separators=(",", ":")))


def _without_prose(part: dict[str, Any]) -> dict[str, Any]:
    # A member that is called so is described by an object, not by a text.
    return {name: value for name, value in part.items() if name != "documentation" or not isinstance(value, str)}


def _endpoint_prefix(data: Path, service: str) -> str:
    """What a service's host names start with (``email`` for ``sesv2``)."""
    (model,) = (data / service).glob("*/service-2.json.gz")
    return str(json.loads(gzip.decompress(model.read_bytes()))["metadata"]["endpointPrefix"])


def _trim_roots(bundle: Path) -> None:
    """Keep Amazon's own roots of trust: a process talks to AWS alone, and each client reads all of the file."""
    blocks = bundle.read_text().split("\n# Issuer: ")
    kept = [block for block in blocks if any(f'\n# Label: "{root}"\n' in block for root in _ROOTS_KEPT)]
    if len(kept) != len(_ROOTS_KEPT):
        sys.exit("botocore's bundle of certificates has not the roots that the build keeps.")
    bundle.write_text("".join(f"\n# Issuer: {block}" for block in kept))


def _trim_zones(tzdata: Path) -> None:
    zones = tzdata / "zoneinfo"
    kept = {zones / zone for zone in _ZONES_KEPT}
    for found in sorted(zones.rglob("*"), reverse=True):
        if found.is_dir():
            if not any(found in zone.parents for zone in kept):
                shutil.rmtree(found)
        elif found not in kept and found.suffix != ".py":
            found.unlink()


def _trim_numbers(stdnum: Path) -> None:
    """Of the numbers of two hundred countries, and of the world's, Argentina's stay, with what all are built on."""
    for found in stdnum.iterdir():
        if found.is_dir() and found.name != "ar":
            shutil.rmtree(found)
        elif found.is_file() and found.stem not in _NUMBERS_KEPT:
            found.unlink()


def strip(library: Path) -> None:
    """Cut off symbol tables and section headers, which no loader reads: all that lies behind the last segment.

    What ``sstrip`` does; done here because the machine's own ``strip`` knows only the machine's own processor.
    """
    data = bytearray(library.read_bytes())
    if data[:6] != b"\x7fELF\x02\x01":  # 64 bits, little endian
        return
    offset, size, count = _segments(data)
    ends = []
    for index in range(count):
        at = offset + index * size
        start, length = struct.unpack_from("<Q", data, at + 8)[0], struct.unpack_from("<Q", data, at + 32)[0]
        ends.append(start + length)
    struct.pack_into("<Q", data, 40, 0)  # where section headers start: nowhere
    struct.pack_into("<HHH", data, 58, 0, 0, 0)  # their size, their number, their names
    library.write_bytes(data[: max(ends)])


def _segments(data: bytearray) -> tuple[int, int, int]:
    """Where an ELF file's program headers start, the size of one, and how many there are."""
    offset = struct.unpack_from("<Q", data, 32)[0]
    size, count = struct.unpack_from("<HH", data, 54)
    return offset, size, count


# --- byte code --------------------------------------------------------------------------------------------------------


def compile_all(python: Path, built: Path) -> None:
    """Byte code of everything (tools/bytecode.py): functions and our package keep their sources, libraries do not."""
    script = Path(__file__).with_name("bytecode.py")
    for folder in sorted(found for found in built.iterdir() if found.is_dir()):
        arguments = ["/opt", PACKAGE] if folder.name in (LAYER, PAYMENTS) else ["/var/task"]
        subprocess.run([python, script, folder, *arguments], check=True)


def sizes(folder: Path) -> tuple[int, int]:
    """Bytes of a folder, as files and as a zip archive."""
    archive = io.BytesIO()
    unpacked = 0
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as written:
        for path in _files(folder):
            unpacked += path.stat().st_size
            written.writestr(str(path.relative_to(folder)), path.read_bytes())
    return unpacked, archive.tell()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


if __name__ == "__main__":
    main()
