"""What the runs of a followed log failed of, told at the line that ends each.

How a run ended is known at its REPORT (or at the platform's word behind it), not at a line that
looks like an error: a program may have printed that. What is known of the stack, and which check
names the failure, is decided where doctor decides it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from sqsctl.checks.support.failures.attribution import FailedRun, failed_run
from sqsctl.logtext import read
from sqsctl.logtext.entries import Entry, Mark
from sqsctl.logtext.forged_lines import tells_errors
from sqsctl.model.logline import LogEvent
from sqsctl.model.stack import FunctionLogs, Stack

MAX_STREAMS = 4_096
MAX_EVENTS = 500  # of one run: the first ones and the last
_OF_PLATFORM = frozenset({Mark.START, Mark.END, Mark.REPORT, Mark.INIT_START, Mark.INIT_REPORT})
_BAD = frozenset({"error", "timeout", "failure"})


@dataclass(slots=True)
class _Stream:
    """One environment's log: the lines since the last REPORT, and the run that this ended."""

    events: list[LogEvent] = field(default_factory=list)
    suspicious: bool = False
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
        suspicious, stream.suspicious, stream.told = stream.suspicious, False, False
        stream.events, stream.ended, stream.ended_id = [], events, request_id
        return self._named(stream, function, events, request_id) if suspicious else None

    def _named(
        self,
        stream: _Stream,
        function: str,
        events: tuple[LogEvent, ...],
        request_id: str | None,
    ) -> FailedRun | None:
        reading = read(events, tells=stream.tells)
        logs = FunctionLogs(
            function,
            events[-1].group,
            attempts=reading.attempts,
            failures=reading.failures,
            events=events,
        )
        found = failed_run(self._stack(), logs, request_id or "")
        stream.told = found is not None
        return found
