"""What has to be done before a function moves to a newer runtime, by what its package requires."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from sqsctl.model.intents import ChangeRuntime
from sqsctl.model.stack import Package
from sqsctl.remedies.context import Context

_NODE = re.compile(r"nodejs(\d{1,2})\.x")
_SDK_V2 = re.compile(r"""(?:require\(\s*|from\s+|import\s+)["']aws-sdk(?:/[\w./-]*)?["']""")
_CALLBACK = re.compile(
    r"(?:exports\.\w+\s*=|export\s+(?:const|function)\s+\w+\s*=?)\s*(?:function\s*\w*\s*)?"
    r"\(\s*\w+\s*,\s*\w+\s*,\s*(?P<name>\w+)\s*\)"
)
SDK_V3_FROM = 18  # AWS SDK v2 is bundled up to nodejs16.x, v3 from nodejs18.x on
NO_CALLBACKS_FROM = 24


def needs(change: ChangeRuntime, context: Context) -> tuple[str, ...]:
    """What is to be done first, a sentence each; empty where nothing is known to be needed."""
    to = _major(change.to)
    if to is None:
        return ()
    package = next(
        (each for each in context.stack.packages if each.function == change.function), None
    )
    return tuple(_node(change, to, package, context))


def _major(runtime: str) -> int | None:
    match = _NODE.fullmatch(runtime)
    return int(match[1]) if match else None


def _node(
    change: ChangeRuntime, to: int, package: Package | None, context: Context
) -> Iterator[str]:
    before = _major(change.present) or _major(context.runtime) or 0
    if before < SDK_V3_FROM <= to:
        if package is None or package.truncated:
            yield (
                "before that, look whether the code requires aws-sdk (v2): no runtime from "
                "nodejs18.x on bundles it, so package it (npm install --save aws-sdk) or move to "
                "@aws-sdk v3"
            )
        elif where := _requires_sdk(package):
            yield (
                f"first package the SDK v2, which {where} requires and nodejs18.x and later do "
                "not bundle (npm install --save aws-sdk, then deploy), or move the code to "
                "@aws-sdk v3"
            )
    if before < NO_CALLBACKS_FROM <= to:
        if package is None or package.truncated:
            yield (
                "before that, look whether the handler takes a callback: nodejs24.x refuses it; "
                "make it async and return or throw instead"
            )
        elif where := _calls_back(package):
            yield (
                f"first make the handler in {where} async, and return or throw instead of calling "
                "back: nodejs24.x takes no callback handlers; nodejs22.x still does"
            )


def _requires_sdk(package: Package) -> str:
    """The file that needs the SDK v2; empty where none does, or the package brings it."""
    if any(
        each.path.endswith("node_modules/aws-sdk/package.json")
        for each in (*package.members, *package.layer_members)
    ):
        return ""
    for path, text in package.sources.items():
        if path.endswith("package.json"):
            if _in_dependencies(text):
                return path
        elif _SDK_V2.search(text):
            return path
    return ""


def _in_dependencies(text: str) -> bool:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and "aws-sdk" in (found.get("dependencies") or {})


def _calls_back(package: Package) -> str:
    return next(
        (
            path
            for path, text in package.sources.items()
            if path.endswith((".js", ".mjs", ".cjs"))
            and (match := _CALLBACK.search(text))
            and re.search(rf"\b{re.escape(match['name'])}\s*\(", text[match.end() :])
        ),
        "",
    )
