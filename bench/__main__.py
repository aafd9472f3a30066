"""``make bench``: every claim of speed and size in one table. Ratios only: milliseconds belong to one machine."""

import argparse
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path

from argon2 import PasswordHasher
from cryptography.hazmat.primitives.asymmetric import ec

from bench import cases, host, ingest, scale
from bench.canned import Canned

TWO_CALLS = "bare boto3, two calls"
HASHING = "argon2id alone"
WARM_TURNS = 5
"""Each turn has its own ratios, of what ran within the same minute; the table shows the median of theirs."""
HASHES = 100


def main() -> int:
    options = argparse.ArgumentParser(prog="bench", description=__doc__)
    options.add_argument(
        "--build", type=Path, default=cases.ROOT / ".aws-sam" / "host", help="the host build, whose functions are run"
    )
    options.add_argument(
        "--shipped", type=Path, default=cases.ROOT / ".aws-sam" / "build", help="the build that AWS gets, for its size"
    )
    options.add_argument("--rounds", type=int, default=9, help="cold starts of each case")
    options.add_argument("--warm", type=int, default=500, help="calls behind each warm figure")
    options.add_argument(
        "--documents",
        type=int,
        default=1_000_000,
        help="documents of the large company (B7): a million take seven minutes, 100,000 one",
    )
    options.add_argument(
        "--rows", type=int, default=100_000, help="documents of the large file (B10): a million take half an hour"
    )
    options.add_argument("--only", choices=["functions", "scale", "ingest"], help="one part of the bench")
    given = options.parse_args()
    lines: list[tuple[str, str, str, str]] = []
    if given.only in (None, "functions"):
        for build, target in ((given.build, "build-host"), (given.shipped, "build")):
            if not build.exists():
                sys.exit(f"There is no build in {build}: run `make {target}` first.")
        lines += functions(given.build, given.rounds, given.warm)
        lines += sizes(given.shipped)
    if given.only in (None, "scale"):
        lines += scale.measure(given.documents)
    if given.only in (None, "ingest"):
        lines += ingest.measure(given.rows)
    width = max(len(line[1]) for line in lines)
    print(f"\n{'':4} {'':{width}} {'measured':>16} {'bar':>10}")
    for bar, name, value, limit in lines:
        print(f"{bar:4} {name:{width}} {value:>16} {limit:>10}")
    return 0


def functions(build: Path, rounds: int, warm_calls: int) -> list[tuple[str, str, str, str]]:
    """Cold, warm and memory of each case; the cases take turns, so that a slow minute of the machine meets all."""
    key = ec.generate_private_key(ec.SECP256R1())
    all_cases = cases.peers() + cases.ours(build, cases.access_token(key))
    canned = Canned(cases.data(), key)
    aws = {"AWS_ENDPOINT_URL": canned.url, "AWS_CA_BUNDLE": str(canned.ca)}
    cold: dict[str, list[host.Cost]] = defaultdict(list)
    warm: dict[str, list[float]] = defaultdict(list)  # the same turn is the same place in each list
    calls: dict[str, str] = {}
    python = Path(sys.executable)
    try:
        for turn in range(rounds + 1):
            for case in all_cases:
                environment = {**case.environment, **aws}
                cost = host.run(python, case.path, case.handler, environment, case.event, 1)
                if cost.answer.get("statusCode") != 200:
                    raise host.LambdaFailedError(f"{case.name}: {cost.answer}")
                if turn:  # the first turn fills the page cache
                    cold[case.name].append(cost)
                _progress(f"cold {turn}/{rounds} {case.name}")
        for _ in range(WARM_TURNS):
            warm[HASHING].append(_argon2())
            for case in all_cases:
                environment = {**case.environment, **aws}
                canned.counted()
                cost = host.run(python, case.path, case.handler, environment, case.event, warm_calls)
                counted = canned.counted()
                warm[case.name].append(cost.warm)
                calls[case.name] = ", ".join(f"{name} {round(n / warm_calls)}" for name, n in counted.items()
                                             if round(n / warm_calls))  # fmt: skip
                _progress(f"warm {case.name}")
    finally:
        canned.stop()
    _progress("")
    return _table(cold, warm, calls)


def _table(
    cold: dict[str, list[host.Cost]], warm: dict[str, list[float]], calls: dict[str, str]
) -> list[tuple[str, str, str, str]]:
    start = {name: statistics.median(cost.cpu for cost in costs) for name, costs in cold.items()}
    memory = {name: statistics.median(cost.rss for cost in costs) for name, costs in cold.items()}
    bare, fastapi = start["bare boto3"], start["FastAPI + Mangum"]

    def beside(name: str, other: str) -> float:
        return statistics.median(one / two for one, two in zip(warm[name], warm[other], strict=True))

    lines: list[tuple[str, str, str, str]] = []
    for name, seconds in start.items():
        lines.append(("", f"{name}: cold CPU ÷ bare boto3", f"{seconds / bare:.2f}", ""))
    lines += [("", f"{name}: warm CPU ÷ {TWO_CALLS}", f"{beside(name, TWO_CALLS):.2f}", "") for name in warm]
    for name in ("ListDocs", "ListCompanies", "Download"):
        if name in start:
            lines.append(("B1", f"{name}: cold CPU ÷ bare boto3", f"{start[name] / bare:.2f}", "≤ 1.25"))
            lines.append(("B2", f"{name}: cold CPU ÷ FastAPI + Mangum", f"{start[name] / fastapi:.2f}", "≤ 0.60"))
            lines.append(
                ("B9", f"{name}: peak RSS ÷ bare boto3", f"{memory[name] / memory['bare boto3']:.2f}", "≤ 1.2")
            )
    if "Login" in start:
        lines.append(("B3", "Login: cold CPU ÷ bare boto3", f"{start['Login'] / bare:.2f}", "≤ 1.50"))
        lines.append(("B6", "(Login − argon2id) ÷ argon2id, warm", f"{beside('Login', HASHING) - 1:.0%}", "≤ 25 %"))
    if "ListDocs" in warm:
        lines.append(("B5", f"ListDocs: warm CPU ÷ {TWO_CALLS}", f"{beside('ListDocs', TWO_CALLS):.2f}", "≤ 1.25"))
    lines += [
        ("B11", f"{name}: AWS calls a request", told, "")
        for name, told in calls.items()
        if name[0].isupper() and " " not in name
    ]
    return lines


def _argon2() -> float:
    """CPU seconds of one verification with login's parameters, alone: the mean of ``HASHES``."""
    hasher = PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1)
    stored = hasher.hash(cases.PASSWORD)
    before = time.process_time()
    for _ in range(HASHES):
        hasher.verify(stored, cases.PASSWORD)
    return (time.process_time() - before) / HASHES


def sizes(build: Path) -> list[tuple[str, str, str, str]]:
    """B4 and B8: what is shipped, for the functions' own processor: libraries for another have another size."""
    import io
    import zipfile

    layer = build / "SharedLayer"
    files = [path for path in layer.rglob("*") if path.is_file()]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.relative_to(layer))
    unpacked = sum(path.stat().st_size for path in files) / 2**20
    bare = [path for path in layer.rglob("*.py") if not list((path.parent / "__pycache__").glob(f"{path.stem}.*.pyc"))]
    return [
        ("B4", "modules of the layer without byte code", str(len(bare)), "0"),
        ("B8", "layer unpacked / zipped, MB", f"{unpacked:.1f} / {packed.tell() / 2**20:.1f}", "≤ 25 / 10"),
    ]


def _progress(text: str) -> None:
    print(f"\r{text:60}", end="\r" if not text else "", file=sys.stderr, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
