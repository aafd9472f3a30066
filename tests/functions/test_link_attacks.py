"""An attacker who holds old invoices, several accounts and all the time in the world, against every company route.

T1 and T2: a link is there only for who typed the right three (policy ``open``), or who reads the mail of the address on
file (``proof``), whatever else was tried, in whatever order.
"""

from typing import Any

import pytest
import time_machine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from miinti.companies import access
from tests.cloud import Cloud, moto_cloud
from tests.companies import company, cuit, link, links, person, token

ATTACKERS = ("x1", "x2", "x3")
CUITS = (cuit(100), cuit(200), cuit(300))
# Two companies share a CUIT, two share a number.
COMPANIES = (("client", "10", CUITS[0]), ("client", "11", CUITS[0]), ("supplier", "10", CUITS[1]))
IDS = tuple(access.company_id(role, number) for role, number, _ in COMPANIES)

who = st.sampled_from(ATTACKERS)
triples = st.tuples(
    st.sampled_from(["client", "supplier"]), st.sampled_from(["10", "11", "12", "0010"]), st.sampled_from(CUITS)
)
codes = st.sampled_from(["", "AAAAAA", "ABCDEF", "999999"]) | st.text(max_size=8)
actions = st.one_of(
    st.tuples(st.just("link_company"), who, triples),
    st.tuples(st.just("link_company"), who, triples),
    st.tuples(st.just("confirm_link"), who, st.tuples(st.integers(0, 30), codes)),
    st.tuples(st.just("object_to_link"), who, st.text(max_size=60)),
    st.tuples(st.just("unlink_company"), who, st.sampled_from([*IDS, "c-12", "x"])),
    st.tuples(st.just("list_companies"), who, st.none()),
    st.tuples(st.just("wait"), who, st.integers(1, 3000)),
)


class Siege:
    """The companies, a member of each, and the attackers; what each of them has typed."""

    def __init__(self, cloud: Cloud, clock: Any) -> None:
        self.cloud, self.clock = cloud, clock
        for (role, number, cuit_), company_id in zip(COMPANIES, IDS, strict=True):
            company(role, number, cuit_, email=f"pagos@{company_id}.example")
            link(f"member-{company_id}", company_id)
        for attacker in ATTACKERS:
            person(cloud, attacker)
        self.typed: set[tuple[str, str]] = set()
        self.requests: list[str] = []

    def do(self, action: str, attacker: str, about: Any) -> None:
        if action == "wait":
            self.clock.shift(about)
            return
        request: dict[str, Any] = {"token": token(self.cloud, attacker)}
        if action == "link_company":
            role, number, cuit_ = about
            request["body"] = {"role": role, "number": number, "cuit": cuit_}
            if (role, str(int(number)), cuit_) in COMPANIES:
                self.typed.add((attacker, access.company_id(role, number)))
        elif action == "confirm_link":
            at, code = about
            request_id = self.requests[at % len(self.requests)] if self.requests else "0" * 24
            request |= {"path": {"id": request_id}, "body": {"code": code}}
        elif action == "object_to_link":
            request = {"body": {"token": about}}
        elif action == "unlink_company":
            request["path"] = {"id": about}
        answer = self.cloud.call(action, **request)
        assert answer.status < 500
        if answer.status == 202:
            self.requests.append(answer.json["request_id"])
        if action == "list_companies":
            assert {(attacker, item["id"]) for item in answer.json["items"]} <= self.typed

    def taken(self) -> set[tuple[str, str]]:
        return {key for key in links(self.cloud) if key[0] in ATTACKERS}


@pytest.mark.parametrize("policy", ["open", "proof"])
@settings(max_examples=6, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(actions, min_size=25, max_size=60))
def test_T1_no_link_without_the_right_three_and_none_without_proof(policy: str, steps: list[Any]) -> None:
    with (
        pytest.MonkeyPatch.context() as patch,
        moto_cloud(patch) as cloud,
        time_machine.travel(1_795_000_000, tick=False) as clock,
    ):
        cloud.link_policy = policy
        siege = Siege(cloud, clock)
        for step in steps:
            siege.do(*step)
            if step[0] in {"link_company", "confirm_link"}:
                assert siege.taken() <= (siege.typed if policy == "open" else set())
        members = {(f"member-{company_id}", company_id): "active" for company_id in IDS}
        assert members.items() <= links(cloud).items()


def test_T2_a_spray_over_cuits_and_numbers_gets_five_answers_a_person(cloud: Cloud) -> None:
    # One guess on each of many CUITs: no CUIT's and no number's count is ever high, the person's is.
    for number in range(40):
        company(number=str(20_000 + number), cuit=cuit(1000 + 20 * number))
    with time_machine.travel(1_795_000_000, tick=False):
        attacker = person(cloud, "x1")
        answers = [
            cloud.call(
                "link_company",
                {"role": "client", "cuit": cuit(1000 + 20 * number), "number": str(20_000 + (number * 7 + 3) % 40)},
                token=attacker,
            ).status
            for number in range(40)
        ]
    assert answers == [404] * 5 + [429] * 35
    assert links(cloud) == {}
