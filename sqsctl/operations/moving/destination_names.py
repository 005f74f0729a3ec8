"""What ``--to`` names: a queue, a function, a topic, an event bus; by ARN, URL or kind and name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sqsctl.errors import UsageError

DestinationKind = Literal["queue", "function", "topic", "bus"]
_KINDS: tuple[DestinationKind, ...] = ("queue", "function", "topic", "bus")
_SERVICES: dict[str, DestinationKind] = {
    "sqs": "queue",
    "lambda": "function",
    "sns": "topic",
    "events": "bus",
}
_ARN = re.compile(
    r"arn:(?P<partition>[\w-]+):(?P<service>[\w-]+):(?P<region>[\w-]*):(?P<account>\d*):(?P<rest>.+)"
)
_NAME = re.compile(r"[\w.$:/+=-]{1,256}")


@dataclass(frozen=True, slots=True)
class Named:
    """A destination as it was named. ``reference`` is its ARN, its URL or its name."""

    kind: DestinationKind
    reference: str

    @property
    def name(self) -> str:
        """What people call it."""
        match = _ARN.fullmatch(self.reference)
        rest = match["rest"] if match else self.reference
        return rest.removeprefix("function:").removeprefix("event-bus/")


def named(text: str) -> Named:
    """Read ``--to``. A bare name or a URL is a queue's, as it always was.

    Raises UsageError for the ARN of something that takes no messages.
    """
    word, colon, name = text.partition(":")
    if colon and word in _KINDS and name:
        if not _NAME.fullmatch(name):
            raise UsageError(f"{name!r} cannot be the name of a {word}")
        return Named(next(each for each in _KINDS if each == word), name)
    match = _ARN.fullmatch(text)
    if match is None:
        return Named("queue", text)
    kind = _SERVICES.get(match["service"])
    fits = {"function": "function:", "bus": "event-bus/"}.get(kind or "", "")
    if kind is None or not match["rest"].startswith(fits):
        raise UsageError(
            f"{text} is no queue, function, topic or event bus",
            hint="--to takes a queue's name, or function:NAME, topic:NAME, bus:NAME, or an ARN",
            code="no_destination_kind",
        )
    return Named(kind, text)


def topic_arn(name: str, neighbour_arn: str) -> str:
    """The ARN of a topic in the account and region of another resource."""
    if name.startswith("arn:"):
        return name
    match = _ARN.fullmatch(neighbour_arn)
    partition, region, account = (
        (match["partition"], match["region"], match["account"]) if match else ("aws", "", "")
    )
    return f"arn:{partition}:sns:{region}:{account}:{name}"
