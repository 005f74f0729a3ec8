"""The function's process ended by itself.

## What it does
Reads `Runtime.ExitError`, `Runtime.NodeJsExit`, a crashed extension, and process exits with the
status or signal that ended them; panics of Go and Rust. Where the process said why it dies
(memory, an import), that cause is reported instead.

## Why it matters
No error object, no stack: Lambda only knows that the process is gone. The next invocation pays
a cold start, and the message comes back.
"""

from __future__ import annotations

import re

from sqsctl.checks.base import Meta
from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.failures.languages import language
from sqsctl.checks.support.failures.log_check import NEEDS, USES, LogCheck, Seen
from sqsctl.model.finding import Evidence, Finding, Severity
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
from sqsctl.model.stack import Stack
from sqsctl.remedies.cli import FUNCTION

_SIGNS = re.compile(
    r"Runtime\.ExitError|Runtime\.NodeJsExit|Extension\.(?:Crash|ExitError|InitError|LaunchError)"
    r"|Runtime exited"
    r"|Process exited before completing request|unexpected Node\.js exit|Runtime\.InvalidEntrypoint"
    r"|panic: |panicked at |resulted in a panic, the process should exit"
)
_WHY = re.compile(
    r"(?:exited with error: |^)(?P<why>exit status \d{1,4}|signal: [\w \-()]{1,60})"
    r"|(?P<code>exit code \d{1,4})"
)
_MEANING = {
    "exit status 1": "the code called exit(1), or the runtime could not start",
    "exit status 2": "a Go panic or a usage error",
    "exit status 101": "a Rust panic",
    "exit status 127": "a command that the bootstrap calls does not exist",
    "exit status 137": "the process was killed",
    "exit status 255": "PHP ended with a fatal error",
}


class RuntimeExit(LogCheck[str]):
    meta = Meta(
        id="runtime-exit",
        title="No function's process ends by itself",
        severity=Severity.ERROR,
        needs=NEEDS,
        uses=USES,
        reference="https://docs.aws.amazon.com/lambda/latest/dg/troubleshooting-invocation.html",
    )
    precedence = 70

    def recognise(self, case: Case) -> str | None:
        text = f"{case.text}\n{case.failure.line[:400]}"
        if not _SIGNS.search(text):
            # An error with its type and trace is the reason: unhandled-error.
            told = bool(case.failure.error_type and case.failure.trace)
            if told or not any(_SIGNS.search(each) for each in case.failure.context):
                return None
        if "NodeJsExit" in text or "unexpected Node.js exit" in text:
            return "a promise that never settles"
        if "Extension." in text:
            return "an extension crashed"
        match = _WHY.search(text)
        return (match.group("why") or match.group("code") or "").strip() if match else ""

    def report(self, seen: Seen[str], stack: Stack) -> Finding:  # noqa: ARG002 - the text says it all
        why = seen.sign
        meaning = _MEANING.get(why) or (
            "native code crashed"
            if "segmentation" in why
            else "the sandbox killed it"
            if "killed" in why
            else ""
        )
        told = f" ({why}{': ' + meaning if meaning else ''})" if why else " without a reason"
        return self.found(
            f"{seen.who}: its process ended in the middle of the work{told}",
            evidence=(*seen.evidence(), *_context(seen)),
            remedy=_mended(why, seen),
            subject=seen.function,
            confidence=seen.confidence,
        )


def _context(seen: Seen[str]) -> tuple[Evidence, ...]:
    failure = seen.newest.failure
    return tuple(
        Evidence("the same invocation", "logged before", each[:300], failure.timestamp)
        for each in failure.context[-2:]
    )


# Where a Rust or Go program panicked, as both print it.
_RUST = re.compile(
    r"panicked at (?:'(?P<before>[^\n]{0,300}?)', )?(?P<file>[\w./@\-]{1,300}\.rs)"
    r":(?P<line>\d{1,7})(?::\d{1,7}:\n(?P<after>[^\n]{0,300}))?"
)
_GO = re.compile(r"^panic: (?P<said>[^\n]{1,300})", re.MULTILINE)
_GO_FRAME = re.compile(r"^\s*(?P<file>/[\w./@\-]{1,300}\.go):(?P<line>\d{1,7})", re.MULTILINE)
_GO_OWN = re.compile(r"^(?!/usr/local/go/|/root/go/|.*/pkg/mod/|.*/aws-lambda-go)")


def _panic(case: Case) -> tuple[str, str, int] | None:
    """What a program panicked with, and at which file and line of its own."""
    text = "\n".join((*case.failure.context, case.everything))
    if rust := _RUST.search(text):
        said = rust.group("before") or rust.group("after") or "a panic"
        return said, rust.group("file"), int(rust.group("line"))
    if go := _GO.search(text):
        frames = [each for each in _GO_FRAME.finditer(text) if _GO_OWN.match(each.group("file"))]
        place = (frames[0].group("file"), int(frames[0].group("line"))) if frames else ("", 0)
        return go.group("said"), *place
    return None


def _mended(why: str, seen: Seen[str]) -> Remedy:
    if panic := _panic(seen.newest):
        told, file, line = panic
        where = f" at {file}:{line}" if file else ""
        said = (
            f"mend what panics{where} ({told}): test for nil or None, check lengths, and return an "
            "error instead of a panic"
        )
        return remedy(
            said, ChangeCode(said, file, line or None), Package("again"), afterwards=Redrive()
        )
    if "resulted in a panic" in seen.newest.everything:
        said = (
            "mend what the handler panics on: its message and stack stand in the lines before, or "
            "recover in the handler, log them (debug.Stack) and return an error"
        )
        return remedy(said, ChangeCode(said), Package("again"), afterwards=Redrive())
    if "promise" in why:
        said = (
            "await every promise and let each settle: a handler whose promise never resolves or "
            "rejects ends with nothing pending (a callback that is not called, a stream without an "
            "end, a lost connection without a timeout)"
        )
        lines = (
            "await new Promise((resolve, reject) => {",
            '  stream.on("finish", resolve).on("error", reject)  // both ends settle it',
            "})",
        )
        return remedy(said, ChangeCode(said, language="node", lines=lines), afterwards=Redrive())
    if "extension" in why:
        return remedy(
            "an extension (it comes with a layer, or lies in the image) ended, not your code: read "
            "its own lines, correct its settings, update or remove its layer",
            Look(
                call(
                    "lambda", "get_function_configuration", FunctionName=seen.function or FUNCTION
                ),
                query="[Layers,Environment.Variables]",
            ),
            Tell(
                "read what the extension logged before (its key, its endpoint, its memory); set "
                "its variables right, take the newest version of its layer, or take the layer off"
            ),
        )
    if "killed" in why:
        return remedy(
            "give it more memory, or keep less at a time: the sandbox kills for little else, and a "
            "burst need not show in Max Memory Used",
            ChangeCode("keep less in memory at a time: read and write in streams or parts"),
            afterwards=Redrive(),
        )
    if "segmentation" in why or "aborted" in why:
        return remedy(
            "update or rebuild the native packages for the function's runtime and processor",
            Package("native"),
            afterwards=Redrive(),
        )
    unsettled = Option(
        (
            ChangeCode(
                "await every promise and let each settle: Node.js also ends so where the handler's "
                "promise never resolves or rejects and nothing else is pending",
                language="node",
            ),
        ),
        "nothing calls exit",
    )
    return Remedy(
        "let the process live: no exit in the handler, and an image whose ENTRYPOINT starts the "
        "runtime client",
        (
            *((unsettled,) if not why and language(seen.newest) == "node" else ()),
            Option(
                (
                    ChangeCode(
                        "do not call exit in the handler or below it: raise instead, so that "
                        "Lambda can log the error and keep the process"
                    ),
                ),
                "your code ends it",
            ),
            Option(
                (
                    Tell(
                        "let ENTRYPOINT start the runtime interface client, which asks for one "
                        "invocation after another (python -m awslambdaric, npx "
                        "aws-lambda-ric, the bootstrap of a custom runtime): a script that runs "
                        "once and ends is taken for a crash"
                    ),
                ),
                "it is a container image or a custom runtime",
            ),
        ),
        afterwards=Redrive(),
    )
