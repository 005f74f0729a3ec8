"""A consumer deletes messages that nobody handled.

## What it does
Follows the consumer's handler through its package, in Python and JavaScript, compiled or bundled:
a single record taken of a batch of several (`event.Records[0]`), or none; a `return` or `break`
inside the loop over the records that leaves the others out; a `catch` or `except` around a record's
work that does no more than log, `.catch(() => …)` likewise; `Promise.allSettled`, `gather` or an
executor whose results nobody reads, or only for a log; `forEach` of an async function and promises
that nobody awaits; an HTTP error (`statusCode: 400`) returned to a queue. Errors that are thrown
again, or reported as `batchItemFailures`, are no finding, nor is a step beside the work that may
fail, nor an `except` of one kind of error: a duplicate, say, is passed over on purpose. Where it is
an error of the message's content (`except json.JSONDecodeError: continue`, `e instanceof
SyntaxError`), and no failure is reported anywhere, that broken messages are dropped is information.
Code that is not in the package, or in another language,
is not followed: what is given to it counts as heard.

## Why it matters
Whatever a consumer returns is success, `{statusCode: 400}` too: Lambda deletes the whole
batch. A return in the loop ends it after the first record: with a batch size of ten, nine
messages are deleted unseen, as they are where only the first one is read. An error that ends in a
log deletes its message: no error is counted, nothing comes back, and no dead letter is left. It is
a warning where the handler was followed to its end, or where the log of successful invocations
shows such errors; it is information where something around the handler is not known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.code_fixes import each_record, rewritten
from sqsctl.checks.support.evidence import of_failure, of_mapping
from sqsctl.checks.support.failures.caught_errors import told_as_error
from sqsctl.checks.support.failures.failure_cases import survived_of
from sqsctl.handlercode.consumer import Consumer
from sqsctl.handlercode.frames import Fault, Sighting
from sqsctl.handlercode.packages import consumer_of
from sqsctl.handlercode.rewrites import Rewrite, go_on
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    EventSourceMapping,
    Function,
)
from sqsctl.model.intents import ChangeCode, Option, Remedy, Set, remedy
from sqsctl.model.logline import Failure
from sqsctl.model.stack import (
    Fact,
    FunctionLogs,
    Stack,
)

_REPORTS = {"FunctionResponseTypes": ["ReportBatchItemFailures"]}
_NOTHING: dict[str, object] = {"FunctionResponseTypes": []}


class BatchSilentLoss(Check):
    meta = Meta(
        id="batch-silent-loss",
        title="No consumer deletes messages that it did not handle",
        severity=Severity.ERROR,
        needs=frozenset({Fact.PACKAGES, Fact.MAPPINGS, Fact.FUNCTIONS}),
        uses=frozenset({Fact.LOGS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for package in stack.packages:
            function = stack.function(package.function)
            mapping = _largest(stack, package.function)
            if function is None or mapping is None:
                continue
            found = consumer_of(function, package)
            if early := found.first(Fault.EARLY):
                yield self._returns(function, mapping, found, early, package.sources.items())
            elif (one := found.first(Fault.FIRST)) and mapping.batch_size > 1:
                yield self._takes_one(function, mapping, one)
            elif none := found.first(Fault.NONE):
                yield self._takes_none(function, mapping, none)
            elif status := found.first(Fault.STATUS):
                yield self._answers(function, mapping, found, status)
            lost = found.first(Fault.SILENT, Fault.UNWAITED)
            dropped = found.first(Fault.DROPPED)
            if dropped and not lost:
                yield self._drops(function, mapping, dropped)
            # A report that is not heard is told by partial-batch-ignored.
            if lost and not any(each.mistake.deletes for each in found.problems):
                yield self._swallows(stack, function, mapping, lost, found)

    def _returns(
        self,
        function: Function,
        mapping: EventSourceMapping,
        code: Consumer,
        found: Sighting,
        sources: Iterable[tuple[str, str]],
    ) -> Finding:
        batch = mapping.batch_size
        lost = (
            f": of a batch of up to {batch}, all but the first are deleted unseen"
            if batch > 1 and found.detail != "break"
            else ""
        )
        if found.detail == "break" and batch > 1:
            lost = " at the first failure: the records behind it are deleted unseen"
        sure = batch > 1 and code.followed
        return self.found(
            f"{function.name} {_leaves(found)} its loop over the records{lost}",
            evidence=(
                _place(function, found, f"{found.detail} in the loop of line {found.loop_line}"),
                of_mapping(mapping, "BatchSize", batch),
                _heard(mapping),
            ),
            remedy=_raise_or_report(
                f"continue instead of {found.detail}", found, mapping, sources, go_on
            ),
            subject=function.name,
            severity=Severity.ERROR if batch > 1 else Severity.INFO,
            kind=Kind.CAUSE if batch > 1 else Kind.RISK,
            confidence=Confidence.HIGH if sure else Confidence.MEDIUM,
        )

    def _takes_one(
        self, function: Function, mapping: EventSourceMapping, found: Sighting
    ) -> Finding:
        return self.found(
            f"{function.name} handles one record of its event: of a batch of up to "
            f"{mapping.batch_size}, the others are deleted unseen",
            evidence=(
                _place(function, found, found.detail),
                of_mapping(mapping, "BatchSize", mapping.batch_size),
                _heard(mapping),
            ),
            remedy=remedy(
                "handle every record of the event, or let batches hold one message",
                each_record(found),
                other=(
                    Option(
                        (
                            Set(
                                "mapping",
                                mapping.uuid,
                                {"BatchSize": 1},
                                {"BatchSize": mapping.batch_size},
                            ),
                        ),
                        when="one message an invocation is what is wanted",
                    ),
                ),
            ),
            subject=function.name,
        )

    def _takes_none(
        self, function: Function, mapping: EventSourceMapping, found: Sighting
    ) -> Finding:
        return self.found(
            f"{function.name} never reads the records of its event: messages are deleted unread",
            evidence=(
                _place(function, found, "no record of the event is read"),
                of_mapping(mapping, "EventSourceArn", mapping.queue_arn),
            ),
            remedy=remedy("handle every record of the event", each_record(found)),
            subject=function.name,
            severity=Severity.WARNING,
            confidence=Confidence.MEDIUM,
        )

    def _answers(
        self, function: Function, mapping: EventSourceMapping, code: Consumer, found: Sighting
    ) -> Finding:
        return self.found(
            f"{function.name} answers its queue with an HTTP error: SQS takes any answer for "
            "success and deletes the batch",
            evidence=(
                _place(function, found, found.detail),
                of_mapping(mapping, "EventSourceArn", mapping.queue_arn),
            ),
            remedy=_raise_or_report("raise instead of returning a statusCode", found, mapping),
            subject=function.name,
            severity=Severity.WARNING if code.followed else Severity.INFO,
            kind=Kind.RISK,
            confidence=Confidence.MEDIUM,
        )

    def _swallows(
        self,
        stack: Stack,
        function: Function,
        mapping: EventSourceMapping,
        found: Sighting,
        code: Consumer,
    ) -> Finding:
        seen = _logged_and_gone(stack, function) if found.fault is Fault.SILENT else None
        told = (of_failure(*seen),) if seen else ()
        if found.fault is Fault.UNWAITED:
            title = (
                f"{function.name} does not wait for its work: messages are deleted before they "
                "are handled, whatever becomes of them"
            )
            advice = "await the work: for…of with await, or await Promise.all(records.map(…))"
            fact = found.detail
        else:
            title = (
                f"{function.name} lets errors of its messages end in a log: a message that "
                "failed is deleted like one that was handled"
            )
            advice = "raise the error again, after the log"
            fact = _ends_here(found)
        return self.found(
            f"{title}; its log shows such an error" if seen else title,
            evidence=(*told, _place(function, found, fact), _heard(mapping)),
            remedy=_raise_or_report(advice, found, mapping),
            subject=function.name,
            severity=Severity.WARNING if seen or code.followed else Severity.INFO,
            kind=Kind.CAUSE if seen else Kind.RISK,
            confidence=Confidence.HIGH if seen and code.followed else Confidence.MEDIUM,
        )

    def _drops(self, function: Function, mapping: EventSourceMapping, found: Sighting) -> Finding:
        kind = found.detail.removeprefix("except ")
        which = f"whose content ends in {kind}" if kind != found.detail else "that it cannot read"
        return self.found(
            f"{function.name} drops messages {which}: they are deleted, and no dead-letter "
            "message is left of them",
            evidence=(_place(function, found, _ends_here(found)), _heard(mapping)),
            remedy=_raise_or_report(
                "raise the error again, so that broken messages come to the dead-letter queue",
                found,
                mapping,
            ),
            subject=function.name,
            severity=Severity.INFO,
            kind=Kind.RISK,
            confidence=Confidence.MEDIUM,
        )


def _leaves(found: Sighting) -> str:
    return "breaks off" if found.detail == "break" else "returns from within"


def _largest(stack: Stack, name: str) -> EventSourceMapping | None:
    """The function's mapping with the largest batches: most is lost there."""
    own = [each for each in stack.mappings if each.function_name == name]
    return max(own, key=lambda each: each.batch_size) if own else None


def _place(function: Function, found: Sighting, told: str) -> Evidence:
    return Evidence(f"code of {function.name}", f"{found.path}:{found.line}", told)


def _heard(mapping: EventSourceMapping) -> Evidence:
    return of_mapping(mapping, "FunctionResponseTypes", ", ".join(mapping.response_types) or "none")


def _ends_here(found: Sighting) -> str:
    plain = found.detail.startswith(("catch", "except", "."))
    return f"{found.detail}: the error goes no further" if plain else found.detail


def _logged_and_gone(stack: Stack, function: Function) -> tuple[Failure, FunctionLogs] | None:
    """The newest error that code of this version logged in an invocation that succeeded."""
    newest: tuple[Failure, FunctionLogs] | None = None
    for logs in stack.logs:
        if logs.function != function.name:
            continue
        for each in survived_of(logs)[1]:
            changed = function.last_modified
            if changed and each.timestamp and each.timestamp < changed:
                continue
            if told_as_error(each) and each.request_id and _later(each, newest):
                newest = each, logs
    return newest


def _later(failure: Failure, other: tuple[Failure, FunctionLogs] | None) -> bool:
    known = other[0].timestamp if other else None
    return known is None or (failure.timestamp is not None and failure.timestamp >= known)


def _raise_or_report(
    advice: str,
    found: Sighting,
    mapping: EventSourceMapping,
    sources: Iterable[tuple[str, str]] = (),
    rewrite: Callable[[str, str, int], Rewrite | None] = lambda *_: None,
) -> Remedy:
    asks = not mapping.reports_batch_item_failures
    reported = "collect the ids of the failed records and return them as batchItemFailures"
    return remedy(
        f"{advice}; or collect the ids of the failed records and return "
        "{batchItemFailures: [{itemIdentifier: messageId}]}",
        rewritten(ChangeCode(advice, found.path, found.line), sources, rewrite),
        when="where one failure may bring the whole batch back",
        other=(
            Option(
                (
                    ChangeCode(reported, found.path, found.line, pattern="partial-batch"),
                    *((Set("mapping", mapping.uuid, _REPORTS, _NOTHING),) if asks else ()),
                ),
                "where only the failed records are to come back",
            ),
        ),
    )
