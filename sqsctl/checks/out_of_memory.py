"""A function uses up its memory.

## What it does
Reads `Runtime.OutOfMemory`, a killed runtime whose REPORT shows all memory used, and what
Node.js, Python and Java say when their own heap is full. A killed runtime without REPORT is
taken for this too, with less confidence: the sandbox kills for little else. A REPORT alone that
shows all memory used is a warning of low confidence: a function can live with that.

## Why it matters
The invocation ends without a chance to clean up, the message comes back, and the same message
does it again: dead letters that will fail on each redrive until there is more memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import ceil

from sqsctl.checks.base import Meta
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.failures.failure_cases import Case, reading_of
from sqsctl.checks.support.failures.log_check import MESSAGES, NEEDS, USES, LogCheck, Seen
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import Function
from sqsctl.model.intents import Look, Option, Redrive, Remedy, Set, Tell, call, remedy
from sqsctl.model.logline import Attempt
from sqsctl.model.stack import FunctionLogs, Stack
from sqsctl.remedies.cli import FUNCTION

_SIGNS = re.compile(
    r"Runtime\.OutOfMemory|java\.lang\.OutOfMemoryError|JavaScript heap out of memory"
    r"|Reached heap limit|near heap limit|\bMemoryError\b|OutOfMemoryException|NoMemoryError"
    r"|fatal error: runtime: (?:out of memory|cannot allocate)"
    r"|memory allocation of \d+ bytes failed"
    r"|Allowed memory size of \d+ bytes exhausted|Cannot allocate memory|\bENOMEM\b"
)
_REPORTED = re.compile(r"REPORT RequestId: |^\s*XRAY TraceId: |^\s*(?:Max )?Memory |^\s*Billed ")
# Node.js: `Mark-sweep 2048.1 (2051.8) -> 2047.9 (2052.0) MB`.
_HEAP = re.compile(r"\((\d{2,5}(?:\.\d{1,3})?)\)(?: -> | MB)")
_ALLOWED = re.compile(r"Allowed memory size of (\d{6,12}) bytes")
_MOST_MB = 10_240
_NEARLY = 0.97


class OutOfMemory(LogCheck[str]):
    meta = Meta(
        id="out-of-memory",
        title="Functions have enough memory",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES | MESSAGES,
        reference="https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html",
    )
    precedence = 12
    by_message = True

    def recognise(self, case: Case) -> str | None:
        failure = case.failure
        if failure.error_type == "Runtime.OutOfMemory" or _SIGNS.search(case.text):
            return "full"
        if any(_SIGNS.search(each) for each in failure.context):
            return "full"
        used, size = failure.max_memory_used_mb, failure.memory_size_mb
        if failure.error_type == "Sandbox.Timedout":
            # Node.js may collect garbage until the timeout where others are killed.
            return "slow" if used and size and used >= size else None
        if "signal: killed" not in failure.message:
            # Until 2020 the platform said no more of a process that it had killed.
            exited = "Process exited before completing request" in failure.message
            return "full" if exited and used and size and used >= size else None
        if used is None or size is None:
            return "killed"
        return "full" if used >= _NEARLY * size else None

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        told = set()
        for finding in super().diagnose(stack):
            told.add(finding.subject)
            yield finding
        for logs in stack.logs:
            full = [each for each in reading_of(logs)[0] if _full(each)]
            if full and logs.function not in told:
                yield self._used_up(logs, full[-1], stack)

    def _used_up(self, logs: FunctionLogs, attempt: Attempt, stack: Stack) -> Finding:
        used, size = attempt.max_memory_used_mb, attempt.memory_size_mb
        who = logs.function or "the function"
        return self.found(
            f"{who} used all of its {size} MB, so it may have been stopped: the lines that would "
            "tell are not here",
            evidence=(
                Evidence(
                    f"log {logs.group}" if logs.group else "log text",
                    "Max Memory Used / Memory Size",
                    f"{used} MB / {size} MB",
                    attempt.ended_at,
                ),
            ),
            remedy=_more(logs.function, size, stack.function(logs.function)),
            subject=logs.function,
            severity=Severity.WARNING,
            kind=Kind.RISK,
            confidence=Confidence.LOW,
            explains=(),
        )

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        function = stack.function(seen.function)
        failure = seen.newest.failure
        size = failure.memory_size_mb or (function.memory_mb if function and function.arn else None)
        of = f" of {size} MB" if size else ""
        used = failure.max_memory_used_mb
        evidence = [*seen.evidence()]
        if used is not None:
            evidence.append(
                Evidence(
                    evidence[0].source,
                    "Max Memory Used / Memory Size",
                    f"{used} MB / {failure.memory_size_mb} MB",
                    failure.timestamp,
                )
            )
        if function and function.arn:
            evidence.append(of_function(function, "MemorySize", f"{function.memory_mb} MB"))
        sure = seen.confidence if seen.sign == "full" else min(seen.confidence, Confidence.MEDIUM)
        likely = "" if seen.sign == "full" else ", most likely"
        if seen.sign == "slow":
            likely += ": it had used all of it when it was stopped at its timeout"
        return self.found(
            f"{seen.who} runs out of its memory{of}{likely}",
            evidence=evidence,
            remedy=_more(seen.function, size or _heap_mb(seen.newest.everything), function),
            subject=seen.function,
            confidence=sure,
        )


def _full(attempt: Attempt) -> bool:
    """All memory used by an invocation of which the log shows nothing but its REPORT."""
    used, size = attempt.max_memory_used_mb, attempt.memory_size_mb
    alone = all(_REPORTED.search(each.message) for each in attempt.lines)
    alone = alone and attempt.failure is None and attempt.status is None
    return alone and used is not None and size is not None and used >= size


def _heap_mb(text: str) -> int | None:
    """How large the heap was, by the runtime's own words; the memory is no smaller."""
    found = [float(each) for each in _HEAP.findall(text)]
    php = [int(each) / 1_048_576 for each in _ALLOWED.findall(text)]
    return ceil(max(found + php)) if found or php else None


def _more(function: str, size: int | None, known: Function | None) -> Remedy:
    """Twice the figure that was too small; today's setting, where that is larger already."""
    less = Option(
        (Tell("read and keep less at a time: stream, smaller batches, nothing kept in globals"),),
        "where a message decides how much it takes",
    )
    if size is None:
        return remedy(
            "double its memory (which brings more CPU, too), or read and keep less at a time",
            Look(
                call("lambda", "get_function_configuration", FunctionName=function or FUNCTION),
                query="MemorySize",
            ),
            Tell(f"set twice what it has, {_MOST_MB} MB at most"),
            other=(less,),
            afterwards=Redrive(),
        )
    today = known.memory_mb if known and known.arn else None
    wanted = min(_MOST_MB, max(256, 2 * size))
    if size >= _MOST_MB:
        return remedy(
            f"it has the {_MOST_MB} MB that Lambda gives at most: read and keep less at a time",
            *less.intents,
        )
    if today is not None and today >= wanted:
        return remedy(
            f"it has {today} MB today and had {size} MB then: see whether it still fails",
            Look(words=("logs", "tail", "--errors", "--function", function)),
            other=(less,),
            afterwards=Redrive(),
        )
    before = {"MemorySize": today} if today is not None else {}
    return remedy(
        f"give it {wanted} MB (which brings more CPU, too), or read and keep less at a time",
        Set("function", function, {"MemorySize": wanted}, before),
        disposition="safe" if today is not None else "manual",
        other=(less,),
        afterwards=Redrive(),
    )
