"""Message groups take a queue's consumers for themselves.

## What it does
Looks at the figures that CloudWatch has of a standard queue whose messages carry a
MessageGroupId (a fair queue): how many groups are noisy, and how long the oldest message of the
quiet ones waits. A queue without such figures is left out.

## Why it matters
SQS hands out the messages of quiet groups first, so a noisy group waits behind them and makes
the backlog look worse than it is for everybody else. Where quiet groups wait as well, fairness
does not help any more: there is more work than the consumers do.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.model.finding import Evidence, Finding, Kind, Severity
from sqsctl.model.functions import EventSourceMapping
from sqsctl.model.intents import Look, Option, Remedy, Set, Tell
from sqsctl.model.plurals import counted
from sqsctl.model.stack import Fact, Queue, Series, Stack

_NOISY = "ApproximateNumberOfNoisyGroups"
_QUIET_AGE = "ApproximateAgeOfOldestMessageInQuietGroups"
_QUIET_WAITING = "ApproximateNumberOfMessagesVisibleInQuietGroups"
_WAITING = "ApproximateNumberOfMessagesVisible"
_OLD_S = 300


class NoisyGroups(Check):
    meta = Meta(
        id="noisy-groups",
        title="No message group takes the consumers of a queue for itself",
        severity=Severity.WARNING,
        needs=frozenset({Fact.QUEUES, Fact.METRICS}),
        uses=frozenset({Fact.MAPPINGS}),
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "sqs-fair-queues.html"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for queue in stack.queues:
            noisy = figures.series(stack, queue.name, _NOISY)
            if noisy and not queue.fifo and (figures.newest(noisy) or 0) > 0:
                yield self._found(queue, noisy, stack)

    def _found(self, queue: Queue, noisy: Series, stack: Stack) -> Finding:
        number = round(figures.newest(noisy) or 0)
        age = figures.series(stack, queue.name, _QUIET_AGE)
        oldest = figures.newest(age) or 0.0
        all_wait = oldest > max(_OLD_S, 3 * queue.visibility_timeout_s)
        groups = f"{counted(number, 'message group')} of {queue.name}"
        verb = "takes" if number == 1 else "take"
        title = (
            f"{groups} {verb} more than {'its' if number == 1 else 'their'} share, and the others "
            f"wait, too: the oldest of their messages for {oldest / 60:.0f} min"
            if all_wait
            else f"{groups} {verb} more than {'its' if number == 1 else 'their'} share of the "
            "consumers; SQS hands out the others' messages first"
        )
        measured = (
            noisy,
            age,
            *(_series(stack, queue, name) for name in (_QUIET_WAITING, _WAITING)),
        )
        return self.found(
            title,
            evidence=tuple(_told(each) for each in measured if each),
            remedy=_remedy(queue, stack, all_wait=all_wait),
            subject=queue.name,
            severity=Severity.WARNING if all_wait else Severity.INFO,
            kind=Kind.CAUSE if all_wait else Kind.RISK,
        )


def _series(stack: Stack, queue: Queue, metric: str) -> Series | None:
    return figures.series(stack, queue.name, metric)


def _told(found: Series) -> Evidence:
    unit = " s" if found.metric.startswith("ApproximateAge") else ""
    return figures.evidence(found, found.metric, f"{figures.newest(found):.0f}{unit}")


def _remedy(queue: Queue, stack: Stack, *, all_wait: bool) -> Remedy:
    """Which group it is stands in no figure; more consumers help where all groups wait."""
    find = Tell(
        "the figures do not say which group: log attributes.MessageGroupId of each record in the "
        "consumer and count, then limit that sender or give it a queue of its own"
    )
    watch = Look(words=("metrics",), queue=queue.name)
    limited = next(
        (
            each
            for each in stack.mappings
            if each.queue_arn == queue.arn and each.maximum_concurrency
        ),
        None,
    )
    more = (Option((_doubled(limited),), "to let the consumer do more at once"),) if limited else ()
    first = Option((find, watch), "to end it at the sender" if more else "")
    summary = (
        "find the group and limit its sender, or let the consumer do more at once"
        if all_wait
        else "nothing is lost; find the group if its messages have to be handled sooner"
    )
    return Remedy(summary, (*more, first) if all_wait else (first,))


def _doubled(mapping: EventSourceMapping) -> Set:
    most = mapping.maximum_concurrency or 0
    return Set(
        "mapping",
        mapping.uuid,
        {"ScalingConfig": {"MaximumConcurrency": 2 * most}},
        {"ScalingConfig": {"MaximumConcurrency": most}},
    )
