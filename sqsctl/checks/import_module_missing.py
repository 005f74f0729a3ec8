"""A package that the code imports is not in the deployment package.

## What it does
Reads the import error that the runtime logs when a function cannot start: Node.js
(CommonJS and ES modules), Python, Ruby, Java and .NET. Names the module, the package to
install and the file that asked for it. A module that is there and lacks a name is told as one
in the wrong version; an import inside the handler as one that fails when it is reached; a module
that the language itself brings, or brought before, as nothing to install.

## Why it matters
Every invocation fails before the first line of the handler runs. A consumer's messages
are received, returned and received again until maxReceiveCount dead-letters them all,
however good they are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from sqsctl.checks.base import Meta
from sqsctl.checks.support.failures.failed_reads import line_evidence
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.packages.imports import Missing, missing
from sqsctl.checks.support.packages.standard_modules import absence, mending
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.intents import (
    ChangeCode,
    Look,
    Option,
    Package,
    Redrive,
    Remedy,
    Tell,
    call,
    remedy,
)
from sqsctl.model.logline import Phase
from sqsctl.model.stack import Stack
from sqsctl.remedies.cli import FUNCTION


class ImportModuleMissing(LogCheck[Missing]):
    meta = Meta(
        id="import-module-missing",
        title="Every module that the code imports is packaged",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES,
        reference="https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html",
    )

    def recognise(self, case: Case) -> Missing | None:
        found = missing(case)
        if found is None and _type_alone(case):
            return Missing("", "package", _language(case))
        return found if found and found.what in {"package", "layer", "standard"} else None

    def seen(self, stack: Stack) -> Iterator[Seen[Missing]]:
        """A runtime may tell the same failure twice, with the module's name and without."""
        found = tuple(super().seen(stack))
        named = {each.function for each in found if each.sign.module}
        for each in found:
            if each.sign.module or each.function not in named:
                yield each

    def report(self, seen: Seen[Missing], stack: Stack) -> Finding:
        del stack
        sign = seen.sign
        asked = f", imported by {sign.importer}," if sign.importer else ""
        what = f"{sign.name} of module {sign.module}" if sign.name else f"module {sign.module}"
        how = "fails where it imports" if _lazily(seen) else "cannot start:"
        if sign.what == "standard":
            why = absence(sign.module, sign.language)
            title = f"{seen.who} {how} {what}{asked} is not there: {why}"
        elif sign.how == "build":
            title = f"the build does not find {sign.module}"
        elif not sign.module:
            title = (
                f"{seen.who} cannot start: a module that it imports is not in its package; the "
                "log names the error's type alone"
            )
        elif sign.of_itself:
            title = (
                f"{seen.who} {how} {sign.package} is packaged without all of its files: "
                f"{sign.module} is missing, which {sign.importer} asks for"
            )
        elif _other_version(sign):
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
            remedy=mending(sign.module, sign.language, sign.importer)
            if sign.what == "standard"
            else _versions(sign)
            if _other_version(sign)
            else _packaged(seen),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _type_alone(case: Case) -> bool:
    """platform.report's errorType, where the runtime's own line was dropped by level."""
    kind = case.failure.error_type
    names_it = kind.endswith("ImportModuleError") or kind == "ModuleNotFoundError"
    return names_it and not case.failure.message


def _language(case: Case) -> Literal["node", "python", "ruby", "other"]:
    names: tuple[Literal["node", "python", "ruby"], ...] = ("node", "python", "ruby")
    return next((each for each in names if (case.runtime or "").startswith(each)), "other")


def _lazily(seen: Seen[Missing]) -> bool:
    """Whether it is the handler that imports, so that the function starts and then fails."""
    failure = seen.newest.failure
    return failure.phase is Phase.INVOKE and "ImportModuleError" not in failure.error_type


def _other_version(sign: Missing) -> bool:
    known = sign.importer.startswith(("/var/task/", "/opt/", "/var/lang/"))
    return bool(sign.name) and (known or sign.language == "dotnet")


_INSTALLED = frozenset({"node", "python", "ruby"})
# A name that was taken away is known to have been in the versions below.
_HAD = {("urllib3.util.ssl_", "DEFAULT_CIPHERS"): "urllib3<2"}


def _versions(sign: Missing) -> Remedy:
    wanted = _HAD.get((sign.module, sign.name), "")
    name, _, pin = wanted.partition("<")
    which = f"({wanted} has it)" if wanted else f"(see its changelog for {sign.name})"
    if sign.module.startswith(("@aws-sdk/", "@smithy/")):
        return remedy(
            f"install all parts of the AWS SDK in versions of one release: {sign.module} is older "
            "than what imports it",
            Tell("npm update '@aws-sdk/*' '@smithy/*', then npm dedupe; keep one lock file"),
            Package("again", language="node"),
            afterwards=Redrive(),
        )
    if sign.language == "dotnet":
        return remedy(
            f"reference {sign.module} in one version: what was compiled wants {sign.name}, which "
            "the version that is loaded does not have",
            Tell(
                f"give {sign.module} the version of the function's .NET in every project and "
                "package (dotnet list package --include-transitive shows them), then package anew"
            ),
            Package("again", language="dotnet"),
            afterwards=Redrive(),
        )
    if sign.importer.startswith("/var/lang/"):
        return remedy(
            "package boto3 and botocore together, in versions of one release, or neither: "
            f"{sign.module} is the runtime's, and what imports it was packaged for another",
            Package("dependency", "boto3", "python"),
            Tell("or leave both out of the package: the runtime brings both, in versions that fit"),
            afterwards=Redrive(),
        )
    return remedy(
        f"package {sign.package or sign.module} and what imports it in versions that fit each "
        f"other {which}: pin it, or update the package that imports the name",
        Package("dependency", name, sign.language, f"<{pin}")
        if wanted
        else Package("again", language=sign.language),
        afterwards=Redrive(),
    )


def _by_name(sign: Missing) -> Remedy:
    """A bundler follows no name that is put together at run time."""
    name = sign.module
    return remedy(
        f"hand {name} to the library yourself, or keep it out of the bundle and package it: a "
        "bundler leaves out what is loaded by its name alone",
        Package("dependency", name, "node", from_log=True),
        ChangeCode(
            f"import {name} in your own code and hand it over (Sequelize: dialectModule: {name}; "
            f"TypeORM: driver), or name {name} as external in the bundler's settings and package "
            "node_modules with it",
            language="node",
        ),
        afterwards=Redrive(),
    )


def _external(sign: Missing) -> Remedy:
    name = sign.module
    return remedy(
        f"name {name} as external where it is optional, or install it where your code imports it",
        Tell(
            f"external: SAM: External with - {name} under Metadata, BuildProperties; Serverless: "
            f"build.esbuild.external (4), custom.esbuild.external (3); the CDK: bundling "
            f"externalModules; esbuild --external:{name}; webpack externals"
        ),
        other=(
            Option(
                (Package("dependency", name, "node", from_log=True),),
                "your own code imports it",
            ),
        ),
        phase="deploy",
    )


def _packaged(seen: Seen[Missing]) -> Remedy:
    sign = seen.sign
    if not sign.module:
        return remedy(
            "package what the code imports, and deploy again; a test event's answer, or a log "
            "level of INFO, names the module",
            Package("again", language="" if sign.language == "other" else sign.language),
            afterwards=Redrive(),
        )
    if sign.how:
        return _by_name(sign) if sign.how == "by name" else _external(sign)
    if sign.what == "layer":
        return remedy(
            f"attach the layer that holds {sign.module} (layers unpack to /opt), or package it",
            Look(
                call(
                    "lambda", "get_function_configuration", FunctionName=seen.function or FUNCTION
                ),
                query="Layers",
            ),
            Tell(f"attach the layer that holds {sign.module}, or package the file itself"),
            afterwards=Redrive(),
        )
    known = sign.package if sign.language in _INSTALLED else ""
    if sign.importer.startswith("/opt/") and known:
        return remedy(
            f"install {known} in the layer: {sign.importer} asks for it, which is the layer's own",
            Tell(
                f"install {known} in the layer's project (nodejs/node_modules, python/), publish a "
                "new version of the layer, and let the function use that"
            ),
            afterwards=Redrive(),
        )
    if sign.of_itself:
        return remedy(
            f"install {known} anew and package all of its files: an exclude pattern, a bundler or "
            "an install that broke off left some of them out",
            Package("dependency", known, sign.language, from_log=bool(known)),
            afterwards=Redrive(),
        )
    said = {
        "node": f"add {known} to dependencies (not devDependencies) and deploy again",
        "python": f"package {known} with the function and deploy again",
        "ruby": f"add gem {known}, bundle it into vendor/bundle, and deploy again",
    }
    if sign.language in _INSTALLED and not known:
        return remedy(
            "package what the code imports, and deploy again",
            Package("again", language=sign.language),
            afterwards=Redrive(),
        )
    return remedy(
        said.get(
            sign.language,
            f"build one archive that holds {sign.module} with all dependencies, and deploy again",
        ),
        Package("dependency", known, sign.language, from_log=bool(known))
        if known
        else Package("again", language=sign.language),
        afterwards=Redrive(),
    )
