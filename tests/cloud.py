"""The cloud that functions are tested over: moto in this process, with tables and keys as the template declares
them."""

import base64
import importlib.util
import io
import itertools
import json
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from types import ModuleType
from typing import Any, get_args

import moto.dynamodb.models
import pytest
import urllib3
from argon2 import PasswordHasher
from botocore.exceptions import ClientError
from moto import mock_aws
from moto.core.base_backend import BackendDict
from pydantic import ConfigDict, TypeAdapter
from typing_extensions import get_type_hints, is_typeddict

from local.provider import Provider
from miinti import aws, clock
from miinti.accounts import passwords, tokens
from miinti.payments import sandbox
from tests import grants
from tests.moto_cured import forget_answers, moto_is_cured, shortened
from tests.template import sam

ROOT = sam.ROOT
BUCKET = "miinti-documents"
SANDBOX = "https://sandbox.invalid"
"""Where functions look for the sandbox: ``Cloud.provider`` answers there."""
_CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""A password is hashed some thousands of times in a run: at the least parameters here, at those in force in
tests/unit/test_passwords.py and in the local run."""
_NOBODY = passwords._NOBODY.replace("m=19456,t=2", "m=8,t=1")
assert _NOBODY != passwords._NOBODY, "a login of nobody would be as dear as before"
_names = itertools.count()
Kept = dict[str, dict[Any, dict[Any, Any]]]
"""Table → partition → sort key → moto's row."""


class Answered:
    """An answer of a function: status, headers (lower-case names), cookies, and the body as JSON."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.status: int = raw["statusCode"]
        self.headers = {name.lower(): value for name, value in raw["headers"].items()}
        self.cookies: list[str] = raw.get("cookies", [])
        self.text: str = raw.get("body", "")
        self.json: Any = json.loads(self.text) if self.text else None

    @property
    def code(self) -> str:
        return str(self.json["code"])

    def fields(self) -> dict[str, str]:
        """Refused fields and their codes."""
        return {error["field"]: error["code"] for error in self.json["errors"]}


class Cloud:
    """moto's AWS, a recorder of every call made to it, and functions loaded with their own environment."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._patch = monkeypatch
        self.calls: list[str] = []
        self.faults: dict[str, Any] = {}
        self.letters: list[dict[str, Any]] = []
        self.suppressed: set[str] = set()
        """What SES accepted, as it was asked."""
        self._loaded: dict[str, ModuleType] = {}
        self.startup: dict[str, Counter[str]] = {}
        """Calls a function made while it started."""
        self._resolved: dict[str, str] = {}
        self.link_policy = "open"
        self.ip_limits = "off"
        self.payment_provider = "sandbox"
        self.away = False
        """Whether the sandbox does not answer."""
        for name, value in {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_SESSION_TOKEN": "testing",
            "AWS_DEFAULT_REGION": sam.REGION,
            "AWS_REGION": sam.REGION,
        }.items():
            monkeypatch.setenv(name, value)
        monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
        if not _stands:
            self._create()
            _stands.update(self._resolved)
        self._resolved = dict(_stands)
        self._empty()
        key = _sandbox_key(self._resolved["PaymentKey.Arn"])
        self.provider = Provider(key, clock.now, "https://mi.inti.example/_local/checkout")
        self.calls.clear()

    # --- what is there ---

    def _create(self) -> None:
        dynamodb, kms, sqs = aws.dynamodb(), aws.kms(), aws.sqs()
        for name, resource in sam.translated()["Resources"].items():
            wanted = resource.get("Properties", {})
            if resource["Type"] == "AWS::DynamoDB::Table":
                taken = (
                    "AttributeDefinitions",
                    "KeySchema",
                    "BillingMode",
                    "LocalSecondaryIndexes",
                    "GlobalSecondaryIndexes",
                )
                dynamodb.create_table(TableName=name, **{part: wanted[part] for part in taken if part in wanted})
                self._resolved[name] = name
            elif resource["Type"] == "AWS::KMS::Key":
                key = kms.create_key(
                    KeySpec=wanted.get("KeySpec", "SYMMETRIC_DEFAULT"),
                    KeyUsage=wanted.get("KeyUsage", "ENCRYPT_DECRYPT"),
                )
                self._resolved[f"{name}.Arn"] = key["KeyMetadata"]["Arn"]
            elif resource["Type"] == "AWS::SQS::Queue":
                url = sqs.create_queue(QueueName=name)["QueueUrl"]
                self._resolved[name] = url
                self._resolved[f"{name}.Arn"] = f"arn:aws:sqs:{sam.REGION}:{sam.ACCOUNT}:{name}"
        self._redrive()
        self._resolved["Bucket"] = BUCKET
        access = json.dumps({"token": "TEST-token", "keys": ["s" * 64], "live": True})
        made = aws.secretsmanager().create_secret(Name="MercadoPagoAccess", SecretString=access)
        self._resolved["MercadoPagoAccess.Id"] = made["ARN"]
        aws.sesv2().create_email_identity(EmailIdentity=SENDER)
        aws.s3().create_bucket(Bucket=BUCKET)

    def _empty(self) -> None:
        """Nothing in tables, queues and the bucket; keys, the secret and the identity stay. By moto's own hands: five
        requests a test are most of what a small one takes."""
        for table in _moto_tables().values():
            table.items = defaultdict(dict)
        for service, backend in _moto_backends().items():
            if service == "sqs":
                for name, queue in backend.queues.items():
                    # Else it, or a test whose clock stands before ours, would have to wait a minute, as in AWS.
                    queue.last_purged_at = None
                    backend.purge_queue(name)
                    queue.last_purged_at = None
            elif service == "s3":
                backend.reset()
                backend.create_bucket(BUCKET, sam.REGION)
                backend.put_bucket_versioning(BUCKET, "Enabled")
            elif service == "sesv2":
                if SENDER not in backend.core_backend.email_identities:
                    backend.create_email_identity(SENDER, None, None, None)
            elif service not in _STAY:
                backend.reset()

    def _redrive(self) -> None:
        """Visibility and dead letters of each queue as the template has them, once all queues are there."""
        for name, resource in sam.translated()["Resources"].items():
            if resource["Type"] == "AWS::SQS::Queue":
                wanted = resource["Properties"]
                attributes: Any = {"VisibilityTimeout": str(wanted.get("VisibilityTimeout", 30))}
                if policy := wanted.get("RedrivePolicy"):
                    target = self.resolved(policy["deadLetterTargetArn"])
                    attributes["RedrivePolicy"] = json.dumps({**policy, "deadLetterTargetArn": target})
                aws.sqs().set_queue_attributes(QueueUrl=self._resolved[name], Attributes=attributes)

    def resolved(self, value: Any) -> str:
        """A value of the template's environment as this cloud has it."""
        if isinstance(value, Mapping):
            ((kind, argument),) = value.items()
            if kind == "Ref":
                defaults = {
                    "PortalUrl": "https://mi.inti.example",
                    "LinkPolicy": self.link_policy,
                    "IpLimits": self.ip_limits,
                    "PaymentProvider": self.payment_provider,
                }
                parameters = sam.source()["Parameters"]
                if argument in self._resolved:
                    return self._resolved[argument]
                return str(defaults.get(argument, parameters.get(argument, {}).get("Default", argument)))
            if kind == "Fn::GetAtt":
                return self._resolved[argument if isinstance(argument, str) else ".".join(argument)]
            if kind == "Fn::Sub":
                text = argument if isinstance(argument, str) else argument[0]
                return str(text).replace("${Stage}", "dev")
            if kind == "Fn::Join":
                separator, parts = argument
                return str(separator).join(self.resolved(part) for part in parts)
            if kind == "Fn::If":
                return self.resolved(argument[2])
            raise LookupError(kind)
        return str(value)

    def environment(self, use_case: str) -> dict[str, str]:
        """Exactly the variables that the template gives this function."""
        return {name: self.resolved(value) for name, value in sam.variables(use_case).items()}

    # --- functions ---

    def function(self, use_case: str) -> ModuleType:
        """The function's module, loaded once per test under a name of its own."""
        if use_case not in self._loaded:
            path = ROOT / "functions" / use_case / "app.py"
            spec = importlib.util.spec_from_file_location(f"function_{use_case}_{next(_names)}", path)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            # What it asks while it starts is its doing, but no request's.
            before = len(self.calls)
            with self._environment(use_case), grants.acting(use_case), pytest.MonkeyPatch.context() as patch:
                patch.setenv("AWS_LAMBDA_FUNCTION_NAME", use_case)
                spec.loader.exec_module(module)
            self.startup[use_case] = Counter(self.calls[before:])
            del self.calls[before:]
            self._loaded[use_case] = module
        return self._loaded[use_case]

    def forget(self, use_case: str) -> None:
        """The next call loads the function anew, as another process of it would."""
        self._loaded.pop(use_case, None)

    @contextmanager
    def _environment(self, use_case: str) -> Iterator[None]:
        with pytest.MonkeyPatch.context() as patch:
            for name in _SETTINGS:
                patch.delenv(name, raising=False)
            for name, value in self.environment(use_case).items():
                patch.setenv(name, value)
            yield

    @contextmanager
    def as_function(self, use_case: str) -> Iterator[None]:
        """The environment of a function, to call the layer as that function would."""
        with self._environment(use_case):
            yield

    def invoke(self, use_case: str, event: Any) -> Any:
        """Call a handler as Lambda would, with its own environment."""
        module = self.function(use_case)
        with self._environment(use_case), grants.acting(use_case):
            return module.handler(event, Context())

    def call(self, use_case: str, body: Any = None, **request: Any) -> Answered:
        """A request through the handler (``request`` as ``asked`` takes it). The answer is checked against what is
        declared."""
        answered = Answered(self.invoke(use_case, asked(body, **request)))
        _as_declared(self.function(use_case).handler.route, answered)
        return answered

    def at_once(self, use_case: str, requests: Sequence[dict[str, Any]]) -> list[Answered]:
        """Requests from as many threads at one time (each as ``asked`` takes it), answered in their order."""
        module = self.function(use_case)
        start = threading.Barrier(len(requests))

        def one(request: dict[str, Any]) -> Answered:
            start.wait()
            with grants.acting(use_case):
                return Answered(module.handler(asked(**request), Context()))

        # The environment is the process's: set once around all of them.
        with self._environment(use_case), ThreadPoolExecutor(len(requests)) as pool:
            answers = list(pool.map(one, requests))
        for answered in answers:
            _as_declared(module.handler.route, answered)
        return answers

    # --- looking in ---

    def names(self) -> dict[str, str]:
        """What AWS calls a resource here → its logical id in the template."""
        return {given: name.removesuffix(".Arn").removesuffix(".Id") for name, given in self._resolved.items()}

    def counted(self) -> Counter[str]:
        """Calls since the last look, as ``dynamodb:GetItem`` → times."""
        counted = Counter(self.calls)
        self.calls.clear()
        return counted

    def rows(self, table: str) -> list[dict[str, Any]]:
        """Every row of a table, for a test's own look."""
        items: list[dict[str, Any]] = []
        for page in aws.dynamodb().get_paginator("scan").paginate(TableName=table):
            items += [aws.unpack(item) for item in page["Items"]]
        self.calls[:] = [call for call in self.calls if call != "dynamodb:Scan"]
        return items

    def kept(self) -> Kept:
        """All tables as they are now, for ``put_back`` and to be compared: cheap, since moto's rows are replaced and
        never changed (tests/moto_cured.py)."""
        return {
            name: {partition: dict(rows) for partition, rows in table.items.items() if rows}
            for name, table in _moto_tables().items()
        }

    def put_back(self, kept: Kept) -> None:
        """Let all tables be as they were."""
        for name, table in _moto_tables().items():
            table.items = defaultdict(dict, {partition: dict(rows) for partition, rows in kept[name].items()})

    def unsuppress(self, address: str) -> dict[str, Any]:
        """SES's DeleteSuppressedDestination, as its API reference has it; moto has none."""
        if address not in self.suppressed:
            gone: Any = {"Error": {"Code": "NotFoundException", "Message": f"Email address {address} does not exist"}}
            raise ClientError(gone, "DeleteSuppressedDestination")
        self.suppressed.remove(address)
        return {}

    def mails(self, template: str | None = None, to: str | None = None) -> list[dict[str, Any]]:
        """Mails waiting in the outbox, oldest first; those that send nothing left out."""
        found = [row for row in self.rows("OutboxTable") if row["pk"].startswith("MAIL#") and row["template"] != "none"]
        found.sort(key=lambda row: int(row["created_at"]))
        return [
            row
            for row in found
            if (template is None or row["template"] == template)
            and (to is None or row.get("to", {}).get("address") == to)
        ]


def asked(
    body: Any = None,
    *,
    token: str | None = None,
    path: Mapping[str, str] | None = None,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    cookies: list[str] | None = None,
    client: str = "192.0.2.1",
    raw: bytes | None = None,
    method: str = "",
    url_path: str = "",
) -> dict[str, Any]:
    """A request as API Gateway's payload 2.0 tells a function of it."""
    event: dict[str, Any] = {
        "version": "2.0",
        "headers": {},
        "requestContext": {"requestId": "req-1", "http": {"method": method, "path": url_path, "sourceIp": client}},
        "isBase64Encoded": False,
    }
    if path:
        event["pathParameters"] = dict(path)
    if query:
        event["queryStringParameters"] = dict(query)
    if cookies:
        event["cookies"] = cookies
    if body is not None:
        raw = json.dumps(body).encode()
    if raw is not None:
        event["headers"]["content-type"] = "application/json"
        try:
            event["body"] = raw.decode()
        except UnicodeDecodeError:
            event["body"] = base64.b64encode(raw).decode()
            event["isBase64Encoded"] = True
    if token:
        event["headers"]["authorization"] = f"Bearer {token}"
    event["headers"].update({name.lower(): value for name, value in (headers or {}).items()})
    return event


def lines(log: io.StringIO) -> list[dict[str, Any]]:
    """What functions logged since the last look, line by line."""
    found = [json.loads(line) for line in log.getvalue().split("\n") if line]
    log.seek(0)
    log.truncate()
    return found


class Context:
    aws_request_id = "lambda-1"
    function_name = "function"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:function"

    def get_remaining_time_in_millis(self) -> int:
        return 10_000


_stands: dict[str, str] = {}
"""What the first cloud made of the template, by its names there. Tables, keys and queues stay, emptied for each cloud
after it: to make them again takes longer than most tests."""


SENDER = "no-responder@miinti.example"
_STAY = {"dynamodb", "kms", "secretsmanager", "ses"}
"""Services of which all stays that is not emptied by hand: no test changes it."""


@cache
def _sandbox_key(key_id: str) -> bytes:
    return aws.kms().generate_mac(KeyId=key_id, MacAlgorithm="HMAC_SHA_256", Message=b"miinti/sandbox")["Mac"]


def _moto_backends() -> dict[str, Any]:
    """moto's services that were used, each of the place where the tests have it."""
    found = {}
    services: Any = BackendDict
    for regions in services._instances:
        for account, region, backend in regions.iter_backends():
            if account == sam.ACCOUNT and region in (sam.REGION, "aws"):
                found[regions.service_name] = backend
    return found


def _moto_tables() -> dict[str, Any]:
    tables: dict[str, Any] = moto.dynamodb.models.dynamodb_backends[sam.ACCOUNT][sam.REGION].tables
    return tables


_SETTINGS = (
    "AUDIT_TABLE",
    "BUCKET",
    "COMPANIES_TABLE",
    "CONFIGURATION_SET",
    "CURSOR_KEY",
    "DIGEST_SECONDS",
    "IDENTITY_TABLE",
    "INBOX_QUEUE",
    "IP_LIMITS",
    "LINK_POLICY",
    "MAIL_DEAD_LETTERS",
    "MAIL_EVENTS",
    "MAIL_KEY",
    "MAIL_QUEUE",
    "NEWS_QUEUE",
    "ORIGIN_SHA256",
    "OUTBOX_TABLE",
    "PARTS_QUEUE",
    "PAYMENTS_TABLE",
    "PAYMENT_ACCESS",
    "PAYMENT_KEY",
    "PAYMENT_PROVIDER",
    "PAYMENT_QUEUE",
    "PAYMENT_SANDBOX",
    "PROOF_QUEUE",
    "PORTAL_URL",
    "SENDER",
    "SESSION_KEY",
    "STALE_HOURS",
    "TOKEN_ISSUER",
    "TOKEN_KEYS",
)


class _Counter:
    """In place of urllib3's pool: what is asked of ``SANDBOX`` the cloud's provider answers; all else goes its way."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._pool = sandbox._pool

    def request(self, method: str, url: str, **asked: Any) -> Any:
        if not url.startswith(f"{SANDBOX}/"):
            return self._pool().request(method, url, **asked)
        if self._cloud.away:
            raise urllib3.exceptions.HTTPError("nobody answers")
        headers = {name.lower(): value for name, value in asked["headers"].items()}
        status, told = self._cloud.provider.answer(method, url.removeprefix(SANDBOX), headers, asked["body"])
        return urllib3.HTTPResponse(json.dumps(told).encode(), status=status)


class _OfEachProcess:
    """A cached function as it is where each use case is a process of its own: what one has fetched no other has."""

    def __init__(self, cached: Any) -> None:
        self._fetch = cached.__wrapped__
        self._kept: dict[Any, Any] = {}

    def __call__(self, *arguments: Any) -> Any:
        place = (grants.actor(), arguments)
        if place not in self._kept:
            self._kept[place] = self._fetch(*arguments)
        return self._kept[place]

    def cache_clear(self) -> None:
        self._kept.clear()


def _as_declared(route: Any, answered: Answered) -> None:
    """An answer has the fixed headers and a declared status, and a body of the declared fields and no other (S50,
    S59)."""
    for name in ("cache-control", "content-security-policy", "referrer-policy", "strict-transport-security",
                 "x-content-type-options", "x-request-id"):  # fmt: skip
        assert answered.headers[name]
    if answered.status >= 400:
        assert answered.headers["content-type"].startswith("application/problem+json")
        assert {"type", "title", "status", "detail", "code", "request_id", "errors"} <= set(answered.json)
        return
    assert answered.status in route.answers, f"{answered.status} is not declared"
    model = route.answers[answered.status]
    if model is None:
        assert not answered.text
        return
    _adapter(model).validate_json(answered.text, strict=True)


@cache
def _adapter(model: Any) -> TypeAdapter[Any]:
    """The model as what it declares and no more, in the TypedDicts inside it too; the model itself stays as it is,
    since others read it."""
    parts = {part for part in _parts(model) if not hasattr(part, "__pydantic_config__")}
    for part in parts:
        part.__pydantic_config__ = ConfigDict(extra="forbid", strict=True)
    adapter = TypeAdapter(model)
    for part in parts:
        del part.__pydantic_config__
    return adapter


def _parts(model: Any) -> Iterator[Any]:
    """The TypedDicts that a model is made of."""
    if is_typeddict(model):
        yield model
    for part in get_type_hints(model).values() if is_typeddict(model) else get_args(model):
        yield from _parts(part)


@contextmanager
def moto_cloud(monkeypatch: pytest.MonkeyPatch) -> Iterator[Cloud]:
    """A cloud of its own for one test."""
    mock = mock_aws()
    assert not mock._mocks_active, "one cloud at a time: they have their tables in common"
    mock.start(reset=not _stands)
    try:
        # Each cloud has keys of its own. Clients stay: moto hears those made before it too, and making them is slow.
        monkeypatch.setattr(aws, "derived_key", _OfEachProcess(aws.derived_key))
        monkeypatch.setattr(aws, "secret", _OfEachProcess(aws.secret))
        monkeypatch.setattr(tokens, "public_keys", _OfEachProcess(tokens.public_keys))
        monkeypatch.setattr(passwords, "_hasher", _CHEAP)
        monkeypatch.setattr(passwords, "_NOBODY", _NOBODY)
        cloud = Cloud(monkeypatch)
        counter = _Counter(cloud)
        monkeypatch.setattr(sandbox, "_pool", lambda: counter)
        recorder = _Recorder(cloud)
        monkeypatch.setattr("botocore.client.BaseClient._make_api_call", recorder.wrap())
        monkeypatch.setattr("botocore.signers.RequestSigner.generate_presigned_url", recorder.wrap_presigned())
        monkeypatch.setattr("botocore.signers.S3PostPresigner.generate_presigned_post", recorder.wrap_presigned_post())
        yield cloud
    finally:
        mock.stop(remove_data=False)
        forget_answers()


class _Recorder:
    """Notes each call, and lets a test break it: ``cloud.faults["dynamodb:PutItem"] = error or function``; ``"*"`` is
    every call that has no fault of its own (``cloud.calls[-1]`` says which it is)."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud

    def wrap(self) -> Any:
        from botocore.client import BaseClient

        inner = shortened(BaseClient._make_api_call)  # type: ignore[attr-defined]
        cloud = self.cloud

        def _make_api_call(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
            name = f"{client.meta.service_model.service_name}:{operation}"
            cloud.calls.append(name)
            grants.note(client.meta.service_model.service_name, operation, parameters, cloud.names())
            fault = cloud.faults.get(name, cloud.faults.get("*"))

            def call() -> Any:
                if name == "sesv2:DeleteSuppressedDestination":
                    return cloud.unsuppress(parameters["EmailAddress"])
                answer = inner(client, operation, parameters)
                if name == "sesv2:SendEmail":
                    cloud.letters.append(parameters)
                return answer

            if isinstance(fault, BaseException):
                raise fault
            if fault is None:
                return call()
            # What a test does in between (a rival's writes) is not the function's doing.
            with grants.aside():
                return fault(call)

        return _make_api_call

    def wrap_presigned(self) -> Any:
        from botocore.signers import RequestSigner

        inner = RequestSigner.generate_presigned_url
        cloud = self.cloud

        def generate_presigned_url(signer: Any, request_dict: Any, operation_name: str, **more: Any) -> Any:
            grants.note_presigned(operation_name, request_dict["url"], cloud.names())
            return inner(signer, request_dict, operation_name, **more)

        return generate_presigned_url

    def wrap_presigned_post(self) -> Any:
        from botocore.signers import S3PostPresigner

        inner = S3PostPresigner.generate_presigned_post
        cloud = self.cloud

        def generate_presigned_post(presigner: Any, request_dict: Any, fields: Any, *more: Any, **named: Any) -> Any:
            grants.note_presigned("PutObject", f"{request_dict['url']}{fields['key']}", cloud.names())
            return inner(presigner, request_dict, fields, *more, **named)

        return generate_presigned_post


moto_is_cured()
