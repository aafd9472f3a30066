"""The only door to AWS: clients made once, and DynamoDB in the few verbs that the stores use.

Rows are plain dicts (str, int, bool, list, dict); an attribute whose value is None is not stored; numbers come
back as ``Decimal``. What AWS does not answer in time becomes ``errors.Unavailable`` (R11); a condition that fails
becomes the fact that the caller gave for it (R01).
"""

import json
import secrets
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from urllib.parse import quote, urlencode

import boto3
from boto3.dynamodb.types import TypeDeserializer, TypeSerializer
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.model import ServiceId
from botocore.signers import RequestSigner, S3PostPresigner

from miinti import settings
from miinti.errors import Unavailable

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_kms import KMSClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sqs import SQSClient

P = ParamSpec("P")
R = TypeVar("R")
Row = dict[str, Any]
Key = tuple[str, str]
"""Partition key and sort key: attributes ``pk`` and ``sk`` of every table."""

CLIENTS = ("dynamodb", "kms", "s3", "secretsmanager", "sesv2", "sqs")
"""Every service there is a client for: the build keeps the models of these and drops the others."""

_TRANSACT_TRIES = 8
_BATCH_TRIES = 5
_BATCH_MOST = 100
"""Rows of one BatchGetItem."""
_PATIENT_TRIES = 6
_BRIEF_TRIES = 3
_BUSY = frozenset(
    {
        "InternalFailure",
        "InternalServerError",
        "KMSInternalException",
        "PriorRequestNotComplete",
        "ProvisionedThroughputExceededException",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "RequestTimeout",
        "ServiceUnavailable",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
        "TransactionInProgressException",
    }
)
_serialize = TypeSerializer().serialize
_deserialize = TypeDeserializer().deserialize


def _config(read_timeout: int = 3, tries: int = 2, **more: Any) -> Config:
    # Two tries of connect 1 s and read 3 s stay under the 10 s that an API function has.
    return Config(
        connect_timeout=1,
        read_timeout=read_timeout,
        retries={"total_max_attempts": tries, "mode": "standard"},
        # botocore's own is put together anew for each request, which is a tenth of what one costs.
        user_agent="miinti",
        # AWS checks each request; checking it here first is another tenth.
        parameter_validation=False,
        **more,
    )


@cache
def _session() -> boto3.Session:
    return boto3.Session()


@cache
def dynamodb() -> "DynamoDBClient":
    client = _session().client("dynamodb", config=_config())
    for operation in ("BatchGetItem", "GetItem", "Query"):
        client.meta.events.register(f"before-parse.dynamodb.{operation}", _as_it_came)
    return client


def _as_it_came(response_dict: dict[str, Any], customized_response_dict: dict[str, Any], **_: Any) -> None:
    """Take what DynamoDB read as the JSON that it is: ``unpack`` needs no more. botocore would look for ten members in
    each attribute of each row, which is a third of what a page costs."""
    if response_dict["status_code"] == 200:
        customized_response_dict.update(json.loads(response_dict["body"]))
        response_dict["body"] = b"{}"


@cache
def kms() -> "KMSClient":
    return _session().client("kms", config=_config(read_timeout=2))


@cache
def s3() -> "S3Client":
    # botocore's default presigns by the old SigV2 on the global host: SigV4 and the region's own host are named (S55).
    return _session().client(
        "s3",
        config=_config(
            read_timeout=8,
            signature_version="s3v4",
            s3={"addressing_style": "auto", "us_east_1_regional_endpoint": "regional"},
        ),
    )


@cache
def secretsmanager() -> Any:
    return _session().client("secretsmanager", config=_config())


@cache
def sesv2() -> "SESV2Client":
    # One try: a second after a lost answer would send the mail twice. The queue tries again (R11).
    return _session().client("sesv2", config=_config(read_timeout=8, tries=1))


@cache
def sqs() -> "SQSClient":
    return _session().client("sqs", config=_config())


def ask(operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call one operation of a client; no answer, throttling or a fault of AWS raises ``Unavailable``.

    Other refusals of AWS pass as the ``ClientError`` they are.
    """
    try:
        return operation(*args, **kwargs)
    except ClientError as refused:
        if code(refused) in _BUSY or _status(refused) >= 500:
            raise Unavailable(str(refused)) from refused
        raise
    except BotoCoreError as silent:
        raise Unavailable(str(silent)) from silent


def patiently(operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Call what may raise ``Unavailable`` again, with growing pauses for half a minute: for work that no person waits
    for. A table that grows into its load throttles for as long."""
    return _again(_PATIENT_TRIES, lambda: operation(*args, **kwargs))


def briefly(operation: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """The same for a few seconds: for what has to be noted while its message is still the caller's."""
    return _again(_BRIEF_TRIES, lambda: operation(*args, **kwargs))


def _again(tries: int, operation: Callable[[], R]) -> R:
    for attempt in range(tries):
        try:
            return operation()
        except Unavailable:
            _rest(attempt)
    return operation()


def code(refused: ClientError) -> str:
    """What AWS calls a refusal: ``NoSuchKey``, ``PreconditionFailed``."""
    return str(refused.response.get("Error", {}).get("Code", ""))


def _status(refused: ClientError) -> int:
    return int(refused.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


# --- objects ----------------------------------------------------------------------------------------------------------


@cache
def _signer() -> RequestSigner:
    session = _session()
    credentials: Any = session.get_credentials()
    return RequestSigner(ServiceId("S3"), session.region_name, "s3", "s3v4", credentials, session.events)


def presigned_get(bucket: str, key: str, seconds: int, told: Mapping[str, str]) -> str:
    """An address that gives one object for so many seconds, signed by SigV4 for the region's own host (S55).

    ``told`` are headers that S3 answers with, by S3's names for them (``response-content-type``). No call to AWS, and
    no client: the signer is all that is needed of one, and making S3's would be a fifth of the function's cold start.
    """
    request = {
        "method": "GET",
        "url": f"{_place_of(bucket)}/{quote(key)}?{urlencode(told, quote_via=quote)}",
        "headers": {},
        "body": {},
        "context": {},
    }
    address: str = ask(_signer().generate_presigned_url, request, "GetObject", expires_in=seconds)
    return address


def presigned_post(bucket: str, key: str, content_type: str, most: int, seconds: int) -> tuple[str, dict[str, str]]:
    """Where a browser puts one object, and the fields of the form: for so many seconds, under this key and type, of at
    most so many bytes; S3 refuses what differs. Encrypted as the bucket does by default. No call to AWS, as above."""
    fields = {"key": key, "Content-Type": content_type}
    conditions: list[Any] = [{"bucket": bucket}, {"key": key}, {"Content-Type": content_type}]
    conditions.append(["content-length-range", 1, most])
    request = {"method": "POST", "url": f"{_place_of(bucket)}/", "headers": {}, "body": {}, "context": {}}
    made: Any = ask(
        S3PostPresigner(_signer()).generate_presigned_post,
        request,
        fields,
        conditions,
        expires_in=seconds,
        region_name=_session().region_name,
    )
    return str(made["url"]), dict(made["fields"])


def _place_of(bucket: str) -> str:
    endpoint = settings.endpoint()
    return f"{endpoint}/{bucket}" if endpoint else f"https://{bucket}.s3.{_session().region_name}.amazonaws.com"


# --- rows -------------------------------------------------------------------------------------------------------------


def key_of(key: Key) -> dict[str, Any]:
    return {"pk": {"S": key[0]}, "sk": {"S": key[1]}}


def pack(row: Row) -> dict[str, Any]:
    """A row as DynamoDB's typed attributes, without those that are None."""
    return {name: _serialize(value) for name, value in row.items() if value is not None}


def unpack(item: dict[str, Any]) -> Row:
    # Nearly all attributes are text, which stands there as it is.
    return {name: value["S"] if "S" in value else _deserialize(value) for name, value in item.items()}


def get(table: str, key: Key, *, only: Sequence[str] = ()) -> Row | None:
    """One row, read consistently; of its attributes ``only`` some, where they are named."""
    names = {f"#{n}": name for n, name in enumerate(only)}
    some: Any = {"ProjectionExpression": ", ".join(names), "ExpressionAttributeNames": names} if only else {}
    answer = ask(dynamodb().get_item, TableName=table, Key=key_of(key), ConsistentRead=True, **some)
    item: Any = answer.get("Item")
    return unpack(item) if item else None


def batch_get(*wanted: tuple[str, Key]) -> list[Row | None]:
    """Rows of one or more tables in one consistent call, in the order asked, None where there is none; at most 100.

    The same row may be asked twice. What DynamoDB leaves unprocessed is asked again, a few times.
    """
    pending: dict[str, Any] = {}
    for table, key in dict.fromkeys(wanted):
        pending.setdefault(table, {"Keys": [], "ConsistentRead": True})["Keys"].append(key_of(key))
    found: dict[tuple[str, Key], Row] = {}
    for attempt in range(_BATCH_TRIES):
        answer = ask(dynamodb().batch_get_item, RequestItems=pending)
        for table, items in answer["Responses"].items():
            for item in items:
                row = unpack(item)
                found[table, (row["pk"], row["sk"])] = row
        pending = dict(answer.get("UnprocessedKeys") or {})
        if not pending:
            return [found.get(key) for key in wanted]
        _pause(attempt)
    raise Unavailable("batch_get: keys left unprocessed")


def batch_get_all(wanted: Iterable[tuple[str, Key]]) -> dict[tuple[str, Key], Row | None]:
    """Any number of rows by what was asked, as ``batch_get`` reads them: a call for each hundred."""
    asked = list(dict.fromkeys(wanted))
    found: dict[tuple[str, Key], Row | None] = {}
    for start in range(0, len(asked), _BATCH_MOST):
        some = asked[start : start + _BATCH_MOST]
        found.update(zip(some, batch_get(*some), strict=True))
    return found


@dataclass(frozen=True, slots=True)
class Page:
    """Rows of one Query and where to go on, as DynamoDB's own key, or None at the end."""

    rows: list[Row]
    last: dict[str, Any] | None


def query(
    table: str,
    condition: str,
    values: Row,
    *,
    names: dict[str, str] | None = None,
    index: str | None = None,
    limit: int | None = None,
    start: dict[str, Any] | None = None,
    descending: bool = False,
    consistent: bool = False,
    project: str | None = None,
) -> Page:
    """One Query call. ``start`` is the ``last`` of the page before, or keys as plain values; ``project`` names the
    attributes wanted, comma separated, where not all are."""
    more: dict[str, Any] = {}
    if project:
        more["ProjectionExpression"] = project
    if names:
        more["ExpressionAttributeNames"] = names
    if index:
        more["IndexName"] = index
    if limit:
        more["Limit"] = limit
    if start:
        more["ExclusiveStartKey"] = pack(start)
    answer = ask(
        dynamodb().query,
        TableName=table,
        KeyConditionExpression=condition,
        ExpressionAttributeValues=pack(values),
        ScanIndexForward=not descending,
        ConsistentRead=consistent,
        **more,
    )
    last = answer.get("LastEvaluatedKey")
    return Page([unpack(item) for item in answer["Items"]], unpack(last) if last else None)


def query_all(table: str, condition: str, values: Row, **more: Any) -> list[Row]:
    """Every row of a Query that is known to be short; consistent unless an index is named."""
    rows: list[Row] = []
    start = None
    while True:
        page = query(table, condition, values, start=start, **{"consistent": "index" not in more, **more})
        rows += page.rows
        start = page.last
        if start is None:
            return rows


# --- writes -----------------------------------------------------------------------------------------------------------

Otherwise = BaseException | Callable[[Row | None], BaseException] | None


@dataclass(frozen=True, slots=True)
class Write:
    """One write of a transaction. ``otherwise`` is the fact raised when ``condition`` does not hold: an exception, or a
    function of the row that stands there (None when there is none)."""

    verb: str
    table: str
    key: Key
    row: Row = field(default_factory=dict)
    update: str = ""
    condition: str = ""
    names: dict[str, str] = field(default_factory=dict)
    values: Row = field(default_factory=dict)
    otherwise: Otherwise = None


def put(
    table: str,
    row: Row,
    *,
    condition: str = "",
    names: dict[str, str] | None = None,
    values: Row | None = None,
    otherwise: Otherwise = None,
) -> Write:
    """Put a row, whose ``pk`` and ``sk`` are among its attributes."""
    return Write("Put", table, (row["pk"], row["sk"]), row, "", condition, names or {}, values or {}, otherwise)


def update(
    table: str,
    key: Key,
    expression: str,
    values: Row | None = None,
    *,
    condition: str = "",
    names: dict[str, str] | None = None,
    otherwise: Otherwise = None,
) -> Write:
    return Write("Update", table, key, {}, expression, condition, names or {}, values or {}, otherwise)


def delete(
    table: str,
    key: Key,
    *,
    condition: str = "",
    names: dict[str, str] | None = None,
    values: Row | None = None,
    otherwise: Otherwise = None,
) -> Write:
    return Write("Delete", table, key, {}, "", condition, names or {}, values or {}, otherwise)


def check(
    table: str,
    key: Key,
    condition: str,
    values: Row | None = None,
    *,
    names: dict[str, str] | None = None,
    otherwise: Otherwise = None,
) -> Write:
    """A row that must be so for the transaction to happen; it is not written."""
    return Write("ConditionCheck", table, key, {}, "", condition, names or {}, values or {}, otherwise)


def replaced(one: Write, *, otherwise: Otherwise) -> Write:
    """The same write with another fact for its condition."""
    return replace(one, otherwise=otherwise)


class ConditionFailed(Exception):
    """A condition did not hold and the caller gave no fact for it: ``index`` of the write, ``row`` that is there."""

    def __init__(self, index: int, row: Row | None) -> None:
        super().__init__(index)
        self.index = index
        self.row = row


def _parts(write: Write, stamp: str) -> dict[str, Any]:
    """The parameters of a write, for a transaction or alone. ``stamp`` marks the rows it puts and updates."""
    parts: dict[str, Any] = {"TableName": write.table, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
    values = dict(write.values)
    if write.verb == "Put":
        parts["Item"] = pack({**write.row, "txn": stamp})
    else:
        parts["Key"] = key_of(write.key)
    if write.verb == "Update":
        parts["UpdateExpression"] = _stamped(write.update)
        values[":txn"] = stamp
    if write.condition:
        parts["ConditionExpression"] = write.condition
    if write.names:
        parts["ExpressionAttributeNames"] = write.names
    if values:
        parts["ExpressionAttributeValues"] = pack(values)
    return parts


def _stamped(expression: str) -> str:
    head, found, tail = expression.partition("SET ")
    return f"{head}SET txn = :txn, {tail}" if found else f"SET txn = :txn {expression}"


def _refusal(write: Write, index: int, row: Row | None) -> BaseException:
    fact = write.otherwise
    if fact is None:
        return ConditionFailed(index, row)
    return fact if isinstance(fact, BaseException) else fact(row)


def transact(writes: Sequence[Write]) -> None:
    """Write all or nothing (at most 100 writes).

    The first write whose condition fails raises its ``otherwise``. Conflicts with other transactions are tried again
    with jitter. Each put and updated row is stamped with this call's own id, so that an answer lost after the commit is
    known for the success it was when the retry finds its own rows (R02).

    Raises ``Unavailable`` when DynamoDB does not answer or stays busy.
    """
    stamp = secrets.token_hex(8)
    items: list[Any] = [{write.verb: _parts(write, stamp)} for write in writes]
    for attempt in range(_TRANSACT_TRIES):
        try:
            ask(dynamodb().transact_write_items, TransactItems=items)
            return
        except ClientError as refused:
            reasons = refused.response.get("CancellationReasons")
            if not isinstance(reasons, list):
                raise
            failed: list[tuple[int, Row | None]] = []
            for index, reason in enumerate(reasons):
                if reason.get("Code") == "ConditionalCheckFailed":
                    old = unpack(dict(reason["Item"])) if reason.get("Item") else None
                    if old is not None and old.get("txn") == stamp:
                        return
                    failed.append((index, old))
            if failed:
                index, old = failed[0]
                raise _refusal(writes[index], index, old) from refused
        _pause(attempt)
    raise Unavailable("transact: conflicts did not end")


def write(one: Write) -> Row:
    """One write on its own; answers the attributes as they are after it (of an update) or were before (else).

    Raises its ``otherwise`` (or ``ConditionFailed``) when the condition does not hold, unless the row there is the one
    this very call wrote (R02). While a transaction holds the row it is tried again with jitter, as ``transact`` does.
    """
    stamp = secrets.token_hex(8)
    parts = _parts(one, stamp)
    for attempt in range(_TRANSACT_TRIES):
        try:
            if one.verb == "Put":
                answer: Any = ask(dynamodb().put_item, **parts)
            elif one.verb == "Delete":
                answer = ask(dynamodb().delete_item, **parts, ReturnValues="ALL_OLD")
            else:
                answer = ask(dynamodb().update_item, **parts, ReturnValues="ALL_NEW")
            return unpack(answer.get("Attributes") or {})
        except ClientError as refused:
            if code(refused) == "TransactionConflictException":
                _pause(attempt)
                continue
            if code(refused) != "ConditionalCheckFailedException":
                raise
            item: Any = refused.response.get("Item")
            old = unpack(item) if item else None
            if old is not None and old.get("txn") == stamp:
                return old
            raise _refusal(one, 0, old) from refused
    raise Unavailable("write: conflicts did not end")


def delete_rows(table: str, keys: Iterable[Key]) -> None:
    """Delete rows in batches of 25, without conditions; safe to repeat."""
    queue: list[Any] = [{"DeleteRequest": {"Key": key_of(key)}} for key in keys]
    attempt = 0
    while queue:
        answer = ask(dynamodb().batch_write_item, RequestItems={table: queue[:25]})
        left = answer.get("UnprocessedItems", {}).get(table, [])
        queue = [*left, *queue[25:]]
        if left:
            if attempt == _BATCH_TRIES:
                raise Unavailable("delete_rows: rows left unprocessed")
            _pause(attempt)
            attempt += 1


def _pause(attempt: int) -> None:
    time.sleep(secrets.randbelow(1 + min(20 * 2**attempt, 500)) / 1000)


def _rest(attempt: int) -> None:
    half = 250 * 2**attempt
    time.sleep((half + secrets.randbelow(half)) / 1000)


# --- keys -------------------------------------------------------------------------------------------------------------


@cache
def derived_key(arn: str, label: str) -> bytes:
    """A 256-bit secret that only holders of ``kms:GenerateMac`` on the key can have, made once per process.

    KMS computes HMAC-SHA-256 of ``label`` under a key that never leaves it, so no secret is stored anywhere (S72).
    """
    answer = ask(kms().generate_mac, KeyId=arn, MacAlgorithm="HMAC_SHA_256", Message=label.encode())
    return answer["Mac"]


@cache
def secret(arn: str) -> str:
    """What was given to us to keep and cannot be derived, read once per process."""
    return str(ask(secretsmanager().get_secret_value, SecretId=arn)["SecretString"])
