"""An event filter removes messages that it does not match.

## What it does
Looks for filter criteria on mappings of queues, and for messages that were received while
the function was never invoked.

## Why it matters
On a queue a filter does not leave the others for somebody else: what does not match is
deleted. No error, no dead letter, no log line. A pattern on `body` matches JSON bodies
only.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_mapping
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.model.intents import REMOVED, Option, Set, Tell, remedy
from sqsctl.model.stack import (
    Fact,
    Stack,
)


class FilterDrops(Check):
    meta = Meta(
        id="filter-drops",
        title="No filter deletes messages unseen",
        severity=Severity.WARNING,
        needs=frozenset({Fact.MAPPINGS}),
        uses=frozenset({Fact.METRICS}),
        explains=("logs-missing",),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for mapping in stack.mappings:
            if mapping.filters:
                yield self._filters(mapping, stack)

    def _filters(self, mapping: EventSourceMapping, stack: Stack) -> Finding:
        queue = mapping.queue_arn.rsplit(":", 1)[-1]
        received = figures.series(stack, queue, "NumberOfMessagesReceived")
        deleted = figures.series(stack, queue, "NumberOfMessagesDeleted")
        invoked = figures.series(stack, mapping.function_name, "Invocations")
        dropped = figures.total(deleted) > 0 and figures.total(invoked) == 0
        measured: tuple[Evidence, ...] = ()
        if dropped and deleted and received:
            measured = (
                figures.evidence(
                    received, "NumberOfMessagesReceived", f"{figures.total(received):.0f}"
                ),
                figures.evidence(
                    deleted, "NumberOfMessagesDeleted", f"{figures.total(deleted):.0f}"
                ),
                Evidence(f"cloudwatch AWS/Lambda {mapping.function_name}", "Invocations", "0"),
            )
        number = round(figures.total(deleted))
        lost = "the only message" if number == 1 else f"all {number} messages"
        title = (
            f"the filter of {mapping.function_name} deleted {lost} of {queue} unseen"
            if dropped
            else f"the mapping of {queue} deletes every message that its filter does not match"
        )
        return self.found(
            title,
            evidence=(
                *(of_mapping(mapping, "FilterCriteria", each) for each in mapping.filters),
                *measured,
            ),
            remedy=remedy(
                "make the pattern match what is sent (patterns on body match JSON only), or take "
                "the filter off and decide in the code",
                Set("mapping", mapping.uuid, {"FilterCriteria": REMOVED}),
                when="to let every message through",
                other=(
                    Option(
                        (
                            Tell(
                                "write the pattern for what is sent: a pattern on body matches "
                                "JSON only, and what it does not match is deleted"
                            ),
                        ),
                        "where a part of the messages is to be deleted",
                    ),
                ),
            ),
            subject=mapping.function_name,
            severity=Severity.ERROR if dropped else Severity.INFO,
            kind=Kind.CAUSE if dropped else Kind.RISK,
            explains=None if dropped else (),
            confidence=Confidence.MEDIUM,
        )
