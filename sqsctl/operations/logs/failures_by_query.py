"""Failures of all functions over a long time, by one query of Logs Insights, counted by cause.

FilterLogEvents reads a group at a time, a few calls a second; a query reads many groups at once,
and is billed by what it scans. It gives at most 10,000 rows: the newest lines that tell of a
failure. What there was before is told as not counted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqsctl.aws.cloudwatch.logs import milliseconds
from sqsctl.aws.insights.reader import MAX_GROUPS, InsightsReader
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import owner
from sqsctl.errors import UsageError
from sqsctl.logtext import read
from sqsctl.model.logline import LogEvent
from sqsctl.operations.logs.log_window import function_of

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

# One of these stands in every line with which AWS or a runtime tells of a failure.
FAILURES = (
    "@message like /Status: error|Status: timeout|Task timed out|errorType|\\[ERROR\\]|ERROR"
    "|Traceback|Runtime exited|AccessDenied|not authorized/"
)


@dataclass(frozen=True, slots=True)
class CountedFailure:
    """One cause of one function. ``cause`` is a check id, empty where no check knows it."""

    function: str
    cause: str
    error: str
    count: int
    first_at: datetime | None
    last_at: datetime | None


@dataclass(frozen=True, slots=True)
class FailuresByCause:
    """What a query found. ``counted_since`` is later than was asked for where rows were left."""

    failures: tuple[CountedFailure, ...]
    lines: int
    scanned_bytes: int
    counted_since: datetime | None
    truncated: bool


def failures_by_cause(
    session: Session, groups: Mapping[str, str], *, since: datetime, until: datetime
) -> FailuresByCause:
    """Ask once for all ``groups`` (function to log group) and count. Raises SqsctlError."""
    names = list(dict.fromkeys(groups.values()))
    if len(names) > MAX_GROUPS:
        raise UsageError(
            f"a query reads {MAX_GROUPS} log groups at most, not {len(names)}",
            hint="name a function: `again --function NAME`",
        )
    queries = session.log_queries
    queries.announce(names[0] if len(names) == 1 else f"what {len(names)} log groups hold")
    found = InsightsReader(session.logs(), queries).events(
        names,
        start_ms=milliseconds(since),
        end_ms=milliseconds(until),
        filters=(FAILURES,),
        newest_first=True,
    )
    whose = {group: function for function, group in groups.items()}
    by_function: dict[str, list[LogEvent]] = {}
    for event in sorted(found.events, key=lambda each: milliseconds(each.timestamp or since)):
        name = function_of(event.stream) or whose.get(event.group, event.group)
        by_function.setdefault(name, []).append(event)
    counted = [each for name, events in by_function.items() for each in _counted(name, events)]
    counted.sort(key=lambda each: (-each.count, each.function, each.cause))
    oldest = min((each.timestamp for each in found.events if each.timestamp), default=None)
    return FailuresByCause(
        tuple(counted),
        len(found.events),
        found.scanned_bytes,
        oldest if found.cut else since,
        found.cut,
    )


def _counted(function: str, events: list[LogEvent]) -> list[CountedFailure]:
    found: dict[tuple[str, str], CountedFailure] = {}
    for failure in read(events).failures:
        cause = owner(Case(failure, runtime=failure.runtime)) or ""
        error = "" if cause else failure.error_type or failure.message.split("\n", 1)[0][:80]
        first, last = failure.first_at or failure.timestamp, failure.timestamp
        known = found.get((cause, error))
        found[cause, error] = CountedFailure(
            function,
            cause,
            error,
            failure.occurrences + (known.count if known else 0),
            _earlier(first, known.first_at if known else None),
            _later(last, known.last_at if known else None),
        )
    return list(found.values())


def _earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    return min(each for each in (one, other) if each) if one or other else None


def _later(one: datetime | None, other: datetime | None) -> datetime | None:
    return max(each for each in (one, other) if each) if one or other else None
