"""Code calls a queue that does not exist.

## What it does
Reads the non-existent-queue errors of every SDK. Without waiting for one it also looks whether
the queues are there that an event source mapping reads, that a queue dead-letters to, that the
stack declares, and that functions' environments name, as far as they should be in its account and
region.

## Why it matters
The URL is of another stage, region or account, the queue was deleted (its name is blocked for 60
seconds), or the environment was never updated: every send fails.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from sqsctl.checks.base import Meta
from sqsctl.checks.support.evidence import of_function, of_mapping, of_queue
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.missing_queues import MissingQueue, missing_queues
from sqsctl.checks.support.queue_names import named_queues
from sqsctl.checks.support.services import NO_QUEUE, QUEUE_NAMED, WRONG_REGION
from sqsctl.model.finding import Evidence, Finding, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import (
    Create,
    Deploy,
    Do,
    Look,
    Option,
    Remedy,
    SetVariable,
    Tell,
    Wait,
    call,
    remedy,
)
from sqsctl.model.queues import Queue
from sqsctl.model.stack import (
    Fact,
    Stack,
)
from sqsctl.remedies.cli import QUEUE_URL

_ALIKE = 0.75


class QueueNotFound(LogCheck[str]):
    meta = Meta(
        id="queue-not-found",
        title="Every queue that is called exists",
        severity=Severity.ERROR,
        needs=NEEDS | {Fact.NAMED_QUEUES},
        uses=USES_SWALLOWED | {Fact.QUEUES},
        reference=(
            "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/"
            "troubleshooting-api-errors.html"
        ),
    )
    precedence = 40
    minds_swallowed = True

    def recognise(self, case: Case) -> str | None:
        if not NO_QUEUE.search(case.everything):
            return None
        if any(WRONG_REGION.search(each) for each in case.failure.context):
            return None
        match = QUEUE_NAMED.search(case.everything)
        return (match.group("url") or match.group("arn")) if match else ""

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        told = set()
        for finding in super().diagnose(stack):
            if not finding.past:
                told.add(finding.subject)
            yield finding
        for each in missing_queues(stack):
            if not each.elsewhere:
                yield self._missing(each, stack)
        gone = {each.reference for each in stack.named_queues if not each.exists}
        for function in stack.functions:
            for variable, value in function.environment.items():
                if value in gone and function.name not in told:
                    yield self._named(function, variable, value, stack)

    def _missing(self, missing: MissingQueue, stack: Stack) -> Finding:
        name = missing.name
        evidence = [Evidence(f"sqs GetQueueAttributes {name}", "error", "the queue does not exist")]
        if missing.readers:
            who = ", ".join(dict.fromkeys(each.function_name for each in missing.readers))
            title = f"{who} reads the queue {name}, which does not exist"
            evidence += [of_mapping(e, "EventSourceArn", missing.arn) for e in missing.readers]
            others = Option(
                tuple(
                    Do(call("lambda", "delete_event_source_mapping", UUID=each.uuid))
                    for each in missing.readers
                ),
                when=f"nothing is to read {name} any more",
            )
        elif missing.sources:
            who = ", ".join(each.name for each in missing.sources)
            title = f"{who} dead-letters to the queue {name}, which does not exist"
            evidence += [of_queue(each, "RedrivePolicy", missing.arn) for each in missing.sources]
            others = Option((Tell("let its RedrivePolicy name another queue"),))
        else:
            title = f"the queue {name}, which the stack declares, does not exist"
            others = Option((Tell("take it out of the template"), Deploy()))
        return self.found(
            title,
            evidence=evidence,
            remedy=remedy(
                f"create {name} again, under the same name; what it held is lost",
                Wait("60 s have passed since it was deleted: its name is free then"),
                Create("queue", name, _properties(missing, stack)),
                other=(others,),
            ),
            subject=missing.readers[0].function_name if missing.readers else name,
        )

    def _named(self, function: Function, variable: str, value: str, stack: Stack) -> Finding:
        name = value.replace(":", "/").rpartition("/")[2]
        return self.found(
            f"{variable} of {function.name} names the queue {name}, which does not exist",
            evidence=(
                of_function(function, f"Environment {variable}", value),
                Evidence(f"sqs GetQueueAttributes {name}", "error", "the queue does not exist"),
            ),
            remedy=_name_another(function.name, variable, name, stack),
            subject=function.name,
        )

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        function = stack.function(seen.function)
        named = f" {seen.sign}" if seen.sign else ""
        return self.found(
            f"the event source mapping names a queue{named} that does not exist, or may not be seen"
            if _POLLED.search(seen.newest.everything)
            else f"{seen.who} calls a queue{named} that does not exist",
            evidence=(*seen.evidence(), *(_environment(function) if function else ())),
            remedy=_of_the_mapping(seen.sign)
            if _POLLED.search(seen.newest.everything)
            else _name_another(seen.function, *_variable(function, seen.sign, stack), stack),
            subject=seen.function,
            confidence=seen.confidence,
        )


# What Lambda says when a mapping is made: it has tried to receive from the queue.
_POLLED = re.compile(r"Error occurred while ReceiveMessage|CreateEventSourceMapping")


def _of_the_mapping(named: str) -> Remedy:
    return remedy(
        "let the mapping's EventSourceArn be the ARN of a queue that exists, in the function's "
        "region",
        Look(call("sqs", "list_queues")),
        Tell(
            f"refer to the queue {named + ' ' if named else ''}of the template instead of writing "
            "its ARN (!GetAtt Queue.Arn, aws_sqs_queue.….arn in event_source_arn): then it is made "
            "first; a queue of another account has to allow the function's role in its policy"
        ),
        phase="deploy",
    )


def _properties(missing: MissingQueue, stack: Stack) -> dict[str, object]:
    """What is known of the settings that the queue had, or has to have for its consumers."""
    found: dict[str, object] = {"FifoQueue": True} if missing.name.endswith(".fifo") else {}
    runs = [
        6 * function.timeout_s + mapping.window_s
        for mapping in missing.readers
        if (function := stack.function(mapping.function_name))
    ]
    if runs:
        found["VisibilityTimeout"] = min(43_200, max(30, *runs))
    if missing.sources:
        found["MessageRetentionPeriod"] = 1_209_600
    # Where its dead letters went: the only queue of the stack that holds some and has no source.
    targets = {each.dead_letter_target_arn for each in stack.queues}
    orphans = [e.arn for e in stack.queues if e.holds_dead_letters and e.arn not in targets]
    if missing.readers and len(orphans) == 1:
        found["RedrivePolicy"] = {"deadLetterTargetArn": orphans[0], "maxReceiveCount": 5}
    return found


def _environment(function: Function) -> tuple[Evidence, ...]:
    return tuple(
        of_function(function, f"Environment {name}", value)
        for name, value in function.environment.items()
        if value and "sqs" in value
    )


def _variable(function: Function | None, sign: str, stack: Stack) -> tuple[str, str]:
    """The variable that names the missing queue, and what it says; empty where none does.

    Without the queue's name in the error it is the one that names none of the stack's.
    """
    named = [*named_queues(function)] if function else []
    meant = [each for each in named if sign and sign.endswith(each.name)]
    there = {each.name for each in stack.queues}
    lost = [each for each in named if each.name not in there]
    for found in (meant, lost, named):
        if len(found) == 1 or (found and found is meant):
            return found[0].variable, found[0].name
    return "", sign.replace(":", "/").rpartition("/")[2]


def _meant(missing: str, stack: Stack) -> Queue | None:
    """The queue that may be meant: one whose name is near, never a dead-letter queue."""
    near = get_close_matches(missing, [each.name for each in stack.queues], 1, _ALIKE)
    found = next((each for each in stack.queues if near and each.name == near[0]), None)
    if found is None or found.arn not in stack.dead_letter_queues():
        return found
    sources = [each for each in stack.queues if each.dead_letter_target_arn == found.arn]
    return sources[0] if len(sources) == 1 else None


def _name_another(function: str, variable: str, missing: str, stack: Stack) -> Remedy:
    queue = _meant(missing, stack)
    what = variable or "the environment"
    if queue is None:
        return remedy(
            f"let {what} name a queue that exists in this stage, region and account",
            Look(call("sqs", "list_queues")),
            Tell("take the URL of the queue that is meant from this list"),
            SetVariable(function, variable, QUEUE_URL),
        )
    return remedy(
        f"let {what} name {queue.name}, if that is meant: it exists",
        SetVariable(function, variable or QUEUE_URL, queue=queue.arn),
    )
