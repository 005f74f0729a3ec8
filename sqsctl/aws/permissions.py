"""What a role may do, by IAM's own simulation.

Only identity policies are simulated: a queue's or a key's own policy, service control
policies apart, can still say otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal, cast

from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered
from sqsctl.model.stack import Permission

_ASSUMED = re.compile(
    r"arn:(?P<partition>[\w-]+):sts::(?P<account>\d+):assumed-role/(?P<name>[^/]+)"
)
_DECISIONS = {"allowed", "explicitDeny", "implicitDeny"}


class PermissionReader:
    """Asks IAM, which is global and has one endpoint."""

    def __init__(self, session: Session) -> None:
        self.session = session

    def simulate(
        self, role_arn: str, actions: Sequence[str], resource: str, *, function: str = ""
    ) -> tuple[Permission, ...]:
        """The decision on each action for one resource (SimulatePrincipalPolicy)."""
        role = role_of(role_arn)
        client: Any = self.session.iam()
        with offered(f"permissions of {role.rpartition('/')[2]}"):
            answer = client.simulate_principal_policy(
                PolicySourceArn=role, ActionNames=list(actions), ResourceArns=[resource]
            )
        return tuple(
            Permission(function, role, each.get("EvalActionName", ""), resource, _decision(each))
            for each in answer.get("EvaluationResults") or ()
        )


def role_of(arn: str) -> str:
    """The role behind an assumed-role ARN; a role's own ARN stays as it is.

    A role with a path cannot be told from its session's ARN: IAM then says so itself.
    """
    match = _ASSUMED.match(arn)
    if not match:
        return arn
    return f"arn:{match['partition']}:iam::{match['account']}:role/{match['name']}"


def _decision(shape: Any) -> Literal["allowed", "explicitDeny", "implicitDeny"]:
    """The decision for the resource where there is one, else for the action."""
    specific = shape.get("ResourceSpecificResults") or ()
    decision = (
        specific[0].get("EvalResourceDecision") if specific else shape.get("EvalDecision")
    ) or ""
    found = decision if decision in _DECISIONS else "implicitDeny"
    return cast('Literal["allowed", "explicitDeny", "implicitDeny"]', found)
