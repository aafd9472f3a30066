"""Compiles a built folder to byte code. Run by tools/build.py with a Python of the functions' own version.

``bytecode.py FOLDER HOME [PACKAGE]``: every source under FOLDER gets byte code that is never compared with it (PEP
552, unchecked hash), in which files bear the names they will have under HOME. With a PACKAGE, what is outside of it is
libraries, which keep nothing but byte code, in the module's own place and without docstrings: their sources are pinned
by hash in requirements.txt, and they would be half of the layer. Asserts stay.
"""

import ast
import importlib.util
import sys

# Not in typeshed, and the only maker of such a file from code at hand; some versions of mypy find it all the same.
from importlib._bootstrap_external import _code_to_hash_pyc  # type: ignore[attr-defined,import-not-found,unused-ignore]
from pathlib import Path


def main(folder: Path, home: str, package: str | None = None) -> None:
    for source in sorted(folder.rglob("*.py")):
        place = source.relative_to(folder)
        library = package is not None and package not in place.parts
        text = source.read_bytes()
        tree = ast.parse(text, source)
        if library:
            _drop_docstrings(tree)
        code = compile(tree, f"{home}/{place}", "exec", dont_inherit=True, optimize=0)
        target = source.with_suffix(".pyc") if library else Path(importlib.util.cache_from_source(source))
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(_code_to_hash_pyc(code, importlib.util.source_hash(text), False))
        if library:
            source.unlink()


def _drop_docstrings(tree: ast.AST) -> None:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant) and type(first.value.value) is str:
                # A body is never empty.
                node.body[:1] = [] if len(node.body) > 1 else [ast.copy_location(ast.Pass(), first)]


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
