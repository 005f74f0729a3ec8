"""The code needs an environment variable that the function does not have.

## What it does
Recognises the errors of every language for a variable that is not there, of settings libraries
(pydantic, decouple, envalid, caarlos0/env…), and of SDK calls whose resource name came out empty
(`QueueUrl: None`). Compares with the names that the function really has.

## Why it matters
The variable stands in a local `.env` or in another stage's configuration. A missing QUEUE_URL
makes a producer answer errors for everything.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.cases import Case
from sqsctl.checks.support.environment import missing_variable
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.logcheck import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.checks.support.shell import FUNCTION, aws, yml_function
from sqsctl.model.finding import Finding, Fix, Severity
from sqsctl.model.stack import Stack


class EnvVarMissing(LogCheck[tuple[str, bool]]):
    meta = Meta(
        id="env-var-missing",
        title="Every environment variable that the code needs is set",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES_SWALLOWED,
        explains=("dead-letters", "backlog-growing", "http-5xx"),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
    )
    precedence = 38
    minds_swallowed = True

    def recognise(self, case: Case) -> tuple[str, bool] | None:
        return missing_variable(case.text, f"{case.trace}\n{case.failure.line}")

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
            fix=Fix(
                f"set {variable} in the function's environment and deploy",
                commands=(
                    aws(
                        stack,
                        "lambda",
                        "get-function-configuration",
                        "--function-name",
                        seen.function or FUNCTION,
                        "--query",
                        "Environment.Variables",
                    ),
                    "serverless deploy",
                ),
                serverless_yml=yml_function(seen.function, "environment:", f"  {variable}: VALUE"),
            ),
            subject=seen.function,
            confidence=seen.confidence,
        )
