"""CloudWatch Logs' Live Tail: events as they come in, over one open answer.

botocore's model (StartLiveTail): an event stream of sessionStart and, once a second, sessionUpdate;
at most ten log groups; a session ends after three hours. Above 500 events a second it sends a
sample and says so. AWS bills Live Tail by the minute. A host of one's own is taken as it is: its
name gets no prefix.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from sqsctl.aws.session import Session
from sqsctl.aws.translate import translated
from sqsctl.aws.unsupported import offered
from sqsctl.errors import NotFoundError, SqsctlError
from sqsctl.model.logline import LogEvent
from sqsctl.model.times import from_epoch_ms

MAX_GROUPS = 10


@dataclass(frozen=True, slots=True)
class LiveUpdate:
    """What came in within a second. ``sampled``: not all of it."""

    events: tuple[LogEvent, ...]
    sampled: bool = False


class LiveTail:
    """One session. Close it, or use it as a context."""

    def __init__(self, session: Session, groups: Sequence[str], pattern: str = "") -> None:
        """Raises SqsctlError where the target refuses, NotFoundError where a group is missing."""
        if len(groups) > MAX_GROUPS:
            raise SqsctlError(
                f"Live Tail follows {MAX_GROUPS} log groups at most, not {len(groups)}",
                code="too_many_groups",
            )
        client: Any = session.logs()
        arns = {_arn(client, group): group for group in groups}
        self._groups = arns
        request: dict[str, Any] = {"logGroupIdentifiers": list(arns)}
        if pattern:
            request["logEventFilterPattern"] = pattern
        with offered("Live Tail"):
            self._stream: Any = client.start_live_tail(**request)["responseStream"]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the session."""
        self._stream.close()

    def __iter__(self) -> Iterator[LiveUpdate]:
        """An update a second, empty ones too. Raises SqsctlError where the session breaks off."""
        with translated("Live Tail"):
            for each in self._stream:
                if "sessionUpdate" in each:
                    yield self._update(each["sessionUpdate"])
                elif "sessionStart" not in each:
                    name, told = next(iter(each.items()), ("", {}))
                    text = told.get("message", "") if isinstance(told, Mapping) else ""
                    raise SqsctlError(
                        f"Live Tail ended the session ({name}): {text}", code="session_ended"
                    )

    def _update(self, shape: Mapping[str, Any]) -> LiveUpdate:
        events = tuple(
            LogEvent(
                message=each.get("message", ""),
                timestamp=from_epoch_ms(each.get("timestamp")),
                stream=each.get("logStreamName", ""),
                group=self._groups.get(
                    identifier := str(each.get("logGroupIdentifier", "")),
                    identifier.rpartition("log-group:")[2],
                ),
                ingested_at=from_epoch_ms(each.get("ingestionTime")),
            )
            for each in shape.get("sessionResults") or ()
        )
        return LiveUpdate(events, bool((shape.get("sessionMetadata") or {}).get("sampled")))


def _arn(client: Any, group: str) -> str:
    with offered(f"log group {group}"):
        answer = client.describe_log_groups(logGroupNamePrefix=group, limit=50)
    for each in answer.get("logGroups") or ():
        if each.get("logGroupName") == group:
            arn = str(each.get("logGroupArn") or each.get("arn") or "")
            return arn.removesuffix(":*")
    raise NotFoundError(f"there is no log group {group}", code="log_group_not_found")
