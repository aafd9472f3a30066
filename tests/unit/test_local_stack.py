"""How code is packed for the local cloud, and how its routes are found."""

import importlib
import io
import sys
import zipfile
from pathlib import Path

import pytest

from local import stack
from local.options import CannotRun


def _folder(tmp_path: Path, source: str = "value = 1\n") -> Path:
    folder = tmp_path / "function"
    (folder / "__pycache__").mkdir(parents=True, exist_ok=True)
    (folder / "__pycache__" / "old.pyc").write_bytes(b"x")
    (folder / "app.py").write_text(source)
    (folder / "words.txt").write_text("ñ")
    return folder


def test_the_same_sources_give_the_same_archive(tmp_path: Path) -> None:
    folder = _folder(tmp_path)
    first = stack._zipped(folder, folder)
    _folder(tmp_path)
    assert stack._zipped(folder, folder) == first
    _folder(tmp_path, "value = 2\n")
    assert stack._zipped(folder, folder) != first


def test_modules_come_with_byte_code_that_python_takes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = _folder(tmp_path)
    with zipfile.ZipFile(io.BytesIO(stack._zipped(tmp_path, folder, "python/"))) as archive:
        compiled = f"python/function/__pycache__/app.{sys.implementation.cache_tag}.pyc"
        assert set(archive.namelist()) == {"python/function/app.py", "python/function/words.txt", compiled}
        archive.extractall(tmp_path / "out")
    unpacked = tmp_path / "out" / "python" / "function"
    (unpacked / "app.py").write_text("raise RuntimeError('compiled again')\n")
    monkeypatch.syspath_prepend(str(unpacked))
    monkeypatch.delitem(sys.modules, "app", raising=False)
    assert importlib.import_module("app").value == 1
    monkeypatch.delitem(sys.modules, "app")


def test_a_module_that_is_no_python_is_named(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "def broken(:\n")
    with pytest.raises(CannotRun, match=r"app\.py no es Python válido"):
        stack._zipped(folder, folder)


@pytest.mark.parametrize(
    "uri",
    [
        {"Fn::Sub": "arn:${AWS::Partition}:apigateway:r:lambda:path/x/functions/${ShowMeFunction.Arn}/invocations"},
        {"Fn::Sub": "arn:aws:apigateway:r:lambda:path/2015-03-31/functions/${ShowMeFunctionAliaslive}/invocations"},
        {"Fn::GetAtt": ["ShowMeFunction", "Arn"]},
    ],
)  # fmt: skip
def test_a_route_names_its_function(uri: dict[str, object]) -> None:
    assert stack._function_of({"uri": uri}) == "ShowMeFunction"


def test_a_route_that_names_none_is_told() -> None:
    with pytest.raises(CannotRun):
        stack._function_of({"uri": "http://elsewhere"})
