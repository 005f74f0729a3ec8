"""A queue that nothing consumes.

## What it does
Looks for queues without an event source mapping that are no dead-letter queue and that nobody
else receives from either, and for mappings whose function is gone. It is an error where messages
wait and something says that they are to be consumed: a RedrivePolicy, or a function of the queue's
name that nothing calls. A queue that functions only send to is told in passing.

## Why it matters
Messages are accepted, wait until their retention ends, and are lost. A mapping does not come with
the function: it is a resource of its own, and a deployment that renamed either may have left it
behind.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_mapping, of_queue
from sqsctl.checks.support.unconsumed_queues import consumed_by_design
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.model.plurals import waiting
from sqsctl.model.remedy import Fix
from sqsctl.model.stack import (
    Fact,
    Queue,
    Stack,
)
from sqsctl.remedies.shell import FUNCTION, aws, yml_function


class MappingMissing(Check):
    meta = Meta(
        id="mapping-missing",
        title="Every queue has a consumer, and every mapping its function",
        severity=Severity.ERROR,
        needs=frozenset({Fact.QUEUES, Fact.MAPPINGS}),
        uses=frozenset({Fact.FUNCTIONS, Fact.METRICS, Fact.APIS}),
        explains=("backlog-growing",),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        consumed = {each.queue_arn for each in stack.mappings}
        targets = stack.dead_letter_queues()
        # A list of mappings that could not be read whole proves no absence.
        if not stack.mappings.unread:
            for queue in stack.queues:
                if queue.arn not in consumed and queue.arn not in targets:
                    yield from self._unconsumed(queue, stack)
        gone = {
            gap.what.rsplit(" ", 1)[-1]
            for gap in stack.functions.unread
            if gap.reason.startswith("missing") or "not exist" in gap.reason
        }
        for mapping in stack.mappings:
            if mapping.function_name in gone:
                yield self._orphan(mapping, stack)

    def _unconsumed(self, queue: Queue, stack: Stack) -> Iterator[Finding]:
        if figures.total(figures.series(stack, queue.name, "NumberOfMessagesReceived")) > 0:
            return  # something outside the stack receives from it
        if "dlq" in queue.name.lower() or "dead" in queue.name.lower():
            return  # a dead-letter queue whose source lies elsewhere
        told = f": {waiting(queue.visible)}" if queue.visible else ""
        design = consumed_by_design(queue, stack)
        yield self.found(
            f"no function consumes {queue.name}{told}"
            if design
            else f"nothing in this stack consumes {queue.name}{told}; it may be meant to keep them",
            evidence=(
                Evidence(f"lambda ListEventSourceMappings {queue.name}", "mappings", "none"),
                of_queue(queue, "ApproximateNumberOfMessages", queue.visible),
                *((of_queue(queue, *design),) if design else ()),
            ),
            fix=Fix(
                "map the queue to its consumer"
                if design
                else "if somebody is to consume it, map it to a function",
                disposition="manual",
                commands=(
                    aws(
                        stack,
                        "lambda",
                        "create-event-source-mapping",
                        "--event-source-arn",
                        queue.arn,
                        "--function-name",
                        FUNCTION,
                        "--batch-size",
                        10,
                        "--function-response-types",
                        "ReportBatchItemFailures",
                    ),
                ),
                serverless_yml=yml_function("WORKER", "events:", f"  - sqs: {queue.arn}")
                if design
                else (),
            ),
            subject=queue.name,
            severity=Severity.ERROR if queue.visible and design else Severity.INFO,
            kind=None if design else Kind.RISK,
            confidence=Confidence.MEDIUM if design else Confidence.LOW,
            explains=None if design else (),
        )

    def _orphan(self, mapping: EventSourceMapping, stack: Stack) -> Finding:
        return self.found(
            f"the mapping of {mapping.queue_arn.rsplit(':', 1)[-1]} feeds "
            f"{mapping.function_name}, which does not exist",
            evidence=(of_mapping(mapping, "FunctionArn", mapping.function_arn),),
            fix=Fix(
                "map the queue to the function that replaced it, or delete the mapping",
                disposition="manual",
                commands=(
                    aws(
                        stack,
                        "lambda",
                        "update-event-source-mapping",
                        "--uuid",
                        mapping.uuid,
                        "--function-name",
                        FUNCTION,
                    ),
                ),
            ),
            subject=mapping.function_name,
        )
