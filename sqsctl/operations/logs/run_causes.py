"""What the runs of a followed log failed of, told at the line that ends each.

How a run ended is known at its REPORT (or at the platform's word behind it), not at a line that
looks like an error: a program may have printed that. What is known of the stack, and which check
names the failure, is decided where doctor decides it. An error that a consumer caught, and
reported for a record, is told when the message fails of it again: until then it may be passed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from sqsctl.checks.support.failures.attribution import FailedRun, failed_run, returned_run
from sqsctl.logtext import Reading, read
from sqsctl.logtext.entries import Entry, Mark
from sqsctl.logtext.entry import LOUD
from sqsctl.logtext.forged_lines import tells_errors
from sqsctl.model.logline import LogEvent
from sqsctl.model.stack import FunctionLogs, Stack

MAX_STREAMS = 4_096
MAX_EVENTS = 500  # of one run: the first ones and the last
MAX_RUNS = 100  # of one function, that logged an error and went on
_OF_PLATFORM = frozenset({Mark.START, Mark.END, Mark.REPORT, Mark.INIT_START, Mark.INIT_REPORT})
_BAD = frozenset({"error", "timeout", "failure"})


@dataclass(slots=True)
class _Stream:
    """One environment's log: the lines since the last REPORT, and the run that this ended."""

    events: list[LogEvent] = field(default_factory=list)
    suspicious: bool = False
    loud: bool = False
    structured: bool = False
    tells: bool = False
    ended: tuple[LogEvent, ...] = ()
    ended_id: str | None = None
    told: bool = False


class RunCauses:
    """Takes the lines of a log one by one. ``stack`` gives what is known by now; memory is
    bounded."""

    def __init__(self, stack: Callable[[], Stack]) -> None:
        self._stack = stack
        self._streams: dict[tuple[str, str], _Stream] = {}
        self._went_on: dict[str, deque[Reading]] = {}

    def take(self, function: str, event: LogEvent, entry: Entry) -> FailedRun | None:
        """The failed run that this line ends, else None."""
        key = (event.group, event.stream)
        if key not in self._streams and len(self._streams) >= MAX_STREAMS:
            self._streams.clear()
        stream = self._streams.setdefault(key, _Stream())
        if entry.mark in {Mark.START, Mark.INIT_START}:
            stream.ended, stream.told = (), False
        stream.structured = stream.structured or entry.mark in _OF_PLATFORM
        stream.tells = stream.tells or tells_errors(entry)
        stream.suspicious = (
            stream.suspicious
            or entry.mark in {Mark.FATAL, Mark.ERROR}
            or (entry.status or "").lower() in _BAD
        )
        stream.loud = stream.loud or (entry.level or "") in LOUD
        stream.events.append(event)
        if len(stream.events) > MAX_EVENTS:
            del stream.events[MAX_EVENTS // 2]
        if entry.mark is Mark.REPORT:
            return self._ended(stream, function, entry.request_id)
        if entry.mark is not Mark.FATAL:
            return None
        if stream.ended and not stream.told:  # the platform's word behind REPORT
            return self._named(stream, function, (*stream.ended, *stream.events), stream.ended_id)
        # Where the platform writes no lines nothing better comes.
        return None if stream.structured else self._named(stream, function, (event,), None)

    def _ended(self, stream: _Stream, function: str, request_id: str | None) -> FailedRun | None:
        events = tuple(stream.events)
        suspicious, loud = stream.suspicious, stream.loud
        stream.suspicious = stream.loud = False
        stream.events, stream.ended, stream.ended_id = [], events, request_id
        if not suspicious and not loud:
            return None
        reading = read(events, tells=stream.tells)
        logs = _logs(function, events, reading)
        found = failed_run(self._stack(), logs, request_id or "") if suspicious else None
        stream.told = found is not None
        if found is None and reading.survived:
            return self._came_back(logs, request_id or "", reading)
        return found

    def _named(
        self,
        stream: _Stream,
        function: str,
        events: tuple[LogEvent, ...],
        request_id: str | None,
    ) -> FailedRun | None:
        logs = _logs(function, events, read(events, tells=stream.tells))
        found = failed_run(self._stack(), logs, request_id or "")
        stream.told = found is not None
        return found

    def _came_back(self, logs: FunctionLogs, request_id: str, reading: Reading) -> FailedRun | None:
        """A run that went well, if a record of it failed of the error of an earlier one."""
        known = self._went_on.setdefault(logs.function, deque(maxlen=MAX_RUNS))
        known.append(reading)
        return returned_run(
            self._stack(),
            logs,
            request_id,
            [each for run in known for each in run.attempts],
            [each for run in known for each in run.survived],
        )


def _logs(function: str, events: tuple[LogEvent, ...], reading: Reading) -> FunctionLogs:
    return FunctionLogs(
        function,
        events[-1].group,
        attempts=reading.attempts,
        failures=reading.failures,
        events=events,
    )
