"""Which failure a dead letter died of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqsctl.checks.support.failures.caught_errors import caught_by, with_caught
from sqsctl.checks.support.failures.failure_cases import case_of, reading_of
from sqsctl.checks.support.failures.log_check import owner
from sqsctl.logtext import merge
from sqsctl.model.finding import Confidence
from sqsctl.model.logline import Attempt, Failure
from sqsctl.model.message import Message
from sqsctl.model.stack import DeadLetters, FunctionLogs, Stack

# A message may wait long between its receives; nothing older than its first receive counts.
_SLACK = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Match:
    """A dead letter and the check id of what it died of; cause empty where unknown.

    Confidence: high by message id in the failed invocation's lines, medium by time, low by
    being the consumer's only failure.
    """

    cause: str
    confidence: Confidence
    message_id: str = ""
    at: datetime | None = None
    evidence: str = ""


def match(stack: Stack, dead: DeadLetters) -> tuple[Match, ...]:
    """A match for each sample; without samples, one for each cause its consumers had.

    Reads QUEUES, MAPPINGS, FUNCTIONS and LOGS.
    """
    logs = consumers_logs(stack, dead.queue_arn)
    if dead.samples:
        return tuple(match_message(stack, logs, each) for each in dead.samples)
    found: dict[str, Match] = {}
    for each in logs:
        for failure in (*reading_of(each)[1], *merge(caught_by(stack, each))):
            cause = owner(case_of(stack, failure, each))
            if cause:
                found.setdefault(cause, Match(cause, Confidence.LOW, "", failure.timestamp))
    return tuple(found.values())


def consumers_logs(stack: Stack, dlq_arn: str) -> tuple[FunctionLogs, ...]:
    """Logs of the functions that consume the queues which dead-letter here."""
    sources = {each.arn for each in stack.queues if each.dead_letter_target_arn == dlq_arn}
    names = {each.function_name for each in stack.mappings if each.queue_arn in sources}
    return tuple(each for each in stack.logs if each.function in names)


def match_message(stack: Stack, logs: tuple[FunctionLogs, ...], message: Message) -> Match:
    """What one message died of: the newest attempt that had it and failed, or reported it."""
    best: Match | None = None
    for each in logs:
        failures = (*reading_of(each)[1], *merge(caught_by(stack, each)))
        for attempt in with_caught(stack, each, message.message_id):
            if attempt.failure is None:
                continue
            confidence = _fits(attempt, message)
            if confidence is None:
                continue
            cause = owner(case_of(stack, attempt.failure, each)) or ""
            found = Match(
                cause,
                confidence,
                message.message_id,
                attempt.failure.timestamp or attempt.started_at,
                f"request {attempt.request_id}",
            )
            if best is None or (found.confidence, str(found.at)) > (best.confidence, str(best.at)):
                best = found
        if best is None and (only := _only_cause(stack, each, failures)):
            best = Match(only, Confidence.LOW, message.message_id)
    return best or Match("", Confidence.LOW, message.message_id)


def _fits(attempt: Attempt, message: Message) -> Confidence | None:
    """How surely this failed attempt had this message."""
    if message.message_id and message.message_id in attempt.message_ids:
        return Confidence.HIGH
    began, first = attempt.started_at, message.first_received_at
    if began is None or first is None or attempt.message_ids:
        return None
    if first - _SLACK <= began <= first + timedelta(seconds=60):
        return Confidence.MEDIUM
    return None


def _only_cause(stack: Stack, logs: FunctionLogs, failures: tuple[Failure, ...]) -> str:
    causes = {owner(case_of(stack, each, logs)) for each in failures}
    return (causes.pop() or "") if len(causes) == 1 else ""
