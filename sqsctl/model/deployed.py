"""CloudFormation's view of a stack: what it holds, and what happens while it is deployed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqsctl.model.queues import QueueRef
from sqsctl.model.stack import MadeBy
from sqsctl.model.unread import Unread

STACK_TYPE = "AWS::CloudFormation::Stack"
UNCHANGED = "UNCHANGED"

_UNQUALIFIED = re.compile(
    r"^(?:\d{12}:function:)?(?P<name>arn:[\w-]+:lambda:[\w-]*:\d*:function:[\w-]+|[\w-]+)"
    r"(?::[\w$-]+)?$"
)


@dataclass(frozen=True, slots=True)
class DeployedStack:
    """A stack as DescribeStacks returns it. ``status`` is CloudFormation's own word.

    ``change_set`` is the ARN of the change set that made or changed it last.
    """

    name: str
    arn: str
    status: str
    status_reason: str = ""
    description: str = ""
    created_at: datetime | None = None
    updated_at: datetime | None = None
    outputs: Mapping[str, str] = field(default_factory=dict)
    output_descriptions: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    tags: Mapping[str, str] = field(default_factory=dict)
    parent_arn: str | None = None
    change_set: str = ""

    @property
    def account(self) -> str | None:
        """The account, from the stack's ARN."""
        parts = self.arn.split(":")
        return parts[4] if len(parts) > 5 and parts[4] else None

    @property
    def busy(self) -> bool:
        """Whether CloudFormation is changing it at this moment."""
        return self.status.endswith("_IN_PROGRESS") and self.status != "REVIEW_IN_PROGRESS"


@dataclass(frozen=True, slots=True)
class StackResource:
    """One resource (ListStackResources). ``physical_id`` is empty until it exists.

    ``stack_name`` is the stack that holds it: a nested one for a nested resource.
    """

    logical_id: str
    type: str
    physical_id: str
    status: str = ""
    stack_name: str = ""


@dataclass(frozen=True, slots=True)
class DeployEvent:
    """Something that happened to a resource while its stack was deployed.

    The stack itself is a resource too (``type`` is STACK_TYPE). The last event of a
    deploy is the stack's own: CREATE_COMPLETE, UPDATE_COMPLETE, or UNCHANGED where the
    template held nothing new.
    """

    stack: str
    logical_id: str
    type: str
    status: str
    reason: str = ""
    physical_id: str = ""
    at: datetime | None = None
    id: str = ""

    @property
    def failed(self) -> bool:
        return self.status.endswith("_FAILED")


@dataclass(frozen=True, slots=True)
class QueuePart:
    """A queue of a stack.

    ``dead_letter_target_arn`` is where it dead-letters to; ``dead_letter_for`` are the ARNs
    of the queues that dead-letter to this one. Both are empty where the attributes could
    not be read; ``role_known`` then is False, and ``dead_letter_queue`` goes by the name.
    """

    name: str
    url: str
    arn: str
    logical_id: str | None = None
    dead_letter_target_arn: str | None = None
    dead_letter_for: tuple[str, ...] = ()
    role_known: bool = True

    @property
    def ref(self) -> QueueRef:
        return QueueRef(self.name, self.url, self.arn)

    @property
    def dead_letter_queue(self) -> bool:
        if self.dead_letter_for:
            return True
        if self.dead_letter_target_arn:
            return False
        stem = self.name.removesuffix(".fifo").lower()
        return stem.endswith(("dlq", "dead-letter", "deadletter", "dead-letters"))


@dataclass(frozen=True, slots=True)
class FunctionPart:
    """A function of a stack; ``qualifier`` where it is reached through an alias or version."""

    name: str
    arn: str
    logical_id: str | None = None
    qualifier: str | None = None


@dataclass(frozen=True, slots=True)
class ApiPart:
    """An API of a stack: ``kind`` is http, rest or url (then ``id`` is the function's name)."""

    id: str
    kind: str
    logical_id: str | None = None


@dataclass(frozen=True, slots=True)
class ServicePart:
    """A part of a stack that may have a dead-letter queue of its own.

    ``reference`` is CloudFormation's physical id: a rule's name (``bus|name`` off the default
    bus), a subscription's ARN, a schedule's or pipe's name; of ``async`` (how functions are
    invoked asynchronously) it says nothing.
    """

    kind: Literal["rule", "subscription", "schedule", "pipe", "async"]
    reference: str


@dataclass(frozen=True, slots=True)
class StackRef:
    """The parts of a stack by name and ARN: what every command on it starts from.

    ``stack_name`` is None where no CloudFormation stack is known (Terraform, by hand):
    ``title`` names it then. ``mapping_ids`` are the UUIDs that CloudFormation knows;
    observing finds the others.
    """

    region: str
    stack_name: str | None = None
    account: str | None = None
    queues: tuple[QueuePart, ...] = ()
    functions: tuple[FunctionPart, ...] = ()
    mapping_ids: tuple[tuple[str, str | None], ...] = ()
    apis: tuple[ApiPart, ...] = ()
    services: tuple[ServicePart, ...] = ()
    log_groups: tuple[str, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
    # Set where parts may be missing here, because what lists them could not be read.
    unread: tuple[Unread, ...] = ()
    # Without CloudFormation: what would have led to producers and ways in, and could not be read.
    untold: tuple[Unread, ...] = ()
    # What the search began with, where it was no stack.
    origin: str | None = None
    made_by: MadeBy = ""

    @property
    def title(self) -> str:
        """The stack's name, else what was named, else the first queue's or function's."""
        if self.stack_name or self.origin:
            return self.stack_name or self.origin or ""
        parts = [each.name for each in self.main_queues or self.queues]
        parts += [each.name for each in self.functions]
        return parts[0] if parts else "(nothing)"

    @property
    def main_queues(self) -> tuple[QueuePart, ...]:
        """The queues that are no dead-letter queue."""
        return tuple(each for each in self.queues if not each.dead_letter_queue)

    @property
    def dead_letter_queues(self) -> tuple[QueuePart, ...]:
        return tuple(each for each in self.queues if each.dead_letter_queue)

    def queue(self, name: str) -> QueuePart | None:
        """The queue with this name, URL, ARN or logical id."""
        return next(
            (
                each
                for each in self.queues
                if name in {each.name, each.url, each.arn, each.logical_id}
            ),
            None,
        )

    def dead_letter_queue_of(self, queue: QueuePart) -> QueuePart | None:
        """Where a queue dead-letters to, if that is part of the stack."""
        target = queue.dead_letter_target_arn
        return next((each for each in self.queues if target and each.arn == target), None)

    def function(self, name: str) -> FunctionPart | None:
        """The function with this name, ARN, logical id, or short name (``producer``).

        The short name is what stands behind the stack's name in Serverless's naming. An alias
        or version behind the name or ARN is no part of it.
        """
        name = _UNQUALIFIED.sub(r"\g<name>", name)
        for each in self.functions:
            if name in {each.name, each.arn, each.logical_id}:
                return each
        ends = [each for each in self.functions if each.name.endswith(f"-{name}")]
        return ends[0] if len(ends) == 1 else None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A public way in: ``POST`` and its full URL; ``function`` is the function's name."""

    method: str
    url: str
    function: str | None = None


@dataclass(frozen=True, slots=True)
class DeployedFunction:
    """``key`` is the short name in the project, ``code_size_bytes`` the zip's size."""

    key: str
    name: str
    code_size_bytes: int | None = None
    runtime: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoints:
    """What ``serverless deploy`` prints at its end."""

    stack: str
    region: str
    endpoints: tuple[Endpoint, ...] = ()
    functions: tuple[DeployedFunction, ...] = ()
    queues: tuple[QueuePart, ...] = ()
    outputs: Mapping[str, str] = field(default_factory=dict)
