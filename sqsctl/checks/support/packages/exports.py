"""What a handler setting could name: the functions of a package's sources, nearest first.

Python is parsed, never run; of JavaScript the usual forms of an export are read. What cannot be
read is no suggestion.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from difflib import get_close_matches

from sqsctl.checks.support.packages.runtimes import is_node, is_python
from sqsctl.handlercode.parsing.from_python import parsed
from sqsctl.model.functions import (
    Function,
)
from sqsctl.model.stack import (
    Package,
)

_ENDS = {"node": (".js", ".mjs", ".cjs"), "python": (".py",)}
_USUAL = ("handler", "lambda_handler", "main")
_ALIKE = 0.55
_MOST = 200_000
_NAME = r"[A-Za-z_$][\w$]{0,100}"
_EXPORTED = (
    re.compile(rf"\bexports\.(?P<name>{_NAME})\s*="),
    re.compile(rf"\bexport\s+(?:async\s+)?function\s*\*?\s*(?P<name>{_NAME})"),
    re.compile(rf"\bexport\s+(?:const|let|var|class)\s+(?P<name>{_NAME})"),
)
# module.exports = {a, b: c}, export {a, c as b}, and esbuild's __export(x, {b: () => c}).
_LISTS = (
    re.compile(r"\bmodule\.exports\s*=\s*\{(?P<names>[^{}]{1,2000})\}"),
    re.compile(r"\bexport\s*\{(?P<names>[^{}]{1,2000})\}"),
    re.compile(r"\b__export\(\w{1,60},\s*\{(?P<names>[^{}]{1,2000})\}"),
)
_LISTED = re.compile(rf"(?:{_NAME}\s+as\s+)?(?P<name>{_NAME})\s*(?::[^,]{{1,300}})?(?:,|$)")


def nearest_handler(function: Function, package: Package) -> str:
    """The handler that is likely meant, as the setting has to say it; empty where none is."""
    module, _, name = (function.handler or "").rpartition(".")
    if package.truncated or function.package_type == "Image" or not module or not name:
        return ""
    path = _file(function, module.lstrip("./"), package)
    if not path:
        return ""
    stem = path.rpartition(".")[0]
    source = package.sources.get(path)
    if source is None:
        # The file is there and was not read: it can only lie elsewhere than the setting says.
        found = name if stem != module.lstrip("./") else ""
    else:
        found = _nearest(name, exported(path, source))
    setting = f"{stem}.{found}"
    return setting if found and setting != function.handler else ""


def _file(function: Function, module: str, package: Package) -> str:
    """The file itself, the same in another folder, or one of a similar name."""
    language = (
        "node" if is_node(function.runtime) else "python" if is_python(function.runtime) else ""
    )
    files = [
        path
        for path in sorted(package.paths, key=lambda each: (each.count("/"), each))
        if path.endswith(_ENDS.get(language, ())) and "node_modules/" not in path
    ]
    plain = module.replace(".", "/") if language == "python" else module
    stems = {path.rpartition(".")[0]: path for path in reversed(files)}
    if plain in stems:
        return stems[plain]
    last = plain.rpartition("/")[2]
    moved = [path for stem, path in stems.items() if stem.rpartition("/")[2] == last]
    if moved:
        return min(moved, key=lambda each: (each.count("/"), each))
    alike = get_close_matches(plain, list(stems), 1, _ALIKE)
    return stems[alike[0]] if alike else ""


def _nearest(name: str, names: Iterable[str]) -> str:
    """The name itself, its like, a usual one, or the only one there is."""
    there = list(dict.fromkeys(names))
    if name in there:
        return name
    folded = {each.lower().replace("_", ""): each for each in there}
    alike = get_close_matches(name.lower().replace("_", ""), list(folded), 1, _ALIKE)
    if alike:
        return folded[alike[0]]
    usual = [each for each in _USUAL if each in there]
    return usual[0] if usual else there[0] if len(there) == 1 else ""


def exported(path: str, source: str) -> tuple[str, ...]:
    """The names that a source gives to Lambda; none where it cannot be read."""
    if len(source) > _MOST:
        return ()
    return _python(source) if path.endswith(".py") else _javascript(source)


def _python(source: str) -> tuple[str, ...]:
    try:
        body = parsed(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    found = [each.name for each in body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)]
    # handler = wrapped(work): a call makes a function more often than a text does.
    found += [
        target.id
        for each in body
        if isinstance(each, ast.Assign) and isinstance(each.value, ast.Call | ast.Lambda | ast.Name)
        for target in each.targets
        if isinstance(target, ast.Name) and "handler" in target.id.lower()
    ]
    return tuple(each for each in found if not each.startswith("_"))


def _javascript(source: str) -> tuple[str, ...]:
    found = [match.group("name") for each in _EXPORTED for match in each.finditer(source)]
    for each in _LISTS:
        for names in each.finditer(source):
            found += [match.group("name") for match in _LISTED.finditer(names.group("names"))]
    return tuple(dict.fromkeys(each for each in found if each not in {"default", "async"}))
