"""A function runs into its timeout.

## What it does
Reads the platform's own words for it: `Task timed out after …`, `Sandbox.Timedout`,
REPORT and platform.report with status timeout. Compares with the configured timeout and
with the visibility timeout of the queues that the function consumes, so that the fix
raises both together.

## Why it matters
Lambda stops the function in the middle of its work. The message counts as not handled and
comes back: work already done is done again, and after maxReceiveCount turns the message is
dead-lettered though it may have been handled each time.
"""

from __future__ import annotations

import re
from math import ceil

from sqsctl.checks.base import Meta
from sqsctl.checks.support.cases import Case
from sqsctl.checks.support.evidence import of_function, of_queue
from sqsctl.checks.support.logcheck import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.shell import (
    FUNCTION,
    aws,
    queue_attributes_command,
    step,
    yml_function,
)
from sqsctl.model.finding import Evidence, Finding, Fix, Severity, Step
from sqsctl.model.stack import Fact, Function, Queue, Stack

_AFTER = re.compile(r"timed out after (\d{1,6}(?:\.\d{1,3})?) seconds")
LONGEST_S = 900


class FunctionTimeout(LogCheck[str]):
    meta = Meta(
        id="function-timeout",
        title="Functions come to their end within their timeout",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES | {Fact.QUEUES},
        explains=("dead-letters", "backlog-growing", "http-5xx"),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/configuration-timeout.html",
    )

    def recognise(self, case: Case) -> str | None:
        return "timeout" if timed_out(case) else None

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        function = stack.function(seen.function)
        limit = function.timeout_s if function else seen.newest.timeout_s
        if limit is None and (match := _AFTER.search(seen.newest.failure.message)):
            limit = round(float(match.group(1)))
        queues = tuple(q for q, f, _ in stack.consumed() if f.name == seen.function)
        times = f" ({seen.count} times)" if seen.count > 1 else ""
        of = f" of {limit} s" if limit else ""
        return self.found(
            f"{seen.who} is stopped at its timeout{of}{times}",
            evidence=(
                *seen.evidence(),
                *(
                    (of_function(function, "Timeout", f"{function.timeout_s} s"),)
                    if function
                    else ()
                ),
                *_queues_evidence(queues),
            ),
            fix=raise_timeout(stack, seen.function, limit or 3, queues, function),
            subject=seen.function,
            confidence=seen.confidence,
        )


def timed_out(case: Case) -> bool:
    """Whether the platform stopped the invocation at its timeout."""
    kind = case.failure.error_type
    return kind == "Sandbox.Timedout" or (
        not case.failure.logged
        and kind in {"", "Unknown"}
        and bool(_AFTER.search(case.failure.message))
    )


def _queues_evidence(queues: tuple[Queue, ...]) -> tuple[Evidence, ...]:
    return tuple(of_queue(q, "VisibilityTimeout", f"{q.visibility_timeout_s} s") for q in queues)


def raise_timeout(
    stack: Stack, name: str, limit: int, queues: tuple[Queue, ...], function: Function | None
) -> Fix:
    """Raise the timeout, after the visibility of its queues: Lambda refuses the other order."""
    wanted = min(LONGEST_S, max(30, ceil(limit * 5)))
    short = [each for each in queues if each.visibility_timeout_s < 6 * wanted]
    visibility = {"VisibilityTimeout": str(min(43_200, 6 * wanted))}
    commands = [queue_attributes_command(stack, each.url, visibility) for each in short]
    commands.append(
        aws(
            stack,
            "lambda",
            "update-function-configuration",
            "--function-name",
            name or FUNCTION,
            "--timeout",
            wanted,
        )
    )
    steps: list[Step] = [
        step("sqs", "set_queue_attributes", QueueUrl=each.url, Attributes=visibility)
        for each in short
    ]
    if function:
        steps.append(
            step("lambda", "update_function_configuration", FunctionName=name, Timeout=wanted)
        )
    raised = f" and the queue's visibility timeout to {6 * wanted} s" if short else ""
    return Fix(
        f"raise the timeout to {wanted} s{raised}, or do less in one invocation "
        "(a smaller batch, a timeout on each call that it makes)",
        disposition="safe" if function and limit < LONGEST_S else "manual",
        commands=tuple(commands),
        serverless_yml=yml_function(name, f"timeout: {wanted}"),
        steps=tuple(steps) if function and limit < LONGEST_S else (),
    )
