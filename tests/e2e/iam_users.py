"""Users of the lab with one policy each, and policies with an action less."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.e2e.stacks import DeployedLab

# A policy has a statement at least; this one allows nothing.
_NOTHING = [{"Effect": "Deny", "Action": ["sts:AssumeRole"], "Resource": "*"}]


@dataclass
class User:
    """Somebody on the lab who has one policy."""

    lab: DeployedLab
    name: str
    key: str
    secret: str

    def grant(self, document: dict[str, Any]) -> None:
        """Replace the user's policy."""
        self.lab.session.iam().put_user_policy(
            UserName=self.name, PolicyName="own", PolicyDocument=json.dumps(document)
        )


@contextmanager
def somebody(lab: DeployedLab) -> Iterator[User]:
    """A user who may do nothing yet; removed at the end."""
    iam = lab.session.iam()
    name = f"u{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    user = User(lab, name, key["AccessKeyId"], key["SecretAccessKey"])
    user.grant({"Version": "2012-10-17", "Statement": _NOTHING})
    try:
        yield user
    finally:
        iam.delete_user_policy(UserName=name, PolicyName="own")
        iam.delete_access_key(UserName=name, AccessKeyId=user.key)
        iam.delete_user(UserName=name)


def without(document: dict[str, Any], action: str) -> dict[str, Any]:
    """The policy with one action taken out of it."""
    left = []
    for statement in document["Statement"]:
        actions = [each for each in statement["Action"] if each != action]
        if actions:
            left.append({**statement, "Action": actions})
    return {**document, "Statement": left or _NOTHING}


def actions_of(document: dict[str, Any]) -> tuple[str, ...]:
    """Every action that a policy allows."""
    return tuple(sorted({action for each in document["Statement"] for action in each["Action"]}))
