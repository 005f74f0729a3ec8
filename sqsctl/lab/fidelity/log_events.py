"""Log events have ids, and FilterLogEvents pages.

Upstream returns no eventId for events that Lambda wrote, stops FilterLogEvents at 10,000
events and never gives a nextToken.
Source: CloudWatch Logs API reference: FilterLogEvents ("Returns ... nextToken"; limit up
to 10,000 events, 1 MB a response; eventId on each FilteredLogEvent), PutLogEvents.
"""

from __future__ import annotations

import base64
import bisect
import heapq
import json
from collections.abc import Iterator
from typing import Any

from sqsctl.lab.fidelity.lambda_logs import event_id

LIMIT = 10_000
PAGE_BYTES = 1024 * 1024
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
    limit = min(max(int(data.get("limit", LIMIT)), 1), LIMIT)
    token = data.get("nextToken")
    try:
        after = _decoded(token) if token else None
    except (ValueError, TypeError, KeyError):
        return error_response_json(
            "InvalidParameterException", "The specified nextToken is invalid.", 400
        )
    matches = cloudwatch_logs._compile_filter_pattern(data.get("filterPattern", ""))
    page: list[dict[str, Any]] = []
    size = 0
    following = None
    for at, identity, event, stream in _events(group, data, after, cloudwatch_logs):
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
        answer["nextToken"] = _encoded(following)
    return json_response(answer)


def _events(
    group: dict[str, Any], data: dict[str, Any], after: _Key | None, cloudwatch_logs: Any
) -> Iterator[tuple[int, str, dict[str, Any], str]]:
    wanted = data.get("logStreamNames")
    prefix = data.get("logStreamNamePrefix") or ""
    start, end = data.get("startTime"), data.get("endTime")
    if after:
        start = max(after[0], start or 0)
    sources = []
    with cloudwatch_logs._log_events_lock:
        for stream, record in group["streams"].items():
            if (wanted and stream not in wanted) or not stream.startswith(prefix):
                continue
            history = record["events"]
            low = bisect.bisect_left(history, start, key=_timestamp) if start is not None else 0
            # An event at endTime itself is still returned.
            high = bisect.bisect_right(history, end, key=_timestamp) if end is not None else None
            sources.append([(stream, event) for event in history[low:high]])
    merged = heapq.merge(*map(_keyed, sources), key=lambda item: item[:2])
    return (item for item in merged if after is None or item[:2] > after)


def _keyed(
    events: list[tuple[str, dict[str, Any]]],
) -> Iterator[tuple[int, str, dict[str, Any], str]]:
    for stream, event in events:
        yield event["timestamp"], _numbered(event), event, stream


def _numbered(event: dict[str, Any]) -> str:
    # An event put by PutLogEvents has an id of another form, without an order.
    known = str(event.get("eventId", ""))
    return known if len(known) == 56 and known.isdigit() else event_id()


def _timestamp(event: dict[str, Any]) -> int:
    return int(event["timestamp"])


def _encoded(key: _Key) -> str:
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode()


def _decoded(token: str) -> _Key:
    at, identity = json.loads(base64.urlsafe_b64decode(token.encode()))
    return int(at), str(identity)
