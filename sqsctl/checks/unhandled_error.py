"""The code raises an error of its own.

## What it does
Reports errors that ended an invocation and that no other check knows: a bug, or a rule of the
business that the message broke. Lines that code merely logged are never taken for one, but
where a batch consumer reports failed records: what it caught and logged as an error counts when
messages came back or were dead-lettered. Before anything failed, it tells of a consumer whose code
always ends in an error: `Promise.all(records.forEach(…))`, as forEach gives undefined.

## Why it matters
The message comes back and fails the same way until it is dead-lettered. The error's own words and
trace say where to look.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support.answer_remedies import told_by_itself
from sqsctl.checks.support.code_fixes import wait_for_all
from sqsctl.checks.support.failures.failed_reads import line_evidence
from sqsctl.checks.support.failures.failure_cases import Case, case_of, reading_of
from sqsctl.checks.support.failures.log_check import (
    MESSAGES,
    NEEDS,
    USES,
    LogCheck,
    Seen,
    owner,
)
from sqsctl.checks.support.failures.trace_places import Thrown, thrown_at
from sqsctl.handlercode.frames import Fault, Sighting
from sqsctl.handlercode.packages import consumer_of
from sqsctl.model.finding import Confidence, Evidence, Finding, Severity
from sqsctl.model.functions import Function
from sqsctl.model.intents import ChangeCode, Redrive, Remedy, remedy
from sqsctl.model.logline import Failure
from sqsctl.model.stack import FunctionLogs, Stack

_WORDS = 3


class UnhandledError(LogCheck[str]):
    meta = Meta(
        id="unhandled-error",
        title="Functions end without an error",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES | MESSAGES,
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    )
    precedence = 99
    by_message = True

    def recognise(self, case: Case) -> str | None:
        failure = case.failure
        if failure.led_to == "records":
            # What is no more than a sentence may tell of anything.
            return failure.error_type or None
        if failure.logged or not (failure.error_type or failure.message):
            return None
        if failure.error_type == "Unknown" and not failure.message:
            return None  # a run that failed without a word: failures-unexplained
        return failure.error_type or "an error"

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        told: set[str] = set()
        for finding in super().diagnose(stack):
            if not finding.past:
                told.add(finding.subject)
            yield finding
        for logs in stack.logs:
            if not logs.function and (case := _alone(stack, logs)):
                yield self._shown(Seen(case.failure.error_type, "", (case,), logs))
        mapped = stack.consumers()
        for package in stack.packages:
            function = stack.function(package.function)
            if function is None or function.name not in mapped or function.name in told:
                continue
            if found := consumer_of(function, package).first(Fault.REJECTS):
                yield self._always(function, found)

    def _shown(self, seen: Seen[str]) -> Finding:
        failure = seen.newest.failure
        place = thrown_at(seen.newest.trace)
        told = _words(failure, seen.sign)
        return self.found(
            f"the text shows {told}{_at(place)}, and not whether it ended a run",
            evidence=seen.evidence(),
            remedy=_mended(seen, place),
            severity=Severity.INFO,
            confidence=Confidence.LOW,
            explains=(),
        )

    def _always(self, function: Function, found: Sighting) -> Finding:
        return self.found(
            f"{function.name} always fails: {found.detail} rejects, as forEach gives undefined; "
            "every message comes back, and its work is not waited for",
            evidence=(
                Evidence(f"code of {function.name}", f"{found.path}:{found.line}", found.detail),
            ),
            remedy=remedy(
                "map the records to promises, and wait for all of them",
                wait_for_all(found),
                afterwards=Redrive(),
            ),
            subject=function.name,
        )

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        del stack
        failure = seen.newest.failure
        place = thrown_at(seen.newest.trace or failure.line)
        told = _words(failure, seen.sign)
        times = f" {seen.count} times" if seen.count > 1 else ""
        root = failure.causes[-1] if failure.causes else None
        told += f", which came of {': '.join(root)[:120].rstrip(': ')}" if root else ""
        did = f"caught{times}" if failure.led_to == "records" else f"failed{times} with"
        return self.found(
            f"{seen.who} {did} {told}{_at(place)}",
            evidence=(*seen.evidence(), *line_evidence(seen.newest)),
            remedy=_mended(seen, place),
            subject=seen.function,
            confidence=min(seen.confidence, Confidence.MEDIUM),
        )


def _words(failure: Failure, kind: str) -> str:
    """The error for a title: its kind and the first line of what it says."""
    message = failure.message.strip().split("\n")[0]
    if len(message) < _WORDS:  # the bracket of a list of problems
        message = " ".join(failure.message.split())
    return f"{kind}: {message[:160]}" if message else kind


def _at(place: Thrown | None) -> str:
    return f" at {place.file}:{place.line}" if place and place.file else ""


def _alone(stack: Stack, logs: FunctionLogs) -> Case | None:
    """The newest error with a trace, in a text that shows the end of no run and nothing else."""
    attempts, failures = reading_of(logs)
    ended = any(each.ended_at or each.duration_ms is not None for each in attempts)
    if ended or not failures or not all(each.logged and each.trace for each in failures):
        return None
    cases = [case_of(stack, each, logs) for each in failures]
    newest = cases[-1]
    if any(owner(each) for each in cases) or not newest.failure.error_type:
        return None
    return newest if thrown_at(newest.trace) else None


# Errors of reading a value that has another shape than the code expects.
_SHAPE = re.compile(
    r"^KeyError|indices must be integers|not subscriptable|has no attribute|of undefined|of null"
    r"|is not iterable|JSON object must be str|\"undefined\" is not valid JSON|object Object"
    r"|Unexpected token [uo] in JSON"
)


# What batch processors raise where every record failed, whatever each of them failed with.
_BATCH = re.compile(
    r"\b(?:SQS)?Batch\w{0,20}ProcessingError|FullBatchFailureError|All records failed processing"
    r"|\w{0,40}BatchProcessingException"
)


def _each_record(seen: Seen[str]) -> Remedy:
    causes = seen.newest.failure.causes
    what = f"{': '.join(causes[0])[:120].rstrip(': ')}" if causes else ""
    said = (
        f"mend what the record handler raises ({what}), or let it set such a record aside"
        if what
        else "log in the record handler what each record fails with, and mend that: the batch "
        "processor says only that all of them failed"
    )
    return remedy(said, ChangeCode(said), afterwards=Redrive())


def _mended(seen: Seen[str], place: Thrown | None) -> Remedy:
    file, line = (place.file, place.line) if place else ("", None)
    if _BATCH.search(seen.newest.text):
        return _each_record(seen)
    if known := told_by_itself(seen.newest.text, service=False):
        return known
    if place and place.library and not file:
        said = (
            f"{place.library} threw on what the function was given: see that the event is the one "
            "that it is for, and update it where it is at fault"
        )
        return remedy(said, ChangeCode(said), afterwards=Redrive())
    if place and place.library:
        said = (
            f"{place.library} threw, called from {file}:{line}: see what that line gives it, "
            "and update it where it is at fault"
        )
        return remedy(said, ChangeCode(said, file, line), afterwards=Redrive())
    if _SHAPE.search(seen.newest.text):
        said = (
            "compare what the line reads with what its messages hold: a field is missing there, or "
            "has another shape; let the code set such a message aside instead of failing, or mend "
            "who sends it"
        )
        return remedy(said, ChangeCode(said, file, line), afterwards=Redrive(edit=True))
    if "UnhandledPromiseRejection" in seen.newest.failure.line:
        said = (
            "await the promise that was rejected, or return it, and catch there what is to be "
            "lived through; mend what it was rejected with"
        )
        return remedy(said, ChangeCode(said, file, line), afterwards=Redrive())
    said = "mend the code, or let it set such a message aside instead of failing"
    return remedy(said, ChangeCode(said, file, line), afterwards=Redrive())
