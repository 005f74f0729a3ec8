"""CommonJS code loaded as an ES module, or the other way round.

## What it does
Recognises Node.js's errors for `import` in a CommonJS file, `require` or `exports` in an ES
module, `require()` of a package that is ES module only, named imports of CommonJS modules,
and bundles that still contain dynamic requires.

## Why it matters
Node.js decides by the file's extension and the nearest package.json's `type`. The function
fails at its first line, on each invocation.
"""

from __future__ import annotations

import re

from sqsctl.checks.base import Meta
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.model.finding import Finding, Severity
from sqsctl.model.intents import Bundle, ChangeCode, Option, Redrive, remedy
from sqsctl.model.stack import Stack

_IMPORT_IN_CJS = re.compile(
    r"Cannot use import statement outside a module|Unexpected token '?export'?"
    r"|Cannot use 'import\.meta' outside a module|Unexpected token '?import'?(?! assert)"
)
_REQUIRE_IN_ESM = re.compile(
    r"(?P<word>require|exports|module|__dirname|__filename) is not defined(?: in ES module scope)?"
)
_ESM_ONLY = re.compile(
    r"ERR_REQUIRE_ESM|require\(\) of ES Module (?P<mod>\S{1,300})"
    r"|Must use import to load ES Module:? ?(?P<two>\S{0,300})"
    r"|ERR_REQUIRE_ASYNC_MODULE|ERR_REQUIRE_CYCLE_MODULE"
)
_NAMED = re.compile(
    r"Named export '(?P<name>[^'\n]{1,80})' not found"
    r"|does not provide an export named '?(?P<two>[\w$]{1,80})"
)
_DYNAMIC = re.compile(r"Dynamic require of \\?\"(?P<mod>[^\"\\\n]{1,80})\\?\" is not supported")
_DIRECTORY = re.compile(r"Directory import '(?P<mod>[^'\n]{1,300})' is not supported")


class ModuleSystemMismatch(LogCheck[tuple[str, str]]):
    meta = Meta(
        id="module-system-mismatch",
        title="Files are loaded in the module system that they are written for",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES,
        reference="https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html",
    )
    precedence = 15

    def recognise(self, case: Case) -> tuple[str, str] | None:
        text = case.text if case.failure.message else case.everything
        if _IMPORT_IN_CJS.search(text):
            return "import", ""
        if match := _ESM_ONLY.search(text):
            return "esm-only", match.group("mod") or match.group("two") or ""
        if match := _REQUIRE_IN_ESM.search(text):
            return "require", match.group("word")
        if match := _NAMED.search(text):
            return "named", match.group("name") or match.group("two") or ""
        if match := _DYNAMIC.search(text):
            return "dynamic", match.group("mod")
        if match := _DIRECTORY.search(text):
            return "directory", match.group("mod")
        return None

    def report(self, seen: Seen[tuple[str, str]], stack: Stack) -> Finding:  # noqa: ARG002 - the text says it all
        kind, name = seen.sign
        title, summary = _told(kind, name)
        return self.found(
            f"{seen.who} {title}",
            evidence=seen.evidence(),
            remedy=remedy(
                summary,
                ChangeCode(summary, language="node"),
                other=(Option((Bundle("cjs"),), "where a bundler builds it"),),
                afterwards=Redrive(),
            ),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _told(kind: str, name: str) -> tuple[str, str]:
    match kind:
        case "import":
            return (
                "uses import/export in a file that Node.js loads as CommonJS",
                (
                    'set "type": "module" in the packaged package.json, name the file .mjs, or '
                    "bundle "
                    "to CommonJS"
                ),
            )
        case "require":
            return (
                f"uses {name} in a file that Node.js loads as an ES module",
                (
                    "use import (import.meta.dirname for __dirname), or name the file .cjs / take "
                    '"type": "module" out of package.json; a new function\'s index.mjs is an ES '
                    "module"
                ),
            )
        case "esm-only":
            return (
                f"calls require() on {name or 'a package'}, which is an ES module",
                (
                    "load it with await import(), install its last CommonJS version, run on "
                    "nodejs22.x or later (which can require ES modules), or bundle"
                ),
            )
        case "named":
            return (
                f"imports the name {name} from a module that does not export it that way",
                "import the default and destructure it: import pkg from '…'; const { … } = pkg",
            )
        case "dynamic":
            return (
                f"is bundled as an ES module but still requires {name} at run time",
                "bundle to CommonJS (format: cjs), or add a createRequire banner",
            )
        case _:
            return (
                f"imports the folder {name}, which ES modules do not resolve",
                "import the file itself: ./folder/index.js",
            )
