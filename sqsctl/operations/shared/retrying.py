"""Trying again where trying again is harmless: reads, receives, deletes, visibility."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.message import Message
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import RetryPolicy

T = TypeVar("T")


def patiently(call: Callable[[], T], control: Control, policy: RetryPolicy | None = None) -> T:
    """Call until it succeeds, the attempts are used up, or a stop is asked for.

    Only unavailability (exit 6) is waited out; every other SqsctlError comes through.
    """
    policy = policy or RetryPolicy()
    for attempt in range(1, policy.attempts):
        try:
            return call()
        except SqsctlError as error:
            if error.exit is not Exit.UNAVAILABLE or not control.pause(policy.pause_s(attempt)):
                raise
    return call()


def received(
    call: Callable[[], tuple[Message, ...]], control: Control, policy: RetryPolicy | None = None
) -> tuple[Message, ...]:
    """Receive patiently; nothing where SQS lets no further message be in flight.

    That is at about 120,000; what is in hand has to go before there can be more.
    """
    try:
        return patiently(call, control, policy)
    except SqsctlError as error:
        if error.code.rpartition(".")[2] != "OverLimit":
            raise
        return ()
