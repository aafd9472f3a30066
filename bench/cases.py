"""The cases: our functions as the build made them, their peers as pip or a plain ``sam build`` would ship them.

All list cases answer the same 25 documents of one company.
"""

import base64
import json
import subprocess
import sys
import time
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

from argon2 import PasswordHasher
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from bench.canned import Data
from miinti import aws
from miinti.documents import rows

ROOT = Path(__file__).resolve().parents[1]
CACHE = ROOT / ".cache" / "bench"
COMPANY = "c-27334"
PASSWORD = "una frase larga de prueba"
TOKEN_KEY = "arn:aws:kms:us-east-1:123456789012:key/token"

ENVIRONMENT = {
    "POWERTOOLS_SERVICE_NAME": "bench",
    "POWERTOOLS_LOG_LEVEL": "INFO",
    "IDENTITY_TABLE": "IdentityTable",
    "COMPANIES_TABLE": "CompaniesTable",
    "OUTBOX_TABLE": "OutboxTable",
    "BUCKET": "miinti-documents",
    "TOKEN_KEYS": TOKEN_KEY,
    "CURSOR_KEY": "arn:aws:kms:us-east-1:123456789012:key/cursor",
    "MAIL_KEY": "arn:aws:kms:us-east-1:123456789012:key/mail",
    "SESSION_KEY": "arn:aws:kms:us-east-1:123456789012:key/session",
    "TOKEN_ISSUER": "miinti-bench",
    "PORTAL_URL": "https://mi.inti.example",
    "LINK_POLICY": "open",
    "IP_LIMITS": "off",
    "DIGEST_SECONDS": "300",
    "STALE_HOURS": "24",
    "ORIGIN_SHA256": "",
}


@dataclass(frozen=True)
class Case:
    """A function to measure: where its code is, its handler, its request, and what else its environment holds."""

    name: str
    path: list[Path]
    handler: str
    event: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)


def data() -> Data:
    """One person linked to one company of 60 vouchers, logged in."""
    now = int(time.time())
    account = {
        "id": "a1",
        "first_name": "Ana",
        "last_name": "Pérez",
        "email": "ana@example.com",
        "state": "active",
        "password_hash": PasswordHasher(time_cost=2, memory_cost=19456, parallelism=1).hash(PASSWORD),
        "created_at": now,
    }
    session = {
        "refresh_hash": "x" * 64,
        "created_at": now,
        "last_used_at": now,
        "expires_at": now + 86400,
        "remember": False,
        "user_agent": "bench",
    }
    company = {
        "id": COMPANY,
        "role": "client",
        "number": "27334",
        "cuit": "33693450239",
        "name": "ADM. FEDERAL DE ING. PUBLICOS",
        "address": "Hipólito Yrigoyen 370, CABA",
        "balance": 24216800,
        "as_of": now,
        "n_voucher": 60,
        "open_cents": 24216800,
    }
    link = {"company": COMPANY, "state": "active", "grant": "g", "linked_at": now}
    documents = [voucher(COMPANY, number) for number in range(60, 0, -1)]
    indexed = [{name: row[name] for name in ("pk", "sk", "s1", "l", "f")} for row in documents]
    written: list[tuple[str, aws.Key, aws.Row]] = [
        ("IdentityTable", ("ACCOUNT#a1", "ACCOUNT"), account),
        ("IdentityTable", ("ACCOUNT#a1", "SESSION#s1"), session),
        ("IdentityTable", ("EMAIL#ana@example.com", "EMAIL"), {"account_id": "a1", "state": "active"}),
        ("CompaniesTable", (f"COMPANY#{COMPANY}", "COMPANY"), company),
        ("CompaniesTable", ("ACCOUNT#a1", f"LINK#{COMPANY}"), link),
        ("CompaniesTable", (documents[0]["pk"], documents[0]["sk"]), documents[0]),
    ]
    items = {(table, *key): aws.pack({"pk": key[0], "sk": key[1], **attributes}) for table, key, attributes in written}
    return Data(
        items,
        {
            ("CompaniesTable", f"COMPANY#{COMPANY}"): [aws.pack(row) for row in indexed],
            ("CompaniesTable", "ACCOUNT#a1"): [items["CompaniesTable", "ACCOUNT#a1", f"LINK#{COMPANY}"]],
            ("IdentityTable", "ACCOUNT#a1"): [items["IdentityTable", "ACCOUNT#a1", "ACCOUNT"]],
        },
    )


def voucher(company: str, number: int) -> aws.Row:
    """An open invoice of this number; dates, amounts and states differ from one to the next."""
    facts = {
        "date": f"{2016 + number % 10}-{1 + number % 12:02d}-{1 + number % 28:02d}",
        "due_date": f"2026-{1 + number % 12:02d}-28",
        "billed": 11813835 + number,
        "collected": None if number % 3 else 1000 + number,
        "remaining": 11813835 + number if number % 2 else 0,
        "void": False,
        "file_key": "documents/0123456789abcdef/x.pdf",
        "file_size": 30000,
        "f": True,
    }
    return rows.row(company, rows.voucher_id("006", 205, number), facts)


def access_token(key: ec.EllipticCurvePrivateKey) -> str:
    """A token as ``tokens.mint`` makes it, signed here so that the clock starts with the function."""

    def part(value: dict[str, Any]) -> bytes:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=")

    now = int(time.time())
    kid = sha256(TOKEN_KEY.encode()).hexdigest()[:16]
    claims = {
        "iss": "miinti-bench",
        "aud": "miinti-bench",
        "sub": "a1",
        "sid": "s1",
        "jti": "j",
        "iat": now,
        "nbf": now,
        "exp": now + 86400,
        "token_use": "access",
    }
    signed = part({"alg": "ES256", "kid": kid, "typ": "at+jwt"}) + b"." + part(claims)
    r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(hashes.SHA256())))
    raw = base64.urlsafe_b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).rstrip(b"=")
    return (signed + b"." + raw).decode()


def event(method: str, route: str, token: str = "", path: dict[str, str] | None = None, body: Any = None) -> Any:
    """A request in payload 2.0, with what API Gateway adds that frameworks want to see."""
    url = route
    for name, value in (path or {}).items():
        url = url.replace(f"{{{name}}}", value)
    headers = {"host": "mi.inti.example", "user-agent": "bench", "accept": "application/json"}
    if token:
        headers["authorization"] = f"Bearer {token}"
    made: dict[str, Any] = {
        "version": "2.0",
        "routeKey": f"{method} {route}",
        "rawPath": url,
        "rawQueryString": "limit=25" if url.endswith("/docs") else "",
        "headers": headers,
        "pathParameters": path or {},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "mi.inti.example",
            "requestId": "r1",
            "stage": "$default",
            "http": {"method": method, "path": url, "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1", "userAgent": "b"},
        },
        "isBase64Encoded": False,
    }
    if url.endswith("/docs"):
        made["queryStringParameters"] = {"limit": "25"}
    if body is not None:
        headers["content-type"] = "application/json"
        made["body"] = json.dumps(body)
    return made


def installed(name: str, *, byte_code: bool = True) -> Path:
    """A requirements file of this bench as pip installs it into a folder of its own; done once."""
    requirements = ROOT / "bench" / "requirements" / f"{name}.txt"
    stamp = sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:12]
    target = CACHE / f"{name}-{'pyc' if byte_code else 'py'}-{stamp}"
    if not target.exists():
        making = target.with_suffix(".making")
        options = [] if byte_code else ["--no-compile"]
        subprocess.run(
            [sys.executable, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes",
             "--no-warn-conflicts", "-r", requirements, "-t", making, *options],
            check=True,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        making.rename(target)
    return target


def peers() -> list[Case]:
    """The null handler, bare boto3 (one call and two), Powertools as plain ``sam build`` ships it, FastAPI, Django."""
    here = ROOT / "bench" / "peers"
    runtime = installed("runtime")
    request = event("GET", "/v1/companies/{id}/docs", path={"id": COMPANY})
    bare = [here, installed("bare"), runtime]
    return [
        Case("null", [here, runtime], "null.handler", request),
        Case("bare boto3", bare, "bare.handler", request),
        Case("bare boto3, two calls", bare, "bare.handler", request, {"CALLS": "2"}),
        Case(
            "Powertools, plain sam build",
            [here, installed("powertools", byte_code=False), installed("runtime")],
            "powertools.handler",
            request,
        ),
        Case("FastAPI + Mangum", [here, installed("fastapi"), runtime], "fastapi_mangum.handler", request),
        Case("Django + Mangum", [here, installed("django"), runtime], "django_mangum.handler", request),
    ]


def ours(build: Path, token: str) -> list[Case]:
    """Our functions out of the build: function folder first, then the layer, as Lambda lays them out."""
    layer, runtime = build / "SharedLayer" / "python", installed("runtime")
    document = rows.voucher_id("006", 205, 60)
    one = {"id": COMPANY}
    requests = {
        "ShowMe": event("GET", "/v1/me", token),
        "ListCompanies": event("GET", "/v1/companies", token),
        "ListDocs": event("GET", "/v1/companies/{id}/docs", token, one),
        "ShowDoc": event("GET", "/v1/companies/{id}/docs/{doc_id}", token, {**one, "doc_id": document}),
        "Download": event("GET", "/v1/companies/{id}/docs/{doc_id}/download", token, {**one, "doc_id": document}),
        "Login": event("POST", "/v1/login", body={"email": "ana@example.com", "password": PASSWORD}),
    }
    return [
        Case(name, [build / f"{name}Function", layer, runtime], "app.handler", request, ENVIRONMENT)
        for name, request in requests.items()
        if (build / f"{name}Function").exists()
    ]
