"""SQS's own redrive: StartMessageMoveTask and its kin.

Not every endpoint has it: then SqsctlError, code ``unsupported``. Start is called once
and never retried; after a lost answer the task is found through ``tasks``.
"""

from __future__ import annotations

from typing import Any

from sqsctl.aws.session import Session
from sqsctl.aws.sqs import shapes
from sqsctl.aws.sqs.refusals import refused_as
from sqsctl.aws.translate import shaped, translated
from sqsctl.model.queues import MoveTask

MAX_RATE = 500  # messages per second, SQS's own limit
_LISTED = 10


class MoveTaskClient:
    """Move tasks of one target."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def start(
        self, source_arn: str, *, destination_arn: str | None = None, rate: int | None = None
    ) -> str:
        """Start a task, return its handle.

        ``destination_arn`` None: each message goes back to where it came from. ``rate``: at
        most that many messages a second (1-500).
        """
        request: dict[str, Any] = {"SourceArn": source_arn}
        if destination_arn:
            request["DestinationArn"] = destination_arn
        if rate:
            request["MaxNumberOfMessagesPerSecond"] = min(rate, MAX_RATE)
        what = _queue_in(source_arn)
        with refused_as(what), translated(what):
            answer: Any = self._session.sqs_unretried().start_message_move_task(**request)
        with shaped(what):
            return str(answer["TaskHandle"])

    def tasks(self, source_arn: str) -> tuple[MoveTask, ...]:
        """The last ten tasks of a source, newest first."""
        what = _queue_in(source_arn)
        with refused_as(what), translated(what):
            answer: Any = self._session.sqs().list_message_move_tasks(
                SourceArn=source_arn, MaxResults=_LISTED
            )
        with shaped(what):
            return tuple(shapes.move_task(each, source_arn) for each in answer.get("Results") or ())

    def cancel(self, handle: str) -> int:
        """Stop a task; what it moved stays moved. Returns how many that is, about."""
        with refused_as("the task"), translated("the task"):
            answer: Any = self._session.sqs().cancel_message_move_task(TaskHandle=handle)
        with shaped("the task"):
            return int(answer.get("ApproximateNumberOfMessagesMoved") or 0)


def _queue_in(arn: str) -> str:
    return f"queue {arn.rpartition(':')[2]}"
