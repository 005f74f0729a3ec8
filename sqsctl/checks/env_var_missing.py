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
from difflib import get_close_matches

from sqsctl.checks.base import Meta
from sqsctl.checks.support.environment import (
    Missing,
    missing_variable,
    variable_of,
    variables_read,
)
from sqsctl.checks.support.evidence import of_function
from sqsctl.checks.support.failures.failed_reads import code, line_evidence
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES_SWALLOWED, LogCheck, Seen
from sqsctl.model.finding import Confidence, Finding, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import ChangeCode, Option, Redrive, Remedy, SetVariable, remedy
from sqsctl.model.stack import (
    Fact,
    Queue,
    Stack,
)

_NOTHING = frozenset({"undefined", "null", "None", "nil"})
_QUEUE = re.compile(r"QUEUE|SQS", re.IGNORECASE)
_RESOURCE = re.compile(r"QUEUE|SQS|(?:URL|ARN)$", re.IGNORECASE)

_ALIKE = 0.75


class EnvVarMissing(LogCheck[Missing]):
    meta = Meta(
        id="env-var-missing",
        title="Every environment variable that the code needs is set",
        severity=Severity.ERROR,
        needs=NEEDS | {Fact.FUNCTIONS},
        uses=USES_SWALLOWED - {Fact.FUNCTIONS},
        reference="https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html",
    )
    precedence = 38
    minds_swallowed = True

    def recognise(self, case: Case) -> Missing | None:
        return missing_variable(case)

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
            remedy=_set(function.name, variable, "", stack),
            subject=function.name,
            confidence=Confidence.MEDIUM if empty else Confidence.HIGH,
        )

    def report(self, seen: Seen[Missing], stack: Stack) -> Finding:
        sign = seen.sign
        function = stack.function(seen.function)
        # Of a call's parameter: the variable that the code gives it, where the code was read.
        name = _given_to(sign.name, seen, function) if sign.parameter else sign.name
        if sign.parameter:
            what = f"calls AWS without {sign.name or 'the resource name'}"
            title = f"{seen.who} {what}: " + (
                f"the environment variable {name} holds nothing"
                if name
                else "the variable that holds it is not set"
            )
        else:
            title = f"{seen.who} needs the environment variable {name or '?'}, which is not set"
        evidence = [*seen.evidence(), *line_evidence(seen.newest)]
        if function:
            known = sorted(function.environment)
            if name:
                there = "set, but empty or misspelled in the code" if name in known else "not set"
                evidence.append(of_function(function, f"Environment {name}", there))
            names = ", ".join(known) or "none"
            evidence.append(of_function(function, "Environment names", names))
        return self.found(
            title,
            evidence=evidence,
            remedy=_set(seen.function, name, _alike(name, function), stack),
            subject=seen.function,
            confidence=seen.confidence if sign.sure else min(seen.confidence, Confidence.MEDIUM),
        )


def _given_to(parameter: str, seen: Seen[Missing], function: Function | None) -> str:
    """The variable that the code gives to the parameter; empty where nothing tells."""
    source = code(seen.newest)
    if parameter and (found := variable_of(parameter, source)):
        return found
    known = function.environment if function else {}
    unset = [each for each in variables_read(source) if not known.get(each, "")]
    return unset[0] if len(unset) == 1 and function else ""


def _alike(variable: str, function: Function | None) -> str:
    """A variable that is set and may be the one that is meant; empty where none is like it."""
    if not variable or function is None:
        return ""
    words = set(variable.split("_"))
    known = [each for each in function.environment if each != variable]
    wider = [each for each in known if words < set(each.split("_")) or words > set(each.split("_"))]
    near = get_close_matches(variable, known, 1, _ALIKE) or (wider if len(wider) == 1 else [])
    return near[0] if near else ""


def _set(function: str, variable: str, alike: str, stack: Stack) -> Remedy:
    what = variable or "the variable that holds it"
    queue = _meant(variable, stack)
    other = f", or let the code read {alike}, which is set," if alike else ""
    read = ChangeCode(f"read {alike}, which is set, instead of {variable}")
    return remedy(
        f"set {what} in the function's environment{other} and deploy",
        SetVariable(function, variable, queue=queue.arn if queue else ""),
        other=(Option((read,), f"where {alike} is what is meant"),) if alike else (),
        afterwards=Redrive(),
    )


def _meant(variable: str, stack: Stack) -> Queue | None:
    """The queue that a variable is to name: the only one of the stack that it can be."""
    dead = stack.dead_letter_queues()
    main = [each for each in stack.queues if each.arn not in dead]
    named = _QUEUE.search(variable) is not None and "ARN" not in variable.upper()
    return main[0] if named and len(main) == 1 else None
