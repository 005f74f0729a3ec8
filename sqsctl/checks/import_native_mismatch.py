"""A compiled part of the package was built for something else than it runs on.

## What it does
Recognises what the loaders of Linux, Node.js, Python, Java and single libraries (sharp, Prisma,
numpy, pydantic-core, bcrypt…) say when a binary does not fit: invalid ELF header, exec format
error, GLIBC not found, NODE_MODULE_VERSION, class file versions.

## Why it matters
`npm install` and `pip install` fetch binaries for the machine that they run on: packaged on
macOS or Windows, on another processor than the function's, or for another version of the
runtime, they cannot be loaded in Lambda.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.evidence import of_function, of_runtime
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.packages.native_code import Foreign, foreign
from sqsctl.checks.support.packages.native_remedies import mending
from sqsctl.model.finding import Evidence, Finding, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Stack,
)


class ImportNativeMismatch(LogCheck[Foreign]):
    meta = Meta(
        id="import-native-mismatch",
        title="Compiled code in the package fits the function's runtime and processor",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES,
        reference="https://docs.aws.amazon.com/lambda/latest/dg/python-package.html",
    )
    precedence = 10

    def recognise(self, case: Case) -> Foreign | None:
        return foreign(case)

    def report(self, seen: Seen[Foreign], stack: Stack) -> Finding:
        sign = seen.sign
        what = sign.file or sign.package or "a compiled module"
        function = stack.function(seen.function)
        return self.found(
            f"{seen.who} cannot start {sign.by}: the system lacks {sign.file}"
            if sign.built_for == "another system"
            else f"{seen.who} cannot load {what}: it was built for {sign.built_for}",
            evidence=(
                *seen.evidence(),
                *of_runtime(function, seen.runtime, seen.logs),
                *(_config(function) if function else ()),
            ),
            remedy=mending(
                sign,
                seen.newest,
                image=bool(function and function.package_type == "Image"),
                deployed=function.architectures[0] if function and function.architectures else "",
            ),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _config(function: Function) -> tuple[Evidence, ...]:
    return (of_function(function, "Architectures", ", ".join(function.architectures)),)
