"""Amazon's own DynamoDB Local under the product's client, where it is installed; in CI it has to be."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from miinti import aws
from tests.template import sam
from tools import engines


@contextmanager
def tables(heap: str = "1g", **named: str) -> Iterator[Any]:
    """The client, over tables as the template declares them: setting → table. Skips where the engine is not."""
    if not (engines.CACHE / "dynamodb-local").exists():
        absent = engines.missing() or "DynamoDB Local is not here: tools/engines.py fetches it"
        if os.environ.get("CI"):
            pytest.fail(f"in CI this must run: {absent}")
        pytest.skip(absent)
    with engines.dynamodb_local(heap) as address, pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": address,
            "AWS_ACCESS_KEY_ID": "local",
            "AWS_SECRET_ACCESS_KEY": "local",
            "AWS_DEFAULT_REGION": sam.REGION,
            **named,
        }.items():
            patch.setenv(name, value)
        patch.delenv("AWS_SESSION_TOKEN", raising=False)
        _forget()
        client: Any = aws.dynamodb()
        # It listens before it is warm.
        aws.patiently(aws.ask, client.list_tables)
        for table in named.values():
            _create(client, table)
        yield client
    _forget()


def _create(client: Any, table: str) -> None:
    declared = sam.translated()["Resources"][table]["Properties"]
    parts = ("AttributeDefinitions", "KeySchema", "BillingMode", "LocalSecondaryIndexes", "GlobalSecondaryIndexes")
    client.create_table(TableName=table, **{part: declared[part] for part in parts if part in declared})


def _forget() -> None:
    for cached in (aws._session, aws.dynamodb):
        cached.cache_clear()
