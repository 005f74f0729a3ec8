"""What an entry of the log is made of, and how each kind is made."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqsctl.checks.reading import patterns as p
from sqsctl.checks.reading.errors import SeenError
from sqsctl.model.logline import LogEvent


class Mark(StrEnum):
    """The kinds of entries."""

    START = "start"
    END = "end"
    REPORT = "report"
    INIT_START = "init start"
    INIT_REPORT = "init report"
    FATAL = "fatal"  # the runtime or the platform says that an error ended something
    ERROR = "error"  # code logged an error; whether it ended anything is not said
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Entry:
    """A block, understood. Durations are milliseconds, memory megabytes."""

    mark: Mark
    events: tuple[LogEvent, ...]
    text: str
    at: datetime | None = None
    request_id: str | None = None
    no_request: bool = False
    error: SeenError | None = None
    level: str = ""
    duration_ms: float | None = None
    memory_size_mb: int | None = None
    max_memory_used_mb: int | None = None
    init_ms: float | None = None
    status: str | None = None
    error_type: str | None = None
    version: str | None = None
    runtime: str | None = None
    phase: str | None = None
    runtime_form: bool = False  # JSON in the runtime's own keys, which console.error shares


SUSPECT = re.compile(
    r"rror|xception|[Tt]raceback|denied|Denied|not authorized|Task timed out|Runtime exited|panic"
    r"|FATAL|CRITICAL|Rejection|Failure|Fault|E[A-Z]{4,}|DoesNotExist|NotFound|[Tt]hrottl|Exceeded"
    r"|exited|differs from|Could not|Cannot|Unable|signal: |OutOfMemory|\bfail\b|SEVERE"
)
# Wordings that only AWS or an SDK writes, also without an error type beside them.
WORDED = re.compile(
    r"is not authorized to perform|An error occurred \(\w{1,80}[\w.]{0,80}\) when calling"
    r"|specified queue does not exist|Queue visibility timeout: "
    r"|differs from SQSClient|no longer supported for creating or updating|Rate [Ee]xceeded"
    r"|does not have permissions to call|Region is missing|must specify a region"
    r"|not authorized to access|Credential should be scoped|FATAL ERROR|exec format error"
    r"|Access to the resource \S{1,300} is denied|Error loading shared library"
    r"|KMS access was denied|specified handler assembly|Unable to load type '"
    r"|Couldn't find valid bootstrap|event source mapping \S{0,60} ?(?:is|was) disabled"
    r"|\"EventSourceArn\"[\s\S]{0,2000}\"State\": ?\"Disabl"
)
LOUD = frozenset({"ERROR", "FATAL", "CRITICAL", "SEVERE", "FAIL", "CRIT", "PANIC"})


def timeout_error(text: str) -> SeenError:
    """The error of an invocation that was stopped at its timeout."""
    match = p.timeout_in.search(text)
    return SeenError("Sandbox.Timedout", match.group() if match else text)


def fatal_entry(
    events: tuple[LogEvent, ...],
    text: str,
    at: datetime | None,
    rid: str | None,
    error: SeenError,
    *,
    level: str = "",
    no_request: bool = False,
) -> Entry:
    """An entry that says that an error ended an invocation or an init."""
    return Entry(
        Mark.FATAL,
        events,
        text,
        at,
        rid.lower() if rid else None,
        no_request=no_request,
        error=error,
        level=level,
    )
