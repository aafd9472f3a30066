"""GET /v1/me/notifications."""

from tests import routes
from tests.cloud import Cloud


def test_links_are_the_rule_until_another_choice_is_made(cloud: Cloud) -> None:
    world = routes.world(cloud)
    cloud.call("show_notifications", token=world.ana.here.token)
    cloud.counted()
    answer = cloud.call("show_notifications", token=world.ana.here.token)
    assert cloud.counted() == {"dynamodb:BatchGetItem": 1, "dynamodb:Query": 1}
    assert answer.json["companies"] == {
        world.ana.client: {"news": {"voucher": "link", "quote": "link", "work_order": "link"}, "reminders": False},
        world.ana.supplier: {"news": {"withholding": "link"}, "reminders": False},
    }
