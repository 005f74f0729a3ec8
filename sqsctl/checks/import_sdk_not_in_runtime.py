"""The code imports an AWS SDK that its runtime does not bundle.

## What it does
Finds the import error of `aws-sdk` (v2) or `@aws-sdk/…` (v3) in the logs, and compares
the deployed runtime with what its image bundles: up to nodejs16.x the SDK v2 alone, from
nodejs18.x the v3 clients alone. Also follows from the package listing without any log: the
sources require an SDK that is neither packaged nor bundled.

## Why it matters
The code runs on the developer's machine, where the SDK is installed, and fails on each
invocation in Lambda. The SDK v3 does run on nodejs14.x; that image only does not bring it.
A newer runtime, or the SDK in the package, both fix it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqsctl.checks.base import Meta
from sqsctl.checks.support.evidence import of_function, of_runtime
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.packages.imports import Missing, missing
from sqsctl.checks.support.packages.runtimes import bundles, calendar
from sqsctl.model.finding import Confidence, Evidence, Finding, Severity
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.intents import ChangeCode, ChangeRuntime, Option, Redrive, Remedy, remedy
from sqsctl.model.intents import Package as Bring
from sqsctl.model.stack import (
    Fact,
    Package,
    Stack,
)

_REQUIRED = re.compile(
    r"(?:require\(|from\s|import\()\s*[\"'](?P<mod>aws-sdk(?:/[\w./-]{1,100})?|@aws-sdk/[\w.-]{1,100})[\"']"
)


class ImportSdkNotInRuntime(LogCheck[Missing]):
    meta = Meta(
        id="import-sdk-not-in-runtime",
        title="The AWS SDK that the code imports is bundled with its runtime, or packaged",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES | {Fact.PACKAGES},
        reference="https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html",
    )

    precedence = 18

    def recognise(self, case: Case) -> Missing | None:
        found = missing(case)
        if not found or found.what != "package" or found.language != "node":
            return None
        if not (found.package == "aws-sdk" or found.package.startswith("@aws-sdk/")):
            return None
        if found.of_itself:
            return None
        # A runtime that bundles it and still lacks it is another fault: a version, an image.
        return None if bundles(case.runtime, found.module) else found

    def diagnose(self, stack: Stack) -> Iterator[Finding]:
        told = set()
        for finding in super().diagnose(stack):
            told.add(finding.subject)
            yield finding
        for package in stack.packages:
            function = stack.function(package.function)
            if function and function.name not in told:
                yield from self._unpackaged(function, package)

    def _unpackaged(self, function: Function, package: Package) -> Iterator[Finding]:
        """Without a log: what the sources require, the package lacks and the runtime too."""
        if package.truncated:
            return
        listed = {each.path for each in (*package.members, *package.layer_members)}
        for path, source in package.sources.items():
            for match in _REQUIRED.finditer(source):
                module = match.group("mod")
                if bundles(function.runtime, module) is not False or _packaged(module, listed):
                    continue
                name = "/".join(module.split("/")[: 2 if module.startswith("@") else 1])
                yield self.found(
                    f"{function.name} requires {module}, which {function.runtime} does not bundle "
                    "and its package does not hold",
                    evidence=(
                        of_function(function, "Runtime", function.runtime),
                        Evidence(f"code of {function.name}", path, match.group().strip()),
                        Evidence(
                            f"package of {function.name}", f"node_modules/{name}", "not listed"
                        ),
                    ),
                    remedy=_bundled(function.name, function.runtime, name),
                    subject=function.name,
                    confidence=Confidence.HIGH,
                )
                return

    def report(self, seen: Seen[Missing], stack: Stack) -> Finding:
        sign, runtime = seen.sign, seen.runtime
        version = "v2" if sign.package == "aws-sdk" else "v3"
        other = "v3" if version == "v2" else "v2"
        if runtime:
            title = (
                f"{seen.who} imports {sign.package} (SDK {version}), but {runtime} bundles "
                f"only the SDK {other}"
            )
        else:
            where = "from nodejs18.x on" if version == "v2" else "up to nodejs16.x"
            title = (
                f"{seen.who} imports {sign.package} (SDK {version}), which runtimes {where} "
                "do not bundle"
            )
        function = stack.function(seen.function)
        config = of_runtime(function, runtime, seen.logs)
        deployed = function.runtime if function else None
        return self.found(
            title,
            evidence=(*seen.evidence(), *config),
            remedy=_bundled(seen.function, deployed, sign.package),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _packaged(module: str, listed: set[str]) -> bool:
    name = "/".join(module.split("/")[: 2 if module.startswith("@") else 1])
    places = (f"node_modules/{name}/", f"nodejs/node_modules/{name}/")
    return any(path.startswith(places) or f"/node_modules/{name}/" in path for path in listed)


def _bundled(function: str, runtime: str | None, package: str) -> Remedy:
    install = Bring("dependency", package, "node")
    if package == "aws-sdk":
        move = ChangeCode("move the code to the clients of @aws-sdk (v3)", language="node")
        return remedy(
            "package the SDK v2 with the function (no supported runtime bundles it), "
            "or move the code to @aws-sdk v3",
            install,
            other=(Option((move,), "for good: v2 gets no more fixes"),),
            afterwards=Redrive(),
        )
    newer = calendar().recommended["nodejs"]
    return remedy(
        f"run on {newer}, which bundles the SDK v3, or package {package} with the function",
        ChangeRuntime(function, newer, runtime or ""),
        disposition="safe" if function and runtime else "manual",
        other=(Option((install,), "where the runtime is to stay"),),
        afterwards=Redrive(),
    )
