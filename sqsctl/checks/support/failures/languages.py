"""The language of a failure's code, and whether it runs from an image, as its text shows."""

from __future__ import annotations

import re

from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.remedies.context import language_of

# Frames and words that one language's runtime alone writes, the surest first.
_SHOWN: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "python",
        re.compile(
            r"File \\?\"[^\"\n]{1,300}\.py\\?\", line \d|Traceback \(most recent call|\.py  \d"
        ),
    ),
    ("ruby", re.compile(r"\.rb:\d{1,6}:in [`']|Function<[\w:]{1,80}>|/gems/[\w.\-]{1,80}/")),
    (
        "dotnet",
        re.compile(
            r"\.cs:line \d|Amazon\.Lambda\.|\.deps\.json|\bat Function\.\w|\bSystem\.\w{3,60}Exc"
        ),
    ),
    ("java", re.compile(r"\((?:\w{1,80}\.(?:java|kt|scala):\d|Native Method)|\bjava\.\w{2,20}\.")),
    (
        "node",
        re.compile(
            r"node_modules/|(?:file://)?/[\w./@\-]{1,300}\.[cm]?js:\d|node:internal"
            r"|Require stack:"
            r"|Runtime\.(?:UnhandledPromiseRejection|NodeJsExit|CallbackHandlerDeprecated)"
            r"|\berrno\W{1,4}-\d{1,3}\b|\bat (?:async )?Runtime\.handler"
        ),
    ),
    ("rust", re.compile(r"\.rs:\d|lambda_runtime:|serde_json")),
    ("php", re.compile(r"\.php(?:\(\d|:\d)|PHP (?:Fatal|Warning)")),
    (
        "go",
        re.compile(
            r"\bgoroutine \d|\.go(?::\d|\", line \d)|UnmarshalTypeError|operation error \w|exec: \""
        ),
    ),
)
_PYTHON_TYPES = re.compile(
    r"(?:Runtime\.)?(?:ImportModuleError|\w{0,40}(?:KeyError|OSError|FileNotFoundError|TypeError|"
    r"ValueError|AttributeError|ImportError|ClientError))"
)
_PYTHON_WORDS = re.compile(r"^\[ERROR\] |No module named |\[Errno -?\d|cannot import name '")
_IMAGE = re.compile(
    r"\bIMAGE\s+Launch error|\bEntrypoint: \[|/lambda-entrypoint\.sh|No module named '?awslambdaric"
    # The managed runtimes hold the client, too, in folders of their own.
    r"|/(?!var/(?:lang|runtime)/)[\w./\-]{1,200}/(?:aws_?lambda_?ric|aws-lambda-ric)\b"
    r"|entrypoint requires the handler name"
    r"|in function directory '/(?!var/task)"
    # Of an archive Lambda starts bootstrap and what lies in /opt/extensions, and nothing else.
    r"|fork/exec (?!/var/task/bootstrap|/var/runtime/|/opt/)/\S{1,200}:|InvalidEntryPoint\("
)


def language(case: Case) -> str:
    """node, python, ruby, java, dotnet, go, rust, php; empty where nothing tells it."""
    if known := language_of(case.runtime):
        return known
    text = case.everything
    for name, pattern in _SHOWN:
        if pattern.search(text):
            return name
    plain = _PYTHON_TYPES.fullmatch(case.failure.error_type) and "[ERROR]" in text
    return "python" if plain or _PYTHON_WORDS.search(text) else ""


def from_image(case: Case) -> bool | None:
    """True where the text shows a container image; None where it does not say."""
    return True if _IMAGE.search(case.everything) else None
