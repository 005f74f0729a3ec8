"""A light look at a consumer's source: what it returns, and from where.

Python is parsed, never run; JavaScript is scanned by its braces, which is enough to tell a
``return`` in the loop over the records from one in a function inside it. What cannot be read is
nothing found.
"""

from __future__ import annotations

import ast
import re
import warnings
from dataclasses import dataclass
from functools import lru_cache

from sqsctl.model.stack import Function, Package

_MOST = 200_000
_RECORDS = re.compile(r"\bRecords\b")
_BATCH_ANSWER = re.compile(
    r"batchItemFailures|process_partial_response|processPartialResponse|BatchProcessor|@batch_processor"
    r"|SQSBatchResponse|itemIdentifier"
)


@dataclass(frozen=True, slots=True)
class Scan:
    """What a source does with its batch. Lines count from 1; 0: nowhere.

    ``returns_in_loop``: the loop over the records ends at its first round. ``status_code``: it
    returns an HTTP answer, which SQS takes for success. ``reports``: it answers with
    batchItemFailures.
    """

    path: str
    loop_line: int = 0
    returns_in_loop: int = 0
    status_code: int = 0
    reports: bool = False


def scan(function: Function, package: Package) -> tuple[Scan, ...]:
    """Scans of the package's sources that hold a loop over records; the handler's file first."""
    module = (function.handler or "").rsplit(".", 1)[0].lstrip("./")
    name = (function.handler or "").rsplit(".", 1)[-1]
    found: list[Scan] = []
    for path, text in sorted(
        package.sources.items(), key=lambda item: (not item[0].startswith(module), item[0])
    ):
        if len(text) > _MOST or not _RECORDS.search(text):
            continue
        own = name if path.rsplit(".", 1)[0] == module.replace(".", "/") else ""
        if path.endswith(".py"):
            found += scan_python(path, text, own)
        elif path.endswith((".js", ".mjs", ".cjs", ".ts")):
            found += scan_javascript(path, text, own)
    return tuple(found)


# --- Python ----------------------------------------------------------------------------------


@lru_cache(maxsize=64)
def scan_python(path: str, text: str, handler: str = "") -> tuple[Scan, ...]:
    """Loops over ``…["Records"]`` of a Python source; ``handler`` restricts to that function."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    reports = bool(_BATCH_ANSWER.search(text))
    found: list[Scan] = []
    for function in ast.walk(tree):
        if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if handler and function.name != handler:
            continue
        names = _record_names(function)
        for loop in _own(function.body):
            if not isinstance(loop, ast.For | ast.AsyncFor):
                continue
            if not _over_records(loop.iter, names):
                continue
            returns = [each for each in _own(loop.body) if isinstance(each, ast.Return)]
            every = [each for each in _own(function.body) if isinstance(each, ast.Return)]
            found.append(
                Scan(
                    path,
                    loop.lineno,
                    returns[0].lineno if returns else 0,
                    next((each.lineno for each in every if _has_status(each)), 0),
                    reports,
                )
            )
    return tuple(found)


def _own(body: list[ast.stmt]) -> list[ast.stmt]:
    """Statements of this body and of the blocks in it, not of functions defined in it."""
    found: list[ast.stmt] = []
    queue: list[ast.AST] = list(body)
    while queue:
        node = queue.pop(0)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.stmt):
            found.append(node)
        queue += [
            child
            for child in ast.iter_child_nodes(node)
            if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)
        ]
    return sorted(found, key=lambda each: each.lineno)


def _record_names(function: ast.FunctionDef | ast.AsyncFunctionDef) -> set[str]:
    """Names that hold the records: ``records = event["Records"]``."""
    return {
        target.id
        for node in ast.walk(function)
        if isinstance(node, ast.Assign) and "Records" in ast.dump(node.value)[:2000]
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def _over_records(iterated: ast.expr, names: set[str]) -> bool:
    dumped = ast.dump(iterated)[:4000]
    return "'Records'" in dumped or any(f"id='{name}'" in dumped for name in names)


def _has_status(node: ast.Return) -> bool:
    return isinstance(node.value, ast.Dict) and any(
        isinstance(key, ast.Constant) and key.value == "statusCode" for key in node.value.keys
    )


# --- JavaScript ------------------------------------------------------------------------------

_FOR = re.compile(r"\bfor\s*(?:await\s*)?\(")
_FUNCTION_BEFORE = re.compile(
    r"(?:=>\s*|\bfunction\b[^{}]{0,200}\)\s*|\)\s*:\s*[\w<>\[\]| ]{1,80}\s*)$"
)
_METHOD_BEFORE = re.compile(r"(?P<word>[\w$]+)\s*\([^(){}]{0,200}\)\s*$")
_CONTROL = frozenset({"if", "for", "while", "switch", "catch", "with"})
_RETURN = re.compile(r"\breturn\b")
_STATUS = re.compile(r"\breturn\b[\s(]{0,5}\{\s*(?:[^{}]{0,200},\s*)?[\"']?statusCode\b")


@lru_cache(maxsize=64)
def scan_javascript(path: str, text: str, handler: str = "") -> tuple[Scan, ...]:
    """Loops over ``….Records`` of a JavaScript source."""
    plain = _without_strings(text)
    reports = bool(_BATCH_ANSWER.search(text))
    found: list[Scan] = []
    for match in _FOR.finditer(plain):
        close = _closing(plain, match.end() - 1, "(", ")")
        head = plain[match.end() : close]
        if close < 0 or not (_RECORDS.search(head) or _iterates_alias(head, plain, match.start())):
            continue
        start = plain.find("{", close)
        if start < 0 or plain[close + 1 : start].strip():
            continue
        stop = _closing(plain, start, "{", "}")
        if stop < 0 or (handler and not _inside(plain, match.start(), handler)):
            continue
        returned = _return_in(plain, start, stop)
        around = plain[match.start() : min(len(plain), stop + 2000)]
        status = _STATUS.search(around)
        line = plain.count("\n", 0, match.start()) + 1
        found.append(
            Scan(
                path,
                line,
                plain.count("\n", 0, returned) + 1 if returned >= 0 else 0,
                line + around.count("\n", 0, status.start()) if status else 0,
                reports,
            )
        )
    return tuple(found)


def _iterates_alias(head: str, plain: str, before: int) -> bool:
    """``for (const record of records)`` where records is ``event.Records``."""
    match = re.search(r"\b(?:of|in)\s+([\w$]+)\s*$", head) or re.search(
        r"<\s*([\w$]+)\.length", head
    )
    if not match:
        return False
    name = re.escape(match.group(1))
    window = plain[max(0, before - 2000) : before]
    return bool(
        re.search(rf"\b{name}\s*=\s*[\w$.?]{{0,60}}Records\b", window)
        or re.search(rf"\bRecords\s*:\s*{name}\b", window)
    )


def _inside(plain: str, at: int, handler: str) -> bool:
    """Whether the handler's name stands before this place, as what defines it."""
    name = re.escape(handler)
    return bool(re.search(rf"(?:function\s+{name}\b|\b{name}\s*[=:]|\b{name}\s*\()", plain[:at]))


def _return_in(plain: str, start: int, stop: int) -> int:
    """The first ``return`` between the braces that belongs to no function in between; -1: none."""
    for match in _RETURN.finditer(plain, start, stop):
        if not _in_function(plain, start, match.start()):
            return match.start()
    return -1


def _in_function(plain: str, start: int, at: int) -> bool:
    """Whether a function's body opens between and is not closed yet."""
    opened: list[bool] = []
    for index in range(start + 1, at):
        char = plain[index]
        if char == "{":
            opened.append(_opens_function(plain[max(0, index - 300) : index]))
        elif char == "}" and opened:
            opened.pop()
    return any(opened)


def _opens_function(before: str) -> bool:
    if _FUNCTION_BEFORE.search(before):
        return True
    method = _METHOD_BEFORE.search(before)
    return method is not None and method.group("word") not in _CONTROL


def _closing(plain: str, at: int, opening: str, closing: str) -> int:
    depth = 0
    for index in range(at, len(plain)):
        if plain[index] == opening:
            depth += 1
        elif plain[index] == closing:
            depth -= 1
            if depth == 0:
                return index
    return -1


def _without_strings(text: str) -> str:
    """The source with the content of strings and comments blanked; places and lines stay."""
    out: list[str] = []
    index, size = 0, len(text)
    while index < size:
        char = text[index]
        pair = text[index : index + 2]
        if pair in {"//", "/*"}:
            end = text.find("\n" if pair == "//" else "*/", index + 2)
            end = size if end < 0 else end + (0 if pair == "//" else 2)
        elif char in "\"'`":
            end = _string_end(text, index)
        else:
            out.append(char)
            index += 1
            continue
        out.append("".join(each if each == "\n" else " " for each in text[index:end]))
        index = end
    return "".join(out)


def _string_end(text: str, start: int) -> int:
    quote, index = text[start], start + 1
    while index < len(text):
        char = text[index]
        if char == "\\":
            index += 2
            continue
        if char == quote:
            return index + 1
        if char == "\n" and quote != "`":
            return index
        index += 1
    return len(text)


def answers_partially(function: Function, package: Package) -> str:
    """Where the handler's own file reports single failed records; empty where it does not."""
    module = (function.handler or "").rsplit(".", 1)[0].lstrip("./").replace(".", "/")
    for path, text in sorted(package.sources.items()):
        if path.rsplit(".", 1)[0] != module or len(text) > _MOST:
            continue
        match = _BATCH_ANSWER.search(text)
        if match:
            return f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
    return ""
