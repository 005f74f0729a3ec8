"""Which messages are meant: by id, by what the body says, by when they were sent."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqsctl.errors import UsageError
from sqsctl.model.message import Message
from sqsctl.operations.dead_letters.readable_bodies import documents, texts

Select = Callable[[Message], bool]
_SORTS = ("sent", "received", "count", "size", "id", "group")
_EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Filters:
    """Conditions that all have to hold; empty ones say nothing.

    ``match`` is a JMESPath expression on JSON bodies and on what their wrappings hold (SNS,
    EventBridge, base64 …; a body without JSON does not match), ``grep`` a regular expression on
    the body's text, likewise. ``since`` and ``until`` compare
    with the time of sending. ``causes`` are check ids, looked up in ``known_causes``.
    """

    ids: tuple[str, ...] = ()
    match: str | None = None
    grep: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    causes: tuple[str, ...] = ()

    @property
    def empty(self) -> bool:
        return self == Filters()


def compiled(
    filters: Filters, *, known_causes: Callable[[Message], str] | None = None
) -> Select | None:
    """One predicate for all conditions; None where there are none.

    ``known_causes`` gives the cause of a message, empty where unknown. Raises UsageError for
    an expression that cannot be read.
    """
    tests: list[Select] = []
    if filters.ids:
        wanted = frozenset(filters.ids)
        tests.append(lambda message: message.message_id in wanted)
    if filters.since or filters.until:
        tests.append(_within(filters.since, filters.until))
    if filters.grep is not None:
        tests.append(_grep(filters.grep))
    if filters.match is not None:
        tests.append(_jmespath(filters.match))
    if filters.causes:
        if known_causes is None:
            raise UsageError("causes are not known here: the consumer's logs are needed")
        causes = frozenset(filters.causes)
        tests.append(lambda message: known_causes(message) in causes)
    if not tests:
        return None
    return lambda message: all(test(message) for test in tests)


def ordered(messages: Iterable[Message], sort: str | None) -> list[Message]:
    """Sorted by ``sent received count size id group``, ``-`` in front for descending."""
    everything = list(messages)
    if not sort:
        return everything
    name = sort.removeprefix("-")
    if name not in _SORTS:
        raise UsageError(
            f"cannot sort by {sort!r}", hint=f"one of {', '.join(_SORTS)}, with - to turn it round"
        )
    return sorted(everything, key=_KEYS[name], reverse=sort.startswith("-"))


_KEYS: dict[str, Callable[[Message], Any]] = {
    "sent": lambda message: message.sent_at or _EARLIEST,
    "received": lambda message: message.first_received_at or _EARLIEST,
    "count": lambda message: message.receive_count,
    "size": lambda message: len(message.body),
    "id": lambda message: message.message_id,
    "group": lambda message: message.group_id or "",
}


def _within(since: datetime | None, until: datetime | None) -> Select:
    def test(message: Message) -> bool:
        sent = message.sent_at
        if sent is None:
            return False
        return (since is None or sent >= since) and (until is None or sent <= until)

    return test


def _grep(pattern: str) -> Select:
    try:
        found = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"{pattern!r} is not a regular expression: {error}") from error
    return lambda message: any(found.search(text) for text in texts(message.body))


def _jmespath(expression: str) -> Select:
    import jmespath
    from jmespath.exceptions import JMESPathError

    try:
        compiled_expression = jmespath.compile(expression)
    except (JMESPathError, ValueError, RecursionError) as error:
        # json's own errors come through for what stands between backticks.
        raise UsageError(
            f"{expression!r} is not a JMESPath expression: {error}",
            hint="for example: input > `5`, or contains(name, 'x')",
        ) from error

    # jmespath compares and computes on whatever it finds, and lets Python's errors through.
    unfit = (JMESPathError, TypeError, ValueError, AttributeError, OverflowError, RecursionError)

    def test(message: Message) -> bool:
        return any(holds(document) for document in documents(message.body))

    def holds(document: Any) -> bool:
        try:
            return _truthy(compiled_expression.search(document))
        except unfit:
            return False  # this body has another shape than the expression wants

    return test


def _truthy(value: object) -> bool:
    """JMESPath's own truth: false, null and everything empty are not; 0 is."""
    if value is None or value is False:
        return False
    return bool(value) if isinstance(value, str | Sequence | dict) else True
