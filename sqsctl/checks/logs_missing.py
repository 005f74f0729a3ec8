"""A function has no log.

## What it does
Looks for each function's log group. Where the function was invoked and there is still no
group, it may not write one; where it was never invoked, that is said.

## Why it matters
Without a log nobody can say why it fails. Without logs:CreateLogGroup, CreateLogStream and
PutLogEvents the function runs and stays silent.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.shell import aws
from sqsctl.model.finding import Confidence, Evidence, Finding, Fix, Kind, Severity
from sqsctl.model.stack import Fact, Function, FunctionLogs, Stack

_POLICY = "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"
_ACTIONS = frozenset({"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"})


class LogsMissing(Check):
    meta = Meta(
        id="logs-missing",
        title="Every function that runs has a log",
        severity=Severity.WARNING,
        kind=Kind.SYMPTOM,
        needs=frozenset({Fact.LOGS}),
        uses=frozenset({Fact.FUNCTIONS, Fact.METRICS, Fact.PERMISSIONS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-cloudwatchlogs.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        for logs in stack.logs:
            if logs.exists:
                continue
            yield self._silent(logs, stack.function(logs.function), stack)

    def _silent(self, logs: FunctionLogs, function: Function | None, stack: Stack) -> Finding:
        invoked = figures.series(stack, logs.function, "Invocations")
        ran = figures.total(invoked)
        denied = [
            each
            for each in stack.permissions
            if each.function == logs.function
            and each.action in _ACTIONS
            and each.decision != "allowed"
        ]
        role = (function.role_arn or "").rsplit("/", 1)[-1] if function else ""
        evidence = [Evidence(f"logs DescribeLogGroups {logs.group}", "log group", "does not exist")]
        if invoked:
            evidence.append(figures.evidence(invoked, "Invocations", f"{ran:.0f} in all"))
        evidence += [
            Evidence(f"iam SimulatePrincipalPolicy {each.role_arn}", each.action, each.decision)
            for each in denied
        ]
        if ran > 0 or denied:
            return self.found(
                f"{logs.function} ran {ran:.0f} times and has no log group {logs.group}"
                if ran
                else f"{logs.function} may not write to its log group {logs.group}",
                evidence=evidence,
                fix=Fix(
                    "allow its role to write logs",
                    disposition="manual",
                    commands=(
                        aws(
                            None,
                            "iam",
                            "attach-role-policy",
                            "--role-name",
                            role or "ROLE_NAME",
                            "--policy-arn",
                            _POLICY,
                        ),
                    ),
                ),
                subject=logs.function,
                confidence=Confidence.HIGH if denied else Confidence.MEDIUM,
            )
        return self.found(
            f"{logs.function} has no log yet: it was never invoked, or its log expired",
            evidence=evidence,
            fix=Fix("send a message, or a request, and look again", commands=("sqsctl probe",)),
            subject=logs.function,
            severity=Severity.INFO,
            kind=Kind.SYMPTOM,
            confidence=Confidence.MEDIUM,
        )
