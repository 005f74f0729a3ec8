"""Runs fail, and nothing says why.

## What it does
Compares the metric Errors with what the log tells of failures: periods in which runs failed and the
log holds no error, and runs of which the log says no more than that they failed. It names what
keeps the reason from being read: the log may not be read, its group is missing or of a class that
cannot be filtered, its lines are dropped by level, have expired, or were read in part.

## Why it matters
Each of these runs ended with an error. A check that looks for reasons in the log finds none there,
which is not the same as health.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from sqsctl.checks.base import Check, Meta
from sqsctl.checks.support import figures
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.failures.failure_cases import reading_of
from sqsctl.checks.support.failures.freshness import newest_moment
from sqsctl.checks.support.failures.log_check import past
from sqsctl.model.finding import Confidence, Evidence, Finding, Kind, Severity
from sqsctl.model.functions import Function
from sqsctl.model.intents import Do, Intent, Look, Set, Tell, call, remedy
from sqsctl.model.logline import Failure
from sqsctl.model.plurals import counted
from sqsctl.model.stack import Fact, FunctionLogs, Series, Stack

# A period's clock and the log's may differ by as much.
_SLACK = timedelta(minutes=1)
# Below these levels go the lines that tell of errors; WARN and ERROR also drop the uncaught errors
# of Python runtimes that log them without a level.
_DROPS = frozenset({"WARN", "ERROR", "FATAL"})
_POLICY = "service-role/AWSLambdaBasicExecutionRole"
_QUERY = (
    "fields @timestamp, @message | filter @message like /(?i)error|exception|timed out|exited/ "
    "| sort @timestamp desc | limit 50"
)


@dataclass(frozen=True, slots=True)
class _Silent:
    """Runs that failed without a reason. Moments are None where nothing tells them."""

    failed: int
    runs: int
    first: datetime | None
    last: datetime | None
    evidence: tuple[Evidence, ...]
    over: str = ""


class FailuresUnexplained(Check):
    meta = Meta(
        id="failures-unexplained",
        title="Of each failed run the log says why",
        severity=Severity.ERROR,
        kind=Kind.SYMPTOM,
        needs=frozenset({Fact.FUNCTIONS, Fact.METRICS}),
        uses=frozenset({Fact.LOGS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html",
    )

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        unknown = [each for each in stack.logs if stack.function(each.function) is None]
        for function in (*stack.functions, *(Function(each.function, "") for each in unknown)):
            logs = next((each for each in stack.logs if each.function == function.name), None)
            silent = _by_metrics(function, logs, stack) or (_by_log(logs) if logs else None)
            if silent is not None:
                yield self._found(function, silent, logs, stack)

    def _found(
        self, function: Function, silent: _Silent, logs: FunctionLogs | None, stack: Stack
    ) -> Finding:
        why, ways = _hindrance(function, silent, logs, stack)
        since = f" since {silent.first:%Y-%m-%d %H:%M}Z" if silent.first else ""
        of = f" of {counted(silent.runs, 'run')}" if silent.runs >= silent.failed else ""
        finding = self.found(
            f"{function.name or 'the function'} failed {silent.failed}{of}{since}, and nothing "
            f"says why: {why}",
            evidence=(*silent.evidence, *_settings(function, logs)),
            remedy=remedy("get at the reason: " + ways[0], *ways[1]),
            subject=function.name,
            confidence=Confidence.HIGH,
        )
        return past(finding, silent.over) if silent.over else finding


def _by_metrics(function: Function, logs: FunctionLogs | None, stack: Stack) -> _Silent | None:
    """The periods with failures that the log knows nothing of."""
    errors = figures.series(stack, function.name, "Errors")
    if errors is None or figures.total(errors) <= 0:
        return None
    told = [_moment(each) for each in (reading_of(logs)[1] if logs else ()) if _says_why(each)]
    told += [
        newest_moment(each)
        for each in (reading_of(logs)[0] if logs else ())
        if each.failure is not None and _says_why(each.failure)
    ]
    if None in told or (told and logs and logs.truncated):
        return None  # a log without times, or read in part, may tell of any of them
    moments = [each for each in told if each]
    span = timedelta(seconds=errors.period_s)
    silent = [
        (at, value)
        for at, value in errors.points
        if value > 0 and not any(at - _SLACK <= each <= at + span + _SLACK for each in moments)
    ]
    if not silent:
        return None
    runs = figures.series(stack, function.name, "Invocations")
    first, last = silent[0][0], silent[-1][0]
    return _Silent(
        failed=round(sum(value for _, value in silent)),
        runs=round(sum(value for at, value in runs.points if at >= first)) if runs else 0,
        first=first,
        last=last + span,
        evidence=(
            figures.evidence(errors, "Errors", f"{figures.total(errors):.0f} in all"),
            *(
                (figures.evidence(runs, "Invocations", f"{figures.total(runs):.0f} in all"),)
                if runs
                else ()
            ),
            *((_read(logs),) if logs else ()),
        ),
        over=_over(function, errors, runs),
    )


def _by_log(logs: FunctionLogs) -> _Silent | None:
    """Runs of which the log's REPORT says that they failed, and nothing else does."""
    attempts = reading_of(logs)[0]
    mute = [each for each in attempts if each.failure and not _says_why(each.failure)]
    if not mute:
        return None
    moments = [at for each in mute if (at := newest_moment(each))]
    after = [each for each in attempts if (at := newest_moment(each)) and at > max(moments)]
    good = sum(each.failure is None for each in after) if moments else 0
    return _Silent(
        failed=len(mute),
        runs=len(attempts),
        first=min(moments, default=None),
        last=max(moments, default=None),
        evidence=(
            Evidence(
                f"log {logs.group}",
                f"request {mute[-1].request_id}",
                f"status {mute[-1].status or 'error'}, and no error",
                newest_moment(mute[-1]),
            ),
        ),
        over=f"{counted(good, 'run')} succeeded after it" if good > len(mute) else "",
    )


def _says_why(failure: Failure) -> bool:
    return bool(failure.message or failure.trace or failure.error_type not in {"", "Unknown"})


def _moment(failure: Failure) -> datetime | None:
    return failure.timestamp or failure.first_at


def _read(logs: FunctionLogs) -> Evidence:
    if not logs.exists:
        return Evidence(f"logs FilterLogEvents {logs.group}", "log group", "does not exist")
    held = f"{counted(len(logs.events), 'event')}, no error among those of that time"
    return Evidence(f"logs FilterLogEvents {logs.group}", "read", held)


def _over(function: Function, errors: Series, runs: Series | None) -> str:
    """Why these failures are history; empty while they are not.

    The function was changed since, or more runs succeeded since than did between two failures.
    """
    bad = {at for at, value in errors.points if value > 0}
    last = max(bad)
    end = last + timedelta(seconds=errors.period_s)
    if function.last_modified and function.last_modified > end:
        return f"the function was changed at {function.last_modified:%Y-%m-%d %H:%M:%S}Z"
    good = sorted((at, value) for at, value in (runs.points if runs else ()) if at not in bad)
    after = sum(value for at, value in good if at > last)
    between = [
        sum(value for at, value in good if one < at < other) for one, other in pairwise(sorted(bad))
    ]
    usual = sum(between) / len(between) if between else 0.0
    return f"{counted(round(after), 'run')} succeeded since" if after > usual else ""


def _settings(function: Function, logs: FunctionLogs | None) -> Iterator[Evidence]:
    if function.log_format == "JSON":
        for name, level in (
            ("ApplicationLogLevel", function.application_log_level),
            ("SystemLogLevel", function.system_log_level),
        ):
            if level:
                yield of_function(function, f"LoggingConfig.{name}", level)
    if logs and logs.log_class:
        yield Evidence(f"logs DescribeLogGroups {logs.group}", "logGroupClass", logs.log_class)
    if logs and logs.retention_days:
        held = counted(logs.retention_days, "day")
        yield Evidence(f"logs DescribeLogGroups {logs.group}", "retentionInDays", held)


def _hindrance(
    function: Function, silent: _Silent, logs: FunctionLogs | None, stack: Stack
) -> tuple[str, tuple[str, tuple[Intent, ...]]]:
    """What keeps the reason from being read, and the way to it: a sentence and its intents."""
    gap = next((g for g in stack.logs.unread if g.what == f"log group {function.log_group}"), None)
    if gap is not None and gap.action:
        return (
            f"its log may not be read ({gap.action})",
            (
                f"allow {gap.action} on {function.log_group} to whoever runs sqsctl",
                (Look(words=("iam", "doctor")),),
            ),
        )
    if (gap is not None and "of class" in gap.reason) or (logs and _cannot_filter(logs)):
        return (
            "the class of its log group cannot be filtered",
            ("query the log with CloudWatch Logs Insights", (_query(function, silent),)),
        )
    if logs is None:
        told = gap.reason if gap else "not among the logs that were read"
        return (
            f"its log was not read ({told})",
            ("look at its log", (Look(words=("doctor", "--function", function.name)),)),
        )
    if not logs.exists:
        return _no_group(function)
    if function.log_format == "JSON" and (
        {function.application_log_level, function.system_log_level} & _DROPS
    ):
        levels = {
            "LogFormat": "JSON",
            "ApplicationLogLevel": "INFO",
            "SystemLogLevel": "INFO",
        }
        present = {
            "LogFormat": "JSON",
            "ApplicationLogLevel": function.application_log_level or "INFO",
            "SystemLogLevel": function.system_log_level or "INFO",
        }
        return (
            "the levels of its LoggingConfig drop lines before they reach the log",
            (
                "let it log from INFO on, and look at the next failure",
                (
                    Set(
                        "function",
                        function.name,
                        {"LoggingConfig": levels},
                        {"LoggingConfig": present},
                    ),
                ),
            ),
        )
    if _expired(silent, logs, stack):
        return (
            f"its log keeps lines for {counted(logs.retention_days or 0, 'day')} only",
            (
                "keep them longer, and look at the next failure",
                (
                    Do(
                        call(
                            "logs",
                            "put_retention_policy",
                            logGroupName=logs.group,
                            retentionInDays=30,
                        )
                    ),
                ),
            ),
        )
    look = Look(words=("logs", "tail", "--errors", "--function", function.name))
    if logs.truncated:
        return (
            "its log holds more than was read",
            (
                "follow the log's errors, or look at a shorter time (doctor --since)",
                (look, Look(words=("doctor", "--since", "15m", "--function", function.name))),
            ),
        )
    return (
        "its log is silent about it",
        (
            "let the code log each error before it ends with it, deploy, and follow the log",
            (
                Tell(
                    "invoke it once with a test event: the answer holds the error that the log "
                    "does not"
                ),
                look,
            ),
        ),
    )


def _cannot_filter(logs: FunctionLogs) -> bool:
    read = logs.events or logs.scanned_bytes is not None
    return logs.log_class not in {None, "", "STANDARD"} and not read


def _no_group(function: Function) -> tuple[str, tuple[str, tuple[Intent, ...]]]:
    role = (function.role_arn or "").rpartition("/")[2]
    policy = f"arn:{function.partition}:iam::aws:policy/{_POLICY}"
    return (
        f"it has no log group {function.log_group}",
        (
            "allow its role to write logs, and look at the next failure",
            (Do(call("iam", "attach_role_policy", RoleName=role, PolicyArn=policy)),)
            if role
            else (Tell("attach AWSLambdaBasicExecutionRole to its role"),),
        ),
    )


def _query(function: Function, silent: _Silent) -> Look:
    return Look(
        call(
            "logs",
            "start_query",
            logGroupName=function.log_group,
            startTime=int(silent.first.timestamp()) if silent.first else 0,
            endTime=int((silent.last + _SLACK).timestamp()) if silent.last else 0,
            queryString=_QUERY,
        )
    )


def _expired(silent: _Silent, logs: FunctionLogs, stack: Stack) -> bool:
    if not logs.retention_days or silent.last is None or stack.observed_at is None:
        return False
    return silent.last < stack.observed_at - timedelta(days=logs.retention_days)
