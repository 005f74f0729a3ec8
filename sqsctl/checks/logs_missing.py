"""A function has no log.

## What it does
Looks for each function's log group. Where the function was invoked and there is still no
group, or nothing in it since, it may not write; where it was never invoked, that is said. Groups
of one's own (LoggingConfig) are looked at under their names.

## Why it matters
Without a log nobody can say why it fails. Without logs:CreateLogGroup, CreateLogStream and
PutLogEvents the function runs and stays silent.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_function
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import Do, Look, call, remedy
from sqsctl.model.plurals import counted
from sqsctl.model.stack import (
    Fact,
    FunctionLogs,
    Series,
    Stack,
)

# Lines can take minutes to appear.
_LATE = timedelta(minutes=5)
_POLICY = "iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
_ACTIONS = frozenset({"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"})


class LogsMissing(Check):
    meta = Meta(
        id="logs-missing",
        title="Every function that runs has a log",
        severity=Severity.WARNING,
        kind=Kind.SYMPTOM,
        needs=frozenset({Fact.LOGS}),
        uses=frozenset({Fact.FUNCTIONS, Fact.MAPPINGS, Fact.METRICS, Fact.PERMISSIONS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for logs in stack.logs:
            if not logs.exists or (not logs.events and not logs.truncated):
                yield from self._silent(logs, stack.function(logs.function), stack)

    def _silent(
        self, logs: FunctionLogs, function: Function | None, stack: Stack
    ) -> Iterator[Finding]:
        invoked = figures.series(stack, logs.function, "Invocations")
        # In the JSON format, levels can be set so high that good runs write nothing at all; with
        # the system's at INFO or below each run leaves its start and report.
        quiet = (
            logs.exists
            and function is not None
            and function.log_format == "JSON"
            and function.system_log_level not in {"INFO", "DEBUG"}
        )
        ran = _older_runs(invoked, stack) if logs.exists else figures.total(invoked)
        ran = 0 if quiet else ran
        denied = [
            each
            for each in stack.permissions
            if each.function == logs.function
            and each.action in _ACTIONS
            and each.decision != "allowed"
        ]
        if logs.exists and not ran and not denied:
            return
        role = (function.role_arn or "").rsplit("/", 1)[-1] if function else ""
        there = "holds nothing of that time" if logs.exists else "does not exist"
        evidence = [Evidence(f"logs FilterLogEvents {logs.group}", "log group", there)]
        if function and logs.group != f"/aws/lambda/{logs.function}":
            evidence.append(of_function(function, "LoggingConfig.LogGroup", logs.group))
        if invoked:
            evidence.append(figures.evidence(invoked, "Invocations", f"{ran:.0f} in all"))
        evidence += [
            Evidence(f"iam SimulatePrincipalPolicy {each.role_arn}", each.action, each.decision)
            for each in denied
        ]
        if ran > 0 or denied:
            nothing = "nothing in its log group" if logs.exists else "no log group"
            yield self.found(
                f"{logs.function} ran {counted(round(ran), 'time')} and has {nothing} {logs.group}"
                if ran
                else f"{logs.function} may not write to its log group {logs.group}",
                evidence=evidence,
                remedy=remedy(
                    "allow its role to write logs",
                    Do(
                        call(
                            "iam",
                            "attach_role_policy",
                            RoleName=role or "ROLE_NAME",
                            PolicyArn=f"arn:{function.partition if function else 'aws'}:{_POLICY}",
                        )
                    ),
                ),
                subject=logs.function,
                confidence=Confidence.HIGH if denied else Confidence.MEDIUM,
            )
            return
        yield self.found(
            f"{logs.function} has no log yet: it was never invoked, or its log expired",
            evidence=evidence,
            remedy=remedy(
                "send a message, or a request, and look again", *_probe(logs.function, stack)
            ),
            subject=logs.function,
            severity=Severity.INFO,
            kind=Kind.SYMPTOM,
            confidence=Confidence.MEDIUM,
        )


def _probe(function: str, stack: Stack) -> tuple[Look, ...]:
    """A probe through the stack, or into the queue that feeds the function among several."""
    fed = [each.queue_arn for each in stack.mappings if each.function_name == function]
    several = len({each.queue_arn for each in stack.mappings}) > 1
    queue = fed[0].rpartition(":")[2] if fed and several else ""
    aimed = Look(words=("probe",), queue=queue, function=function)
    return (aimed,) if stack.stack_name or fed else ()


def _older_runs(invoked: Series | None, stack: Stack) -> float:
    """The invocations whose lines should have been in CloudWatch when it was asked."""
    if invoked is None or stack.observed_at is None:
        return 0.0
    latest = stack.observed_at - _LATE - timedelta(seconds=invoked.period_s)
    return sum(value for at, value in invoked.points if at <= latest)
