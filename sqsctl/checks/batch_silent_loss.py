"""A consumer's early return deletes messages that nobody handled.

## What it does
Scans the consumer's source for a `return` inside the loop over the records, and for HTTP
answers (`statusCode`) returned by a queue's consumer.

## Why it matters
Whatever a consumer returns is success, `{statusCode: 400}` too: Lambda deletes the whole
batch. A return in the loop ends it after the first record: with a batch size of ten, nine
messages are deleted unseen, without an error, a dead letter or a log line.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support.evidence import of_mapping
from sqsctl.checks.support.shell import yml_function
from sqsctl.checks.support.sources import Scan, scan
from sqsctl.model.finding import Confidence, Evidence, Finding, Fix, Kind, Severity
from sqsctl.model.stack import EventSourceMapping, Fact, Function, Stack


class BatchSilentLoss(Check):
    meta = Meta(
        id="batch-silent-loss",
        title="No consumer deletes messages that it did not handle",
        severity=Severity.ERROR,
        needs=frozenset({Fact.PACKAGES, Fact.MAPPINGS, Fact.FUNCTIONS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for package in stack.packages:
            function = stack.function(package.function)
            mapping = next((m for m in stack.mappings if m.function_name == package.function), None)
            if function is None or mapping is None:
                continue
            for found in scan(function, package):
                if found.returns_in_loop and not found.reports:
                    yield self._returns(function, mapping, found)
                    break
                if found.status_code and not found.reports:
                    yield self._answers(function, mapping, found)
                    break

    def _returns(self, function: Function, mapping: EventSourceMapping, found: Scan) -> Finding:
        batch = mapping.batch_size
        lost = (
            f": of a batch of up to {batch}, all but the first are deleted unseen"
            if batch > 1
            else ""
        )
        also = "; its statusCode counts as success" if found.status_code else ""
        return self.found(
            f"{function.name} returns from within its loop over the records{lost}{also}",
            evidence=(
                Evidence(
                    f"code of {function.name}",
                    f"{found.path}:{found.returns_in_loop}",
                    f"return inside the loop of line {found.loop_line}",
                ),
                of_mapping(mapping, "BatchSize", batch),
                of_mapping(
                    mapping, "FunctionResponseTypes", ", ".join(mapping.response_types) or "none"
                ),
            ),
            fix=_fix(function),
            subject=function.name,
            severity=Severity.ERROR if batch > 1 else Severity.INFO,
            kind=Kind.CAUSE if batch > 1 else Kind.RISK,
            confidence=Confidence.HIGH if batch > 1 else Confidence.MEDIUM,
        )

    def _answers(self, function: Function, mapping: EventSourceMapping, found: Scan) -> Finding:
        return self.found(
            f"{function.name} answers its queue with a statusCode: SQS takes any answer for "
            "success and "
            "deletes the batch",
            evidence=(
                Evidence(
                    f"code of {function.name}",
                    f"{found.path}:{found.status_code}",
                    "return {statusCode…}",
                ),
                of_mapping(mapping, "EventSourceArn", mapping.queue_arn),
            ),
            fix=_fix(function),
            subject=function.name,
            severity=Severity.INFO,
            kind=Kind.RISK,
            confidence=Confidence.MEDIUM,
        )


def _fix(function: Function) -> Fix:
    return Fix(
        "continue instead of return; raise where a record cannot be handled, or collect the ids "
        "of the "
        "failed ones and return {batchItemFailures: [{itemIdentifier: messageId}]}",
        commands=("serverless deploy",),
        serverless_yml=yml_function(
            function, "events:", "  - sqs:", "      functionResponseType: ReportBatchItemFailures"
        ),
    )
