"""Evidence in one shape: the place as a person would look it up, the fact, its value."""

from __future__ import annotations

from sqsctl.model.finding import Evidence
from sqsctl.model.functions import (
    EventSourceMapping,
    Function,
)
from sqsctl.model.logline import Failure
from sqsctl.model.stack import (
    FunctionLogs,
    Queue,
)

_VALUE_CHARACTERS = 600


def of_queue(queue: Queue, fact: str, value: object) -> Evidence:
    """An attribute of a queue, by its SQS name."""
    return Evidence(f"sqs GetQueueAttributes {queue.name}", fact, str(value))


def of_function(function: Function, fact: str, value: object) -> Evidence:
    """A field of a function's configuration, by its Lambda name."""
    return Evidence(f"lambda GetFunctionConfiguration {function.name}", fact, str(value))


def of_runtime(
    function: Function | None, runtime: str | None, logs: FunctionLogs | None
) -> tuple[Evidence, ...]:
    """The runtime that a failure was on: the function's own, or what its log said it was then."""
    if not runtime:
        return ()
    if function and function.runtime == runtime:
        return (of_function(function, "Runtime", runtime),)
    if logs and logs.group:
        return (Evidence(f"log {logs.group}", "INIT_START Runtime Version", runtime),)
    return ()


def of_mapping(mapping: EventSourceMapping, fact: str, value: object) -> Evidence:
    """A field of an event source mapping, by its Lambda name."""
    return Evidence(
        f"lambda GetEventSourceMapping {mapping.uuid} ({mapping.function_name})", fact, str(value)
    )


def of_failure(failure: Failure, logs: FunctionLogs | None) -> Evidence:
    """The log line of a failure."""
    if logs and logs.group:
        source = f"log {logs.group}" + (f" [{failure.stream}]" if failure.stream else "")
    else:
        source = "the text"
    fact = f"request {failure.request_id}" if failure.request_id else f"{failure.phase.value} error"
    if failure.occurrences > 1:
        fact += f", seen {failure.occurrences} times"
    return Evidence(source, fact, excerpt(failure), failure.timestamp)


def excerpt(failure: Failure) -> str:
    """The failure in a few lines: its own words, not the trace."""
    message = failure.message.strip()
    told = f"{failure.error_type}: {message}" if message else failure.error_type
    text = told.strip(": ") or failure.line
    return text if len(text) <= _VALUE_CHARACTERS else text[: _VALUE_CHARACTERS - 1] + "…"
