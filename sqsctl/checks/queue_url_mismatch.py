"""A function's environment names another queue than its stack's.

## What it does
Compares the queue URLs and ARNs in each function's environment with the queues of the
stack: another stage's queue, another region or account, or the dead-letter queue itself. A variable
that the function's code does nothing with is no finding, nor is a dead-letter queue whose messages
it takes out.

## Why it matters
Messages are accepted and go elsewhere, often to another stage: nothing fails, and here nothing
arrives.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_function, of_queue
from sqsctl.checks.support.queue_names import Named, differs, named_queues
from sqsctl.checks.support.queue_use import code_use, unused
from sqsctl.model.finding import Confidence, Finding, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import Remedy, SetVariable, remedy
from sqsctl.model.stack import (
    Fact,
    Queue,
    Stack,
)


class QueueUrlMismatch(Check):
    meta = Meta(
        id="queue-url-mismatch",
        title="Functions know the queues of their own stack",
        severity=Severity.WARNING,
        needs=frozenset({Fact.FUNCTIONS, Fact.QUEUES}),
        uses=frozenset({Fact.MAPPINGS, Fact.APIS, Fact.PACKAGES}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        consumers = stack.consumers()
        known = {each.name: each for each in stack.queues}
        targets = stack.dead_letter_queues()
        spoken_of = {named.name for function in stack.functions for named in named_queues(function)}
        for function in stack.functions:
            for named in named_queues(function):
                if named.variable in unused(stack, function):
                    continue
                own = known.get(named.name)
                if own is None and stack.queues.items:
                    yield from self._elsewhere(function, named, stack, spoken_of, consumers)
                elif own is not None and differs(named, own, stack):
                    yield self._other_place(function, named, own, stack)
                elif own is not None and own.arn in targets and function.name not in consumers:
                    use = code_use(stack, function, own)
                    if use and not use.sends:
                        continue
                    yield self._dead_letter(function, named, own, stack)

    def _elsewhere(
        self,
        function: Function,
        named: Named,
        stack: Stack,
        spoken_of: set[str],
        consumers: frozenset[str],
    ) -> Iterator[Finding]:
        """A queue outside the stack may be meant. It is not where nobody names the stack's own."""
        own = [
            queue
            for queue in stack.queues
            if queue.arn not in stack.dead_letter_queues()
            and any(each.queue_arn == queue.arn for each in stack.mappings)
        ]
        lonely = [queue for queue in own if queue.name not in spoken_of]
        if not lonely or function.name in consumers:
            return
        behind = {route.function_name for api in stack.apis for route in api.routes}
        if behind and function.name not in behind:
            return
        alike = min(lonely, key=lambda queue: _distance(queue.name, named.name))
        yield self.found(
            f"{named.variable} of {function.name} names {named.name}, which is no queue of this "
            "stack; "
            f"its own is {alike.name}",
            evidence=(
                of_function(function, f"Environment {named.variable}", named.value),
                of_queue(alike, "QueueUrl", alike.url),
            ),
            remedy=_named_right(function, named, alike),
            subject=function.name,
            confidence=Confidence.MEDIUM,
        )

    def _other_place(self, function: Function, named: Named, own: Queue, stack: Stack) -> Finding:
        return self.found(
            f"{named.variable} of {function.name} names {named.name} in "
            f"{_place(named, own, stack)}",
            evidence=(
                of_function(function, f"Environment {named.variable}", named.value),
                of_queue(own, "QueueArn", own.arn),
            ),
            remedy=_named_right(function, named, own),
            subject=function.name,
            severity=Severity.ERROR,
        )

    def _dead_letter(self, function: Function, named: Named, own: Queue, stack: Stack) -> Finding:
        sources = [q for q in stack.queues if q.dead_letter_target_arn == own.arn]
        source = sources[0] if sources else own
        return self.found(
            f"{named.variable} of {function.name} names the dead-letter queue {own.name}",
            evidence=(
                of_function(function, f"Environment {named.variable}", named.value),
                of_queue(source, "RedrivePolicy.deadLetterTargetArn", own.arn),
            ),
            remedy=_named_right(function, named, source),
            subject=function.name,
            severity=Severity.INFO,
            confidence=Confidence.LOW,
        )


def _place(named: Named, own: Queue, stack: Stack) -> str:
    """Where the named queue is and where the stack's own: what differs between them."""
    parts = own.arn.split(":")
    region, account = parts[3:5] if len(parts) > 5 else (stack.region, stack.account or "")
    there, here = [], []
    if named.region and region and named.region != region:
        there.append(named.region)
        here.append(region)
    if named.account and account and named.account != account:
        there.append(f"account {named.account}")
        here.append(f"account {account}")
    return f"{', '.join(there)}; this stack's is in {', '.join(here)}"


def _distance(one: str, other: str) -> int:
    common = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        common += 1
    return max(len(one), len(other)) - common


def _named_right(function: Function, named: Named, queue: Queue) -> Remedy:
    value = queue.arn if named.value.startswith("arn:") else queue.url
    return remedy(
        f"let {named.variable} name {queue.name}",
        SetVariable(
            function.name,
            named.variable,
            value,
            queue.arn if value == queue.url else "",
        ),
    )
