"""A queue that nothing consumes.

## What it does
Looks for queues without an event source mapping that are no dead-letter queue and that nobody else
receives from either, by the figures or by a function's own code, for mappings whose function is
gone, and for mappings that the stack declares and that were deleted. It is an error where messages
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
from sqsctl.checks.support.missing_queues import MISSING
from sqsctl.checks.support.queue_use import received_by_hand
from sqsctl.checks.support.unconsumed_queues import consumed_by_design
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.model.intents import Deploy, Do, Option, Tell, call, remedy
from sqsctl.model.plurals import waiting
from sqsctl.model.stack import (
    Fact,
    Queue,
    Stack,
)
from sqsctl.remedies.cli import FUNCTION


class MappingMissing(Check):
    meta = Meta(
        id="mapping-missing",
        title="Every queue has a consumer, and every mapping its function",
        severity=Severity.ERROR,
        needs=frozenset({Fact.QUEUES, Fact.MAPPINGS}),
        uses=frozenset({Fact.FUNCTIONS, Fact.METRICS, Fact.APIS, Fact.PACKAGES, Fact.PERMISSIONS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        consumed = {each.queue_arn for each in stack.mappings}
        targets = stack.dead_letter_queues()
        # A list of mappings that could not be read whole proves no absence.
        if all(gap.reason == MISSING for gap in stack.mappings.unread):
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
                yield self._orphan(mapping)
        for gap in stack.mappings.unread:
            if gap.reason == MISSING:
                yield self._deleted(gap.what.rpartition(" ")[2], stack)

    def _deleted(self, uuid: str, stack: Stack) -> Finding:
        """The stack declares it, and CloudFormation does not see that it is gone."""
        return self.found(
            f"the mapping {uuid} of {stack.stack_name or stack.name} was deleted: what it fed is "
            "not fed any more",
            evidence=(
                Evidence(f"lambda GetEventSourceMapping {uuid}", "error", "it does not exist"),
            ),
            remedy=remedy(
                "make it again: CloudFormation does not see that it is gone",
                Tell("take the mapping out of the project's files"),
                Deploy(),
                Tell("put it back"),
                Deploy(),
            ),
            subject=stack.name,
        )

    def _unconsumed(self, queue: Queue, stack: Stack) -> Iterator[Finding]:
        if figures.total(figures.series(stack, queue.name, "NumberOfMessagesReceived")) > 0:
            return  # something outside the stack receives from it
        if received_by_hand(queue, stack):
            return
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
            remedy=remedy(
                "map the queue to its consumer"
                if design
                else "if somebody is to consume it, map it to a function",
                Do(
                    call(
                        "lambda",
                        "create_event_source_mapping",
                        EventSourceArn=queue.arn,
                        FunctionName=FUNCTION,
                        BatchSize=10,
                        FunctionResponseTypes=["ReportBatchItemFailures"],
                    )
                ),
            ),
            subject=queue.name,
            severity=Severity.ERROR if queue.visible and design else Severity.INFO,
            kind=None if design else Kind.RISK,
            confidence=Confidence.MEDIUM if design else Confidence.LOW,
            explains=None if design else (),
        )

    def _orphan(self, mapping: EventSourceMapping) -> Finding:
        return self.found(
            f"the mapping of {mapping.queue_arn.rsplit(':', 1)[-1]} feeds "
            f"{mapping.function_name}, which does not exist",
            evidence=(of_mapping(mapping, "FunctionArn", mapping.function_arn),),
            remedy=remedy(
                "map the queue to the function that replaced it",
                Do(
                    call(
                        "lambda",
                        "update_event_source_mapping",
                        UUID=mapping.uuid,
                        FunctionName=FUNCTION,
                    )
                ),
                other=(
                    Option(
                        (Do(call("lambda", "delete_event_source_mapping", UUID=mapping.uuid)),),
                        "where nothing is to consume the queue any more",
                    ),
                ),
            ),
            subject=mapping.function_name,
        )
