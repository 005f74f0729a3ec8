"""What a template's own policies let a role do, decided without IAM.

Identity policies alone, as SimulatePrincipalPolicy takes them: an explicit deny first, then an
allow. Where a policy is not in the template, or a statement has a condition, nobody can say.
Source: IAM user guide, "Policy evaluation logic", "IAM JSON policy elements: Action, NotAction,
Resource, NotResource".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any, Literal

from sqsctl.operations.packaged.intrinsics import UNKNOWN, Resolver
from sqsctl.operations.packaged.packaged_stack import Resource

Decision = Literal["allowed", "explicitDeny", "implicitDeny"]

_LOGS = ("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents")
_CONSUME = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
# AWS's own policies that functions have, by the end of their ARN.
_MANAGED: Mapping[str, tuple[str, ...]] = {
    "AWSLambdaBasicExecutionRole": _LOGS,
    "AWSLambdaSQSQueueExecutionRole": (*_LOGS, *_CONSUME),
    "AWSLambdaVPCAccessExecutionRole": (*_LOGS, "ec2:*NetworkInterface*"),
    "AmazonSQSFullAccess": ("sqs:*",),
    "AWSXRayDaemonWriteAccess": ("xray:*",),
    "AWSXrayWriteOnlyAccess": ("xray:*",),
    "AdministratorAccess": ("*",),
}


class RolePolicies:
    """The statements of each role of a template, by the role's ARN."""

    def __init__(self, resources: Mapping[str, Resource], resolver: Resolver) -> None:
        self._statements: dict[str, list[Any]] = {}
        self._uncertain: set[str] = set()
        names: dict[str, str] = {}
        for key, each in resources.items():
            if each.get("Type") == "AWS::IAM::Role":
                arn = resolver.arn(key)
                names[resolver.physical(key)] = arn
                self._statements[arn] = []
                self._role(arn, resolver.properties(each))
        for each in resources.values():
            if each.get("Type") in {"AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"}:
                said = resolver.properties(each)
                roles = [str(role) for role in _listed(said.get("Roles"))]
                for role in (name for name in roles if name in names):
                    self._add(names[role], said.get("PolicyDocument"))

    def decision(self, role_arn: str, action: str, resource: str) -> Decision | None:
        """The decision; None where the template alone does not say."""
        if role_arn not in self._statements:
            return None
        found: Decision = "implicitDeny"
        for each in self._statements[role_arn]:
            applies = _applies(each, action, resource)
            if applies is None:
                return None
            if applies:
                if each.get("Effect") == "Deny":
                    return "explicitDeny"
                found = "allowed"
        if found == "implicitDeny" and role_arn in self._uncertain:
            return None
        return found

    def _role(self, arn: str, said: Mapping[str, Any]) -> None:
        for policy in _listed(said.get("Policies")):
            self._add(arn, policy.get("PolicyDocument") if isinstance(policy, Mapping) else UNKNOWN)
        for managed in _listed(said.get("ManagedPolicyArns")):
            actions = _MANAGED.get(str(managed).rpartition("/")[2])
            if actions is None:
                self._uncertain.add(arn)
            else:
                self._statements[arn].append(
                    {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
                )
        if said.get("PermissionsBoundary"):
            self._uncertain.add(arn)

    def _add(self, arn: str, document: Any) -> None:
        if not isinstance(document, Mapping):
            self._uncertain.add(arn)
            return
        for each in _listed(document.get("Statement")):
            if isinstance(each, Mapping):
                self._statements[arn].append(each)
            else:
                self._uncertain.add(arn)


def _applies(statement: Mapping[str, Any], action: str, resource: str) -> bool | None:
    """Whether a statement is about this; None where it could be."""
    acts = _matches(statement.get("Action"), action, fold=True)
    if "NotAction" in statement:
        acts = _opposite(_matches(statement["NotAction"], action, fold=True))
    on = _matches(statement.get("Resource"), resource)
    if "NotResource" in statement:
        on = _opposite(_matches(statement["NotResource"], resource))
    if acts is False or on is False:
        return False
    if acts is None or on is None or statement.get("Condition"):
        return None
    return True


def _matches(patterns: Any, text: str, *, fold: bool = False) -> bool | None:
    listed = _listed(patterns)
    if any(isinstance(each, str) and _pattern(each, fold).fullmatch(text) for each in listed):
        return True
    return None if any(not isinstance(each, str) for each in listed) else False


def _opposite(value: bool | None) -> bool | None:
    return None if value is None else not value


def _listed(value: Any) -> Iterable[Any]:
    if value is None:
        return ()
    return value if isinstance(value, list) else (value,)


@cache
def _pattern(text: str, fold: bool) -> re.Pattern[str]:
    parts = (".*" if each == "*" else "." if each == "?" else re.escape(each) for each in text)
    return re.compile("".join(parts), re.DOTALL | (re.IGNORECASE if fold else 0))
