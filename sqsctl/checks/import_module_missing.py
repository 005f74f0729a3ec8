"""A package that the code imports is not in the deployment package.

## What it does
Reads the import error that the runtime logs when a function cannot start: Node.js
(CommonJS and ES modules), Python, Ruby, Java and .NET. Names the module, the package to
install and the file that asked for it.

## Why it matters
Every invocation fails before the first line of the handler runs. A consumer's messages
are received, returned and received again until maxReceiveCount dead-letters them all,
however good they are.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.cases import Case
from sqsctl.checks.support.imports import Missing, missing
from sqsctl.checks.support.logcheck import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.shell import FUNCTION, aws
from sqsctl.model.finding import Finding, Fix, Severity
from sqsctl.model.stack import Stack


class ImportModuleMissing(LogCheck[Missing]):
    meta = Meta(
        id="import-module-missing",
        title="Every module that the code imports is packaged",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES,
        explains=("dead-letters", "backlog-growing", "http-5xx"),
        reference="https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html",
    )

    def recognise(self, case: Case) -> Missing | None:
        found = missing(case)
        return found if found and found.what in {"package", "layer"} else None

    def report(self, seen: Seen[Missing], stack: Stack) -> Finding:
        sign = seen.sign
        asked = f", imported by {sign.importer}," if sign.importer else ""
        what = f"{sign.name} of module {sign.module}" if sign.name else f"module {sign.module}"
        return self.found(
            f"{seen.who} cannot start: {what}{asked} is not in its package",
            evidence=seen.evidence(),
            fix=_fix(seen, stack),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _fix(seen: Seen[Missing], stack: Stack) -> Fix:
    sign, function = seen.sign, seen.function or FUNCTION
    upload = aws(
        stack,
        "lambda",
        "update-function-code",
        "--function-name",
        function,
        "--zip-file",
        "fileb://function.zip",
    )
    if sign.what == "layer":
        return Fix(
            f"attach the layer that holds {sign.module} (layers unpack to /opt), or package it",
            commands=(
                aws(
                    stack,
                    "lambda",
                    "get-function-configuration",
                    "--function-name",
                    function,
                    "--query",
                    "Layers",
                ),
            ),
        )
    match sign.language:
        case "node":
            return Fix(
                f"add {sign.package} to dependencies (not devDependencies) and deploy again",
                commands=(f"npm install --save {sign.package}", "serverless deploy", upload),
                serverless_yml=(
                    "package:",
                    "  patterns:",
                    f"    - 'node_modules/{sign.package}/**'",
                ),
            )
        case "python":
            return Fix(
                f"package {sign.package} with the function and deploy again",
                commands=(
                    f"echo {sign.package} >> requirements.txt",
                    "pip install --requirement requirements.txt --target package",
                    "serverless deploy",
                    upload,
                ),
                serverless_yml=("plugins:", "  - serverless-python-requirements"),
            )
        case "ruby":
            return Fix(
                f"add gem {sign.package}, bundle it into vendor/bundle, and deploy again",
                commands=(
                    f"bundle add {sign.package}",
                    "bundle config set --local path vendor/bundle && bundle install",
                    upload,
                ),
            )
        case _:
            return Fix(
                f"build one archive that holds {sign.module} with all dependencies, and deploy "
                "again",
                commands=(upload,),
            )
