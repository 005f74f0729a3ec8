"""The code needs an environment variable that the function does not have.

## What it does
Recognises the errors of every language for a variable that is not there, of settings libraries
(pydantic, decouple, envalid, caarlos0/env…), and of SDK calls whose resource name came out empty
(`QueueUrl: None`). Compares with the names that the function really has. Without waiting for an
error it also finds a variable that is to name a queue, a URL or an ARN and holds nothing, or
the `undefined` that a deployment wrote which did not know it.

## Why it matters
The variable stands in a local `.env` or in another stage's configuration. A missing QUEUE_URL
makes a producer answer errors for everything.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support.cases import Case
from sqsctl.checks.support.environment import missing_variable
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.logcheck import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.shell import FUNCTION, aws, yml_function
from sqsctl.model.finding import Confidence, Finding, Fix, Severity
from sqsctl.model.stack import Fact, Function, Stack

_NOTHING = frozenset({"undefined", "null", "None", "nil"})
_QUEUE = re.compile(r"QUEUE|SQS", re.IGNORECASE)
_RESOURCE = re.compile(r"QUEUE|SQS|(?:URL|ARN)$", re.IGNORECASE)


class EnvVarMissing(LogCheck[tuple[str, bool]]):
    meta = Meta(
        id="env-var-missing",
        title="Every environment variable that the code needs is set",
        severity=Severity.ERROR,
        needs=NEEDS | {Fact.FUNCTIONS},
        uses=USES_SWALLOWED - {Fact.FUNCTIONS},
        explains=("dead-letters", "backlog-growing", "http-5xx"),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
    )
    precedence = 38
    minds_swallowed = True

    def recognise(self, case: Case) -> tuple[str, bool] | None:
        return missing_variable(case.text, f"{case.trace}\n{case.failure.line}")

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        told = set()
        for finding in super().diagnose(stack):
            if not finding.past:
                told.add(finding.subject)
            yield finding
        for function in stack.functions:
            for variable, value in function.environment.items():
                if function.name not in told and value is not None:
                    yield from self._holds_nothing(function, variable, value, stack)

    def _holds_nothing(
        self, function: Function, variable: str, value: str, stack: Stack
    ) -> Iterator[Finding]:
        empty = not value.strip()
        wanted = _QUEUE if empty else _RESOURCE
        if (not empty and value.strip() not in _NOTHING) or not wanted.search(variable):
            return
        yield self.found(
            f"{variable} of {function.name} is {'empty' if empty else repr(value)}: the deployment "
            "did not know it",
            evidence=(of_function(function, f"Environment {variable}", value or "(empty)"),),
            fix=_fix(function.name, variable, stack),
            subject=function.name,
            confidence=Confidence.MEDIUM if empty else Confidence.HIGH,
        )

    def report(self, seen: Seen[tuple[str, bool]], stack: Stack) -> Finding:
        name, parameter = seen.sign
        function = stack.function(seen.function)
        if parameter:
            what = f"calls AWS without {name or 'the resource name'}"
            title = f"{seen.who} {what}: the variable that holds it is not set"
        else:
            title = f"{seen.who} needs the environment variable {name or '?'}, which is not set"
        known = sorted(function.environment) if function else []
        evidence = [*seen.evidence()]
        if function:
            there = "set, but empty or misspelled in the code" if name in known else "not set"
            names = ", ".join(known) or "none"
            evidence.append(of_function(function, f"Environment {name or 'names'}", there))
            evidence.append(of_function(function, "Environment names", names))
        variable = name if name and not parameter else "QUEUE_URL"
        return self.found(
            title,
            evidence=evidence,
            fix=_fix(seen.function, variable, stack),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _fix(function: str, variable: str, stack: Stack) -> Fix:
    return Fix(
        f"set {variable} in the function's environment and deploy",
        commands=(
            aws(
                stack,
                "lambda",
                "get-function-configuration",
                "--function-name",
                function or FUNCTION,
                "--query",
                "Environment.Variables",
            ),
            "serverless deploy",
        ),
        serverless_yml=yml_function(function, "environment:", f"  {variable}: VALUE"),
    )
