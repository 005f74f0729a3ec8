"""Follow logs by Live Tail, and go on by polling where it refuses, samples, or ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqsctl.aws.cloudwatch.live_tail import LiveTail
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.logline import LogEvent
from sqsctl.operations.logs.log_window import function_of
from sqsctl.operations.logs.tail import Notice, Tailed

if TYPE_CHECKING:
    from sqsctl.aws.session import Session

REMEMBERED = 5_000
_OVERLAP = timedelta(seconds=5)


def live_tail(
    session: Session,
    groups: Mapping[str, str],
    *,
    polling: Callable[[datetime], Iterator[Tailed]],
    filter_pattern: str = "",
    notify: Callable[[Notice], None],
    idle: Callable[[], None] = lambda: None,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> Iterator[Tailed]:
    """Yield events of ``groups`` (function to log group) as they come in.

    ``polling`` follows from a moment on: it takes over where Live Tail is refused, sends a sample
    (nothing of which is yielded: polling reads it whole) or ends. ``idle`` is called after each
    update, once a second. What was yielded shortly before is not repeated.
    """
    whose: dict[str, list[str]] = {}
    for function, group in groups.items():
        whose.setdefault(group, []).append(function)
    began = now()
    recent: deque[tuple[str, object, str]] = deque(maxlen=REMEMBERED)
    try:
        with LiveTail(session, list(whose), filter_pattern) as live:
            for update in live:
                if update.sampled:
                    notify(_switch("Live Tail sends a sample of what comes in"))
                    began = min(
                        (each.timestamp for each in update.events if each.timestamp), default=began
                    )
                    break
                for event in sorted(update.events, key=lambda each: each.timestamp or began):
                    recent.append(_key(event))
                    began = max(began, event.timestamp or began)
                    name = _function(event, whose)
                    if name:
                        yield Tailed(name, event)
                idle()
            else:
                notify(_switch("Live Tail ended the session"))
    except SqsctlError as error:
        if error.code.startswith("credentials") or error.exit is Exit.NOT_FOUND:
            raise
        notify(_switch(f"no Live Tail here: {error.message}"))
    seen = frozenset(recent)
    for each in polling(began - _OVERLAP if recent else began):
        if _key(each.event) not in seen:
            yield each


def _switch(why: str) -> Notice:
    return Notice("live_tail_ended", f"{why}; following by polling")


def _key(event: LogEvent) -> tuple[str, object, str]:
    return event.stream, event.timestamp, event.message


def _function(event: LogEvent, whose: Mapping[str, list[str]]) -> str | None:
    """Whose event it is; None for another function's in a shared group."""
    names = whose.get(event.group, [event.group])
    name = function_of(event.stream)
    return names[0] if name is None else name if name in names else None
