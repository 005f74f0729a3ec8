"""Code calls a queue that does not exist.

## What it does
Reads the non-existent-queue errors of every SDK, and compares the queue that the function's
environment names with those of the stack.

## Why it matters
The URL is of another stage, region or account, the queue was deleted (its name is blocked for 60
seconds), or the environment was never updated: every send fails.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.cases import Case
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.logcheck import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.services import NO_QUEUE, QUEUE_NAMED, WRONG_REGION
from sqsctl.checks.support.shell import FUNCTION, aws, yml_function
from sqsctl.model.finding import Evidence, Finding, Fix, Severity
from sqsctl.model.stack import Function, Stack


class QueueNotFound(LogCheck[str]):
    meta = Meta(
        id="queue-not-found",
        title="Every queue that is called exists",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES_SWALLOWED,
        explains=("queue-url-mismatch", "dead-letters", "backlog-growing", "http-5xx"),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "troubleshooting-api-errors.html"
        ),
    )
    precedence = 40
    minds_swallowed = True

    def recognise(self, case: Case) -> str | None:
        if not NO_QUEUE.search(case.everything):
            return None
        if any(WRONG_REGION.search(each) for each in case.failure.context):
            return None
        match = QUEUE_NAMED.search(case.everything)
        return (match.group("url") or match.group("arn")) if match else ""

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        function = stack.function(seen.function)
        named = f" {seen.sign}" if seen.sign else ""
        return self.found(
            f"{seen.who} calls a queue{named} that does not exist",
            evidence=(*seen.evidence(), *(_environment(function) if function else ())),
            fix=Fix(
                "let the environment name a queue that exists in this stage, region and account",
                commands=(
                    aws(stack, "sqs", "list-queues"),
                    aws(
                        stack,
                        "lambda",
                        "get-function-configuration",
                        "--function-name",
                        seen.function or FUNCTION,
                        "--query",
                        "Environment.Variables",
                    ),
                ),
                serverless_yml=yml_function(
                    seen.function, "environment:", "  QUEUE_URL: ${construct:jobs.queueUrl}"
                ),
            ),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _environment(function: Function) -> tuple[Evidence, ...]:
    return tuple(
        of_function(function, f"Environment {name}", value)
        for name, value in function.environment.items()
        if value and "sqs" in value
    )
