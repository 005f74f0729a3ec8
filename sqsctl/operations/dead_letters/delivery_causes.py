"""What a failed delivery died of, from the error that it carries itself."""

from __future__ import annotations

from sqsctl.checks.support.failures.attribution import Match
from sqsctl.checks.support.failures.line_checks import explain_line
from sqsctl.model.failed_delivery import FailedDelivery
from sqsctl.model.finding import Confidence
from sqsctl.model.logline import LogEvent
from sqsctl.model.message import Message
from sqsctl.operations.dead_letters.failed_deliveries import failed_delivery, log_text, told

# EventBridge's and Scheduler's own codes, and those of the APIs that they call.
_CODES = {
    "NO_PERMISSIONS": "access-denied",
    "FAILED_TO_ASSUME_ROLE": "access-denied",
    "AccessDeniedException": "access-denied",
    "AccessDenied": "access-denied",
    "THROTTLING": "throttled",
    "ThrottlingException": "throttled",
    "TooManyRequestsException": "throttled",
    "429": "throttled",
    "AWS.SimpleQueueService.NonExistentQueue": "queue-not-found",
}


def delivery_match(message: Message) -> Match | None:
    """What the message died of, None where it is no failed delivery.

    The cause stays empty where no check knows the error; the evidence then says the error alone.
    """
    delivery = failed_delivery(message)
    if delivery is None:
        return None
    cause = _cause(delivery)
    return Match(
        cause, Confidence.HIGH, message.message_id, message.sent_at, evidence=told(delivery)
    )


def _cause(delivery: FailedDelivery) -> str:
    known = _CODES.get(delivery.error_code)
    if known:
        return known
    if delivery.by == "eventbridge-rule" and "queue does not exist" in delivery.error_message:
        return "queue-not-found"
    text = log_text(delivery)
    return (explain_line(LogEvent(text)) or "") if text else ""
