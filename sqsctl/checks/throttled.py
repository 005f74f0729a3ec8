"""AWS, or another service, refuses because too much is asked at once.

## What it does
Reads the throttling errors of AWS's services and HTTP 429 of others, where they ended an
invocation: not those that a retry got past.

## Why it matters
Each throttled attempt counts as a receive of the message. Throttling alone can fill a dead-letter
queue with messages that nothing is wrong with.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.denials import action_of
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import MESSAGES, NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.services import BOTO, THROTTLED
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.remedy import Fix
from sqsctl.model.stack import Stack
from sqsctl.remedies.shell import aws, if_dead_lettered, step, yml_mapping

REDRIVE = "; then redrive: the messages are good"


class Throttled(LogCheck[tuple[str, str]]):
    meta = Meta(
        id="throttled",
        title="No call fails for being too many",
        severity=Severity.WARNING,
        needs=NEEDS,
        uses=USES_SWALLOWED | MESSAGES,
        explains=("dead-letters", "backlog-growing", "http-5xx"),
        reference="https://docs.aws.amazon.com/general/latest/gr/api-retries.html",
    )
    precedence = 42
    minds_swallowed = True
    by_message = True

    def recognise(self, case: Case) -> tuple[str, str] | None:
        match = THROTTLED.search(case.text) or THROTTLED.search(case.failure.line)
        if not match:
            return None
        boto = BOTO.search(case.everything)
        return match.group().strip(), action_of(boto.group("op")) if boto else ""

    def report(self, seen: Seen[tuple[str, str]], stack: Stack) -> Finding:
        code, action = seen.sign
        on = f" by {action}" if action else ""
        mapping = next((m for m in stack.mappings if m.function_name == seen.function), None)
        commands = [aws(stack, "service-quotas", "list-service-quotas", "--service-code", "lambda")]
        if mapping:
            commands.insert(
                0,
                aws(
                    stack,
                    "lambda",
                    "update-event-source-mapping",
                    "--uuid",
                    mapping.uuid,
                    "--scaling-config",
                    "MaximumConcurrency=2",
                ),
            )
        return self.found(
            f"{seen.who} is throttled{on} ({code})",
            evidence=seen.evidence(),
            fix=Fix(
                "let fewer consumers work at once (maximum concurrency of the mapping), retry with "
                "backoff, or have the quota raised"
                f"{if_dead_lettered(stack, seen.function, REDRIVE)}",
                commands=tuple(commands),
                serverless_yml=yml_mapping(
                    stack, mapping, "maximumConcurrency: 2", lift=("maxConcurrency: 2",)
                )
                if mapping
                else (),
                keeps=(
                    step(
                        "lambda",
                        "update_event_source_mapping",
                        UUID=mapping.uuid,
                        ScalingConfig={"MaximumConcurrency": 2},
                    ),
                )
                if mapping
                else (),
            ),
            subject=seen.function,
            confidence=seen.confidence,
        )
