"""Run by test_build.py in a bare Python of the functions' version: imports one built function and tells what it cost.

``probe.py FUNCTION LAYER``: the two folders are all there is beside the standard library, as in Lambda.
"""

import json
import sys
from importlib._bootstrap_external import SourceLoader  # type: ignore[attr-defined,import-not-found,unused-ignore]

function, layer = sys.argv[1:]
standard = set(sys.stdlib_module_names)
sys.path[:0] = [function, layer]
compiled: list[str] = []
inner = SourceLoader.source_to_code


def source_to_code(self, data, path, **more):  # type: ignore[no-untyped-def]
    compiled.append(str(path))
    return inner(self, data, path, **more)


SourceLoader.source_to_code = source_to_code  # type: ignore[method-assign,unused-ignore]
app = __import__("app")
packages = {name.partition(".")[0] for name in sys.modules} - standard - {"app", "__main__", "__mp_main__"}
told = {
    "compiled": [path for path in compiled if path.startswith((function, layer))],
    "packages": sorted(name for name in packages if not name.startswith("_")),
    "file": app.handler.__code__.co_filename,
    "callable": callable(app.handler),
}
for later in ("aws_lambda_powertools.metrics", "cryptography.hazmat.primitives.serialization", "jwt"):
    __import__(later)  # imported where it is used, by requests that the probe does not make
sys.stdout.write(json.dumps(told))
