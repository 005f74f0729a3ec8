"""Log events as CloudWatch returns them, and what a parser made of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Literal

from sqsctl.model.finding import Confidence


@dataclass(frozen=True, slots=True)
class LogEvent:
    """One event of CloudWatch Logs (botocore logs: FilteredLogEvent).

    ``timestamp`` is None where text was pasted without one. ``event_id`` is empty
    where the endpoint gives none (emulators).
    """

    message: str
    timestamp: datetime | None = None
    stream: str = ""
    group: str = ""
    event_id: str = ""
    ingested_at: datetime | None = None


class Phase(StrEnum):
    """Where in a function's life something was logged."""

    INIT = "init"
    INVOKE = "invoke"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that ended an invocation or an init, read from a function's log.

    ``error_type`` is as the runtime wrote it (``Runtime.ImportModuleError``,
    ``KeyError``, ``Sandbox.Timedout``); ``message`` is the error message alone,
    one or more lines; ``trace`` the stack, a line each. ``occurrences`` counts how
    often the same error was seen, ``first_at`` when first; ``timestamp`` is the newest.
    ``confidence`` is what the text alone allows: without START or REPORT around it, at
    most medium. ``logged``: a line of the code's own told of it and nothing says whether
    it ended anything; ``level`` is the line's, in capitals. ``context`` holds errors that the same
    attempt logged before; ``causes`` are types and messages of the errors that led to this one,
    as its own text tells them, the nearest first. ``printed`` are lines of the same attempt that
    show another service's envelope (SNS's, S3's test message), cut.
    ``led_to``: it was the last that code said until its invocation was stopped at the timeout
    (``timeout``) or its process was gone (``exit``), which is a failure of its own; or the code
    caught it and reported its records as failed (``records``), which ends no invocation.
    ``doubt``: why the line alone says that it ended anything, empty where more does.
    Memory is megabytes, the duration milliseconds, both from the attempt's REPORT.
    """

    error_type: str
    message: str
    phase: Phase = Phase.UNKNOWN
    request_id: str | None = None
    timestamp: datetime | None = None
    trace: tuple[str, ...] = ()
    stream: str = ""
    runtime: str | None = None
    line: str = ""
    confidence: Confidence = Confidence.HIGH
    occurrences: int = 1
    first_at: datetime | None = None
    logged: bool = False
    level: str = ""
    context: tuple[str, ...] = ()
    printed: tuple[str, ...] = ()
    causes: tuple[tuple[str, str], ...] = ()
    duration_ms: float | None = None
    memory_size_mb: int | None = None
    max_memory_used_mb: int | None = None
    led_to: Literal["", "timeout", "exit", "records"] = ""
    doubt: str = ""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One invocation, as its START, REPORT and the lines between tell.

    Durations are milliseconds, memory megabytes, both from REPORT; None where
    REPORT was not seen. ``init_ms`` is there on a cold start. ``message_ids`` are the
    SQS message ids that appear in the attempt's lines.
    """

    request_id: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_ms: float | None = None
    memory_size_mb: int | None = None
    max_memory_used_mb: int | None = None
    init_ms: float | None = None
    status: str | None = None
    version: str | None = None
    stream: str = ""
    failure: Failure | None = None
    lines: tuple[LogEvent, ...] = field(default=(), repr=False)
    message_ids: tuple[str, ...] = ()
