"""Lines of the log: one form, whatever a fact is called, and nothing of one request in another's."""

import io
import logging
import threading

import pytest

from miinti import observe
from tests.cloud import lines

RESERVED = sorted({*vars(logging.makeLogRecord({})), "message", "asctime", "taskName"})
OURS = ["action", "outcome", "level", "service", "timestamp", "location"]


@pytest.mark.parametrize("name", [*RESERVED, *OURS])
def test_S74_a_fact_may_have_any_name_and_writes_over_nothing(log: io.StringIO, name: str) -> None:
    facts = {name: "f-1"}
    observe.about(**facts)
    observe.event("login", "ok", **facts)
    observe.forget()
    (line,) = lines(log)
    assert (line["action"], line["outcome"], line["message"], line["level"]) == ("login", "ok", "login", "INFO")
    assert line[f"{name}_"] == "f-1"
    assert line.get(name) != "f-1"


def test_S74_a_line_is_one_line_in_utc_whatever_is_in_it(log: io.StringIO) -> None:
    observe.event("login", "ok", file='a\nb\r\u2028{"x":"y')
    assert log.getvalue().count("\n") == 1
    (line,) = lines(log)
    assert line["file"] == 'a\nb\r\u2028{"x":"y'
    assert line["timestamp"].endswith("+0000")


def test_what_a_request_is_about_stands_in_its_lines_and_in_no_others(log: io.StringIO) -> None:
    observe.about(account="a1", network=None)
    observe.about(target="c-1")
    observe.event("download", "ok")
    aside = threading.Thread(target=lambda: observe.event("login", "ok"))
    aside.start()
    aside.join()
    observe.forget()
    observe.event("login", "ok")
    first, *others = lines(log)
    assert (first["account"], first["target"]) == ("a1", "c-1")
    assert "network" not in first
    assert all("account" not in line and "target" not in line for line in others)
