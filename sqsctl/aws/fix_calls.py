"""Carry out the AWS calls that a fix is made of, and wait until they have taken effect."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.unsupported import offered
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.remedy import Call

SETTLE_S = 60.0
_POLL_S = 0.5
_MOVING = frozenset({"Creating", "Enabling", "Disabling", "Updating", "Deleting"})


def run_step(
    session: Session,
    step: Call,
    *,
    sleep: Callable[[float], None] = time.sleep,
    now: Callable[[], float] = time.monotonic,
) -> None:
    """Make one call; return when AWS is done with what it changed. Raises SqsctlError."""
    client: Any = session.client(step.service)
    parameters = {name: _plain(value) for name, value in step.parameters}
    what = f"{step.service} {step.operation}"
    with offered(what):
        answer = getattr(client, step.operation)(**parameters)
    _settle(client, step, parameters, answer, sleep, now)


def _settle(
    client: Any,
    step: Call,
    parameters: Mapping[str, Any],
    answer: Mapping[str, Any],
    sleep: Callable[[float], None],
    now: Callable[[], float],
) -> None:
    done: Callable[[], bool]
    if step.operation in {"update_event_source_mapping", "create_event_source_mapping"}:
        uuid = parameters.get("UUID") or answer.get("UUID")

        def done() -> bool:
            return client.get_event_source_mapping(UUID=uuid).get("State") not in _MOVING

    elif step.operation in {"update_function_configuration", "update_function_code"}:
        name = parameters["FunctionName"]

        def done() -> bool:
            shape = client.get_function_configuration(FunctionName=name)
            return bool(shape.get("LastUpdateStatus") != "InProgress")

    else:
        return
    deadline = now() + SETTLE_S
    while True:
        with offered(f"{step.service} {step.operation}"):
            if done():
                return
        if now() >= deadline:
            raise SqsctlError(
                f"{step.operation} was accepted, and AWS is still at it after {SETTLE_S:.0f} s",
                hint="`sqsctl doctor` shows later whether it helped",
                exit=Exit.UNAVAILABLE,
                code="not_settled",
            )
        sleep(_POLL_S)


def _plain(value: object) -> Any:
    """Frozen values as boto3 takes them."""
    if isinstance(value, Mapping):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(each) for each in value]
    return value
