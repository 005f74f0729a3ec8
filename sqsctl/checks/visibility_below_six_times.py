"""Visibility timeout below six times the function's.

## What it does
Compares each queue's visibility timeout with AWS's recommendation: six times the timeout of its
consumer, plus the batch window. Below once the timeout it is visibility-below-timeout.

## Why it matters
Lambda's poller retries a batch that was throttled until the visibility timeout passes. With little
room, messages become visible while they still wait for an execution: they are received again
without having been handled, and a receive counts.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_function, of_mapping, of_queue
from sqsctl.model.finding import Finding, Kind, Severity
from sqsctl.model.intents import Set, remedy
from sqsctl.model.stack import Fact, Stack

LONGEST_S = 43_200


class VisibilityBelowSixTimes(Check):
    meta = Meta(
        id="visibility-below-six-times",
        title="The visibility timeout leaves room for retries",
        severity=Severity.INFO,
        kind=Kind.RISK,
        needs=frozenset({Fact.QUEUES, Fact.FUNCTIONS, Fact.MAPPINGS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for queue, function, mapping in stack.consumed():
            wanted = min(LONGEST_S, 6 * function.timeout_s + mapping.window_s)
            hidden = queue.visibility_timeout_s
            if not function.timeout_s <= hidden < wanted:
                continue
            yield self.found(
                f"{queue.name} hides a message for {hidden} s; AWS advises {wanted} s for "
                f"{function.name} (six times its timeout, plus the window)",
                evidence=(
                    of_queue(queue, "VisibilityTimeout", f"{hidden} s"),
                    of_function(function, "Timeout", f"{function.timeout_s} s"),
                    of_mapping(mapping, "MaximumBatchingWindowInSeconds", f"{mapping.window_s} s"),
                ),
                remedy=remedy(
                    f"set the visibility timeout to {wanted} s",
                    Set(
                        "queue",
                        queue.url,
                        {"VisibilityTimeout": wanted},
                        {"VisibilityTimeout": queue.visibility_timeout_s},
                    ),
                    disposition="safe",
                ),
                subject=queue.name,
            )
