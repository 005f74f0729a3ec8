"""The function's runtime is past its end of support.

## What it does
Compares each function's runtime with AWS's calendar, which the program carries as dated
data. Also knows AWS's words when it refuses to create or update such a function.

## Why it matters
A deprecated runtime gets no security patches. Once AWS blocks creation, the same project
can no longer be deployed to a new stage; once it blocks updates, not even a fix can be
deployed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from sqsctl.checks.base import Meta
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import LogCheck, Seen
from sqsctl.checks.support.packages.runtimes import CUSTOMER_MANAGED, Lifecycle, calendar
from sqsctl.model.finding import Evidence, Finding, Kind, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import ChangeRuntime, Phase, Remedy, Tell, remedy
from sqsctl.model.stack import (
    Fact,
    Stack,
)

_REFUSED = re.compile(
    r"runtime parameter of (?P<runtime>[\w.]{1,40}) is no longer supported"
    r"|Runtime (?P<other>[\w.]{1,40}) is (?:no longer supported|deprecated)"
    r"|The (?P<third>[\w.]{1,40}) runtime is (?:no longer supported|deprecated)",
)


class RuntimeDeprecated(LogCheck[str]):
    meta = Meta(
        id="runtime-deprecated",
        title="Every function runs on a supported runtime",
        severity=Severity.WARNING,
        kind=Kind.RISK,
        needs=frozenset({Fact.FUNCTIONS}),
        uses=frozenset({Fact.LOGS, Fact.ERRORS, Fact.MAPPINGS}),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html",
    )

    def recognise(self, case: Case) -> str | None:
        match = _REFUSED.search(case.everything)
        return next(filter(None, match.groups()), None) if match else None

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        today = stack.observed_at.date() if stack.observed_at else calendar().compiled
        for function in stack.functions:
            if not function.runtime or function.package_type == "Image":
                continue
            if function.runtime in CUSTOMER_MANAGED:
                continue
            known = calendar().runtimes.get(function.runtime)
            if function.runtime in calendar().previews:
                yield self._preview(function, function.runtime, today)
            elif known is None:
                yield self._unknown(function, today)
            elif known.deprecated and known.deprecated <= today:
                yield self._old(function, known, today)
        yield from super().diagnose(stack)

    def _preview(self, function: Function, runtime: str, today: date) -> Finding:
        since = calendar().previews[runtime]
        newer = calendar().successor(runtime)
        return self.found(
            f"{_who(function)} runs on {runtime}, in public preview since {since}: not for "
            "production",
            evidence=(
                of_function(function, "Runtime", runtime),
                Evidence(calendar().told(today), "preview since", str(since)),
            ),
            remedy=remedy(
                f"stay on {newer} until AWS supports {runtime}",
                ChangeRuntime(function.name, newer, runtime),
                disposition="manual",
            )
            if newer
            else remedy("wait with it for AWS's support"),
            subject=function.name,
            severity=Severity.INFO,
        )

    def _unknown(self, function: Function, today: date) -> Finding:
        return self.found(
            f"{_who(function)} runs on {function.runtime}, which this program's "
            f"{calendar().told(today)} does not know",
            evidence=(of_function(function, "Runtime", function.runtime),),
            remedy=remedy("look the runtime up in AWS's list"),
            subject=function.name,
            severity=Severity.INFO,
        )

    def _old(self, function: Function, known: Lifecycle, today: date) -> Finding:
        no_create = known.block_create is not None and known.block_create <= today
        no_update = known.block_update is not None and known.block_update <= today
        then = (
            "can no longer be updated"
            if no_update
            else "no new function may use it"
            if no_create
            else f"creation is blocked from {known.block_create}"
            if known.block_create
            else "no security patches"
        )
        return self.found(
            f"{_who(function)} runs on {known.id}, deprecated since {known.deprecated}: {then}",
            evidence=(
                of_function(function, "Runtime", known.id),
                Evidence(
                    calendar().told(today),
                    "deprecated",
                    str(known.deprecated),
                ),
                Evidence(
                    calendar().told(today),
                    "create blocked",
                    str(known.block_create),
                ),
                Evidence(
                    calendar().told(today),
                    "update blocked",
                    str(known.block_update),
                ),
            ),
            remedy=_newer(function.name, known.id),
            subject=function.name,
            severity=Severity.ERROR if no_create or no_update else Severity.WARNING,
        )

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        del stack
        return self.found(
            f"AWS refuses the deployment: {seen.sign} is no longer supported for creating or "
            "updating functions",
            evidence=seen.evidence(),
            remedy=_newer(seen.function, seen.sign, "deploy"),
            subject=seen.function,
            severity=Severity.ERROR,
            kind=Kind.CAUSE,
            confidence=seen.confidence,
        )


def _who(function: Function) -> str:
    """Text alone may tell the runtime and not the name."""
    return function.name or "the function"


def _newer(function: str, runtime: str, phase: Phase = "") -> Remedy:
    newer = calendar().successor(runtime)
    if newer is None:
        return remedy(
            "move the function to a supported runtime",
            Tell("choose one of AWS's list of supported runtimes, and build the code for it"),
        )
    note = "; nodejs24.x no longer takes callback handlers" if newer == "nodejs24.x" else ""
    return remedy(
        f"move to {newer} and test{note}",
        ChangeRuntime(function, newer, runtime),
        disposition="unsafe" if function and not phase else "manual",
        phase=phase,
    )
