"""AWS, or another service, refuses because too much is asked at once.

## What it does
Reads the throttling errors of AWS's services and HTTP 429 of others, where they ended an
invocation: not those that a retry got past.

## Why it matters
Each throttled attempt counts as a receive of the message. Throttling alone can fill a dead-letter
queue with messages that nothing is wrong with.
"""

from __future__ import annotations

import re

from sqsctl.checks.base import Meta
from sqsctl.checks.support.access.denials import action_of
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import MESSAGES, NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.services import BOTO, THROTTLED
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.functions import EventSourceMapping
from sqsctl.model.intents import ChangeCode, Look, Option, Redrive, Remedy, Set, Tell, call
from sqsctl.model.stack import Stack


class Throttled(LogCheck[tuple[str, str]]):
    meta = Meta(
        id="throttled",
        title="No call fails for being too many",
        severity=Severity.WARNING,
        needs=NEEDS,
        uses=USES_SWALLOWED | MESSAGES,
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
        return self.found(
            f"{_who(seen)} is throttled{on} ({code})",
            evidence=seen.evidence(),
            remedy=_in_flight()
            if _IN_FLIGHT.search(seen.newest.everything)
            else _less_at_once(mapping, action),
            subject=seen.function,
            confidence=seen.confidence,
        )


# Lambda refuses the function's own invocation; everything else is what the function calls.
_OWN = re.compile(r"ConcurrentInvocationLimit|FunctionInvocationRateLimit|CallerRateLimit|ESMRate")


def _who(seen: Seen[tuple[str, str]]) -> str:
    own = _OWN.search(seen.newest.everything) is not None
    return seen.who if own else f"what {seen.who} calls"


_IN_FLIGHT = re.compile(r"messages in flight|OverLimit\b[^\n]{0,80}ReceiveMessage")


def _in_flight() -> Remedy:
    """No rate of calls: what was received and not deleted yet is too much."""
    said = (
        "delete each message right after its work, and shorten the visibility timeout to what the "
        "work takes: a queue has at most 120,000 messages in flight"
    )
    return Remedy(said, (Option((ChangeCode(said),)),), afterwards=Redrive())


def _less_at_once(mapping: EventSourceMapping | None, action: str) -> Remedy:
    service = action.partition(":")[0] or "lambda"
    quota = Option(
        (
            Look(call("service-quotas", "list_service_quotas", ServiceCode=service)),
            Tell("ask for a higher value of the quota that is met"),
        ),
        "where all of it is needed",
    )
    retry = Option(
        (
            ChangeCode(
                "retry with backoff and jitter (maxAttempts, the adaptive retry mode), make "
                "fewer calls: batches where the API has them, look-ups cached outside the handler"
            ),
        ),
        "where the calls are the code's own",
    )
    most = mapping.maximum_concurrency if mapping else None
    wanted = max(2, most // 2) if most else 2
    narrowed = (
        Option(
            (
                Set(
                    "mapping",
                    mapping.uuid,
                    {"ScalingConfig": {"MaximumConcurrency": wanted}},
                    {"ScalingConfig": {"MaximumConcurrency": most} if most else {}},
                ),
            ),
            "where fewer consumers at once will do",
        )
        # Provisioned pollers and a maximum concurrency exclude each other: AWS refuses both.
        if mapping and most != wanted and not mapping.provisioned_pollers
        else None
    )
    return Remedy(
        "let fewer consumers work at once (maximum concurrency of the mapping), retry with "
        "backoff, or have the quota raised",
        (narrowed, retry, quota) if narrowed else (retry, quota),
        afterwards=Redrive(),
    )
