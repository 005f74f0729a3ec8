"""Figures that several commands show: what waits, what is dead, who consumes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqsctl.cli.run.context import Run
from sqsctl.errors import Exit, SqsctlError
from sqsctl.model.queues import Queue


def counts(run: Run) -> dict[str, int]:
    """Messages waiting (in flight ones too) and dead, as SQS counts them."""
    from sqsctl.aws.sqs.queues import QueueClient
    from sqsctl.operations.stacks import meant_queue

    stack = run.stack()
    client = QueueClient(run.session())
    waiting = client.describe(meant_queue.main_queue(stack).ref)
    dead = client.describe(meant_queue.dead_letter_queue(stack).ref)
    return {
        "waiting": waiting.visible + waiting.in_flight + waiting.delayed,
        "dead": dead.visible + dead.in_flight,
    }


def logged(run: Run, text: str, *, hours: float = 1) -> int:
    """How many log lines of the stack's consumers hold a text."""
    from sqsctl.cli.common.log_groups import log_groups
    from sqsctl.operations.logs.tail import tail

    groups = log_groups(run, None)
    lines = tail(
        run.session(),
        groups,
        since=datetime.now(UTC) - timedelta(hours=hours),
        follow=False,
        notify=lambda _: None,
    )
    try:
        return sum(text in line.event.message for line in lines)
    except SqsctlError as error:
        if error.exit is Exit.NOT_FOUND:  # nothing was logged yet
            return 0
        raise


def consumers_of(run: Run, queue: Queue) -> list[dict[str, Any]] | None:
    """The functions that a queue feeds; None where they may not be read."""
    from sqsctl.aws.mappings import MappingClient
    from sqsctl.cli.screen.json_shapes import mapping_shape

    try:
        return [mapping_shape(each) for each in MappingClient(run.session()).of_queue(queue.arn)]
    except SqsctlError as error:
        run.output.notice(f"consumers: {error.message}")
        return None


def oldest_age(run: Run, queue: Queue) -> float | None:
    """The age of the oldest message in seconds, as CloudWatch knew it last; None if it did not."""
    from sqsctl.aws.cloudwatch.metrics import MetricReader
    from sqsctl.operations.live.metrics import queue_queries

    now = datetime.now(UTC)
    metric = "ApproximateAgeOfOldestMessage"
    queries = [each for each in queue_queries([queue.name]) if each.metric == metric]
    try:
        series = MetricReader(run.session()).read(
            queries, start=now - timedelta(minutes=15), end=now
        )
    except SqsctlError as error:
        run.output.notice(f"oldest message: {error.message}")
        return None
    points = [point for each in series for point in each.points]
    return points[-1][1] if points else None
