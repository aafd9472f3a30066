"""`make openapi`: docs/openapi.json, and the layer's table of routes, out of what the functions declare, so that
document and code cannot differ.

A test fails when a committed file is not what this makes.
"""

import importlib.util
import json
import os
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from miinti import errors
from miinti.http import ANY, HEADERS, PROBLEMS, Param, Route, problem_key

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "docs" / "openapi.json"
TABLE = ROOT / "layers" / "shared" / "miinti" / "routes.txt"
Schema = dict[str, Any]

_EVERYWHERE = (
    "forbidden",
    "unsupported_media_type",
    "body_too_large",
    "validation_failed",
    "internal_error",
    "unavailable",
)
"""Problems that the edge itself may answer on any route."""


_TAGS = (
    ("/v1/companies/{id}/docs", "Documentos"),
    ("/v1/links", "Documentos"),
    ("/v1/companies/{id}/debts", "Pagos"),
    ("/v1/companies/{id}/payments", "Pagos"),
    ("/v1/companies/{id}/payment-key", "Pagos"),
    ("/v1/payment/", "Pagos"),
    ("/v1/companies", "Empresas"),
    ("/v1/link-requests", "Empresas"),
    ("/v1/", "Cuenta"),
)
"""Start of a path → the heading it stands under; the first that fits."""


def routes() -> dict[str, Route]:
    """Use case → its route as declared, of every function that has one, ``$default`` included."""
    found = {}
    for path in sorted((ROOT / "functions").glob("*/app.py")):
        route = getattr(_loaded(path).handler, "route", None)
        if route is not None:
            found[path.parent.name] = route
    return found


def _loaded(path: Path) -> Any:
    # Modules are all called app; models of the same name are told apart by their function's.
    spec = importlib.util.spec_from_file_location(path.parent.name, path)
    assert spec is not None  # noqa: S101 - a file that is there has both, which types do not know
    assert spec.loader is not None  # noqa: S101 - as above
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.parent.name] = module
    try:
        spec.loader.exec_module(module)
    finally:
        del sys.modules[path.parent.name]
    return module


def document() -> Schema:
    declared = {use_case: route for use_case, route in routes().items() if route.method != ANY}
    schemas, definitions = _schemas(declared)
    paths: dict[str, Schema] = {}
    problems: dict[str, Schema] = {}
    for use_case, route in sorted(declared.items(), key=lambda item: (item[1].path, item[1].method)):
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(use_case, route, schemas, problems)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "miINTI",
            "version": "1",
            "description": "El portal de clientes y proveedores: cuenta, empresas vinculadas, documentos y pagos. Un "
            "método que una dirección no tiene se contesta con 405 y `Allow`; una dirección que no existe, con 404.",
        },
        "servers": [{"url": "/"}],
        "tags": [{"name": name} for name in ("Cuenta", "Empresas", "Documentos", "Pagos")],
        "paths": paths,
        "components": {
            "schemas": dict(sorted({**definitions, "Problem": _PROBLEM}.items())),
            "responses": dict(sorted(problems.items())),
            "headers": {
                "X-Request-Id": _header("El número de este pedido.", {"type": "string", "minLength": 1}),
                "Location": _header("Dónde está lo que se creó.", {"type": "string", "pattern": "^/v1/"}),
                "Retry-After": _header("En cuántos segundos probar de nuevo.", {"type": "integer", "minimum": 1}),
                "WWW-Authenticate": _header("Qué token se espera.", {"type": "string", "pattern": "^Bearer "}),
                **{name: {"required": True, "schema": {"const": value}} for name, value in HEADERS.items()},
            },
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                "cookie": {"type": "apiKey", "in": "cookie", "name": "__Host-session"},
            },
        },
    }


_PROBLEM: Schema = {
    "type": "object",
    "description": "RFC 9457. `code` is stable and for programs; title, detail and message are for people.",
    "required": ["type", "title", "status", "detail", "code", "request_id", "errors"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "code": {"type": "string"},
        "request_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "code", "message"],
                "properties": {"field": {"type": "string"}, "code": {"type": "string"}, "message": {"type": "string"}},
                "additionalProperties": False,
            },
        },
    },
}


# --- models -----------------------------------------------------------------------------------------------------------


def _schemas(declared: dict[str, Route]) -> tuple[dict[tuple[str, str], Schema], dict[str, Schema]]:
    """Schema of each body and answer by (use case, ``body`` or status), and the definitions they share."""
    wanted: list[tuple[tuple[str, str], Any, TypeAdapter[Any]]] = []
    for use_case, route in declared.items():
        if route.body is not None:
            wanted.append(((use_case, "body"), "validation", TypeAdapter(route.body)))
        for status, model in route.answers.items():
            if model is not None:
                wanted.append(((use_case, str(status)), "serialization", TypeAdapter(model)))
    made, shared = TypeAdapter.json_schemas(wanted, ref_template="#/components/schemas/{model}")
    schemas = {key: _closed(schema) for (key, _mode), schema in made.items()}
    return schemas, {name: _closed(schema) for name, schema in shared.get("$defs", {}).items()}


def _closed(schema: Any) -> Any:
    """The schema with every object closed: answers carry the declared fields and no other (S50)."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: _closed(part) for name, part in schema.items()}
    if isinstance(closed.get("properties"), dict) and closed.get("type") == "object":
        closed.setdefault("additionalProperties", False)
    return closed


# --- operations -------------------------------------------------------------------------------------------------------


def _operation(
    use_case: str, route: Route, schemas: dict[tuple[str, str], Schema], problems: dict[str, Schema]
) -> Schema:
    """One route. Its problems are added to ``problems``, which routes with the same ones share."""
    operation: Schema = {
        "operationId": use_case,
        "summary": route.summary,
        "tags": [next(tag for start, tag in _TAGS if route.path.startswith(start))],
        "parameters": list(_parameters(route)),
    }
    if route.body is not None:
        content = {"application/json": {"schema": schemas[use_case, "body"]}}
        operation["requestBody"] = {"required": True, "content": content}
    if route.form:
        form = {"schema": {"type": "object"}}
        operation["requestBody"] = {"required": False, "content": {"application/x-www-form-urlencoded": form}}
    if route.raw:
        operation["requestBody"] = {"required": False, "content": {"application/json": {"schema": {}}}}
    operation["responses"] = {
        **{str(status): _answer(status, schemas.get((use_case, str(status)))) for status in sorted(route.answers)},
    }
    for status, keys in problem_keys(route).items():
        name = "_".join([str(status), *keys])
        problems[name] = _problem(status, keys)
        operation["responses"][str(status)] = {"$ref": f"#/components/responses/{name}"}
    if not route.open:
        operation["security"] = [{"bearer": []}]
    elif route.same_origin:
        operation["security"] = [{"cookie": []}, {}]
    return operation


def _parameters(route: Route) -> Iterator[Schema]:
    for name in re.findall(r"{(\w+)}", route.path):
        yield {"name": name, "in": "path", "required": True, "schema": _pattern(route.ids[name])}
    for param in route.query:
        told = {"name": param.name, "in": "query", "description": param.description, "schema": _param_schema(param)}
        yield {**told, "required": True} if param.required else told
    for header in route.headers:
        schema = _pattern(header.pattern)
        yield {
            "name": header.name,
            "in": "header",
            "description": header.description,
            "required": header.required,
            "schema": schema,
        }


def _param_schema(param: Param) -> Schema:
    if param.default:
        default = int(param.default) if param.number else param.default
        return {**_param_schema(replace(param, default="")), "default": default}
    if param.number:
        bounds = {"minimum": param.minimum, "maximum": param.maximum}
        return {"type": "integer", **{name: bound for name, bound in bounds.items() if bound is not None}}
    if param.choices:
        return {"type": "string", "enum": list(param.choices)}
    if param.day:
        return {"type": "string", "format": "date"}
    if param.pattern:
        return _pattern(param.pattern)
    return {"type": "string"} if param.maximum is None else {"type": "string", "maxLength": param.maximum}


def _pattern(text: str) -> Schema:
    return {"type": "string", "pattern": f"^(?:{text})$"}


def _headers(*more: str) -> Schema:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in ("X-Request-Id", *HEADERS, *more)}


def _header(description: str, schema: Schema) -> Schema:
    return {"description": description, "required": True, "schema": schema}


def _answer(status: int, schema: Schema | None) -> Schema:
    more = ["Location"] if status == HTTPStatus.CREATED else []
    answer: Schema = {"description": HTTPStatus(status).phrase, "headers": _headers(*more)}
    if schema is not None:
        answer["content"] = {"application/json": {"schema": schema}}
    return answer


def problem_keys(route: Route) -> dict[int, list[str]]:
    """Status → rows of ``http.PROBLEMS`` that the route may answer with."""
    # Of what is another party's nothing is said but by the use case.
    edge = set(_EVERYWHERE) - ({"unsupported_media_type", "validation_failed"} if route.raw else set())
    keys = {*edge, *(problem_key(refusal) for refusal in route.refusals)}
    if route.body is not None:
        keys.add("malformed_json")
    if not route.open:
        keys.add("invalid_token")
    if route.same_origin:
        keys.add("wrong_origin")
    by_status: dict[int, list[str]] = {}
    for key in sorted(keys):
        by_status.setdefault(PROBLEMS[key][0], []).append(key)
    return dict(sorted(by_status.items()))


def _problem(status: int, keys: list[str]) -> Schema:
    codes = sorted({errors.InvalidMailToken.code if key == "invalid_mail_token" else key for key in keys})
    narrowed: Schema = {"properties": {"status": {"const": status}, "code": {"enum": codes}}}
    if errors.AlreadyLinked.code in keys:
        narrowed = {"required": ["id"], "properties": {**narrowed["properties"], "id": {"type": "string"}}}
    if keys == ["validation_failed"]:
        narrowed["properties"]["errors"] = {"minItems": 1}
    more = ["Retry-After"] if keys == ["too_many_attempts"] or "unavailable" in keys else []
    if keys == ["invalid_token"]:
        more = ["WWW-Authenticate"]
    return {
        "description": " · ".join(PROBLEMS[key][1] for key in keys),
        "headers": _headers(*more),
        "content": {
            "application/problem+json": {"schema": {"allOf": [{"$ref": "#/components/schemas/Problem"}, narrowed]}}
        },
    }


def text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


def table() -> str:
    """A line a route, for ``miinti.routes``."""
    declared = sorted((route.path, route.method) for route in routes().values() if route.method != ANY)
    return "".join(f"{method} {path}\n" for path, method in declared)


if __name__ == "__main__":
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    FILE.write_text(text())
    TABLE.write_text(table())
