"""DELETE /v1/me/links/{id}."""

from tests import routes
from tests.cloud import Cloud
from tests.routes import REQUESTS


def test_S48_a_revoked_link_opens_no_more_and_the_other_goes_on(cloud: Cloud) -> None:
    world = routes.world(cloud)
    opening = REQUESTS["open_link"](world)
    request = REQUESTS["revoke_link"](world)
    cloud.function("revoke_link")
    cloud.counted()
    assert cloud.call("revoke_link", **request).status == 204
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:DeleteItem": 1}
    assert cloud.call("open_link", **opening).status == 410
    assert cloud.call("revoke_link", **request).status == 404
    assert cloud.call("list_links", token=world.ana.here.token).json["total"] == 1
