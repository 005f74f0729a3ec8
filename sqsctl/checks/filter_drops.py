"""An event filter removes messages that it does not match.

## What it does
Looks for filter criteria on mappings of queues, and for messages that were received while
the function was never invoked. Where the mapping counts its events (MetricsConfig), its own
figures say how many the filter removed.

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
from sqsctl.model.plurals import counted
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
        reference="https://docs.aws.amazon.com/lambda/latest/dg/with-sqs-filtering.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for mapping in stack.mappings:
            if mapping.filters:
                yield self._filters(mapping, stack)

    def _filters(self, mapping: EventSourceMapping, stack: Stack) -> Finding:
        dropped = _counted(mapping, stack) or _by_the_queue(mapping, stack)
        queue = mapping.queue_arn.rsplit(":", 1)[-1]
        number, of, measured = dropped or (0, 0, ())
        every = dropped is not None and 0 < of <= number
        lost = (
            "the only message"
            if every and number == 1
            else f"all {counted(number, 'message')}"
            if every
            else f"{number} of {counted(of, 'message')}"
        )
        title = (
            f"the filter of {mapping.function_name} deleted {lost} of {queue} unseen"
            if number
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
                    *(() if mapping.counts_events else (_count(mapping),)),
                ),
            ),
            subject=mapping.function_name,
            severity=Severity.ERROR if every else Severity.INFO,
            kind=Kind.CAUSE if every else Kind.RISK,
            explains=None if every else (),
            confidence=Confidence.HIGH if mapping.counts_events and number else Confidence.MEDIUM,
        )


def _counted(
    mapping: EventSourceMapping, stack: Stack
) -> tuple[int, int, tuple[Evidence, ...]] | None:
    """What the mapping's own figures say: filtered out, polled; None where it has none."""
    filtered = figures.series(stack, mapping.uuid, "FilteredOutEventCount")
    polled = figures.series(stack, mapping.uuid, "PolledEventCount")
    if not filtered or not polled:
        return None
    told = tuple(
        figures.evidence(each, each.metric, f"{figures.total(each):.0f}")
        for each in (polled, filtered)
    )
    return round(figures.total(filtered)), round(figures.total(polled)), told


def _by_the_queue(
    mapping: EventSourceMapping, stack: Stack
) -> tuple[int, int, tuple[Evidence, ...]] | None:
    """Without these: messages that are deleted while the function never runs."""
    queue = mapping.queue_arn.rsplit(":", 1)[-1]
    received = figures.series(stack, queue, "NumberOfMessagesReceived")
    deleted = figures.series(stack, queue, "NumberOfMessagesDeleted")
    invoked = figures.series(stack, mapping.function_name, "Invocations")
    if not deleted or not figures.total(deleted) or figures.total(invoked):
        return None
    told = tuple(
        figures.evidence(each, each.metric, f"{figures.total(each):.0f}")
        for each in (received, deleted)
        if each
    )
    number = round(figures.total(deleted))
    ran = Evidence(f"cloudwatch AWS/Lambda {mapping.function_name}", "Invocations", "0")
    return number, number, (*told, ran)


def _count(mapping: EventSourceMapping) -> Option:
    return Option(
        (Set("mapping", mapping.uuid, {"MetricsConfig": {"Metrics": ["EventCount"]}}),),
        "to have what the filter deletes counted (CloudWatch charges for these figures)",
    )
