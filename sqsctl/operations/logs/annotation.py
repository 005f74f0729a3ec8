"""Log lines with what they say about themselves: request, level, and the failure of their run.

Line by line and cheap, for following a log. What a run failed of stands at the line that ends it:
see ``run_causes``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from sqsctl.logtext.blocks import Block
from sqsctl.logtext.entries import Mark, understand
from sqsctl.model.logline import Failure, LogEvent
from sqsctl.model.stack import Stack
from sqsctl.operations.logs.run_causes import RunCauses
from sqsctl.operations.logs.tail import Tailed

MAX_STREAMS = 4_096
_PLATFORM = frozenset({Mark.START, Mark.END, Mark.REPORT, Mark.INIT_START, Mark.INIT_REPORT})
_PHASES = {Mark.START: "start", Mark.END: "end", Mark.REPORT: "report"}
_FAILED = frozenset({"error", "timeout", "failure"})


@dataclass(frozen=True, slots=True)
class Annotated:
    """A line, the request that it belongs to, its level, and what the run that it ends failed of.

    ``failure`` is that of the run, None at every line that ends none or a good one; ``check`` is
    the id of the check that names it. ``level`` is empty where the line has none; ``platform``
    marks Lambda's own START, END, REPORT and INIT lines, whatever their format, and ``phase`` says
    which: "start", "end", "report", "" for all others. ``summary`` is a short form of a REPORT
    line, ``duration_ms`` what it says of the time.
    """

    function: str
    event: LogEvent
    request_id: str | None
    level: str
    check: str | None
    platform: bool
    summary: str | None = None
    phase: str = ""
    duration_ms: float | None = None
    failure: Failure | None = None


def nothing_known() -> Stack:
    """What names failures where no stack is known: the log alone."""
    return Stack(name="", region="")


def annotate(
    lines: Iterable[Tailed], stack: Callable[[], Stack] = nothing_known
) -> Iterator[Annotated]:
    """Annotate lines in the order they come. ``stack`` gives what is known of it by now.

    A line without a request id of its own belongs to the one that its stream is in the
    middle of; a stream serves one request at a time.
    """
    current: dict[tuple[str, str], str | None] = {}
    causes = RunCauses(stack)
    for line in lines:
        event = line.event
        key = (event.group, event.stream)
        block = Block()
        block.add(event, event.message.rstrip("\n"))
        entry = understand(block)
        if entry.mark is Mark.START:
            if len(current) >= MAX_STREAMS:
                current.clear()
            current[key] = entry.request_id
        request = entry.request_id or (None if entry.no_request else current.get(key))
        if entry.mark is Mark.REPORT:
            current.pop(key, None)
        platform = entry.mark in _PLATFORM
        failed = entry.mark in {Mark.FATAL, Mark.ERROR} or (entry.status or "") in _FAILED
        level = entry.level or ("ERROR" if failed else "")
        summary = None
        if entry.mark is Mark.REPORT and entry.duration_ms is not None:
            parts = [f"{entry.duration_ms:g} ms"]
            if entry.max_memory_used_mb is not None:
                parts.append(f"{entry.max_memory_used_mb} of {entry.memory_size_mb} MB")
            if entry.init_ms is not None:
                parts.append(f"cold start {entry.init_ms:g} ms")
            if entry.status:
                parts.append(f"status {entry.status}")
            summary = ", ".join(parts)
        run = causes.take(line.function, event, entry)
        yield Annotated(
            line.function,
            event,
            request or (run.attempt.request_id or None if run else None),
            level,
            run.cause or None if run else None,
            platform,
            summary,
            _PHASES.get(entry.mark, "") if entry.mark else "",
            entry.duration_ms if entry.mark is Mark.REPORT else None,
            run.attempt.failure if run else None,
        )
