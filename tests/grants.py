"""What each function did in the tests, in IAM's words: which action on which resource (S52).

A call is noted while a handler runs, not while a test looks around. ``Grant.resource`` is a logical id of the template,
with what follows it in the ARN: ``IdentityTable``, ``CompaniesTable/index/members``, ``Bucket/documents/v-001.pdf``.
"""

import os
import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit


class Grant(NamedTuple):
    action: str
    resource: str


USED: dict[str, dict[Grant, str]] = defaultdict(dict)
"""Use case → what it did, over the whole session, and the test that saw it first."""

_acting = threading.local()
_running: Counter[str] = Counter()

_ITEM_WRITES = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}
PRESIGNED = "GetObject by an address"
_READS_DATA, _WRITES_DATA = Grant("kms:Decrypt", "DataKey"), Grant("kms:GenerateDataKey", "DataKey")


@contextmanager
def acting(use_case: str) -> Iterator[None]:
    """While it lasts, what this thread asks of AWS is the function's doing."""
    before = getattr(_acting, "use_case", None)
    _acting.use_case = use_case
    _running[use_case] += 1
    try:
        with _noted(True):
            yield
    finally:
        _acting.use_case = before
        _running[use_case] -= 1


@contextmanager
def _noted(yes: bool) -> Iterator[None]:
    before = getattr(_acting, "noted", True)
    _acting.noted = yes
    try:
        yield
    finally:
        _acting.noted = before


def aside() -> AbstractContextManager[None]:
    """While it lasts, what this thread asks is a test's doing (a rival's writes) in the middle of a function's call."""
    return _noted(False)


def actor() -> str | None:
    """The function whose doing a call is: this thread's, or, in a thread that a function started, that function's."""
    if hasattr(_acting, "use_case") or threading.current_thread() is threading.main_thread():
        return getattr(_acting, "use_case", None)
    running = +_running
    return next(iter(running)) if len(running) == 1 else None


def note(service: str, operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> None:
    """Note a call. ``names`` turns what the cloud calls a resource (ARN, URL, bucket) into its logical id."""
    use_case = actor()
    if use_case is not None and getattr(_acting, "noted", True):
        needs = _NEEDS.get(service, _unknown)
        seen_by = os.environ.get("PYTEST_CURRENT_TEST", "").partition(" ")[0]
        for grant in needs(operation, parameters, names):
            USED[use_case].setdefault(grant, seen_by)


def note_presigned(operation: str, url: str, names: Mapping[str, str]) -> None:
    """A presigned address spends its signer's grants when it is opened."""
    parts = urlsplit(url)
    bucket, key = (parts.hostname or "").partition(".")[0], unquote(parts.path).lstrip("/")
    if bucket not in names:
        bucket, _, key = key.partition("/")
    version = {"VersionId": "one"} if "versionId=" in parts.query else {}
    note("s3", PRESIGNED if operation == "GetObject" else operation, {"Bucket": bucket, "Key": key, **version}, names)


def _dynamodb(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Grant]:
    # Tables are under DataKey, and DynamoDB opens it in the caller's name.
    yield _READS_DATA
    if operation in {"TransactWriteItems", "TransactGetItems"}:
        for item in parameters["TransactItems"]:
            for verb, part in item.items():
                yield Grant(f"dynamodb:{_ITEM_WRITES.get(verb, 'GetItem')}", part["TableName"])
    elif operation in {"BatchGetItem", "BatchWriteItem"}:
        for table in parameters["RequestItems"]:
            yield Grant(f"dynamodb:{operation}", table)
    else:
        index = f"/index/{parameters['IndexName']}" if "IndexName" in parameters else ""
        yield Grant(f"dynamodb:{operation}", parameters["TableName"] + index)


def _kms(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Grant]:
    yield Grant(f"kms:{operation}", names[parameters["KeyId"]])


def _sqs(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Grant]:
    yield Grant(f"sqs:{operation.removesuffix('Batch')}", names[parameters["QueueUrl"]])


def _sesv2(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Grant]:
    if operation == "DeleteSuppressedDestination":
        yield Grant(f"ses:{operation}", "*")
        return
    # A mail with files may count as one that was built by hand.
    with_files = "Attachments" in parameters.get("Content", {}).get("Simple", {})
    for action in (operation, "SendRawEmail") if with_files else (operation,):
        yield Grant(f"ses:{action}", "SenderIdentity")
        if "ConfigurationSetName" in parameters:
            yield Grant(f"ses:{action}", "MailConfiguration")


def _secretsmanager(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Grant]:
    # It is under DataKey too.
    yield _READS_DATA
    yield Grant(f"secretsmanager:{operation}", names[parameters["SecretId"]])


def _s3(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Grant]:
    bucket = names[parameters["Bucket"]]
    if operation.startswith("List"):
        yield Grant("s3:ListBucket", bucket)
        return
    place = f"{bucket}/{parameters['Key']}"
    if operation in {"GetObject", "HeadObject", PRESIGNED}:
        yield _READS_DATA
        yield Grant("s3:GetObjectVersion" if "VersionId" in parameters else "s3:GetObject", place)
        # Who may not list is told of what is gone that it is forbidden. An address has nobody to be told.
        if operation != PRESIGNED:
            yield Grant("s3:ListBucket", bucket)
    elif operation == "CopyObject":
        source = parameters["CopySource"]
        key, versioned = source["Key"], "VersionId" in source
        yield from (_READS_DATA, _WRITES_DATA)
        yield Grant("s3:GetObjectVersion" if versioned else "s3:GetObject", f"{bucket}/{key}")
        yield Grant("s3:PutObject", place)
    elif operation == "PutObject":
        yield _WRITES_DATA
        yield Grant("s3:PutObject", place)
    elif operation in {"CreateMultipartUpload", "UploadPart", "CompleteMultipartUpload"}:
        yield from (_READS_DATA, _WRITES_DATA)
        yield Grant("s3:PutObject", place)
    else:
        versioned = operation == "DeleteObject" and "VersionId" in parameters
        yield Grant(f"s3:{operation}{'Version' if versioned else ''}", place)


def _unknown(operation: str, parameters: Mapping[str, Any], names: Mapping[str, str]) -> Iterator[Grant]:
    raise NotImplementedError(f"tests/grants.py does not know what {operation} needs")


_NEEDS = {
    "dynamodb": _dynamodb,
    "kms": _kms,
    "s3": _s3,
    "secretsmanager": _secretsmanager,
    "sesv2": _sesv2,
    "sqs": _sqs,
}
