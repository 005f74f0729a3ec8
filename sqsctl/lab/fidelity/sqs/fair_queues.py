"""The figures of standard queues whose messages have a MessageGroupId (fair queues).

Upstream has none. Which groups SQS calls noisy it does not tell exactly; here it is a group that
has more than half of the messages in flight, and more that wait, while there are other groups.
Messages are handed out in the order of any standard queue. Source: SQS developer guide, "Amazon
SQS fair queues" (the share of messages in flight) and its CloudWatch metrics.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

_LEAST_IN_FLIGHT = 2


def figures(queue: dict[str, Any], now: float) -> Iterator[tuple[str, float, str]]:
    """Metric, value and unit; none for FIFO queues and for messages without groups."""
    messages = list(queue["messages"])
    if queue["is_fifo"] or not any(each.get("group_id") for each in messages):
        return
    noisy = _noisy(messages, now)
    quiet = [each for each in messages if each.get("group_id") not in noisy]
    waiting = [each for each in quiet if each["visible_at"] <= now]
    oldest = min((each.get("arrived_at", each["sent_at"]) for each in quiet), default=now)
    yield "ApproximateNumberOfNoisyGroups", len(noisy), "Count"
    yield "ApproximateNumberOfMessagesVisibleInQuietGroups", len(waiting), "Count"
    yield "ApproximateAgeOfOldestMessageInQuietGroups", now - oldest, "Seconds"


def _noisy(messages: list[dict[str, Any]], now: float) -> set[str]:
    in_flight = Counter(
        str(each.get("group_id") or each["id"])
        for each in messages
        if each["visible_at"] > now and each["receive_count"]
    )
    waiting = {each.get("group_id") for each in messages if each["visible_at"] <= now}
    groups = {each.get("group_id") or each["id"] for each in messages}
    return {
        group
        for group, number in in_flight.items()
        if number >= _LEAST_IN_FLIGHT
        and number * 2 > in_flight.total()
        and group in waiting
        and len(groups) > 1
    }
