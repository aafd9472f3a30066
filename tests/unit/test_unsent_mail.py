"""The tool for mails whose stream records ended among the dead letters."""

import json
from typing import Any

import pytest
import time_machine

from miinti import aws
from miinti.mail import outbox
from miinti.mail.outbox import Letter
from tests import letters
from tests.cloud import Cloud
from tests.post import Post
from tests.template import sam
from tools import deploy, unsent_mail

NOW = letters.NOON
HOUR = 3600


def write(cloud: Cloud, id: str, *, at: int = NOW, template: str = "already_registered") -> None:
    with cloud.as_function("relay_outbox"):
        aws.write(outbox.put(Letter(template, f"{id}@example.com", {"first_name": "Ana"}), at, id=id))


def found(now: int = NOW + HOUR) -> list[str]:
    return [item["pk"]["S"].removeprefix("MAIL#") for item in unsent_mail.unsent(aws.dynamodb(), "OutboxTable", now)]


def test_lists_what_did_not_go_oldest_first(cloud: Cloud) -> None:
    for number, id in enumerate(("m3", "m1", "m2")):
        write(cloud, id, at=NOW + number)
    write(cloud, "young", at=NOW + HOUR - 1799)
    write(cloud, "quiet", template=outbox.QUIET)
    for id in ("sent", "refused", "taken"):
        write(cloud, id, at=NOW + 10)
    with cloud.as_function("send_mail"):
        outbox.sent(outbox.take("sent", NOW), "ses-1", NOW)
        outbox.refused(outbox.take("refused", NOW), "no", NOW)
        outbox.take("taken", NOW)
        aws.write(outbox.within_limit("activate", "ana@example.com", NOW))
    assert found() == ["m3", "m1", "m2", "taken"]


def test_puts_them_on_their_way_again_and_none_twice(cloud: Cloud) -> None:
    post = Post(cloud)
    with time_machine.travel(NOW + HOUR, tick=False):
        for number in range(12):
            write(cloud, f"m{number}")
        items = unsent_mail.unsent(aws.dynamodb(), "OutboxTable", NOW + HOUR)
        post.run()
        assert len(cloud.letters) == 12
        assert list(unsent_mail.again(items, lambda event: cloud.invoke("relay_outbox", event))) == []
        post.run()
    assert len(cloud.letters) == 12
    assert found() == []


def test_says_which_failed_again(cloud: Cloud) -> None:
    aws.write(
        aws.put(
            "OutboxTable", {"pk": "MAIL#bad", "sk": "MAIL", "template": "activate", "created_at": NOW, "to": {"x": "y"}}
        )
    )
    write(cloud, "m1")
    items = unsent_mail.unsent(aws.dynamodb(), "OutboxTable", NOW + HOUR)
    answer: Any = {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert list(unsent_mail.again(items, lambda _event: answer)) == ["bad"]


def test_the_command_lists_names_nobody_and_relays(
    cloud: Cloud, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with time_machine.travel(NOW + HOUR, tick=False):
        write(cloud, "m1")
        stack = deploy.Stack({}, {"OutboxTable": "OutboxTable", "RelayOutbox": "Relay"}, None)
        monkeypatch.setattr(deploy, "region_of", {"prod": sam.REGION}.__getitem__)
        monkeypatch.setattr(deploy, "stack_of", {"prod": stack}.__getitem__)
        assert unsent_mail.main(["prod"]) == 0
        listed = capsys.readouterr().out
        assert listed.splitlines() == ["m1  already_registered        2026-11-27T17:00:00Z", "1 mails not sent"]
        events: list[tuple[str, Any]] = []

        def invoker(region: str, name: str) -> Any:
            assert region == sam.REGION

            def relay(event: Any) -> Any:
                events.append((name, event))
                return {"batchItemFailures": []}

            return relay

        monkeypatch.setattr(unsent_mail, "_invoker", invoker)
        assert unsent_mail.main(["prod", "--again"]) == 0
    ((name, event),) = events
    assert name == "Relay"
    assert [record["eventName"] for record in event["Records"]] == ["INSERT"]
    assert "1 on their way again; failed: none" in capsys.readouterr().out
    json.dumps(event)
