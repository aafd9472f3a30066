"""Documents that say what the template and the code do, and must not say it wrong."""

import ast
import math
import re
import shlex
from collections import Counter
from pathlib import Path

import click

from staff.__main__ import main as desk
from tests.template import sam
from tests.template.test_infrastructure import ALARMS, of_type, properties
from tools import unsent_mail

OPERATIONS = (sam.ROOT / "docs" / "operations.md").read_text()
LAYER = sam.ROOT / "layers" / "shared" / "miinti"


def section(title: str) -> str:
    return OPERATIONS.partition(f"## {title}\n")[2].partition("\n## ")[0]


def rows(title: str) -> list[list[str]]:
    lines = [line for line in section(title).splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines[2:]]


def test_R15_every_alarm_has_a_line_in_the_runbook_and_no_line_is_for_nothing() -> None:
    named = {name for row in rows("Alarms") for name in re.findall(r"`([\w*]+)`", row[0])}
    families = {name.removeprefix("*") for name in named if name.startswith("*")}
    single = {name for name in named if not name.startswith("*")}
    functions = {name.removesuffix("Function") for name in sam.functions()}
    expected = {f"{function}{family}" for function in functions for family in families}
    assert single | expected == set(ALARMS)
    assert all(len(row) == 3 and all(row) for row in rows("Alarms"))


def test_R15_the_runbook_names_the_tool_for_unsent_mail_as_it_is_called() -> None:
    (told,) = [row[2] for row in rows("Alarms") if row[0] == "`OutboxDeadLettersFilled`"]
    commands = re.findall(r"`python -m tools\.unsent_mail ([^`]*)`", told)
    assert commands == ["STAGE", "STAGE --again"]
    for command in commands:
        asked = unsent_mail.arguments().parse_args(command.replace("STAGE", "prod").split())
        assert (asked.stage, asked.again) == ("prod", "--again" in command)
    assert {"OutboxTable", "RelayOutbox"} <= set(sam.source()["Outputs"])


def test_the_transcript_shows_every_command_of_the_staff_as_it_is_typed() -> None:
    lines = re.findall(r"^    \$ miinti-staff --local (.+)$", section("Staff"), re.MULTILINE)
    shown: set[tuple[str, ...]] = set()
    for line in lines:
        words, path = shlex.split(line), []
        command: click.Command = desk
        while isinstance(command, click.Group):
            path.append(words.pop(0))
            command = command.commands[path[-1]]
        shown.add(tuple(path))
        # Raises what the person would be told: no such option, an argument too many or too few.
        command.make_context(path[-1], words)
    assert shown == commands(desk)


def commands(group: click.Group, *above: str) -> set[tuple[str, ...]]:
    """Each command of the staff's as it is typed, word by word."""
    found: set[tuple[str, ...]] = set()
    for name, command in group.commands.items():
        found |= commands(command, *above, name) if isinstance(command, click.Group) else {(*above, name)}
    return found


PER = {"million": 1e6, "10,000": 1e4, "1,000": 1e3, "GB": 1.0, "GB-s": 1.0, "each": 1.0}
SCALES = {"KB": 1e-6, "ms": 1e-3}
REQUESTS = (1e3, 1e5, 1e7)


def price(cell: str) -> float:
    """``0.25 + 0.20 / GB`` → 0.45; ``0.40 / million`` → 0.0000004."""
    sums, per = re.fullmatch(r"(.+?)(?: /)? ([^ ]+)", cell).groups()  # type: ignore[union-attr]
    return sum(map(float, sums.split(" + "))) / PER[per]


def quantity(cell: str) -> float:
    """``0.1 × 60 KB`` → 0.000006."""
    factors = [factor.partition(" ") for factor in cell.split(" × ")]
    return math.prod(float(number) * SCALES.get(unit, 1) for number, _, unit in factors)


def costs() -> tuple[dict[str, list[str]], dict[str, list[str]], dict[str, list[str]]]:
    """The readme's lines by name: those that grow with use, those that stand, the sums."""
    table = (sam.ROOT / "README.md").read_text().partition("## What it costs")[2].partition("\n\nThe sum")[0]
    lines = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in table.splitlines() if "|" in line]
    told = {line[0]: line[1:] for line in lines[2:]}
    grows, month = list(told).index("all that grows with use"), len(told) - 1
    named = list(told.items())
    return dict(named[:grows]), dict(named[grows + 1 : month]), dict([named[grows], named[month]])


def test_costs_in_the_readme_are_what_their_cells_make() -> None:
    growing, standing, sums = costs()
    for name, (each, much, *amounts) in growing.items():
        assert amounts == [f"{price(each) * quantity(much) * requests:.2f}" for requests in REQUESTS], name
    for name, (each, much, *amounts) in standing.items():
        assert amounts == [f"{price(each) * quantity(much):.2f}"] * 3, name
    use = sum(price(each) * quantity(much) for each, much, *_ in growing.values())
    always = sum(price(each) * quantity(much) for each, much, *_ in standing.values())
    assert sums["all that grows with use"][2:] == [f"{use * requests:.2f}" for requests in REQUESTS]
    assert sums["the month"][2:] == [f"{use * requests + always:.0f}" for requests in REQUESTS]


def test_costs_in_the_readme_are_for_what_the_template_has() -> None:
    growing, standing, _ = costs()
    counted = [
        name
        for path in [*LAYER.rglob("*.py"), *(sam.ROOT / "functions").glob("*/app.py")]
        for call in re.findall(r"observe\.count\((.+)\)", path.read_text())
        for name in re.findall(r'"([A-Z]\w+)"', call)
    ]
    filters = of_type("AWS::Logs::MetricFilter").values()
    made = [part["MetricName"] for one in filters for part in one["Properties"]["MetricTransformations"]]
    assert "MailSent" in counted
    assert quantity(standing["metrics of our own"][1]) == len({*counted, *made})
    # An alarm over a query counts each function, or table, that it looks at.
    queries = [alarm["Metrics"][0]["Expression"] for alarm in ALARMS.values() if "Metrics" in alarm]
    by = Counter(query.split(" BY ")[1].split()[0] for query in queries)
    seen = by["FunctionName"] * len(sam.functions()) + by["TableName"] * len(of_type("AWS::DynamoDB::Table"))
    assert quantity(standing["metrics with an alarm"][1]) == len(ALARMS) - by.total() + seen
    assert quantity(standing["KMS keys"][1]) == len(of_type("AWS::KMS::Key"))
    assert quantity(standing["dashboard"][1]) == len(of_type("AWS::CloudWatch::Dashboard"))
    memory = sam.source()["Globals"]["Function"]["MemorySize"]
    assert growing["Lambda, time (arm64, 512 MB)"][1] == f"40 ms × {memory / 1024} GB"
    assert memory == 512
    days = re.search(r'"Stage=prod", .*"LogDays=(\d+)"', (sam.ROOT / "samconfig.toml").read_text())
    assert days
    assert growing["CloudWatch logs, kept"][1] == f"1 KB × {int(days[1]) // 30} months"


def uses_cryptography(path: Path) -> bool:
    wanted = {"argon2", "cryptography", "hashlib", "hmac", "itsdangerous", "jwt", "secrets"}
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import) and {alias.name.partition(".")[0] for alias in node.names} & wanted:
            return True
        if isinstance(node, ast.ImportFrom) and str(node.module).partition(".")[0] in wanted:
            return True
    return False


def test_S70_the_inventory_names_every_module_that_uses_cryptography_and_no_other() -> None:
    named = {module for row in rows("Cryptography") for module in re.findall(r"`([\w/]+\.py)`", row[3])}
    using = {str(path.relative_to(LAYER)) for path in LAYER.rglob("*.py") if uses_cryptography(path)}
    assert using <= named, f"not in the inventory: {sorted(using - named)}"
    assert not [name for name in named if not (LAYER / name).exists()]
    for path in (sam.ROOT / "functions").glob("*/app.py"):
        assert not uses_cryptography(path), f"{path.parent.name}: leave it to the layer"


def test_S70_no_hash_but_sha256() -> None:
    for path in LAYER.rglob("*.py"):
        assert set(re.findall(r"hashlib\.(\w+)", path.read_text())) <= {"sha256"}, path


def test_S70_the_inventory_names_every_key() -> None:
    keys = {name for name, one in sam.source()["Resources"].items() if one["Type"] == "AWS::KMS::Key"}
    assert keys == set(re.findall(r"`(\w+Key)`", section("Cryptography")))


def test_S78_what_is_kept_how_long_is_what_the_template_says() -> None:
    told = {row[1]: row[2] for row in rows("What is kept how long")}
    for rule in properties("Bucket")["LifecycleConfiguration"]["Rules"]:
        if "ExpirationInDays" in rule:
            assert told[f"`{rule['Prefix']}`"] == f"{rule['ExpirationInDays']} days"
        if rule.get("NoncurrentVersionExpiration") == {"NoncurrentDays": 365}:
            (older,) = [days for place, days in told.items() if f"`{rule['Prefix']}`" in place and "older" in place]
            assert older == "365 days"
    assert properties("MailDeadLetters")["MessageRetentionPeriod"] == 86400 * int(told["queues"].removesuffix(" days"))
    config = (sam.ROOT / "samconfig.toml").read_text()
    for stage, days in re.findall(r"(\d+) in (\w+)", told["CloudWatch, log bucket"].replace("`LogDays`: ", "")):
        assert f'"Stage={days}"' in config
        assert f'"LogDays={stage}"' in config


def test_decisions_are_dated_and_name_what_lost() -> None:
    for path in (sam.ROOT / "docs" / "decisions").glob("*.md"):
        text = path.read_text()
        assert re.search(r"\d{4}-\d{2}-\d{2}", text), f"{path.name}: its date"
        assert re.search(r"\b[Ll]ost\b", text), f"{path.name}: the option that lost"


def test_S79_every_requirement_is_pinned_by_hash_and_names_no_index() -> None:
    files = [*sam.ROOT.glob("requirements-*.txt"), *sam.ROOT.glob("layers/*/requirements.txt")]
    peers = sorted((sam.ROOT / "bench" / "requirements").glob("*.txt"))
    assert (len(files), len(peers)) == (6, 5)
    written = (sam.ROOT / "tools" / "lock.sh").read_text()
    assert f"for peer in {' '.join(path.stem for path in peers)}; do" in written
    for path in files:
        assert f"-o {path.relative_to(sam.ROOT)} " in written, path.name
    for path in [*files, *peers]:
        text = path.read_text()
        assert "://" not in text, path.name
        for block in re.split(r"\n(?=[A-Za-z0-9])", text.strip()):
            assert re.match(r"[\w.-]+(\[.+\])?==", block), f"{path.name}: {block[:60]}"
            assert "--hash=sha256:" in block, f"{path.name}: {block[:60]}"
