"""Every path and method that no route has: API Gateway would answer in words of its own."""

from tests.cloud import Cloud


def test_S39_what_is_no_route_is_a_404_of_ours_and_asks_nothing_of_aws(cloud: Cloud) -> None:
    answer = cloud.call("not_found")
    assert (answer.status, answer.code) == (404, "not_found")
    assert not cloud.counted()
