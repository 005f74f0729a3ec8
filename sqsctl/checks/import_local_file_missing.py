"""A file of the project itself is not where the code imports it from.

## What it does
Reads import errors of relative and absolute paths, of TypeScript path aliases that reached
the build, and of the project's own Python packages. Tells them from packages that are not
installed and from the handler's own file.

## Why it matters
The file exists on the developer's machine. In Lambda it was left out by a package pattern, it
is spelled in another case (Linux minds upper and lower case, macOS does not), an ES module
import lacks its extension, or the compiler left an alias that only it understands.
"""

from __future__ import annotations

import re

from sqsctl.checks.base import Meta
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.checks.support.packages.imports import Missing, missing
from sqsctl.model.finding import Evidence, Finding, Severity
from sqsctl.model.intents import ChangeCode, Redrive, Remedy, remedy
from sqsctl.model.intents import Package as Bring
from sqsctl.model.stack import Fact, Package, Stack


class ImportLocalFileMissing(LogCheck[Missing]):
    meta = Meta(
        id="import-local-file-missing",
        title="Every file of the project that is imported is packaged",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES | {Fact.PACKAGES},
        reference="https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-deployment.html",
    )
    precedence = 30

    def recognise(self, case: Case) -> Missing | None:
        found = missing(case)
        return found if found and found.what in {"local", "file"} else None

    def report(self, seen: Seen[Missing], stack: Stack) -> Finding:
        sign = seen.sign
        asked = f" (imported by {sign.importer})" if sign.importer else ""
        package = next((each for each in stack.packages if each.function == seen.function), None)
        near = _near(sign.module, package) if package else ""
        return self.found(
            f"{seen.who} cannot load {sign.module}{asked}: the file is not in its package",
            evidence=(
                *seen.evidence(),
                *((Evidence(f"package of {seen.function}", "nearest file", near),) if near else ()),
            ),
            remedy=_told(sign, near),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _near(module: str, package: Package) -> str:
    """A packaged file that differs only in case or extension."""
    wanted = module.lstrip("./").removeprefix("var/task/").lower()
    stem = wanted.rsplit(".", 1)[0] if wanted.endswith((".js", ".mjs", ".cjs", ".py")) else wanted
    stem = stem.replace(".", "/") if "/" not in stem else stem
    for path in sorted(package.paths):
        if path.lower().rsplit(".", 1)[0].endswith(stem):
            return path
    return ""


def _told(sign: Missing, near: str) -> Remedy:
    said = _summary(sign, near)
    if near:
        return remedy(said, ChangeCode(said, sign.importer), afterwards=Redrive())
    path = _pattern(sign.module)
    return remedy(said, Bring("file", path, sign.language), afterwards=Redrive())


def _summary(sign: Missing, near: str) -> str:
    if "\\" in sign.module:
        return (
            "let composer's autoloader know the class: the file's path and name agree with its "
            "namespace, upper and lower case too; then composer dump-autoload --optimize, and "
            "package app/ and vendor/ with it"
        )
    if near:
        return f"import it as it is packaged ({near}): Linux minds case, ES modules the extension"
    if sign.module.startswith(("@/", "~/", "#", "src/")):
        return "the path alias reached the build: bundle with esbuild, or resolve it (tsc-alias)"
    if sign.module == "a relative import":
        return (
            "import from the package's root, or give the folder an __init__.py and a handler path"
        )
    if sign.language == "node":
        return (
            "package the file; in ES modules write the extension (./util.js); "
            "check upper and lower case"
        )
    return "package the file, and check upper and lower case of its path"


# What may stand in a line to copy: the name comes from a log.
_PLAIN = re.compile(r"[\w./@\-]{0,300}", re.ASCII)


def _pattern(module: str) -> str:
    path = module.removeprefix("/var/task/").lstrip("./")
    if not _PLAIN.fullmatch(path):
        return "src/**"
    return f"{path.replace('.', '/') if '/' not in path else path}*" if path else "src/**"
