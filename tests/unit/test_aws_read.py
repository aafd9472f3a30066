"""What DynamoDB reads comes back as it was written, whichever way it is read, and no faster than it is true."""

from decimal import Decimal
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miinti import aws
from tests.cloud import Cloud

VALUES = st.recursive(
    st.text(max_size=20) | st.integers(-(10**30), 10**30) | st.booleans(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab", min_size=1), inner, max_size=3),
    max_leaves=6,
)
ROWS = st.dictionaries(st.sampled_from(["a", "b", "S", "N"]), VALUES, max_size=4)


def numbered(value: Any) -> Any:
    """A value as it is read: whole numbers are ``Decimal``."""
    if isinstance(value, dict):
        return {name: numbered(part) for name, part in value.items()}
    if isinstance(value, list):
        return [numbered(part) for part in value]
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else value


@given(ROWS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_row_comes_back_the_same_by_every_verb(cloud: Cloud, row: dict[str, Any]) -> None:
    key = ("PK", "ñ\n\"'")
    written = {"pk": key[0], "sk": key[1], **row}
    aws.write(aws.put("CompaniesTable", written))
    read = aws.get("CompaniesTable", key)
    assert read is not None
    assert {name: value for name, value in read.items() if name != "txn"} == numbered(written)
    assert aws.batch_get(("CompaniesTable", key)) == [read]
    assert aws.query("CompaniesTable", "pk = :pk", {":pk": key[0]}).rows == [read]


@given(ROWS)
def test_unpacking_is_boto3s_own(row: dict[str, Any]) -> None:
    packed = aws.pack(row)
    assert aws.unpack(packed) == {name: TypeDeserializer().deserialize(value) for name, value in packed.items()}


def test_a_row_that_is_not_there(cloud: Cloud) -> None:
    assert aws.get("CompaniesTable", ("no", "row")) is None
    assert aws.batch_get(("CompaniesTable", ("no", "row"))) == [None]
    assert aws.query("CompaniesTable", "pk = :pk", {":pk": "no"}) == aws.Page([], None)


def test_a_query_reads_on_where_it_stopped_and_takes_what_is_named(cloud: Cloud) -> None:
    for n in range(3):
        aws.write(aws.put("CompaniesTable", {"pk": "p", "sk": str(n), "a": n, "b": n}))
    first = aws.query("CompaniesTable", "pk = :pk", {":pk": "p"}, limit=2, project="sk, a")
    assert first.rows == [{"sk": "0", "a": 0}, {"sk": "1", "a": 1}]
    assert first.last == {"pk": "p", "sk": "1"}
    rest = aws.query("CompaniesTable", "pk = :pk", {":pk": "p"}, start=first.last)
    assert [row["sk"] for row in rest.rows] == ["2"]


@pytest.mark.parametrize("name", aws.CLIENTS)
def test_R11_no_client_waits_longer_than_its_function_has(cloud: Cloud, name: str) -> None:
    config = getattr(aws, name)().meta.config
    tries = config.retries["total_max_attempts"]
    assert (config.connect_timeout, config.retries["mode"]) == (1, "standard")
    assert tries <= 2
    # Functions of the API have 10 s and ask only DynamoDB and KMS; a mail is sent by one try.
    if name in {"dynamodb", "kms"}:
        assert (config.connect_timeout + config.read_timeout) * tries <= 8
    if name == "sesv2":
        assert tries == 1
    assert config.read_timeout <= 8
