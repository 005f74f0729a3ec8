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
from sqsctl.checks.support.native_code import Foreign, foreign
from sqsctl.checks.support.runtimes import is_node, is_python
from sqsctl.model.finding import Evidence, Finding, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.remedy import Fix
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
        explains=("dead-letters", "backlog-growing", "http-5xx"),
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
            f"{seen.who} cannot load {what}: it was built for {sign.built_for}",
            evidence=(
                *seen.evidence(),
                *of_runtime(function, seen.runtime, seen.logs),
                *(_config(function) if function else ()),
            ),
            fix=_fix(seen, function),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _config(function: Function) -> tuple[Evidence, ...]:
    return (of_function(function, "Architectures", ", ".join(function.architectures)),)


def _fix(seen: Seen[Foreign], function: Function | None) -> Fix:
    arm = bool(function and "arm64" in function.architectures)
    runtime = seen.runtime or ""
    text = seen.newest.everything
    package = seen.sign.package
    if is_node(runtime) or ".node" in text or "node_modules" in text:
        return Fix(
            "install the package's build for Lambda's Linux and package again",
            commands=(
                f"npm install --os=linux --cpu={'arm64' if arm else 'x64'} {package}".rstrip(),
                "serverless deploy",
            ),
            serverless_yml=("provider:", f"  architecture: {'arm64' if arm else 'x86_64'}"),
        )
    if is_python(runtime) or "Unable to import module" in text or ".so" in text:
        version = runtime.removeprefix("python") or "3.12"
        machine = "aarch64" if arm else "x86_64"
        return Fix(
            "fetch wheels for Lambda's Linux and package again",
            commands=(
                (
                    "pip install --requirement requirements.txt --target package "
                    f"--only-binary=:all: --platform manylinux2014_{machine} --python-version "
                    f"{version}"
                ),
                "serverless deploy",
            ),
            serverless_yml=("custom:", "  pythonRequirements:", "    dockerizePip: true"),
        )
    return Fix(
        "build for the function's runtime version and processor (or choose those it was built for)",
        commands=("sam build --use-container",),
        serverless_yml=("provider:", f"  architecture: {'arm64' if arm else 'x86_64'}"),
    )
