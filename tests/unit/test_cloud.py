"""The test cloud's own checks: what an answer may not have without a test noticing."""

import pytest
from pydantic import ValidationError

from tests import documents
from tests.cloud import Cloud, _adapter
from tests.documents import fill, person


def test_a_field_that_is_not_declared_is_noticed_however_deep(cloud: Cloud) -> None:
    fill([documents.company_row("c-1", balance=1, as_of=1), documents.made_voucher("c-1", 1)])
    token = person(cloud, "a1", "c-1")
    body = cloud.call("list_docs", token=token, path={"id": "c-1"}).json
    model = cloud.function("list_docs").handler.route.answers[200]
    _adapter(model).validate_python(body)
    for place in (body, body["company"], body["company"]["balance"], body["items"][0]):
        place["more"] = 1
        with pytest.raises(ValidationError, match="more"):
            _adapter(model).validate_python(body)
        del place["more"]
    assert not hasattr(model, "__pydantic_config__")
