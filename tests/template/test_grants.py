"""Each role's grants are the calls the function made in the tests, no more and no less (S52).

Runs last, over what tests/grants.py noted; only a whole run has seen every call.
"""

import fnmatch
import re
from typing import Any

import pytest

from tests.grants import USED, Grant
from tests.template import sam


def granted(use_case: str) -> set[Grant]:
    """What the template's statements allow a function, resources as tests/grants.py names them."""
    (resource,) = [one for one in sam.functions().values() if sam.folder(one) == use_case]
    return {
        Grant(action, named(place))
        for policy in resource["Properties"].get("Policies", [])
        for statement in sam.deployed(policy["Statement"])
        for action in listed(statement["Action"])
        for place in listed(statement["Resource"])
    }


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def named(place: Any) -> str:
    if place == "*":
        return "*"
    if isinstance(place, dict) and "Fn::GetAtt" in place:
        attribute = place["Fn::GetAtt"]
        resource, _, part = (".".join(attribute) if isinstance(attribute, list) else attribute).partition(".")
        return f"{resource}/stream" if part == "StreamArn" else resource
    text = str(place["Fn::Sub"] if isinstance(place, dict) else place)
    # The last resource named is the one meant: arn:${AWS::Partition}:ses:…:identity/${SenderIdentity}
    logical, rest = re.findall(r"\$\{(\w+)(?:\.Arn)?\}([^$]*)$", text)[-1]
    return f"{logical}{rest}"


def polled(use_case: str) -> set[Grant]:
    """What Lambda does in the function's role to feed it, where a mapping stands by itself in the template."""
    (logical,) = [name for name, one in sam.functions().items() if sam.folder(one) == use_case]
    found = set()
    for resource in sam.source()["Resources"].values():
        if resource["Type"] == "AWS::Lambda::EventInvokeConfig" and logical in str(
            resource["Properties"]["FunctionName"]
        ):
            failures = resource["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
            found.add(Grant("sqs:SendMessage", named(failures)))
        if resource["Type"] == "AWS::Lambda::EventSourceMapping" and logical in str(
            resource["Properties"]["FunctionName"]
        ):
            source = named(resource["Properties"]["EventSourceArn"])
            if source.endswith("/stream"):
                verbs = ("DescribeStream", "GetRecords", "GetShardIterator")
                found |= {Grant(f"dynamodb:{verb}", source) for verb in verbs}
                found.add(Grant("dynamodb:ListStreams", f"{source}/*"))
                failures = resource["Properties"]["DestinationConfig"]["OnFailure"]["Destination"]
                found.add(Grant("sqs:SendMessage", named(failures)))
            else:
                verbs = ("DeleteMessage", "GetQueueAttributes", "ReceiveMessage")
                found |= {Grant(f"sqs:{verb}", source) for verb in verbs}
    return found


def needed(use_case: str) -> set[Grant]:
    return set(USED[use_case]) | polled(use_case)


def missing(use_case: str) -> list[str]:
    allowed = granted(use_case)
    return sorted(
        f"{call.action} on {call.resource} ({USED[use_case].get(call, 'Lambda itself')})"
        for call in needed(use_case)
        if not any(one.action == call.action and fnmatch.fnmatchcase(call.resource, one.resource) for one in allowed)
    )


def unused(use_case: str) -> list[str]:
    return sorted(
        f"{one.action} on {one.resource}"
        for one in granted(use_case)
        if not any(
            one.action == call.action and fnmatch.fnmatchcase(call.resource, one.resource) for call in needed(use_case)
        )
    )


@pytest.mark.usefixtures("whole_run")
def test_S52_each_roles_grants_are_the_calls_it_made() -> None:
    wrong = []
    for use_case in sorted(sam.folder(resource) for resource in sam.functions().values()):
        wrong += [f"{use_case} lacks {grant}" for grant in missing(use_case)]
        wrong += [f"{use_case} never uses {grant}" for grant in unused(use_case)]
    assert not wrong, "template.yaml and the tests disagree:\n" + "\n".join(wrong)


def test_a_grant_is_told_by_resource_and_what_follows_it() -> None:
    assert named({"Fn::GetAtt": ["IdentityTable", "Arn"]}) == "IdentityTable"
    assert named({"Fn::Sub": "${CompaniesTable.Arn}/index/members"}) == "CompaniesTable/index/members"
    assert named({"Fn::Sub": "${Bucket.Arn}/documents/*"}) == "Bucket/documents/*"
    assert (
        named({"Fn::Sub": "arn:${AWS::Partition}:ses:x:${AWS::AccountId}:identity/${SenderIdentity}"})
        == "SenderIdentity"
    )
