"""What another service than SQS put into a dead-letter queue, because it could not deliver it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

# lambda-dlq: DeadLetterConfig of an asynchronous function; lambda-destination: its OnFailure
# destination; lambda-stream and pipe: records of a stream, of which only the place is told.
DeliveredBy = Literal[
    "lambda-dlq",
    "lambda-destination",
    "lambda-stream",
    "eventbridge-rule",
    "sns-subscription",
    "scheduler",
    "pipe",
]

WORDS: dict[DeliveredBy, str] = {
    "lambda-dlq": "asynchronous invocation",
    "lambda-destination": "asynchronous invocation",
    "lambda-stream": "event source mapping",
    "eventbridge-rule": "EventBridge rule",
    "sns-subscription": "SNS subscription",
    "scheduler": "EventBridge schedule",
    "pipe": "EventBridge pipe",
}


@dataclass(frozen=True, slots=True)
class StreamBatch:
    """Where in its stream a batch of records is that could not be delivered.

    ``source_arn`` is the stream's, or the Kafka cluster's, which has no shards. Times are as the
    service writes them; what the message does not say is empty.
    """

    source_arn: str
    shard_id: str = ""
    first_sequence_number: str = ""
    last_sequence_number: str = ""
    first_arrival: str = ""
    last_arrival: str = ""
    size: int | None = None


@dataclass(frozen=True, slots=True)
class FailedDelivery:
    """One delivery that failed for good, as the dead-letter message itself tells it.

    ``payload`` is what was to be delivered, as text; None where the message does not hold it
    (a stream's records, of which ``batch`` tells the place). ``source_arn`` is the rule,
    schedule, pipe, stream or topic that it came through, ``target_arn`` where it was to go; both
    are None where the message does not say. ``condition`` is AWS's word for why it was given up
    (RetriesExhausted, MaximumRetryAttempts). ``request_id`` is the failed invocation's.
    """

    by: DeliveredBy
    payload: str | None
    source_arn: str | None = None
    target_arn: str | None = None
    error_code: str = ""
    error_type: str = ""
    error_message: str = ""
    trace: tuple[str, ...] = ()
    condition: str = ""
    attempts: int | None = None
    request_id: str | None = None
    event_id: str | None = None
    payload_truncated: bool = False
    batch: StreamBatch | None = None

    @property
    def error(self) -> str:
        """The error on one line: its code or type and its message, as far as they are told."""
        head = self.error_type or self.error_code
        return ": ".join(each for each in (head, self.error_message) if each)


@dataclass(frozen=True, slots=True)
class DeadLetterFeed:
    """What sends its failures to a queue, and is no queue itself.

    ``name`` is the function's, rule's, schedule's or pipe's; of a subscription the topic's.
    ``stream`` is what a stream's mapping reads, by name.
    """

    by: DeliveredBy
    name: str
    queue_arn: str
    stream: str = ""

    @property
    def told(self) -> str:
        """In words: ``EventBridge rule nightly``."""
        if self.by in {"lambda-dlq", "lambda-destination"}:
            return f"asynchronous invocations of {self.name}"
        if self.by == "lambda-stream":
            return f"{WORDS[self.by]} of {self.stream or 'a stream'} to {self.name}"
        between = " of " if self.by == "sns-subscription" else " "
        return f"{WORDS[self.by]}{between}{self.name}"
