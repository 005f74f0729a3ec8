"""What Lambda itself writes to CloudWatch Logs, line for line.

Upstream writes START, the output, END and a REPORT with whole milliseconds after the
fact, into a new log stream each time. AWS writes INIT_START, START, END and REPORT with
tabs, a trailing tab, Init Duration and Status fields, as JSON objects where the
function's LogFormat says so, and one stream per execution environment.
Sources: Lambda developer guide, "Viewing CloudWatch logs for Lambda functions" (the
get-log-events example shows the trailing ``\\t\\n``), "Configuring JSON and plain text log
formats" (platform events and their levels); responses recorded from AWS in
localstack/localstack's Lambda tests.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import threading
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

_SEQUENCE = itertools.count(1)
_lock = threading.Lock()

# The levels of platform events; a function's SystemLogLevel (default INFO) filters them.
_LEVELS = {"DEBUG": 10, "INFO": 20, "WARN": 30}

_APPLICATION = {"TRACE": 5, "DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "FATAL": 50}


def stamp(ms: float | None = None) -> str:
    """ISO 8601 in UTC with milliseconds, as every line of Lambda's has it."""
    at = datetime.fromtimestamp(time.time() if ms is None else ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stream_name(version: str, unique: str) -> str:
    """``2026/11/23/[$LATEST]<32 hex>``."""
    return f"{datetime.now(UTC):%Y/%m/%d}/[{version}]{unique}"


def event_id() -> str:
    """A number of 56 digits that grows, as CloudWatch Logs gives each event."""
    return f"39{time.time_ns():020d}{next(_SEQUENCE):034d}"


@dataclass(frozen=True, slots=True)
class Report:
    """The figures of one invocation. Milliseconds and MB; ``status`` is empty on success."""

    duration_ms: float
    memory_mb: int
    used_mb: int
    init_ms: float | None = None
    status: str = ""
    error_type: str = ""

    @property
    def billed_ms(self) -> int:
        return math.ceil(self.duration_ms + (self.init_ms or 0.0))


@dataclass(slots=True)
class LogStream:
    """One environment's log stream, created with its first line.

    ``tail`` gathers the lines of the current invocation, for ``LogType=Tail``.
    """

    group: str
    name: str
    json_format: bool = False
    system_level: str = "INFO"
    application_level: str = ""
    enabled: bool = True
    tail: list[str] = field(default_factory=list)
    held: list[tuple[int, str]] | None = None
    silent: bool = False

    def hold(self) -> None:
        """Keep what comes until ``release``."""
        self.held = []

    def release(self) -> None:
        """Write what was kept."""
        held, self.held = self.held, None
        self.write(held or ())

    def silence(self) -> None:
        """Write nothing any more."""
        self.silent = True

    def write(self, lines: Iterable[tuple[int, str]]) -> None:
        """Append (milliseconds, message) pairs as events."""
        entries = [(at, text) for at, text in lines if text and not self._dropped(text)]
        if self.held is not None:
            self.held += entries
            return
        self.tail.extend(message for _, message in entries)
        if entries and self.enabled and not self.silent:
            append(self.group, self.name, entries)

    def _dropped(self, message: str) -> bool:
        """Whether a line that a function wrote as JSON is below its ApplicationLogLevel.

        Source: Lambda developer guide, "Log-level filtering": an object with a level and a
        timestamp is filtered by its level; without a timestamp it counts as INFO.
        """
        least = _APPLICATION.get(self.application_level)
        if not self.json_format or least is None or not message.lstrip().startswith("{"):
            return False
        try:
            entry = json.loads(message)
        except ValueError:
            return False
        level = entry.get("level")
        if not isinstance(level, str) or level.upper() not in _APPLICATION:
            return False
        told = level.upper() if isinstance(entry.get("timestamp"), str) else "INFO"
        return _APPLICATION[told] < least

    def init_start(self, runtime: str) -> None:
        version = runtime_version(runtime)
        arn = runtime_arn(runtime)
        self._platform(
            "platform.initStart",
            "INFO",
            f"INIT_START Runtime Version: {version}\tRuntime Version ARN: {arn}\n",
            {
                "initializationType": "on-demand",
                "phase": "init",
                "runtimeVersion": version,
                "runtimeVersionArn": arn,
            },
        )

    def init_report(self, duration_ms: float, phase: str, status: str, error_type: str) -> None:
        text = f"INIT_REPORT Init Duration: {duration_ms:.2f} ms\tPhase: {phase}\tStatus: {status}"
        record: dict[str, Any] = {
            "initializationType": "on-demand",
            "phase": phase,
            "status": status,
            "metrics": {"durationMs": round(duration_ms, 3)},
        }
        if error_type:
            text += f"\tError Type: {error_type}"
            record["errorType"] = error_type
        self._platform("platform.initReport", "INFO", f"{text}\n", record)

    def start(self, request_id: str, version: str) -> None:
        self._platform(
            "platform.start",
            "INFO",
            f"START RequestId: {request_id} Version: {version}\n",
            {"requestId": request_id, "version": version},
        )

    def end(self, request_id: str, report: Report) -> None:
        """END and REPORT; in JSON format platform.runtimeDone and platform.report."""
        status = report.status or "success"
        record: dict[str, Any] = {
            "requestId": request_id,
            "status": status,
            "metrics": {"durationMs": round(report.duration_ms, 3)},
        }
        if report.error_type:
            record["errorType"] = report.error_type
        self._platform(
            "platform.runtimeDone",
            "WARN" if report.status else "DEBUG",
            f"END RequestId: {request_id}\n",
            record,
        )
        self._platform(
            "platform.report", "INFO", _report_text(request_id, report), _record(request_id, report)
        )

    def _platform(self, kind: str, level: str, text: str, record: dict[str, Any]) -> None:
        at = int(time.time() * 1000)
        if not self.json_format:
            self.write([(at, text)])
            return
        if _LEVELS[level] < _LEVELS.get(self.system_level, 20):
            return
        event = {"time": stamp(at), "type": kind, "record": record}
        self.write([(at, json.dumps(event, separators=(",", ":")) + "\n")])


def runtime_version(runtime: str) -> str:
    """``python3.13`` as INIT_START has it: ``python:3.13.v1``; ``nodejs24.x``: ``nodejs:24.v1``."""
    language = "nodejs" if runtime.startswith("nodejs") else "python"
    return f"{language}:{runtime.removeprefix(language).removesuffix('.x')}.v1"


def runtime_arn(runtime: str) -> str:
    """The ARN of a runtime version: stable for one runtime, as long as AWS does not update it."""
    digest = hashlib.sha256(runtime.encode()).hexdigest()
    return f"arn:aws:lambda:{_region()}::runtime:{digest}"


class Streams(dict[str, Any]):
    """A group's log streams, walked as they are at the start of the walk.

    Functions add streams in threads of their own, while upstream walks through them to answer.
    """

    def __iter__(self) -> Iterator[str]:
        return iter(list(super().keys()))

    def values(self) -> Any:
        return list(super().values())

    def items(self) -> Any:
        return list(super().items())


def append(group_name: str, stream: str, entries: list[tuple[int, str]]) -> None:
    """Put events into a log group of the calling account and region, made where missing."""
    from ministack.services import cloudwatch_logs

    now = int(time.time() * 1000)
    group = cloudwatch_logs._log_groups.setdefault(
        group_name,
        {
            "arn": cloudwatch_logs._make_group_arn(group_name),
            "creationTime": now,
            "retentionInDays": None,
            "tags": {},
            "subscriptionFilters": {},
            "streams": Streams(),
        },
    )
    with _lock:
        if not isinstance(group["streams"], Streams):
            group["streams"] = Streams(group["streams"])
    target = group["streams"].setdefault(
        stream,
        {
            "events": [],
            "uploadSequenceToken": "1",
            "creationTime": now,
            "firstEventTimestamp": None,
            "lastEventTimestamp": None,
            "lastIngestionTime": None,
        },
    )
    events = [
        {"timestamp": at, "message": message, "ingestionTime": now, "eventId": event_id()}
        for at, message in entries
    ]
    cloudwatch_logs._append_log_events(target, events)
    cloudwatch_logs._fanout_to_subscription_filters(group_name, stream, events)
    cloudwatch_logs._fanout_to_live_tail_sessions(group_name, stream, events)


def _report_text(request_id: str, report: Report) -> str:
    text = (
        f"REPORT RequestId: {request_id}\tDuration: {report.duration_ms:.2f} ms\t"
        f"Billed Duration: {report.billed_ms} ms\tMemory Size: {report.memory_mb} MB\t"
        f"Max Memory Used: {report.used_mb} MB\t"
    )
    if report.init_ms is not None:
        text += f"Init Duration: {report.init_ms:.2f} ms\t"
    if report.status:
        text += f"Status: {report.status}"
        if report.error_type:
            text += f"\tError Type: {report.error_type}"
    return f"{text}\n"


def _record(request_id: str, report: Report) -> dict[str, Any]:
    metrics: dict[str, Any] = {
        "durationMs": round(report.duration_ms, 3),
        "billedDurationMs": report.billed_ms,
        "memorySizeMB": report.memory_mb,
        "maxMemoryUsedMB": report.used_mb,
    }
    if report.init_ms is not None:
        metrics["initDurationMs"] = round(report.init_ms, 3)
    record: dict[str, Any] = {
        "requestId": request_id,
        "metrics": metrics,
        "status": report.status or "success",
    }
    if report.error_type:
        record["errorType"] = report.error_type
    return record


def _region() -> str:
    from ministack.core.responses import get_region

    return str(get_region())
