"""Logs Insights: what reads the log groups that FilterLogEvents does not.

A query is billed by what it scans, so a person is told before the first one, once, and may
decline. Times of queries are whole seconds, their rows at most 10,000; what lies outside of the
milliseconds that were asked for is taken out here. Source: botocore's logs model (StartQuery,
GetQueryResults), CloudWatch Logs user guide, "Logs Insights query syntax" and "Log classes".
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqsctl.aws.insights.consent import LogQueries
from sqsctl.aws.unsupported import offered
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.logline import LogEvent

MAX_ROWS = 10_000
MAX_GROUPS = 50
PATIENCE_S = 60.0
READABLE = "INFREQUENT_ACCESS"
_PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8)
_UNDER_WAY = frozenset({"Scheduled", "Running"})
_TERM = re.compile(r'(?P<sign>[?-]?)(?:"(?P<quoted>(?:\\.|[^"\\])*)"|(?P<plain>[^\s"]+))')


@dataclass(frozen=True, slots=True)
class QueryResult:
    """Events by time, as asked for; ``cut``: there were more rows than a query gives."""

    events: tuple[LogEvent, ...]
    scanned_bytes: int
    cut: bool


class InsightsReader:
    """Runs queries and waits for them."""

    def __init__(
        self,
        client: Any,
        queries: LogQueries,
        *,
        sleep: Callable[[float], None] = time.sleep,
        patience_s: float = PATIENCE_S,
    ) -> None:
        self._client = client
        self._queries = queries
        self._sleep = sleep
        self._patience_s = patience_s

    def events(
        self,
        groups: Sequence[str],
        *,
        start_ms: int,
        end_ms: int,
        filters: Sequence[str] = (),
        limit: int = MAX_ROWS,
        newest_first: bool = False,
    ) -> QueryResult:
        """Events of log groups. ``filters`` are filter stages, all of which have to hold.

        Raises SqsctlError where the query fails or takes too long; a query that was started is
        stopped then.
        """
        order = "desc" if newest_first else "asc"
        stages = [
            "fields @timestamp, @message, @logStream, @log",
            *(f"filter {each}" for each in filters),
            f"sort @timestamp {order}",
            f"limit {min(limit, MAX_ROWS)}",
        ]
        rows, statistics = self._run(groups, start_ms, end_ms, " | ".join(stages))
        scanned = int(float(statistics.get("bytesScanned") or 0))
        self._queries.add(scanned)
        single = groups[0] if len(groups) == 1 else ""
        found = tuple(
            event
            for row in rows
            if (event := _event(row, single)) is not None
            and start_ms <= _milliseconds(event.timestamp) <= end_ms
        )
        return QueryResult(found, scanned, cut=len(rows) >= min(limit, MAX_ROWS))

    def _run(
        self, groups: Sequence[str], start_ms: int, end_ms: int, query: str
    ) -> tuple[list[Any], Mapping[str, Any]]:
        what = f"Logs Insights on {', '.join(groups[:3])}{' …' * (len(groups) > 3)}"
        with offered(what):
            started = self._client.start_query(
                logGroupNames=list(groups),
                startTime=start_ms // 1000,
                endTime=-(-end_ms // 1000),
                queryString=query,
            )
        identity = started["queryId"]
        waited, look = 0.0, 0
        while True:
            with offered(what):
                answer = self._client.get_query_results(queryId=identity)
            status = str(answer.get("status", ""))
            if status not in _UNDER_WAY:
                break
            if waited >= self._patience_s:
                self._stop(identity)
                raise SqsctlError(
                    f"{what} took longer than {self._patience_s:.0f} s",
                    hint="ask for a shorter time (--since)",
                    exit=Exit.UNAVAILABLE,
                    code="query_timeout",
                )
            pause = _PAUSES_S[min(look, len(_PAUSES_S) - 1)]
            self._sleep(pause)
            waited, look = waited + pause, look + 1
        if status != "Complete":
            raise SqsctlError(
                f"{what}: the query ended as {status or 'nothing'}", code="query_failed"
            )
        return list(answer.get("results") or ()), answer.get("statistics") or {}

    def _stop(self, identity: str) -> None:
        try:
            with offered("Logs Insights"):
                self._client.stop_query(queryId=identity)
        except SqsctlError:
            return  # it ends by itself


def filters_of(pattern: str) -> tuple[str, ...]:
    """Insights' filter stages for a FilterLogEvents pattern of words.

    ``?a ?b``: one of them; ``a b``: both; ``-a``: not. Raises SqsctlError for patterns of JSON
    fields or columns, which have no counterpart here.
    """
    text = pattern.strip()
    if not text:
        return ()
    if text[0] in "{[%":
        raise SqsctlError(
            f"the pattern {text} is one of fields: Logs Insights reads words only",
            hint="--grep filters what was read",
            exit=Exit.USAGE,
            code="pattern_unsupported",
        )
    any_of: list[str] = []
    stages: list[str] = []
    for match in _TERM.finditer(text):
        raw = match["quoted"] if match["quoted"] is not None else match["plain"]
        word = _regex(re.sub(r"\\(.)", r"\1", raw) if match["quoted"] is not None else raw)
        if match["sign"] == "?":
            any_of.append(word)
        elif match["sign"] == "-":
            stages.append(f"@message not like /{word}/")
        else:
            stages.append(f"@message like /{word}/")
    # Next to terms that have to be there, optional ones say nothing.
    if any_of and not stages:
        stages.append(f"@message like /{'|'.join(any_of)}/")
    return tuple(stages)


def _regex(text: str) -> str:
    return re.escape(text).replace("/", r"\/")


def _event(row: Any, group: str) -> LogEvent | None:
    told = {each.get("field"): each.get("value") or "" for each in row if isinstance(each, dict)}
    at = _moment(str(told.get("@timestamp", "")))
    if at is None:
        return None
    log = str(told.get("@log", ""))
    return LogEvent(
        message=str(told.get("@message", "")),
        timestamp=at,
        stream=str(told.get("@logStream", "")),
        group=group or log.partition(":")[2] or log,
    )


def _moment(text: str) -> datetime | None:
    """``2026-11-30 10:00:00.123``, in UTC; some endpoints give milliseconds since 1970."""
    if text.isdigit():
        return datetime.fromtimestamp(int(text) / 1000, UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _milliseconds(at: datetime | None) -> int:
    if at is None:
        return 0
    delta = at - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000
