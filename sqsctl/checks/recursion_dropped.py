"""A consumer feeds its own queue.

## What it does
Looks for invocations that Lambda's recursion detection dropped, and for consumers whose
environment names the queue that they consume.

## Why it matters
A function that answers a message with another one into the same queue runs for ever. Lambda
stops a chain after about 16 rounds and sends the message to the dead-letter queue.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_function
from sqsctl.model.finding import Confidence, Finding, Fix, Kind, Severity
from sqsctl.model.stack import EventSourceMapping, Fact, Function, Queue, Stack


class RecursionDropped(Check):
    meta = Meta(
        id="recursion-dropped",
        title="No consumer feeds its own queue",
        severity=Severity.ERROR,
        needs=frozenset({Fact.MAPPINGS, Fact.FUNCTIONS, Fact.QUEUES}),
        uses=frozenset({Fact.METRICS}),
        explains=("dead-letters", "account-concurrency"),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for queue, function, mapping in stack.consumed():
            dropped = figures.series(stack, function.name, "RecursiveInvocationsDropped")
            if dropped and figures.total(dropped) > 0:
                number = figures.total(dropped)
                yield self.found(
                    f"Lambda stopped {number:.0f} recursive invocations of {function.name} on "
                    f"{queue.name}",
                    evidence=(
                        figures.evidence(
                            dropped, "RecursiveInvocationsDropped", f"{number:.0f} in all"
                        ),
                    ),
                    fix=_fix(),
                    subject=function.name,
                )
            elif own := _own(function, queue, mapping):
                yield self.found(
                    f"{function.name} knows the queue that it consumes ({own}): a message that "
                    "it sends there "
                    "comes back to it",
                    evidence=(
                        of_function(function, f"Environment {own}", function.environment[own]),
                    ),
                    fix=_fix(),
                    subject=function.name,
                    severity=Severity.INFO,
                    kind=Kind.RISK,
                    confidence=Confidence.LOW,
                )


def _own(function: Function, queue: Queue, mapping: EventSourceMapping) -> str:
    for name, value in function.environment.items():
        if value and (value in (queue.url, mapping.queue_arn) or value.endswith(f"/{queue.name}")):
            return name
    return ""


def _fix() -> Fix:
    return Fix(
        "send to another queue, or stop after a number of rounds that the message counts itself"
    )
