"""The failures of a stack, each with what is known of the function that had it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from sqsctl.logtext import Reading, events_from_text, read
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.logline import Attempt, Failure, LogEvent
from sqsctl.model.stack import (
    ErrorText,
    FunctionLogs,
    Stack,
)


@dataclass(frozen=True, slots=True)
class Case:
    """One failure and its surroundings.

    ``runtime`` is what the log says it ran on, else the function's; it, ``handler`` and
    ``timeout_s`` are None where the function was changed since: nobody knows then. ``consumer`` is
    None where no mapping was seen at all. ``function`` is empty for text of unknown origin.
    ``sources`` are paths and texts of the function's own code, as far as it was read and was the
    same then.
    """

    failure: Failure
    function: str = ""
    runtime: str | None = None
    handler: str | None = None
    timeout_s: int | None = None
    consumer: bool | None = None
    sources: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @property
    def text(self) -> str:
        """Type and message, what recognition searches first."""
        return f"{self.failure.error_type}: {self.failure.message}"

    @property
    def trace(self) -> str:
        return "\n".join(self.failure.trace)

    @property
    def everything(self) -> str:
        """Type, message, the line itself and the trace."""
        return f"{self.text}\n{self.failure.line}\n{self.trace}"


_KEPT = 32
_readings: list[tuple[tuple[LogEvent, ...], Reading]] = []


def _read(events: tuple[LogEvent, ...]) -> Reading:
    """The reading of these very events, made once: many checks ask for the same log.

    Told apart by identity: to compare or hash thousands of events costs more than it saves.
    """
    for known, reading in _readings:
        if known is events:
            return reading
    reading = read(events)
    _readings.append((events, reading))
    del _readings[:-_KEPT]
    return reading


def reading_of(logs: FunctionLogs) -> tuple[tuple[Attempt, ...], tuple[Failure, ...]]:
    """Attempts and failures of a log, read here where whoever made it has not."""
    if logs.attempts or logs.failures or not logs.events:
        return logs.attempts, logs.failures
    reading = _read(logs.events)
    return reading.attempts, reading.failures


def survived_of(logs: FunctionLogs) -> tuple[tuple[Attempt, ...], tuple[Failure, ...]]:
    """Attempts of a log and the errors that they logged and lived through."""
    reading = _read(logs.events)
    return reading.attempts or logs.attempts, reading.survived


def function_of(stack: Stack, logs: FunctionLogs | None) -> Function | None:
    """The function that wrote the log; for text of unknown origin, the only one there is."""
    if logs is not None and (found := stack.function(logs.function)):
        return found
    if logs is None or not logs.function:
        only = tuple(stack.functions)
        return only[0] if len(only) == 1 else None
    return None


def case_of(
    stack: Stack, failure: Failure, logs: FunctionLogs | None, *, with_sources: bool = True
) -> Case:
    """The failure with what the stack knows of its function.

    Reads FUNCTIONS, MAPPINGS and, ``with_sources``, PACKAGES.
    """
    function = function_of(stack, logs)
    name = (logs.function if logs else "") or (function.name if function else "")
    consumers = stack.consumers()
    # Settings of today say nothing of what happened before they were changed.
    then = None if function and _changed_since(function, failure) else function
    return Case(
        failure,
        function=name,
        runtime=failure.runtime or (then.runtime if then else None),
        handler=then.handler if then else None,
        timeout_s=then.timeout_s if then else None,
        consumer=name in consumers if consumers and name else None,
        sources=_sources(stack, function, failure) if with_sources else (),
    )


def _changed_since(function: Function, failure: Failure) -> bool:
    changed, at = function.last_modified, failure.timestamp
    return changed is not None and at is not None and changed > at


def _sources(
    stack: Stack, function: Function | None, failure: Failure
) -> tuple[tuple[str, str], ...]:
    for package in stack.packages:
        if function and package.function == function.name and not _changed_since(function, failure):
            return tuple(package.sources.items())
    return ()


def cases(stack: Stack, *, with_sources: bool = True) -> Iterator[tuple[Case, FunctionLogs | None]]:
    """Every failure of the stack's logs and error texts.

    Reads LOGS, ERRORS, FUNCTIONS, MAPPINGS and, ``with_sources``, PACKAGES.
    """
    for logs in stack.logs:
        for failure in reading_of(logs)[1]:
            yield case_of(stack, failure, logs, with_sources=with_sources), logs
    for error in stack.errors:
        for failure in failures_of(error):
            yield case_of(stack, failure, None, with_sources=with_sources), None


@lru_cache(maxsize=32)
def _of_text(text: str) -> tuple[Failure, ...]:
    return read(events_from_text(text), excerpt=True).failures


def failures_of(error: ErrorText) -> tuple[Failure, ...]:
    """Failures in a text that a deploy or an API call printed."""
    return _of_text(error.text)
