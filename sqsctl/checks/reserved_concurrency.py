"""A function's reserved concurrency holds it back.

## What it does
Looks at the reserved concurrency of each function: 0 switches it off; below the mapping's
maximum concurrency, or below 5 on a queue's consumer, the poller asks for more than there
is.

## Why it matters
The poller starts with five batches at once. What is throttled goes back to the queue with
its receive counted: messages are dead-lettered without the function having seen them.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_mapping
from sqsctl.model.finding import Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
)
from sqsctl.model.intents import REMOVED, Set, Tell, remedy
from sqsctl.model.stack import (
    Fact,
    Stack,
)

LEAST = 5


class ReservedConcurrency(Check):
    meta = Meta(
        id="reserved-concurrency",
        title="No function is held back by its reserved concurrency",
        severity=Severity.ERROR,
        needs=frozenset({Fact.CONCURRENCY, Fact.MAPPINGS}),
        uses=frozenset({Fact.METRICS, Fact.QUEUES}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for each in stack.concurrency:
            if each.function is None or each.limit is None:
                continue
            mapping = next((m for m in stack.mappings if m.function_name == each.function), None)
            if each.limit == 0:
                yield self._off(each.function, mapping, stack)
            elif mapping is not None:
                yield from self._narrow(each.function, each.limit, mapping, stack)

    def _off(self, name: str, mapping: EventSourceMapping | None, stack: Stack) -> Finding:
        queue = stack.queue(mapping.queue_arn) if mapping else None
        fate = "are dead-lettered" if queue and queue.dead_letter_target_arn else "expire"
        then = f": messages {fate} without a single run" if mapping else ""
        throttles = figures.series(stack, name, "Throttles")
        throttled = figures.total(throttles) > 0
        # Nothing was throttled, nothing was dead-lettered for it: the letters died of another.
        spared = throttles is not None and not throttled
        return self.found(
            f"{name} is switched off: its reserved concurrency is 0{then}",
            evidence=(
                Evidence(
                    f"lambda GetFunctionConcurrency {name}", "ReservedConcurrentExecutions", "0"
                ),
                *((_throttles(stack, name),) if throttled else ()),
            ),
            explains=tuple(each for each in self.meta.explains if each != "dead-letters")
            if spared
            else None,
            remedy=remedy(
                "take the reservation away",
                Set(
                    "function",
                    name,
                    {"ReservedConcurrentExecutions": REMOVED},
                    {"ReservedConcurrentExecutions": 0},
                ),
                disposition="safe",
            ),
            subject=name,
        )

    def _polled(self, name: str, limit: int, mapping: EventSourceMapping, stack: Stack) -> Finding:
        """Provisioned pollers take no MaximumConcurrency: AWS refuses both on one mapping."""
        figure = mapping.maximum_pollers or mapping.minimum_pollers
        pollers = f"up to {figure} provisioned pollers" if figure else "provisioned pollers"
        return self.found(
            f"{name} may run {limit} at once, but its mapping has {pollers}: the rest is throttled",
            evidence=(
                Evidence(
                    f"lambda GetFunctionConcurrency {name}",
                    "ReservedConcurrentExecutions",
                    str(limit),
                ),
                of_mapping(
                    mapping,
                    "ProvisionedPollerConfig",
                    f"{mapping.minimum_pollers or '?'} to {mapping.maximum_pollers or '?'}",
                ),
                _throttles(stack, name),
            ),
            remedy=remedy(
                "reserve more for the function, or let fewer pollers read the queue "
                "(ProvisionedPollerConfig.MaximumPollers)",
                Tell(
                    "reserve as many as the pollers' invocations need, or lower MaximumPollers; a "
                    "mapping with provisioned pollers takes no MaximumConcurrency"
                ),
            ),
            subject=name,
        )

    def _narrow(
        self, name: str, limit: int, mapping: EventSourceMapping, stack: Stack
    ) -> Iterator[Finding]:
        throttled = figures.total(figures.series(stack, name, "Throttles")) > 0
        if mapping.provisioned_pollers:
            if throttled:
                yield self._polled(name, limit, mapping, stack)
            return
        most = mapping.maximum_concurrency
        if most is not None and most <= limit:
            return
        if most is None and limit >= LEAST and not throttled:
            return
        told = (
            f"its mapping may run {most} at once"
            if most is not None
            else f"its queue's poller starts with {LEAST} at once"
        )
        narrowed = max(2, limit)  # a mapping takes no less
        yield self.found(
            f"{name} may run {limit} at once, but {told}: the rest is throttled",
            evidence=(
                Evidence(
                    f"lambda GetFunctionConcurrency {name}",
                    "ReservedConcurrentExecutions",
                    str(limit),
                ),
                of_mapping(mapping, "ScalingConfig.MaximumConcurrency", most or "not set"),
                *((_throttles(stack, name),) if throttled else ()),
            ),
            remedy=remedy(
                f"let the mapping run no more than {narrowed} at once, and reserve at least as "
                "many",
                *(
                    Set(
                        "function",
                        name,
                        {"ReservedConcurrentExecutions": narrowed},
                        {"ReservedConcurrentExecutions": limit},
                    )
                    for _ in range(limit < narrowed)
                ),
                Set(
                    "mapping",
                    mapping.uuid,
                    {"ScalingConfig": {"MaximumConcurrency": narrowed}},
                    {"ScalingConfig": {"MaximumConcurrency": most} if most else {}},
                ),
                disposition="safe" if limit >= 2 else "unsafe",
            ),
            subject=name,
            severity=Severity.ERROR if throttled else Severity.WARNING if most else Severity.INFO,
            kind=Kind.CAUSE if throttled else Kind.RISK,
            explains=None if throttled else (),
        )


def _throttles(stack: Stack, name: str) -> Evidence:
    found = figures.series(stack, name, "Throttles")
    if found is None:
        return Evidence(f"cloudwatch AWS/Lambda {name}", "Throttles", "not measured")
    return figures.evidence(found, "Throttles", f"{figures.total(found):.0f} in all")
