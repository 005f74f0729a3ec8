"""A package that the code imports is not in the deployment package.

## What it does
Reads the import error that the runtime logs when a function cannot start: Node.js
(CommonJS and ES modules), Python, Ruby, Java and .NET. Names the module, the package to
install and the file that asked for it. A module that is there and lacks a name is told as one
in the wrong version; an import inside the handler as one that fails when it is reached.

## Why it matters
Every invocation fails before the first line of the handler runs. A consumer's messages
are received, returned and received again until maxReceiveCount dead-letters them all,
however good they are.
"""

from __future__ import annotations

from sqsctl.checks.base import Meta
from sqsctl.checks.support.failures.failed_reads import line_evidence
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.imports import Missing, missing
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.logline import Phase
from sqsctl.model.remedy import Fix
from sqsctl.model.stack import Stack
from sqsctl.remedies.shell import FUNCTION, aws


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
        how = "fails where it imports" if _lazily(seen) else "cannot start:"
        if _other_version(sign):
            title = (
                f"{seen.who} {how} {sign.name} from {sign.module}: the module is there "
                f"({sign.importer}), in a version that does not hold it"
            )
        elif _lazily(seen):
            title = f"{seen.who} {how} {what}{asked}, which is not in its package"
        else:
            title = f"{seen.who} {how} {what}{asked} is not in its package"
        return self.found(
            title,
            evidence=(*seen.evidence(), *(line_evidence(seen.newest) if _lazily(seen) else ())),
            fix=_versions(seen, stack) if _other_version(sign) else _fix(seen, stack),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _lazily(seen: Seen[Missing]) -> bool:
    """Whether it is the handler that imports, so that the function starts and then fails."""
    failure = seen.newest.failure
    return failure.phase is Phase.INVOKE and "ImportModuleError" not in failure.error_type


def _other_version(sign: Missing) -> bool:
    return bool(sign.name) and sign.importer.startswith(("/var/task/", "/opt/"))


# A name that was taken away is known to have been in the versions below.
_HAD = {("urllib3.util.ssl_", "DEFAULT_CIPHERS"): "urllib3<2"}


def _versions(seen: Seen[Missing], stack: Stack) -> Fix:
    sign = seen.sign
    wanted = _HAD.get((sign.module, sign.name), "")
    pin = f"echo '{wanted}' >> requirements.txt" if wanted else ""
    which = f"({wanted} has it)" if wanted else f"(see its changelog for {sign.name})"
    return Fix(
        f"package {sign.package or sign.module} and what imports it in versions that fit each "
        f"other {which}: pin it, or update the package that imports the name",
        commands=(
            *((pin,) if pin else ()),
            "pip install --requirement requirements.txt --target package --upgrade",
            "serverless deploy",
            _upload(seen, stack),
        ),
        serverless_yml=("plugins:", "  - serverless-python-requirements"),
    )


def _upload(seen: Seen[Missing], stack: Stack) -> str:
    return aws(
        stack,
        "lambda",
        "update-function-code",
        "--function-name",
        seen.function or FUNCTION,
        "--zip-file",
        "fileb://function.zip",
    )


def _fix(seen: Seen[Missing], stack: Stack) -> Fix:
    sign, function = seen.sign, seen.function or FUNCTION
    upload = _upload(seen, stack)
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
    if sign.language in {"node", "python", "ruby"} and not sign.package:
        return Fix("package what the code imports, and deploy again", commands=(upload,))
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
