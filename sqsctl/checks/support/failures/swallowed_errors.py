"""Errors that a function behind an API caught and answered its client with.

A log alone cannot tell them from errors that code got past, so text alone never counts them. Here
the stack tells: the function's only work is to serve requests, its newest request still logged the
error, and either the API was measured to answer 5xx or the error is about the queue that the
function is there to feed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from sqsctl.checks.support import figures
from sqsctl.checks.support.failures.failure_cases import Case, case_of, survived_of
from sqsctl.checks.support.failures.freshness import newest_moment
from sqsctl.model.finding import Confidence
from sqsctl.model.logline import Failure
from sqsctl.model.stack import FunctionLogs, Stack

_ABOUT_QUEUE = re.compile(r"\bsqs\b|SendMessage|QueueUrl|QUEUE|[Qq]ueue", re.ASCII)


def swallowed(stack: Stack) -> Iterator[tuple[Case, FunctionLogs]]:
    """Such errors of the newest requests. Reads APIS, MAPPINGS, LOGS, METRICS and FUNCTIONS."""
    consumers = stack.consumers()
    for api in stack.apis:
        failed = figures.series(stack, figures.api_resource(api), *figures.FIVE_HUNDREDS)
        answers_badly = figures.total(failed) > 0
        names = {route.function_name for route in api.routes} - consumers
        for logs in stack.logs:
            if logs.function not in names:
                continue
            for failure in _of_the_newest(logs):
                if not answers_badly and not _ABOUT_QUEUE.search(failure.line):
                    continue
                sure = Confidence.HIGH if answers_badly else Confidence.MEDIUM
                yield case_of(stack, replace(failure, confidence=sure), logs), logs


def _of_the_newest(logs: FunctionLogs) -> Iterator[Failure]:
    """The errors that the newest finished request logged, with how often each was seen."""
    attempts, errors = survived_of(logs)
    finished = [each for each in attempts if newest_moment(each)]
    if not finished or not errors:
        return
    last = max(finished, key=lambda each: str(newest_moment(each)))
    for error in errors:
        if error.request_id and error.request_id == last.request_id:
            same = [
                e for e in errors if e.error_type == error.error_type and e.message == error.message
            ]
            yield replace(error, occurrences=len(same))
