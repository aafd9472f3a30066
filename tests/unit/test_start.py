"""Every function starts as Lambda starts it: with its own environment, and what it prepares beforehand."""

import pytest

from tests.cloud import Cloud
from tests.template import sam


@pytest.mark.parametrize("use_case", sorted(sam.folder(resource) for resource in sam.functions().values()))
def test_a_function_prepares_what_it_needs_with_its_own_environment(
    use_case: str, cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", use_case)
    assert callable(cloud.function(use_case).handler)
