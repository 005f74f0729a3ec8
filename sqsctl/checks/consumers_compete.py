"""Two functions consume the same queue.

## What it does
Looks for queues that are mapped to more than one function.

## Why it matters
A message goes to one of them, by chance: a queue does not fan out. Each function sees a
part of the messages, which looks like loss. To give every message to both, put an SNS topic
in front of a queue for each.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_mapping
from sqsctl.model.finding import Confidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.model.intents import Option, Set, Tell, remedy
from sqsctl.model.stack import (
    Fact,
    Stack,
)


class ConsumersCompete(Check):
    meta = Meta(
        id="consumers-compete",
        title="Every queue has one consumer",
        severity=Severity.WARNING,
        kind=Kind.RISK,
        needs=frozenset({Fact.MAPPINGS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        by_queue: dict[str, list[EventSourceMapping]] = {}
        for mapping in stack.mappings:
            if mapping.state not in {"Disabled", "Disabling", "Deleting"}:
                by_queue.setdefault(mapping.queue_arn, []).append(mapping)
        for arn, mappings in by_queue.items():
            names = sorted({each.function_name for each in mappings})
            # Filters may share the messages out on purpose; what matches neither is deleted.
            if len(names) < 2:
                continue
            filtered = all(each.filters for each in mappings)
            yield self.found(
                f"{', '.join(names)} all consume {arn.rsplit(':', 1)[-1]}: each message reaches "
                "one of them",
                evidence=tuple(of_mapping(each, "EventSourceArn", arn) for each in mappings),
                remedy=remedy(
                    "give each function a queue of its own behind an SNS topic, or disable one "
                    "mapping",
                    *(
                        Set("mapping", each.uuid, {"Enabled": False}, {"Enabled": True})
                        for each in mappings[1:]
                    ),
                    when="where one consumer is enough",
                    other=(
                        Option(
                            (
                                Tell(
                                    "make an SNS topic, a queue for each function that subscribes "
                                    "to it, and send to the topic"
                                ),
                            ),
                            "where each function has to see every message",
                        ),
                    ),
                ),
                subject=arn.rsplit(":", 1)[-1],
                severity=Severity.WARNING,
                confidence=Confidence.HIGH if filtered else Confidence.MEDIUM,
            )
