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
        for statement in policy["Statement"]
        for action in listed(statement["Action"])
        for place in listed(statement["Resource"])
    }


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def named(place: Any) -> str:
    if isinstance(place, dict) and "Fn::GetAtt" in place:
        attribute = place["Fn::GetAtt"]
        return str(attribute[0] if isinstance(attribute, list) else attribute.split(".")[0])
    text = str(place["Fn::Sub"] if isinstance(place, dict) else place)
    # The last resource named is the one meant: arn:${AWS::Partition}:ses:…:identity/${SenderIdentity}
    logical, rest = re.findall(r"\$\{(\w+)(?:\.Arn)?\}([^$]*)$", text)[-1]
    return f"{logical}{rest}"


def missing(use_case: str) -> list[str]:
    allowed = granted(use_case)
    return sorted(
        f"{call.action} on {call.resource}"
        for call in USED[use_case]
        if not any(one.action == call.action and fnmatch.fnmatchcase(call.resource, one.resource) for one in allowed)
    )


def unused(use_case: str) -> list[str]:
    return sorted(
        f"{one.action} on {one.resource}"
        for one in granted(use_case)
        if not any(
            one.action == call.action and fnmatch.fnmatchcase(call.resource, one.resource) for call in USED[use_case]
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
