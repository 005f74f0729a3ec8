"""Which files of its package a source imports: the function's own, no library's."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator

from sqsctl.aws.zips import Listing

_NODE_ENDS = ("", ".js", ".mjs", ".cjs", "/index.js", "/index.mjs", "/index.cjs")
_MOST = 262_144
_NODE = re.compile(
    r"(?:\brequire\s*\(|\bimport\s*\(|\bfrom|\bimport)\s*[\"'](\.{1,2}/[^\"'\n]{1,200})[\"']"
)
_FROM = re.compile(r"^[ \t]*from[ \t]+(\.*)([\w.]*)[ \t]+import[ \t]+([^\n]{1,400})", re.MULTILINE)
_IMPORT = re.compile(r"^[ \t]*import[ \t]+([\w., \t]{1,400})", re.MULTILINE)


class Imports:
    """What the sources of one package can import of it."""

    def __init__(self, listing: Listing) -> None:
        paths = [each.path for each in listing.members]
        libraries = _libraries(paths)
        self._own = {
            each.path
            for each in listing.members
            if each.size_bytes <= _MOST
            and each.path.partition("/")[0] not in libraries
            and "node_modules/" not in each.path
        }

    def of(self, path: str, text: str) -> Iterator[str]:
        """Paths that the source imports and that the package holds, each once."""
        tried = _of_python(path, text) if path.endswith(".py") else _of_node(path, text)
        return (each for each in dict.fromkeys(tried) if each in self._own and each != path)


def _of_node(path: str, text: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    for match in _NODE.finditer(text):
        named = posixpath.normpath(posixpath.join(folder, match.group(1)))
        for end in _NODE_ENDS:
            yield named + end


def _of_python(path: str, text: str) -> Iterator[str]:
    folder = posixpath.dirname(path)
    for match in _FROM.finditer(text):
        dots, module, names = match.groups()
        base = folder
        for _ in dots[1:]:
            base = posixpath.dirname(base)
        for start in (base,) if dots else ("", folder):
            stem = posixpath.join(start, module.replace(".", "/"))
            yield from _modules(stem)
            for name in re.findall(r"\w+", names):
                yield from _modules(posixpath.join(stem, name))
    for match in _IMPORT.finditer(text):
        for name in match.group(1).split(","):
            module = name.split()[0] if name.split() else ""
            for start in ("", folder):
                yield from _modules(posixpath.join(start, module.replace(".", "/")))


def _modules(stem: str) -> tuple[str, str]:
    return f"{stem.rstrip('/')}.py", f"{stem.rstrip('/')}/__init__.py".lstrip("/")


def _libraries(paths: Iterable[str]) -> frozenset[str]:
    """Folders that pip installed: each has its own ``….dist-info`` beside it."""
    found = set()
    for each in paths:
        top = each.partition("/")[0]
        if top.endswith(".dist-info"):
            found.add(top.partition("-")[0])
    return frozenset(found | {each.lower() for each in found})
