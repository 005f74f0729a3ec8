"""A FIFO queue's consumer handles messages after an earlier one failed.

## What it does
Follows the consumer's handler through its package, where the queue is FIFO, its mapping asks for
ReportBatchItemFailures and batches hold more than one message: a loop that reports a failed record
and goes on with the next, records that are begun all at once, and libraries' processors for
standard queues. A loop that stops at the first failure, or that asks whether one failed before, is
no finding.

## Why it matters
The failed message comes back, and is handled after those that were sent behind it: the order that
FIFO promises is lost, and nothing shows it. AWS asks for a consumer that stops at the first failure
and reports it with all that follow.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.code_fixes import the_rest
from sqsctl.checks.support.evidence import of_mapping
from sqsctl.handlercode.frames import Sighting
from sqsctl.handlercode.packages import consumer_of
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import EventSourceMapping, Function
from sqsctl.model.intents import remedy
from sqsctl.model.stack import Fact, Stack


class FifoOrderLost(Check):
    meta = Meta(
        id="fifo-order-lost",
        title="Consumers of FIFO queues stop at the first failure",
        severity=Severity.WARNING,
        kind=Kind.RISK,
        needs=frozenset({Fact.PACKAGES, Fact.MAPPINGS, Fact.FUNCTIONS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        packages = {each.function: each for each in stack.packages}
        for mapping in stack.mappings:
            function = stack.function(mapping.function_name)
            package = packages.get(mapping.function_name)
            heard = mapping.reports_batch_item_failures and mapping.batch_size > 1
            if function is None or package is None or not heard:
                continue
            if not mapping.queue_arn.endswith(".fifo"):
                continue
            code = consumer_of(function, package)
            if code.goes_on is not None:
                yield self._goes_on(function, mapping, code.goes_on, followed=code.followed)

    def _goes_on(
        self, function: Function, mapping: EventSourceMapping, at: Sighting, *, followed: bool
    ) -> Finding:
        queue = mapping.queue_arn.rpartition(":")[2]
        return self.found(
            f"{function.name} goes on after a message of {queue} failed: later messages of its "
            "group are handled before it comes back",
            evidence=(
                Evidence(f"code of {function.name}", f"{at.path}:{at.line}", at.detail),
                of_mapping(mapping, "EventSourceArn", mapping.queue_arn),
                of_mapping(mapping, "BatchSize", mapping.batch_size),
            ),
            remedy=remedy(
                "stop at the first failure, and report it with all the records that follow "
                "(Powertools: SqsFifoPartialProcessor)",
                the_rest(at),
            ),
            subject=function.name,
            confidence=Confidence.HIGH if followed else Confidence.MEDIUM,
        )
