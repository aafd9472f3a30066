"""Every path and method that no route has: API Gateway would answer in words of its own."""

from tests.cloud import Cloud


def test_S39_what_is_no_route_is_a_404_of_ours_and_asks_nothing_of_aws(cloud: Cloud) -> None:
    answer = cloud.call("not_found")
    assert (answer.status, answer.code) == (404, "not_found")
    assert not cloud.counted()


def test_a_body_too_large_is_told_so_on_any_path(cloud: Cloud) -> None:
    answer = cloud.call("not_found", raw=b"0" * (64 * 1024 + 1))
    assert (answer.status, answer.code) == (413, "body_too_large")
