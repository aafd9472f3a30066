"""Log → audit trail: what concerns the security of accounts becomes a row, once, and nothing else does (S75)."""

import base64
import gzip
import io
import json
import re
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

PATTERN = sam.deployed(sam.source()["Resources"]["EventsToKeep"]["Properties"]["FilterPattern"])


def kept(line: dict[str, Any]) -> bool:
    """CloudWatch's filter pattern, as far as this one uses it: && and || of fields that are there, that equal a text
    or that do not, ``*`` at its end; a field that is not there is unlike any text."""

    def field(found: re.Match[str]) -> str:
        name, unlike, text = found[1], found[2] == "!=", found[3]
        if text is None:
            return str(name in line)
        fits = bool(re.fullmatch(text.replace("*", ".*"), str(line.get(name, ""))))
        return str(fits is not unlike)

    words = re.sub(r'\$\.(\w+) (!?=) (?:"([\w*]+)"|\*)', field, PATTERN.strip("{} "))
    assert re.fullmatch(r"(?:True|False|&&|\|\||[() ])+", words), words
    return bool(eval(words.replace("&&", "and").replace("||", "or")))  # noqa: S307 - of five words alone


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
        ok = {"action": use_case, "outcome": "ok", "network": "0" * 12}
        reads = route.method == "GET" and use_case not in {"download", "export_docs", "show_my_data"}
        # A provider's good notice is nobody's doing; what it moved is in the ledger.
        nobodys = route.method == http.ANY or use_case == "take_payment_notice"
        assert kept(ok) is not (reads or nobodys), use_case
        if route.method != http.ANY:
            assert kept({**ok, "outcome": "invalid_token"}), use_case


def test_S75_addresses_that_are_none_of_ours_are_not_kept() -> None:
    """Else whoever looks for holes would fill the trail."""
    assert not kept({"action": "not_found", "outcome": "not_found", "network": "0" * 12})


@pytest.mark.parametrize("action", ["keep_events", "send_mail", "take_file", "look_up", "relay_outbox"])
def test_the_keepers_own_lines_and_those_of_queues_go_round_in_no_circle(action: str) -> None:
    assert not kept({"action": action, "outcome": "ok"})
    assert not kept({"level": "ERROR", "outcome": "retried"})


def test_S75_a_line_that_comes_again_is_one_row_and_none_is_written_over(cloud: Cloud) -> None:
    line = {
        "action": "login",
        "outcome": "invalid_credentials",
        "account": "a1",
        "why": "wrong_password",
        "secret": "x",
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
    sent = sent_by_the_log([{"action": "login", "outcome": "ok", "account": f"a{n}"} for n in range(3)])
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
    line = {"action": "login", "outcome": "ok", "account": "a1", "level": "INFO"}
    sent = sent_by_the_log([line, line, line])
    told = json.loads(gzip.decompress(base64.b64decode(sent["awslogs"]["data"])))
    told["logEvents"][1]["message"] = text
    packed = base64.b64encode(gzip.compress(json.dumps(told).encode())).decode()
    cloud.invoke("keep_events", {"awslogs": {"data": packed}})
    assert len(trail(cloud, "event")) == 2
