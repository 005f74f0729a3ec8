"""The code does not parse on the function's runtime.

## What it does
Reads `Runtime.UserCodeSyntaxError` and the syntax errors of Node.js, Python, Ruby and PHP that
end an init. A JSON error (`Unexpected token … in JSON`) is none of them: there it is data
that does not parse.

## Why it matters
Every invocation fails. Often the file is good and the runtime too old for it: `??=` needs
Node.js 15, `match` Python 3.10.
"""

from __future__ import annotations

import re

from sqsctl.checks.base import Meta
from sqsctl.checks.support.evidence import of_runtime
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.payloads import NOT_JSON
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.intents import ChangeCode, Look, Option, Redrive, Tell, call, remedy
from sqsctl.model.logline import Phase
from sqsctl.model.stack import Stack
from sqsctl.remedies.cli import FUNCTION

_SYNTAX = re.compile(
    r"UserCodeSyntaxError|Syntax error in module '|Init<SyntaxError>|PHP Parse error|ParseError\b"
    r"|\b(?:IndentationError|TabError)\b"
)
_PLAIN = re.compile(r"\bSyntaxError\b")
_TOLD = re.compile(
    r"(?:SyntaxError|IndentationError|TabError"
    r"|Syntax error in module '[^'\n]{1,100}'): (?P<what>[^\n]{1,200})"
)
_PLACE = re.compile(
    r"(?P<file>[\w./\-]{1,200}\.(?:m?js|cjs|ts|py|rb"
    r"|php))(?:[:,\" ]+(?:[Ll]ine )?(?P<line>\d{1,6}))?"
)


class SyntaxErrorInCode(LogCheck[str]):
    meta = Meta(
        id="syntax-error",
        title="The code parses on its runtime",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES,
        reference="https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-execution.html",
    )
    precedence = 32

    def recognise(self, case: Case) -> str | None:
        text = case.text
        if _SYNTAX.search(text):
            return _what(text)
        if not _PLAIN.search(text) or NOT_JSON.search(text) or "JSON" in text:
            return None
        loading = case.failure.phase is Phase.INIT or re.search(
            r"wrapSafe|Module\._compile|internalCompileFunction|compileSourceTextModule", case.trace
        )
        return _what(text) if loading else None

    def report(self, seen: Seen[str], stack: Stack) -> Finding:
        place = _PLACE.search(seen.newest.trace) or _PLACE.search(seen.newest.text)
        where = ""
        if place:
            where = f" in {place.group('file')}" + (
                f":{place.group('line')}" if place.group("line") else ""
            )
        function = stack.function(seen.function)
        runtime = f" on {seen.runtime}" if seen.runtime else ""
        return self.found(
            f"{seen.who} does not parse{runtime}{where}: {seen.sign}",
            evidence=(
                *seen.evidence(),
                *of_runtime(function, seen.runtime, seen.logs),
            ),
            remedy=remedy(
                "correct the file; where it is good locally, move to the runtime version that it "
                "was written for, or compile to an older target",
                ChangeCode(
                    "correct what does not parse",
                    place.group("file") if place else "",
                    int(place.group("line")) if place and place.group("line") else None,
                ),
                other=(
                    Option(
                        (
                            Look(
                                call(
                                    "lambda",
                                    "get_function_configuration",
                                    FunctionName=seen.function or FUNCTION,
                                ),
                                query="Runtime",
                            ),
                            Tell(
                                "move to the runtime version that the code was written for, or "
                                "compile it to an older target"
                            ),
                        ),
                        "where the file parses on the version it was written for",
                    ),
                ),
                afterwards=Redrive(),
            ),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _what(text: str) -> str:
    match = _TOLD.search(text)
    return match.group("what").strip() if match else "syntax error"
