"""Log events have ids, and FilterLogEvents pages and reads patterns as AWS does.

Upstream returns no eventId for events that Lambda wrote, stops FilterLogEvents at 10,000
events, never gives a nextToken and knows one direction only. Patterns: filter_patterns.
Source: CloudWatch Logs API reference: FilterLogEvents ("Returns ... nextToken"; limit up
to 10,000 events, 1 MB a response; eventId on each FilteredLogEvent; startFromHead), PutLogEvents.
"""

from __future__ import annotations

import base64
import bisect
import heapq
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqsctl.lab.fidelity import filter_patterns
from sqsctl.lab.fidelity.functions.lambda_logs import event_id

LIMIT = 10_000
PAGE_BYTES = 1024 * 1024
BACKWARD_SINCE_MS = 1_704_067_200_000  # 2024-01-01
EVENT_OVERHEAD = 26  # what CloudWatch Logs counts on top of each message

_Key = tuple[int, str]


def install() -> None:
    """Replace FilterLogEvents, and give every stored event an id."""
    from ministack.services import cloudwatch_logs

    append = cloudwatch_logs._append_log_events

    def append_log_events(stream: dict[str, Any], events: list[dict[str, Any]]) -> None:
        for event in events:
            event["eventId"] = _numbered(event)
        append(stream, events)

    cloudwatch_logs._append_log_events = append_log_events
    cloudwatch_logs._filter_log_events = filter_log_events


def filter_log_events(data: dict[str, Any]) -> Any:
    """One page: events by time, then id; the token says where the next one starts."""
    from ministack.core.responses import error_response_json, json_response
    from ministack.services import cloudwatch_logs

    name = cloudwatch_logs._resolve_log_group_name(data)
    group = cloudwatch_logs._log_groups.get(name)
    if group is None:
        return error_response_json(
            "ResourceNotFoundException", "The specified log group does not exist.", 400
        )
    pattern = str(data.get("filterPattern") or "")
    try:
        query = _query(data)
        matches = (
            cloudwatch_logs._compile_filter_pattern(pattern)
            if filter_patterns.structured(pattern)
            else filter_patterns.matcher(pattern)
        )
    except ValueError as error:
        return error_response_json("InvalidParameterException", str(error), 400)
    limit = min(max(int(data.get("limit", LIMIT)), 1), LIMIT)
    page: list[dict[str, Any]] = []
    size = 0
    following = None
    for at, identity, event, stream in _events(group, query, cloudwatch_logs):
        if not matches(event["message"]):
            continue
        weight = len(event["message"].encode()) + EVENT_OVERHEAD
        if len(page) == limit or (page and size + weight > PAGE_BYTES):
            following = (page[-1]["timestamp"], page[-1]["eventId"])
            break
        size += weight
        page.append(
            {
                "logStreamName": stream,
                "timestamp": at,
                "message": event["message"],
                "ingestionTime": event["ingestionTime"],
                "eventId": identity,
            }
        )
    answer: dict[str, Any] = {"events": page, "searchedLogStreams": []}
    if following:
        answer["nextToken"] = _encoded(query.forward, following)
    return json_response(answer)


@dataclass(frozen=True, slots=True)
class _Query:
    """What to return of a group. ``after`` is the last event of the page before."""

    streams: tuple[str, ...]
    prefix: str
    start: int | None
    end: int | None
    forward: bool
    after: _Key | None


def _query(data: dict[str, Any]) -> _Query:
    """The request's parameters; raises ValueError for what AWS refuses."""
    streams = tuple(data.get("logStreamNames") or ())
    prefix = data.get("logStreamNamePrefix") or ""
    if streams and prefix:
        raise ValueError("logStreamNames and logStreamNamePrefix can't both be specified.")
    start, end = data.get("startTime"), data.get("endTime")
    forward, after = data.get("startFromHead") is not False, None
    if data.get("nextToken"):
        try:
            forward, after = _decoded(data["nextToken"])
        except (ValueError, TypeError, KeyError):
            raise ValueError("The specified nextToken is invalid.") from None
    if not forward and (start is None or start < BACKWARD_SINCE_MS):
        raise ValueError("startFromHead=false needs a startTime on or after 2024-01-01.")
    return _Query(streams, prefix, start, end, forward, after)


def _events(
    group: dict[str, Any], query: _Query, cloudwatch_logs: Any
) -> Iterator[tuple[int, str, dict[str, Any], str]]:
    start, end, after = query.start, query.end, query.after
    if after and query.forward:
        start = max(after[0], start or 0)
    elif after:
        end = after[0] if end is None else min(after[0], end)
    sources = []
    with cloudwatch_logs._log_events_lock:
        for stream, record in group["streams"].items():
            if (query.streams and stream not in query.streams) or not stream.startswith(
                query.prefix
            ):
                continue
            history = record["events"]
            low = bisect.bisect_left(history, start, key=_timestamp) if start is not None else 0
            # An event at endTime itself is still returned.
            high = (
                bisect.bisect_right(history, end, key=_timestamp)
                if end is not None
                else len(history)
            )
            indexes = range(low, high) if query.forward else range(high - 1, low - 1, -1)
            sources.append(_keyed(stream, history, indexes))
    merged = heapq.merge(*sources, key=lambda item: item[:2], reverse=not query.forward)
    if after is None:
        return merged
    last = after
    if query.forward:
        return (item for item in merged if item[:2] > last)
    return (item for item in merged if item[:2] < last)


def _keyed(
    stream: str, history: list[dict[str, Any]], indexes: range
) -> Iterator[tuple[int, str, dict[str, Any], str]]:
    # A history is only ever appended to, or replaced as a whole: the indexes stay right.
    for index in indexes:
        event = history[index]
        yield event["timestamp"], _numbered(event), event, stream


def _numbered(event: dict[str, Any]) -> str:
    # An event put by PutLogEvents has an id of another form, without an order.
    known = str(event.get("eventId", ""))
    return known if len(known) == 56 and known.isdigit() else event_id()


def _timestamp(event: dict[str, Any]) -> int:
    return int(event["timestamp"])


def _encoded(forward: bool, key: _Key) -> str:
    return base64.urlsafe_b64encode(json.dumps([forward, *key]).encode()).decode()


def _decoded(token: str) -> tuple[bool, _Key]:
    forward, at, identity = json.loads(base64.urlsafe_b64decode(token.encode()))
    return bool(forward), (int(at), str(identity))
