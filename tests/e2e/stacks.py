"""A lab for the tests, and a stack of one's own on it for each of them."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqsctl.aws.lab_state import LabState
from sqsctl.aws.session import Session
from sqsctl.lab import template
from sqsctl.model.deployed import QueuePart, StackRef
from sqsctl.model.target import Target
from sqsctl.operations.stacks import deploy, discover


@dataclass(frozen=True)
class DeployedLab:
    """A stack on a running lab."""

    state: LabState
    session: Session
    stack: StackRef

    @property
    def name(self) -> str:
        return self.stack.title

    @property
    def queue(self) -> QueuePart:
        return self.stack.main_queues[0]

    @property
    def dead_letters(self) -> QueuePart:
        return self.stack.dead_letter_queues[0]


@contextmanager
def own_stack(state: LabState, *, time_scale: float = 6.0) -> Iterator[DeployedLab]:
    """The tutorial's stack under a name of its own; deleted at the end."""
    service = f"t{uuid.uuid4().hex[:8]}"
    name = template.stack_name(service)
    target = Target("lab", state.region, state.account, name, state.endpoint)
    session = Session(target, credentials=state.credentials)
    for _ in deploy.deploy(
        session, name, template.render(), template.parameters(time_scale, service=service)
    ):
        pass
    try:
        yield DeployedLab(state, session, discover.from_stack(session, name))
    finally:
        deploy.delete(session, name)
