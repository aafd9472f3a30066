"""The edge: from API Gateway's event (payload 2.0) to a use case and from its answer or refusal to HTTP.

A function declares one route with ``api``. The route is closed unless it says ``open``: the access token is checked and
the session row read before the use case runs, in one BatchGetItem with whatever rows the route names in ``reads``
(Decided 4). Everything a person reads here is Spanish; the codes are those of the contract.
"""

import base64
import hmac
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Generic, Protocol, TypeVar

from miinti import aws, clock, errors, observe, settings
from miinti.accounts import sessions, throttles, tokens
from miinti.aws import Key, Row
from miinti.errors import FieldError, Refusal, ValidationFailed
from miinti.values.day import is_day

if TYPE_CHECKING:
    from pydantic import BaseModel

B = TypeVar("B")
MAX_BODY = 64 * 1024
ANY = "ANY"
"""The method of the one route that takes every path that no other has; it is not part of the contract."""

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-site",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}


class _UnsupportedMediaType(Refusal):
    code = "unsupported_media_type"


class _BodyTooLarge(Refusal):
    code = "body_too_large"


class _MalformedJson(Refusal):
    code = "malformed_json"


class _Forbidden(Refusal):
    code = "forbidden"


class MethodNotAllowed(Refusal):
    """The path is there, but not for this method; ``methods`` are those it has."""

    code = "method_not_allowed"

    def __init__(self, methods: Sequence[str]) -> None:
        super().__init__(", ".join(methods))
        self.methods = methods


# code → status, title, detail. The only place where a refusal meets HTTP and Spanish.
PROBLEMS: Mapping[str, tuple[int, str, str]] = {
    "validation_failed": (422, "Datos incorrectos", "Revisá los datos marcados y probá de nuevo."),
    "malformed_json": (400, "Pedido ilegible", "El cuerpo del pedido no es un JSON válido."),
    "unsupported_media_type": (
        415,
        "Formato no aceptado",
        "El cuerpo del pedido tiene que ser application/json en UTF-8.",
    ),
    "body_too_large": (413, "Pedido demasiado grande", "El cuerpo del pedido supera los 64 KiB."),
    "not_found": (404, "No encontrado", "No encontramos lo que buscás."),
    "method_not_allowed": (405, "Método no permitido", "Esta dirección no admite ese método."),
    "forbidden": (403, "No permitido", "Este pedido no se puede atender por esta vía."),
    "invalid_token": (401, "Sesión no válida", "Tu sesión terminó o no es válida. Ingresá de nuevo."),
    "invalid_mail_token": (400, "Enlace no válido", "El enlace venció o ya fue usado."),
    "invalid_session": (401, "Sesión no válida", "Tu sesión terminó. Ingresá de nuevo."),
    "invalid_credentials": (401, "Datos de ingreso incorrectos", "El correo o la contraseña no coinciden."),
    "not_activated": (
        403,
        "Cuenta sin activar",
        "Todavía no activaste tu cuenta. Buscá el correo de activación o pedí otro.",
    ),
    "wrong_origin": (403, "Origen no permitido", "El pedido no viene de una página de miINTI."),
    "too_many_attempts": (429, "Demasiados intentos", "Demasiados intentos. Esperá un momento y probá de nuevo."),
    "company_not_found": (404, "Empresa no encontrada", "No encontramos una empresa con esos datos."),
    "already_linked": (409, "Empresa ya vinculada", "Ya estás vinculado con esa empresa."),
    "invalid_code": (400, "Código incorrecto", "El código no es correcto o ya no sirve."),
    "bad_cursor": (400, "Página no válida", "La página pedida no corresponde a esta consulta. Volvé a la primera."),
    "too_many_rows": (
        422,
        "Demasiados documentos",
        "Son más de los que entran de una vez: elegí un período más corto u otro filtro.",
    ),
    "link_expired": (410, "Enlace vencido", "El enlace venció o fue anulado. Ingresá para ver el documento."),
    "file_missing": (404, "Archivo no disponible", "El PDF de este documento todavía no está disponible."),
    "invalid_signature": (401, "Aviso no aceptado", "El aviso no lleva la firma que corresponde."),
    "payment_in_process": (
        409,
        "Pago en proceso",
        "Alguno de los comprobantes ya está en un pago que todavía no terminó.",
    ),
    "payments_unavailable": (
        503,
        "Pago electrónico no disponible",
        "El pago electrónico no está disponible. No se empezó ni se cambió ningún pago.",
    ),
    "no_address_on_file": (
        409,
        "Sin correo registrado",
        "No tenemos un correo confirmado de esta empresa al que mandar la clave. Podés pagar desde Mis comprobantes.",
    ),
    "idempotency_mismatch": (
        422,
        "Clave de pedido repetida",
        "Esa clave de pedido ya se usó con otros datos. Usá una clave nueva.",
    ),
    "request_in_progress": (
        409,
        "Pedido en curso",
        "Ese mismo pedido se está atendiendo. Probá de nuevo en unos segundos.",
    ),
    "internal_error": (
        500,
        "Error interno",
        "Algo falló de nuestro lado. Si se repite, avisanos con este número de pedido.",
    ),
    "unavailable": (
        503,
        "Servicio no disponible",
        "El servicio no responde en este momento. Probá de nuevo en unos segundos.",
    ),
}

# code of a field → message; {limit} is the bound that was passed.
FIELD_MESSAGES: Mapping[str, str] = {
    "missing": "Falta este dato.",
    "unknown": "Este dato no corresponde.",
    "wrong_type": "El dato no tiene el formato esperado.",
    "too_short": "Es demasiado corto: el mínimo es {limit}.",
    "too_long": "Es demasiado largo: el máximo es {limit}.",
    "too_small": "Es demasiado chico: el mínimo es {limit}.",
    "too_large": "Es demasiado grande: el máximo es {limit}.",
    "not_allowed": "Ese valor no está entre los permitidos.",
    "invalid_day": "La fecha no es válida. Usá el formato AAAA-MM-DD.",
    "invalid_email": "El correo electrónico no es válido.",
    "invalid_name": "El nombre no puede tener caracteres de control ni direcciones de sitios.",
    "invalid_cuit": "El CUIT no es válido: revisá el último dígito.",
    "invalid_number": "El número de cliente o proveedor tiene de 1 a 10 cifras.",
    "password_too_common": "Esa contraseña es demasiado común. Elegí otra.",
    "password_too_personal": "La contraseña se parece demasiado a tus datos: nombre, correo o CUIT. Elegí otra.",
    "invalid": "El dato no es válido.",
}

_PYDANTIC_CODES = {
    "missing": "missing",
    "extra_forbidden": "unknown",
    "string_too_short": "too_short",
    "string_too_long": "too_long",
    "too_short": "too_short",
    "too_long": "too_long",
    "greater_than_equal": "too_small",
    "less_than_equal": "too_large",
    "literal_error": "not_allowed",
    "enum": "not_allowed",
}


@dataclass(frozen=True, slots=True)
class Param:
    """A query parameter, or a header: how it is checked and how OpenAPI tells it. ``choices`` empty means free text.
    ``pattern`` of a parameter is only told: what does not fit, the use case itself refuses, with a code of its own. A
    header has to fit it. ``default`` is what a use case gets where it was left out."""

    name: str
    description: str
    choices: tuple[str, ...] = ()
    minimum: int | None = None
    maximum: int | None = None
    day: bool = False
    pattern: str = ""
    required: bool = False
    default: str = ""

    @property
    def number(self) -> bool:
        return self.minimum is not None


IDEMPOTENCY_KEY: Final = Param(
    "Idempotency-Key",
    "Una clave por pedido: con la misma, es el mismo pedido otra vez.",
    pattern="[!-~]([ -~]{0,62}[!-~])?",
    required=True,
)
"""R03: what a request that makes something once is known by."""


@dataclass(frozen=True, slots=True)
class Request(Generic[B]):
    """One request as a use case sees it. ``rows`` are those the route's ``reads`` asked for, in that order;
    ``payer`` is the session where it is one that pays for a client; ``url_path`` is the path as it came, ``path`` what
    stands in its places; ``raw`` the bytes of a body that nobody has read."""

    method: str
    url_path: str
    path: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    body: B
    client: str
    request_id: str
    account_id: str = ""
    session_id: str = ""
    payer: Row | None = None
    rows: Sequence[Row | None] = ()
    raw: bytes = b""

    @property
    def user_agent(self) -> str:
        return "".join(c for c in self.headers.get("user-agent", "")[:256] if c.isprintable())


@dataclass(frozen=True, slots=True)
class Answer:
    """What a use case answers: a JSON body (None: empty), headers beside the fixed ones, and whole Set-Cookie
    values."""

    status: int
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Route:
    """A route as declared: what the edge enforces, and what ``docs/openapi.json`` is made from."""

    method: str
    path: str
    summary: str
    open: bool
    same_origin: bool
    body: "type[BaseModel] | None"
    query: tuple[Param, ...]
    answers: Mapping[int, Any]
    refusals: tuple[type[Refusal], ...]
    reads: "Reads | None"
    form: bool
    raw: bool
    headers: tuple[Param, ...]
    ids: Mapping[str, str]
    kept: bool
    payer: bool


Reads = Callable[[Request[Any]], Sequence[tuple[str, Key]]]


class Handler(Protocol):
    """What Lambda calls: event and context to payload 2.0's answer. ``route`` tells what was declared."""

    route: Route

    def __call__(self, event: dict[str, Any], context: Any) -> dict[str, Any]: ...


def api(
    route: str,
    summary: str,
    *,
    answers: Mapping[int, Any],
    open: bool = False,
    same_origin: bool = False,
    body: "type[BaseModel] | None" = None,
    query: tuple[Param, ...] = (),
    refusals: tuple[type[Refusal], ...] = (),
    reads: Reads | None = None,
    prepare: tuple[Callable[[], object], ...] = (),
    form: bool = False,
    raw: bool = False,
    headers: tuple[Param, ...] = (),
    ids: Mapping[str, str] = MappingProxyType({}),
    kept: bool | None = None,
    payer: bool = False,
) -> Callable[[Callable[[Request[Any]], Answer]], Handler]:
    """Make a use case a Lambda handler for ``"METHOD /v1/path/{id}"``.

    ``answers`` maps each success status to the TypedDict (or pydantic model) of its body, None for no body;
    ``refusals`` are those the use case itself raises. ``form``: a form may come too, which nobody reads (RFC 8058).
    ``raw``: body and query are another party's, and the use case gets them as they came; ``headers`` are checked.
    ``same_origin`` refuses a foreign ``Origin`` (S38). ``reads`` names rows to read together with the session;
    ``prepare`` fetches keys while the process starts; ``ids`` says what may stand in the path's places, anything else
    being a 404 of the use case's. ``payer``: a session that pays for one client is good here too; the use case sees to
    it that it is this one. ``kept``: a success is a row of the audit trail (S75); unless it says otherwise what
    changes something is, and what reads is not; what is refused always is. Tests and ``docs/openapi.json`` read the
    declaration back from ``handler.route``.
    """
    method, _, path = route.partition(" ")
    declared = Route(
        method,
        path,
        summary,
        open,
        same_origin,
        body,
        query,
        answers,
        refusals,
        reads,
        form,
        raw,
        headers,
        ids,
        kept=method not in ("GET", ANY) if kept is None else kept,
        payer=payer,
    )

    def decorate(use_case: Callable[[Request[Any]], Answer]) -> Handler:
        if settings.in_lambda():
            aws.dynamodb()
            _prepare((*prepare, *(() if open else (tokens.public_keys,))))

        def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
            return _serve(declared, use_case, event, context)

        handler.route = declared  # type: ignore[attr-defined]  # a function takes attributes; Handler tells of this one
        return handler  # type: ignore[return-value]  # it has its route now

    return decorate


def _prepare(fetches: Sequence[Callable[[], object]]) -> None:
    try:
        for fetch in fetches:
            fetch()
    except errors.Unavailable:
        # The process starts all the same: the first request asks again, and answers for itself (S77).
        observe.logger.exception("prepare", extra={"action": "prepare", "outcome": "unavailable"})


def _serve(
    route: Route, use_case: Callable[[Request[Any]], Answer], event: dict[str, Any], context: Any
) -> dict[str, Any]:
    request_id = str(event.get("requestContext", {}).get("requestId") or getattr(context, "aws_request_id", ""))
    action = settings.service()
    observe.about(request_id=request_id)
    try:
        request = _admit(route, event, request_id)
        answer = use_case(request)
        observe.event(action, "ok", status=answer.status, trail=route.kept or None)
        return _answer(answer, request_id)
    except Refusal as refused:
        refusal = _refuse(refused, request_id)
        faults = ",".join(sorted({f.code for f in refused.fields})) if isinstance(refused, ValidationFailed) else None
        said = {"fact": type(refused).__name__, "status": refusal["statusCode"], "faults": faults}
        # Who looks for addresses that are not there shall not fill the trail.
        observe.event(action, refused.code, **said, trail=route.method != ANY or None)
        return refusal
    except errors.Unavailable:
        observe.logger.exception(action, action=action, outcome="unavailable", trail=True)
        return _problem("unavailable", request_id, headers={"Retry-After": "5"})
    except Exception:
        observe.logger.exception(action, action=action, outcome="internal_error", trail=True)
        return _problem("internal_error", request_id)
    finally:
        observe.forget()


def _admit(route: Route, event: dict[str, Any], request_id: str) -> Request[Any]:
    """The request, once everything that is the edge's to refuse has been looked at."""
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    client = _client(event, headers)
    observe.about(network=observe.masked(throttles.network(client)), target=_target(route, event))
    if route.same_origin and not _from_portal(headers):
        raise errors.WrongOrigin
    claims = None if route.open else _claims(headers)
    if claims:
        observe.about(account=claims.account_id, session=claims.session_id)
    # A path that is not there is a 404 whatever came to it: neither its body nor its query is looked at.
    nowhere = route.method == ANY
    called = event.get("requestContext", {}).get("http", {})
    request: Request[Any] = Request(
        method=str(called.get("method", "")),
        url_path=str(called.get("path", "")),
        path=event.get("pathParameters") or {},
        query={} if nowhere else event.get("queryStringParameters") or {},
        headers=headers,
        cookies=_cookies(event, headers),
        body=None,
        client=client,
        request_id=request_id,
        account_id=claims.account_id if claims else "",
        session_id=claims.session_id if claims else "",
    )
    rows: Sequence[Row | None] = ()
    payer: Row | None = None
    if claims:
        session, *rows = aws.batch_get(
            sessions.wanted(claims.account_id, claims.session_id), *(route.reads(request) if route.reads else ())
        )
        if session is None or not sessions.live(session, clock.now()):
            raise errors.InvalidToken
        if "scope" in session:
            # Closed by default: a session of a narrower scope is none on a route that does not ask for it.
            if not (route.payer and session["scope"] == sessions.PAYMENT):
                raise errors.InvalidToken
            payer = session
    # Nothing of what came is looked at before it is known who sent it: of an ended session all is a 401.
    raw = b"" if nowhere else _raw_body(event, headers, form=route.form, anything=route.raw)
    body = _parse(route.body, raw) if route.body else None
    if not (route.body or route.form or route.raw):
        _nothing(raw)
    query = request.query if route.raw else checked(route.query, request.query)
    _fitting(route.headers, headers)
    return replace(request, body=body, query=query, rows=rows, raw=raw if route.raw else b"", payer=payer)


def _target(route: Route, event: dict[str, Any]) -> str | None:
    """What a path is about, for the log: its ids in their order. What can be none of ours is not repeated there."""
    given = {name: str(text) for name, text in (event.get("pathParameters") or {}).items()}
    ids = [(given.get(name, ""), shape) for name, shape in route.ids.items()]
    return "/".join(id if re.fullmatch(shape, id, re.ASCII) else "malformed" for id, shape in ids) or None


def _from_portal(headers: Mapping[str, str]) -> bool:
    """Whether a page of the portal sent this, or no page at all: browsers always say, in one header or the other
    (S38)."""
    if "origin" in headers:
        return headers["origin"] in settings.portal_origins()
    return headers.get("sec-fetch-site", "none") in ("same-origin", "none")


def _client(event: dict[str, Any], headers: Mapping[str, str]) -> str:
    """The caller's network address: API Gateway's, or the edge's word for it when the call came through (Decided 10).

    ``X-Viewer-Address`` is written over by a CloudFront Function, whatever the caller put there; ``X-Forwarded-For``
    is never believed (S19).
    """
    source = str(event.get("requestContext", {}).get("http", {}).get("sourceIp", ""))
    hashes = settings.origin_hashes()
    if not hashes:
        return source
    given = sha256(headers.get("x-origin-secret", "").encode()).hexdigest()
    if not any(hmac.compare_digest(given, known) for known in hashes):
        observe.about(network=observe.masked(throttles.network(source)))
        raise _Forbidden
    return headers.get("x-viewer-address") or source


def _claims(headers: Mapping[str, str]) -> tokens.Claims:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise errors.InvalidToken
    return tokens.verify(token.strip())


def _cookies(event: dict[str, Any], headers: Mapping[str, str]) -> dict[str, str]:
    # AWS puts cookies in their own list; MiniStack leaves them in the header.
    lines = event.get("cookies") or headers.get("cookie", "").split(";")
    pairs = (line.strip().partition("=") for line in lines)
    return {name: value for name, found, value in pairs if found}


_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


def _raw_body(event: dict[str, Any], headers: Mapping[str, str], *, form: bool, anything: bool) -> bytes:
    text = event.get("body") or ""
    try:
        raw = base64.b64decode(text, validate=True) if event.get("isBase64Encoded") else text.encode()
    except ValueError:
        raise _MalformedJson from None
    if len(raw) > MAX_BODY:
        raise _BodyTooLarge
    if raw and not anything:
        media, *parameters = headers.get("content-type", "").lower().split(";")
        if form and media.strip() in _FORMS:
            return raw
        charset = [value.strip(' "') for value in parameters if value.strip().startswith("charset")]
        if media.strip() != "application/json" or charset not in ([], ["charset=utf-8"], ['charset="utf-8']):
            raise _UnsupportedMediaType
    return raw


def _as_json(raw: bytes) -> Any:
    from pydantic_core import from_json

    try:
        # pydantic's own reading takes NaN and Infinity, which are no JSON.
        return from_json(raw, allow_inf_nan=False)
    except ValueError:
        raise _MalformedJson from None


def _nothing(raw: bytes) -> None:
    """The body of a route that takes none, where one came all the same: an object without fields."""
    if raw:
        given = _as_json(raw)
        if not isinstance(given, dict):
            raise ValidationFailed(FieldError("", "wrong_type"))
        if given:
            raise ValidationFailed(*(FieldError(name, "unknown") for name in given))


def _parse(model: "type[BaseModel]", raw: bytes) -> "BaseModel":
    from pydantic import ValidationError

    _as_json(raw)
    try:
        return model.model_validate_json(raw, strict=True)
    except ValidationError as wrong:
        found = wrong.errors(include_url=False, include_input=False)
        raise ValidationFailed(*(_field_error(error) for error in found)) from None


def _field_error(error: Any) -> FieldError:
    where = ".".join(str(part) for part in error["loc"])
    context = error.get("ctx", {})
    if error["type"] == "value_error" and isinstance(context.get("error"), errors.Invalid):
        return FieldError(where, context["error"].code)
    limits = (context.get(name) for name in ("min_length", "max_length", "ge", "le"))
    limit = next((value for value in limits if value is not None), None)
    return FieldError(where, _PYDANTIC_CODES.get(error["type"], "wrong_type"), limit)


def checked(params: tuple[Param, ...], given: Mapping[str, str]) -> dict[str, str]:
    """The query as declared, with what was left out. Raises ``ValidationFailed`` naming every parameter that is unknown
    or wrong."""
    known = {param.name: param for param in params}
    wrong = [FieldError(name, "unknown") for name in given if name not in known]
    wrong += [FieldError(name, "missing") for name, param in known.items() if param.required and name not in given]
    for name, value in given.items():
        if (param := known.get(name)) and (found := _param_error(param, value)):
            wrong.append(found)
    if wrong:
        raise ValidationFailed(*wrong)
    return {**{param.name: param.default for param in params if param.default}, **given}


def _fitting(wanted: tuple[Param, ...], headers: Mapping[str, str]) -> None:
    """Raises ``ValidationFailed`` naming every header that is missing or does not fit."""
    wrong = []
    for param in wanted:
        given = headers.get(param.name.lower())
        if given is None:
            if param.required:
                wrong.append(FieldError(param.name, "missing"))
        elif not re.fullmatch(param.pattern, given, re.ASCII):
            wrong.append(FieldError(param.name, "invalid"))
    if wrong:
        raise ValidationFailed(*wrong)


def _param_error(param: Param, value: str) -> FieldError | None:
    if param.choices and value not in param.choices:
        return FieldError(param.name, "not_allowed")
    if param.day and not is_day(value):
        return FieldError(param.name, "invalid_day")
    if param.minimum is not None:
        if not (value.isascii() and value.isdigit() and len(value) <= 9):
            return FieldError(param.name, "wrong_type")
        if int(value) < param.minimum:
            return FieldError(param.name, "too_small", param.minimum)
        if param.maximum is not None and int(value) > param.maximum:
            return FieldError(param.name, "too_large", param.maximum)
    elif param.maximum is not None and len(value) > param.maximum:
        return FieldError(param.name, "too_long", param.maximum)
    return None


# --- answers ----------------------------------------------------------------------------------------------------------


def _answer(answer: Answer, request_id: str) -> dict[str, Any]:
    headers = {**HEADERS, "X-Request-Id": request_id, **answer.headers}
    shown: dict[str, Any] = {"statusCode": answer.status, "headers": headers}
    if answer.body is not None:
        headers["Content-Type"] = "application/json; charset=utf-8"
        shown["body"] = json.dumps(answer.body, ensure_ascii=False, separators=(",", ":"))
    if answer.cookies:
        shown["cookies"] = list(answer.cookies)
    return shown


def _refuse(refused: Refusal, request_id: str) -> dict[str, Any]:
    code = problem_key(type(refused))
    headers: dict[str, str] = {}
    extra: dict[str, Any] = {}
    fields: Sequence[FieldError] = ()
    if isinstance(refused, ValidationFailed):
        fields = refused.fields
    elif isinstance(refused, (errors.TooManyAttempts, errors.NoProvider)):
        headers["Retry-After"] = str(refused.retry_after)
    elif isinstance(refused, MethodNotAllowed):
        headers["Allow"] = ", ".join(refused.methods)
    elif isinstance(refused, errors.AlreadyLinked):
        extra["id"] = refused.company_id
    elif isinstance(refused, errors.InvalidToken):
        headers["WWW-Authenticate"] = 'Bearer realm="miinti", error="invalid_token"'
    return _problem(code, request_id, refused.code, fields, headers, extra)


def problem_key(refusal: type[Refusal]) -> str:
    """The row of ``PROBLEMS`` for a refusal: its code, but for the one code that has two meanings in the contract."""
    return "invalid_mail_token" if refusal is errors.InvalidMailToken else refusal.code


def _problem(
    key: str,
    request_id: str,
    code: str | None = None,
    fields: Sequence[FieldError] = (),
    headers: Mapping[str, str] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """An answer of ``application/problem+json`` (RFC 9457)."""
    status, title, detail = PROBLEMS[key]
    body = {
        "type": f"urn:miinti:problem:{key}",
        "title": title,
        "status": status,
        "detail": detail,
        "code": code or key,
        "request_id": request_id,
        "errors": [
            {"field": f.field, "code": f.code, "message": FIELD_MESSAGES.get(f.code, "").format(limit=f.limit)}
            for f in fields
        ],
        **(extra or {}),
    }
    return {
        "statusCode": status,
        "headers": {
            **HEADERS,
            "X-Request-Id": request_id,
            "Content-Type": "application/problem+json; charset=utf-8",
            **(headers or {}),
        },
        "body": json.dumps(body, ensure_ascii=False, separators=(",", ":")),
    }
