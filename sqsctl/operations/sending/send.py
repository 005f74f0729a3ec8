"""Send one message, over SQS or through the stack's HTTP API."""

from __future__ import annotations

import json
import time

from sqsctl.errors import Exit, SqsctlError, UsageError
from sqsctl.model.message import Outgoing
from sqsctl.model.transfer import Sent
from sqsctl.operations.shared.control import Control
from sqsctl.operations.shared.delivery import Delivery, RetryPolicy, deliver
from sqsctl.operations.shared.interfaces import PostsBodies, SendsMessages
from sqsctl.operations.shared.validation import problem


def send_to_queue(
    queue: SendsMessages,
    message: Outgoing,
    *,
    fifo: bool,
    control: Control | None = None,
    policy: RetryPolicy | None = None,
) -> Sent:
    """Send ``message`` to a queue and return SQS's acknowledgement.

    Raises UsageError where SQS would not take it, SqsctlError where it did not, and with
    code ``unknown`` where nobody can say whether it arrived.
    """
    if trouble := problem(message, fifo=fifo):
        raise UsageError(trouble, code="invalid_message")
    started = time.perf_counter()
    delivery = deliver(queue, (message,), control=control or Control(), policy=policy)
    latency_ms = (time.perf_counter() - started) * 1000
    if not delivery.accepted:
        raise delivery.error or _failure(delivery)
    accepted = delivery.accepted[0]
    return Sent(
        via="sqs",
        message_id=accepted.message_id,
        sequence_number=accepted.sequence_number,
        latency_ms=latency_ms,
        possible_duplicate=bool(delivery.doubtful),
    )


def send_over_http(api: PostsBodies, body: str) -> Sent:
    """POST ``body``; whatever the API answers is the result, also a 4xx or 5xx.

    Raises SqsctlError where no answer came.
    """
    answer = api.post(body)
    if answer.status is None:
        raise SqsctlError(
            f"the API did not answer: {answer.error}",
            hint="check the URL and the network"
            if not answer.sent
            else "the message may have arrived nevertheless: look before sending again",
            exit=Exit.UNAVAILABLE,
            code="unreachable" if not answer.sent else "unknown",
        )
    return Sent(
        via="http",
        message_id=_message_id(answer.body),
        status_code=answer.status,
        answer=answer.body,
        latency_ms=answer.latency_ms,
    )


def _failure(delivery: Delivery) -> SqsctlError:
    if delivery.unknown:
        return SqsctlError(
            f"nobody can say whether the message arrived: {delivery.reason}",
            hint="look into the queue before sending it again",
            exit=Exit.UNAVAILABLE,
            code="unknown",
        )
    refusal = delivery.rejected[0]
    if refusal.sender_fault:
        return SqsctlError(
            f"SQS refused the message: {refusal.message} ({refusal.code})", code="rejected"
        )
    return SqsctlError(
        f"SQS did not take the message: {refusal.message}",
        hint="try again in a moment",
        exit=Exit.UNAVAILABLE,
        code="throttled" if refusal.code != "unreachable" else "unreachable",
    )


def _message_id(answer: str) -> str | None:
    """The id in an answer that tells one, under the names that producers use for it."""
    try:
        parsed = json.loads(answer)
    except (ValueError, RecursionError):
        return None
    if not isinstance(parsed, dict):
        return None
    for key in ("messageId", "MessageId", "message_id"):
        if isinstance(parsed.get(key), str):
            return str(parsed[key])
    return None
