"""Compiled code that does not run here: wrong processor, system, or runtime version."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqsctl.checks.support.failures.failure_cases import Case
from sqsctl.checks.support.packages.imports import missing

_SIGNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "another platform",
        re.compile(
            r"(?P<file>[\w@./\-]{1,300}): (?:invalid ELF header|wrong ELF class|file too short"
            r"|mach-o|not a mach-o|incompatible architecture|cannot open shared object file)"
        ),
    ),
    (
        "another platform",
        re.compile(r"invalid ELF header|wrong ELF class|incompatible architecture"),
    ),
    (
        "another processor",
        re.compile(r"(?P<file>[\w./\-]{0,200}):? ?exec format error|Exec format error"),
    ),
    (
        "a newer system (glibc)",
        re.compile(
            r"version [`'](?P<file>(?:GLIBC|GLIBCXX|CXXABI|OPENSSL)_[\w.]{1,20})' not found"
        ),
    ),
    (
        "another Node.js version",
        re.compile(
            r"The module '(?P<file>[^'\n]{1,300})'\s+was compiled against a different Node\.js"
            r" version"
        ),
    ),
    ("another Node.js version", re.compile(r"NODE_MODULE_VERSION \d+")),
    (
        "a newer Java",
        re.compile(
            r"(?P<file>[\w/.$]{1,200}) has been compiled by a more recent version of the Java"
            r" Runtime"
            r"|UnsupportedClassVersionError|Unsupported class file major version"
        ),
    ),
    (
        "another platform",
        re.compile(
            r"Could not load the \"(?P<file>[\w@/\-]{1,60})\" module using the [\w\-]{1,40} runtime"
            r"|'(?P<two>[\w@/\-]{1,60})' (?:was|is) installed for another platform"
            r"|You installed (?P<three>\w{1,40}) (?:for|on) another platform"
            r"|(?:could not locate|for current platform|required by) (?:the )?Query Engine"
            r"|Query [Ee]ngine (?:library )?for (?:current platform|runtime)"
            r"|PrismaClient was generated for"
            r"|Failed to load native binding|UnsatisfiedLinkError|Cannot find native binding"
            r"|Cannot find module '@(?:rollup|esbuild|swc|next|parcel|img|napi-rs"
            r"|oxc-\w+)/[\w\-]{0,40}linux-[\w\-]{1,40}'"
            r"|Error loading shared library [\w.\-]{1,80}|Cannot load library|dlopen(?: error|\()"
            r"|ERR_DLOPEN_FAILED"
        ),
    ),
    (
        "another platform or version",
        re.compile(
            r"Importing the (?:numpy|multiarray) [Cc][ -]extensions? failed"
            r"|Importing the numpy C-extensions"
            r"|you should not try to import numpy\s+from\s+its source directory"
            r"|undefined symbol: \w"
            r"|C extension: \S{1,80} not built|cannot import name 'etree' from 'lxml'"
            r"|ImportError: DLL load failed|cannot import name '_\w{1,60}' from"
        ),
    ),
)


# The loader, of a program whose library the system does not have.
_LIBRARY = re.compile(
    r"(?P<by>[\w./@\-]{1,300}): error while loading shared libraries: (?P<library>[\w.+\-]{1,80})"
)


@dataclass(frozen=True, slots=True)
class Foreign:
    """What cannot be loaded, and what it was built for as far as the error tells.

    ``by`` is the file that wanted it: a program, or a package's compiled part.
    """

    built_for: str
    file: str = ""
    package: str = ""
    by: str = ""


def foreign(case: Case) -> Foreign | None:
    """The compiled part that does not fit; None for other failures."""
    text = case.text if case.failure.message else case.everything
    if match := _LIBRARY.search(text):
        return Foreign("another system", match.group("library"), "", match.group("by"))
    for built_for, pattern in _SIGNS:
        if match := pattern.search(text):
            groups = match.groupdict()
            file = next((groups[key] for key in ("file", "two", "three") if groups.get(key)), "")
            named = groups.get("file") or groups.get("two") or groups.get("three") or ""
            bare = named if "module using" in match.group() or "another platform" in text else ""
            by = _wanted_by(case.everything)
            owner = _package(file) or bare or (_package(by) if by.startswith("/") else by)
            return Foreign(built_for, file, owner, by if by.startswith("/") else file)
    found = missing(case)
    if found and found.what == "native":
        return Foreign("another platform, or never built", found.module, found.package)
    return None


_WANTED_BY = re.compile(
    r"(?:required by |Error importing |Importing the |C-extensions? (?:of|for) )"
    r"(?P<by>/[^\s)\"]{1,300}|numpy|pandas)"
)


def _wanted_by(text: str) -> str:
    """The file or the package that wanted what is not there, as far as the error says."""
    match = _WANTED_BY.search(text)
    return match.group("by") if match else ""


# Programs, which no package manager brings.
_PROGRAM = re.compile(r"/bootstrap$|^/opt/(?:bin|extensions)/")


def _package(path: str) -> str:
    """The package that a file of the deployment package or of a layer belongs to."""
    if _PROGRAM.search(path):
        return ""
    if "/node_modules/" in path:
        parts = path.rsplit("/node_modules/", 1)[1].split("/")
        return "/".join(parts[:2]) if parts[0].startswith("@") else parts[0]
    for folder in ("/site-packages/", "/opt/python/"):
        if folder in path:
            return (
                path.rsplit(folder, 1)[1]
                .split("/", maxsplit=1)[0]
                .split(".", maxsplit=1)[0]
                .lstrip("_")
            )
    if path.startswith("/var/task/"):
        return path.removeprefix("/var/task/").split("/")[0].split(".")[0].lstrip("_")
    return ""
