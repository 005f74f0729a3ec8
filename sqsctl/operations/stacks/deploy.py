"""Deploy a CloudFormation template through a change set, as events while it happens.

The same path for the lab and for AWS. A template that holds nothing new is a success. A
stack that sqsctl did not create is left alone unless the caller says otherwise; a failed
deploy is waited for until CloudFormation has rolled it back, then raised with the
reasons of the resources that failed.
"""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from sqsctl.aws.stacks import NO_CHANGES, StackClient
from sqsctl.errors import Exit, RefusedError, SqsctlError, UsageError
from sqsctl.model.deployed import (
    STACK_TYPE,
    UNCHANGED,
    DeployedStack,
    DeployEvent,
    Endpoints,
    StackRef,
)

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

CREATED_BY: Mapping[str, str] = {"sqsctl:created-by": "sqsctl"}
CAPABILITIES = ("CAPABILITY_IAM", "CAPABILITY_NAMED_IAM", "CAPABILITY_AUTO_EXPAND")
TIMEOUT_S = 1_800.0

_POLL_REMOTE_S = 2.0
_POLL_LOCAL_S = 0.1
# What CloudFormation writes on resources that only fell with another one.
_FALLEN_WITH = ("creation cancelled", "update cancelled", "The following resource(s) failed")


class _Clock(NamedTuple):
    sleep: Callable[[float], None]
    now: Callable[[], float]
    poll_s: float
    deadline: float

    def wait(self, stack: str) -> None:
        if self.now() >= self.deadline:
            raise SqsctlError(
                f"stack {stack} did not settle in time; CloudFormation goes on with it",
                hint=f"`aws cloudformation describe-stack-events --stack-name {stack}`",
                exit=Exit.UNAVAILABLE,
                code="deploy_timeout",
            )
        self.sleep(self.poll_s)


def deploy(
    session: Session,
    stack_name: str,
    template_body: str,
    parameters: Mapping[str, str] | None = None,
    capabilities: Sequence[str] = CAPABILITIES,
    *,
    template_url: str | None = None,
    yes: bool = False,
    dry_run: bool = False,
    timeout_s: float = TIMEOUT_S,
    poll_s: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> Iterator[DeployEvent]:
    """Create or update a stack; yield what happens to each resource.

    The last event is the stack's own (CREATE_COMPLETE, UPDATE_COMPLETE, UNCHANGED). With
    ``dry_run`` nothing is carried out: the events are the changes (ADD, MODIFY, REMOVE).
    ``yes`` allows a stack that sqsctl did not create. ``template_url`` is where the same template
    lies in a bucket, where it is too long for a request. Raises RefusedError for such a
    one without it, SqsctlError with the failed resources' reasons, and leaves nothing of
    its own behind where it fails before the change set is executed.
    """
    client = StackClient(session)
    interval = poll_s if poll_s is not None else _interval(session)
    clock = _Clock(sleep, now, interval, now() + timeout_s)
    existing = client.find(stack_name)
    _refuse_foreign(existing, stack_name, yes=yes or dry_run)
    if existing is not None:
        existing = _settled(client, existing, clock, dry_run=dry_run)
    create = existing is None or existing.status == "REVIEW_IN_PROGRESS"
    given = dict(parameters or {})
    kept = {} if existing is None or create else dict(existing.parameters)
    if kept:
        kept = _still_declared(kept, given, template_body)
    change_set = client.create_change_set(
        stack_name,
        f"sqsctl-{uuid.uuid4().hex[:16]}",
        create=create,
        template=template_body,
        template_url=template_url,
        parameters={**dict.fromkeys(kept), **given},
        capabilities=capabilities,
        tags=CREATED_BY if create else {},
    )
    executed = False
    try:
        if not _prepared(client, change_set, stack_name, clock):
            yield DeployEvent(stack_name, stack_name, STACK_TYPE, UNCHANGED)
            return
        if dry_run:
            yield from client.changes(change_set)
            return
        seen = frozenset(event.id for event in client.events(stack_name, pages=1))
        client.execute(change_set, uuid.uuid4().hex)
        executed = True
    finally:
        if not executed:
            _discard(client, change_set, stack_name, created=create and existing is None)
    yield from _followed(client, stack_name, seen, clock)


def delete(
    session: Session,
    stack_name: str,
    *,
    yes: bool = False,
    timeout_s: float = TIMEOUT_S,
    poll_s: float | None = None,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> bool:
    """Delete a stack and wait until it is gone; False where there was none."""
    client = StackClient(session)
    clock = _Clock(
        sleep, now, poll_s if poll_s is not None else _interval(session), now() + timeout_s
    )
    existing = client.find(stack_name)
    if existing is None:
        return False
    _refuse_foreign(existing, stack_name, yes=yes)
    _delete(client, existing, clock)
    return True


def endpoints(session: Session, stack: str | StackRef) -> Endpoints:
    """What ``serverless deploy`` prints: ways in, functions with sizes, queues."""
    from sqsctl.operations.stacks.stack_outputs import endpoints as read

    return read(session, stack)


def _interval(session: Session) -> float:
    return _POLL_LOCAL_S if session.target.endpoint else _POLL_REMOTE_S


def _refuse_foreign(existing: DeployedStack | None, name: str, *, yes: bool) -> None:
    if existing is None or yes or existing.tags.items() >= CREATED_BY.items():
        return
    raise RefusedError(
        f"stack {name} exists, and sqsctl did not create it",
        hint="choose another name, or `again --yes` changes it",
        code="stack_not_ours",
    )


def _settled(
    client: StackClient, stack: DeployedStack, clock: _Clock, *, dry_run: bool
) -> DeployedStack | None:
    """The stack as one that can be deployed to; None where its remains were deleted."""
    if stack.busy:
        raise SqsctlError(
            f"stack {stack.name} is being changed at this moment ({stack.status})",
            hint="wait until CloudFormation is done, then `again`",
            exit=Exit.UNAVAILABLE,
            code="stack_busy",
        )
    if stack.status == "ROLLBACK_COMPLETE":  # a first deploy that failed: nothing is in it
        if not dry_run:
            _delete(client, stack, clock)
        return None
    if stack.status in {
        "ROLLBACK_FAILED",
        "DELETE_FAILED",
        "UPDATE_ROLLBACK_FAILED",
        "CREATE_FAILED",
    }:
        command = (
            "continue-update-rollback"
            if stack.status == "UPDATE_ROLLBACK_FAILED"
            else "delete-stack"
        )
        raise SqsctlError(
            f"stack {stack.name} is stuck in {stack.status}"
            + (f": {stack.status_reason}" if stack.status_reason else ""),
            hint=f"`aws cloudformation {command} --stack-name {stack.name}`",
            code="stack_stuck",
        )
    return stack


def _delete(client: StackClient, stack: DeployedStack, clock: _Clock) -> None:
    client.delete(stack.name)
    while (now := client.find(stack.arn or stack.name)) is not None:
        if now.status == "DELETE_FAILED":
            raise SqsctlError(
                f"stack {stack.name} could not be deleted: {now.status_reason}",
                hint=f"`aws cloudformation describe-stack-events --stack-name {stack.name}`",
                code="delete_failed",
            )
        clock.wait(stack.name)


def _still_declared(
    kept: Mapping[str, str], given: Mapping[str, str], template: str
) -> dict[str, str]:
    """Parameters that keep their value: those that the new template still declares."""
    from sqsctl.operations.target.yaml_documents import template_parameters

    declared = template_parameters(template)
    return {key: value for key, value in kept.items() if key in declared and key not in given}


def _prepared(client: StackClient, change_set: str, stack: str, clock: _Clock) -> bool:
    """Wait for the change set; False where the template holds nothing new."""
    while True:
        status, reason = client.change_set(change_set)
        if status == "CREATE_COMPLETE":
            return True
        if status == "FAILED":
            if any(text in reason for text in NO_CHANGES):
                return False
            raise UsageError(
                f"stack {stack}: CloudFormation does not accept the template: {reason}",
                code="change_set_failed",
            )
        clock.wait(stack)


def _discard(client: StackClient, change_set: str, stack: str, *, created: bool) -> None:
    # Clearing up must not hide why it is needed.
    with contextlib.suppress(SqsctlError):
        client.delete_change_set(change_set)
        if created:
            left = client.find(stack)
            if left is not None and left.status == "REVIEW_IN_PROGRESS":
                client.delete(stack)


def _followed(
    client: StackClient, name: str, seen: frozenset[str], clock: _Clock
) -> Iterator[DeployEvent]:
    """Events until the stack has settled. Raises what made it fail, after the last of them."""
    failures: list[DeployEvent] = []
    while True:
        for event in client.events(name, after=seen):
            seen |= {event.id}
            if event.failed and not _fell_with_another(event):
                failures.append(event)
            yield event
            if event.type == STACK_TYPE and event.logical_id == name and _terminal(event.status):
                if event.status in {"CREATE_COMPLETE", "UPDATE_COMPLETE"}:
                    return
                raise _failure(client, name, event, failures)
        clock.wait(name)


def _terminal(status: str) -> bool:
    return not status.endswith("_IN_PROGRESS")


def _fell_with_another(event: DeployEvent) -> bool:
    return any(text.lower() in event.reason.lower() for text in _FALLEN_WITH)


def _failure(
    client: StackClient, name: str, end: DeployEvent, failures: Sequence[DeployEvent]
) -> SqsctlError:
    reasons: list[str] = []
    for event in failures:
        inner: tuple[DeployEvent, ...] = ()
        if event.type == STACK_TYPE and event.physical_id and event.logical_id != name:
            with contextlib.suppress(SqsctlError):
                inner = tuple(
                    each
                    for each in client.events(event.physical_id)
                    if each.failed and not _fell_with_another(each)
                )
        reasons += [f"{each.logical_id} ({each.type}): {each.reason}" for each in inner or (event,)]
    text = "; ".join(dict.fromkeys(reasons)) or end.reason or end.status
    return SqsctlError(
        f"stack {name} could not be deployed ({end.status}): {text}",
        hint=f"`aws cloudformation describe-stack-events --stack-name {name}` tells more",
        code="deploy_failed",
    )
