"""A consumer feeds its own queue.

## What it does
Looks for invocations that Lambda's recursion detection dropped: by the metric
RecursiveInvocationsDropped, and by the RecursiveInvocationException that a function meets when
it calls another. Also for consumers that send to the queue that they consume, by their code; where
that was not read, by their role, and by an environment that names the queue. It is a warning where
far more messages were sent to it than others can have sent.

## Why it matters
A function that answers a message with another one into the same queue runs for ever. Lambda
stops a chain after about 16 rounds and sends the message to the dead-letter queue.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import LogCheck, Seen, past
from sqsctl.checks.support.queue_use import queue_use, sends_by
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
    Function,
)
from sqsctl.model.intents import ChangeCode, Option, Remedy, Set
from sqsctl.model.stack import (
    Fact,
    Queue,
    Series,
    Stack,
)

_MANY, _TIMES, _FEW = 100, 10, 2
_STOPPED = re.compile(r"RecursiveInvocationException|invoked in a recursive loop")


class RecursionDropped(LogCheck[str]):
    meta = Meta(
        id="recursion-dropped",
        title="No consumer feeds its own queue",
        severity=Severity.ERROR,
        needs=frozenset({Fact.MAPPINGS, Fact.FUNCTIONS, Fact.QUEUES, Fact.METRICS}),
        uses=frozenset({Fact.LOGS, Fact.ERRORS, Fact.PACKAGES, Fact.PERMISSIONS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html",
    )

    precedence = 30

    def recognise(self, case: Case) -> str | None:
        return "stopped" if _STOPPED.search(case.everything) else None

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        yield from super().diagnose(stack)
        consumed: dict[str, list[tuple[Queue, Function, EventSourceMapping]]] = {}
        for queue, function, mapping in stack.consumed():
            consumed.setdefault(function.name, []).append((queue, function, mapping))
        for name, sources in consumed.items():
            dropped = figures.series(stack, name, "RecursiveInvocationsDropped")
            if dropped and figures.total(dropped) > 0:
                yield self._dropped(dropped, sources, stack)
                continue
            for queue, function, mapping in sources:
                own = sends_by(function, queue, stack)
                if own and (rounds := _rounds(function, queue, stack)):
                    yield self._loops(function, queue, mapping, own, rounds)
                elif own:
                    yield self._may_loop(function, queue, own, stack)

    def _dropped(
        self,
        dropped: Series,
        sources: list[tuple[Queue, Function, EventSourceMapping]],
        stack: Stack,
    ) -> Finding:
        number = figures.total(dropped)
        function = sources[0][1]
        queues = " or ".join(queue.name for queue, _, _ in sources)
        told = [
            of_function(function, f"Environment {own}", function.environment[own])
            for queue, _, _ in sources
            if (own := sends_by(function, queue, stack))
        ]
        finding = self.found(
            f"Lambda stopped {number:.0f} recursive invocations of {function.name} on {queues}",
            evidence=(
                figures.evidence(dropped, "RecursiveInvocationsDropped", f"{number:.0f} in all"),
                *told,
            ),
            remedy=_stopped(mapping for _, _, mapping in sources),
            subject=function.name,
        )
        last, changed = figures.last_above(dropped), function.last_modified
        if last and changed and changed > last:
            return past(finding, f"the function was changed at {changed:%H:%M}Z, after the last")
        return finding

    def _loops(
        self,
        function: Function,
        queue: Queue,
        mapping: EventSourceMapping,
        own: str,
        rounds: tuple[Series, Series, float],
    ) -> Finding:
        runs, sent, others = rounds
        known = (
            f"the functions that send to it ran {others:.0f} time{'s' * (round(others) != 1)}"
            if others
            else "no other function of the stack sends to it"
        )
        return self.found(
            f"{function.name} seems to feed itself: {figures.total(sent):.0f} messages were sent "
            f"to {queue.name}, which it consumes and knows ({own}); {known}",
            evidence=(
                of_function(function, f"Environment {own}", function.environment[own]),
                figures.evidence(runs, "Invocations", f"{figures.total(runs):.0f} in all"),
                figures.evidence(sent, "NumberOfMessagesSent", f"{figures.total(sent):.0f} in all"),
            ),
            remedy=_stopped((mapping,)),
            subject=function.name,
            severity=Severity.WARNING,
            confidence=Confidence.MEDIUM if others else Confidence.LOW,
        )

    def _may_loop(self, function: Function, queue: Queue, own: str, stack: Stack) -> Finding:
        use = queue_use(stack, function, queue)
        sends = use.source == "code"
        told = "sends to" if sends else "knows"
        return self.found(
            f"{function.name} {told} the queue that it consumes ({own}): a message that it sends "
            f"to {queue.name} comes back to it",
            evidence=(
                *((Evidence(f"code of {function.name}", use.place, "sends"),) if sends else ()),
                of_function(function, f"Environment {own}", function.environment[own]),
            ),
            remedy=_stopped(()),
            subject=function.name,
            severity=Severity.INFO,
            kind=Kind.RISK,
            confidence=Confidence.MEDIUM if sends else Confidence.LOW,
        )

    def report(self, seen: Seen[str], stack: Stack) -> Finding:  # noqa: ARG002 - the text says it all
        return self.found(
            f"Lambda stopped {seen.who} in a loop of functions that call each other",
            evidence=seen.evidence(),
            remedy=_stopped(()),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _rounds(function: Function, queue: Queue, stack: Stack) -> tuple[Series, Series, float] | None:
    """The function's runs, the queue's sends, and how many of these others may have made.

    None unless there are far more runs than that. Of senders outside of the stack nothing is
    known: without any in it, a chain shows in runs that never are more than a few at a time.
    """
    runs = figures.series(stack, function.name, "Invocations")
    sent = figures.series(stack, queue.name, "NumberOfMessagesSent")
    if not runs or not sent or figures.total(runs) < _MANY or figures.total(sent) < _MANY:
        return None
    senders = {
        each.name
        for each in stack.functions
        if each.name != function.name and sends_by(each, queue, stack)
    }
    others = sum(figures.total(figures.series(stack, each, "Invocations")) for each in senders)
    if not senders:
        most = figures.peak(figures.series(stack, function.name, "ConcurrentExecutions"))
        return (runs, sent, 0) if 0 < most <= _FEW else None
    return (runs, sent, others) if figures.total(sent) > _TIMES * max(others, 1) else None


def _stopped(mappings: Iterable[EventSourceMapping]) -> Remedy:
    """The loop ends at once where its mapping is known; for good where the code ends it."""
    off = tuple(
        Set("mapping", each.uuid, {"Enabled": False}, {"Enabled": True}) for each in mappings
    )
    said = "send to another queue, or stop after a number of rounds that the message counts itself"
    first = (Option(off, "at once: the loop ends, and the messages are kept"),) if off else ()
    return Remedy(
        f"{said}; until then a disabled mapping ends the loop and keeps the messages",
        (*first, Option((ChangeCode(said),), "for good" if off else "")),
    )
