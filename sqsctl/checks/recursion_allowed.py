"""Lambda is told to let a loop of queues and functions run.

## What it does
Looks for consumers with RecursiveLoop: Allow that are part of a loop: a function that sends to
the queue that it consumes, itself or by way of other queues and functions. What a function sends
to is told by its code, else by its role and its environment.

## Why it matters
By default Lambda stops a chain after about 16 rounds. With Allow it does not: one message that
comes back for ever keeps functions busy, and costs, until somebody notices.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.queue_use import queue_use, sends_by
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import Function
from sqsctl.model.intents import ChangeCode, Option, Remedy, Set
from sqsctl.model.stack import Fact, Queue, Stack

# One hop: who sends to which queue, through which variable.
Hop = tuple[Function, Queue, str]


class RecursionAllowed(Check):
    meta = Meta(
        id="recursion-allowed",
        title="Loops of queues and functions are stopped",
        severity=Severity.WARNING,
        kind=Kind.RISK,
        needs=frozenset({Fact.MAPPINGS, Fact.FUNCTIONS, Fact.QUEUES, Fact.RECURSION}),
        uses=frozenset({Fact.PACKAGES, Fact.PERMISSIONS}),
        reference=(
            "https://docs.aws.amazon.com/lambda/latest/dg/invocation-recursion.html"
            "#invocation-recursion-configure"
        ),
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        settings = {each.function: each.setting for each in stack.recursion}
        if "Allow" not in settings.values():
            return
        told: set[frozenset[str]] = set()
        for name in sorted(settings):
            function = stack.function(name)
            if function is None or settings[name] != "Allow":
                continue
            loop = _loop(function, stack)
            names = frozenset(hop[0].name for hop in loop)
            # One function of the loop that is stopped stops the loop.
            if loop and names not in told and all(settings.get(n) == "Allow" for n in names):
                told.add(names)
                yield self._found(loop, stack)

    def _found(self, loop: tuple[Hop, ...], stack: Stack) -> Finding:
        around = " to ".join(f"{function.name} to {queue.name}" for function, queue, _ in loop)
        sure = all(queue_use(stack, *hop[:2]).source == "code" for hop in loop)
        off = tuple(
            Set("function", each.name, {"RecursiveLoop": "Terminate"}, {"RecursiveLoop": "Allow"})
            for each, _, _ in loop[:1]
        )
        return self.found(
            f"nothing stops a loop: {around} and back, and Lambda is told to allow it",
            evidence=tuple(_evidence(loop, stack)),
            remedy=Remedy(
                "let Lambda stop the loop, or count rounds in the message and stop it in the code",
                (
                    Option(off, "where the loop is not meant"),
                    Option(
                        (
                            ChangeCode(
                                "count the rounds in a message attribute, and send no further "
                                "message after a few"
                            ),
                        ),
                        "where it is meant",
                    ),
                ),
            ),
            subject=loop[0][0].name,
            confidence=Confidence.MEDIUM if sure else Confidence.LOW,
        )


def _evidence(loop: tuple[Hop, ...], stack: Stack) -> Iterator[Evidence]:
    for function, queue, variable in loop:
        yield Evidence(
            f"lambda GetFunctionRecursionConfig {function.name}", "RecursiveLoop", "Allow"
        )
        use = queue_use(stack, function, queue)
        if use.source == "code" and use.place:
            yield Evidence(f"code of {function.name}", use.place, f"sends to {queue.name}")
        yield of_function(
            function, f"Environment {variable}", function.environment.get(variable) or queue.name
        )


def _loop(start: Function, stack: Stack) -> tuple[Hop, ...]:
    """The shortest way from a function through queues back to it; empty where there is none."""
    consumers: dict[str, dict[str, Function]] = {}
    for queue, function, _ in stack.consumed():
        consumers.setdefault(queue.arn, {})[function.name] = function
    seen = {start.name}
    ways: list[tuple[tuple[Hop, ...], Function]] = [((), start)]
    for way, at in ways:  # grows while it is walked: the shortest come first
        for queue in stack.queues:
            reached = consumers.get(queue.arn, {})
            variable = sends_by(at, queue, stack) if reached else ""
            if not variable:
                continue
            hops = (*way, (at, queue, variable))
            if start.name in reached:
                return hops
            for name in sorted(reached.keys() - seen):
                seen.add(name)
                ways.append((hops, reached[name]))
    return ()
