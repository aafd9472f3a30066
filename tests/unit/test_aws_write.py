"""One write on its own while a transaction holds its row."""

import pytest
from botocore.exceptions import ClientError

from miinti import aws
from miinti.errors import Unavailable
from tests.cloud import Cloud

HELD = ClientError({"Error": {"Code": "TransactionConflictException"}}, "UpdateItem")
ONE = aws.update("IdentityTable", ("A", "B"), "SET n = if_not_exists(n, :none) + :one", {":none": 0, ":one": 1})


def test_R01_a_row_held_by_a_transaction_is_tried_again(cloud: Cloud) -> None:
    held = [HELD, HELD]

    def twice(call):  # type: ignore[no-untyped-def]
        if held:
            raise held.pop()
        return call()

    cloud.faults["dynamodb:UpdateItem"] = twice
    assert aws.write(ONE)["n"] == 1
    assert cloud.counted() == {"dynamodb:UpdateItem": 3}


def test_R01_a_row_that_stays_held_is_unavailable(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aws, "_pause", lambda _: None)
    cloud.faults["dynamodb:UpdateItem"] = HELD
    with pytest.raises(Unavailable):
        aws.write(ONE)
