"""A function is a folder, a resource, a service name and a test file, and one route; nothing is open by accident."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.template import sam
from tools import openapi

FOLDERS = sorted(path.parent.name for path in (sam.ROOT / "functions").glob("*/app.py"))
OPEN = {
    "POST /v1/register",
    "POST /v1/activate",
    "POST /v1/activation",
    "POST /v1/login",
    "POST /v1/session/refresh",
    "POST /v1/session/logout",
    "POST /v1/password/forgot",
    "POST /v1/password/reset",
    "POST /v1/me/email/confirm",
    "POST /v1/me/email/cancel",
    "POST /v1/companies/object",
    "POST /v1/links/open",
    "POST /v1/unsubscribe",
    "POST /v1/payment/notifications/{provider}",
    "POST /v1/payment/key",
    "POST /v1/payment/login",
    "$default",
}
"""Every route that asks for no access token (S45). A new one is written here by hand, and looked at by a person."""


def logical_id(use_case: str) -> str:
    return "".join(word.capitalize() for word in use_case.split("_")) + "Function"


def events(use_case: str) -> list[dict[str, Any]]:
    resource = sam.functions()[logical_id(use_case)]
    return list(resource["Properties"].get("Events", {}).values())


def template_routes(use_case: str) -> list[str]:
    """``METHOD /path`` of each call that reaches the function."""
    calls = [event["Properties"] for event in events(use_case) if event["Type"] == "HttpApi"]
    return [f"{call['Method'].upper()} {call['Path']}" if "Path" in call else "$default" for call in calls]


def test_folder_resource_service_and_test_file_are_four_equal_sets() -> None:
    resources = {name: sam.folder(resource) for name, resource in sam.functions().items()}
    assert sorted(resources.values()) == FOLDERS
    assert {name: logical_id(folder) for name, folder in resources.items()} == {name: name for name in resources}
    services = sorted(sam.variables(folder)["POWERTOOLS_SERVICE_NAME"] for folder in FOLDERS)
    assert services == FOLDERS
    tests = {path.stem.removeprefix("test_") for path in (sam.ROOT / "tests" / "functions").glob("test_*.py")}
    assert set(FOLDERS) <= tests, f"functions without a test file of their name: {sorted(set(FOLDERS) - tests)}"


@pytest.mark.parametrize("use_case", FOLDERS)
def test_function_is_one_module_of_at_most_120_lines(use_case: str) -> None:
    folder = sam.ROOT / "functions" / use_case
    assert [path.name for path in folder.iterdir() if path.name != "__pycache__"] == ["app.py"]
    assert len((folder / "app.py").read_text().splitlines()) <= 120


@pytest.mark.parametrize("use_case", FOLDERS)
def test_function_imports_the_layer_and_the_standard_library_only(use_case: str) -> None:
    import sys

    allowed = {"miinti", "pydantic", "typing_extensions"} | set(sys.stdlib_module_names) - {
        "os",
        "random",
        "uuid",
        "subprocess",
        "socket",
    }
    assert imported(sam.ROOT / "functions" / use_case / "app.py") <= allowed


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "a sibling import breaks in Lambda"
            names.add(str(node.module).partition(".")[0])
    return names


def test_S71_no_module_of_ours_makes_secrets_of_what_can_be_guessed() -> None:
    layer = sam.ROOT / "layers" / "shared" / "miinti"
    for path in layer.rglob("*.py"):
        tree = ast.parse(path.read_text())
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not names & {"random", "uuid"}, path


OURS = [*(sam.ROOT / "layers" / "shared" / "miinti").rglob("*.py"), *(sam.ROOT / "functions").glob("*/app.py")]


def calls(tree: ast.AST) -> Iterator[tuple[str, ast.Call]]:
    """Every call by its written name: ``re.compile``, ``eval``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node


def repeated_repeats(parsed: Any, inside: bool = False) -> bool:
    """Whether a regular expression repeats without bound what itself repeats without bound: ``(a+)*``."""
    for part in parsed:
        kind, argument = part if isinstance(part, tuple) and len(part) == 2 else (None, part)
        endless = str(kind) in {"MAX_REPEAT", "MIN_REPEAT"} and str(argument[1]) == "MAXREPEAT"
        if endless and inside:
            return True
        if isinstance(argument, (tuple, list)) or hasattr(argument, "data"):
            inner = argument if isinstance(argument, (tuple, list)) else argument.data
            if repeated_repeats(inner, inside or endless):
                return True
    return False


def test_S67_no_text_is_run_and_no_shell_is_asked() -> None:
    forbidden = re.compile(
        r"(eval|exec|compile|__import__|os\.(system|popen)|(pickle|marshal|shelve|yaml|subprocess)\..+)"
    )
    for path in OURS:
        assert not [name for name, _ in calls(ast.parse(path.read_text())) if forbidden.fullmatch(name)], path


def test_S67_no_regular_expression_repeats_repeats() -> None:
    parse = importlib.import_module("re._parser").parse
    assert repeated_repeats(parse(r"(a+)*"))
    assert repeated_repeats(parse(r"x(?:y|(b*c)+)"))
    assert not repeated_repeats(parse(r"(?:[a-z]\.)+b*"))
    seen = 0
    for path in OURS:
        for name, call in calls(ast.parse(path.read_text())):
            pattern = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
            if name.startswith("re.") and isinstance(pattern, str):
                seen += 1
                assert not repeated_repeats(parse(pattern)), f"{path.name}: {pattern}"
    assert seen > 20


def test_R19_one_module_reads_the_clock() -> None:
    for path in OURS:
        if path.name != "clock.py":
            read = re.compile(r"(time\.(time|time_ns|monotonic|localtime|gmtime)|.*\b(now|utcnow|today|fromtimestamp))")
            asked = [name for name, _ in calls(ast.parse(path.read_text())) if read.fullmatch(name)]
            assert [name for name in asked if not name.startswith("clock.")] == [], path


def test_S45_template_and_functions_declare_the_same_routes() -> None:
    declared = openapi.routes()
    for use_case in FOLDERS:
        in_template = template_routes(use_case)
        if use_case not in declared:
            assert in_template == [], f"{use_case} has a route in the template but its handler declares none"
            continue
        route = declared[use_case]
        told = route.path if route.path == "$default" else f"{route.method} {route.path}"
        assert in_template == [told], use_case


def test_S26_S45_every_route_is_closed_but_the_ones_named_here() -> None:
    found = {
        route.path if route.path == "$default" else f"{route.method} {route.path}": route.open
        for route in openapi.routes().values()
    }
    assert {name for name, is_open in found.items() if is_open} <= OPEN
    assert not [name for name, is_open in found.items() if not is_open and name in OPEN]
    assert not [name for name in found if re.search("test|debug|admin|_local", name)]


def asks_for_a_password(use_case: str) -> bool:
    text = (sam.ROOT / "functions" / use_case / "app.py").read_text()
    return bool(re.search(r"\bpassword: (New)?Password$", text, re.MULTILINE))


def test_R17_open_routes_have_a_throttle_of_their_own_and_no_throttle_is_for_nothing() -> None:
    api = sam.source()["Resources"]["Api"]["Properties"]
    throttled = api["RouteSettings"]
    assert api["DefaultRouteSettings"]["ThrottlingRateLimit"] > 0
    routes = {name for use_case in FOLDERS for name in template_routes(use_case)}
    assert set(throttled) <= routes, f"throttles without a route: {sorted(set(throttled) - routes)}"
    assert (routes & OPEN) - {"$default"} <= set(throttled)
    hashing = {name for use_case in FOLDERS if asks_for_a_password(use_case) for name in template_routes(use_case)}
    assert len(hashing) == 6
    assert hashing <= set(throttled), f"a hash a request, and no throttle: {sorted(hashing - set(throttled))}"
    for settings in throttled.values():
        assert 0 < settings["ThrottlingRateLimit"] < api["DefaultRouteSettings"]["ThrottlingRateLimit"]


def test_openapi_in_docs_is_what_the_functions_declare() -> None:
    assert openapi.FILE.read_text() == openapi.text(), "docs/openapi.json has drifted: run `make openapi`"


def test_S39_the_layers_table_of_routes_is_what_the_functions_declare() -> None:
    assert openapi.TABLE.read_text() == openapi.table(), "routes.txt has drifted: run `make openapi`"
    assert set(openapi.TABLE.read_text().splitlines()) | {"$default"} == {
        route for use_case in FOLDERS for route in template_routes(use_case)
    }


def test_openapi_is_a_valid_document() -> None:
    import jsonschema_rs

    document = openapi.document()
    assert document["openapi"] == "3.1.0"
    for name, schema in document["components"]["schemas"].items():
        jsonschema_rs.meta.validate(schema)
        assert schema.get("additionalProperties") is False or name == "Problem" or "properties" not in schema, name
    text = openapi.text()
    for kind, name in re.findall(r'"#/components/(\w+)/([\w-]+)"', text):
        assert name in document["components"][kind]
