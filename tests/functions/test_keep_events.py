"""Log → audit trail: what concerns the security of accounts becomes a row, once, and nothing else does (S75)."""

import base64
import gzip
import io
import json
from typing import Any

import pytest
import time_machine

from miinti import http, observe
from tests import erp
from tests.cloud import Cloud, lines
from tests.functions.test_security_events import CANARY, EVENTS, Scene
from tests.people import account, signed_in
from tests.post import Post
from tests.staff import ARN, declined, done, sent_by_the_log, trail
from tests.template import sam
from tools import openapi


def kept(line: dict[str, Any]) -> bool:
    """What the subscription's pattern lets through."""
    return line.get("trail") is True


def test_S75_the_subscription_goes_by_what_lines_say_of_themselves() -> None:
    pattern = sam.source()["Resources"]["EventsToKeep"]["Properties"]["FilterPattern"]
    assert sam.deployed(pattern) == "{ $.trail IS TRUE }"
    # The local cloud looks for the word alone.
    assert pattern["Fn::If"][:2] == ["Local", "trail"]


@pytest.mark.parametrize("name", EVENTS)
def test_S75_every_security_event_is_kept_and_S74_nothing_that_was_sent(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Traveller, log: io.StringIO, name: str
) -> None:
    event = EVENTS[name]
    act = event.act(Scene(cloud, monkeypatch, clock))
    lines(log)
    act()
    said = [line for line in lines(log) if kept(line)]
    cloud.faults.clear()
    cloud.invoke("keep_events", sent_by_the_log(said))
    rows = trail(cloud, "event")
    (row,) = [row for row in rows if row["outcome"] == event.outcome]
    (line,) = [line for line in said if line["outcome"] == event.outcome]
    assert row["action"] == event.action
    assert row.get("person") == line.get("account")
    for fact in set(event.facts.split()) - {"account"}:
        assert row[fact] == line[fact], f"{fact} is lost on the way into the trail"
    assert CANARY not in str(rows).lower()


def test_S75_what_staff_was_declined_is_kept_with_who_asked_for_what_and_what_it_did_is_not_kept_twice(
    cloud: Cloud, log: io.StringIO
) -> None:
    account(cloud)
    lines(log)
    assert declined(cloud, "look_up", "person", person="nadie@example.com") == "person_unknown"
    assert declined(cloud, "act_on_account", "unblock", person="a1") == "not_blocked"
    assert declined(cloud, "look_up", "x" * 900) == "action_unknown"
    done(cloud, "look_up", "person", person="a1")
    cloud.invoke("keep_events", sent_by_the_log([line for line in lines(log) if kept(line)]))
    rows = trail(cloud, "event")
    assert {row["actor"] for row in rows} == {ARN}
    assert [(row["action"], row["act"], row["outcome"], row.get("person")) for row in rows] == [
        ("look_up", "person", "person_unknown", None),
        ("act_on_account", "unblock", "not_blocked", "a1"),
        ("look_up", "x" * 40, "action_unknown", None),
    ]
    assert rows[0]["address"] == observe.masked("nadie@example.com")
    assert "nadie" not in str(rows)
    told = done(cloud, "read_audit", "audit", actor=ARN)["audit"]
    assert {row["outcome"] for row in told} == {"ok", "person_unknown", "not_blocked", "action_unknown"}


def test_S75_what_people_read_of_their_own_is_not_kept() -> None:
    for use_case, route in openapi.routes().items():
        reads = route.method == "GET" and use_case not in {"download", "export_docs", "show_my_data"}
        # A provider's good notice is nobody's doing; what it moved is in the ledger.
        nobodys = route.method == http.ANY or use_case == "take_payment_notice"
        assert route.kept is not (reads or nobodys), use_case


def test_S75_of_requests_what_was_declined_and_what_changes_something_is_kept(cloud: Cloud, log: io.StringIO) -> None:
    account(cloud)
    here = signed_in(cloud)
    lines(log)
    cloud.call("show_me", token=here.token)
    cloud.call("show_my_data", token=here.token)
    cloud.call("show_me", token="x")
    # Else whoever looks for holes would fill the trail.
    cloud.call("not_found", path={"proxy": "wp-login.php"})
    cloud.call("logout", token=here.token)
    said = [(line["action"], line["outcome"]) for line in lines(log) if kept(line)]
    assert said == [("show_my_data", "ok"), ("show_me", "invalid_token"), ("logout", "ok")]


def test_what_is_no_ones_request_goes_round_in_no_circle() -> None:
    """Queues, schedules and the keeper itself say nothing that it would keep."""
    sources = [*sam.ROOT.glob("functions/*/app.py"), *sam.ROOT.glob("layers/shared/miinti/**/*.py")]
    saying = {
        path.parent.name if path.name == "app.py" else path.name for path in sources if "trail=" in path.read_text()
    }
    assert saying == {"http.py", "staff.py", "observe.py", "refresh_session", "relay_outbox"}


def test_S75_a_line_that_belongs_elsewhere_is_left(cloud: Cloud) -> None:
    """The local cloud hands over whatever has the word in it."""
    cloud.invoke("keep_events", sent_by_the_log([{"action": "take_file", "outcome": "taken", "file": "trail.csv"}]))
    assert not cloud.rows("AuditTable")


def test_S75_a_line_that_comes_again_is_one_row_and_none_is_written_over(cloud: Cloud) -> None:
    line = {
        "action": "login",
        "outcome": "invalid_credentials",
        "account": "a1",
        "why": "wrong_password",
        "secret": "x",
        "trail": True,
    }
    sent = sent_by_the_log([line, {**line, "account": "a2"}])
    cloud.invoke("keep_events", sent)
    before = cloud.rows("AuditTable")
    assert {row["person"] for row in before} == {"a1", "a2"}
    assert not [row for row in before if "secret" in row]
    cloud.invoke("keep_events", sent)
    cloud.invoke("keep_events", sent_by_the_log([{**line, "outcome": "ok"}]))
    assert cloud.rows("AuditTable") == before


def test_R02_what_was_cut_short_is_done_by_the_next_try(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("miinti.aws.time.sleep", lambda _: None)
    sent = sent_by_the_log([{"action": "login", "outcome": "ok", "account": f"a{n}", "trail": True} for n in range(3)])
    tries: list[int] = []

    def second_fails(call: Any) -> Any:
        tries.append(1)
        if len(tries) == 2:
            raise RuntimeError
        return call()

    cloud.faults["dynamodb:PutItem"] = second_fails
    with pytest.raises(RuntimeError):
        cloud.invoke("keep_events", sent)
    cloud.faults.clear()
    cloud.invoke("keep_events", sent)
    assert [row["person"] for row in trail(cloud, "event")] == ["a0", "a1", "a2"]


def test_cloudwatchs_own_message_is_no_event(cloud: Cloud) -> None:
    sent = sent_by_the_log([])
    cloud.invoke("keep_events", sent)
    assert not cloud.rows("AuditTable")


def test_S75_requests_pay_nothing_for_it(cloud: Cloud) -> None:
    account(cloud)
    here = signed_in(cloud)
    cloud.call("login", {"email": "ana@example.com", "password": "otra"})
    cloud.call("show_me", token=here.token)
    assert not cloud.rows("AuditTable")


def test_S75_S88_a_contact_that_the_erp_changed_is_kept(cloud: Cloud, log: io.StringIO) -> None:
    first = erp.sample("companies")[0]
    erp.delivered(cloud, "companies.csv", erp.written([first]))
    erp.delivered(cloud, "companies.csv", erp.written([{**first, "email": "otra@empresa.example"}]), erp.NOW + 60)
    lines(log)
    Post(cloud).relay()
    cloud.invoke("keep_events", sent_by_the_log([line for line in lines(log) if kept(line)]))
    (row,) = trail(cloud, "event")
    assert (row["outcome"], row["company"]) == ("contact_changed", f"c-{first['code']}")
    assert row["address"] == observe.masked(first["email"])


@pytest.mark.parametrize("text", ["RequestId: 1 Error: Runtime exited", '{"level": "ERROR"}', "[1]", "7"])
def test_R08_what_is_no_line_of_ours_keeps_no_other_out(cloud: Cloud, clock: time_machine.Traveller, text: str) -> None:
    account(cloud)
    line = {"action": "login", "outcome": "ok", "account": "a1", "level": "INFO", "trail": True}
    sent = sent_by_the_log([line, line, line])
    told = json.loads(gzip.decompress(base64.b64decode(sent["awslogs"]["data"])))
    told["logEvents"][1]["message"] = text
    packed = base64.b64encode(gzip.compress(json.dumps(told).encode())).decode()
    cloud.invoke("keep_events", {"awslogs": {"data": packed}})
    assert len(trail(cloud, "event")) == 2
