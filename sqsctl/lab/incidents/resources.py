"""Changes to what lies around the functions: queues, the mapping, the role, the API's permission.

The same kind of change as in ``changes``; see there.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from sqsctl.aws.translate import translated
from sqsctl.errors import Exit, SqsctlError
from sqsctl.lab.incidents.bench import Bench, unfit
from sqsctl.lab.incidents.changes import Change, Value


@dataclass(frozen=True)
class QueueAttribute(Change):
    """One attribute of a queue; an empty value removes it."""

    queue: str
    attribute: str
    value: str

    @property
    def key(self) -> str:  # type: ignore[override]
        return f"queue:{self.queue}:{self.attribute}"

    def read(self, bench: Bench) -> Value:
        return bench.attributes(self.queue).get(self.attribute, "")

    def write(self, bench: Bench, value: Value) -> None:
        attributes: dict[Any, str] = {self.attribute: str(value)}
        with translated(f"queue {self.queue}"):
            bench.aws.sqs().set_queue_attributes(
                QueueUrl=bench.queue(self.queue), Attributes=attributes
            )


@dataclass(frozen=True)
class MappingField(Change):
    """One field of the event source mapping; ``Enabled`` is read from its State."""

    field: str
    value: Value

    @property
    def key(self) -> str:  # type: ignore[override]
        return f"mapping:{self.field}"

    def read(self, bench: Bench) -> Value:
        with translated("event source mapping"):
            found = dict(bench.aws.functions().get_event_source_mapping(UUID=bench.mapping))
        if self.field == "Enabled":
            return found.get("State") in {"Enabled", "Enabling", "Creating"}
        return found.get(self.field)

    def fits(self, bench: Bench) -> None:
        if self.field == "MaximumBatchingWindowInSeconds" and bench.fifo:
            raise unfit(f"{bench.queue_name} is FIFO: its mapping has no batching window")
        self.read(bench)

    def write(self, bench: Bench, value: Value) -> None:
        update: dict[str, Any] = {self.field: value}
        with translated("event source mapping"):
            bench.aws.functions().update_event_source_mapping(UUID=bench.mapping, **update)


@dataclass(frozen=True)
class Redrive(Change):
    """The queue's maxReceiveCount, within its RedrivePolicy."""

    value: int

    @property
    def key(self) -> str:  # type: ignore[override]
        return "queue:queue:RedrivePolicy"

    def read(self, bench: Bench) -> Value:
        return bench.attributes("queue").get("RedrivePolicy", "")

    def fits(self, bench: Bench) -> None:
        bench.queue("dlq")

    def broken(self, bench: Bench, value: Value) -> Value:  # noqa: ARG002 - the policy is enough
        if not value:
            return value  # another incident took the policy away
        return json.dumps({**json.loads(value), "maxReceiveCount": self.value})

    def write(self, bench: Bench, value: Value) -> None:
        QueueAttribute("queue", "RedrivePolicy", "").write(bench, value)


@dataclass(frozen=True)
class RoleAction(Change):
    """What the functions' role may do with the queue.

    Without ``on`` the action is taken away; with it, the action is allowed as well on the
    queue whose name has that ending.
    """

    action: str
    on: str = ""

    @property
    def key(self) -> str:  # type: ignore[override]
        return "role"

    def read(self, bench: Bench) -> Value:
        """The inline policies, by name."""
        role = bench.role("producer")
        iam = bench.aws.iam()
        with translated(f"role {role}"):
            names = iam.list_role_policies(RoleName=role)["PolicyNames"]
            return {
                name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
                for name in names
            }

    def broken(self, bench: Bench, value: Value) -> Value:
        if not self.on:
            return {name: self._without_action(document) for name, document in value.items()}
        first = next(iter(value), "sqsctl-incident")
        added = {
            "Effect": "Allow",
            "Action": self.action,
            "Resource": bench.queue_arn("queue") + self.on,
        }
        document = value.get(first) or {"Version": "2012-10-17", "Statement": []}
        return {**value, first: {**document, "Statement": [*document["Statement"], added]}}

    def fits(self, bench: Bench) -> None:
        if not self.on and self.broken(bench, value := self.read(bench)) == value:
            raise unfit(
                f"no inline policy of {bench.role('producer')} allows {self.action} by its name"
            )

    def write(self, bench: Bench, value: Value) -> None:
        role = bench.role("producer")
        with translated(f"role {role}"):
            for name in set(self.read(bench)) - set(value):
                bench.aws.iam().delete_role_policy(RoleName=role, PolicyName=name)
            for name, document in value.items():
                bench.aws.iam().put_role_policy(
                    RoleName=role, PolicyName=name, PolicyDocument=json.dumps(document)
                )

    def _without_action(self, document: dict[str, Any]) -> dict[str, Any]:
        left = []
        statements = document["Statement"]
        for statement in statements if isinstance(statements, list) else [statements]:
            actions = statement.get("Action", [])
            if not actions or statement.get("Effect") != "Allow":
                left.append(statement)
                continue
            listed = [actions] if isinstance(actions, str) else list(actions)
            kept = [each for each in listed if each != self.action]
            if kept:
                left.append({**statement, "Action": kept})
        return {**document, "Statement": left}


@dataclass(frozen=True)
class ApiPermission(Change):
    """The statement that lets the HTTP API call a function; the change takes it away."""

    function: str

    @property
    def key(self) -> str:  # type: ignore[override]
        return f"permission:{self.function}"

    def read(self, bench: Bench) -> Value:
        try:
            with translated(f"policy of {self.function}"):
                answer = bench.aws.functions().get_policy(
                    FunctionName=bench.function(self.function)
                )
        except SqsctlError as error:
            if error.exit is Exit.NOT_FOUND:
                return []
            raise
        return [
            each
            for each in json.loads(answer["Policy"])["Statement"]
            if each.get("Principal") == {"Service": "apigateway.amazonaws.com"}
        ]

    def fits(self, bench: Bench) -> None:
        if not self.read(bench):
            raise unfit(f"no HTTP API may call {bench.function(self.function)}")

    def broken(self, bench: Bench, value: Value) -> Value:  # noqa: ARG002 - all of them
        return []

    def write(self, bench: Bench, value: Value) -> None:
        functions, name = bench.aws.functions(), bench.function(self.function)
        with translated(f"policy of {self.function}"):
            for statement in self.read(bench):
                functions.remove_permission(FunctionName=name, StatementId=statement["Sid"])
            for statement in value:
                condition = (statement.get("Condition") or {}).get("ArnLike") or {}
                source = condition.get("AWS:SourceArn")
                functions.add_permission(
                    FunctionName=name,
                    StatementId=statement["Sid"],
                    Action=statement["Action"],
                    Principal=statement["Principal"]["Service"],
                    **({"SourceArn": source} if source else {}),
                )


@dataclass(frozen=True)
class AccountLimit(Change):
    """How many executions the account may have at once: a quota, set on the lab itself."""

    value: int

    @property
    def key(self) -> str:  # type: ignore[override]
        return "account-limit"

    def read(self, bench: Bench) -> Value:
        return bench.control("concurrency")["limit"]

    def write(self, bench: Bench, value: Value) -> None:
        bench.control("concurrency", {"limit": value})
